"""Power that a machine draws while no shift runs, above its own custom: what was left on overnight.

Its state may well explain the power (a hot oven is idle, and idle ovens draw much); that it is in
that state at all is the waste. Judged are only nights, week-ends and holidays, without the time
before and after a shift in which machines are warmed up and shut down. The custom is each machine's
own mean there.

Sources: ISO 14955-1:2017, energy drawn while no part is made as a share that can be avoided; see
`detection.chart` for the tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.clock import DAY, MINUTE, Period, instant
from ecotwin.detection.chart import Chart, Verdict
from ecotwin.detection.columns import lasting, number, picked, power_signal
from ecotwin.detection.contract import Expected
from ecotwin.plant import calendar
from ecotwin.plant.model import Plant
from ecotwin.records import Bools, Floats, Readings, Score, Window
from ecotwin.units import said

AFTER_US = 60 * MINUTE
BEFORE_US = 120 * MINUTE
"""Shutting down and warming up belong to the shift."""
RELEVANT_SHARE = 0.05
RELEVANT_KW = 0.3
MEMORY_MIN = 20 * 600.0
LEARN_MIN = 600.0
YOUNG_MIN = 3 * 480.0
"""So long all is learned from, alarm or not: the first nights are the custom."""
MODE = 0


class Idling:
    """Power outside of shifts against each machine's custom there."""

    name = "idling"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._elements = tuple(
            m.id
            for m in plant.machines
            if plant.find(m.id, "parts_total") is not None
            and power_signal(plant, m.id) is not None
            and m.kind_facts.get("role", "machine") == "machine"
        )
        self._signals = [power_signal(plant, e) for e in self._elements]
        told = [
            number(plant.element(e), "nominal_kw", "kw_busy", "rated_kw") for e in self._elements
        ]
        self._floor = np.maximum(
            RELEVANT_SHARE * np.array([t or 0.0 for t in told], np.float64), RELEVANT_KW
        )
        self._chart = Chart(self._elements)
        k = len(self._elements)
        self._custom, self._spent = np.zeros(k), np.zeros(k)
        self._days: dict[int, Bools] = {}

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges closed minutes."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes in which no shift runs."""
        if expected is None or not self._elements:
            return []
        deserted = self._deserted(window)
        if not deserted.any():
            return []
        place = {e: i for i, e in enumerate(expected.elements)}
        at = np.array([place.get(e, -1) for e in self._elements], np.int64)
        actual = picked(expected.actual, at)
        ends = window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in np.flatnonzero(deserted):
            scores += self._step(int(ends[t]), window.step_s / 60.0, actual[t])
        return scores

    def _step(self, at: int, dt_min: float, actual: Floats) -> list[Score]:
        ripe = self._spent >= LEARN_MIN
        k = len(self._elements)
        said = self._chart.step(
            at,
            dt_min,
            np.where(ripe, actual - self._custom, np.nan),
            np.full(k, np.nan),
            np.full(k, MODE),
            self._floor,
        )
        fit = np.isfinite(actual) & (~self._chart.over | (self._spent < YOUNG_MIN))
        self._spent += np.where(fit, dt_min, 0.0)
        gain = np.maximum(dt_min / MEMORY_MIN, dt_min / np.maximum(self._spent, dt_min))
        self._custom += np.where(fit, gain * (np.nan_to_num(actual) - self._custom), 0.0)
        return [self._score(v, at) for v in said]

    def _deserted(self, window: Window) -> Bools:
        """[steps] no shift runs, ended an hour ago or starts within two."""
        out = np.zeros(window.steps, np.bool_)
        day = window.at // DAY
        for one in np.unique(day):
            here = day == one
            out[here] = self._day(int(one))[(window.at[here] % DAY) // MINUTE]
        return out

    def _day(self, day: int) -> Bools:
        if day not in self._days:
            if len(self._days) > 4:
                self._days.clear()
            minutes = day * DAY + np.arange(1440, dtype=np.int64) * MINUTE
            made = np.zeros(1440, np.bool_)
            around = Period(instant((day - 4) * DAY), instant((day + 5) * DAY))
            for gap in calendar.gaps(self._plant, around):
                made |= (minutes >= gap.start_us + AFTER_US) & (minutes < gap.end_us - BEFORE_US)
            self._days[day] = made
        return self._days[day]

    def _score(self, v: Verdict, at: int) -> Score:
        element, signal = self._elements[v.row], self._signals[v.row]
        custom = float(self._custom[v.row])
        half = abs(v.now) * 1.96 / max(abs(v.z), 1e-9)
        name = self._plant.element(element).name
        text = (
            f"{name} drew {said(custom + v.now, 'kW')} while no shift ran; {said(custom, 'kW')} is its "
            f"custom then (95 %: {said(max(custom - half, 0.0), 'kW')} to {said(custom + half, 'kW')}), measured over "
            f"{lasting(v.hours)} without a shift."
        )
        share = self._share(v, at)
        return Score(
            self.name,
            element,
            signal.id if signal is not None else "",
            at,
            custom + v.now,
            custom,
            custom - half,
            custom + half,
            v.z,
            v.over,
            f"{element}:idle",
            excess_kw=v.excess * share,
            unit="kW",
            text=text,
            onset=v.onset,
            excess_sd=v.sd * share,
            so_far=v.total,
        )

    @staticmethod
    def _share(v: Verdict, at: int) -> float:
        """Share of the time without shift since the onset; a quarter of a day at first."""
        days = (at - v.onset) / DAY
        return min(1.0, v.hours / (24.0 * days)) if days > 1.0 else 0.25

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        pairs = zip(self._elements, self._custom, self._spent, strict=True)
        return {
            "chart": self._chart.state(),
            "custom": {e: [float(c), float(m)] for e, c, m in pairs},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._chart.restore(state["chart"])
        for i, element in enumerate(self._elements):
            if element in state["custom"]:
                self._custom[i], self._spent[i] = state["custom"][element]


plug = Idling
