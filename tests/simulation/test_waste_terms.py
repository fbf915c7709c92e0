"""What becomes of waste under a scenario: only the code that is named, and only what is a treatment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecotwin.errors import ScenarioFileFault
from ecotwin.plant import load
from ecotwin.simulation.contract import Outcome
from ecotwin.simulation.outcome import Rates, figures
from ecotwin.simulation.scenario import apply
from ecotwin.simulation.scenario_file import parse
from simulation.test_washing import case, works

HEAD = "id: one\nname: One\n"
SCENARIOS = Path(__file__).parents[2] / "plants" / "consumer_goods" / "scenarios"


def treatments(text: str) -> dict[str, str]:
    plant = apply(parse(HEAD + text), case()).case.plant
    return {s.waste_code: s.treatment for s in plant.signals if s.waste_code}


def test_only_the_named_code_changes() -> None:
    usual, other = (
        treatments(""),
        treatments('waste: [{code: "07 06 12", treatment: R3, source: s}]'),
    )
    assert usual["07 06 12"] == "D5"
    assert other == {**usual, "07 06 12": "R3"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('waste: [{code: "07 06 13", treatment: R3, source: s}]', "07 06 13"),
        ('waste: [{code: "07 06 12", treatment: burnt, source: s}]', "treatment"),
        ('waste: [{code: "07 06 12", treatment: R3}]', "source"),
    ],
)
def test_what_is_no_code_or_treatment_is_named(text: str, words: str) -> None:
    with pytest.raises(ScenarioFileFault, match=words):
        treatments(text)


def test_landfill_is_part_of_what_is_disposed() -> None:
    codes = {"07 06 12": "D5", "15 01 05": "D1", "20 03 01": "R1", "15 01 01": "R3"}
    columns = tuple(("m", f"waste_kg:{c}") for c in codes)
    kg = np.array([[10.0, 20.0, 40.0, 80.0]])
    made = Outcome(case(1.0, 1), columns, kg, ("waste_kg",), np.zeros((1, 4, 1)), {}, {})
    values = figures(made, Rates("EUR", treatments=codes)).values
    assert values["waste.landfill"] == pytest.approx([30.0])
    assert values["waste.disposed"] == pytest.approx([70.0])
    assert values["waste.diverted"] == pytest.approx([80.0])


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda p: p.stem)
@pytest.mark.parametrize("name", ["consumer_goods", "consumer_goods_poland"])
def test_the_shipped_scenarios_fit_both_works_with_two_lines(path: Path, name: str) -> None:
    plant = load(SCENARIOS.parents[1] / f"{name}.yaml")
    assert (
        apply(parse(path.read_text("utf-8"), path.name), case(plant=plant)).case.plant.id
        == plant.id
    )


def test_the_works_of_the_file_are_the_works_of_the_test() -> None:
    assert works().id == "duinhof_nl"
