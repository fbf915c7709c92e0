"""What drives a machine's power: its state, its part rate, weather, calendar and what the plant asks of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.accounting.flows import CARRIERS, flows_of
from ecotwin.accounting.production import output_signals, planned_run_s, product_signal
from ecotwin.accounting.remembered import Remembered
from ecotwin.clock import DAY, MINUTE
from ecotwin.plant import calendar
from ecotwin.plant.model import STATES, Element, Plant, Signal
from ecotwin.records import Bools, Codes, Floats, Ints, Window

COOLING_BASE_DEGC, HEATING_BASE_DEGC = 18.0, 15.0
PRODUCTS = 6
_BUSY, _STANDBY = STATES["busy"], STATES["standby"]
_RATES = {
    "compressed_air": "air_flow",
    "nitrogen": "nitrogen_flow",
    "heat": "heat_power",
    "cold": "cold_power",
}

STATE0, RATE, PRODUCT0 = 0, 7, 8
(
    COOLING,
    HEATING,
    PLANT_RATE,
    BUSY_SHARE,
    DEMAND,
    DEMAND_SQUARE,
    DEMAND_COOLING,
    WORKING,
    STAFFED,
    SEASON0,
) = range(PRODUCT0 + PRODUCTS, PRODUCT0 + PRODUCTS + 10)
WIDTH = SEASON0 + 4
"""Columns of a feature row: 7 states; then, in state busy, the own part rate and the product; then, while the machine
runs, cooling and heating degrees [10 K], the plant's part rate, the share of busy machines, what
its consumers draw from each of the machines that run, that squared and times the cooling degrees (a chiller's
efficiency falls with part load and with the heat outside); planned working time, and the same with its breaks,
in which people stay; and, for machines without a state, two harmonics of the day."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the machines in a window.

    Attributes:
        features: [steps, machines, WIDTH]. actual: [steps, machines] power [kW], NaN where not
            measured.
        codes: [steps, machines] state, -1 unknown; machines without a state count as busy.
        fresh: [steps, machines] the state changed within the step. before: [steps, machines] the
            other state there.
        usable: [steps, machines] all drivers known.
    """

    features: Floats
    actual: Floats
    codes: Codes
    fresh: Bools
    before: Codes
    usable: Bools


class Drivers:
    """Reads power and drivers of all machines of a plant from a window; constant work a step."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        flows = flows_of(plant)
        self.machines: tuple[Element, ...] = tuple(
            e
            for e in plant.machines
            if (u := flows.use(e.id, "electricity")) and u.rule == "own meter"
        )
        ids = [e.id for e in self.machines]
        self._power = _indices([plant.find(i, "electricity_power") for i in ids])
        energy = [
            next(iter(flows.meters(e, CARRIERS["electricity"].means[:2])), None)
            for e in self.machines
        ]
        self._energy = _indices(energy)
        self._interval_h = np.array(
            [s.every_s / 3600.0 if s and s.form == "interval" else 0.0 for s in energy]
        )
        self._state = _indices([plant.find(i, "state") for i in ids])
        self._parts = _indices([plant.find(i, "parts_total") for i in ids])
        self._product = _indices(
            [product_signal(plant, i) if plant.find(i, "parts_total") else None for i in ids]
        )
        self.makes_parts: Bools = self._parts >= 0
        self.stateless: Bools = self._state < 0
        self._pace = np.array([_pace_min(plant, i) for i in ids])
        self._codes = np.array([p.code for p in plant.products[:PRODUCTS]], np.int64)
        self._outdoor = _indices([plant.signal(plant.outdoor) if plant.outdoor else None])
        ends = output_signals(plant, plant.site.id, "parts_total")
        self._ends = _indices(list(ends))
        self._ends_pace = np.array([_pace_min(plant, s.element) for s in ends])
        self._demand = _demands(plant, [e.id for e in self.machines])
        self._outdoor_degc = HEATING_BASE_DEGC
        self._columns = Remembered(self._lookup, size=4)
        self._planned: dict[int, Bools] = {}

    def seen(self, window: Window) -> Seen:
        """Power, state and drivers of every step and machine."""
        where = self._columns(window.signals)
        steps, minutes = window.steps, window.step_s / 60.0
        codes, fresh, before = self._states(window, where)
        busy = codes == _BUSY
        running = codes > _STANDBY
        x = np.zeros((steps, len(self.machines), WIDTH))
        for code in range(7):
            x[:, :, code] = codes == code
        rate = _take(window.amount, where[self._parts]) / minutes * self._pace
        x[:, :, RATE] = np.where(busy & self.makes_parts, np.nan_to_num(rate), 0.0)
        if len(self._codes):
            product = _take(window.mean, where[self._product])
            for place, code in enumerate(self._codes):
                x[:, :, PRODUCT0 + place] = busy & (product == code)
        self._surroundings(x, window, where, running, busy)
        usable = (codes >= 0) & ~(busy & self.makes_parts & ~np.isfinite(rate))
        return Seen(x, self._actual(window, where), codes, fresh, before, usable)

    def driven_by(self, element: str) -> tuple[str, ...]:
        """Machines whose expectation reads something measured at an element, itself not counted."""
        ids = [e.id for e in self.machines]
        read = [*self._outdoor, *self._ends]
        if any(s >= 0 and self._plant.signals[s].element == element for s in read):
            return tuple(i for i in ids if i != element)
        found = {
            ids[m]
            for machines, signals, _ in self._demand
            if any(self._plant.signals[s].element == element for s in signals)
            for m in machines
        }
        return tuple(i for i in ids if i in found and i != element)

    def outdoor(self, window: Window) -> Floats:
        """[steps] outdoor temperature [degC]; a missing one is the last known."""
        return self._weather(window, self._columns(window.signals))

    def _surroundings(
        self, x: Floats, window: Window, where: Ints, running: Bools, busy: Bools
    ) -> None:
        degc = self._weather(window, where)[:, None]
        minutes = window.step_s / 60.0
        x[:, :, COOLING] = running * np.maximum(0.0, degc - COOLING_BASE_DEGC) / 10.0
        x[:, :, HEATING] = running * np.maximum(0.0, HEATING_BASE_DEGC - degc) / 10.0
        if len(self._ends):
            made = (
                np.nan_to_num(_take(window.amount, where[self._ends])) / minutes * self._ends_pace
            )
            x[:, :, PLANT_RATE] = running * made.mean(axis=1)[:, None]
        parts = max(1, int(self.makes_parts.sum()))
        x[:, :, BUSY_SHARE] = running * (busy[:, self.makes_parts].sum(axis=1) / parts)[:, None]
        for machines, signals, scale in self._demand:
            drawn = np.nan_to_num(_take(window.mean, where[signals])).sum(axis=1) / scale
            sharing = np.maximum(running[:, machines].sum(axis=1), 1)
            x[:, machines, DEMAND] = running[:, machines] * (drawn / sharing)[:, None]
        x[:, :, DEMAND_SQUARE] = x[:, :, DEMAND] ** 2
        x[:, :, DEMAND_COOLING] = x[:, :, DEMAND] * x[:, :, COOLING]
        working = self._working(window)
        x[:, :, WORKING] = running * working[:, None]
        x[:, :, STAFFED] = running * self._staffed(window, working)[:, None]
        if self.stateless.any():
            turn = 2.0 * np.pi * (window.at % DAY)[:, None] / DAY
            waves = np.concatenate(
                [np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn)], axis=1
            )
            x[:, self.stateless, SEASON0:] = waves[:, None, :]

    def _states(self, window: Window, where: Ints) -> tuple[Codes, Bools, Codes]:
        code = _take(window.mean, where[self._state])
        codes = np.where(np.isfinite(code), code, -1.0).astype(np.int32)
        codes[:, self.stateless] = _BUSY
        low, high = _take(window.low, where[self._state]), _take(window.high, where[self._state])
        before = codes.copy()
        before[1:] = codes[:-1]
        inside = (low != high) & np.isfinite(low) & np.isfinite(high)
        other = np.where(low == codes, high, low)
        before = np.where(inside & (before == codes), np.nan_to_num(other), before).astype(np.int32)
        before = np.where(before < 0, codes, before)
        return codes, before != codes, before

    def _actual(self, window: Window, where: Ints) -> Floats:
        """[steps, machines] mean power: measured power, else what the index gained."""
        covered = _take(window.covered, where[self._power])
        power = np.where(covered >= 0.5, _take(window.mean, where[self._power]), np.nan)
        hours = np.maximum(window.step_s / 3600.0, 0.0)
        gained = np.where(
            _take(window.covered, where[self._energy]) >= 0.5,
            _take(window.amount, where[self._energy]),
            np.nan,
        )
        actual: Floats = np.where(np.isfinite(power), power, gained / hours)
        return actual

    def _weather(self, window: Window, where: Ints) -> Floats:
        degc = _take(window.mean, where[self._outdoor])[:, 0]
        known = np.isfinite(degc)
        if known.any():
            self._outdoor_degc = float(degc[known][-1])
        filled: Floats = np.where(known, degc, self._outdoor_degc)
        return filled

    def _working(self, window: Window) -> Floats:
        at = window.at
        if window.step_s != 60 or window.period.start_us % MINUTE:
            return calendar.working(self._plant, at).astype(np.float64)
        out = np.empty(len(at))
        day = at // DAY
        for one in np.unique(day):
            here = day == one
            out[here] = self._day(int(one))[(at[here] % DAY) // MINUTE]
        return out

    def _staffed(self, window: Window, working: Floats) -> Floats:
        """[steps] whether a shift runs, its breaks included."""
        out = working.copy()
        for pause in calendar.breaks(self._plant, window.period):
            out[(window.at >= pause.start_us) & (window.at < pause.end_us)] = 1.0
        return out

    def _day(self, day: int) -> Bools:
        if day not in self._planned:
            if len(self._planned) > 40:
                self._planned.clear()
            self._planned[day] = calendar.working(
                self._plant, day * DAY + np.arange(1440, dtype=np.int64) * MINUTE
            )
        return self._planned[day]

    def _lookup(self, signals: tuple[int, ...]) -> Ints:
        """Column of every signal index in a window, -1 where it is missing; the last entry serves index -1."""
        where = np.full(len(self._plant.signals) + 1, -1, np.int64)
        where[list(signals)] = np.arange(len(signals))
        return where


def _take(values: Floats, columns: Ints) -> Floats:
    """[steps, n] columns of a window; NaN where the window lacks one."""
    out: Floats = values[:, np.maximum(columns, 0)]
    missing = columns < 0
    if missing.any():
        out[:, missing] = np.nan
    return out


def _indices(signals: list[Signal | None]) -> Ints:
    return np.array([-1 if s is None else s.index for s in signals], np.int64)


def _pace_min(plant: Plant, machine: str) -> float:
    """Minutes a part, by the mean planned run time of the products; 1 where none is given."""
    runs = [run for p in plant.products if (run := planned_run_s(plant, p, machine))]
    return sum(runs) / len(runs) / 60.0 if runs else 1.0


def _demands(plant: Plant, machines: list[str]) -> list[tuple[Ints, Ints, float]]:
    """For each balance of a carrier made inside: the machines that feed it, the flows that consumers draw, a scale.

    Consumers' draw and not the makers' output drives the expectation: else a leak would explain
    itself away.
    """
    found = []
    for node in plant.balances:
        if node.carrier not in _RATES:
            continue
        feeding = {plant.signal(i).element for i in node.inputs if plant.has_signal(i)}
        makers = np.array([n for n, m in enumerate(machines) if m in feeding], np.int64)
        drawn = [
            plant.find(plant.signal(o).element, _RATES[node.carrier])
            for o in node.outputs
            if plant.has_signal(o)
        ]
        flows = [s for s in drawn if s is not None]
        if len(makers) and flows:
            scale = sum(s.high or 1.0 for s in flows) / 4.0
            found.append((makers, _indices(list(flows)), scale))
    return found
