"""Values that do not come, or come and never change: faults of the data, not the machine.

A machine whose measured values are missing for long gives one finding, a connection that is silent
as a whole one
for all. A value that the cleaning holds for stuck (it comes, but covers nothing) is a finding of
its own sensor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.columns import called, lasting, picked, positions
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import Plant
from ecotwin.plant.sensed import CONNECTION
from ecotwin.records import Bools, Floats, Readings, Score, Window

PATIENCE_MIN = 10.0
SINGLE_MIN = 60.0
"""A single value of a machine that else speaks may stay away, or be refused, for this long."""
STUCK_MIN = 10.0
BACK_MIN = 3.0
WIDE_SHARE = 0.6
"""From this share of a connection's machines on it is the connection that is silent."""
REGULAR = ("counter", "interval", "rate", "gauge")
"""Set-points and states are told on change in many plants, and references of a told signal are taken now and then:
their silence says nothing. Nor does that of what the twin itself tells: it says why where it tells nothing."""

_Told = tuple[str, str, float, str]
"""Element, signal, minutes, and a sentence without its end."""


class Silence:
    """Gaps and stuck sensors."""

    name = "silence"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        at_times = {s.sensed.reference for s in plant.signals if s.sensed}
        self._signals = [
            s
            for s in plant.signals
            if s.form in REGULAR and s.id not in at_times and s.connection != CONNECTION
        ]
        self._patience = np.array([max(PATIENCE_MIN, 2.0 * s.hold_s / 60.0) for s in self._signals])
        self._missing, self._stuck = np.zeros(len(self._signals)), np.zeros(len(self._signals))
        self._back = np.zeros(len(self._signals))
        self._ever = np.zeros(len(self._signals), np.bool_)
        keys = sorted({(s.connection, s.element) for s in self._signals})
        where = {key: i for i, key in enumerate(keys)}
        self._keys = keys
        self._place = np.array([where[s.connection, s.element] for s in self._signals], np.int64)
        self._size = (
            np.bincount(self._place, minlength=len(keys)) if keys else np.zeros(0, np.int64)
        )
        self._open: dict[str, int] = {}

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: silence shows when minutes close."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes."""
        del expected
        if not self._signals:
            return []
        at = positions(window, [s.index for s in self._signals])
        share = np.nan_to_num(picked(window.covered, at))
        count = np.nan_to_num(picked(window.count.astype(np.float64), at))
        ends = window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in range(window.steps):
            scores += self._step(int(ends[t]), window.step_s / 60.0, share[t], count[t])
        return scores

    def _step(self, at: int, dt_min: float, share: Floats, count: Floats) -> list[Score]:
        good = share >= 0.5
        self._ever |= good
        self._back = np.where(good, self._back + dt_min, 0.0)
        well = self._back >= min(BACK_MIN, 3 * dt_min)
        missing = ~good & (count == 0) & self._ever
        stuck = ~good & (share <= 0.0) & (count > 0) & self._ever
        self._missing = np.where(
            missing, self._missing + dt_min, np.where(well, 0.0, self._missing)
        )
        self._stuck = np.where(
            stuck, self._stuck + dt_min, np.where(well | missing, 0.0, self._stuck)
        )
        if (
            not self._open
            and not (self._missing > self._patience).any()
            and not (self._stuck > STUCK_MIN).any()
        ):
            return []
        return self._gaps(at, dt_min) + self._stuck_ones(at, dt_min)

    def _gaps(self, at: int, dt_min: float) -> list[Score]:
        late = self._missing > self._patience
        dead = np.bincount(self._place, weights=late, minlength=len(self._keys))
        longest = np.zeros(len(self._keys))
        np.maximum.at(longest, self._place, np.where(late, self._missing, 0.0))
        silent = dead >= np.maximum(1, 0.5 * self._size)
        now: dict[str, _Told] = {}
        for connection in sorted({c for c, _ in self._keys}):
            rows = [i for i, (c, _) in enumerate(self._keys) if c == connection]
            hit = [i for i in rows if silent[i]]
            if len(rows) > 1 and len(hit) >= WIDE_SHARE * len(rows):
                site = self._plant.site.id
                text = (
                    f"Connection {connection} is silent: nothing from {len(hit)} of "
                    f"{len(rows)} places"
                )
                now[f"{site}:gap:{connection}"] = (site, "", float(longest[hit].max()), text)
                continue
            for i in (i for i in rows if dead[i] > 0):
                now |= self._place_gap(i, late, float(longest[i])) if silent[i] else {}
                now |= {} if silent[i] else self._signal_gaps(i, late)
        return self._tell("gap", now, at, dt_min)

    def _place_gap(self, i: int, late: Bools, minutes: float) -> dict[str, _Told]:
        """Most values of a machine are missing: it is the machine that is silent."""
        element = self._keys[i][1]
        rows = [n for n in range(len(self._signals)) if self._place[n] == i and late[n]]
        text = (
            f"No data for {len(rows)} of {self._size[i]} values of "
            f"{self._plant.element(element).name}"
        )
        return {f"{element}:gap": (element, self._signals[rows[0]].id, minutes, text)}

    def _signal_gaps(self, i: int, late: Bools) -> dict[str, _Told]:
        """Single values that stay away, or are refused, while the rest of the machine comes."""
        found: dict[str, _Told] = {}
        for n in (n for n in range(len(self._signals)) if self._place[n] == i and late[n]):
            s, minutes = self._signals[n], float(self._missing[n])
            if minutes > SINGLE_MIN:
                text = (
                    f"No usable value of {called(self._plant, s)}: none came, or none was plausible"
                )
                found[f"{s.id}:gap"] = (s.element, s.id, minutes, text)
        return found

    def _stuck_ones(self, at: int, dt_min: float) -> list[Score]:
        now: dict[str, _Told] = {}
        for n in np.flatnonzero(self._stuck > STUCK_MIN):
            s = self._signals[n]
            text = f"{called(self._plant, s)} keeps coming with a value that does not change"
            # It was stuck for that long before the cleaning could say so.
            minutes = float(self._stuck[n]) + s.stuck_after_s / 60.0
            now[f"{s.id}:stuck"] = (s.element, s.id, minutes, text)
        return self._tell("stuck", now, at, dt_min)

    def _tell(self, kind: str, now: dict[str, _Told], at: int, dt_min: float) -> list[Score]:
        del dt_min
        scores = []
        for cause, (element, signal, minutes, text) in now.items():
            onset = self._open.setdefault(cause, at - int(minutes * 60e6))
            said = f"{text}, for {lasting(minutes / 60.0)} now."
            scores.append(self._score(cause, element, signal, at, onset, said, over=True))
        for cause in [c for c in self._open if _kind(c) == kind and c not in now]:
            onset = self._open.pop(cause)
            place = cause.split(":")[0]
            signal = place if self._plant.has_signal(place) else ""
            element = self._plant.signal(place).element if signal else place
            scores.append(
                self._score(cause, element, signal, at, onset, "Values come again.", over=False)
            )
        return scores

    def _score(
        self, cause: str, element: str, signal: str, at: int, onset: int, text: str, *, over: bool
    ) -> Score:
        hours = (at - onset) / 3600e6
        return Score(
            self.name,
            element,
            signal,
            at,
            hours,
            0.0,
            0.0,
            0.0,
            0.0,
            over,
            cause,
            unit="h",
            text=text,
            onset=onset,
        )

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        rows = zip(self._missing, self._stuck, self._back, self._ever, strict=True)
        ids = [s.id for s in self._signals]
        return {
            "signals": {
                i: [float(m), float(s), float(b), bool(e)]
                for i, (m, s, b, e) in zip(ids, rows, strict=True)
            },
            "open": dict(self._open),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._open = dict(state["open"])
        for n, s in enumerate(self._signals):
            if s.id in state["signals"]:
                self._missing[n], self._stuck[n], self._back[n], self._ever[n] = state["signals"][
                    s.id
                ]


def _kind(cause: str) -> str:
    return cause.split(":")[1]


plug = Silence
