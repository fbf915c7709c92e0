"""The suite every advisor must pass, found by its file or entry point."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from advice.noon import NOW, outlook, works
from ecotwin.advice.contract import Advisor
from ecotwin.plugs import load, names
from ecotwin.records import Advice

ADVISORS = tuple(names("advice"))
HOURS = [NOW + timedelta(hours=h) for h in range(0, 168, 3)]


def made(name: str) -> Advisor:
    advisor: Advisor = load("advice", name)(works())
    return advisor


def proposed(name: str) -> list[tuple[datetime, Advice]]:
    """A week of looks, with every machine hot."""
    advisor = made(name)
    return [
        (now, advice)
        for now in HOURS
        for advice in advisor.propose(outlook(now=now, state="idle", price=BANDS, carbon=BANDS))
    ]


BANDS = [(NOW - timedelta(days=20), NOW + timedelta(days=20), 0.25)]


def test_some_advisors_were_found() -> None:
    assert "idle_off" in ADVISORS


@pytest.mark.parametrize("name", ADVISORS)
def test_it_has_something_to_say(name: str) -> None:
    assert made(name).name == name
    assert proposed(name)


@pytest.mark.parametrize("name", ADVISORS)
def test_nothing_too_late_and_nothing_twice(name: str) -> None:
    for now, advice in proposed(name):
        assert advice.proposed_at == now
        assert now < advice.decide_by
        assert advice.decide_by <= advice.period.end
        again = made(name).propose(
            outlook(now=now, state="idle", price=BANDS, carbon=BANDS, taken=frozenset({advice.id}))
        )
        assert advice.id not in {a.id for a in again}
    ids = [a.id for a in made(name).propose(outlook())]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ADVISORS)
def test_changes_keep_to_the_plant_file(name: str) -> None:
    plant = works()
    for now, advice in proposed(name):
        assert advice.autonomy in ("observe", "advise", "approve", "automatic")
        for change in advice.changes:
            write = plant.signal(change.signal).write
            assert write is not None
            assert advice.autonomy == write.autonomy
            assert write.low <= change.value <= write.high
            assert write.low <= change.restore <= write.high
            assert change.period.start >= now
            assert change.period.seconds <= 60 * write.lease_max_min


@pytest.mark.parametrize("name", ADVISORS)
def test_it_says_why_and_what_speaks_against_it(name: str) -> None:
    plant = works()
    known = {e.id for e in plant.elements}
    for _, advice in proposed(name):
        assert advice.element in known
        assert advice.why
        assert advice.against, "nothing is without a but"
        assert all(text.endswith(".") for text in (*advice.why, *advice.against))
        assert advice.advisor == name
        for amount in (advice.saves.energy_kwh, advice.saves.co2e_kg, advice.saves.money):
            assert amount is not None
            assert amount.low <= amount.value <= amount.high


@pytest.mark.parametrize("name", ADVISORS)
def test_without_prices_and_factors_no_money_and_no_carbon(name: str) -> None:
    for advice in made(name).propose(outlook(price=(), carbon=())):
        assert advice.saves.money is None
        assert advice.saves.co2e_kg is None


@pytest.mark.parametrize("name", ADVISORS)
def test_it_does_not_remember(name: str) -> None:
    advisor = made(name)
    first = advisor.propose(outlook())
    advisor.propose(outlook(state="off"))
    assert advisor.propose(outlook()) == first
