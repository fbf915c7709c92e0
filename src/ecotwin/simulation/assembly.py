"""Which units a plant is made of, and in which order they step."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from ecotwin import plugs
from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.simulation.contract import ELECTRICITY, Unit


def units_of(plant: Plant) -> list[Unit]:
    """Every unit of a plant.

    Raises:
        ScenarioFault: A machine belongs to two units, or a machine that uses energy to none; all are named.
    """
    found: list[Unit] = []
    for name, plug in plugs.load_all("simulation.units").items():
        if name != "bystate":
            found += plug.units(plant)
    owners: dict[str, str] = {}
    for unit in found:
        for machine in unit.machines:
            if machine in owners:
                raise ScenarioFault(
                    f"the model plays {machine} twice, in {owners[machine]} and in {unit.name}",
                    expected="one unit a machine",
                    remedy="give the plugs of simulation.units separate machine kinds",
                )
            owners[machine] = unit.name
    left = [m.id for m in plant.machines if m.id not in owners]
    return [*found, *plugs.load("simulation.units", "bystate").rest(plant, left)]


def in_order(units: Sequence[Unit]) -> list[Unit]:
    """Units in the order of a step: who asks a net goes before who serves it.

    Raises:
        ScenarioFault: A net that is asked is served by nobody, by two, or nets feed each other in a circle.
    """
    servers: dict[str, Unit] = {}
    for unit in units:
        for net in unit.serves:
            if net in servers:
                raise ScenarioFault(
                    f"the net {net} is served by {servers[net].name} and by {unit.name}",
                    expected="one unit that shares a net's load among its machines",
                    remedy="put the machines of one net into one unit",
                )
            servers[net] = unit
    asked = {net: unit.name for unit in units for net in unit.asks if net not in servers}
    if asked:
        told = ", ".join(f"{net} (asked by {name})" for net, name in sorted(asked.items()))
        raise ScenarioFault(
            f"nobody serves {told}",
            expected="a machine in the plant file for every net that others draw from",
            remedy="add the machine that makes it to the plant file, or a meter where it is bought",
        )
    sorter: TopologicalSorter[str] = TopologicalSorter({u.name: () for u in units})
    for unit in units:
        for net in (*unit.asks, *unit.may_ask):
            if net in servers and servers[net] is not unit:
                sorter.add(servers[net].name, unit.name)
        if ELECTRICITY in unit.serves:
            for other in units:
                if other is not unit:
                    sorter.add(unit.name, other.name)
    try:
        order = list(sorter.static_order())
    except CycleError as fault:
        raise ScenarioFault(
            f"nets feed each other in a circle: {' -> '.join(fault.args[1])}",
            expected="users before suppliers",
            remedy="let one of them work with what was given in the last step",
        ) from None
    by_name = {u.name: u for u in units}
    return [by_name[name] for name in order]


def unserved(units: Sequence[Unit]) -> tuple[str, ...]:
    """Nets that units may ask and that nobody serves: what is drawn from them costs nothing in the model."""
    served = {net for unit in units for net in unit.serves}
    return tuple(dict.fromkeys(n for u in units for n in u.may_ask if n not in served))
