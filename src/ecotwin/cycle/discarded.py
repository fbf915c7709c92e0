"""What a kilogram of product that is thrown away had cost, and had emitted before it came in.

Bad parts take their materials with them. What these cost and emitted is known from the books of purchases and from
suppliers' footprints, as for what-ifs (`rates`); the power that the part had taken until then is counted where it was
used, and not here again. Where a material has no price or no factor, nothing is told: half a sum would be a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from ecotwin.cycle.rates import materials_of
from ecotwin.plant import Plant
from ecotwin.records import Booking
from ecotwin.simulation.outcome import MaterialRate


class Discarded:
    """Rates of scrapped product, looked up once a day.

    Args:
        plant: Whose products. rows: Gives all bookings.
    """

    def __init__(self, plant: Plant, rows: Callable[[], Sequence[Booking]]) -> None:
        self._plant, self._rows = plant, rows
        self._day: date | None = None
        self._known: tuple[float | None, float | None] = (None, None)

    def money(self, at: datetime) -> float | None:
        """What the materials of a kg of product cost [currency/kg]; None where one has no price."""
        return self._at(at)[0]

    def carbon(self, at: datetime) -> float | None:
        """What they had emitted, their way here included [kgCO2e/kg]; None where one has no factor."""
        return self._at(at)[1]

    def _at(self, at: datetime) -> tuple[float | None, float | None]:
        day = at.astimezone(self._plant.zone).date()
        if day != self._day:
            self._day, self._known = day, self._looked_up(at)
        return self._known

    def _looked_up(self, at: datetime) -> tuple[float | None, float | None]:
        products = [p for p in self._plant.products if p.mass_kg > 0.0]
        if not products or not all(p.materials for p in products):
            return None, None
        rates = materials_of(self._plant, self._rows(), at)
        mass = sum(p.mass_kg for p in products)

        def each(rate: Callable[[MaterialRate], float | None]) -> float | None:
            total = 0.0
            for product in products:
                for name, kg in product.materials.items():
                    value = rate(rates[name])
                    if value is None:
                        return None
                    total += kg * value
            return total / mass

        return each(lambda r: r.price), each(_emitted)


def _emitted(rate: MaterialRate) -> float | None:
    return None if rate.kgco2e is None else rate.kgco2e + (rate.freight_kgco2e or 0.0)
