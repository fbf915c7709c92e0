"""Two readings of one meter that no longer tell the same: its index against what its rate adds up to.

An index that counts double, a pulse lost, a transformer ratio changed in one of the two: the machine is as ever, but
what it is charged with is not. Looked at by whole hours, as the logarithm of the ratio, against the hours before; a
small fixed part of it is the meter's own custom and is learned.

Sources:
    EN 50470-3 and MID class B: 1 % of a meter's reading; five times that is no accuracy class of any meter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ecotwin.clock import HOUR
from ecotwin.detection.columns import lasting, picked, positions
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Floats, Readings, Score, Window
from ecotwin.units import said

PAIRS = (
    ("electricity_power", "electricity_energy"),
    ("water_in_flow", "water_in"),
    ("water_out_flow", "water_out"),
    ("air_flow", "air_volume"),
    ("nitrogen_flow", "nitrogen_volume"),
    ("gas_flow", "gas_volume"),
)
"""Meanings of a rate and of the index that should add it up."""
LEAST_SHARE = 0.05
"""They disagree from this share on."""
SIGMAS = 6.0
LEAST_FLOW_SHARE = 0.5
"""Hours with less than this share of the largest amount say nothing: a step of index or rate is too coarse for them."""
LEAST_STEPS = 50.0
"""So many of the index's smallest steps make an hour that is judged: below, the steps of the rate are as coarse."""
ANEW = 1.5
"""An hour larger than the largest by this factor begins learning anew: what was learned was coarse."""
LEARN_HOURS = 12.0
MEMORY_HOURS = 240.0
HOLD_HOURS = 3
"""So many hours in a row, before it is said and before it is taken back."""


class Meters:
    """The index of each meter against its rate."""

    name = "meters"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        found: list[tuple[Signal, Signal]] = []
        for element in plant.elements:
            for rate, index in PAIRS:
                a, b = plant.find(element.id, rate), plant.find(element.id, index)
                if a is not None and b is not None and a.form == "rate" and b.form == "counter":
                    found.append((a, b))
        self._pairs = found
        k = len(found)
        self._rate, self._index, self._spent = np.zeros(k), np.zeros(k), np.zeros(k)
        self._middle, self._var, self._hours, self._size = (np.zeros(k) for _ in range(4))
        self._quantum = np.zeros(k)
        """The smallest step of the index ever seen; 0: none yet."""
        self._odd, self._calm = np.zeros(k, np.int64), np.zeros(k, np.int64)
        self._over = np.zeros(k, np.bool_)
        self._onset = np.zeros(k, np.int64)
        self._hour = -1

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges whole hours."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Gather closed minutes; judge when an hour is full."""
        del expected
        if not self._pairs:
            return []
        at_rate, at_index = (positions(window, [p[n].index for p in self._pairs]) for n in (0, 1))
        covered = np.minimum(picked(window.covered, at_rate), picked(window.covered, at_index))
        hours = window.step_s / 3600.0
        rate = picked(window.mean, at_rate) * hours
        index = picked(window.amount, at_index)
        ok = np.isfinite(rate) & np.isfinite(index) & (np.nan_to_num(covered) > 0.99)
        said_: list[Score] = []
        for t in range(window.steps):
            hour = int(window.at[t]) // HOUR
            if hour != self._hour:
                said_ += self._close()
                self._hour = hour
            self._rate += np.where(ok[t], rate[t], 0.0)
            self._index += np.where(ok[t], index[t], 0.0)
            self._spent += np.where(ok[t], hours, 0.0)
            steps = ok[t] & (index[t] > 1e-9)
            less = steps & ((self._quantum <= 0.0) | (index[t] < self._quantum))
            self._quantum = np.where(less, index[t], self._quantum)
        return said_

    def _close(self) -> list[Score]:
        at = (self._hour + 1) * HOUR
        rate, index, spent = self._rate.copy(), self._index.copy(), self._spent.copy()
        self._rate[:], self._index[:], self._spent[:] = 0.0, 0.0, 0.0
        full = (self._hour >= 0) & (spent > 0.9) & (rate > 0.0) & np.isfinite(rate + index)
        # By the smaller of both, so that one that counts double does not count as a larger hour.
        small = np.where(full, np.minimum(rate, index), 0.0)
        self._hours = np.where(small > ANEW * self._size, 0.0, self._hours)
        self._size = np.maximum(self._size * (1.0 - full / MEMORY_HOURS), small)
        large = np.maximum(LEAST_FLOW_SHARE * self._size, LEAST_STEPS * self._quantum)
        full &= np.maximum(rate, index) >= large
        if not full.any():
            return []
        # An index that stands still while it should count is a disagreement of more than any ratio says.
        ratio = np.log(np.maximum(index, 0.02 * rate) / np.where(full, rate, 1.0), where=full,
                       out=np.zeros(len(rate)))  # fmt: skip
        gap = ratio - self._middle
        ripe = full & (self._hours >= LEARN_HOURS)
        bar = np.maximum(math.log1p(LEAST_SHARE), SIGMAS * np.sqrt(self._var))
        odd = ripe & (np.abs(gap) > bar)
        self._odd = np.where(odd, self._odd + 1, np.where(full, 0, self._odd))
        self._calm = np.where(ripe & ~odd, self._calm + 1, np.where(odd, 0, self._calm))
        self._onset = np.where(odd & (self._odd == 1) & ~self._over, at - HOUR, self._onset)
        self._over |= self._odd >= HOLD_HOURS
        gone = self._over & (self._calm >= HOLD_HOURS)
        told = [
            self._score(int(i), at, rate, index, over=not gone[i])
            for i in np.flatnonzero(self._over & full)
        ]
        self._over &= ~gone
        self._learn(full & ~odd & ~self._over, gap)
        return told

    def _learn(self, fit: Any, gap: Floats) -> None:
        self._hours += np.where(fit, 1.0, 0.0)
        gain = np.where(
            fit, np.maximum(1.0 / MEMORY_HOURS, 1.0 / np.maximum(self._hours, 1.0)), 0.0
        )
        self._middle += gain * gap
        self._var += gain * (gap * gap * (self._hours > 1.0) - self._var)

    def _score(self, i: int, at: int, rate: Floats, index: Floats, *, over: bool) -> Score:
        power, meter = self._pairs[i]
        share, usual = 100.0 * float(index[i] / rate[i]), 100.0 * math.exp(float(self._middle[i]))
        wide = max(math.log1p(LEAST_SHARE), SIGMAS * math.sqrt(float(self._var[i])))
        name = self._plant.element(meter.element).name
        text = (
            f"In the last hour the index of {name} counted {said(float(index[i]), meter.unit)}, while its rate "
            f"({power.unit}) adds up to {said(float(rate[i]), meter.unit)}; usual is {said(usual, '%')} of it. "
            f"So for {lasting((at - int(self._onset[i])) / HOUR)}."
        )
        return Score(
            detector=self.name,
            element=meter.element,
            signal=meter.id,
            at=at,
            value=share,
            expected=usual,
            low=usual * math.exp(-wide),
            high=usual * math.exp(wide),
            z=(math.log(max(share, 1e-6)) - math.log(usual)) * SIGMAS / wide,
            over=over,
            cause=f"{meter.id}:meter",
            unit="%",
            text=text,
            onset=int(self._onset[i]),
        )

    _FLOATS = ("rate", "index", "spent", "middle", "var", "hours", "size", "quantum")
    _INTS = ("odd", "calm", "onset")

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        pairs = {}
        for i, (_, meter) in enumerate(self._pairs):
            one: dict[str, Any] = {n: float(getattr(self, f"_{n}")[i]) for n in self._FLOATS}
            one |= {n: int(getattr(self, f"_{n}")[i]) for n in self._INTS}
            pairs[meter.id] = one | {"over": bool(self._over[i])}
        return {"hour": self._hour, "pairs": pairs}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._hour = state["hour"]
        for i, (_, meter) in enumerate(self._pairs):
            for name, value in state["pairs"].get(meter.id, {}).items():
                getattr(self, f"_{name}")[i] = value


plug = Meters
