"""`ecotwin detect --cross-check`: what is behind an odd stretch of a table, with its evidence, and a column for it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ecotwin.cli import app
from ecotwin.errors import EcotwinError
from made_networks import CASES, COLUMNS, made

LEARN, BEGIN, ROWS = 900, 930, 990


def written(file: Path, case: str, columns: int = len(COLUMNS)) -> str:
    rows = made(case, 41, ROWS, slice(BEGIN, ROWS))
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["at", *(f"x{i}" for i in range(columns))])
        for stamp, row in zip(rows.stamps, rows.values, strict=True):
            writer.writerow([stamp, *(repr(1000.0 * float(v)) for v in row[:columns])])
    return str(file)


WORDS = ("--time", "at", "--train-rows", str(LEARN))


def test_the_kind_is_a_column_and_the_evidence_is_told(tmp_path: Path) -> None:
    file, out = written(tmp_path / "net.csv", "replay of three"), tmp_path / "out.csv"
    words = ["detect", file, *WORDS, "--cross-check", "--out", str(out), "--json"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    told = json.loads(done.output)
    with out.open(newline="") as text:
        kinds = [row["kind"] for row in csv.DictReader(text)]
    assert len(kinds) == ROWS - LEARN
    assert not any(kinds[: BEGIN - LEARN])
    last = told["stretches"][-1]
    assert last["kind"] == CASES["replay of three"]
    assert kinds[-1] in (last["kind"], "")
    assert last["why"][0]["text"]
    assert set(last["signals"]) <= {f"x{i}" for i in range(len(COLUMNS))}


def test_people_read_the_stretch_and_without_asking_nothing_is_added(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    file = written(tmp_path / "net.csv", "freeze")
    few = ("--signals", "x0,x1,x2,x7", "--out", str(out))
    words = ["detect", file, *WORDS, *few]
    plain = CliRunner().invoke(app, words, catch_exceptions=False)
    assert out.read_text().splitlines()[0] == "time,score,anomaly,top_signals"
    checked = CliRunner().invoke(app, [*words, "--cross-check"], catch_exceptions=False)
    assert out.read_text().splitlines()[0] == "time,score,anomaly,top_signals,kind"
    added = set(checked.output.splitlines()) - set(plain.output.splitlines())
    assert any("a sensor says what cannot be" in line for line in added)


def test_one_signal_cannot_be_checked_against_others(tmp_path: Path) -> None:
    file = written(tmp_path / "net.csv", "freeze", 1)
    with pytest.raises(EcotwinError, match="1 signals that move"):
        CliRunner().invoke(app, ["detect", file, *WORDS, "--cross-check"], catch_exceptions=False)
