"""The figures in which the model and the plant are compared: by machine, by line, and for the site.

A machine's figure is what its own meter says; a line's electricity and air are sums over its machines, its good parts
are what its last station let go; the site's are what its main meters say (the flow graph of the plant file), so that
what nobody meters is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecotwin.plant import Plant
from ecotwin.plant.model import Balance
from ecotwin.records import Floats, Window
from ecotwin.simulation.contract import Outcome
from ecotwin.simulation.observed import amounts, lines_of, meters, stations

Key = tuple[str, str]
"""(element id, quantity)."""

CARRIERS = {
    "electricity": "electricity_kwh",
    "gas": "gas_m3",
    "water": "water_in_m3",
    "compressed_air": "air_m3",
}
"""Carriers whose use by the site is compared, and the quantity of the model."""
_SUMMED = ("electricity_kwh", "air_m3")


def measured(plant: Plant, window: Window) -> dict[Key, float]:
    """Every figure that was measured in a window of minutes."""
    own = amounts(plant, window)
    found: dict[Key, float] = {k: v for k, v in own.items() if _is_own(plant, k)}
    _lines(plant, found)
    for balance in _mains(plant):
        total = 0.0
        for sign, names in ((1.0, balance.inputs), (-1.0, _handed_on(plant, balance))):
            for name in names:
                signal = plant.signal(name)
                column = window.amount[:, window.column(signal.index)]
                share = float(np.isfinite(column).mean())
                total += sign * float(np.nansum(column)) / share if share >= 0.9 else np.nan
        if np.isfinite(total):
            found[plant.site.id, CARRIERS[balance.carrier]] = total
    _site(plant, found)
    return found


def modelled(outcome: Outcome) -> dict[Key, Floats]:
    """The same figures of every run [runs], as far as the model books them."""
    plant = outcome.case.plant
    found: dict[Key, Floats] = {}
    for n, (machine, quantity) in enumerate(outcome.columns):
        base = quantity.partition(":")[0]
        found[machine, base] = found.get((machine, base), 0.0) + outcome.totals[:, n]
    _lines(plant, found)
    places = {m.id for m in plant.machines}
    suppliers = {m for (m, q) in found if q == "air_m3" and _makes_air(plant, m)}
    for carrier, quantity in CARRIERS.items():
        # The model books no main meters: what its machines take is what the site takes.
        takers = suppliers if carrier == "compressed_air" else places
        parts = [v for (m, q), v in found.items() if q == quantity and m in takers]
        rest = found.pop((plant.site.id, quantity), None)
        parts += [] if rest is None else [rest]
        if parts:
            found[plant.site.id, quantity] = np.sum(parts, axis=0)
    _site(plant, found)
    return found


def shared(one: Mapping[Key, float], other: Mapping[Key, Floats]) -> list[Key]:
    """Figures that both know, in a fixed order."""
    return sorted(one.keys() & other.keys())


def _is_own(plant: Plant, key: Key) -> bool:
    """Whether a meter measures what its own machine does, and not the sum of others."""
    return plant.element(key[0]).kind_facts.get("role") in {"machine", "source", None}


def _makes_air(plant: Plant, machine: str) -> bool:
    inputs = {n for b in plant.balances if b.carrier == "compressed_air" for n in b.inputs}
    return any(plant.has_signal(n) and plant.signal(n).element == machine for n in inputs)


def _mains(plant: Plant) -> list[Balance]:
    """Nodes of the flow graph at which the site takes a carrier in: those that no other node feeds."""
    fed = {name for b in plant.balances for name in b.outputs}
    return [
        b
        for b in plant.balances
        if b.carrier in CARRIERS
        and b.id not in fed
        and b.inputs
        and all(plant.has_signal(n) for n in b.inputs)
    ]


def _handed_on(plant: Plant, balance: Balance) -> tuple[str, ...]:
    """What leaves the site again at a node: electricity fed into the grid."""
    return tuple(
        n
        for n in balance.outputs
        if plant.has_signal(n) and plant.signal(n).means == "electricity_export"
    )


def _lines(plant: Plant, found: dict[Key, Any]) -> None:
    for line in (e.id for e in plant.elements if e.level == "line"):
        inside = {e.id for e in plant.under(line)}
        for quantity in _SUMMED:
            metered = {m for m, q in meters(plant) if q == quantity and m in inside}
            parts = [v for (m, q), v in found.items() if q == quantity and m in metered]
            if parts and not (quantity == "air_m3" and not stations(plant, line)):
                found[line, quantity] = sum(parts[1:], start=parts[0])


def _site(plant: Plant, found: dict[Key, Any]) -> None:
    """Good parts of lines, and of the lines whose parts leave the site."""
    for line in lines_of(plant):
        last = stations(plant, line)[-1].id
        if (last, "parts_good") in found:
            found[line, "parts_good"] = found[last, "parts_good"]
