"""Prices and factors of a what-if: from the plant's tariffs, grid and factors, its books, and the scenario's terms.

Nothing is guessed: what nobody gave stands among the words of the rates, and its figure is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from ecotwin.accounting import factors
from ecotwin.accounting.book import Book, share_within
from ecotwin.accounting.bookfactors import BookFactors
from ecotwin.accounting.scope3 import transport_work
from ecotwin.clock import Period
from ecotwin.cycle.prices import Prices
from ecotwin.errors import EcotwinError, FactorGap
from ecotwin.plant import Plant
from ecotwin.records import Booking, Floats
from ecotwin.simulation.outcome import MaterialRate, Rates
from ecotwin.simulation.scenario import Applied
from ecotwin.simulation.scenario_parts import Leg
from ecotwin.simulation.sketch import Terms

LOOK_BACK = timedelta(days=366)
"""Purchases and transports of so long before the run tell what materials cost and how they come."""


def rates_of(applied: Applied, books: Sequence[Booking]) -> Rates:
    """What a case's amounts cost, and what they emit.

    Args:
        applied: The case. books: All bookings of the plant.
    """
    case, terms = applied.case, applied.terms
    plant = case.plant
    words: dict[str, str] = {}
    moments = _middles(case.start, case.hours, case.bin_s)
    prices = Prices(plant)
    tariff = plant.tariff("electricity")
    money = [prices.money("electricity", m) for m in moments]
    burning = _burning(plant, words)
    book = _Books(plant, books, case.start)
    return Rates(
        currency=plant.currency,
        electricity_price=_known(money),
        bands=tuple(_band(plant, m) for m in moments) if tariff is not None else (),
        grid_location=_known([prices.carbon(m) for m in moments]),
        grid_market=_known([prices.carbon_market()] * len(moments)),
        electricity_upstream=book.upstream(),
        prices={t.carrier: t.price for t in plant.tariffs},
        burning=burning,
        materials=book.materials(terms, words),
        treatments={s.waste_code: s.treatment for s in plant.signals if s.waste_code},
        waste_prices=terms.waste_prices,
        carbon=terms.carbon,
        labour_per_h=terms.labour_per_h,
        demand_per_kw=tariff.demand_price if tariff else None,
        contract_kw=tariff.contract_kw if tariff else None,
        words=words,
    )


def materials_of(
    plant: Plant, books: Sequence[Booking], moment: datetime
) -> dict[str, MaterialRate]:
    """Rate of every material of the products at a moment, as the books tell it."""
    return _Books(plant, books, moment).materials(Terms(), {})


def _middles(start: datetime, hours: float, bin_s: float) -> list[datetime]:
    count = max(1, int(np.ceil(hours * 3600.0 / bin_s - 1e-9)))
    return [start + timedelta(seconds=(n + 0.5) * bin_s) for n in range(count)]


def _known(values: Iterable[float | None]) -> Floats | None:
    found = list(values)
    if any(v is None for v in found):
        return None
    return np.array([float(v) for v in found if v is not None])


def _band(plant: Plant, moment: datetime) -> str:
    tariff = plant.tariff("electricity")
    local = moment.astimezone(plant.zone)
    hour = local.hour + local.minute / 60.0
    for start, end, price in tariff.bands if tariff else ():
        if start <= hour < end:
            return f"{start:02.0f} to {end:02.0f} h at {price:g}"
    return f"other hours at {tariff.price:g}" if tariff else ""


def _burning(plant: Plant, words: dict[str, str]) -> dict[str, float]:
    """Factors of gas [kgCO2e/m3] and of other fuels [kgCO2e/kg] that the plant file gives."""
    found: dict[str, float] = {}
    for carrier in (
        "gas",
        *(k for k in plant.factors if not k.endswith(("_heating_value", "_biogenic"))),
    ):
        made = factors.emission(plant, carrier, "m3" if carrier == "gas" else "kg")
        if isinstance(made, FactorGap):
            if carrier == "gas":
                words["co2e.scope1"] = str(made)
            continue
        value = 1.0
        for use in made:
            value *= use.value
        found[carrier] = value
    if "gas" in found:
        words.pop("co2e.scope1", None)
    return found


@dataclass
class _Books:
    """What books say of materials before a run."""

    plant: Plant
    rows: Sequence[Booking]
    start: datetime

    def __post_init__(self) -> None:
        before = Period(self.start - LOOK_BACK, self.start.astimezone(UTC) + timedelta(days=1))
        self.recent = [b for b in self.rows if share_within(b.period, before) > 0.0]
        now = Period(self.start, self.start + timedelta(days=1))
        self.factors = BookFactors(self.plant, Book.of(now, self.rows))

    def upstream(self) -> float | None:
        """What lies before the meter of bought electricity [kgCO2e/kWh]."""
        parts = [self._factor(f"electricity/{n}", "kgCO2e/kWh") for n in ("upstream", "losses")]
        return None if parts[0] is None else parts[0] + (parts[1] or 0.0)

    def _factor(self, key: str, unit: str) -> float | None:
        if not self.factors.known(key):
            return None
        try:
            found = self.factors.at(key, self.start)
        except EcotwinError:
            return None
        return found.value if found.unit == unit else None

    def materials(self, terms: Terms, words: dict[str, str]) -> dict[str, MaterialRate]:
        """Rate of every material of the products: as the scenario says, else as the books do."""
        names = {m for p in self.plant.products for m in p.materials}
        made = {}
        for name in sorted(names):
            rate = self._booked(name)
            made[name] = _by_terms(name, rate, terms)
        for figure, what in (
            ("co2e.materials", "kgco2e"),
            ("co2e.freight", "freight_kgco2e"),
            ("cost.materials", "price"),
        ):
            lacks = [n for n, rate in made.items() if getattr(rate, what) is None]
            if lacks:
                words[figure] = f"neither the books nor the scenario tell it for {', '.join(lacks)}"
        return made

    def _booked(self, material: str) -> MaterialRate:
        bought = [
            b
            for b in self.recent
            if b.kind == "purchase" and b.text("material") == material and _kg(b) > 0.0
        ]
        mass = sum(_kg(b) for b in bought)
        if not mass:
            return MaterialRate(
                self._factor(f"material/{material}", "kgCO2e/kg"), self._freight(material)
            )
        emitted = [self._footprint(material, b.text("supplier")) for b in bought]
        kgco2e = None
        if all(e is not None for e in emitted):
            kgco2e = (
                sum(float(e or 0.0) * _kg(b) for e, b in zip(emitted, bought, strict=True)) / mass
            )
        price = None
        if all("spend" in b.facts for b in bought):
            price = sum(b.number("spend") for b in bought) / mass
        return MaterialRate(kgco2e, self._freight(material), price)

    def _footprint(self, material: str, supplier: str) -> float | None:
        offers = [
            b
            for b in self.rows
            if b.kind == "supplier"
            and b.text("material") == material
            and b.period.start <= self.start < b.period.end
            and b.text("unit") == "kg"
            and (not supplier or b.text("supplier") == supplier)
        ]
        if len(offers) == 1:
            return offers[0].number("footprint")
        return self._factor(f"material/{material}", "kgCO2e/kg")

    def _freight(self, material: str) -> float | None:
        """Of a kg, from the transports that carry it, else from those that carry anything, by mass [kgCO2e]."""
        coming = [b for b in self.recent if b.kind == "transport" and b.flag("inbound")]
        own = [b for b in coming if b.text("material") == material]
        bought = [b for b in self.recent if b.kind == "purchase" and _kg(b) > 0.0]
        if own:
            mass = sum(_kg(b) for b in bought if b.text("material") == material)
        else:
            named = {b.text("material") for b in coming}
            own = [b for b in coming if not b.text("material")]
            mass = sum(_kg(b) for b in bought if b.text("material") not in named)
        total = 0.0
        for leg in own:
            factor = self._factor(f"transport/{leg.text('mode')}", "kgCO2e/t.km")
            if factor is None:
                return None
            total += factor * transport_work(
                leg.number("mass_kg"),
                leg.number("distance_km"),
                leg.number("distance_adjustment", 1.0),
            )
        return total / mass if own and mass else None


def _kg(row: Booking) -> float:
    if row.text("unit") == "kg":
        return row.number("amount")
    return row.number("mass_kg", 0.0)


def _by_terms(material: str, rate: MaterialRate, terms: Terms) -> MaterialRate:
    """A material's rate with what a scenario says of its supply, freight and price."""
    legs = terms.freight.get(material)
    freight = rate.freight_kgco2e if legs is None else _legs_kgco2e(legs)
    added = 0.0 if legs is None else _legs_price(legs)
    kgco2e, price = rate.kgco2e, rate.price
    supply = terms.supply.get(material)
    if supply:
        kgco2e = sum(s.share * s.kgco2e_per_kg for s in supply)
        ways = [freight if s.freight is None else _legs_kgco2e(s.freight) for s in supply]
        if all(w is not None for w in ways):
            freight = sum(s.share * float(w or 0.0) for s, w in zip(supply, ways, strict=True))
        else:
            freight = None
        each = [
            None if (s.price_per_kg is None and rate.price is None)
            else float(s.price_per_kg if s.price_per_kg is not None else rate.price or 0.0)
            + _legs_price(s.freight or ())
            for s in supply
        ]  # fmt: skip
        price = (
            None
            if any(e is None for e in each)
            else sum(s.share * float(e or 0.0) for s, e in zip(supply, each, strict=True))
        )
    price = terms.material_prices.get(material, price)
    return MaterialRate(kgco2e, freight, None if price is None else price + added)


def _legs_kgco2e(legs: Sequence[Leg]) -> float:
    return sum(leg.distance_km * leg.kgco2e_per_tkm for leg in legs) / 1000.0


def _legs_price(legs: Sequence[Leg]) -> float:
    return sum(leg.distance_km * (leg.price_per_tkm or 0.0) for leg in legs) / 1000.0
