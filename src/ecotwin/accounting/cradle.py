"""The footprint of one piece of a product from cradle to gate, from the live figures of its plant.

Own emissions (scope 1 and 2 of the element that makes it) and shared upstream ones are given to products by the rule of
`sharing`: mass, or price where prices differ much. The shares sum to 1. What is missing is refused by name.

Sources: ISO 14067:2018; ISO 14044:2006 4.3.4.2; PACT Technical Specifications 3.0.3.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ecotwin.accounting.accounts import Accounts
from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.factors import one_gwp_set
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.kpis.products import names
from ecotwin.accounting.pact import (
    SPEC_VERSION,
    biogenic_uptake,
    decimal_text,
    primary_data_share,
    validity,
)
from ecotwin.accounting.ratings import Rating, mean, of_category, worst
from ecotwin.accounting.scope3 import NAMES, Category
from ecotwin.accounting.sharing import Sharing, sharing
from ecotwin.accounting.uncertainty import correlated, independent
from ecotwin.clock import Period, iso
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Product
from ecotwin.records import FactorUse, Measure

UPSTREAM = (1, 3, 4, 5)
"""Scope 3 categories that lie before the gate: each must be given, or exempted with a reason."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the footprint of one piece [kgCO2e]; `primary_share`: of primary data [%]."""

    name: str
    co2e_kg: float
    half_kg: float
    primary_share: float
    quality: Rating = field(default_factory=Rating)


@dataclass(frozen=True, slots=True)
class Gate:
    """One piece of a product at the gate.

    Attributes:
        pieces: Good pieces of it in the period. share: Of the element's emissions that it bears.
        biogenic_fuel: Whether a biogenic fuel was burnt: its CH4 and N2O are in `co2e_kg`.
        exempted: Scope 3 category -> why it is left out. allocation: How emissions were shared out.
        pieces_error: Half of the 95 % interval of the count as a share; it is the same in every stage.
    """

    plant: Plant
    product: Product
    element: str
    period: Period
    pieces: float
    share: float
    stages: tuple[Stage, ...]
    factors: tuple[FactorUse, ...]
    electricity: str
    biogenic_fuel: bool
    exempted: Mapping[int, str]
    allocation: str = "by mass of good pieces"
    pieces_error: float = 0.0
    own_share: float | None = None
    """Of the element's own emissions, by subdivision; None: as `share`."""

    @property
    def co2e_kg(self) -> float:
        """Footprint of one piece, without biogenic uptake [kgCO2e]."""
        return sum(s.co2e_kg for s in self.stages)

    @property
    def half_kg(self) -> float:
        """Half of its 95 % interval [kgCO2e]: stages err apart, the count of pieces errs alike in all of them."""
        counted = [s.co2e_kg * self.pieces_error for s in self.stages]
        own = (s.half_kg**2 - c**2 for s, c in zip(self.stages, counted, strict=True))
        return independent((math.sqrt(max(0.0, sum(own))), correlated(counted)))

    @property
    def primary_share(self) -> float:
        """Primary data share [%]: metered here, or told by the supplier; estimates and tables count as none."""
        return primary_data_share((s.co2e_kg, s.primary_share) for s in self.stages)

    @property
    def quality(self) -> Rating:
        """Data quality, emission-weighted over the stages."""
        return mean((s.co2e_kg, s.quality) for s in self.stages)

    @property
    def gwp_set(self) -> str:
        """The one GWP set of its factors; the plant's where none weighs a gas."""
        return one_gwp_set(self.factors) or self.plant.gwp_set


@dataclass(frozen=True, slots=True)
class Declared:
    """What no meter knows of a product, as its maker declares it.

    Attributes:
        company_ids, product_ids: URNs. created: When the record is made.
        fossil_carbon_kg, biogenic_carbon_kg: Carbon in one piece [kg]; None: not known.
        biogenic_non_co2_kg: CH4 and N2O of biogenic fuels for one piece [kgCO2e].
        exempted_percent: Share of the footprint left out [%], as assessed.
        preceding: Id of the record that this one follows.
    """

    company_name: str
    company_ids: tuple[str, ...]
    product_ids: tuple[str, ...]
    description: str
    created: datetime
    fossil_carbon_kg: float | None = None
    biogenic_carbon_kg: float | None = None
    biogenic_non_co2_kg: float | None = None
    exempted_percent: float | None = None
    standards: tuple[str, ...] = ("ISO14067", "PACT-3.0")
    preceding: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of `pcf` (`dqi`, `verification`, `packagingEmissionsIncluded` ...) as PACT names them."""


def cradle_to_gate(
    plant: Plant,
    code: int,
    figures: Accounts,
    made: Mapping[int, float],
    *,
    element: str = "",
    own: Sequence[Category] = (),
    shared: Sequence[Category] = (),
    electricity: str = "location",
    exempted: Mapping[int, str] | None = None,
    told: Mapping[str, float] | None = None,
) -> Gate:
    """Footprint of one piece, cradle to gate.

    Args:
        plant: The plant. code: Of the product. figures: Of the element over the period.
        made: Good pieces by product, see `pieces_made`. element: That makes it; empty: the site.
        own: Scope 3 categories of this product alone; one without parts counts as not given.
        shared: Those of everything the element made.
        electricity: `location` or `market`. exempted: Category -> why it is left out.
        told: Factor id -> data quality as its supplier tells it, 1 to 5.

    Raises:
        FigureGap: A figure or category is missing, or one lies behind the gate; all are named.
    """
    place, left_out = element or plant.site.id, dict(exempted or {})
    faults = _faults((*own, *shared), left_out, electricity)
    product = next((p for p in plant.products if p.code == code), None)
    if product is None:
        faults.append(f"the plant file names no product {code}")
    have = {m.indicator: m for m in figures.measures if m.element == place}
    wanted = _own(plant, place, electricity, have.keys())
    for name in (*wanted, "production.good_parts"):
        if name not in have:
            words = " ".join(text for where, text in figures.gaps if where == place)
            faults.append(
                f"{name} of {place} cannot be had ({words})"
                if words
                else f"there is no {name} of {place}"
            )
    if faults or product is None:
        raise FigureGap(
            f"the footprint of product {code} from cradle to gate cannot be had: "
            + "; ".join(faults),
            expected="own emissions and scope 3 categories 1, 3, 4 and 5, each given or exempted with a reason",
            remedy="give what is named",
        )
    shared_out, good = sharing(plant, made), have["production.good_parts"]
    share = shared_out.shares.get(code, 0.0)
    if share <= 0.0:
        raise FigureGap(
            f"no good piece of product {code} was made",
            expected="at least one",
            remedy="ask for another period",
        )
    own_share, text = _own_share(plant, product, have, electricity, shared_out)
    pieces = good.value * made[code] / sum(made.values())
    error = (good.high - good.low) / 2.0 / good.value
    used_in = good.period.end.year
    stages: list[Stage] = []
    used: list[FactorUse] = []
    for name in wanted:
        m = have[name]
        kg = m.value * own_share / pieces
        half = independent(((m.high - m.low) / 2.0 * own_share / pieces, kg * error))
        rating = worst(
            m.factors, plant.country, used_in, 2.0 if name.startswith("ghg.scope1") else 3.0
        )
        stages.append(Stage(name, kg, half, 100.0 * (1.0 - m.estimated_share), rating))
        used += m.factors
    for part, weight in [(c, 1.0) for c in own] + [(c, share) for c in shared]:
        kg = part.co2e_kg * weight / pieces
        primary = (
            primary_data_share((p.co2e_kg, p.primary_share) for p in part.parts)
            if part.co2e_kg
            else 0.0
        )
        half = independent((part.half_kg * weight / pieces, kg * error))
        rating = of_category(part, plant.country, used_in, told)
        stages.append(Stage(f"scope 3 category {part.number}", kg, half, primary, rating))
        used += [p.factor for p in part.parts]
    one_gwp_set(used)
    biogenic = have.get("ghg.biogenic")
    return Gate(
        plant, product, place, good.period, pieces, share, tuple(stages), tuple(used), electricity,
        biogenic is not None and biogenic.value > 0.0, left_out, text, error, own_share,
    )  # fmt: skip


def _own_share(
    plant: Plant, product: Product, have: Mapping[str, Measure], electricity: str, rest: Sharing
) -> tuple[float, str]:
    """Share of a product in the element's own emissions, and in words how everything was shared out.

    What lines and machines emitted while they made it is its own (ISO 14044: subdivision before any key); what no
    product was named for is borne by all products as the rest is. Without that figure the key of the pieces holds.
    """
    figure = have.get(f"ghg.by_product_{electricity}")
    known = names(plant)
    parts = {n: v for n, v in figure.split.items() if n in known.values()} if figure else {}
    borne, whole = parts.get(known[str(product.code)], 0.0), sum(parts.values())
    if figure is None or borne <= 0.0 or whole <= 0.0:
        return rest.shares.get(product.code, 0.0), rest.text
    words = figure.method.removeprefix("products/1: ")
    return borne / whole, f"own emissions: {words}; what was bought: {rest.text}"


def _own(plant: Plant, place: str, electricity: str, have: Iterable[str]) -> list[str]:
    """Figures of the element's own emissions: all of scope 1 where it is known, else what is burnt."""
    flows, known = flows_of(plant), set(have)
    wanted = [f"ghg.scope2_{electricity}"] if flows.use(place, "electricity") else []
    if "ghg.scope1_all" in known:
        return [*wanted, "ghg.scope1_all"]
    return wanted + (["ghg.scope1"] if flows.use(place, "gas") or flows.use(place, "fuel") else [])


def product_footprint(gate: Gate, declared: Declared) -> dict[str, Any]:
    """The PACT `ProductFootprint` of one piece, as JSON holds it.

    Raises:
        FigureGap: Fields that PACT needs cannot be had; every one is named.
    """
    lacking = missing_fields(gate, declared)
    if lacking:
        raise FigureGap(
            f"the PACT footprint of {gate.product.name} cannot be made: " + "; ".join(lacking),
            expected="every field that PACT 3 asks for",
            remedy="declare what is named",
        )
    total = Decimal(decimal_text(gate.co2e_kg))
    non_co2 = Decimal(decimal_text(declared.biogenic_non_co2_kg or 0.0))
    pcf: dict[str, Any] = {
        "declaredUnitOfMeasurement": "piece",
        "declaredUnitAmount": "1",
        "productMassPerDeclaredUnit": decimal_text(gate.product.mass_kg),
        "referencePeriodStart": iso(gate.period.start_us),
        "referencePeriodEnd": iso(gate.period.end_us),
        "geographyCountry": gate.plant.country,
        "boundaryProcessesDescription": _boundary(gate),
        "pcfExcludingBiogenicUptake": f"{total:f}",
        "pcfIncludingBiogenicUptake": f"{total:f}",
        "fossilGhgEmissions": f"{total - non_co2:f}",
        "fossilCarbonContent": decimal_text(declared.fossil_carbon_kg or 0.0),
        "ipccCharacterizationFactors": [gate.gwp_set],
        "crossSectoralStandards": list(declared.standards),
        "exemptedEmissionsPercent": decimal_text(declared.exempted_percent or 0.0),
        "allocationRulesDescription": f"{gate.allocation}: {100 * gate.share:.4f} % of {gate.element}",
        "secondaryEmissionFactorSources": _sources(gate.factors),
        "primaryDataShare": decimal_text(gate.primary_share, 4),
        "dqi": {
            "technologicalDQR": decimal_text(gate.quality.technology, 3),
            "geographicalDQR": decimal_text(gate.quality.geography, 3),
            "temporalDQR": decimal_text(gate.quality.time, 3),
        },
    }
    if declared.biogenic_non_co2_kg is not None:
        pcf["biogenicNonCO2Emissions"] = f"{non_co2:f}"
    if declared.biogenic_carbon_kg is not None:
        uptake = Decimal(decimal_text(biogenic_uptake(declared.biogenic_carbon_kg)))
        pcf["biogenicCarbonContent"] = decimal_text(declared.biogenic_carbon_kg)
        pcf["biogenicCO2Uptake"] = f"{uptake:f}"
        pcf["pcfIncludingBiogenicUptake"] = f"{total + uptake:f}"
    if gate.exempted:
        left = (f"category {n} ({NAMES[n]}): {why}" for n, why in sorted(gate.exempted.items()))
        pcf["exemptedEmissionsDescription"] = "; ".join(left)
    if not pcf["secondaryEmissionFactorSources"]:
        del pcf["secondaryEmissionFactorSources"]
    pcf |= declared.extra
    valid = validity(gate.period.end)
    name = f"{declared.product_ids[0]}|{gate.period}|{gate.plant.digest}|{pcf['pcfIncludingBiogenicUptake']}"
    record: dict[str, Any] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "specVersion": SPEC_VERSION,
        "created": declared.created.isoformat(),
        "status": "Active",
        "validityPeriodStart": iso(valid.start_us),
        "validityPeriodEnd": iso(valid.end_us),
        "companyName": declared.company_name,
        "companyIds": list(declared.company_ids),
        "productDescription": declared.description,
        "productIds": list(declared.product_ids),
        "productNameCompany": gate.product.name,
        "comment": f"95 % interval of the footprint: +-{decimal_text(gate.half_kg, 3)} kgCO2e. Purchased goods, energy "
        "and transport count as fossil, as their makers do not tell the biogenic part here.",
        "pcf": pcf,
    }
    return record | ({"precedingPfIds": [declared.preceding]} if declared.preceding else {})


def missing_fields(gate: Gate, declared: Declared) -> tuple[str, ...]:
    """Fields of PACT that cannot be had, each with what is missing."""
    given = declared
    needs = {
        "companyName": bool(given.company_name),
        "companyIds (a URN)": _urns(given.company_ids),
        "productIds (a URN)": _urns(given.product_ids),
        "crossSectoralStandards": bool(given.standards),
        "geographyCountry (`country` of the plant)": len(gate.plant.country) == 2
        and gate.plant.country.isupper(),
        "created (a time with its zone)": given.created.tzinfo is not None,
        "productMassPerDeclaredUnit (`mass_kg` of the product)": gate.product.mass_kg > 0.0,
        "fossilCarbonContent (`fossil_carbon_kg`)": given.fossil_carbon_kg is not None,
        "biogenicNonCO2Emissions (`biogenic_non_co2_kg`: a biogenic fuel is burnt)": not gate.biogenic_fuel
        or given.biogenic_non_co2_kg is not None,
        "exemptedEmissionsPercent (`exempted_percent` as assessed; categories are left out)": not gate.exempted
        or bool(given.exempted_percent),
    }
    return tuple(name for name, had in needs.items() if not had)


def _faults(given: Sequence[Category], exempted: Mapping[int, str], electricity: str) -> list[str]:
    faults = []
    if electricity not in ("location", "market"):
        faults.append(f"electricity is {electricity!r} and neither location nor market")
    numbers = [c.number for c in given if c.parts]
    for n in UPSTREAM:
        if n not in numbers and not exempted.get(n):
            faults.append(f"scope 3 category {n} ({NAMES[n]}) is not given")
        if n in numbers and n in exempted:
            faults.append(f"scope 3 category {n} is both given and exempted")
    faults += [
        f"category {n} lies behind the gate" for n in sorted({*numbers, *exempted} - set(UPSTREAM))
    ]
    for part in (p for c in given for p in c.parts if p.outbound):
        faults.append(f"the transport {part.name!r} leaves the gate")
    return faults


def _boundary(gate: Gate) -> str:
    known = indicators()
    names = [known[s.name].name if s.name in known else s.name for s in gate.stages]
    words = f"Cradle to gate of {gate.element}: {', '.join(names)}; electricity {gate.electricity}-based"
    if any(s.name == "ghg.scope1_all" for s in gate.stages):
        return words
    return f"{words}; scope 1 is what the plant burns: no process, refrigerant or vehicle emission is booked"


def _sources(factors: Iterable[FactorUse]) -> list[dict[str, str]]:
    pairs = {
        (f.source, f.version or str(f.year or "not stated")): None for f in factors if f.source
    }
    return [{"name": name, "version": version} for name, version in pairs]


def _urns(ids: Sequence[str]) -> bool:
    return bool(ids) and all(i.lower().startswith("urn:") for i in ids)
