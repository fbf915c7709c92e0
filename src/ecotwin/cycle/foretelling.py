"""One inlet of the site while it is foretold: what was learned, how far off it was, and the paths it may take."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from ecotwin import plugs
from ecotwin.clock import SECOND, micros
from ecotwin.cycle.rivals import Rivals
from ecotwin.errors import EcotwinError, FigureGap
from ecotwin.forecasting.contract import LEVELS, Forecaster, Task
from ecotwin.forecasting.exceedance import (
    Warned,
    as_peaks_came,
    paths,
    peak_place,
    places,
    togetherness,
    warning,
)
from ecotwin.records import Explanation, Floats, Forecast, Ints, Rows

STEP_S = 900.0
HORIZON = 144
"""Steps ahead: today's rest, and tomorrow until noon at least."""
DAY = round(86_400 / STEP_S)
REHEARSED, APART = 48, 12
"""Past instants at which the forecast is rehearsed, and steps between them."""
KEPT_DAYS = 7
PEAKS_KEPT = 30 * DAY // APART
REHEARSE_AGAIN = 2.0
"""Peaks of a rehearsal take the place of those lived when the past is so many times as long."""
LEAST_COMPARED = 24
SEED = 1
Spans = Iterable[tuple[float, float]]
_GRID = np.linspace(0.0, 1.0, 101)
_LOW, _MIDDLE, _HIGH = (LEVELS.index(q) for q in (0.1, 0.5, 0.9))


@dataclass(frozen=True, slots=True)
class Aim:
    """What is told. `id`: carrier. `unit`: of its rate. `limit`: what the contract allows, None: nothing."""

    id: str
    title: str
    unit: str
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The newest telling of one aim.

    Attributes:
        aim: What. forecast: Quantiles of the rate at each step. why: Of the median an hour ahead.
        warned: Of the limit; None where there is none, or too little past to say how errors go together.
        day: Amount in the next 24 h, (10 %, 50 %, 90 %), in the aim's unit x h; None as above.
        judged: Steps told a day ahead whose truth is known. off: Their mean absolute error as a share of the mean;
            held: share of them inside the 80 % band. NaN while nothing is judged.
    """

    aim: Aim
    forecast: Forecast
    why: Explanation
    warned: Warned | None
    day: tuple[float, float, float] | None
    judged: int = 0
    off: float = math.nan
    held: float = math.nan


@dataclass
class Course:
    """One aim while it lives.

    Attributes:
        aim: What. name: Plug of `forecasting` it begins with. known: Columns that are known ahead.
        others: Plugs that challenge it in turn. rivals: Who is in use, and who wants its place.
    """

    aim: Aim
    name: str
    known: tuple[str, ...]
    others: tuple[str, ...] = ()
    _together: Floats | None = None
    _rehearsed: int = 0
    _peaks: deque[float] = field(default_factory=lambda: deque(maxlen=PEAKS_KEPT))
    _peaks_wait: dict[float, Floats] = field(default_factory=dict)
    _waits: dict[float, tuple[float, float, float]] = field(default_factory=dict)
    _repeats: deque[tuple[float, float]] = field(
        default_factory=lambda: deque(maxlen=4 * KEPT_DAYS * DAY)
    )
    """(own, repeated) errors a day ahead of the last four weeks, repeating the same time a week or a day before."""
    _marks: deque[tuple[float, float, bool]] = field(
        default_factory=lambda: deque(maxlen=KEPT_DAYS * DAY)
    )

    def __post_init__(self) -> None:
        self.rivals = Rivals(self.name, self._task(), self.others)

    @property
    def ready(self) -> bool:
        """Whether it has learned."""
        return self.rivals.champion is not None

    def learn(self, past: Rows, made: Mapping[str, Any], spans: Spans = ()) -> None:
        """Learn what is due, and rehearse on its last days how errors go together.

        Args:
            past: Before now, NaN where flagged. made: What it is, for the register. spans: Flagged, wall clock [s].

        Raises:
            FigureGap: The past cannot carry it.
        """
        if self.rivals.learn(past, made, spans):
            self._rehearse(past)

    def _learned(self, past: Rows) -> Forecaster:
        model: Forecaster = plugs.load("forecasting", self.rivals.name)()
        model.learn(past, self._task())
        return model

    def _task(self) -> Task:
        return Task(self.aim.id, self.known, HORIZON, STEP_S, civil=True, low=0.0)

    def _rehearse(self, past: Rows) -> None:
        """Tell the last days as if they were ahead, by a model that has not seen them."""
        last = len(past) - HORIZON
        origins = range(last - APART * (REHEARSED - 1), last + 1, APART)
        origins = range(max(origins.start, len(past) * 2 // 5 // APART * APART), last + 1, APART)
        if len(origins) < 1:
            return
        try:
            model = self._learned(past.part(0, origins[0]))
        except FigureGap:
            return
        truth = past.column(self.aim.id)
        # Tellings that were lived stay: a rehearsal stands in for them only while there are none.
        first = self._together is None
        if first:
            self._marks.clear()
        found, said, errors = [], [], []
        for origin in origins:
            told = self._clipped(model.tell(past.part(0, origin), blind(past, origin, self.known)))
            said.append(told)
            found.append(places(told, truth[origin : origin + HORIZON]))
            place = origin + DAY - 1
            if first:
                before = truth[place - (7 * DAY if place >= 7 * DAY else DAY)]
                self._mark(told[DAY - 1], float(truth[place]))
                self._compare(float(truth[place]), float(told[DAY - 1, _MIDDLE]), float(before))
            errors.append(float(told[DAY - 1, _MIDDLE] - truth[origin + DAY - 1]))
        self.rivals.usual(np.array(errors))
        try:
            self._together = togetherness(np.array(found))
        except FigureGap:
            self._together = None
            return
        if not first and len(past) < REHEARSE_AGAIN * self._rehearsed:
            return
        self._rehearsed = len(past)
        self._peaks.clear()
        for origin, told in zip(origins, said, strict=True):
            came = truth[origin : origin + HORIZON]
            if np.isfinite(came).all():
                self._peaks.append(peak_place(self._paths(told, self._together), came))

    def _clipped(self, values: Floats) -> Floats:
        return np.maximum(values, 0.0)

    def tell(self, past: Rows, ahead: Rows, origin: datetime, spans: Spans = ()) -> Told:
        """Tell from an origin on.

        Raises:
            EcotwinError: Nothing was learned, or the past has a hole that cannot be told over.
        """
        self._judge(past)
        if self.rivals.judge(past, spans):
            self._rehearse(past)
        values = self._clipped(self.rivals.tell(past, ahead))
        at: Ints = micros(origin) + np.arange(HORIZON, dtype=np.int64) * round(STEP_S * SECOND)
        made = Forecast(self.aim.id, origin, at, LEVELS, values, self.rivals.name)
        self._waits[float(ahead.at_s[DAY - 1])] = (
            float(values[DAY - 1, _LOW]), float(values[DAY - 1, _MIDDLE]), float(values[DAY - 1, _HIGH])
        )  # fmt: skip
        warned, day = self._drawn(values, float(ahead.at_s[0]))
        errors = np.array([[abs(a - b), a] for a, b, _ in self._marks]).reshape(-1, 2)
        mean = abs(float(errors[:, 1].mean())) if len(errors) else 0.0
        return Told(
            self.aim, made, self._why(past, ahead), warned, day, len(errors),
            float(errors[:, 0].mean()) / mean if mean else math.nan,
            float(np.mean([held for *_, held in self._marks])) if self._marks else math.nan,
        )  # fmt: skip

    def _why(self, past: Rows, ahead: Rows) -> Explanation:
        if self.rivals.champion is None:
            raise EcotwinError("nothing was learned yet")
        return self.rivals.champion.why(past, ahead, 3)

    def _drawn(
        self, values: Floats, begin_s: float
    ) -> tuple[Warned | None, tuple[float, float, float] | None]:
        """What paths over the horizon say of the limit, and of a day's amount."""
        if self._together is None:
            return None, None
        drawn = self._paths(values, self._together)
        low, middle, high = (
            np.quantile(drawn[:, :DAY].sum(axis=1), [0.1, 0.5, 0.9]) * STEP_S / 3600.0
        )
        if self.aim.limit is None:
            return None, (float(low), float(middle), float(high))
        if round(begin_s / STEP_S) % APART == 0:
            self._peaks_wait[begin_s] = np.quantile(drawn.max(axis=1), _GRID)
        likely = as_peaks_came(drawn, self._peaks, len(self._peaks) * APART / DAY)
        warned = warning(likely, self.aim.limit)
        return warned, (float(low), float(middle), float(high))

    def _paths(self, values: Floats, together: Floats) -> Floats:
        return np.maximum(paths(values, together, seed=SEED), 0.0)

    def _judge(self, past: Rows) -> None:
        """Hold what was told a day ahead against what came."""
        self._judge_peaks(past)
        if not self._waits:
            return
        truth = dict(zip(past.at_s.tolist(), past.column(self.aim.id).tolist(), strict=True))
        for wall in [w for w in self._waits if w in truth]:
            low, middle, high = self._waits.pop(wall)
            self.rivals.hear(wall, middle - truth[wall])
            week, day = wall - 7 * DAY * STEP_S, wall - DAY * STEP_S
            before = truth[week] if week in truth else truth.get(day, math.nan)
            self._compare(truth[wall], middle, before)
            self._mark_of(truth[wall], low, middle, high)

    def _judge_peaks(self, past: Rows) -> None:
        """Where the highest values that came lay among those told."""
        known_s = float(past.at_s[-1]) + STEP_S
        for begin_s in [b for b in self._peaks_wait if b + HORIZON * STEP_S <= known_s]:
            told = self._peaks_wait.pop(begin_s)
            inside = (past.at_s >= begin_s) & (past.at_s < begin_s + HORIZON * STEP_S)
            came = past.column(self.aim.id)[inside]
            if len(came) == HORIZON and np.isfinite(came).all():
                self._peaks.append(float(np.interp(came.max(), told, _GRID)))

    def _compare(self, truth: float, middle: float, before: float) -> None:
        if math.isfinite(truth) and math.isfinite(before):
            self._repeats.append((abs(truth - middle), abs(truth - before)))

    def good(self) -> str:
        """How good it was against repeating, in a sentence; empty while too little of it is known."""
        if len(self._repeats) < LEAST_COMPARED:
            return ""
        own, repeated = (float(v) for v in np.mean(self._repeats, axis=0))
        share = 100.0 * (1.0 - own / repeated) if repeated > 0.0 else 0.0
        side = "better" if share >= 0.0 else "worse"
        return (
            f"a day ahead off by {own:.3g} {self.aim.unit}; repeating last week was off by {repeated:.3g}: "
            f"{abs(share):.0f} % {side}"
        )

    def _mark(self, quantiles: Floats, truth: float) -> None:
        low, middle, high = (float(quantiles[k]) for k in (_LOW, _MIDDLE, _HIGH))
        self._mark_of(truth, low, middle, high)

    def _mark_of(self, truth: float, low: float, middle: float, high: float) -> None:
        if math.isfinite(truth):
            self._marks.append((truth, middle, low <= truth <= high))

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "peaks": list(self._peaks), "rehearsed": self._rehearsed,
            "peaks_wait": [[b, v.tolist()] for b, v in self._peaks_wait.items()],
            "rivals": self.rivals.state(), "waits": [[w, *v] for w, v in self._waits.items()],
            "marks": [list(m) for m in self._marks], "repeats": [list(r) for r in self._repeats],
            "together": None if self._together is None else self._together.tolist(),
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state."""
        self.rivals.restore(state["rivals"])
        self._peaks.extend(float(p) for p in state["peaks"])
        self._rehearsed = int(state["rehearsed"])
        self._peaks_wait = {float(b): np.array(v) for b, v in state["peaks_wait"]}
        self._waits = {float(w[0]): (w[1], w[2], w[3]) for w in state["waits"]}
        self._marks.extend((float(a), float(b), bool(c)) for a, b, c in state["marks"])
        self._repeats.extend((float(a), float(b)) for a, b in state["repeats"])
        self._together = None if state["together"] is None else np.array(state["together"])


def blind(past: Rows, origin: int, known: tuple[str, ...]) -> Rows:
    """Rows of a horizon as a forecaster may see them: times and what is known ahead, nothing else."""
    rows = past.part(origin, origin + HORIZON)
    values = np.full_like(rows.values, np.nan)
    for name in known:
        values[:, rows.columns.index(name)] = rows.column(name)
    return Rows(rows.columns, values, rows.at_s, rows.stamps, rows.civil)
