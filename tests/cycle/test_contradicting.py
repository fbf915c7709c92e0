"""Meters around a finding: swapped leads and a meter that counts wrong are named; a machine that takes more is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.plant_minutes import START, works
from ecotwin.clock import Period
from ecotwin.cycle.contradicting import contradiction
from ecotwin.detection.crosscheck.swap import swapped
from ecotwin.maintenance import diagnosis
from ecotwin.maintenance.clues.scene import spread
from ecotwin.plant.calendar import working
from ecotwin.records import Window
from maintenance.test_clues import finding, shares

DAYS, STEP_S, BEGINS = 10, 300, 8
ONSET, END = START + timedelta(days=BEGINS, hours=9), START + timedelta(days=DAYS)
HERE, THERE, NODE = "test_1", "solder_1", "electricity_line_1"


@cache
def meters(*, apart: bool = False) -> Window:
    """A line whose meters follow the work, each with its own noise; the feeder counts all and a little more.

    Args:
        apart: Each machine works in hours of its own.
    """
    plant = works()
    found = finding(f"{HERE}:power", f"{HERE}.power", onset=ONSET, last=END)
    signals = diagnosis.wanted(plant, found)
    steps = DAYS * 86_400 // STEP_S
    rng = np.random.default_rng(8)
    at = int(START.timestamp() * 1e6) + np.arange(steps) * STEP_S * 1_000_000
    work = working(plant, at)
    mean, amount = np.zeros((steps, len(signals))), np.full((steps, len(signals)), np.nan)
    parts = spread(plant, NODE)
    total = np.full(steps, 1.0)
    busy = {}
    for number, (signal, sign) in enumerate(parts):
        if sign < 0:
            hours = rng.random(steps // 12 + 1) < 0.6
            busy[signal.element] = work & np.repeat(hours, 12)[:steps] if apart else work
            runs = busy[signal.element]
            kw = np.where(runs, 4.0 + 3.0 * number, 1.0 + 0.2 * number) * rng.normal(1, 0.05, steps)
            total += kw
            amount[:, signals.index(signal.index)] = kw * STEP_S / 3600.0
    feeder = next(s for s, sign in parts if sign > 0)
    amount[:, signals.index(feeder.index)] = total * STEP_S / 3600.0
    for index in signals:
        if plant.signals[index].means == "state":
            runs = busy.get(plant.signals[index].element, work)
            mean[:, signals.index(index)] = np.where(runs, 5.0, 4.0)
    ones = np.ones(mean.shape)
    return Window(Period(START, END), STEP_S, signals, mean, mean, mean, mean.copy(), amount, ones, 0 * ones,
                  np.full(mean.shape, 5, np.int64))  # fmt: skip


def scene(change: str, *, apart: bool = False) -> diagnosis.Scene:
    plant, whole = works(), meters(apart=apart)
    amount = whole.amount.copy()
    late = whole.at >= int(ONSET.timestamp() * 1e6)
    a, b = (whole.column(plant.signal(f"{e}.energy").index) for e in (HERE, THERE))
    feeder = whole.column(next(s for s, sign in spread(plant, NODE) if sign > 0).index)
    if change == "swapped":
        amount[late, a], amount[late, b] = amount[late, b], amount[late, a].copy()
    elif change == "doubled":
        amount[late, a] *= 2.0
    elif change == "takes more":
        amount[late, feeder] += amount[late, a]
        amount[late, a] *= 2.0
    found = finding(f"{HERE}:power", f"{HERE}.energy", onset=ONSET, last=END)
    kw = whole.amount[:, a] * 3600.0 / STEP_S
    power = {HERE: (amount[:, a] * 3600.0 / STEP_S, kw)}
    return diagnosis.Scene(plant, found, "power", replace(whole, amount=amount), power)


def test_swapped_meters_are_named_with_both_machines() -> None:
    told = contradiction(scene("swapped"))
    assert told is not None
    assert told.kind == "swapped"
    assert told.sure > 0.6
    assert "Selective solder 1" in told.text
    made = scene("swapped")
    plain = shares(diagnosis.causes(made))
    verdict = replace(made, verdict=told.kind, verdict_sure=told.sure, verdict_text=told.text)
    said = shares(diagnosis.causes(verdict))
    assert said["sensor_fault"] == max(said.values())
    assert said["sensor_fault"] > max(plain["sensor_fault"], 0.5)


def test_swapped_meters_are_named_where_each_machine_works_in_hours_of_its_own() -> None:
    told = contradiction(scene("swapped", apart=True))
    assert told is not None
    assert told.sure > 0.9
    assert "Selective solder 1" in told.text
    assert contradiction(scene("nothing", apart=True)) is None
    assert contradiction(scene("takes more", apart=True)) is None


def test_a_meter_that_counts_double_stands_alone_and_its_balance_does_not_close() -> None:
    told = contradiction(scene("doubled"))
    assert told is not None
    assert told.kind == "sensor"
    assert "no longer adds up" in told.text


@pytest.mark.parametrize("change", ["takes more", "nothing"])
def test_a_machine_that_really_takes_more_is_no_contradiction(change: str) -> None:
    assert contradiction(scene(change)) is None


def test_missing_meters_give_no_verdict() -> None:
    made = scene("swapped")
    gone = made.window.amount.copy()
    gone[:] = np.nan
    assert contradiction(replace(made, window=replace(made.window, amount=gone))) is None


@given(st.floats(0.01, 1000.0), st.floats(1.5, 20.0), st.integers(0, 1000))
def test_swapping_is_seen_in_any_unit_and_a_moved_load_is_not_a_swap(
    size: float, ratio: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    a, b = (size * k * rng.normal(1, 0.02, 40) for k in (1.0, ratio))
    usual_a, usual_b = np.full(40, size), np.full(40, size * ratio)
    assert swapped(b, a, usual_a, usual_b) > 0.9
    assert swapped(a, b, usual_a, usual_b) < 0.1
    moved = 0.2 * a
    assert swapped(a + moved, b - moved, usual_a, usual_b) < 0.1 or ratio < 2.0
