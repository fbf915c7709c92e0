"""Certificates against the need of the site: by year, month and hour; criteria, doubles, clock changes, leap day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.booked_desk import Books, by_name, desk, works_with
from accounting.conftest import PLANT, Works
from ecotwin.accounting.booked.certificates import plug
from ecotwin.accounting.matching import cover
from ecotwin.accounting.scope2 import QUALITY_CRITERIA, Instrument, market_based
from ecotwin.clock import Period, local_day
from ecotwin.plant.model import GridFactors, Plant
from ecotwin.records import Measure, Window

GRID = GridFactors("DE", 0.3, (), 0.5, 2026, "test", "1", "AR6", 0.05)
BARE = works_with(PLANT, grid=GRID)
"""The works without a contract."""


def certificate(books: Books, kwh: float, evidence: str = "register 1", **more: Any) -> Books:
    facts: dict[str, Any] = {
        "kwh": kwh,
        "factor": 0.0,
        "contract": "unbundled",
        "year": 2026.0,
        "evidence": evidence,
    }
    return books.add("certificate", **(facts | dict.fromkeys(QUALITY_CRITERIA, True) | more))


def hours(need: Any, plant: Plant = BARE, start: datetime | None = None) -> Window:
    """Hours in which the grid meter alone counts this need."""
    values = {
        "grid.energy": need,
        "sun.energy": 0.0,
        "grid.export": 0.0,
        "feeder.energy": 0.0,
        "blower.energy": 0.0,
    }
    given_: dict[str, Any] = {"start": start} if start else {}
    return Works().window(values, steps=len(need), step_s=3600, plant=plant, **given_)


def figures(
    books: Books, need: Any, start: datetime | None = None
) -> tuple[dict[str, Measure], list[str]]:
    window = hours(need, books.plant, start)
    made, gaps = plug.figures(desk(books.plant, window, books.rows), "works")
    return by_name(made), gaps


def test_the_published_worked_example() -> None:
    """Vector s2-01: 1,000,000 kWh, 600,000 certified at zero, residual mix 0.45: 180 t by the market."""
    plant = works_with(PLANT, grid=replace(GRID, residual=0.45, location=0.2))
    got, _ = figures(certificate(Books(plant), 600_000.0), np.full(24, 1_000_000 / 24))
    for mode in ("annual", "monthly", "hourly"):
        assert got[f"ghg.scope2_market_{mode}"].value == pytest.approx(180_000.0)
        assert got[f"energy.matched_share_{mode}"].value == pytest.approx(0.6)


def test_a_surplus_of_one_hour_covers_another_by_the_year_and_never_by_the_hour() -> None:
    need = np.zeros(24)
    need[:2] = 100.0
    books = Books(BARE)
    certificate(books, 150.0)
    row = books.rows[0]
    books.rows[0] = replace(
        row, period=Period(row.period.start, row.period.start + timedelta(hours=1))
    )
    got, gaps = figures(books, need)
    assert got["ghg.scope2_market_annual"].value == pytest.approx(50.0 * 0.5)
    assert got["ghg.scope2_market_monthly"].value == pytest.approx(50.0 * 0.5)
    assert got["ghg.scope2_market_hourly"].value == pytest.approx(100.0 * 0.5)
    assert got["energy.matched_share_hourly"].value == pytest.approx(0.5)
    assert got["energy.matched_share_hourly"].estimated_share == 0.0
    assert any("50 kWh of certificates met no need in hourly matching" in words for words in gaps)
    assert not any("in annual matching" in words for words in gaps)


def test_a_month_is_a_pot_of_its_own() -> None:
    start = datetime(2026, 6, 29, 22, tzinfo=UTC)  # 30 June in Berlin
    books = certificate(Books(BARE), 4800.0, first=date(2026, 6, 30))
    got, gaps = figures(books, np.full(48, 100.0), start)
    assert got["energy.matched_share_annual"].value == pytest.approx(1.0)
    assert got["energy.matched_share_monthly"].value == pytest.approx(0.5)
    assert any(
        "2400 kWh of certificates met no need in monthly matching" in words for words in gaps
    )


def test_contracts_of_the_plant_file_come_first_and_keep_their_figures() -> None:
    need = np.full(24, 100.0)
    at = desk(PLANT, hours(need, PLANT), certificate(Books(PLANT), 480.0).rows)
    got = by_name(plug.figures(at, "works")[0])
    assert at.metered["works", "ghg.scope2_market"].value == pytest.approx(2400.0 * 0.4 * 0.5)
    for mode in ("annual", "monthly", "hourly"):
        found = got[f"ghg.scope2_market_{mode}"]
        assert found.value == pytest.approx((2400.0 * 0.4 - 480.0) * 0.5)
        assert found.split["wind"] == 0.0
        assert "contracts hour by hour, then certificates" in found.method
    assert got["energy.bundled_share"].value == pytest.approx(0.6)
    assert got["energy.unbundled_share"].value == pytest.approx(0.2)
    assert got["energy.matched_share_annual"].value == pytest.approx(0.8)


@pytest.mark.parametrize("criterion", QUALITY_CRITERIA)
def test_each_criterion_that_fails_leaves_the_certificate_out_by_name(criterion: str) -> None:
    facts: dict[str, Any] = {criterion: False}
    got, gaps = figures(certificate(Books(BARE), 1000.0, **facts), np.full(24, 100.0))
    assert got["ghg.scope2_market_annual"].value == pytest.approx(1200.0)
    assert any(criterion in words and "left out" in words for words in gaps)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"evidence": "  "}, "no evidence"),
        ({"year": 2019.0}, "vintage_near_use: its vintage 2019"),
        ({"contract": "sort of"}, "not bundled or unbundled"),
        ({"kwh": -5.0}, "negative"),
    ],
)
def test_certificates_that_cannot_be(facts: dict[str, Any], words: str) -> None:
    got, gaps = figures(certificate(Books(BARE), **({"kwh": 1000.0} | facts)), np.full(24, 100.0))
    assert got["energy.matched_share_annual"].value == 0.0
    assert any(words in said for said in gaps)


def test_a_certificate_that_is_booked_twice_counts_once() -> None:
    books = certificate(certificate(Books(BARE), 600.0), 600.0, " Register  1")
    got, gaps = figures(books, np.full(24, 100.0))
    assert got["energy.matched_share_annual"].value == pytest.approx(0.25)
    assert any("is that of certificate-0: a certificate counts once" in words for words in gaps)


def test_more_than_the_need_is_a_surplus_that_is_told() -> None:
    books = certificate(certificate(Books(BARE), 2000.0), 1000.0, "register 2")
    got, gaps = figures(books, np.full(24, 100.0))
    assert got["ghg.scope2_market_annual"].value == 0.0
    assert got["energy.matched_share_annual"].value == pytest.approx(1.0)
    assert any("600 kWh of certificates met no need in annual matching" in words for words in gaps)


def test_energy_spread_over_hours_is_an_estimate_by_the_hour_only() -> None:
    got, gaps = figures(certificate(Books(BARE), 1200.0), np.full(24, 100.0))
    assert got["ghg.scope2_market_annual"].estimated_share == 0.0
    assert got["ghg.scope2_market_hourly"].estimated_share == pytest.approx(0.5)
    wide = got["ghg.scope2_market_hourly"]
    assert (
        wide.high - wide.low
        > got["ghg.scope2_market_annual"].high - got["ghg.scope2_market_annual"].low
    )
    assert any("spread evenly" in words for words in gaps)


@pytest.mark.parametrize(
    ("day", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2028, 2, 29), 24)]
)
def test_days_of_23_and_25_hours_and_a_leap_day(day: date, length: int) -> None:
    books = certificate(Books(BARE), 100.0 * length / 2, first=day, year=float(day.year))
    got, _ = figures(books, np.full(length, 100.0), local_day(day, BARE.zone).start)
    for mode in ("annual", "monthly", "hourly"):
        assert got[f"energy.matched_share_{mode}"].value == pytest.approx(0.5)
        assert got[f"ghg.scope2_market_{mode}"].value == pytest.approx(100.0 * length * 0.25)


def test_without_any_grid_factor_there_is_no_figure_by_the_market() -> None:
    got, gaps = figures(certificate(Books(works_with(PLANT, grid=None)), 100.0), np.full(24, 100.0))
    assert not any(name.startswith("ghg.") for name in got)
    assert got["energy.matched_share_annual"].value == pytest.approx(100.0 / 2400.0)
    assert any("the market's residual mix is not given" in words for words in gaps)


def test_where_no_residual_mix_is_published_the_grid_average_stands_in_and_says_so() -> None:
    got, _ = figures(
        certificate(Books(works_with(PLANT, grid=replace(GRID, residual=None))), 1200.0),
        np.full(24, 100.0),
    )
    found = got["ghg.scope2_market_annual"]
    assert found.value == pytest.approx(1200.0 * 0.3)
    assert any("location-for-want-of-residual" in f.id for f in found.factors)


def test_a_need_that_is_hardly_measured_gives_no_figure() -> None:
    window = Works().window(steps=24, step_s=3600, plant=BARE, silent={"grid.energy": slice(0, 20)})
    made, gaps = plug.figures(desk(BARE, window, certificate(Books(BARE), 10.0).rows), "works")
    assert made == []
    assert any("cannot be had" in words for words in gaps)


def test_it_is_a_figure_of_the_site_only() -> None:
    at = desk(BARE, hours(np.full(24, 100.0)), certificate(Books(BARE), 10.0).rows)
    assert plug.figures(at, "line") == ([], [])


Need = st.lists(st.floats(0.0, 1000.0), min_size=1, max_size=12)


@given(Need, st.lists(Need, max_size=3), st.integers(1, 4))
def test_what_is_certified_is_covered_or_left_over(
    need: list[float], given_: list[list[float]], pots: int
) -> None:
    """Laws: nothing is lost, nothing is covered twice, and a wider pot never covers less."""
    size = len(need)
    certified = [np.resize(np.array(g), size) for g in given_]
    by_hour = cover(need, certified, np.arange(size))
    wide = cover(need, certified, np.arange(size) // pots)
    for found in (by_hour, wide):
        assert sum(found.covered_kwh) + found.left_kwh == pytest.approx(sum(need))
        for one, covered, surplus in zip(
            certified, found.covered_kwh, found.surplus_kwh, strict=True
        ):
            assert covered + surplus == pytest.approx(float(one.sum()), abs=1e-6)
    assert sum(wide.covered_kwh) >= sum(by_hour.covered_kwh) - 1e-6


@given(Need, st.lists(Need, max_size=3))
def test_hour_by_hour_it_is_the_published_method(
    need: list[float], given_: list[list[float]]
) -> None:
    certified = [np.resize(np.array(g), len(need)) for g in given_]
    ours = cover(need, certified, np.arange(len(need)))
    plain = market_based(need, [Instrument(c, 0.0) for c in certified], 0.5)
    assert ours.left_kwh == pytest.approx(plain.residual_kwh, abs=1e-6)
    assert sum(ours.surplus_kwh) == pytest.approx(plain.surplus_kwh, abs=1e-6)
