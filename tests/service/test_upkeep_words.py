"""What a machine's page says of health and service."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from advice.noon import NOW as NOON
from advice.noon import outlook
from cycle.test_upkeep import MACHINE, NOW, Hours, priced
from ecotwin.advice.service import Service
from ecotwin.clock import ManualClock
from ecotwin.cycle import Twin
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.upkeep import Upkeeps
from ecotwin.history.contract import Store
from ecotwin.plant import Plant, load
from ecotwin.service.advice import advice, advice_list
from ecotwin.service.machine import machine
from ecotwin.service.upkeep import upkeep_facts
from ecotwin.settings import read

PLANT = Path(__file__).parents[2] / "plants" / "electronics.yaml"


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(PLANT)


def said(plant: Plant, growth: float) -> dict[str, str]:
    made = Upkeeps(plant, cast(Store, Hours(plant, growth)), Prices(plant)).of(MACHINE, NOW)
    return {f.name: f.value for f in upkeep_facts(made)}


def test_wear_reads_as_a_reason(plant: Plant) -> None:
    words = said(priced(plant, service_money=900.0, service_kgco2e=60.0), 1e-5)
    assert words["Health"].startswith("89 %: 0.106 to 0.12 kWh/m3 over 1,")
    assert "kW" in words["Lost to wear"]
    assert "energy lost to wear costs" in words["Service pays (money)"]
    assert "running hours" in words["Fixed service"]


def test_no_wear_reads_so(plant: Plant) -> None:
    words = said(plant, 0.0)
    assert not any(name.startswith("Service pays") for name in words)


def test_a_twin_without_history_says_what_it_waits_for(plant: Plant, tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 8, 20, 12, tzinfo=UTC))
    twin = Twin(plant, read(), clock, tmp_path)
    try:
        facts = machine(twin, MACHINE, 1.0).facts
    finally:
        twin.stop()
    assert not {"Health", "Lost to wear", "Fixed service"} & {f.name for f in facts}


def test_a_service_is_shown_and_taken_on_though_nothing_is_switched(
    plant: Plant, tmp_path: Path
) -> None:
    twin = Twin(plant, read(), ManualClock(NOON), tmp_path)
    try:
        (made,) = Service(plant).propose(outlook())
        twin.act.advice[made.id] = made
        view = advice(twin, made.id)
        assert view.title.startswith("Service Compressor 1 by ")
        assert view.change == "by hand"
        assert view.what == "A person's work, Compressor 1"
        assert view.refused == ""
        assert view.may_approve
        assert view.button == "Take it on"
        assert dict(view.rows)["Decide by"].endswith("a person carries it out, nothing is switched")
        (row,) = advice_list(twin).open
        assert "Jun" in row.decide_by
        entry = twin.approve(made.id)
        assert twin.ledger.entry(entry).kind == "approval"
        assert twin.advice(made.id).state == "approved"
        assert twin.act.orders_of(made.id) == []
    finally:
        twin.stop()
