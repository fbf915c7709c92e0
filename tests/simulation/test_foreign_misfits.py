"""Foreign models that do not fit, cannot run here, or are not what they seem: each is named."""

from __future__ import annotations

import math
import stat
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from ecotwin.cli import app
from ecotwin.connectors.foreign_model import ForeignModel, load
from ecotwin.cycle.foreign import foreign_models
from ecotwin.errors import FileFault, PlantFault, ScenarioFault
from ecotwin.plant import Plant
from ecotwin.plant import load as read_plant
from ecotwin.plant.foreign import Foreign, ForeignInput, ForeignOutput, ForeignStart
from ecotwin.records import Floats
from ecotwin.simulation.assembly import units_of
from foreign_fmus import altered
from foreign_works import PLANT, case_of, engine_of, folder, models, plant

__all__ = ["folder", "models", "plant"]


def spec(folder: Path, **changed: object) -> Foreign:
    whole = Foreign(
        str(folder / "models" / "Tank.fmu"),
        (ForeignInput("inflow", "value", value=0.001), ForeignInput("inlet", "value", value=300.0)),
        (ForeignOutput("volume", "gives", "rain_m3"),),
        (ForeignStart("least", 2.0),),
    )
    return replace(whole, **changed)  # type: ignore[arg-type]


MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    "a name": (
        {"outputs": (ForeignOutput("volum", "gives", "x"),)},
        r"no output 'volum', did you mean 'volume'\?",
    ),
    "a start value": (
        {"start": (ForeignStart("volume", 1.0),)},
        r"'volume' is a output that cannot be set",
    ),
    "an input that is an output": (
        {
            "inputs": (
                ForeignInput("inflow", "value"),
                ForeignInput("inlet", "value"),
                ForeignInput("outflow", "value"),
            )
        },
        r"'outflow' is a output, not an input",
    ),
    "an output that is an input": (
        {"outputs": (ForeignOutput("inflow", "gives", "x"),)},
        r"'inflow' is a input, not an output",
    ),
    "an input that nothing feeds": (
        {"inputs": (ForeignInput("inflow", "value"),)},
        r"its input 'inlet' is fed by nothing",
    ),
    "a unit": (
        {"inputs": (ForeignInput("inflow", "value"), ForeignInput("inlet", "value", unit="degC"))},
        r"'inlet' is in 'K' and the plant file says 'degC'",
    ),
    "a kind of unit": (
        {"outputs": (ForeignOutput("volume", "gives", "x_kg", unit="kg"),)},
        r"'volume' is in 'm3' and the plant file says 'kg'",
    ),
    "the checksum": ({"sha256": "0" * 64}, r"has the checksum [0-9a-f]{64}\. Expected: 0{64}"),
    "the file": ({"file": "nowhere.fmu"}, r"the FMU nowhere.fmu cannot be read"),
}


@pytest.mark.parametrize("what", MISFITS)
def test_what_does_not_fit_the_plant_file_is_named(folder: Path, what: str) -> None:
    changed, named = MISFITS[what]
    with pytest.raises(FileFault, match=named):
        load("tank", spec(folder, **changed))


def _other(old: str, new: str) -> dict[str, Any]:
    return {"change": lambda text: text.replace(old, new)}


STRANGE: dict[str, tuple[dict[str, Any], str]] = {
    "another platform": (
        {
            "change": str,
            "leave_out": lambda name: "linux" in name or "darwin" in name or "windows" in name,
        },
        r"has no binary for \S+; it has none",
    ),
    "FMI 1": (_other('fmiVersion="3.0"', 'fmiVersion="1.0"'), r"cannot be read|is of FMI 1"),
    "FMI 4": (_other('fmiVersion="3.0"', 'fmiVersion="4.0"'), r"cannot be read|is of FMI 4"),
    "model exchange": (
        {
            "change": lambda text: text.replace("<CoSimulation", "<ModelExchange").replace(
                'canHandleVariableCommunicationStepSize="true"', ""
            )
        },
        r"is only for model exchange",
    ),
    "no XML": (
        {"change": lambda text: text[: len(text) // 2]},
        r"model description .* cannot be read",
    ),
    "no description": (
        {"change": str, "leave_out": lambda name: name == "modelDescription.xml"},
        r"has no modelDescription.xml",
    ),
    "an array": (
        {
            "change": lambda text: text.replace(
                'name="volume" valueReference="4" causality="output" unit="m3"/>',
                'name="volume" valueReference="4" causality="output" unit="m3"><Dimension start="2"/></Float64>',
            )
        },
        r"'volume' is an array, not a number",
    ),
}


@pytest.mark.parametrize("what", STRANGE)
def test_an_fmu_that_cannot_run_here_is_named(folder: Path, tmp_path: Path, what: str) -> None:
    how, named = STRANGE[what]
    fmu = altered(folder / "models" / "Tank.fmu", tmp_path / "other.fmu", **how)
    with pytest.raises(FileFault, match=named):
        load("tank", spec(folder, file=str(fmu)))


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/outside.txt", "a/../../outside.txt", "..\\outside.txt", "C:\\x"]
)
def test_a_file_that_leads_out_of_the_fmu_is_refused(
    folder: Path, tmp_path: Path, name: str
) -> None:
    fmu = altered(folder / "models" / "Tank.fmu", tmp_path / "evil.fmu", str)
    with zipfile.ZipFile(fmu, "a") as archive:
        archive.writestr(name, "x")
    with pytest.raises(FileFault, match=r"is not unpacked: .*leads out of its folder"):
        load("tank", spec(folder, file=str(fmu)))
    assert not (tmp_path / "outside.txt").exists()


def test_a_link_and_a_bomb_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fmu = altered(folder / "models" / "Tank.fmu", tmp_path / "link.fmu", str)
    link = zipfile.ZipInfo("resources/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(fmu, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(FileFault, match=r"'resources/link' is a link"):
        load("tank", spec(folder, file=str(fmu)))
    bomb = altered(folder / "models" / "Tank.fmu", tmp_path / "bomb.fmu", str)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("resources/zeros", bytes(20_000_000))
    monkeypatch.setattr("ecotwin.connectors.foreign_package.MOST_BYTES", 10_000_000)
    with pytest.raises(FileFault, match=r"more than 10000000 bytes"):
        load("tank", spec(folder, file=str(bomb)))


def test_every_model_that_cannot_be_used_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plant.yaml").write_text(PLANT)
    with pytest.raises(FileFault, match=r"Heater.fmu cannot be read.*Tank.fmu cannot be read"):
        foreign_models(read_plant(tmp_path / "plant.yaml"))


def test_ecotwin_check_holds_the_models_against_the_plant_file(folder: Path) -> None:
    (folder / "misfit.yaml").write_text(PLANT.replace("outflow: {quantity", "outflw: {quantity"))
    for name, code, told in (("plant", 0, "is sound"), ("misfit", 1, "no output 'outflw'")):
        answer = CliRunner().invoke(app, ["check", str(folder / f"{name}.yaml")])
        assert answer.exit_code == code, answer.output
        assert told in answer.output


def test_steps_that_do_not_divide_and_single_instances_are_named(
    folder: Path, tmp_path: Path
) -> None:
    starts, fed = np.full((2, 1), 2.0), np.tile([0.001, 300.0], (2, 1))
    model = load("tank", spec(folder, step_s=7.0))
    with pytest.raises(
        ScenarioFault, match=r"its step of 7 s does not divide the simulation's 60 s"
    ):
        model.begin(2, 60.0, starts, fed)
    single = altered(
        folder / "models" / "Tank.fmu",
        tmp_path / "single.fmu",
        lambda text: text.replace('OnlyOncePerProcess="false"', 'OnlyOncePerProcess="true"'),
    )
    model = load("tank", spec(folder, file=str(single)))
    with pytest.raises(ScenarioFault, match=r"bears one instance a process, for 2 runs"):
        model.begin(2, 60.0, starts, fed)
    alone = model.begin(1, 60.0, starts[:1], fed[:1])
    assert alone.step(fed[:1])[1].shape == (1, 1)
    alone.close()


def test_values_beyond_what_the_maker_declares_are_named(folder: Path, tmp_path: Path) -> None:
    narrow = altered(
        folder / "models" / "Tank.fmu",
        tmp_path / "narrow.fmu",
        lambda text: text.replace(
            '<Float64 name="volume"', '<Float64 name="volume" min="0" max="5.01"'
        ).replace('<Float64 name="inlet"', '<Float64 name="inlet" min="273.15"'),
    )
    model = load("tank", spec(folder, file=str(narrow), start=(ForeignStart("least", 9.0),)))
    starts: Floats = np.full((1, 1), 9.0)
    with pytest.raises(ScenarioFault, match=r"'inlet' .* is fed with 20 K .*within 273.15..inf"):
        model.begin(1, 60.0, starts, np.array([[0.0, 20.0]]))
    going = model.begin(1, 60.0, starts, np.array([[0.0001, 300.0]]))
    assert math.isclose(going.step(np.array([[0.0001, 300.0]]))[1][0, 0], 5.006)
    with pytest.raises(ScenarioFault, match=r"'volume' .* gives 5.012 m\*\*3 after 60 s of run 0"):
        going.step(np.array([[0.0001, 300.0]]))


# The plant file.

FILE_FAULTS = {
    "no model": (
        "model:\n          file: models/Tank.fmu",
        "description: x\n        omit: []\n        x:\n          file: y",
        "is an fmu without `model`",
    ),
    "another kind": (
        "kind: fmu\n        name: Rain",
        "kind: air_compressor\n        name: Rain",
        "of kind air_compressor has a `model`",
    ),
    "outside": ("models/Tank.fmu", "../Tank.fmu", "leads out of the plant file's folder"),
    "absolute": ("models/Tank.fmu", "/models/Tank.fmu", "leads out of the plant file's folder"),
    "no fmu": ("models/Tank.fmu", "models/Tank.zip", "is no FMU by its name"),
    "two sources": (
        "inflow: {value: 0.001}",
        "inflow: {value: 0.001, net: water}",
        "`inflow` says net and value",
    ),
    "no sink": (
        "outflow: {quantity: water_out_m3}",
        "outflow: {unit: m3/h}",
        "`outflow` says nothing",
    ),
    "unknown signal": (
        "given: heater.temperature",
        "given: heater.temperatur",
        "there is no signal 'heater.temperatur'; did you mean",
    ),
    "no set-point": (
        "setpoint: power_sp",
        "setpoint: temperature",
        "heater.temperature is a temperature; name a `setpoint`",
    ),
    "unknown unit": (
        "inflow: {value: 0.001}",
        "inflow: {value: 0.001, unit: kWatz}",
        "the unit 'kWatz' is unknown",
    ),
    "a counter of a net": (
        "serves: hot_water, unit: kW",
        "serves: hot_water, form: counter",
        "a counter for `serves`",
    ),
    "fed and started": (
        "least: {value: 2}",
        "inflow: {value: 2}",
        "'inflow' is an input and has a start value",
    ),
    "weather": ("weather: outdoor_c", "weather: rain", "outdoor_c"),
}


@pytest.mark.parametrize("what", FILE_FAULTS)
def test_faults_of_the_plant_file_are_told_with_their_line(tmp_path: Path, what: str) -> None:
    old, new, named = FILE_FAULTS[what]
    assert PLANT.count(old) == 1, old
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT.replace(old, new))
    with pytest.raises(PlantFault) as fault:
        read_plant(file)
    hit = [text for text in fault.value.faults if named in text]
    assert hit, fault.value.faults
    assert hit[0].startswith(f"{file}:")


SIM_FAULTS = {
    "not a flow": (
        "demand_kw: {net: hot_water, unit: kW}",
        "demand_kw: {net: hot_water, unit: degC}",
        "stands for a flow of a net",
    ),
    "no unit in the name": (
        "gives: rain_m3",
        "gives: rain",
        "given value 'rain' at the foreign model of tank tells no unit",
    ),
    "units that do not fit": (
        "gives: rain_m3",
        "gives: rain_kg",
        "'volume' of the foreign model of tank cannot be joined",
    ),
    "unknown quantity": ("quantity: water_out_m3", "quantity: wine_m3", "tank books wine_m3"),
    "rate booked of a total": (
        "taken: {quantity: water_in_m3, form: counter}",
        "taken: {quantity: water_in_m3}",
        "'taken' .* cannot be joined",
    ),
    "nobody gives it": (
        "given: heater.temperature, first: 330",
        "given: oil_c",
        "nobody gives oil_c, which feeds 'inlet' of tank in the first step",
    ),
    "served and not asked": (
        "demand_kw: {net: hot_water, unit: kW}",
        "demand_kw: {value: 1}",
        "serves hot_water and is not fed",
    ),
}


@pytest.mark.parametrize("what", SIM_FAULTS)
def test_what_cannot_be_joined_is_named(
    folder: Path, models: dict[str, ForeignModel], what: str
) -> None:
    old, new, named = SIM_FAULTS[what]
    assert PLANT.count(old) == 1, old
    file = folder / "other.yaml"
    file.write_text(PLANT.replace(old, new))
    changed = read_plant(file)
    found = dict(foreign_models(changed))
    with pytest.raises(ScenarioFault, match=named):
        engine_of(case_of(changed, found)).advance(2)
    for model in found.values():
        model.close()


def test_a_machine_of_kind_fmu_without_its_model_is_not_played_as_nothing(plant: Plant) -> None:
    bare = tuple(replace(e, model=None) for e in plant.elements)
    with pytest.raises(ScenarioFault, match="heater, tank of kind fmu without a foreign model"):
        units_of(replace(plant, elements=bare))
