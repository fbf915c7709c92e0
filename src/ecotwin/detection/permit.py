"""Permits before they are broken: each minute, where the running window will end at the present course.

For every permit of the plant file the running window's mean (or sum) is carried on at what is emitted now to the
window's end; a rolling window to the moment at which it would pass. It warns from `warn_at` x limit on, says how
long is left, and says once more when a window did end above the limit. A window of which too little was measured
warns of nothing; nor does a plant that stands still. Sums are watched where a running mass tells them (`air.*`).

It warns early and simply; the judgement, with lost days and a year's allowed share, is the accounts' (`permits`).

Sources: Directive 2010/75/EU, Annexes V and VI (reference oxygen, start and stop left out, validated means).
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from ecotwin.clock import instant, local_day, local_month, micros
from ecotwin.detection.columns import lasting, picked, positions, three
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import STATE_NAMES, Permit, Plant, Signal
from ecotwin.records import Bools, Floats, Readings, Score, Window

LEAST_SEEN = 0.1
"""Share of a window that must be measured before it warns."""
BAND = 0.02
"""The projection must come back by this share of the limit before a warning ends."""
AIR_O2 = 20.0
"""Oxygen from which there is no flue gas [%]."""
BUCKETS = 60
"""A rolling window is kept in so many parts."""
_SHORT = ("half_hour", "hour")
_LENGTH_S = {
    "half_hour": 1800.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "month": 30 * 86_400.0,
    "year": 365 * 86_400.0,
}
_COURSE_S = {
    "half_hour": 300.0,
    "hour": 600.0,
    "day": 3600.0,
    "month": 86_400.0,
    "year": 7 * 86_400.0,
}
"""What counts as the present course: the emission of about so long."""
_SUMS = {
    "air.nox": "nox_mass",
    "air.co": "co_mass",
    "air.sox": "so2_mass",
    "air.pm": "pm_mass",
    "air.voc": "voc_mass",
}
_CALLED = {
    "half_hour": "half hour",
    "hour": "hour",
    "day": "day",
    "month": "month",
    "year": "year",
}


class Permits:
    """Warns before a permit is broken."""

    name = "permit"

    def __init__(self, plant: Plant) -> None:
        self._watches = [w for p in plant.permits if (w := _watch(plant, p)) is not None]

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges closed minutes."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes."""
        del expected
        scores: list[Score] = []
        ends = window.at + window.step_s * 1_000_000
        seen = [(w, *w.read(window)) for w in self._watches]
        for t in range(window.steps):
            for watch, value, share, runs in seen:
                scores += watch.step(
                    int(ends[t]),
                    float(window.step_s),
                    float(value[t]),
                    float(share[t]),
                    bool(runs[t]),
                )
        return scores

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {w.permit.id: w.state() for w in self._watches}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        for watch in self._watches:
            watch.restore(state.get(watch.permit.id))


class _Watch:
    """One permit and its running window; times in s, sums in unit x s (a mean) or unit (a sum)."""

    _KEPT = (
        "start",
        "end",
        "ran",
        "seen",
        "total",
        "course",
        "over",
        "onset",
        "broken",
        "broke",
        "first",
    )

    def __init__(
        self, plant: Plant, permit: Permit, signals: list[Signal], o2: Signal | None, state: Signal | None
    ) -> None:  # fmt: skip
        self.plant, self.permit, self.signals, self.o2, self.state_of = (
            plant, permit, signals, o2, state,
        )  # fmt: skip
        names = dict(STATE_NAMES) | dict(state.states if state else {})
        self._outside = [c for c, n in names.items() if n in permit.outside_states]
        self.start = self.end = self.onset = self.broke = 0
        self.ran = self.seen = self.total = 0.0
        self.course = -1.0
        self.over = self.broken = False
        self.first = 0
        self._place = np.full(BUCKETS, -1, np.int64)
        self._parts = np.zeros((3, BUCKETS))

    def read(self, window: Window) -> tuple[Floats, Floats, Bools]:
        """[steps] value, measured share, and whether the plant ran."""
        at = positions(window, [s.index for s in self.signals])
        share = _known(window, self.signals).min(axis=1)
        runs = np.ones(window.steps, np.bool_)
        if self.permit.indicator:
            value = picked(window.amount, at).sum(axis=1)
            return np.nan_to_num(value), np.where(np.isfinite(value), 1.0, 0.0), runs
        value = picked(window.mean, at)[:, 0]
        if self.signals[0].means == "no_concentration":
            value = value * 46.0 / 30.0
        if self.state_of is not None:
            codes = picked(window.last, positions(window, [self.state_of.index]))[:, 0]
            runs &= ~np.isin(codes, self._outside)
        if self.o2 is not None:
            column = positions(window, [self.o2.index])
            oxygen = picked(window.mean, column)[:, 0]
            share = np.minimum(share, _known(window, [self.o2])[:, 0])
            gas = np.isfinite(oxygen) & (oxygen < AIR_O2)
            runs &= gas | ~np.isfinite(oxygen)
            reference = self.permit.o2_reference or 0.0
            value = np.where(
                gas, value * (21.0 - reference) / (21.0 - np.where(gas, oxygen, 0.0)), np.nan
            )
        share = np.where(np.isfinite(value) & runs, share, 0.0)
        return np.nan_to_num(value), share, runs

    def step(self, end: int, step_s: float, value: float, share: float, runs: bool) -> list[Score]:
        """Take a step in; what there is to say at its end."""
        begin = end - int(step_s * 1e6)
        if begin >= self.end:
            self._open(begin)
        if share > 0.0:
            weight = step_s * share
            rate = value / step_s if self.permit.indicator else value
            pace = 1.0 - math.exp(-weight / _COURSE_S[self.permit.window])
            self.course = rate if self.course < 0.0 else self.course + pace * (rate - self.course)
            self.seen += weight
            self.total += value if self.permit.indicator else value * weight
        self.ran += step_s if runs else 0.0
        if self.permit.rolling:
            return self._roll(end, step_s, value, share, runs)
        scores = self._ahead(end) if runs and share > 0.0 else []
        if self.permit.indicator:
            scores += self._broken(end, self.total, self.total > self.permit.limit)
        if end >= self.end:
            scores += self._close(end)
        return scores

    def _open(self, begin: int) -> None:
        self.start, self.end = _bounds(self.plant, self.permit, instant(begin))
        self.ran = self.seen = self.total = 0.0

    def _ahead(self, end: int) -> list[Score]:
        length = (self.end - self.start) / 1e6
        near = bool(self.permit.indicator) and self.total > self.permit.warn_at * self.permit.limit
        little = self.seen < max(LEAST_SEEN * length, self.permit.valid_share * self.ran)
        if little and not near:
            return []
        left = (self.end - end) / 1e6
        if self.permit.indicator:
            now, aim = self.total, self.total + self.course * left
        else:
            now = self._valid(self.total / self.seen)
            aim = self._valid((self.total + self.course * left) / (self.seen + left))
        return self._say(end, aim, now, left)

    def _say(self, end: int, aim: float, now: float, left: float) -> list[Score]:
        limit, level = self.permit.limit, self.permit.warn_at * self.permit.limit
        over = aim > level - (BAND * limit if self.over else 0.0)
        if not over and not self.over:
            return []
        self.onset = self.onset if self.over else end
        self.over = over
        p, unit, name = self.permit, self.permit.unit, _CALLED[self.permit.window]
        verb = "come to" if p.indicator else "average"
        side = "pass" if aim > limit else "come near" if over else "keep"
        span = lasting(left / 3600.0)
        if p.rolling:
            place = f"the last {name}"
            rest = f"in {span}; " if left > 0.0 else "; "
        else:
            place = f"the {name} that ends at {self.plant.local(instant(self.end), instant(end))}"
            rest = f"with {span} left; "
        text = (
            f"{p.name}: at the present course {place} will {verb} {three(aim)} {unit} and {side} the limit of "
            f"{three(limit)} {unit} {rest}now it stands at {three(now)} {unit}."
        ).replace(" ;", ";")
        return [self._score(end, aim, over, "permit_soon", text, self.onset)]

    def _close(self, end: int) -> list[Score]:
        """What a window came to, at its end."""
        length = (self.end - self.start) / 1e6
        scores = []
        if self.over and self.seen < LEAST_SEEN * length:
            self.over = False
            words = f"{self.permit.name}: the {_CALLED[self.permit.window]} ended with too little measured to judge it."
            scores.append(self._score(end, 0.0, False, "permit_soon", words, self.onset))
        if self.permit.indicator or not self.seen:
            return scores
        least = self.permit.valid_share * (length if self._is_short() else self.ran)
        ran_enough = not self._is_short() or self.ran >= least - 1e-6
        valid = ran_enough and self.seen >= least - 1e-6
        value = self._valid(self.total / self.seen)
        return scores + self._broken(end, value, valid and value > self.permit.limit)

    def _broken(self, end: int, value: float, above: bool) -> list[Score]:
        if not above and not self.broken:
            return []
        length = (
            _LENGTH_S[self.permit.window] if self.permit.rolling else (self.end - self.start) / 1e6
        )
        self.broke = self.broke if self.broken else end - int(length * 1e6)
        self.broken = above
        p, name = self.permit, _CALLED[self.permit.window]
        side = "above" if above else "no more above"
        when = f"the {name} that ended at {self.plant.local(instant(end))} averaged"
        if p.indicator:
            when = f"the {'last ' if p.rolling else ''}{name} has come to"
        text = f"{p.name}: {when} {three(value)} {p.unit}, {side} the limit of {three(p.limit)} {p.unit}."
        return [self._score(end, value, above, "permit", text, self.broke)]

    def _roll(self, end: int, step_s: float, value: float, share: float, runs: bool) -> list[Score]:
        """A rolling window, kept in parts: its mean now, and when it would pass at the present course."""
        length = _LENGTH_S[self.permit.window]
        size = length / BUCKETS
        place = int((end - 1) / (size * 1e6))
        self.first = self.first or end - int(step_s * 1e6)
        slot = place % BUCKETS
        if self._place[slot] != place:
            self._place[slot], self._parts[:, slot] = place, 0.0
        weight = step_s * share
        amount = value if self.permit.indicator else value * weight
        self._parts[:, slot] += (step_s if runs else 0.0, weight, amount)
        live = self._place > place - BUCKETS
        by_age = np.zeros((3, BUCKETS))
        by_age[:, (place - self._place)[live]] = self._parts[:, live]
        ran, seen, total = (float(v) for v in by_age.sum(axis=1))
        if (
            seen < LEAST_SEEN * length
            or seen < self.permit.valid_share * ran
            or not (runs and share)
        ):
            return self._broken(end, 0.0, False) if not seen else []
        ahead = np.arange(1, BUCKETS + 1) * size
        gone = np.cumsum(by_age[:, ::-1], axis=1)
        sums = total - gone[2] + self.course * ahead
        now, then = total, sums
        if not self.permit.indicator:
            now = self._valid(total / seen)
            means = sums / (seen - gone[1] + ahead)
            then = np.maximum(0.0, means - self.permit.confidence * self.permit.limit)
        aim, left = now, 0.0
        if now <= self.permit.limit:
            beyond = np.flatnonzero(then > self.permit.limit)
            k = int(beyond[0]) if len(beyond) else int(np.argmax(then))
            aim, left = (float(then[k]), float(ahead[k])) if then[k] > now else (now, 0.0)
        enough = seen >= self.permit.valid_share * (length if self._is_short() else ran)
        whole = end - self.first >= int(length * 1e6) and enough
        said = self._say(end, aim, now, left)
        return said + self._broken(end, now, whole and now > self.permit.limit)

    def _valid(self, mean: float) -> float:
        return max(0.0, mean - self.permit.confidence * self.permit.limit)

    def _is_short(self) -> bool:
        return self.permit.window in _SHORT

    def _score(self, at: int, value: float, over: bool, what: str, text: str, onset: int) -> Score:
        p, lead = self.permit, self.signals[0]
        place = p.element if p.indicator else lead.id
        return Score(
            "permit", lead.element, lead.id, at, value, p.limit, 0.0, p.limit,
            (value - p.limit) / max(0.05 * p.limit, 1e-9), over, f"{place}:{what}:{p.id}",
            unit=p.unit, text=text, onset=onset,
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        kept: dict[str, Any] = {k: getattr(self, k) for k in self._KEPT}
        if self.permit.rolling:
            kept |= {"place": self._place.tolist(), "parts": self._parts.tolist()}
        return kept

    def restore(self, saved: dict[str, Any] | None) -> None:
        """Go on from a saved state."""
        if saved is None:
            return
        for key in self._KEPT:
            setattr(self, key, saved[key])
        if self.permit.rolling and "parts" in saved:
            self._place = np.array(saved["place"], np.int64)
            self._parts = np.array(saved["parts"], np.float64)


def _known(window: Window, signals: list[Signal]) -> Floats:
    """[steps, signals] share of each step that counts: what was measured, and of a soft sensor what it told."""
    at = positions(window, [s.index for s in signals])
    told = np.array([0.0 if s.sensed is None else 1.0 for s in signals])
    covered = np.nan_to_num(picked(window.covered, at))
    known = covered + told * np.nan_to_num(picked(window.estimated, at))
    return np.asarray(np.minimum(known, 1.0), np.float64)


def _watch(plant: Plant, permit: Permit) -> _Watch | None:
    if permit.indicator:
        means = _SUMS.get(permit.indicator)
        signals = list(plant.all_of(permit.element, means)) if means else []
        return _Watch(plant, permit, signals, None, None) if signals else None
    signal = plant.signal(permit.signal)
    o2 = plant.signal(permit.o2_signal) if permit.o2_signal else None
    return _Watch(plant, permit, [signal], o2, plant.find(signal.element, "state"))


def _bounds(plant: Plant, permit: Permit, moment: datetime) -> tuple[int, int]:
    """Start and end of the calendar window that holds a moment [us UTC]."""
    here = moment.astimezone(plant.zone)
    if permit.window == "year":
        return (
            local_month(here.year, 1, plant.zone).start_us,
            local_month(here.year + 1, 1, plant.zone).start_us,
        )
    if permit.window == "month":
        month = local_month(here.year, here.month, plant.zone)
        return month.start_us, month.end_us
    day = local_day(here.date(), plant.zone)
    if permit.window == "day":
        return day.start_us, day.end_us
    length = timedelta(seconds=_LENGTH_S[permit.window])
    start = day.start + ((moment - day.start) // length) * length
    return micros(start), min(micros(start + length), day.end_us)


plug = Permits
