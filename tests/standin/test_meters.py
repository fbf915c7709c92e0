"""Meters: class, digits, roll-over, reset, stuck, silence; and history as fast as possible."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ecotwin.clock import HOUR, micros
from ecotwin.errors import FileFault
from ecotwin.plant import Plant
from ecotwin.records import Samples
from ecotwin_standin.plantside import Plantside, history
from ecotwin_standin.recording import write_days
from ecotwin_standin.scenario import Scenario
from standin.days import MONDAY, told, works


@pytest.fixture(name="plant")
def _plant() -> Plant:
    return works()


def played(plant: Plant, scenario: Scenario | None, days: float, step_s: float = 30.0) -> Samples:
    return Samples.join(list(history(plant, scenario, MONDAY, days, 3, step_s)))


def of(plant: Plant, samples: Samples, signal: str) -> Samples:
    return samples.take(samples.signal == plant.signal(signal).index)


def test_history_is_repeatable_and_does_not_depend_on_how_it_is_cut(plant: Plant) -> None:
    first, second = played(plant, None, 0.2), played(plant, None, 0.2)
    assert np.array_equal(first.value, second.value)
    assert np.array_equal(first.at, second.at)
    side = Plantside(plant, MONDAY, 3)
    rows = [side.run(1)[1][0] for _ in range(288)]
    rows += list(side.run(288)[1])
    whole = first.value.reshape(576, -1)
    assert np.array_equal(np.array(rows), whole)


def test_history_stamps_and_order(plant: Plant) -> None:
    samples = played(plant, None, 0.1, step_s=60.0)
    assert len(samples) == 144 * len(plant.signals)
    assert samples.at[0] == micros(MONDAY + timedelta(seconds=60))
    assert samples.at[-1] == micros(MONDAY + timedelta(days=0.1))
    assert (np.diff(samples.at) >= 0).all()
    assert set(samples.signal.tolist()) == {s.index for s in plant.signals}


def test_skipping_joins_on_the_history(plant: Plant) -> None:
    longer = played(plant, None, 0.2)
    side = Plantside(plant, MONDAY, 3)
    side.skip_to(MONDAY + timedelta(days=0.1))
    stamps, values, _ = side.run(1)
    later = longer.take(longer.at == stamps[0])
    assert np.array_equal(later.value, values[0])


def test_meters_keep_within_their_class_and_agree_with_their_power(plant: Plant) -> None:
    samples = played(plant, None, 1.0)
    side = Plantside(plant, MONDAY, 3, follow=False)
    start = side.world.machines["oven_1"].v["energy"]
    for _ in range(2880):
        side.world.step()
    truth = side.world.machines["oven_1"].v["energy"] - start
    energy = of(plant, samples, "oven_1.energy").value
    power = of(plant, samples, "oven_1.power").value
    accuracy = plant.signal("oven_1.energy").accuracy
    assert energy[-1] - energy[0] == pytest.approx(truth, rel=accuracy)
    assert power.sum() * 30 / 3600 == pytest.approx(energy[-1] - energy[0], rel=accuracy / 2)
    assert np.allclose(energy * 1000, np.rint(energy * 1000)), "an index has a last digit"
    parts = of(plant, samples, "printer_1.parts_total").value
    assert np.array_equal(parts, np.rint(parts))


def test_electricity_balances_close_within_meter_error(plant: Plant) -> None:
    samples = played(plant, None, 1.0)
    used = {}
    for s in plant.signals:
        if s.means in ("electricity_energy", "electricity_generated"):
            v = of(plant, samples, s.id).value
            used[s.id] = v[-1] - v[0]
    for balance in plant.balances:
        if balance.carrier == "electricity" and len(balance.inputs) == 1:
            fed = sum(used[o] for o in balance.outputs)
            whole = used[balance.inputs[0]]
            assert -0.012 * whole < whole - fed < 0.05 * whole + 40.0, balance.id


def test_faults_of_meters_and_devices(plant: Plant) -> None:
    scenario = told(
        "  - {fault: meter_reset, target: oven_2.energy, start: +4h}\n"
        "  - {fault: stuck_sensor, target: oven_1.power, start: +5h, end: +7h}\n"
        "  - {fault: gap, target: placer_1a, start: +4h, end: +5h}\n"
        "  - {fault: meter_rollover, target: oven_1.energy, start: +8h}\n"
    )
    samples = played(plant, scenario, 0.5)
    begin = micros(MONDAY)

    reset = of(plant, samples, "oven_2.energy")
    down = np.flatnonzero(np.diff(reset.value) < 0)
    assert len(down) == 1
    assert reset.at[down[0] + 1] == begin + 4 * HOUR
    assert reset.value[down[0] + 1] < 1.0

    stuck = of(plant, samples, "oven_1.power")
    held = stuck.take((stuck.at >= begin + 5 * HOUR) & (stuck.at < begin + 7 * HOUR))
    assert len(set(held.value.tolist())) == 1
    after = stuck.take(stuck.at >= begin + 7 * HOUR)
    assert len(set(after.value.tolist())) > 100

    silent = of(plant, samples, "placer_1a.power")
    assert not ((silent.at >= begin + 4 * HOUR) & (silent.at < begin + 5 * HOUR)).any()
    energy = of(plant, samples, "placer_1a.energy").value
    assert (np.diff(energy) >= 0).all()

    rolled = of(plant, samples, "oven_1.energy")
    back = np.flatnonzero(np.diff(rolled.value) < 0)
    assert len(back) == 1
    assert abs(int(rolled.at[back[0]]) - begin - 8 * HOUR) < HOUR
    top = plant.signal("oven_1.energy").rollover
    assert top is not None
    step = rolled.value[back[0] + 1] + top - rolled.value[back[0]]
    assert 0.0 < step < 1.0
    assert (rolled.value < top).all()


def test_a_calm_plant_has_no_truth_to_tell(plant: Plant) -> None:
    side = Plantside(plant, MONDAY, 3)
    side.run(2880)
    side.close()
    assert side.truth is not None
    assert side.truth.lines == []


def test_the_truth_knows_when_the_meter_rolled_over(plant: Plant) -> None:
    scenario = told("  - {fault: meter_rollover, target: oven_1.energy, start: +6h}")
    side = Plantside(plant, MONDAY, 3, scenario)
    side.run(8 * 120)
    assert side.truth is not None
    (line,) = side.truth.lines
    assert line["fault"] == "meter_rollover"
    assert line["planned"] is True


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_recording_is_one_file_a_day_in_long_form(
    plant: Plant, tmp_path: Path, form: str
) -> None:
    batches = list(history(plant, None, MONDAY, 1.0, 3, 300.0))
    days: list[str] = []
    files = write_days(plant, batches, tmp_path, form, days.append)
    assert days == ["nordhafen-2026-06-15", "nordhafen-2026-06-16"]
    assert [f.name.split(".")[0] for f, _ in files] == days
    ending = "parquet" if form == "parquet" else "csv.gz"
    whole = Samples.join(batches)
    assert sum(n for _, n in files) == len(whole)
    with duckdb.connect() as db:
        rows = db.execute(
            f"""SELECT "at", signal, value FROM '{tmp_path}/*.{ending}'
            WHERE signal = 'oven_1.energy' ORDER BY "at\""""
        ).fetchall()
    mine = of(plant, whole, "oven_1.energy")
    assert [r[0] for r in rows] == mine.at.tolist()
    assert [r[2] for r in rows] == mine.value.tolist()
    assert not list(tmp_path.glob("*.part"))


def test_a_recording_into_nowhere_is_refused(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileFault, match="cannot be made"):
        write_days(plant, [], tmp_path / "file" / "folder", "csv", print)
