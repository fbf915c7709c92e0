"""What a m3 of compressed air less would save at this plant: learned hour by hour from its own compressors.

The mean kWh a m3 is not it: a compressor that unloads goes on drawing power, so that a leak mended saves less than
its share. Fitted is `energy = standing + marginal x volume` over hours, with the kinds' stated figure as prior.

Sources: US DOE, Improving Compressed Air System Performance, 3rd ed. 2016, on part-load performance by type of
control; recursive Bayesian least squares with forgetting.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.columns import number, picked, positions
from ecotwin.plant.model import Plant
from ecotwin.records import Window

PRIOR_SHARE = 0.20
"""Standard deviation of the kinds' stated figure as a share of it."""
NOISE_SHARE = 0.05
"""Scatter of an hour's energy about the line, as a share of that hour's energy."""
MEMORY_H = 30 * 24.0
LEAST_COVERED = 0.9


class MarginalAir:
    """Energy that the last m3 of compressed air takes [kWh/m3]; None where the plant makes none that is metered."""

    def __init__(self, plant: Plant) -> None:
        stated = (number(e, "specific_kwh_per_m3") for e in plant.elements)
        self._stated = next((v for v in stated if v is not None), None)
        makers = {
            plant.signal(i).element
            for b in plant.balances
            if b.carrier == "compressed_air"
            for i in b.inputs
            if plant.has_signal(i)
        }
        pairs = [
            (p.index, f.index)
            for m in sorted(makers)
            if (p := plant.find(m, "electricity_power")) and (f := plant.find(m, "air_flow"))
        ]
        self._power = [p for p, _ in pairs]
        self._flow = [f for _, f in pairs]
        stated_kwh = self._stated or 0.0
        self._precision = np.diag([1e-8, 1.0 / max(PRIOR_SHARE * stated_kwh, 1e-9) ** 2])
        self._sum = self._precision @ np.array([0.0, stated_kwh])
        self._prior = (self._precision.copy(), self._sum.copy())

    def learn(self, window: Window) -> None:
        """Take an hour, or what of it was measured."""
        if self._stated is None or not self._power:
            return
        power = picked(window.mean, positions(window, self._power))
        flow = picked(window.mean, positions(window, self._flow))
        seen = picked(window.covered, positions(window, self._flow)) >= LEAST_COVERED
        good = np.isfinite(power).all(axis=1) & np.isfinite(flow).all(axis=1) & seen.all(axis=1)
        if good.sum() < 30:
            return
        kw, m3_h = float(power[good].sum(axis=1).mean()), float(flow[good].sum(axis=1).mean())
        if kw <= 0.0 or m3_h <= 0.0:
            return
        row = np.array([1.0, m3_h])
        weight = 1.0 / (NOISE_SHARE * kw) ** 2
        keep = 0.5 ** (1.0 / MEMORY_H)
        prior, first = self._prior
        self._precision = prior + keep * (self._precision - prior) + weight * np.outer(row, row)
        self._sum = first + keep * (self._sum - first) + weight * kw * row

    def kwh_per_m3(self) -> tuple[float, float] | None:
        """The figure and its standard deviation [kWh/m3]."""
        if self._stated is None:
            return None
        cov = np.linalg.inv(self._precision)
        return float(cov[1] @ self._sum), float(np.sqrt(cov[1, 1]))

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {"precision": self._precision.tolist(), "sum": self._sum.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._precision, self._sum = np.array(state["precision"]), np.array(state["sum"])
