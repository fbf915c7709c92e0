"""`ecotwin detect` on files: what it writes, what it refuses, and that a label is never learned from."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from detection.normal_series import normal_series
from ecotwin.cli import app
from ecotwin.errors import EcotwinError

LABELLED = ("--time", "when", "--train-rows", "300", "--label", "fault")


def table(folder: Path, *, flip: bool = False, bad: str = "") -> Path:
    values = normal_series("calm", 500, 3, seed=12)
    values[420:, 1] += 6.0 * values[:, 1].std()
    file = folder / f"rig{flip}{bad}.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(["when", "a flow", "b,heat", "power", "state", "fault"])
        for i, row in enumerate(values):
            cells = [f"{v:.6f}" for v in row]
            if bad == "words" and i in (10, 450):
                cells[0] = "broken"
            label = (i >= 420) != flip
            writer.writerow([f"2026-03-01T00:{i // 60:02d}:{i % 60:02d}", *cells, "on", int(label)])
    return file


def run(*words: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["detect", *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told: dict[str, object] = json.loads(done.output)
    return told


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as text:
        return list(csv.DictReader(text))


def test_one_row_is_written_for_each_row_after_the_training_part(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    told = run(str(table(tmp_path)), *LABELLED, "--out", str(out))
    rows = read(out)
    assert list(rows[0]) == ["time", "score", "anomaly", "top_signals"]
    assert [r["time"] for r in rows[:2]] == ["2026-03-01T00:05:00", "2026-03-01T00:05:01"]
    assert len(rows) == 200
    assert {r["anomaly"] for r in rows} == {"0", "1"}
    assert rows[150]["top_signals"].split(";")[0] == "b,heat"
    assert all((float(r["score"]) > 1.0) == (r["anomaly"] == "1") for r in rows)
    assert told["signals"] == ["a flow", "b,heat", "power"]
    assert told["judged"] == 200
    f1 = told["f1"]
    assert isinstance(f1, float)
    assert f1 > 0.9
    assert told["far"] is not None


def test_a_label_is_never_learned_from(tmp_path: Path) -> None:
    outs = []
    for flip in (False, True):
        out = tmp_path / f"out{flip}.csv"
        run(str(table(tmp_path, flip=flip)), *LABELLED, "--out", str(out))
        outs.append(out.read_text())
    assert outs[0] == outs[1]


def test_train_until_is_the_same_as_its_row(tmp_path: Path) -> None:
    outs = []
    for words in (("--train-rows", "300"), ("--train-until", "2026-03-01T00:05:00")):
        out = tmp_path / "out.csv"
        run(str(table(tmp_path)), "--time", "when", "--signals", "a flow,power", *words, "--out", str(out))  # fmt: skip
        outs.append(out.read_text())
    assert outs[0] == outs[1]


def test_words_among_numbers_are_told_and_the_row_is_judged_by_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    told = run(str(table(tmp_path, bad="words")), *LABELLED, "--out", str(out))
    assert "2 cells of a flow are words" in str(told["notes"])
    assert "columns of words are left out: state" in str(told["notes"])
    assert read(out)[150]["score"] != ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "neither or both"),
        (("--train-rows", "300", "--train-until", "2026-03-01T00:05:00"), "neither or both"),
        (("--train-rows", "-3"), "-3"),
        (("--train-rows", "9000"), "9000 of 500"),
        (("--train-rows", "5"), "5 rows"),
        (("--train-rows", "300", "--alarm-share", "0.9"), "0.9"),
        (("--train-rows", "300", "--label", "nothing"), "nothing"),
        (("--train-rows", "300", "--signals", "state"), "words"),
        (
            ("--train-rows", "300", "--signals", "power,fault", "--label", "fault"),
            "among --signals",
        ),
        (("--train-rows", "300", "--out", "/no/such/folder/out.csv"), "cannot be written"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(EcotwinError, match=message):
        CliRunner().invoke(
            app, ["detect", str(table(tmp_path)), "--time", "when", *words], catch_exceptions=False
        )


def test_it_speaks_to_people(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["detect", str(table(tmp_path)), "--time", "when", "--train-rows", "300"]
    )
    assert done.exit_code == 0
    assert "rows are not normal" in done.output
    assert np.char.count(done.output, "Scorer:") >= 2
