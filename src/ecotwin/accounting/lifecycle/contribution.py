"""Where a result comes from: by process, by substance, by tier and by path; the parts sum to the whole.

Sources: Treloar, Extracting embodied energy paths from input-output tables (1997); Suh & Heijungs, Power series
    expansion and structural analysis for life cycle assessment (2007).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ecotwin.accounting.lifecycle.impact import (
    Method,
    Score,
    exchange_weights,
    intensities,
    score,
)
from ecotwin.accounting.lifecycle.matrix import Matrices, summed
from ecotwin.errors import FigureGap
from ecotwin.records import Floats

REST = "everything else"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a result. `share`: of the whole; NaN never: a whole of zero gives shares of zero."""

    id: str
    name: str
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class Path:
    """A supply chain from the demand down to a process.

    Attributes:
        processes: Ids, the product asked for first. amount: Of the last one's product [its unit].
        direct: What the last one emits itself for this path. upstream: With all that lies before it.
    """

    processes: tuple[str, ...]
    amount: float
    direct: float
    upstream: float


@dataclass(frozen=True, slots=True)
class Paths:
    """Structural paths: the direct parts of `paths` and `rest` sum to the whole.

    Attributes:
        rest: What lies in paths below the cut-off. paths: The largest direct part first.
    """

    paths: tuple[Path, ...]
    rest: float
    total: float


def by_process(matrices: Matrices, result: Score, count: int = 20) -> tuple[Part, ...]:
    """The processes that add most, and the rest: they sum to the result."""
    processes = matrices.system.processes
    names = [f"{p.product or p.name}{f', {p.place}' if p.place else ''}" for p in processes]
    return _parts([p.id for p in processes], names, result.direct, count)


def by_substance(matrices: Matrices, result: Score, count: int = 20) -> tuple[Part, ...]:
    """The flows with nature that add most, and the rest: they sum to the result."""
    flows = matrices.system.flows
    values = summed(matrices.exchanged.row, result.per_exchange, len(flows))
    names = [f"{f.name}{f' ({f.compartment})' if f.compartment else ''}" for f in flows]
    return _parts([f.id for f in flows], names, values, count)


def by_stage(matrices: Matrices, result: Score) -> dict[str, float]:
    """The result by the stage that its processes name; processes without one stand under the empty name."""
    found: dict[str, float] = {}
    for process, value in zip(matrices.system.processes, result.direct, strict=True):
        if value:
            found[process.stage] = found.get(process.stage, 0.0) + float(value)
    return dict(sorted(found.items()))


def by_tier(
    matrices: Matrices, method: Method, wanted: Mapping[str, float], tiers: int = 10
) -> tuple[Part, ...]:
    """What each tier emits itself: 0 the product asked for, 1 its suppliers ...; then the rest of the chain.

    Raises:
        FactorGap: The chain meets a flow without its weight.
    """
    direct, makes = _direct(matrices, method), matrices.makes.value
    takes = _takes(matrices)
    whole = _whole(matrices, method, wanted)
    run = matrices.demand(wanted) / makes
    total = float(whole @ matrices.demand(wanted))
    found = []
    for tier in range(tiers):
        value = float(direct @ run)
        found.append(Part(str(tier), f"tier {tier}", value, _share(value, total)))
        run = (takes @ run) / makes
    rest = float(whole @ (run * makes))
    return (*found, Part("rest", REST, rest, _share(rest, total)))


def paths(
    matrices: Matrices,
    method: Method,
    wanted: Mapping[str, float],
    *,
    cut_off: float = 0.01,
    most: int = 10_000,
) -> Paths:
    """Supply chains whose upstream part is at least a share of the whole; loops unroll until they are too small.

    Args:
        cut_off: Share of the whole below which a chain is not followed. most: Chains at most; what is left is
            in `rest`, so that the sum holds anyway.

    Raises:
        FigureGap: The cut-off is no share. FactorGap: A process meets a flow without its weight.
    """
    if not 0.0 < cut_off <= 1.0:
        raise FigureGap(f"a cut-off of {cut_off}", expected="a share above 0", remedy="say 0.01")
    direct, whole = _direct(matrices, method), _whole(matrices, method, wanted)
    makes, takes = matrices.makes.value, _takes(matrices).tocsc()
    ids = [p.id for p in matrices.system.processes]
    demand = matrices.demand(wanted)
    total = float(whole @ demand)
    least = cut_off * float(abs(whole) @ abs(demand))
    heap: list[tuple[float, int, tuple[int, ...], float]] = []
    number, rest = 0, 0.0
    for i in np.flatnonzero(demand):
        heap.append((-abs(float(whole[i] * demand[i])), number, (int(i),), float(demand[i])))
        number += 1
    heapq.heapify(heap)
    found: list[Path] = []
    while heap and len(found) < most:
        _, _, chain, amount = heapq.heappop(heap)
        last = chain[-1]
        run = amount / makes[last]
        names = tuple(ids[i] for i in chain)
        found.append(Path(names, amount, float(direct[last] * run), float(whole[last] * amount)))
        column = slice(takes.indptr[last], takes.indptr[last + 1])
        for i, taken in zip(takes.indices[column], takes.data[column], strict=True):
            need = float(taken * run)
            value = float(whole[i] * need)
            if abs(value) < least:
                rest += value
                continue
            heapq.heappush(heap, (-abs(value), number, (*chain, int(i)), need))
            number += 1
    rest += sum(float(whole[chain[-1]] * amount) for *_, chain, amount in heap)
    found.sort(key=lambda p: -abs(p.direct))
    return Paths(tuple(found), rest, total)


def _direct(matrices: Matrices, method: Method) -> Floats:
    """[processes] what a run emits itself."""
    t = matrices.exchanged
    weights = np.nan_to_num(exchange_weights(matrices, method))
    found: Floats = summed(t.column, t.value * weights, len(matrices.system.processes))
    return found


def _whole(matrices: Matrices, method: Method, wanted: Mapping[str, float]) -> Floats:
    """[processes] cradle-to-gate result of a unit of what each makes, right for all that the demand reaches."""
    score(matrices, matrices.run(wanted), method)
    return np.nan_to_num(intensities(matrices, method))


def _takes(matrices: Matrices) -> Any:
    """[product x process] what a run takes: inputs alone, above zero."""
    t, count = matrices.takes, len(matrices.system.processes)
    return sparse.csr_array((-t.value, (t.row, t.column)), shape=(count, count))


def _parts(ids: list[str], names: list[str], values: Floats, count: int) -> tuple[Part, ...]:
    total = float(values.sum())
    order = [int(i) for i in np.argsort(-abs(values), kind="stable")[:count] if values[i]]
    found = [
        Part(ids[i], names[i], float(values[i]), _share(float(values[i]), total)) for i in order
    ]
    rest = float(np.delete(values, order).sum())
    return (*found, Part("rest", REST, rest, _share(rest, total)))


def _share(value: float, total: float) -> float:
    return value / total if total else 0.0
