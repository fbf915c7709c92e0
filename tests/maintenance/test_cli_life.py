"""The command of lives on files."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ecotwin.cli import app
from ecotwin.errors import FileFault, SettingsFault
from ecotwin.maintenance.fleet import Fleet
from maintenance.made_lives import cut, worn


def put(file: Path, fleet: Fleet) -> None:
    """Write a fleet as a CSV."""
    with gzip.open(file, "wt") if file.suffix == ".gz" else file.open("w") as out:
        rows = csv.writer(out)
        rows.writerow(("asset", "hours", *fleet.columns))
        for n, owner in enumerate(fleet.owner):
            rows.writerow((fleet.units[owner], fleet.cycle[n], *fleet.values[n]))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("lives")
    running, truth = cut(worn(8, 77, first="v"), 5)
    put(folder / "followed.csv.gz", worn(24, 1))
    put(folder / "running.csv", running)
    (folder / "truth.txt").write_text("".join(f"{t:g} \n" for t in truth))
    named = [f"{u},{t:g}\n" for u, t in zip(running.units, truth, strict=True)][::-1]
    (folder / "named.csv").write_text("asset,rul\n" + "".join(named))
    return {f.name.split(".")[0]: f for f in folder.iterdir()} | {"out": folder / "out.csv"}


def call(files: dict[str, Path], *more: str) -> str:
    words = [
        "life",
        str(files["followed"]),
        str(files["running"]),
        "--unit",
        "asset",
        "--cycle",
        "hours",
    ]
    made = CliRunner().invoke(app, [*words, *more])
    if made.exception and not isinstance(made.exception, SystemExit):
        raise made.exception
    assert made.exit_code == 0, made.output
    return made.stdout


def test_lives_are_written_and_judged(files: dict[str, Path]) -> None:
    more = ("--cap", "60", "--out", str(files["out"]), "--json")
    body = json.loads(call(files, *more, "--truth", str(files["truth"])))
    again = json.loads(call(files, *more, "--truth", str(files["named"]), "--why", "v3"))
    assert body["rmse"] == again["rmse"] > 0.0
    assert again["why"]["of"] == "life"
    with files["out"].open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["unit", "rul", "low", "high"]
    assert [r["unit"] for r in rows] == [f"v{n}" for n in range(8)]
    assert all(float(r["low"]) <= float(r["rul"]) <= float(r["high"]) for r in rows)
    assert {"phm08", "coverage", "uncapped", "learning_s", "memory_mb"} <= set(body)


def test_bare_numbers_are_read_by_place(files: dict[str, Path], tmp_path: Path) -> None:
    for name, fleet in (("a.txt", worn(24, 1)), ("b.txt", cut(worn(8, 77), 5)[0])):
        table = np.column_stack([fleet.owner + 1.0, fleet.cycle, fleet.values])
        np.savetxt(tmp_path / name, table, fmt="%.10g")
    words = [
        "life",
        str(tmp_path / "a.txt"),
        str(tmp_path / "b.txt"),
        "--unit",
        "1",
        "--cycle",
        "2",
    ]
    made = CliRunner().invoke(app, [*words, "--cap", "60"])
    assert made.exit_code == 0, made.exception
    assert "80 % lie in" in made.stdout


def test_wrong_use_is_told(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("1\n2\n")
    with pytest.raises(FileFault, match="lives for 8 units"):
        call(files, "--truth", str(tmp_path / "few.txt"))
    with pytest.raises(SettingsFault, match="cap"):
        call(files, "--cap", "0")
    with pytest.raises(FileFault, match="turns"):
        CliRunner().invoke(
            app,
            [
                "life",
                str(files["followed"]),
                str(files["running"]),
                "--unit",
                "asset",
                "--cycle",
                "turns",
            ],
            catch_exceptions=False,
        )
    (tmp_path / "bad.txt").write_text("1 2 3\n1 x 3\n")
    with pytest.raises(FileFault, match="line 2"):
        CliRunner().invoke(
            app,
            [
                "life",
                str(tmp_path / "bad.txt"),
                str(files["running"]),
                "--unit",
                "1",
                "--cycle",
                "2",
            ],
            catch_exceptions=False,
        )
