"""Forecasts from one origin after the other, each from what lay before it: a back-test in the order of live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ecotwin.errors import FigureGap, SettingsFault
from ecotwin.forecasting.contract import LEVELS, Forecaster, Task
from ecotwin.forecasting.timeline import clock_of, timeline
from ecotwin.plugs import load
from ecotwin.records import Floats, Ints, Rows

REFRESHED_ROWS = 2500
"""Rows after which the models learn again on all of the past, or a tenth of the past, whichever is more."""
DEFAULT = "mixed"


@dataclass(frozen=True, slots=True)
class Errors:
    """How far off forecasts were.

    Attributes:
        mae, rmse: [unit of the target]. coverage: Share of truths between the 10 % and 90 % quantiles; None for a
            single value. width: Mean width of that band, same unit. count: Truths compared.
    """

    mae: float
    rmse: float
    coverage: float | None
    width: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """What was told.

    Attributes:
        task: What was asked. origins: [n] row of the origin of each. rows: [n] row told.
        quantiles: [n, levels]. truth: [n] NaN where it was not measured.
        naive: Name of a way of repeating -> [n] what it told. best_naive: The one that erred least before the first
            origin. notes: What a person should know.
    """

    task: Task
    origins: Ints
    rows: Ints
    quantiles: Floats
    truth: Floats
    naive: dict[str, Floats]
    best_naive: str
    notes: tuple[str, ...]

    @property
    def errors(self) -> Errors:
        """Of the middle quantile, with its band."""
        low, middle, high = (self.quantiles[:, LEVELS.index(q)] for q in (0.1, 0.5, 0.9))
        return errors_of(middle, self.truth, low, high)

    @property
    def naive_errors(self) -> dict[str, Errors]:
        """Of each way of repeating."""
        return {name: errors_of(told, self.truth) for name, told in self.naive.items()}


def errors_of(
    told: Floats, truth: Floats, low: Floats | None = None, high: Floats | None = None
) -> Errors:
    """Errors over the truths that were measured.

    >>> errors_of(np.array([1.0, 2.0]), np.array([2.0, np.nan])).mae
    1.0
    """
    good = np.isfinite(truth) & np.isfinite(told)
    if not good.any():
        return Errors(np.nan, np.nan, None, None, 0)
    miss = told[good] - truth[good]
    coverage = width = None
    if low is not None and high is not None:
        coverage = float(np.mean((truth[good] >= low[good]) & (truth[good] <= high[good])))
        width = float(np.mean(high[good] - low[good]))
    return Errors(
        float(np.mean(np.abs(miss))), float(np.sqrt(np.mean(miss**2))), coverage, width, len(miss)
    )


def asked(rows: Rows, target: str, known: tuple[str, ...], horizon: int, first: int) -> Task:
    """What is asked of rows, checked.

    Raises:
        SettingsFault: A column is not there or named twice, or the horizon is no number of rows.
        FigureGap: The past is empty or holds no value of the target, or no whole horizon lies after the origin.
    """
    for name in (target, *known):
        if name not in rows.columns:
            raise SettingsFault(f"no column {name!r}", expected=f"one of {', '.join(rows.columns)}")
    if target in known:
        raise SettingsFault(f"the target {target} cannot be known ahead", expected="other columns")
    if horizon < 1:
        raise SettingsFault(f"a horizon of {horizon} rows", expected="1 or more")
    if first + horizon > len(rows):
        raise FigureGap(
            f"{len(rows) - first} rows at and after the origin, and a horizon of {horizon}",
            expected="one whole horizon in the file",
            remedy="give an earlier origin or a shorter horizon",
        )
    steps = np.diff(rows.at_s[:first]) if first > 1 else np.zeros(0)
    forward = steps[steps > 0]
    step = float(np.median(forward)) if len(forward) else 1.0
    return Task(target, tuple(dict.fromkeys(known)), horizon, step, rows.civil)


def ahead_of(rows: Rows, origin: int, task: Task) -> Rows:
    """The rows of a horizon: times and the columns known ahead, NaN else."""
    part = rows.part(origin, origin + task.horizon)
    values = part.values.copy()
    for place, name in enumerate(part.columns):
        if name not in task.known:
            values[:, place] = np.nan
    return replace(part, values=values)


def backtest(
    rows: Rows, task: Task, first: int, every: int, forecaster: Forecaster | None = None
) -> Backtest:
    """Tell from rows first, first + every, ... while a whole horizon lies in the rows.

    Raises:
        SettingsFault: `every` is no number of rows.
        FigureGap: The past cannot carry a forecast.
    """
    if every < 1:
        raise SettingsFault(f"an origin every {every} rows", expected="1 or more")
    maker: Forecaster = forecaster or load("forecasting", DEFAULT)()
    origins = np.arange(first, len(rows) - task.horizon + 1, every)
    told = np.empty((len(origins), task.horizon, len(LEVELS)))
    for place, quantiles in enumerate(_told(rows, task, origins, maker)):
        told[place] = quantiles
    which = (origins[:, None] + np.arange(task.horizon)).ravel()
    of = np.repeat(origins, task.horizon)
    naive, best, note = repeated(rows, task, first, of, which)
    return Backtest(
        task, of, which, told.reshape(-1, len(LEVELS)), rows.column(task.target)[which],
        naive, best, (*rows.notes, note, *_oddities(rows, task, first)),
    )  # fmt: skip


def _oddities(rows: Rows, task: Task, first: int) -> list[str]:
    """What a person should know of the columns before they trust what was told."""
    past = rows.column(task.target)[:first]
    notes = []
    if not np.ptp(past[np.isfinite(past)]) > 0:
        notes.append(
            f"{task.target} never moved before the origin: that it stays so is all that is known"
        )
    elif (holes := int(np.isnan(past).sum())) > first // 2:
        notes.append(f"{task.target} is missing in {holes} of {first} rows before the origin")
    clock = clock_of(rows.part(0, first), task.target)
    if clock.counted and not clock.civil:
        notes.append("times come too unevenly for a clock: rows are counted")
    for name in task.known:
        holes = int(np.isnan(rows.column(name)[first:]).sum())
        if holes:
            notes.append(f"{name} is missing in {holes} of {len(rows) - first} rows ahead")
    return notes


def _told(rows: Rows, task: Task, origins: Ints, maker: Forecaster) -> Iterator[Floats]:
    maker.learn(rows.part(0, int(origins[0])), task)
    learned = int(origins[0])
    for origin in origins.tolist():
        past = rows.part(0, origin)
        if origin - learned >= max(REFRESHED_ROWS, learned // 10):
            maker.refresh(past)
            learned = origin
        yield maker.tell(past, ahead_of(rows, origin, task))


def repeated(
    rows: Rows, task: Task, first: int, origins: Ints, which: Ints
) -> tuple[dict[str, Floats], str, str]:
    """What plain repeating tells: the newest known value whole seasons back; and which season erred least before."""
    past = rows.part(0, first)
    clock = clock_of(past, task.target)
    y = rows.column(task.target) if clock.counted else timeline(rows, task.target, clock).target
    slots = np.arange(len(rows)) if clock.counted else clock.slots(rows.at_s)
    seasons = {"short": clock.short, "long": clock.long}
    words = (
        {"short": "a day", "long": "a week"}
        if clock.civil
        else {"short": "a season", "long": "a long season"}
    )
    if clock.civil and clock.short == 1:
        words = {
            "short": "the newest value",
            "long": "a week" if clock.long == 7 else "a year",
        }
    made, missed = {}, {}
    for name, season in seasons.items():
        if not season:
            continue
        back = ((slots[which] - slots[origins]) // season + 1) * season
        at = slots[which] - back
        made[words[name]] = np.where(at >= 0, y[np.clip(at, 0, None)], np.nan)
        before = y[: int(slots[first - 1]) + 1]
        whole = season * -(-task.horizon // season)
        change = np.abs(before[whole:] - before[:-whole])
        missed[words[name]] = float(np.nanmean(change)) if np.isfinite(change).any() else np.inf
    if not made:
        made["the newest value"] = y[np.clip(slots[origins] - 1, 0, None)]
        missed["the newest value"] = 0.0
    best = min(missed, key=lambda n: missed[n])
    told = " and ".join(f"{s} rows" for s in (clock.short, clock.long) if s) or "none found"
    return (
        made,
        best,
        f"seasons: {told}; seasonal-naive repeats {best}, which erred less before the origin",
    )
