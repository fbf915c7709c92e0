"""What an excess costs the world.

Amounts into kWh, kgCO2e, m3, kg and money, each with its interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecotwin.detection.causes import what
from ecotwin.detection.columns import number
from ecotwin.detection.marginal import MarginalAir
from ecotwin.plant.model import Plant
from ecotwin.records import Cost, Range, Score

Rate = float | Callable[[datetime], float | None] | None
"""A price or factor of one canonical unit of a carrier: a number, or a function of the moment."""

POWERS = ("power", "idle", "sun")
"""Causes whose excess is electric power."""
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices and factors by carrier, each for one canonical unit (electricity kWh, gas m3 ...).

    Attributes:
        price: [currency/unit]. factor: [kgCO2e/unit], location-based. market:
            [kgCO2e/unit], market-based.
            A carrier that is not there costs an unknown amount, which is left out and
            never guessed.
    """

    price: Mapping[str, Rate]
    factor: Mapping[str, Rate]
    market: Mapping[str, Rate]


def rate(table: Mapping[str, Rate], carrier: str, moment: datetime) -> float | None:
    """Rate of a carrier at a moment."""
    found = table.get(carrier)
    return found(moment) if callable(found) else found


def day_rate(table: Mapping[str, Rate], carrier: str, moment: datetime) -> float | None:
    """Mean rate of a carrier over the 24 hours from a moment on."""
    found = table.get(carrier)
    if not callable(found):
        return found
    values = [found(moment + timedelta(hours=h)) for h in range(24)]
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if len(known) == len(values) else None


@dataclass(frozen=True, slots=True)
class Amount:
    """An excess in its own unit with its carrier.

    Attributes:
        carrier: Whose price and factor hold. value, sd: In the unit of the field it fills.
        field: `energy_kwh`, `water_m3` or `mass_kg`. priced: Units of the carrier in one
            unit of `field`.
    """

    carrier: str
    value: float
    sd: float
    field: str
    priced: float = 1.0


class Costing:
    """Turns scores into amounts.

    Knows what a m3 of air, nitrogen or gas is in kWh at this plant.
    """

    def __init__(self, plant: Plant) -> None:
        def fact(name: str) -> float | None:
            found = (number(e, name) for e in plant.elements)
            return next((v for v in found if v is not None), None)

        self.air = MarginalAir(plant)
        """What a m3 of air costs here, learned as the plant runs."""
        self._air_per_n2 = fact("air_m3_per_m3")
        self._gas_kwh = fact("gas_kwh_per_m3")
        masses = [p.mass_kg for p in plant.products if p.mass_kg > 0]
        self._mass = (
            (sum(masses) / len(masses), (max(masses) - min(masses)) / 4.0) if masses else None
        )

    def per_day(self, s: Score) -> Amount | None:
        """The excess of a day; None when this cause has none that is known."""
        if what(s.cause) in POWERS:
            return Amount("electricity", 24.0 * s.excess_kw, 24.0 * s.excess_sd, "energy_kwh")
        return self._amount(s, s.excess_rate, s.excess_sd)

    def total(self, s: Score, value: float) -> Amount | None:
        """A sum in the score's own unit, with the share of uncertainty of a day's excess."""
        day = s.excess_kw if what(s.cause) in POWERS else s.excess_rate
        sd = abs(value) * min(s.excess_sd / abs(day), 1.0) if day else 0.0
        if what(s.cause) in POWERS:
            return Amount("electricity", value, sd, "energy_kwh")
        return self._amount(s, value, sd)

    def _amount(self, s: Score, value: float, sd: float) -> Amount | None:
        match what(s.cause):
            case "water":
                return Amount("water", value, sd, "water_m3")
            case "compressed_air" | "nitrogen":
                return self._air(s, value, sd)
            case "gas" if self._gas_kwh is not None:
                kwh = self._gas_kwh
                return Amount("gas", value * kwh, sd * kwh, "energy_kwh", priced=1.0 / kwh)
            case "scrap" if self._mass is not None:
                mean, spread = self._mass
                wide = ((sd * mean) ** 2 + (value * spread) ** 2) ** 0.5
                return Amount("material", value * mean, wide, "mass_kg")
        return None

    def _air(self, s: Score, value: float, sd: float) -> Amount | None:
        """Electricity of compressed air, or of the air that nitrogen is made of."""
        known = self.air.kwh_per_m3()
        volume = 1.0 if what(s.cause) == "compressed_air" else self._air_per_n2
        if known is None or volume is None:
            return None
        kwh, unsure = known[0] * volume, known[1] * volume
        # A tenth more of nitrogen: how much air a m3 of it takes moves with its purity.
        more = 0.0 if volume == 1.0 else 0.1 * kwh
        wide = (unsure**2 + more**2) ** 0.5 * abs(value)
        return Amount("electricity", value * kwh, ((sd * kwh) ** 2 + wide**2) ** 0.5, "energy_kwh")


def cost(amount: Amount | None, rates: Rates, moment: datetime) -> Cost:
    """The cost of an amount at the mean rates of the coming day."""
    if amount is None:
        return Cost()
    held = {
        "co2e_kg": day_rate(rates.factor, amount.carrier, moment),
        "co2e_market_kg": day_rate(rates.market, amount.carrier, moment),
        "money": day_rate(rates.price, amount.carrier, moment),
    }
    parts = {amount.field: span(amount.value, amount.sd)}
    for name, unit_rate in held.items():
        if unit_rate is not None:
            parts[name] = span(
                amount.value * amount.priced * unit_rate, amount.sd * amount.priced * unit_rate
            )
    return Cost(**parts)


def span(value: float, sd: float) -> Range:
    """A value with its 95 % interval, cut at zero where the value is above it."""
    low, high = value - Z95 * abs(sd), value + Z95 * abs(sd)
    return Range(value, max(0.0, low) if value >= 0 else low, high)
