"""Reads the flat file of the UK government's conversion factors (DESNZ, formerly DEFRA and BEIS), as CSV or XLSX.

The four rows of an activity (total, CO2, CH4, N2O) become one factor with its gas split. The masses of the
gases are not published, only their weighed values, so such a factor stays in the GWP set it is published in.

Sources: UK Department for Energy Security and Net Zero, Greenhouse gas reporting: conversion factors 2024
    (flat file for automatic processing), Open Government Licence v3.0.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ecotwin.accounting.factors.gases import GWP_SETS
from ecotwin.accounting.factors.intake import (
    CsvRow,
    Imported,
    Intake,
    RowFault,
    csv_rows,
    digest,
    number,
    per,
    plain,
)
from ecotwin.accounting.factors.record import Factor, Part, whole_year
from ecotwin.accounting.factors.tables import table
from ecotwin.accounting.factors.workbook import Cell, is_workbook, sheets
from ecotwin.errors import FileFault

COLUMNS = (
    "ID",
    "Scope",
    "Level 1",
    "Level 2",
    "Level 3",
    "Level 4",
    "Column Text",
    "UOM",
    "GHG/Unit",
)
_VALUE = re.compile(r"GHG Conversion Factor (\d{4})")
_GAS = re.compile(r"kg CO2e of (CO2|CH4|N2O) per unit")
_UNPACKED_LIMIT = 256 * 2**20
"""[bytes] A flat file is some 1 MB; what unpacks to more is something else."""
_BASIS = {
    "UK electricity": "per generated kWh",
    "Managed assets- electricity": "per generated kWh",
    "Transmission and distribution": "losses up to the meter",
}
"""Basis that the publisher states by the category: grid losses stand apart, in scope 3."""


@dataclass(frozen=True, slots=True)
class _Record:
    where: str
    cells: Mapping[str, Cell]
    row: CsvRow | None = None

    def text(self, column: str) -> str:
        return plain(str(self.cells.get(column, "")))

    @property
    def path(self) -> tuple[str, ...]:
        names = (self.text(column) for column in COLUMNS[2:7])
        return tuple(name for name in names if name)


def read_defra(content: bytes, name: str) -> Imported:
    """Factors of the UK conversion factors' flat file.

    Args:
        content: The file: CSV, gzipped CSV or XLSX.
        name: Its file name, for messages.

    Raises:
        FileFault: It lacks the columns of the flat file.
    """
    header, records = _records(content, name)
    value = next((column for column in header if _VALUE.fullmatch(column)), "")
    missing = [column for column in COLUMNS if column not in header]
    if missing or not value:
        lacking = missing or ["GHG Conversion Factor <year>"]
        raise FileFault(
            f"{name} lacks the columns {', '.join(lacking)}",
            expected="the flat file of the UK conversion factors",
            remedy="take the file its publisher calls `flat file`, not the tables for people",
        )
    year = int(value.rsplit(" ", 1)[1])
    version = f"{year}, sha256 {digest(content)}"
    intake = Intake(name, "UK DESNZ conversion factors", version)
    gwp_set = _stated_set(records, value)
    found: list[_Taken] = []
    for group in _groups(intake, records):
        taken = _take(intake, group, value, year, gwp_set)
        found.extend([taken] if taken else [])
    for taken in _one_unit(intake, found):
        intake.take(taken.where, [taken.factor])
    return intake.done()


@dataclass(frozen=True, slots=True)
class _Taken:
    where: str
    factor: Factor
    size: float
    """Canonical units in the published one."""

    @property
    def rounding(self) -> float:
        """Half of the last published digit, per canonical unit: five decimals, and totals sum rounded gases."""
        return 0.5e-5 * max(1, len(self.factor.parts)) / self.size


def _one_unit(intake: Intake, found: list[_Taken]) -> Iterator[_Taken]:
    """Of one activity in several published units (m3 and million litres) the least rounded one."""
    uses: dict[tuple[object, ...], list[_Taken]] = {}
    for taken in found:
        factor = taken.factor
        uses.setdefault((factor.scope, factor.path, factor.unit, factor.basis), []).append(taken)
    for same in uses.values():
        best = min(same, key=lambda taken: taken.rounding)
        yield best
        for other in same:
            off = abs(other.factor.value - best.factor.value)
            if other is best:
                continue
            if other.where != best.where and other.size == best.size:
                yield other  # a double row: the intake judges it
            elif off <= 1.01 * (other.rounding + best.rounding) + 1e-5 * best.factor.value:
                intake.merged += 1
            else:
                intake.doubt(
                    other.where,
                    f"it gives {other.factor.value:.6g} {best.factor.unit}, {best.where} {best.factor.value:.6g}",
                    "the same factor in both units, within rounding",
                    "ask the publisher; the less rounded one is used",
                )


def _records(content: bytes, name: str) -> tuple[tuple[str, ...], list[_Record]]:
    if is_workbook(content):
        return _of_workbook(content, name)
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(_UNPACKED_LIMIT + 1)
        except (OSError, EOFError, zlib.error):
            raise FileFault(f"{name} cannot be unpacked", remedy="fetch it anew") from None
        if len(content) > _UNPACKED_LIMIT:
            raise FileFault(
                f"{name} unpacks to more than {_UNPACKED_LIMIT // 2**20} MiB",
                expected="a flat file of about 1 MB",
                remedy="check that this is the publisher's file",
            )
    header, rows = csv_rows(content, name)
    return header, [_Record(f"line {row.line}", row.cells, row) for row in rows]


def _of_workbook(content: bytes, name: str) -> tuple[tuple[str, ...], list[_Record]]:
    for sheet in sheets(content, name):
        header: dict[str, str] = {}
        found = []
        for row, cells in sorted(sheet.rows.items()):
            words = {at: plain(str(cell)) for at, cell in cells.items()}
            if not header and {"ID", "Scope", "UOM"} <= set(words.values()):
                header = words
            elif header:
                named = {header[at]: cell for at, cell in cells.items() if at in header}
                found.append(_Record(f"{sheet.name} row {row}", named))
        if header:
            return tuple(header.values()), found
    return (), []


def _stated_set(records: list[_Record], value: str) -> str:
    """The GWP set the file weighs by: the one whose methane and nitrous oxide are those of its own rows."""
    found: dict[str, float] = {}
    for record in records:
        gas = {"Methane": "CH4", "Nitrous oxide": "N2O"}.get(record.text("Level 3"))
        if gas and "Kyoto" in record.text("Level 2") and record.cells.get(value):
            try:
                found[gas] = number(record.cells[value], gas)
            except RowFault:
                return ""
    for gwp_set in GWP_SETS:
        rows = {gas: table("gwp")[f"gwp/{gas}/{gwp_set}"].value for gas in ("CH4", "N2O")}
        if found == rows:
            return gwp_set
    return ""


def _groups(intake: Intake, records: list[_Record]) -> Iterator[list[_Record]]:
    """Rows of one activity and unit together; rows out of place are counted and refused."""
    groups: dict[tuple[str, ...], list[_Record]] = {}
    for record in records:
        if not record.text("ID") and not record.text("Level 1"):
            continue
        if record.text("Scope") == "END":
            continue
        intake.rows += 1
        kind = record.text("GHG/Unit")
        key = (record.text("Scope"), *(record.text(c) for c in COLUMNS[2:8]))
        energy = kind if kind.startswith("kWh") else ""
        groups.setdefault((*key, energy), []).append(record)
    yield from groups.values()


def _take(
    intake: Intake, group: list[_Record], value: str, year: int, gwp_set: str
) -> _Taken | None:
    """One factor of the rows of an activity; a fault in any of them refuses them by row."""
    told = {id(r): r for r in group if r.cells.get(value) not in (None, "")}
    if not told:
        intake.blank += len(group)
        return None
    sound: list[tuple[_Record, float]] = []
    for record in group:
        try:
            if record.row is not None:
                record.row.whole()
            is_part = _GAS.fullmatch(record.text("GHG/Unit")) is not None
            outside = record.text("Scope").startswith("Outside")
            found = record.cells.get(value)
            sound.append((record, number(found, "the factor", zero=is_part and not outside)))
        except RowFault as fault:
            intake.refuse(record.where, fault)
    if len(sound) < len(group):
        for record, _ in sound:
            intake.refuse(
                record.where,
                RowFault(
                    "another row of this activity and unit is refused",
                    "total, CO2, CH4 and N2O all sound",
                    "mend that row; a split without its total is not used",
                ),
            )
        return None
    head = sound[0][0]
    try:
        return _Taken(head.where, _factor(intake, sound, year, gwp_set), per(head.text("UOM"))[1])
    except RowFault as fault:
        for record, _ in sound:
            intake.refuse(record.where, fault)
        return None


def _factor(intake: Intake, rows: list[tuple[_Record, float]], year: int, gwp_set: str) -> Factor:
    head = rows[0][0]
    below, size, basis = per(head.text("UOM"))
    basis = basis or _BASIS.get(head.text("Level 1"), "")
    parts, totals = [], []
    for record, value in rows:
        kind = record.text("GHG/Unit")
        if gas := _GAS.fullmatch(kind):
            parts.append(Part(gas[1], value / size))
        else:
            totals.append((record, value))
    above, total = _total(head, parts, totals, size)
    if above == "kgCO2e" and not gwp_set:
        raise RowFault(
            "the file does not show by which GWP set it weighs",
            "its rows of methane and nitrous oxide (AR4: 25 and 298, AR5: 28 and 265, AR6: 27 and 273)",
            "use the whole flat file",
        )
    if above == "kgCO2e" and parts:
        _check_sum(intake, head, parts, total, size, len(rows))
    if above == "kWh":
        kind = head.text("GHG/Unit")
        basis = "LHV" if "Net" in kind else basis
    weighs = gwp_set if above == "kgCO2e" else ""
    unit = f"{above}/{below}"
    first, last = whole_year(year)
    source = f"UK DESNZ greenhouse gas conversion factors {year}, flat file {head.where}, ID {head.text('ID')}"
    return Factor(
        f"defra/{head.text('ID')}/{weighs}/GB/{year}", head.path, total, unit, basis, "GB", year,
        first, last, source, intake.edition, weighs, tuple(parts) if weighs else (),
        head.text("Scope"),
    )  # fmt: skip


def _total(
    head: _Record, parts: list[Part], totals: list[tuple[_Record, float]], size: float
) -> tuple[str, float]:
    """What the value is of, and the value per canonical unit."""
    if not totals and len(parts) == 1 and head.text("Scope").startswith("Outside"):
        return "kg biogenic CO2", parts[0].co2e_kg
    if len(totals) != 1:
        raise RowFault(
            f"the activity has {len(totals)} rows with its total",
            "one row `kg CO2e` an activity and unit",
            "remove the double rows, or give the total",
        )
    kind = totals[0][0].text("GHG/Unit")
    if kind == "kg CO2e":
        return "kgCO2e", totals[0][1] / size
    if kind in ("kWh (Net CV)", "kWh (Gross CV)", "kWh (net)"):
        return "kWh", totals[0][1] / size
    raise RowFault(
        f"GHG/Unit is {kind!r}",
        "`kg CO2e`, `kg CO2e of CO2|CH4|N2O per unit` or `kWh (Net CV)`",
        "correct the unit",
    )


def _check_sum(
    intake: Intake, head: _Record, parts: list[Part], total: float, size: float, rows: int
) -> None:
    """CO2 + CH4 + N2O must be the total, within the rounding of each to five decimals."""
    summed = sum(part.co2e_kg for part in parts) * size
    if abs(summed - total * size) > max(0.5e-5 * rows, 0.002 * total * size) * 1.001:
        intake.doubt(
            head.where,
            f"CO2 + CH4 + N2O is {summed:.6g}, the total says {total * size:.6g}",
            "the two within rounding",
            "ask the publisher; the total is used",
        )
