"""When to service: the running hours at which cost per running hour is least, in money, in CO2e, and in both.

Waiting costs three things. What wears uses more (power, gas, air) with every hour, the longer the more; it makes more
waste; and it may fail, which costs more than a service: downtime, scrap, the part itself. Serving too early costs
services. Over one life of at most T hours the expected cost is

    C(T) = [service + failure * F(T) + integral of loss(t) * S(t) dt] / integral of S(t) dt,    0 < t < T

with S the share that reaches t and F = 1 - S. The least of C is looked for on a fine grid of T. Laws and rates come as
draws, as likely as the data say, so the age comes with an interval; without anything that grows with age no age pays,
and that is said.

Sources:
    Age replacement: Barlow and Proschan, Mathematical Theory of Reliability, 1965. With no failures and a loss that
    grows by r each hour the least lies at sqrt(2 * service / r).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Explanation, Floats, Range, Reason

LEVEL = 0.9
_GRID, _LONGEST = 800, 40.0
_DRAWS = 300
_GAIN = 0.005
"""Serving at an age must be cheaper than never by at least this share, or no age is named."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What things cost, in one coin (EUR, kgCO2e, or both joined).

    Attributes:
        service: A planned service: parts, work, planned standstill. failure: A failure: repair, unplanned standstill,
            scrap, and the service that it then takes.
        per_kwh: One kWh lost. per_kg: One kg of waste or scrap made by wear.
    """

    service: float
    failure: float
    per_kwh: float = 0.0
    per_kg: float = 0.0

    def __post_init__(self) -> None:
        parts = (self.service, self.failure, self.per_kwh, self.per_kg)
        if not all(np.isfinite(p) and p >= 0.0 for p in parts):
            raise FigureGap(
                f"costs of {parts}", expected="numbers of 0 or more", remedy="mend the cost facts"
            )

    def with_price(self, co2e: Costs, per_kg_co2e: float) -> Costs:
        """Money joined with CO2e at a price.

        >>> Costs(100.0, 400.0, 0.2).with_price(Costs(10.0, 50.0, 0.4), 0.1).per_kwh
        0.24000000000000002
        """
        return Costs(
            self.service + per_kg_co2e * co2e.service,
            self.failure + per_kg_co2e * co2e.failure,
            self.per_kwh + per_kg_co2e * co2e.per_kwh,
            self.per_kg + per_kg_co2e * co2e.per_kg,
        )


@dataclass(frozen=True, slots=True)
class Wear:
    """How a unit wears, as draws; one number in each array for a thing that is known.

    Attributes:
        shape, scale_h: [draws] Weibull law of failures; an infinite scale: it does not fail.
        kw_per_h: [draws] power lost more for each running hour since service [kW/h]. kg_per_h2: [draws] the same of
            waste [kg/h per h]. Draws below 0 count as 0.
    """

    shape: Floats
    scale_h: Floats
    kw_per_h: Floats
    kg_per_h2: Floats

    @staticmethod
    def of(
        law: tuple[float, float] | Floats | None, kw_per_h: Range | None = None, kg_per_h2: Range | None = None,
        seed: int = 0,
    ) -> Wear:  # fmt: skip
        """Draws from a law (shape and scale, or draws of them) and from rates with their 95 % interval."""
        rng = np.random.default_rng(seed)
        laws = (
            np.array([[1.0, np.inf]]) if law is None else np.atleast_2d(np.asarray(law, np.float64))
        )
        pick = rng.integers(0, len(laws), _DRAWS) if len(laws) > 1 else np.zeros(_DRAWS, np.int64)
        return Wear(laws[pick, 0], laws[pick, 1], _rates(kw_per_h, rng), _rates(kg_per_h2, rng))


def _rates(rate: Range | None, rng: np.random.Generator) -> Floats:
    if rate is None:
        return np.zeros(_DRAWS)
    if not (
        np.isfinite((rate.low, rate.value, rate.high)).all() and rate.low <= rate.value <= rate.high
    ):
        raise FigureGap(
            f"a rate of wear of {rate.value:g} within {rate.low:g} to {rate.high:g}",
            expected="numbers, the value within its interval",
        )
    return np.maximum(0.0, rng.normal(rate.value, (rate.high - rate.low) / 3.92, _DRAWS))


@dataclass(frozen=True, slots=True)
class Best:
    """The age at which to service.

    Attributes:
        age_h: Running hours since the last service, with its interval (`LEVEL`); None: no age pays.
        per_h: Cost per running hour when serviced then. never_per_h: When run to failure (or to the longest age asked).
        pays: Share of the draws in which some age pays. parts: Cost per running hour by service, failures, energy,
            waste, at that age.
    """

    age_h: Range | None
    per_h: float
    never_per_h: float
    pays: float
    parts: tuple[float, float, float, float]


def best_age(wear: Wear, costs: Costs) -> Best:
    """The age of least expected cost per running hour.

    Raises:
        FigureGap: A service costs nothing, or the law makes no sense.

    >>> slow = Wear.of(None, Range(0.001, 0.001, 0.001))
    >>> round(best_age(slow, Costs(200.0, 0.0, 0.25)).age_h.value / (2 * 200.0 / (0.001 * 0.25)) ** 0.5, 2)
    1.0
    """
    if not costs.service > 0.0:
        raise FigureGap(
            "a service that costs nothing",
            expected="its parts, work and standstill",
            remedy="state them",
        )
    if not ((wear.shape > 0.0).all() and (wear.scale_h > 0.0).all()):
        raise FigureGap("a law of failures with a shape or scale of 0", expected="numbers above 0")
    middle = [
        float(np.median(a)) for a in (wear.shape, wear.scale_h, wear.kw_per_h, wear.kg_per_h2)
    ]
    shape, scale_h, kw_per_h, kg_per_h2 = middle
    age, per_h, never, parts = _least(shape, scale_h, kw_per_h, kg_per_h2, costs)
    alike = {
        len(np.unique(a)) for a in (wear.shape, wear.scale_h, wear.kw_per_h, wear.kg_per_h2)
    } == {1}
    if alike:
        return Best(Range(age, age, age) if age else None, per_h, never, 1.0 if age else 0.0, parts)
    ages = [
        _least(float(a), float(b), float(c), float(d), costs)[0]
        for a, b, c, d in zip(wear.shape, wear.scale_h, wear.kw_per_h, wear.kg_per_h2, strict=True)
    ]
    some = np.array([a for a in ages if a is not None])
    pays = len(some) / len(ages)
    if age is None or pays < 0.5:
        return Best(None, never, never, pays, parts)
    low, high = np.quantile(some, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Best(Range(age, min(age, float(low)), max(age, float(high))), per_h, never, pays, parts)


def _least(
    shape: float, scale_h: float, kw_per_h: float, kg_per_h2: float, costs: Costs
) -> tuple[float | None, float, float, tuple[float, float, float, float]]:
    """Age of least cost (None: none pays), cost then, cost when never serviced, and its parts."""
    energy, waste = kw_per_h * costs.per_kwh, kg_per_h2 * costs.per_kg
    loss = energy + waste
    spans = [np.sqrt(2.0 * costs.service / loss)] if loss > 0.0 else []
    spans += [scale_h] if np.isfinite(scale_h) and costs.failure > 0.0 else []
    if not spans:
        return None, 0.0, 0.0, (0.0, 0.0, 0.0, 0.0)
    ages = np.concatenate([[0.0], np.geomspace(1e-3 * min(spans), _LONGEST * min(spans), _GRID)])
    share = np.exp(-((ages / scale_h) ** shape))
    lived, lost = _sum(share, ages), _sum(ages * share, ages)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A failure brings the next service with it: what it costs more than a planned one is not added to it.
        each = (
            np.stack(
                [costs.service * share, costs.failure * (1.0 - share), energy * lost, waste * lost]
            )
            / lived
        )
    each[:, 0] = np.inf
    cost = each.sum(axis=0)
    at = int(np.argmin(cost))
    never = float(cost[-1])
    parts = (float(each[0, at]), float(each[1, at]), float(each[2, at]), float(each[3, at]))
    if at == len(ages) - 1 or cost[at] > (1.0 - _GAIN) * never:
        return None, never, never, parts
    return _vertex(ages, cost, at), float(cost[at]), never, parts


def _vertex(ages: Floats, cost: Floats, at: int) -> float:
    """Lowest point of the parabola through three points, in the logarithm of age."""
    if at < 2:
        return float(ages[at])
    x, y = np.log(ages[at - 1 : at + 2]), cost[at - 1 : at + 2]
    a, b, _ = np.polyfit(x - x[1], y, 2)
    return float(np.exp(x[1] - b / (2.0 * a))) if a > 0.0 else float(ages[at])


def _sum(of: Floats, ages: Floats) -> Floats:
    """[ages] integral from 0."""
    return np.concatenate([[0.0], np.cumsum(0.5 * (of[1:] + of[:-1]) * np.diff(ages))])


def explain_service(
    best: Best, subject: str, age_h: float, coin: str, data: tuple[str, ...] = ()
) -> Explanation:
    """The advice of an age as reasons, for a unit that has run `age_h` since its last service.

    The value is the hours until service is due (below 0: overdue), `base` 0; weights are costs per running hour.

    Raises:
        FigureGap: No age pays.
    """
    if best.age_h is None:
        raise FigureGap(
            f"no age at which serving {subject} pays: run it until it shows a fault",
            expected="failures or losses that grow with running hours",
            remedy="look again when more failures or a longer stretch of losses are on record",
        )
    names = ("service", "failures", "energy", "waste")
    texts = (
        "services themselves cost {0:.3g} {1} per running hour; serving later spreads them",
        "failures cost {0:.3g} {1} per running hour, and grow with age",
        "energy lost to wear costs {0:.3g} {1} per running hour, and grows with age",
        "waste made by wear costs {0:.3g} {1} per running hour, and grows with age",
    )
    reasons = [
        Reason(n, p, t.format(p, coin), value=p, unit=f"{coin}/h")
        for n, t, p in zip(names, texts, best.parts, strict=True)
        if p > 0.0
    ]
    wait = best.age_h.value - age_h
    return Explanation(
        of="life",
        subject=subject,
        value=wait,
        unit="h",
        base=0.0,
        why=tuple(sorted((r for r in reasons if r.name != "service"), key=lambda r: -r.weight)),
        against=tuple(r for r in reasons if r.name == "service"),
        change=(_rule(best, best.age_h, coin),),
        sure=best.pays,
        interval=Range(wait, best.age_h.low - age_h, best.age_h.high - age_h),
        level=LEVEL,
        data=data,
        model="age replacement",
    )


def _rule(best: Best, age: Range, coin: str) -> str:
    return (
        f"served every {age.value:,.0f} running hours ({age.low:,.0f} to {age.high:,.0f}) it costs {best.per_h:.3g} "
        f"{coin} per hour, never served {best.never_per_h:.3g}"
    )
