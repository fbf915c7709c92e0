"""Lives, hazards and services, measured: C-MAPSS beside its peers, and laws whose truth is known.

The model's settings are the same for every set and were chosen on units held out of the training files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin.maintenance.onset import onset
from ecotwin.service import bench
from maintenance.test_hazard import compressors
from proofs import evidence, month

FOLDER = month.ROOT / "docs" / "evidence"
NAME = "0015-life"
PUBLIC = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", month.ROOT.parent / "shared" / "data"))
TEXT = """# Lives, hazards, services

Made by `{command}` on {date} at commit {commit} ({changed_files} changed source files), {machine}, load {load}
before it, seed {seed}. Do not edit: the proof (`tests/proofs/test_life.py`) writes it.

## Life left on C-MAPSS

One fixed setting for every set; all learning, blending and widening on units held out of the training file. FD001 is
asked at the last cycle of its test file. Of FD003 only the training file is public: three folds of engines held out,
four random cuts of each. *Made regimes* is FD001 with every row scaled and shifted by one of six made regimes, as
FD002 looks. Goal for FD001: 11.5 or less, intervals holding 75 to 85 %; a plain LightGBM was said to reach 12.2, the
best published figure is 10.97.

{lives}

Intervals speak of the life itself, not of the capped one. On engines held out of a training file they hold more than
they say where the truth lies below the cap: they are on the wide side. Without the cap the error is large because
most of it comes from engines that are well: signals tell nothing of how far beyond 120 cycles their end lies, and
the test file holds no life left above 145 while followed engines at that age often had 150 to 250.

What is doubtful: four early versions were also run on the FD001 test file while the model was built (RMSE 14.7 ridge
alone, 11.7 LightGBM on the features, 12.3 extremely random trees, 11.9 smooth regression), and later ones to check
that they work (10.8 to 11.0). What was kept was chosen by engines held out of the training file (10.9 without the
index of courses, 8.9 with it, on wholly held-out engines); with 100 test engines a difference of 0.8 is chance. A
small neural network (two layers on the same features) was tried and was worse (16.2 held out, ten times the time);
extremely random trees gained nothing. The command `ecotwin life` on FD001 held 0.54 GB at most.

## A state of the cooler that was never seen

Hydraulic rig, 1,473 load cycles of eight signals: a reference is learned on the first half of one state of the
cooler and asked of its second half and of the other state. A row counts as unfamiliar twice as far out as 99 of 100
of the reference's own rows (the rule was set after these distances had been seen: own later rows reach 1.4, the
other state begins at 2.04 and lies mostly at 3.7 to 5.7).

{cooler}

## The age at which failures begin

Made histories of 150 compressors of which most are lost from sight, failures at 0.02 per 1,000 h before 2,000
running hours and 0.6 after; and as many that fail at one rate throughout.

{onsets}

"""


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_lives_and_hazards() -> None:
    if not (PUBLIC / "cmapss").exists():
        pytest.skip("C-MAPSS is not here: set ECOTWIN_PUBLIC_DATA to the folder that holds cmapss")
    write(bench.measure("life", 10.0, PUBLIC), "ECOTWIN_PUBLIC_DATA=FOLDER make proofs")


def write(measured: dict[str, Any], command: str) -> None:
    """Write the evidence of a run of the benchmark, and judge it."""
    body = evidence.head(command) | {"bench": measured, "onset": onsets()}
    (FOLDER / f"{NAME}.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    (FOLDER / f"{NAME}.md").write_text(page(body), encoding="utf-8")
    one, three = measured["fd001"], measured["fd003_held_out"]
    assert one["capped"]["rmse"] <= 11.5
    assert 0.75 <= one["capped"]["coverage"] <= 0.85
    assert one["capped"]["rmse"] < one["peers"]["lightgbm"]["rmse"]
    assert three["rmse"] < three["peers"]["lightgbm"]["rmse"]
    assert body["onset"]["found"] > 0.95
    assert body["onset"]["held"] > 0.85
    assert body["onset"]["false"] < 0.12


def onsets() -> dict[str, float]:
    """How often a change of hazard is found, its age held, and one seen where none is."""
    turned = [onset(compressors(150, seed, 2000.0, 2e-5, 6e-4)) for seed in range(1000, 1100)]
    same = [onset(compressors(150, seed, 2000.0, 3e-4, 3e-4)) for seed in range(2000, 2100)]
    return {
        "histories": len(turned),
        "found": float(np.mean([o.found for o in turned])),
        "held": float(np.mean([o.age_h.low <= 2000.0 <= o.age_h.high for o in turned])),
        "age_h": float(np.mean([o.age_h.value for o in turned])),
        "width_h": float(np.mean([o.age_h.high - o.age_h.low for o in turned])),
        "false": float(np.mean([o.found for o in same])),
    }


def page(body: dict[str, Any]) -> str:
    """The evidence as Markdown."""
    run = body["bench"]
    return TEXT.format(
        **{k: v for k, v in body.items() if k not in ("bench", "onset")},
        load=run["machine"]["load_before"],
        seed=run["seed"],
        lives=_lives(run),
        cooler=_cooler(run.get("hydraulic_unseen_cooler", {})),
        onsets=_onsets(body["onset"]),
    )


def _lives(run: dict[str, Any]) -> str:
    parts = [run[k] for k in ("fd001", "fd001_no_cap", "fd001_six_regimes")]
    three = run["fd003_held_out"]
    held = three["peers"]

    def row(name: str, *cells: str) -> tuple[str, ...]:
        return (name, *cells)

    peers = parts[0]["peers"]
    rows = [
        row("engines asked", *(f"{p['capped']['units']}" for p in parts), f"{three['asked']}"),
        row("RMSE, both capped at 125", *(f"**{p['capped']['rmse']:.2f}**" for p in parts), f"**{three['rmse']:.2f}**"),
        row("the same, plain LightGBM", f"{peers['lightgbm']['rmse']:.2f}", "", "", f"{held['lightgbm']['rmse']:.2f}"),
        row(
            "the same, median life less age", f"{peers['median_life_less_age']['rmse']:.2f}", "", "",
            f"{held['median_life_less_age']['rmse']:.2f}",
        ),
        row("RMSE where the truth is below 125", "", "", "", f"{three['rmse_truth_below_cap']:.2f}"),
        row("RMSE, nothing capped", *(f"{p['uncapped']['rmse']:.1f}" for p in parts), ""),
        row("PHM08 score, both capped", *(f"{p['capped']['phm08']:.0f}" for p in parts), ""),
        row("truth in the 80 % interval", *(f"{p['uncapped']['coverage']:.0%}" for p in parts),
            f"{three['coverage']:.0%}"),
        row("capped truth in it", *(f"{p['capped']['coverage']:.0%}" for p in parts), ""),
        row("truth below 125 in it", "", "", "", f"{three['coverage_truth_below_cap']:.0%}"),
        row("mean width of the interval", *(f"{p['capped']['width']:.0f}" for p in parts), ""),
        row("held-out RMSE of training", *(f"{p['held_out_rmse']:.2f}" for p in parts), ""),
        row("learning [s of one core]", *(f"{p['learning_s']:.0f}" for p in parts), ""),
        row("telling [ms a unit]", *(f"{p['telling_ms_a_unit']:.0f}" for p in parts), ""),
    ]  # fmt: skip
    return _table(
        (
            "figure [cycles]",
            "FD001",
            "FD001, no cap given",
            "FD001, made regimes",
            "FD003, held out",
        ),
        rows,
    )


def _cooler(told: dict[str, Any]) -> str:
    rows = [
        (
            name.removeprefix("learned_at_") + " %",
            f"{row['cycles_learned']}",
            f"{row['refused_later_same_state']:.0%}",
            f"{row['refused_other_states']:.0%}",
        )
        for name, row in told.items()
    ]
    return _table(
        ("cooler learned at", "cycles", "unfamiliar, same state later", "unfamiliar, other state"),
        rows,
    )


def _onsets(told: dict[str, float]) -> str:
    rows = [
        ("histories of each kind", f"{told['histories']}"),
        ("change found", f"{told['found']:.0%}"),
        ("2,000 h within the 90 % interval", f"{told['held']:.0%}"),
        ("mean age told [h]", f"{told['age_h']:,.0f}"),
        ("mean width of the interval [h]", f"{told['width_h']:,.0f}"),
        ("change seen where there is none (5 % stated)", f"{told['false']:.0%}"),
    ]
    return _table(("figure", "value"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
