"""Plant file -> Plant, checked as a whole: every fault at once, with its line and its mend."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import date, time
from pathlib import Path

from ecotwin.errors import PlantFault
from ecotwin.plant.assembly import Assembly
from ecotwin.plant.checks import cross_check
from ecotwin.plant.duties_file import duties
from ecotwin.plant.faults import Faults, typed
from ecotwin.plant.foreign_file import placed
from ecotwin.plant.lines import Document, NotYaml, read
from ecotwin.plant.model import (
    Balance,
    Break,
    Change,
    Connection,
    Contract,
    GridFactors,
    Plant,
    Product,
    Shift,
    Tariff,
)
from ecotwin.plant.schema import ChangePart, GridPart, PlantPart, TariffPart

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def load(path: str | Path, *, protocols: Collection[str] = ()) -> Plant:
    """The plant of a file.

    Args:
        path: The plant file.
        protocols: Connector plugs that are installed; when given, another protocol is a fault.

    Raises:
        PlantFault: The file cannot be read or is not sound; `faults` holds every fault.
    """
    plant, faults = _read(Path(path), protocols)
    if faults or plant is None:
        raise PlantFault(str(path), faults)
    return plant


def check(path: str | Path, *, protocols: Collection[str] = ()) -> tuple[str, ...]:
    """Every fault of a plant file as `file:line: found; mend`; empty when it is sound."""
    return _read(Path(path), protocols)[1]


def _read(path: Path, protocols: Collection[str]) -> tuple[Plant | None, tuple[str, ...]]:
    try:
        raw = path.read_bytes()
    except OSError as fault:
        return None, (
            f"{path}: the file cannot be read ({fault.strerror}); check the path and its rights",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        return None, (f"{path}:{line}: the file is not UTF-8 text; save it as UTF-8",)
    return parse(text, str(path), hashlib.sha256(raw).hexdigest(), protocols)


def parse(
    text: str, name: str, digest: str = "", protocols: Collection[str] = ()
) -> tuple[Plant | None, tuple[str, ...]]:
    """The plant of a text (None when it cannot be built), and every fault."""
    try:
        document = read(text)
    except NotYaml as fault:
        mend = "correct the indentation, quotes or brackets there"
        return None, (f"{name}:{fault.line}: this is not YAML that we read: {fault.found}; {mend}",)
    faults = Faults(name, document)
    for line, key in document.doubles:
        faults.at(line, f"the key {key!r} stands twice in one mapping", "keep one of them")
    part = _typed(document, faults)
    if part is None:
        return None, faults.texts
    assembly = Assembly(part, faults)
    assembly.build()
    cross_check(assembly, protocols)
    if faults.texts:
        return None, faults.texts
    return _plant(assembly, digest, Path(name).absolute()), ()


def _typed(document: Document, faults: Faults) -> PlantPart | None:
    if not isinstance(document.data, dict):
        faults.at(1, "the file holds no plant", "begin with `id:`, `name:` and `timezone:`")
        return None
    return typed(faults)


def _plant(assembly: Assembly, digest: str, file: Path) -> Plant:
    part, folder = assembly.part, file.parent
    return Plant(
        id=part.id,
        name=part.name,
        timezone=part.timezone,
        currency=part.currency,
        country=part.country,
        elements=tuple(placed(e, folder) for e in assembly.elements.values()),
        signals=tuple(assembly.signals.values()),
        connections=tuple(
            Connection(name, c.protocol, c.options, c.writing)
            for name, c in part.connections.items()
        ),
        balances=tuple(
            Balance(b.id, b.name, b.carrier, b.element, tuple(b.inputs), tuple(b.outputs), b.rest)
            for b in part.balances
        ),
        shifts=_shifts(part),
        holidays=tuple(sorted(date.fromisoformat(day) for day in part.calendar.holidays)),
        tariffs=_tariffs(part.tariffs),
        grid=_grid(part.grid),
        products=tuple(Product(**(p.model_dump() | {"ids": tuple(p.ids)})) for p in part.products),
        factors={name: factor.model_dump() for name, factor in part.factors.items()},
        outdoor=part.outdoor,
        gwp_set=part.gwp_set,
        digest=digest,
        changes=tuple(_change(c) for c in part.changes),
        books=str((folder / part.books).resolve()) if part.books else "",
        scenarios=str(folder / file.stem / "scenarios"),
        **duties(part, part.id),
    )


def _change(part: ChangePart) -> Change:
    return Change(
        date.fromisoformat(part.since),
        part.reason,
        part.currency,
        part.gwp_set,
        None if part.tariffs is None else _tariffs(part.tariffs),
        _grid(part.grid),
        {name: factor.model_dump() for name, factor in part.factors.items()},
    )


def _tariffs(parts: Iterable[TariffPart]) -> tuple[Tariff, ...]:
    return tuple(
        Tariff(
            carrier=t.carrier,
            unit=t.unit,
            price=t.price,
            bands=tuple((b.from_hour, b.to_hour, b.price) for b in t.bands),
            contract_kw=t.contract_kw,
            source=t.source,
            demand_price=t.demand_price,
        )
        for t in parts
    )


def _shifts(part: PlantPart) -> tuple[Shift, ...]:
    def pause(text: str) -> Break:
        start, end = text.split("-")
        return Break(time.fromisoformat(start), time.fromisoformat(end))

    return tuple(
        Shift(
            shift.name,
            tuple(WEEKDAYS.index(day) for day in shift.days),
            time.fromisoformat(shift.start),
            time.fromisoformat(shift.end),
            tuple(pause(text) for text in shift.breaks),
        )
        for shift in part.calendar.shifts
    )


def _grid(part: GridPart | None) -> GridFactors | None:
    if part is None:
        return None
    contracts = tuple(
        Contract(c.name, c.factor, c.share, c.source, c.year, c.criteria, tuple(c.hourly_kwh))
        for c in part.contracts
    )
    return GridFactors(
        region=part.region,
        location=part.location,
        hourly=tuple(part.hourly),
        residual=part.residual,
        year=part.year,
        source=part.source,
        version=part.version,
        gwp_set=part.gwp_set,
        uncertainty=part.uncertainty,
        contracts=contracts,
    )
