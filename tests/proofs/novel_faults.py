"""Faults that the stand-in's catalogue does not list, laid over its recorded minutes; and how causes are scored.

Each is written as physics and meters would show it: what a machine draws more is seen by the meters above it too, what
a meter alone gets wrong is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from ecotwin.plant import Plant
from ecotwin.plant.calendar import working
from ecotwin.records import Floats, Window
from proofs.replayed import between

KWH_PER_M3 = 0.115
"""What a m3 of air takes at the compressors of the stand-in, about [kWh/m3]."""


@dataclass(frozen=True)
class Novel:
    """A fault outside of the catalogue.

    Attributes:
        start, end: Days from the first day of the scenario. classes: What a right diagnosis calls it.
        elements: Where it shows. words: What a right finding is about.
    """

    name: str
    start: float
    end: float
    classes: frozenset[str]
    elements: frozenset[str]
    words: frozenset[str]
    lay: Callable[[Plant, Window, slice, Floats], None]
    """Plant, window, its rows inside the fault, [rows] hours since it began."""


def column(plant: Plant, window: Window, signal: str) -> int | None:
    """Column of a signal; None where the window lacks it."""
    index = plant.signal(signal).index
    return window.signals.index(index) if index in window.signals else None


def add(plant: Plant, window: Window, rows: slice, signal: str, more: Any) -> None:
    """Add to a signal's rate; a counter's amount grows by it over the step."""
    at = column(plant, window, signal)
    if at is None:
        return
    kind = plant.signal(signal)
    if kind.form in {"counter", "interval"}:
        window.amount[rows, at] += more * window.step_s / 3600.0
        return
    for array in (window.mean, window.low, window.high, window.last):
        array[rows, at] += more
    if kind.form == "rate":
        window.amount[rows, at] += more * window.covered[rows, at] * window.step_s / 3600.0


def times(plant: Plant, window: Window, rows: slice, signal: str, factor: Any) -> None:
    """Multiply a signal's rate and amount."""
    at = column(plant, window, signal)
    if at is None:
        return
    for array in (window.mean, window.low, window.high, window.last, window.amount):
        array[rows, at] *= factor


def above(plant: Plant, element: str) -> list[str]:
    """Electricity meters that what a machine draws runs through, the site's last."""
    found: list[str] = []
    name = f"{element}.energy"
    while True:
        node = next((b for b in plant.balances if name in b.outputs), None)
        if node is None:
            return found
        meters = [i for i in node.inputs if plant.signal(i).means == "electricity_energy"]
        found += [plant.signal(m).element for m in meters[:1]]
        name = node.id


def draw(plant: Plant, window: Window, rows: slice, element: str, kw: Any) -> None:
    """A machine draws more: its own meter sees it and those above it."""
    for place in (element, *above(plant, element)):
        for signal in ("power", "energy"):
            add(plant, window, rows, f"{place}.{signal}", kw)


def mode(plant: Plant, window: Window, rows: slice, element: str) -> Any:
    """[rows] last code of a machine's state."""
    at = column(plant, window, f"{element}.state")
    return window.last[rows, at] if at is not None else np.full(window.steps, 5.0)[rows]


def more_air(plant: Plant, window: Window, rows: slice, m3_h: Any) -> None:
    """The compressors that run deliver more, and draw more for it."""
    on = {
        c: np.isin(mode(plant, window, rows, c), (4.0, 5.0)).astype(float)
        for c in ("compressor_1", "compressor_2")
    }
    total = np.maximum(sum(on.values()), 1.0)
    for compressor, runs in on.items():
        part = m3_h * runs / total
        for signal in ("air_flow", "air_volume"):
            add(plant, window, rows, f"{compressor}.{signal}", part)
        add(plant, window, rows, f"{compressor}.load", 100.0 * part / 450.0)
        draw(plant, window, rows, compressor, KWH_PER_M3 * part)


def _drain(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    more_air(plant, window, rows, 26.0)
    add(plant, window, rows, "dryer_1.pressure", -0.05)


def _pressure(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    for c in ("compressor_1", "compressor_2"):
        runs = np.isin(mode(plant, window, rows, c), (4.0, 5.0)).astype(float)
        add(plant, window, rows, f"{c}.pressure_sp", 1.0)
        add(plant, window, rows, f"{c}.pressure", 1.0 * runs)
        at = column(plant, window, f"{c}.power")
        if at is not None:
            draw(plant, window, rows, c, 0.07 * np.nan_to_num(window.mean[rows, at]))
    add(plant, window, rows, "dryer_1.pressure", 1.0)


def _condenser(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    grown = np.sqrt(np.clip(hours / 72.0, 0.0, 1.0))
    at = column(plant, window, "chiller_2.power")
    if at is not None:
        draw(plant, window, rows, "chiller_2", 0.22 * grown * np.nan_to_num(window.mean[rows, at]))
    runs = np.isin(mode(plant, window, rows, "chiller_2"), (4.0, 5.0)).astype(float)
    add(plant, window, rows, "chiller_2.condenser_temperature", 6.0 * grown * runs)


def _lamp(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    night = ~working(plant, window.at[rows]) & ((hours % 24.0) < 8.5)
    draw(plant, window, rows, "lighting_1", np.where(night, 9.0, 0.0))
    add(plant, window, rows, "lighting_1.illuminance", np.where(night, 350.0, 0.0))


def _double_count(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    times(plant, window, rows, "inspection_2.energy", 2.0)


def _swapped(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    for signal in ("power", "energy"):
        a, b = (column(plant, window, f"{e}.{signal}") for e in ("test_1", "solder_1"))
        if a is None or b is None:
            continue
        for array in (window.mean, window.low, window.high, window.last, window.amount):
            held = array[rows, a].copy()
            array[rows, a] = array[rows, b]
            array[rows, b] = held


def _scale(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    for signal in ("power", "energy"):
        times(plant, window, rows, f"printer_2.{signal}", 1.5)


def _seal(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    hot = np.isin(mode(plant, window, rows, "curing_3"), (2.0, 3.0, 4.0, 5.0)).astype(float)
    draw(plant, window, rows, "curing_3", 3.0 * np.clip(hours / 12.0, 0.0, 1.0) * hot)


def _purge(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    runs = np.isin(mode(plant, window, rows, "nitrogen_1"), (4.0, 5.0)).astype(float)
    add(plant, window, rows, "nitrogen_1.air_flow", 40.0 * runs)
    more_air(plant, window, rows, 40.0 * runs)


def _shifted(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    """The hall's air handling starts two hours before people come, as at work."""
    clock = np.array([h % 24.0 for h in hours])
    early = (clock >= 3.5) & (clock < 5.5)
    rest = early & ~np.isin(mode(plant, window, rows, "ahu_2"), (5.0,))
    draw(plant, window, rows, "ahu_2", np.where(rest, 6.0, 0.0))
    add(plant, window, rows, "ahu_2.supply_flow", np.where(rest, 6000.0, 0.0))
    add(plant, window, rows, "ahu_2.fan_load", np.where(rest, 60.0, 0.0))
    at = column(plant, window, "ahu_2.state")
    if at is not None:
        for array in (window.mean, window.low, window.high, window.last):
            array[rows, at] = np.where(rest, 5.0, array[rows, at])


def _pump(plant: Plant, window: Window, rows: slice, hours: Floats) -> None:
    runs = np.isin(mode(plant, window, rows, "water_plant_1"), (3.0, 4.0, 5.0)).astype(float)
    draw(plant, window, rows, "water_plant_1", 6.0 * runs)


def _of(*names: str) -> frozenset[str]:
    return frozenset(names)


METER = _of("sensor", "cross")
AIR = _of("air_station", "compressor_1", "compressor_2", "dryer_1")
POWER = _of("power", "idle", "drift")
# fmt: off
NOVEL = (
    Novel("condensate_drain_open", 5.9, 7.6, _of("leak"), AIR, _of("compressed_air", "power", "drift"), _drain),
    Novel("pressure_set_1_bar_higher", 8.33, 10.83, _of("set_point"), AIR, POWER | _of("compressed_air"), _pressure),
    Novel("condenser_fouled_root_law", 2.0, 7.0, _of("fouling"), _of("chiller_2"), POWER, _condenser),
    Novel("lamp_left_on", 3.9, 7.3, _of("idle_running", "scheduling"), _of("lighting_1"), POWER, _lamp),
    Novel("meter_counts_double", 5.33, 8.0, _of("sensor_fault"),
          _of("inspection_2"), POWER | METER, _double_count),
    Novel("meters_swapped", 9.42, 11.42, _of("sensor_fault"),
          _of("test_1", "solder_1"), POWER | METER, _swapped),
    Novel("meter_scale_after_exchange", 2.4, 4.75, _of("sensor_fault"),
          _of("printer_2"), POWER | METER, _scale),
    Novel("oven_door_seal", 5.25, 9.25, _of("wear"), _of("curing_3"), POWER, _seal),
    Novel("doubled_purge", 11.25, 13.5, _of("wear", "leak"), _of("nitrogen_1") | AIR, _of("compressed_air"), _purge),
    Novel("started_two_hours_early", 4.0, 9.0, _of("scheduling", "idle_running"),
          _of("ahu_2"), POWER, _shifted),
    Novel("oversized_pump_fitted", 9.33, 12.0, _of("outmoded", "wear", "set_point"),
          _of("water_plant_1"), POWER, _pump),
)
# fmt: on


def laid(zero: datetime, novel: Sequence[Novel] = NOVEL) -> list[Callable[[Plant, Window], None]]:
    """These faults as changes of windows, counted from the first day of the scenario."""

    def one(fault: Novel) -> Callable[[Plant, Window], None]:
        start, end = (zero + timedelta(days=d) for d in (fault.start, fault.end))

        def lay(plant: Plant, window: Window) -> None:
            rows = between(window, start, end)
            if rows.stop <= rows.start:
                return
            since = (window.at[rows] - int(start.timestamp() * 1e6)) / 3.6e9
            # Faults by the clock count from midnight of their first day.
            fault.lay(
                plant, window, rows, since + (fault.start % 1.0) * 24.0 * (fault.name in BY_CLOCK)
            )

        return lay

    return [one(f) for f in novel]


def touched(plant: Plant, novel: Sequence[Novel] = NOVEL) -> tuple[int, ...]:
    """Signals that these faults read or change."""
    places = {e for n in novel for e in n.elements}
    places |= {m for e in places for m in above(plant, e)}
    names = ("power", "energy", "state", "air_flow", "air_volume", "load", "pressure", "pressure_sp",
             "condenser_temperature", "illuminance", "supply_flow", "fan_load")  # fmt: skip
    found = {f"{p}.{n}" for p in places for n in names}
    return tuple(plant.signal(i).index for i in sorted(found) if plant.has_signal(i))


def effect_kwh(plant: Plant, window: Window, zero: datetime, fault: Novel) -> float:
    """Energy that a fault moves at its machines' meters over a window that it is laid over [kWh]."""
    own = [
        plant.signal(f"{e}.energy").index for e in fault.elements if plant.has_signal(f"{e}.energy")
    ]
    columns = [window.signals.index(i) for i in own]
    was = np.nansum(window.amount[:, columns], axis=0)
    for lay in laid(zero, [fault]):
        lay(plant, window)
    return float(np.abs(np.nansum(window.amount[:, columns], axis=0) - was).sum())


BY_CLOCK = frozenset({"started_two_hours_early"})
