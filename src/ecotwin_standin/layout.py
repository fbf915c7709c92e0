"""What hangs on what: the plant file's flow graph laid over the machines of the stand-in."""

from __future__ import annotations

from ecotwin.errors import PlantFault
from ecotwin.plant import Plant
from ecotwin_standin.air import AirMeter
from ecotwin_standin.chance import Chance
from ecotwin_standin.cooling import ColdMeter
from ecotwin_standin.kinds import KINDS, WASTE
from ecotwin_standin.machine import Machine
from ecotwin_standin.utilities import Feeder, WasteScale


def machines_of(plant: Plant, chance: Chance) -> dict[str, Machine]:
    """Every machine of the plant file as physics.

    Raises:
        PlantFault: Kinds that the stand-in does not know; all are named.
    """
    unknown = sorted({e.kind for e in plant.machines if e.kind not in KINDS})
    if unknown:
        raise PlantFault(
            plant.id, tuple(f"the stand-in has no physics for kind {k!r}" for k in unknown)
        )
    return {e.id: KINDS[e.kind](e.id, e.kind, e.parent, chance) for e in plant.machines}


def connect(plant: Plant, machines: dict[str, Machine]) -> list[Machine]:
    """Tell the meters of branches what they feed.

    Returns:
        The meters that come last in a step, those that feed others after those that are fed.
    """
    for balance in plant.balances:
        fed = _fed(plant, balance.outputs, machines)
        for entry in balance.inputs:
            meter = machines.get(_machine(entry))
            if isinstance(meter, Feeder):
                meter.fed = tuple(
                    machines[f] for f in fed if f != meter.id and machines[f].kind != "pv"
                )
            elif isinstance(meter, AirMeter | ColdMeter):
                meter.users = tuple(f for f in fed if f != meter.id)
    for balance in plant.balances:
        for entry in balance.outputs:
            meter = machines.get(_machine(entry))
            if isinstance(meter, ColdMeter) and not meter.users:
                meter.process = True
    return sorted((m for m in machines.values() if m.phase == 9), key=_depth)


def _machine(signal_id: str) -> str:
    return signal_id.rpartition(".")[0]


def _fed(plant: Plant, outputs: tuple[str, ...], machines: dict[str, Machine]) -> list[str]:
    fed: list[str] = []
    for entry in outputs:
        balance = plant.balance(entry)
        fed += [_machine(i) for i in (balance.inputs if balance else (entry,))]
    return [f for f in dict.fromkeys(fed) if f in machines]


def _depth(machine: Machine) -> int:
    if not isinstance(machine, Feeder):
        return 0
    return 1 + max((_depth(m) for m in machine.fed if isinstance(m, Feeder)), default=0)


def waste_streams(plant: Plant, machines: dict[str, Machine]) -> frozenset[str]:
    """Give every scale its stream by waste code, shared when several scales take one.

    Raises:
        PlantFault: Waste codes that the stand-in never makes; all are named.
    """
    scales: dict[str, list[WasteScale]] = {}
    wrong = []
    for signal in plant.signals:
        machine = machines.get(signal.element)
        if isinstance(machine, WasteScale) and signal.means == "waste_mass":
            stream = WASTE.get(signal.waste_code.rstrip("*").strip())
            if stream is None:
                wrong.append(
                    f"{signal.id}: the stand-in makes no waste of code {signal.waste_code!r}, "
                    f"only {', '.join(WASTE)}"
                )
            else:
                machine.stream = stream
                scales.setdefault(stream, []).append(machine)
    if wrong:
        raise PlantFault(plant.id, tuple(wrong))
    for found in scales.values():
        for scale in found:
            scale.share = 1.0 / len(found)
    return frozenset(scales)
