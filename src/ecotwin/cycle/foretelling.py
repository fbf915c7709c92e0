"""One inlet of the site while it is foretold: what was learned, how far off it was, and the paths it may take."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ecotwin import plugs
from ecotwin.clock import SECOND, micros
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
"""Rehearsed anew when the past is so many times as long."""
SEED = 1
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
        aim: What. name: Plug of `forecasting`. known: Columns that are known ahead.
    """

    aim: Aim
    name: str
    known: tuple[str, ...]
    _model: Forecaster | None = None
    _together: Floats | None = None
    _rehearsed: int = 0
    _peaks: deque[float] = field(default_factory=lambda: deque(maxlen=PEAKS_KEPT))
    _peaks_wait: dict[float, Floats] = field(default_factory=dict)
    _waits: dict[float, tuple[float, float, float]] = field(default_factory=dict)
    _marks: deque[tuple[float, float, bool]] = field(
        default_factory=lambda: deque(maxlen=KEPT_DAYS * DAY)
    )

    @property
    def ready(self) -> bool:
        """Whether it has learned."""
        return self._model is not None

    def learn(self, past: Rows) -> None:
        """Learn from the past, and rehearse on its last days how errors go together.

        Raises:
            FigureGap: The past cannot carry it.
        """
        self._model = None
        self._model = self._learned(past)
        if self._together is None or len(past) >= REHEARSE_AGAIN * self._rehearsed:
            self._rehearse(past)

    def _learned(self, past: Rows) -> Forecaster:
        model: Forecaster = plugs.load("forecasting", self.name)()
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
        self._marks.clear()
        found, said = [], []
        for origin in origins:
            told = self._clipped(model.tell(past.part(0, origin), blind(past, origin, self.known)))
            said.append(told)
            found.append(places(told, truth[origin : origin + HORIZON]))
            self._mark(told[DAY - 1], float(truth[origin + DAY - 1]))
        try:
            self._together = togetherness(np.array(found))
        except FigureGap:
            self._together = None
            return
        self._rehearsed = len(past)
        self._peaks.clear()
        for origin, told in zip(origins, said, strict=True):
            came = truth[origin : origin + HORIZON]
            if np.isfinite(came).all():
                self._peaks.append(peak_place(self._paths(told, self._together), came))

    def _clipped(self, values: Floats) -> Floats:
        return np.maximum(values, 0.0)

    def tell(self, past: Rows, ahead: Rows, origin: datetime) -> Told:
        """Tell from an origin on.

        Raises:
            EcotwinError: Nothing was learned, or the past has a hole that cannot be told over.
        """
        if self._model is None:
            raise EcotwinError("nothing was learned yet")
        self._judge(past)
        values = self._clipped(self._model.tell(past, ahead))
        at: Ints = micros(origin) + np.arange(HORIZON, dtype=np.int64) * round(STEP_S * SECOND)
        made = Forecast(self.aim.id, origin, at, LEVELS, values, self.name)
        self._waits[float(ahead.at_s[DAY - 1])] = (
            float(values[DAY - 1, _LOW]), float(values[DAY - 1, _MIDDLE]), float(values[DAY - 1, _HIGH])
        )  # fmt: skip
        warned, day = self._drawn(values, float(ahead.at_s[0]))
        errors = np.array([[abs(a - b), a] for a, b, _ in self._marks]).reshape(-1, 2)
        mean = abs(float(errors[:, 1].mean())) if len(errors) else 0.0
        return Told(
            self.aim, made, self._model.why(past, ahead, 3), warned, day, len(errors),
            float(errors[:, 0].mean()) / mean if mean else math.nan,
            float(np.mean([held for *_, held in self._marks])) if self._marks else math.nan,
        )  # fmt: skip

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

    def _mark(self, quantiles: Floats, truth: float) -> None:
        low, middle, high = (float(quantiles[k]) for k in (_LOW, _MIDDLE, _HIGH))
        self._mark_of(truth, low, middle, high)

    def _mark_of(self, truth: float, low: float, middle: float, high: float) -> None:
        if math.isfinite(truth):
            self._marks.append((truth, middle, low <= truth <= high))


def blind(past: Rows, origin: int, known: tuple[str, ...]) -> Rows:
    """Rows of a horizon as a forecaster may see them: times and what is known ahead, nothing else."""
    rows = past.part(origin, origin + HORIZON)
    values = np.full_like(rows.values, np.nan)
    for name in known:
        values[:, rows.columns.index(name)] = rows.column(name)
    return Rows(rows.columns, values, rows.at_s, rows.stamps, rows.civil)
