"""The importers, on tables made here: sound rows are kept, every unsound one is refused with what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.accounting import factors
from ecotwin.accounting.factors.intake import RowFault, number, per
from ecotwin.errors import FileFault

DEFRA_HEAD = (
    "ID,Scope,Level 1,Level 2,Level 3,Level 4,Column Text,UOM,GHG/Unit,GHG Conversion Factor 2031"
)
GASES = [
    "3_1_1_1_1,Scope 1,Refrigerant & other,Kyoto protocol products,Methane,,,kg,kg CO2e,28",
    "3_1_2_1_1,Scope 1,Refrigerant & other,Kyoto protocol products,Nitrous oxide,,,kg,kg CO2e,265",
]
OWN_HEAD = "subject,value,unit,basis,place,from,to,source,gwp_set,scope"
OWN_ROW = "natural gas,0.2012,kgCO2e/kWh,HHV,DE,2025-01-01,2025-12-31,certificate 17,AR6,Scope 1"


def workbook(cells: dict[str, Any], extra: str = "") -> bytes:
    """A workbook of one sheet."""
    rows: dict[int, list[str]] = {}
    for place, value in cells.items():
        number_of = int("".join(c for c in place if c.isdigit()))
        held = (
            f'<c r="{place}"><v>{value!r}</v></c>'
            if isinstance(value, float)
            else f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        )
        rows.setdefault(number_of, []).append(held)
    body = "".join(f'<row r="{n}">{"".join(held)}</row>' for n, held in sorted(rows.items()))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'{extra}<workbook xmlns="{main}" xmlns:r="{link}"><sheets>'
            '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
        )
    return made.getvalue()


def hub(**changes: Any) -> bytes:
    """A hub of one table: a coal, natural gas and wood."""
    cells: dict[str, Any] = {
        "B2": "Emission Factors for Greenhouse Gas Inventories",
        "F3": "Last Modified: March 3, 2031",
        "B5": "Table 1", "C5": "Stationary Combustion",
        "C7": "Fuel Type", "D7": "Heat Content (HHV)",
        "D8": "mmBtu per short ton", "E8": "kg CO2 per mmBtu", "F8": "g CH4 per mmBtu",
        "G8": "g N2O per mmBtu", "H8": "kg CO2 per short ton", "I8": "g CH4 per short ton",
        "J8": "g N2O per short ton",
        "C9": "Coal and Coke",
        "C10": "Bituminous", "D10": 24.93, "E10": 93.28, "F10": 11.0, "G10": 1.6, "H10": 2325.0, "I10": 274.0,
        "J10": 40.0,
        "C11": "Biomass Fuels - Solid",
        "C12": "Wood", "D12": 17.48, "E12": 93.8, "F12": 7.2, "G12": 3.6, "H12": 1640.0, "I12": 126.0, "J12": 63.0,
        "D13": "mmBtu per scf", "E13": "kg CO2 per mmBtu", "F13": "g CH4 per mmBtu", "G13": "g N2O per mmBtu",
        "H13": "kg CO2 per scf", "I13": "g CH4 per scf", "J13": "g N2O per scf",
        "C14": "Natural Gas", "D14": 0.001026, "E14": 53.06, "F14": 1.0, "G14": 0.1, "H14": 0.05444, "I14": 0.00103,
        "J14": 0.0001,
        "C15": "Source:",
    }  # fmt: skip
    return workbook({k: v for k, v in (cells | changes).items() if v is not None})


def defra(*rows: str) -> bytes:
    return "\n".join([DEFRA_HEAD, *GASES, *rows]).encode()


def gas_rows(
    total: str = "0.1829", co2: str = "0.18253", unit: str = "kWh (Gross CV)"
) -> list[str]:
    head = f"Scope 1,Fuels,Gaseous fuels,Natural gas,,,{unit}"
    return [
        f"1_1_1_6_1,{head},kg CO2e,{total}",
        f"1_1_1_6_2,{head},kg CO2e of CO2 per unit,{co2}",
        f"1_1_1_6_3,{head},kg CO2e of CH4 per unit,0.00028",
        f"1_1_1_6_4,{head},kg CO2e of N2O per unit,0.00009",
    ]


def own(*rows: str) -> factors.Imported:
    return factors.read_own("\n".join([OWN_HEAD, *rows]).encode(), "mine.csv")


def by_unit(imported: factors.Imported, name: str) -> dict[str, factors.Factor]:
    return {f.unit: f for f in imported.factors if name in f.path}


def test_the_hub_gives_each_fuel_per_energy_per_quantity_and_its_heat_content() -> None:
    got = factors.read_epa_hub(hub(), "hub.xlsx")
    assert got.counts() == {
        "rows": 3, "blank": 0, "merged": 0, "refused": 0, "doubted": 0, "factors": 9,
    }  # fmt: skip
    gas = by_unit(got, "Natural Gas")
    per_kwh = gas["kgCO2e/kWh"]
    assert per_kwh.value * 293.07107017222 == pytest.approx(53.06 + 0.028 + 0.0265, rel=1e-12)
    assert (per_kwh.basis, per_kwh.gwp_set, per_kwh.place, per_kwh.year) == (
        "HHV",
        "AR5",
        "US",
        2031,
    )
    assert "sheet 'One', row 14" in per_kwh.source
    assert "2031-03-03" in per_kwh.version
    assert gas["kWh/m3"].value == pytest.approx(0.001026 * 293.07107017222 / 0.028316846592)
    assert by_unit(got, "Bituminous")["kgCO2e/kg"].masses_kg()["CO2"] == pytest.approx(
        2325 / 907.18474
    )


def test_biogenic_co2_of_wood_stays_out_of_the_value() -> None:
    wood = by_unit(factors.read_epa_hub(hub(), "hub.xlsx"), "Wood")["kgCO2e/kWh"]
    assert wood.value * 293.07107017222 == pytest.approx(0.0072 * 28 + 0.0036 * 265)
    assert wood.masses_kg()["biogenic CO2"] * 293.07107017222 == pytest.approx(93.8)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"E10": 0.0}, "is 0"),
        ({"E10": -1.0}, "is -1"),
        ({"E10": "93,28"}, "comma"),
        ({"E10": "n.a."}, "n.a."),
        ({"E10": None}, "missing"),
        ({"C10": None}, "no name"),
    ],
)
def test_a_bad_row_of_the_hub_is_refused_and_the_others_kept(change: Any, word: str) -> None:
    got = factors.read_epa_hub(hub(**change), "hub.xlsx")
    (finding,) = got.refused
    assert finding.where == "One row 10 (table 1)"
    assert word in finding.found
    assert finding.expected
    assert finding.remedy
    assert {f.path[-1] for f in got.factors} >= {"Wood", "Natural Gas"}
    assert not any("Bituminous" in f.path for f in got.factors)


def test_a_unit_the_hub_never_used_is_refused_by_row() -> None:
    got = factors.read_epa_hub(hub(H13="kg CO2 per firkin", I13=None, J13=None), "hub.xlsx")
    assert "firkin" in got.refused[0].found
    assert len(got.factors) == 6


def test_a_row_that_contradicts_itself_is_kept_with_a_doubt() -> None:
    got = factors.read_epa_hub(hub(H10=2525.0), "hub.xlsx")
    assert "2325" in got.doubted[0].found
    assert got.counts()["factors"] == 9


def test_two_rows_that_disagree_are_both_refused_and_repeats_are_dropped() -> None:
    coal = ["Bituminous", 24.93, 93.28, 11.0, 1.6, 2325.0, 274.0, 40.0]
    again = {f"{column}11": value for column, value in zip("CDEFGHIJ", coal, strict=True)}
    repeated = factors.read_epa_hub(hub(**again), "hub.xlsx")
    assert "repeats One row 10" in repeated.refused[0].found
    assert by_unit(repeated, "Bituminous")["kgCO2e/kWh"].value > 0
    other = factors.read_epa_hub(hub(**again | {"E11": 95.0}), "hub.xlsx")
    assert {f.where for f in other.refused} == {"One row 10 (table 1)", "One row 11 (table 1)"}
    assert by_unit(other, "Bituminous") == {}


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 cut short",
        workbook({"A1": "something else"}),
        hub(F3=None),
        hub()[:-40] + bytes(40),
        hub().replace(b"<worksheet", b"<workshed"),
        workbook({"A1": "x"}, extra="<!DOCTYPE workbook [<!ENTITY a 'b'>]>"),
    ],
)
def test_what_is_no_hub_is_refused_as_a_whole(content: bytes) -> None:
    with pytest.raises(FileFault):
        factors.read_epa_hub(content, "hub.xlsx")


def test_four_rows_of_the_uk_file_are_one_factor_with_its_gases() -> None:
    got = factors.read_factors(gzip.compress(defra(*gas_rows())), "flat.csv.gz")
    (gas,) = [f for f in got.factors if "Natural gas" in f.path]
    assert (gas.value, gas.unit, gas.basis) == (0.1829, "kgCO2e/kWh", "HHV")
    assert (gas.gwp_set, gas.place, gas.year) == ("AR5", "GB", 2031)
    assert "line 4, ID 1_1_1_6_1" in gas.source
    assert [p.gas for p in gas.parts] == ["CO2", "CH4", "N2O"]
    assert sum(p.co2e_kg for p in gas.parts) == pytest.approx(gas.value)
    assert (got.rows, got.refused, got.doubted) == (6, (), ())


@pytest.mark.parametrize(
    ("rows", "refused", "word"),
    [
        (gas_rows(total="0"), 4, "is 0"),
        (gas_rows(total='"0,1829"'), 4, "comma"),
        (gas_rows(total="12,5"), 4, "more cells"),
        (gas_rows(total=""), 4, "missing"),
        (gas_rows(unit="BTUs"), 4, "BTUs"),
        (gas_rows(unit=""), 4, "unit is missing"),
        (gas_rows()[1:], 3, "0 rows with its total"),
        ([*gas_rows(), gas_rows(total="0.2")[0]], 5, "2 rows with its total"),
    ],
)
def test_bad_rows_of_the_uk_file_are_refused(rows: list[str], refused: int, word: str) -> None:
    got = factors.read_defra(defra(*rows), "flat.csv")
    assert len(got.refused) == refused
    assert any(word in f.found for f in got.refused)
    assert {f.where for f in got.refused} == {f"line {n}" for n in range(4, 4 + refused)}
    assert [f.path[2] for f in got.factors] == ["Methane", "Nitrous oxide"]


def test_gases_that_do_not_sum_to_the_total_are_told() -> None:
    got = factors.read_defra(defra(*gas_rows(co2="0.2")), "flat.csv")
    assert "0.20037" in got.doubted[0].found


def test_the_less_rounded_of_two_units_is_kept_and_a_clash_is_told() -> None:
    head = "Scope 3,Water supply,Water supply,Water supply,,"
    rows = [f"1,{head},cubic metres,kg CO2e,0.15311", f"2,{head},million litres,kg CO2e,153.10865"]
    got = factors.read_defra(defra(*rows), "flat.csv")
    assert [f.value for f in got.factors if "Water supply" in f.path] == [0.15310865]
    assert (got.merged, got.doubted) == (1, ())
    clash = factors.read_defra(defra(rows[0].replace("0.15311", "0.16"), rows[1]), "flat.csv")
    assert "0.16" in clash.doubted[0].found


def test_a_uk_file_that_does_not_show_its_gwp_set_gives_no_co2e() -> None:
    content = "\n".join([DEFRA_HEAD, *gas_rows()]).encode()
    got = factors.read_defra(content, "flat.csv")
    assert got.factors == ()
    assert "GWP set" in got.refused[0].found


def test_the_uk_file_reads_from_a_workbook_too() -> None:
    lines = [DEFRA_HEAD, *GASES, *gas_rows()]
    cells = {
        f"{'ABCDEFGHIJ'[at]}{row}": float(cell) if row > 3 and at == 9 else cell
        for row, line in enumerate(lines, start=3)
        for at, cell in enumerate(line.split(","))
        if cell
    }
    got = factors.read_factors(workbook(cells), "flat.xlsx")
    assert [f.value for f in got.factors if "Natural gas" in f.path] == [0.1829]


def test_a_table_of_ones_own_is_turned_into_canonical_units() -> None:
    got = own(OWN_ROW, OWN_ROW.replace("natural gas,0.2012,kgCO2e/kWh", "coal,94.6,kgCO2e/GJ"))
    assert [f.value for f in got.factors] == [0.2012, pytest.approx(94.6 * 0.0036)]
    assert got.factors[0].first == date(2025, 1, 1)
    assert "certificate 17 (mine.csv line 2)" in got.factors[0].source
    assert got.factors[0].own


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("0.2012", "0", "is 0"),
        ("0.2012", '"0,2012"', "comma"),
        ("0.2012", "0,2012", "more cells"),
        ("0.2012", "nan", "nan"),
        ("kgCO2e/kWh", "", "unit is missing"),
        ("kgCO2e/kWh", "kgCO2e/furlong", "furlong"),
        ("kgCO2e/kWh", "ounces/kWh", "ounces"),
        ("HHV", "", "basis is missing"),
        ("HHV", "gross", "gross"),
        ("certificate 17", "", "source is missing"),
        (",DE,", ",,", "place is missing"),
        ("AR6", "", "gwp_set"),
        ("AR6", "AR7", "AR7"),
        ("2025-01-01", "1.1.2025", "1.1.2025"),
        ("2025-12-31", "2024-12-31", "holds from"),
        ("2025-12-31", "", "`to` is ''"),
    ],
)
def test_bad_rows_of_ones_own_are_refused(old: str, new: str, word: str) -> None:
    good = OWN_ROW.replace("natural gas", "diesel")
    got = own(OWN_ROW.replace(old, new, 1), good)
    (finding,) = got.refused
    assert finding.where == "line 2"
    assert word in finding.found
    assert [f.path for f in got.factors] == [("diesel",)]


def test_overlapping_validity_is_refused_and_following_periods_are_not() -> None:
    later = OWN_ROW.replace("2025-01-01", "2026-01-01").replace("2025-12-31", "2026-12-31")
    assert own(OWN_ROW, later).counts()["factors"] == 2
    overlap = OWN_ROW.replace("2025-01-01", "2025-06-01")
    assert "overlaps with line 2" in own(OWN_ROW, overlap).refused[0].found


@given(st.floats(1e-9, 1e9), st.sampled_from(["kgCO2e", "tCO2e", "gCO2e"]))
def test_a_value_survives_its_unit(value: float, above: str) -> None:
    row = OWN_ROW.replace("0.2012,kgCO2e/kWh", f"{value!r},{above}/MWh")
    kg = {"kgCO2e": 1.0, "tCO2e": 1000.0, "gCO2e": 0.001}[above]
    assert own(row).factors[0].value == pytest.approx(value * kg / 1000.0, rel=1e-12)


@given(st.one_of(st.none(), st.text(max_size=12), st.floats()))
def test_a_cell_is_a_number_above_zero_or_refused_in_words(cell: str | float | None) -> None:
    try:
        value = number(cell, "value")
    except RowFault as fault:
        said = (fault.found, fault.expected, fault.remedy)
    else:
        said = ("", "", "")
        assert 0.0 < value < float("inf")
        assert cell is not None
        assert float(cell) == value
    assert all(said) or not any(said)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    for given_bytes in (content, b"PK\x03\x04" + content, b"\x1f\x8b" + content):
        with pytest.raises(FileFault):
            factors.read_factors(given_bytes, "x")


def test_a_packed_file_that_is_cut_short_is_refused() -> None:
    packed = gzip.compress(defra(*gas_rows()))
    for content in (packed[:-20], packed[:40] + bytes(20) + packed[60:]):
        with pytest.raises(FileFault):
            factors.read_factors(content, "flat.csv.gz")


def test_a_cell_too_long_for_any_table_is_refused_in_words() -> None:
    with pytest.raises(FileFault, match="cannot be read as a table"):
        own(OWN_ROW.replace("certificate", "x" * 200_000))


def test_units_state_their_basis() -> None:
    assert per("kWh (Net CV)")[2] == "LHV"
    with pytest.raises(RowFault):
        per("kWh (Netto)")
