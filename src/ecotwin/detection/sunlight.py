"""Solar power against sunlight: an inverter that is out, panels that are dirty.

Expected is `k x irradiance x (1 + c (module temperature - 25))`. k starts from the kind's facts
(peak power and performance
ratio) and follows the plant's own ratio, forgotten over a month of sun; it never learns while too
little is made.

Sources: IEC 61724-1:2021, performance ratio with temperature correction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.detection.chart import Chart, Verdict
from ecotwin.detection.columns import lasting, number, picked, positions
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Readings, Score, Window
from ecotwin.units import said

LEAST_SUN = 150.0
"""Below this [W/m2] the ratio says little: low sun, shade of buildings, snow."""
MEMORY_MIN = 30 * 600.0
LEARN_MIN = 300.0
RELEVANT_SHARE = 0.05
MODEL_SD_SHARE = 0.06
"""Scatter of a minute's ratio under broken cloud: sensor and panels see different sky."""


@dataclass(frozen=True, slots=True)
class _Field:
    element: str
    power: Signal
    sun: Signal
    module: Signal | None
    factor: float
    share_per_degc: float
    rated_kw: float
    told: bool


class Sunlight:
    """Made against expected power of every solar field."""

    name = "sunlight"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._fields = _fields(plant)
        self._chart = Chart(tuple(f.element for f in self._fields))
        self._k = np.array([f.factor for f in self._fields])
        self._learned_min = np.zeros(len(self._fields))

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges closed minutes."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes of sun."""
        del expected
        if not self._fields:
            return []
        power = self._column(window, [f.power.index for f in self._fields])
        sun = self._column(window, [f.sun.index for f in self._fields])
        module = self._column(window, [f.module.index if f.module else -1 for f in self._fields])
        slope = np.array([f.share_per_degc for f in self._fields])
        warm = np.where(np.isfinite(module), 1.0 + slope * (module - 25.0), 0.94)
        ideal = np.where(sun >= LEAST_SUN, sun / 1000.0 * warm, np.nan)
        ends = window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in range(window.steps):
            scores += self._step(int(ends[t]), window.step_s / 60.0, ideal[t], power[t])
        return scores

    @staticmethod
    def _column(window: Window, signals: list[int]) -> Any:
        at = np.array([-1 if s < 0 else int(positions(window, [s])[0]) for s in signals], np.int64)
        return np.where(picked(window.covered, at) >= 0.5, picked(window.mean, at), np.nan)

    def _step(self, at: int, dt_min: float, ideal: Any, power: Any) -> list[Score]:
        mean = self._k * ideal
        known = np.array([f.told for f in self._fields]) | (self._learned_min >= LEARN_MIN)
        sure = self._learned_min >= LEARN_MIN
        share = np.where(sure, MODEL_SD_SHARE, 2.5 * MODEL_SD_SHARE)
        residual = np.where(known, mean - power, np.nan)
        floor = np.maximum(RELEVANT_SHARE * self._k * np.where(sure, 1.0, 3.0), 0.05)
        busy = np.full(len(self._fields), 5)
        said = self._chart.step(at, dt_min, residual, share * mean, busy, floor)
        fit = (
            np.isfinite(ideal)
            & np.isfinite(power)
            & ~self._chart.over
            & (power > 0.3 * np.nan_to_num(mean))
        )
        fit |= np.isfinite(ideal) & np.isfinite(power) & ~known & (power > 0)
        weight = np.where(fit, np.nan_to_num(ideal), 0.0) * dt_min
        self._learned_min += np.where(fit, dt_min, 0.0)
        gain = np.maximum(
            weight / MEMORY_MIN, np.where(fit, dt_min, 0.0) / (self._learned_min + 30.0)
        )
        ratio = np.nan_to_num(power) / np.maximum(np.nan_to_num(ideal), 1e-6)
        ratio = np.where(self._k > 0, np.clip(ratio, 0.5 * self._k, 1.5 * self._k), ratio)
        self._k += gain * (ratio - self._k)
        return [self._score(v, at, float(mean[v.row])) for v in said]

    def _score(self, v: Verdict, at: int, mean: float) -> Score:
        f = self._fields[v.row]
        half = abs(v.now) * 1.96 / max(abs(v.z), 1e-9)
        name = self._plant.element(f.element).name
        text = (
            f"{name} makes {said(max(mean - v.now, 0.0), 'kW')}; this sun should give {said(mean, 'kW')} "
            f"(95 %: {said(max(mean - half, 0.0), 'kW')} to {said(mean + half, 'kW')}), "
            f"measured over {lasting(v.hours)} of sun."
        )
        return Score(
            self.name,
            f.element,
            f.power.id,
            at,
            mean - v.now,
            mean,
            mean - half,
            mean + half,
            -v.z,
            v.over,
            f"{f.element}:sun",
            excess_kw=v.excess * self._sun_share(v),
            unit="kW",
            text=text,
            onset=v.onset,
            excess_sd=v.sd * self._sun_share(v),
            so_far=v.total,
        )

    def _sun_share(self, v: Verdict) -> float:
        """Share of the day with sun: the chart only saw minutes with sun."""
        days = max(1.0, (self._chart.last_at[v.row] - v.onset) / 86_400e6)
        return min(1.0, v.hours / (24.0 * days)) if days > 1.0 else 1.0 / 3.0

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        pairs = zip(self._fields, self._k, self._learned_min, strict=True)
        return {
            "chart": self._chart.state(),
            "k": {f.element: [float(k), float(m)] for f, k, m in pairs},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._chart.restore(state["chart"])
        for i, f in enumerate(self._fields):
            if f.element in state["k"]:
                self._k[i], self._learned_min[i] = state["k"][f.element]


def _fields(plant: Plant) -> list[_Field]:
    found: list[_Field] = []
    anywhere = next((s for s in plant.signals if s.means == "irradiance"), None)
    for element in plant.elements:
        power = plant.find(element.id, "electricity_power")
        if power is None or plant.find(element.id, "electricity_generated") is None:
            continue
        sun = plant.find(element.id, "irradiance") or anywhere
        if sun is None:
            continue
        module = next(
            (s for s in plant.signals_of(element.id) if s.id.endswith(".module_temperature")), None
        )
        rated = number(element, "rated_kwp", "nominal_kw") or 0.0
        factor = rated * (number(element, "performance_ratio") or 0.84)
        slope = number(element, "share_per_degC")
        found.append(
            _Field(
                element.id,
                power,
                sun,
                module,
                factor,
                -0.0035 if slope is None else slope,
                rated,
                rated > 0,
            )
        )
    return found


plug = Sunlight
