"""One seed's run from its recording to its scores, and the page that tells of all of them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import Period
from ecotwin.cycle import Twin
from ecotwin.errors import EcotwinError
from proofs import month, scoring

BALANCED = (
    "Days on which outputs do not exceed inputs by more than the meters' error; the unmetered rest "
    "as a share of the input."
)


def run(recorded: month.Recorded, folder: Path, *, split: datetime | None = None) -> dict[str, Any]:
    """Play a recording through a new twin and judge what it found.

    Args:
        recorded: The recording. folder: For the twin's history. split: Stop and start anew at this plant time.
    """
    plant = month.recorded_plant()
    twin = month.twin_of(plant, recorded.days, folder)
    wall = 0.0
    try:
        if split is not None:
            wall += month.play(twin, until=split)
            twin.stop()
            twin = month.twin_of(plant, recorded.days, folder)
        wall += month.play(twin)
        return _judged(twin, recorded, wall)
    finally:
        twin.stop()


def _judged(twin: Twin, recorded: month.Recorded, wall_s: float) -> dict[str, Any]:
    score = scoring.score(twin.plant, recorded.truth, month.findings_of(twin), recorded.zero)
    days = (recorded.end - recorded.zero) / timedelta(days=1)
    return {
        "seed": recorded.seed,
        "calm_days": (recorded.zero - recorded.start) / timedelta(days=1),
        "days": days,
        "readings": twin.intake.kept,
        "rejected": dict(twin.store.reject_counts()),
        "wall_s": round(wall_s, 1),
        "events": [scoring.row_of(s) for s in score.events],
        "missed": [f"{e.fault} {e.target}" for e in score.misses],
        "false": scoring.false_rows(score.false, score.events),
        "false_per_30_days": round(30.0 * len(score.false) / days, 1),
        "commissioning": [
            {"seen_at": f.seen_at.isoformat(), "cause": f.cause, "title": f.title}
            for f in score.commissioning
        ],
        "balances": _balances(twin, Period(recorded.zero, recorded.end)),
        "counted": counted(twin, recorded),
    }


def _balances(twin: Twin, period: Period) -> list[dict[str, Any]]:
    """Each node: days that close within meter error, days with a meter missing, and how steady the rest is."""
    by_node: dict[str, list[Any]] = {}
    for _, result in month.balances(twin, period):
        by_node.setdefault(result.id, []).append(result)
    rows = []
    for node, results in by_node.items():
        known = [r for r in results if r.closes is not None]
        share = [r.rest_share for r in known if r.rest_share is not None]
        rows.append(
            {
                "balance": node,
                "days": len(results),
                "closed": sum(r.closes is True for r in known),
                "unknown": len(results) - len(known),
                "rest_share": round(float(np.median(share)), 4) if share else None,
                "rest_share_low": round(min(share), 4) if share else None,
                "rest_share_high": round(max(share), 4) if share else None,
            }
        )
    return rows


def counted(twin: Twin, recorded: month.Recorded) -> list[dict[str, Any]]:
    """Meter resets and roll-overs: the index's use against the integral of measured power, an hour either side."""
    rows = []
    for event in scoring.events_of(twin.plant, recorded.truth):
        if event.fault not in scoring.COUNTED:
            continue
        around = Period(event.start - timedelta(hours=1), event.start + timedelta(hours=1))
        window = twin.look.window(around)
        index = twin.plant.signal(event.target)
        power = twin.plant.find(index.element, "electricity_power")
        used = float(np.nansum(window.amount[:, index.index]))
        drawn = (
            float(np.nanmean(window.mean[:, power.index]) * around.hours) if power else float("nan")
        )
        rows.append(
            {
                "fault": event.fault,
                "signal": event.target,
                "used_kwh": round(used, 3),
                "power_kwh": round(drawn, 3),
                "breaks": len(twin.store.breaks().get(index.index, ())),
            }
        )
    return rows


def same(one: Twin, other: Twin, period: Period) -> dict[str, Any]:
    """Whether two twins of one plant hold the same figures, to the last digit."""
    first, second = month.minutes(one, period), month.minutes(other, period)
    figures, others = month.figures(one, period), month.figures(other, period)
    return {
        "minutes": int(first.size),
        "minutes_differ": int((~((first == second) | (np.isnan(first) & np.isnan(second)))).sum()),
        "measures": len(figures),
        "measures_differ": sorted(k for k, v in figures.items() if others.get(k) != v),
        "findings_differ": sorted(
            {f.id for f in month.findings_of(one)} ^ {f.id for f in month.findings_of(other)}
        ),
    }


def head(command: str) -> dict[str, Any]:
    """What a reader needs to run it again."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed_files": _changed(),
        "command": command,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
    }


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], capture_output=True, text=True, cwd=month.ROOT, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def _changed() -> int | str:
    """Source files that differ from the commit; a clean tree has none."""
    told = _git("status", "--porcelain", "--", "src")
    return told if told == "unknown" else len(told.splitlines())


def page(told: dict[str, Any], runs: Sequence[dict[str, Any]], restart: dict[str, Any]) -> str:
    """The evidence as Markdown."""
    parts = [
        _intro(told, runs),
        "## What was found",
        table(
            "fault | place | seed | found | delay [h] | since it mattered [h] | excess found | true",
            [_event_row(r["seed"], e) for r in runs for e in r["events"] if e["needs_finding"]],
        ),
        "## What had to stay quiet",
        "\n".join(_quiet_line(r) for r in runs),
        table(
            "seed | first seen | lasted [h] | finding without a cause | going on at that time",
            [_false_row(r["seed"], f) for r in runs for f in r["false"]],
        ),
        "## Meters",
        table(
            "seed | what | index | used by the index [kWh] | by its power [kWh]",
            [
                [r["seed"], c["fault"], c["signal"], c["used_kwh"], c["power_kwh"]]
                for r in runs
                for c in r["counted"]
            ],
        ),
        "## Balances",
        BALANCED,
        table(
            "seed | balance | days | close | a meter missing | rest, median (least to most)",
            [
                [r["seed"], b["balance"], b["days"], b["closed"], b["unknown"], _rest(b)]
                for r in runs
                for b in r["balances"]
            ],
        ),
        "## A restart in the middle",
        _restart_line(restart),
        "## Speed",
        "\n".join(
            f"- seed {r['seed']}: {r['readings']:,} readings in {r['wall_s']:.0f} s of a shared machine"
            for r in runs
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _intro(told: dict[str, Any], runs: Sequence[dict[str, Any]]) -> str:
    sizes = ", ".join(f"{k} {abs(v):g}" for k, v in scoring.LEAST.items())
    return (
        "# A stand-in month, seeds the twin has never seen\n\n"
        f"Made by `{told['command']}` on {told['date']} at commit {told['commit']} "
        f"({told['changed_files']} changed source files), {told['machine']}. "
        "Do not edit: the proof writes it.\n\n"
        "Each seed gives another plant (parameters, weather, disturbances). The twin is switched on, "
        f"lives {runs[0]['calm_days']:g} days without faults (commissioning), then the scenario "
        f"`month` runs {runs[0]['days']:g} days. Everything goes through the real cycle: cleaning, "
        "history, baselines, detectors, ledger. Delay is from the fault's first moment; *since it "
        f"mattered* from the first hour in which its effect on the site passed a stated size ({sizes})."
    )


def table(header: str, rows: Sequence[Sequence[Any]]) -> str:
    names = header.split(" | ")
    lines = [f"| {header} |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _quiet_line(run_: dict[str, Any]) -> str:
    harmless = sum(e["harmless"] for e in run_["events"])
    return (
        f"- seed {run_['seed']}: {len(run_['false'])} findings without a cause in {run_['days']:g} "
        f"days ({run_['false_per_30_days']:g} in 30 days), and {len(run_['commissioning'])} in the "
        f"commissioning days before; {harmless} harmless changes took place."
    )


def _false_row(seed: int, f: dict[str, Any]) -> list[Any]:
    during = ", ".join(f["during"]) or "nothing"
    return [seed, f["seen_at"][:16], f["hours"], f["title"], during]


def _event_row(seed: int, e: dict[str, Any]) -> list[Any]:
    def number(value: float | None, unit: str = "") -> str:
        return "" if value is None else f"{value:g} {unit}".strip()

    found = "yes" if e["found"] else "**no**"
    unit = e["unit"] or ""
    return [
        e["fault"],
        e["target"],
        seed,
        found,
        number(e["delay_h"]),
        number(e["late_h"]),
        number(e["excess_found"], unit),
        number(e["excess_true"], unit),
    ]


def _rest(b: dict[str, Any]) -> str:
    if b["rest_share"] is None:
        return ""
    return f"{b['rest_share']:.1%} ({b['rest_share_low']:.1%} to {b['rest_share_high']:.1%})"


def _restart_line(restart: dict[str, Any]) -> str:
    return (
        f"Two twins played the same {restart['days']:g} days (seed {restart['seed']}), one of them "
        f"stopped and started again at {restart['split']}: {restart['minutes_differ']} of "
        f"{restart['minutes']:,} minute amounts and {len(restart['measures_differ'])} of "
        f"{restart['measures']} figures differ; findings that differ: "
        f"{', '.join(restart['findings_differ']) or 'none'}."
    )


def write(
    folder: Path,
    name: str,
    told: dict[str, Any],
    runs: Sequence[dict[str, Any]],
    restart: dict[str, Any],
) -> None:
    """Write the evidence as JSON and as a page."""
    body = {**told, "runs": list(runs), "restart": restart}
    (folder / f"{name}.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(page(told, runs, restart), encoding="utf-8")


def restarted(recorded: month.Recorded, folder: Path, split: datetime) -> dict[str, Any]:
    """Play the same days through one twin in one go and through another with a restart in the middle."""
    plant = month.recorded_plant()
    whole = month.twin_of(plant, recorded.days, folder / "whole")
    month.play(whole)
    halves = month.twin_of(plant, recorded.days, folder / "halves")
    month.play(halves, until=split)
    halves.stop()
    halves = month.twin_of(plant, recorded.days, folder / "halves")
    month.play(halves)
    try:
        span = whole.store.span()
        if span is None:
            raise EcotwinError("nothing was played", expected="a recording", remedy="record again")
        minute = timedelta(minutes=1)
        period = Period(
            span.start.replace(second=0, microsecond=0) + minute,
            span.end.replace(second=0, microsecond=0) - minute,
        )
        return {
            "seed": recorded.seed, "days": round(period.hours / 24.0, 1), "split": split.isoformat(),
            **same(whole, halves, period),
        }  # fmt: skip
    finally:
        whole.stop()
        halves.stop()
