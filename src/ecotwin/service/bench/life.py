"""Lives left on C-MAPSS beside what anyone can do with LightGBM and with age alone; one fixed setting throughout.

FD001 is told as published: learned on its training file, asked at the last cycle of its test file. Of FD003 only the
training file is public: three folds of engines are held out in turn and cut at random cycles. FD001 is also made into
six regimes (each row scaled and shifted by one of six, told by three settings), which is what FD002 looks like.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.numbers_table import read_bare
from ecotwin.errors import SettingsFault
from ecotwin.maintenance.features import Windows, shapes
from ecotwin.maintenance.fleet import Fleet, gather_columns
from ecotwin.maintenance.health import learn_reference
from ecotwin.maintenance.life import judge, learn_life
from ecotwin.records import Floats, Ints

CAP = 125.0
FOLDS, CUTS = 3, 4
_SEED = 57
_LEVELS = (
    (0, 0, 100),
    (10, 0.25, 100),
    (20, 0.7, 100),
    (25, 0.62, 60),
    (35, 0.84, 100),
    (42, 0.84, 100.0),
)


def measure(data: Path) -> dict[str, Any]:
    """Run all of it.

    Raises:
        SettingsFault: The set is not there.
    """
    folder = data / "cmapss"
    if not (folder / "train_FD001.txt.gz").exists():
        raise SettingsFault(
            f"{folder} holds no train_FD001.txt.gz",
            expected="NASA's C-MAPSS sets in the folder cmapss",
            remedy="docs/benchmarks.md names the sets, and where they are published",
        )
    train, test = fleet(folder / "train_FD001.txt.gz"), fleet(folder / "test_FD001.txt.gz")
    truth = read_bare(folder / "RUL_FD001.txt")["1"]
    result = {"cap": CAP, "seed": _SEED, "fd001": _published(train, test, truth)}
    result["fd001_no_cap"] = _one(train, test, truth, None)
    result["fd001_six_regimes"] = _one(regimes(train, 1), regimes(test, 2), truth, CAP)
    if (folder / "train_FD003.txt.gz").exists():
        result["fd003_held_out"] = _held_out(fleet(folder / "train_FD003.txt.gz"))
    if (data / "hydraulic_zema" / "profile.txt.gz").exists():
        result["hydraulic_unseen_cooler"] = _cooler(data / "hydraulic_zema")
    return result


def fleet(file: Path) -> Fleet:
    """A C-MAPSS file: unit, cycle, three settings and twenty-one sensors."""
    numbers = read_bare(file)
    return gather_columns([f"{u:g}" for u in numbers["1"]], numbers, "1", "2")


def _one(train: Fleet, test: Fleet, truth: Floats, cap: float | None) -> dict[str, Any]:
    begun = time.process_time()
    model = learn_life(train, cap)
    learned = time.process_time()
    told = model.tell(test)
    done = time.process_time()
    capped = [replace(one, rul=min(one.rul, CAP)) for one in told]
    return {
        "capped": asdict(judge(capped, truth, CAP)),
        "uncapped": asdict(judge(told, truth)),
        "held_out_rmse": model.held_out,
        "target_cap": model.cap if np.isfinite(model.cap) else None,
        "notes": list(model.notes),
        "learning_s": learned - begun,
        "telling_ms_a_unit": 1e3 * (done - learned) / len(told),
    }


def _published(train: Fleet, test: Fleet, truth: Floats) -> dict[str, Any]:
    made = _one(train, test, truth, CAP)
    end = np.minimum(truth, CAP)
    begun = time.process_time()
    plain = np.clip(_plain(train, test), 0.0, CAP)
    seconds = time.process_time() - begun
    by_age = np.minimum(np.maximum(0.0, np.median(train.ends) - test.ends), CAP)
    peers = {"lightgbm": {"rmse": _rmse(plain - end), "learning_s": seconds}}
    return made | {"peers": peers | {"median_life_less_age": {"rmse": _rmse(by_age - end)}}}


def _held_out(whole: Fleet) -> dict[str, Any]:
    """Each engine held out once, cut at some random cycles."""
    rng = np.random.default_rng(_SEED)
    fold = rng.permutation(len(whole)) % FOLDS
    own, plain, aged, marks, near = [], [], [], [], []
    for k in range(FOLDS):
        train = some(whole, np.flatnonzero(fold != k))
        asked = some(whole, np.flatnonzero(fold == k))
        model = learn_life(train, CAP)
        for _ in range(CUTS):
            test, truth = cut(asked, rng)
            end = np.minimum(truth, CAP)
            told = model.tell(test)
            rul = np.array([t.rul for t in told])
            inside = np.array([t.low <= e <= t.high for t, e in zip(told, truth, strict=True)])
            own.append(rul - end)
            marks.append(inside)
            near.append(truth <= CAP)
            plain.append(np.clip(_plain(train, test), 0.0, CAP) - end)
            aged.append(np.clip(np.median(train.ends) - test.ends, 0.0, CAP) - end)
    joined, inside, close = np.concatenate(own), np.concatenate(marks), np.concatenate(near)
    return {
        "engines": len(whole), "asked": len(joined), "folds": FOLDS, "cuts": CUTS,
        "rmse": _rmse(joined), "rmse_truth_below_cap": _rmse(joined[close]),
        "coverage": float(inside.mean()), "coverage_truth_below_cap": float(inside[close].mean()),
        "peers": {
            "lightgbm": {"rmse": _rmse(np.concatenate(plain))},
            "median_life_less_age": {"rmse": _rmse(np.concatenate(aged))},
        },
    }  # fmt: skip


def some(whole: Fleet, units: Ints) -> Fleet:
    """Some units of a fleet."""
    rows = [np.arange(whole.begins[u], whole.begins[u + 1]) for u in units]
    sizes = np.cumsum([0, *(len(r) for r in rows)]).astype(np.int64)
    taken = np.concatenate(rows)
    names = tuple(whole.units[u] for u in units)
    return replace(
        whole, units=names, begins=sizes, cycle=whole.cycle[taken], values=whole.values[taken]
    )


def cut(whole: Fleet, rng: np.random.Generator) -> tuple[Fleet, Floats]:
    """Every unit cut at a random cycle between a tenth and all of its life, and the true lives left."""
    sizes = np.diff(whole.begins)
    keep = np.maximum(1, (rng.uniform(0.1, 1.0, len(sizes)) * sizes).astype(np.int64))
    rows = np.concatenate(
        [np.arange(b, b + k) for b, k in zip(whole.begins[:-1], keep, strict=True)]
    )
    begins = np.concatenate([[0], np.cumsum(keep)]).astype(np.int64)
    made = replace(whole, begins=begins, cycle=whole.cycle[rows], values=whole.values[rows])
    return made, whole.ends - made.ends


def regimes(whole: Fleet, seed: int) -> Fleet:
    """The same engines in six regimes of operation, changing from row to row; made, not measured."""
    fixed, rng = np.random.default_rng(_SEED), np.random.default_rng(seed)
    levels = np.array(_LEVELS)
    regime = rng.integers(0, len(levels), len(whole.cycle))
    count = whole.values.shape[1]
    gain = fixed.uniform(0.6, 1.6, (len(levels), count))
    offset = fixed.normal(0.0, 40.0, (len(levels), count))
    values = whole.values * gain[regime] + offset[regime]
    values[:, :3] = levels[regime] + rng.uniform(0.0, 1.0, (len(regime), 3)) * [3e-3, 3e-4, 0.0]
    return replace(whole, values=values)


def _plain(train: Fleet, test: Fleet) -> Floats:
    """LightGBM as its library sets it, on means and slopes over 30 cycles, newest values and age."""
    import lightgbm

    def rows(of: Fleet) -> Floats:
        made = shapes(of.values, of.begins, Windows((5, 30), (30,)))
        return np.column_stack([of.cycle, of.values, made])

    data = lightgbm.Dataset(rows(train), np.minimum(train.left, CAP), params={"verbosity": -1})
    settings = {
        "objective": "l2",
        "learning_rate": 0.05,
        "num_threads": 1,
        "verbosity": -1,
        "seed": 0,
    }
    booster = lightgbm.train(settings, data, num_boost_round=200)
    return np.asarray(booster.predict(rows(test)[test.begins[1:] - 1], num_threads=1), np.float64)


def _rmse(error: Floats) -> float:
    return float(np.sqrt(np.mean(error**2)))


def _cooler(folder: Path) -> dict[str, Any]:
    """A reference learned with one state of the cooler, asked in the same and in another."""
    state = read_bare(folder / "profile.txt.gz")["1"]
    names = ("TS1", "TS2", "TS3", "TS4", "VS1", "CE", "CP", "SE")
    columns = []
    for name in names:
        cells = read_bare(folder / f"{name}.txt.gz")
        columns.append(np.mean(list(cells.values()), axis=0))
    values = np.column_stack(columns)
    told = {}
    for learned in np.unique(state):
        mine = np.flatnonzero(state == learned)
        half = mine[: len(mine) // 2]
        model = learn_reference(names, values[half])
        same, other = (
            values[r][:, : len(names)] for r in (mine[len(mine) // 2 :], state != learned)
        )
        told[f"learned_at_{learned:g}"] = {
            "cycles_learned": len(half),
            "refused_later_same_state": float((~model.familiar(same)).mean()),
            "refused_other_states": float((~model.familiar(other)).mean()),
        }
    return told
