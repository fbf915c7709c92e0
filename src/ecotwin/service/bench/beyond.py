"""Beside forecasts of one column: warnings of a peak, the linear benchmark of the literature, quality of parts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.measured import place, read_columns, read_rows
from ecotwin.forecasting.backtest import asked, backtest
from ecotwin.forecasting.contract import LEVELS
from ecotwin.forecasting.exceedance import (
    brier,
    paths,
    places,
    reliability,
    togetherness,
    warning,
)
from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.linear import LOOK_BACK, shared
from ecotwin.forecasting.quality import Quality
from ecotwin.forecasting.timeline import Clock, Timeline
from ecotwin.records import Floats

ETT = "ett/ETTh1.csv.gz"
PARTS = "injection_moulding/airtlab_data.csv.gz"


def limits_of_steel(data: Path, file: str) -> dict[str, Any]:
    """Warnings four hours ahead that a quarter hour, or a mean over an hour, passes a limit.

    The limit is the highest value that eight in ten stretches of four hours before the first origin stayed under.
    Togetherness is learned from the first 60 forecasts; the others are warned of.
    """
    rows = read_rows(data / file, "date")
    first = place("01/09/2018 00:15", rows, "origin")
    task = asked(rows, "Usage_kWh", (), 16, first)
    made = backtest(rows, task, first, 16)
    quantiles = made.quantiles.reshape(-1, 16, len(LEVELS))
    truth = made.truth.reshape(-1, 16)
    z = places(quantiles, truth)
    y = rows.column(task.target)
    told: dict[str, Any] = {"forecasts": len(truth) - 60, "horizon_steps": 16}
    for name, window in (("quarter_hour", 1), ("hour", 4)):
        past = np.convolve(y[:first], np.ones(window) / window, "valid")
        blocks = past[: len(past) // 16 * 16].reshape(-1, 16).max(axis=1)
        limit = float(np.quantile(blocks, 0.8))
        probability, came, leads = [], [], []
        for row in range(60, len(truth)):
            together = togetherness(z[max(0, row - 200) : row])
            before = y[first + 16 * row - window + 1 : first + 16 * row]
            said = warning(paths(quantiles[row], together, 500, row), limit, window, before)
            whole = np.concatenate([before, truth[row]])
            passed = np.convolve(whole, np.ones(window) / window, "valid") > limit
            probability.append(said.probability)
            came.append(float(passed.any()))
            if passed.any() and said.probability >= 0.5:
                leads.append(int(passed.argmax()) + 1)
        p, c = np.array(probability), np.array(came)
        rate = float((blocks > limit).mean())
        told[name] = {
            "limit": limit, "passed": float(c.mean()), "brier": brier(p, c),
            "brier_of_the_usual_rate": brier(np.full(len(c), rate), c),
            "warned_of_those_passed": float((p[c > 0] >= 0.5).mean()) if c.any() else None,
            "false_of_those_warned": float((c[p >= 0.5] == 0).mean()) if (p >= 0.5).any() else None,
            "median_lead_steps": float(np.median(leads)) if leads else None,
            "reliability": reliability(p, c),
        }  # fmt: skip
    return told


def linear_of_ett(data: Path) -> dict[str, Any]:
    """ETTh1, 96 steps ahead, by the protocol of the literature.

    12, 4 and 4 months; each column standardised by the first 12; one map shared by the columns, learned on the 12
    alone; every window of the last 4 months told, none dropped; mean squared error over windows, steps and columns.
    """
    if not (data / ETT).is_file():
        return {"missing": ETT}
    rows = read_rows(data / ETT, "date")
    train, start, end, horizon = 12 * 720, 16 * 720, 20 * 720, 96
    clock = Clock(float(rows.at_s[0]), 3600.0, False, 24, 168, True)
    origins = np.arange(start, end - horizon + 1)
    at = (origins[:, None] + np.arange(horizon)).ravel()
    of = np.repeat(origins, horizon)
    nothing: Floats = np.zeros((end, 0))
    z = (rows.values[:end] - rows.values[:train].mean(axis=0)) / rows.values[:train].std(axis=0)
    begun = time.process_time()
    models = shared([_ground(clock, c[:train], nothing[:train]) for c in z.T], horizon)
    spent = time.process_time() - begun
    squared, absolute = {}, {}
    for name, column, model in zip(rows.columns, z.T, models, strict=True):
        told = model.points(_ground(clock, column, nothing), of, at)
        squared[name] = float(np.mean((told - column[at]) ** 2))
        absolute[name] = float(np.mean(np.abs(told - column[at])))
    return {
        "windows": len(origins), "look_back": LOOK_BACK,
        "mse": float(np.mean(list(squared.values()))), "mae": float(np.mean(list(absolute.values()))),
        "mse_by_column": squared, "learn_s": round(spent, 1),
        "published": {"FITS": 0.375, "best known": "0.352-0.357"},
    }  # fmt: skip


def _ground(clock: Clock, target: Floats, others: Floats) -> Grounds:
    line = Timeline(clock, target, others, ())
    return Grounds(line, np.ones(7, np.int64), others, (), ())


def quality_of_parts(data: Path) -> dict[str, Any]:
    """Class of quality of injection-moulded parts: learned on the first 70 % of each class's run, told of the rest.

    The file is in order of class, so a cut by row is no test, and a shuffled one leaks neighbours.
    """
    import lightgbm

    if not (data / PARTS).is_file():
        return {"missing": PARTS}
    columns = read_columns(data / PARTS).numbers
    names = tuple(n for n in columns if n != "quality")
    values = np.column_stack([columns[n] for n in names])
    classes = columns["quality"].astype(np.int64)
    early = np.zeros(len(classes), bool)
    for one in np.unique(classes):
        mine = np.flatnonzero(classes == one)
        early[mine[: int(0.7 * len(mine))]] = True
    begun = time.process_time()
    model = Quality(names)
    model.learn(values[early], classes[early])
    spent = time.process_time() - begun
    told, late = model.tell(values[~early]), np.searchsorted(model.classes, classes[~early])
    share = np.bincount(np.searchsorted(model.classes, classes[early])) / early.sum()
    plain = lightgbm.LGBMClassifier(n_jobs=1, verbosity=-1, random_state=0)
    plain.fit(values[early], classes[early])
    peer = np.asarray(plain.predict_proba(values[~early]))
    return {
        "parts": len(late), "classes": model.classes.tolist(), **_scores(told, late),
        "class_share_alone": _scores(np.tile(share, (len(late), 1)), late),
        "plain_lightgbm": _scores(peer, late), "learn_s": round(spent, 1),
        "beyond_what_was_seen": float((~model.seen(values[~early])).mean()),
    }  # fmt: skip


def _scores(told: Floats, late: Any) -> dict[str, float]:
    """Log loss, and for the first class (waste) Brier score."""
    own = np.clip(told[np.arange(len(late)), late], 1e-15, 1.0)
    return {
        "log_loss": float(-np.log(own).mean()),
        "right": float((told.argmax(axis=1) == late).mean()),
        "brier_of_waste": brier(told[:, 0], (late == 0).astype(np.float64)),
    }
