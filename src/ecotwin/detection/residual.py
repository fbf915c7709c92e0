"""Power above what product, temperature and state explain, machine by machine.

The expectation comes from the learned baseline and carries the drivers, so that another product, a
cold week or a
holiday is expected and stays quiet. A machine whose expectation still comes from its kind alone
must be far off. One that the weather runs is not judged in weather that the plant has not had before.

Sources: see `detection.chart` for the tests.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ecotwin.detection.chart import Chart, Verdict
from ecotwin.detection.columns import Modes, Settling, lasting, number, power_signal
from ecotwin.detection.contract import Expected
from ecotwin.detection.weather import Weather, weather_run
from ecotwin.plant.model import STATE_NAMES, Plant
from ecotwin.records import Floats, Ints, Readings, Score, Window
from ecotwin.units import said

RELEVANT_SHARE = 0.02
"""Excess that matters, as a share of nominal power."""
RELEVANT_KW = 0.1
UNLEARNED_SHARE = 0.25
"""The same while the expectation comes from the kind's facts alone."""
RECENT_MIN = 15.0


class Residual:
    """Actual against expected power of every machine that has an expectation."""

    name = "residual"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        made = {s.element for s in plant.signals if s.means == "electricity_generated"}
        self._elements = tuple(
            e.id
            for e in plant.machines
            if e.id not in made
            and e.kind_facts.get("role", "machine") == "machine"
            and power_signal(plant, e.id) is not None
        )
        self._signal = [power_signal(plant, e) for e in self._elements]
        self._modes = Modes(plant, self._elements)
        self._settling = Settling(len(self._elements))
        self._chart = Chart(self._elements)
        self._weather = Weather(plant)
        self._by_weather = np.array([weather_run(plant, e) for e in self._elements], np.bool_)
        told = [
            number(plant.element(e), "nominal_kw", "kw_busy", "rated_kw") for e in self._elements
        ]
        self._nominal = np.array([t or 0.0 for t in told])
        self._told = self._nominal > 0
        self._actual, self._expected = np.zeros(len(told)), np.zeros(len(told))

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges closed minutes."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes; without an expectation there is nothing to judge."""
        if expected is None or not self._elements:
            return []
        place = {e: i for i, e in enumerate(expected.elements)}
        at = np.array([place.get(e, -1) for e in self._elements], np.int64)
        if (at < 0).all():
            return []
        take = np.maximum(at, 0)
        mean = np.where(at >= 0, expected.mean[:, take], np.nan)
        sd = np.where(at >= 0, expected.sd[:, take], np.nan)
        actual = np.where(at >= 0, expected.actual[:, take], np.nan)
        learned = np.where(at >= 0, expected.learned[take], False)
        modes = self._modes.of(window)
        degc = self._weather.of(window)
        ends = window.at + window.step_s * 1_000_000
        dt_min = window.step_s / 60.0
        scores: list[Score] = []
        for t in range(window.steps):
            floor = self._floor(mean[t], learned)
            mode = self._settling.of(modes[t], dt_min)
            seen = self._weather.seen(int(ends[t]), float(degc[t]))
            said = self._chart.step(
                int(ends[t]),
                dt_min,
                np.where(seen | ~self._by_weather, actual[t] - mean[t], np.nan),
                np.where(learned, sd[t], 2 * sd[t]),
                mode,
                floor,
            )
            self._smooth(dt_min, actual[t], mean[t])
            scores += [self._score(v, int(ends[t]), modes[t]) for v in said]
        return scores

    def _floor(self, mean: Floats, learned: Any) -> Floats:
        seen = np.where(np.isfinite(mean), np.abs(mean), 0.0)
        self._nominal = np.where(self._told, self._nominal, np.maximum(self._nominal, seen))
        share = np.where(learned, RELEVANT_SHARE, UNLEARNED_SHARE)
        result: Floats = np.maximum(share * self._nominal, RELEVANT_KW)
        return result

    def _smooth(self, dt_min: float, actual: Floats, mean: Floats) -> None:
        lam = 1.0 - math.exp(-dt_min / RECENT_MIN)
        ok = np.isfinite(actual) & np.isfinite(mean)
        self._actual += np.where(ok, lam * (np.where(ok, actual, 0.0) - self._actual), 0.0)
        self._expected += np.where(ok, lam * (np.where(ok, mean, 0.0) - self._expected), 0.0)

    def _score(self, v: Verdict, at: int, modes: Ints) -> Score:
        element, signal = self._elements[v.row], self._signal[v.row]
        actual, expected = float(self._actual[v.row]), float(self._expected[v.row])
        name = self._plant.element(element).name
        half = abs(v.now) * 1.96 / max(abs(v.z), 1e-9)
        state = STATE_NAMES.get(int(modes[v.row]), "")
        when = f" while {state}" if state else ""
        mean_kw = v.total / max(v.hours, 1e-9)
        low, high = said(max(expected - half, 0.0), "kW"), said(expected + half, "kW")
        text = (
            f"{name} drew {said(actual, 'kW')}{when} over the last {RECENT_MIN:.0f} min, expected "
            f"{said(expected, 'kW')} (95 %: {low} to {high}); since it began "
            f"{said(mean_kw, 'kW', 2)} above on average, measured over {lasting(v.hours)}."
        )
        return Score(
            detector=self.name,
            element=element,
            signal=signal.id if signal is not None else "",
            at=at,
            value=actual,
            expected=expected,
            low=expected - half,
            high=expected + half,
            z=v.z,
            over=v.over,
            cause=f"{element}:power",
            excess_kw=v.excess,
            unit="kW",
            text=text,
            onset=v.onset,
            excess_sd=v.sd,
            so_far=v.total,
        )

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        sides = zip(
            self._nominal, self._actual, self._expected, self._settling.state(), strict=True
        )
        return {
            "chart": self._chart.state(),
            "weather": self._weather.state(),
            "level": {
                e: [float(x) for x in side] for e, side in zip(self._elements, sides, strict=True)
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._chart.restore(state["chart"])
        self._weather.restore(state.get("weather", {}))
        for i, element in enumerate(self._elements):
            if element in state["level"]:
                nominal, self._actual[i], self._expected[i], *left = state["level"][element]
                self._settling.restore(i, left[0] if left else 0.0)
                self._nominal[i] = self._nominal[i] if self._told[i] else nominal


plug = Residual
