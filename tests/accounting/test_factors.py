from __future__ import annotations

from typing import Any

import pytest

from ecotwin.accounting import factors
from ecotwin.accounting.factors.tables import COLUMNS
from ecotwin.errors import FactorGap, FileFault

HEAD = ",".join(COLUMNS)


def _given(works: Any, **changes: Any) -> Any:
    gas = {**works.plant.factors["gas"], **changes}
    return works.with_(factors={"gas": gas})


def test_dirty_rows_are_refused_one_by_one() -> None:
    rows = [
        HEAD,
        "a/b/2024,b,b,0,kg/kWh,,US,2024,EPA,1,,0.1",
        'c/d/2024,d,d,"1,5",kg/kWh,,US,2024,EPA,1,,0.1',
        "e/f/2024,f,f,1.5,kg/kWh,,US,2024,,1,,0.1",
        "g/h/2024,h,h,1.5,kg/kWh,,US,2024,EPA,1,AR9,0.1",
        "i/j/2024,j,j,nan,kg/kWh,,US,2024,EPA,1,,0.1",
        "k/l/2024,l,l,1.5,kg/kWh,,US,2024,EPA,1,,0.1",
        "k/l/2024,l,l,1.6,kg/kWh,,US,2024,EPA,1,,0.1",
    ]
    with pytest.raises(FileFault) as fault:
        factors.read_rows(rows, "mine.csv")
    for line in (2, 3, 4, 5, 6, 8):
        assert f"line {line}" in str(fault.value)
    assert "line 7" not in str(fault.value)


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(FileFault, match="lacks the columns"):
        factors.read_rows(["id,value", "a,1"], "mine.csv")


@pytest.mark.parametrize("name", ["combustion", "gwp", "heating_values", "blends"])
def test_our_own_tables_are_sound(name: str) -> None:
    rows = factors.table(name)
    assert len(rows) > 5
    for row in rows.values():
        assert row.source
        assert row.place
        assert 0.0 <= row.uncertainty < 2.0


def test_a_missing_factor_names_what_to_write_and_chooses_none(works: Any) -> None:
    gap = factors.emission(works.with_(factors={}), "gas", "m3")
    assert isinstance(gap, FactorGap)
    assert "epa-hub/natural_gas/2024" in str(gap)
    assert "ipcc-2006/natural_gas/2006" in str(gap)
    assert "write `gas:" in gap.remedy


def test_a_factor_per_metered_unit_needs_no_heating_value(works: Any) -> None:
    (use,) = factors.required(
        factors.emission(_given(works, value=2.0, unit="kgCO2e/m3"), "gas", "m3")
    )
    assert (use.value, use.unit) == (2.0, "kgCO2e/m3")


def test_units_of_factors_are_converted(works: Any) -> None:
    plant = _given(works, value=56.1, unit="tCO2e/TJ")
    gap = factors.emission(plant, "gas", "m3")
    assert isinstance(gap, FactorGap), "there is no heating value here"
    plant = works.with_(factors={**works.plant.factors, **plant.factors})
    heat, per_kwh = factors.required(factors.emission(plant, "gas", "m3"))
    assert per_kwh.value == pytest.approx(56.1 * 3.6 / 1000)
    assert heat.value == 10.0


def test_a_factor_in_a_senseless_unit_is_a_gap(works: Any) -> None:
    assert isinstance(factors.emission(_given(works, unit="EUR/h"), "gas", "m3"), FactorGap)


def test_grid_factor_without_source_is_a_gap(works: Any) -> None:
    from dataclasses import replace

    plant = works.with_(grid=replace(works.plant.grid, source=""))
    assert isinstance(factors.grid_location(plant), FactorGap)


def test_no_residual_mix_is_disclosed(works: Any) -> None:
    from dataclasses import replace

    use = factors.required(
        factors.grid_residual(works.with_(grid=replace(works.plant.grid, residual=None)))
    )
    assert use.value == 0.3
    assert "no residual mix" in use.basis


def test_mixing_gwp_sets_is_an_error() -> None:
    uses = [factors.required(factors.gwp("CH4", ar)) for ar in ("AR5", "AR6")]
    with pytest.raises(FactorGap, match="AR5 and AR6"):
        factors.one_gwp_set(uses)


def test_table_factors_weigh_all_gases() -> None:
    by_ar = {
        ar: factors.required(factors.burning("epa-hub/natural_gas/2024", ar)).value
        for ar in ("AR5", "AR6")
    }
    assert by_ar["AR5"] * 293.07107 == pytest.approx(53.1145, rel=1e-6)
    assert by_ar["AR6"] * 293.07107 == pytest.approx(53.06 + 0.027 + 0.0273, rel=1e-6)
    wood = factors.required(factors.burning("epa-hub/wood/2024", "AR5"))
    assert wood.value * 293.07107 == pytest.approx(0.0072 * 28 + 0.0036 * 265)
