"""Machines that heat up together in the dearest hours: no energy is lost, but money, and the peak of the load.

Heating can wait or begin earlier; the line that follows it cannot. Judged is what two machines or more take while
they heat at once and the dearest band of the tariff holds; it matters when it would lift a quarter of an hour, over
which demand is metered, by a stated share of the plant's nominal power. What it costs is the difference to the
cheapest band.

Sources: load shifting and peak clipping as forms of demand-side management: Gellings, Proceedings of the IEEE 73
(1985).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.clock import instant
from ecotwin.detection.columns import Modes, number, picked, positions, power_signal, three
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import STATES, Plant
from ecotwin.records import Bools, Floats, Readings, Score, Window

QUARTER_H = 0.25
DEAR_SHARE = 1.15
"""A band is dear when it costs this many times the cheapest."""
RELEVANT_SHARE = 0.10
"""Demand of a quarter hour that matters, as a share of the nominal power of all machines."""
CALM_MIN = 30.0


class Peak:
    """Heating together at the dearest price."""

    name = "peak"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        machines = [
            (m.id, p)
            for m in plant.machines
            if (s := plant.find(m.id, "state")) is not None
            and "heating" in s.states.values()
            and (p := power_signal(plant, m.id)) is not None
            and p.means == "electricity_power"
        ]
        self._elements = tuple(m for m, _ in machines)
        self._signals = [p for _, p in machines]
        self._modes = Modes(plant, self._elements)
        told = [number(m, "nominal_kw", "kw_busy", "rated_kw") or 0.0 for m in plant.machines]
        self._floor_kwh = RELEVANT_SHARE * sum(told) * QUARTER_H
        tariff = plant.tariff("electricity")
        bands = tariff.bands if tariff is not None else ()
        self._low = min((b[2] for b in bands), default=0.0)
        self._high = max((b[2] for b in bands), default=0.0)
        self._bands = [b for b in bands if b[2] == self._high and b[2] >= DEAR_SHARE * self._low]
        k = len(machines)
        self._spent, self._kwh, self._calm = np.zeros(k), np.zeros(k), np.zeros(k)
        self._onset = np.zeros(k, np.int64)
        self._over = np.zeros(k, np.bool_)

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges closed minutes."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes."""
        del expected
        if not self._bands or len(self._elements) < 2:
            return []
        heating = self._modes.of(window) == STATES["heating"]
        kw = np.nan_to_num(picked(window.mean, positions(window, [s.index for s in self._signals])))
        if not heating.any() and not self._over.any() and not self._spent.any():
            return []
        scores: list[Score] = []
        for t in range(window.steps):
            at = int(window.at[t])
            ends = at + window.step_s * 1_000_000
            scores += self._step(ends, window.step_s / 60.0, heating[t], kw[t], self._is_dear(at))
        return scores

    def _is_dear(self, at: int) -> bool:
        local = instant(at).astimezone(self._plant.zone)
        hour = local.hour + local.minute / 60.0
        return any(start <= hour < end for start, end, _ in self._bands)

    def _step(self, at: int, dt_min: float, heating: Bools, kw: Floats, dear: bool) -> list[Score]:
        together = heating & dear & (heating.sum() >= 2)
        start = together & (self._spent == 0.0)
        self._onset = np.where(start, at - int(dt_min * 60e6), self._onset)
        self._spent += np.where(together, dt_min, 0.0)
        self._kwh += np.where(together, kw * dt_min / 60.0, 0.0)
        self._calm = np.where(together, 0.0, self._calm + dt_min)
        self._over |= together & (self._kwh.sum() >= self._floor_kwh)
        gone = self._over & (self._calm >= CALM_MIN)
        speak = np.flatnonzero((self._over & together) | gone)
        others = self._over | together
        scores = [self._score(int(i), at, float(kw[i]), others, not bool(gone[i])) for i in speak]
        self._over &= ~gone
        past = self._calm >= CALM_MIN
        self._spent, self._kwh = np.where(past, 0.0, self._spent), np.where(past, 0.0, self._kwh)
        return scores

    def _score(self, i: int, at: int, kw: float, together: Bools, over: bool) -> Score:
        element = self._elements[i]
        names = [
            self._plant.element(e).name for e, t in zip(self._elements, together, strict=True) if t
        ]
        extra = float(self._kwh[i]) * (self._high - self._low)
        name = self._plant.element(element).name
        money = self._plant.currency
        text = (
            f"{' and '.join(names)} heat up at the same time in the dearest hours: {name} took "
            f"{three(float(self._kwh[i]))} kWh at {self._high:g} {money}/kWh in {self._spent[i]:.0f} min, "
            f"which at {self._low:g} {money}/kWh would have cost {three(extra)} {money} less."
        )
        return Score(
            self.name,
            element,
            self._signals[i].id,
            at,
            kw,
            0.0,
            0.0,
            0.0,
            0.0,
            over,
            f"{element}:peak",
            unit="kW",
            text=text,
            onset=int(self._onset[i]),
        )

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            e: [
                float(self._spent[i]),
                float(self._kwh[i]),
                float(self._calm[i]),
                int(self._onset[i]),
                bool(self._over[i]),
            ]
            for i, e in enumerate(self._elements)
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        for i, e in enumerate(self._elements):
            if e in state:
                self._spent[i], self._kwh[i], self._calm[i], self._onset[i], self._over[i] = state[
                    e
                ]


plug = Peak
