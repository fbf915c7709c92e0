"""Attacks on a water net's control system (BATADAL): found or not, how soon, what is said, and how many false rows.

Learned from the normal year, and again from the first rows of the second file alone. Labels are read afterwards.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.measured import read_rows
from ecotwin.detection.crosscheck import CrossCheck
from ecotwin.errors import SettingsFault
from ecotwin.records import Bools, Rows

TIME, LABEL = "DATETIME", "ATT_FLAG"
FIRST_ROWS = 1600
"""Rows of the second file to learn from where it stands alone; its first told attack comes at row 1,727."""


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
    check = CrossCheck()
    check.learn(learn)
    learned = time.process_time()
    _, over, kinds = check.judge(rows.values, rows.at_s)
    done = time.process_time()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], truth.astype(np.int64), [0]]))).reshape(
        -1, 2
    )
    attacks = []
    for first, end in edges.tolist():
        told = np.flatnonzero(over[first:end])
        said = Counter(k for k in kinds[first:end] if k)
        attacks.append(
            {
                "from": rows.stamps[first], "hours": end - first,
                "found_after_h": int(told[0]) if len(told) else None, "rows_told": len(told), "said": dict(said),
            }
        )  # fmt: skip
    false = over & ~truth
    return {
        "attacks": attacks, "found": sum(a["found_after_h"] is not None for a in attacks),
        "false_rows": int(false.sum()), "normal_rows": int((~truth).sum()),
        "false_share": round(float(false.sum() / max((~truth).sum(), 1)), 4),
        "false_stretches": int((np.diff(np.concatenate([[0], false.astype(np.int64)])) == 1).sum()),
        "rows_of_attacks_told": round(float(over[truth].mean()), 4) if truth.any() else None,
        "learn_cpu_s": round(learned - begun, 1), "ms_a_row": round(1e3 * (done - learned) / len(rows), 2),
    }  # fmt: skip
