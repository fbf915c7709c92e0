"""The flow of boards through a line: orders, set-ups, buffers and the station that paces it.

Boards flow as a fluid in equal steps; every station takes what lies before it, at most what its
cycle allows and
what fits behind it. Counters show whole boards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecotwin.plant import Product
from ecotwin_standin.chance import Chance
from ecotwin_standin.worktime import WORK

if TYPE_CHECKING:
    from ecotwin_standin.station import Station
    from ecotwin_standin.world import World


@dataclass(frozen=True, slots=True)
class Order:
    """What a line makes next: a product and a number of boards."""

    product: Product
    boards: float


class Line:
    """A line of stations in the order of the plant file.

    Attributes:
        product: What is being made. setup_s: Time of set-up still to go [s].
        ready: Whether people work at it now.
        makes_boards: Its waste is that of boards; a line that makes something else books its own.
    """

    makes_boards = True

    def __init__(
        self, name: str, stations: list[Station], products: tuple[Product, ...], chance: Chance
    ) -> None:
        self.id = name
        self.stations = stations
        self.products = tuple(p for p in products if name in p.planned_run_s) or tuple(
            p for p in products if any(s.id in p.planned_run_s for s in stations)
        )
        self.chance = chance
        self.number = 0
        self.order = self._order(0)
        self.left = self.order.boards
        self.setup_s = 0.0
        self.ready = False
        self.buffer = [0.0] * len(stations)
        self.room = [s.room for s in stations]
        self._paces()

    @property
    def product(self) -> Product:
        """What is being made."""
        return self.order.product

    def _order(self, number: int) -> Order:
        rng = self.chance.generator(f"{self.id}.order.{number}")
        run_s = rng.uniform(3.5, 9.0) * 3600.0
        last = getattr(self, "order", None)
        choice = [
            p for p in self.products if last is None or p.code != last.product.code
        ] or self.products
        product = choice[int(rng.integers(len(choice)))]
        return Order(product, max(40.0, run_s / self._planned_s(product)))

    def _planned_s(self, product: Product) -> float:
        ids = [self.id, *(s.id for s in self.stations)]
        return max(product.planned_run_s[i] for i in ids if i in product.planned_run_s)

    def _paces(self) -> None:
        """Cycle time of every station for the present product [s a board]."""
        planned = self._planned_s(self.product)
        for s in self.stations:
            s.cycle_s = s.product_cycle_s(self.product, planned)

    def change(self) -> None:
        """Take the next order: another product, with a set-up of all stations."""
        self.number += 1
        self.order = self._order(self.number)
        self.left = self.order.boards
        self.setup_s = max(s.setup_s for s in self.stations)
        self._paces()

    def step(self, world: World) -> None:
        """Move boards for one step; stations then book what they did."""
        self.ready = world.segment.kind == WORK
        seconds = world.seconds
        if self.setup_s > 0.0 and self.ready:
            self.setup_s -= seconds
        elif self.left <= 0.0 and self.ready:
            self.change()
        run = self.ready and self.setup_s <= 0.0
        buffer, room, stations = self.buffer, self.room, self.stations
        last = len(stations) - 1
        for i in range(last, -1, -1):
            s = stations[i]
            s.starved = True
            if not run or not s.able:
                s.boards = 0.0
                continue
            can = seconds / s.cycle_s
            there = buffer[i] if i else self.left
            free = room[i + 1] - buffer[i + 1] if i < last else can
            done = min(can, there, free)
            if done <= 0.0:
                s.boards = 0.0
                continue
            s.boards = done
            s.starved = done < 0.25 * can
            if i:
                buffer[i] -= done
            else:
                self.left -= done
            lost = s.scrap(done, world)
            if i < last:
                buffer[i + 1] += done - lost
