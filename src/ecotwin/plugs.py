"""Finds plugs: one file each in a room, and entry points of other packages.

A plug is a module in a room's plug package that defines `plug`: a class or an object. Its name is the
file's name. Other packages add plugs with an entry point in the group `ecotwin.<room>`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from ecotwin.errors import PlugFault

ROOMS = (
    "connectors", "cleaning", "accounting.kpis", "accounting.booked", "detection", "forecasting",
    "simulation.units", "simulation.calibration", "advice", "reports",
    "detection.scoring",
)  # fmt: skip
"""The rooms that take plugs."""


@cache
def names(room: str) -> Mapping[str, str]:
    """Plug name -> module path of a room, without importing the plugs.

    Raises:
        PlugFault: The room takes no plugs, or two plugs bear one name.
    """
    if room not in ROOMS:
        raise PlugFault(
            f"{room!r} takes no plugs",
            expected=f"one of {', '.join(ROOMS)}",
            remedy="check the name",
        )
    package = import_module(f"ecotwin.{room}")
    marked: frozenset[str] = getattr(package, "NOT_PLUGS", frozenset())
    found = {
        info.name: f"{package.__name__}.{info.name}"
        for info in pkgutil.iter_modules(package.__path__)
        if info.name not in marked and info.name != "contract"
    }
    for entry in entry_points(group=f"ecotwin.{room}"):
        if entry.name in found:
            raise PlugFault(
                f"two plugs of {room} are called {entry.name!r}: {found[entry.name]} and {entry.value}",
                expected="one name a plug",
                remedy=f"rename the entry point of {entry.value}",
            )
        found[entry.name] = entry.value
    return dict(sorted(found.items()))


def load(room: str, name: str) -> Any:
    """The `plug` object of a room's plug file.

    Raises:
        PlugFault: There is no such plug, or its file defines no `plug`.
    """
    known = names(room)
    if name not in known:
        raise PlugFault(
            f"there is no plug {name!r} in {room}",
            expected=f"one of {', '.join(known) or 'none yet'}",
            remedy="run `ecotwin plugs` to see what is installed",
        )
    module = import_module(known[name].split(":")[0])
    plug = getattr(module, "plug", None)
    if plug is None:
        raise PlugFault(
            f"{known[name]} defines no `plug`",
            expected="a module-level name `plug`",
            remedy="assign the plug's class or object to `plug` at the end of the file",
        )
    return plug


def load_all(room: str) -> dict[str, Any]:
    """Every plug of a room by name."""
    return {name: load(room, name) for name in names(room)}
