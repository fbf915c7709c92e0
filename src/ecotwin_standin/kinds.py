"""Which class plays which machine kind of the plant file."""

from __future__ import annotations

from ecotwin_standin import (
    air,
    cip,
    cooling,
    engines,
    filling,
    flight,
    hall,
    oven,
    reaction,
    separation,
    station,
    steamworks,
    utilities,
    vessel,
)
from ecotwin_standin.machine import Machine

_MODULES = (
    station,
    oven,
    air,
    cooling,
    hall,
    utilities,
    engines,
    flight,
    reaction,
    separation,
    steamworks,
    filling,
    vessel,
    cip,
)

KINDS: dict[str, type[Machine]] = {
    kind: found
    for module in _MODULES
    for found in vars(module).values()
    if isinstance(found, type)
    and issubclass(found, Machine)
    and found.__module__ == module.__name__
    for kind in found.kinds
}
"""Machine kind -> class."""

WASTE = {
    "15 01 01": "cardboard",
    "15 01 02": "plastic",
    "16 02 14": "boards",
    "16 02 16": "boards",
    "10 08 11": "dross",
    "11 05 01": "dross",
    "08 01 11": "lacquer",
    "14 06 03": "solvent",
    "15 02 02": "wipes",
    "20 01 01": "paper",
    "20 03 01": "mixed",
    "07 01 08": "residue",
    "07 01 12": "sludge",
    "07 06 12": "sludge",
    "07 06 99": "product",
    "15 01 05": "liner",
}
"""Waste code (European list of waste) -> stream that the stand-in's physics make."""
