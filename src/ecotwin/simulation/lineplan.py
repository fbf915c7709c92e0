"""What a line of the plant file is made of, before it runs: stations in their order, stages, products, materials.

Sources:
    Stability: the load of a station that has unlimited room before it must stay below one; Gross et al.,
    "Fundamentals of Queueing Theory", section 1.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from itertools import groupby, pairwise
from typing import Any

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Element, Plant
from ecotwin.plant.catalogue import kind, kinds
from ecotwin.plant.terms import Product
from ecotwin.records import Floats
from ecotwin.simulation.contract import Draw

MODELS = ("station", "oven")
"""Values of the fact `model` of machine kinds that stand in a line."""
UNLIMITED = 1_000_000
"""So much room is room without limit [parts]."""


@dataclass(frozen=True, slots=True)
class Default:
    """A parameter's value when nobody gives one; `sd_share`: its standard deviation as a share of the value."""

    value: float
    sd_share: float


@cache
def defaults() -> Mapping[str, Default]:
    """The table `line_defaults.csv`.

    >>> defaults()["repairers"].value
    1.0
    """
    text = (files("ecotwin.simulation") / "line_defaults.csv").read_text(encoding="utf-8")
    return {
        row["name"]: Default(float(row["value"]), float(row["sd_share"]))
        for row in csv.DictReader(text.splitlines())
    }


@cache
def station_kinds() -> tuple[str, ...]:
    """Machine kinds that are stations of a line: those whose table has the fact `model`.

    >>> "placer" in station_kinds(), "chiller" in station_kinds()
    (True, False)
    """
    return tuple(k for k in kinds() if _model(kind(k).facts.get("model")) in MODELS)


def _model(fact: Any) -> str:
    return str(fact.value) if fact is not None else ""


def drawn(draw: Draw, id_: str, name: str) -> Floats:
    """A parameter of a station or line in every run; the table's value where nobody knows better."""
    own = defaults()[name]
    return draw.parameter(id_, name, own.value, own.sd_share)


@dataclass(frozen=True, slots=True)
class Station:
    """A machine of a line. `stage`: Which stage it belongs to. `oven`: Its heat is modelled elsewhere."""

    id: str
    facts: Mapping[str, Any]
    stage: int
    oven: bool


@dataclass(frozen=True)
class Plan:
    """A line.

    Attributes:
        line: Element id. stations: In the order in which parts pass. products: That the line makes, in file order.
    """

    line: str
    stations: tuple[Station, ...]
    products: tuple[Product, ...]

    @property
    def stages(self) -> int:
        """Number of stages."""
        return self.stations[-1].stage + 1

    def side_by_side(self, station: Station) -> int:
        """How many machines share the station's stage."""
        return sum(s.stage == station.stage for s in self.stations)

    def place(self, code: int) -> int:
        """Number of a product by its code.

        Raises:
            ScenarioFault: The line does not make it.
        """
        codes = [p.code for p in self.products]
        if code not in codes:
            raise ScenarioFault(
                f"{self.line} is to make product {code}",
                expected=f"one of {', '.join(map(str, codes))}",
                remedy=f"give the product a planned_run_s on {self.line} in the plant file",
            )
        return codes.index(code)


def lines_of(plant: Plant) -> list[str]:
    """Ids of the places that have stations, in file order."""
    found = {m.parent: None for m in plant.machines if m.kind_facts.get("model") in MODELS}
    return list(found)


def plan(plant: Plant, line: str) -> Plan:
    """The plan of a line.

    Raises:
        ScenarioFault: Its order is a circle, or it makes nothing.
    """
    members = [
        m
        for m in plant.children(line)
        if m.level == "machine" and m.kind_facts.get("model") in MODELS
    ]
    ordered = _in_order(members, line)
    stations: list[Station] = []
    stage = -1
    for _, same in groupby(ordered, key=lambda m: m.kind if _shares(m) else m.id):
        stage += 1
        stations += [Station(m.id, m.kind_facts, stage, _is_oven(m)) for m in same]
    names = {line, *(m.id for m in ordered)}
    products = tuple(p for p in plant.products if names & p.planned_run_s.keys())
    if not products:
        raise ScenarioFault(
            f"no product of the plant file runs on {line}",
            expected="products with planned_run_s",
            remedy=f"add {line} to the planned_run_s of what it makes",
        )
    return Plan(line, tuple(stations), products)


def _shares(machine: Element) -> bool:
    return machine.kind_facts.get("side_by_side") in (True, "true")


def _is_oven(machine: Element) -> bool:
    return machine.kind_facts.get("model") == "oven"


def _in_order(members: Sequence[Element], line: str) -> list[Element]:
    """File order, unless machines name the one before them (`behind`; empty: it is the first)."""
    if not any("behind" in m.kind_facts for m in members):
        return list(members)
    known = {m.id: m for m in members}
    before = {b.id: a.id for a, b in pairwise(members)}
    for m in members:
        if "behind" in m.kind_facts:
            before[m.id] = str(m.kind_facts["behind"])
    before = {m: b for m, b in before.items() if b}
    strange = sorted({b for b in before.values() if b not in known})
    if strange:
        raise ScenarioFault(
            f"machines of {line} stand behind {', '.join(strange)}",
            expected=f"one of {', '.join(known)}",
            remedy="mend `behind` among the facts of these machines",
        )
    twice = sorted({b for b in before.values() if list(before.values()).count(b) > 1})
    if twice:
        raise ScenarioFault(
            f"two machines of {line} stand behind {', '.join(twice)}",
            expected="one machine behind another; machines that share parts are neighbours with side_by_side",
            remedy="mend `behind` among the facts of these machines",
        )
    try:
        order = list(
            TopologicalSorter({m: {before[m]} if m in before else () for m in known}).static_order()
        )
    except CycleError as fault:
        raise ScenarioFault(
            f"the order of {line} is a circle: {' behind '.join(reversed(fault.args[1]))}",
            expected="a first machine, and every other behind one that leads back to it",
            remedy="mend `behind` among the facts of these machines",
        ) from None
    return [known[m] for m in order]


def materials(station: Station, plan_: Plan) -> list[tuple[str, str, list[float]]]:
    """What a finished part uses and loses at a station: (quantity, of `made` or `spoilt`, kg a part by product).

    Facts `X_g_per_part` of the kind are used at this station unless the product's own materials name X; materials
    that the fact `adds` names come from the product. What is lost is booked as used and as waste.
    """
    facts, found = station.facts, []
    adds = [m.strip() for m in str(facts.get("adds", "")).split(";") if m.strip()]
    grams = {
        n.removesuffix("_g_per_part"): float(v)
        for n, v in facts.items()
        if n.endswith("_g_per_part")
    }
    for name in dict.fromkeys((*adds, *grams)):
        who = [s.stage for s in plan_.stations if name in str(s.facts.get("adds", "")).split(";")]
        shared = len(set(who)) or 1
        kg = [
            p.materials[name] / shared
            if name in adds and name in p.materials
            else grams.get(name, 0.0) / 1000.0
            for p in plan_.products
        ]
        lost = float(facts.get(f"{name}_waste_share", 0.0))
        if any(kg):
            found.append((f"material_kg:{name}", "made", [k * (1.0 + lost) for k in kg]))
            code = facts.get(f"{name}_waste_code")
            if code and lost:
                found.append((f"waste_kg:{code}", "made", [k * lost for k in kg]))
    code = facts.get("scrap_waste_code")
    if code:
        found.append((f"waste_kg:{code}", "spoilt", [p.mass_kg for p in plan_.products]))
    return found
