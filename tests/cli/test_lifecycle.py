"""`ecotwin lifecycle` on a small database: the answer, its exit codes, and words that help."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from ecotwin.cli_lifecycle import lifecycle
from ecotwin.errors import EcotwinError

TABLE = """kind,process,flow,name,product,amount,unit,place,compartment,spread,deviation,pedigree
flow,,co2,"Carbon dioxide, fossil",,,kg,,air,,,
flow,,gas,Methane,,,kg,,air,,,
flow,,so2,Sulfur dioxide,,,kg,,air,,,
process,mill,,steel mill,steel,1,kg,DE,,,,2 2 2 2 2
input,mill,plant,electricity,,2.5,kWh,,,lognormal,0.2,
nature,mill,co2,,,1.8,kg,,,,,
process,plant,,power station,electricity,1,kWh,PL,,,,
nature,plant,co2,,,0.9,kg,,,lognormal,0.1,
nature,plant,so2,,,0.001,kg,,,,,
process,well,,gas well,gas,1,kg,NO,,,,
nature,well,gas,,,0.01,kg,,,,,
"""
app = typer.Typer()
app.command()(lifecycle)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "db.csv"
    file.write_text(TABLE, "utf-8")
    return file


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_result_as_json_and_for_people(database: Path) -> None:
    found = run(database, "--product", "steel", "--amount", 2, "--runs", 200, "--json")
    assert found.exit_code == 0, found.output
    result = json.loads(found.output)
    assert result["value"] == pytest.approx(2 * (1.8 + 2.5 * 0.9))
    assert result["residual"] < 1e-12
    assert sum(p["value"] for p in result["by_process"]) == pytest.approx(result["value"])
    assert sum(p["direct"] for p in result["paths"]) + result["paths_left_out"] == pytest.approx(
        result["value"]
    )
    assert result["uncertainty"]["low"] < result["value"] < result["uncertainty"]["high"]
    assert result["uncertainty"]["largest"][0]["process"] in ("mill", "plant")
    assert result["quality"]["technological"] == pytest.approx((1.8 * 2 + 2.25 * 5) / 4.05)
    text = run(database, "--product", "steel", "--runs", 100).output
    for words in (
        "4.05 kgCO2e",
        "residual",
        "steel < electricity",
        "1 flows have no weight",
        "95 % of 100 runs",
    ):
        assert words in text


def test_a_method_of_ones_own(database: Path, tmp_path: Path) -> None:
    weights = tmp_path / "acid.csv"
    weights.write_text(
        "method,unit,name,compartment,flow_unit,value,source\nAcid,mol,Sulfur dioxide,air,kg,1.31,JRC\n"
    )
    found = run(database, "--product", "steel", "--method", weights, "--json")
    assert json.loads(found.output)["value"] == pytest.approx(2.5 * 0.001 * 1.31)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--product", "gold"], "no process"),
        (["--product", "gas"], "fossil or biogenic is not told"),
        (["--product", "steel", "--method", "AR9"], "neither a GWP set nor a file"),
        (["--product", "steel", "--runs", 3], "10 or more"),
    ],
)
def test_what_the_data_cannot_answer_says_what_to_do(
    database: Path, more: list[Any], words: str
) -> None:
    found = run(database, *more)
    assert isinstance(found.exception, EcotwinError)
    assert found.exception.exit_code == 1
    assert words in str(found.exception)


def test_origins_are_told_and_unlinked_exchanges_cut_off_knowingly(database: Path) -> None:
    assert json.loads(
        run(database, "--product", "gas", "--origin", "gas=biogenic", "--json").output
    )["value"] == (pytest.approx(0.27))
    database.write_text(TABLE.replace("mill,plant", "mill,ghost"), "utf-8")
    assert "ghost" in str(run(database, "--product", "steel").exception) or "electricity" in str(
        run(database, "--product", "steel").exception
    )
    cut = json.loads(run(database, "--product", "steel", "--unlinked", "cut-off", "--json").output)
    assert cut["value"] == pytest.approx(1.8)
    assert any("cut off" in note for note in cut["notes"])


@pytest.mark.parametrize(
    "more", [["--unlinked", "guess"], ["--origin", "gas"], ["--contributions", "0"], []]
)
def test_wrong_use_is_exit_code_2(database: Path, more: list[str]) -> None:
    product = ["--product", "steel"] if more else []
    assert run(database, *product, *more).exit_code == 2
