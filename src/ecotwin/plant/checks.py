"""What the parts of a plant file must be to each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ecotwin.errors import UnitFault
from ecotwin.plant.assembly import Assembly
from ecotwin.plant.catalogue import meanings
from ecotwin.plant.duties_checks import duties_check
from ecotwin.plant.faults import nearest
from ecotwin.plant.graph import graph_check
from ecotwin.plant.lines import Path
from ecotwin.plant.schema import ShiftPart, TariffPart
from ecotwin.plant.signals import known_unit
from ecotwin.units import conversion

WEEK_MIN = 7 * 24 * 60
SECRET = ("password", "passwd", "secret", "token", "api_key", "apikey", "private_key")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def cross_check(assembly: Assembly, protocols: Collection[str] = ()) -> None:
    """Judge what several parts must be to each other; faults go where the assembly's go."""
    _place_and_time(assembly)
    _connections(assembly, protocols)
    _addresses(assembly)
    graph_check(assembly)
    _shifts(assembly)
    _tariffs(assembly)
    _grid(assembly)
    _factors(assembly)
    _products(assembly)
    duties_check(assembly)


def _place_and_time(assembly: Assembly) -> None:
    part, faults = assembly.part, assembly.faults
    try:
        ZoneInfo(part.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.add(
            ("timezone",),
            f"{part.timezone!r} is no time zone",
            "give a name such as Europe/Berlin or UTC",
        )
    if part.outdoor and part.outdoor not in assembly.signals:
        faults.unknown(("outdoor",), "signal", part.outdoor, assembly.signals)
    elif part.outdoor and assembly.signals[part.outdoor].means != "temperature":
        found = assembly.signals[part.outdoor].means
        faults.add(
            ("outdoor",), f"{part.outdoor} is a {found}, not a temperature", "name a temperature"
        )


def _connections(assembly: Assembly, protocols: Collection[str]) -> None:
    def secrets(value: object, path: Path) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if str(key).lower() in SECRET and inner not in (None, "", False):
                    assembly.faults.add(
                        (*path, key),
                        f"a secret ({key!r}) stands in the plant file",
                        "take it out, change it, and give it as a setting of the software",
                    )
                secrets(inner, (*path, key))

    for name, connection in assembly.part.connections.items():
        secrets(connection.options, ("connections", name, "options"))
        if protocols and connection.protocol not in protocols:
            at = ("connections", name, "protocol")
            assembly.faults.unknown(at, "connector", connection.protocol, protocols)


def _addresses(assembly: Assembly) -> None:
    first: dict[tuple[str, str], str] = {}
    for signal in assembly.signals.values():
        key = (signal.connection, signal.address)
        other = first.setdefault(key, signal.id)
        if other != signal.id:
            faults = assembly.faults
            line = faults.document.line(assembly.paths[other])
            faults.add(
                assembly.paths[signal.id],
                f"{signal.id} and {other} (line {line}) have one address, {signal.address!r} on "
                f"{signal.connection!r}",
                "give each its own `address` or `device`",
            )


def _shifts(assembly: Assembly) -> None:
    faults = assembly.faults
    shifts = assembly.part.calendar.shifts
    taken: list[tuple[int, int, str, int]] = []
    for number, shift in enumerate(shifts):
        path: Path = ("calendar", "shifts", number)
        if shift.start == shift.end:
            faults.add(
                (*path, "end"),
                f"shift {shift.name!r} ends when it starts",
                "split it in two shifts",
            )
            continue
        _breaks(assembly, shift, path)
        for start, end in _weekly(shift):
            clash = next((t for t in taken if _overlap((start, end), t[:2])), None)
            if clash is not None:
                day = WEEKDAYS[start // 1440]
                line = faults.document.line(("calendar", "shifts", clash[3]))
                with_whom = f"shift {clash[2]!r} (line {line})" if clash[3] != number else "itself"
                faults.add(
                    path,
                    f"shift {shift.name!r} overlaps {with_whom} on {day}",
                    "change its days or times",
                )
                break
            taken.append((start, end, shift.name, number))
    if not shifts:
        for id_, (_, path) in assembly.writes.items():
            rule = assembly.signals[id_].write
            if rule and any(lock.kind == "calendar" for lock in rule.interlocks):
                faults.add(
                    path,
                    f"an interlock of {id_} asks the calendar, which has no shifts",
                    "add `calendar.shifts`, or take the interlock out",
                )


def _breaks(assembly: Assembly, shift: ShiftPart, path: Path) -> None:
    start, end = _span(shift.start, shift.end)
    before = start
    for number, text in enumerate(shift.breaks):
        at = (*path, "breaks", number)
        first, last = _span(*text.split("-"))
        if first < start:
            first, last = first + 1440, last + 1440
        if first == last or first < start or last > end:
            assembly.faults.add(
                at,
                f"the break {text} lies outside of shift {shift.name!r} "
                f"({shift.start}-{shift.end})",
                "move the break into the shift",
            )
        elif first < before:
            assembly.faults.add(
                at, f"the break {text} overlaps the break before it", "order the breaks by time"
            )
        else:
            before = last


def _span(start: str, end: str) -> tuple[int, int]:
    first, last = (_minutes(time.fromisoformat(t)) for t in (start, end))
    return first, last if last >= first else last + 1440


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _weekly(shift: ShiftPart) -> list[tuple[int, int]]:
    start, end = _span(shift.start, shift.end)
    return [(d * 1440 + start, d * 1440 + end) for d in (WEEKDAYS.index(day) for day in shift.days)]


def _overlap(a: tuple[int, int], b: tuple[int, ...]) -> bool:
    return any(a[0] < b[1] + k and b[0] + k < a[1] for k in (-WEEK_MIN, 0, WEEK_MIN))


def amount_units() -> dict[str, str]:
    """Carrier -> canonical unit of its amount.

    >>> amount_units()["gas"]
    'm3'
    """
    return {
        m.carrier: m.unit
        for m in meanings().values()
        if m.carrier and m.form in ("counter", "interval")
    }


def _carrier(assembly: Assembly, carrier: str, path: Path, extra: Iterable[str] = ()) -> bool:
    known = {*amount_units(), *extra}
    if carrier not in known:
        assembly.faults.unknown(path, "carrier", carrier, known)
    return carrier in known


def _tariffs(assembly: Assembly) -> None:
    seen: set[str] = set()
    for number, tariff in enumerate(assembly.part.tariffs):
        path: Path = ("tariffs", number)
        if tariff.carrier in seen:
            assembly.faults.add(
                (*path, "carrier"),
                f"there are two tariffs for {tariff.carrier}",
                "join them in one",
            )
        seen.add(tariff.carrier)
        if _carrier(assembly, tariff.carrier, (*path, "carrier")):
            unit = amount_units()[tariff.carrier]
            try:
                conversion(tariff.unit, unit)
            except UnitFault:
                assembly.faults.add(
                    (*path, "unit"),
                    f"{tariff.carrier} is not priced by {tariff.unit!r}",
                    f"give the price by {unit}, or a unit that can be turned into it",
                )
        _bands(assembly, tariff, path)


def _bands(assembly: Assembly, tariff: TariffPart, path: Path) -> None:
    taken: list[tuple[float, float]] = []
    for number, band in enumerate(tariff.bands):
        at = (*path, "bands", number)
        if band.from_hour >= band.to_hour:
            assembly.faults.add(
                at,
                f"the band {band.from_hour:g}-{band.to_hour:g} ends before it starts",
                "split a band over midnight in two",
            )
            continue
        clash = next((t for t in taken if band.from_hour < t[1] and t[0] < band.to_hour), None)
        if clash:
            assembly.faults.add(
                at,
                f"the bands {clash[0]:g}-{clash[1]:g} and "
                f"{band.from_hour:g}-{band.to_hour:g} overlap",
                "let each hour have one price",
            )
        taken.append((band.from_hour, band.to_hour))


def _grid(assembly: Assembly) -> None:
    grid, faults = assembly.part.grid, assembly.faults
    if grid is None:
        return
    given = grid.location is not None or grid.residual is not None or bool(grid.hourly)
    if given:
        for key in ("source", "version", "year"):
            if not getattr(grid, key):
                faults.add(
                    ("grid",),
                    f"the grid factors lack `{key}`",
                    "a factor is only used with its source",
                )
    if grid.hourly and len(grid.hourly) != 24:
        faults.add(
            ("grid", "hourly"),
            f"there are {len(grid.hourly)} hourly factors",
            "give 24, hour 0 first",
        )
    elif grid.hourly and grid.location is not None:
        mean = sum(grid.hourly) / 24
        if abs(mean - grid.location) > 0.01 * max(mean, grid.location):
            faults.add(
                ("grid", "hourly"),
                f"the hourly factors' mean is {mean:.4g}, but `location` is {grid.location:.4g}",
                "correct one of them",
            )
    total = sum(c.share for c in grid.contracts)
    if total > 1 + 1e-9:
        faults.add(
            ("grid", "contracts"), f"the contracts cover {total:.0%} of the need", "at most 100 %"
        )
    for number, contract in enumerate(grid.contracts):
        if contract.hourly_kwh and len(contract.hourly_kwh) != 24:
            faults.add(
                ("grid", "contracts", number, "hourly_kwh"),
                f"there are {len(contract.hourly_kwh)} hourly amounts",
                "give 24, hour 0 first",
            )


def _factors(assembly: Assembly) -> None:
    for carrier, factor in assembly.part.factors.items():
        _carrier(assembly, carrier.removesuffix("_heating_value"), ("factors", carrier))
        above, slash, below = factor.unit.partition("/")
        if not slash or not known_unit(above) or not known_unit(below):
            assembly.faults.add(
                ("factors", carrier, "unit"),
                f"{factor.unit!r} is no unit of a factor",
                "such as kgCO2e/m3",
            )


def _products(assembly: Assembly) -> None:
    faults = assembly.faults
    codes: dict[int, int] = {}
    for number, product in enumerate(assembly.part.products):
        path: Path = ("products", number)
        first = codes.setdefault(product.code, number)
        if first != number:
            line = faults.document.line(("products", first))
            faults.add(
                (*path, "code"),
                f"the product code {product.code} stands already in line {line}",
                "give it another code",
            )
        for id_ in product.planned_run_s:
            element = assembly.elements.get(id_)
            at = (*path, "planned_run_s", id_)
            if element is None:
                if not faults.excused(id_):
                    faults.add(
                        at, f"there is no machine or line {id_!r}", nearest(id_, assembly.elements)
                    )
            elif element.level not in ("line", "machine"):
                faults.add(at, f"{id_!r} is a {element.level}", "name a line or a machine")
