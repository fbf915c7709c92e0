"""Advice and what people make of it: decided, sealed, refused, expired, remembered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ecotwin.clock import ManualClock
from ecotwin.cycle import Twin
from ecotwin.errors import AccessRefused, EcotwinError, WriteRefused
from ecotwin.governance.ledger import content
from ecotwin.records import Advice
from ecotwin.settings import Settings
from running import another, learned, utc

pytestmark = pytest.mark.xdist_group("cycle")

NOW = utc("2026-06-17T05:00")


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    made = learned(tmp_path_factory.mktemp("learnt"), NOW, 1.2)
    made.stop()
    return made


@pytest.fixture
def twin(learnt: Twin, tmp_path: Path) -> Iterator[Twin]:
    made = another(learnt, tmp_path / "data")
    yield made
    if not made.stopping:
        made.stop()


def again(twin: Twin, **settings: object) -> Twin:
    """The same plant and history after a restart."""
    twin.stop()
    facts = Settings(lateness_s=0.0, **settings)  # type: ignore[arg-type]
    return Twin(twin.plant, facts, ManualClock(NOW), twin.folder)


def waiting(twin: Twin) -> list[Advice]:
    found = [a for a in twin.advice_all() if a.state == "open" and a.changes]
    return sorted(found, key=lambda a: a.period.start)


def kinds(twin: Twin, subject: str) -> list[str]:
    return [e.kind for e in twin.ledger.entries(subject=subject)]


def test_advice_is_open_ranked_sealed_and_not_proposed_twice(twin: Twin) -> None:
    found = waiting(twin)
    assert len(found) >= 3
    assert all(a.id.startswith("idle_off:oven_1:") for a in found)
    assert kinds(twin, found[0].id) == ["advice"]
    size = len(twin.advice_all())
    twin.act._advised_at = None
    twin.step(0.0)
    assert len(twin.advice_all()) == size


def test_approval_is_planned_sealed_and_kept_over_a_restart(twin: Twin) -> None:
    advice = waiting(twin)[0]
    entry = twin.approve(advice.id)
    assert twin.ledger.entry(entry).kind == "approval"
    assert content(twin.ledger.entry(entry))["by"] == "local person"
    (order,) = twin.orders(advice.id)
    assert (order.state, order.value, order.restore) == ("planned", 120.0, 245.0)
    assert order.approved_by == "local person"
    assert kinds(twin, advice.id) == ["advice", "approval", "advice"]
    with pytest.raises(EcotwinError, match="approved"):
        twin.approve(advice.id)
    new = again(twin)
    try:
        assert new.advice(advice.id).state == "approved"
        assert [o.id for o in new.act.dispatch.living] == [order.id]
        assert new.orders(advice.id) == [order]
    finally:
        new.stop()


def test_an_order_that_a_crash_kept_from_the_journal_is_carried_on(twin: Twin) -> None:
    advice = waiting(twin)[0]
    before = twin.act.dispatch.state()
    twin.approve(advice.id)
    # as the disk is when the process dies after the seal and before the journal
    twin.keeper.state("dispatch", before)
    new = again(twin)
    (order,) = new.orders(advice.id)
    assert [o.id for o in new.act.dispatch.living] == [order.id]
    once_more = again(new)
    try:
        assert [o.id for o in once_more.act.dispatch.living] == [order.id]
    finally:
        once_more.stop()


def test_declined_advice_keeps_its_reason_and_cannot_be_approved(twin: Twin) -> None:
    advice = waiting(twin)[0]
    entry = twin.decline(advice.id, "the auditor wants to see it hot")
    assert content(twin.ledger.entry(entry))["reason"] == "the auditor wants to see it hot"
    assert twin.advice(advice.id).state == "declined"
    with pytest.raises(EcotwinError):
        twin.approve(advice.id)
    assert not twin.orders(advice.id)


def test_advice_that_nobody_decided_expires(twin: Twin) -> None:
    first = waiting(twin)[0]
    assert isinstance(twin.clock, ManualClock)
    twin.clock.move_to(first.decide_by + timedelta(minutes=1))
    twin.step(0.0)
    assert twin.advice(first.id).state == "expired"
    with pytest.raises(EcotwinError):
        twin.approve(first.id)


def test_nothing_is_approved_while_writing_is_stopped(twin: Twin) -> None:
    first, second = waiting(twin)[:2]
    twin.approve(first.id)
    twin.stop_writes("an accident")
    assert twin.writes == "stopped"
    with pytest.raises(WriteRefused, match="stopped by local person"):
        twin.approve(second.id)
    new = again(twin)
    try:
        seen = [new.writes]
        new.allow_writes("all clear")
        seen.append(new.writes)
        assert seen == ["stopped", "on"], "a stop outlives a restart"
        new.approve(second.id)
        assert {"stop", "allow"} <= set(kinds(new, new.plant.id))
    finally:
        new.stop()


def test_nothing_is_approved_where_writing_is_off_or_the_person_may_not(twin: Twin) -> None:
    advice = waiting(twin)[0]
    off = again(twin, writes=False)
    try:
        assert off.writes == "off"
        with pytest.raises(WriteRefused, match="off in this installation"):
            off.approve(advice.id)
        assert off.advice(advice.id).state == "open"
    finally:
        other = again(off, person="an auditor", roles=("auditor",))
    try:
        with pytest.raises(AccessRefused):
            other.approve(advice.id)
        with pytest.raises(AccessRefused):
            other.stop_writes("no")
        assert not other.orders(advice.id)
    finally:
        other.stop()


def test_interlocks_are_asked_and_say_what_was_found(twin: Twin) -> None:
    checks = twin.checks(waiting(twin)[0])
    assert checks
    assert {c.passed for c in checks} <= {True, False}
    assert all(c.text and c.found for c in checks)
    assert not all(c.passed for c in checks), "it is not the break now"


def test_figures_are_sealed_signed_and_bundled(twin: Twin) -> None:
    before = twin.ledger.size
    for _ in range(2):
        assert isinstance(twin.clock, ManualClock)
        twin.clock.move_to(twin.now() + timedelta(hours=1))
        twin.step(0.0)
    sealed = [e for e in twin.ledger.entries(limit=10_000) if e.kind == "measure"]
    assert twin.ledger.size > before
    assert any("energy.electricity" in e.subject for e in sealed)
    bundle = twin.evidence(sealed[0].index)
    assert bundle.startswith(b"PK")
