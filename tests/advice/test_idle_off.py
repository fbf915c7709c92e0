"""Ovens asleep in breaks: when, how much it saves, what is learned, when it keeps still."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from advice.noon import NOW, outlook, powers, works
from ecotwin.advice.heat import Course, course, known_body
from ecotwin.advice.idle_off import IdleOff
from ecotwin.advice.ranking import rank
from ecotwin.clock import Period
from ecotwin.plant.calendar import working
from ecotwin.records import Advice, Cost, Range, Saving


def utc(hour: int, minute: int) -> datetime:
    return datetime(2026, 6, 18, hour, minute, tzinfo=UTC)


def noon(advices: list[Advice], oven: str = "oven_1") -> Advice:
    return next(a for a in advices if a.element == oven and a.period.start == utc(9, 30))


def saving(stamp: str, kwh: float, *, fit: bool = True, oven: str = "oven_1") -> Saving:
    return Saving(
        f"idle_off:{oven}:{stamp}", oven, Period(NOW, NOW + timedelta(hours=1)), Range(1, 1, 1), 0.0,
        Range(kwh, kwh, kwh), 0.95, "m", fit, (), Cost(), 1.0, NOW,
    )  # fmt: skip


def test_the_long_break_of_every_oven_is_proposed_and_the_short_ones_are_not() -> None:
    found = IdleOff(works()).propose(outlook())
    starts = {(a.element, a.period.start) for a in found}
    assert starts == {(o, utc(h, 30)) for o in ("oven_1", "oven_2", "curing_3") for h in (9, 16)}


def test_it_is_ready_when_the_break_ends() -> None:
    advice = noon(IdleOff(works()).propose(outlook()))
    (change,) = advice.changes
    assert change.period.end == utc(10, 15) - timedelta(minutes=18)
    # 4 min for the boards in the tunnel and 2 min of grace
    assert change.period.start == utc(9, 36)
    assert (change.value, change.restore) == (120.0, 245.0)
    assert advice.decide_by == change.period.start
    assert advice.autonomy == "approve"
    assert advice.title == "Let Reflow oven 1 sleep in the break 11:30–12:15"


def way(oven: str = "oven_1", minutes: float = 21) -> Course:
    element = works().element(oven)
    assert element.sleep is not None
    found = known_body(powers(works())[oven], element.kind_facts, element.sleep)
    assert found is not None
    return course(found[0], minutes / 60)


def test_what_it_saves_is_what_physics_leaves() -> None:
    advice = noon(IdleOff(works()).propose(outlook()))
    energy, carbon, money = advice.saves.energy_kwh, advice.saves.co2e_kg, advice.saves.money
    assert energy is not None
    assert carbon is not None
    assert money is not None
    assert energy.value == pytest.approx(way().saved_kwh)
    assert carbon.value == pytest.approx(0.3 * way().saved_kwh)
    assert money.value == pytest.approx(0.2 * way().saved_kwh)
    assert 0 < energy.low < energy.value < energy.high


def test_bands_are_weighed_where_the_energy_falls() -> None:
    edge = utc(9, 57)
    day = timedelta(days=2)
    bands = [(NOW - day, edge, 0.1), (edge, NOW + day, 0.5)]
    advice = noon(IdleOff(works()).propose(outlook(price=bands)))
    assert advice.saves.money is not None
    won, reheat = way().won_kwh, way().reheat_kwh
    assert advice.saves.money.value == pytest.approx(0.1 * won - 0.5 * reheat)


def test_it_keeps_still_when_it_would_not_pay_or_is_not_known() -> None:
    plant = works()
    kw = powers(plant)
    kw["oven_1"]["standby"] = Range(46.5, 45.0, 48.0)  # asleep it draws as much as awake
    del kw["oven_2"]["standby"]
    found = IdleOff(plant).propose(outlook(state_kw=kw))
    assert {a.element for a in found} == {"curing_3"}
    kw = powers(plant)
    kw["oven_1"]["heating"] = Range(40.0, 38.0, 42.0)  # less than it needs to stay hot
    kw["oven_2"]["idle"] = Range(46.0, 10.0, 82.0)  # anything
    assert {a.element for a in IdleOff(plant).propose(outlook(state_kw=kw))} == {"curing_3"}


def test_a_set_point_that_is_no_temperature_saves_at_once() -> None:
    plant = works()
    place = plant.signal("oven_1.sleep_sp").index
    signals = list(plant.signals)
    signals[place] = replace(signals[place], unit="1")
    bare = replace(plant, signals=tuple(signals))
    advice = noon(IdleOff(bare).propose(outlook()))
    won, reheat = (46 - 12) * 21 / 60, (68 - 46) * 18 / 60
    assert advice.saves.energy_kwh is not None
    assert advice.saves.energy_kwh.value == pytest.approx(won - reheat)


def test_a_machine_that_is_off_just_before_the_break_is_left_alone() -> None:
    late = NOW + timedelta(minutes=60)
    found = IdleOff(works()).propose(outlook(now=late, state="standby"))
    assert {a.period.start for a in found} == {utc(16, 30)}


def test_after_the_start_it_is_too_late() -> None:
    found = IdleOff(works()).propose(outlook(now=utc(9, 36)))
    assert {a.period.start for a in found if a.element == "oven_1"} == {utc(16, 30)}
    assert {a.period.start for a in found if a.element == "curing_3"} == {utc(9, 30), utc(16, 30)}


def test_it_learns_from_what_was_measured() -> None:
    advisor = IdleOff(works())
    fresh = noon(advisor.propose(outlook()))
    promise = fresh.saves.energy_kwh
    assert promise is not None
    past = [saving(f"202606{d:02d}T0936Z", promise.value / 2) for d in (15, 16, 17)]
    wiser = noon(advisor.propose(outlook(past=past)))
    kept = [saving(f"202606{d:02d}T0936Z", promise.value) for d in (15, 16, 17)]
    sure = noon(advisor.propose(outlook(past=kept))).saves.energy_kwh
    assert sure is not None
    assert sure.value == pytest.approx(promise.value)
    assert sure.high - sure.low < 0.9 * (promise.high - promise.low)
    assert wiser.saves.energy_kwh is not None
    # three breaks at half, two that count as kept: 3.5 of 5
    assert wiser.saves.energy_kwh.value == pytest.approx(0.7 * promise.value)
    assert any("saved 50 % of what was promised" in text for text in wiser.against)
    assert not any("not yet tried" in text for text in wiser.against)
    unfit = [saving("20260617T0936Z", 0.0, fit=False), saving("20260617T0936Z", 0.0, oven="oven_2")]
    same = noon(advisor.propose(outlook(past=unfit)))
    assert same.saves == fresh.saves
    better = noon(advisor.propose(outlook(past=[saving("20260617T0936Z", 10 * promise.value)])))
    assert better.saves.energy_kwh is not None
    assert better.saves.energy_kwh.value == pytest.approx(1.5 * promise.value), "bounded"


def test_what_speaks_against_it_comes_from_facts() -> None:
    advisor = IdleOff(works())
    good = noon(advisor.propose(outlook())).against
    assert any("begins at 11:57, 18 min before 12:15" in text for text in good)
    assert any("not yet tried" in text for text in good)
    assert not any("table of its kind" in text for text in good)
    bad = noon(advisor.propose(outlook(learned={}, age_s=900.0))).against
    assert any("table of its kind" in text for text in bad)
    assert any("15 min old" in text for text in bad)


def test_a_hot_night_is_told_but_left_to_a_person_when_the_lease_is_too_short() -> None:
    night = datetime(
        2026, 6, 18, 22, 0, tzinfo=UTC
    )  # midnight in the plant; the shift ended at 22:00
    plant = works()
    found = IdleOff(plant).propose(outlook(now=night, state="idle"))
    hot = [a for a in found if a.title.startswith("Let Reflow oven 1 sleep now")]
    assert len(hot) == 1
    assert hot[0].changes == ()
    assert hot[0].autonomy == "advise"
    assert any("the longest lease is 90 min" in text for text in hot[0].against)
    assert hot[0].saves.energy_kwh is not None
    assert hot[0].saves.energy_kwh.value > 150
    cold = IdleOff(plant).propose(outlook(now=night, state="standby"))
    assert not [a for a in cold if "sleep now" in a.title]
    later = IdleOff(plant).propose(
        outlook(now=night + timedelta(minutes=30), state="idle", taken=frozenset({hot[0].id}))
    )
    assert not [a for a in later if a.id == hot[0].id or a.title == hot[0].title]
    assert not working(plant, np.array([int(night.timestamp() * 1e6)]))[0]


def test_ranking_puts_the_sure_saving_first() -> None:
    one = noon(IdleOff(works()).propose(outlook()))

    def with_co2e(name: str, value: float, low: float, state: str = "open") -> Advice:
        return replace(one, id=name, state=state, saves=Cost(co2e_kg=Range(value, low, 2 * value)))

    bold, sure = with_co2e("bold", 20, 1), with_co2e("sure", 10, 8)
    done = with_co2e("done", 50, 40, "done")
    assert [a.id for a in rank([done, bold, sure])] == ["sure", "bold", "done"]
    soon = replace(sure, id="soon", decide_by=sure.decide_by - timedelta(hours=1))
    assert [a.id for a in rank([sure, soon])] == ["soon", "sure"]
