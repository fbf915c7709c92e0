"""Factors of one's own: a CSV file with a source and a validity for each row.

    subject,value,unit,basis,place,from,to,source,version,gwp_set,uncertainty,scope
    natural gas,0.2012,kgCO2e/kWh,HHV,DE,2025-01-01,2025-12-31,supplier's certificate 17,1,AR6,0.02,Scope 1

Needed: subject, value, unit, place, from, to, source; `gwp_set` for kgCO2e; `basis` per kWh.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ecotwin.accounting.factors.gases import GWP_SETS
from ecotwin.accounting.factors.intake import (
    Imported,
    Intake,
    RowFault,
    csv_rows,
    digest,
    number,
    per,
)
from ecotwin.accounting.factors.record import BASES, Factor
from ecotwin.errors import FileFault

NEEDED = ("subject", "value", "unit", "place", "from", "to", "source")
MAY = ("basis", "version", "gwp_set", "uncertainty", "scope")
_ABOVE = {
    "kgCO2e": ("kgCO2e", 1.0),
    "tCO2e": ("kgCO2e", 1000.0),
    "gCO2e": ("kgCO2e", 0.001),
    "kg biogenic CO2": ("kg biogenic CO2", 1.0),
    "kWh": ("kWh", 1.0),
    "MJ": ("kWh", 1 / 3.6),
    "GJ": ("kWh", 1 / 0.0036),
}


def read_own(content: bytes, name: str) -> Imported:
    r"""Factors of a CSV file of one's own.

    >>> head = "subject,value,unit,basis,place,from,to,source,gwp_set"
    >>> row = "natural gas,201.2,gCO2e/kWh,HHV,DE,2025-01-01,2025-12-31,certificate 17,AR6"
    >>> round(read_own(f"{head}\n{row}".encode(), "mine.csv").factors[0].value, 4)
    0.2012

    Raises:
        FileFault: It is no CSV in UTF-8, or lacks a needed column.
    """
    header, rows = csv_rows(content, name)
    missing = [column for column in NEEDED if column not in header]
    if missing:
        raise FileFault(
            f"{name} lacks the columns {', '.join(missing)}",
            expected=", ".join((*NEEDED, *MAY)),
            remedy="add them; `from` and `to` are the first and last day, e.g. 2025-01-01",
        )
    edition = f"sha256 {digest(content)}"
    intake = Intake(name, "own factors", edition)
    for row in rows:
        if not row.cells:
            continue
        intake.rows += 1
        where = f"line {row.line}"
        try:
            row.whole()
            factor = _factor(row.cells, f"{name} {where}", edition)
            _no_overlap(intake, factor)
            intake.take(where, [factor])
        except RowFault as fault:
            intake.refuse(where, fault)
    return intake.done()


def _factor(cells: Mapping[str, str], where: str, edition: str) -> Factor:
    for column in ("subject", "place", "source"):
        if not cells.get(column):
            raise RowFault(f"{column} is missing", "a text", f"give the {column} of this factor")
    above, below, value, basis = _unit(cells)
    first, last = _day(cells, "from"), _day(cells, "to")
    if last < first:
        raise RowFault(
            f"it holds from {first} to {last}", "an end after the begin", "correct the days"
        )
    gwp_set = cells.get("gwp_set", "")
    if above == "kgCO2e" and gwp_set not in GWP_SETS:
        raise RowFault(
            f"gwp_set is {gwp_set!r}",
            f"one of {', '.join(GWP_SETS)}, since gases are weighed in kgCO2e",
            "ask who published the factor",
        )
    gwp_set = gwp_set if above == "kgCO2e" else ""
    spread = cells.get("uncertainty", "")
    uncertainty = number(spread, "uncertainty", zero=True) if spread else 0.0
    path = tuple(part for name in cells["subject"].split("/") if (part := name.strip()))
    unit = f"{above}/{below}"
    scope = cells.get("scope", "")
    subject = "-".join((*path, scope) if scope else path).lower().replace(" ", "-")
    key = f"own/{subject}/{unit.replace('/', ' per ')}/{basis}/{gwp_set}/{cells['place']}/{first}..{last}"
    return Factor(
        key, path, value, unit, basis, cells["place"], first.year, first, last,
        f"{cells['source']} ({where})", cells.get("version") or edition, gwp_set, (),
        scope, uncertainty, own=True,
    )  # fmt: skip


def _unit(cells: Mapping[str, str]) -> tuple[str, str, float, str]:
    """What the value is of and per, the value in canonical units, and its basis."""
    text = cells.get("unit", "")
    if not text:
        raise RowFault("the unit is missing", "e.g. kgCO2e/kWh", "give the unit of the value")
    top, _, bottom = text.partition("/")
    if top.strip() not in _ABOVE:
        raise RowFault(
            f"the unit {text!r} is unknown",
            f"one of {', '.join(_ABOVE)} per unit, e.g. kgCO2e/kWh",
            "correct it",
        )
    above, up = _ABOVE[top.strip()]
    below, size, stated = per(bottom)
    basis = cells.get("basis", "") or stated
    if basis not in BASES:
        raise RowFault(
            f"basis is {basis!r}",
            f"one of {', '.join(b for b in BASES if b)}",
            "state the heating value, or where the kWh is measured",
        )
    if below == "kWh" and not basis:
        raise RowFault(
            "the basis is missing",
            f"one of {', '.join(b for b in BASES if b)} for a factor per unit of energy",
            "ask who published it: gross and net differ by 5 to 15 %",
        )
    if stated and basis != stated:
        raise RowFault(f"{bottom} is {stated}, basis says {basis}", "one basis", "correct one")
    return above, below, number(cells.get("value"), "value") * up / size, basis


def _day(cells: Mapping[str, str], column: str) -> date:
    try:
        return date.fromisoformat(cells.get(column, ""))
    except ValueError:
        raise RowFault(
            f"`{column}` is {cells.get(column, '')!r}", "a day such as 2025-01-31", "give the day"
        ) from None


def _no_overlap(intake: Intake, new: Factor) -> None:
    """Two factors of one use must not hold on one day."""
    for where, old in intake.taken:
        same = (
            [part.casefold() for part in old.path] == [part.casefold() for part in new.path]
            and (old.unit, old.basis, old.place, old.gwp_set, old.scope)
            == (new.unit, new.basis, new.place, new.gwp_set, new.scope)
        )  # fmt: skip
        if same and old.id != new.id and old.first <= new.last and new.first <= old.last:
            raise RowFault(
                f"it overlaps with {where}, which holds from {old.first} to {old.last}",
                "one factor a day for one use",
                "end the earlier one the day before this one begins",
            )
