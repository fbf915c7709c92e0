"""`ecotwin sense` on files: what it writes, what it prints, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from ecotwin.cli import app
from ecotwin.errors import EcotwinError, FigureGap, FileFault, SettingsFault

ROWS, TRAIN = 330, 200


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    walk = np.cumsum(rng.normal(size=(ROWS, 2)), axis=0) * 0.1 + rng.normal(size=(ROWS, 2))
    return {
        "at": [f"2026-01-{1 + i // 24:02d}T{i % 24:02d}:00" for i in range(ROWS)],
        "load": walk[:, 0],
        "air": walk[:, 1],
        "nox": 60.0 + 3.0 * walk[:, 0] - walk[:, 1] + 0.3 * rng.normal(size=ROWS),
        "note": ["ok"] * ROWS,
    }


def written(file: Path, table: dict[str, Any]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return file


def run(file: Path, *words: str) -> Any:
    base = ["sense", str(file), "--target", "nox", "--reference-every", "24", *words]
    told = CliRunner().invoke(app, base)
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return told


def test_every_row_after_training_stands_in_the_file(tmp_path: Path, table: dict[str, Any]) -> None:
    file, out = written(tmp_path / "stack.csv", table), tmp_path / "nox.csv"
    told = run(
        file, "--time", "at", "--train-until", "2026-01-09T08:00", "--out", str(out), "--json"
    )
    result = json.loads(told.stdout)
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert len(rows) == ROWS - TRAIN == result["rows_told"]
    assert rows[0]["time"] == "2026-01-09T08:00"
    assert set(rows[0]) == {"time", "value", "low", "high", "state", "why"}
    told_rows = [r for r in rows if r["state"] == "told"]
    assert all(float(r["low"]) <= float(r["value"]) <= float(r["high"]) for r in told_rows)
    truth = dict(zip(table["at"], table["nox"], strict=True))
    errors = [abs(float(r["value"]) - truth[r["time"]]) for r in rows if r["value"]]
    assert result["mae"] == pytest.approx(np.mean(errors), rel=1e-6)
    assert result["mae"] < 0.5 * result["peers"]["last reference mean"]["mae"]
    assert {"rmse", "bias", "coverage", "drift_alarms", "states"} <= set(result)
    assert result["inputs"] == ["load", "air"]
    assert any("note" in n for n in result["notes"])


def test_for_a_person_it_prints_numbers_beside_peers(tmp_path: Path, table: dict[str, Any]) -> None:
    file = written(tmp_path / "stack.csv", {k: v for k, v in table.items() if k != "at"})
    told = run(file, "--inputs", "air,load", "--train-rows", "200", "--references", "spot")
    for words in ("in the 80 % band", "never recalibrated", "last reference mean", "calibrations"):
        assert words in told.stdout


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("--train-rows", "200", "--inputs", "nox,air"), SettingsFault, "never told from itself"),
        (("--train-rows", "400"), SettingsFault, "400 rows"),
        ((), SettingsFault, "one of them"),
        (("--train-rows", "200", "--references", "some"), SettingsFault, "block or spot"),
        (("--train-rows", "20"), FigureGap, "at least 60"),
        (("--train-rows", "200", "--inputs", "note"), FileFault, "words"),
        (("--train-rows", "200", "--inputs", "steam"), FileFault, "steam"),
        (("--train-rows", "200", "--bad", "flag"), FileFault, "flag"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path,
    table: dict[str, Any],
    words: tuple[str, ...],
    error: type[EcotwinError],
    said: str,
) -> None:
    file = written(tmp_path / "stack.csv", table)
    with pytest.raises(error, match=said):
        run(file, *words)


def test_a_clock_that_runs_back_and_empty_columns_are_refused(
    tmp_path: Path, table: dict[str, Any]
) -> None:
    back = dict(table, at=table["at"][:210] + table["at"][:120])
    file = written(tmp_path / "back.csv", back)
    with pytest.raises(FileFault, match="runs back at data row 211"):
        run(file, "--time", "at", "--train-rows", "200")
    empty = written(tmp_path / "empty.csv", dict(table, air=[""] * ROWS))
    with pytest.raises(FileFault, match="air has no number"):
        run(empty, "--train-rows", "200", "--inputs", "load,air")
    one = written(tmp_path / "one.csv", {k: v[:1] for k, v in table.items()})
    with pytest.raises(SettingsFault, match="the file has 1"):
        run(one, "--train-rows", "1")


def test_words_among_numbers_and_repeated_times_get_an_answer(
    tmp_path: Path, table: dict[str, Any]
) -> None:
    odd = dict(table)
    odd["load"] = [("error" if i in (220, 221) else v) for i, v in enumerate(table["load"])]
    odd["at"] = [*table["at"][:250], table["at"][249], *table["at"][251:]]
    told = run(written(tmp_path / "odd.csv", odd), "--time", "at", "--train-rows", "200", "--json")
    notes = " ".join(json.loads(told.stdout)["notes"])
    assert "words" in notes
    assert "time of the row before" in notes
