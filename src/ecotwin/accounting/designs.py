"""Alternatives of a product compared over its life: what each stage weighs, and how sure the difference is.

Every design is a sum of amount x factor. Two designs share most of their factors; where both stand on the same one, its
error moves both alike, so that a difference is surer than the two results beside each other: its interval comes from
the differences of amounts.

Sources: ISO 14067:2018 6.3 and 6.6 (comparison); GHG Protocol Product Standard ch. 10; Huijbregts et al., "Evaluating
    uncertainty in environmental life-cycle assessment", ES&T 37 (2003) 2600 (shared parameters cancel in comparisons).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ecotwin.accounting.bookfactors import BookFactors
from ecotwin.accounting.circularity import product_circularity
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.cradle import Gate
from ecotwin.accounting.design_file import AlternativePart, DesignFile, NewMaterial, RoutePart
from ecotwin.accounting.lifecycle.stages import ends_of
from ecotwin.accounting.purchases import purchase_lines
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.plant.model import Material, Plant
from ecotwin.records import Booking, Fact, FactorUse

TODAY = "Today"
STAGES = {
    "A1": "materials and energy before the gate",
    "A2": "transport to the plant",
    "A3": "making",
    "B": "use",
    "C": "end of life",
}
_GATE_STAGE = {"3": "A1", "4": "A2", "5": "A3"}
"""Scope 3 category of a gate's stage -> stage; scopes 1 and 2 are A3, category 1 is reckoned anew by materials."""


@dataclass(frozen=True, slots=True)
class Term:
    """One amount x factor of a design [kgCO2e for one piece].

    Attributes:
        key: What errs alike wherever it stands. share: Half of the 95 % interval as a share of it.
    """

    stage: str
    name: str
    key: str
    co2e_kg: float
    share: float
    factor: FactorUse | None = None


@dataclass(frozen=True, slots=True)
class Making:
    """What a scenario changes in the making of one piece, against doing nothing: from paired runs.

    Attributes:
        co2e_kg: [kgCO2e/piece]. half_kg: Half of its 95 % interval. scenario: Its name.
    """

    scenario: str
    co2e_kg: float
    half_kg: float


@dataclass(frozen=True, slots=True)
class Design:
    """An alternative, reckoned.

    Attributes:
        terms: Everything it is the sum of. mass_kg: Of one piece. mci: Material circularity indicator 0..1, None
            where a material does not tell what it needs. gaps: What is not in it, each a sentence.
    """

    name: str
    terms: tuple[Term, ...]
    mass_kg: float
    mci: float | None
    gaps: tuple[str, ...] = ()
    why: str = ""
    years: float | None = None

    @property
    def co2e_kg(self) -> float:
        """Over its life [kgCO2e/piece]."""
        return math.fsum(t.co2e_kg for t in self.terms)

    @property
    def half_kg(self) -> float:
        """Half of its 95 % interval [kgCO2e/piece]."""
        return _half(self.terms, ())

    def stage_kg(self) -> dict[str, float]:
        """By stage [kgCO2e/piece]."""
        return {s: math.fsum(t.co2e_kg for t in self.terms if t.stage == s) for s in STAGES}

    def by_name(self) -> dict[str, float]:
        """By what it comes from [kgCO2e/piece], largest first."""
        found: dict[str, float] = {}
        for term in self.terms:
            found[term.name] = found.get(term.name, 0.0) + term.co2e_kg
        return dict(sorted(found.items(), key=lambda item: -abs(item[1])))


@dataclass(frozen=True, slots=True)
class Difference:
    """A design against today's.

    Attributes:
        co2e_kg: Design minus today [kgCO2e/piece]. half_kg: Half of its 95 % interval.
        verdict: `better`, `worse` or `cannot be told apart`. shifts: Stages that get worse while the whole gets
            better: a burden shifted.
    """

    name: str
    co2e_kg: float
    half_kg: float
    verdict: str
    shifts: tuple[str, ...] = ()


@dataclass(slots=True)
class _Bench:
    """Where designs are reckoned."""

    desk: Desk
    gate: Gate
    file: DesignFile
    new: Mapping[str, NewMaterial]
    gaps: list[str] = field(default_factory=list)

    @property
    def plant(self) -> Plant:
        return self.desk.plant


def assess(
    desk: Desk, gate: Gate, file: DesignFile, making: Mapping[str, Making] | None = None
) -> list[Design]:
    """Today's product and each alternative, in the order of the file.

    Args:
        desk: Of the period whose meters tell the making. gate: The product's footprint in it. file: What is compared.
        making: Alternative -> what its scenario changes in the making.

    Raises:
        FigureGap: The file names what the plant does not have. FactorGap: A material, leg or treatment has no factor.
    """
    bench = _Bench(desk, gate, file, {m.id: m for m in file.materials})
    _known(bench)
    today = AlternativePart(name=TODAY)
    return [_design(bench, a, (making or {}).get(a.name)) for a in (today, *file.alternatives)]


def difference(design: Design, today: Design) -> Difference:
    """A design against today's for one life of today's piece, where what both share errs in both alike.

    One that lasts twice as long is needed half as often: its terms are scaled by the lives, where both are told.
    """
    scale = today.years / design.years if today.years and design.years else 1.0
    terms = [replace(t, co2e_kg=t.co2e_kg * scale) for t in design.terms]
    design = replace(design, terms=tuple(terms))
    kg = design.co2e_kg - today.co2e_kg
    half = _half(design.terms, today.terms)
    verdict = "cannot be told apart" if abs(kg) <= half else "better" if kg < 0.0 else "worse"
    mine, theirs = design.stage_kg(), today.stage_kg()
    worse = tuple(s for s in STAGES if mine[s] - theirs[s] > 0.02 * abs(kg) and kg < 0.0)
    return Difference(design.name, kg, half, verdict, worse)


def _half(terms: Iterable[Term], less: Iterable[Term]) -> float:
    """Half of the 95 % interval of a sum, or of the difference of two: what has one key errs together."""
    error: dict[str, float] = {}
    for sign, side in ((1.0, terms), (-1.0, less)):
        for term in side:
            error[term.key] = error.get(term.key, 0.0) + sign * term.co2e_kg * term.share
    return math.sqrt(sum(e * e for e in error.values()))


def _known(bench: _Bench) -> None:
    """Refuse what names nothing: every fault at once."""
    file, plant = bench.file, bench.plant
    materials = {m.id for m in plant.materials} | bench.new.keys()
    twice = sorted({m.id for m in plant.materials} & bench.new.keys())
    faults = [f"the material {m!r} stands in the plant file already" for m in twice]
    named = {"today": {*file.suppliers, *file.routes}}
    named |= {a.name: {*a.suppliers, *a.routes, *a.materials} for a in file.alternatives}
    faults += [f"{w}: no material {m!r}" for w, n in named.items() for m in sorted(n - materials)]
    today = set(file.routes)
    for a in file.alternatives:
        faults += [
            f"{a.name}: a route of {m!r}, and none of today to hold it against"
            for m in sorted(set(a.routes) - today)
            if m not in bench.new
        ]
    if faults:
        raise FigureGap(
            "; ".join(faults),
            expected="materials of the plant file or of the design file, and today's routes beside new ones",
            remedy="mend the design file",
        )


def _design(bench: _Bench, part: AlternativePart, making: Making | None) -> Design:
    product, plant, file = bench.gate.product, bench.plant, bench.file
    bench.gaps = []
    bill = {m: kg for m, kg in {**product.materials, **part.materials}.items() if kg > 0.0}
    if not bill:
        raise FigureGap(
            f"{part.name} of {product.name} has no materials",
            expected="`materials` of the product in the plant file, kg in one piece",
            remedy="add them, or name them in the design file",
        )
    mass = math.fsum(bill.values())
    suppliers = {**file.suppliers, **part.suppliers}
    routes = {**file.routes, **part.routes}
    terms = [t for m, kg in bill.items() for t in _material(bench, m, kg, suppliers.get(m, ""))]
    terms += _transport(bench, bill, routes)
    terms += _making(bench, making)
    terms += _use(bench, part)
    terms += _end(bench, bill)
    if part.scenario and making is None:
        bench.gaps.append(
            f"what {part.scenario} changes in the plant is not in it: its what-if has not been run"
        )
    shaped = replace(product, materials=bill, mass_kg=mass)
    try:
        mci = product_circularity(shaped, _materials(plant, bench)).mci
    except FigureGap as gap:
        mci = None
        bench.gaps.append(str(gap))
    return Design(
        part.name,
        tuple(terms),
        mass,
        mci,
        tuple(bench.gaps),
        part.why,
        part.lifetime_years or product.lifetime_years,
    )


def _materials(plant: Plant, bench: _Bench) -> dict[str, Material]:
    made = {m.id: Material(**m.model_dump(exclude={"factor"})) for m in bench.new.values()}
    return {m.id: m for m in plant.materials} | made


def _material(bench: _Bench, material: str, kg: float, supplier: str) -> list[Term]:
    """A1 of one material: its own factor of the file, else supplier's footprint, else the book's."""
    new = bench.new.get(material)
    if new is not None:
        f = new.factor
        if f.gwp_set != bench.plant.gwp_set:
            raise FactorGap(
                f"the factor of {material} is of {f.gwp_set}, the plant reports in {bench.plant.gwp_set}",
                expected="one GWP set in a total",
                remedy=f"give it in {bench.plant.gwp_set}",
            )
        use = FactorUse(
            f"design/{material}", f.value, "kgCO2e/kg", f.place, f.year, f.source, f.version, f.gwp_set,
            f.uncertainty, "cradle to gate",
        )  # fmt: skip
        return [Term("A1", new.name, use.id, kg * f.value, f.uncertainty, use)]
    facts: dict[str, Fact] = {"material": material, "amount": kg, "unit": "kg"}
    if supplier:
        facts["supplier"] = supplier
    desk = bench.desk
    row = Booking(
        "purchase", f"{material} by design", desk.period, bench.gate.element, facts, "design"
    )
    others = tuple(b for b in desk.book.bookings if b.kind != "purchase")
    wanted = replace(desk, book=replace(desk.book, bookings=(*others, row)))
    name = next((m.name for m in bench.plant.materials if m.id == material), material)
    terms = []
    for line in purchase_lines(wanted, bench.gate.element):
        amount = line.amount * math.prod(f.value for f in line.factors)
        share = math.sqrt(sum(f.uncertainty**2 for f in line.factors))
        terms.append(Term("A1", name, line.factors[0].id, amount, share, line.factors[0]))
    return terms


def _transport(
    bench: _Bench, bill: Mapping[str, float], routes: Mapping[str, Sequence[RoutePart]]
) -> list[Term]:
    """A2: legs where routes are stated; else what the period's books tell, by the mass of what comes in."""
    gate, mass = bench.gate, math.fsum(bill.values())
    if not routes:
        scale = mass / (gate.product.mass_kg or mass)
        return [replace(t, co2e_kg=t.co2e_kg * scale) for t in _gate_terms(gate, "A2")]
    book, terms = BookFactors(bench.plant, bench.desk.book), []
    untold = sorted(m for m in bill if m not in routes)
    if untold:
        bench.gaps.append(
            f"no route is stated of {', '.join(untold)}: their transport is not in it"
        )
    for material, legs in routes.items():
        for leg in legs:
            if material in bill:
                use = book.at(f"transport/{leg.kind}", bench.desk.period.start)
                kg = bill[material] / 1000.0 * leg.km * use.value
                terms.append(
                    Term("A2", f"{leg.kind} of {material}", use.id, kg, use.uncertainty, use)
                )
    return terms


def _gate_terms(gate: Gate, stage: str) -> list[Term]:
    found = []
    for s in gate.stages:
        number = s.name.partition("category ")[2][:1]
        where = _GATE_STAGE.get(number) if s.name.startswith("scope 3") else "A3"
        if where == stage:
            share = s.half_kg / abs(s.co2e_kg) if s.co2e_kg else 0.0
            found.append(Term(stage, s.name, f"gate/{s.name}", s.co2e_kg, share))
    return found


def _making(bench: _Bench, making: Making | None) -> list[Term]:
    terms = _gate_terms(bench.gate, "A3")
    terms += _gate_terms(bench.gate, "A1")
    if making is not None:
        share = making.half_kg / abs(making.co2e_kg) if making.co2e_kg else 0.0
        key = f"what-if/{making.scenario}"
        terms.append(Term("A3", f"what {making.scenario} changes", key, making.co2e_kg, share))
    return terms


def _use(bench: _Bench, part: AlternativePart) -> list[Term]:
    product, grid = bench.gate.product, bench.plant.grid
    kwh = product.use_kwh if part.use_kwh is None else part.use_kwh
    if kwh is None:
        bench.gaps.append(
            f"how much electricity {product.name} uses in its life is not given: use is not in it"
        )
        return []
    if part.lifetime_years is not None and part.use_kwh is None and product.lifetime_years:
        kwh *= part.lifetime_years / product.lifetime_years
    if grid is None or grid.location is None:
        bench.gaps.append("the plant file gives no grid factor: use is not in it")
        return []
    use = FactorUse(
        f"grid/{grid.region}/location", grid.location, "kgCO2e/kWh", grid.region, grid.year, grid.source,
        grid.version, grid.gwp_set, grid.uncertainty, "electricity where it is used, taken as here",
    )  # fmt: skip
    return [Term("B", "use", use.id, kwh * grid.location, grid.uncertainty, use)]


def _end(bench: _Bench, bill: Mapping[str, float]) -> list[Term]:
    """C by cut-off: mass x share of each treatment x its factor."""
    ends = ends_of(bench.plant) | {m.id: dict(m.end) for m in bench.new.values()}
    book, terms = BookFactors(bench.plant, bench.desk.book), []
    for material, kg in bill.items():
        if not ends.get(material):
            bench.gaps.append(f"how {material} ends is not given: its end is not in it")
            continue
        for treatment, share in ends[material].items():
            exact = f"waste/{material}/{treatment}"
            key = exact if book.known(exact) else f"waste/{treatment}"
            if share > 0.0 and treatment != "reuse":
                use = book.at(key, bench.desk.period.start)
                name = f"{material} to {treatment}"
                terms.append(Term("C", name, use.id, kg * share * use.value, use.uncertainty, use))
    return terms
