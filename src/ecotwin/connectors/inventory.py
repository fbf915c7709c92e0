"""Files of processes, opened safely: a file, a folder or a zip archive, every fault collected with its place."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from ecotwin.errors import FileFault
from ecotwin.records.lifecycle import Database, Exchange, Flow, Process, Spread

LARGEST_BYTES = 1 << 30
"""A single file of more than a GiB is refused; a zip archive cannot swell into more."""
_PIECE = 1 << 20
_SHOWN = 40


@dataclass(slots=True)
class Collected:
    """What was read so far.

    Attributes:
        faults: Each with file and place. odd: Counts of what was read with a doubt, by words.
    """

    processes: list[Process] = field(default_factory=list)
    flows: dict[str, Flow] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    odd: Counter[str] = field(default_factory=Counter)

    def flow(self, flow: Flow, where: str) -> None:
        """Keep a flow; one that is told twice must be told alike."""
        known = self.flows.setdefault(flow.id, flow)
        if (known.name, known.unit, known.compartment) != (flow.name, flow.unit, flow.compartment):
            self.faults.append(
                f"{where}: the flow {flow.id} is {flow.name} in {flow.unit} ({flow.compartment}), elsewhere "
                f"{known.name} in {known.unit} ({known.compartment})"
            )

    def database(self, path: Path, form: str) -> Database:
        """The whole.

        Raises:
            FileFault: There were faults, or there is no process; every fault is named.
        """
        if not self.processes and not self.faults:
            self.faults.append(f"{path.name}: no process is in it")
        if self.faults:
            more = f"\n  and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
            listed = "\n  ".join(self.faults[:_SHOWN])
            raise FileFault(
                f"{path.name} has {len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}:\n  {listed}{more}\n",
                expected=f"processes as {form} has them",
                remedy="mend what is named, or export the database again",
            )
        notes = tuple(f"{count} {words}" for words, count in sorted(self.odd.items()))
        return Database(path.stem, tuple(self.processes), tuple(self.flows.values()), form, notes)


class Refused(Exception):
    """An XML file that may hold a bomb."""


class _Datasets(ElementTree.TreeBuilder):
    """Hands over each dataset as it ends and forgets it: memory holds one at a time."""

    def __init__(self, wanted: frozenset[str], take: Callable[[ElementTree.Element], None]) -> None:
        super().__init__()
        self._wanted = wanted
        self._take = take

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Called before anything in it is read."""
        del name, pubid, system
        raise Refused(
            "it declares a document type, by which entities could swell or read other files"
        )

    def end(self, tag: str) -> ElementTree.Element:
        element = super().end(tag)
        if local(tag) in self._wanted:
            self._take(element)
            element.clear()
        return element


def each_dataset(
    stream: IO[bytes],
    where: str,
    wanted: frozenset[str],
    take: Callable[[ElementTree.Element], None],
    into: Collected,
) -> None:
    """Feed an XML stream piece by piece and hand over its datasets; what is wrong becomes a fault."""
    parser = ElementTree.XMLParser(target=_Datasets(wanted, take))  # noqa: S314 - document types are refused
    size = 0
    try:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > LARGEST_BYTES:
                raise Refused(f"it is larger than {LARGEST_BYTES >> 20} MiB")
            parser.feed(piece)
        parser.close()
    except (ElementTree.ParseError, Refused, LookupError, ValueError) as fault:
        into.faults.append(f"{where}: {fault}")


Opener = Callable[[], IO[bytes]]


def members(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, Opener]]:
    """Name and opener of a file, or of every file of these endings in a folder or zip archive, sorted by name.

    Raises:
        FileFault: It is not there, cannot be opened or holds nothing of that kind.
    """
    with ExitStack() as held:
        listed: list[tuple[str, Opener]]
        try:
            if path.is_dir():
                found = sorted(p for p in path.rglob("*") if p.suffix.casefold() in endings)
                listed = [
                    (str(p.relative_to(path)), partial(_open, p)) for p in found if p.is_file()
                ]
            elif path.suffix.casefold() == ".zip":
                archive = held.enter_context(zipfile.ZipFile(path))
                names = sorted(
                    n for n in archive.namelist() if Path(n).suffix.casefold() in endings
                )
                listed = [(n, partial(archive.open, n)) for n in names]
            else:
                path.stat()
                listed = [(path.name, partial(_open, path))]
        except (OSError, zipfile.BadZipFile) as fault:
            raise _unreadable(path, str(getattr(fault, "strerror", None) or fault)) from None
        if not listed:
            raise FileFault(
                f"{path.name} holds no file of {', '.join(endings)}",
                expected="one process or more",
                remedy="name the folder or archive that holds the datasets",
            )
        yield from listed


@contextmanager
def opened(open_: Opener, where: str, into: Collected) -> Iterator[IO[bytes]]:
    """An open file; one that cannot be read becomes a fault and an empty stream."""
    try:
        stream = open_()
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as fault:
        into.faults.append(f"{where}: it cannot be opened ({fault})")
        stream = io.BytesIO()
    try:
        yield stream
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as fault:
        into.faults.append(f"{where}: it is broken ({fault})")
    finally:
        stream.close()


def content(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        FileFault: It cannot be read, or is too large.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _unreadable(path, f"larger than {LARGEST_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as fault:
        raise _unreadable(path, str(fault.strerror)) from None


def local(tag: str) -> str:
    """A tag without its name space.

    >>> local("{http://www.EcoInvent.org/EcoSpold02}activity")
    'activity'
    """
    return tag.rpartition("}")[2]


def number(
    text: str | float | None, where: str, what: str, into: Collected, *, needed: bool = True
) -> float:
    """A finite number; what is none becomes a fault and NaN."""
    try:
        found = math.nan if text is None or text == "" else float(text)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found) and (needed or text not in (None, "")):
        into.faults.append(f"{where}: {what} is {text!r} and no number")
    return found


def year(text: str | None) -> int:
    """The year of a date, 0 where it is not told.

    >>> year("2005-01-01"), year(None)
    (2005, 0)
    """
    digits = (text or "").strip()[:4]
    return int(digits) if digits.isdigit() else 0


def normal_or_log(kind: str, variance: float) -> Spread | None:
    """A spread by its variance; None where it is zero."""
    return Spread(kind, math.sqrt(variance)) if math.isfinite(variance) and variance > 0.0 else None


def joined(exchanges: list[Exchange]) -> tuple[Exchange, ...]:
    """As a record keeps them; those of zero leave nothing behind but their place."""
    return tuple(
        e
        for e in exchanges
        if e.amount != 0.0 or (e.spread and e.spread.kind in ("uniform", "triangular"))
    )


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _unreadable(path: Path, why: str) -> FileFault:
    return FileFault(
        f"{path} cannot be read ({why})",
        expected="a database of processes",
        remedy="check the path and the rights",
    )
