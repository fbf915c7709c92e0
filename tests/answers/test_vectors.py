"""Worked examples with known answers (`typed`), each computed (`ways`).

Where the shared list of vectors lies beside the repository, one more test checks that the typed values equal it.
"""

from __future__ import annotations

import ast
import json
import math
from pathlib import Path

import pytest

from answers.typed import VECTORS
from answers.ways import Vector, gwp_of
from ecotwin import accounting as a
from ecotwin.accounting import factors
from ecotwin.errors import FactorGap
from ecotwin.records import FactorUse

ELSEWHERE = {
    "mrk-01": ("test_ledger.py", "test_roots"),
    "mrk-02": ("test_ledger.py", "test_inclusion_proof"),
    "mrk-03": ("test_ledger.py", "test_consistency_proof"),
    "jsp-01": ("test_jobshop.py", "test_the_shortest_schedules_of_the_benchmark"),
    "sp-01": ("test_sparkplug.py", "test_the_number_after_255_is_0"),
    "sp-02": ("test_sparkplug.py", "test_a_node_and_its_devices_share_one_number"),
    "sp-03": ("test_sparkplug.py", "test_a_rebirth_keeps_the_session_and_a_connect_begins_one"),
}
"""Vectors that are tests of another file of this folder: the file and the test that names the id."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v.id)
def test_known_answer(vector: Vector) -> None:
    got = vector.compute(vector.given)
    assert got.keys() == vector.expected.keys()
    for key, expected in vector.expected.items():
        close = expected
        if not isinstance(expected, str):
            close = pytest.approx(expected, abs=vector.tolerance, rel=1e-9)
        assert got[key] == close, f"{vector.id} {key} ({vector.source})"


def test_typed_values_equal_the_shared_vectors() -> None:
    file = Path(__file__).parents[3] / "shared" / "vectors.json"
    if not file.exists():
        pytest.skip(
            "no ../shared/vectors.json beside this repository; the typed values stand alone"
        )
    shared = {v["id"]: v for v in json.loads(file.read_text())}
    for vector in VECTORS:
        theirs = shared[vector.id]
        assert vector.given == theirs["input"], vector.id
        assert vector.expected == theirs["expected"], vector.id
        assert vector.tolerance == theirs["tolerance"], vector.id
    listed = [v.id for v in VECTORS] + list(ELSEWHERE)
    assert shared.keys() - set(listed) == set(), "not tested"
    assert set(listed) - shared.keys() == set(), "no such vector is shared"


@pytest.mark.parametrize("id_", ELSEWHERE)
def test_a_vector_of_another_file_is_tested_there_by_its_id(id_: str) -> None:
    file, name = ELSEWHERE[id_]
    found = [
        node
        for node in ast.parse((Path(__file__).parent / file).read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert found, f"{file} has no {name}"
    assert id_ in (ast.get_docstring(found[0]) or ""), f"{name} does not name {id_}"


def test_no_vector_is_listed_twice() -> None:
    listed = [v.id for v in VECTORS] + list(ELSEWHERE)
    assert len(set(listed)) == len(listed)


def test_tables_hold_the_published_factors() -> None:
    rows = factors.table("combustion")
    assert rows["epa-hub/natural_gas/2024/co2"].value == 53.06
    assert rows["epa-hub/wood/2024/co2"].name == "biogenic_co2"
    assert rows["ipcc-2006/diesel/2006/co2"].value == 74100
    assert math.isclose(
        factors.table("heating_values")["epa-hub/natural_gas/2024/heat"].value * 53.06,
        0.05444,
        abs_tol=1e-5,
    )


@pytest.mark.parametrize(
    ("gas", "ar4", "ar5", "ar6"),
    [
        ("N2O", 298, 265, 273),
        ("SF6", 22800, 23500, 25200),
        ("NF3", 17200, 16100, 17400),
        ("CF4", 7390, 6630, 7380),
        ("HFC-134a", 1430, 1300, 1530),
    ],
)
def test_gwp_of_every_report(gas: str, ar4: float, ar5: float, ar6: float) -> None:
    assert [gwp_of(gas, ar) for ar in ("AR4", "AR5", "AR6")] == [ar4, ar5, ar6]


def test_burnt_methane_weighs_less_than_escaped() -> None:
    burnt, escaped = factors.gwp("CH4", "AR6"), factors.gwp("CH4", "AR6", fossil_fugitive=True)
    assert isinstance(burnt, FactorUse)
    assert isinstance(escaped, FactorUse)
    assert (burnt.value, escaped.value) == (27.0, 29.8)
    assert a.COMBUSTION_GWP["AR6"]["CH4"] == burnt.value
    assert a.FUGITIVE_CH4_GWP["AR6"] == escaped.value


def test_an_unknown_gas_is_a_gap_and_no_number() -> None:
    assert isinstance(factors.gwp("HFC-9999", "AR6"), FactorGap)


def test_r404a_by_its_parts() -> None:
    assert factors.required(factors.blend("R-404A", "AR5")).value == pytest.approx(3942.8)
    assert factors.required(factors.blend("R-404A", "AR6")).value == pytest.approx(4728.0)
