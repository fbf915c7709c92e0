"""The factor tables of this package, and the check that every table must pass, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ecotwin.errors import FileFault
from ecotwin.records import FactorUse

COLUMNS = (
    "id",
    "name",
    "carrier_or_fuel",
    "value",
    "unit",
    "basis",
    "place",
    "year",
    "source",
    "version",
    "gwp_set",
    "uncertainty",
)
_SETS = ("", "AR4", "AR5", "AR6")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a factor table; `uncertainty`: half of the 95 % interval as a share of the value."""

    id: str
    name: str
    subject: str
    value: float
    unit: str
    basis: str
    place: str
    year: int
    source: str
    version: str
    gwp_set: str
    uncertainty: float

    def use(self) -> FactorUse:
        """The row as it is used in a figure."""
        return FactorUse(
            self.id,
            self.value,
            self.unit,
            self.place,
            self.year,
            self.source,
            self.version,
            self.gwp_set,
            self.uncertainty,
            self.basis,
        )


def read_rows(lines: Iterable[str], name: str) -> tuple[Row, ...]:
    """Read a factor table in CSV.

    >>> head = ",".join(COLUMNS)
    >>> read_rows([head, "a/b/2024,b,b,1.5,kg/kWh,,US,2024,EPA,1,,0.1"], "t.csv")[0].value
    1.5

    Raises:
        FileFault: Columns are missing, or rows have no number, a zero, a decimal comma, a double
            id, no source or an unknown GWP set; every such row is named.
    """
    reader = csv.DictReader(lines)
    missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        raise FileFault(
            f"{name} lacks the columns {', '.join(missing)}",
            expected=", ".join(COLUMNS),
            remedy="add them",
        )
    rows: dict[str, Row] = {}
    faults: list[str] = []
    for record in reader:
        place = f"line {reader.line_num}"
        try:
            row = _row(record)
        except ValueError as fault:
            faults.append(f"{place}: {fault}")
            continue
        if row.id in rows:
            faults.append(f"{place}: {row.id!r} stands there twice")
        rows[row.id] = row
    if faults:
        raise FileFault(
            f"{name} cannot be used: " + "; ".join(faults),
            expected="sound rows only",
            remedy="mend or remove these rows",
        )
    return tuple(rows.values())


@cache
def table(name: str) -> Mapping[str, Row]:
    """A table of this package by the id of its rows: combustion, gwp, heating_values or blends.

    >>> table("gwp")["gwp/HFC-32/AR6"].value
    771.0
    """
    text = (files("ecotwin.accounting.factors") / f"{name}.csv").read_text("utf-8")
    return {row.id: row for row in read_rows(text.splitlines(), f"{name}.csv")}


def _row(record: Mapping[str, str]) -> Row:
    text = {key: (record.get(key) or "").strip() for key in COLUMNS}
    if "," in text["value"] or "," in text["uncertainty"]:
        raise ValueError(f"{text['value']!r} bears a decimal comma: write a point")
    value = float(text["value"])
    uncertainty = float(text["uncertainty"] or 0.0)
    if not 0.0 < value < float("inf"):
        raise ValueError(f"the value is {text['value']}: a factor is a number above zero")
    for need in ("id", "unit", "place", "source"):
        if not text[need]:
            raise ValueError(f"no {need} is given")
    if text["gwp_set"] not in _SETS:
        raise ValueError(f"unknown GWP set {text['gwp_set']!r}")
    return Row(
        text["id"],
        text["name"],
        text["carrier_or_fuel"],
        value,
        text["unit"],
        text["basis"],
        text["place"],
        int(text["year"]),
        text["source"],
        text["version"],
        text["gwp_set"],
        uncertainty,
    )
