"""Set-points at the devices: limits, leases and the watchdog that falls back by itself."""

from __future__ import annotations

from dataclasses import dataclass

from ecotwin.plant import Plant, Signal
from ecotwin_standin.machine import Machine

_UNWRITTEN = {"sleep_sp": 245.0, "pressure_sp": 7.5, "supply_sp": 68.0, "room_sp": 22.0}
"""Values of set-points that nobody may write in the plant file."""


@dataclass(slots=True)
class Lease:
    """A written set-point that the device gives back by itself at `until_us`."""

    until_us: int
    fallback: float


class Setpoints:
    """All set-points of a plant, each in force at its machine.

    Args:
        plant: Gives limits, fallbacks and which devices have a watchdog. machines: By id.
    """

    def __init__(self, plant: Plant, machines: dict[str, Machine]) -> None:
        self._plant = plant
        self._machines = machines
        self._leases: dict[str, Lease] = {}
        for signal in plant.signals:
            if signal.form == "setpoint" and signal.element in machines:
                usual = _UNWRITTEN.get(metric(signal.id), signal.low or 0.0)
                self._set(signal, signal.write.fallback if signal.write else usual)

    def _set(self, signal: Signal, value: float) -> None:
        machine, name = self._machines[signal.element], metric(signal.id)
        machine.setpoint[name] = machine.v[name] = value

    def write(self, signal_id: str, value: float, lease_s: float, at_us: int) -> bool:
        """A value arrives [canonical unit], with its lease [s] where there is a watchdog.

        A device with a watchdog never holds longer than its longest lease, even when none was told;
        one without holds the value until the next is written.

        Returns:
            Whether the device took it; it refuses what lies outside its limits.
        """
        signal = self._plant.signal(signal_id)
        write = signal.write
        if write is None or not write.low <= value <= write.high:
            return False
        self._set(signal, value)
        self._leases.pop(signal_id, None)
        if write.watchdog and value != write.fallback:
            longest_s = write.lease_max_min * 60.0
            span_s = min(lease_s, longest_s) if lease_s > 0.0 else longest_s
            self._leases[signal_id] = Lease(at_us + int(span_s * 1e6), write.fallback)
        return True

    def end_leases(self, now_us: int) -> None:
        """Fall back where nobody renewed."""
        if self._leases:
            for key in [k for k, lease in self._leases.items() if lease.until_us <= now_us]:
                self._set(self._plant.signal(key), self._leases.pop(key).fallback)

    def lease_s(self, signal_id: str, at_us: int) -> float:
        """What is left of a lease [s]; 0 when there is none."""
        lease = self._leases.get(signal_id)
        return max(0.0, (lease.until_us - at_us) / 1e6) if lease else 0.0


def metric(signal_id: str) -> str:
    """The signal's own name in its machine.

    >>> metric("oven_1.sleep_sp")
    'sleep_sp'
    """
    return signal_id.rpartition(".")[2]
