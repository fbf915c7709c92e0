"""Weighs what a product system exchanges with nature: by the project's GWP table, by AWARE, by any table given as data.

Sources: ISO 14044:2006 4.4; IPCC GWP100 as in `accounting.factors`; WULCA AWARE (times consumption).
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from ecotwin.accounting.factors import GWP_SETS, gwp100
from ecotwin.accounting.lifecycle.matrix import Matrices, Solution, summed
from ecotwin.errors import FactorGap
from ecotwin.records import Floats, Ints
from ecotwin.records.lifecycle import Flow, WeightTable

CO2E = "kgCO2e"
"""Unit of a flow that is already weighed; its `formula` names the GWP set."""
_HALOCARBON = re.compile(r"\b((?:HFC|HCFC|CFC|PFC|HFE)-[0-9a-z]+(?:-[0-9]+)*)$", re.IGNORECASE)
_WATER = re.compile(r"^water\b", re.IGNORECASE)
_NO_WATER_USE = ("ocean", "salt", "sea", "turbine use", "air", "rain")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Method:
    """Weights of flows.

    Attributes:
        unit: Of the result. weights: (flow id, place) -> weight per unit of the flow; place empty: everywhere else.
        needed: Flows that belong into it and have no weight, each with why: a result that meets one is refused.
        source: Who published the weights. gwp_set: Where it is of greenhouse gases.
    """

    name: str
    unit: str
    weights: Mapping[tuple[str, str], float]
    needed: Mapping[str, str]
    source: str
    gwp_set: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The result of one method for one demand.

    Attributes:
        value: [unit]. per_exchange: [exchanges with nature] what each adds to it, in the order of `Matrices.exchanged`.
        direct: [processes] what each adds. unweighed: Flows the method does not weigh, with their amounts.
        residual, backward_error: Of the solution behind it.
    """

    value: float
    unit: str
    method: str
    per_exchange: Floats
    direct: Floats
    supply: Floats
    unweighed: tuple[tuple[str, float, str], ...]
    residual: float
    backward_error: float


def gwp_method(
    flows: Iterable[Flow],
    gwp_set: str,
    origins: Mapping[str, str] | None = None,
    more: WeightTable | None = None,
) -> Method:
    """Climate change over 100 years by one GWP set, from the project's table.

    Args:
        flows: Of the product system. gwp_set: `AR4`, `AR5` or `AR6`.
        origins: Flow id -> `combustion`, `fossil fugitive`, `biogenic` or `apart` (not in the total), where the
            name does not tell. more: Weights of gases that the project's table lacks; it changes none that it has.

    Raises:
        FactorGap: The set is unknown, or a flow or `more` is weighed by another set.
    """
    if gwp_set not in GWP_SETS:
        raise FactorGap(
            f"the GWP set {gwp_set!r}", expected=", ".join(GWP_SETS), remedy="choose one"
        )
    if more is not None and more.gwp_set != gwp_set:
        raise FactorGap(
            f"the weights of {more.name} are of {more.gwp_set or 'an untold GWP set'}, the total of {gwp_set}",
            expected="one GWP set in a total",
            remedy=f"give weights of {gwp_set} and name it in `gwp_set`",
        )
    weights: dict[tuple[str, str], float] = {}
    needed: dict[str, str] = {}
    known = tuple(flows)
    for flow in known:
        if flow.unit == CO2E:
            if flow.formula != gwp_set:
                raise FactorGap(
                    f"{flow.name} is weighed by {flow.formula or 'an untold GWP set'}, the total by {gwp_set}",
                    expected="one GWP set in a total",
                    remedy=f"give factors of {gwp_set}, or ask for {flow.formula or 'their set'}",
                )
            weights[flow.id, ""] = 1.0
            continue
        found = _greenhouse(flow, gwp_set, (origins or {}).get(flow.id, ""))
        if isinstance(found, float):
            weights[flow.id, ""] = found
        elif found:
            needed[flow.id] = found
    source = f"IPCC {gwp_set}, as in the project's gwp.csv"
    if more is not None and needed:
        weights |= table_method([f for f in known if f.id in needed], more).weights
        source += f"; {more.source}"
    return Method(f"GWP100 {gwp_set}", CO2E, weights, needed, source, gwp_set)


def aware_method(flows: Iterable[Flow], by_place: Mapping[str, float], source: str) -> Method:
    """Water scarcity: AWARE factor x (water taken - water given back), where the process stands [m3 world-eq].

    Args:
        flows: Of the product system; those named `Water...` from or to inland water count.
        by_place: Place of the process -> factor [m3 world-eq/m3]. The key `""` holds for every other place; without it
            a place that is not named is a gap. source: Who published them.

    Raises:
        FactorGap: A factor is none AWARE can give (0.1 to 100).
    """
    for place, value in by_place.items():
        if not 0.1 <= value <= 100.0:
            raise FactorGap(
                f"the AWARE factor of {place or 'everywhere'} is {value}",
                expected="0.1 to 100",
                remedy="correct it",
            )
    weights: dict[tuple[str, str], float] = {}
    needed: dict[str, str] = {}
    for flow in flows:
        sign = _water_sign(flow)
        if not sign:
            continue
        cubic = {"m3": 1.0, "kg": 1e-3, "l": 1e-3}.get(flow.unit)
        if cubic is None:
            needed[flow.id] = f"{flow.name} is in {flow.unit}, neither m3 nor kg"
            continue
        weights |= {(flow.id, place): sign * cubic * value for place, value in by_place.items()}
        needed[flow.id] = f"no AWARE factor of the place where {flow.name} is exchanged"
    return Method("AWARE", "m3 world-eq", weights, needed, source)


def table_method(flows: Iterable[Flow], table: WeightTable) -> Method:
    """A method from data: weights by flow id, else by name and compartment.

    Raises:
        FactorGap: Two weights claim one flow, a unit does not fit, or no flow of the system is weighed.
    """
    by_id = {w.flow: w for w in table.weights if w.flow}
    named: dict[str, list[int]] = defaultdict(list)
    for n, w in enumerate(table.weights):
        if not w.flow:
            named[w.name.casefold()].append(n)
    weights: dict[tuple[str, str], float] = {}
    faults: list[str] = []
    for flow in flows:
        of_id = [w for w in table.weights if w.flow == flow.id] if flow.id in by_id else []
        by_name = [table.weights[n] for n in named.get(flow.name.casefold(), ())]
        fitting = of_id or [w for w in by_name if _within(flow.compartment, w.compartment)]
        for w in fitting:
            if w.unit != flow.unit:
                faults.append(f"{flow.name} is in {flow.unit}, its weight per {w.unit}")
            elif weights.setdefault((flow.id, w.place), w.value) != w.value:
                faults.append(
                    f"{flow.name} ({flow.compartment}) has two weights in {w.place or 'every place'}"
                )
    if faults or not weights:
        shown = "; ".join(faults[:_SHOWN]) or "no flow of the product system is in it"
        raise FactorGap(
            f"the method {table.name} does not fit: {shown}",
            expected="one weight per flow and place, in the flow's unit",
            remedy="name flows by id, or by name and compartment",
        )
    return Method(table.name, table.unit, weights, {}, table.source, table.gwp_set)


def exchange_weights(matrices: Matrices, method: Method) -> Floats:
    """Weight of every exchange with nature, NaN where one is needed and missing, 0 where the method has none."""
    system, t = matrices.system, matrices.exchanged
    places = [p.place for p in system.processes]
    ids = [f.id for f in system.flows]
    everywhere = np.array(
        [method.weights.get((i, ""), np.nan if i in method.needed else 0.0) for i in ids]
    )
    found = everywhere[t.row] if len(ids) else np.zeros(0)
    local = {key for key in method.weights if key[1]}
    if local:
        flows = {i for i, _ in local}
        for n in np.flatnonzero(np.isin(t.row, [k for k, i in enumerate(ids) if i in flows])):
            key = (ids[t.row[n]], places[t.column[n]])
            if key in local:
                found[n] = method.weights[key]
    return np.asarray(found, dtype=float)


def score(matrices: Matrices, solution: Solution, method: Method, demand: int = 0) -> Score:
    """What a demand weighs.

    Args:
        solution: Of `Matrices.run`. demand: Which of its demands.

    Raises:
        FactorGap: The demand meets a flow that belongs into the method and has no weight there; all are named.
    """
    system, t = matrices.system, matrices.exchanged
    supply = solution.supply[:, demand]
    weights = exchange_weights(matrices, method)
    amounts = t.value * supply[t.column]
    refuse_missing(matrices, method, weights, amounts)
    per_exchange = np.where(np.isnan(weights), 0.0, weights) * amounts
    direct = summed(t.column, per_exchange, len(system.processes))
    known = {i for i, _ in method.weights} | set(method.needed)
    sums = summed(t.row, amounts, len(system.flows))
    left = tuple(
        (f.name, float(a), f.unit)
        for f, a in zip(system.flows, sums, strict=True)
        if a and f.id not in known
    )
    return Score(
        float(per_exchange.sum()), method.unit, method.name, per_exchange, direct, supply, left,
        solution.residual, solution.backward_error,
    )  # fmt: skip


def refuse_missing(matrices: Matrices, method: Method, weights: Floats, amounts: Floats) -> None:
    """Refuses a result that would leave a flow out which the method should weigh."""
    system, t = matrices.system, matrices.exchanged
    gone = np.flatnonzero(np.isnan(weights) & (amounts != 0.0))
    if not len(gone):
        return
    words: dict[str, None] = {}
    for n in gone:
        flow, process = system.flows[t.row[n]], system.processes[t.column[n]]
        place = f" ({process.place or 'no place'})" if any(k[1] for k in method.weights) else ""
        words[f"{method.needed[flow.id]}{place}"] = None
    shown = list(words)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    raise FactorGap(
        f"{method.name} cannot be had: {'; '.join(shown[:_SHOWN])}{more}",
        expected="a weight for every flow that belongs into it",
        remedy="give the weights with their source, or say where the gas comes from",
    )


def intensities(matrices: Matrices, method: Method) -> Floats:
    """Cradle-to-gate result per unit of every product at once: one solve of A^T y = (weights x B)^T [unit/unit].

    NaN where the chain of a product meets a flow without its weight: that result cannot be had.
    """
    weights, t = exchange_weights(matrices, method), matrices.exchanged
    direct = summed(t.column, t.value * np.nan_to_num(weights), len(matrices.system.processes))
    found: Floats = matrices.solver.solve(direct, transposed=True).supply[:, 0]
    lacking = t.column[np.isnan(weights) & (t.value != 0.0)]
    if len(lacking):
        found[_users(matrices, lacking)] = np.nan
    return found


def _users(matrices: Matrices, processes: Ints) -> Ints:
    """These processes and all whose chain reaches them."""
    reached = np.zeros(len(matrices.system.processes), dtype=bool)
    reached[processes] = True
    links = abs(matrices.technosphere).T.tocsr()
    while True:
        wider = reached | (links @ reached.astype(float) > 0.0)
        if (wider == reached).all():
            return np.flatnonzero(reached)
        reached = wider


def _greenhouse(flow: Flow, gwp_set: str, origin: str) -> float | str:
    """The weight of a flow, why it has none, or empty: it is no greenhouse gas."""
    row = _substances().get(flow.name.casefold())
    gas = row["gas"] if row else _gas_of(flow)
    if not gas:
        return ""
    if origin == "apart":
        return 0.0
    sign = float(row["sign"]) if row else 1.0
    source = origin or (row["origin"] if row else "")
    if not source and not sign:
        return 0.0
    if not source and gas in ("CO2", "CH4"):
        return f"{flow.name} ({flow.id}): fossil or biogenic is not told"
    if flow.unit != "kg":
        return f"{flow.name} ({flow.id}) is in {flow.unit}, not kg"
    if gas == "CO2" and source == "biogenic":
        return 0.0
    try:
        return (sign or 1.0) * gwp100(gas, gwp_set, origin=source or "combustion")
    except FactorGap as gap:
        return f"{flow.name} ({flow.id}): {gap.found}"


def _gas_of(flow: Flow) -> str:
    match = _HALOCARBON.search(flow.name)
    if match:
        kind, number = match.group(1).split("-", 1)
        return f"{kind.upper()}-{number}"
    plain = {"CO2", "CH4", "N2O", "SF6", "NF3", "CF4", "C2F6", "C3F8"}
    named = {"carbon dioxide": "CO2", "methane": "CH4"}.get(flow.name.casefold(), "")
    formula = next((g for g in plain if g in (flow.formula, flow.name)), "")
    return named or formula or _cas().get(flow.cas.lstrip("0"), "")


def _water_sign(flow: Flow) -> float:
    if not _WATER.match(flow.name):
        return 0.0
    text = f"{flow.name} {flow.compartment}".casefold()
    if any(word in text for word in _NO_WATER_USE):
        return 0.0
    if flow.compartment.startswith(("natural resource", "resource")):
        return 1.0
    return -1.0 if flow.compartment.startswith("water") else 0.0


def _within(compartment: str, wanted: str) -> bool:
    return not wanted or compartment == wanted or compartment.startswith(wanted + "/")


@cache
def _substances() -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in _own("substances.csv")}


@cache
def _cas() -> dict[str, str]:
    return {row["cas"]: row["gas"] for row in _own("cas.csv")}


def _own(name: str) -> Iterable[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text("utf-8")
    return csv.DictReader(text.splitlines())
