"""Figures of the small works, whose every number can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ecotwin.accounting import accounts
from ecotwin.accounting.accounts import Accounts
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATES

MINUTES = 1440


def day_told(works: Any, values: dict[str, Any] | None = None, **more: Any) -> Accounts:
    plant = more.get("plant", works.plant)
    return accounts.run(plant, [works.window(values, **more)])


def test_energy_of_every_level(works: Any) -> None:
    got = day_told(works)
    for element, kwh in (
        ("works", 1.0),
        ("hall", 0.75),
        ("line", 0.75),
        ("press", 0.5),
        ("oven", 0.2),
        ("yard", 0.2),
    ):
        assert got.of(element, "energy.electricity").value == pytest.approx(kwh * MINUTES), element


def test_parts_and_rest_sum_to_the_whole(works: Any) -> None:
    got = day_told(works)
    site, line = got.of("works", "energy.electricity"), got.of("line", "energy.electricity")
    assert site.split == pytest.approx(
        {"hall": 0.75 * MINUTES, "yard": 0.2 * MINUTES, "Not metered": 0.05 * MINUTES}
    )
    assert line.split == pytest.approx(
        {"press": 0.5 * MINUTES, "oven": 0.2 * MINUTES, "Not metered": 0.05 * MINUTES}
    )
    for figure in got.measures:
        if figure.split:
            assert sum(figure.split.values()) == pytest.approx(figure.value), figure.id


def test_gas_in_kwh_by_the_heating_value_the_user_gave(works: Any) -> None:
    got = day_told(works)
    gas = got.of("works", "energy.gas")
    assert gas.value == pytest.approx(0.1 * MINUTES * 10.0)
    assert [f.id for f in gas.factors] == ["plant/gas_heating_value/2026"]
    half = (gas.high - gas.low) / 2
    assert half == pytest.approx(gas.value * np.hypot(0.01, 0.01))


def test_intervals_of_different_meters_add_in_quadrature(works: Any) -> None:
    got = day_told(works)
    site = got.of("works", "energy.electricity")
    expected = MINUTES * np.sqrt((0.01 * 0.9) ** 2 + (0.01 * 0.15) ** 2 + (0.01 * 0.05) ** 2)
    assert (site.high - site.low) / 2 == pytest.approx(expected)


def test_a_meters_own_error_is_the_same_every_day(works: Any) -> None:
    days = [works.window(start=works.start + timedelta(days=n)) for n in range(4)]
    one, four = (
        accounts.run(works.plant, days[:n]).of("press", "energy.electricity") for n in (1, 4)
    )
    assert four.high - four.low == pytest.approx(4 * (one.high - one.low))


def test_electricity_by_state(works: Any) -> None:
    state = np.where(np.arange(MINUTES) < 480, STATES["busy"], STATES["idle"])
    got = day_told(works, {"press.state": state})
    assert got.of("press", "energy.electricity").split == pytest.approx(
        {"busy": 240.0, "idle": 480.0}
    )
    line = got.of("line", "energy.by_state")
    assert line.value == pytest.approx(0.7 * MINUTES)
    assert line.split == pytest.approx({"busy": 240.0 + 288.0, "idle": 480.0})
    share = got.of("line", "energy.unproductive_share")
    assert share.value == pytest.approx(480 / 1008)
    assert (share.numerator, share.denominator) == pytest.approx((480.0, 1008.0))
    assert got.of("press", "time.by_state").split == pytest.approx({"busy": 8.0, "idle": 16.0})


def test_specific_energy_is_a_ratio_of_sums(works: Any) -> None:
    busy = works.window({"oven.good": 2.0})
    quiet = works.window({"oven.good": 0.1}, start=works.start + timedelta(days=1))
    got = accounts.run(works.plant, [busy, quiet]).of("line", "energy.per_good_part")
    assert got.value == pytest.approx(2 * 0.75 / 2.1)
    assert got.numerator == pytest.approx(2 * 0.75 * MINUTES)
    assert got.denominator == pytest.approx(2.1 * MINUTES)


def test_no_good_part_is_a_gap_and_no_infinity(works: Any) -> None:
    got = day_told(works, {"oven.good": 0.0})
    with pytest.raises(FigureGap, match="made no good part"):
        got.of("line", "energy.per_good_part")


def test_scope1(works: Any) -> None:
    scope1 = day_told(works).of("works", "ghg.scope1")
    assert scope1.value == pytest.approx(0.1 * MINUTES * 10.0 * 0.2)
    half = (scope1.high - scope1.low) / 2
    assert half == pytest.approx(scope1.value * np.sqrt(0.01**2 + 0.01**2 + 0.02**2))
    assert {f.id for f in scope1.factors} == {"plant/gas/2026", "plant/gas_heating_value/2026"}


def test_scope2_location_hour_by_hour(works: Any) -> None:
    # Bought: 0.9 of 1.0 kWh a minute; 6 of 24 hours at 0.2, 18 at 0.4 kgCO2e/kWh.
    got = day_told(works).of("works", "ghg.scope2_location")
    assert got.value == pytest.approx(0.9 * 60 * (6 * 0.2 + 18 * 0.4))
    half = (got.high - got.low) / 2
    assert half == pytest.approx(
        got.value * np.hypot(0.05, np.sqrt(0.9**2 + 0.15**2 + 0.05**2) / 100)
    )


def test_scope2_market_based(works: Any) -> None:
    got = day_told(works).of("works", "ghg.scope2_market")
    assert got.value == pytest.approx(0.9 * MINUTES * 0.4 * 0.5)
    assert got.split == pytest.approx({"wind": 0.0, "residual mix": got.value})


def test_hourly_certificates_never_cover_another_hour(works: Any) -> None:
    grid = works.plant.grid
    night = replace(grid.contracts[0], hourly_kwh=(1000.0,) * 12 + (0.0,) * 12)
    plant = works.with_(grid=replace(grid, contracts=(night,)))
    got = day_told(works, plant=plant).of("works", "ghg.scope2_market")
    assert got.value == pytest.approx(0.9 * 60 * 12 * 0.5)


def test_a_contract_with_an_unmet_criterion_is_left_out_and_named(works: Any) -> None:
    grid = works.plant.grid
    weak = replace(
        grid.contracts[0], criteria={**grid.contracts[0].criteria, "tracked_and_retired": False}
    )
    got = day_told(works, plant=works.with_(grid=replace(grid, contracts=(weak,))))
    assert got.of("works", "ghg.scope2_market").value == pytest.approx(0.9 * MINUTES * 0.5)
    assert any("tracked_and_retired" in text for _, text in got.gaps)


def test_emissions_of_the_parts_and_the_rest_are_those_of_the_site(works: Any) -> None:
    got = day_told(works)
    for figure in ("ghg.scope2_location", "ghg.scope2_market", "cost.electricity"):
        site, hall, yard = (got.of(e, figure).value for e in ("works", "hall", "yard"))
        assert hall + yard == pytest.approx(site * 0.95), figure


def test_scopes_sum(works: Any) -> None:
    got = day_told(works)
    both = got.of("works", "ghg.scope12_location")
    assert both.value == pytest.approx(
        got.of("works", "ghg.scope1").value + got.of("works", "ghg.scope2_location").value
    )


def test_no_grid_factor_is_a_gap_that_says_what_to_write(works: Any) -> None:
    got = day_told(works, plant=works.with_(grid=None))
    with pytest.raises(FigureGap, match=r"grid\.location"):
        got.of("works", "ghg.scope2_location")


def test_gwp_sets_never_mix(works: Any) -> None:
    gas = {**works.plant.factors["gas"], "gwp_set": "AR5"}
    got = day_told(works, plant=works.with_(factors={**works.plant.factors, "gas": gas}))
    with pytest.raises(FigureGap, match="AR5"):
        got.of("works", "ghg.scope1")
    with pytest.raises(FigureGap):
        got.of("works", "ghg.scope12_location")


def test_heating_values_of_two_bases_never_meet(works: Any) -> None:
    heat = {**works.plant.factors["gas_heating_value"], "basis": "LHV"}
    got = day_told(
        works, plant=works.with_(factors={**works.plant.factors, "gas_heating_value": heat})
    )
    with pytest.raises(FigureGap, match="HHV"):
        got.of("works", "ghg.scope1")


def test_water(works: Any) -> None:
    got = day_told(works)
    assert got.of("works", "water.in").value == pytest.approx(28.8)
    assert got.of("works", "water.out").value == pytest.approx(21.6)
    used = got.of("works", "water.consumption")
    assert used.value == pytest.approx(7.2)
    assert (used.high - used.low) / 2 == pytest.approx(np.hypot(28.8 * 0.02, 21.6 * 0.03))


def test_waste(works: Any) -> None:
    got = day_told(works)
    assert got.of("works", "waste.total").split == pytest.approx(
        {"15 01 01": 144.0, "13 02 05*": 28.8, "12 01 14*": 43.2}
    )
    assert got.of("works", "waste.hazardous").value == pytest.approx(72.0)
    assert got.of("works", "waste.diverted").value == pytest.approx(144.0)
    assert got.of("works", "waste.diversion_rate").value == pytest.approx(144 / 216)
    assert got.of("works", "waste.diversion_rate_zero_waste").value == pytest.approx(172.8 / 216)


def test_negative_waste_is_no_figure(works: Any) -> None:
    with pytest.raises(FigureGap, match="gained"):
        day_told(works, {"works.oil": -0.02}).of("works", "waste.total")


def test_material(works: Any) -> None:
    got = day_told(works)
    # 0.9 plates of 2 kg from 3 kg of steel a minute.
    assert got.of("line", "material.yield").value == pytest.approx(1.8 / 3.0)
    assert got.of("line", "material.part_yield").value == pytest.approx(0.9)
    assert got.of("line", "material.used").split == pytest.approx({"steel": 3.0 * MINUTES})


def test_more_product_than_material_is_no_yield(works: Any) -> None:
    with pytest.raises(FigureGap, match="every material"):
        day_told(works, {"line.steel": 1.0}).of("line", "material.yield")


def test_air(works: Any) -> None:
    got = day_told(works)
    assert got.of("works", "air.nox").value == pytest.approx(1.44)
    assert got.of("boiler", "air.co").value == pytest.approx(50.0 * 100.0 * 24 / 1e6)
    assert got.of("boiler", "air.co").high == pytest.approx(0.12 * (1 + np.hypot(0.1, 0.1)))


def test_cost_by_band_of_what_was_bought(works: Any) -> None:
    got = day_told(works)
    assert got.of("works", "cost.electricity").value == pytest.approx(
        0.9 * 60 * (4 * 0.3 + 20 * 0.2)
    )
    assert got.of("works", "cost.gas").value == pytest.approx(0.1 * MINUTES * 10.0 * 0.05)
    assert got.of("works", "cost.total").value == pytest.approx(
        sum(got.of("works", f"cost.{c}").value for c in ("electricity", "gas", "water"))
    )


def test_oee(works: Any) -> None:
    # Planned 06:00-14:00 less 30 min: 7.5 h. The oven stands from 06:00 to 07:30; 1 part a minute while busy, PRI 60 s.
    minute = np.arange(MINUTES)
    stands = (minute >= 360) & (minute < 450)
    got = day_told(
        works,
        {
            "oven.state": np.where(stands, STATES["down"], STATES["busy"]),
            "oven.total": np.where(stands, 0.0, 0.8),
            "oven.good": np.where(stands, 0.0, 0.72),
        },
    )
    line = {
        k: got.of("line", f"oee.{k}") for k in ("availability", "effectiveness", "quality", "oee")
    }
    assert line["availability"].value == pytest.approx(6.0 / 7.5)
    assert line["effectiveness"].value == pytest.approx(0.8)
    assert line["quality"].value == pytest.approx(0.9)
    assert line["oee"].value == pytest.approx(0.8 * 0.8 * 0.9)
    assert got.of("works", "oee.oee").value == pytest.approx(line["oee"].value)
    assert line["oee"].denominator == pytest.approx(7.5)


def test_effectiveness_above_one_is_flagged_and_not_clamped(works: Any) -> None:
    got = day_told(works, {"oven.total": 1.5, "oven.good": 1.4})
    assert got.of("oven", "oee.effectiveness").value == pytest.approx(1.5)
    assert any("effectiveness is 1.5" in text for _, text in got.gaps)


def test_oee_of_two_products_weighs_each_by_its_own_run_time(works: Any) -> None:
    product = np.where(np.arange(MINUTES) < 600, 7, 8)
    got = day_told(works, {"oven.product": product, "oven.total": 0.5, "oven.good": 0.5})
    # 06:00-10:00 less the break: 210 min of product 7 (60 s), then 240 min of product 8 (30 s).
    assert got.of("oven", "oee.effectiveness").value == pytest.approx(
        (210 * 0.5 * 60 + 240 * 0.5 * 30) / (450 * 60)
    )


def test_a_product_without_run_time_is_a_gap(works: Any) -> None:
    with pytest.raises(FigureGap, match="planned_run_s"):
        day_told(works, {"oven.product": 9}).of("oven", "oee.oee")


def test_a_day_off_has_no_oee_but_has_energy(works: Any) -> None:
    saturday = datetime(2026, 6, 5, 22, tzinfo=UTC)
    got = day_told(works, start=saturday)
    assert got.of("oven", "energy.electricity").value == pytest.approx(288.0)
    with pytest.raises(FigureGap):
        got.of("oven", "oee.oee")
