"""Footprints that suppliers sent as PACT records: files `MATERIAL.pact.json` among the books become supplier rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecotwin.accounting.footprints import Footprint, read_footprint
from ecotwin.errors import EcotwinError, FileFault
from ecotwin.plant import Plant
from ecotwin.records import Booking

ENDING = ".pact.json"


def received(plant: Plant, folder: Path) -> tuple[list[Booking], list[str]]:
    """Rows of the supplier register from the PACT records of a folder, and what is doubtful in them.

    A record that breaks its own formula is kept, and the sentence that says so stands in the row's source.

    Args:
        plant: The plant. folder: Of the books; a file holds one record, a list, or `{"data": [...]}` as a host
            answers; its name is the material as purchases call it.

    Raises:
        FileFault: A file is no JSON, or a record lacks what it must hold; every fault is named.
    """
    rows: list[Booking] = []
    words: list[str] = []
    faults: list[str] = []
    for path in sorted(folder.glob(f"*{ENDING}")):
        material = path.name.removesuffix(ENDING)
        try:
            for record in _records(path):
                made = read_footprint(record)
                if made.active:
                    rows.append(_row(plant, material, made))
                    words += [f"{path.name}: {text}" for text in made.warnings]
        except EcotwinError as fault:
            faults.append(f"{path.name}: {fault}")
    if faults:
        raise FileFault(
            "footprints that suppliers sent cannot be read:\n"
            + "\n".join(f"  {f}" for f in faults),
            expected="PACT 3 product footprints as JSON",
            remedy="ask the supplier for the record again, or take the file out of the folder",
        )
    return rows, words


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise FileFault(
            f"no JSON that can be read ({fault})",
            expected="a product footprint",
            remedy="save the supplier's answer as it came",
        ) from None
    found = told.get("data", [told]) if isinstance(told, dict) else told
    if not isinstance(found, list) or not all(isinstance(r, dict) for r in found):
        raise FileFault(
            "neither a record nor a list of records",
            expected='one product footprint, or {"data": [...]}',
            remedy="save the supplier's answer as it came",
        )
    yield from found


def _row(plant: Plant, material: str, made: Footprint) -> Booking:
    use = made.use()
    facts: dict[str, str | float | bool] = {
        "supplier": made.company,
        "material": material,
        "footprint": made.co2e_kg,
        "unit": made.unit,
        "version": use.version,
        "place": made.place or "world",
        "gwp_set": use.gwp_set,
    }
    if made.primary_share is not None:
        facts["primary_share"] = made.primary_share
    if made.quality is not None:
        facts["quality"] = made.quality
    doubt = f"; doubtful: {'; '.join(made.warnings)}" if made.warnings else ""
    source = f"PACT record {made.id} of {made.company}{doubt}"
    return Booking("supplier", f"pact-{made.id}", made.valid, plant.site.id, facts, source)
