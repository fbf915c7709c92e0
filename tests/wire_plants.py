"""Small plants for tests of the wire, built in code so that they need no other room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecotwin.plant.model import Connection, Element, Plant, Signal, Write


def signal(index: int, address: str, form: str = "gauge", **changes: Any) -> Signal:
    """One signal; its id is made of its address."""
    facts: dict[str, Any] = {
        "index": index,
        "id": address.replace("/", "_").replace(" ", "_"),
        "name": address,
        "element": "works",
        "means": "other",
        "form": form,
        "carrier": "",
        "unit": "kW",
        "wire_unit": "kW",
        "factor": 1.0,
        "offset": 0.0,
        "every_s": 10.0,
        "connection": "line",
        "address": address,
    }
    return Signal(**{**facts, **changes})


def plant_of(
    signals: list[Signal],
    protocol: str,
    options: Mapping[str, Any],
    *,
    writing: bool = False,
    timezone: str = "Europe/Berlin",
) -> Plant:
    """A one-element plant with one connection called `line`."""
    return Plant(
        id="works",
        name="Works",
        timezone=timezone,
        currency="EUR",
        country="DE",
        elements=(Element("works", "Works", "site", ""),),
        signals=tuple(signals),
        connections=(Connection("line", protocol, options, writing),),
    )


SETPOINT = Write(low=0.0, high=300.0, fallback=20.0, lease_max_min=60.0, watchdog=True)


def oven_signals(edge: str = "e1", start: int = 0) -> list[Signal]:
    """A device `oven` with a power, a counter, a state and a set-point in tenths of a degree."""
    return [
        signal(start, f"{edge}/oven/power"),
        signal(start + 1, f"{edge}/oven/energy", "counter", unit="kWh", wire_unit="kWh"),
        signal(start + 2, f"{edge}/oven/state", "state", states={0: "off", 4: "idle", 5: "busy"}),
        signal(
            start + 3,
            f"{edge}/oven/setpoint",
            "setpoint",
            unit="degC",
            wire_unit="0.1 degC",
            factor=0.1,
            write=SETPOINT,
        ),
    ]
