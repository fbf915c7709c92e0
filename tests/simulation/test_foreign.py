"""Foreign models in a plant: they agree with a Python twin of their equations, and what goes wrong is named."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import psutil
import pytest

from ecotwin.connectors.foreign_model import ForeignModel
from ecotwin.connectors.foreign_process import ForeignProcess
from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.simulation.assembly import units_of
from ecotwin.simulation.contract import Image, Known, Outage, Setting
from ecotwin.simulation.engine import run
from foreign_fmus import HeaterTwin
from foreign_works import START, STEPS, Users, case_of, demand, engine_of, folder, models, plant

__all__ = ["folder", "models", "plant"]


def test_heater_and_tank_agree_with_the_same_equations_in_python(
    plant: Plant, models: dict[str, ForeignModel]
) -> None:
    settings = {"heater.power_sp": (Setting(20.0, START + timedelta(hours=1)),)}
    known = {"heater.loss_kw_k": Known(0.05)}
    case = case_of(plant, models, settings=settings, parameters=known)
    outcome = run(case, [Users(), *units_of(plant)])
    twin = HeaterTwin(60.0)
    temperatures, drawn_kwh = [], 0.0
    for n in range(STEPS):
        power = 6.0 if n < 60 else 20.0
        twin.step(power, demand(n), 12.0, 60.0)
        temperatures.append(twin.temperature_c)
        drawn_kwh += power / 60.0
    assert outcome.total("electricity_kwh", "heater") == pytest.approx([drawn_kwh] * 3, rel=1e-12)
    assert outcome.total("heat_kwh", "heater") == pytest.approx([drawn_kwh] * 3, rel=1e-12)
    assert outcome.missing["hot_water"] == pytest.approx([0.0] * 3, abs=1e-12)
    engine = engine_of(case)
    engine.advance(STEPS)
    assert engine.board.given["heater.temperature"] == pytest.approx(
        [temperatures[-1]] * 3, rel=1e-12
    )
    seen = [s["heater.temperature"][0] for s in engine.states["users"]["seen"][1:]]
    assert seen == pytest.approx(temperatures[:-1], rel=1e-12)


def test_the_heaters_energy_is_what_it_holds_more_plus_what_left_it(
    plant: Plant, models: dict[str, ForeignModel]
) -> None:
    """With no loss, electricity less supply is heat stored, in every run and whatever its mass."""
    known = {"heater.loss_kw_k": Known(1e-9), "heater.mass_kg": Known(800.0, 100.0)}
    engine = engine_of(case_of(plant, models, parameters=known))
    engine.advance(STEPS)
    outcome = engine.outcome()
    supplied = sum(demand(n) / 60.0 for n in range(STEPS)) - outcome.missing["hot_water"]
    mass = engine.states["heater"]["starts"][:, 1]
    assert mass.std() > 1.0
    stored = mass * 4.186 / 3600.0 * (engine.board.given["heater.temperature"] - 60.0)
    assert outcome.total("electricity_kwh") - supplied == pytest.approx(stored, abs=1e-4)


def test_water_of_the_tank_is_conserved_and_mixed(
    plant: Plant, models: dict[str, ForeignModel]
) -> None:
    engine = engine_of(case_of(plant, models, parameters={"heater.loss_kw_k": Known(0.05)}))
    volume, temperature, inlet = 5.0, 293.15, 330.0
    taken = out = 0.0
    for n in range(STEPS):
        engine.advance()
        for _ in range(4):
            outflow = 0.002 if volume > 2.0 else 0.0
            temperature = (volume * temperature + 0.015 * inlet) / (volume + 0.015)
            volume += 0.015 - outflow * 15.0
            taken, out = taken + 0.015, out + outflow * 15.0
        inlet = engine.board.given["heater.temperature"][0] + 273.15
        assert engine.board.given["rain_m3"] == pytest.approx([volume] * 3, rel=1e-12), n
        assert engine.board.given["rain_c"] == pytest.approx([temperature - 273.15] * 3, abs=1e-9)
    outcome = engine.outcome()
    assert outcome.total("water_in_m3") == pytest.approx([taken] * 3, rel=1e-12)
    assert outcome.total("water_out_m3") == pytest.approx([out] * 3, rel=1e-12)
    assert taken - out == pytest.approx(volume - 5.0, abs=1e-9)


def test_a_run_from_live_starts_at_the_signals_value_and_a_scenario_wins_over_it(
    plant: Plant, models: dict[str, ForeignModel]
) -> None:
    image = Image(START, {"heater.temperature": 71.5})
    engine = engine_of(case_of(plant, models, image=image))
    assert engine.states["heater"]["starts"][:, 0] == pytest.approx([71.5] * 3)
    changed = case_of(plant, models, image=image, parameters={"heater.temperature_c": Known(50.0)})
    assert engine_of(changed).states["heater"]["starts"][:, 0] == pytest.approx([50.0] * 3)


def test_the_same_seed_gives_the_same_runs_in_another_process_too(
    plant: Plant, models: dict[str, ForeignModel]
) -> None:
    case = case_of(plant, models)
    sent = pickle.loads(pickle.dumps(case))
    one, two = engine_of(case), engine_of(sent, runs=3)
    one.advance(20)
    two.advance(20)
    last = one.board.given["heater.temperature"]
    assert last.std() > 0.0
    assert np.array_equal(last, two.board.given["heater.temperature"])
    del sent, two
    assert Path(models["heater"].folder).is_dir()


def test_an_outage_holds_the_model_that_feels_it_and_is_refused_for_the_one_that_does_not(
    plant: Plant, models: dict[str, ForeignModel]
) -> None:
    down = Outage("heater", START + timedelta(minutes=30), START + timedelta(minutes=60))
    engine = engine_of(case_of(plant, models, outages=(down,)))
    engine.advance(STEPS)
    assert engine.outcome().total("electricity_kwh") == pytest.approx([6.0 * 1.5] * 3)
    down = Outage("tank", START, START + timedelta(hours=1))
    with pytest.raises(
        ScenarioFault, match=r"foreign model of tank has no input that says it is out of order"
    ):
        engine_of(case_of(plant, models, outages=(down,)))


@pytest.mark.parametrize(
    ("mood", "named"),
    [
        (
            1,
            r'heater \(Heater.fmu\) ended with exit code 7 in the step after 300 s \(it said: "the heater is on fire"',
        ),
        (2, r"gave no answer within 2 s in the step after 300 s and was ended"),
        (3, r"'temperature_c' of the foreign model of heater \(Heater.fmu\) gives nan"),
        (4, r"failed in the step after 300 s of run 0: .*fmi2DoStep failed with status"),
        (5, r"ended with signal SIGSEGV in the step after 300 s"),
    ],
    ids=["exits", "hangs", "gives nan", "fails", "crashes"],
)
def test_a_model_that_goes_wrong_is_named_and_ended(
    plant: Plant, models: dict[str, ForeignModel], mood: int, named: str
) -> None:
    engine = engine_of(case_of(plant, models, parameters={"heater.mood": Known(float(mood))}))
    begun = time.monotonic()
    with pytest.raises(ScenarioFault, match=named):
        engine.advance(STEPS)
    assert time.monotonic() - begun < 8.0
    process = engine.states["heater"]["run"]._process.process
    assert process.poll() is not None, "its process still runs"
    with pytest.raises(ScenarioFault, match="has been ended before"):
        engine.advance()


def test_what_a_model_prints_is_no_answer(plant: Plant, models: dict[str, ForeignModel]) -> None:
    noisy = engine_of(case_of(plant, models, parameters={"heater.mood": Known(6.0)}))
    calm = engine_of(case_of(plant, models))
    for engine in (noisy, calm):
        engine.advance(12)
    assert np.array_equal(
        noisy.board.given["heater.temperature"], calm.board.given["heater.temperature"]
    )


def test_processes_end_with_their_runs(plant: Plant, models: dict[str, ForeignModel]) -> None:
    engine = engine_of(case_of(plant, models))
    engine.advance(3)
    left = engine.states["heater"]["run"]._process.process
    assert left.poll() is None
    del engine
    assert left.poll() is not None, "the process outlives the engine that was dropped"
    engine = engine_of(case_of(plant, models))
    engine.advance(STEPS)
    assert engine.states["tank"]["run"]._process.process.poll() is not None


ORPHAN = """
import os, sys, time
from pathlib import Path
from ecotwin.connectors.foreign_model import load
from ecotwin.plant import load as read
import numpy as np
model = load("tank", read(sys.argv[1]).element("tank").model)
run = model.begin(1, 60.0, np.full((1, 1), 2.0), np.array([[0.001, 300.0]]))
print(run._process.process.pid, model.folder, flush=True)
time.sleep(60.0)
"""


def test_a_models_process_ends_when_the_twin_was_killed(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(folder / "plant.yaml")],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as twin:
        assert twin.stdout is not None
        pid, left = twin.stdout.readline().decode().split()
        assert psutil.pid_exists(int(pid))
        twin.kill()
    shutil.rmtree(left)
    ends = time.monotonic() + 10.0
    while psutil.pid_exists(int(pid)) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not psutil.pid_exists(int(pid))


def test_a_models_process_sees_no_secret_of_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOTWIN_TOKEN", "secret")
    process = ForeignProcess("nobody")
    seen = psutil.Process(process.process.pid).environ()
    process.close()
    assert "PATH" in seen
    assert "ECOTWIN_TOKEN" not in seen


def test_a_model_that_was_not_handed_in_is_named(plant: Plant) -> None:
    with pytest.raises(
        ScenarioFault, match=r"foreign model of \w+ was not handed in.*foreign_models"
    ):
        engine_of(case_of(plant, {}))


def test_a_scenario_cannot_change_what_the_model_does_not_have(
    plant: Plant, models: dict[str, ForeignModel]
) -> None:
    with pytest.raises(ScenarioFault, match=r"foreign model of heater has no start value 'mass'"):
        engine_of(case_of(plant, models, parameters={"heater.mass": Known(1.0)}))
