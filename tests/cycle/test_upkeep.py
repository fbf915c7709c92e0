"""Upkeep of a compressor from hours of a history: creep, health, service that pays, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from advice.noon import outlook
from ecotwin.advice.service import Service
from ecotwin.clock import Period
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.upkeep import Upkeep, Upkeeps
from ecotwin.history.contract import Store
from ecotwin.plant import Plant, load
from ecotwin.records import Window

NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
MACHINE = "compressor_1"


class Hours:
    """A history of made hours: a compressor whose specific use grows by `growth` per running hour."""

    def __init__(self, plant: Plant, growth: float, hours: int = 1400, seed: int = 1) -> None:
        self._plant, self._growth, self._hours, self._seed = plant, growth, hours, seed
        self._down: list[int] = []
        self.asked = 0

    def window(self, signals: list[int], period: Period, step_s: int) -> Window:
        """Hours of the signals asked for, by what they mean."""
        self.asked += 1
        steps = int(period.seconds // step_s)
        rng = np.random.default_rng(self._seed)
        run = np.arange(steps) >= steps - self._hours
        age = 5000.0 + np.cumsum(run)
        load = np.clip(rng.normal(0.7, 0.15, steps), 0.1, 1.0)
        bar = rng.choice([7.0, 7.5], steps)
        air = 560.0 * load
        specific = (0.105 + self._growth * (age - 5000.0)) * (1.0 + 0.07 * (bar - 7.5)) + 0.01 * (
            1.0 - load
        )
        made = {
            "hours": age, "electricity_energy": air * specific * rng.normal(1.0, 0.01, steps), "air_volume": air,
            "pressure": bar, "setpoint": bar, "state": np.where(np.isin(np.arange(steps), self._down), 6.0, 5.0),
        }  # fmt: skip
        columns = [made[self._plant.signals[n].means] for n in signals]
        values = np.column_stack(columns)
        values[~run] = np.nan
        covered = np.isfinite(values).astype(float)
        return Window(
            period, step_s, tuple(signals), values, values, values, values, values, covered, 0.0 * covered,
            covered.astype(np.int64),
        )  # fmt: skip


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def priced(plant: Plant, **facts: float) -> Plant:
    elements = tuple(
        replace(e, kind_facts={**e.kind_facts, **facts}) if e.id == MACHINE else e
        for e in plant.elements
    )
    return replace(plant, elements=elements)


def told(plant: Plant, growth: float, **words: int) -> Upkeep:
    return Upkeeps(plant, cast(Store, Hours(plant, growth, **words)), Prices(plant)).of(
        MACHINE, NOW
    )


def test_a_creeping_compressor_is_told_with_what_it_loses(plant: Plant) -> None:
    full = priced(plant, service_money=900.0, service_kgco2e=60.0, money_per_tco2e=100.0)
    made = told(full, 1e-5)
    assert made.creep is not None
    # At the mean pressure of 7.25 bar all is 1.75 % less than at the rated one.
    assert made.creep.per_h.low < 0.9825e-5 < made.creep.per_h.high
    assert made.health_pct == pytest.approx(100.0 * 0.105 / 0.119, abs=1.5)
    assert made.kw_lost == pytest.approx(0.014 * 560.0 * 0.74, rel=0.15)
    assert made.service_in_h == pytest.approx(1600.0)
    assert made.money is not None
    assert made.co2e is not None
    assert made.both is not None
    price = Prices(full).money("electricity", NOW)
    assert price is not None
    due = np.sqrt(2.0 * 900.0 / (1e-5 * 560.0 * 0.74 * price))
    assert made.money.value == pytest.approx(due - made.creep.hours, rel=0.3)
    ends = sorted((made.money.value, made.co2e.value))
    assert ends[0] <= made.both.value <= ends[1]
    assert made.money.why[0].name == "energy"


def test_without_the_cost_of_a_service_the_gap_is_named(plant: Plant) -> None:
    made = told(priced(plant, service_money=0.0, service_kgco2e=0.0), 1e-5)
    assert made.money is None
    assert any("service_money" in gap for gap in made.gaps)


def test_no_wear_no_claim(plant: Plant) -> None:
    sure = 0
    for seed in range(12):
        made = told(priced(plant, service_money=900.0), 0.0, seed=seed)
        sure += made.money is not None
        assert made.health_pct is not None
        assert made.health_pct > 97.0
    assert sure <= 2


def test_little_history_and_other_machines_are_refused_in_words(plant: Plant) -> None:
    assert "measurements that it takes" in told(plant, 1e-5, hours=20).gaps[0]
    oven = next(m.id for m in plant.machines if m.kind == "reflow_oven")
    upkeeps = Upkeeps(plant, cast(Store, Hours(plant, 0.0)), Prices(plant))
    assert "does not count" in upkeeps.of(oven, NOW).gaps[0]


def test_an_answer_is_kept_for_some_hours(plant: Plant) -> None:
    store = Hours(plant, 1e-5)
    upkeeps = Upkeeps(plant, cast(Store, store), Prices(plant))
    assert upkeeps.of(MACHINE, NOW) is upkeeps.of(MACHINE, NOW.replace(hour=15))
    asked = store.asked
    assert upkeeps.of(MACHINE, NOW.replace(hour=15)).hours is not None
    assert store.asked == asked
    upkeeps.of(MACHINE, NOW.replace(hour=19))
    assert store.asked == 2 * asked


def counted(plant: Plant, seed: int, downs: int) -> tuple[Hours, Upkeep]:
    """A creeping compressor that went down so many times; both machines of its kind tell the same."""
    made = Hours(plant, 1e-5, seed=seed)
    steps, rng = 365 * 24, np.random.default_rng(seed)
    # Each time late in its life between two services, 2,000 h apart: it begins at 5,000 h.
    made._down = [steps - 1400 + int(rng.integers(600, 990)) for _ in range(downs)]
    return made, Upkeeps(plant, cast(Store, made), Prices(plant)).of(MACHINE, NOW)


def full(plant: Plant) -> Plant:
    return priced(
        plant, service_money=900.0, service_kgco2e=60.0, money_per_tco2e=100.0,
        failure_money=6000.0, failure_kgco2e=200.0,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [4101, 4102, 4103])
def test_the_case_for_a_service_carries_what_waiting_costs(plant: Plant, seed: int) -> None:
    _, made = counted(full(plant), seed, 0)
    case = made.case
    assert case is not None
    assert case.coin == "both"
    assert case.kw_per_h.low < 1e-5 * 560.0 * 0.74 < 1.1 * case.kw_per_h.high
    assert case.due_in_h.low <= case.due_in_h.value <= case.due_in_h.high
    assert case.hours_day == pytest.approx(24.0, abs=0.1)
    assert case.round == 3
    assert case.risk is None
    assert any("0 failures in" in gap for gap in case.gaps)
    (advice,) = Service(plant).propose(outlook(now=NOW, upkeep=(case,)))
    assert advice.saves.energy_kwh is not None
    assert advice.saves.energy_kwh.low > 0.0


def test_failures_on_record_become_a_risk_and_an_earlier_service(plant: Plant) -> None:
    _, sound = counted(full(plant), 4201, 0)
    _, failing = counted(full(plant), 4201, 6)
    assert sound.case is not None
    assert failing.case is not None
    risk = failing.case.risk
    assert risk is not None
    assert 0.0 < risk.low <= risk.value <= risk.high <= 1.0
    assert failing.case.every_h.value < sound.case.every_h.value
    assert any("failures in" in why and "machines of its kind" in why for why in failing.case.why)


def test_looking_at_machines_is_spread_over_calls(plant: Plant) -> None:
    store = Hours(full(plant), 1e-5)
    upkeeps = Upkeeps(full(plant), cast(Store, store), Prices(plant))
    assert [c.element for c in upkeeps.cases(NOW)] == [MACHINE]
    asked = store.asked
    assert len(upkeeps.cases(NOW)) == 2
    again = store.asked
    assert again > asked
    upkeeps.cases(NOW)
    assert store.asked == again, "nothing is looked at twice within six hours"
