"""Cooling and reheating of a hot machine: laws of the heat balance."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.advice.heat import Body, course, doubt_kwh, known_body
from ecotwin.plant.model import Sleep
from ecotwin.records import Range

OVEN = Body(45.5, 74.0, 13.6, 3.6, 9.2, 0.44, 18 / 60)
BODIES = st.builds(
    Body,
    idle_kw=st.floats(20, 60),
    heating_kw=st.floats(65, 120),
    standby_kw=st.floats(6, 18),
    floor_kw=st.floats(0, 5),
    fans_kw=st.floats(0, 12),
    asleep_share=st.floats(0.1, 0.9),
    warmup_h=st.floats(0.1, 1.0),
)
HOURS = st.floats(0.05, 12.0)


@given(BODIES, HOURS, HOURS)
def test_a_longer_sleep_cools_further_and_takes_longer_to_heat(
    body: Body, one: float, other: float
) -> None:
    short, long = course(body, min(one, other)), course(body, max(one, other))
    assert long.cooled_share <= short.cooled_share
    assert long.reheat_h >= short.reheat_h
    assert long.asleep_kw >= short.asleep_kw - 1e-9
    assert long.reheat_h <= body.warmup_h * (1 + 1e-9), (
        "never longer than from the set-point itself"
    )


@given(BODIES, HOURS)
def test_energy_is_kept(body: Body, hours: float) -> None:
    """What is saved is the loss a cooler body does not have: integrated in small steps it is the same."""
    told = course(body, hours)
    steps = 20_000
    step_h = (hours + told.reheat_h) / steps
    loss, heater = body.idle_kw - body.fans_kw, body.heating_kw - body.fans_kw
    held = body.asleep_share
    gone = course(body, 1e6)
    capacity = body.warmup_h * loss / math.log((heater - loss * held) / (heater - loss))
    damped = min(1.0, max(0.05, (body.standby_kw - body.floor_kw) / (loss * held)))
    share, used, now = 1.0, 0.0, 0.0
    for _ in range(steps):
        if now < hours:
            lower = share - damped * loss * share / capacity * step_h
            used += (body.floor_kw if lower > held else body.standby_kw) * step_h
            share = max(held, lower)
        else:
            used += body.heating_kw * step_h
            share += (heater - loss * share) / capacity * step_h
        now += step_h
    assert share == pytest.approx(1.0, abs=0.01)
    assert told.saved_kwh == pytest.approx(body.idle_kw * now - used, abs=0.01 * body.idle_kw * now)
    assert gone.cooled_share == pytest.approx(held)


def test_every_number_in_doubt_widens_the_doubt() -> None:
    sure = Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    least = doubt_kwh(OVEN, sure, 0.35)
    for name, sd in (
        ("idle_kw", 1.0), ("heating_kw", 3.0), ("standby_kw", 1.0), ("floor_kw", 1.0),
        ("fans_kw", 2.0), ("asleep_share", 0.05), ("warmup_h", 0.05),
    ):  # fmt: skip
        assert doubt_kwh(OVEN, replace(sure, **{name: sd}), 0.35) > least * 1.001, name


def test_what_was_seen_of_past_pauses_is_the_floor() -> None:
    sleep = Sleep("oven.sp", 120.0, 245.0, 18.0, 25.0)
    kw = {"idle": Range(45, 44, 46), "heating": Range(74, 73, 75), "off": Range(0.4, 0.3, 0.5)}
    facts = {"kw_standby": 12, "kw_sd_share": 0.12}
    table = known_body({**kw, "standby": Range(12, 9, 15)}, facts, sleep)
    seen = known_body({**kw, "standby": Range(3.6, 3.4, 3.8)}, facts, sleep)
    assert table is not None
    assert seen is not None
    assert table[0].floor_kw == pytest.approx(6.2)
    assert (seen[0].floor_kw, seen[0].standby_kw) == (3.6, 12.0)
    assert seen[1].floor_kw < 0.1 * table[1].floor_kw
    assert known_body({k: kw[k] for k in ("idle", "heating")}, facts, sleep) is None
