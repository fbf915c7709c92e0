"""The plants we ship: sound, whole, and as large as they claim."""

from __future__ import annotations

import hashlib
import json
from datetime import time
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin.plant import Plant, check, load
from ecotwin.plant.blueprint import parse
from ecotwin.plant.catalogue import FREE, kind, kinds, meanings
from ecotwin.plant.schema import schema_text
from ecotwin.plant.signals import free_unit, known_unit
from ecotwin.units import conversion

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "plants").glob("*.yaml"))


@pytest.fixture(scope="module")
def electronics() -> Plant:
    return load(ROOT / "plants" / "electronics.yaml")


@pytest.fixture(scope="module")
def steelworks() -> Plant:
    return load(ROOT / "plants" / "steelworks.yaml")


def test_there_are_shipped_plants() -> None:
    assert {"electronics", "steelworks"} <= {p.stem for p in SHIPPED}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_plant_is_sound_and_fits_the_schema(path: Path) -> None:
    assert check(path) == ()
    plant = load(path)
    assert plant.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [s.index for s in plant.signals] == list(range(len(plant.signals)))
    published = json.loads((ROOT / "docs" / "plant.schema.json").read_text("utf-8"))
    text = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    assert text["id"] == plant.id
    document = parse_plain(path)
    jsonschema.Draft202012Validator(published).validate(document)


def parse_plain(path: Path) -> object:
    from ecotwin.plant.lines import read

    return read(path.read_text("utf-8")).data


def test_published_schema_is_fresh() -> None:
    published = (ROOT / "docs" / "plant.schema.json").read_text("utf-8")
    assert published == schema_text(), "write schema_text() to docs/plant.schema.json"


def test_schema_refuses_what_check_refuses() -> None:
    published = json.loads((ROOT / "docs" / "plant.schema.json").read_text("utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "a", "name": "A", "timezone": "UTC", "colour": "red"}, published)


def test_electronics_is_as_large_as_promised(electronics: Plant) -> None:
    assert len(electronics.machines) >= 40
    assert len(electronics.signals) >= 400
    carriers = {s.carrier for s in electronics.signals}
    assert carriers >= {"electricity", "gas", "compressed_air", "water", "waste", "air_emission"}
    for line in ("line_1", "line_2"):
        found = [m.kind for m in electronics.children(line)]
        wanted = ("loader", "printer", "placer", "placer", "placer", "reflow_oven", "inspection")
        assert found == ["feeder", *wanted, "selective_solder", "test_station"]


def test_every_machine_that_makes_parts_says_what_it_uses_and_does(electronics: Plant) -> None:
    making = [m for m in electronics.machines if electronics.find(m.id, "parts_total")]
    assert len(making) >= 25
    for machine in making:
        for means in ("electricity_energy", "electricity_power", "state", "parts_good", "product"):
            assert electronics.find(machine.id, means) is not None, (machine.id, means)


def test_every_machine_that_uses_electricity_states_its_nominal_power(electronics: Plant) -> None:
    using = [m for m in electronics.machines if m.kind_facts.get("role") == "machine"]
    assert len(using) >= 40
    names = ("off", "standby", "heating", "setup", "idle", "busy", "down", "sd_share")
    for machine in using:
        facts = machine.kind_facts
        assert all(facts[f"kw_{name}"] >= 0 for name in names), machine.id
        assert facts["kw_off"] <= facts["kw_standby"] <= facts["kw_idle"] <= facts["kw_busy"]
        power = electronics.find(machine.id, "electricity_power")
        assert power is not None
        assert power.high is not None
        assert max(facts["kw_busy"], facts["kw_heating"]) < power.high, machine.id


def test_nominal_power_of_the_electronics_works_in_production(electronics: Plant) -> None:
    using = [m for m in electronics.machines if m.kind_facts.get("role") == "machine"]
    assert 500 <= sum(float(m.kind_facts["kw_busy"]) for m in using) <= 750


def test_ovens_sleep_by_their_kind_and_may_be_written(electronics: Plant) -> None:
    for oven in ("oven_1", "oven_2"):
        sleep = electronics.element(oven).sleep
        assert sleep is not None
        assert (sleep.asleep, sleep.awake) == (120, 245)
        rule = electronics.signal(sleep.signal).write
        assert rule is not None
        assert rule.watchdog
        assert {k.kind for k in rule.interlocks} == {"state", "signal", "fresh", "calendar"}
        assert {k.signal for k in rule.interlocks} >= {f"{oven}.state", f"{oven}.boards_inside"}
    pressure = electronics.signal("compressor_1.pressure_sp").write
    assert pressure is not None
    assert not pressure.watchdog
    assert electronics.element("compressor_1").sleep is None


def test_every_electricity_meter_of_a_machine_stands_in_one_balance(electronics: Plant) -> None:
    fed = [name for node in electronics.balances for name in node.outputs]
    assert len(fed) == len(set(fed))
    using = [m for m in electronics.machines if m.kind_facts.get("role") == "machine"]
    assert {f"{m.id}.energy" for m in using} <= set(fed)


def test_grid_factors_are_given_with_their_source(electronics: Plant) -> None:
    grid = electronics.grid
    assert grid is not None
    assert len(grid.hourly) == 24
    assert sum(grid.hourly) / 24 == pytest.approx(0.294, abs=5e-5)
    assert grid.location == 0.294
    assert "stated assumption" in grid.source
    assert sum(c.share for c in grid.contracts) <= 1


def test_times_and_days_are_read(electronics: Plant) -> None:
    early = electronics.shifts[0]
    assert (early.days, early.start, early.end) == ((0, 1, 2, 3, 4), time(6), time(14))
    assert [b.start for b in early.breaks] == [time(8, 30), time(11, 30)]
    assert electronics.country == "DE"


def test_steelworks_reads_columns_and_gives_no_factor(steelworks: Plant) -> None:
    assert steelworks.grid is None
    assert not steelworks.factors
    energy = steelworks.signal("main_meter.energy")
    assert (energy.address, energy.form, energy.every_s) == ("Usage_kWh", "interval", 900.0)
    assert steelworks.element("main_meter").kind_facts["zero_means_fault"] is True
    options = steelworks.connection("meter_file").options
    assert options["time"]["stamps"] == "end"
    assert options["time"]["midnight"] == "old_day"
    factor = steelworks.signal("main_meter.lagging_power_factor")
    assert (factor.unit, factor.wire_unit, factor.factor, factor.high) == ("1", "%", 0.01, 1.0)


@pytest.mark.parametrize("name", kinds())
def test_kind_table_is_sound(name: str) -> None:
    table = kind(name)
    assert table.signals, "a kind without signals"
    assert table.facts["role"].value in ("machine", "meter", "source", "ambient")
    for row in table.signals.values():
        meaning = meanings()[row.means]
        assert known_unit(row.unit), row
        if row.means in FREE:
            assert row.unit
            free_unit(row.unit)
        else:
            conversion(row.unit, meaning.unit)
        assert row.description
        assert row.every_s > 0
        assert 0 <= row.accuracy < 0.5
        if row.low is not None and row.high is not None:
            assert row.low < row.high, row
        assert row.rollover is None or meaning.form == "counter", row
    for fact in table.facts.values():
        assert fact.description, fact
        assert fact.source, fact


def test_bounds_follow_the_unit_on_the_wire() -> None:
    text = """
id: p
name: P
timezone: UTC
connections: {bus: {protocol: mqtt}}
areas:
  - id: hall
    name: Hall
    machines:
      - id: m
        kind: feeder
        name: M
        device: plc/7
        omit: [current_1, current_2, current_3]
        facts: {made_up: 3}
        signals:
          power: {unit: W, high: 90000, max_step: 500}
          energy: {unit: MWh}
          hot: {means: temperature, unit: degF, low: 32, high: 212, max_step: 18, address: "t/1"}
"""
    plant, faults = parse(text, "p.yaml")
    assert faults == ()
    assert plant is not None
    power, energy, hot = (plant.signal(f"m.{n}") for n in ("power", "energy", "hot"))
    assert (power.low, power.high, power.max_step, power.factor) == (0.0, 90.0, 0.5, 0.001)
    assert (energy.high, energy.rollover, energy.factor) == (1e7, 1e7, 1000.0)
    assert (hot.low, hot.high, hot.max_step) == pytest.approx((0.0, 100.0, 10.0), abs=1e-9)
    assert (power.address, hot.address) == ("plc/7/power", "t/1")
    assert [s.id for s in plant.signals] == ["m.energy", "m.power", "m.power_factor", "m.hot"]
    assert plant.element("m").kind_facts["made_up"] == 3


LINES = (ROOT / "plants" / "electronics.yaml").read_text("utf-8").splitlines()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINES) - 1),
            st.sampled_from(["drop", "double", "indent", "value", "cut"]),
            st.sampled_from(["7", "[]", "{}", "null", "off", "-1e400", "'x'", "*a", "{a: [b"]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_mutilated_file_is_more_than_faulty(edits: list[tuple[int, str, str]]) -> None:
    lines = list(LINES)
    for number, what, value in edits:
        line = lines[number]
        match what:
            case "drop":
                lines[number] = ""
            case "double":
                lines[number] = f"{line}\n{line}"
            case "indent":
                lines[number] = f"  {line}"
            case "cut":
                lines[number] = line[: len(line) // 2]
            case _:
                lines[number] = f"{line.split(':')[0]}: {value}"
    text = "\n".join(lines)
    plant, faults = parse(text, "f.yaml")
    assert (plant is None) == bool(faults)
    for fault in faults:
        _, line_number, told = fault.split(":", 2)
        assert 1 <= int(line_number) <= text.count("\n") + 1
        assert len(told) > 15
