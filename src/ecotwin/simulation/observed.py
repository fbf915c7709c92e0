"""What history tells of machines and lines, minute by minute, and what was used and made in amounts.

A window of minutes goes in; arrays by machine come out, ready for `state`, `calibration` and `fidelity`. Nothing is
filled: a minute that was not measured is NaN, or -1 for a state.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from ecotwin.plant import Element, Plant, Signal
from ecotwin.plant.model import STATES
from ecotwin.records import Bools, Codes, Floats, Ints, Window
from ecotwin.simulation.surroundings import calendar

BUSY, DOWN, SETUP, IDLE = (STATES[s] for s in ("busy", "down", "setup", "idle"))


@cache
def meanings() -> Mapping[str, tuple[str, ...]]:
    """Quantity of the model -> meanings of signals that measure it, the best first (`measured.csv`)."""
    text = (files("ecotwin.simulation") / "measured.csv").read_text(encoding="utf-8")
    return {r["quantity"]: tuple(r["means"].split()) for r in csv.DictReader(text.splitlines())}


def meters(plant: Plant) -> dict[tuple[str, str], Signal]:
    """(machine, quantity) -> the signal that measures it.

    The grid connection's own meter measures what is bought, not what a machine uses.
    """
    found: dict[tuple[str, str], Signal] = {}
    for machine in plant.machines:
        bought = plant.find(machine.id, "electricity_export") is not None
        for quantity, means in meanings().items():
            name = quantity
            if quantity == "electricity_kwh" and bought:
                name = "grid_import_kwh"
            elif quantity == "electricity_kwh" and machine.kind_facts.get("role") != "machine":
                continue
            signal = next((s for m in means if (s := plant.find(machine.id, m))), None)
            if signal is not None:
                found[machine.id, name] = signal
    return found


@dataclass(frozen=True)
class Observed:
    """A window of minutes by machine and line.

    Attributes:
        window: Of all signals. machines: Ids, one a column. lines: Line ids, one a column of `product`.
        codes: [minutes, machines] state at the minute's end, -1 unknown. steady: [minutes, machines] the state was the
            same at its begin. kw: [minutes, machines] mean power. parts, good: [minutes, machines] parts processed and
            found good; NaN where they are not counted.
        kind: [minutes] FREE, BREAK or WORK by the plant's calendar. pause_s: [minutes] Whole length of the pause that
            a minute lies in [s].
        product: [minutes, lines] product code at the minute's end, -1 unknown.
    """

    plant: Plant
    window: Window
    machines: tuple[str, ...]
    lines: tuple[str, ...]
    codes: Codes
    steady: Bools
    kw: Floats
    parts: Floats
    good: Floats
    product: Codes
    kind: NDArray[np.int8]
    pause_s: Floats

    @property
    def at(self) -> Ints:
        """[minutes] begin of each [us UTC]."""
        return self.window.at

    def of(self, machine: str) -> int:
        """Column of a machine."""
        return self.machines.index(machine)


def stations(plant: Plant, line: str) -> tuple[Element, ...]:
    """Machines of a line that count parts, in file order."""
    return tuple(
        e
        for e in plant.under(line)
        if e.level == "machine" and plant.find(e.id, "parts_total") is not None
    )


def lines_of(plant: Plant) -> tuple[str, ...]:
    """Lines with machines that count parts."""
    return tuple(e.id for e in plant.elements if e.level == "line" and stations(plant, e.id))


def observe(plant: Plant, window: Window) -> Observed:
    """A window of minutes, read by machine and line."""
    machines = tuple(m.id for m in plant.machines)
    lines = lines_of(plant)
    codes = _codes(window, [plant.find(m, "state") for m in machines])
    steady = np.zeros(codes.shape, bool)
    steady[1:] = (codes[1:] == codes[:-1]) & (codes[1:] >= 0)
    planned = calendar(plant, window.period.start, window.steps, window.step_s)
    columns = [plant.find(m, "electricity_power") for m in machines]
    kw = _columns(window, columns, "mean")
    energy = [
        None if c else plant.find(m, "electricity_energy")
        for m, c in zip(machines, columns, strict=True)
    ]
    kw = np.where(np.isfinite(kw), kw, _columns(window, energy, "amount") * 3600.0 / window.step_s)
    return Observed(
        plant,
        window,
        machines,
        lines,
        codes,
        steady,
        kw,
        _columns(window, [plant.find(m, "parts_total") for m in machines], "amount"),
        _columns(window, [plant.find(m, "parts_good") for m in machines], "amount"),
        _codes(window, [product_signal(plant, line) for line in lines]),
        planned["kind"],
        planned["pause_s"],
    )


def product_signal(plant: Plant, line: str) -> Signal | None:
    """The signal that names the product on a line: the line's own, else its first machine's."""
    return plant.find(line, "product") or next(plant.all_of(line, "product"), None)


def use(seen: Observed, line: str, machine: str) -> Floats:
    """[minutes] Share of the planned pace at which a station works; NaN while its product is not known."""
    product = seen.product[:, seen.lines.index(line)]
    pace = np.full(len(product), np.nan)
    for code in np.unique(product[product >= 0]):
        seconds = run_s(seen.plant, line, int(code))
        pace[product == code] = seconds if seconds > 0.0 else np.nan
    return np.asarray(seen.parts[:, seen.of(machine)] * pace / seen.window.step_s)


def run_s(plant: Plant, line: str, product: int) -> float:
    """Planned running time of a part on a line: its own, else that of its slowest machine [s]; 0 when none is given."""
    known = next((p for p in plant.products if p.code == product), None)
    if known is None:
        return 0.0
    inside = [line, *(e.id for e in plant.under(line))]
    return max((known.planned_run_s[i] for i in inside if i in known.planned_run_s), default=0.0)


def flow(seen: Observed, machine: str, means: str) -> Floats | None:
    """[minutes] A rate signal of a machine by its meaning; None when it has none."""
    signal = seen.plant.find(machine, means)
    if signal is None or signal.index not in seen.window.signals:
        return None
    return np.asarray(seen.window.mean[:, seen.window.column(signal.index)])


def drawn_by_lines(seen: Observed, step_s: float) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """What lines drew of the nets, for a model that is tried without them.

    Args:
        seen: Minutes. step_s: Of the model, a multiple of a minute [s].

    Returns:
        Net -> [steps] flow (air, nitrogen in m3/h; heat to the hall, cold in kW); "busy:oven", "parts:oven" -> [steps].
        Ovens' own heat is left to the model; a minute that was not measured counts as none.
    """
    block = max(1, round(step_s / seen.window.step_s))
    count = len(seen.at) // block

    def steps(minutes: Floats) -> Floats:
        whole = np.nan_to_num(minutes[: count * block]).reshape(count, block)
        return np.asarray(whole.mean(axis=1), np.float64)

    flows = {net: np.zeros(count) for net in ("air", "nitrogen", "hall_heat", "cold")}
    given: dict[str, Floats] = {}
    for line in seen.lines:
        for station in stations(seen.plant, line):
            facts = station.kind_facts
            oven = facts.get("model") == "oven"
            for net, means in (("air", "air_flow"), ("nitrogen", "nitrogen_flow")):
                own = flow(seen, station.id, means)
                if own is not None:
                    flows[net] += steps(own)
            kw = steps(seen.kw[:, seen.of(station.id)])
            if oven:
                working = use(seen, line, station.id) * float(facts.get("cycle_share", 1.0))
                given[f"busy:{station.id}"] = np.clip(steps(working), 0.0, 1.0)
                given[f"parts:{station.id}"] = steps(seen.parts[:, seen.of(station.id)]) * block
            else:
                flows["hall_heat"] += kw * float(facts.get("hall_heat_share", 1.0))
                flows["cold"] += kw * float(facts.get("cold_share", 0.0))
    return flows, given


def amounts(plant: Plant, window: Window, least: float = 0.9) -> dict[tuple[str, str], float]:
    """What was used and made in a window by (machine, quantity); pairs that were measured for less are left out.

    Args:
        plant: The plant. window: Of all signals. least: Smallest share of the window that must be measured; what is
            missing of it is taken in proportion.
    """
    found = {}
    for key, signal in meters(plant).items():
        if signal.index not in window.signals:
            continue
        column = window.amount[:, window.column(signal.index)]
        share = float(np.isfinite(column).mean())
        if share >= least:
            found[key] = float(np.nansum(column)) / share
    return found


def by_hour(plant: Plant, window: Window) -> dict[tuple[str, str], Floats]:
    """As `amounts`, by the hour [hours]; an hour with a gap is NaN."""
    block = round(3600 / window.step_s)
    hours = window.steps // block
    return {
        key: window.amount[: hours * block, window.column(s.index)]
        .reshape(hours, block)
        .sum(axis=1)
        for key, s in meters(plant).items()
        if s.index in window.signals
    }


def _columns(window: Window, signals: list[Signal | None], name: str) -> Floats:
    values: Floats = getattr(window, name)
    out = np.full((window.steps, len(signals)), np.nan)
    for n, signal in enumerate(signals):
        if signal is not None and signal.index in window.signals:
            out[:, n] = values[:, window.column(signal.index)]
    return out


def _codes(window: Window, signals: list[Signal | None]) -> Codes:
    values = _columns(window, signals, "last")
    return np.where(np.isfinite(values), values, -1.0).astype(np.int32)
