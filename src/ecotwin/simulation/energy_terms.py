"""What a scenario changes of the terms of energy: contracts, tariffs, factors, carbon price, permits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ecotwin.plant import Contract, GridFactors, Permit, Tariff
from ecotwin.plant.checks import amount_units
from ecotwin.plant.lines import Path
from ecotwin.plant.schema import TariffPart
from ecotwin.simulation.scenario_parts import GridChange, ScenarioPart
from ecotwin.simulation.sketch import Sketch


def change_terms(sketch: Sketch, part: ScenarioPart) -> None:
    """Change terms; faults are noted."""
    if part.grid:
        _grid(sketch, part.grid)
    _tariffs(sketch, part)
    if part.factors:
        given = {name: factor.model_dump() for name, factor in part.factors.items()}
        sketch.plant = replace(sketch.plant, factors={**sketch.plant.factors, **given})
    terms = sketch.terms
    if part.carbon_price:
        terms = replace(terms, carbon=part.carbon_price)
    if part.prices:
        prices = part.prices
        terms = replace(
            terms,
            waste_prices={**terms.waste_prices, **prices.waste},
            material_prices={**terms.material_prices, **prices.materials},
            labour_per_h=terms.labour_per_h if prices.labour_per_h is None else prices.labour_per_h,
        )
    sketch.terms = terms
    for n, change in enumerate(part.limits):
        change_limit(sketch, change.permit, change.limit, ("limits", n, "permit"))
    _permits(sketch, part)


def change_limit(sketch: Sketch, permit: str, limit: float, path: Path) -> None:
    """Give a permit another limit; an unknown one is noted."""
    known = [p.id for p in sketch.plant.permits]
    if sketch.one_of(path, "permit", permit, known):
        sketch.plant = replace(
            sketch.plant,
            permits=tuple(
                replace(p, limit=limit) if p.id == permit else p for p in sketch.plant.permits
            ),
        )


def _permits(sketch: Sketch, part: ScenarioPart) -> None:
    places = [e.id for e in sketch.plant.elements]
    for n, new in enumerate(part.permits):
        at: Path = ("permits", n)
        if new.id in {p.id for p in sketch.plant.permits}:
            sketch.faults.add(
                (*at, "id"),
                f"there is a permit {new.id!r} already",
                "change its limit under `limits`",
            )
        elif sketch.one_of((*at, "element"), "element", new.element, places):
            fields: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in new.model_dump().items()
            }
            sketch.plant = replace(sketch.plant, permits=(*sketch.plant.permits, Permit(**fields)))


def _grid(sketch: Sketch, part: GridChange) -> None:
    old = sketch.plant.grid
    if old is None and part.location is None and part.hourly is None:
        sketch.faults.add(
            ("grid",),
            "the plant file gives no grid factor to change",
            "give `location` or `hourly`",
        )
        return
    grid = old or GridFactors(sketch.plant.country or "scenario")
    if part.location is not None and part.hourly is None and grid.hourly:
        # The course of the day stays, its mean becomes the new one.
        mean = sum(grid.hourly) / len(grid.hourly)
        hourly = tuple(h * part.location / mean for h in grid.hourly) if mean else ()
    else:
        hourly = grid.hourly if part.hourly is None else tuple(part.hourly)
    location = grid.location if part.location is None else part.location
    if part.hourly is not None and part.location is None:
        location = sum(part.hourly) / len(part.hourly)
    contracts = grid.contracts
    if part.contracts is not None:
        contracts = tuple(
            Contract(**(c.model_dump() | {"hourly_kwh": tuple(c.hourly_kwh)}))
            for c in part.contracts
        )
        if sum(c.share for c in contracts) > 1.0 + 1e-9:
            sketch.faults.add(
                ("grid", "contracts"),
                "their shares sum to more than 1",
                "let them sum to at most 1",
            )
    sketch.plant = replace(
        sketch.plant,
        grid=replace(
            grid,
            location=location,
            hourly=hourly,
            residual=grid.residual if part.residual is None else part.residual,
            contracts=contracts,
            year=part.year or grid.year,
            source=part.source,
        ),
    )


def _tariffs(sketch: Sketch, part: ScenarioPart) -> None:
    units = amount_units()
    new = {}
    for n, tariff in enumerate(part.tariffs):
        if not sketch.one_of(("tariffs", n, "carrier"), "carrier", tariff.carrier, units):
            continue
        if tariff.unit != units[tariff.carrier]:
            sketch.faults.add(
                ("tariffs", n, "unit"),
                f"the price of {tariff.carrier} is per {tariff.unit}",
                f"give it per {units[tariff.carrier]}",
            )
        elif tariff.carrier in new:
            sketch.faults.add(("tariffs", n), f"two tariffs of {tariff.carrier}", "join them")
        else:
            new[tariff.carrier] = _tariff(tariff)
    tariffs = [new.pop(t.carrier, t) for t in sketch.plant.tariffs] + list(new.values())
    for n, scaled in enumerate(part.tariff_scales):
        known = [t.carrier for t in tariffs]
        if sketch.one_of(("tariff_scales", n, "carrier"), "tariff of", scaled.carrier, known):
            tariffs = [
                _scaled(t, scaled.scale) if t.carrier == scaled.carrier else t for t in tariffs
            ]
    sketch.plant = replace(sketch.plant, tariffs=tuple(tariffs))


def _tariff(part: TariffPart) -> Tariff:
    bands = tuple((b.from_hour, b.to_hour, b.price) for b in part.bands)
    return Tariff(**(part.model_dump() | {"bands": bands}))


def _scaled(tariff: Tariff, by: float) -> Tariff:
    bands = tuple((a, b, price * by) for a, b, price in tariff.bands)
    return replace(tariff, price=tariff.price * by, bands=bands)
