"""Commands of a Sparkplug host: a set-point with its lease, and the request for a rebirth.

Sources:
    Eclipse Sparkplug 3.0.0, chapter 6.4.21 (DCMD) and 5.4 (Node Control/Rebirth).
"""

from __future__ import annotations

import math

from ecotwin.connectors.sparkplug_aliases import LEASE
from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, encode
from ecotwin.connectors.sparkplug_state import HostState
from ecotwin.errors import PayloadFault, WriteRefused
from ecotwin.plant.model import Plant, Signal

_WHOLE = frozenset(range(DataType.INT8, DataType.UINT64 + 1)) | {DataType.DATETIME}
_REAL = (DataType.FLOAT, DataType.DOUBLE)


def rebirth_command(group: str, edge: str, now_ms: int) -> tuple[str, bytes]:
    """Topic and payload that ask an edge node to announce everything anew."""
    metric = Metric("Node Control/Rebirth", True, DataType.BOOLEAN, timestamp=now_ms)
    return f"spBv1.0/{group}/NCMD/{edge}", encode(Payload((metric,), now_ms))


def device_command(
    plant: Plant,
    state: HostState,
    group: str,
    signal_id: str,
    value: float,
    lease_s: float,
    now_ms: int,
) -> tuple[str, bytes]:
    """Topic and payload that set a set-point.

    Args:
        plant: The plant.
        state: What is known of the edge nodes.
        group: Sparkplug group.
        signal_id: The set-point.
        value: What it shall be [canonical unit].
        lease_s: How long it shall hold [s]; above 0 it is sent along as `<metric>/lease_s`.
        now_ms: Time of the command [ms since 1970 UTC].

    Raises:
        WriteRefused: The signal is not writable here, its device is not alive, or the value does
            not fit the metric.
    """
    signal = plant.signal(signal_id) if plant.has_signal(signal_id) else None
    if signal is None or signal.address not in state.planned or signal.write is None:
        raise WriteRefused(
            f"{signal_id} cannot be written",
            expected="a signal of this connection with a `write` part in the plant file",
            remedy="give the set-point its bounds, interlocks and lease under `write`",
        )
    alive = state.alive(signal.index)
    if alive is None:
        raise WriteRefused(
            f"the device of {signal_id} ({signal.address}) is not alive",
            expected="a device that has announced itself and not died since",
            remedy="see why it is offline; nothing is sent to a device that may not hear",
        )
    edge, slot = alive
    wire = _wire_value(signal, value, slot.datatype)
    metrics = [_metric(slot.name, slot.alias, slot.datatype, wire, now_ms)]
    if lease_s > 0:
        name = slot.name + LEASE
        lease = state.edges[edge].table.named(slot.device, name)
        metrics.append(
            _metric(name, lease.alias if lease else None, DataType.DOUBLE, float(lease_s), now_ms)
        )
    kind, tail = ("DCMD", f"{edge}/{slot.device}") if slot.device else ("NCMD", edge)
    try:
        return f"spBv1.0/{group}/{kind}/{tail}", encode(Payload(tuple(metrics), now_ms))
    except PayloadFault as fault:
        raise WriteRefused(f"{signal_id} cannot take {value}: {fault.found}") from fault


def _metric(
    name: str, alias: int | None, datatype: int, value: float | int | bool, now_ms: int
) -> Metric:
    """One metric of a command: by alias where the birth gave one, else by name, never both."""
    return Metric("" if alias is not None else name, value, datatype, alias, now_ms)


def _wire_value(signal: Signal, value: float, datatype: int) -> float | int | bool:
    """The value in the wire's unit and type; nothing is rounded away in silence."""
    wire = (value - signal.offset) / signal.factor
    if not math.isfinite(wire):
        raise WriteRefused(f"{signal.id} cannot be set to {value}", expected="a finite number")
    if datatype in _REAL:
        return wire
    if datatype not in _WHOLE and datatype != DataType.BOOLEAN:
        raise WriteRefused(
            f"{signal.id} announces datatype {datatype}, which takes no number",
            expected="a numeric or boolean metric",
            remedy="check the address of the set-point in the plant file",
        )
    whole = round(wire)
    if abs(whole - wire) > 1e-6 or (datatype == DataType.BOOLEAN and whole not in (0, 1)):
        raise WriteRefused(
            f"{signal.id} takes {'0 or 1' if datatype == DataType.BOOLEAN else 'whole numbers'} "
            f"on the wire, not {wire:g}",
            expected="a value that the device can hold exactly",
            remedy="order such a value",
        )
    return bool(whole) if datatype == DataType.BOOLEAN else whole
