"""Made minutes of the electronics works: correlated noise, shifts, breaks, sun; faults are put in by the test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from ecotwin.clock import Period
from ecotwin.detection.contract import Detector, Expected
from ecotwin.plant import Plant, load
from ecotwin.plant.calendar import working
from ecotwin.plugs import load as load_plug
from ecotwin.records import Floats, Ints, Score, Window

START = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday


@cache
def works() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def machines(plant: Plant) -> list[str]:
    return [m.id for m in plant.machines if m.kind_facts.get("role") == "machine"]


def correlated(rng: np.random.Generator, steps: int, columns: int, rho: float = 0.8) -> Floats:
    fresh = rng.normal(0.0, np.sqrt(1 - rho * rho), (steps, columns))
    noise = np.empty((steps, columns))
    noise[0] = fresh[0]
    for t in range(1, steps):
        noise[t] = rho * noise[t - 1] + fresh[t]
    return noise


def day(plant: Plant, number: int, seed: int = 0) -> tuple[Window, Expected]:
    """A healthy day of minutes; arrays may be changed by the test before they are judged."""
    window, expected = _day(number, seed)
    assert plant is works()
    copies = {name: getattr(window, name).copy() for name in _ARRAYS}
    return replace(window, **copies), replace(expected, actual=expected.actual.copy())


_ARRAYS = ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")


@lru_cache(maxsize=8)
def _day(number: int, seed: int) -> tuple[Window, Expected]:
    plant = works()
    rng = np.random.default_rng([seed, number])
    n, size = 1440, len(plant.signals)
    period = Period(START + timedelta(days=number), START + timedelta(days=number + 1))
    at = period.start_us + np.arange(n, dtype=np.int64) * 60_000_000
    work = working(plant, at)
    mean, amount = np.zeros((n, size)), np.full((n, size), np.nan)
    ids = machines(plant)
    facts = [plant.element(m).kind_facts for m in ids]
    level = np.where(
        work[:, None], [float(f["kw_busy"]) for f in facts], [float(f["kw_idle"]) for f in facts]
    )
    slow = 0.005 * np.sin(2 * np.pi * (np.arange(n)[:, None] / 1440 + rng.uniform(size=len(ids))))
    actual = level * (1 + 0.03 * correlated(rng, n, len(ids)) + slow)
    for m in ids:
        state = plant.find(m, "state")
        if state is not None:
            mean[:, state.index] = np.where(work, 5, 4)
    for s in plant.signals:
        wobble = 1 + 0.1 * rng.normal(0, 1, n)
        if s.means in ("air_flow", "nitrogen_flow", "water_in_flow", "gas_flow"):
            mean[:, s.index] = np.where(work, 5.0, 1.0) * wobble
        elif s.means == "water_in":
            amount[:, s.index] = np.where(work, 2.0, 0.5) / 60 * wobble
        elif s.means == "parts_total":
            amount[:, s.index] = rng.poisson(1.5, n) * work
        elif s.carrier == "air_emission" and s.form == "counter":
            amount[:, s.index] = 4e-4  # a boiler of 300 kW
        elif s.form == "counter":
            amount[:, s.index] = 0.1
    for s in plant.signals:
        total = plant.find(s.element, "parts_total")
        if s.means == "parts_good" and total is not None:
            made = amount[:, total.index]
            amount[:, s.index] = made - rng.binomial(made.astype(int), 0.01)
    _balance(plant, rng, mean, amount)
    _pairs(plant, mean, amount)
    _sun(plant, rng, at, mean)
    ones = np.ones((n, size))
    window = Window(
        period, 60, tuple(range(size)), mean, mean, mean, mean.copy(), amount, ones, 0 * ones,
        np.full((n, size), 2, np.int64),
    )  # fmt: skip
    learned = np.ones(len(ids), np.bool_)
    return window, Expected(tuple(ids), level, 0.03 * level, actual, learned)


def _pairs(plant: Plant, mean: Floats, amount: Floats) -> None:
    """An index counts what its rate adds up to."""
    for e in plant.elements:
        for rate, index in (("air_flow", "air_volume"), ("nitrogen_flow", "nitrogen_volume")):
            a, b = plant.find(e.id, rate), plant.find(e.id, index)
            if a is not None and b is not None:
                amount[:, b.index] = mean[:, a.index] / 60
        for rate, index in (("water_in_flow", "water_in"), ("gas_flow", "gas_volume")):
            a, b = plant.find(e.id, rate), plant.find(e.id, index)
            if a is not None and b is not None:
                steady = 1 + 0.01 * np.sin(
                    np.arange(len(mean))
                )  # no meter stands still to the last digit
                mean[:, a.index] = amount[:, b.index] * 60 * steady


def _balance(plant: Plant, rng: np.random.Generator, mean: Floats, amount: Floats) -> None:
    air = plant.balance("air")
    assert air is not None
    used = sum(mean[:, plant.signal(o).index] for o in air.outputs)
    for i in air.inputs:
        mean[:, plant.signal(i).index] = (
            (used + 20.0) / 2 * (1 + 0.01 * rng.normal(0, 1, len(mean)))
        )
    water = plant.balance("water")
    assert water is not None
    fed = sum(amount[:, plant.signal(o).index] for o in water.outputs)
    amount[:, plant.signal("water_main.water_in").index] = fed + 0.3 / 60


def _sun(plant: Plant, rng: np.random.Generator, at: Ints, mean: Floats) -> None:
    hour = (at / 3.6e9) % 24
    sky = np.where((hour > 6) & (hour < 18), 900 * np.sin((hour - 6) / 12 * np.pi), 0.0)
    sun = sky * rng.uniform(0.4, 1.0)
    mean[:, plant.signal("pv_1.irradiance").index] = sun
    mean[:, plant.signal("pv_1.module_temperature").index] = 15 + 0.03 * sun
    warm = 1 - 0.0035 * (0.03 * sun - 10)
    mean[:, plant.signal("pv_1.power").index] = (
        0.2 * 0.84 * sun * warm * (1 + 0.03 * rng.normal(0, 1, len(at)))
    )


def cut(window: Window, expected: Expected, start: int, stop: int) -> tuple[Window, Expected]:
    """Some minutes of a block."""
    where = slice(start, stop)
    begin = window.period.start + timedelta(seconds=window.step_s * start)
    parts = {name: getattr(window, name)[where] for name in _ARRAYS}
    period = Period(begin, begin + timedelta(seconds=window.step_s * (stop - start)))
    small = replace(window, period=period, **parts)
    return small, replace(
        expected, mean=expected.mean[where], sd=expected.sd[where], actual=expected.actual[where]
    )


def detector(name: str) -> Detector:
    made: Detector = load_plug("detection", name)(works())
    return made


def causes(scores: list[Score]) -> set[str]:
    return {s.cause for s in scores if s.over}
