"""When to service: a date with what waiting costs, said once, and not said where it cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from advice.noon import NOW, outlook, works, worn_compressor
from ecotwin.advice.contract import ServiceCase
from ecotwin.advice.service import AHEAD, GRACE, Service
from ecotwin.records import Advice, Range


def advised(case: ServiceCase, taken: frozenset[str] = frozenset()) -> list[Advice]:
    return Service(works()).propose(outlook(upkeep=(case,), taken=taken))


def test_it_names_the_day_and_what_waiting_costs() -> None:
    (advice,) = advised(worn_compressor(NOW, 200.0))
    assert advice.title == "Service Compressor 1 by 28 June"
    assert advice.decide_by == NOW + timedelta(days=10)
    assert advice.autonomy == "advise"
    assert advice.changes == ()
    text = " ".join(advice.why)
    assert "From 28 June on waiting costs more than the service (18 June to 10 July, 90 %)" in text
    assert "a service every 1,500 running hours costs least" in text
    assert "The risk that it fails in the next 30 days is 12 % (5 to 24 %)" in text
    # Lost by then: 4.3 W for each of 1,400 + 200 hours, carried over 1,500 running hours.
    kwh = 4.3e-3 * 1600.0 * 1500.0
    assert advice.saves.energy_kwh is not None
    assert advice.saves.energy_kwh.value == pytest.approx(kwh)
    assert advice.saves.money is not None
    assert advice.saves.money.value == pytest.approx(0.2 * kwh - 900.0)
    assert advice.saves.co2e_kg is not None
    assert advice.saves.co2e_kg.value == pytest.approx(0.3 * kwh - 60.0)
    assert advice.saves.money.low < advice.saves.money.value < advice.saves.money.high
    assert any("900 EUR" in said for said in advice.against)


def test_one_advice_a_service_however_its_date_moves() -> None:
    said: set[str] = set()
    for hours in (150.0, 140.0, 160.0, 20.0, -30.0):
        said |= {a.id for a in advised(worn_compressor(NOW, hours), frozenset(said))}
    assert len(said) == 1
    assert advised(replace(worn_compressor(NOW), round=4), frozenset(said)), (
        "the next service is another"
    )


def test_overdue_is_now_and_far_ahead_is_not_yet() -> None:
    (advice,) = advised(worn_compressor(NOW, -100.0))
    assert advice.title == "Service Compressor 1 now"
    assert advice.decide_by == NOW + GRACE
    assert "Waiting costs more than the service since 13 June" in advice.why[0]
    assert advised(worn_compressor(NOW, 20.0 * (AHEAD.days + 2))) == []


def test_without_wear_or_hours_nothing_is_advised() -> None:
    case = worn_compressor(NOW)
    assert advised(replace(case, kw_per_h=Range(1e-3, -1e-4, 2e-3))) == []
    assert advised(replace(case, hours_day=0.0)) == []


def test_what_is_not_stated_is_not_told() -> None:
    case = replace(worn_compressor(NOW), risk=None, gaps=("no failures on record",))
    (advice,) = Service(works()).propose(outlook(upkeep=(case,), price=(), carbon=()))
    assert advice.saves.money is None
    assert advice.saves.co2e_kg is None
    assert not any("risk that it fails" in w for w in advice.why)
    assert "No failures on record." in advice.against


def test_where_it_may_not_pay_it_says_so() -> None:
    (advice,) = advised(replace(worn_compressor(NOW), money=2100.0))
    assert any("may not pay" in said for said in advice.against)
