"""Looking a factor up: one's own first, one that fits in every respect, and otherwise a gap that names the nearest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ecotwin import cli_factors
from ecotwin.accounting import factors
from ecotwin.accounting.factors.record import weighed
from ecotwin.errors import FactorGap
from ecotwin.records import FactorUse

GAS = factors.Factor(
    "t/gas/HHV", ("Fuels", "Natural gas"), 0.1829, "kgCO2e/kWh", "HHV", "GB", 2024, date(2024, 1, 1),
    date(2024, 12, 31), "a table, row 1", "1", "AR5", (factors.Part("CO2", 0.1829),), "Scope 1",
)  # fmt: skip
NET = replace(GAS, id="t/gas/LHV", basis="LHV", value=0.20264)
UPSTREAM = replace(GAS, id="t/wtt", path=("WTT- fuels", "Natural gas"), value=0.03, scope="Scope 3")
MASSES = replace(
    GAS,
    id="t/us/AR5/1",
    place="US",
    parts=(weighed("CO2", 0.181, "AR5"), weighed("CH4", 1e-5, "AR5")),
    value=0.181 + 28e-5,
)
OWN = replace(GAS, id="own/gas", value=0.19, own=True)
DAY = date(2024, 6, 1)


def wanted(**changes: Any) -> factors.Wanted:
    words: dict[str, Any] = {
        "subject": "natural gas",
        "unit": "kgCO2e/kWh",
        "place": "GB",
        "day": DAY,
        "gwp_set": "AR5",
    }
    words.update(changes)
    return factors.Wanted(**words)


def gap(shelf: factors.Shelf, **changes: Any) -> FactorGap:
    found = shelf.look_up(wanted(**changes))
    assert isinstance(found, FactorGap)
    return found


def test_the_only_one_that_fits_is_given() -> None:
    shelf = factors.Shelf([GAS, NET, UPSTREAM])
    assert shelf.look_up(wanted(basis="HHV", scope="Scope 1")) == GAS
    assert shelf.look_up(wanted(subject="fuels / Natural  GAS", basis="LHV")) == NET


def test_of_several_that_fit_none_is_chosen() -> None:
    said = str(gap(factors.Shelf([GAS, NET, UPSTREAM])))
    assert "3 factors fit" in said
    for factor in (GAS, NET, UPSTREAM):
        assert factor.id in said


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ({"place": "DE"}, "place"),
        ({"day": date(2025, 1, 1)}, "validity"),
        ({"day": date(2023, 12, 31)}, "validity"),
        ({"unit": "kgCO2e/m3"}, "unit"),
        ({"basis": "LHV"}, "basis"),
        ({"scope": "Scope 2"}, "scope"),
        ({"gwp_set": "AR6"}, "GWP set"),
    ],
)
def test_a_gap_names_the_nearest_and_in_what_it_fails(change: Any, lacking: str) -> None:
    fault = gap(factors.Shelf([GAS]), **change)
    assert GAS.id in fault.found
    assert lacking in fault.expected
    assert "own" in fault.remedy


def test_the_nearest_comes_first() -> None:
    far = replace(
        GAS, id="t/far", place="US", year=2020, first=date(2020, 1, 1), last=date(2020, 12, 31)
    )
    said = gap(factors.Shelf([far, GAS]), day=date(2025, 3, 1)).found
    assert said.index(GAS.id) < said.index(far.id)


def test_a_wrong_name_is_answered_with_near_names() -> None:
    assert "Fuels / Natural gas" in gap(factors.Shelf([GAS]), subject="naturl gas").found
    assert "Fuels / Natural gas" in gap(factors.Shelf([GAS]), subject="gas").found
    assert "0 read" in gap(factors.Shelf([])).found


def test_ones_own_goes_before_the_published_and_two_of_them_are_a_gap() -> None:
    assert factors.Shelf([GAS, OWN]).look_up(wanted()) == OWN
    assert factors.Shelf([GAS, OWN]).look_up(wanted(place="GB", day=date(2024, 12, 31))) == OWN
    outdated = replace(OWN, last=date(2024, 3, 31))
    assert factors.Shelf([GAS, outdated]).look_up(wanted()) == GAS
    assert "2 factors fit" in gap(factors.Shelf([OWN, replace(OWN, id="own/b", basis="LHV")])).found


def test_masses_are_weighed_by_the_set_of_the_total() -> None:
    found = factors.required(factors.Shelf([MASSES]).look_up(wanted(place="US", gwp_set="AR6")))
    assert found.value == pytest.approx(0.181 + 27e-5)
    assert (found.gwp_set, found.id) == ("AR6", "t/us/AR6/1")
    with pytest.raises(FactorGap, match="without the masses"):
        GAS.in_set("AR6")


def test_an_id_takes_what_a_look_up_must_not_choose() -> None:
    shelf = factors.Shelf([GAS, NET])
    assert shelf.by_id(NET.id) == NET
    assert isinstance(shelf.by_id("t/none"), FactorGap)
    with pytest.raises(FactorGap, match="two factors bear the id"):
        factors.Shelf([GAS, replace(GAS, value=1.0)])


@given(st.permutations([GAS, NET, UPSTREAM, MASSES, OWN]), st.sampled_from(["AR4", "AR5", "AR6"]))
def test_the_answer_does_not_hang_on_the_order_of_the_tables(order: Any, gwp_set: str) -> None:
    for scope in ("Scope 1", "Scope 3"):
        found = factors.Shelf(order).look_up(wanted(gwp_set=gwp_set, scope=scope, basis="HHV"))
        again = factors.Shelf(reversed(order)).look_up(
            wanted(gwp_set=gwp_set, scope=scope, basis="HHV")
        )
        assert str(found) == str(again)
        assert isinstance(found, FactorGap) or found.gwp_set == gwp_set


@pytest.mark.parametrize("gwp_set", factors.GWP_SETS)
def test_the_shipped_factors_are_those_of_the_tables_and_come_after_ones_own(gwp_set: str) -> None:
    shelf = factors.Shelf(factors.shipped(gwp_set))
    words = {"place": "US", "day": DAY, "gwp_set": gwp_set}
    gas = factors.required(shelf.look_up(wanted(**words)))
    table = factors.required(factors.burning("epa-hub/natural_gas/2024", gwp_set))
    assert gas.value == pytest.approx(table.value, rel=1e-12)
    assert gas.uncertainty == pytest.approx(table.uncertainty, rel=1e-9)
    mine = replace(OWN, place="US", gwp_set=gwp_set)
    both = factors.Shelf([*factors.shipped(gwp_set), mine])
    assert both.look_up(wanted(**words)) == mine
    lasting = shelf.look_up(wanted(place="world", day=date(2026, 1, 1), gwp_set=gwp_set))
    assert factors.required(lasting).basis == "LHV"
    assert isinstance(shelf.look_up(wanted(place="DE", gwp_set=gwp_set)), FactorGap)
    wood = factors.required(shelf.look_up(wanted(subject="wood", place="US", gwp_set=gwp_set)))
    assert wood.masses_kg()["biogenic CO2"] * 293.07107017222 == pytest.approx(93.8)
    assert wood.value < 0.01


def use(gwp_set: str, unit: str = "kgCO2e/kWh") -> FactorUse:
    return FactorUse(f"f/{gwp_set}", 0.5, unit, "GB", 2024, "s", "1", gwp_set)


def test_gwp_sets_never_mix_in_a_total() -> None:
    assert factors.total_co2e([(10.0, use("AR5")), (2.0, use("AR5"))]) == 6.0
    with pytest.raises(FactorGap, match=r"AR4 and AR5.*f/AR4.*f/AR5"):
        factors.total_co2e([(10.0, use("AR5")), (2.0, use("AR4"))])
    with pytest.raises(FactorGap, match="does not say"):
        factors.total_co2e([(10.0, use(""))])
    with pytest.raises(FactorGap, match="no emission"):
        factors.total_co2e([(10.0, use("AR5", "kWh/m3"))])


@pytest.mark.parametrize(
    ("gwp_set", "burnt", "fugitive"), [("AR4", 25, 25), ("AR5", 28, 30), ("AR6", 27, 29.8)]
)
def test_methane_weighs_by_its_origin(gwp_set: str, burnt: float, fugitive: float) -> None:
    assert factors.gwp100("CH4", gwp_set) == burnt
    assert factors.gwp100("CH4", gwp_set, origin="biogenic") == burnt
    assert factors.gwp100("CH4", gwp_set, origin="fossil fugitive") == fugitive


def test_wrong_gases_sets_origins_and_ratios_are_gaps() -> None:
    with pytest.raises(FactorGap, match="HFC-134a"):
        factors.gwp100("HFC-134A", "AR6")
    faults: list[Callable[[], float]] = [
        lambda: factors.gwp100("CH4", "SAR"),
        lambda: factors.gwp100("CH4", "AR6", origin="cows"),
        lambda: factors.co2e({"CO2": -1.0}, "AR6"),
        lambda: factors.blend_gwp100("R-999", "AR6"),
        lambda: factors.per_net_energy(0.2, 1.1),
        lambda: factors.per_delivered_kwh(0.2, 1.0),
    ]
    for fault in faults:
        with pytest.raises(FactorGap):
            fault()


@given(st.floats(0.01, 2), st.floats(0, 0.5))
def test_a_delivered_kwh_is_a_generated_one_and_its_losses(factor: float, loss: float) -> None:
    whole = factors.per_delivered_kwh(factor, loss)
    assert whole == pytest.approx(factor + factors.grid_losses(factor, loss))
    assert whole * (1 - loss) == pytest.approx(factor)


def test_shares_of_every_shipped_blend_sum_to_one() -> None:
    shares: dict[str, float] = {}
    for row in factors.table("blends").values():
        shares[row.subject] = shares.get(row.subject, 0.0) + row.value
    for name, total in shares.items():
        assert total == pytest.approx(1.0, abs=1e-9), name
        for gwp_set in factors.GWP_SETS:
            assert factors.blend_gwp100(name, gwp_set) > 0.0


def test_the_commands_check_a_table_and_write_lines_for_the_plant_file(
    tmp_path: Any, works: Any
) -> None:
    table = tmp_path / "mine.csv"
    head = "subject,value,unit,basis,place,from,to,source,gwp_set\n"
    good = "natural gas,2.0,kgCO2e/m3,,DE,2025-01-01,2025-12-31,certificate 17,AR6\n"
    table.write_text(head + good)
    run = CliRunner()
    checked = run.invoke(cli_factors.factors, ["check", str(table)])
    assert (checked.exit_code, "1 factors kept, 0 rows refused" in checked.output) == (0, True)
    words = ["find", "natural gas", "--table", str(table), "--unit", "kgCO2e/m3", "--place", "DE"]
    found = run.invoke(cli_factors.factors, [*words, "--day", "2025-02-01", "--as", "gas"])
    given_lines = yaml.safe_load(found.output)["factors"]
    (emission,) = factors.required(factors.emission(works.with_(factors=given_lines), "gas", "m3"))
    assert (emission.value, emission.gwp_set) == (2.0, "AR6")
    assert "certificate 17" in emission.source
    late = run.invoke(cli_factors.factors, [*words, "--day", "2026-02-01"])
    assert isinstance(late.exception, FactorGap)
    table.write_text(head + good + good.replace("2.0", "0"))
    refused = run.invoke(cli_factors.factors, ["check", str(table)])
    assert (refused.exit_code, "line 3: value is 0" in refused.output) == (1, True)
