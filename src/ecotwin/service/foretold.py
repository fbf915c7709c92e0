"""What is foretold, in words and figures."""

from __future__ import annotations

import math
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

_LOW, _MIDDLE, _HIGH = (LEVELS.index(q) for q in (0.1, 0.5, 0.9))
_LIKELY = 0.005
"""A probability under this is told as under half a per cent."""


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
    if told.judged:
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


def fan(twin: Twin, starts: Ints) -> tuple[Floats, Floats, Floats, str]:
    """`(median, low, high)` of bought power at the starts of steps, NaN where none is told, and what is said."""
    empty = np.full(len(starts), np.nan)
    told = twin.foresight.told.get("electricity")
    if told is None:
        why = twin.foresight.refused.get("electricity", "")
        return empty, empty, empty, f"No forecast: {why}." if why else ""
    places = {int(t): i for i, t in enumerate(told.forecast.at)}
    found = [empty.copy() for _ in range(3)]
    for row, start in enumerate(starts):
        place = places.get(int(start))
        if place is not None:
            for column, level in zip(found, (_MIDDLE, _LOW, _HIGH), strict=True):
                column[row] = told.forecast.values[place, level]
    return found[0], found[1], found[2], " ".join(sentences(twin, told))


def rounded(values: Floats) -> list[float | None]:
    """JSON numbers to four figures."""
    from ecotwin.service.load import listed

    return listed(np.asarray(values, np.float64))
