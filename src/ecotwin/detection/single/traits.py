"""The traits of one signal: value, step, level, spread and shape, each as a number that grows with strangeness.

Values come in as usual deviations from the middle of the learned rows (`Gauge`), with far ones drawn in, so that heavy
tails do not swamp what follows. Traits are of four kinds; each row gives at most one number a trait.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.detection.single.patches import Patches
from ecotwin.detection.single.season import Season
from ecotwin.records import Floats

SPIKE, LEVEL, SPREAD, SHAPE = KINDS = ("spike", "level", "spread", "shape")
NEAR = 12
"""Rows whose median is the neighbourhood of the next."""
WINDOWS = (16, 48)
"""Rows of the short and the long stretch."""
QUIET_SPREAD = 1e-3
"""Spread [usual deviations] below which a stretch is flat."""

NAMES: dict[str, str] = {
    "high": SPIKE, "low": SPIKE, "local": SPIKE, "step": SPIKE, "season": SPIKE,
    "shift_16": LEVEL, "shift_48": LEVEL, "above_16": LEVEL, "below_16": LEVEL, "above_48": LEVEL, "below_48": LEVEL,
    "season_16": LEVEL,
    "wide_16": SPREAD, "narrow_16": SPREAD, "wide_48": SPREAD, "narrow_48": SPREAD,
    "shape_16": SHAPE, "form_16": SHAPE, "shape_48": SHAPE, "form_48": SHAPE,
}  # fmt: skip
"""Trait -> its kind."""
PLACES = {name: place for place, name in enumerate(NAMES)}


@dataclass(frozen=True, slots=True)
class Gauge:
    """Middle and usual deviation of the learned values, in the signal's own unit."""

    middle: float
    spread: float

    @classmethod
    def of(cls, values: Floats) -> Gauge:
        """From learned values; a signal that never moved gets a spread of one part in a billion."""
        low, middle, high = np.percentile(values, [25.0, 50.0, 75.0])
        spread = float(high - low) / 1.349
        if spread <= 0.0:
            spread = float(np.std(values))
        return cls(float(middle), spread if spread > 0.0 else max(abs(float(middle)), 1e-12) * 1e-9)

    def drawn_in(self, value: float) -> float:
        """Usual deviations from the middle, far ones by their logarithm."""
        return math.asinh((value - self.middle) / self.spread)

    def value(self, drawn_in: float) -> float:
        """Back to the signal's unit."""
        return self.middle + self.spread * math.sinh(drawn_in)


class Traits:
    """Traits of a stream, row by row.

    Args:
        season: What is expected by the time of day. warm_rows: Earlier rows without which shapes say nothing.
    """

    def __init__(self, season: Season, warm_rows: int) -> None:
        self.season, self.warm_rows = season, warm_rows
        self._past: deque[float] = deque(maxlen=2 * WINDOWS[1])
        self._apart: deque[float] = deque(maxlen=WINDOWS[0])
        self._patches = [Patches(length) for length in WINDOWS]
        self.rows = 0

    def push(self, z: float, at_s: float) -> list[float | None]:
        """Trait by trait (the order of `NAMES`) of the next row; None where it cannot be told yet."""
        out: list[float | None] = [None] * len(NAMES)
        past = self._past
        out[PLACES["high"]], out[PLACES["low"]] = z, -z
        if len(past) >= NEAR:
            near = sorted(list(past)[-NEAR:])
            out[PLACES["local"]] = abs(z - (near[NEAR // 2 - 1] + near[NEAR // 2]) / 2.0)
        if past:
            out[PLACES["step"]] = abs(z - past[-1])
        past.append(z)
        self.rows += 1
        self._seasonal(z, at_s, out)
        self._stretches(out)
        for patches, length in zip(self._patches, WINDOWS, strict=True):
            patches.push(z)
            apart = patches.apart() if self.rows > max(self.warm_rows, 3 * length) else None
            if apart is not None:
                out[PLACES[f"shape_{length}"]], out[PLACES[f"form_{length}"]] = apart
        return out

    def _seasonal(self, z: float, at_s: float, out: list[float | None]) -> None:
        off = self.season.off(z, at_s, self.rows)
        if off is None:
            self._apart.clear()
            return
        out[PLACES["season"]] = off
        self._apart.append(off)
        if len(self._apart) == WINDOWS[0]:
            out[PLACES["season_16"]] = math.fsum(self._apart) / WINDOWS[0]

    def _stretches(self, out: list[float | None]) -> None:
        recent = list(self._past)
        for length in WINDOWS:
            if len(recent) < length:
                continue
            stretch = recent[-length:]
            mean = math.fsum(stretch) / length
            spread = math.sqrt(math.fsum((z - mean) ** 2 for z in stretch) / length)
            wide = math.log(spread + QUIET_SPREAD)
            out[PLACES[f"above_{length}"]], out[PLACES[f"below_{length}"]] = mean, -mean
            out[PLACES[f"wide_{length}"]], out[PLACES[f"narrow_{length}"]] = wide, -wide
            if len(recent) >= 2 * length:
                before = math.fsum(recent[-2 * length : -length]) / length
                out[PLACES[f"shift_{length}"]] = abs(mean - before)

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "season": self.season.state(), "warm_rows": self.warm_rows, "rows": self.rows, "past": list(self._past),
            "apart": list(self._apart), "patches": [p.state() for p in self._patches],
        }  # fmt: skip

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Traits:
        """Traits of a saved state."""
        made = cls(Season.restored(state["season"]), state["warm_rows"])
        made._past.extend(state["past"])
        made._apart.extend(state["apart"])
        made._patches = [Patches.restored(s) for s in state["patches"]]
        made.rows = state["rows"]
        return made
