"""Looks a factor up: gives it with its provenance, or a `FactorGap` that says what to write into the plant file.

Plant file keys in `factors`: a carrier's emission factor under its name (`gas: kgCO2e/kWh` or
`kgCO2e/m3`), its heating value under `<carrier>_heating_value` (`kWh/m3`), biogenic CO2 under
`<carrier>_biogenic`. HHV and LHV never mix.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ecotwin.accounting.factors.tables import Row, table
from ecotwin.accounting.fuels import COMBUSTION_GWP, KWH_PER_MMBTU, KWH_PER_TJ
from ecotwin.accounting.scope2 import unmet_criteria
from ecotwin.errors import FactorGap, UnitFault
from ecotwin.plant.model import Contract, GridFactors, Plant
from ecotwin.records import FactorUse
from ecotwin.units import conversion

Found = TypeVar("Found")
_LIBRARY = {"gas": "natural_gas"}


def required(found: Found | FactorGap) -> Found:
    """The factor, or its gap raised.

    Raises:
        FactorGap: It is missing.
    """
    if isinstance(found, FactorGap):
        raise found
    return found


def gwp(gas: str, gwp_set: str, *, fossil_fugitive: bool = False) -> FactorUse | FactorGap:
    """GWP100 of a gas [kgCO2e/kg]; fossil methane that escapes unburnt weighs more than burnt or biogenic one.

    >>> gwp("CH4", "AR6").value, gwp("CH4", "AR6", fossil_fugitive=True).value
    (27.0, 29.8)
    """
    name = f"{gas}-fossil-fugitive" if fossil_fugitive and gas == "CH4" else gas
    row = table("gwp").get(f"gwp/{name}/{gwp_set}")
    if row is None:
        return FactorGap(
            f"there is no GWP of {gas} in {gwp_set}",
            expected="a gas of the table gwp.csv",
            remedy="check the name",
        )
    return row.use()


def blend(name: str, gwp_set: str) -> FactorUse | FactorGap:
    """GWP100 of a refrigerant blend by its composition [kgCO2e/kg].

    >>> blend("R-410A", "AR5").value
    1923.5
    """
    parts = [row for row in table("blends").values() if row.subject == name]
    if not parts:
        return FactorGap(
            f"the composition of {name} is not known",
            expected="a blend of blends.csv",
            remedy="give its gases",
        )
    uses = [(row.value, gwp(row.name, gwp_set)) for row in parts]
    value = sum(share * required(use).value for share, use in uses)
    spread = (
        math.sqrt(
            sum((share * required(u).value * required(u).uncertainty) ** 2 for share, u in uses)
        )
        / value
    )
    return replace(
        required(uses[0][1]), id=f"gwp/{name}/{gwp_set}", value=value, uncertainty=spread
    )


def burning(id: str, gwp_set: str) -> FactorUse | FactorGap:  # noqa: A002
    """A fuel's combustion factor of the tables, all gases weighed [kgCO2e/kWh on the table's basis].

    Biogenic CO2 is left out: it stands outside the scopes.

    >>> round(burning("epa-hub/natural_gas/2024", "AR5").value, 5)
    0.18123
    """
    rows = {gas: table("combustion").get(f"{id}/{gas}") for gas in ("co2", "ch4", "n2o")}
    first = rows["co2"]
    if first is None or gwp_set not in COMBUSTION_GWP:
        known = sorted({key.rsplit("/", 1)[0] for key in table("combustion")})
        return FactorGap(
            f"there is no combustion factor {id!r} with {gwp_set}",
            expected=f"one of {', '.join(known)}",
            remedy="check the id",
        )
    parts = [_weighed(row, gas, gwp_set) for gas, row in rows.items() if row is not None]
    value = sum(v for v, _ in parts)
    spread = math.sqrt(sum((v * u) ** 2 for v, u in parts)) / value
    return replace(
        first.use(), id=id, value=value, unit="kgCO2e/kWh", gwp_set=gwp_set, uncertainty=spread
    )


def library(fuel: str, gwp_set: str) -> tuple[FactorUse, ...]:
    """Every combustion factor of the tables for a fuel [kgCO2e/kWh].

    >>> [use.id for use in library("natural_gas", "AR6")]
    ['epa-hub/natural_gas/2024', 'ipcc-2006/natural_gas/2006']
    """
    ids = {
        row.id.rsplit("/", 1)[0]: None
        for row in table("combustion").values()
        if row.subject == fuel
    }
    return tuple(required(burning(i, gwp_set)) for i in ids)


def heating_value(plant: Plant, carrier: str, unit: str) -> FactorUse | FactorGap:
    """Energy in one unit of a carrier, as the plant file gives it [kWh/unit]."""
    key = f"{carrier}_heating_value"
    given = plant.factors.get(key)
    if given is None:
        return FactorGap(
            f"no heating value of {carrier} is given, so {unit} cannot be turned into kWh",
            expected=f"`{key}` under `factors` in the plant file",
            remedy=_write(key, "10.3", f"kWh/{unit}", "HHV", "the supplier's bill"),
        )
    return _in_unit(key, _given(plant, key, given), "kWh", unit)


def emission(plant: Plant, carrier: str, unit: str) -> tuple[FactorUse, ...] | FactorGap:
    """Factors whose product is the emission of one metered unit of a carrier [kgCO2e/unit].

    One factor when it is given per metered unit, else the heating value and the factor per kWh, of
    one basis.
    """
    given = plant.factors.get(carrier)
    if given is None:
        near = "; ".join(
            f"{u.id} is {u.value:.4f} kgCO2e/kWh ({u.basis})"
            for u in library(_LIBRARY.get(carrier, carrier), plant.gwp_set)
        )
        return FactorGap(
            f"no emission factor of {carrier} is given"
            + (f" (the tables hold: {near}; none is chosen for you)" if near else ""),
            expected=f"`{carrier}` under `factors` in the plant file",
            remedy=_write(carrier, "0.2", "kgCO2e/kWh", "HHV", "who published it"),
        )
    use = _given(plant, carrier, given)
    if (clash := _other_set(plant, use)) is not None:
        return clash
    direct = _in_unit(carrier, use, "kg", unit)
    if isinstance(direct, FactorUse):
        return (replace(direct, unit=f"kgCO2e/{unit}"),)
    per_kwh = _in_unit(carrier, use, "kg", "kWh")
    heat = heating_value(plant, carrier, unit)
    if isinstance(per_kwh, FactorGap):
        return per_kwh
    if isinstance(heat, FactorGap):
        return heat
    if per_kwh.basis != heat.basis or not heat.basis:
        return FactorGap(
            f"the emission factor of {carrier} is on {per_kwh.basis or 'no stated basis'}, "
            f"its heating value on {heat.basis or 'no stated basis'}",
            expected="both on HHV or both on LHV",
            remedy=f"give `basis` of `{carrier}` and `{carrier}_heating_value`, the same in both",
        )
    return heat, replace(per_kwh, unit="kgCO2e/kWh")


def grid_location(plant: Plant) -> FactorUse | FactorGap:
    """The grid's mean factor, location-based [kgCO2e/kWh]; with 24 hourly values and no mean given: their mean."""
    grid = plant.grid
    if grid is None or (grid.location is None and not grid.hourly):
        return _no_grid("location", "the grid's mean factor")
    value = grid.location if grid.location is not None else sum(grid.hourly) / len(grid.hourly)
    return _grid_use(plant, grid, value, "location")


def grid_hourly(plant: Plant) -> tuple[float, ...] | FactorGap:
    """24 factors by local hour of the day [kgCO2e/kWh]; the mean 24 times when none are given."""
    found = grid_location(plant)
    if isinstance(found, FactorGap):
        return found
    hourly = plant.grid.hourly if plant.grid else ()
    if len(hourly) not in (0, 24):
        return FactorGap(
            f"`grid.hourly` holds {len(hourly)} values",
            expected="24, one a local hour",
            remedy="complete them",
        )
    return hourly or (found.value,) * 24


def grid_residual(plant: Plant) -> FactorUse | FactorGap:
    """The residual mix; where none is published the location factor, and the id says so [kgCO2e/kWh]."""
    grid = plant.grid
    if grid is None:
        return _no_grid("residual", "the market's residual mix")
    if grid.residual is not None:
        return _grid_use(plant, grid, grid.residual, "residual")
    found = grid_location(plant)
    if isinstance(found, FactorGap):
        return found
    return replace(
        found,
        id=found.id.replace("location", "location-for-want-of-residual"),
        basis="no residual mix published: grid average",
    )


def contracts(plant: Plant) -> tuple[tuple[Contract, ...], tuple[str, ...]]:
    """Contracts that meet all eight quality criteria, and a sentence on each that does not."""
    kept, words = [], []
    for contract in plant.grid.contracts if plant.grid else ():
        unmet = unmet_criteria(contract.criteria)
        if unmet:
            words.append(
                f"contract {contract.name!r} is left out of the market-based figure: "
                f"not shown to be met: {', '.join(unmet)}. What to do: state these under `criteria`."
            )
        else:
            kept.append(contract)
    return tuple(kept), tuple(words)


def price(plant: Plant, carrier: str) -> FactorUse | FactorGap:
    """The tariff's price outside its bands, as a factor [currency/unit]."""
    tariff = plant.tariff(carrier)
    if tariff is None:
        return FactorGap(
            f"no price of {carrier} is given",
            expected="a tariff in the plant file",
            remedy=f"add `tariffs: - carrier: {carrier}`",
        )
    name = f"tariff/{carrier}"
    return FactorUse(
        name,
        tariff.price,
        f"{plant.currency}/{tariff.unit}",
        plant.country,
        0,
        tariff.source or "plant file",
        plant.digest[:12],
    )


def one_gwp_set(factors: Iterable[FactorUse]) -> str:
    """The GWP set of all these factors.

    >>> one_gwp_set([])
    ''

    Raises:
        FactorGap: They are of different sets: such a total would mean nothing.
    """
    sets = {use.gwp_set for use in factors if use.gwp_set}
    if len(sets) > 1:
        raise FactorGap(
            f"factors of {' and '.join(sorted(sets))} would be mixed in one total",
            expected="one GWP set",
            remedy="give all factors in the plant's `gwp_set`",
        )
    return sets.pop() if sets else ""


def _weighed(row: Row, gas: str, gwp_set: str) -> tuple[float, float]:
    """Value [kgCO2e/kWh] and relative half-width of one gas of a fuel."""
    kwh = {"mmBtu": KWH_PER_MMBTU, "TJ": KWH_PER_TJ}[row.unit.split("/")[1]]
    kg = row.value / 1000.0 if row.unit.startswith("g/") else row.value
    weight = 0.0 if row.name == "biogenic_co2" else COMBUSTION_GWP[gwp_set][gas.upper()]
    return kg * weight / kwh, row.uncertainty


def _given(plant: Plant, key: str, given: Mapping[str, Any]) -> FactorUse:
    return FactorUse(
        f"plant/{key}/{given.get('year', '')}",
        float(given["value"]),
        str(given["unit"]),
        str(given.get("place", plant.country)),
        int(given.get("year", 0)),
        str(given.get("source", "")),
        str(given.get("version", "")),
        str(given.get("gwp_set", "")),
        float(given.get("uncertainty", 0.0)),
        str(given.get("basis", "")),
    )


def _in_unit(key: str, use: FactorUse, above: str, below: str) -> FactorUse | FactorGap:
    """The factor per another unit."""
    parts = use.unit.split("/", 1)
    try:
        if len(parts) != 2:
            raise UnitFault(use.unit)
        up = conversion(
            {"kgCO2": "kg", "kgCO2e": "kg", "tCO2e": "t", "gCO2e": "g"}.get(parts[0], parts[0]),
            above,
        )[0]
        down = conversion(parts[1], below)[0]
    except UnitFault:
        return FactorGap(
            f"the factor `{key}` is in {use.unit}",
            expected=f"{above}/{below}",
            remedy=f"give it in {above}/{below}",
        )
    return replace(use, value=use.value * up / down, unit=f"{above}/{below}")


def _grid_use(plant: Plant, grid: GridFactors, value: float, kind: str) -> FactorUse | FactorGap:
    if not grid.source:
        return FactorGap(
            f"the grid's {kind} factor has no source",
            expected="who published it",
            remedy="give `grid.source` in the plant file",
        )
    use = FactorUse(
        f"grid/{kind}/{grid.region}/{grid.year}",
        value,
        "kgCO2e/kWh",
        grid.region,
        grid.year,
        grid.source,
        grid.version,
        grid.gwp_set,
        grid.uncertainty,
        "per kWh delivered, as published",
    )
    return _other_set(plant, use) or use


def _other_set(plant: Plant, use: FactorUse) -> FactorGap | None:
    if use.gwp_set in ("", plant.gwp_set):
        return None
    return FactorGap(
        f"the factor {use.id} is of {use.gwp_set}, the plant reports in {plant.gwp_set}",
        expected="one GWP set in a total",
        remedy=f"give the factor in {plant.gwp_set}, or set `gwp_set: {use.gwp_set}` for the plant",
    )


def _no_grid(key: str, what: str) -> FactorGap:
    return FactorGap(
        f"{what} is not given",
        expected=f"`grid.{key}` in the plant file",
        remedy=f"write `grid: {{region: ..., {key}: 0.3, year: ..., source: ..., version: ...}}` "
        "with the published value",
    )


def _write(key: str, value: str, unit: str, basis: str, source: str) -> str:
    return (
        f"write `{key}: {{value: {value}, unit: {unit}, basis: {basis}, place: ..., year: ..., "
        f"source: {source}, version: ...}}`"
        " with the published value"
    )
