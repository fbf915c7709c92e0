"""Values beyond their limits, permits over their averaging time, rows of zeros.

Facts of a machine (its kind's table or the plant file), NAME being the last part of the signal's
id:
`limit_low_NAME`, `limit_high_NAME` (else the signal's plausible range), `permit_NAME` with
`permit_NAME_min` (averaging
time in minutes, 60 if not given), `zero_means_fault`, `min_plausible_kwh` (an interval's amount up to this is as good
as zero).

A permit's block counts when two thirds of it were measured (rule of the field; see the permit
itself). Start-up hours and
the 95 % confidence interval of the instrument are not yet taken off: a finding here warns, it does
not judge compliance.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.columns import called, number, picked, positions
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Codes, Floats, Quality, Readings, Score, Window
from ecotwin.units import said

BAND = 0.02
"""A value must come back by this share of the limits' span (or of the limit) to be inside."""
REPEAT_US = 60_000_000
VALID_SHARE = 2.0 / 3.0


class Limits:
    """Soft limits, permits and zero rows."""

    name = "limits"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        count = len(plant.signals)
        self._low, self._high = np.full(count, -np.inf), np.full(count, np.inf)
        for s in plant.signals:
            self._bound(s)
        span = np.where(
            np.isfinite(self._high) & np.isfinite(self._low),
            self._high - self._low,
            np.where(np.isfinite(self._high), np.abs(self._high), np.abs(self._low)),
        )
        self._band = np.where(np.isfinite(span), BAND * span, 0.0)
        self._outside = np.zeros(count, np.bool_)
        self._since, self._said = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._permits = [p for s in plant.signals if (p := _permit(plant, s)) is not None]
        self._blocks = [_Block() for _ in self._permits]
        self._zero = _zero_groups(plant)
        self._group = np.full(count, -1, np.int64)
        self._least = np.zeros(count)
        for s in plant.signals:
            if s.form == "interval" and s.carrier == "electricity":
                least = number(plant.element(s.element), "min_plausible_kwh")
                self._least[s.index] = 0.0 if least is None else least
        for i, group in enumerate(self._zero):
            self._group[list(group.signals)] = i

    def _bound(self, s: Signal) -> None:
        if s.form not in ("gauge", "rate", "interval"):
            return
        element, short = self._plant.element(s.element), s.id.rsplit(".", 1)[-1]
        low, high = number(element, f"limit_low_{short}"), number(element, f"limit_high_{short}")
        low, high = (s.low if low is None else low), (s.high if high is None else high)
        self._low[s.index] = -np.inf if low is None else low
        self._high[s.index] = np.inf if high is None else high

    def on_readings(self, readings: Readings) -> list[Score]:
        """Judge readings as they come; rows inside their limits cost a few array operations."""
        signal, value = readings.signal, readings.value
        beyond = (value < self._low[signal]) | (value > self._high[signal])
        scores: list[Score] = []
        if beyond.any() or self._outside.any():
            touched = self._outside.copy()
            touched[signal[beyond]] = True
            for row in np.flatnonzero(touched[signal]):
                if readings.quality[row] <= Quality.ESTIMATED:
                    said = self._cross(int(signal[row]), int(readings.at[row]), float(value[row]))
                    scores += said
        if self._zero:
            scores += self._zeros(readings)
        return scores

    def crosses(self, signal: Codes, value: Floats) -> bool:
        """Whether one of these values leaves the limits of a signal that was inside them.

        Only asks, changes nothing; [n] signals and values in canonical units, cleaned or not.
        """
        beyond = (value < self._low[signal]) | (value > self._high[signal])
        return bool((beyond & ~self._outside[signal]).any()) if beyond.any() else False

    def _cross(self, i: int, at: int, value: float) -> list[Score]:
        low, high, band = self._low[i], self._high[i], self._band[i]
        was = bool(self._outside[i])
        edge = band if was else 0.0
        out = value < low + edge or value > high - edge
        if not out and not was:
            return []
        if out and was and at - self._said[i] < REPEAT_US:
            return []
        if out and not was:
            self._since[i] = at
        self._outside[i], self._said[i] = out, at
        s = self._plant.signals[i]
        side, limit = (
            ("above", high) if value > (low + high) / 2 or value > high else ("below", low)
        )
        if not np.isfinite(limit):
            side, limit = ("above", high) if np.isfinite(high) else ("below", low)
        words = (
            f"is {side} its limit of {said(limit, s.unit)}" if out else "is inside its limits again"
        )
        return [
            Score(
                detector=self.name,
                element=s.element,
                signal=s.id,
                at=at,
                value=value,
                expected=float(limit),
                low=float(low) if np.isfinite(low) else min(value, float(limit)),
                high=float(high) if np.isfinite(high) else max(value, float(limit)),
                z=(value - float(limit)) / max(float(band), 1e-9),
                over=out,
                cause=f"{s.id}:limit",
                unit=s.unit,
                text=f"{called(self._plant, s)} {words}: {said(value, s.unit)}.",
                onset=int(self._since[i]),
            )
        ]

    def _zeros(self, readings: Readings) -> list[Score]:
        group = self._group[readings.signal]
        scores: list[Score] = []
        rows = np.flatnonzero(group >= 0)
        # A batch may come signal by signal: what belongs together bears the same time.
        for row in rows[np.argsort(readings.at[rows], kind="stable")]:
            g = self._zero[int(group[row])]
            at = int(readings.at[row])
            if at != g.at:
                scores += self._decide(g, closing=True)
                g.at, g.zeros, g.others, g.decided = at, 0, 0, False
            least = self._least[readings.signal[row]]
            if abs(readings.value[row]) <= least:
                g.zeros += 1
            else:
                g.others += 1
            scores += self._decide(g, closing=False)
        return scores

    def _decide(self, g: _ZeroGroup, *, closing: bool) -> list[Score]:
        whole = g.zeros + g.others >= len(g.signals)
        if g.decided or not (whole or (closing and g.zeros + g.others > 0)):
            return []
        g.decided = True
        is_zero = g.others == 0 and g.zeros >= min(2, len(g.signals))
        if not is_zero and not g.over:
            return []
        g.onset = g.onset if g.over else g.at
        g.over = is_zero
        s = self._plant.signals[g.signals[0]]
        name = self._plant.element(s.element).name
        text = (
            f"All {g.zeros} values of {name} are zero; it never stands without load, so the row "
            "is a drop-out "
            "of the meter and not clean power."
            if is_zero
            else f"{name} shows values above zero again."
        )
        return [
            Score(
                self.name,
                s.element,
                s.id,
                g.at,
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
                is_zero,
                f"{s.element}:zero",
                unit=s.unit,
                text=text,
                onset=g.onset,
            )
        ]

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Permits: the mean of each averaging block against its limit, when the block ends."""
        del expected
        if not self._permits:
            return []
        at = positions(window, [s.index for s, _, _ in self._permits])
        mean, share = picked(window.mean, at), picked(window.covered, at)
        ends = window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in range(window.steps):
            for i, (s, limit, minutes) in enumerate(self._permits):
                part = float(np.nan_to_num(share[t, i])) * window.step_s / 60.0
                value = float(mean[t, i]) if np.isfinite(mean[t, i]) else 0.0
                done = self._blocks[i].add(int(ends[t]), minutes, value, part)
                if done is not None:
                    scores += self._permit_score(s, limit, minutes, self._blocks[i], *done)
        return scores

    def _permit_score(
        self, s: Signal, limit: float, minutes: float, block: _Block, at: int, mean: float
    ) -> list[Score]:
        over = mean > limit
        if not over and not block.over:
            return []
        block.onset = block.onset if block.over else at - int(minutes * 60e6)
        block.over = over
        verb = "passes" if over else "keeps"
        text = (
            f"{called(self._plant, s)} averaged {said(mean, s.unit)} over {minutes:.0f} min and {verb} the "
            f"permit of {said(limit, s.unit)}."
        )
        return [
            Score(
                self.name,
                s.element,
                s.id,
                at,
                mean,
                limit,
                0.0,
                limit,
                (mean - limit) / max(0.05 * limit, 1e-9),
                over,
                f"{s.id}:permit",
                unit=s.unit,
                text=text,
                onset=block.onset,
            )
        ]

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        ids = [s.id for s in self._plant.signals]
        outside = {
            ids[i]: [int(self._since[i]), int(self._said[i])] for i in np.flatnonzero(self._outside)
        }
        permits = zip(self._permits, self._blocks, strict=True)
        return {
            "outside": outside,
            "permits": {s.id: b.state() for (s, _, _), b in permits},
            "zero": {ids[g.signals[0]]: g.state() for g in self._zero},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        for id_, (since, told) in state["outside"].items():
            if self._plant.has_signal(id_):
                i = self._plant.signal(id_).index
                self._outside[i], self._since[i], self._said[i] = True, since, told
        for (s, _, _), block in zip(self._permits, self._blocks, strict=True):
            block.restore(state["permits"].get(s.id))
        for group in self._zero:
            group.restore(state["zero"].get(self._plant.signals[group.signals[0]].id))


class _Block:
    """The running mean of one averaging block."""

    __slots__ = ("key", "measured", "onset", "over", "total")

    def __init__(self) -> None:
        self.key, self.onset, self.over = 0, 0, False
        self.total, self.measured = 0.0, 0.0

    def add(self, end: int, minutes: float, mean: float, part: float) -> tuple[int, float] | None:
        """Add a step; the block's end and mean when it is full and was measured well enough."""
        length = int(minutes * 60e6)
        key = (end - 1) // length
        if key != self.key:
            self.key, self.total, self.measured = key, 0.0, 0.0
        self.total += mean * part
        self.measured += part
        if end % length == 0 and self.measured >= VALID_SHARE * minutes:
            return end, self.total / self.measured
        return None

    def state(self) -> dict[str, Any]:
        return {slot: getattr(self, slot) for slot in self.__slots__}

    def restore(self, saved: dict[str, Any] | None) -> None:
        for slot, value in (saved or {}).items():
            setattr(self, slot, value)


class _ZeroGroup:
    """One machine whose row of zeros is a fault: what was seen of the row at `at`."""

    __slots__ = ("at", "decided", "onset", "others", "over", "signals", "zeros")

    def __init__(self, signals: tuple[int, ...]) -> None:
        self.signals = signals
        self.at, self.zeros, self.others, self.onset = 0, 0, 0, 0
        self.decided, self.over = True, False

    def state(self) -> dict[str, Any]:
        return {slot: getattr(self, slot) for slot in self.__slots__ if slot != "signals"}

    def restore(self, saved: dict[str, Any] | None) -> None:
        for slot, value in (saved or {}).items():
            setattr(self, slot, value)


def _permit(plant: Plant, s: Signal) -> tuple[Signal, float, float] | None:
    element, short = plant.element(s.element), s.id.rsplit(".", 1)[-1]
    limit = number(element, f"permit_{short}")
    minutes = number(element, f"permit_{short}_min")
    return None if limit is None else (s, limit, 60.0 if minutes is None else minutes)


def _zero_groups(plant: Plant) -> list[_ZeroGroup]:
    groups: list[_ZeroGroup] = []
    for element in plant.elements:
        if element.kind_facts.get("zero_means_fault") is True:
            forms = ("interval", "rate", "gauge")
            signals = [s for s in plant.signals_of(element.id) if s.form in forms]
            signals.sort(key=lambda s: s.carrier != "electricity")
            if signals:
                groups.append(_ZeroGroup(tuple(s.index for s in signals)))
    return groups


plug = Limits
