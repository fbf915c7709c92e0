"""Every local day's figures are sealed: once, whole, as the accounts give them; anew when late data revises them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cycle.oven_life import DAY3, END, START, Works, history, lived, silent
from ecotwin.accounting.accounts import Accounts
from ecotwin.clock import Period
from ecotwin.cycle.asking import Asked
from ecotwin.cycle.keeping import from_json
from ecotwin.governance.ledger import content
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant, load
from ecotwin.records import Cleaned, Measure, Rejects
from running import OVEN_WORKS

pytestmark = pytest.mark.xdist_group("cycle")

DAY = timedelta(days=1)
FIRST = START + timedelta(minutes=1)
"""The first reading tells of the minute before it; the day book begins at the next full minute."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("days"))


@pytest.fixture
def works(origin: Path, tmp_path: Path) -> Iterator[Works]:
    made = Works(tmp_path / "data", origin)
    yield made
    made.close()


def sealed(works: Works, indicator: str = "energy.electricity") -> list[Measure]:
    entries = works.ledger.entries(kind="measure", limit=100_000)
    return [from_json(Measure, content(e)) for e in entries if f":{indicator}:" in e.subject]


def asked(works: Works, period: Period) -> Accounts:
    return Asked(works.plant, works.store, works.ledger, END).accounts(
        period, [works.plant.site.id]
    )


def turn(works: Works, until: int = 3) -> list[bool]:
    return [works.prove.days.tick(END, lambda: FIRST) for _ in range(until)]


def test_each_day_that_has_ended_is_sealed_once_and_whole(works: Works) -> None:
    assert not works.prove.days.tick(START + DAY - timedelta(minutes=1), lambda: FIRST)
    assert turn(works) == [True, True, False], "one day a turn, and not the running one"
    days = sealed(works)
    assert [m.period for m in days] == [Period(FIRST, START + DAY), Period(START + DAY, DAY3)]
    for day in days:
        told = asked(works, day.period).of(works.plant.site.id, "energy.electricity")
        assert day.value == pytest.approx(told.value, rel=1e-12)
        assert (day.low, day.high, day.coverage) == pytest.approx(
            (told.low, told.high, told.coverage)
        )
        assert day.inputs == told.inputs
        assert day.known_at == END
        assert day.coverage > 0.99
    carbon = sealed(works, "ghg.scope2_location")
    assert len(carbon) == 2
    assert all(m.factors and m.factors[0].source for m in carbon), (
        "with where its factor comes from"
    )


def test_a_restart_seals_nothing_twice_and_leaves_no_day_out(works: Works) -> None:
    assert works.prove.days.tick(END, lambda: FIRST)
    new = works.again()
    try:
        assert new.prove.days.until == START + DAY
        assert turn(new, 2) == [True, False]
        assert [m.period.end for m in sealed(new)] == [START + DAY, DAY3]
    finally:
        new.close()


def test_a_period_is_the_sum_of_its_days_and_all_are_sealed(works: Works) -> None:
    whole = Period(FIRST, END)
    made = works.prove.days.account(whole)
    told = asked(works, whole)
    site = works.plant.site.id
    ours = {m.indicator: (m.value, m.low, m.high, m.coverage) for m in made.measures}
    theirs = {
        m.indicator: (m.value, m.low, m.high, m.coverage)
        for m in told.measures
        if m.element == site
    }
    assert len(ours) > 20
    assert ours.keys() <= theirs.keys(), "what rests on books comes beside"
    for indicator, figures in ours.items():
        assert theirs[indicator] == pytest.approx(figures, rel=1e-9, nan_ok=True), indicator
    assert set(made.gaps) <= set(told.gaps)
    kept = sealed(works)
    assert len(kept) == 4, "three days, the last one cut short, and their sum"
    assert sum(m.value for m in kept if m.period != whole) == pytest.approx(
        made.of(site, "energy.electricity").value
    )
    assert works.keeper.entry_of(Measure, f"{site}:energy.electricity:{whole}") is not None
    works.prove.days.account(whole)
    assert works.prove.days.until == DAY3, "the day that has not ended is sealed again once it has"


def test_late_data_seals_a_day_anew(tmp_path: Path) -> None:
    plant = load(OVEN_WORKS)
    meter = plant.signal("grid.energy").index
    dark = Period(START + timedelta(hours=10), START + timedelta(hours=12))
    whole = lived().readings
    store = DuckStore(plant, tmp_path / "data" / "history")
    store.append(Cleaned(silent(whole, meter, dark), Rejects.empty()), known_at=END)
    store.close_minutes(END, known_at=END)
    store.close()
    works = Works(tmp_path / "data")
    try:
        assert turn(works, 2) == [True, True]
        first = sealed(works)[0]
        inside = (whole.at > dark.start_us) & (whole.at <= dark.end_us) & (whole.signal == meter)
        later = END + timedelta(hours=2)
        works.store.append(Cleaned(whole.take(inside), Rejects.empty()), known_at=later)
        works.store.close_minutes(END, known_at=later)
        works.clock.move_to(later)
        assert works.prove.days.tick(END + timedelta(hours=2), lambda: FIRST)
        both = [m for m in sealed(works) if m.period == first.period]
        assert len(both) == 2, "the day that was revised, and no other"
        assert len(sealed(works)) == 3
        assert both[1].coverage > both[0].coverage
        assert both[1].known_at == later
        assert not works.prove.days.tick(END + timedelta(hours=4), lambda: FIRST)
    finally:
        works.close()


def _dirtier(plant: Plant, times: float) -> Plant:
    """The same plant with another grid factor."""
    grid = plant.grid
    assert grid is not None
    assert grid.location is not None
    hourly = tuple(times * h for h in grid.hourly)
    return replace(plant, grid=replace(grid, location=times * grid.location, hourly=hourly))


def test_a_changed_factor_seals_days_and_month_anew_with_old_and_new(
    origin: Path, tmp_path: Path
) -> None:
    works = Works(tmp_path / "data", origin)
    try:
        assert turn(works, 3) == [True, True, False]
        site = works.plant.site.id
        first = sealed(works, "ghg.scope2_location")
    finally:
        works.close()
    works = Works(tmp_path / "data", plant=_dirtier(load(OVEN_WORKS), 1.5))
    try:
        later = END + timedelta(hours=2)
        works.clock.move_to(later)
        assert works.prove.days.tick(later, lambda: FIRST), "a day whose terms are other ones now"
        assert works.prove.days.tick(later, lambda: FIRST)
        assert not works.prove.days.tick(later, lambda: FIRST)
        after = sealed(works, "ghg.scope2_location")
        assert len(after) == 2 * len(first)
        for old, new in zip(first, after[len(first) :], strict=True):
            assert new.id == old.id
            assert new.value == pytest.approx(1.5 * old.value, rel=1e-9)
            assert new.factors != old.factors
        energy = sealed(works)
        assert len(energy) == 2, "what does not rest on the factor is not sealed again"
        told = Asked(works.plant, works.store, works.ledger, later).explain(after[-1].id)
        revision = told["tree"]["revisions"][-1]
        assert revision["before"] == pytest.approx(first[-1].value)
        assert revision["after"] == pytest.approx(after[-1].value)
        assert "factor" in revision["why"]
        assert site in after[-1].id
    finally:
        works.close()


def test_a_question_asked_before_does_not_hide_a_changed_factor_from_the_seals(
    origin: Path, tmp_path: Path
) -> None:
    """Whoever asks first makes the sums anew; what was sealed of the days still becomes a revision."""
    works = Works(tmp_path / "data", origin)
    try:
        assert turn(works, 3) == [True, True, False]
        first = sealed(works, "ghg.scope2_location")
    finally:
        works.close()
    works = Works(tmp_path / "data", plant=_dirtier(load(OVEN_WORKS), 1.5))
    try:
        second = first[1].period
        told = asked(works, second).of(works.plant.site.id, "ghg.scope2_location")
        assert told.value == pytest.approx(1.5 * first[1].value, rel=1e-9)
        assert works.prove.years.stale(second) == [], "its sums are fresh"
        later = END + timedelta(hours=2)
        works.clock.move_to(later)
        while works.prove.days.tick(later, lambda: FIRST):
            pass
        after = [m for m in sealed(works, "ghg.scope2_location") if m.period == second]
        assert [m.value for m in after] == pytest.approx([first[1].value, told.value])
        assert works.prove.years.unsealed() == []
    finally:
        works.close()
