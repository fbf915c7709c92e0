"""`ecotwin detect` on one signal alone: its own judge, in any unit, batch as stream, and what bad files get."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ecotwin.cli import app
from ecotwin.connectors.measured import read_rows
from ecotwin.detection.scoring.streams import StreamJudge
from ecotwin.errors import EcotwinError
from ecotwin.records import Floats
from made_streams import daily, sticky

ROWS, LEARN, EVENT = 1700, 600, 1400
"""Two days of rows five minutes apart are learned from."""


def signal() -> Floats:
    rng = np.random.default_rng(17)
    values = 3.0 * daily(rng, ROWS) + 0.5 * sticky(rng, ROWS, 0.5)
    values[EVENT : EVENT + 3] += 25.0
    return values


def stamp(row: int) -> str:
    minute = 5 * row
    return f"2026-03-{1 + minute // 1440:02d} {minute // 60 % 24:02d}:{minute % 60:02d}:00"


def written(
    file: Path, cells: Sequence[str], name: str = "value", times: Sequence[str] = ()
) -> str:
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["timestamp", "other", name])
        for row, cell in enumerate(cells):
            writer.writerow([times[row] if times else stamp(row), row % 7, cell])
    return str(file)


def texts(values: Floats) -> list[str]:
    return [repr(float(v)) for v in values]


def run(
    file: str, *words: str, name: str = "value", learn: int = LEARN
) -> tuple[dict[str, object], list[dict[str, str]]]:
    out = Path(file).with_suffix(".out")
    done = CliRunner().invoke(
        app,
        ["detect", file, "--time", "timestamp", "--signals", name, "--train-rows", str(learn),
         "--out", str(out), "--json", *words],
        catch_exceptions=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    with out.open(newline="") as text:
        return json.loads(done.output), list(csv.DictReader(text))


def marks(rows: list[dict[str, str]]) -> list[int]:
    return [LEARN + i for i, row in enumerate(rows) if row["anomaly"] == "1"]


def test_one_signal_has_its_own_judge_and_one_event_is_one_alarm(tmp_path: Path) -> None:
    told, rows = run(written(tmp_path / "a.csv", texts(signal())))
    assert told["alarm_share"] == 0.001
    assert "value: spikes, levels" in str(told["chosen"])
    assert len(rows) == ROWS - LEARN
    found = marks(rows)
    assert EVENT in found
    assert len(found) <= 5
    assert not [row for row in found if EVENT < row < EVENT + 96]
    assert all((float(r["score"]) >= 1.0) == (r["anomaly"] == "1") for r in rows)


def test_another_name_and_unit_give_the_same_marks(tmp_path: Path) -> None:
    plain = run(written(tmp_path / "a.csv", texts(signal())))[1]
    file = written(tmp_path / "b.csv", texts(1000.0 * signal() - 12_345.6), "x1")
    moved = run(file, name="x1")[1]
    assert marks(moved) == marks(plain)
    scores = [[float(r["score"]) for r in rows] for rows in (plain, moved)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=0.02, atol=0.02)


def test_row_by_row_is_the_same_as_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", texts(signal()))
    scores = [float(r["score"]) for r in run(file)[1]]
    rows = read_rows(Path(file), "timestamp", ["value"])
    judge = StreamJudge()
    judge.learn(rows.part(0, LEARN))
    for row in range(LEARN, ROWS):
        if row % 300 == 0:
            saved = json.loads(json.dumps(judge.state()))
            judge = StreamJudge()
            judge.restore(saved)
        told = judge.judge(rows.values[row : row + 1], rows.at_s[row : row + 1])[0]
        assert told[0] == scores[row - LEARN]


def test_later_rows_of_the_file_change_nothing(tmp_path: Path) -> None:
    whole = run(written(tmp_path / "a.csv", texts(signal())))[1]
    short = run(written(tmp_path / "b.csv", texts(signal())[:1450]))[1]
    assert whole[: len(short)] == short


def test_the_promise_can_be_chosen(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", texts(signal()))
    few, many = (marks(run(file, "--alarm-share", share)[1]) for share in ("0.0001", "0.02"))
    assert len(few) <= len(many)
    with pytest.raises(EcotwinError, match=r"alarm share of 0\.3"):
        run(file, "--alarm-share", "0.3")


def test_a_signal_that_stood_still_is_watched_and_told(tmp_path: Path) -> None:
    cells = ["45.0"] * ROWS
    told, rows = run(written(tmp_path / "a.csv", cells))
    assert not marks(rows)
    assert "any move is judged" in str(told["notes"])
    cells[EVENT] = "45.5"
    assert marks(run(written(tmp_path / "b.csv", cells))[1]) == [EVENT]


def test_gaps_words_and_endless_numbers_are_judged_as_missing(tmp_path: Path) -> None:
    cells = texts(signal())
    cells[300], cells[901], cells[302] = "broken", "inf", ""
    cells[700:730] = [""] * 30
    told, rows = run(written(tmp_path / "a.csv", cells))
    assert "are words" in str(told["notes"])
    assert all(np.isfinite(float(r["score"])) for r in rows)
    assert any(700 <= row < 731 for row in marks(rows))  # thirty rows without a value are an event
    assert EVENT in marks(rows)


def test_repeated_backward_and_uneven_times_get_an_answer(tmp_path: Path) -> None:
    times = [stamp(row) for row in range(ROWS)]
    times[400:420] = [times[400]] * 20
    times[900], times[901] = times[901], times[900]
    times[1000:] = [stamp(row * 2) for row in range(1000, ROWS)]
    told, rows = run(written(tmp_path / "a.csv", texts(signal()), times=times))
    assert EVENT in marks(rows)
    assert told["notes"]


@pytest.mark.parametrize(
    ("cells", "learn", "message"),
    [
        ([""] * 300, 200, "no numbers|words|0 rows"),
        (["1.5"], 1, "1 of 1"),
        (["on"] * 300, 200, "words"),
        (["1.0"] * 50 + ["2.0"] * 250, 30, "30 rows"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    tmp_path: Path, cells: list[str], learn: int, message: str
) -> None:
    with pytest.raises(EcotwinError, match=message):
        run(written(tmp_path / "a.csv", cells), learn=learn)


def test_a_learned_part_of_fifteen_in_a_hundred_is_enough_for_numenta_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    values = sticky(rng, 1000, 0.5)
    values[700:703] += 20.0
    found = run(written(tmp_path / "a.csv", texts(values)), learn=150)[1]
    told = [150 + i for i, row in enumerate(found) if row["anomaly"] == "1"]
    assert 700 in told
    assert len(told) <= 4
