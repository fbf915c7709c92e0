"""Takes a factor table row by row: sound rows are kept, every other one is refused with its place and what to do."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ecotwin.accounting.factors.record import Factor
from ecotwin.accounting.fuels import KG_PER_LB, KWH_PER_MMBTU
from ecotwin.errors import FileFault

KM_PER_MILE = 1.609344
KG_PER_SHORT_TON = 907.18474
PER: dict[str, tuple[str, float, str]] = {
    "kWh": ("kWh", 1.0, ""),
    "kWh (Gross CV)": ("kWh", 1.0, "HHV"),
    "kWh (Net CV)": ("kWh", 1.0, "LHV"),
    "kWh (net)": ("kWh", 1.0, ""),
    "MWh": ("kWh", 1000.0, ""),
    "GJ": ("kWh", 1 / 0.0036, ""),
    "TJ": ("kWh", 1 / 0.0000036, ""),
    "mmBtu": ("kWh", KWH_PER_MMBTU, "HHV"),
    "kg": ("kg", 1.0, ""),
    "g": ("kg", 0.001, ""),
    "t": ("kg", 1000.0, ""),
    "tonnes": ("kg", 1000.0, ""),
    "lb": ("kg", KG_PER_LB, ""),
    "short ton": ("kg", KG_PER_SHORT_TON, ""),
    "m3": ("m3", 1.0, ""),
    "cubic metres": ("m3", 1.0, ""),
    "L": ("m3", 0.001, ""),
    "litres": ("m3", 0.001, ""),
    "million litres": ("m3", 1000.0, ""),
    "scf": ("m3", 0.028316846592, ""),
    "gallon": ("m3", 0.003785411784, ""),
    "km": ("km", 1.0, ""),
    "miles": ("km", KM_PER_MILE, ""),
    "vehicle-mile": ("km", KM_PER_MILE, ""),
    "t.km": ("t.km", 1.0, ""),
    "tonne.km": ("t.km", 1.0, ""),
    "short ton-mile": ("t.km", KG_PER_SHORT_TON / 1000.0 * KM_PER_MILE, ""),
    "passenger.km": ("passenger.km", 1.0, ""),
    "passenger-mile": ("passenger.km", KM_PER_MILE, ""),
    "Room per night": ("room night", 1.0, ""),
    "per FTE Working Hour": ("FTE hour", 1.0, ""),
}
"""Published unit -> canonical unit, canonical units in one of it, and the basis its name states.

Sources: international table Btu; US short ton 907.18474 kg; US gallon 3.785411784 L; cubic foot 0.028316846592 m3."""


class RowFault(Exception):
    """A row that cannot be taken: what was found, what was expected, what to do."""

    def __init__(self, found: str, expected: str, remedy: str) -> None:
        super().__init__(found)
        self.found, self.expected, self.remedy = found, expected, remedy


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that was refused, or kept with a doubt."""

    where: str
    found: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}. Expected: {self.expected}. What to do: {self.remedy}."


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a table.

    Attributes:
        name: Its file name. publisher: Whose it is. edition: Edition with the digest of the file.
        rows: Rows that hold, or should hold, values. blank: Of these, rows the publisher left empty on purpose.
        merged: Factors given in a second unit too, dropped after the two were found to agree.
        factors: What was kept. refused: Rows not taken. doubted: Rows kept that contradict themselves slightly.
    """

    name: str
    publisher: str
    edition: str
    rows: int
    blank: int
    merged: int
    factors: tuple[Factor, ...]
    refused: tuple[Finding, ...]
    doubted: tuple[Finding, ...]

    def counts(self) -> dict[str, int]:
        """Rows read, blank, refused, doubted, and factors kept."""
        return {
            "rows": self.rows,
            "blank": self.blank,
            "merged": self.merged,
            "refused": len(self.refused),
            "doubted": len(self.doubted),
            "factors": len(self.factors),
        }


@dataclass(slots=True)
class Intake:
    """Gathers the rows of one table."""

    name: str
    publisher: str
    edition: str
    rows: int = 0
    blank: int = 0
    merged: int = 0
    refused: list[Finding] = field(default_factory=list)
    doubted: list[Finding] = field(default_factory=list)
    taken: list[tuple[str, Factor]] = field(default_factory=list)

    def refuse(self, where: str, fault: RowFault) -> None:
        """Leave a row out, and say so."""
        self.refused.append(Finding(where, fault.found, fault.expected, fault.remedy))

    def doubt(self, where: str, found: str, expected: str, remedy: str) -> None:
        """Keep a row, and say what does not fit."""
        self.doubted.append(Finding(where, found, expected, remedy))

    def take(self, where: str, factors: Iterable[Factor]) -> None:
        """Keep the factors of a row."""
        self.taken.extend((where, factor) for factor in factors)

    def done(self) -> Imported:
        """The result. Of rows that repeat each other the first is kept; of rows that disagree, none."""
        uses: dict[str, list[tuple[str, Factor]]] = {}
        for where, factor in self.taken:
            uses.setdefault(factor.id, []).append((where, factor))
        disputed: dict[str, str] = {}
        for members in uses.values():
            value = members[0][1].value
            if any(not math.isclose(f.value, value, rel_tol=1e-12) for _, f in members):
                wheres = [where for where, _ in members]
                for at, where in enumerate(wheres):
                    disputed.setdefault(where, wheres[at - 1])
        kept: list[Factor] = []
        repeated: dict[str, str] = {}
        for members in uses.values():
            sound = [(where, factor) for where, factor in members if where not in disputed]
            kept.extend(factor for _, factor in sound[:1])
            repeated.update({where: sound[0][0] for where, _ in sound[1:]})
        for where, other in disputed.items():
            self.refuse(
                where,
                RowFault(
                    f"{other} gives another value for the same use",
                    "one value a use, unit, place and year",
                    "find out which is right and remove the other; neither is used",
                ),
            )
        for where, other in repeated.items():
            fault = RowFault(f"this row repeats {other}", "each row once", "remove the double row")
            self.refuse(where, fault)
        return Imported(
            self.name,
            self.publisher,
            self.edition,
            self.rows,
            self.blank,
            self.merged,
            tuple(kept),
            tuple(self.refused),
            tuple(self.doubted),
        )


def number(found: str | float | None, what: str, *, zero: bool = False) -> float:
    """A number of a cell.

    Args:
        found: The cell.
        what: What it is, for the message.
        zero: A zero is a value too (one gas of several).

    >>> number("0.25", "value")
    0.25

    Raises:
        RowFault: It is missing, not a number, zero or negative, or bears a decimal comma.
    """
    if found is None or (isinstance(found, str) and not found.strip()):
        raise RowFault(f"{what} is missing", "a number above zero", "give the published value")
    text = found.strip() if isinstance(found, str) else ""
    if re.fullmatch(r"[-+]?[\d.]*,\d+", text):
        point = text.replace(",", ".")
        raise RowFault(
            f"{what} is {text!r}, a number with a comma",
            "a decimal point and no separators of thousands",
            f"write {point} if the comma is decimal, {text.replace(',', '')} if it marks thousands",
        )
    try:
        value = float(found)
    except ValueError:
        raise RowFault(
            f"{what} is {text!r}", "a number above zero", "give the published value"
        ) from None
    if not math.isfinite(value) or value < 0.0 or (value == 0.0 and not zero):
        raise RowFault(
            f"{what} is {value:g}",
            "a number above zero",
            "give the published value; where nothing is emitted no factor is needed, and a removal stands apart",
        )
    return value


def per(unit: str | float | None) -> tuple[str, float, str]:
    """Canonical unit, canonical units in one published unit, and the basis its name states.

    >>> per("million litres")
    ('m3', 1000.0, '')

    Raises:
        RowFault: The unit is missing or unknown.
    """
    text = str(unit or "").strip()
    if not text:
        raise RowFault("the unit is missing", "what the factor is per", "give the published unit")
    if text not in PER:
        raise RowFault(
            f"the unit {text!r} is unknown",
            f"one of {', '.join(PER)}",
            "correct the spelling, or turn the value into one of these units",
        )
    return PER[text]


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row of a CSV file; `spilt`: it has more cells than the header, as after an unquoted comma."""

    line: int
    cells: dict[str, str]
    spilt: bool

    def whole(self) -> None:
        """Do nothing when the row is whole.

        Raises:
            RowFault: It is spilt, so no cell can be trusted.
        """
        if self.spilt:
            raise RowFault(
                "the row has more cells than the header",
                "one cell a column",
                "write numbers with a decimal point, and put texts that hold a comma in quotes",
            )


def csv_rows(content: bytes, name: str) -> tuple[tuple[str, ...], list[CsvRow]]:
    r"""Header and rows of a CSV file in UTF-8; empty cells are left out.

    >>> csv_rows(b"a,b\n1,2,5\n", "t.csv")[1][0].spilt
    True

    Raises:
        FileFault: It is no CSV in UTF-8.
    """
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        header = tuple(plain(column) for column in reader.fieldnames or ())
        reader.fieldnames = list(header)
        rows = []
        for row in reader:
            cells = {k: t for k, v in row.items() if isinstance(v, str) and (t := plain(v))}
            rows.append(CsvRow(reader.line_num, cells, any(k is None for k in row)))
    except (UnicodeDecodeError, csv.Error) as fault:
        raise FileFault(
            f"{name} cannot be read as a table ({type(fault).__name__})",
            expected="CSV in UTF-8",
            remedy="save it as CSV UTF-8 from the spreadsheet program",
        ) from None
    return header, rows


def digest(content: bytes) -> str:
    """The first 12 digits of a file's SHA-256: which file a factor was read from."""
    return hashlib.sha256(content).hexdigest()[:12]


def plain(text: str) -> str:
    """A name without double blanks and line breaks."""
    return " ".join(str(text).replace("\xa0", " ").split())
