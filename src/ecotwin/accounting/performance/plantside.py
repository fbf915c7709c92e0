"""A plant element's daily use with what drives it, from hours of its meters."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ecotwin.accounting.amounts import use_terms
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.performance.series import Series, series
from ecotwin.accounting.production import output_signals
from ecotwin.clock import micros
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Floats, Ints, Window

WHOLE_DAY_H = 22
"""A day with fewer measured hours is left out: a day of 23 hours still counts."""


def daily_signals(plant: Plant, element: str, carrier: str) -> tuple[int, ...]:
    """Signal indices that `daily` wants in its window; empty when the element does not use the carrier."""
    use = flows_of(plant).use(element, carrier)
    if use is None:
        return ()
    found = {t.signal.index for t in use.terms}
    found |= {s.index for s in output_signals(plant, element, "parts_good")}
    if plant.outdoor:
        found.add(plant.signal(plant.outdoor).index)
    return tuple(sorted(found))


def daily(plant: Plant, element: str, carrier: str, hours: Window) -> Series:
    """Use by local day, with good parts and the outdoor temperature beside it.

    Args:
        plant: The plant. element: Whose use. carrier: `electricity`, `gas` ...
        hours: Steps of an hour of `daily_signals`, from midnight to midnight.

    Raises:
        FigureGap: The element does not use the carrier.
    """
    use = flows_of(plant).use(element, carrier)
    if use is None:
        raise FigureGap(
            f"{element} uses no {carrier}",
            expected="an element with a meter of it",
            remedy="name another element",
        )
    day, first = _days(plant, hours)
    amount = np.zeros(len(first))
    for sign, signal in use_terms(use):
        amount += sign * _sums(hours, signal, day, len(first))
    drivers: dict[str, Floats] = {}
    made = output_signals(plant, element, "parts_good")
    if made:
        drivers["good_parts"] = sum(
            (_sums(hours, s, day, len(first)) for s in made), np.zeros(len(first))
        )
    outdoor = ""
    if plant.outdoor:
        outdoor = "outdoor_temperature"
        drivers[outdoor] = _means(hours, plant.signal(plant.outdoor), day, len(first))
    return series(first / 1e6, amount, drivers, temperature=outdoor or None)


def _days(plant: Plant, hours: Window) -> tuple[Ints, Floats]:
    """[hours] place of the local day of each hour, and the start of each day [us UTC] as local wall time."""
    local = [datetime.fromtimestamp(t / 1e6, UTC).astimezone(plant.zone).date() for t in hours.at]
    ordinal = np.array([d.toordinal() for d in local], np.int64)
    unique, place = np.unique(ordinal, return_inverse=True)
    # Days of 23 and 25 hours stay a day apart: the series counts days, not hours.
    first = np.array(
        [micros(datetime.fromordinal(int(o)).replace(tzinfo=UTC)) for o in unique], np.float64
    )
    return place.astype(np.int64), first


def _sums(hours: Window, signal: Signal, day: Ints, count: int) -> Floats:
    """[days] amount; NaN where too little of the day is known."""
    column = hours.column(signal.index)
    known = hours.covered[:, column] + hours.estimated[:, column]
    amount = np.nan_to_num(hours.amount[:, column])
    summed = np.bincount(day, amount, count)
    return np.where(np.bincount(day, known, count) >= WHOLE_DAY_H, summed, np.nan)


def _means(hours: Window, signal: Signal, day: Ints, count: int) -> Floats:
    """[days] mean; NaN where too little of the day is known."""
    values = hours.mean[:, hours.column(signal.index)]
    there = np.isfinite(values)
    n = np.bincount(day, there, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(day, np.where(there, values, 0.0), count) / n
    return np.where(n >= WHOLE_DAY_H, mean, np.nan)
