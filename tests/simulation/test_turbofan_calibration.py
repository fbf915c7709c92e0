"""Scales, drag and timetable from flown minutes of the stand-in, whose parameters the twin does not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.plant import Plant, load
from ecotwin.records import Window
from ecotwin.simulation.calibration.turbofans import plug
from ecotwin.simulation.contract import Case, Image, Known
from ecotwin.simulation.engine import run
from ecotwin.simulation.observed import observe
from ecotwin.simulation.surroundings import Weather
from ecotwin_standin.world import World

MIDNIGHT = datetime(2026, 9, 1, 22, tzinfo=UTC)
DAYS = 2


@cache
def fleet() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "turbofan.yaml")


@cache
def lived(seed: int) -> tuple[World, Window]:
    """Two days of the stand-in in minutes as a window, without any meter between."""
    world = World(fleet(), MIDNIGHT, seed, 60.0)
    rows = [world.values()]
    for _ in range(DAYS * 1440):
        world.step()
        rows.append(world.values())
    table = np.zeros((len(rows), len(fleet().signals)))
    table[:, world.order] = np.array(rows)
    counters = np.array([s.form == "counter" for s in fleet().signals])
    now, before = table[1:], table[:-1]
    full = np.ones(now.shape)
    period = Period(MIDNIGHT, MIDNIGHT + timedelta(days=DAYS))
    window = Window(
        period, 60, tuple(range(len(fleet().signals))), now, now, now, now,
        np.where(counters, now - before, np.nan), full, 0.0 * full, full.astype(np.int64),
    )  # fmt: skip
    return world, window


@cache
def fitted(seed: int) -> dict[str, Known]:
    return plug.fit(fleet(), plug.gather(observe(fleet(), lived(seed)[1])), {})


def test_scales_lie_near_one_and_are_surer_than_before() -> None:
    for engine in ("engine_1a", "engine_2b", "engine_3a"):
        fuel, nox = (fitted(31)[f"{engine}.{n}"] for n in ("fuel_scale", "nox_scale"))
        assert 0.95 < fuel.value < 1.12
        assert 0.0 < fuel.sd < 0.02
        assert 0.85 < nox.value < 1.25
        assert 0.0 < nox.sd < 0.08


def test_a_thirsty_engine_is_told_from_its_neighbour() -> None:
    world, window = lived(31)
    del world
    amount = window.amount.copy()
    column = window.column(fleet().signal("engine_2a.fuel").index)
    amount[:, column] *= 1.03
    changed = plug.fit(fleet(), plug.gather(observe(fleet(), replace(window, amount=amount))), {})
    grown = changed["engine_2a.fuel_scale"].value / fitted(31)["engine_2a.fuel_scale"].value
    assert grown == pytest.approx(1.03, abs=0.004)
    assert changed["engine_2b.fuel_scale"] == fitted(31)["engine_2b.fuel_scale"]


def test_two_days_are_the_sum_of_each() -> None:
    window = lived(31)[1]

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
    window = lived(31)[1]
    nothing = replace(
        window, mean=np.full_like(window.mean, np.nan), amount=np.full_like(window.amount, np.nan)
    )
    told = plug.fit(fleet(), plug.gather(observe(fleet(), nothing)), {})
    assert not any(k.endswith(("_scale", ".cd0")) for k in told)


def test_what_was_learned_brings_the_next_days_nearer() -> None:
    """Learned on two days; judged on other two days of the same fleet that nothing was learned from."""
    world = World(fleet(), MIDNIGHT + timedelta(days=9), 31, 60.0)
    start = MIDNIGHT + timedelta(days=9)
    values = {fleet().signals[i].id: v for i, v in zip(world.order, world.values(), strict=True)}
    outdoor = np.empty((1, DAYS * 1440))
    totals = dict(world.totals)
    flown = sum(world.machines[f"airframe_{n}"].v["flights"] for n in (1, 2, 3))
    for n in range(DAYS * 1440):
        world.step()
        outdoor[0, n] = world.weather.temperature_c
    flights = sum(world.machines[f"airframe_{n}"].v["flights"] for n in (1, 2, 3)) - flown
    truth = (world.totals["nox_kg"] - totals["nox_kg"]) / flights
    weather = Weather(outdoor, outdoor - 4.0, np.zeros_like(outdoor))
    case = Case(fleet(), start, 24.0 * DAYS, 60, 4, weather, image=Image(start, values))
    plain, learned = run(case), run(replace(case, parameters=fitted(31)))
    nox = [o.total("nox_kg") / o.total("flights") for o in (plain, learned)]
    assert abs(nox[1].mean() - truth) < abs(nox[0].mean() - truth)
    assert nox[1].std() < 0.8 * nox[0].std(), "and it knows that it knows more"
    assert nox[1].mean() == pytest.approx(truth, rel=0.12)
