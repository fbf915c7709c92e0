"""What really was: faults, the signals they touch, and their cost, as JSON lines for scoring.

The cost is the difference to the very same plant without that one fault (`World.copy_without`), in
site totals.
Lines: `start`, `hour` (mean rates of that hour and totals so far), `end`; `total` when the run ends
before the fault.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ecotwin.clock import HOUR, iso
from ecotwin.plant import Plant
from ecotwin_standin.scenario import INSTANT, ON_THE_WIRE, Event, Scenario
from ecotwin_standin.world import World

_AFTERGLOW_US = 3 * HOUR
"""How long an effect is followed after its end: what cooled down must be heated again."""
_RATES = {
    "energy_kwh": "electricity_kw",
    "pv_kwh": "pv_kw",
    "gas_m3": "gas_m3_h",
    "water_m3": "water_m3_h",
    "air_m3": "air_m3_h",
    "waste_kg": "waste_kg_h",
    "good_parts": "good_parts_h",
    "fuel_kg": "fuel_kg_h",
    "nox_kg": "nox_kg_h",
}


@dataclass(slots=True)
class Shadow:
    """The plant without one event, running beside the real one."""

    event: Event
    world: World
    started: dict[str, float]
    last_us: int
    last: dict[str, float]
    signals: tuple[str, ...]
    ended: bool = False


@dataclass
class Truth:
    """Watches a world and writes down what its scenario did.

    Args:
        path: JSON lines file; None keeps them in `lines` only.
    """

    plant: Plant
    scenario: Scenario
    path: Path | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._file: IO[str] | None = None
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8")
        self._shadows: list[Shadow] = []
        self._begun: set[int] = set()
        self._told_end: set[int] = set()

    def before(self, world: World) -> None:
        """Call before every step: events that begin in it get their shadow."""
        middle = world.now_us + int(world.seconds * 5e5)
        for n, event in enumerate(self.scenario.events):
            if n not in self._begun and event.active(middle):
                self._begun.add(n)
                self._begin(event, world)

    def _begin(self, event: Event, world: World) -> None:
        signals = touched(self.plant, event)
        if event.fault != "meter_rollover":
            self._write(
                "start",
                event,
                signals,
                event.start_us,
                size=event.size,
                growth_per_h=event.growth_per_h,
            )
        if event.fault in ON_THE_WIRE or event.fault in INSTANT or event.kind.harmless:
            return
        totals = dict.fromkeys(_RATES, 0.0)
        self._shadows.append(
            Shadow(event, world.copy_without(event), dict(totals), world.now_us, totals, signals)
        )

    def write(self, signal: str, value: float, lease_s: float, at_us: int) -> None:
        """An order reached the plant: it reaches its shadows too."""
        for shadow in self._shadows:
            shadow.world.setpoints.write(signal, value, lease_s, at_us)

    def after(self, world: World) -> None:
        """Call after every step of the real world."""
        for shadow in list(self._shadows):
            shadow.world.step()
            end = shadow.event.end_us
            if world.now_us - shadow.last_us >= HOUR:
                self._hour(shadow, world)
            if end is not None and world.now_us >= end + _AFTERGLOW_US:
                self._close(shadow, world, "end")
                self._shadows.remove(shadow)
        for n, event in enumerate(self.scenario.events):
            wire = event.fault in ON_THE_WIRE or event.kind.harmless
            if (
                n in self._begun
                and n not in self._told_end
                and wire
                and event.end_us is not None
                and world.now_us >= event.end_us
            ):
                self._told_end.add(n)
                self._write("end", event, touched(self.plant, event), event.end_us)

    def rolled(self, signal: str, at_us: int) -> None:
        """A meter rolled over."""
        event = next(
            (e for e in self.scenario.events if e.fault == "meter_rollover" and e.target == signal),
            None,
        )
        told = event or Event("meter_rollover", signal, at_us, None, 1.0)
        self._write("start", told, (signal,), at_us, planned=event is not None)

    def _difference(self, shadow: Shadow, world: World) -> dict[str, float]:
        return {k: world.totals[k] - shadow.world.totals[k] for k in _RATES}

    def _hour(self, shadow: Shadow, world: World) -> None:
        total = self._difference(shadow, world)
        hours = (world.now_us - shadow.last_us) / HOUR
        rates = {_RATES[k]: _short((total[k] - shadow.last[k]) / hours) for k in _RATES}
        self._write(
            "hour", shadow.event, shadow.signals, world.now_us, excess=rates, total=_rounded(total)
        )
        shadow.last, shadow.last_us = total, world.now_us

    def _close(self, shadow: Shadow, world: World, what: str) -> None:
        total = self._difference(shadow, world)
        end = shadow.event.end_us if what == "end" else world.now_us
        hours = max(1e-9, ((end or world.now_us) - shadow.event.start_us) / HOUR)
        rates = {_RATES[k]: _short(total[k] / hours) for k in _RATES}
        self._write(
            what, shadow.event, shadow.signals, world.now_us, excess=rates, total=_rounded(total)
        )

    def close(self, world: World) -> None:
        """Write what is still open."""
        for shadow in self._shadows:
            self._close(shadow, world, "total")
        self._shadows.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(
        self, what: str, event: Event, signals: tuple[str, ...], at_us: int, **more: Any
    ) -> None:
        line = {
            "what": what,
            "fault": event.fault,
            "target": event.target,
            "harmless": event.kind.harmless,
            "signals": list(signals),
            "start": iso(event.start_us),
            "end": None if event.end_us is None else iso(event.end_us),
            "at": iso(at_us),
            **more,
        }
        self.lines.append(line)
        if self._file is not None:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


def touched(plant: Plant, event: Event) -> tuple[str, ...]:
    """Ids of the signals that show an event first."""
    if event.fault in ("stuck_sensor", "meter_reset", "meter_rollover"):
        return (event.target,)
    mine = plant.signals_of(event.target) if event.target != plant.site.id else ()
    if event.fault == "air_leak" and plant.element(event.target).kind in (
        "air_dryer",
        "air_compressor",
    ):
        mine = tuple(
            s for e in plant.machines if e.kind == "air_compressor" for s in plant.signals_of(e.id)
        )
    if event.fault in ("gap", "device_death"):
        return tuple(s.id for s in mine)
    return tuple(s.id for s in mine if s.id.rpartition(".")[2] in event.kind.shows)


def _short(value: float) -> float:
    return round(value, 4)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {k: round(v, 4) for k, v in values.items()}
