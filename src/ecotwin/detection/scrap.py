"""Bursts of scrap: a binomial CUSUM on good and bad parts of every machine that counts both.

The share that is normal is the machine's own (forgotten over some 20,000 parts, never learned while
too many are bad);
the chart looks for four times that share. Bad parts that come in clumps are bounded in what one
minute may add.

Sources:
    Steiner, Cook, Farewell and Treasure, Monitoring surgical performance using risk-adjusted
    cumulative sum charts,
    Biostatistics 1 (2000): log-likelihood ratio CUSUM of Bernoulli trials.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.columns import number, picked, positions, three
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import Plant
from ecotwin.records import Floats, Readings, Score, Window

RATIO = 4.0
LEAST_RISE = 0.03
BAR = 12.0
"""-ln of the chance of a false alarm an excursion."""
MEMORY_PARTS = 20_000.0
LEARN_PARTS = 300.0
FIRST_SHARE = 0.01
SPREAD = 1.5
"""Bad parts scatter more than independent ones: a log-likelihood is divided by this."""


class Scrap:
    """Share of bad parts, machine by machine."""

    name = "scrap"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        pairs = []
        for m in plant.machines:
            total, good = plant.find(m.id, "parts_total"), plant.find(m.id, "parts_good")
            if total is not None and good is not None:
                pairs.append((m.id, total, good))
        self._elements = [p[0] for p in pairs]
        self._total, self._good = [p[1] for p in pairs], [p[2] for p in pairs]
        k = len(pairs)
        told = [number(plant.element(e), "scrap_share") for e in self._elements]
        # A kind's nominal share is no promise of this machine: until it has shown its own, less is not expected.
        self._share = np.array([max(FIRST_SHARE, t or 0.0) for t in told])
        self._parts, self._carry, self._rise, self._fall = (np.zeros(k) for _ in range(4))
        self._bad, self._made = np.zeros(k), np.zeros(k)
        self._begun, self._onset = np.zeros(k, np.int64), np.zeros(k, np.int64)
        self._over = np.zeros(k, np.bool_)

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges closed minutes."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes."""
        del expected
        if not self._elements:
            return []
        total = picked(window.amount, positions(window, [s.index for s in self._total]))
        good = picked(window.amount, positions(window, [s.index for s in self._good]))
        ends = window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in range(window.steps):
            ok = np.isfinite(total[t]) & np.isfinite(good[t])
            if ok.any():
                made, fine = np.where(ok, total[t], 0.0), np.where(ok, good[t], 0.0)
                scores += self._step(int(ends[t]), int(window.step_s * 1e6), made, fine)
        return scores

    def _step(self, at: int, step_us: int, made: Floats, fine: Floats) -> list[Score]:
        # A part may be judged a minute after it was counted: a negative rest is carried on.
        rest = self._carry + made - fine
        bad = np.maximum(rest, 0.0)
        self._carry = np.maximum(np.minimum(rest, 0.0), -50.0)
        p0 = np.clip(self._share, 1e-4, 0.3)
        p1 = np.minimum(np.maximum(RATIO * p0, p0 + LEAST_RISE), 0.6)
        good = np.maximum(made - bad, 0.0)
        ratio = (bad * np.log(p1 / p0) + good * np.log((1 - p1) / (1 - p0))) / SPREAD
        ratio = np.clip(ratio, -BAR / 2, BAR / 2)
        was = self._rise
        self._rise = np.clip(was + ratio, 0.0, 3 * BAR)
        starts = (was <= 0.0) & (self._rise > 0.0) & ~self._over
        self._begun = np.where(starts, at - step_us, self._begun)
        self._bad = np.where(starts, 0.0, self._bad) + np.where(
            (self._rise > 0) | self._over, bad, 0.0
        )
        self._made = np.where(starts, 0.0, self._made) + np.where(
            (self._rise > 0) | self._over, made, 0.0
        )
        new = ~self._over & (self._rise > BAR) & (self._bad >= 3)
        self._onset = np.where(new, self._begun, self._onset)
        self._over |= new
        self._fall = np.where(self._over & ~new, np.maximum(0.0, self._fall - ratio), 0.0)
        gone = self._over & (self._fall > BAR / 2)
        self._learn(bad, made)
        said = [
            self._score(int(i), at, not bool(gone[i]))
            for i in np.flatnonzero(self._over & (made > 0) | gone)
        ]
        self._over &= ~gone
        self._rise = np.where(gone, 0.0, self._rise)
        return said

    def _learn(self, bad: Floats, made: Floats) -> None:
        fit = ~self._over & (self._rise < BAR / 4) & (made > 0)
        self._parts += np.where(fit, made, 0.0)
        gain = np.maximum(made / MEMORY_PARTS, made / (self._parts + LEARN_PARTS))
        share = bad / np.maximum(made, 1e-9)
        self._share += np.where(fit, gain * (share - self._share), 0.0)

    def _score(self, i: int, at: int, over: bool) -> Score:
        element, p0 = self._elements[i], float(self._share[i])
        made, bad = float(self._made[i]), float(self._bad[i])
        share = bad / max(made, 1.0)
        sd = float(np.sqrt(max(p0 * (1 - p0), 1e-9) * SPREAD / max(made, 1.0)))
        days = max((at - int(self._onset[i])) / 86_400e6, 1.0 / 24.0)
        extra = max(0.0, bad - p0 * made)
        name = self._plant.element(element).name
        text = (
            f"{name}: {bad:.0f} of {made:.0f} parts were bad since the beginning "
            f"({three(100 * share)} %); "
            f"its usual share is {three(100 * p0)} %."
        )
        return Score(
            self.name,
            element,
            self._good[i].id,
            at,
            100 * share,
            100 * p0,
            max(0.0, 100 * (p0 - 1.96 * sd)),
            100 * (p0 + 1.96 * sd),
            (share - p0) / sd,
            over,
            f"{element}:scrap",
            excess_rate=extra / days,
            unit="%",
            text=text,
            onset=int(self._onset[i]),
            excess_sd=float(np.sqrt(max(bad, 1.0) * SPREAD)) / days,
            so_far=extra,
        )

    _FLOATS = ("share", "parts", "carry", "rise", "fall", "bad", "made")

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            e: {f: float(getattr(self, f"_{f}")[i]) for f in self._FLOATS}
            | {
                "begun": int(self._begun[i]),
                "onset": int(self._onset[i]),
                "over": bool(self._over[i]),
            }
            for i, e in enumerate(self._elements)
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        for i, e in enumerate(self._elements):
            for key, value in state.get(e, {}).items():
                getattr(self, f"_{key}")[i] = value


plug = Scrap
