"""One way of forecasting, or several weighed against one another, with intervals that hold.

Learning parts the past: the ways learn on the first part, tell the second one origin after the other as if it were
live, and from what they missed there come the weights and the intervals; then they learn on the whole. Later
each forecast that was told is held against its truth as soon as the past brings it, and weights and intervals move on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import NormalDist
from typing import Any

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.forecasting.contract import LEVELS, Task
from ecotwin.forecasting.explaining import explained
from ecotwin.forecasting.features import OTHERS_MOST, Grounds
from ecotwin.forecasting.member import Member
from ecotwin.forecasting.scales import Scales
from ecotwin.forecasting.spread import Spread
from ecotwin.forecasting.timeline import (
    Clock,
    Timeline,
    clock_of,
    held,
    kinds_of_days,
    on_slots,
    timeline,
)
from ecotwin.forecasting.weights import Weights
from ecotwin.learning.conformal import Adaptive
from ecotwin.records import Bools, Explanation, Floats, Ints, Rows

HELD_OUT = 0.3
"""Share of the past that is told as if it were live."""
MOST_HELD_OUT = 4000
"""Origins told there at most, the newest."""
BOUNDS = (1, 4, 16, 64, 256)
"""Steps ahead at which a new stretch of the horizon begins, with its own weights and intervals."""


@dataclass(frozen=True, slots=True)
class Told:
    """A forecast whose truths are awaited.

    Attributes:
        slots: [n]. stretch: [n] of the horizon. points: [n, members]. centre, spread: [n]. offsets: [n, levels].
    """

    slots: Ints
    stretch: Ints
    points: Floats
    centre: Floats
    spread: Floats
    offsets: Floats

    def as_dict(self) -> dict[str, Any]:
        """Its arrays by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @staticmethod
    def of(state: Mapping[str, Any]) -> Told:
        """From saved arrays."""
        whole = ("slots", "stretch")
        kept: dict[str, Any] = {
            k: np.asarray(v, np.int64 if k in whole else np.float64) for k, v in state.items()
        }
        return Told(**kept)

    def part(self, which: Bools) -> Told:
        """Some of its slots."""
        return Told(**{k: v[which] for k, v in self.as_dict().items()})


class Weighed:
    """A forecaster of `contract`, made of members.

    Args:
        name: Plug name. members: The ways; the first of them that can say something stands in for those that cannot.
        prior: How far each is trusted before anything was seen; without: all alike.
    """

    least_rows = 24

    def __init__(
        self, name: str, members: Sequence[Member], prior: Sequence[float] | None = None
    ) -> None:
        self.name, self.members = name, tuple(members)
        self.prior = np.asarray(prior or [1.0] * len(self.members), np.float64)
        self.task: Task | None = None
        self._awaited: list[Told] = []

    # -- learning

    def learn(self, past: Rows, task: Task) -> None:
        """Learn anew from all rows.

        Raises:
            FigureGap: Too few rows with a value of the target.
        """
        good = int(np.isfinite(past.column(task.target)).sum())
        if good < self.least_rows:
            raise FigureGap(
                f"{good} values of {task.target} before the origin",
                expected=f"at least {self.least_rows}",
                remedy="give a later origin, or a file that begins earlier",
            )
        self.task, self.clock = task, clock_of(past, task.target)
        raw = timeline(past, task.target, self.clock)
        self._scales = Scales.learned(raw)
        line = self._scales.line(raw)
        self._kinds = kinds_of_days(line)
        self._known, self._beside = chosen(line, task.known)
        self._ground = self._grounds(line, past, None)
        length, horizon = len(line), task.horizon
        self._begin([b for b in BOUNDS if b < horizon])
        self._floor, self._plain = floor_of(line.target), plain_offsets(line)
        self._awaited = []
        first = min(int(length * (1 - HELD_OUT)), length - horizon - 1)
        if first >= max(self.least_rows, self.clock.short + 2):
            self._rehearse(first)
        self.refresh(past)

    def _begin(self, bounds: list[int]) -> None:
        """Weights, intervals and spread as before the first forecast."""
        assert self.task is not None
        self._bounds, stretches = bounds, len(bounds) + 1
        lengths = np.diff([0, *bounds, self.task.horizon])
        long = max(14 * self.clock.short, 2 * self.clock.long, 100)
        memories = (2.0 * long, max(long / 5, 20.0))
        self._weights = Weights(len(self.members), lengths.tolist(), memories, self.prior)
        self._band = Adaptive(LEVELS, stretches)
        self._spread = Spread(self.clock, self._kinds)
        self._awaited = []

    def refresh(self, past: Rows) -> None:
        """Let the members learn on all rows; weights and intervals stay."""
        assert self.task is not None
        line = self._scales.line(timeline(past, self.task.target, self.clock))
        self._kinds = kinds_of_days(line)
        ground = self._grounds(line, past, None)
        for member in self.members:
            member.fit(ground, self.task.horizon)
        self._ground = ground

    def _rehearse(self, first: int) -> None:
        """Tell the held-out part as if it were live."""
        assert self.task is not None
        horizon, whole = self.task.horizon, self._ground
        before = self._cut(first)
        for member in self.members:
            member.fit(before, horizon)
        stride = min(horizon, self.clock.short or horizon)
        origins = np.arange(len(whole.line) - horizon, first - 1, -stride)[:MOST_HELD_OUT][::-1]
        slots = (origins[:, None] + np.arange(horizon)).ravel()
        points = self._points(whole, np.repeat(origins, horizon), slots)
        truth = whole.line.target[slots]
        self._spread.push(slots, np.abs(points.mean(axis=1) - truth))
        for row, origin in enumerate(origins):
            mine = slice(row * horizon, (row + 1) * horizon)
            self._settle(whole.line.target, int(origin))
            self._await(int(origin), slots[mine], points[mine])
        self._settle(whole.line.target, len(whole.line))

    def _cut(self, end: int) -> Grounds:
        whole = self._ground
        line = whole.line.until(end)
        return Grounds(line, kinds_of_days(line), whole.known, whole.known_names, whole.past_names)

    def _grounds(self, line: Timeline, past: Rows, ahead: Rows | None) -> Grounds:
        """What features are made of; the columns known ahead over past and horizon."""
        assert self.task is not None
        known = np.zeros((len(line), 0))
        if self._known:
            known = self._known_slots(len(line), past, ahead)
        return Grounds(line, self._kinds, known, self._known, self._beside)

    def _known_slots(self, length: int, past: Rows, ahead: Rows | None) -> Floats:
        assert self.task is not None
        target = self.task.target
        made = timeline(past.of((target, *self._known)), target, self.clock, length)
        places = [made.names.index(n) for n in self._known]
        known = self._scales.line(made).others[:, places]
        if ahead is None:
            return known
        slots = self._ahead_slots(past, ahead)
        more = np.column_stack(
            [
                on_slots(
                    self._scales.into(ahead.column(n), n),
                    slots - length,
                    int(slots.max()) + 1 - length,
                )
                for n in self._known
            ]
        )
        return np.concatenate([known, more])

    def _ahead_slots(self, past: Rows, ahead: Rows) -> Ints:
        if self.clock.counted:
            return np.arange(len(past), len(past) + len(ahead))
        return self.clock.slots(ahead.at_s)

    # -- telling

    def tell(self, past: Rows, ahead: Rows) -> Floats:
        """[horizon, levels] quantiles of the rows ahead, as `contract` asks."""
        slots, ground = self._ready(past, ahead)
        origin = len(ground.line)
        self._settle(ground.line.target, origin)
        points = self._points(ground, np.full(len(slots), origin), slots)
        return self._quantiles(self._await(origin, slots, points))

    def _ready(self, past: Rows, ahead: Rows) -> tuple[Ints, Grounds]:
        if self.task is None:
            raise FigureGap("nothing was learned yet", expected="learn() before tell()")
        slots = self._ahead_slots(past, ahead)
        line = timeline(past, self.task.target, self.clock, int(slots.min()))
        line = self._scales.line(line)
        return slots, self._grounds(line, past, ahead)

    def _points(self, ground: Grounds, origins: Ints, slots: Ints) -> Floats:
        """[n, members] what each expects; who cannot say takes the first who can, or repeats the newest season."""
        made = np.column_stack([m.points(ground, origins, slots) for m in self.members])
        good = np.isfinite(made)
        if good.all():
            return made
        first = np.argmax(good, axis=1)
        repeated = newest_season(ground.line, origins, slots)
        stand_in = np.where(good.any(axis=1), made[np.arange(len(made)), first], repeated)
        return np.where(good, made, stand_in[:, None])

    def _stretch(self, leads: Ints) -> Ints:
        return np.asarray(np.searchsorted(self._bounds, leads, side="right"), np.int64)

    def _await(self, origin: int, slots: Ints, points: Floats) -> Told:
        told = self._made(origin, slots, points)
        self._awaited.append(told)
        return told

    def _made(self, origin: int, slots: Ints, points: Floats) -> Told:
        stretch = self._stretch(slots - origin)
        centre = (points * self._weights.all()[stretch]).sum(axis=1)
        offsets = np.stack([self._band.offsets(s) for s in range(len(self._bounds) + 1)])
        offsets = np.where(np.isfinite(offsets), offsets, self._plain)
        return Told(slots, stretch, points, centre, self._spread.of(slots), offsets[stretch])

    def _quantiles(self, told: Told) -> Floats:
        made = told.centre[:, None] + told.spread[:, None] * told.offsets
        middle = LEVELS.index(0.5)
        # The middle is the mean expected, as squared errors ask; the others keep to their side of it.
        made[:, middle] = told.centre
        made[:, :middle] = np.minimum(made[:, :middle], told.centre[:, None])
        made[:, middle:] = np.maximum(made[:, middle:], told.centre[:, None])
        if self._floor is not None:
            made = np.maximum(made, self._floor)
        return made * self._scales.deviation + self._scales.mean

    def _settle(self, target: Floats, until: int) -> None:
        """Hold what was told against the truths known before a slot."""
        due: list[tuple[Told, Any]] = []
        left = []
        for told in self._awaited:
            over = told.slots < until
            if over.any():
                due.append((told, over))
            if not over.all():
                left.append(told if not over.any() else told.part(~over))
        self._awaited = left
        if not due:
            return
        slots = np.concatenate([t.slots[o] for t, o in due])
        truth = target[slots]
        good = np.isfinite(truth)
        if not good.any():
            return
        order = np.argsort(slots[good], kind="stable")

        def gathered(name: str) -> Any:
            return np.concatenate([getattr(t, name)[o] for t, o in due])[good][order]

        slots, truth = slots[good][order], truth[good][order]
        stretch, centre, spread = gathered("stretch"), gathered("centre"), gathered("spread")
        self._weights.push(gathered("points") - truth[:, None], stretch, int(slots[-1]))
        self._band.push((truth - centre) / spread, stretch, gathered("offsets"))
        self._spread.push(slots, np.abs(truth - centre))

    # -- why

    def why(self, past: Rows, ahead: Rows, step: int) -> Explanation:
        """Why the middle of one step ahead is what it is: what each group of grounds adds to the usual level."""
        slots, ground = self._ready(past, ahead)
        if not 0 <= step < len(slots):
            raise FigureGap(f"step {step} of {len(slots)}", expected="a step of the horizon")
        return explained(self, ground, slots, step)

    @property
    def scales(self) -> Scales:
        """Units of the past in which the members reckon."""
        return self._scales

    @property
    def least(self) -> float:
        """Below which nothing is told, in the target's unit."""
        floor = -np.inf if self._floor is None else self._floor
        return float(floor * self._scales.deviation + self._scales.mean)

    def shares(self, ground: Grounds, slot: int) -> Floats:
        """[members] weights at a slot."""
        lead = slot - len(ground.line)
        return np.asarray(self._weights.all()[self._stretch(np.array([lead]))[0]], np.float64)

    def band(self, ground: Grounds, slots: Ints) -> Floats:
        """[slots, levels] quantiles, without waiting for their truths."""
        origin = len(ground.line)
        points = self._points(ground, np.full(len(slots), origin), slots)
        return self._quantiles(self._made(origin, slots, points))

    # -- keeping

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        if self.task is None:
            return {}
        return {
            "task": asdict(self.task), "clock": asdict(self.clock), "kinds": self._kinds.tolist(),
            "scales": self._scales.state(), "known": self._known, "beside": self._beside, "bounds": self._bounds,
            "floor": self._floor, "plain": self._plain.tolist(), "weights": self._weights.state(),
            "band": self._band.state(), "spread": self._spread.state(),
            "members": [m.state() for m in self.members],
            "awaited": [{k: v.tolist() for k, v in t.as_dict().items()} for t in self._awaited],
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state."""
        if not state:
            self.task = None
            return
        told = state["task"]
        self.task = Task(**{**told, "known": tuple(told["known"])})
        self.clock = Clock(**state["clock"])
        self._kinds = np.asarray(state["kinds"], np.int64)
        self._floor = state["floor"]
        self._scales = Scales({k: (float(v[0]), float(v[1])) for k, v in state["scales"].items()})
        self._known, self._beside = tuple(state["known"]), tuple(state["beside"])
        self._plain = np.asarray(state["plain"], np.float64)
        self._begin([int(b) for b in state["bounds"]])
        self._weights.restore(state["weights"])
        self._band.restore(state["band"])
        self._spread.restore(state["spread"])
        for member, one in zip(self.members, state["members"], strict=True):
            member.restore(one)
        self._awaited = [Told.of(t) for t in state["awaited"]]


def newest_season(line: Timeline, origins: Ints, slots: Ints) -> Floats:
    """[n] the value whole short seasons back, or the newest; of a gap the value before it, 0 (the mean) before any."""
    season = max(1, line.clock.short)
    y = held(line.target)
    back = ((slots - origins) // season + 1) * season
    at = np.where(slots - back >= 0, slots - back, origins - 1)
    return np.asarray(y[np.clip(at, 0, len(y) - 1)], np.float64)


def chosen(line: Timeline, known: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns known ahead, and those whose newest value is used, in an order that names and places do not change."""
    y = line.target[1:]
    told: list[tuple[float, str]] = []
    for place, name in enumerate(line.names):
        x = line.others[:-1, place]
        both = np.isfinite(x) & np.isfinite(y)
        bond = 0.0
        if both.sum() > 2 and np.ptp(x[both]) > 0 and np.ptp(y[both]) > 0:
            bond = abs(float(np.corrcoef(x[both], y[both])[0, 1]))
        told.append((round(bond, 9), name))
    told.sort(key=lambda pair: -pair[0])
    before = tuple(n for bond, n in told if n not in known and bond > 0)
    return tuple(n for _, n in told if n in known), before[:OTHERS_MOST]


def floor_of(target: Floats) -> float | None:
    """The least value, where the past lay on it again and again: what it never went below."""
    good = target[np.isfinite(target)]
    least, wide = float(good.min()), float(np.ptp(good))
    often = float(np.mean(good <= least + 1e-9 * wide))
    return least if wide > 0 and often > 0.01 else None


def plain_offsets(line: Timeline) -> Floats:
    """[levels] of a normal law as wide as the target's change from slot to slot (or season), until there is better."""
    y, back = line.target, max(1, line.clock.short)
    steps = y[back:] - y[:-back] if len(y) > 2 * back else np.diff(y)
    good = steps[np.isfinite(steps)]
    wide = float(good.std()) if len(good) else 0.0
    normal = NormalDist()
    return np.array([wide * normal.inv_cdf(level) for level in LEVELS])
