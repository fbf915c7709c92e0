"""What a plant is steered for: rates of what it uses and makes, and bounds that are not to be passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ecotwin.clock import micros
from ecotwin.errors import FactorGap, ScenarioFault, UnitFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.assembly import units_of
from ecotwin.simulation.contract import Case, Unit
from ecotwin.simulation.surroundings import Surroundings, calendar
from ecotwin.units import conversion

Rate = float | Floats
"""Reward for one unit of a quantity: the same in every step, or one a step [steps]; what costs is negative."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound whose passing costs, apart from the reward.

    Attributes:
        name: A given value (`air_bar`), a quantity of `quantities.csv` (judged as amount an hour) or `short.` and a
            net (flow that was asked and not supplied). low, high: [unit of it]. weight: Cost of one unit beyond the
            bound for one hour.
    """

    name: str
    low: float = -np.inf
    high: float = np.inf
    weight: float = 1.0


@dataclass(frozen=True)
class Goals:
    """What steering is rewarded for.

    Attributes:
        rates: Quantity of `quantities.csv` -> reward for one unit of it. bounds: What is not to be passed.
    """

    rates: Mapping[str, Rate] = field(default_factory=dict)
    bounds: tuple[Bound, ...] = ()

    def by_step(self, quantity: str, steps: int) -> Floats:
        """Reward for one unit of a quantity in every step [steps]."""
        rate = np.asarray(self.rates[quantity], np.float64)
        if rate.ndim > 1 or (rate.ndim == 1 and len(rate) < steps) or not np.isfinite(rate).all():
            raise ScenarioFault(
                f"the goal for {quantity} has rates of shape {rate.shape} for {steps} steps",
                expected="one finite number, or one a step",
                remedy="correct the goal",
            )
        return rate[:steps] if rate.ndim else np.full(steps, float(rate))


def energy_goals(
    case: Case,
    carbon_price_per_kg: float = 0.0,
    more: Mapping[str, Rate] | None = None,
    bounds: tuple[Bound, ...] = (),
    units: Sequence[Unit] | None = None,
) -> Goals:
    """Goals of the plant file's terms: what electricity, gas and water cost, with a price on the grid's carbon.

    Electricity is what the grid connection imports, where a unit of the plant books that, else what machines use. A
    carrier that no unit books is left out: steering could not move it.

    Args:
        case: Whose plant and span. carbon_price_per_kg: [currency/kgCO2e] on electricity by the grid's hourly
            factors, else its annual one. more: Other rates, such as `parts_good` or `waste_kg`; they win. bounds: What
            is not to be passed. bought: Quantity of electricity that is paid for: `grid_import_kwh` where a unit of
            the plant books it.

    Raises:
        FactorGap: Carbon has a price and the plant file gives no factor of the grid.
        ScenarioFault: There is neither tariff nor rate, or a tariff's unit does not fit.
    """
    hour = _hours(case)
    played = units_of(case.plant) if units is None else units
    booked = {quantity.partition(":")[0] for unit in played for _, quantity in unit.columns}
    bought = "grid_import_kwh" if "grid_import_kwh" in booked else "electricity_kwh"
    rates: dict[str, Rate] = {}
    for carrier, quantity, unit in (
        ("electricity", bought, "kWh"),
        ("gas", "gas_m3", "m3"),
        ("water", "water_in_m3", "m3"),
    ):
        if quantity not in booked or quantity in (more or {}):
            continue
        price = _price(case.plant, carrier, unit, hour)
        if price is not None:
            rates[quantity] = -price
    if carbon_price_per_kg:
        rates[bought] = rates.get(bought, 0.0) - carbon_price_per_kg * _grid(case.plant, hour)
    rates |= more or {}
    if not rates:
        raise ScenarioFault(
            f"{case.plant.name} gives no tariff and no rate was handed in",
            expected="something to steer for",
            remedy="add `tariffs` to the plant file, or hand in `more` rates",
        )
    return Goals(rates, bounds)


def _hours(case: Case) -> Floats:
    around = Surroundings(
        micros(case.start),
        case.step_s,
        weather=case.weather,
        **calendar(case.plant, case.start, case.steps, case.step_s),
    )
    return around.hour


def _price(plant: Plant, carrier: str, unit: str, hour: Floats) -> Floats | None:
    """Price of a carrier in every step [currency/unit]; None: the plant file gives none."""
    tariff = plant.tariff(carrier)
    if tariff is None:
        return None
    try:
        factor, _ = conversion(tariff.unit, unit)
    except UnitFault:
        raise ScenarioFault(
            f"the tariff of {carrier} is by {tariff.unit}",
            expected=f"a unit that can be turned into {unit}",
            remedy=f"hand in the rate of {carrier} by {unit} among `more`",
        ) from None
    price = np.full(len(hour), tariff.price)
    for first, last, other in tariff.bands:
        inside = (hour >= first) & (hour < last)
        price[inside if first < last else (hour >= first) | (hour < last)] = other
    return price / factor


def _grid(plant: Plant, hour: Floats) -> Floats:
    """Carbon of the grid's electricity in every step [kgCO2e/kWh]."""
    grid = plant.grid
    if grid is not None and grid.hourly:
        return np.asarray(grid.hourly)[np.minimum(hour.astype(np.int64), 23)]
    if grid is None or grid.location is None:
        raise FactorGap(
            "carbon has a price, and the plant file gives no factor of the grid",
            expected="`grid.hourly` or `grid.location` in the plant file",
            remedy="give the factor with its source, or leave the price of carbon at 0",
        )
    return np.full(len(hour), grid.location)
