"""The figures at the head of a page: value, expected, coverage, sparkline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from ecotwin.clock import DAY, iso, local_day, micros
from ecotwin.records import Floats, Ints, Measure, Range
from ecotwin.service import words
from ecotwin.service.load import listed
from ecotwin.service.views import Figure, Level, Spark

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

SPARK_POINTS = 96


@dataclass(frozen=True)
class Look:
    """How an indicator is shown at the head of a page."""

    id: str
    indicator: str
    name: str
    unit: str
    good_low: bool = True
    factor: float = 1.0


DAILY = (
    Look("specific_energy", "energy.per_good_part", "Energy per good part", "kWh"),
    Look("water", "water.in", "Water today", "m³"),
    Look("waste", "waste.total", "Waste today", "kg"),
    Look("oee", "oee.oee", "OEE today", "%", good_low=False, factor=100.0),
)


def number(value: float) -> float | None:
    """JSON number to five figures; None for what is not a number."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def of_plant(twin: Twin, area: str = "") -> list[Figure]:
    """The six figures of the overview."""
    element = area or twin.plant.site.id
    return [
        _power(twin, area),
        _carbon(twin, area),
        *(_daily(twin, element, look) for look in DAILY),
    ]


def of_machine(twin: Twin, element: str) -> list[Figure]:
    """Figures of one machine: power, carbon, energy per part, good parts, scrap, OEE; those that it has."""
    made: list[Figure] = []
    if element in twin.trail.users:
        made += [_power(twin, element), _carbon(twin, element)]
    for look in (
        Look("energy", "energy.electricity", "Energy today", "kWh"),
        DAILY[0],
        Look("parts", "production.good_parts", "Good parts today", "parts", good_low=False),
        Look("quality", "oee.quality", "Good share today", "%", good_low=False, factor=100.0),
        DAILY[3],
        DAILY[1],
        Look("waste", "waste.total", "Waste today", "kg"),
    ):
        if twin.today(element, look.indicator) is not None and len(made) < 6:
            made.append(_daily(twin, element, look))
    return made


def _power(twin: Twin, area: str) -> Figure:
    now_kw, at, values, mean, sd = _series(twin, area)
    low, high = mean - 1.96 * sd, mean + 1.96 * sd
    text, level, expected = _against(now_kw, mean, low, high, "kW")
    return Figure(
        id="power",
        name="Power now",
        digits=words.digits(now_kw),
        unit="kW",
        value=number(now_kw),
        level=level,
        against=text,
        expected=expected,
        coverage=_coverage(values),
        spark=_spark(at, values, low, high),
        missing="" if np.isfinite(now_kw) else _silent(values),
    )


def _carbon(twin: Twin, area: str) -> Figure:
    """CO2e of the electricity used now; the market-based reading one tap away."""
    now = twin.now()
    location = _carbon_by(twin, area, twin.prices.carbon(now), "location-based")
    market = _carbon_by(twin, area, twin.prices.carbon_market(), "market-based")
    return location.model_copy(update={"alternative": market})


def _carbon_by(twin: Twin, area: str, factor: float | None, method: str) -> Figure:
    name = f"CO₂e now, {method}"
    if factor is None:
        return Figure(
            id="co2e", name=name, digits="–", unit="kg/h", value=None, level="none", against="", expected="",
            coverage=None, spark=None,
            missing=f"No grid factor ({method}) was given: write it with its source into the plant file under `grid`",
        )  # fmt: skip
    now_kw, at, values, mean, sd = _series(twin, area)
    share = twin.bought_share() if not area else 1.0
    low, high = (mean - 1.96 * sd) * factor * share, (mean + 1.96 * sd) * factor * share
    value = now_kw * factor * share
    text, level, expected = _against(value, mean * factor * share, low, high, "kg/h")
    return Figure(
        id="co2e",
        name=name,
        digits=words.digits(value),
        unit="kg/h",
        value=number(value),
        level=level,
        against=text,
        expected=expected,
        coverage=_coverage(values),
        spark=_spark(at, values * factor * share, low, high),
        missing="" if np.isfinite(value) else _silent(values),
    )


def _series(twin: Twin, area: str) -> tuple[float, Ints, Floats, Floats, Floats]:
    """Power now and over the last 24 h with expectation: of the site, or of the users inside an element."""
    trail = twin.trail
    rows = trail.since(trail.newest() - DAY)
    at = trail.at[rows]
    if not area:
        mean, sd = trail.site_expected()
        return twin.site_kw(), at, trail.site_kw("used")[rows], mean[rows], sd[rows]
    inside = {e.id for e in twin.plant.under(area)}
    columns = [i for i, u in enumerate(trail.users) if u in inside]
    actual, mean, sd = (trail.users_kw(n)[rows][:, columns] for n in ("actual", "mean", "sd"))
    now_kw = 0.0 + sum(twin.power_now(trail.users[i]) for i in columns)
    total: Floats = actual.sum(axis=1)
    expected: Floats = mean.sum(axis=1)
    spread: Floats = np.sqrt((sd**2).sum(axis=1))
    return now_kw, at, total, expected, spread


def _against(
    value: float, mean: Floats, low: Floats, high: Floats, unit: str
) -> tuple[str, Level, str]:
    if not len(mean) or not np.isfinite(mean[-1]):
        lost = np.isfinite(mean).any()  # it was known before: a machine's data are missing now
        return ("expected: data missing" if lost else "still learning what to expect"), "none", ""
    middle, first, last = (float(np.nanmean(a[-5:])) for a in (mean, low, high))
    first = max(first, 0.0)
    text, level = words.against(value, middle, first, last)
    return text, level, words.span(first, last, unit)


def _silent(values: Floats) -> str:
    """Why there is no power now."""
    return "No data in the last minutes" if np.isfinite(values).any() else "Not measured yet"


def _coverage(values: Floats) -> float | None:
    return float(np.isfinite(values).mean()) if len(values) else None


def _spark(at: Ints, values: Floats, low: Floats, high: Floats) -> Spark | None:
    if len(at) < 2:
        return None
    step = max(1, len(at) // SPARK_POINTS)
    pick = slice(len(at) % step, None, step)
    return Spark(
        at=[iso(int(t)) for t in at[pick]],
        value=listed(values[pick]),
        low=listed(np.maximum(low[pick], 0.0)),
        high=listed(high[pick]),
    )


def _daily(twin: Twin, element: str, look: Look) -> Figure:
    """A figure of today, from today's measure and what is customary by this time of day."""
    measure = twin.today(element, look.indicator)
    if measure is None:
        return Figure(
            id=look.id, name=look.name, digits="–", unit=look.unit, value=None, level="none", against="",
            expected="", coverage=None, spark=None,
            missing=words.plainly(twin.plant, twin.why_missing(element, look.indicator)),
        )  # fmt: skip
    value = measure.value * look.factor
    usual = _usual(twin, measure, [(twin.now(), measure.value)])[0]
    text, level, expected = _against_usual(value, usual, look)
    return Figure(
        id=look.id,
        name=look.name,
        digits=words.digits(value),
        unit=look.unit,
        value=number(value),
        level=level,
        against=text,
        expected=expected,
        coverage=measure.coverage,
        spark=_course(twin, measure, look),
        measure=measure.id,
    )


def _usual(
    twin: Twin, measure: Measure, points: list[tuple[datetime, float]]
) -> list[Range | None]:
    """What a figure of today should be at some of its points.

    Energy per part is held against the energy that states, products and weather explain: a day of another product
    mix is no worse a day. Anything else is held against past days.
    """
    if measure.indicator != "energy.per_good_part":
        return [twin.customary(measure.element, measure.indicator, at) for at, _ in points]
    site = measure.element == twin.plant.site.id
    _, at, used, mean, sd = _series(twin, "" if site else measure.element)
    start = local_day(twin.now().astimezone(twin.plant.zone).date(), twin.plant.zone).start_us
    good = np.isfinite(used) & np.isfinite(mean) & np.isfinite(sd) & (at >= start)
    # A baseline errs for hours on end, so that its errors are added up and not averaged out.
    total, expected, spread = (np.cumsum(np.where(good, v, 0.0)) for v in (used, mean, sd))
    found: list[Range | None] = []
    for moment, value in points:
        row = int(np.searchsorted(at, micros(moment), side="right")) - 1
        if row < 0 or total[row] <= 0.0:
            found.append(None)
            continue
        middle, half = value * expected[row] / total[row], 1.96 * value * spread[row] / total[row]
        found.append(Range(float(middle), float(middle - half), float(middle + half)))
    return found


def _against_usual(value: float, usual: Range | None, look: Look) -> tuple[str, Level, str]:
    if usual is None:
        return "still learning what is usual", "none", ""
    low, middle, high = (v * look.factor for v in (usual.low, usual.value, usual.high))
    text, level = words.against(value, middle, low, high, good_low=look.good_low)
    if look.unit == "%" and text != "as expected":
        gap = words.digits(abs(value - middle), 2)
        text = f"{'↑' if value > middle else '↓'} {gap} points {'above' if value > middle else 'below'}"
    return text, level, words.span(max(low, 0.0), high, look.unit)


def _course(twin: Twin, measure: Measure, look: Look) -> Spark | None:
    """How today's figure came about: its value at each look of the day, with what is customary."""
    course = twin.course(measure.element, measure.indicator)
    if len(course) < 2:
        return None
    step = max(1, len(course) // SPARK_POINTS)
    points = course[len(course) % step :: step]
    usual = _usual(twin, measure, points)
    return Spark(
        at=[iso(micros(at)) for at, _ in points],
        value=[number(v * look.factor) for _, v in points],
        low=[None if u is None else number(max(u.low, 0.0) * look.factor) for u in usual],
        high=[None if u is None else number(u.high * look.factor) for u in usual],
    )
