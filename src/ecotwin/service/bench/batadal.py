"""Attacks on a water net's control system (BATADAL): found or not, how soon, what is said, and how many false rows.

Learned from the normal year, and again from the first rows of the second file alone. Labels are read afterwards. Beside
the cross-check stands a chart of principal components that learns from the same rows and makes the same promise.

Sources:
    Taormina et al., Journal of Water Resources Planning and Management 144 (2018) 04018048: the score. Half of it is
    how soon attacks are found, as shares of their length; half the mean of rows rightly told and rightly passed over.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.measured import read_rows
from ecotwin.detection.crosscheck import CrossCheck
from ecotwin.detection.scoring.combined import Combined
from ecotwin.errors import SettingsFault
from ecotwin.records import Bools, Rows

TIME, LABEL = "DATETIME", "ATT_FLAG"
FIRST_ROWS = 1600
"""Rows of the second file to learn from where it stands alone; its first told attack comes at row 1,727."""
ALARM_SHARE = 0.001


def measure(data: Path) -> dict[str, Any]:
    """Attack by attack, and false alarms.

    Raises:
        SettingsFault: The set is not there.
    """
    files = [data / "batadal" / f"training_dataset_{n}.csv.gz" for n in (1, 2)]
    if missing := [str(f) for f in files if not f.is_file()]:
        raise SettingsFault(
            f"{', '.join(missing)} not there",
            expected="the BATADAL training files below --data",
            remedy="docs/benchmarks.md names the sets, and where they are published",
        )
    year, attacked = (read_rows(f, TIME, leave=(LABEL,)) for f in files)
    truth = read_rows(files[1], TIME, (LABEL,)).values[:, 0] > 0
    half = len(year) // 2
    return {
        "peer_normal_year_then_attacks": _components(year, attacked, truth),
        "normal_year_then_attacks": judged(year, attacked, truth),
        "first_rows_then_attacks": judged(
            attacked.part(0, FIRST_ROWS),
            attacked.part(FIRST_ROWS, len(attacked)),
            truth[FIRST_ROWS:],
        ),
        "normal_half_then_half": judged(
            year.part(0, half), year.part(half, len(year)), np.zeros(len(year) - half, np.bool_)
        ),
    }


def judged(learn: Rows, rows: Rows, truth: Bools) -> dict[str, Any]:
    """What the cross-check says of rows whose truth is known."""
    begun = time.process_time()
    check = CrossCheck(alarm_share=ALARM_SHARE)
    check.learn(learn)
    learned = time.process_time()
    _, over, kinds = check.judge(rows.values, rows.at_s)
    done = time.process_time()
    attacks = []
    for first, end in stretches(truth):
        told = np.flatnonzero(over[first:end])
        said = Counter(k for k in kinds[first:end] if k)
        attacks.append(
            {
                "from": rows.stamps[first], "hours": end - first,
                "found_after_h": int(told[0]) if len(told) else None, "rows_told": len(told), "said": dict(said),
                "said_at_the_end": next((k for k in reversed(kinds[first:end]) if k), None),
            }
        )  # fmt: skip
    return {
        **worth(over, truth), "attacks": attacks, "learn_cpu_s": round(learned - begun, 1),
        "ms_a_row": round(1e3 * (done - learned) / len(rows), 2),
    }  # fmt: skip


def stretches(truth: Bools) -> list[tuple[int, int]]:
    """First row and row after the last of each attack.

    >>> stretches(np.array([False, True, True, False, True]))
    [(1, 3), (4, 5)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], truth.astype(np.int64), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def worth(over: Bools, truth: Bools) -> dict[str, Any]:
    """Found attacks, F1 by rows, false alarms and the score of the competition, which needs attacks and normal rows."""
    late = []
    for first, end in stretches(truth):
        told = np.flatnonzero(over[first:end])
        late.append(float(told[0]) / (end - first) if len(told) else 1.0)
    false = over & ~truth
    out: dict[str, Any] = {
        "found": sum(share < 1.0 for share in late), "of": len(late),
        "false_rows": int(false.sum()), "normal_rows": int((~truth).sum()),
        "false_share": round(float(false.mean()) / max(1.0 - float(truth.mean()), 1e-9), 4),
        "false_stretches": len(stretches(false)),
    }  # fmt: skip
    if late and not truth.all():
        rightly, passed = float(over[truth].mean()), 1.0 - float(over[~truth].mean())
        right = float((over & truth).sum())
        soon = 1.0 - sum(late) / len(late)
        out |= {
            "rows_of_attacks_told": round(rightly, 4), "f1": round(2.0 * right / float(over.sum() + truth.sum()), 4),
            "score": round(0.5 * soon + 0.25 * (rightly + passed), 4), "score_soon": round(soon, 4),
        }  # fmt: skip
    return out


def _components(learn: Rows, rows: Rows, truth: Bools) -> dict[str, Any]:
    begun = time.process_time()
    chart = Combined(ALARM_SHARE, ("principal",))
    chart.learn(learn)
    over = chart.judge(rows.values, rows.at_s)[1]
    return {**worth(over, truth), "cpu_s": round(time.process_time() - begun, 1)}
