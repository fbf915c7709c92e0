"""`ecotwin inspect`: pictures in, honest scrap out, booked once; what is wrong is said."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from running import command, json_of
from tiny_eye import content, eye, pictures, png


@pytest.fixture
def works(tmp_path: Path) -> Path:
    shown, truth = pictures(21, 300)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for n, picture in enumerate(shown):
        (folder / f"{n:03}.png").write_bytes(png(picture))
    with (tmp_path / "truth.csv").open("w", newline="") as out:
        csv.writer(out).writerows(
            [["picture", "bad"], *([f"{n:03}.png", int(b)] for n, b in enumerate(truth))]
        )
    eye(tmp_path)
    return tmp_path


def table(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


def test_scrap_is_told_with_its_interval_and_booked_once(works: Path) -> None:
    book, out = works / "waste.csv", works / "judged.csv"
    words = (
        "inspect",
        works / "eye.onnx",
        works / "pictures",
        "--kg",
        "0.25",
        "--co2e",
        "3.0,2.4,3.6",
    )
    told = json_of(command(
        *words, "--out", out, "--book", book, "--waste-code", "16 02 16", "--treatment", "R4", "--json",
    ))  # fmt: skip
    bad = sum(int(r["bad"]) for r in table(works / "truth.csv"))
    assert told["judged_by"] == "the model's card"
    assert told["bad"]["low"] <= bad <= told["bad"]["high"]
    assert told["mass_kg"]["low"] <= 0.25 * bad <= told["mass_kg"]["high"]
    assert told["co2e_kg"]["low"] <= 3.0 * bad <= told["co2e_kg"]["high"]
    assert len(table(out)) == 300
    rows = table(book)
    assert float(rows[0]["mass_kg"]) == pytest.approx(told["mass_kg"]["value"], rel=1e-3)
    again = command(*words, "--book", book, "--waste-code", "16 02 16", "--treatment", "R4")
    assert again.returncode == 1
    assert "already" in again.stderr
    people = json_of(command(*words, "--truth", works / "truth.csv", "--json"))
    assert people["judged_by"].startswith("300 pictures")
    assert people["bad"]["value"] == pytest.approx(bad, abs=0.5), (
        "where people judged all, their count comes out"
    )
    assert people["recall"] > 0.75


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kg", "0"), "mass above 0"),
        (("--kg", "1", "--co2e", "3,4,5"), "--co2e"),
        (("--kg", "1", "--book", "x.csv"), "--waste-code"),
        (("--kg", "1", "--truth", "nowhere.csv"), "judgements"),
    ],
)
def test_what_is_wrong_is_said(works: Path, words: tuple[str, ...], said: str) -> None:
    done = command("inspect", works / "eye.onnx", works / "pictures", *words)
    assert done.returncode in (1, 2)
    assert said in done.stderr


def test_a_model_that_was_not_validated_books_nothing(works: Path) -> None:
    (works / "plain.onnx").write_bytes(content(known=False))
    done = command("inspect", works / "plain.onnx", works / "pictures", "--kg", "1")
    assert done.returncode == 2
    assert "not validated" in done.stderr
    empty = works / "empty"
    empty.mkdir()
    assert "no pictures" in command("inspect", works / "eye.onnx", empty, "--kg", "1").stderr
