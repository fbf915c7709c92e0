"""What the plant file may say of a told signal, and every way to say it wrongly."""

from __future__ import annotations

import pytest

from ecotwin.plant.blueprint import parse
from made_boiler import FILE, works

TEXT = FILE.read_text("utf-8")
INPUTS = "inputs: [burner_load, o2_share, flue_temperature]"


def test_a_told_signal_knows_what_it_is_told_from() -> None:
    signal = works().signal("boiler_1.nox_concentration")
    assert signal.sensed is not None
    assert signal.sensed.inputs == (
        "boiler_1.burner_load",
        "boiler_1.o2_share",
        "boiler_1.flue_temperature",
    )
    assert signal.sensed.reference == "boiler_1.nox_reference"
    assert signal.sensed.recalibrate_h == 12.0
    assert signal.connection == "the twin"
    assert (signal.every_s, signal.accuracy) == (60.0, 0.15)
    assert works().signal("boiler_1.nox_reference").sensed is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("burner_load, o2_share", "burner_lod, o2_share", "burner_lod"),
        ("reference: nox_reference", "reference: nox_refrence", "nox_refrence"),
        ("burner_load, o2_share", "burner_load, burner_load", "stands there twice"),
        ("burner_load, o2_share", "burner_load, state", "a code, not a number"),
        ("burner_load, o2_share", "burner_load, nox_concentration", "told from itself"),
        ("burner_load, o2_share", "burner_load, nox_reference", "both reference and input"),
        ("reference: nox_reference", "reference: o2_share", "give both one meaning"),
        ("reference: nox_reference", "reference: nox_concentration", "itself told, not measured"),
        ("recalibrate_h: 12", "recalibrate_h: 0", "recalibrate_h"),
        (INPUTS, "inputs: []", "inputs"),
        ("accuracy: 0.15", "accuracy: 0.15\n            address: a/b", "take one of them out"),
        ("accuracy: 0.15", "accuracy: 0.15\n            every_s: 10", "take one of them out"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(old: str, new: str, said: str) -> None:
    assert old in TEXT
    plant, faults = parse(TEXT.replace(old, new, 1), "works.yaml")
    assert plant is None
    assert any(said in fault and fault.startswith("works.yaml:") for fault in faults), faults


def test_no_circle_of_told_signals_and_no_told_counter() -> None:
    more = (
        "          co_told: {means: co_concentration, unit: mg/m3, sensed: "
        "{inputs: [nox_concentration], reference: co_reference}}\n"
        "          co_reference: {means: co_concentration, unit: mg/m3}\n"
        "          mass_told: {means: nox_mass, sensed: {inputs: [o2_share], reference: nox_reference}}\n"
    )
    _, faults = parse(TEXT.replace("permits:", more + "permits:", 1), "works.yaml")
    assert any("itself told from others" in f for f in faults), faults
    assert any("no sensor can tell minute by minute" in f for f in faults), faults


def test_a_reference_in_another_unit_that_does_not_convert_is_a_fault() -> None:
    text = TEXT.replace("inputs: [burner_load", "inputs: [o2_share", 1).replace(
        "o2_share, o2_share", "o2_share", 1
    )
    text = text.replace("unit: mg/m3, every_s: 60", "unit: kg, every_s: 60", 1)
    _, faults = parse(text, "works.yaml")
    assert any("does not fit" in f for f in faults), faults
