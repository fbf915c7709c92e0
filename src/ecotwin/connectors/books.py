"""Books that people keep beside the meters: `<kind>.csv` in one folder, read whole, every fault named with its line.

A book is CSV in UTF-8 (`.csv` or `.csv.gz`), separated by commas or semicolons; a decimal comma is taken only where
semicolons separate. Rows whose first cell begins with `#` are remarks. Days are local to the plant, `to` is the first
day after; an empty `to` means the one day.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from ecotwin.clock import Period
from ecotwin.connectors.book_cells import RowFault, check_unit, flag, period_of
from ecotwin.errors import FileFault
from ecotwin.plant.bookings import COMMON, BookColumn, book_kinds
from ecotwin.plant.model import Plant
from ecotwin.records import Booking, Fact

MAY_BE_NEGATIVE = {
    ("water_storage", "change_m3"),
    ("revenue", "amount"),
    ("supplier", "footprint"),
    ("supplier", "water_amd"),
    ("factor", "value"),
    ("exposure", "wbgt_c"),
    ("lift", "asymmetry_deg"),
}
"""Numbers that are below zero with good reason: a change, a credit note, demand above what there is."""
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_NEEDED = {"id", "from", "source"}


class BooksFault(FileFault):
    """Books that cannot be used; `faults` holds every fault found, each with its file and line."""

    def __init__(self, folder: str, faults: tuple[str, ...]) -> None:
        self.faults = faults
        count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
        listed = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(
            f"the books in {folder} have {count}:\n{listed}\n", remedy="mend these lines"
        )


def read_books(folder: Path, plant: Plant) -> list[Booking]:
    """Every booking of a folder of books, by kind and in file order.

    Args:
        folder: Holds `purchase.csv`, `refill.csv.gz` ...; files of other endings are left alone.
        plant: Tells the time zone, the elements, the products and the currency.

    Raises:
        BooksFault: Anything in them is wrong; every fault at once.
    """
    faults: list[str] = []
    rows: list[Booking] = []
    if not folder.is_dir():
        raise BooksFault(
            str(folder), (f"{folder}: there is no such folder; mend `books` in the plant file",)
        )
    found: dict[str, Path] = {}
    for path in sorted(p for p in folder.iterdir() if p.name.endswith((".csv", ".csv.gz"))):
        kind = path.name.removesuffix(".gz").removesuffix(".csv")
        if kind not in book_kinds():
            faults.append(
                f"{path}: there is no kind of book called {kind!r}; {_near(kind, book_kinds())}; rename it"
            )
        elif kind in found:
            faults.append(f"{path}: {found[kind].name} holds the same book; keep one of the two")
        else:
            found[kind] = path
    for kind, path in found.items():
        book = _BookFile(path, kind, plant, faults)
        rows += book.read()
    if faults:
        raise BooksFault(str(folder), tuple(faults))
    return rows


def template(kind: str) -> str:
    """An empty book: its header, and a remark on each column.

    >>> print(template("process").splitlines()[0])
    id,from,to,element,source,gas,mass_kg,biogenic

    Raises:
        FileFault: There is no such kind.
    """
    if kind not in book_kinds():
        raise FileFault(
            f"there is no kind of book called {kind!r}",
            expected=f"one of {', '.join(book_kinds())}",
            remedy="correct the name",
        )
    columns = book_kinds()[kind]
    common = ("# unique in this book", "first day: 2026-01-31", "first day after; empty: that one day",
              "id of the plant element; empty: the site", "the document behind the row")  # fmt: skip
    made = io.StringIO()
    out = csv.writer(made, lineterminator="\n")
    out.writerow([*COMMON, *(c.name for c in columns)])
    out.writerow([*common, *(_remark(c) for c in columns)])
    return made.getvalue()


def _remark(column: BookColumn) -> str:
    form = {"flag": "yes or no"}.get(column.form, column.form)
    unit = f" [{column.unit}]" if column.unit else ""
    return f"{form}{unit}: {column.description}{'' if column.needed else ' (may be empty)'}"


@dataclass
class _BookFile:
    """One book as it is read."""

    path: Path
    kind: str
    plant: Plant
    faults: list[str]
    ids: dict[str, int] = field(default_factory=dict)
    semicolon: bool = False
    comma_at: int = 0
    point_at: int = 0

    def read(self) -> Iterator[Booking]:
        """The rows that are sound; faults go to the list."""
        text = self._text()
        if text is None:
            return
        self.semicolon = ";" in text.split("\n", 1)[0]
        reader = csv.reader(
            io.StringIO(text), delimiter=";" if self.semicolon else ",", strict=True
        )
        header = None
        line = 1
        while True:
            line = reader.line_num + 1
            try:
                cells = [cell.strip() for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error as fault:
                self._say(line, f"this is not CSV ({fault}); close every quote")
                return
            if not any(cells) or cells[0].startswith("#"):
                continue
            if header is None:
                header = cells
                if not self._header(line, header):
                    return
                continue
            booking = self._row(line, header, cells)
            if booking is not None:
                yield booking

    def _text(self) -> str | None:
        try:
            raw = self.path.read_bytes()
            if self.path.name.endswith(".gz"):
                raw = gzip.decompress(raw)
            return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as fault:
            line = fault.object.count(b"\n", 0, fault.start) + 1
            self._say(line, "this is not UTF-8 text; save the file as UTF-8")
        except (OSError, EOFError, zlib.error) as fault:
            self._say(1, f"the file cannot be read ({fault}); save it again")
        return None

    def _say(self, line: int, words: str) -> None:
        self.faults.append(f"{self.path}:{line}: {words}")

    def _header(self, line: int, header: list[str]) -> bool:
        columns = book_kinds()[self.kind]
        known = (*COMMON, *(c.name for c in columns))
        before = len(self.faults)
        for name in header:
            if name not in known:
                self._say(
                    line,
                    f"there is no column {name!r} in a book of {self.kind}; {_near(name, known)}",
                )
        for name in sorted({n for n in header if header.count(n) > 1}):
            self._say(line, f"the column {name!r} stands there twice; keep one")
        needed = [*(n for n in COMMON if n in _NEEDED), *(c.name for c in columns if c.needed)]
        for name in needed:
            if name not in header:
                self._say(line, f"the column {name!r} is missing; add it: `{','.join(known)}`")
        return len(self.faults) == before

    def _row(self, line: int, header: Sequence[str], cells: Sequence[str]) -> Booking | None:
        if len(cells) != len(header):
            self._say(
                line,
                f"the row has {len(cells)} cells, the header {len(header)}; complete or quote it",
            )
            return None
        given = dict(zip(header, cells, strict=True))
        before = len(self.faults)
        facts: dict[str, Fact] = {}
        for column in book_kinds()[self.kind]:
            cell = given.get(column.name, "")
            if not cell:
                if column.needed:
                    self._say(line, f"{column.name} is empty; expected {_remark(column)}; give it")
                continue
            value = self._asked(line, column, cell)
            if value is not None:
                facts[column.name] = value
        self._id(line, given["id"])
        if not given["source"]:
            self._say(line, "source is empty; expected the document behind the row; name it")
        element = self._element(line, given.get("element", ""))
        period = self._period(line, given["from"], given.get("to", ""))
        if len(self.faults) > before or period is None:
            return None
        return Booking(self.kind, given["id"], period, element, facts, given["source"])

    def _asked(self, line: int, column: BookColumn, cell: str) -> Fact | None:
        try:
            if column.form == "flag":
                return flag(column.name, cell)
            if column.form == "number":
                return self._number(line, column, cell)
            if column.name == "unit":
                check_unit(cell, self.plant.currency)
            return cell
        except RowFault as fault:
            self._say(line, str(fault))
            return None

    def _number(self, line: int, column: BookColumn, cell: str) -> float:
        name = column.name
        if not _NUMBER.fullmatch(cell):
            raise RowFault(
                f"{name} is {cell!r}, no number", "digits with one decimal mark", "correct it"
            )
        if "," in cell:
            if not self.semicolon:
                raise RowFault(
                    f"{name} {cell!r} bears a decimal comma", "a decimal point where commas separate",
                    "write a point, or separate by semicolons",
                )  # fmt: skip
            self.comma_at = self.comma_at or line
        elif "." in cell:
            self.point_at = self.point_at or line
        if self.comma_at and self.point_at:
            raise RowFault(
                f"{name} {cell!r}: decimal commas (line {self.comma_at}) and points (line {self.point_at}) in one file",
                "one decimal mark, and none for thousands", "write all numbers alike",
            )  # fmt: skip
        value = float(cell.replace(",", "."))
        if value in (float("inf"), float("-inf")):
            raise RowFault(f"{name} is {cell!r}", "a finite number", "correct it")
        if value < 0.0 and (self.kind, name) not in MAY_BE_NEGATIVE:
            raise RowFault(f"{name} is {cell}: negative", "zero or more", "correct it")
        most = {"%": 100.0, "1": 1.0}.get(column.unit) if name.endswith("_share") else None
        if most is not None and value > most:
            raise RowFault(f"{name} is {cell}", f"at most {most:g}", "correct it")
        if name == "product" and self.plant.products and not any(
            p.code == value for p in self.plant.products
        ):  # fmt: skip
            codes = ", ".join(str(p.code) for p in self.plant.products)
            raise RowFault(
                f"product {cell} is unknown",
                f"one of {codes}",
                "correct the code, or add the product",
            )
        return value

    def _id(self, line: int, name: str) -> None:
        if not name:
            self._say(
                line, "id is empty; expected a name that no other row of this book bears; give one"
            )
        elif name in self.ids:
            self._say(
                line, f"the id {name!r} stands in line {self.ids[name]} too; give each row its own"
            )
        else:
            self.ids[name] = line

    def _element(self, line: int, name: str) -> str:
        if not name:
            return self.plant.site.id
        known = {e.id for e in self.plant.elements}
        if name not in known:
            self._say(
                line,
                f"there is no element {name!r} in the plant file; {_near(name, known)}; correct it",
            )
        return name

    def _period(self, line: int, first: str, last: str) -> Period | None:
        try:
            return period_of(first, last, self.plant.zone)
        except RowFault as fault:
            self._say(line, str(fault))
            return None


def _near(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, n=3)
    return f"near: {', '.join(near)}" if near else f"expected one of {', '.join(names[:30])}"
