"""Sensors that stopped moving: each value is held against how long it usually stays the same.

A meter that still sends, or is still held for valid, but always the same value, looks healthy to every rule of
range and gap, and a machine at work beside it hides that nothing is measured any more. How long a value stands
still by custom is learned, value by value, apart for each state of its machine: the power of a machine that is off
stands for days, that of an oven at work for a minute.

Sources: the persistence test of WMO-No. 8, Guide to Instruments and Methods of Observation, on the quality control
of automatic stations (a value that varies less than it must over a span is in doubt); the span is learned here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.columns import UNKNOWN, Modes, called, lasting, picked, positions
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import STATES, Plant
from ecotwin.records import Bools, Floats, Ints, Readings, Score, Window
from ecotwin.units import said

FORMS = ("gauge", "rate")
MODES = UNKNOWN + 1
TIMES = 6.0
LEAST_MIN = 45.0
"""A value is stuck when it stood this many times longer than ever before, and at least so long ..."""
LEAST_STAY_MIN = 10.0
"""... and so long of that in the state that its machine is in now."""
LEARN_MIN = 2880.0
LEARN_UNKNOWN_MIN = 7 * 1440.0
"""Minutes watched in a state before it is judged; a week where no state tells of nights and week-ends."""
LIVELY_MIN = 3.0
"""Only values that never stood longer than this by custom are judged: the others say nothing by standing still."""
AT_WORK = (STATES["setup"], STATES["idle"], STATES["busy"], UNKNOWN)
"""A machine at rest may well stand still."""


class Frozen:
    """Values that stand still far longer than they ever did."""

    name = "frozen"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._signals = [s for s in plant.signals if s.form in FORMS and s.means != "setpoint"]
        self._at = [s.index for s in self._signals]
        self._modes = Modes(plant, tuple(s.element for s in self._signals))
        k = len(self._signals)
        self._rows = np.arange(k)
        self._value = np.full(k, np.nan)
        self._run, self._stay = np.zeros(k), np.zeros(k)
        self._mode = np.full(k, UNKNOWN)
        self._begun = np.zeros(k, np.int64)
        self._over = np.zeros(k, np.bool_)
        self._longest, self._seen = np.zeros((MODES, k)), np.zeros((MODES, k))

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: standing still shows when minutes close."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes."""
        del expected
        if not self._signals:
            return []
        at = positions(window, self._at)
        low, high, last = (picked(v, at) for v in (window.low, window.high, window.last))
        known = picked(window.covered, at) > 0.0
        modes = self._modes.of(window)
        ends = window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in range(window.steps):
            flat = (low[t] == high[t]) | ~np.isfinite(low[t])
            scores += self._step(
                int(ends[t]), window.step_s / 60.0, last[t], flat, known[t], modes[t]
            )
        return scores

    def _step(
        self, at: int, dt_min: float, last: Floats, flat: Bools, known: Bools, mode: Ints
    ) -> list[Score]:
        """One minute: `flat` says that nothing moved within it."""
        # A value that is only held, with no sample in this minute, stands still too.
        still = known & flat & ((last == self._value) | ~np.isfinite(last))
        moved = known & ~still
        told = self._over & moved
        ended = (moved | (mode != self._mode)) & ~self._over
        before = (self._mode, self._rows)
        self._longest[before] = np.where(
            ended, np.maximum(self._longest[before], self._stay), self._longest[before]
        )
        cell = (mode, self._rows)
        self._seen[cell] += np.where(known & ~self._over, dt_min, 0.0)
        self._stay = np.where(ended, 0.0, np.where(still, self._stay + dt_min, self._stay))
        self._run = np.where(moved, 0.0, np.where(still, self._run + dt_min, self._run))
        self._begun = np.where(moved, at, self._begun)
        self._value = np.where(known & np.isfinite(last), last, self._value)
        self._mode = np.where(self._over & ~moved, self._mode, mode)
        enough = np.where(mode == UNKNOWN, LEARN_UNKNOWN_MIN, LEARN_MIN)
        longest = self._longest[cell]
        new = (
            still
            & ~self._over
            & np.isin(mode, AT_WORK)
            & (self._value != 0.0)
            & (self._seen[cell] >= enough)
            & (longest <= LIVELY_MIN)
            & (self._run >= np.maximum(TIMES * longest, LEAST_MIN))
            & (self._stay >= np.maximum(TIMES * longest, LEAST_STAY_MIN))
        )
        self._over = (self._over | new) & ~told
        speak = np.flatnonzero((self._over & still) | told)
        return [self._score(int(i), at, float(self._value[i]), float(longest[i])) for i in speak]

    def _score(self, i: int, at: int, value: float, longest: float) -> Score:
        s = self._signals[i]
        over = bool(self._over[i])
        minutes = float(self._run[i])
        text = (
            f"{called(self._plant, s)} has stood at {said(value, s.unit)} for {lasting(minutes / 60.0)} while the "
            f"machine was at work; before, it never stood longer than {lasting(max(longest, 1.0) / 60.0)}."
            if over
            else f"{called(self._plant, s)} moves again."
        )
        onset = int(self._begun[i]) if over else at
        return Score(
            self.name,
            s.element,
            s.id,
            at,
            minutes / 60.0,
            longest / 60.0,
            0.0,
            max(TIMES * longest, LEAST_MIN) / 60.0,
            0.0,
            over,
            f"{s.id}:stuck",
            unit="h",
            text=text,
            onset=onset,
        )

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            s.id: {
                "value": None if np.isnan(self._value[i]) else float(self._value[i]),
                "run": float(self._run[i]),
                "stay": float(self._stay[i]),
                "mode": int(self._mode[i]),
                "begun": int(self._begun[i]),
                "over": bool(self._over[i]),
                "longest": self._longest[:, i].tolist(),
                "seen": self._seen[:, i].tolist(),
            }
            for i, s in enumerate(self._signals)
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; signals that are not in it start anew."""
        for i, s in enumerate(self._signals):
            one = state.get(s.id)
            if one is None:
                continue
            self._value[i] = np.nan if one["value"] is None else one["value"]
            self._run[i], self._begun[i], self._over[i] = one["run"], one["begun"], one["over"]
            self._stay[i], self._mode[i] = one["stay"], one["mode"]
            self._longest[:, i], self._seen[:, i] = one["longest"], one["seen"]


plug = Frozen
