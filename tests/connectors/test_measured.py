"""Any file of measured columns: what counts as a number, what the clock says, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ecotwin.connectors.measured import place, read_rows, read_times
from ecotwin.errors import FileFault, SettingsFault


def written(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_words_among_numbers_are_missing_and_told_and_columns_of_words_left_out(
    tmp_path: Path,
) -> None:
    rows = read_rows(written(tmp_path, "t,a,b,c\n0,1,x,2\n1,bad,y,NaN\n2,3,z,\n3,4,w,-\n"), "t")
    assert rows.columns == ("a", "c")
    np.testing.assert_array_equal(rows.column("a"), [1.0, np.nan, 3.0, 4.0])
    np.testing.assert_array_equal(rows.column("c"), [2.0, np.nan, np.nan, np.nan])
    assert rows.notes == (
        "columns of words are left out: b",
        "1 cells of a are words and count as missing",
    )
    assert not rows.civil


def test_the_same_table_is_read_from_csv_gzip_and_parquet(tmp_path: Path) -> None:
    text = "when,a,b\n2026-01-01 00:00,1.5,2\n2026-01-01 00:15,2.5,3\n"
    plain = written(tmp_path, text)
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    parquet = tmp_path / "a.parquet"
    duckdb.execute(f"COPY (SELECT * FROM read_csv('{plain}')) TO '{parquet}'")
    read = [read_rows(path, "when") for path in (plain, packed, parquet)]
    for rows in read:
        assert rows.columns == ("a", "b")
        assert rows.civil
        np.testing.assert_array_equal(rows.values, [[1.5, 2.0], [2.5, 3.0]])
        assert np.diff(rows.at_s).tolist() == [900.0]


def test_semicolons_with_decimal_commas_are_numbers(tmp_path: Path) -> None:
    rows = read_rows(written(tmp_path, "t;a\n0;1,25\n1;2,5\n"), "t")
    assert rows.column("a").tolist() == [1.25, 2.5]


def test_a_clock_that_repeats_jumps_or_runs_back_is_told(tmp_path: Path) -> None:
    rows = read_rows(written(tmp_path, "t,a\n0,1\n1,1\n1,1\n2,1\n3,1\n9,1\n8,1\n"), "t")
    assert rows.notes == (
        "1 times the clock runs back",
        "1 times a row bears the time of the row before",
        "1 gaps of more than one step (1)",
    )


def test_midnights_with_the_old_day_are_mended() -> None:
    at, civil = read_times(["01/03/2026 23:45", "01/03/2026 00:00", "02/03/2026 00:15"])
    assert civil
    assert np.diff(at).tolist() == [900.0, 900.0]


@pytest.mark.parametrize(
    ("text", "time", "said"),
    [
        ("t,a\n", "t", "no rows"),
        ("t,a\n0,x\n1,y\n", "t", "no column of numbers"),
        ("t,a\nhalf past,1\n1,2\n", "t", "'half past' in data row 1"),
        ("t,a\n0,1\n", "when", "no column 'when'"),
        ("t,a\n0,1,2,3\n", "t", "more cells than the header"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, text: str, time: str, said: str) -> None:
    with pytest.raises(FileFault, match=said):
        read_rows(written(tmp_path, text), time)


def test_a_signal_of_words_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="'b' holds words"):
        read_rows(written(tmp_path, "t,a,b\n0,1,x\n1,2,y\n"), "t", ("a", "b"))


def test_a_time_is_placed_in_the_terms_of_the_column(tmp_path: Path) -> None:
    rows = read_rows(
        written(tmp_path, "t,a\n31/12/2025 23:45,1\n01/01/2026 00:15,2\n01/01/2026 00:30,3\n"), "t"
    )
    assert place("01/01/2026 00:15", rows, "--origin") == 1
    assert place("2026-01-01", rows, "--origin") == 1
    for wrong in ("2027-01-01", "soon"):
        with pytest.raises(SettingsFault, match="--origin is"):
            place(wrong, rows, "--origin")
    numbered = read_rows(written(tmp_path, "t,a\n0,1\n5,2\n", "b.csv"), "t")
    assert place("3", numbered, "--origin") == 1
