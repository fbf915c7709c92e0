"""Processes and weights as tables that a person can write: every bad line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecotwin.connectors.process_table import read_database, read_processes, read_weights
from ecotwin.errors import FileFault

TABLE = """kind,process,flow,name,product,amount,unit,place,compartment,spread,deviation,pedigree,primary,stage
flow,,co2,"Carbon dioxide, fossil",,,kg,,air,,,,,
process,mill,,steel mill,steel,,kg,DE,,,,1 1 1 2 1,1,A3
input,mill,plant,electricity,,2.5,kWh,,,lognormal,0.2,2 1 3 1 4,,
nature,mill,co2,,,1.8,kg,,,,,,,

process,plant,,power station,electricity,1,kWh,PL,,,,,,
nature,plant,co2,,,0.9,kg,,,,,,,
"""


def test_a_process_table(tmp_path: Path) -> None:
    (tmp_path / "db.csv").write_text(TABLE, "utf-8-sig")
    mill, plant = read_database(tmp_path / "db.csv").processes
    assert (mill.id, mill.amount, mill.primary, mill.stage, mill.pedigree) == (
        "mill",
        1.0,
        1.0,
        "A3",
        (1, 1, 1, 2, 1),
    )
    assert mill.inputs[0].spread is not None
    assert mill.inputs[0].spread.deviation == 0.2
    assert plant.nature[0].flow == "co2"


def test_a_process_table_names_every_bad_line(tmp_path: Path) -> None:
    bad = (
        TABLE.replace("2.5", "2,5")
        .replace("1 1 1 2 1", "1 1 9")
        .replace("nature,plant", "nature,plan")
    )
    (tmp_path / "db.csv").write_text(
        bad.replace('"2,5"', "2").replace("2,5", '"2,5"') + "gift,x,,,,,,,,,,,,\n", "utf-8"
    )
    with pytest.raises(FileFault) as caught:
        read_processes(tmp_path / "db.csv")
    for due in ("line 4: `amount` is '2,5'", "line 3: `pedigree` is '1 1 9'", "no row tells of the process 'plan'",
                "line 9: the kind 'gift'"):  # fmt: skip
        assert due in str(caught.value)
    (tmp_path / "db.csv").write_text("kind,process,colour\n", "utf-8")
    with pytest.raises(FileFault, match="colour is unknown"):
        read_processes(tmp_path / "db.csv")


WEIGHTS = """method,unit,name,compartment,flow_unit,value,source
Acidification,molH+e,Sulfur dioxide,air,kg,1.31,JRC
Acidification,molH+e,Ammonia,air,kg,3.02,JRC
"""


def test_a_method_as_a_table(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text(WEIGHTS, "utf-8")
    table = read_weights(file)
    assert (table.name, table.unit, table.source, len(table.weights)) == (
        "Acidification",
        "molH+e",
        "JRC",
        2,
    )
    for bad in (WEIGHTS.replace("3.02", "much"), WEIGHTS.replace("JRC\nA", "WHO\nA"), WEIGHTS.splitlines()[0],
                WEIGHTS.replace("Ammonia", "")):  # fmt: skip
        file.write_text(bad, "utf-8")
        with pytest.raises(FileFault):
            read_weights(file)
