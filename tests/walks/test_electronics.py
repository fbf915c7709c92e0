"""The electronics works' story: lines measured, idle and schedule losses found, and what a change saves comes true.

The stand-in is the plant here. What the what-if foretells for a change of set-points is held against what the stand-in
does when the same set-points are written to it; the two share neither parameters nor physics.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ecotwin.clock import Period, micros
from ecotwin.cycle.asking import Asked
from ecotwin.cycle.whatif import WhatIf
from ecotwin.cycle.whatif_run import Question
from ecotwin.governance.ledger import Ledger
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import load
from ecotwin_standin.plantside import Plantside
from ecotwin_standin.scenario import Scenario
from lived import lived
from running import ROOT, utc

PLANT = ROOT / "plants" / "electronics.yaml"
SEED = 5711
"""Of the stand-in; nothing was looked at with it before."""
START = utc("2026-06-16T02:00")
NOW = utc("2026-06-18T02:00")
DAY = Period(utc("2026-06-16T22:00"), utc("2026-06-17T22:00"))
OVENS = ("oven_1", "oven_2", "curing_3")
ASLEEP = {"oven_1": (120.0, 18.0), "oven_2": (120.0, 18.0), "curing_3": (60.0, 15.0)}
"""As in the scenario: set-point asleep [degC], and how long before work goes on it is awake again [min]."""
BREAKS = (("11:30", 45.0), ("18:30", 45.0))
"""Breaks of 25 minutes and more, local."""
RUNS = 24


@dataclass
class Works:
    """Two days that were lived, and who asks of them."""

    store: DuckStore
    ledger: Ledger
    asked: Asked

    def figures(self) -> dict[str, Any]:
        """Figures of the second day: `element:indicator` -> Measure."""
        places = ["nordhafen", "line_1", "line_2", "line_3", *OVENS]
        made = self.asked.accounts(DAY, places)
        return {f"{m.element}:{m.indicator}": m for m in made.measures}


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("works")
    plant = load(PLANT)
    store = lived(plant, folder / "history", SEED, START, 2.0, 60.0)
    ledger = Ledger(folder / "ledger")
    yield Works(store, ledger, Asked(plant, store, ledger, NOW))
    store.close()
    ledger.close()


def test_lines_are_measured_and_their_losses_found(works: Works) -> None:
    found = works.figures()
    plant = works.asked._plant
    site = found["nordhafen:energy.electricity"].value
    lines = {n: found[f"{n}:energy.electricity"].value for n in ("line_1", "line_2", "line_3")}
    assert 0.2 * site < sum(lines.values()) < 0.8 * site
    for line in lines:
        oee = found[f"{line}:oee.oee"].value
        parts = (
            found[f"{line}:oee.{k}"].value for k in ("availability", "effectiveness", "quality")
        )
        product = 1.0
        for part in parts:
            product *= part
        assert oee == pytest.approx(product, rel=1e-6)
        assert 0.2 < oee < 1.0
    # Idle loss: ovens burn a good share of their electricity hot and without a board.
    shares = {o: found[f"{o}:energy.unproductive_share"].value for o in OVENS}
    assert all(0.05 < s < 0.9 for s in shares.values()), shares
    idle_kwh = sum(s * found[f"{o}:energy.electricity"].value for o, s in shares.items())
    assert idle_kwh > 100.0
    others = found["line_1:energy.unproductive_share"].value
    assert 0.0 < others < 1.0
    # Schedule loss: what machines use while they wait for the slowest of their line.
    waiting = found["line_1:energy.waiting_for_bottleneck"].value
    assert 0.0 < waiting < lines["line_1"]
    assert plant.tariff("electricity") is not None
    assert found["line_1:cost.waiting_for_bottleneck"].value > 0.0


def _lived_kwh(asleep: bool) -> tuple[float, float]:
    """Electricity of the three ovens, and good parts, on the third day as the stand-in really lives it."""
    plant = load(PLANT)
    side = Plantside(plant, START, SEED, Scenario("calm"), 60.0, follow=False)
    side.skip_to(NOW)
    world = side.world
    begin = {o: world.machines[o].v["energy"] for o in OVENS}
    parts = world.totals["good_parts"]
    writes = sorted(_writes(plant.zone)) if asleep else []
    end = NOW + timedelta(hours=19)
    while world.now_us < micros(end):
        while writes and world.now_us >= writes[0][0]:
            _, signal, value, lease_s = writes.pop(0)
            assert side.write(signal, value, lease_s, world.now_us)
        side.run(1)
    kwh = sum(world.machines[o].v["energy"] - begin[o] for o in OVENS)
    return kwh, world.totals["good_parts"] - parts


def _writes(zone: Any) -> list[tuple[int, str, float, float]]:
    found = []
    for clock, minutes in BREAKS:
        at = datetime.fromisoformat(f"2026-06-18T{clock}").replace(tzinfo=zone)
        for oven, (value, early) in ASLEEP.items():
            found.append((micros(at), f"{oven}.sleep_sp", value, (minutes - early) * 60.0))
    return found


@pytest.fixture(scope="module")
def foretold(works: Works) -> dict[str, Any]:
    what_if = WhatIf(load(PLANT), lambda: NOW, works.store, works.ledger)
    ids = ("ovens_sleep_in_breaks", "ovens_start_later", "pressure_6_2")
    run = what_if.now_and_here(Question(ids, start=NOW.isoformat(), hours=19.0, runs=RUNS))
    return dict(what_if.document(run.id))


def test_ovens_asleep_in_breaks_save_what_was_foretold(foretold: dict[str, Any]) -> None:
    cells = {f["figure"]: f["cells"] for f in foretold["result"]["figures"]}
    asleep = cells["energy.electricity"][1]["difference"]
    awake_kwh, awake_parts = _lived_kwh(asleep=False)
    asleep_kwh, asleep_parts = _lived_kwh(asleep=True)
    saved = awake_kwh - asleep_kwh
    assert saved > 0.0
    assert asleep_parts == pytest.approx(awake_parts, rel=0.02), "they are hot again in time"
    assert -asleep["mean"] > 0.0
    assert 0.6 * saved < -asleep["mean"] < 1.7 * saved
    assert cells["throughput.parts"][1]["share"] == pytest.approx(0.0, abs=0.03)


def test_each_change_of_the_schedule_and_of_the_air_is_told_with_its_price(
    foretold: dict[str, Any],
) -> None:
    cells = {f["figure"]: f["cells"] for f in foretold["result"]["figures"]}
    for case in (1, 2, 3):
        for figure in ("energy.electricity", "co2e.scope2_location", "cost.electricity"):
            cell = cells[figure][case]
            assert cell["difference"]["mean"] < 0.0, (case, figure)
            assert cell["verdict"] == "better"
            assert cell["better"] > 0.9
    assert foretold["entry"] is not None


def test_the_same_question_has_the_same_answer(works: Works, foretold: dict[str, Any]) -> None:
    what_if = WhatIf(load(PLANT), lambda: NOW, works.store, works.ledger)
    question = Question(("pressure_6_2",), start=NOW.isoformat(), hours=4.0, runs=6)
    one, two = (what_if.document(what_if.now_and_here(question).id) for _ in range(2))
    assert one["digest"] == two["digest"] != foretold["digest"]


def test_the_story_is_told_in_the_docs() -> None:
    text = (Path(ROOT) / "docs" / "plants" / "electronics.md").read_text(encoding="utf-8")
    for name in (
        "ovens_sleep_in_breaks",
        "energy.unproductive_share",
        "energy.waiting_for_bottleneck",
    ):
        assert name in text
