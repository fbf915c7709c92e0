"""Filling lines: bottles instead of boards, bulk from a vessel, and a cleaning between products.

Which programme a change of product asks for is the plant's own rule and stands in the plant file (facts
`clean_<from>_<to>` of its cleaning station); how long it takes and what it uses is the stand-in's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ecotwin.plant import Product
from ecotwin_standin.chance import Chance
from ecotwin_standin.cip import clean, is_clean
from ecotwin_standin.drains import drain, shed
from ecotwin_standin.line import Line, Order
from ecotwin_standin.machine import SETUP, STANDBY
from ecotwin_standin.station import Station, nominal
from ecotwin_standin.worktime import FREE

if TYPE_CHECKING:
    from ecotwin_standin.world import World

CONTENT_SHARE = 0.943
"""Of a product's mass that is bulk; the rest is bottle, cap and label."""


class FillingLine(Line):
    """A line whose first station fills: it needs bulk, and both are cleaned between products.

    Attributes:
        bulk_kg: Order number -> bulk made for it and not yet filled [kg].
        cleaning: Circuit that is being cleaned for the next order, or empty.
    """

    makes_boards = False

    def __init__(
        self, name: str, stations: list[Station], products: tuple[Product, ...], chance: Chance
    ) -> None:
        super().__init__(name, stations, products, chance)
        self.bulk_kg: dict[int, float] = {0: 2500.0}
        self.left_kg = 0.0
        self.leaves: Product | None = None
        self.cleaning = ""
        self.vessel_at = 0

    def content_kg(self, product: Product) -> float:
        """Bulk in one bottle as the label says [kg]."""
        return product.mass_kg * CONTENT_SHARE

    def coming(self) -> Order:
        """The order after the present one: bulk is made ahead for it."""
        return self._order(self.number + 1)

    def change(self) -> None:
        """Take the next order; the line is cleaned as its change of product asks."""
        leaves = self.product
        self.left_kg += self.bulk_kg.pop(self.number, 0.0)
        super().change()
        self.leaves = leaves

    def step(self, world: World) -> None:
        """Hold the line while it is cleaned, give the filler its bulk, then move bottles."""
        if self.leaves is not None:
            self.cleaning = clean(world, f"{self.id}.filler", self.leaves.code, self.product.code)
            self.leaves = None
            throw_away(world, self.left_kg)
            self.left_kg = 0.0
        if self.cleaning and is_clean(world, self.cleaning):
            self.cleaning = ""
        if self.cleaning:
            self.setup_s = max(self.setup_s, 2.0 * world.seconds)
        filler = self.stations[0]
        assert isinstance(filler, Filler)
        each = self.content_kg(self.product) + filler.over_g() / 1000.0
        filler.each_kg = each
        bulk = self.bulk_kg.get(self.number, 0.0)
        filler.fed = bulk > each * world.seconds / filler.cycle_s
        if not filler.fed and self.vessel_at > self.number:
            self.left = 0.0
        number = self.number
        super().step(world)
        if self.number == number:
            self.bulk_kg[number] = max(0.0, bulk - filler.boards * each)


def throw_away(world: World, kg: float) -> None:
    """Bulk that no bottle takes any more: a part is caught and handed over, the rest goes down the drain."""
    caught = 0.35 * kg
    shed(world, "product", caught)
    drain(world, (kg - caught) / 1000.0 / world.hours, 0.3 * (kg - caught) / world.hours)


class Bottling(Station):
    """A station of a filling line: short stops beside long failures, and packaging that it uses.

    Attributes:
        stops_h: Short stops in an hour of running. packing_kg: Packaging put on one bottle.
    """

    kinds: ClassVar[tuple[str, ...]] = ()
    material = "packaging_used"
    waste_share = 0.02

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        row = nominal()[kind]
        self.stops_h = self.draw("stops", row["stops_h"], 0.25)
        self.stop_s = self.draw("stop_s", row["stop_s"], 0.2)
        self.packing_kg = self.draw("packing", row["packing_g"], 0.03) / 1000.0
        self.stop_column = chance.column()
        self.v.update({self.material: 0.0, "short_stops": 0.0})

    def step(self, world: World) -> None:
        """Stop for a moment now and then."""
        rate = self.stops_h + (self.fault.get("short_stops", 0.0) if self.fault else 0.0)
        dice = world.uniform[self.stop_column]
        share = rate * world.hours
        if self.boards > 0.0 and self.down_s <= 0.0 and dice < share:
            self.down_s = self.stop_s * (0.5 + dice / share)
            self.v["short_stops"] += 1.0
        super().step(world)

    def book_parts(self, world: World, line: Line) -> None:
        """Counters of bottles; a lost one is product and plastic in the bins."""
        v = self.v
        v["parts_total"] += self.boards
        v["parts_good"] += self.boards - self.lost
        v["product"] = float(line.product.code)
        v[self.material] += self.boards * self.packing_kg
        if self.lost > 0.0:
            shed(world, "product", self.lost * line.product.mass_kg * CONTENT_SHARE)
            shed(world, "plastic", self.lost * line.product.mass_kg * (1.0 - CONTENT_SHARE))
        shed(world, self.sheds, self.boards * self.packing_kg * self.waste_share)

    sheds = "plastic"

    def particulars(self, world: World) -> None:
        """Nothing more."""


class Filler(Bottling):
    """Fills bottles by mass, a little above the label; a worn nozzle gives more away.

    Attributes:
        fed: There is bulk for a step. each_kg: Bulk into one bottle now [kg].
    """

    kinds = ("filler",)
    lays = FillingLine
    material = "bottles_used"
    sheds = "plastic"
    waste_share = 0.006

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.over = self.draw("over", 6.5, 0.2)
        self.fed = True
        self.each_kg = 1.0
        self.v.update(giveaway=0.0, product_used=0.0)

    @property
    def able(self) -> bool:
        """Ready when it is up and has bulk."""
        return self.down_s <= 0.0 and self.fed

    def over_g(self) -> float:
        """Fill above the label [g]."""
        return self.over + (self.fault.get("filler_giveaway", 0.0) if self.fault else 0.0)

    def particulars(self, world: World) -> None:
        """Fill mass of this step's bottles, give-away and bulk used."""
        v = self.v
        over = self.over_g()
        v["giveaway"] += self.boards * over / 1000.0
        v["product_used"] += self.boards * self.each_kg
        noise_kg = 0.00035 * world.normal[self.extra_column]
        v["fill_mass"] = self.each_kg + noise_kg if self.boards > 0.0 else 0.0


class Capper(Bottling):
    """Screws caps on."""

    kinds = ("capper",)
    material = "caps_used"
    sheds = "plastic"

    def particulars(self, world: World) -> None:
        """Torque."""
        n = world.normal[self.extra_column]
        self.v["torque"] = 1.6 + 0.04 * n if self.used > 0.0 else 0.0


class Labeller(Bottling):
    """Glues labels on; the liner that carried them is waste of the same order."""

    kinds = ("labeller",)
    material = "labels_used"
    sheds = "liner"
    waste_share = 0.55


class CasePacker(Bottling):
    """Puts bottles into cases."""

    kinds = ("case_packer",)
    material = "cardboard_used"
    sheds = "cardboard"
    waste_share = 0.045


class Palletiser(Bottling):
    """Stacks cases and wraps them."""

    kinds = ("palletiser",)
    material = "film_used"
    sheds = "plastic"
    waste_share = 0.07

    def mode(self, world: World, line: Line) -> float:
        """It sleeps while the line is cleaned."""
        state = super().mode(world, line)
        return STANDBY if state == SETUP and world.segment.kind != FREE else state
