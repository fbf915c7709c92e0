"""What is foretold, in words and figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecotwin.clock import instant, iso, micros
from ecotwin.forecasting.contract import LEVELS
from ecotwin.records import Floats, Ints
from ecotwin.service import words
from ecotwin.service.views import Forecasts, Foretold, Untold, WhyRow

if TYPE_CHECKING:
    from ecotwin.cycle import Twin
    from ecotwin.cycle.foretelling import Told

_LOW, _NEAR_LOW, _MIDDLE, _NEAR_HIGH, _HIGH = (LEVELS.index(q) for q in (0.1, 0.25, 0.5, 0.75, 0.9))
_LIKELY = 0.005
"""A probability under this is told as under half a per cent."""
_MAY, _WILL = 0.1, 0.5
"""From these probabilities on the chart's title says that the limit may, or will likely, be passed."""
_JUDGED = 24
"""Fewer quarter hours say nothing of how good a forecast is."""
_SURE = 0.99
"""No forecast is told as surer."""


@dataclass(frozen=True, slots=True)
class Fan:
    """Bought power at the starts of steps, NaN where none is told.

    Attributes:
        middle: Median. low, high: 80 % band. near_low, near_high: 50 % band. text: What is said of it.
    """

    middle: Floats
    near_low: Floats
    near_high: Floats
    low: Floats
    high: Floats
    text: str


def forecasts(twin: Twin) -> Forecasts:
    """Everything that is foretold of the site."""
    return Forecasts(
        rows=[_row(twin, told) for told in twin.foresight.told.values()],
        refused=[Untold(id=k, why=v) for k, v in twin.foresight.refused.items()],
    )


def _row(twin: Twin, told: Told) -> Foretold:
    made, warned = told.forecast, told.warned
    step = None if warned is None or warned.lead is None else warned.lead - 1
    return Foretold(
        id=told.aim.id,
        title=told.aim.title,
        unit=told.aim.unit,
        origin=iso(micros(made.origin)),
        at=[iso(int(t)) for t in made.at],
        middle=rounded(made.values[:, _MIDDLE]),
        low=rounded(made.values[:, _LOW]),
        high=rounded(made.values[:, _HIGH]),
        near_low=rounded(made.values[:, _NEAR_LOW]),
        near_high=rounded(made.values[:, _NEAR_HIGH]),
        text=" ".join(sentences(twin, told)),
        why=[WhyRow(text=r.text, weight=float(f"{r.weight:.4g}")) for r in told.why.why],
        base=float(f"{told.why.base:.4g}"),
        limit=told.aim.limit,
        passes=None if warned is None else round(warned.probability, 3),
        passes_at="" if step is None else iso(int(made.at[step])),
        off=None if math.isnan(told.off) else round(told.off, 4),
        held=None if math.isnan(told.held) else round(told.held, 3),
        judged=told.judged,
        model=made.model,
    )


def sentences(twin: Twin, told: Told) -> list[str]:
    """What a person should know of a forecast."""
    zone, made, unit = twin.plant.zone, told.forecast, told.aim.unit
    amount = "kWh" if unit == "kW" else unit.removesuffix("/h")
    found = [_day(twin, told, amount)]
    day = round(86_400 / ((made.at[1] - made.at[0]) / 1e6))
    best = int(np.argmax(made.values[:day, _MIDDLE]))
    when = words.day_time(instant(int(made.at[best])), zone, twin.now())
    highest = words.digits(float(made.values[best, _MIDDLE]))
    peak = f"Highest quarter hour about {highest} {unit}, {when}"
    if told.warned is not None:
        share = told.warned.probability
        chance = "under 0.5 %" if share < _LIKELY else f"{100 * share:.0f} %"
        limit = words.digits(told.warned.limit)
        peak += f"; probability that one passes the contract's {limit} {unit}: {chance}"
    found.append(peak + ".")
    if 0 < told.judged < _JUDGED:
        found.append(
            f"How good it is a day ahead is told after {_JUDGED} quarter hours; {told.judged} are known."
        )
    elif told.judged:
        found.append(
            f"A day ahead the last {told.judged} quarter hours were off by {100 * told.off:.0f} % on average, "
            f"{100 * told.held:.0f} % of them inside the 80 % band."
        )
    return found


def _day(twin: Twin, told: Told, amount: str) -> str:
    """What the next day comes to."""
    day = round(86_400 / ((told.forecast.at[1] - told.forecast.at[0]) / 1e6))
    if told.day is None:
        text = f"Next 24 h: {words.digits(float(told.forecast.values[:day, _MIDDLE].mean()) * 24)} {amount}"
    else:
        low, middle, high = told.day
        text = f"Next 24 h: {words.digits(middle)} {amount} ({words.span(low, high)}, 80 %)"
    carbon = _carbon(twin, told)
    return text + (f", {words.digits(carbon)} kg CO₂e." if carbon is not None else ".")


def _carbon(twin: Twin, told: Told) -> float | None:
    """Greenhouse gas of the electricity foretold for a day [kgCO2e]; None where no factor was given."""
    if told.aim.id != "electricity":
        return None
    at = told.forecast.at
    step_h = (at[1] - at[0]) / 3.6e9
    count = round(24.0 / step_h)
    factors = [twin.prices.carbon(instant(int(t))) for t in at[:count]]
    if any(f is None for f in factors):
        return None
    kw = told.forecast.values[:count, _MIDDLE]
    return float(np.dot(kw, np.array(factors, np.float64)) * step_h)


def fan(twin: Twin, starts: Ints) -> Fan:
    """What is told of bought power at the starts of steps."""
    rows = np.full((5, len(starts)), np.nan)
    told = twin.foresight.told.get("electricity")
    if told is None:
        why = twin.foresight.refused.get("electricity", "")
        return Fan(*_five(rows), f"No forecast: {why}." if why else "")
    places = {int(t): i for i, t in enumerate(told.forecast.at)}
    for column, start in enumerate(starts):
        place = places.get(int(start))
        if place is not None:
            rows[:, column] = told.forecast.values[
                place, [_MIDDLE, _NEAR_LOW, _NEAR_HIGH, _LOW, _HIGH]
            ]
    return Fan(*_five(rows), " ".join(sentences(twin, told)))


def _five(rows: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    return rows[0], rows[1], rows[2], rows[3], rows[4]


def passing(twin: Twin) -> str:
    """Whether bought power will pass the contract's limit, with probability and time; empty while that is unlikely."""
    told = twin.foresight.told.get("electricity")
    warned = told.warned if told is not None else None
    if told is None or warned is None or warned.lead is None or warned.probability < _MAY:
        return ""
    at = instant(int(told.forecast.at[warned.lead - 1]))
    if at <= twin.now():
        return ""
    when = words.day_time(at, twin.plant.zone, twin.now()).replace("today ", "at ")
    verb = "will likely" if warned.probability >= _WILL else "may"
    low, middle, high = warned.peak
    return (
        f"Bought power {verb} pass the contract's {words.digits(warned.limit)} {told.aim.unit} {when} "
        f"({100 * min(warned.probability, _SURE):.0f} %): {words.digits(middle)} {told.aim.unit} "
        f"({words.span(low, high)})"
    )


def highest(twin: Twin, until_us: int) -> str:
    """`highest still to come about 551 kW at 21:00`, before an instant; empty where nothing is told."""
    told = twin.foresight.told.get("electricity")
    if told is None:
        return ""
    at, values = told.forecast.at, told.forecast.values[:, _MIDDLE]
    ahead = np.flatnonzero((at > micros(twin.now())) & (at < until_us))
    if not len(ahead):
        return ""
    best = ahead[int(np.argmax(values[ahead]))]
    when = words.clock_time(instant(int(at[best])), twin.plant.zone)
    kw = words.digits(float(values[best]))
    return f"highest still to come about {kw} {told.aim.unit} at {when}"


def rounded(values: Floats) -> list[float | None]:
    """JSON numbers to four figures."""
    from ecotwin.service.load import listed

    return listed(np.asarray(values, np.float64))
