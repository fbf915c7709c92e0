"""Reads the workbook of the US EPA GHG Emission Factors Hub: tables 1 to 12, each row with its gases.

Sources: US EPA, GHG Emission Factors Hub (January 2025): https://www.epa.gov/climateleadership/ghg-emission-factors-hub
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ecotwin.accounting.factors.epa_layout import Column, Line, Table, is_note, lines, tables, word
from ecotwin.accounting.factors.gases import gwp100
from ecotwin.accounting.factors.intake import Imported, Intake, RowFault, digest, number, per, plain
from ecotwin.accounting.factors.record import Factor, Part, weighed, whole_year
from ecotwin.accounting.factors.workbook import Cell, Sheet, sheets
from ecotwin.accounting.fuels import KG_PER_LB
from ecotwin.errors import FileFault

TITLE = "Emission Factors for Greenhouse Gas Inventories"
_KG = {"kg": 1.0, "g": 0.001, "lb": KG_PER_LB}
_SCOPES = {
    1: "Scope 1",
    2: "Scope 1",
    3: "Scope 1",
    4: "Scope 1",
    5: "Scope 1",
    6: "Scope 2",
    7: "Scope 2",
}
_ONLY_CO2 = "CO2 only; CH4 and N2O by the vehicle (tables 3 to 5)"
_ONLY_CH4_N2O = "CH4 and N2O only; CO2 by the fuel burnt (table 2)"
_NON_BASELOAD = (
    "per generated kWh, non-baseload: for reductions on the grid, never for an inventory"
)


@dataclass(frozen=True, slots=True)
class _Edition:
    name: str
    sheet: str
    version: str
    year: int
    gwp_set: str

    def source(self, table: Table, row: int) -> str:
        return (
            f"US EPA GHG Emission Factors Hub {self.year}, table {table.number}, "
            f"sheet {self.sheet!r}, row {row}"
        )


def read_epa_hub(content: bytes, name: str, *, gwp_set: str = "AR5") -> Imported:
    """Factors of the EPA hub, gases weighed by `gwp_set` (the hub's own is AR5).

    Table 9 (waste) is published in AR4, weighed already; tables 11 and 12 (GWP) in AR5: these keep their set.

    Args:
        content: The workbook.
        name: Its file name, for messages.
        gwp_set: Set to weigh CO2, CH4 and N2O by.

    Raises:
        FileFault: It is no workbook of the hub.
    """
    sheet = _hub(sheets(content, name), name)
    words = [plain(str(cell)) for cells in sheet.rows.values() for cell in cells.values()]
    stamp = next((w for w in words if w.startswith("Last Modified:")), "")
    try:
        day = datetime.strptime(stamp.removeprefix("Last Modified:").strip(), "%B %d, %Y").replace(
            tzinfo=UTC
        )
    except ValueError:
        raise FileFault(
            f"{name} does not say when it was modified",
            expected="`Last Modified: January 15, 2025` in the sheet",
            remedy="use the workbook as the EPA publishes it",
        ) from None
    version = f"modified {day:%Y-%m-%d}, sha256 {digest(content)}"
    edition = _Edition(name, sheet.name, version, day.year, gwp_set)
    intake = Intake(name, "US EPA GHG Emission Factors Hub", version)
    for table in tables(sheet).values():
        _READERS.get(table.number, _gases)(intake, edition, table)
    return intake.done()


def _hub(found: tuple[Sheet, ...], name: str) -> Sheet:
    for sheet in found:
        if any(cell == TITLE for cells in sheet.rows.values() for cell in cells.values()):
            return sheet
    raise FileFault(
        f"{name} bears no sheet titled {TITLE!r}",
        expected="the workbook of the EPA GHG Emission Factors Hub",
        remedy="check which file this is; a table of your own goes in as CSV",
    )


def _gases(intake: Intake, edition: _Edition, table: Table) -> None:
    """Tables 1 to 8 and 10: masses of gases per unit."""
    for line in lines(table):
        intake.rows += 1
        where = f"{edition.sheet} row {line.row} (table {table.number})"
        try:
            if not line.names:
                raise RowFault(
                    "the row has numbers and no name", "what it is for", "give the published name"
                )
            factors = list(_of_line(edition, table, line))
            if not factors:
                intake.blank += 1
            intake.take(where, factors)
            _cross_check(intake, where, line)
        except RowFault as fault:
            intake.refuse(where, fault)


def _of_line(edition: _Edition, table: Table, line: Line) -> Iterator[Factor]:
    groups: dict[tuple[str, str], dict[str, tuple[str, Column]]] = {}
    for at, column in line.columns.items():
        if column.kind not in ("heat", "loss"):
            unit = line.unit if column.denominator == "unit" else column.denominator
            groups.setdefault((column.heading, unit), {})[column.kind] = (at, column)
        elif at in line.cells:
            yield _ratio(edition, table, line, at, column)
    for (heading, unit), columns in groups.items():
        if any(at in line.cells for at, _ in columns.values()):
            yield _emission(edition, table, line, heading, unit, columns)


def _emission(
    edition: _Edition,
    table: Table,
    line: Line,
    heading: str,
    unit: str,
    columns: dict[str, tuple[str, Column]],
) -> Factor:
    below, size, basis = per(unit)
    biogenic = "Biomass" in line.group or any(
        name.startswith(("Biodiesel", "Ethanol")) and table.number == 2 for name in line.names
    )
    parts: list[Part] = []
    for gas, (at, column) in columns.items():
        kg = number(line.cells.get(at), f"{gas} in column {at}", zero=gas != "CO2")
        named = "biogenic CO2" if biogenic and gas == "CO2" else gas
        parts.append(weighed(named, kg * _KG[column.mass_unit] / size, edition.gwp_set))
    value = sum(part.co2e_kg for part in parts)
    if not any(part.mass_kg for part in parts):
        raise RowFault("every gas is zero", "a number above zero", "give the published values")
    if table.number == 6:
        basis = _NON_BASELOAD if "Non-Baseload" in heading else "per generated kWh"
    elif table.number == 7:
        basis = "per kWh of heat delivered"
    elif "CO2" not in columns:
        basis = _ONLY_CH4_N2O
    elif table.number == 2:
        basis = _ONLY_CO2
    if all(part.gas == "biogenic CO2" for part in parts):
        mass = sum(part.mass_kg or 0.0 for part in parts)
        return _factor(edition, table, line, mass, f"kg biogenic CO2/{below}", basis, ())
    return _factor(edition, table, line, value, f"kgCO2e/{below}", basis, tuple(parts))


def _ratio(edition: _Edition, table: Table, line: Line, at: str, column: Column) -> Factor:
    value = number(line.cells[at], "grid loss" if column.kind == "loss" else "heat content")
    if column.kind == "loss":
        return _factor(edition, table, line, value, "1", "lost share of generated energy", ())
    below, size, _ = per(column.denominator)
    return _factor(
        edition,
        table,
        line,
        value * per("mmBtu")[1] / size,
        f"kWh/{below}",
        "HHV",
        (),
        "heat content",
    )


def _factor(
    edition: _Edition,
    table: Table,
    line: Line,
    value: float,
    unit: str,
    basis: str,
    parts: tuple[Part, ...],
    what: str = "",
) -> Factor:
    place, year = "US", edition.year
    if table.number == 6:
        place = "US" if line.names[0] == "US Average" else f"US/{line.names[0]}"
        data = re.search(r"eGRID(\d{4})", table.notes)
        year = int(data[1]) if data else year
    path = (table.title, *((line.group,) if line.group else ()), *line.names)
    path = (*path, what) if what else path
    gwp_set = edition.gwp_set if parts else ""
    key = f"epa-hub/{_slug(path)}/{unit.replace('/', ' per ')}/{basis or 'as stated'}/{gwp_set}/{place}/{year}"
    first, last = whole_year(year)
    return Factor(
        key, path, value, unit, basis, place, year, first, last,
        edition.source(table, line.row), edition.version, gwp_set, parts,
        _SCOPES.get(table.number, "Scope 3"),
    )  # fmt: skip


def _cross_check(intake: Intake, where: str, line: Line) -> None:
    """Heat content x CO2 per mmBtu must give CO2 per physical unit, within the rounding of both."""
    by = {(c.kind, c.denominator): line.cells.get(at) for at, c in line.columns.items()}
    heat = next(((d, v) for (kind, d), v in by.items() if kind == "heat"), None)
    if heat is None:
        return
    energy, mass = by.get(("CO2", "mmBtu")), by.get(("CO2", heat[0]))
    if not all(isinstance(value, float) for value in (heat[1], energy, mass)):
        return
    product, given = float(heat[1] or 0) * float(energy or 0), float(mass or 0)
    if abs(product - given) > 0.01 * given:
        intake.doubt(
            where,
            f"heat content x CO2 per mmBtu is {product:.6g} kg per {heat[0]}, the row says {given:.6g}",
            "the two within 1 %",
            "prefer the heat content of your supplier with the factor per mmBtu",
        )


def _waste(intake: Intake, edition: _Edition, table: Table) -> None:
    """Table 9: t CO2e per short ton by treatment, weighed by the publisher."""
    stated = re.search(r"\b(AR[4-6]) GWP values", table.notes)
    treatments: dict[str, str] = {}
    for row, cells in table.rows.items():
        words = {at: word(cell) for at, cell in cells.items()}
        if words.get("C") == "Material":
            treatments = {at: text for at, text in words.items() if at != "C"}
            continue
        if is_note(list(words.values())):
            return
        if not treatments:
            continue
        intake.rows += 1
        where = f"{edition.sheet} row {row} (table 9)"
        try:
            if stated is None:
                raise RowFault(
                    "the notes do not say by which GWP set", "`AR4 GWP values`", "ask the publisher"
                )
            intake.take(where, list(_treated(edition, table, row, cells, treatments, stated[1])))
        except RowFault as fault:
            intake.refuse(where, fault)


def _treated(
    edition: _Edition,
    table: Table,
    row: int,
    cells: dict[str, Cell],
    treatments: dict[str, str],
    gwp_set: str,
) -> Iterator[Factor]:
    material = plain(str(cells.get("C", "")))
    if not material:
        raise RowFault("the row has no material", "its name", "give the published name")
    first, last = whole_year(edition.year)
    for at, treatment in treatments.items():
        if cells.get(at) in (None, "NA"):
            continue
        value = number(cells[at], treatment) * 1000.0 / per("short ton")[1]
        key = f"epa-hub/waste/{_slug((material, treatment))}/{gwp_set}/US/{edition.year}"
        yield Factor(
            key, (table.title, material, treatment), value, "kgCO2e/kg",
            "no avoided emissions; with transport", "US", edition.year, first, last,
            edition.source(table, row), edition.version, gwp_set, (), "Scope 3",
        )  # fmt: skip


def _potentials(intake: Intake, edition: _Edition, table: Table) -> None:
    """Tables 11 and 12: GWP100 of gases and of refrigerant blends."""
    stated = re.search(r"\((AR[4-6])\)", table.notes)
    begun = False
    for row, cells in table.rows.items():
        words = {at: word(cell) for at, cell in cells.items()}
        if is_note(list(words.values())):
            return
        if not begun:
            begun = any("100-year gwp" in text.lower() for text in words.values())
            continue
        intake.rows += 1
        where = f"{edition.sheet} row {row} (table {table.number})"
        try:
            name, gwp_set = words.get("C", ""), stated[1] if stated else ""
            if not name or not gwp_set:
                raise RowFault("no gas or no GWP set is named", "both", "use the published table")
            found = cells.get("D" if table.number == 12 else "E")
            value = number(found, f"GWP of {name}")
            first, last = whole_year(edition.year)
            path: tuple[str, ...] = (table.title, name)
            if table.number == 12:
                _check_blend(intake, where, name, value, words.get("E", ""), gwp_set)
            elif "D" in words:
                path = (*path, words["D"])
            intake.take(where, [Factor(
                f"epa-hub/gwp/{name}/{gwp_set}/{edition.year}", path, value, "kgCO2e/kg",
                "100 years; only HFC and PFC counted" if table.number == 12 else "100 years",
                "world", edition.year, first, last, edition.source(table, row), edition.version,
                gwp_set, (), "Scope 1",
            )])  # fmt: skip
        except RowFault as fault:
            intake.refuse(where, fault)


def _check_blend(
    intake: Intake, where: str, name: str, value: float, composition: str, gwp_set: str
) -> None:
    """The GWP of a blend must be that of its HFC and PFC, by share of mass and rounded to whole numbers."""
    counted = sum(
        share * gwp100(gas, gwp_set)
        for gas, share in _shares(composition).items()
        if gas.startswith(("HFC-", "PFC-"))
    )
    if abs(counted - value) > 1.0:
        intake.doubt(
            where,
            f"the GWP of {name} is {value:g}, its composition gives {counted:.6g}",
            "the two within 1",
            "use blend_gwp with the composition on the bottle's label, and ask the publisher",
        )


def _shares(composition: str) -> dict[str, float]:
    """Gas -> share of mass of a text such as `50% HFC-32 , 50% HFC-125`."""
    found = re.findall(r"([\d.]+)% ([\w-]+)", composition)
    return {gas: float(percent) / 100.0 for percent, gas in found}


def blend_compositions(content: bytes, name: str) -> dict[str, dict[str, float]]:
    """Composition of each refrigerant blend of table 12, by share of mass [kg/kg].

    Raises:
        FileFault: It is no workbook of the hub.
    """
    table = tables(_hub(sheets(content, name), name))[12]
    found = {}
    for cells in table.rows.values():
        if shares := _shares(plain(str(cells.get("E", "")))):
            found[plain(str(cells.get("C", "")))] = shares
    return found


def _slug(path: tuple[str, ...]) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(path).lower()).strip("-")


_READERS: dict[int, Callable[[Intake, _Edition, Table], None]] = {
    9: _waste,
    11: _potentials,
    12: _potentials,
}
