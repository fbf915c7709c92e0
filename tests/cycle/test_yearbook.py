"""Sums of days: the same figures as from minutes, also long after these are gone; terms that change on a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from cycle.oven_life import DAY3, END, START, Works, history
from ecotwin.accounting import accounts
from ecotwin.clock import Period, days_of, micros
from ecotwin.cycle.yearbook import YearBook
from ecotwin.plant import Change, Plant, load
from ecotwin.plant.terms import Tariff
from ecotwin.records import Measure
from running import OVEN_WORKS

pytestmark = pytest.mark.xdist_group("cycle")

TWO_DAYS = Period(START, DAY3)
STATES = ("oee.oee", "oee.availability", "time.by_state", "energy.by_state")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("sums"))


@pytest.fixture
def works(origin: Path, tmp_path: Path) -> Iterator[Works]:
    made = Works(tmp_path / "data", origin)
    yield made
    made.close()


def book(works: Works, plant: Plant | None = None) -> YearBook:
    return YearBook(plant or works.plant, works.store, works.clock.now)


def by_name(made: accounts.Accounts) -> dict[tuple[str, str], Measure]:
    return {(m.element, m.indicator): m for m in made.measures}


def plainly(works: Works, period: Period) -> dict[tuple[str, str], Measure]:
    """Figures as they come from minutes, without any book of days."""
    signals = accounts.needed(works.plant)
    windows = (works.store.window(signals, day, 60) for day in days_of(period, works.plant.zone))
    return by_name(accounts.run(works.plant, windows))


def close(one: Measure, other: Measure) -> None:
    for name in ("value", "low", "high", "coverage", "estimated_share"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9, abs=1e-9), one.id


def test_sums_of_days_give_the_figures_of_their_minutes(works: Works) -> None:
    wanted = plainly(works, TWO_DAYS)
    got = by_name(book(works).accounts(TWO_DAYS))
    assert got.keys() == wanted.keys()
    assert len(got) > 30
    for key, figure in wanted.items():
        close(got[key], figure)
    assert len(works.store.sums.days(TWO_DAYS)) == 2, (
        "days that are over are kept for the next time"
    )


def test_a_year_outlives_its_minutes(works: Works) -> None:
    second = Period(START + timedelta(days=1), DAY3)
    kept = book(works)
    before = by_name(kept.accounts(second))
    works.store.retain(raw_days=1, minute_days=1, now=DAY3 + timedelta(days=3))
    assert works.store.minutes_since() > micros(second.start)
    after = by_name(book(works).accounts(second))
    assert after.keys() == before.keys()
    for key, figure in before.items():
        close(after[key], figure)


def test_days_whose_minutes_are_gone_are_tallied_from_hours_and_states_keep_their_sums(
    works: Works,
) -> None:
    second = Period(START + timedelta(days=1), DAY3)
    before = by_name(book(works).accounts(second))
    works.store.retain(raw_days=1, minute_days=1, now=DAY3 + timedelta(days=3))
    grid = works.plant.grid
    assert grid is not None
    assert grid.location is not None
    other = replace(
        works.plant,
        grid=replace(grid, location=2 * grid.location, hourly=tuple(2 * h for h in grid.hourly)),
    )
    made = book(works, other).accounts(second)
    after = by_name(made)
    site = works.plant.site.id
    energy = (site, "energy.electricity")
    assert after[energy].value == pytest.approx(before[energy].value, rel=1e-6)
    carbon = (site, "ghg.scope2_location")
    assert after[carbon].value == pytest.approx(2 * before[carbon].value, rel=1e-6)
    for indicator in STATES:
        if (site, indicator) in before:
            close(after[site, indicator], before[site, indicator])


def test_days_that_nobody_tallied_in_time_say_what_they_lack(works: Works) -> None:
    second = Period(START + timedelta(days=1), DAY3)
    works.store.retain(raw_days=1, minute_days=1, now=DAY3 + timedelta(days=3))
    made = book(works).accounts(second)
    site = works.plant.site.id
    assert (site, "energy.electricity") in by_name(made)
    assert (site, "energy.by_state") not in by_name(made)
    assert any("only hours are kept" in text for where, text in made.gaps if where == site)


def test_terms_that_change_on_a_day_are_figured_in_pieces(works: Works) -> None:
    grid = works.plant.grid
    assert grid is not None
    assert grid.location is not None
    flat = replace(grid, hourly=(), location=0.4)
    dear = replace(flat, location=0.8)
    day = (START + timedelta(days=1)).astimezone(works.plant.zone).date()
    plant = replace(
        works.plant,
        grid=flat,
        changes=(Change(day, "a new edition of the grid factor", grid=dear),),
    )
    site = plant.site.id
    whole = by_name(book(works, plant).accounts(TWO_DAYS))[site, "ghg.scope2_location"]
    days = [
        by_name(book(works, plant).accounts(d))[site, "energy.electricity"].value
        for d in days_of(TWO_DAYS, plant.zone)
    ]
    assert whole.value == pytest.approx(0.4 * days[0] + 0.8 * days[1], rel=1e-9)
    assert sorted(f.value for f in whole.factors) == [0.4, 0.8]
    assert whole.period == TWO_DAYS


def test_money_across_a_change_of_the_currency_is_refused_and_energy_is_not(works: Works) -> None:
    price = Tariff("electricity", "kWh", 0.2, source="stated")
    day = (START + timedelta(days=1)).astimezone(works.plant.zone).date()
    plant = replace(
        works.plant,
        currency="HRK",
        tariffs=(price,),
        changes=(Change(day, "the euro was introduced", currency="EUR"),),
    )
    made = book(works, plant).accounts(TWO_DAYS)
    site = plant.site.id
    assert (site, "energy.electricity") in by_name(made)
    assert (site, "cost.electricity") not in by_name(made)
    words = " ".join(text for where, text in made.gaps if where == site)
    assert "HRK" in words
    assert "EUR" in words
    last = Period(START + timedelta(days=1), END)
    assert by_name(book(works, plant).accounts(last))[site, "cost.electricity"].unit == "EUR"


def test_sets_of_gwp_never_mix_in_a_total_across_a_change(works: Works) -> None:
    grid = works.plant.grid
    assert grid is not None
    day = (START + timedelta(days=1)).astimezone(works.plant.zone).date()
    plant = replace(
        works.plant,
        grid=replace(grid, gwp_set="AR5"),
        gwp_set="AR5",
        changes=(
            Change(
                day, "weighed by the sixth report", gwp_set="AR6", grid=replace(grid, gwp_set="AR6")
            ),
        ),
    )
    made = book(works, plant).accounts(TWO_DAYS)
    assert (plant.site.id, "ghg.scope2_location") not in by_name(made)
    assert any("mix sets of GWP" in text for _, text in made.gaps)


def test_a_plant_file_tells_changes_in_order(tmp_path: Path) -> None:
    text = OVEN_WORKS.read_text("utf-8")
    path = tmp_path / "plant.yaml"
    path.write_text(
        text + "\nchanges:\n  - {since: 2026-07-01, reason: a new tariff, currency: EUR,"
        " tariffs: [{carrier: electricity, unit: kWh, price: 0.3}]}\n",
        encoding="utf-8",
    )
    plant = load(path)
    assert plant.changes[0].since == date(2026, 7, 1)
    assert plant.changes[0].tariffs is not None
    assert plant.changes[0].tariffs[0].price == 0.3
