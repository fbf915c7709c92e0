"""What a scenario changes of products, their materials, and who delivers these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ecotwin.plant import Material, Product
from ecotwin.plant.duties_file import MaterialPart
from ecotwin.plant.lines import Path
from ecotwin.simulation.scenario_parts import ProductChange, ScenarioPart, SupplyPart
from ecotwin.simulation.sketch import Sketch


def change_products(sketch: Sketch, part: ScenarioPart) -> None:
    """Materials first, then products, then supply and freight; faults are noted."""
    given = {m.id: _material(m) for m in part.materials}
    if given:
        kept = [given.pop(m.id, m) for m in sketch.plant.materials]
        sketch.plant = replace(sketch.plant, materials=(*kept, *given.values()))
    for n, change in enumerate(part.products):
        _product(sketch, change, ("products", n))
    take_supply(sketch, part.supply, ("supply",))
    known = _materials(sketch)
    freight = dict(sketch.terms.freight)
    for n, way in enumerate(part.freight):
        for k, material in enumerate(way.materials):
            if sketch.one_of(("freight", n, "materials", k), "material", material, known):
                freight[material] = tuple(way.legs)
    sketch.terms = replace(sketch.terms, freight=freight)


def _material(part: MaterialPart) -> Material:
    fields: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in part.model_dump().items()
    }
    return Material(**fields)


def take_supply(sketch: Sketch, supply: Sequence[SupplyPart], path: Path) -> None:
    """Let others deliver some materials; the shares of one material sum to 1."""
    by: dict[str, list[SupplyPart]] = {}
    known = _materials(sketch)
    for n, one in enumerate(supply):
        if sketch.one_of((*path, n, "material"), "material", one.material, known):
            by.setdefault(one.material, []).append(one)
    for material, parts in by.items():
        whole = sum(p.share for p in parts)
        if abs(whole - 1.0) > 1e-6:
            sketch.faults.add(
                path,
                f"the shares of {material} sum to {whole:g}",
                "let those of one material sum to 1",
            )
    made = {m: tuple(p) for m, p in by.items()}
    sketch.terms = replace(sketch.terms, supply={**sketch.terms.supply, **made})


def _materials(sketch: Sketch) -> list[str]:
    named = [m for p in sketch.plant.products for m in p.materials]
    return list(dict.fromkeys([*(m.id for m in sketch.plant.materials), *named]))


def _product(sketch: Sketch, change: ProductChange, path: Path) -> None:
    plant = sketch.plant
    codes = {p.code: p for p in plant.products}
    if change.code not in codes:
        sketch.faults.unknown((*path, "code"), "product", str(change.code), map(str, codes))
        return
    product = codes[change.code]
    made = replace(
        product,
        planned_run_s=_run_times(sketch, product, change, path),
        materials=_recipe(sketch, product, change, path),
    )
    for name in ("mass_kg", "price"):
        amount = getattr(change, name)
        if amount is not None:
            new = sketch.new_value((*path, name), amount, getattr(product, name), name)
            if new is not None and new <= 0.0:
                sketch.faults.add((*path, name), f"{name} would be {new:g}", "it is above zero")
            elif new is not None:
                made = replace(made, mass_kg=new) if name == "mass_kg" else replace(made, price=new)
    sketch.plant = replace(
        plant, products=tuple(made if p.code == change.code else p for p in plant.products)
    )


def _run_times(
    sketch: Sketch, product: Product, change: ProductChange, path: Path
) -> dict[str, float]:
    times = dict(product.planned_run_s)
    places = [e.id for e in sketch.plant.elements if e.level in ("line", "machine")]
    for place, amount in change.run_s.items():
        at = (*path, "run_s", place)
        if not sketch.one_of(at, "machine or line", place, places):
            continue
        new = sketch.new_value(at, amount, times.get(place), f"the run time on {place}")
        if new is not None and new <= 0.0:
            sketch.faults.add(at, f"the run time on {place} would be {new:g} s", "it is above zero")
        elif new is not None:
            times[place] = new
            inside = [m.id for m in sketch.plant.under(place) if m.level == "machine"]
            sketch.touched.update(dict.fromkeys(inside))
    return times


def _recipe(
    sketch: Sketch, product: Product, change: ProductChange, path: Path
) -> dict[str, float]:
    masses = dict(product.materials)
    known = _materials(sketch)
    for material, amount in change.materials.items():
        at = (*path, "materials", material)
        if not sketch.one_of(at, "material", material, known):
            continue
        new = sketch.new_value(at, amount, masses.get(material), f"the mass of {material}")
        if new is not None and new < 0.0:
            sketch.faults.add(
                at, f"the mass of {material} would be {new:g} kg", "it is not below zero"
            )
        elif new == 0.0:
            masses.pop(material, None)
        elif new is not None:
            if material not in masses:
                _added_somewhere(sketch, product, material, at)
            masses[material] = new
    return masses


def _added_somewhere(sketch: Sketch, product: Product, material: str, path: Path) -> None:
    """Note a new material that no station would add, where stations say what they add."""
    lines = [e for e in sketch.plant.elements if e.level == "line"]
    here = {m.id: m for e in lines for m in sketch.plant.children(e.id)}
    places = {m for p in product.planned_run_s for m in _stations(sketch, p)}
    adds = {
        m: [a.strip() for a in str(here[m].kind_facts["adds"]).split(";")]
        for m in sorted(places)
        if m in here and "adds" in here[m].kind_facts
    }
    if adds and not any(material in names for names in adds.values()):
        first, names = next(iter(adds.items()))
        sketch.faults.add(
            path,
            f"no station on the lines of product {product.code} adds {material}",
            "give other facts to the known material under `materials` and `supply`, or say at a station what it adds: "
            f"`machines: replace: [{{machine: {first}, kind: {here[first].kind}, "
            f"facts: {{adds: {'; '.join([*names, material])}}}}}]`",
        )


def _stations(sketch: Sketch, place: str) -> list[str]:
    known = {e.id for e in sketch.plant.elements}
    return [m.id for m in sketch.plant.under(place)] if place in known else []
