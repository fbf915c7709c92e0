"""Detection on public data, each set beside its peers in the same run: one fixed setting, no label seen.

Sets: SKAB (first 400 rows of each file teach, the rest is scored, pooled over files) and Tennessee Eastman (d00
teaches; one per cent of the rows of d00_te may be over; faults from row 161). Peers: principal components (T2, Q),
an isolation forest, telling every row. Then how fast the judge scores.

Sources:
    Katser and Kozitsin, Skoltech Anomaly Benchmark (2020). Downs and Vogel, Computers and Chemical Engineering 17
    (1993) 245-255.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.measured import read_columns, read_rows
from ecotwin.detection.scoring.combined import Combined
from ecotwin.detection.scoring.worth import Worth, worth
from ecotwin.detection.subspace import Subspace
from ecotwin.errors import FileFault
from ecotwin.plugs import load
from ecotwin.records import Floats, Rows

TRAIN_ROWS = 400
ALARMS = 0.01
FAULTS = tuple(range(1, 13))
HARD = (3, 9)
BEGIN = 160
TEP_SIGNALS = 52
SPEED_SIGNALS, SPEED_LEARN, SPEED_ROWS = 10, 2000, 40_000
SPEED_CHUNKS = (1, 100, 1000)
Scored = Callable[[Rows, list[Rows]], list[Floats]]
"""Training rows and stretches, each a file of its own, to scores by the limit."""


def measure(data: Path) -> dict[str, Any]:
    """Rerun the public sets below a folder.

    Raises:
        FileFault: None of the sets is there.
    """
    made: dict[str, Any] = {}
    if (data / "skab").is_dir():
        made["skab"] = skab(data / "skab" / "data")
    if (data / "tep").is_dir():
        made["tennessee_eastman"] = tennessee(data / "tep" / "data")
    if not made:
        raise FileFault(
            f"{data} holds neither skab nor tep",
            expected="folders of public data sets",
            remedy="docs/benchmarks.md names where they are published",
        )
    if (data / "nab").is_dir() and find_spec("ecotwin.service.bench.nab_score") is not None:
        made["nab"] = import_module("ecotwin.service.bench.nab_score").measure(data)
    made["speed"] = speed()
    made["peak_memory_mb"] = _memory_mb()
    return made


def skab(folder: Path) -> dict[str, Any]:
    """F1, false alarms, missed and area under the curve, pooled over files."""
    files = sorted(f for f in folder.glob("*/*.csv.gz") if f.parent.name != "anomaly-free")
    tables = [read_rows(f, "datetime", leave=("anomaly", "changepoint")) for f in files]
    truth = [
        np.asarray(read_columns(f, wanted=("anomaly",)).numbers["anomaly"] > 0.5, np.bool_)
        for f in files
    ]
    later = np.concatenate([t[TRAIN_ROWS:] for t in truth])
    found: dict[str, Any] = {"files": len(files), "rows": len(later), "anomalies": int(later.sum())}
    for name, scored in (("judge", _judge), ("pca_t2_q", _plain), ("isolation_forest", _forest)):
        begun, scores = time.process_time(), []
        for rows in tables:
            rest = rows.part(TRAIN_ROWS, len(rows))
            scores += scored(rows.part(0, TRAIN_ROWS), [rest])
        took = time.process_time() - begun
        score = np.concatenate(scores)
        found[name] = _row(worth(np.asarray(score > 1.0, np.bool_), score, later), took)
    every = worth(np.ones(len(later), np.bool_), np.ones(len(later)), later)
    found["every_row_told"] = _row(every, 0.0)
    return found


def tennessee(folder: Path) -> dict[str, Any]:
    """Detection at one per cent of false alarms on d00_te, and at each one's own limit."""
    teach = _table(folder / "d00.dat.gz")
    tests = [_table(folder / f"d{f:02d}_te.dat.gz") for f in (0, *FAULTS)]
    found: dict[str, Any] = {}
    for name, scored in (
        ("judge", _judge),
        ("pca_t2_q", _chart(0)),
        ("dynamic_pca", _chart(2)),
        ("isolation_forest", _forest),
    ):
        begun = time.process_time()
        scores = scored(teach, tests)
        took = time.process_time() - begun
        level = float(np.nanquantile(scores[0], 1.0 - ALARMS))
        rate = {f: float((s[BEGIN:] > level).mean()) for f, s in zip(FAULTS, scores[1:], strict=True)}  # fmt: skip
        own = {f: float((s[BEGIN:] > 1.0).mean()) for f, s in zip(FAULTS, scores[1:], strict=True)}
        calm = np.concatenate([scores[0], *(s[:BEGIN] for s in scores[1:])])
        easy = [f for f in FAULTS if f not in HARD]
        found[name] = {
            "detection_at_1_percent": round(float(np.mean([rate[f] for f in easy])), 4),
            "of_faults_3_and_9": round(float(np.mean([rate[f] for f in HARD])), 4),
            "by_fault": {str(f): round(r, 3) for f, r in rate.items()},
            "detection_at_own_limit": round(float(np.mean([own[f] for f in easy])), 4),
            "false_alarms_at_own_limit": round(float((calm > 1.0).mean()), 4),
            "cpu_s": round(took, 2),
        }
    gain = found["judge"]["detection_at_1_percent"] - found["pca_t2_q"]["detection_at_1_percent"]
    found["points_above_pca"] = round(100.0 * gain, 1)
    return found


def speed() -> dict[str, Any]:
    """Rows scored a second on one core, by rows handed over at once; a row of ten signals is one score."""
    chance = np.random.default_rng(1)
    count = SPEED_LEARN + SPEED_ROWS
    mixed = chance.normal(size=(count, 4)) @ chance.normal(size=(4, SPEED_SIGNALS))
    values = mixed + 0.3 * chance.normal(size=(count, SPEED_SIGNALS))
    rows = _rows(values)
    begun = time.process_time()
    judge = Combined()
    judge.learn(rows.part(0, SPEED_LEARN))
    learned = time.process_time() - begun
    found: dict[str, Any] = {
        "signals": SPEED_SIGNALS, "scorers": list(judge.taken), "learn_rows": SPEED_LEARN,
        "learn_cpu_s": round(learned, 2), "scores_per_s": {},
    }  # fmt: skip
    for chunk in SPEED_CHUNKS:
        last = SPEED_LEARN + min(SPEED_ROWS, 2000 * chunk)
        begun = time.process_time()
        for first in range(SPEED_LEARN, last, chunk):
            judge.judge(values[first : first + chunk], rows.at_s[first : first + chunk])
        took = time.process_time() - begun
        found["scores_per_s"][str(chunk)] = round((last - SPEED_LEARN) / took)
    return found


def _judge(teach: Rows, tests: list[Rows]) -> list[Floats]:
    judge = Combined(ALARMS)
    judge.learn(teach)
    learned = judge.state()
    scores = []
    for rows in tests:
        judge.restore(learned)
        scores.append(judge.judge(rows.values, rows.at_s)[0])
    return scores


def _plain(teach: Rows, tests: list[Rows]) -> list[Floats]:
    """Principal components without lags, limits of their own left-out rows."""
    scorer = load("detection.scoring", "principal")()
    scorer.most_lags = 0
    scorer.learn(teach)
    return [scorer.score(rows.values, rows.at_s) for rows in tests]


def _chart(lags: int) -> Scored:
    """The chart that learns in two steps: two thirds of the rows components, the rest limits."""

    def scored(teach: Rows, tests: list[Rows]) -> list[Floats]:
        settle = len(teach) * 32 // 100
        chart = Subspace(teach.columns, len(teach) - settle, settle, lags)
        for row in teach.values:
            chart.push(row)
        scores = []
        for rows in tests:
            chart.push(np.full(len(teach.columns), np.nan))  # a new file: nothing before it
            scores.append(np.array([chart.push(row).score for row in rows.values]))
        return scores

    return scored


def _forest(teach: Rows, tests: list[Rows]) -> list[Floats]:
    """A hundred trees of scikit-learn; its limit is passed by one in a hundred rows that it learned from."""
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(n_estimators=100, random_state=0, n_jobs=1).fit(teach.values)
    level = float(np.quantile(-model.score_samples(teach.values), 1.0 - ALARMS))
    return [-model.score_samples(rows.values) / level for rows in tests]


def _row(told: Worth, cpu_s: float) -> dict[str, Any]:
    figures = {k: v if v is None else round(v, 4) for k, v in asdict(told).items()}
    return {k: figures[k] for k in ("f1", "far", "mar", "auc")} | {"cpu_s": round(cpu_s, 2)}


def _table(file: Path) -> Rows:
    """One Tennessee Eastman file; the one of normal operation lies on its side."""
    with gzip.open(file) as text:
        read = np.loadtxt(text)
    return _rows(read if read.shape[1] == TEP_SIGNALS else read.T)


def _rows(values: Floats) -> Rows:
    at = np.arange(len(values), dtype=np.float64)
    names = tuple(f"signal_{j}" for j in range(values.shape[1]))
    return Rows(names, values, at, tuple(str(i) for i in range(len(values))), civil=False)


def _memory_mb() -> float:
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1)
