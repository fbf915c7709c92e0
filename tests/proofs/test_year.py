"""A year of the electronics works: its set of reports in one command, a changed factor, and whether all adds up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ecotwin import accounting
from ecotwin.clock import parse_period
from ecotwin.cycle.asking import open_for
from ecotwin.plant import load
from proofs import evidence, month, year

SEED, YEAR = 23, 2026
FOLDER = month.ROOT / "docs" / "evidence"
NAME = "0006-year"
FIGURE = f"nordhafen:ghg.scope2_location:{YEAR}"


def ecotwin(*words: object) -> tuple[float, str]:
    """Run a command in a process of its own; wall seconds and what it printed."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "ecotwin.cli", *map(str, words)], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began, done.stdout


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_year(tmp_path: Path) -> None:
    plant = load(month.WORKS)
    began = time.monotonic()
    files = year.record(tmp_path / "record", SEED, year.beginning(YEAR, plant), 365)
    recorded_s = time.monotonic() - began
    data = tmp_path / "data"
    lived = year.live(plant, files, data)
    asked = ("--period", YEAR, "--data-folder", data)
    first_s, told = ecotwin("report", month.WORKS, "--out", tmp_path / "first", *asked, "--json")
    again_s, _ = ecotwin("report", month.WORKS, "--out", tmp_path / "again", *asked)
    written = json.loads(told)
    sums = _added_up(month.WORKS, data)
    dirtier = _dirtier(tmp_path / "dirtier.yaml")
    changed_s, _ = ecotwin("report", dirtier, "--out", tmp_path / "changed", *asked)
    _, tree = ecotwin("explain", dirtier, FIGURE, "--data-folder", data, "--json")
    revisions = [r for r in json.loads(tree)["revisions"] if not r["signal"]]
    body: dict[str, Any] = {
        **evidence.head("make proofs"),
        "seed": SEED,
        "recorded_s": round(recorded_s, 1),
        "lived": {k: round(v, 1) for k, v in lived.items()},
        "files": len(written["written"]),
        "not_written": written["refused"],
        "first_s": round(first_s, 1),
        "again_s": round(again_s, 1),
        "changed_s": round(changed_s, 1),
        "revisions": revisions,
        "rows": sums,
    }
    (FOLDER / f"{NAME}.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    (FOLDER / f"{NAME}.md").write_text(page(body), encoding="utf-8")
    assert first_s < 60.0
    assert not [r for r in sums if not r["closes"]]
    assert revisions[-1]["after"] == pytest.approx(1.1 * revisions[-1]["before"], rel=1e-6)


def _dirtier(path: Path) -> Path:
    """The plant file with every grid factor a tenth higher."""
    text = month.WORKS.read_text("utf-8")
    text = text.replace("books: electronics", f"books: {month.WORKS.parent / 'electronics'}")
    text = text.replace("  location: 0.294", f"  location: {1.1 * 0.294!r}")

    def more(found: re.Match[str]) -> str:
        return f"  hourly: {[1.1 * float(x) for x in found.group(1).split(',')]!r}"

    path.write_text(re.sub(r"  hourly: \[([\d., ]+)\]", more, text, count=1), encoding="utf-8")
    return path


def _added_up(plant_file: Path, data: Path) -> list[dict[str, Any]]:
    """Each figure of each place beside the sum of its parts, over the year."""
    with open_for(plant_file, data) as asked:
        plant = load(plant_file)
        made = asked.accounts(parse_period(str(YEAR), plant.zone))
        rows = accounting.reconcile(plant, made)
    return [
        {
            "element": r.element, "indicator": r.indicator, "over": r.over, "unit": r.unit, "value": r.value,
            "difference": r.difference, "closes": abs(r.difference) <= max(1e-3, 1e-9 * abs(r.value)), "doubt": r.doubt,
        }
        for r in rows
    ]  # fmt: skip


PAGE = """# A year of the electronics works

Made by `{command}` on {date} at commit {commit} ({changed_files} changed source files), {machine}. Do not edit: the
proof writes it.

The stand-in (seed {seed}) lives 2026 and writes what figures need once a minute: {readings:,.0f} readings. They are
taken in as the running cycle does; every day, month and the year are sealed ({entries:,.0f} ledger entries). Raw
readings older than 7 days and minutes older than 62 days are dropped on the way, so that most of the year is hours and
sums of days. The history ends at {megabytes:,.0f} MB; taking it in took {wall_s:,.0f} s.

| what | wall s |
|---|---|
| `ecotwin report --period 2026 --out`, books taken in for the first time: {files} files | {first_s} |
| the same again | {again_s} |
| the same after every grid factor became a tenth higher: all days tallied anew, from hours | {changed_s} |

What was not written, and why:

{refused}

After the change of factor `ecotwin explain` tells of the year's scope 2:

{revised}

Of {rows} figures of machines, lines, areas, site and products {closing} are the sum of their parts and a named rest to
below 1 g, 1 Wh, 0.001 EUR or one part in a thousand million; the widest:

| element | figure | over | value | difference | unit |
|---|---|---|---|---|---|
{widest}

Doubts told beside: {doubts}.
"""


def page(body: dict[str, Any]) -> str:
    """The page of the evidence."""
    lived, rows = body["lived"], body["rows"]
    worst: Sequence[dict[str, Any]] = sorted(rows, key=lambda r: -abs(r["difference"]))[:8]
    columns = ("element", "indicator", "over")
    widest = [
        f"| {' | '.join(r[c] for c in columns)} | {r['value']:,.3f} | {r['difference']:.2e} | {r['unit']} |"
        for r in worst
    ]
    revised = [
        f"- {r['before']:,.1f} became {r['after']:,.1f} kgCO2e: {r['why'][:300]}"
        for r in body["revisions"]
    ]
    plain = {
        "readings": lived["readings"], "entries": lived["entries"], "megabytes": lived["bytes"] / 1e6,
        "wall_s": lived["wall_s"], "rows": len(rows), "closing": sum(r["closes"] for r in rows),
        "refused": "\n".join(f"- `{name}`: {why}" for name, why in body["not_written"].items()) or "- nothing",
        "revised": "\n".join(revised), "widest": "\n".join(widest),
        "doubts": "; ".join(r["doubt"] for r in rows if r["doubt"])[:1500] or "none",
    }  # fmt: skip
    return PAGE.format(**{**body, **plain})
