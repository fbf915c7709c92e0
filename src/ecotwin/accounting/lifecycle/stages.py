"""Use and end of life beside the gate, for those who design a product: one result per stage A to D.

Two ways to share the burden of recycling between the product that gives material and the one that takes it; a result
says which one it follows, and never mixes them:

- `cut-off` (recycled content, 100:0): recycled feedstock comes free of its first life; what is handed to recycling
  leaves free of its second. No credit.
- `circular footprint` (PEF): burden and credit are shared by the factor A, credits stand apart in stage D.

Sources: EN 15804:2012+A2:2019 (modules A to D); Commission Recommendation (EU) 2021/2279, Annex I, 4.4.8 (circular
    footprint formula); ISO 14044:2006 4.3.4.3; GHG Protocol Product Standard ch. 9.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from ecotwin.accounting.factors import one_gwp_set
from ecotwin.accounting.scope3 import Factors, end_of_life
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.plant.model import Plant
from ecotwin.records import FactorUse

APPROACHES = ("cut-off", "circular footprint")
STAGES = ("A1", "A2", "A3", "A4", "A5", "B", "C", "D")


@dataclass(frozen=True, slots=True)
class Use:
    """How a product is used.

    Attributes:
        kwh_per_year: Electricity it draws where it stands. years: It is used, whole or part of a last one.
        grid: [kgCO2e/kWh] one factor for all years, or one for each year in turn (a grid that gets cleaner).
    """

    kwh_per_year: float
    years: float
    grid: tuple[FactorUse, ...]


@dataclass(frozen=True, slots=True)
class Circular:
    """A material of a product in the circular footprint formula; impacts in kgCO2e per kg.

    Attributes:
        mass_kg: In one piece. r1: Recycled share of what goes in. r2: Share of it that will be recycled.
            r3: Share that will be burnt for energy. a: Share of burdens and credits of recycling that the
            supplier of recycled material bears (0.2, 0.5 or 0.8). b: The same for energy recovery (0).
        ev, e_recycled: Making it from virgin and from recycled feedstock. e_recycling_eol: Recycling at its end.
        ev_replaced: Virgin making that its recyclate replaces. qs_in_qp, qs_out_qp: Quality of the recyclate
            that comes in and goes out over that of virgin material. ed: Disposal.
        e_energy: Burning it. avoided_energy: What the heat and power from it replace.
        source: Who published the numbers.
    """

    name: str
    mass_kg: float
    ev: float
    ed: float
    source: str
    r1: float = 0.0
    r2: float = 0.0
    r3: float = 0.0
    a: float = 0.5
    b: float = 0.0
    e_recycled: float = 0.0
    e_recycling_eol: float = 0.0
    ev_replaced: float = 0.0
    qs_in_qp: float = 1.0
    qs_out_qp: float = 1.0
    e_energy: float = 0.0
    avoided_energy: float = 0.0


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """A piece over its whole life [kgCO2e].

    Attributes:
        stages: By stage; those that were not given are not in it. missing: Stages that were not given.
        approach: How recycling was shared. factors: Everything it stands on. gwp_set: The one set.
    """

    stages: Mapping[str, float]
    approach: str
    factors: tuple[FactorUse, ...]
    gwp_set: str
    missing: tuple[str, ...]

    @property
    def total_kg(self) -> float:
        """Stages A to C; D lies beyond the product and is never added."""
        return sum(v for s, v in self.stages.items() if s != "D")


def use_stage_kg(kwh_per_year: float, years: float, grid: Sequence[float]) -> float:
    """Electricity over a product's life: sum over years of kWh x grid factor of the year [kgCO2e].

    Args:
        kwh_per_year: [kWh/a]. years: Of use; a part of a last year counts in part.
        grid: [kgCO2e/kWh] one for all years, or at least one for each.

    >>> use_stage_kg(100.0, 10.0, [0.4])
    400.0
    >>> round(use_stage_kg(100.0, 2.5, [0.4, 0.3, 0.2]), 6)
    80.0

    Raises:
        FigureGap: A number is negative, or there are fewer factors than years.
    """
    if not (0.0 <= kwh_per_year < math.inf and 0.0 <= years < math.inf) or any(
        not 0.0 <= g < math.inf for g in grid
    ):
        raise FigureGap(
            f"a use of {kwh_per_year} kWh a year over {years} years", expected="numbers of zero or more",
            remedy="correct them",
        )  # fmt: skip
    if len(grid) == 1:
        return kwh_per_year * years * grid[0]
    if len(grid) < math.ceil(years):
        raise FigureGap(
            f"{len(grid)} grid factors for {years:g} years", expected="one for all years, or one for each",
            remedy="give the missing years with their source",
        )  # fmt: skip
    return sum(kwh_per_year * min(1.0, max(0.0, years - n)) * g for n, g in enumerate(grid))


def circular_parts(material: Circular) -> dict[str, float]:
    """A material by the circular footprint formula, by stage [kgCO2e for `mass_kg`].

    A1: (1-R1) Ev + R1 (A Erec + (1-A) Ev Qsin/Qp)
    C: (1-A) R2 ErecEoL + (1-B) R3 Eer + (1-R2-R3) Ed
    D: -(1-A) R2 Ev* Qsout/Qp - (1-B) R3 avoided

    >>> made = circular_parts(Circular("steel", 1.0, 2.0, 0.1, "test", r1=0.4, r2=0.8, a=0.2, e_recycled=0.5,
    ...     e_recycling_eol=0.5, ev_replaced=2.0))
    >>> {k: round(v, 6) for k, v in made.items()}
    {'A1': 1.88, 'C': 0.34, 'D': -1.28}

    Raises:
        FigureGap: A share lies outside 0 to 1, R2 + R3 above 1, or a number is none.
    """
    m = material
    shares = {n: getattr(m, n) for n in ("r1", "r2", "r3", "a", "b")}
    odd = [f"{n} = {v}" for n, v in shares.items() if not 0.0 <= v <= 1.0]
    odd += [
        f"{f.name} = {v}"
        for f in fields(m)
        if isinstance(v := getattr(m, f.name), float) and not math.isfinite(v)
    ]
    if m.r2 + m.r3 > 1.0 + 1e-9:
        odd.append(f"r2 + r3 = {m.r2 + m.r3:g}")
    if m.mass_kg < 0.0:
        odd.append(f"mass_kg = {m.mass_kg}")
    if odd:
        raise FigureGap(
            f"{m.name}: {', '.join(odd)}",
            expected="shares of 0 to 1, r2 + r3 no more than 1",
            remedy="correct them",
        )
    virgin = (1.0 - m.r1) * m.ev + m.r1 * (m.a * m.e_recycled + (1.0 - m.a) * m.ev * m.qs_in_qp)
    burden = (
        (1.0 - m.a) * m.r2 * m.e_recycling_eol
        + (1.0 - m.b) * m.r3 * m.e_energy
        + max(0.0, 1.0 - m.r2 - m.r3) * m.ed
    )
    credit = (
        -(1.0 - m.a) * m.r2 * m.ev_replaced * m.qs_out_qp - (1.0 - m.b) * m.r3 * m.avoided_energy
    )
    return {"A1": m.mass_kg * virgin, "C": m.mass_kg * burden, "D": m.mass_kg * credit}


def life_cycle(
    gate: Mapping[str, float],
    *,
    gwp_set: str,
    approach: str = "cut-off",
    use: Use | None = None,
    materials_kg: Mapping[str, float] | None = None,
    ends: Mapping[str, Mapping[str, float]] | None = None,
    treatments: Factors | None = None,
    circular: Iterable[Circular] = (),
    transport_kg: float | None = None,
) -> LifeCycle:
    """A piece over its whole life.

    Args:
        gate: [kgCO2e] by stage A1 to A3, as `by_stage` of a plant's system gives it. With `circular footprint` it
            must leave out the making of the materials given in `circular`, whose A1 follows from the formula.
        gwp_set: Of all of it. transport_kg: A4, where known.
        materials_kg: Material -> mass in one piece with its packaging; `ends`: material -> treatment -> share, see
            `ends_of`; `treatments`: factors as in `accounting.waste`. All for `cut-off`.
        circular: For `circular footprint`.

    Raises:
        FactorGap: A factor is missing or of another GWP set. FigureGap: The approach and what was given do not fit.
    """
    given = tuple(circular)
    _fitting(approach, gate, given, materials_kg)
    stages = dict(gate)
    used: list[FactorUse] = []
    if transport_kg is not None:
        stages["A4"] = stages.get("A4", 0.0) + transport_kg
    if use is not None:
        stages["B"] = use_stage_kg(use.kwh_per_year, use.years, [f.value for f in use.grid])
        used += use.grid
    if approach == "cut-off" and materials_kg is not None:
        found = end_of_life(materials_kg, ends or {}, treatments or {})
        stages["C"] = found.co2e_kg
        used += [p.factor for p in found.parts]
    for material in given:
        for stage, kg in circular_parts(material).items():
            stages[stage] = stages.get(stage, 0.0) + kg
    for factor in used:
        if factor.gwp_set and factor.gwp_set != gwp_set:
            raise FactorGap(
                f"{factor.id} is of {factor.gwp_set}, the product of {gwp_set}",
                expected="one GWP set in a total",
                remedy=f"give a factor of {gwp_set}",
            )
    one_gwp_set(used)
    missing = [s for s in ("A4", "B", "C") if s not in stages]
    return LifeCycle(
        {s: stages[s] for s in STAGES if s in stages},
        approach,
        tuple(used),
        gwp_set,
        tuple(missing),
    )


def ends_of(plant: Plant) -> dict[str, dict[str, float]]:
    """How each material of the plant file ends: material -> treatment -> share.

    Raises:
        FigureGap: Shares of a material that has some do not sum to 1.
    """
    found = {m.id: dict(m.end) for m in plant.materials if m.end}
    odd = [
        f"{m} ({sum(e.values()):g})" for m, e in found.items() if abs(sum(e.values()) - 1.0) > 1e-6
    ]
    if odd:
        raise FigureGap(
            f"the ends of {', '.join(odd)} do not sum to 1",
            expected="1",
            remedy="correct `end` under `materials`",
        )
    return found


def _fitting(
    approach: str,
    gate: Mapping[str, float],
    given: tuple[Circular, ...],
    masses: Mapping[str, float] | None,
) -> None:
    if approach not in APPROACHES:
        raise FigureGap(
            f"the approach {approach!r}", expected=" or ".join(APPROACHES), remedy="choose one"
        )
    strange = sorted(set(gate) - {"A1", "A2", "A3"})
    if strange:
        raise FigureGap(
            f"the gate has the stages {', '.join(s or 'without a name' for s in strange)}", expected="A1, A2 and A3",
            remedy="name the stage of every process",
        )  # fmt: skip
    if (approach == "cut-off" and given) or (approach != "cut-off" and masses is not None):
        raise FigureGap(
            f"materials of the other approach are given with `{approach}`",
            expected="`materials_kg` with cut-off, `circular` with circular footprint",
            remedy="decide for one: the two share recycling differently and never add up",
        )
