"""Turns the seconds that a line's machines spent in each phase into states, energy, flows, heat and materials."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecotwin.records import Floats, Ints
from ecotwin.simulation.kernel import kernel
from ecotwin.simulation.linetypes import (
    BLOCKED,
    BUSY,
    DOWN,
    DOWN_ASKED,
    SETUP,
    SETUP_ASKED,
    WAIT,
)

STATES = ("off", "standby", "heating", "setup", "idle", "busy", "down")
HEATING_, SETUP_, IDLE_, BUSY_, DOWN_ = 2, 3, 4, 5, 6
QUANTITIES = (
    *(f"{s}_h" for s in STATES), "starved_h", "blocked_h", "electricity_kwh", "parts_total", "scrap_parts",
    "operator_h", "air_m3", "nitrogen_m3",
)  # fmt: skip
"""Of a machine; the first seven are its states."""
STARVED, STUCK, KWH, PARTS, SCRAP, PEOPLE, AIR, NITROGEN = range(7, 15)
AIR_IDLE, AIR_BUSY, N2_IDLE, N2_BUSY = range(4)
ASKED = ("air", "nitrogen", "hall_heat", "cold")
"""Nets that a line asks; rows of `asks`."""


class Tally(NamedTuple):
    """Of a `Line` what is booked in a step and set back."""

    spent: Floats
    made: Floats
    spoilt: Floats
    course: NDArray[np.void]


class Book(NamedTuple):
    """How a line is booked.

    Attributes:
        place: [machines, QUANTITIES] Column or -1. good, wip: Columns of the line's good parts and parts x hours.
        kw: [runs, machines, 7] By state. flow: [runs, machines, 4] Air idle and busy, nitrogen idle and busy [m3/h].
        attend, heat, cold: [machines] Shares. own: [machines] Its electricity is booked here.
        matter: [materials, 3] Machine, column, whether of spoilt parts. kg: [materials, products].
        load: Parts that go as one. content: [runs, machines + 1] Share of a load that is still there.
    """

    place: Ints
    good: int
    wip: int
    kw: Floats
    flow: Floats
    attend: Floats
    heat: Floats
    cold: Floats
    own: Ints
    matter: Ints
    kg: Floats
    load: float
    content: Floats


@njit(inline="always")
def _states(p: Tally, r: int, s: int, people: bool, hot: bool, rest: int, h: Floats) -> None:
    """Hours in the seven states, then starved and blocked, of one machine in one step."""
    for q in range(9):
        h[q] = 0.0
    wait, stuck = p.spent[r, s, WAIT] / 3600.0, p.spent[r, s, BLOCKED] / 3600.0
    setup = (p.spent[r, s, SETUP] + p.spent[r, s, SETUP_ASKED]) / 3600.0
    down = (p.spent[r, s, DOWN] + p.spent[r, s, DOWN_ASKED]) / 3600.0
    h[BUSY_] = p.spent[r, s, BUSY] / 3600.0
    if people:
        h[SETUP_] = setup
        h[DOWN_] = down
        h[STUCK] = stuck
        if hot:
            h[STARVED] = wait
            h[IDLE_] = wait + stuck
        else:
            h[HEATING_] = wait
            h[IDLE_] = stuck
    elif rest == IDLE_:
        h[DOWN_] = down
        h[IDLE_] += wait + stuck + setup
    else:
        h[rest] += wait + stuck + setup + down


@njit(inline="always")
def _flows(
    b: Book, r: int, s: int, h: Floats, air_scale: float, per_h: float, out: Floats, asks: Floats
) -> None:
    """Compressed air and nitrogen of one machine: one flow at work, another when it is on and waits, none when off."""
    on = h[HEATING_] + h[SETUP_] + h[IDLE_] + h[DOWN_]
    if b.place[s, AIR] >= 0:
        air = (h[BUSY_] * b.flow[r, s, AIR_BUSY] + on * b.flow[r, s, AIR_IDLE]) * air_scale
        out[r, b.place[s, AIR]] = air
        asks[0, r] += air * per_h
    if b.place[s, NITROGEN] >= 0:
        nitrogen = h[BUSY_] * b.flow[r, s, N2_BUSY] + on * b.flow[r, s, N2_IDLE]
        out[r, b.place[s, NITROGEN]] = nitrogen
        asks[1, r] += nitrogen * per_h


@kernel
def book(
    p: Tally,
    b: Book,
    step_s: float,
    people: bool,
    held: Ints,
    ready: NDArray[np.bool_],
    rest: Ints,
    air_scale: Floats,
    out: Floats,
    asks: Floats,
    h: Floats,
) -> None:
    """Book a step of all runs into `out` [runs, columns], what it asks of nets into `asks` [4, runs].

    `h` [9] is room for notes.
    """
    runs, machines = p.spent.shape[0], p.spent.shape[1]
    per_h = 3600.0 / step_s
    for r in range(runs):
        for n in range(len(asks)):
            asks[n, r] = 0.0
        for s in range(machines):
            _states(p, r, s, people, ready[r, s], rest[s], h)
            if held[s]:
                for q in range(9):
                    h[q] = 0.0
                h[DOWN_] = step_s / 3600.0
            for q in range(9):
                if b.place[s, q] >= 0:
                    out[r, b.place[s, q]] = h[q]
            kwh = 0.0
            for q in range(7):
                kwh += h[q] * b.kw[r, s, q]
            if b.own[s]:
                out[r, b.place[s, KWH]] = kwh
                asks[2, r] += kwh * b.heat[s] * per_h
                asks[3, r] += kwh * b.cold[s] * per_h
            _flows(b, r, s, h, air_scale[r], per_h, out, asks)
            bound = b.attend[s] * p.spent[r, s, BUSY]
            if people and not held[s]:
                bound += p.spent[r, s, SETUP] + p.spent[r, s, DOWN]
            out[r, b.place[s, PEOPLE]] = bound / 3600.0
        _count(p, b, r, out)


@njit(inline="always")
def _count(p: Tally, b: Book, r: int, out: Floats) -> None:
    """Book parts and materials of a run, and set the step's counts back."""
    machines = p.spent.shape[1]
    products = p.made.shape[2]
    for s in range(machines):
        made, spoilt = 0.0, 0.0
        for n in range(products):
            made += p.made[r, s, n]
            spoilt += p.spoilt[r, s, n]
        content = b.load * b.content[r, s]
        out[r, b.place[s, PARTS]] = made * content
        out[r, b.place[s, SCRAP]] = spoilt * content
        if b.load > 1.0:
            out[r, b.place[s, SCRAP]] += made * b.load * (b.content[r, s] - b.content[r, s + 1])
    for n in range(len(b.matter)):
        s = b.matter[n, 0]
        kg = 0.0
        for product in range(products):
            count = p.made[r, s, product] * b.content[r, s]
            if b.matter[n, 2]:
                count = p.spoilt[r, s, product]
                if b.load > 1.0:
                    count += p.made[r, s, product] * (b.content[r, s] - b.content[r, s + 1])
            kg += count * b.load * b.kg[n, product]
        out[r, b.matter[n, 1]] += kg
    out[r, b.good] = p.course[r].passed * b.load * b.content[r, machines]
    out[r, b.wip] = p.course[r].wip_s / 3600.0 * b.load
    p.course[r].wip_s = 0.0
    p.course[r].passed = 0.0
    for s in range(machines):
        for n in range(products):
            p.made[r, s, n] = 0.0
            p.spoilt[r, s, n] = 0.0
        for n in range(p.spent.shape[2]):
            p.spent[r, s, n] = 0.0
