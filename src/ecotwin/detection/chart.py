"""Control charts of many residual series at once: has a mean risen, since when, how much.

Two tests look for a mean above zero in residuals that are correlated from minute to minute: a fast moving average
(tau 15 min) that must stay above five of its own standard deviations for 15 minutes, and a CUSUM that adds up small
excesses and dates their beginning. A second CUSUM decides that the excess is gone, counting only steps in those machine
states in which it was seen: an oven that is hot in breaks is not well because it is busy now.

Sources:
    Page, Continuous inspection schemes, Biometrika 41 (1954): the CUSUM and its last zero as estimate of the onset.
    Siegmund, Sequential Analysis (1985): a CUSUM with drift -k and long-run variance v passes h with probability about
    exp(-2 k h / v) an excursion; AR(1) noise has v = s^2 (1 + rho) / (1 - rho).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.clock import DAY
from ecotwin.records import Bools, Floats, Ints

MODES = 8
"""Seven machine states and 7 for `not known`."""

FAST_MIN = 15.0
FAST_SIGMA = 5.0
HOLD_MIN = 15.0
MEMORY_MIN = 3 * 1440.0
SHARE_MEMORY_MIN = 5 * 1440.0
LOG_RARITY = 16.0
"""-ln of the chance of a false alarm an excursion: 1e-7."""
REFERENCE = 0.75
"""The CUSUM adds up what is above this many sd, or this share of the excess that matters."""
BIAS_SHARE = 0.35
"""An expectation may be off by this share of its sd for hours on end: no reason for an alarm.

It eats up part of the drift of the CUSUM of log-likelihood ratios, whose bar is so much higher.
"""
COMMON_SHARE = 0.2
"""Share of the expectation's sd taken to be common to all minutes: no averaging removes it."""
EARLIEST_MIN = 60.0
"""Minutes in a state before its own scatter may judge alone."""

BLOCK_MIN = 45.0
"""Minutes in a state whose mean shows how far an expectation errs for the better part of an hour."""
YOUNG_BLOCKS = 30.0
"""So many blocks are always learned from, alarm or not: an expectation's habits are not a fault."""
YOUNG_GAIN = 1.0 / 15.0
BLOCK_MEMORY = 150.0
OVER_MEMORY = 400.0
DEAD_WAVES = 2.0
"""What stays within this many times the usual error of such a block is not added up."""
FAST_WAVES = 3.0
FAST_CRESTS = 1.5
"""A sudden rise must pass this many times the highest block of past days that ended without an alarm."""
CREST_DAYS = 30.0
"""The highest block is forgotten over so many days."""
YOUNG_MIN = 3 * 1440.0
"""So long all is learned from, alarm or not: what a series does in its first days is its custom."""

_FLOATS = ("mean", "recent", "scatter", "lag1", "lag0", "last", "rise", "fall", "streak", "minutes")
_BY_MODE = (
    "own",
    "seen",
    "above",
    "spent",
    "share",
    "block",
    "block_min",
    "wave",
    "blocks",
    "crest",
    "swell",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the chart says of one series at one step.

    Attributes:
        row: Series. over: It is above expected; False once, when it has come back.
        onset: [us UTC]. excess: Mean above expected over an average day [series unit]; sd:
            its standard deviation.
        total: Sum above expected since the onset [series unit x h]. hours: Measured since
            the onset [h].
        now: Moving average of the residual as measured; the chart itself bounds what one minute may add.
        limit: What it is held against. z: Its distance in sd.
    """

    row: int
    over: bool
    onset: int
    excess: float
    sd: float
    total: float
    hours: float
    now: float
    limit: float
    z: float


class Chart:
    """One-sided charts (above expected) of a fixed set of series, in constant memory.

    Args:
        names: One a series. log_rarity: -ln of the chance of a false alarm an excursion; a chart of long steps has
            fewer of them and may be bolder.
    """

    def __init__(self, names: tuple[str, ...], log_rarity: float = LOG_RARITY) -> None:
        self.names = names
        self._bar = log_rarity * REFERENCE / (REFERENCE - BIAS_SHARE)
        k = len(names)
        self._all = np.arange(k)
        self.mean, self.recent, self.scatter = np.zeros(k), np.zeros(k), np.zeros(k)
        self.lag1, self.lag0, self.last = np.full(k, 0.7), np.ones(k), np.zeros(k)
        self.rise, self.fall, self.streak, self.minutes = (np.zeros(k) for _ in range(4))
        self.begun, self.onset, self.last_at, self.seen_in = (
            np.zeros(k, np.int64) for _ in range(4)
        )
        self.over = np.zeros(k, np.bool_)
        self.own, self.seen, self.above, self.spent, self.share = (
            np.zeros((MODES, k)) for _ in range(5)
        )
        self.block, self.block_min, self.wave, self.blocks, self.crest, self.swell = (
            np.zeros((MODES, k)) for _ in range(6)
        )
        self.day = 0

    def step(
        self, at: int, dt_min: float, residual: Floats, sd: Floats, mode: Ints, floor: Floats
    ) -> list[Verdict]:
        """Judge one step of all series.

        Args:
            at: End of the step [us UTC].
            dt_min: Its length [min].
            residual: [k] measured minus expected; NaN: not judged.
            sd: [k] standard deviation of the expectation; NaN: only the series' own scatter counts.
            mode: [k] 0..7, state of the machine.
            floor: [k] excess that matters [series unit], above zero.
        """
        ok = np.isfinite(residual)
        if not ok.any():
            return []
        r = np.where(ok, residual, 0.0)
        at_mode = (mode, self._all)
        self._end_day(at)
        s = self._spread(r, sd, at_mode, floor)
        ripe = ok & (np.isfinite(sd) | (self.seen[at_mode] >= EARLIEST_MIN))
        inflate = self._correlation(at, dt_min, ok, r / s)
        wave = self._wave(dt_min, ok, r, s, sd, at_mode)
        usual = np.maximum(FAST_WAVES * wave, FAST_CRESTS * self.crest[at_mode])
        limit, z = self._smooth(dt_min, ok, r, s, inflate[0], np.maximum(floor, usual))
        self._climb(at, dt_min, ripe, r - DEAD_WAVES * wave, s, inflate[1], floor)
        self._collect(dt_min, ok, r, at_mode)
        self._enter(at, dt_min, ripe, limit, floor, mode)
        gone = self._leave(dt_min, ok, r, s, inflate[1], floor, mode)
        calm = ~self.over & (self.rise < 0.5 * self._bar)
        self._learn(dt_min, ok & (calm | (self.minutes < YOUNG_MIN)), r, sd, at_mode)
        speak = np.flatnonzero(self.over & ok)
        said = [self._verdict(i, limit, z, s, inflate[1], dt_min, gone) for i in speak]
        self.end(gone)
        return said

    def _spread(self, r: Floats, sd: Floats, at_mode: tuple[Ints, Ints], floor: Floats) -> Floats:
        own = self.own[at_mode]
        own = np.where(self.seen[at_mode] > 0, own, r * r)
        told = np.where(np.isfinite(sd), sd * sd, 0.0)
        result: Floats = np.maximum(np.sqrt(np.maximum(own, told)), floor / 5.0)
        return result

    def _wave(
        self, dt_min: float, ok: Bools, r: Floats, s: Floats, sd: Floats, at_mode: tuple[Ints, Ints]
    ) -> Floats:
        """How far the expectation of this state usually errs for most of an hour [series unit]."""
        self.block[at_mode] += np.where(ok, np.clip(r, -8.0 * s, 8.0 * s) * dt_min, 0.0)
        self.block_min[at_mode] += np.where(ok, dt_min, 0.0)
        wave, count = self.wave[at_mode], self.blocks[at_mode]
        full = ok & (self.block_min[at_mode] >= BLOCK_MIN)
        if full.any():
            mean = self.block[at_mode] / np.maximum(self.block_min[at_mode], 1e-9)
            # What the expectation itself knows it does not know yet is no habit of the machine.
            known = np.where(np.isfinite(sd), sd * sd, 0.0)
            square = np.maximum(mean * mean - known, 0.0)
            most = np.where(count < 10, np.inf, np.where(self.over, 4.0, 9.0) * (wave + known))
            gain = np.maximum(
                1.0 / np.where(self.over, OVER_MEMORY, BLOCK_MEMORY),
                np.where(count < YOUNG_BLOCKS, np.maximum(1.0 / (count + 1.0), YOUNG_GAIN), 0.0),
            )
            wave = wave + np.where(full, gain * (np.minimum(square, most) - wave), 0.0)
            self.wave[at_mode] = wave
            swell = self.swell[at_mode]
            self.swell[at_mode] = np.where(full, np.maximum(swell, mean), swell)
            self.blocks[at_mode] += np.where(full, 1.0, 0.0)
            self.block[at_mode] = np.where(full, 0.0, self.block[at_mode])
            self.block_min[at_mode] = np.where(full, 0.0, self.block_min[at_mode])
        young = np.where((count < 5) & np.isfinite(sd), sd, 0.0)
        usual: Floats = np.maximum(np.sqrt(wave), young / 2.0)
        return usual

    def _end_day(self, at: int) -> None:
        """A day that ends without an alarm shows how high blocks rise by custom; today's must not excuse itself."""
        day = at // DAY
        if day == self.day:
            return
        self.day = day
        calm = (~self.over & (self.rise < 0.5 * self._bar)) | (self.minutes < YOUNG_MIN)
        held = self.crest * (1.0 - 1.0 / CREST_DAYS)
        self.crest = np.where(calm, np.maximum(held, self.swell), self.crest)
        self.swell[:] = 0.0

    def _correlation(self, at: int, dt_min: float, ok: Bools, u: Floats) -> tuple[Floats, Floats]:
        u = np.clip(u, -8.0, 8.0)
        joined = ok & (at - self.last_at <= 1.5 * dt_min * 60e6) & ~self.over
        gain = np.maximum(dt_min / MEMORY_MIN, 1.0 / (100.0 + self.minutes / dt_min))
        self.lag1 += np.where(joined, gain * (u * self.last - self.lag1), 0.0)
        self.lag0 += np.where(joined, gain * (u * u - self.lag0), 0.0)
        self.last = np.where(ok, u, self.last)
        self.last_at = np.where(ok, at, self.last_at)
        rho = np.clip(self.lag1 / np.maximum(self.lag0, 1e-9), 0.0, 0.97)
        return rho, (1.0 + rho) / (1.0 - rho)

    def _smooth(
        self, dt_min: float, ok: Bools, r: Floats, s: Floats, rho: Floats, floor: Floats
    ) -> tuple[Floats, Floats]:
        lam = 1.0 - math.exp(-dt_min / FAST_MIN)
        clipped = np.clip(r, -8.0 * s, 8.0 * s)
        self.mean += np.where(ok, lam * (clipped - self.mean), 0.0)
        self.recent += np.where(ok, lam * (r - self.recent), 0.0)
        first = ok & (self.scatter == 0.0)
        self.scatter += np.where(ok, np.where(first, 1.0, lam) * (s * s - self.scatter), 0.0)
        phi = rho * (1.0 - lam)
        sigma = np.sqrt(self.scatter * lam / (2.0 - lam) * (1.0 + phi) / (1.0 - phi))
        sigma = np.maximum(sigma, 1e-12)
        limit: Floats = np.maximum(floor, FAST_SIGMA * sigma)
        self.streak = np.where(
            ok, np.where(self.mean > limit, self.streak + dt_min, 0.0), self.streak
        )
        return limit, self.recent / sigma

    def _climb(
        self,
        at: int,
        dt_min: float,
        ripe: Bools,
        r: Floats,
        s: Floats,
        inflate: Floats,
        floor: Floats,
    ) -> None:
        """Add up the log-likelihood ratio of a mean of 2 k against none: alike in every state."""
        k = REFERENCE * np.maximum(s, floor)
        most = self._bar * dt_min / HOLD_MIN
        step = np.clip(2.0 * k * (r - k) / (s * s * inflate), -most, most)
        was = self.rise
        self.rise = np.where(ripe, np.clip(was + step, 0.0, 4.0 * self._bar), was)
        starts = ripe & (was <= 0.0) & (self.rise > 0.0) & ~self.over
        if starts.any():
            self.begun = np.where(starts, at - int(dt_min * 60e6), self.begun)
            self.above[:, starts] = 0.0
            self.spent[:, starts] = 0.0

    def _collect(self, dt_min: float, ok: Bools, r: Floats, at_mode: tuple[Ints, Ints]) -> None:
        counts = ok & ((self.rise > 0.0) | self.over)
        self.above[at_mode] += np.where(counts, r * dt_min, 0.0)
        self.spent[at_mode] += np.where(counts, dt_min, 0.0)
        self.minutes += np.where(ok, dt_min, 0.0)
        gain = np.where(
            ok,
            np.maximum(dt_min / SHARE_MEMORY_MIN, dt_min / np.maximum(self.minutes, dt_min)),
            0.0,
        )
        self.share *= 1.0 - gain
        self.share[at_mode] += gain

    def _enter(
        self, at: int, dt_min: float, ripe: Bools, limit: Floats, floor: Floats, mode: Ints
    ) -> None:
        hold = max(HOLD_MIN, 2.0 * dt_min)
        spent = self.spent.sum(axis=0)
        mean = self.above.sum(axis=0) / np.maximum(spent, 1e-9)
        relevant = np.maximum(floor, REFERENCE * np.sqrt(self.scatter))
        slow = (self.rise > self._bar) & (mean >= relevant) & (spent >= hold)
        fast = (self.streak >= hold) & (self.mean > limit)
        new = ripe & ~self.over & (slow | fast)
        if new.any():
            began = np.where(self.rise > 0.0, self.begun, at - int(hold * 60e6))
            self.onset = np.where(new, began, self.onset)
            self.over |= new
            self.fall[new] = 0.0
            self.seen_in = np.where(new, 1 << mode, self.seen_in)

    def _leave(
        self,
        dt_min: float,
        ok: Bools,
        r: Floats,
        s: Floats,
        inflate: Floats,
        floor: Floats,
        mode: Ints,
    ) -> Bools:
        if not self.over.any():
            return self.over
        at_mode = (mode, self._all)
        level = self.above[at_mode] / np.maximum(self.spent[at_mode], 1e-9)
        shows = level >= np.maximum(0.5 * floor, 0.5 * s)
        self.seen_in = np.where(self.over & ok & shows, self.seen_in | (1 << mode), self.seen_in)
        counts = self.over & ok & ((self.seen_in >> mode) & 1 == 1)
        half = 0.5 * np.maximum(np.maximum(level, floor), s)
        most = LOG_RARITY * dt_min / HOLD_MIN
        step = np.clip(2.0 * half * (half - r) / (s * s * inflate), -most, most)
        self.fall = np.where(counts, np.maximum(0.0, self.fall + step), self.fall)
        gone: Bools = counts & (self.fall > LOG_RARITY)
        return gone

    def _learn(
        self, dt_min: float, fit: Bools, r: Floats, sd: Floats, at_mode: tuple[Ints, Ints]
    ) -> None:
        seen, own = self.seen[at_mode], self.own[at_mode]
        told = np.where(np.isfinite(sd), sd * sd, 0.0)
        start = np.where(seen > 0, own, np.where(told > 0, told, r * r))
        bound = 9.0 * np.maximum(start, told)
        square = np.where((seen < EARLIEST_MIN) & (told <= 0), r * r, np.minimum(r * r, bound))
        gain = np.maximum(dt_min / MEMORY_MIN, 1.0 / (30.0 + seen / dt_min))
        self.own[at_mode] = np.where(fit, start + gain * (square - start), own)
        self.seen[at_mode] = np.where(fit, seen + dt_min, seen)

    def _verdict(
        self,
        i: np.intp,
        limit: Floats,
        z: Floats,
        s: Floats,
        inflate: Floats,
        dt_min: float,
        gone: Bools,
    ) -> Verdict:
        spent, share = self.spent[:, i], self.share[:, i]
        visited = spent > 0
        means = np.where(visited, self.above[:, i] / np.maximum(spent, 1e-9), 0.0)
        own = np.maximum(self.own[:, i], np.where(visited, s[i] * s[i] * 0.01, 0.0))
        noise = np.where(
            visited, share**2 * own * inflate[i] * dt_min / np.maximum(spent, dt_min), 0.0
        )
        common = COMMON_SHARE * float((share * np.sqrt(own))[visited].sum())
        return Verdict(
            row=int(i),
            over=not bool(gone[i]),
            onset=int(self.onset[i]),
            excess=float((share * means).sum()),
            sd=math.sqrt(float(noise.sum()) + common**2),
            total=float(self.above[:, i].sum()) / 60.0,
            hours=float(spent.sum()) / 60.0,
            now=float(self.recent[i]),
            limit=float(limit[i]),
            z=float(z[i]),
        )

    def end(self, gone: Bools) -> None:
        """Let the excursions of these series be over."""
        if gone.any():
            self.over = self.over & ~gone
            self.rise = np.where(gone, 0.0, self.rise)
            self.streak = np.where(gone, 0.0, self.streak)

    def state(self) -> dict[str, Any]:
        """JSON-able state by series name, so that a changed plant file keeps what still fits."""
        saved: dict[str, Any] = {"": {"day": self.day}}
        for i, name in enumerate(self.names):
            one: dict[str, Any] = {key: float(getattr(self, key)[i]) for key in _FLOATS}
            one |= {key: getattr(self, key)[:, i].tolist() for key in _BY_MODE}
            one |= {
                key: int(getattr(self, key)[i]) for key in ("begun", "onset", "last_at", "seen_in")
            }
            one["over"] = bool(self.over[i])
            saved[name] = one
        return saved

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a saved state; series that are not in it start anew."""
        self.day = saved.get("", {}).get("day", 0)
        for i, name in enumerate(self.names):
            one = saved.get(name)
            if one is None:
                continue
            for key in (*_FLOATS, "begun", "onset", "last_at", "seen_in", "over"):
                getattr(self, key)[i] = one.get(key, 0)
            for key in _BY_MODE:
                getattr(self, key)[:, i] = one.get(key, 0.0)
