"""The supplier register: who delivers what, with which footprint, from which source, valid for how long.

A look-up never guesses: it gives the one row that holds at that time, or says what is missing.

Sources: GHG Protocol Scope 3 Standard ch. 7 (data quality); PACT Methodology V3; WULCA AWARE.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from ecotwin.accounting.environment import water_scarcity
from ecotwin.accounting.footprints import Footprint
from ecotwin.accounting.pact import primary_data_share
from ecotwin.accounting.scope3 import Category, Part, category
from ecotwin.errors import FactorGap, FigureGap, FileFault
from ecotwin.records import FactorUse

COLUMNS = (
    "supplier",
    "material",
    "footprint",
    "unit",
    "uncertainty",
    "valid_from",
    "valid_to",
    "source",
    "version",
    "place",
    "gwp_set",
    "primary_share",
    "quality",
    "water_m3",
    "water_amd",
)
"""Columns of the register; `uncertainty`, `version`, `primary_share`, `quality` and water may be empty."""
_MAY_BE_EMPTY = {"uncertainty", "version", "primary_share", "quality", "water_m3", "water_amd"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a supplier delivers, and what one unit of it costs the world.

    Attributes:
        footprint: Cradle to gate [kgCO2e/unit]. uncertainty: Half of its 95 % interval as a share,
            None where nobody told.
        valid_from, valid_to: Days `[from, to)`. primary_share: [%]. quality: 1 (best) to 5.
        water_m3: Water consumed for one unit [m3]. water_amd: Availability minus demand of its
            basin [m3/m2/month].
    """

    supplier: str
    material: str
    footprint: float
    unit: str
    uncertainty: float | None
    valid_from: date
    valid_to: date
    source: str
    version: str
    place: str
    gwp_set: str
    primary_share: float | None = None
    quality: float | None = None
    water_m3: float | None = None
    water_amd: float | None = None

    @property
    def use(self) -> FactorUse:
        """The footprint as a factor."""
        return FactorUse(
            f"supplier/{self.supplier}/{self.material}/{self.valid_from.year}",
            self.footprint,
            f"kgCO2e/{self.unit}",
            self.place,
            self.valid_from.year,
            self.source,
            self.version,
            self.gwp_set,
            self.uncertainty or 0.0,
            "supplier's footprint, cradle to gate, without biogenic uptake",
        )

    @property
    def half(self) -> float | None:
        """Half of the footprint's 95 % interval [kgCO2e/unit]."""
        return None if self.uncertainty is None else abs(self.footprint) * self.uncertainty

    @property
    def scarcity_m3(self) -> float | None:
        """Scarcity-weighted water of one unit [m3 world-eq/unit]; None where it is not told."""
        if self.water_m3 is None or self.water_amd is None:
            return None
        return water_scarcity(self.water_m3, 0.0, self.water_amd)


@dataclass(frozen=True, slots=True)
class Standing:
    """A supplier in a comparison; `verdict` against the one with the smallest footprint."""

    rank: int
    offer: Offer
    low: float | None
    high: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was bought; `supplier` empty: whoever is the only one that offers it."""

    material: str
    amount: float
    unit: str
    at: date
    supplier: str = ""
    amount_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Suppliers:
    """The register. Two rows of one supplier and material never hold at the same time."""

    offers: tuple[Offer, ...]

    def __post_init__(self) -> None:
        faults = _overlaps(self.offers)
        if faults:
            raise FileFault(
                "the supplier register cannot be used: " + "; ".join(faults),
                expected="one footprint of a supplier and material at a time",
                remedy="end the earlier row where the later begins",
            )

    def holding(self, material: str, at: date, supplier: str = "") -> tuple[Offer, ...]:
        """Offers of a material that hold on that day."""
        return tuple(
            o
            for o in self.offers
            if o.material == material
            and o.valid_from <= at < o.valid_to
            and supplier in ("", o.supplier)
        )

    def offer(self, material: str, at: date, supplier: str = "") -> Offer:
        """The one offer that holds on that day.

        Raises:
            FactorGap: There is none, or several suppliers offer it and none was named.
        """
        found = self.holding(material, at, supplier)
        whose = f"of {supplier} " if supplier else ""
        if not found:
            known = [
                o for o in self.offers if o.material == material and supplier in ("", o.supplier)
            ]
            spans = ", ".join(f"{o.supplier} {o.valid_from} to {o.valid_to}" for o in known)
            raise FactorGap(
                f"no footprint {whose}for {material} holds on {at}"
                + (f" (known: {spans})" if spans else ""),
                expected="a row of the supplier register, or a PACT footprint that is valid then",
                remedy=f"ask {supplier or 'the supplier'} for a footprint of {material}",
            )
        if len(found) > 1:
            raise FactorGap(
                f"{material} is offered by {', '.join(o.supplier for o in found)} on {at}",
                expected="the supplier it was bought from",
                remedy="name it: a mean of suppliers is a guess",
            )
        return found[0]

    def purchased(self, purchases: Iterable[Purchase]) -> Category:
        """Category 1: quantity x the supplier's footprint.

        Raises:
            FactorGap: A footprint is missing, or is per another unit.
        """
        parts = []
        for p in purchases:
            offer = self.offer(p.material, p.at, p.supplier)
            if offer.unit != p.unit:
                raise FactorGap(
                    f"{p.material} was bought in {p.unit}, {offer.supplier}'s footprint is per {offer.unit}",
                    expected="one unit",
                    remedy=f"give the purchase in {offer.unit}",
                )
            name = f"{p.material} of {offer.supplier}"
            parts.append(
                Part(
                    name,
                    p.amount,
                    p.unit,
                    offer.use,
                    "quantity x supplier's footprint",
                    p.amount_error,
                    offer.primary_share or 0.0,
                )
            )
        return category(1, parts)

    def primary_share(self, purchases: Iterable[Purchase]) -> float:
        """Primary data share of what was bought, weighed by emission [%]; untold counts as none."""
        parts = self.purchased(purchases).parts
        return primary_data_share((p.co2e_kg, p.primary_share) for p in parts)

    def scarcity(self, purchases: Iterable[Purchase]) -> float:
        """Scarcity-weighted water of what was bought [m3 world-eq].

        Raises:
            FactorGap: A supplier tells no water, or not where it is taken from.
        """
        total = 0.0
        for p in purchases:
            offer = self.offer(p.material, p.at, p.supplier)
            weighed = offer.scarcity_m3
            if weighed is None:
                raise FactorGap(
                    f"{offer.supplier} does not tell the water behind {p.material}",
                    expected="`water_m3` and `water_amd` in the register",
                    remedy="ask for the water consumed and its basin",
                )
            total += p.amount * weighed
        return total

    def compare(self, material: str, at: date) -> tuple[Standing, ...]:
        """Suppliers of a material by footprint, and whether the difference is more than the uncertainty.

        Raises:
            FactorGap: Nobody offers it then, or the footprints are of different units or GWP sets.
        """
        found = sorted(self.holding(material, at), key=lambda o: o.footprint)
        if not found:
            self.offer(material, at)
        for what, kinds in (
            ("units", {o.unit for o in found}),
            ("GWP sets", {o.gwp_set for o in found}),
        ):
            if len(kinds) > 1:
                raise FactorGap(
                    f"the footprints of {material} are of different {what}: {', '.join(sorted(kinds))}",
                    expected="one for all",
                    remedy="ask for footprints that can be compared",
                )
        return tuple(_standing(n, o, found[0]) for n, o in enumerate(found, 1))

    def with_footprint(
        self, footprint: Footprint, material: str, uncertainty: float | None = None
    ) -> Suppliers:
        """The register with a supplier's PACT footprint, which takes the place of that supplier's rows in its time.

        Args:
            footprint: As read. material: What it is called here. uncertainty: PACT tells none.

        Raises:
            FigureGap: The footprint is deprecated, or mixes GWP sets.
        """
        if not footprint.active:
            raise FigureGap(
                f"the footprint {footprint.id} of {footprint.company} is deprecated",
                expected="an active one",
                remedy="ask the supplier for the one that follows it",
            )
        use = footprint.use()
        new = Offer(
            footprint.company, material, use.value, footprint.unit, uncertainty,
            footprint.valid.start.date(), footprint.valid.end.date(), f"PACT {footprint.id}", use.version,
            footprint.place, use.gwp_set, footprint.primary_share, footprint.quality,
        )  # fmt: skip
        kept = []
        for old in self.offers:
            same = (old.supplier, old.material) == (new.supplier, new.material)
            if not same or new.valid_to <= old.valid_from or old.valid_to <= new.valid_from:
                kept.append(old)
                continue
            if old.valid_from < new.valid_from:
                kept.append(replace(old, valid_to=new.valid_from))
            if new.valid_to < old.valid_to:
                kept.append(replace(old, valid_from=new.valid_to))
        return Suppliers((*kept, new))


def read_suppliers(lines: Iterable[str], name: str = "suppliers.csv") -> Suppliers:
    """Read a supplier register in CSV.

    >>> register = read_suppliers([",".join(COLUMNS),
    ...     "Mill,steel,1.9,kg,0.1,2026-01-01,2027-01-01,EPD 4711,1,DE,AR6,80,2,0.01,0.0136"])
    >>> register.offer("steel", date(2026, 6, 1)).footprint
    1.9

    Raises:
        FileFault: Columns are missing, or rows cannot be used; every such row is named.
    """
    reader = csv.DictReader(lines)
    missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        raise FileFault(
            f"{name} lacks the columns {', '.join(missing)}",
            expected=", ".join(COLUMNS),
            remedy="add them",
        )
    offers, faults = [], []
    for record in reader:
        try:
            offers.append(_offer({c: (record.get(c) or "").strip() for c in COLUMNS}))
        except ValueError as fault:
            faults.append(f"line {reader.line_num}: {fault}")
    faults += _overlaps(offers)
    if faults:
        raise FileFault(
            f"{name} cannot be used: " + "; ".join(faults),
            expected="sound rows only",
            remedy="mend or remove these rows",
        )
    return Suppliers(tuple(offers))


def _offer(text: dict[str, str]) -> Offer:
    for need in COLUMNS:
        if need not in _MAY_BE_EMPTY and not text[need]:
            raise ValueError(f"no {need} is given")
    if text["gwp_set"] not in ("AR4", "AR5", "AR6"):
        raise ValueError(f"unknown GWP set {text['gwp_set']!r}")
    got = {
        n: _maybe(n, text[n])
        for n in ("footprint", "uncertainty", "primary_share", "quality", "water_m3", "water_amd")
    }
    footprint = got["footprint"]
    if footprint is None or footprint == 0.0:
        raise ValueError("a footprint of zero says that nobody knows it")
    _within("uncertainty", got["uncertainty"], 0.0, math.inf)
    _within("primary_share", got["primary_share"], 0.0, 100.0)
    _within("quality", got["quality"], 1.0, 5.0)
    _within("water_m3", got["water_m3"], 0.0, math.inf)
    start, end = date.fromisoformat(text["valid_from"]), date.fromisoformat(text["valid_to"])
    if end <= start:
        raise ValueError(f"it ends ({end}) before it begins ({start})")
    return Offer(
        text["supplier"], text["material"], footprint, text["unit"], got["uncertainty"], start, end,
        text["source"], text["version"], text["place"], text["gwp_set"], got["primary_share"],
        got["quality"], got["water_m3"], got["water_amd"],
    )  # fmt: skip


def _maybe(name: str, text: str) -> float | None:
    if "," in text:
        raise ValueError(f"{name} {text!r} bears a decimal comma: write a point")
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{name} is {text}")
    return value


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise ValueError(f"{name} is {value:g}, not within {low:g} and {high:g}")


def _overlaps(offers: Iterable[Offer]) -> list[str]:
    rows = sorted(offers, key=lambda o: (o.supplier, o.material, o.valid_from))
    return [
        f"{b.material} of {b.supplier} from {b.valid_from} begins before the row up to {a.valid_to} ends"
        for a, b in pairwise(rows)
        if (a.supplier, a.material) == (b.supplier, b.material) and b.valid_from < a.valid_to
    ]


def _standing(rank: int, offer: Offer, best: Offer) -> Standing:
    half, of_best = offer.half, best.half
    low, high = (None, None) if half is None else (offer.footprint - half, offer.footprint + half)
    if rank == 1:
        verdict = "smallest footprint"
    elif half is None or of_best is None:
        verdict = "larger, and nobody tells how sure the figures are"
    elif offer.footprint - best.footprint > math.hypot(half, of_best):
        verdict = "larger, by more than the uncertainty"
    else:
        verdict = "not told apart from the smallest: the difference lies within the uncertainty"
    return Standing(rank, offer, low, high, verdict)
