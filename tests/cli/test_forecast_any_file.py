"""`ecotwin forecast` on files as plants have them: torn, short, constant, mixed up. An answer or a clear refusal."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ecotwin.cli import app
from ecotwin.errors import EcotwinError, FigureGap, SettingsFault
from loads import hourly_load

WEEKS = 5
ORIGIN = 4 * 168


@dataclass(frozen=True)
class Made:
    """What the command said, and the forecasts it wrote [n, 3]."""

    told: dict[str, object]
    quantiles: np.ndarray


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(" ")


def columns() -> dict[str, list[str]]:
    rows = hourly_load(WEEKS, seed=61, driven=4.0)
    return {
        "when": [stamp(t) for t in rows.at_s],
        "kW": [repr(v) for v in rows.column("load").tolist()],
        "plan": [repr(v) for v in rows.column("plan").tolist()],
    }


def forecast(folder: Path, made: dict[str, list[str]], **changed: str) -> Made:
    file, out = folder / "in.csv", folder / "F.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(made)
        writer.writerows(zip(*made.values(), strict=True))
    when = next(iter(made))
    options = {
        "time": when, "target": "kW", "horizon": "24", "every": "24",
        "origin": made[when][min(ORIGIN, len(made[when]) - 1)], "forecaster": "mixed", **changed,
    }  # fmt: skip
    words = [w for k, v in options.items() for w in (f"--{k}", v)]
    result = CliRunner().invoke(app, ["forecast", str(file), *words, "--out", str(out), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    with out.open(encoding="utf-8") as text:
        rows = [[float(r[q]) for q in ("q10", "q50", "q90")] for r in csv.DictReader(text)]
    table = np.array(rows)
    assert np.isfinite(table).all()
    assert (np.diff(table, axis=1) >= 0).all()
    return Made(json.loads(result.output), table)


@pytest.mark.parametrize("forecaster", ["seasonal", "linear", "boosted", "similar_days", "mixed"])
def test_a_past_of_a_day_and_a_half_is_answered(tmp_path: Path, forecaster: str) -> None:
    made = {n: c[:60] for n, c in columns().items()}
    told = forecast(tmp_path, made, origin=made["when"][36], every="0", forecaster=forecaster)
    load = np.array(made["kW"][:36], float)
    # Nothing told lies far outside what the past held.
    assert told.quantiles[:, 1].min() > load.min() - np.ptp(load)
    assert told.quantiles[:, 1].max() < load.max() + np.ptp(load)


def test_a_horizon_longer_than_the_past(tmp_path: Path) -> None:
    made = columns()
    told = forecast(tmp_path, made, origin=made["when"][72], horizon="200", every="0")
    assert len(told.quantiles) == 200


def test_names_units_and_order_of_columns_change_only_the_unit(tmp_path: Path) -> None:
    made = columns()
    plain = forecast(tmp_path, made, known="plan")
    scaled = {
        "t": made["when"],
        "zz": [repr(1000 * float(v) - 7) for v in made["plan"]],
        "aa": [repr(1000 * float(v) + 12345) for v in made["kW"]],
    }
    other = forecast(tmp_path, scaled, known="zz", target="aa")
    np.testing.assert_allclose(
        (other.quantiles - 12345) / 1000, plain.quantiles, rtol=1e-6, atol=1e-5
    )


def test_a_target_below_zero_is_told_below_zero(tmp_path: Path) -> None:
    made = columns()
    turned = {**made, "kW": [repr(-float(v)) for v in made["kW"]]}
    told = forecast(tmp_path, turned, forecaster="seasonal")
    plain = forecast(tmp_path, made, forecaster="seasonal")
    assert told.quantiles.max() < 0
    np.testing.assert_allclose(told.quantiles[:, 1], -plain.quantiles[:, 1], rtol=1e-6)


def constant(made: dict[str, list[str]]) -> dict[str, list[str]]:
    return {**made, "kW": ["5.5"] * len(made["kW"])}


def words_among(made: dict[str, list[str]]) -> dict[str, list[str]]:
    return {**made, "kW": ["fault" if i % 9 == 0 else v for i, v in enumerate(made["kW"])]}


def repeated(made: dict[str, list[str]]) -> dict[str, list[str]]:
    order = sorted([*range(len(made["kW"])), *range(0, len(made["kW"]), 5)])
    return {n: [c[i] for i in order] for n, c in made.items()}


def irregular(made: dict[str, list[str]]) -> dict[str, list[str]]:
    start = datetime.fromisoformat(made["when"][0]).replace(tzinfo=UTC).timestamp()
    steps = np.random.default_rng(62).exponential(3600.0, len(made["when"])).cumsum()
    return {**made, "when": [stamp(start + s) for s in steps.round(3).tolist()]}


def summer_time(made: dict[str, list[str]]) -> dict[str, list[str]]:
    """Wall clock: an hour is left out in the second week, an hour comes twice within the horizons told."""
    start = datetime.fromisoformat(made["when"][0]).replace(tzinfo=UTC).timestamp()
    hours = np.arange(len(made["when"]), dtype=float)
    hours[200:] += 1
    hours[ORIGIN + 30 :] -= 1
    return {**made, "when": [stamp(start + 3600 * h) for h in hours.tolist()]}


def turned_back(made: dict[str, list[str]]) -> dict[str, list[str]]:
    """Half hours whose clock is turned back by an hour within a horizon: two rows lie before their origin's time."""
    start = datetime.fromisoformat(made["when"][0]).replace(tzinfo=UTC).timestamp()
    halves = np.arange(len(made["when"]), dtype=float)
    halves[ORIGIN + 25 :] -= 2
    return {**made, "when": [stamp(start + 1800 * h) for h in halves.tolist()]}


def far_jump(made: dict[str, list[str]]) -> dict[str, list[str]]:
    return {
        **made,
        "when": [("2126" + v[4:]) if i >= 300 else v for i, v in enumerate(made["when"])],
    }


def plan_missing_ahead(made: dict[str, list[str]]) -> dict[str, list[str]]:
    return {**made, "plan": [v if i < ORIGIN else "" for i, v in enumerate(made["plan"])]}


@pytest.mark.parametrize(
    ("torn", "note"),
    [
        (constant, "never moved"),
        (words_among, "words and count as missing"),
        (repeated, "bears the time of the row before"),
        (irregular, "rows are counted"),
        (far_jump, "rows are counted"),
        (summer_time, "bears the time of the row before"),
        (turned_back, "clock runs back"),
        (plan_missing_ahead, "plan is missing in"),
    ],
    ids=lambda made: getattr(made, "__name__", ""),
)
def test_a_torn_file_is_answered_and_what_is_odd_is_told(
    tmp_path: Path, torn: Callable[[dict[str, list[str]]], dict[str, list[str]]], note: str
) -> None:
    made = torn(columns())
    told = forecast(tmp_path, made, known="plan")
    notes = told.told["notes"]
    assert isinstance(notes, Sequence)
    assert any(note in n for n in notes), notes
    rmse = told.told["rmse"]
    assert isinstance(rmse, float)
    spread = float(np.std(hourly_load(WEEKS, seed=61, driven=4.0).column("load")))
    assert rmse < (0.9 if torn in (irregular, turned_back) else 0.5) * spread


def missing(made: dict[str, list[str]]) -> dict[str, list[str]]:
    return {**made, "kW": [""] * len(made["kW"])}


def one_row(made: dict[str, list[str]]) -> dict[str, list[str]]:
    return {n: c[:1] for n, c in made.items()}


@pytest.mark.parametrize(
    ("torn", "changed", "fault"),
    [
        (missing, {}, FigureGap),
        (one_row, {"horizon": "1", "origin": "2026-01-05 00:00:00"}, FigureGap),
        (None, {"origin": "2031-01-01"}, SettingsFault),
        (None, {"origin": "2026-01-05 03:00:00"}, FigureGap),
        (None, {"origin": "1999-01-01"}, FigureGap),
        (None, {"horizon": "5000"}, FigureGap),
        (None, {"known": "kW"}, SettingsFault),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_to_do(
    tmp_path: Path,
    torn: Callable[[dict[str, list[str]]], dict[str, list[str]]] | None,
    changed: dict[str, str],
    fault: type[EcotwinError],
) -> None:
    made = columns()
    with pytest.raises(fault) as caught:
        forecast(tmp_path, torn(made) if torn else made, **changed)
    assert "expected" in str(caught.value).lower()
