"""The engine fleet, measured: made lives with unseen seeds, days run ahead, and rules of upkeep."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from proofs import evidence, month
from proofs import turbofan_story as story

FOLDER = month.ROOT / "docs" / "evidence"
NAME = "0011-engine-life"
TEXT = """# Life and upkeep of engines

Made by `{command}` on {date} at commit {commit} ({changed_files} changed source files),
{machine}. Do not edit: the proof (`tests/proofs/test_turbofan.py`) writes it.

## Life left of made engines

40 engines of the stand-in are followed to their end (a take-off report every 100 flights: sensors and the day's
conditions) and teach the one model of lives; engines of another seed are asked at one moment of their life each. *Near
the end* is within 4,000 flights of it. The same model on the public C-MAPSS sets: [lives](0015-life.md).

Engines count as equally far from their end beyond six tenths of the median life, as in the model used before this one.
That was taken up after two seeds (6161, 7001) without it had let five of 37 engines come off too late.

{lives}

## Taken off the wing in time

The same model on the true lives of further engines: off when the low end of life left comes within 350 flights.

{off}

## Watched in flight

Eight fleets of six engines of any age, two days of flights in minutes, no engine followed to its end. The law of life
is stated and not learned: followed engines (above) tell more.

{watched_rows}

## Days run ahead

Two days of the whole fleet from the stand-in's image, beside what the stand-in then flew: truth, then mean and 5 to
95 % of 100 runs. Once with the facts of the kinds alone, once with what two days, nine days before, had taught.

{days}

## Rules of upkeep

Six engines, 30,000 flights each, 200 runs, paired engine by engine; facts and prices of `plants/turbofan.yaml`. What a
rule avoids against the fixed one stands as mean and middle 90 % of the runs; below zero it takes more.

{rules}
"""


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_engine_life() -> None:
    told = evidence.head("make proofs")
    body = {
        **told,
        "made": [{"seed": s} | story.life_left(s, asked=60) for s in (7001, 7002, 7003)],
        "served": [{"seed": s} | vars(story.served(s)) for s in (7001, 7002, 7003)],
        "ahead": days_ahead((8001, 8002, 8003, 8004), datetime(2026, 9, 1, 22, tzinfo=UTC)),
        "watched": story.watched_all(
            tuple(range(9101, 9109)), datetime(2026, 9, 1, 22, tzinfo=UTC)
        ),
        "plans": plans(9001),
    }
    (FOLDER / f"{NAME}.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    (FOLDER / f"{NAME}.md").write_text(page(body), encoding="utf-8")
    assert body["watched"]["margin_k"] < 4.0
    assert body["watched"]["coverage"] > 0.6
    learned = [row for row in body["ahead"] if row["learned"] != "none"]
    assert np.mean([abs(row["fuel_kg"][1] / row["fuel_kg"][0] - 1.0) for row in learned]) < 0.03
    assert all(row["nox_kg"][2] <= row["nox_kg"][0] <= row["nox_kg"][3] for row in learned)
    assert all(row["rmse"] < 0.75 * row["rmse_by_age"] for row in body["made"])
    assert sum(row["late_condition"] for row in body["served"]) <= 3
    assert np.mean([row["by_condition"] / row["by_fixed"] for row in body["served"]]) > 1.2


def days_ahead(seeds: tuple[int, ...], start: datetime) -> list[dict[str, Any]]:
    """Each seed without and with what the two days nine days before had taught."""
    found: list[dict[str, Any]] = []
    for seed in seeds:
        known = story.calibrated(seed, start - timedelta(days=9))
        for name, parameters in (("none", {}), ("two days", known)):
            told = story.ahead(seed, start, parameters=parameters)
            found.append({"seed": seed, "learned": name} | vars(told))
    return found


def plans(seed: int) -> list[dict[str, Any]]:
    """Each rule: means, and what it avoids against the fixed one."""
    return [
        {
            "rule": name,
            "restorations": float(made.restorations.mean()),
            "unplanned": float(made.unplanned.mean()),
            "washes": float(made.washes.mean()),
            "fuel_kg": float(made.fuel_kg.mean()),
            "co2e_kg": float(made.co2e_kg.mean()),
            "cost": float(made.cost.mean()),
            "avoids": {a.what: [a.mean, a.low, a.high] for a in less},
        }
        for name, (made, less) in story.plans(seed).items()
    ]


def page(body: dict[str, Any]) -> str:
    """The evidence as Markdown."""
    return TEXT.format(
        **body,
        lives=_made(body["made"]),
        off=_served(body["served"]),
        watched_rows=_watched(body["watched"]),
        days=_ahead(body["ahead"]),
        rules=_plans(body["plans"]),
    )


def _made(rows: list[dict[str, float]]) -> str:
    keys = ("seed", "engines", "rmse", "near", "rmse_by_age", "coverage", "width")
    forms = (".0f", ".0f", ",.0f", ",.0f", ",.0f", ".0%", ",.0f")
    return table(
        (
            "seed",
            "engines",
            "RMSE [flights]",
            "near the end",
            "by age alone",
            "inside 80 %",
            "width",
        ),
        [tuple(format(r[k], f) for k, f in zip(keys, forms, strict=True)) for r in rows],
    )


def _watched(row: dict[str, float]) -> str:
    rows = (
        ("engines", "engines", ".0f"),
        ("margin lost since the acceptance test, RMSE [K]", "lost_k", ".1f"),
        ("margin left, RMSE [K]", "margin_k", ".1f"),
        ("flights left, RMSE", "rmse", ",.0f"),
        ("flights left, bias", "bias", "+,.0f"),
        ("truth inside the 80 % interval", "coverage", ".0%"),
        ("mean width of the interval [flights]", "width", ",.0f"),
    )
    return table(("figure", "value"), [(name, format(row[key], form)) for name, key, form in rows])


def _served(rows: list[dict[str, float]]) -> str:
    keys = (
        "seed",
        "engines",
        "by_condition",
        "by_fixed",
        "possible",
        "late_condition",
        "late_fixed",
    )
    return table(
        (
            "seed", "engines", "flights by condition", "flights by fixed 8,000", "flights that were possible",
            "too late by condition", "too late by fixed",
        ),
        [tuple(format(r[k], ".0f" if k == "seed" else ",.0f") for k in keys) for r in rows],
    )  # fmt: skip


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _ahead(rows: list[dict[str, Any]]) -> str:
    def cell(four: list[float], unit: float = 1.0, digits: int = 1) -> str:
        truth, mean, low, high = (x / unit for x in four)
        return f"{truth:,.{digits}f}: {mean:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"

    cells: list[tuple[str, ...]] = []
    for r in rows:
        whole = (cell(r["flights"], digits=0), cell(r["fuel_kg"], 1e3), cell(r["nox_kg"], digits=0))
        each = (cell(r["fuel_per_flight"], digits=0), cell(r["nox_per_flight"]))
        cells.append((str(r["seed"]), r["learned"], *whole, *each))
    head = (
        "seed",
        "learned from",
        "flights",
        "fuel [t]",
        "NOx [kg]",
        "fuel per flight [kg]",
        "NOx per flight [kg]",
    )
    return table(head, cells)


def _plans(rows: list[dict[str, Any]]) -> str:
    def less(row: dict[str, Any], what: str, unit: float = 1.0, digits: int = 1) -> str:
        mean, low, high = (x / unit for x in row["avoids"][what])
        return f"{mean:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"

    head = (
        "rule", "replacements", "unplanned", "washes", "replacements avoided", "parts avoided", "fuel avoided [t]",
        "CO2e avoided [t]", "cost avoided [million EUR]",
    )  # fmt: skip
    cells: list[tuple[str, ...]] = []
    for r in rows:
        plain = (f"{r['restorations']:.1f}", f"{r['unplanned']:.1f}", f"{r['washes']:.0f}")
        spared = (less(r, "restorations"), less(r, "parts", digits=0))
        rest = (less(r, "fuel_kg", 1e3, 0), less(r, "co2e_kg", 1e3, 0), less(r, "cost", 1e6))
        cells.append((r["rule"], *plain, *spared, *rest))
    return table(head, cells)
