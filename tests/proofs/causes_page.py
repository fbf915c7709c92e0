"""The page that tells how well causes are found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proofs import causes_score, evidence

NAME = "0017-diagnosis"
COUNT = ("No", "One", "Two", "Three", "Four")
GIVEN_AWAY = ("gap", "stuck_sensor", "ovens_preheat_in_peak")
"""A silent device, a frozen value and heating at one time: the detector's word says most of the cause."""
NO_EFFECT_KWH = 1.0
"""A fault that moved less than this, at a machine that did not run, is no case."""
INTRO = """# Causes of findings, in seasons of the stand-in with unseen seeds

Made by `{command}` on {date} at commit {commit} ({changed_files} changed source files), {machine}. Do not edit: the
proof writes it.

{stretches} of {days:g} days after {calm} calm days, with seeds that nobody had looked at (another plant, weather and
disturbances each): {seasons}. Each holds the catalogue's faults **and** eleven faults that the catalogue does
not list, laid over the recorded minutes as physics and meters would show them (`tests/proofs/novel_faults.py`), most
at the same time as others, with three changes of product, a cold week and a holiday between. Closed minutes go through
Look alone. A right finding is about the right thing at the right place and time, whatever raised it; its cause is right
when its class is one of the fault's (where a fault has several, the best placed counts: an oversized pump may be called
outmoded, worn or wrongly set). *First* is what was said when the finding opened, *last* what was said of it at the end.

What was seen before: the tables of priors and clues are stated assumptions, written by somebody who had read the
stand-in's catalogue, and the eleven other faults were known when rules were bettered. Seed 31 in April and two
editions of seasons were looked at: seeds 4101 to 4404 (54 of 64 and 30 of 44 found, 28.9 findings without a fault in 30
days; 4101 to 4404 replayed again and again since) and 5227 and 5119 (29 of 32 and 17 of 22, 20.4). After the second:
meters are held against their index in their large hours alone; wear is charted at work alone; a machine that makes no
parts is told when it runs in hours in which it is usually off; what the weather runs is not judged in weather never
had before; what a compressor takes for its air is kept apart from what leaks; swapped meters are looked for by the
state of each machine. And the count was changed: a stuck power reading that is found by its index or as a machine
that draws more, with the sensor named, counts as found (before, as missed and as a finding without a fault). The
seeds below were looked at once, after all that.
"""


def write(folder: Path, told: dict[str, Any], runs: Sequence[dict[str, Any]]) -> None:
    """Write the evidence as JSON and as a page."""
    (folder / f"{NAME}.json").write_text(
        json.dumps({**told, "runs": list(runs)}, indent=1) + "\n", encoding="utf-8"
    )
    (folder / f"{NAME}.md").write_text(page(told, runs), encoding="utf-8")


def page(told: dict[str, Any], runs: Sequence[dict[str, Any]]) -> str:
    """The evidence as Markdown."""
    every = [{**r, "season": run["season"]} for run in runs for r in run["cases"]]
    rows = [r for r in every if has_effect(r)]
    idle = [f"{r['fault']} ({r['season']})" for r in every if not has_effect(r)]
    false = [{**f, "season": run["season"]} for run in runs for f in run["false"]]
    seasons = ", ".join(f"{r['season']} from {r['zero'][:10]} with seed {r['seed']}" for r in runs)
    days = sum(r["days"] for r in runs)
    parts = [
        INTRO.format(
            **told, stretches=_stretches(len(runs)), days=runs[0]["days"], calm=8, seasons=seasons
        ),
        "## In short",
        _short(rows),
        f"Left out, since the machine did not run and nothing was moved: {', '.join(idle) or 'none'}.",
        _false_line(runs, false, days),
        "## Confusion",
        "Rows: what it was. Columns: the first class said at the end. Cases that were found and have a cause.",
        _confusion(rows),
        "## How sure, how right",
        _calibration(rows),
        "## Each fault",
        _table(
            "fault | place | season | listed | found | delay [h] | rank first | rank last | probability first | "
            "probability last | said at the end",
            [_row(r) for r in rows],
        ),
        "## Findings without a fault",
        _table(
            "season | first seen | lasted [h] | finding | first cause said",
            [
                [f["season"], f["seen_at"][:16], f["hours"], f["title"], _top(f["top"])]
                for f in false
            ],
        ),
        "## Time",
        "Replaying minutes with detection and diagnosis took "
        + ", ".join(f"{r['cpu_s']:.0f} s ({r['season']})" for r in runs)
        + " of one core.",
    ]
    return "\n\n".join(parts) + "\n"


def _stretches(count: int) -> str:
    """How many seasons were run, and where it is fewer than all, that they are."""
    if count == 1:
        return "One stretch (of four seasons one: two cores did not get further)"
    return (
        f"{COUNT[count]} stretches" if count == 4 else f"{COUNT[count]} stretches (of four seasons)"
    )


def has_effect(row: dict[str, Any]) -> bool:
    """Whether a fault laid over the minutes moved anything."""
    moved = row.get("effect_kwh")
    return moved is None or moved >= NO_EFFECT_KWH


def _short(rows: Sequence[dict[str, Any]]) -> str:
    lines = []
    for name, some in (
        ("catalogue", [r for r in rows if not r["novel"]]),
        (
            "catalogue without those whose class the kind of finding gives away",
            [r for r in rows if not r["novel"] and r["fault"] not in GIVEN_AWAY],
        ),
        ("not in the catalogue", [r for r in rows if r["novel"]]),
        ("all", list(rows)),
    ):
        s = causes_score.summary(some)
        n = s["with_cause"]
        lines.append(
            [name, s["cases"], s["found"], n, s["median_delay_h"], *(
                f"{s[w][k]} ({s[w][k] / n:.0%})" if n else "" for w in ("first", "last") for k in ("top_1", "top_3")
            ), s["last"]["mean_share"]]
        )  # fmt: skip
    return _table(
        "faults | cases | found | found with a cause | median delay [h] | first in rank 1 | first in rank 1-3 | "
        "last in rank 1 | last in rank 1-3 | mean probability of the true cause",
        lines,
    )


def _false_line(
    runs: Sequence[dict[str, Any]], false: Sequence[dict[str, Any]], days: float
) -> str:
    """Findings without a fault in numbers."""
    calm = sum(f["leave"] for f in false)
    return (
        f"Findings without a fault: {len(false)} in {days:g} days, {30 * len(false) / days:.1f} in 30 days; of these "
        f"{calm} said as their first cause that nothing needs mending (weather, product, an unusual time). In 30 days "
        f"by season: {_by_season(runs)}."
    )


def _by_season(runs: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{r['season']} {30 * len(r['false']) / r['days']:.1f}" for r in runs)


def _confusion(rows: Sequence[dict[str, Any]]) -> str:
    pairs = Counter(
        (_true(r), r["last"]["top"][0][0])
        for r in rows
        if r["found"] and r["true"] and r.get("last") and r["last"]["top"]
    )
    missed = Counter(_true(r) for r in rows if not r["found"] and r["true"])
    said = sorted({s for _, s in pairs})
    true = sorted({t for t, _ in pairs} | set(missed))
    return _table(
        " | ".join(["was \\ said", *said, "not found"]),
        [[t, *(pairs[t, s] or "" for s in said), missed[t] or ""] for t in true],
    )


def _true(row: dict[str, Any]) -> str:
    return str(" or ".join(row["true"]))


def _calibration(rows: Sequence[dict[str, Any]]) -> str:
    """Of causes said with so much probability, how many were right."""
    lines = []
    told = [
        (r["last"]["top"][0][1], r["last"]["rank"] == 1)
        for r in rows
        if r["found"] and r["true"] and r.get("last") and r["last"]["top"]
    ]
    for low, high in ((0.0, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)):
        some = [(p, ok) for p, ok in told if low <= p < high]
        if some:
            mean = sum(p for p, _ in some) / len(some)
            lines.append(
                [
                    f"{low:.0%} to {min(high, 1):.0%}",
                    len(some),
                    f"{mean:.0%}",
                    f"{sum(ok for _, ok in some) / len(some):.0%}",
                ]
            )
    return _table("probability of the first cause | cases | said on average | right", lines)


def _row(r: dict[str, Any]) -> list[Any]:
    listed = "no" if r["novel"] else "yes"
    if not r["found"]:
        return [r["fault"], r["target"], r["season"], listed, "**no**", "", "", "", "", "", ""]
    a, b = r.get("first"), r.get("last")
    if not r["true"] or a is None or b is None:
        return [
            r["fault"],
            r["target"],
            r["season"],
            listed,
            "yes",
            r["delay_h"],
            "",
            "",
            "",
            "",
            _top(b["top"]) if b else "",
        ]
    return [
        r["fault"], r["target"], r["season"], listed, "yes", r["delay_h"], a["rank"], b["rank"],
        f"{a['share']:.0%}", f"{b['share']:.0%}", _top(b["top"]),
    ]  # fmt: skip


def _top(top: Sequence[Sequence[Any]]) -> str:
    return ", ".join(f"{c} {s:.0%}" for c, s in top[:2])


_table = evidence.table
