"""Change points apart from outliers, in a stream: a level that stays is a shift with its date, a visit is an outlier.

Each value is freed of what the one before it foretells; what is left, drawn in so that no single value makes a shift,
is summed over every stretch up to the newest row (generalised likelihood ratio over a window). The stretch with the
greatest ratio dates the shift. A value far out is an outlier when the values after it come back before a shift is told.
After a shift the new level is learned from the rows since its date.

Sources:
    Page, Biometrika 41 (1954) 100-115. Lorden, Annals of Mathematical Statistics 42 (1971) 1897-1908. Willsky and
    Jones, IEEE Transactions on Automatic Control 21 (1976) 108-112: likelihood ratio with dating. Huber (1964): drawing
    in. The limit was set on made normal noise (white, sticky, heavy tails) at one false shift in a thousand rows.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Floats

OUTLIER, SHIFT = "outlier", "shift"
WINDOW = 120
"""Rows back to which a shift may be dated."""
DRAWN_IN = 2.0
"""Deviations beyond which a value counts no more."""
FAR = 5.0
"""Deviations that make an outlier."""
SETTLE = 8
"""Rows that a new level must hold before it is a shift; an outlier may last up to as many."""
LIMIT, LIMIT_SLOPE = 12.5, 3.0
"""Likelihood ratio that is a shift at a thousandth of rows, and how it grows with the log of rareness."""
SURE_ROWS = 100
"""Rows from which a new level is learned."""
LEAST_ROWS = 60


@dataclass(frozen=True, slots=True)
class Change:
    """What was found.

    Attributes:
        kind: `outlier` or `shift`. row: Where it began, counted since learning. seen: Row at which it was told.
        before, after: Level before and after, or the usual value and the outlier, in the signal's unit.
        size: Their distance in usual deviations.
    """

    kind: str
    row: int
    seen: int
    before: float
    after: float
    size: float


class Changes:
    """Outliers and shifts of one signal.

    Args:
        alarm_share: Share of normal rows at which a shift may be told.
    """

    def __init__(self, alarm_share: float = 0.001) -> None:
        self.alarm_share = alarm_share
        self._limit = max(LIMIT + LIMIT_SLOPE * math.log(0.001 / alarm_share), 3.0)
        self._hold, self._spread, self._scale = 0.0, 1.0, 0.0
        self._level, self._before = 0.0, math.nan
        self._values: deque[float] = deque(maxlen=WINDOW)
        self._off: deque[float] = deque(maxlen=WINDOW)
        self._far: list[tuple[int, float]] = []
        self.row, self._since = 0, SURE_ROWS

    def learn(self, values: Floats) -> None:
        """Learn level, spread and stickiness from [rows] normal values.

        Raises:
            FigureGap: Too few numbers, or they never move.
        """
        x = values[np.isfinite(values)]
        moved = float(np.std(x)) if len(x) else 0.0
        if len(x) < LEAST_ROWS or moved <= 1e-12 * float(np.abs(x).max()):
            raise FigureGap(
                f"{len(x)} numbers that move by {moved:g}",
                expected=f"at least {LEAST_ROWS} numbers that move",
                remedy="give more normal rows, or leave the signal out",
            )
        self._level = float(np.median(x))
        z = x - self._level
        clip = 3.0 * float(np.median(np.abs(z))) * 1.4826 or 3.0 * moved
        drawn = np.clip(z, -clip, clip)
        self._hold = float(np.clip(drawn[1:] @ drawn[:-1] / (drawn @ drawn), 0.0, 0.97))
        left = z[1:] - self._hold * z[:-1]
        self._spread = float(np.median(np.abs(left - np.median(left)))) * 1.4826 or float(
            np.std(left)
        )
        psi = np.clip(left / self._spread, -DRAWN_IN, DRAWN_IN)
        self._scale = float(np.std(psi))
        self._before, self.row, self._since = float(z[-1]), 0, SURE_ROWS
        self._values.clear()
        self._off.clear()
        self._far = []

    def judge(self, values: Floats) -> list[Change]:
        """What became clear in the next [rows] values; what a value is may become clear some rows later."""
        if self._scale <= 0.0:
            raise FigureGap(
                "nothing was learned", expected="learned values", remedy="call learn first"
            )
        found: list[Change] = []
        for value in values.tolist():
            self.row += 1
            if math.isfinite(value):
                found += self._step(value)
        return found

    def _step(self, value: float) -> list[Change]:
        z = value - self._level
        off = 0.0 if math.isnan(self._before) else (z - self._hold * self._before) / self._spread
        self._before = z
        self._values.append(value)
        self._off.append(min(max(off, -DRAWN_IN), DRAWN_IN) / self._scale)
        if self._since < SURE_ROWS:
            # A level known from few rows only is learned on; else its own error would be the next shift.
            self._since += 1
            drawn = min(max(z, -FAR * self._spread), FAR * self._spread) / self._since
            self._level += drawn
            self._before -= drawn
        if abs(off) > FAR and not self._far:
            self._far.append((self.row, value))
        if self._ratio() > self._limit and (length := self._length()):
            return [self._shifted(length)]
        if self._far and self.row - self._far[0][0] >= SETTLE:
            return self._visited()
        return []

    def _ratio(self) -> float:
        """Greatest likelihood ratio of a new mean over the newest rows, however many."""
        sums = np.cumsum(np.array(self._off)[::-1])
        return float((sums * sums / (2.0 * np.arange(1, len(sums) + 1))).max())

    def _length(self) -> int:
        """Rows since which the newest level holds, 0 where they are too few for a shift.

        The date is where the newest rows begin to be nearer to their own median than to the old level, on the whole.
        """
        recent = np.array(self._values) - self._level
        if len(recent) < SETTLE:
            return 0
        middle = float(np.median(recent[-SETTLE:]))
        nearer = np.abs(recent) - np.abs(recent - middle)
        if (nearer[-SETTLE:] > 0.0).sum() < SETTLE - 1:
            return 0
        gains = np.cumsum(np.clip(nearer, -abs(middle), abs(middle))[::-1])
        length = int(np.argmax(gains)) + 1
        return length if length >= SETTLE else 0

    def _shifted(self, length: int) -> Change:
        stretch = np.array(self._values)[-length:]
        before, after = self._level, float(np.median(stretch))
        first = self.row - length + 1
        self._level = after
        self._before = float(stretch[-1]) - after
        self._since = length
        self._values.clear()
        self._off.clear()
        self._far = []
        return Change(SHIFT, first, self.row, before, after, abs(after - before) / self._spread)

    def _visited(self) -> list[Change]:
        row, value = self._far[0]
        self._far = []
        back = abs(float(np.median(np.array(self._values)[-SETTLE // 2 :])) - self._level)
        if back > 0.5 * abs(value - self._level):
            return []
        size = abs(value - self._level) / self._spread
        return [Change(OUTLIER, row, self.row, self._level, value, size)]

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "alarm_share": self.alarm_share, "hold": self._hold, "spread": self._spread, "scale": self._scale,
            "level": self._level, "before": self._before, "values": list(self._values), "off": list(self._off),
            "far": [list(f) for f in self._far], "row": self.row, "since": self._since,
        }  # fmt: skip

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Changes:
        """Changes of a saved state."""
        made = cls(state["alarm_share"])
        made._hold, made._spread, made._scale = state["hold"], state["spread"], state["scale"]
        made._level, made._before, made.row = state["level"], state["before"], state["row"]
        made._since = state["since"]
        made._values.extend(state["values"])
        made._off.extend(state["off"])
        made._far = [(int(r), float(v)) for r, v in state["far"]]
        return made


def dated(values: Floats, penalty: float = 3.0) -> tuple[int, ...]:
    """First rows of new levels, looking back over a whole series at once: a check of the dates of `Changes`.

    Args:
        values: [rows]. penalty: In multiples of the log of rows times the variance of steps.

    Raises:
        FigureGap: The extra `ml` is not installed.
    """
    try:
        import ruptures
    except ImportError as gone:
        raise FigureGap(
            "dating over a whole series needs ruptures",
            expected="the extra ml",
            remedy="pip install 'ecotwin[ml]'",
        ) from gone
    x = values[np.isfinite(values)]
    noise = float(np.median(np.abs(np.diff(x)))) * 1.4826 / math.sqrt(2.0) or float(np.std(x))
    found = ruptures.Pelt(model="l2", min_size=SETTLE).fit(x / noise)
    return tuple(int(end) for end in found.predict(pen=penalty * math.log(len(x)))[:-1])


def as_record(change: Change) -> dict[str, Any]:
    """Ready for JSON."""
    return asdict(change)
