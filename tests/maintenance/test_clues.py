"""Clues from minutes: what they say of faults laid into made days; removing what they name removes the cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from detection.plant_minutes import START, day, works
from ecotwin.clock import Period, micros
from ecotwin.maintenance import diagnosis
from ecotwin.records import Bools, Cost, Explanation, Finding, Floats, Range, Severity, Window

DAYS, STEP_S = 6, 300
ONSET = START + timedelta(days=4, hours=9)
END = START + timedelta(days=DAYS)
ARRAYS = ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")
Lay = Callable[[Window, Bools], None]


def finding(cause: str, signal: str, *, onset: datetime = ONSET, last: datetime = END) -> Finding:
    plant = works()
    key = cause.split(":")[0]
    balance = plant.balance(key)
    element = balance.element if balance else plant.signal(signal).element
    return Finding(
        id=f"{cause}:x", cause=cause, element=element, title="", kind="excess", severity=Severity.WATCH, state="open",
        onset=onset, seen_at=onset, last_at=last, detectors=("d",), signals=(signal,), excess=Cost(), so_far=Cost(),
        evidence=(), value=0.0, expected=Range(0.0, 0.0, 0.0), unit="",
    )  # fmt: skip


@cache
def _days() -> tuple[Window, dict[str, tuple[Floats, Floats]]]:
    """Healthy days in steps of five minutes."""
    made = [day(works(), n) for n in range(DAYS)]
    windows = [w for w, _ in made]
    every = STEP_S // 60

    def coarse(name: str, how: str) -> Any:
        column = np.concatenate([getattr(w, name) for w in windows])
        blocks = column.reshape(-1, every, column.shape[1])
        if how == "sum":
            return blocks.sum(axis=1)
        return blocks[:, -1] if how == "last" else blocks.mean(axis=1)

    how = {"amount": "sum", "last": "last", "count": "sum"}
    arrays: dict[str, Any] = {n: coarse(n, how.get(n, "mean")) for n in ARRAYS}
    codes = [s.index for s in works().signals if s.form in {"state", "setpoint"}]
    for name in ("mean", "low", "high"):
        arrays[name][:, codes] = arrays["last"][:, codes]
    arrays["low"], arrays["high"] = arrays["mean"] * 0.999, arrays["mean"] * 1.001
    window = replace(windows[0], period=Period(START, END), step_s=STEP_S, **arrays)
    elements = made[0][1].elements
    power = {}
    for n, element in enumerate(elements):
        actual, mean = (
            np.concatenate([getattr(e, name)[:, n] for _, e in made])
            .reshape(-1, every)
            .mean(axis=1)
            for name in ("actual", "mean")
        )
        power[element] = (actual, mean)
    return window, power


def late_of(window: Window) -> Bools:
    """[steps] from the onset on."""
    late: Bools = window.at >= micros(ONSET)
    return late


def scene(found: Finding, lay: Lay | None = None, kw: float = 0.0) -> diagnosis.Scene:
    plant = works()
    whole, power = _days()
    columns = diagnosis.wanted(plant, found)
    window = replace(
        whole, signals=columns, **{n: getattr(whole, n)[:, columns].copy() for n in ARRAYS}
    )
    late = late_of(window)
    if lay is not None:
        lay(window, late)
    kind = plant.element(found.element).kind
    alike = {e: v for e, v in power.items() if plant.element(e).kind == kind and kind}
    if found.element in alike:
        actual, mean = alike[found.element]
        alike[found.element] = (actual + kw * late, mean)
    return diagnosis.Scene(plant, found, found.cause.split(":")[1], window, alike)


def add(signal: str, amount: float) -> Lay:
    def lay(window: Window, late: Bools) -> None:
        at = window.column(works().signal(signal).index)
        for array in (window.mean, window.low, window.high, window.last):
            array[late, at] += amount
        window.amount[late, at] += amount * STEP_S / 3600.0

    return lay


def shares(causes: tuple[Explanation, ...]) -> dict[str, float]:
    return {c.subject: c.sure or 0.0 for c in causes}


AIR = finding("placer_2c.air_flow:compressed_air", "placer_2c.air_flow")


def leak(window: Window, late: Bools) -> None:
    """Air is lost at the placer, and the compressors bring it."""
    add("placer_2c.air_flow", 3.0)(window, late)
    add("compressor_1.air_flow", 3.0)(window, late)


def test_a_flow_that_the_meters_above_do_not_see_is_the_meter_s() -> None:
    causes = diagnosis.causes(scene(AIR, add("placer_2c.air_flow", 3.0)))
    assert causes[0].subject == "sensor_fault"
    assert any("does not show it" in r.text for r in causes[0].why)


def test_flow_that_goes_on_at_night_is_a_leak_and_says_so_in_numbers() -> None:
    causes = diagnosis.causes(scene(AIR, leak))
    assert causes[0].subject == "leak"
    assert (causes[0].sure or 0) > 0.5
    assert any("While" in r.text and "m³/h" in r.text for r in causes[0].why)
    assert causes[0].verb == "Find leak"
    assert causes[0].change[0].startswith("Without ")


def test_taking_the_night_flow_away_takes_the_leak_away() -> None:
    def by_day(window: Window, late: Bools) -> None:
        state = window.last[:, window.column(works().signal("placer_2c.state").index)]
        leak(window, late & (state == 5))

    always = shares(diagnosis.causes(scene(AIR, leak)))
    at_work = shares(diagnosis.causes(scene(AIR, by_day)))
    assert at_work["leak"] < 0.6 * always["leak"]
    assert at_work["product_mix"] > always["product_mix"]


def test_a_moved_set_point_is_named_with_both_values() -> None:
    found = finding("compressor_1:power", "compressor_1.power")

    def lay(window: Window, late: Bools) -> None:
        add("compressor_1.pressure_sp", 1.0)(window, late)
        add("compressor_1.pressure", 1.0)(window, late)

    moved = diagnosis.causes(scene(found, lay, kw=6.0))
    still = diagnosis.causes(scene(found, None, kw=6.0))
    assert moved[0].subject == "set_point"
    assert shares(still)["set_point"] < 0.5 * shares(moved)["set_point"]
    assert any("stands at" in r.text for r in moved[0].why)


def test_a_value_that_stands_still_is_the_sensors() -> None:
    found = finding("ahu_1.return_temperature:stuck", "ahu_1.return_temperature")

    def lay(window: Window, late: Bools) -> None:
        at = window.column(works().signal("ahu_1.return_temperature").index)
        rng = np.random.default_rng(3)
        for array in (window.mean, window.last):
            array[:, at] = 22.0 + rng.normal(0, 0.3, len(late))
        window.low[:, at], window.high[:, at] = window.mean[:, at] - 0.1, window.mean[:, at] + 0.1
        for array in (window.mean, window.low, window.high, window.last):
            array[late, at] = 22.4

    causes = diagnosis.causes(scene(found, lay))
    assert causes[0].subject == "sensor_fault"
    assert (causes[0].sure or 0) > 0.8


def test_exhaust_that_rose_with_the_oven_s_power_names_the_damper() -> None:
    found = finding("oven_2:power", "oven_2.power")
    with_air = diagnosis.causes(scene(found, add("oven_2.exhaust_flow", 400.0), kw=12.0))
    without = diagnosis.causes(scene(found, None, kw=12.0))
    assert with_air[0].called.startswith("Exhaust damper")
    assert shares(without)["wear"] < shares(with_air)["wear"]


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_units_do_not_matter(factor: float) -> None:
    plain = shares(diagnosis.causes(scene(AIR, leak)))

    def scaled(window: Window, late: Bools) -> None:
        leak(window, late)
        for s in works().signals:
            if s.index in window.signals and s.means == "air_flow":
                at = window.column(s.index)
                for array in (window.mean, window.low, window.high, window.last, window.amount):
                    array[:, at] *= factor

    other = shares(diagnosis.causes(scene(AIR, scaled)))
    assert other == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize(
    "what", ["nothing", "all missing", "constant", "infinite", "one step", "no before"]
)
@pytest.mark.parametrize(
    "cause", ["oven_2:power", "air:compressed_air", "inspection_1:scrap", "pv_1:sun", "oven_1:idle"]
)
def test_bad_minutes_get_an_answer_with_nothing_sure(what: str, cause: str) -> None:
    key = cause.split(":")[0]
    signal = "compressor_1.air_flow" if key == "air" else f"{key}.power"
    found = finding(cause, signal)

    def lay(window: Window, late: Bools) -> None:
        values = {"all missing": np.nan, "constant": 3.0, "infinite": np.inf}
        if what in values:
            for name in ("mean", "low", "high", "last", "amount"):
                getattr(window, name)[:] = values[what]
        if what == "all missing":
            window.covered[:] = 0.0

    made = scene(found, lay)
    steps = {"nothing": 0, "one step": 1}.get(what, made.window.steps)
    w = made.window
    period = Period(START, START + timedelta(seconds=STEP_S * max(steps, 0)))
    if what == "no before":
        made = replace(made, finding=replace(found, onset=START))
    elif steps < w.steps:
        window = replace(w, period=period, **{n: getattr(w, n)[:steps] for n in ARRAYS})
        power = {e: (a[:steps], b[:steps]) for e, (a, b) in made.power.items()}
        made = replace(made, window=window, power=power)
    causes = diagnosis.causes(made)
    assert sum(c.sure or 0 for c in causes) == pytest.approx(1.0)
    assert all(0 < (c.sure or 0) < 0.97 for c in causes)
