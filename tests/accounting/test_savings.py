"""A saving must be true: on an unchanged machine the interval holds zero as often as it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from ecotwin.accounting.baseline import Baselines
from ecotwin.accounting.savings import verify
from ecotwin.clock import Period
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATES
from ecotwin.records import Advice, Change, Cost, Saving, Window

RECOVERY = timedelta(minutes=15)
PAUSE = (180, 210)
STEPS = 300


def _morning(
    works: Any,
    rng: np.random.Generator,
    day: int,
    *,
    asleep: bool = False,
    mood: float = 0.0,
    **more: Any,
) -> Window:
    """From 06:00: busy at 18 kW, in the pause of 09:00 idle at 10 kW; autocorrelated noise, a mood of the day."""
    state = np.full(STEPS, STATES["busy"])
    state[slice(*PAUSE)] = STATES["standby"] if asleep else STATES["idle"]
    power = np.where(state == STATES["busy"], 18.0, 10.0) + mood
    if asleep:
        power[slice(*PAUSE)] = 4.0
        power[PAUSE[1] : PAUSE[1] + 8] += 6.0  # it must warm up again
    noise = rng.normal(0, 0.6, STEPS)
    for n in range(1, STEPS):
        noise[n] = 0.8 * noise[n - 1] + 0.6 * noise[n]
    start = works.start + timedelta(days=day, hours=6)
    made = rng.poisson(1.0, STEPS) * (state == STATES["busy"])
    window: Window = works.window(
        {
            "oven.power": power + noise,
            "oven.state": state,
            "oven.total": made,
            "weather.temperature": 20 + 5 * rng.normal(),
        },
        start=start,
        steps=STEPS,
        **more,
    )
    return window


def _pause(window: Window) -> Period:
    start = window.period.start + timedelta(minutes=PAUSE[0])
    return Period(start, start + timedelta(minutes=PAUSE[1] - PAUSE[0]))


def _advice(window: Window) -> Advice:
    pause = _pause(window)
    change = Change("oven.sp", 1.0, pause, 0.0)
    return Advice(
        id="idle_off:oven:1",
        advisor="idle_off",
        element="oven",
        title="Sleep",
        why=(),
        against=(),
        changes=(change,),
        saves=Cost(),
        proposed_at=pause.start,
        decide_by=pause.start,
        period=pause,
        autonomy="approve",
    )


def _round(
    works: Any,
    seed: int,
    *,
    past: int = 8,
    asleep: bool = False,
    mood: float = 0.4,
    plant: Any = None,
    disturbed: Any = (),
    gap: slice | None = None,
) -> tuple[Saving, float]:
    """One saving, and the energy that the sleep truly saved [kWh]."""
    rng = np.random.default_rng(seed)
    history = [_morning(works, rng, day, mood=mood * rng.normal()) for day in range(past)]
    baselines = Baselines(plant or works.plant)
    for window in history:
        baselines.learn(window)
    today = _morning(
        works,
        rng,
        past,
        asleep=asleep,
        mood=mood * rng.normal(),
        silent={"oven.power": gap} if gap else None,
    )
    advice = _advice(today)
    saving = verify(
        plant or works.plant, baselines, advice, today, history, [_pause(w) for w in history],
        recovery=RECOVERY, known_at=today.period.end, disturbed=disturbed,
    )  # fmt: skip
    return saving, (6.0 * 30 - 6.0 * 8) / 60.0


@pytest.mark.parametrize("past", [3, 8])
def test_an_unchanged_machine_saves_nothing(works: Any, past: int) -> None:
    holds = 0
    for seed in range(200):
        saving, _ = _round(works, seed, past=past)
        holds += saving.saved_kwh.low <= 0.0 <= saving.saved_kwh.high
    assert holds / 200 >= 0.85, f"{holds} of 200 intervals of 90 % hold zero"


def test_a_true_saving_is_found_and_its_interval_holds_the_truth(works: Any) -> None:
    holds = shown = 0
    for seed in range(200):
        saving, truth = _round(works, 1000 + seed, asleep=True)
        holds += saving.saved_kwh.low <= truth <= saving.saved_kwh.high
        shown += saving.fit and saving.saved_kwh.low > 0.0
    assert holds / 200 >= 0.85, f"{holds} of 200 intervals of 90 % hold the truth"
    assert shown / 200 > 0.9, "a saving of 2.2 kWh in 7.5 must be seen"


def test_what_it_says(works: Any) -> None:
    saving, truth = _round(works, 1, asleep=True)
    assert saving.advice == "idle_off:oven:1"
    assert saving.fit
    assert "8 comparable pauses" in saving.reasons[0]
    assert saving.level == 0.9
    assert saving.saved_kwh.value == pytest.approx(saving.expected_kwh.value - saving.actual_kwh)
    assert saving.saved_kwh.value == pytest.approx(truth, abs=1.0)
    assert saving.period.end - saving.period.start == timedelta(minutes=45)
    cost = saving.cost
    assert cost.energy_kwh == saving.saved_kwh
    assert cost.co2e_kg is not None
    assert cost.co2e_market_kg is not None
    assert cost.money is not None
    assert cost.co2e_kg.value == pytest.approx(0.4 * saving.saved_kwh.value)
    assert cost.co2e_market_kg.value == pytest.approx(0.4 * 0.5 * saving.saved_kwh.value)
    assert cost.money.value == pytest.approx(0.3 * saving.saved_kwh.value)


def test_no_factor_no_carbon(works: Any) -> None:
    saving, _ = _round(works, 1, asleep=True, plant=works.with_(grid=None))
    assert saving.cost.co2e_kg is None
    assert saving.cost.energy_kwh is not None


def test_too_few_pauses_are_not_fit(works: Any) -> None:
    saving, _ = _round(works, 1, past=2, asleep=True)
    assert not saving.fit
    assert "only 2 comparable pauses" in saving.reasons[0]
    saving, _ = _round(works, 1, past=0, asleep=True)
    assert not saving.fit
    assert saving.saved_kwh.low < 0.0 < saving.saved_kwh.high, "nominal power alone claims nothing"


def test_poor_coverage_is_not_fit(works: Any) -> None:
    saving, _ = _round(works, 1, asleep=True, gap=slice(PAUSE[0], PAUSE[0] + 10))
    assert not saving.fit
    assert any("was measured" in r for r in saving.reasons)


def test_no_data_is_a_gap(works: Any) -> None:
    with pytest.raises(FigureGap, match="not known"):
        _round(works, 1, asleep=True, gap=slice(PAUSE[0] - 1, PAUSE[1] + 20))


def test_wild_pauses_are_not_fit(works: Any) -> None:
    unfit = [_round(works, seed, mood=8.0, asleep=True)[0] for seed in range(5)]
    assert any("scatter" in r for s in unfit for r in s.reasons)


def test_another_change_in_the_period_is_not_fit(works: Any) -> None:
    start = works.start + timedelta(days=8, hours=9)
    span = Period(start, start + timedelta(minutes=5))
    saving, _ = _round(works, 1, asleep=True, disturbed=[(span, "the belt was repaired")])
    assert not saving.fit
    assert any("belt was repaired" in r for r in saving.reasons)


def test_disturbed_and_other_pauses_are_not_compared(works: Any) -> None:
    first = works.start + timedelta(hours=9)
    saving, _ = _round(
        works,
        1,
        asleep=True,
        disturbed=[(Period(first, first + timedelta(hours=1)), "oven left hot")],
    )
    assert saving.fit
    assert "7 comparable pauses" in saving.reasons[0]


def test_an_element_without_a_meter_is_refused(works: Any) -> None:
    rng = np.random.default_rng(0)
    window = _morning(works, rng, 0)
    with pytest.raises(FigureGap, match="no electricity meter"):
        verify(
            works.plant, Baselines(works.plant), replace(_advice(window), element="boiler"), window, [], [],
            recovery=RECOVERY, known_at=window.period.end,
        )  # fmt: skip
