"""Scope 3 of a plant: purchased goods, energy before the meter, transport, waste, and the end of what was sold.

Each category is a sum of parts, each part an amount times one factor that names its source. A factor that nobody gave
is a `FactorGap`, never a zero. Errors of amounts are independent; the error of one factor is the same wherever it is
used.

Sources: GHG Protocol Scope 3 Standard ch. 5 and Technical Guidance, categories 1, 3, 4, 5, 9, 12; ISO 14083:2023;
    JCGM 100:2008.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ecotwin.accounting.factors import one_gwp_set
from ecotwin.accounting.uncertainty import independent
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.records import FactorUse

NAMES = {
    1: "Purchased goods and services",
    3: "Fuel- and energy-related activities not in scopes 1 and 2",
    4: "Upstream transport and distribution",
    5: "Waste generated in operations",
    9: "Downstream transport and distribution",
    12: "End-of-life treatment of sold products",
}
"""Categories that are had here."""
Factors = Mapping[str, FactorUse]
"""Factors by what they stand for: a transport class, a waste treatment, `electricity/upstream` ..."""


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a category: amount x factor.

    Attributes:
        amount: [unit of `unit`]. amount_error: Half of its 95 % interval, as a share.
        method: How it was come by, for the reader. outbound: A transport that leaves the gate.
        primary_share: Share of the factor that rests on primary data [%]; untold counts as none.
    """

    name: str
    amount: float
    unit: str
    factor: FactorUse
    method: str
    amount_error: float = 0.0
    primary_share: float = 0.0
    outbound: bool = False

    @property
    def co2e_kg(self) -> float:
        """Emission [kgCO2e]."""
        return self.amount * self.factor.value


@dataclass(frozen=True, slots=True)
class Category:
    """A scope 3 category: its parts, and their sum with its 95 % interval."""

    number: int
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """Its name in the standard."""
        return NAMES[self.number]

    @property
    def co2e_kg(self) -> float:
        """Emission [kgCO2e]."""
        return sum(p.co2e_kg for p in self.parts)

    @property
    def half_kg(self) -> float:
        """Half of the 95 % interval [kgCO2e]; what factors do not tell of their error is not in it."""
        shared: dict[str, float] = defaultdict(float)
        for part in self.parts:
            shared[part.factor.id] += part.co2e_kg * part.factor.uncertainty
        own = (p.co2e_kg * p.amount_error for p in self.parts)
        return independent((*own, *shared.values()))

    @property
    def gwp_set(self) -> str:
        """The one GWP set of its factors."""
        return one_gwp_set(p.factor for p in self.parts)

    @property
    def without_error(self) -> tuple[str, ...]:
        """Ids of factors that tell no uncertainty: the interval is too narrow by theirs."""
        return tuple(dict.fromkeys(p.factor.id for p in self.parts if not p.factor.uncertainty))


def category(number: int, parts: Iterable[Part]) -> Category:
    """A category of parts that fit together.

    Raises:
        FactorGap: Its factors are of different GWP sets.
        FigureGap: An amount is negative, or the category is not one that is had here.
    """
    made = Category(number, tuple(parts))
    if number not in NAMES:
        raise FigureGap(
            f"scope 3 category {number} is not had here",
            expected=f"one of {', '.join(map(str, NAMES))}",
            remedy="report it from elsewhere",
        )
    for part in made.parts:
        _not_negative(part.amount, f"{part.name} of category {number}", part.unit)
    one_gwp_set(p.factor for p in made.parts)
    return made


# -- plain numbers ------------------------------------------------------------------------------


def grid_loss(loss_share: float) -> float:
    """Energy lost on the way for each kWh that arrives: loss/(1-loss) [kWh/kWh].

    Args:
        loss_share: Share of what is fed in that never arrives, 0..1.

    >>> round(grid_loss(0.06), 6)
    0.06383

    Raises:
        FigureGap: The share is no share.
    """
    if not 0.0 <= loss_share < 1.0:
        raise FigureGap(
            f"a grid loss of {loss_share}",
            expected="a share from 0 to below 1",
            remedy="correct it",
        )
    return loss_share / (1.0 - loss_share)


def energy_upstream(
    kwh: float, upstream_factor: float, generation_factor: float, loss_share: float
) -> float:
    """Category 3 of bought electricity [kgCO2e]: fuel chain + what the grid loses.

    Args:
        kwh: Delivered [kWh]. upstream_factor: Well to tank of generation [kgCO2e/kWh delivered].
        generation_factor: Of generation, per kWh *generated* [kgCO2e/kWh]; a factor per kWh
            delivered already holds the loss.
        loss_share: Share lost on the way, 0..1.

    >>> round(energy_upstream(1000, 0.05, 0.3, 0.06), 3)
    69.149
    """
    return kwh * (upstream_factor + grid_loss(loss_share) * generation_factor)


def transport_work(mass_kg: float, distance_km: float, distance_adjustment: float = 1.0) -> float:
    """Transport activity [t.km]: mass with its packaging x distance.

    Args:
        mass_kg: Freight with its packaging [kg]. distance_km: Shortest feasible or great-circle distance.
        distance_adjustment: What driven (actual) distances are divided by, since factors are per
            t.km of the shortest one: the DAF of ISO 14083, 1 where `distance_km` is that already.

    >>> transport_work(12_000, 350)
    4200.0

    Sources: ISO 14083:2023.
    """
    if mass_kg < 0.0 or distance_km < 0.0 or distance_adjustment <= 0.0:
        raise FigureGap(
            f"{mass_kg} kg over {distance_km} km with a distance adjustment of {distance_adjustment}",
            expected="a mass and distance of zero or more, an adjustment above zero",
            remedy="correct the leg",
        )
    return mass_kg / 1000.0 * distance_km / distance_adjustment


def spent(
    amount: float, price_index: float = 1.0, vat_share: float = 0.0, margin_share: float = 0.0
) -> float:
    """Money as an input-output factor wants it: without VAT, in the factor's year, in basic prices [currency].

    Args:
        amount: Paid. price_index: Prices of the paid year over those of the factor's year.
        vat_share: VAT on top of the net price. margin_share: Share of the net price that is trade
            and transport margin.

    >>> round(spent(1190, 1.10, 0.19, 0.12), 2)
    800.0
    """
    return amount / (1.0 + vat_share) / price_index * (1.0 - margin_share)


# -- categories ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leg:
    """A piece of a transport chain.

    Attributes:
        kind: Its class in the factors, as the factor set names it (`road/artic/diesel` ...).
        mass_kg: Freight with packaging. distance_km: See `transport_work`.
        paid: Whether this plant pays for it. inbound: Whether it comes in.
    """

    name: str
    kind: str
    mass_kg: float
    distance_km: float
    paid: bool
    inbound: bool
    distance_adjustment: float = 1.0
    amount_error: float = 0.0


def transport(legs: Iterable[Leg], factors: Factors) -> tuple[Category, Category]:
    """Categories 4 and 9: each leg stands in exactly one of them.

    Inbound legs and outbound ones that are paid for stand in category 4, outbound ones that
    somebody else pays for in category 9.

    Args:
        legs: Of the period; a name may stand there once only. factors: [kgCO2e/t.km] by class.

    Raises:
        FactorGap: A class has no factor, or its factor is of another unit.
        FigureGap: Two legs bear one name: it would be counted twice.
    """
    sides: tuple[list[Part], list[Part]] = ([], [])
    names: set[str] = set()
    for leg in legs:
        if leg.name in names:
            raise FigureGap(
                f"the transport {leg.name!r} stands there twice",
                expected="each leg once",
                remedy="remove the second, or give it a name of its own",
            )
        names.add(leg.name)
        work = transport_work(leg.mass_kg, leg.distance_km, leg.distance_adjustment)
        factor = needed(factors, leg.kind, "t.km", "transport class")
        part = Part(
            leg.name,
            work,
            "t.km",
            factor,
            "ISO 14083: t.km x class",
            leg.amount_error,
            outbound=not leg.inbound,
        )
        sides[0 if leg.inbound or leg.paid else 1].append(part)
    return category(4, sides[0]), category(9, sides[1])


def fuel_and_energy(
    used: Mapping[str, tuple[float, str]], factors: Factors, amount_error: float = 0.0
) -> Category:
    """Category 3: what lies before the meter, for each carrier that was bought.

    Args:
        used: Carrier -> (amount bought, unit), e.g. `{"electricity": (1000.0, "kWh")}`.
        factors: `<carrier>/upstream` (well to tank) for each, and for electricity, heat and cold
            bought also `<carrier>/losses` (what the grid loses, per unit *delivered*).
        amount_error: Half of the 95 % interval of the amounts, as a share.

    Raises:
        FactorGap: One of them is missing, or of another unit.
    """
    parts = []
    for carrier, (amount, unit) in used.items():
        upstream = needed(factors, f"{carrier}/upstream", unit, "upstream factor")
        parts.append(
            Part(
                f"{carrier}, upstream",
                amount,
                unit,
                upstream,
                "amount x well to tank",
                amount_error,
            )
        )
        if carrier in ("electricity", "heat", "cold"):
            losses = needed(factors, f"{carrier}/losses", unit, "factor of grid losses")
            parts.append(
                Part(
                    f"{carrier}, losses", amount, unit, losses, "amount x grid losses", amount_error
                )
            )
    return category(3, parts)


def waste(
    masses_kg: Mapping[tuple[str, str], float], factors: Factors, amount_error: float = 0.0
) -> Category:
    """Category 5: waste by its treatment; recycling bears no credit here.

    Args:
        masses_kg: (material or waste code, treatment code) -> mass [kg].
        factors: [kgCO2e/kg] under `<material>/<treatment>`, else `<treatment>`.
        amount_error: Half of the 95 % interval of the masses, as a share.

    Raises:
        FactorGap: One has no factor, or a factor is below zero: avoided emissions stand outside the inventory.
    """
    parts = []
    for (material, treatment), mass in masses_kg.items():
        key = f"{material}/{treatment}"
        factor = needed(factors, key if key in factors else treatment, "kg", "waste treatment")
        _no_credit(factor)
        parts.append(
            Part(f"{material} to {treatment}", mass, "kg", factor, "mass x treatment", amount_error)
        )
    return category(5, parts)


def end_of_life(
    sold_kg: Mapping[str, float],
    shares: Mapping[str, Mapping[str, float]],
    factors: Factors,
    amount_error: float = 0.0,
) -> Category:
    """Category 12: mass sold x share of each treatment x its factor.

    Args:
        sold_kg: Material -> mass in products sold, packaging too [kg].
        shares: Material -> treatment -> share; each material's shares sum to 1.
        factors: As in `waste`. amount_error: Half of the 95 % interval of the masses, as a share.

    Raises:
        FactorGap: A material has no shares, or a treatment no factor.
        FigureGap: Shares do not sum to 1.
    """
    parts = []
    for material, mass in sold_kg.items():
        if material not in shares:
            raise FactorGap(
                f"how {material} ends is not given",
                expected="its treatments and their shares",
                remedy=f"give {material} shares that sum to 1, with their source",
            )
        if abs(sum(shares[material].values()) - 1.0) > 1e-6:
            raise FigureGap(
                f"the end-of-life shares of {material} sum to {sum(shares[material].values()):g}",
                expected="1",
                remedy="correct them",
            )
        split = {(material, t): mass * share for t, share in shares[material].items()}
        parts += list(waste(split, factors, amount_error).parts)
    return category(12, parts)


def needed(factors: Factors, key: str, unit: str, what: str) -> FactorUse:
    """The factor of this key, in kgCO2e per that unit.

    Raises:
        FactorGap: It is missing, or of another unit.
    """
    found = factors.get(key)
    if found is None:
        raise FactorGap(
            f"no {what} {key!r} is given",
            expected=f"a factor in kgCO2e/{unit} under {key!r}"
            + (f"; given are {', '.join(sorted(factors))}" if factors else ""),
            remedy="give it with its source, place and year",
        )
    if found.unit.replace("tkm", "t.km") != f"kgCO2e/{unit}":
        raise FactorGap(
            f"the factor {found.id} is in {found.unit}",
            expected=f"kgCO2e/{unit}",
            remedy="give it in that unit",
        )
    return found


def _no_credit(factor: FactorUse) -> None:
    if factor.value < 0.0:
        raise FactorGap(
            f"the factor {factor.id} is {factor.value} {factor.unit}: a credit",
            expected="zero or more: what recycling avoids elsewhere stands outside the inventory",
            remedy="give the factor of transport and sorting",
        )


def _not_negative(amount: float, what: str, unit: str) -> None:
    if not 0.0 <= amount < float("inf"):
        raise FigureGap(
            f"{what} is {amount} {unit}", expected="an amount of zero or more", remedy="correct it"
        )
