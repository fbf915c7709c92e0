"""A foreign model in C: its mass adds up for many runs, and however it dies the twin lives on and says so."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from ecotwin.connectors.foreign_model import ForeignModel, load
from ecotwin.errors import ScenarioFault
from ecotwin.plant.foreign import Foreign, ForeignInput, ForeignOutput, ForeignStart
from foreign_c import silo


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignModel]:
    spec = Foreign(
        str(silo(tmp_path_factory.mktemp("silo"))),
        (ForeignInput("inflow", "value"),),
        (ForeignOutput("level", "gives", "silo_kg"), ForeignOutput("total", "gives", "fed_kg")),
        (ForeignStart("mood", 0.0),),
        answer_s=2.0,
    )
    found = load("silo", spec)
    yield found
    found.close()


def test_mass_adds_up_in_every_one_of_many_runs(model: ForeignModel) -> None:
    runs, steps = 250, 200
    flow = np.random.default_rng(7).uniform(0.0, 2.0, (steps, runs, 1))
    going = model.begin(runs, 60.0, np.zeros((runs, 1)), flow[0])
    for fed in flow:
        _, last = going.step(fed)
    going.close()
    assert last[:, 0] == pytest.approx(flow.sum(axis=0)[:, 0] * 60.0, rel=1e-12)
    assert np.array_equal(last[:, 0], last[:, 1])


DEATHS = {
    1: r"ended with signal SIGSEGV in the step after 120 s",
    2: r"ended with signal SIGABRT in the step after 120 s",
    3: r"gave no answer within 2 s in the step after 120 s and was ended",
    4: r"ended with exit code 0 in the step after 120 s",
    5: r"failed in the step after 120 s of run 1: .*fmi2DoStep failed with status 3 \(error\)",
    6: r"'level' .* gives -?(nan|inf) kg after 120 s of run 1",
}


@pytest.mark.parametrize("mood", DEATHS)
def test_however_a_c_model_dies_it_is_named_and_gone(model: ForeignModel, mood: int) -> None:
    fed = np.ones((2, 1))
    going = model.begin(2, 60.0, np.array([[0.0], [float(mood)]]), fed)
    going.step(fed)
    going.step(fed)
    begun = time.monotonic()
    with pytest.raises(ScenarioFault, match=DEATHS[mood]):
        going.step(fed)
    assert time.monotonic() - begun < 6.0
    assert going._process.process.poll() is not None
