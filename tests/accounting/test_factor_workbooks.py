"""The official tables as their publishers give them, read by path; figures recomputed from other rows of theirs."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from ecotwin.accounting import factors
from ecotwin.errors import FactorGap

ROOT = Path(__file__).resolve().parents[2]
FOLDER = (
    Path(os.environ.get("ECOTWIN_PUBLIC_DATA", ROOT.parent / "shared" / "data"))
    / "emission_factors"
)
HUB = FOLDER / "epa_hub_2025" / "ghg-emission-factors-hub-2025.xlsx"
FLAT = FOLDER / "defra_2024" / "defra_2024_v1_1_flat.csv.gz"
IPCC = FOLDER / "ipcc_gwp" / "globalwarmingpotentials.csv"


def there(path: Path) -> Path:
    """The data file; the public data is no part of the project, so its absence is a skip that names it."""
    if not path.exists():
        pytest.skip(
            f"{path.name} is not here: set ECOTWIN_PUBLIC_DATA to the folder of `emission_factors`"
        )
    return path


@pytest.fixture(scope="module")
def hub() -> factors.Imported:
    return factors.read_factors(there(HUB).read_bytes(), HUB.name)


@pytest.fixture(scope="module")
def flat() -> factors.Imported:
    return factors.read_factors(there(FLAT).read_bytes(), FLAT.name)


def test_every_row_of_the_hub_is_kept_or_named(hub: factors.Imported) -> None:
    count = hub.counts()
    assert (count["rows"], count["refused"], count["doubted"]) == (433, 4, 1)
    assert count["factors"] == 722
    assert {f.found for f in hub.refused} == {
        f"GWP of {blend} is 0" for blend in ("R-406A", "R-409A", "R-414A", "R-414B")
    }


def test_natural_gas_and_the_us_grid_are_those_of_the_hub(hub: factors.Imported) -> None:
    shelf = factors.Shelf(hub.factors)
    day = date(2025, 5, 1)
    words = ("Stationary Combustion / Natural Gas", "kgCO2e/kWh", "US", day)
    gas = factors.required(shelf.look_up(factors.Wanted(*words, "AR5", "HHV")))
    assert gas.masses_kg()["CO2"] * 293.07107017222 == pytest.approx(53.06)
    assert gas.value * 293.07107017222 == pytest.approx(53.1145)
    newer = factors.required(shelf.look_up(factors.Wanted(*words, "AR6", "HHV")))
    assert newer.value * 293.07107017222 == pytest.approx(53.06 + 0.027 + 0.0273)
    grid = factors.required(
        shelf.look_up(
            factors.Wanted(
                "US Average", "kgCO2e/kWh", "US", date(2023, 5, 1), "AR5", "per generated kWh"
            )
        )
    )
    pounds = 771.523 + 0.057 * 28 + 0.008 * 265
    assert grid.value == pytest.approx(pounds * 0.45359237 / 1000)


def test_waste_factors_of_the_hub_are_in_ar4_and_so_never_join_its_other_factors(
    hub: factors.Imported,
) -> None:
    (steel,) = [f for f in hub.factors if f.path[1:] == ("Steel Cans", "Recycled")]
    assert steel.gwp_set == "AR4"
    assert steel.value == pytest.approx(320 / 907.18474)
    gas = next(f for f in hub.factors if f.gwp_set == "AR5")
    with pytest.raises(FactorGap, match="AR4 and AR5"):
        factors.total_co2e([(1.0, steel.use()), (1.0, gas.use())])


def test_shipped_combustion_factors_are_those_of_the_hub(hub: factors.Imported) -> None:
    names = {
        "natural_gas": "Natural Gas", "propane_gas": "Propane Gas", "fuel_gas": "Fuel Gas",
        "blast_furnace_gas": "Blast Furnace Gas", "coke_oven_gas": "Coke Oven Gas", "landfill_gas": "Landfill Gas",
        "anthracite": "Anthracite", "bituminous_coal": "Bituminous", "sub_bituminous_coal": "Sub-bituminous",
        "lignite": "Lignite", "coal_coke": "Coal Coke", "mixed_industrial_coal": "Mixed (Industrial Sector)",
        "petroleum_coke": "Petroleum Coke (Solid)", "municipal_waste": "Municipal Solid Waste",
        "plastics": "Plastics", "tyres": "Tires", "wood": "Wood and Wood Residuals",
        "diesel": "Distillate Fuel Oil No. 2", "lpg": "Liquefied Petroleum Gases (LPG)",
        "propane_liquid": "Propane", "gasoline": "Motor Gasoline", "residual_fuel_oil": "Residual Fuel Oil No. 6",
    }  # fmt: skip
    read = {
        f.path[-1]: f.value
        for f in hub.factors
        if f.path[0] == "Stationary Combustion" and f.unit == "kgCO2e/kWh"
    }
    shipped = {
        row.subject for row in factors.table("combustion").values() if row.id.startswith("epa-hub/")
    }
    assert shipped == set(names)
    for fuel, name in names.items():
        use = factors.required(factors.burning(f"epa-hub/{fuel}/2024", "AR5"))
        assert use.value == pytest.approx(read[name], rel=1e-12), fuel


def test_every_row_of_the_uk_file_is_kept_or_named(flat: factors.Imported) -> None:
    assert flat.counts() == {
        "rows": 8740, "blank": 1711, "merged": 775, "refused": 176, "doubted": 0, "factors": 2274,
    }  # fmt: skip
    assert {f.found for f in flat.refused} == {
        "the factor is 0",
        "another row of this activity and unit is refused",
    }
    weighed = [f for f in flat.factors if f.unit.startswith("kgCO2e/")]
    assert {f.gwp_set for f in weighed} == {"AR5"}


def test_uk_gas_and_grid(flat: factors.Imported) -> None:
    shelf = factors.Shelf(flat.factors)

    def value(subject: str, basis: str, scope: str) -> float:
        wanted = factors.Wanted(subject, "kgCO2e/kWh", "GB", date(2024, 7, 1), "AR5", basis, scope)
        return factors.required(shelf.look_up(wanted)).value

    gross = value("Fuels / Natural gas", "HHV", "Scope 1")
    assert gross == 0.1829
    assert factors.per_net_energy(gross, 0.9026) == pytest.approx(
        value("Fuels / Natural gas", "LHV", "Scope 1"), abs=5e-5
    )
    assert value("UK electricity / kWh", "per generated kWh", "Scope 2") == 0.20705
    assert value("Transmission and distribution / Electricity: UK / kWh", "", "Scope 3") == 0.0183
    gap = shelf.look_up(
        factors.Wanted("Natural gas", "kgCO2e/kWh", "GB", date(2025, 7, 1), "AR5", "HHV", "Scope 1")
    )
    assert isinstance(gap, FactorGap)
    assert "validity is 2024-01-01 to 2024-12-31" in gap.found


def test_both_official_tables_stand_on_one_shelf(
    hub: factors.Imported, flat: factors.Imported
) -> None:
    assert len(factors.Shelf([*hub.factors, *flat.factors])) == 722 + 2274


def test_the_shipped_gwp_table_is_the_ipccs() -> None:
    with there(IPCC).open(encoding="utf-8") as lines:
        published = factors.read_gwp(lines, IPCC.name)
    assert factors.gwp_differences(published) == ()
    spoilt = {**published, ("SF6", "AR6"): 24300.0}
    assert [d.id for d in factors.gwp_differences(spoilt)] == ["gwp/SF6/AR6"]


def test_shipped_blends_are_those_of_the_hub_and_give_its_figures(hub: factors.Imported) -> None:
    published = factors.blend_compositions(there(HUB).read_bytes(), HUB.name)
    assert factors.blend_differences(published) == ()
    given = {f.path[-1]: f.value for f in hub.factors if f.path[-1] in published}
    assert len(given) == 26
    for blend, shares in published.items():
        # The hub counts HFC and PFC only: hydrocarbons and HCFC weigh nothing there.
        counted = sum(
            share * factors.gwp100(gas, "AR5")
            for gas, share in shares.items()
            if gas.startswith(("HFC-", "PFC-"))
        )
        if blend != "R-424A":
            assert counted == pytest.approx(given.get(blend, 0.0), abs=1.0), blend
    (doubt,) = hub.doubted
    assert "R-424A is 3104, its composition gives 2211.85" in doubt.found
