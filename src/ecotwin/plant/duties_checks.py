"""What targets, permits, people, materials and changes of terms must be to the rest of the plant file."""

from __future__ import annotations

from typing import Any

from ecotwin.plant.assembly import Assembly
from ecotwin.plant.lines import Path


def duties_check(assembly: Assembly) -> None:
    """Judge the duties; faults go where the assembly's go."""
    _targets(assembly)
    _permits(assembly)
    for number, group in enumerate(assembly.part.people):
        at: Path = ("people", number)
        _element(assembly, group.element, (*at, "element"))
        _signals(assembly, group, ("wet_bulb", "globe", "air", "noise"), at)
    _materials(assembly)
    _changes(assembly)
    basin = assembly.part.basin
    if basin is not None and len(basin.aware) not in (1, 12):
        assembly.faults.add(
            ("basin", "aware"),
            f"{len(basin.aware)} scarcity factors",
            "give one for the year or twelve by month",
        )


def _targets(assembly: Assembly) -> None:
    part = assembly.part
    for number, target in enumerate(part.targets):
        at: Path = ("targets", number)
        _element(assembly, target.element or part.id, (*at, "element"))
        if target.target_year <= target.base_year:
            assembly.faults.add(
                (*at, "target_year"),
                f"the target year {target.target_year} is not after the base year {target.base_year}",
                "correct one of them",
            )
        if target.path != "sbti_1_5c" and target.reduction is None:
            assembly.faults.add(
                at,
                f"the target {target.id!r} does not say by how much",
                "give `reduction`, a share such as 0.42, or the path sbti_1_5c",
            )


def _permits(assembly: Assembly) -> None:
    for number, permit in enumerate(assembly.part.permits):
        at: Path = ("permits", number)
        _element(assembly, permit.element, (*at, "element"))
        _signals(assembly, permit, ("signal", "o2_signal"), at)
        if bool(permit.signal) == bool(permit.indicator):
            assembly.faults.add(
                at,
                f"the permit {permit.id!r} names {'both' if permit.signal else 'neither'} of signal and indicator",
                "name the signal that is averaged, or the indicator whose sum is limited",
            )
        if (permit.o2_reference is None) != (not permit.o2_signal):
            assembly.faults.add(
                at,
                f"the permit {permit.id!r} gives one of o2_reference and o2_signal",
                "give both, or neither",
            )


def _materials(assembly: Assembly) -> None:
    part = assembly.part
    known = {m.id for m in part.materials}
    for number, material in enumerate(part.materials):
        if material.end and abs(sum(material.end.values()) - 1.0) > 1e-6:
            assembly.faults.add(
                ("materials", number, "end"),
                f"the shares sum to {sum(material.end.values()):g}",
                "let them sum to 1",
            )
        if material.recycled_share + material.reused_share > 1.0 + 1e-9:
            assembly.faults.add(
                ("materials", number),
                f"{material.id} is recycled and reused for more than the whole",
                "correct the shares",
            )
    for number, product in enumerate(part.products):
        for name in product.materials:
            if name not in known:
                at: Path = ("products", number, "materials", name)
                assembly.faults.unknown(at, "material", name, known)


def _changes(assembly: Assembly) -> None:
    days = [c.since for c in assembly.part.changes]
    for number, day in enumerate(days[1:], start=1):
        if day <= days[number - 1]:
            assembly.faults.add(
                ("changes", number, "since"),
                f"the change of {day} does not come after the one of {days[number - 1]}",
                "put changes in the order of their days, one a day",
            )


def _element(assembly: Assembly, name: str, path: Path) -> None:
    if name not in assembly.elements:
        assembly.faults.unknown(path, "element", name, assembly.elements)


def _signals(assembly: Assembly, part: Any, keys: tuple[str, ...], path: Path) -> None:
    for key in keys:
        name = getattr(part, key)
        if name and name not in assembly.signals:
            assembly.faults.unknown((*path, key), "signal", name, assembly.signals)
