"""A saving is measured, sealed and honest: disturbed, unknown and repeated cases, and a restart in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cycle.oven_life import DAY3, END, PAUSE, RECOVERED, START, Works, history, lived, silent
from ecotwin.clock import Period
from ecotwin.governance.audit import verify
from ecotwin.governance.ledger import content
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import load
from ecotwin.records import Cleaned, Order, Rejects, Saving
from running import OVEN_WORKS

pytestmark = pytest.mark.xdist_group("cycle")

HOUR = timedelta(hours=1)
ID = "idle_off:oven_1:x"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("life"))


@pytest.fixture
def works(origin: Path, tmp_path: Path) -> Iterator[Works]:
    made = Works(tmp_path / "data", origin)
    yield made
    made.close()


def measured(works: Works) -> Saving:
    works.prove.await_saving([works.done()])
    assert works.prove.tick(RECOVERED, works.today)
    return works.prove.savings[ID]


def test_the_saving_is_measured_once_the_machine_has_recovered(works: Works) -> None:
    works.prove.await_saving([works.done()])
    assert not works.prove.tick(PAUSE.end, works.today)
    assert not works.prove.tick(RECOVERED - timedelta(minutes=1), works.today)
    assert not works.prove.savings
    assert works.prove.tick(RECOVERED, works.today)
    saving = works.prove.savings[ID]
    assert saving.fit, saving.reasons
    assert any(r.startswith("11 comparable pauses") for r in saving.reasons)
    assert saving.period == Period(PAUSE.start, PAUSE.end + timedelta(minutes=36))
    assert saving.saved_kwh.value == pytest.approx(saving.expected_kwh.value - saving.actual_kwh)
    assert saving.level == 0.9
    assert 0 < saving.saved_kwh.low < saving.saved_kwh.value < saving.saved_kwh.high
    assert saving.saved_kwh.low <= lived().true_kwh <= saving.saved_kwh.high
    assert saving.saved_kwh.value == pytest.approx(lived().true_kwh, rel=0.1)
    assert saving.coverage > 0.99
    assert not works.prove.tick(RECOVERED + HOUR, works.today), "once"


def test_it_stands_in_a_ledger_that_checks(works: Works) -> None:
    saving = measured(works)
    (entry,) = works.ledger.entries(kind="saving")
    assert content(entry)["saved_kwh"]["value"] == pytest.approx(saving.saved_kwh.value)
    assert content(entry)["fit"] is True
    assert works.keeper.entry_of(Saving, ID) == entry.index
    assert works.keeper.all(Saving) == [saving]
    assert works.ledger.checkpoints(), "signed at once"
    works.ledger.close()
    report = verify(works.folder / "ledger")
    assert not report.faults
    works.ledger = type(works.ledger)(works.folder / "ledger")


@pytest.mark.parametrize(
    ("changes", "disturbs"),
    [
        ({}, True),
        ({"element": "placer_1"}, False),
        ({"kind": "sensor"}, False),
        ({"unit": "m3"}, False),
    ],
)
def test_a_finding_of_its_power_disturbs_it_and_no_other(
    works: Works, changes: dict[str, object], *, disturbs: bool
) -> None:
    works.found(PAUSE.start - HOUR, PAUSE.end, **changes)
    saving = measured(works)
    assert saving.fit is not disturbs
    said = "something else changed in the period: Oven 1 uses too much"
    assert (said in saving.reasons) is disturbs


def test_another_order_at_the_machine_disturbs_it(works: Works) -> None:
    ended = works.done()
    other = replace(ended.orders[0], id="other/0", advice="other")
    works.keeper.seal(other, other.id, other.start)
    works.prove.await_saving([ended])
    works.prove.tick(RECOVERED, works.today)
    assert not works.prove.savings[ID].fit
    assert "something else changed in the period: an order" in works.prove.savings[ID].reasons
    assert len(works.keeper.all(Order)) == 2


def test_too_few_comparable_pauses_are_said_and_widen_the_interval(works: Works) -> None:
    full = measured(works)
    new = works.again()
    try:
        new.found(START, DAY3 - timedelta(hours=9))
        del new.prove.savings[ID]
        saving = measured(new)
        assert not saving.fit
        assert any(r.startswith("only 2 comparable pauses") for r in saving.reasons), saving.reasons
        wide, narrow = saving.saved_kwh, full.saved_kwh
        assert wide.high - wide.low > narrow.high - narrow.low
    finally:
        new.close()


def test_a_restart_between_the_pause_and_its_measuring_loses_nothing(works: Works) -> None:
    works.prove.await_saving([works.done()])
    works.prove.tick(PAUSE.end, works.today)
    new = works.again()
    try:
        assert new.prove.tick(RECOVERED, new.today)
        saving = new.prove.savings[ID]
        assert saving.fit
        assert saving.saved_kwh.value == pytest.approx(lived().true_kwh, rel=0.1)
        last = new.again()
        assert not last.prove.tick(RECOVERED + HOUR, last.today), "never measured twice"
        assert last.prove.savings[ID] == saving
        assert len(last.ledger.entries(kind="saving")) == 1
    finally:
        new.close()
        last.close()


def test_without_data_it_waits_and_in_the_end_says_so(tmp_path: Path) -> None:
    plant = load(OVEN_WORKS)
    meters = [plant.signal(s).index for s in ("oven_1.power", "oven_1.energy")]
    dark = Period(PAUSE.start - HOUR, END)
    readings = lived().readings
    for meter in meters:
        readings = silent(readings, meter, dark)
    store = DuckStore(plant, tmp_path / "data" / "history")
    store.append(Cleaned(readings, Rejects.empty()), known_at=END)
    store.close_minutes(END, known_at=END)
    store.close()
    works = Works(tmp_path / "data")
    try:
        works.prove.await_saving([works.done()])
        assert not works.prove.tick(RECOVERED, works.today)
        assert not works.prove.tick(RECOVERED + HOUR, works.today)
        assert not works.ledger.entries(kind="saving_not_measured")
        late = PAUSE.end + timedelta(days=1, minutes=1)
        assert not works.prove.tick(late, works.today)
        (entry,) = works.ledger.entries(kind="saving_not_measured")
        assert "is not known" in content(entry)["why"]
        works = works.again()
        assert not works.prove.tick(late + HOUR, works.today)
        assert len(works.ledger.entries(kind="saving_not_measured")) == 1
        assert not works.prove.savings
    finally:
        works.close()


def test_late_data_still_becomes_a_saving(tmp_path: Path) -> None:
    plant = load(OVEN_WORKS)
    meters = [plant.signal(s).index for s in ("oven_1.power", "oven_1.energy")]
    whole = early = lived().readings
    dark = Period(PAUSE.start - HOUR, END)
    for meter in meters:
        early = silent(early, meter, dark)
    inside = (whole.at > dark.start_us) & (whole.at <= dark.end_us)
    late = whole.take(inside & ((whole.signal == meters[0]) | (whole.signal == meters[1])))
    store = DuckStore(plant, tmp_path / "data" / "history")
    store.append(Cleaned(early, Rejects.empty()), known_at=END)
    store.close_minutes(END, known_at=END)
    store.close()
    works = Works(tmp_path / "data")
    try:
        works.prove.await_saving([works.done()])
        assert not works.prove.tick(RECOVERED, works.today)
        works.store.append(Cleaned(late, Rejects.empty()), known_at=END + HOUR)
        works.store.close_minutes(END, known_at=END + HOUR)
        assert works.prove.tick(RECOVERED + timedelta(minutes=10), works.today)
        assert works.prove.savings[ID].saved_kwh.value == pytest.approx(lived().true_kwh, rel=0.1)
    finally:
        works.close()
