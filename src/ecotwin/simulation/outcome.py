"""What came of a case, run by run: energy, CO2e, water, waste, air, cost, throughput, delivery, people.

Amounts are those that units booked; prices and factors are handed in, hour by hour where they have hours. A price or
factor that nobody gave leaves its figure out and says so: it is never taken for zero.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from ecotwin.records import Floats
from ecotwin.simulation.contract import Outcome
from ecotwin.simulation.scenario_parts import CarbonPrice

HOURS_A_MONTH = 8766.0 / 12.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A figure that a comparison can show: a row of `figures.csv`.

    Attributes:
        better: `low`, `high` or empty when neither is better. objective: Name in the Pareto front, or empty.
        part_of: Totals that it is summed into.
    """

    figure: str
    name: str
    unit: str
    better: str
    group: str
    objective: str
    part_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MaterialRate:
    """What a kg of a bought material brings; None: nobody gave it."""

    kgco2e: float | None = None
    freight_kgco2e: float | None = None
    price: float | None = None


@dataclass(frozen=True)
class Rates:
    """Prices and factors of a case.

    Attributes:
        currency: Of all prices. electricity_price: [bins] [currency/kWh]. bands: [bins] price band of each bin.
        grid_location, grid_market: [bins] [kgCO2e/kWh]. electricity_upstream: [kgCO2e/kWh] before the meter.
        prices: Carrier or fuel -> [currency/unit]. burning: Carrier or fuel -> [kgCO2e/unit].
        materials: Material -> rate. treatments: Waste code -> treatment code. waste_prices: Code -> [currency/kg].
        carbon: What CO2e costs. labour_per_h: [currency/h]. demand_per_kw: [currency/kW] a month.
        contract_kw: Power not to be passed. words: What is missing, by the figure that it leaves out.
    """

    currency: str
    electricity_price: Floats | None = None
    bands: tuple[str, ...] = ()
    grid_location: Floats | None = None
    grid_market: Floats | None = None
    electricity_upstream: float | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    burning: Mapping[str, float] = field(default_factory=dict)
    materials: Mapping[str, MaterialRate] = field(default_factory=dict)
    treatments: Mapping[str, str] = field(default_factory=dict)
    waste_prices: Mapping[str, float] = field(default_factory=dict)
    carbon: CarbonPrice | None = None
    labour_per_h: float | None = None
    demand_per_kw: float | None = None
    contract_kw: float | None = None
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """Figures of a case.

    Attributes:
        values: Figure -> [runs]. gaps: Figure -> why it cannot be had.
        parts: What a figure is made of, e.g. the cost of electricity by price band: figure -> name -> [runs].
        bought_kw: [runs, bins] mean power bought in each bin.
        unrated: Figure -> material without a factor or price -> [runs] kg used; it is in no value.
    """

    values: Mapping[str, Floats]
    gaps: Mapping[str, str]
    parts: Mapping[str, Mapping[str, Floats]]
    bought_kw: Floats
    unrated: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)


@cache
def kinds() -> Mapping[str, Kind]:
    """The table of figures.

    >>> kinds()["co2e.scope1"].part_of
    ('co2e.total', 'co2e.total_market')
    """
    text = (files("ecotwin.simulation") / "figures.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {r["figure"]: Kind(**(r | {"part_of": tuple(r["part_of"].split())})) for r in rows}


_AMOUNTS = {
    "energy.electricity": "electricity_kwh",
    "energy.electricity_made": "made_kwh",
    "energy.gas": "gas_m3",
    "energy.fuel": "fuel_kg",
    "energy.heat": "heat_kwh",
    "energy.cold": "cold_kwh",
    "energy.air_leaked": "leak_m3",
    "water.in": "water_in_m3",
    "water.out": "water_out_m3",
    "water.reused": "water_reused_m3",
    "waste.total": "waste_kg",
    "air.nox": "nox_kg",
    "air.co": "co_kg",
    "air.so2": "so2_kg",
    "air.pm": "pm_kg",
    "air.voc": "voc_kg",
    "throughput.parts": "parts_good",
    "throughput.scrap": "scrap_parts",
    "throughput.product": "product_kg",
    "throughput.by_product": "by_product_kg",
    "throughput.flights": "flights",
    "people.operator": "operator_h",
    "people.heat_stress": "heat_stress_h",
    "people.discomfort": "discomfort_kh",
}
"""Figure -> quantity that is summed over all machines."""


def figures(outcome: Outcome, rates: Rates) -> Figures:
    """Every figure that an outcome and its rates carry; totals over parts are made by `totals.with_totals`."""
    made = _Making(outcome, rates)
    made.amounts()
    made.electricity()
    made.burning()
    made.materials()
    made.waste()
    made.delivery()
    made.people()
    made.carbon()
    bought_kw = made.bought * (3600.0 / outcome.case.bin_s)
    return Figures(made.values, made.gaps, made.parts, bought_kw, made.unrated)


class _Making:
    """Figures as they are made."""

    def __init__(self, outcome: Outcome, rates: Rates) -> None:
        self.outcome, self.rates = outcome, rates
        self.runs = len(outcome.totals)
        self.values: dict[str, Floats] = {}
        self.gaps: dict[str, str] = {}
        self.parts: dict[str, dict[str, Floats]] = {}
        self.unrated: dict[str, dict[str, Floats]] = {}
        self.bought = np.zeros((self.runs, outcome.profile.shape[1]))
        self.booked = {q.partition(":")[0] for _, q in outcome.columns}

    def profile(self, quantity: str) -> Floats:
        """[runs, bins] of a quantity."""
        return np.asarray(self.outcome.profile[:, :, self.outcome.quantities.index(quantity)])

    def split(self, quantity: str) -> dict[str, Floats]:
        """Name after the colon -> [runs]."""
        found: dict[str, Floats] = {}
        for column, (_, booked) in enumerate(self.outcome.columns):
            base, _, name = booked.partition(":")
            if base == quantity:
                found[name] = found.get(name, np.zeros(self.runs)) + self.outcome.totals[:, column]
        return found

    def gap(self, figure: str, text: str) -> None:
        """Leave a figure out."""
        self.gaps[figure] = self.rates.words.get(figure, text)

    def amounts(self) -> None:
        """Sums of what was booked."""
        for figure, quantity in _AMOUNTS.items():
            if quantity in self.booked:
                self.values[figure] = self.outcome.total(quantity)
        plant = self.outcome.case.plant
        users = {m.id for m in plant.machines if "air_busy_m3_h" in m.kind_facts}
        made = [m for m, q in self.outcome.columns if q == "air_m3" and m not in users]
        if made:  # users book what they draw, makers what they make: it is counted where it is made
            self.values["energy.compressed_air"] = self._sum(
                self.outcome.total("air_m3", m) for m in made
            )

    def electricity(self) -> None:
        """Bought, fed in, peak; its cost by price band and its CO2e hour by hour."""
        if "electricity_kwh" not in self.booked and "grid_import_kwh" not in self.booked:
            return
        if "grid_import_kwh" in self.booked:
            self.bought = self.profile("grid_import_kwh")
            fed = self.profile("grid_export_kwh")
        else:
            net = self.profile("electricity_kwh") - self.profile("made_kwh")
            net = net - self.profile("battery_kwh")
            self.bought, fed = np.maximum(net, 0.0), np.maximum(-net, 0.0)
        rates, hours = self.rates, self.outcome.case.hours
        self.values["energy.electricity_bought"] = self.bought.sum(axis=1)
        if fed.any():
            self.values["energy.electricity_fed_in"] = fed.sum(axis=1)
        peak = self.bought.max(axis=1) * (3600.0 / self.outcome.case.bin_s)
        self.values["energy.peak"] = peak
        self._by_bin("cost.electricity", rates.electricity_price, "price of electricity is given")
        self._by_bin("co2e.scope2_location", rates.grid_location, "grid factor is given")
        self._by_bin("co2e.scope2_market", rates.grid_market, "market-based factor can be had")
        if rates.electricity_price is not None and rates.bands:
            cost = self.bought * rates.electricity_price
            self.parts["cost.electricity"] = {
                band: cost[:, [n for n, b in enumerate(rates.bands) if b == band]].sum(axis=1)
                for band in dict.fromkeys(rates.bands)
            }
        if rates.electricity_upstream is not None:
            bought = self.values["energy.electricity_bought"]
            self.values["co2e.upstream_energy"] = bought * rates.electricity_upstream
        if rates.demand_per_kw is not None:
            # A month's charge for the month's highest quarter hour, by the share of the month that the run lasts.
            self.values["cost.demand"] = peak * rates.demand_per_kw * hours / HOURS_A_MONTH

    def _by_bin(self, figure: str, rate: Floats | None, what: str) -> None:
        if rate is None:
            self.gap(figure, f"no {what}")
        else:
            self.values[figure] = np.asarray(
                self.bought @ np.broadcast_to(rate, self.bought.shape[1])
            )

    def burning(self) -> None:
        """Gas, fuels and water by their prices; what burns by its factor."""
        rates = self.rates
        burnt = {"gas": self.outcome.total("gas_m3")} if "gas_m3" in self.booked else {}
        burnt |= self.split("fuel_kg") if "fuel_kg" in self.booked else {}
        used = {name: amount for name, amount in burnt.items() if amount.any()}
        lacks = sorted(n or "fuel" for n in used if n not in rates.burning)
        if lacks:
            self.gap("co2e.scope1", f"no emission factor of {', '.join(lacks)} is given")
        elif burnt:
            self.values["co2e.scope1"] = self._sum(a * rates.burning[n] for n, a in used.items())
        for figure, names in (
            ("cost.gas", [n for n in used if n == "gas"]),
            ("cost.fuel", [n for n in used if n != "gas"]),
        ):
            short = [n for n in names if n not in rates.prices]
            if short:
                self.gap(figure, f"no price of {', '.join(short)} is given")
            elif names:
                self.values[figure] = self._sum(used[n] * rates.prices[n] for n in names)
        water = self.values.get("water.in")
        if water is not None and water.any():
            if "water" in rates.prices:
                self.values["cost.water"] = water * rates.prices["water"]
            else:
                self.gap("cost.water", "no price of water is given")

    def materials(self) -> None:
        """Materials of what was made: booked by the units, else by the recipes of good parts by product."""
        used = self.split("material_kg") if "material_kg" in self.booked else self._by_recipe()
        used = {m: kg for m, kg in used.items() if kg.any()}
        if not used:
            return
        for figure, name, what in (
            ("co2e.materials", "kgco2e", "factor"),
            ("co2e.freight", "freight_kgco2e", "factor of freight"),
            ("cost.materials", "price", "price"),
        ):
            rate = {m: getattr(self.rates.materials.get(m, MaterialRate()), name) for m in used}
            lacks = {m: kg for m, kg in used.items() if rate[m] is None}
            if len(lacks) == len(used):
                self.gap(figure, f"no {what} of {', '.join(lacks)} is given")
                continue
            self.unrated[figure] = lacks
            self.parts[figure] = {m: kg * rate[m] for m, kg in used.items() if m not in lacks}
            self.values[figure] = self._sum(self.parts[figure].values())

    def _by_recipe(self) -> dict[str, Floats]:
        made = {n: a for n, a in self.split("parts_good").items() if n.isdigit()}
        used: dict[str, Floats] = {}
        for product in self.outcome.case.plant.products:
            parts = made.get(str(product.code))
            for material, kg in product.materials.items():
                if parts is not None:
                    used[material] = used.get(material, np.zeros(self.runs)) + kg * parts
        return used

    def waste(self) -> None:
        """Waste by what becomes of it, and what it costs."""
        if "waste_kg" not in self.booked:
            return
        codes = self.split("waste_kg")
        self.parts["waste.total"] = codes
        self.values["waste.hazardous"] = self._sum(a for c, a in codes.items() if c.endswith("*"))
        unknown = sorted(c for c in codes if c not in self.rates.treatments and codes[c].any())
        fates: tuple[tuple[str, Callable[[str], bool]], ...] = (
            ("waste.diverted", diverted),
            ("waste.disposed", lambda t: not diverted(t)),
            ("waste.landfill", landfilled),
        )
        for figure, counts in fates:
            if unknown:
                self.gap(figure, f"no treatment of waste {', '.join(unknown)} is given")
                continue
            self.values[figure] = self._sum(
                a for c, a in codes.items() if counts(self.rates.treatments.get(c, ""))
            )
        lacks = sorted(c for c in codes if c not in self.rates.waste_prices and codes[c].any())
        if lacks:
            self.gap("cost.waste", f"no price of waste {', '.join(lacks)} is given")
        else:
            self.values["cost.waste"] = self._sum(
                a * self.rates.waste_prices.get(c, 0.0) for c, a in codes.items()
            )

    def delivery(self) -> None:
        """Lateness of orders that have a promise."""
        late = [
            v
            for k, v in self.outcome.told.items()
            if k.startswith("job.") and k.endswith(".late_h")
        ]
        if late:
            hours = np.maximum(np.stack(late), 0.0)
            self.values["delivery.late"] = hours.sum(axis=0)
            self.values["delivery.on_time"] = (hours <= 0.0).sum(axis=0).astype(np.float64)

    def people(self) -> None:
        """What people's time costs, where somebody says it."""
        if "people.operator" in self.values and self.rates.labour_per_h is not None:
            self.values["cost.labour"] = self.values["people.operator"] * self.rates.labour_per_h

    def carbon(self) -> None:
        """What CO2e costs, on the scopes that are priced."""
        carbon = self.rates.carbon
        if carbon is None:
            return
        names = {
            "scope1": ("co2e.scope1",),
            "scope2_location": ("co2e.scope2_location",),
            "scope2_market": ("co2e.scope2_market",),
            "upstream": ("co2e.upstream_energy", "co2e.materials", "co2e.freight"),
        }
        priced = [f for scope in carbon.scopes for f in names[scope]]
        lacks = [f for f in priced if f in self.gaps]
        if lacks:
            self.gap("cost.carbon", f"{lacks[0]} cannot be had: {self.gaps[lacks[0]]}")
            return
        kg = self._sum(self.values[f] for f in priced if f in self.values)
        self.values["cost.carbon"] = kg * carbon.per_t / 1000.0

    def _sum(self, parts: Iterable[Floats]) -> Floats:
        return np.asarray(sum(parts, np.zeros(self.runs)), np.float64)


def diverted(treatment: str) -> bool:
    """Whether a treatment keeps waste from burning and landfill (ESRS E5-5, GRI 306: energy recovery does not).

    >>> diverted("R3"), diverted("R1"), diverted("D10")
    (True, False, False)
    """
    return treatment.startswith("R") and treatment != "R1"


def landfilled(treatment: str) -> bool:
    """Whether waste goes to landfill: deposit on land (D1), specially engineered landfill (D5).

    >>> landfilled("D1"), landfilled("D5"), landfilled("D10")
    (True, True, False)
    """
    return treatment in {"D1", "D5"}
