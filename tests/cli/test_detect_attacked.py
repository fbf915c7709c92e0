"""`ecotwin detect` on the same table in many disguises, and on tables that ask for a clear word."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from detection.normal_series import normal_series
from ecotwin.cli import app
from ecotwin.errors import EcotwinError
from ecotwin.records import Floats

ROWS, TRAIN, FAULT, SIGNALS = 700, 300, 560, 4
BEGIN = datetime(2026, 3, 1)  # noqa: DTZ001
ISO = [(BEGIN + timedelta(minutes=i)).isoformat() for i in range(ROWS)]
EPOCH_MS = [1772323200000 + 60000 * i for i in range(ROWS)]


@cache
def values() -> Floats:
    made = normal_series("calm", ROWS, SIGNALS, seed=2101)
    made[FAULT:, 0] += 5.0 * made[:, 0].std()
    return made


def write(file: Path, columns: dict[str, Sequence[Any]], sep: str = ",", dec: str = ".") -> Path:
    def cell(x: Any) -> str:
        if isinstance(x, float):
            return "" if x != x else repr(float(x)).replace(".", dec)
        return str(x)

    lines = [sep.join(columns)] + [
        sep.join(map(cell, row)) for row in zip(*columns.values(), strict=True)
    ]
    content = ("\n".join(lines) + "\n").encode()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    return file


def signals(made: Floats, names: str = "abcd") -> dict[str, Sequence[Any]]:
    return {n: [float(x) for x in made[:, j]] for j, n in enumerate(names)}


def run(file: Path, *words: str, train: int = TRAIN) -> tuple[Floats, dict[str, Any]]:
    out = file.with_name("scores.csv")
    rows = ("--train-rows", str(train)) if train else ()
    done = CliRunner().invoke(
        app, ["detect", str(file), *words, *rows, "--out", str(out), "--json"], catch_exceptions=False
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    with out.open(newline="") as text:
        scores = np.array([float(r["score"] or "nan") for r in csv.DictReader(text)])
    return scores, json.loads(done.output)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Floats:
    file = write(tmp_path_factory.mktemp("plain") / "p.csv", {"t": ISO, **signals(values())})
    return run(file, "--time", "t")[0]


def disguised(kind: str) -> tuple[dict[str, Sequence[Any]], str, str, str]:
    """Columns, separator, decimal mark and ending of the same table."""
    same: dict[str, Sequence[Any]] = {"t": ISO, **signals(values())}
    if kind == "rescaled, renamed, reordered":
        return (
            {**signals(values()[:, [2, 0, 3, 1]] * 1000.0 - 777.0, "wxyz"), "t": ISO},
            ",",
            ".",
            ".csv",
        )
    if kind == "semicolons and commas":
        return same, ";", ",", ".csv"
    if kind == "packed, of milliseconds":
        return same | {"t": EPOCH_MS}, ",", ".", ".csv.gz"
    if kind == "with a zone":
        return same | {"t": [stamp + "+02:00" for stamp in ISO]}, ",", ".", ".csv"
    more: dict[str, Sequence[Any]] = {
        "empty": [""] * ROWS,
        "word": ["on", "off"] * (ROWS // 2),
        "count": list(range(7, ROWS + 7)),
    }
    return {"still": [3.5] * ROWS, **same, **more}, ",", ".", ".csv"


KINDS = (
    "rescaled, renamed, reordered", "semicolons and commas", "packed, of milliseconds", "with a zone",
    "beside still, empty, word and counting columns",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_disguise_changes_no_score(tmp_path: Path, plain: Floats, kind: str) -> None:
    columns, sep, dec, end = disguised(kind)
    seen, told = run(write(tmp_path / f"f{end}", columns, sep, dec), "--time", "t")
    np.testing.assert_allclose(seen, plain, rtol=1e-6)
    if "count" in columns:
        notes = " ".join(told["notes"])
        for word in (
            "still stood still",
            "empty has no",
            "left out: word",
            "count moves on evenly",
        ):
            assert word in notes


@pytest.mark.parametrize("until", [ISO[TRAIN], str(EPOCH_MS[TRAIN])])
def test_until_a_time_is_until_its_row(tmp_path: Path, plain: Floats, until: str) -> None:
    file = write(tmp_path / "f.csv", {"t": EPOCH_MS, **signals(values())})
    seen = run(file, "--time", "t", "--train-until", until, train=0)[0]
    np.testing.assert_allclose(seen, plain, rtol=1e-6)


def test_a_lasting_change_is_told_once_and_what_is_odd_beside_it(tmp_path: Path) -> None:
    made = normal_series("calm", 1500, SIGNALS, seed=2102)
    made[600:, 1] += 8.0 * made[:, 1].std()
    made[1300:1400, 2] -= 9.0 * made[:, 2].std()
    file = write(tmp_path / "f.csv", {"t": list(range(1500)), **signals(made)})
    scores, told = run(file, "--time", "t")
    assert (
        scores[600 - TRAIN :] > 1.0
    ).mean() > 0.99  # a fault that stays is never taken for usual
    (one,) = told["lasting"]
    assert abs(one["first"] - 600) < 10
    assert one["open"]
    assert one["moved"][0]["name"] == "b"
    assert one["moved"][0]["spreads"] == pytest.approx(8.0, abs=2.5)
    assert 90 <= one["still_odd"] < 250
    assert told["promise"]["rows_outside"] == one["rows"]
    assert any("is not promised there" in note for note in told["notes"])


def test_a_calm_file_keeps_the_whole_promise(tmp_path: Path) -> None:
    made = normal_series("calm", 900, SIGNALS, seed=2103)
    _, told = run(write(tmp_path / "f.csv", signals(made)), train=400)
    assert told["lasting"] == []
    assert told["promise"]["rows_outside"] == 0
    assert told["promise"]["expected_at_most"] <= 0.05
    assert told["anomalies"] <= 0.02 * told["judged"]


def test_halves_that_differ_widen_the_promise(tmp_path: Path) -> None:
    made = normal_series("calm", 900, SIGNALS, seed=2104)
    made[200:] += 6.0 * made.std(axis=0)
    _, told = run(write(tmp_path / "f.csv", signals(made)), train=400)
    assert told["promise"]["expected_at_most"] > 0.5
    assert any("halves of the training part are unlike" in note for note in told["notes"])


def test_what_is_not_watched_is_told(tmp_path: Path) -> None:
    made = values().copy()
    made[20:190, 0] = np.nan
    made[5, 1], made[600, 1] = np.inf, -np.inf
    told = run(write(tmp_path / "f.csv", {"t": ISO, **signals(made)}), "--time", "t")[1]
    assert any("a has values in 130 of 300 rows" in note for note in told["notes"])
    assert any("2 cells are infinite" in note for note in told["notes"])
    never_falls = {"t": ISO, **signals(values()), "kwh": np.cumsum(np.exp(values()[:, 0])).tolist()}
    told = run(write(tmp_path / "g.csv", never_falls), "--time", "t")[1]
    assert any("kwh never falls" in note for note in told["notes"])


def test_rows_out_of_order_are_judged_and_told(tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(ROWS)
    columns = {"t": [ISO[i] for i in order], **signals(values()[order])}
    scores, told = run(write(tmp_path / "f.csv", columns), "--time", "t")
    assert np.isfinite(scores).all()
    assert any("times the clock runs back" in note for note in told["notes"])


@pytest.mark.parametrize(
    ("columns", "words", "train", "message"),
    [
        ({"t": ISO, **signals(values())}, ("--time", "t"), 20, "20 rows with values"),
        ({"t": ISO, **signals(values())}, ("--time", "t"), ROWS, "700 of 700 rows"),
        ({"t": ISO, **signals(values())}, ("--time", "t", "--label", "t"), TRAIN, "both 't'"),
        ({"t": [*ISO[:300], "", *ISO[301:]], **signals(values())}, ("--time", "t"), TRAIN, "data row 301"),
        ({"t": ISO, "one": list(range(ROWS)), "two": list(range(5, 5 + ROWS))}, ("--time", "t"), TRAIN, "moves"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused(
    tmp_path: Path, columns: dict[str, Sequence[Any]], words: tuple[str, ...], train: int, message: str
) -> None:  # fmt: skip
    with pytest.raises(EcotwinError, match=message):
        run(write(tmp_path / "f.csv", columns), *words, train=train)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", {"t": ISO, **signals(values())})
    file.write_text(file.read_text().replace("t,a,b,c,d", "t,a,b,b,d", 1))
    with pytest.raises(EcotwinError, match="more than one column is named b"):
        run(file, "--time", "t")
