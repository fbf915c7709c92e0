"""The twin's "do nothing" against the stand-in's next day: does the stated interval hold at the stated rate?

Seeds that nobody has looked at before; nothing is tuned to them. Each is another plant (parameters, weather, orders,
failures). The twin knows ten or so days of it through its own cleaning and history, fits its model, and foretells each
following day from the state at its begin with intervals at 50, 80 and 90 %.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin.plant import load
from proofs import evidence, month
from proofs.do_nothing import LEVELS, coverage, foretold

FOLDER = month.ROOT / "docs" / "evidence"
NAME = "0007-do-nothing"
SEEDS = tuple(range(2101, 2113))
LIVED, KNOWN, RUNS = 13, 11, 40


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_do_nothing(tmp_path: Path) -> None:
    plant = load(month.WORKS)
    runs = [
        foretold(plant, tmp_path / str(seed), seed, lived_days=LIVED, known_days=KNOWN, runs=RUNS)
        for seed in SEEDS
    ]
    body = write(runs)
    # Half of the stated misses more would be a model that promises too much.
    for level in LEVELS:
        reached = body["all"][str(level)]
        assert reached >= level - 0.10, f"{level:.0%} intervals hold {reached:.1%} of figures"
    assert body["groups"]["site electricity_kwh"]["error"] < 0.10


def write(runs: list[dict[str, Any]], note: str = "") -> dict[str, Any]:
    """Write the page and its figures; returns them."""
    rows = [row for run in runs for row in run["rows"]]
    told: dict[str, Any] = {
        **evidence.head("pytest -m proof tests/proofs/test_do_nothing.py"),
        "note": note,
        "seeds": [r["seed"] for r in runs],
        "lived_days": runs[0]["lived_days"],
        "judged_days": runs[0]["judged_days"],
        "stand_in_step_s": runs[0]["step_s"],
        "model_runs": RUNS,
        "wall_s": round(sum(r["wall_s"] for r in runs), 1),
        "all": _all(rows),
        "groups": coverage(rows),
        "by_seed": {str(r["seed"]): _all(r["rows"]) for r in runs},
        "grades": _grades(runs),
        "rows": [r for r in rows if not r["group"].startswith("machine")],
    }
    (FOLDER / f"{NAME}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (FOLDER / f"{NAME}.md").write_text(page(told), encoding="utf-8")
    return told


def _all(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Share of all figures inside each interval; its error by seed and day is told by the groups."""
    found: dict[str, Any] = {"figures": len(rows)}
    for level in LEVELS:
        inside = [
            r["bands"][str(level)][0] <= r["measured"] <= r["bands"][str(level)][1] for r in rows
        ]
        found[str(level)] = round(float(np.mean(inside)), 3)
    return found


def _grades(runs: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """How many (seed, figure) are tracked well, roughly, not; by quantity."""
    found: dict[str, dict[str, int]] = {}
    for run in runs:
        for row in run["fidelity"]:
            own = found.setdefault(
                row["quantity"], {"well": 0, "roughly": 0, "not": 0, "unknown": 0}
            )
            own[row["grade"]] += 1
    return found


_INTRO = """# Do nothing, against the stand-in's next day

Made by `{command}` on {date} at commit {commit} ({changed_files} changed source files), {machine}. Do not edit: the
proof writes it. {note}

{count} seeds ({first} to {last}), each another plant that nothing was tuned to. The stand-in (calm, steps of
{stand_in_step_s:g} s) lives {lived_days} days; its samples go through the twin's own cleaning and history. The last
{judged_days} days, weekdays, are foretold one by one from the state at their begin, {model_runs} runs each, with what
was known by then; utilities are fitted once, to the first days.

## Calibration curve

Share of measured figures inside the stated interval, with the error of a binomial of independent figures; figures of
one seed and day are not independent, so that the true error of a row with many machines is larger.

| figure | count | stated 50 % | stated 80 % | stated 90 % | half width of 90 % | error of the middle |
|---|---|---|---|---|---|---|
"""

_GRADES = """
## Fidelity by the hour

Grades of figures over all seeds (ASHRAE 14 by the hour: well is CVRMSE within 30 % and bias within 10 %; roughly is
twice that).

| quantity | well | roughly | not | unknown |
|---|---|---|---|---|
"""


def page(told: dict[str, Any]) -> str:
    """The page."""
    seeds = told["seeds"]
    lines = []
    for name, row in told["groups"].items():
        cells = [
            f"{100 * row[str(level)][0]:.0f} (+-{100 * row[str(level)][1]:.0f})" for level in LEVELS
        ]
        wide = [f"{100 * row[n]:.1f} %" if n in row else "" for n in ("half_width_90", "error")]
        lines.append(f"| {name} | {row['figures']} | {' | '.join(cells)} | {' | '.join(wide)} |")
    whole = told["all"]
    shares = " | ".join(f"{100 * whole[str(level)]:.1f}" for level in LEVELS)
    lines.append(f"| **all** | {whole['figures']} | {shares} | | |")
    lines += ["", "## By seed", "", "| seed | 50 % | 80 % | 90 % |", "|---|---|---|---|"]
    for seed, row in told["by_seed"].items():
        lines.append(f"| {seed} | {' | '.join(f'{100 * row[str(x)]:.0f}' for x in LEVELS)} |")
    head = _INTRO.format(**told, count=len(seeds), first=seeds[0], last=seeds[-1])
    grades = [
        f"| {quantity} | {row['well']} | {row['roughly']} | {row['not']} | {row['unknown']} |"
        for quantity, row in sorted(told["grades"].items())
    ]
    return head + "\n".join(lines) + "\n" + _GRADES + "\n".join(grades) + "\n"
