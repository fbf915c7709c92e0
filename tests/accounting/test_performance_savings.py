"""Whether a stated interval holds the true saving, on meters whose saving is known."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin.accounting.performance import Series, perform, series
from ecotwin.accounting.savings import student_t
from meter_variants import AFTER, METERS, UNTIL, folder, judged, meter, variant

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs" / "evidence"
VARIANTS, PEER = 500, 16
LIMITS = (
    "",
    "## What these figures do not show",
    "",
    "The variants share four meters and one weather, so they are no 500 sites, and their drift wanders much as",
    "the interval assumes. Coverage is an average over drifts: see the rows of 5 % a year and of the worst",
    "meter. The first origin of the rolling forecasts was moved from 4/8 to 5/8 of the baseline after the four",
    "meters as they are had been looked at, which narrowed the hourly intervals, and so was the range in which a",
    "driver counts as seen (2 to 98 %): this set is no untouched evidence any more. Sixteen variants are too few to",
    "rank the error of two models; OpenDSM's band is our ASHRAE 14 formula with five parameters, not its own.",
)


def _place() -> Path:
    place = folder()
    if place is None:
        pytest.skip(
            "the meters are not here: set ECOTWIN_PUBLIC_DATA to the folder that holds mv_eemeter"
        )
    return place


def _made_up(seed: int) -> Series:
    """Two years of a site that heats and cools: the weather's law is known, a tenth 'saved' in the second."""
    rng = np.random.default_rng(10_000 + seed)
    days = np.arange(811)
    at = datetime(2015, 11, 22, tzinfo=UTC).timestamp() + 86400.0 * days
    degc = 11.0 - 13.0 * np.cos((days - 55) / 58.1) + rng.normal(0.0, 3.0, len(days))
    used = 40.0 + 2.0 * np.maximum(0.0, 14.0 - degc) + 1.5 * np.maximum(0.0, degc - 20.0)
    used *= rng.normal(1.0, 0.05, len(days)) * np.where(at >= AFTER, 0.9, 1.0)
    return series(at, used, {"temp_degc": degc}, temperature="temp_degc")


def test_a_stated_interval_holds_the_truth_on_made_up_sites() -> None:
    held, fakes = 0, []
    for seed in range(24):
        case = variant(_made_up(seed), "made up", seed)
        found = perform(case.data, UNTIL, after_s=AFTER)
        held += found.low <= case.truth <= found.high
        if case.made["share"] == 0.0 and found.claim == "saving":
            fakes.append(seed)
    assert held >= 20
    assert not fakes


@pytest.mark.parametrize("name", METERS)
@pytest.mark.parametrize("grain", ["hourly", "daily", "billing_monthly"])
def test_the_saving_of_every_known_meter_lies_in_its_interval(name: str, grain: str) -> None:
    data = meter(_place(), name, grain)
    found = perform(data, UNTIL, after_s=AFTER)
    truth = found.actual / 9.0
    assert found.low <= truth <= found.high
    assert found.fit_for_purpose, found.reasons
    assert found.spread.half < 0.2 * found.expected


def test_a_sample_of_noisy_variants() -> None:
    place = _place()
    rows = [judged(place, "daily", seed) for seed in range(20)]
    assert sum(r["holds"] for r in rows) >= 16
    assert not [r for r in rows if r["share"] == 0.0 and r["claim"] == "saving"]


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_how_often_the_interval_holds_the_truth(tmp_path: Path) -> None:
    place = _place()
    runs: dict[str, list[dict[str, Any]]] = {}
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for grain in ("daily", "hourly"):
            runs[grain] = list(
                pool.map(partial(judged, place, grain), range(VARIANTS), chunksize=10)
            )
    known = [
        _known(place, name, grain)
        for name in METERS
        for grain in ("hourly", "daily", "billing_monthly")
    ]
    peer = _peer(place, runs["daily"], tmp_path)
    figures = {grain: _figures(rows) for grain, rows in runs.items()}
    _write(figures, known, peer, runs)
    for grain, told in figures.items():
        assert told["holds"] >= 0.85, grain
        assert told["fake_savings"] <= 0.05 * told["unchanged"], grain


def _known(place: Path, name: str, grain: str) -> dict[str, Any]:
    found = perform(meter(place, name, grain), UNTIL, after_s=AFTER)
    truth = found.actual / 9.0
    return {
        "meter": name, "grain": grain, "model": found.choice.fitted.form.name, "truth": truth, "saved": found.saved,
        "low": found.low, "high": found.high, "holds": found.low <= truth <= found.high, "claim": found.claim,
    }  # fmt: skip


def _figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    drifts = sorted({r["drift"] for r in rows})
    return {
        "variants": len(rows),
        "holds": _share(rows, "holds"),
        "ashrae14_holds": _share(rows, "ashrae_holds"),
        "rms_error": math.sqrt(float(np.mean([r["error"] ** 2 for r in rows]))),
        "median_half": float(np.median([r["half"] / r["expected"] for r in rows])),
        "ashrae14_median_half": float(np.median([r["ashrae_half"] / r["expected"] for r in rows])),
        "by_drift": {str(d): _share([r for r in rows if r["drift"] == d], "holds") for d in drifts},
        "by_meter": {m: _share([r for r in rows if r["meter"] == m], "holds") for m in METERS},
        "unchanged": sum(r["share"] == 0.0 for r in rows),
        "fake_savings": sum(r["share"] == 0.0 and r["claim"] == "saving" for r in rows),
        "refused": sum(r["claim"] == "refused" for r in rows),
        "shown": {
            str(s): float(np.mean([r["claim"] == "saving" for r in rows if r["share"] == s]))
            for s in sorted({r["share"] for r in rows})
        },
    }


def _share(rows: list[dict[str, Any]], key: str) -> float:
    return float(np.mean([bool(r[key]) for r in rows]))


def _peer(place: Path, rows: list[dict[str, Any]], work: Path) -> dict[str, Any] | None:
    """OpenDSM on the first variants, where ECOTWIN_OPENDSM names an interpreter that has it."""
    python = os.environ.get("ECOTWIN_OPENDSM")
    if not python:
        return None
    from meter_variants import peer_cases

    own = {r["seed"]: r for r in rows[:PEER]}
    cases, answers = work / "cases.json", work / "answers.json"
    cases.write_text(json.dumps(peer_cases(place, list(own))))
    script = ROOT / "tests" / "opendsm_peer.py"
    subprocess.run([python, str(script), str(cases), str(answers)], check=True, timeout=1800)
    told = json.loads(answers.read_text())
    done = [t for t in told if "fault" not in t]
    errors, holds, halves = [], [], []
    for t in done:
        truth, saved = own[t["seed"]]["truth"], t["expected"] - t["actual"]
        half = _band(t)
        errors.append((saved - truth) / t["expected"])
        holds.append(abs(saved - truth) <= half)
        halves.append(half / t["expected"])
    mine = [own[t["seed"]] for t in done]
    return {
        "variants": len(done),
        "failed": len(told) - len(done),
        "opendsm": {
            "rms_error": math.sqrt(float(np.mean(np.square(errors)))),
            "holds_with_ashrae14": float(np.mean(holds)),
            "median_half": float(np.median(halves)),
        },
        "ecotwin": {
            "rms_error": math.sqrt(float(np.mean([r["error"] ** 2 for r in mine]))),
            "holds": _share(mine, "holds"),
            "median_half": float(np.median([r["half"] / r["expected"] for r in mine])),
        },
    }


def _band(t: dict[str, Any]) -> float:
    """ASHRAE 14's half-width at 90 % from OpenDSM's residuals (five parameters, autocorrelation counted)."""
    from ecotwin.accounting import effective_count, fractional_savings_uncertainty

    n, m, months = t["base"], t["later"], t["later"] / 30.44
    independent = effective_count(n, t["rho"])
    adjusted = math.sqrt(t["sse"] / (independent - 5)) / t["mean"]
    k = -0.00024 * months**2 + 0.03535 * months + 1.00286
    return fractional_savings_uncertainty(
        1.0, t["expected"], adjusted, n, independent, m, t=student_t(0.9, int(independent - 5)), k=k
    )


def _write(
    figures: dict[str, Any],
    known: list[dict[str, Any]],
    peer: dict[str, Any] | None,
    runs: dict[str, Any],
) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    head = {
        "command": "ECOTWIN_PUBLIC_DATA=FOLDER make proofs",
        "test": "tests/accounting/test_performance_savings.py",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit,
        "seeds": f"0 to {VARIANTS - 1}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python "
        f"{sys.version.split()[0]}, numpy {np.__version__}",
    }
    told = {"head": head, "known_meters": known, "variants": figures, "opendsm": peer}
    (EVIDENCE / "0003-savings.json").write_text(json.dumps(told, indent=1) + "\n")
    page = [*_page(head, figures, known, peer), *LIMITS]
    (EVIDENCE / "0003-savings.md").write_text("\n".join(page) + "\n")


def _page(
    head: dict[str, Any],
    figures: dict[str, Any],
    known: list[dict[str, Any]],
    peer: dict[str, Any] | None,
) -> list[str]:
    made = f"Written by `{head['test']}` (`{head['command']}`) on {head['date']} at commit {head['commit']}"
    lines = [
        "# Savings: how often the interval holds the truth",
        "",
        f"{made} and what lay uncommitted on it; {head['machine']}; seeds {head['seeds']}.",
        "",
        "The meters are the public set `mv_eemeter`: four buildings, two years, a tenth saved in the second.",
        "",
        "## The meters as they are",
        "",
        "| meter | readings | baseline | true saving | told | 90 % interval | holds | claim |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for k in known:
        lines.append(
            f"| {k['meter']} | {k['grain']} | {k['model']} | {k['truth']:.0f} | {k['saved']:.0f} | {k['low']:.0f} to "
            f"{k['high']:.0f} | {'yes' if k['holds'] else '**no**'} | {k['claim']} |"
        )
    lines += [
        "",
        f"## {VARIANTS} noisy variants each",
        "",
        "The second year is brought back to no saving; then come noise (scatter 2 to 15 %, autocorrelation",
        "0 to 0.9), a wandering level (0 to 5 % a year) and a saving (0, 2, 5, 10 or 20 %). Errors and",
        "half-widths are shares of the use that was expected.",
        "",
        "| | " + " | ".join(figures) + " |",
        "|---|" + "---|" * len(figures),
    ]
    rows = {
        "90 % interval holds the truth": "holds",
        "ASHRAE 14 band with autocorrelation holds it": "ashrae14_holds",
        "root mean square error": "rms_error",
        "median half-width": "median_half",
        "median half-width of ASHRAE 14": "ashrae14_median_half",
    }
    for words, key in rows.items():
        lines.append(
            f"| {words} | " + " | ".join(f"{100 * f[key]:.1f} %" for f in figures.values()) + " |"
        )
    for key, words in (
        ("by_drift", "holds at drift"),
        ("by_meter", "holds on"),
        ("shown", "saving shown at true share"),
    ):
        for value in next(iter(figures.values()))[key]:
            lines.append(
                f"| {words} {value} | "
                + " | ".join(f"{100 * f[key][value]:.0f} %" for f in figures.values())
                + " |"
            )
    fakes = " | ".join(f"{f['fake_savings']} of {f['unchanged']}" for f in figures.values())
    lines += [f"| fake savings on unchanged sites | {fakes} |", "", "## Beside OpenDSM", ""]
    if peer is None:
        lines.append("Not run: no interpreter with OpenDSM was named (ECOTWIN_OPENDSM).")
        return lines
    lines += [
        f"Its daily model on the first {peer['variants']} daily variants ({peer['failed']} failed), with ASHRAE",
        "14's interval from its residuals; by its own rule it learns from the last 365 days, while this",
        "baseline takes all 400.",
        "",
        "| | error (rms) | interval holds | median half-width |",
        "|---|---|---|---|",
    ]
    for name, holds in (("opendsm", "holds_with_ashrae14"), ("ecotwin", "holds")):
        p = peer[name]
        lines.append(
            f"| {name} | {100 * p['rms_error']:.1f} % | {100 * p[holds]:.0f} % | {100 * p['median_half']:.1f} % |"
        )
    return lines
