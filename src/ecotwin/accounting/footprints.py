"""Product footprints that suppliers hand over: read, checked against their own formulas, kept with what is doubtful.

A footprint that breaks its own formula warns and is kept: printed examples of the specification break it too.

Sources: PACT Technical Specifications 3.0.3 (`spec/v3/openapi.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ecotwin.accounting.pact import DECLARED_UNITS, SPEC_VERSION, TERMS, is_decimal, validity
from ecotwin.clock import Period
from ecotwin.errors import FigureGap, FileFault
from ecotwin.records import FactorUse

NEEDED = (
    "id",
    "specVersion",
    "created",
    "status",
    "companyName",
    "companyIds",
    "productDescription",
    "productIds",
    "productNameCompany",
    "pcf",
)
"""What every product footprint holds."""
NEEDED_PCF = (
    "declaredUnitOfMeasurement",
    "declaredUnitAmount",
    "productMassPerDeclaredUnit",
    "referencePeriodStart",
    "referencePeriodEnd",
    "pcfExcludingBiogenicUptake",
    "pcfIncludingBiogenicUptake",
    "fossilGhgEmissions",
    "fossilCarbonContent",
    "ipccCharacterizationFactors",
    "crossSectoralStandards",
    "exemptedEmissionsPercent",
)
"""What its `pcf` holds."""
_DECIMALS = (
    *TERMS,
    "declaredUnitAmount",
    "productMassPerDeclaredUnit",
    "pcfExcludingBiogenicUptake",
    "pcfIncludingBiogenicUptake",
    "fossilCarbonContent",
    "biogenicCarbonContent",
    "recycledCarbonContent",
    "biogenicCO2Uptake",
    "landManagementFossilGhgEmissions",
    "exemptedEmissionsPercent",
    "primaryDataShare",
)
_PLACES = ("geographyCountrySubdivision", "geographyCountry", "geographyRegionOrSubregion")


@dataclass(frozen=True, slots=True)
class Footprint:
    """A product footprint somebody handed over, as far as it is used here.

    Attributes:
        co2e_kg: Without biogenic uptake, of one `unit` [kgCO2e]. uptake_kg: Biogenic uptake (<= 0).
        mass_kg: Of one unit, 0 where mass does not matter.
        reference, valid: Times it is of, and may be used in.
        primary_share: [%], None where it is not told. quality: Mean of the three ratings 1..5, or None.
        warnings: What does not fit in it, each a sentence. It is kept all the same.
    """

    id: str
    company: str
    product: str
    product_ids: tuple[str, ...]
    unit: str
    co2e_kg: float
    uptake_kg: float
    mass_kg: float
    reference: Period
    valid: Period
    gwp_sets: tuple[str, ...]
    place: str
    active: bool
    primary_share: float | None
    quality: float | None
    warnings: tuple[str, ...] = ()

    def use(self) -> FactorUse:
        """The footprint as a factor [kgCO2e/unit]; PACT tells no uncertainty.

        Raises:
            FigureGap: It is of several GWP sets: such a sum would mean nothing here.
        """
        if len(self.gwp_sets) != 1:
            raise FigureGap(
                f"the footprint {self.id} of {self.company} mixes {' and '.join(self.gwp_sets)}",
                expected="one GWP set",
                remedy="ask the supplier for one in AR6",
            )
        return FactorUse(
            f"pact/{self.id}",
            self.co2e_kg,
            f"kgCO2e/{self.unit}",
            self.place,
            self.reference.end.year,
            self.company,
            SPEC_VERSION,
            self.gwp_sets[0],
            0.0,
            "supplier's footprint, cradle to gate, without biogenic uptake",
        )


def read_footprint(record: Mapping[str, Any]) -> Footprint:
    """Read a PACT product footprint that a supplier sent.

    Args:
        record: One `ProductFootprint` as JSON gives it.

    Raises:
        FileFault: Fields that are needed are missing or cannot be read; every one is named.
    """
    pcf = record.get("pcf")
    pcf = pcf if isinstance(pcf, Mapping) else {}
    faults = [f"{n} is missing" for n in NEEDED if n not in record]
    faults += [f"pcf.{n} is missing" for n in NEEDED_PCF if n not in pcf]
    faults += [
        f"pcf.{n} is {pcf[n]!r} and no decimal in quotes"
        for n in _DECIMALS
        if n in pcf and not is_decimal(pcf[n])
    ]
    if (unit := pcf.get("declaredUnitOfMeasurement")) not in DECLARED_UNITS:
        faults.append(f"pcf.declaredUnitOfMeasurement is {unit!r}")
    given = [n for n in _PLACES if n in pcf]
    if len(given) > 1:
        faults.append(f"{' and '.join(given)} are both given")
    if not faults and _number(pcf, "declaredUnitAmount") <= 0:
        faults.append("pcf.declaredUnitAmount is not above zero")
    faults += _sets_at_fault(pcf)
    times: dict[str, datetime | None] = {}
    for where, name in ((pcf, "referencePeriodStart"), (pcf, "referencePeriodEnd"),
                        (record, "validityPeriodStart"), (record, "validityPeriodEnd")):  # fmt: skip
        try:
            times[name] = _instant(where[name]) if where.get(name) else None
        except (TypeError, ValueError):
            faults.append(f"{name} is {where[name]!r} and no time with its zone")
    if faults:
        raise FileFault(
            f"the footprint {record.get('id', 'without id')} cannot be used: " + "; ".join(faults),
            expected=f"a ProductFootprint of PACT {SPEC_VERSION}",
            remedy="ask the supplier for a corrected one",
        )
    return _footprint(record, pcf, times)


def _footprint(
    record: Mapping[str, Any], pcf: Mapping[str, Any], times: Mapping[str, datetime | None]
) -> Footprint:
    begin, end = times["referencePeriodStart"], times["referencePeriodEnd"]
    if begin is None or end is None or end < begin:
        raise FileFault(
            f"the footprint {record['id']} is of a time from {begin} to {end}",
            expected="a reference period that ends after it starts",
            remedy="ask the supplier",
        )
    words = list(broken_formulas(pcf))
    try:
        valid = validity(end, times["validityPeriodStart"], times["validityPeriodEnd"])
    except FigureGap as gap:
        words.append(f"{gap.found}: the default of three years after the reference period is used")
        valid = validity(end)
    amount = float(_number(pcf, "declaredUnitAmount"))
    dqi = pcf.get("dqi") or {}
    ratings = [
        float(dqi[n])
        for n in ("technologicalDQR", "geographicalDQR", "temporalDQR")
        if is_decimal(dqi.get(n))
    ]
    if any(not 1.0 <= r <= 5.0 for r in ratings):
        words.append("a data quality rating lies outside 1 to 5: it is not used")
        ratings = []
    share = float(_number(pcf, "primaryDataShare")) if "primaryDataShare" in pcf else None
    if share is not None and not 0.0 <= share <= 100.0:
        words.append(f"a primary data share of {share} % is not used")
        share = None
    return Footprint(
        str(record["id"]),
        str(record["companyName"]),
        str(record["productNameCompany"]),
        tuple(str(i) for i in record["productIds"]),
        DECLARED_UNITS[pcf["declaredUnitOfMeasurement"]],
        float(_number(pcf, "pcfExcludingBiogenicUptake")) / amount,
        float(_number(pcf, "biogenicCO2Uptake")) / amount,
        float(_number(pcf, "productMassPerDeclaredUnit")) / amount,
        Period(begin, end),
        valid,
        tuple(pcf["ipccCharacterizationFactors"]),
        next((str(pcf[n]) for n in _PLACES if n in pcf), "global"),
        record["status"] == "Active",
        share,
        sum(ratings) / 3.0 if len(ratings) == 3 else None,
        tuple(words),
    )


def broken_formulas(pcf: Mapping[str, Any]) -> tuple[str, ...]:
    """What in a `CarbonFootprint` does not add up, each a sentence; rounding of the printed digits is allowed for.

    >>> broken_formulas({"pcfExcludingBiogenicUptake": "0.384", "fossilGhgEmissions": "0.35",
    ...     "landManagementFossilGhgEmissions": "0.03", "landUseChangeGhgEmissions": "0.004"})
    ('pcfExcludingBiogenicUptake is 0.384, its parts sum to 0.354:
    landManagementFossilGhgEmissions was added once more',)
    """
    words = []
    excluding = _number(pcf, "pcfExcludingBiogenicUptake")
    parts = sum((_number(pcf, n) for n in TERMS), Decimal())
    if abs(excluding - parts) > _rounding(pcf, ("pcfExcludingBiogenicUptake", *TERMS)):
        word = f"pcfExcludingBiogenicUptake is {excluding}, its parts sum to {parts}"
        if abs(excluding - parts - _number(pcf, "landManagementFossilGhgEmissions")) < Decimal(
            "1e-9"
        ):
            word += ": landManagementFossilGhgEmissions was added once more"
        words.append(word)
    if "pcfIncludingBiogenicUptake" in pcf:
        names = ("pcfIncludingBiogenicUptake", "pcfExcludingBiogenicUptake", "biogenicCO2Uptake")
        including, _, uptake = (_number(pcf, n) for n in names)
        if abs(including - excluding - uptake) > _rounding(pcf, names):
            words.append(
                f"pcfIncludingBiogenicUptake is {including}, "
                f"{excluding} and an uptake of {uptake} give {excluding + uptake}"
            )
    if {"biogenicCO2Uptake", "biogenicCarbonContent"} <= pcf.keys():
        uptake, carbon = _number(pcf, "biogenicCO2Uptake"), _number(pcf, "biogenicCarbonContent")
        due = -carbon * 44 / 12
        if (
            abs(uptake - due)
            > _rounding(pcf, ("biogenicCO2Uptake",))
            + _rounding(pcf, ("biogenicCarbonContent",)) * 4
        ):
            words.append(
                f"biogenicCO2Uptake is {uptake}, a carbon content of {carbon} gives {due:.4f}"
            )
    for name in (
        "biogenicCO2Uptake",
        "landManagementBiogenicCO2Removals",
        "technologicalCO2Removals",
    ):
        if _number(pcf, name) > 0:
            words.append(f"{name} is {pcf[name]}: a removal is zero or negative")
    return tuple(words)


def _number(pcf: Mapping[str, Any], name: str) -> Decimal:
    """A field's number; one that is not given counts as none of it."""
    try:
        return Decimal(str(pcf.get(name) or "0"))
    except InvalidOperation:
        return Decimal()


def _rounding(pcf: Mapping[str, Any], names: Sequence[str]) -> Decimal:
    """What the rounding of the printed digits can make a sum differ by."""
    half = Decimal("0.5")
    found = [Decimal(str(pcf[n])).as_tuple().exponent for n in names if n in pcf]
    return sum((half * Decimal(10) ** int(e) for e in found if isinstance(e, int)), Decimal("1e-9"))


def _sets_at_fault(pcf: Mapping[str, Any]) -> list[str]:
    sets = pcf.get("ipccCharacterizationFactors", [])
    sound = isinstance(sets, list) and all(
        isinstance(s, str) and re.fullmatch(r"AR[0-9]+", s) for s in sets
    )
    return [] if sound and sets else [f"pcf.ipccCharacterizationFactors is {sets!r}"]


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)
