"""Scales, drag and timetable from flown minutes of the stand-in, whose parameters the twin does not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.records import Window
from ecotwin.simulation.calibration.turbofans import plug
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import observe
from proofs import turbofan_story as story
from proofs.turbofan_story import fleet

MIDNIGHT = datetime(2026, 9, 1, 22, tzinfo=UTC)
DAYS = 2


@cache
def lived(seed: int) -> Window:
    """Two days of the stand-in."""
    return story.minutes(seed, MIDNIGHT, DAYS)


@cache
def fitted(seed: int) -> dict[str, Known]:
    return plug.fit(fleet(), plug.gather(observe(fleet(), lived(seed))), {})


def test_scales_lie_near_one_and_are_surer_than_before() -> None:
    for engine in ("engine_1a", "engine_2b", "engine_3a"):
        fuel, nox = (fitted(31)[f"{engine}.{n}"] for n in ("fuel_scale", "nox_scale"))
        assert 0.95 < fuel.value < 1.12
        assert 0.0 < fuel.sd < 0.02
        assert 0.85 < nox.value < 1.25
        assert 0.0 < nox.sd < 0.08


def test_a_thirsty_engine_is_told_from_its_neighbour() -> None:
    window = lived(31)
    amount = window.amount.copy()
    column = window.column(fleet().signal("engine_2a.fuel").index)
    amount[:, column] *= 1.03
    changed = plug.fit(fleet(), plug.gather(observe(fleet(), replace(window, amount=amount))), {})
    grown = changed["engine_2a.fuel_scale"].value / fitted(31)["engine_2a.fuel_scale"].value
    assert grown == pytest.approx(1.03, abs=0.004)
    assert changed["engine_2b.fuel_scale"] == fitted(31)["engine_2b.fuel_scale"]


def test_two_days_are_the_sum_of_each() -> None:
    window = lived(31)

    def part(first: int, last: int) -> Window:
        names = ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")
        cut = {n: getattr(window, n)[first:last] for n in names}
        period = Period(MIDNIGHT + timedelta(minutes=first), MIDNIGHT + timedelta(minutes=last))
        return replace(window, period=period, **cut)

    halves = [plug.gather(observe(fleet(), part(n * 1440, (n + 1) * 1440))) for n in range(2)]
    whole = plug.gather(observe(fleet(), window))
    assert halves[0].keys() == halves[1].keys() == whole.keys()
    for key, sums in whole.items():
        assert sums.shape == (3,)
        if key.endswith("fuel_scale"):
            assert (halves[0][key] + halves[1][key])[0] == pytest.approx(sums[0], rel=0.1)


def test_minutes_without_data_and_engines_that_stood_teach_nothing() -> None:
    window = lived(31)
    nothing = replace(
        window, mean=np.full_like(window.mean, np.nan), amount=np.full_like(window.amount, np.nan)
    )
    told = plug.fit(fleet(), plug.gather(observe(fleet(), nothing)), {})
    assert not any(k.endswith(("_scale", ".cd0")) for k in told)


def test_what_was_learned_brings_the_next_days_nearer() -> None:
    """Learned on two days; judged on other two days of the same fleet that nothing was learned from."""
    plain, learned = (
        story.ahead(31, MIDNIGHT + timedelta(days=9), runs=40, parameters=known)
        for known in ({}, fitted(31))
    )
    for name, near in (("fuel_kg", 0.03), ("nox_kg", 0.06)):
        truth, mean, low, high = getattr(plain, name)
        _, better, lower, higher = getattr(learned, name)
        assert abs(better - truth) < abs(mean - truth), name
        assert better == pytest.approx(truth, rel=near), name
        assert higher - lower < high - low, "and it knows that it knows more"
        spare = 0.3 * (higher - lower)
        assert lower - spare <= truth <= higher + spare, f"{name}: 90 % of 40 runs, one fleet"
