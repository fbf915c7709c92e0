"""Water taken in, discharged and consumed (taken in - discharged), and what its scarcity makes of it.

What is stored and reused stands in books: `accounting/booked/water.py`.

Sources: ESRS E3 (consumption = withdrawals - discharges); WULCA, AWARE (scarcity weighs consumption).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from ecotwin.accounting.amounts import (
    Amount,
    attempt,
    measure,
    part_tally,
    settle,
    split_figures,
    split_parts,
    unbalanced,
    use_signals,
    use_terms,
)
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.steps import Steps
from ecotwin.clock import HOUR, instant
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.plant.model import Basin, Plant, Signal
from ecotwin.records import FactorUse, Ints, Measure


class Water(Family):
    """`water.in`, `water.out`, `water.consumption`, `water.scarcity` and `water.at_risk`."""

    name = "water"
    indicators = (
        "water.in",
        "water.out",
        "water.consumption",
        "water.scarcity",
        "water.at_risk",
    )

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Meters of water taken in and discharged."""
        found = {s.id: s for s in use_signals(plant, element, "water")}
        let_out = flows_of(plant).discharge(element)
        below = [e.id for e in plant.children(element)] if let_out else []
        parts = [s for p in below for s in flows_of(plant).discharge(p)]
        return (found | {s.id: s for s in (*let_out, *parts)}).values()

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Consumption by local month, for scarcity that is told by month.

        Summed whatever the basin says, so that sums of days outlive a change of it.
        """
        terms = _consumption_terms(steps.plant, element)
        if not terms:
            return {}
        used, months = steps.sum_of(terms), local_months(steps.plant, steps.window.at)
        return {f"month|{m}": float(used[months == m].sum()) for m in np.unique(months)}

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Consumption only where both sides are metered."""
        makers: list[Callable[[], Measure | None]] = []
        drawn = flows_of(plant).use(tally.element, "water") is not None
        let_out = bool(flows_of(plant).discharge(tally.element))
        if drawn:
            makers.append(partial(taken, plant, tally))
        if let_out:
            makers.append(
                partial(_with_parts, plant, tally, _let_out, "Discharge not metered below")
            )
        if drawn and let_out:
            makers.append(
                partial(_with_parts, plant, tally, _consumed, "Consumption not metered below")
            )
            makers.append(partial(_scarcity, plant, tally))
            makers.append(partial(_at_risk, plant, tally))
        made, gaps = attempt(makers)
        words = unbalanced(plant, tally, "water")
        return made, list(dict.fromkeys([*gaps, words] if words else gaps))


def _terms_in(plant: Plant, element: str) -> tuple[tuple[float, Signal], ...]:
    use = flows_of(plant).use(element, "water")
    return use_terms(use) if use else ()


def taken(plant: Plant, tally: Tally) -> Measure | None:
    """`water.in`, split into the parts below."""
    use = flows_of(plant).use(tally.element, "water")
    if use is None:
        return None
    amount = settle(tally.sums, use_terms(use))
    split = split_parts(plant, use, tally.sums, amount.value)
    return measure(tally, "water.in", "m3", amount, method=f"water/1: {use.rule}", split=split)


def _with_parts(
    plant: Plant, tally: Tally, make: Callable[[Plant, Tally], Measure], rest: str
) -> Measure:
    """A figure split into that of the parts which have it by themselves, and the rest."""
    whole = make(plant, tally)
    parts = [e.id for e in plant.children(tally.element) if flows_of(plant).discharge(e.id)]
    if make is _consumed:
        parts = [p for p in parts if flows_of(plant).use(p, "water") is not None]
    if not parts:
        return whole
    return split_figures(whole, parts, lambda p: make(plant, part_tally(tally, p)), rest)


def _out(plant: Plant, tally: Tally) -> Amount:
    return settle(tally.sums, [(1.0, s) for s in flows_of(plant).discharge(tally.element)])


def _let_out(plant: Plant, tally: Tally) -> Measure:
    return measure(
        tally, "water.out", "m3", _out(plant, tally), method="water/1: sum of discharge meters"
    )


def _consumption_terms(plant: Plant, element: str) -> tuple[tuple[float, Signal], ...]:
    """Taken in - discharged; nothing where either side is not metered."""
    taken, let_out = _terms_in(plant, element), flows_of(plant).discharge(element)
    return (*taken, *((-1.0, s) for s in let_out)) if taken and let_out else ()


def _consumed(plant: Plant, tally: Tally) -> Measure:
    return measure(
        tally,
        "water.consumption",
        "m3",
        _consumption(plant, tally),
        method="water/2: taken in - discharged",
    )


def _consumption(plant: Plant, tally: Tally) -> Amount:
    amount = settle(tally.sums, _consumption_terms(plant, tally.element))
    if amount.value < 0.0:
        within = amount.value + amount.half >= 0.0
        raise FigureGap(
            f"{plant.element(tally.element).name} discharged {-amount.value:.4g} m3 more than it took in",
            expected="no negative consumption",
            remedy="this is within the error of the meters: take a longer period"
            if within
            else "look for water from storage, rain, a well or a drain that is not metered, or a meter at fault",
        )
    return amount


def basin_of(plant: Plant) -> Basin:
    """The basin of the plant.

    Raises:
        FactorGap: The plant file names none.
    """
    if plant.basin is None:
        raise FactorGap(
            "the plant file names no basin, so how scarce its water is is not known",
            expected="`basin` with its AWARE factor of the year or of each month",
            remedy="add it; WULCA publishes the factors by basin",
        )
    return plant.basin


def aware_use(basin: Basin, value: float, month: int | None = None) -> FactorUse:
    """The scarcity factor as it was used."""
    part = f"/{month:02d}" if month else ""
    id_ = f"aware/{basin.name}/{basin.year}{part}"
    return FactorUse(id_, value, "m3 world-eq/m3", basin.name, basin.year, basin.source, "AWARE")


def _scarcity(plant: Plant, tally: Tally) -> Measure:
    basin, amount = basin_of(plant), _consumption(plant, tally)
    if len(basin.aware) == 1:
        weighed = amount.value * basin.aware[0]
        uses: tuple[FactorUse, ...] = (aware_use(basin, basin.aware[0]),)
        split: dict[str, float] = {}
        factor = basin.aware[0]
    else:
        months = {m: tally.sums[f"month|{m}"] for m in range(1, 13) if f"month|{m}" in tally.sums}
        if abs(sum(months.values()) * amount.scale - amount.value) > 1e-6 * max(1.0, amount.value):
            raise FigureGap(
                "the sums of some days do not tell their month",
                expected="sums made by this version",
                remedy="let the days be summed anew",
            )
        split = {f"{m:02d}": v * amount.scale * basin.aware[m - 1] for m, v in months.items()}
        weighed = sum(split.values())
        uses = tuple(aware_use(basin, basin.aware[m - 1], m) for m in months)
        factor = sum(basin.aware[m - 1] for m in months) / max(len(months), 1)
    method = "water/2: consumption x AWARE factor of the month, else of the year; never withdrawal"
    return measure(
        tally, "water.scarcity", "m3 world-eq", amount, method=method, factor=factor, value=weighed,
        split=split, factors=uses,
    )  # fmt: skip


def _at_risk(plant: Plant, tally: Tally) -> Measure:
    basin, amount = basin_of(plant), _consumption(plant, tally)
    words = "lies" if basin.at_risk else "does not lie"
    return measure(
        tally,
        "water.at_risk",
        "m3",
        amount,
        method=f"water/2: consumption in areas at water risk; {basin.name} {words} in one",
        factor=1.0 if basin.at_risk else 0.0,
    )


def local_months(plant: Plant, at_us: Ints) -> Ints:
    """[n] month of the year at the plant, 1 to 12."""
    days, place = np.unique(np.asarray(at_us) // HOUR, return_inverse=True)
    of = np.array([instant(int(h) * HOUR).astimezone(plant.zone).month for h in days], np.int64)
    return of[place]


plug = Water()
