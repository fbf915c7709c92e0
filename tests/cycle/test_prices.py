"""Prices and the trail: tables of cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from ecotwin.clock import MINUTE, Period
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.trail import MINUTES, Trail, supply
from ecotwin.plant import Contract, GridFactors, Plant, Tariff
from running import utc

GOOD = {"conveys_emission_rate": True, "sole_claim": True}


def grid(works: Plant) -> GridFactors:
    assert works.grid is not None
    return works.grid


def priced(works: Plant, *bands: tuple[float, float, float]) -> Prices:
    (tariff,) = works.tariffs
    assert isinstance(tariff, Tariff)
    return Prices(replace(works, tariffs=(replace(tariff, bands=bands),)))


@pytest.mark.parametrize(
    ("local", "price"),
    [
        ("00:00", 0.1),
        ("05:59", 0.1),
        ("06:00", 0.3),
        ("09:59", 0.3),
        ("10:00", 0.2),
        ("23:59", 0.2),
    ],
)
def test_bands_are_half_open_and_local(works: Plant, local: str, price: float) -> None:
    at = utc(f"2026-06-17T{local}") - timedelta(hours=2)
    assert priced(works, (0, 6, 0.1), (6, 10, 0.3)).money("electricity", at) == price


def test_bands_merge_and_cover_the_period(works: Plant) -> None:
    ahead = Period(utc("2026-06-17T03:07"), utc("2026-06-17T09:00"))
    bands = priced(works, (0, 6, 0.1), (6, 10.25, 0.3)).money_bands("electricity", ahead)
    assert [b[2] for b in bands] == [0.1, 0.3, 0.2]
    assert (bands[0][0], bands[-1][1]) == (ahead.start, ahead.end)
    assert all(a[1] == b[0] for a, b in pairwise(bands))
    assert bands[1][1] == utc("2026-06-17T08:15")
    assert priced(works).money_bands("gas", ahead) == []


def test_bands_on_the_day_the_clock_goes_back(works: Plant) -> None:
    night = Period(utc("2026-10-24T22:00"), utc("2026-10-25T06:00"))
    bands = priced(works, (0, 3, 0.1)).money_bands("electricity", night)
    assert sum((b[1] - b[0]).total_seconds() for b in bands) == night.seconds
    cheap = sum((b[1] - b[0]).total_seconds() for b in bands if b[2] == 0.1)
    assert cheap == 4 * 3600, "the hour from two to three comes twice"


def test_carbon_is_never_guessed(works: Plant) -> None:
    at = utc("2026-06-17T10:30")
    assert Prices(works).carbon(at) == 0.3
    none = Prices(replace(works, grid=None))
    assert none.carbon(at) is None
    assert none.carbon_market() is None
    assert none.carbon_bands(Period(at, at + timedelta(hours=1))) == []
    hourly = tuple(float(h) for h in range(24))
    assert Prices(replace(works, grid=replace(grid(works), hourly=hourly))).carbon(at) == 12.0


def contract(share: float, factor: float, **criteria: bool) -> Contract:
    return Contract(
        name="c", factor=factor, share=share, source="s", year=2026, criteria={**GOOD, **criteria}
    )


def test_market_based_is_contracts_then_residual(works: Plant) -> None:
    def market(*contracts: Contract, residual: float | None = 0.45) -> float | None:
        made = replace(grid(works), contracts=contracts, residual=residual)
        return Prices(replace(works, grid=made)).carbon_market()

    assert market() == pytest.approx(0.45)
    assert market(contract(0.6, 0.0)) == pytest.approx(0.4 * 0.45)
    assert market(contract(0.6, 0.0), contract(0.6, 0.1)) == pytest.approx(0.04)
    assert market(contract(1.0, 0.0), residual=None) == 0.0
    assert market(contract(0.5, 0.0), residual=None) is None
    assert market(contract(0.6, 0.0, sole_claim=False)) == pytest.approx(0.45)


def test_supply_is_read_off_the_flow_graph(works: Plant) -> None:
    found = supply(works)
    assert found.users == ("loader_1", "printer_1", "placer_1", "oven_1")
    assert found.sources == ("grid.energy",)


def minutes(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return (first + np.arange(count, dtype=np.int64)) * MINUTE


def add(trail: Trail, first: int, count: int, kw: float) -> None:
    at = minutes(first, count)
    users = np.full((count, 2), kw)
    trail.add(at, users, users, np.ones_like(users), np.full(count, 2 * kw + 1), np.zeros(count))


def test_the_trail_is_a_ring_that_takes_no_minute_twice() -> None:
    trail = Trail(("a", "b"))
    assert trail.newest() == 0
    add(trail, 0, 10, 1.0)
    add(trail, 5, 10, 2.0)
    assert trail.at.tolist() == minutes(0, 15).tolist()
    assert trail.users_kw("actual")[:, 0].tolist() == [1.0] * 10 + [2.0] * 5
    assert trail.rest_kw().tolist() == [1.0] * 15
    add(trail, 15, MINUTES, 3.0)
    assert len(trail.at) == MINUTES
    assert trail.newest() == (14 + MINUTES) * MINUTE
    assert len(trail.users_kw("sd")[trail.since(trail.newest())]) == 1


def test_the_trail_tells_its_gaps() -> None:
    trail = Trail(("a", "b"))
    add(trail, 0, 10, 1.0)
    add(trail, 20, 10, 1.0)
    assert trail.gaps(0, 30 * MINUTE) == [(10 * MINUTE, 20 * MINUTE)]
    assert trail.gaps(20 * MINUTE, 30 * MINUTE) == []
    assert trail.gaps(0, 10 * MINUTE) == []


def test_the_sites_expectation_adds_the_unmetered_rest() -> None:
    trail = Trail(("a", "b"))
    add(trail, 0, 30, 4.0)
    mean, sd = trail.site_expected()
    assert mean.tolist() == [9.0] * 30
    assert sd == pytest.approx(np.full(30, 2**0.5))


def test_who_reads_the_trail_while_minutes_come_reads_one_length() -> None:
    trail = Trail(("a", "b"))
    add(trail, 0, 10, 1.0)
    seen = trail.still()
    assert trail.still() is seen, "nothing new, nothing copied"
    add(trail, 10, 5, 3.0)
    mean, sd = seen.site_expected()
    assert len(seen.at) == len(mean) == len(sd) == len(seen.site_kw("used")) == 10
    assert len(seen.users_kw("actual")) == 10
    later = trail.still()
    assert len(later.at) == len(later.site_expected()[0]) == 15
