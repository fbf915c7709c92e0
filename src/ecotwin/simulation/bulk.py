"""Bulk for filling lines: what a vessel makes for the parts that are filled, and what it takes for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numba import njit

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.plant.terms import Product
from ecotwin.records import Bools, Floats, Ints
from ecotwin.simulation.contract import Board, Case, Draw
from ecotwin.simulation.surroundings import FREE
from ecotwin.simulation.wash_plan import KWH_M3_K, Circuit

WATER = "process_water"
"""Material of products that the vessel takes from the main."""


@dataclass
class Line:
    """Bulk and cleaning of one line in every run.

    Attributes:
        number: Of its circuits. now: Product it is set for, -1: not known. waits: Bulk that a change leaves in the
            pipes [kg]. tank_kg, room_kg: Bulk tank. per_h_kg: What the vessel makes. over_kg: Fill above the label.
        content_kg: [products] Bulk in a part. water: [products] Water by bulk. parts: Ingredient -> [products] by bulk.
        warm: Heat by bulk [kWh/kg].
    """

    circuit: Circuit
    number: int
    now: Ints
    waits: Floats
    tank_kg: Floats
    room_kg: Floats
    per_h_kg: Floats
    over_kg: Floats
    content_kg: Floats
    water: Floats
    parts: dict[str, Floats]
    batch_kg: Floats
    batch_h: Floats
    warm: Floats
    residue_kg: Floats
    residue_cod: Floats
    kw: dict[str, Floats]
    changes: Floats = field(default_factory=lambda: np.zeros(0))
    giveaway_kg: Floats = field(default_factory=lambda: np.zeros(0))
    held_h: Floats = field(default_factory=lambda: np.zeros(0))
    told: Floats | None = None
    columns: Ints | None = None
    shares: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def each_kg(self) -> Floats:
        """Bulk into one part of the product being made [runs]."""
        return np.asarray(self.content_kg[np.maximum(self.now, 0)] + self.over_kg)

    def make(
        self,
        board: Board,
        dirty: Bools,
        gone_kg: Floats,
        hours: float,
        place: Mapping[tuple[str, str], int],
    ) -> Floats:
        """Fill the tank up again, as far as the vessel can and is clean.

        Args:
            dirty: [runs] The vessel waits for its cleaning. gone_kg: [runs] Taken since the last step [kg].
            place: (machine, quantity) -> column of the board's books.

        Returns:
            Heat that it takes [kWh].
        """
        vessel = self.circuit.vessel
        people = board.around.kind[board.step] != FREE
        able = bool(people) and not board.out_of_order(vessel)
        if self.columns is None:
            self.columns = np.array(
                [place[vessel, q] for q in BOOKS] + [place[vessel, f"material_kg:{m}"] for m in self.parts], np.int64
            )  # fmt: skip
            self.shares = np.array(list(self.parts.values())).reshape(
                len(self.parts), len(self.content_kg)
            )
        heat_kwh = np.empty(board.runs)
        fill_up(
            self.tank_kg, self.room_kg, self.per_h_kg, gone_kg, dirty, able, hours, self.kw["kw_busy"],
            self.kw["kw_idle" if people else "kw_off"], bool(people), self.now, self.water, self.shares, self.warm,
            self.columns, board.out, heat_kwh,
        )  # fmt: skip
        return heat_kwh


BOOKS = ("electricity_kwh", "busy_h", "idle_h", "off_h", "water_in_m3")
"""Of a vessel; ingredients follow."""


@njit(cache=True)
def fill_up(
    tank_kg: Floats, room_kg: Floats, per_h_kg: Floats, gone_kg: Floats, dirty: Bools, able: bool, hours: float,
    kw_busy: Floats, kw_rest: Floats, people: bool, now: Ints, water: Floats, shares: Floats, warm: Floats,
    columns: Ints, out: Floats, heat_kwh: Floats,
) -> None:  # fmt: skip
    """Bulk of one step in every run: the tank, its books, and the heat it takes."""
    for r in range(len(tank_kg)):
        rest = tank_kg[r] - gone_kg[r]
        can = per_h_kg[r] * hours if able and not dirty[r] else 0.0
        made = min(can, max(0.0, room_kg[r] - rest))
        tank_kg[r] = rest + made
        product = max(now[r], 0)
        busy = made / per_h_kg[r]
        out[r, columns[0]] = kw_busy[r] * busy + kw_rest[r] * (hours - busy)
        out[r, columns[1]] = busy
        out[r, columns[2 if people else 3]] = hours - busy
        out[r, columns[4]] = made * water[product] / 1000.0
        for n in range(len(shares)):
            out[r, columns[5 + n]] = made * shares[n, product]
        heat_kwh[r] = made * warm[r]


def ingredients(plant: Plant, circuit: Circuit) -> dict[str, Floats]:
    """Materials of the bulk -> kg by kg of bulk for each product; what other stations add is not bulk, nor is water."""
    adds = {
        n.strip()
        for m in plant.children(circuit.line)
        for n in str(m.kind_facts.get("adds", "")).split(";")
    }
    names = dict.fromkeys(
        m for p in circuit.products for m in p.materials if m not in adds and m != WATER
    )
    return {
        n: np.array([p.materials.get(n, 0.0) / _bulk_kg(p, adds) for p in circuit.products])
        for n in names
    }


def _bulk_kg(product: Product, adds: set[str]) -> float:
    return sum(kg for name, kg in product.materials.items() if name not in adds)


def line_of(draw: Draw, case: Case, plant: Plant, circuit: Circuit, number: int) -> Line:
    """A line's bulk as it stands at the begin."""
    n, filler, vessel = draw.runs, circuit.filler, circuit.vessel
    share = float(draw.word(filler, "content_share", "1"))
    content = np.array([p.mass_kg * share for p in circuit.products])
    adds = {
        x.strip()
        for m in plant.children(circuit.line)
        for x in str(m.kind_facts.get("adds", "")).split(";")
    }
    usual = float(draw.word(vessel, "water_share", "0")) if vessel else 0.0
    water = np.array(
        [
            p.materials[WATER] / _bulk_kg(p, adds) if WATER in p.materials else usual
            for p in circuit.products
        ]
    )
    zero = np.zeros(n)
    made = Line(
        circuit, number, np.full(n, -1, np.int64), zero.copy(), zero.copy(), zero, zero,
        draw.parameter(filler, "fill_over_g", share=0.1) / 1000.0, content, water,
        ingredients(plant, circuit), np.ones(n), zero, zero, zero, zero, {}, zero.copy(), zero.copy(), zero.copy(),
    )  # fmt: skip
    if vessel:
        made.batch_kg = draw.parameter(vessel, "batch_kg", share=0.03)
        made.batch_h = draw.parameter(vessel, "batch_min", share=0.05) / 60.0
        if (made.batch_kg <= 0.0).any() or (made.batch_h <= 0.0).any():
            raise ScenarioFault(
                f"a batch of {vessel} holds nothing or takes no time",
                expected="`batch_kg` and `batch_min` above zero",
                remedy="mend the facts of the vessel",
            )
        made.per_h_kg = made.batch_kg / made.batch_h
        made.room_kg = draw.parameter(vessel, "tank_kg")
        level = case.image.values.get(f"{vessel}.level") if case.image else None
        made.tank_kg = made.room_kg * (0.9 if level is None else min(1.0, level / 50.0))
        lift = draw.parameter(vessel, "warm_degC") - draw.parameter(vessel, "cold_degC")
        made.warm = draw.parameter(vessel, "warm_share") * KWH_M3_K / 1000.0 * np.maximum(0.0, lift)
        made.residue_kg = draw.parameter(vessel, "residue_kg", share=0.1)
        made.residue_cod = draw.parameter(vessel, "residue_cod_kg_kg")
        for state in ("kw_off", "kw_idle", "kw_busy"):
            made.kw[state] = draw.parameter(vessel, state, share=0.1)
    product = case.image.values.get(f"{filler}.product") if case.image else None
    if product is not None:
        made.now[:] = circuit.place(product)
    return made
