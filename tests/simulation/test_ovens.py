"""The heat of ovens: closed forms, what goes in goes out, what sleep saves and warm-up costs."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.simulation.contract import Board, Image, Outage, Outcome, Setting, State
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.units import ovens
from ecotwin.simulation.units.ovens import heated
from small_works import MONDAY, User, case, works

PLANT = works("oven reflow_oven")
EXACT = {
    "oven.wall_kw_per_k": 0.095,
    "oven.capacity_kwh_per_k": 0.08,
    "oven.kw_scale": 1.0,
}
_LOSS = 0.095 + 480 * 0.5 * ovens.AIR_KWH_PER_M3_K + 12 * ovens.NITROGEN_KWH_PER_M3_K


def played(
    hours: float = 24.0, gives: dict[str, Any] | None = None, **changed: Any
) -> tuple[Outcome, User]:
    parameters = {**EXACT, **changed.pop("parameters", {})}
    line = User({}, gives or {}, name="line")
    made = case(PLANT, hours, parameters=parameters, **changed)
    return run(made, [line, *ovens.plug.units(PLANT)]), line


def kwh(outcome: Outcome) -> float:
    return float(outcome.total("electricity_kwh", "oven")[0])


@settings(deadline=None)
@given(
    st.floats(0.0, 300.0),
    st.floats(0.0, 300.0),
    st.floats(-10.0, 40.0),
    st.floats(1e-4, 2.0),
    st.floats(0.005, 5.0),
    st.floats(0.0, 200.0),
    st.floats(1 / 360, 1.0),
)
def test_a_step_has_its_closed_form(
    oven_c: float, target_c: float, hall_c: float, loss: float, room: float, heater: float, h: float
) -> None:
    end, kw, lost = heated(oven_c, target_c, hall_c, loss, room, heater, h)
    assert 0.0 <= kw <= heater
    rest = hall_c + kw / loss
    tau = room / loss
    assert end == pytest.approx(rest + (oven_c - rest) * exp(-h / tau), rel=1e-7, abs=1e-6)
    over = rest * h + (oven_c - rest) * tau * (1.0 - exp(-h / tau))
    assert lost == pytest.approx(loss * (over - hall_c * h), rel=1e-6, abs=1e-6)
    assert kw * h == pytest.approx(lost + room * (end - oven_c), rel=1e-9, abs=1e-9)
    if 0.0 < kw < heater:
        assert end == pytest.approx(target_c, abs=1e-6)
    first, _, lost_1 = heated(oven_c, target_c, hall_c, loss, room, 0.0, h / 2)
    second, _, lost_2 = heated(first, target_c, hall_c, loss, room, 0.0, h / 2)
    whole, _, lost_0 = heated(oven_c, target_c, hall_c, loss, room, 0.0, h)
    assert second == pytest.approx(whole, rel=1e-9, abs=1e-9)
    assert lost_1 + lost_2 == pytest.approx(lost_0, rel=1e-8, abs=1e-8)


def test_idle_power_and_warm_up_are_those_of_the_heat_balance() -> None:
    image = Image(MONDAY.replace(hour=7), {"oven.zone_8_temperature": 245.0})
    outcome, _ = played(1.0, start=MONDAY.replace(hour=7), image=image)
    assert kwh(outcome) == pytest.approx(6.0 + _LOSS * (245.0 - 22.0), rel=1e-6)
    cold = Image(MONDAY.replace(hour=7), {"oven.zone_8_temperature": 22.0})
    outcome, line = played(1.0, start=MONDAY.replace(hour=7), image=cold)
    end = 62.0 / _LOSS
    warm_up_h = 0.08 / _LOSS * log(end / (end - (242.0 - 22.0)))
    assert outcome.told["oven.warm_up_h"][0] == pytest.approx(warm_up_h, abs=1.5 / 60)
    ready = line.told("ready:oven")[:, 0]
    assert ready[0] == 0.0
    assert ready[-1] == 1.0


def test_boards_and_nitrogen_carry_heat_out() -> None:
    image = Image(MONDAY.replace(hour=7), {"oven.zone_8_temperature": 245.0})
    at = MONDAY.replace(hour=7)
    idle, _ = played(1.0, start=at, image=image)
    busy, _ = played(1.0, {"busy:oven": 1.0, "parts:oven": 6.0}, start=at, image=image)
    boards = 360 * 0.15 * 223.0 / 3600.0
    gas = 10.0 * ovens.NITROGEN_KWH_PER_M3_K * 223.0
    assert kwh(busy) - kwh(idle) == pytest.approx(boards + gas, rel=1e-3)


def test_sleep_in_a_break_saves_energy_and_costs_a_warm_up() -> None:
    start, end = MONDAY.replace(hour=9), MONDAY.replace(hour=9, minute=30)
    image = Image(MONDAY.replace(hour=8), {"oven.zone_8_temperature": 245.0})
    at = MONDAY.replace(hour=8)
    awake, _ = played(4.0, start=at, image=image)
    asleep, line = played(
        4.0, start=at, image=image, settings={"oven.sleep_sp": (Setting(120.0, start, end),)}
    )
    assert awake.told["oven.warm_up_h"][0] == 0.0
    warm_up = asleep.told["oven.warm_up_h"][0]
    assert 0.1 < warm_up < 0.5
    assert 3.0 < kwh(awake) - kwh(asleep) < 0.5 * 46.0
    ready = line.told("ready:oven")[:, 0]
    assert ready[59] == 1.0
    assert ready[70] == 0.0
    early = Setting(120.0, start, end - timedelta(hours=warm_up))
    in_time, line = played(4.0, start=at, image=image, settings={"oven.sleep_sp": (early,)})
    assert line.told("ready:oven")[93, 0] == 1.0
    assert kwh(asleep) < kwh(in_time) < kwh(awake)


def test_an_oven_is_hot_when_work_begins_and_off_at_night() -> None:
    _, line = played(24.0)
    ready = line.told("ready:oven")[:, 0]
    assert ready[: 4 * 60].sum() == 0.0
    assert ready[6 * 60] == 1.0
    assert ready[16 * 60 :].sum() == 0.0
    _, wanted = played(24.0, {"wants:oven": 1.0})
    assert wanted.told("ready:oven")[16 * 60 :].min() == 1.0
    outage = Outage("oven", MONDAY.replace(hour=8), MONDAY.replace(hour=9))
    _, line = played(24.0, outages=(outage,))
    assert line.told("ready:oven")[8 * 60 + 5, 0] == 0.0


@settings(max_examples=5, deadline=None)
@given(st.lists(st.floats(0.0, 15.0), min_size=60, max_size=60), st.floats(0.0, 1.0))
def test_heat_is_kept_over_an_hour(parts: list[float], busy: float) -> None:
    """What the plug takes leaves over hall, chilled water and exhaust, or stays in the oven."""
    seen: dict[str, float] = {"hall_heat": 0.0, "cold": 0.0}

    class Nets(User):
        def step(self, state: State, board: Board) -> None:
            for net in seen:
                seen[net] += float(board.asked(net)[0]) / 60.0
            board.serve("cold", board.asked("cold"))

    at = MONDAY.replace(hour=7)
    image = Image(at, {"oven.zone_8_temperature": 150.0})
    line = User({}, {"busy:oven": busy, "parts:oven": parts}, name="line")
    known = {**EXACT, "oven.exhaust_m3_h": 0.0}
    made = case(PLANT, 1.0, start=at, image=image, parameters=known)
    unit = ovens.plug.units(PLANT)[0]
    nets = Nets({}, name="nets", serves=("hall_heat", "cold"))
    engine = Engine(made, [line, unit, nets])
    engine.advance(60)
    stored = 0.08 * (float(engine.states["ovens"]["ovens"]["oven_c"][0, 0]) - 150.0)
    used = kwh(engine.outcome())
    assert used == pytest.approx(seen["hall_heat"] + seen["cold"] + stored, abs=1e-9)
    assert np.isfinite(used)
