"""What a soft sensor of the plant is learned and told from: minutes of its inputs, and references as taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ecotwin.clock import MINUTE, Period, instant, micros
from ecotwin.errors import FigureGap
from ecotwin.history.contract import Store
from ecotwin.plant import Signal
from ecotwin.records import Bools, Floats, Ints, Quality
from ecotwin.sensing.dynamics import LONG
from ecotwin.sensing.soft import LEAST_REFERENCES

LEAST_COVERED = 0.5
"""Share of a minute that must be measured for an input to count."""
PAST = timedelta(days=92)
"""So far back references are looked for."""
MOST = 20_000
"""References that are learned from at once: the newest."""
_CHUNK = 7 * 1440
_RAW = 50_000_000

Span = tuple[int, int]
"""From and to [us UTC], in which something of an input or a reference was held for wrong."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a calibration is made of.

    Attributes:
        inputs: [rows, inputs] minutes before and at each reference; stretches are parted by rows of NaN.
        target: [rows] references, NaN where there is none. bad: [rows] flagged.
        start: First reference [us UTC]. references: Their number. block: Usual number at one moment.
        every: Usual minutes between moments with references. moments: Number of moments with references.
        at: [rows] minute of each row, counted from the oldest looked at; -1 where it parts.
    """

    inputs: Floats
    target: Floats
    bad: Bools
    start: int
    references: int
    block: int
    every: int
    moments: int
    at: Ints


def input_rows(store: Store, inputs: Sequence[Signal], start_us: int, end_us: int) -> Floats:
    """[minutes, inputs] as measured; NaN where too little was. Counters are told by what they count in an hour."""
    window = store.window([s.index for s in inputs], Period(instant(start_us), instant(end_us)), 60)
    made = np.full((window.steps, len(inputs)), np.nan)
    for j, signal in enumerate(inputs):
        column = window.column(signal.index)
        summed = signal.form in ("counter", "interval")
        known = window.covered[:, column] >= (1.0 - 1e-9 if summed else LEAST_COVERED)
        values = window.amount[:, column] * 60.0 if summed else window.mean[:, column]
        made[:, j] = np.where(known, values, np.nan)
    return made


def references(
    store: Store, reference: Signal, start_us: int, end_us: int, flagged: Sequence[Span]
) -> tuple[Floats, Bools]:
    """[minutes] mean of the references taken in each minute, NaN without, and whether it is flagged bad.

    A minute is bad when one of its references was doubted or not measured, or when it lies within a flagged span.
    """
    minutes = (end_us - start_us) // MINUTE
    raw = store.raw(reference.index, Period(instant(start_us), instant(end_us)), limit=_RAW)
    real = raw.take(raw.quality < Quality.STALE)
    place = (real.at - start_us) // MINUTE
    count = np.bincount(place, minlength=minutes)
    total = np.bincount(place, real.value, minutes)
    target = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    bad = np.bincount(place, real.quality != Quality.GOOD, minutes) > 0
    at = start_us + np.arange(minutes, dtype=np.int64) * MINUTE
    for first, last in flagged:
        bad |= (at + MINUTE > first) & (at <= last)
    return np.asarray(target, np.float64), bad


def newest_reference(store: Store, reference: Signal, start_us: int, end_us: int) -> bool:
    """Whether a reference was taken in `[start, end)`."""
    if end_us <= start_us:
        return False
    raw = store.raw(reference.index, Period(instant(start_us), instant(end_us)), limit=1000)
    return bool((raw.quality < Quality.STALE).any())


def late_reference(store: Store, reference: Signal, moment_us: int, waits: Bools) -> bool:
    """Whether a reference came for one of the minutes before a moment that still wait for one: [minutes]."""
    if not waits.any():
        return False
    target, _ = references(store, reference, moment_us - len(waits) * MINUTE, moment_us, ())
    return bool((np.isfinite(target) & waits).any())


def gathered(
    store: Store, inputs: Sequence[Signal], reference: Signal, end: datetime, step_us: int,
    flagged: Sequence[Span],
) -> Gathered:  # fmt: skip
    """References of the stored past with the minutes of the inputs that lead to them.

    Args:
        end: Nothing at or after it is looked at. step_us: Between two moments of calibration.
        flagged: Spans that are not learned from.

    Raises:
        FigureGap: There are too few references.
    """
    span = store.span()
    end_us = micros(end)
    oldest = max(micros(end - PAST), span.start_us if span else end_us) // MINUTE * MINUTE
    if oldest >= end_us:
        raise _too_few(0, reference)
    target, bad = references(store, reference, oldest, end_us, flagged)
    taken = np.flatnonzero(np.isfinite(target))[-MOST:]
    if len(taken) < LEAST_REFERENCES:
        raise _too_few(len(taken), reference)
    moments, counts = np.unique((oldest + taken * MINUTE) // step_us, return_counts=True)
    apart = float(np.median(np.diff(moments))) if len(moments) > 1 else 1.0
    rows = _led_to(taken, len(target))
    values, places = _read(store, inputs, oldest, rows)
    known = places >= 0
    return Gathered(
        inputs=values,
        target=np.where(known, target[places], np.nan),
        bad=known & bad[places],
        start=oldest + int(taken[0]) * MINUTE,
        references=len(taken),
        block=max(1, round(float(counts.mean()))),
        every=max(1, round(apart * step_us / MINUTE)),
        moments=len(moments),
        at=places,
    )


def _too_few(count: int, reference: Signal) -> FigureGap:
    return FigureGap(
        f"{count} minutes with a reference measurement ({reference.id}) are known",
        expected=f"at least {LEAST_REFERENCES}, at different loads",
        remedy="take more references",
    )


def _led_to(taken: Ints, minutes: int) -> Ints:
    """Minutes that a calibration needs: those of the references with their recent past, and the newest of all."""
    marks = np.zeros(minutes + 1)
    np.add.at(marks, np.maximum(taken - LONG + 1, 0), 1.0)
    np.add.at(marks, taken + 1, -1.0)
    wanted = np.cumsum(marks)[:-1] > 0.5
    wanted[-LONG:] = True
    return np.flatnonzero(wanted)


def _read(store: Store, inputs: Sequence[Signal], oldest: int, rows: Ints) -> tuple[Floats, Ints]:
    """Inputs of some minutes, stretches parted by NaN, and which minute each row is; -1: it parts."""
    values: list[Floats] = []
    places: list[Ints] = []
    for stretch in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        for first in range(0, len(stretch), _CHUNK):
            part = stretch[first : first + _CHUNK]
            ends = (oldest + int(part[0]) * MINUTE, oldest + (int(part[-1]) + 1) * MINUTE)
            values.append(input_rows(store, inputs, *ends))
            places.append(part)
        values.append(np.full((LONG, len(inputs)), np.nan))
        places.append(np.full(LONG, -1, np.int64))
    return np.concatenate(values[:-1]), np.concatenate(places[:-1])
