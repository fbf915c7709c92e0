"""Reports, books and shells from the command line, on a real history."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from running import OVEN_WORKS, ROOT, command, learned, utc

DATA = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", ROOT.parent / "shared" / "data"))
FLAT = DATA / "emission_factors" / "defra_2024" / "defra_2024_v1_1_flat.csv.gz"
DAY = ("--period", "2026-06-17")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A plant file with a folder of books, and a data folder of a twin that has ended."""
    folder = tmp_path_factory.mktemp("works")
    learned(folder, utc("2026-06-18T05:00"), 2.0).stop()
    plant = folder / "plant.yaml"
    plant.write_text(OVEN_WORKS.read_text("utf-8") + "\nbooks: books\n", encoding="utf-8")
    (folder / "books").mkdir()
    return plant, folder / "data"


def test_a_set_of_reports_in_one_command(kept: tuple[Path, Path], tmp_path: Path) -> None:
    plant, data = kept
    out = tmp_path / "out"
    told = command(
        "report", plant, "--data-folder", data, *DAY, "--out", out,
        "--set", "ghg_inventory,esrs,permits", "--forms", "json,xlsx", timeout=120,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    names = sorted(p.name for p in out.iterdir())
    chosen = [(n, f) for n in ("esrs", "ghg_inventory") for f in ("json", "xlsx")]
    assert names == [f"{name}-oven_works-2026-06-17.{form}" for name, form in chosen]
    assert "not written: Permit compliance" in told.stdout
    inventory = json.loads((out / names[2]).read_text("utf-8"))
    assert "scope 2" in json.dumps(inventory).lower()
    only = command("report", plant, "--data-folder", data, *DAY, "--set", "permits", "--out", out)
    assert only.returncode == 1, "nothing could be written"
    assert command("report", plant, "--data-folder", data, "--set", "esrs").returncode == 2
    wrong = command("report", plant, "--data-folder", data, *DAY, "--out", out, "--set", "nothing")
    assert wrong.returncode == 1
    assert "there is no report nothing" in wrong.stderr


def test_books_come_in_by_a_command_and_a_faulty_one_is_told(kept: tuple[Path, Path]) -> None:
    plant, data = kept
    header = command("book", plant, "--template", "refill")
    assert header.stdout.startswith("id")
    assert "recovered_kg" in header.stdout
    assert command("book", plant, "--template", "nothing").returncode == 1
    assert command("book", OVEN_WORKS, "--data-folder", data).returncode == 1, "names no books"
    books = plant.parent / "books"
    (books / "vehicle.csv").write_text(
        "id,from,to,element,source,fuel,amount,unit\nv1,2026-06-17,,,card 7,diesel,80,l\n", encoding="utf-8"
    )  # fmt: skip
    told = command("book", plant, "--data-folder", data, "--json")
    assert told.returncode == 0, told.stderr
    made = json.loads(told.stdout)
    assert made["kinds"]["vehicle"] == 1
    assert made["taken"]["new"] >= 1
    (books / "vehicle.csv").write_text("id,from\nv1,never\n", encoding="utf-8")
    bad = command("book", plant, "--data-folder", data)
    assert bad.returncode == 1
    assert "vehicle.csv:1: the column 'fuel' is missing" in bad.stderr
    (books / "vehicle.csv").unlink()


def test_an_official_factor_comes_as_a_row_that_the_book_takes(kept: tuple[Path, Path]) -> None:
    if not FLAT.exists():
        reason = (
            f"{FLAT.name} is not here: set ECOTWIN_PUBLIC_DATA to the folder of `emission_factors`"
        )
        pytest.fail(reason) if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip(reason)
    plant, data = kept
    row = command(
        "factors", "find", "Natural gas", "--table", FLAT, "--place", "GB", "--day", "2024-06-01",
        "--basis", "HHV", "--scope", "Scope 1", "--gwp-set", "AR5", "--book", "mobile/gas",
    )  # fmt: skip
    assert row.returncode == 0, row.stderr
    book = plant.parent / "books" / "factor.csv"
    book.write_text(row.stdout, encoding="utf-8")
    told = command("book", plant, "--data-folder", data, "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["kinds"]["factor"] == 1
    book.unlink()


def test_a_shell_names_what_its_nameplate_lacks(kept: tuple[Path, Path], tmp_path: Path) -> None:
    plant, data = kept
    told = command("shell", plant, "oven_1", "--data-folder", data, *DAY, "--out", tmp_path / "o.aasx")  # fmt: skip
    assert told.returncode == 1
    assert "manufacturer" in told.stderr
    assert not (tmp_path / "o.aasx").exists()


def test_benchmarks_become_a_block_of_the_plant_file_or_are_refused_by_line(tmp_path: Path) -> None:
    table, head = tmp_path / "sector.csv", "indicator,value,unit,sector,place,year,source\n"
    table.write_text(
        head + "energy.per_good_part,0.8,kWh,C26.12,DE,2024,Survey\n", encoding="utf-8"
    )
    told = command("benchmarks", table)
    assert told.returncode == 0, told.stderr
    plant = tmp_path / "plant.yaml"
    plant.write_text(OVEN_WORKS.read_text("utf-8") + told.stdout, encoding="utf-8")
    assert command("check", plant).returncode == 0
    table.write_text(head + "energy.per_good_part,0.8,kg,C26.12,DE,2024,Survey\n", encoding="utf-8")
    bad = command("benchmarks", table)
    assert bad.returncode == 1
    assert "sector.csv cannot be used: line 2" in bad.stderr
