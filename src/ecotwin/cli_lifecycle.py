"""The command on databases of processes: `ecotwin lifecycle`."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Json
from ecotwin.errors import EcotwinError, FileFault

if TYPE_CHECKING:
    from ecotwin.accounting.lifecycle import (
        Matrices,
        Method,
        ProductSystem,
        Score,
        Sensitivity,
        Uncertain,
    )

_EVERY, _NAMED = 100, 10


Databases = Annotated[
    list[Path],
    typer.Argument(
        help="ecoSpold (.spold, .xml, .zip, folder), Brightway (.bw2package, .json) or a process table (.csv)."
    ),
]
Product = Annotated[
    str, typer.Option(help="Id, product or name of its process; a part of the name will do.")
]
Amount = Annotated[float, typer.Option(help="How much of it, in its unit.")]
MethodName = Annotated[
    str, typer.Option(help="AR4, AR5 or AR6 (GWP100 of that set), or a CSV file of weights.")
]
Weights = Annotated[
    Path | None,
    typer.Option(help="CSV file of weights of gases that the GWP table lacks, in the same set."),
]
Count = Annotated[int, typer.Option(min=1, help="So many largest processes, substances and paths.")]
CutOff = Annotated[
    float,
    typer.Option(min=1e-9, max=1.0, help="Share below which a supply chain is not followed."),
]
Runs = Annotated[int, typer.Option(min=0, help="Monte Carlo runs; 0: none, else 10 or more.")]
Seed = Annotated[int, typer.Option(help="Seed of the runs.")]
Unlinked = Annotated[
    str,
    typer.Option(
        help="`refuse`, or `cut-off`: what nobody delivers counts as free of burden, and is named."
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--origin",
        help="FLOW=ORIGIN where a gas does not tell: combustion, 'fossil fugitive', biogenic, apart.",
    ),
]


def lifecycle(
    databases: Databases,
    product: Product,
    amount: Amount = 1.0,
    method: MethodName = "AR6",
    weights: Weights = None,
    contributions: Count = 10,
    cut_off: CutOff = 0.01,
    runs: Runs = 0,
    seed: Seed = 1,
    unlinked: Unlinked = "refuse",
    origins: Origins = None,
    json: Json = False,
) -> None:
    """What a product weighs over its supply chain, where it comes from, and how sure that is.

    Exit code 1: the database or method is at fault, or a weight is missing.

    Example: ecotwin lifecycle ecoinvent.zip --product "steel production, electric" --method AR6 --runs 1000
    """
    from ecotwin.accounting import lifecycle as lc

    told = _origins(origins or [])
    system, notes = _system(databases, unlinked)
    process = system.find(product)
    matrices = lc.Matrices(system)
    chosen = _method(system, method, told, weights)
    solution = matrices.run({process.id: amount})
    score = lc.score(matrices, solution, chosen)
    notes += _backwards(lc.backwards(matrices, solution))
    result = _result(matrices, chosen, score, process.id, amount, contributions, cut_off)
    result |= {"solver": solution.method, "iterations": solution.iterations, "notes": notes}
    if runs:
        after = None if json else _told
        wanted = {process.id: amount}
        drawn = lc.monte_carlo(matrices, chosen, wanted, runs=runs, seed=seed, after=after)
        _, parts = lc.first_order(matrices, chosen, wanted, contributions)
        result["uncertainty"] = _uncertainty(drawn, parts)
    typer.echo(
        json_module.dumps(result, ensure_ascii=False, indent=2)
        if json
        else "\n".join(_lines(result))
    )


def _system(databases: list[Path], unlinked: str) -> tuple[ProductSystem, list[str]]:
    from ecotwin.accounting.lifecycle import ProductSystem
    from ecotwin.connectors.process_table import read_database

    if unlinked not in ("refuse", "cut-off"):
        raise typer.BadParameter("say refuse or cut-off", param_hint="--unlinked")
    read = [read_database(path) for path in databases]
    system = ProductSystem.of(*read, unlinked=unlinked.replace("-", " "))
    notes = [f"{d.name}: {note}" for d in read for note in d.notes]
    return system, [*notes, *(f"cut off: {words}" for words in system.cut_off)]


def _method(
    system: ProductSystem, name: str, origins: dict[str, str], weights: Path | None
) -> Method:
    from ecotwin.accounting.factors import GWP_SETS
    from ecotwin.accounting.lifecycle import gwp_method, table_method
    from ecotwin.connectors.process_table import read_weights

    if name.upper() in GWP_SETS:
        more = None if weights is None else read_weights(weights)
        return gwp_method(system.flows, name.upper(), origins, more)
    if weights is not None:
        raise typer.BadParameter("goes with AR4, AR5 or AR6", param_hint="--weights")
    if not Path(name).exists():
        raise FileFault(
            f"{name!r} is neither a GWP set nor a file",
            expected=f"{', '.join(GWP_SETS)}, or a CSV file of weights",
            remedy="check the path",
        )
    return table_method(system.flows, read_weights(Path(name)))


def _origins(given: list[str]) -> dict[str, str]:
    pairs = [text.rpartition("=") for text in given]
    if any(not flow or not origin for flow, _, origin in pairs):
        raise typer.BadParameter("write FLOW=ORIGIN", param_hint="--origin")
    return {flow: origin for flow, _, origin in pairs}


def _result(
    matrices: Matrices,
    method: Method,
    score: Score,
    id_: str,
    amount: float,
    count: int,
    cut_off: float,
) -> dict[str, Any]:
    from ecotwin.accounting import lifecycle as lc

    process = matrices.system.process(id_)
    chains = lc.paths(matrices, method, {id_: amount}, cut_off=cut_off)
    names = {p.id: p.product or p.name for p in matrices.system.processes}
    found: dict[str, Any] = {
        "product": process.product,
        "process": process.id,
        "name": process.name,
        "place": process.place,
        "amount": amount,
        "amount_unit": process.unit,
        "method": method.name,
        "source": method.source,
        "gwp_set": method.gwp_set,
        "value": score.value,
        "unit": score.unit,
        "residual": score.residual,
        "backward_error": score.backward_error,
        "processes": len(matrices.system.processes),
        "by_process": [_part(p) for p in lc.by_process(matrices, score, count)],
        "by_substance": [_part(p) for p in lc.by_substance(matrices, score, count)],
        "paths": [
            {"chain": [names[i] for i in p.processes], "direct": p.direct, "upstream": p.upstream}
            for p in chains.paths[:count]
        ],
        "paths_left_out": chains.total - sum(p.direct for p in chains.paths[:count]),
        "flows_without_weight": len(score.unweighed),
    }
    try:
        rated = lc.rating(matrices, score)
    except EcotwinError as gap:
        return found | {"quality": None, "quality_gap": str(gap)}
    return found | {"quality": {n: getattr(rated, n) for n in rated.__slots__}}


def _part(part: Any) -> dict[str, Any]:
    return {"id": part.id, "name": part.name, "value": part.value, "share": part.share}


def _uncertainty(drawn: Uncertain, parts: Iterable[Sensitivity]) -> dict[str, Any]:
    names = (
        "mean", "median", "deviation", "low", "high", "first_order", "runs", "seed", "spread_exchanges", "exchanges",
    )  # fmt: skip
    largest = [
        {"process": p.process, "exchange": p.exchange, "variance_share": p.variance_share}
        for p in parts
    ]
    return {name: getattr(drawn, name) for name in names} | {"largest": largest}


def _backwards(ids: tuple[str, ...]) -> list[str]:
    if not ids:
        return []
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return [
        f"run backwards, as where a product replaces another one: {', '.join(ids[:_NAMED])}{more}"
    ]


def _told(done: int) -> None:
    if done % _EVERY == 0:
        typer.echo(f"{done} runs", err=True)


def _lines(result: dict[str, Any]) -> list[str]:
    unit, asked = (
        result["unit"],
        f"{result['amount']:g} {result['amount_unit']} of {result['product']}",
    )
    solved = f"{result['processes']} processes, {result['solver']}, {result['iterations']} steps"
    errors = f"residual {result['residual']:.1e}, backward error {result['backward_error']:.1e}"
    lines = [
        f"{asked} ({result['name']}, {result['place'] or 'no place'})",
        f"  {result['method']}: {result['value']:.6g} {unit}",
        f"  {solved}; {errors}",
    ]
    if drawn := result.get("uncertainty"):
        lines += [
            f"  95 % of {drawn['runs']} runs: {drawn['low']:.6g} to {drawn['high']:.6g} {unit}",
            f"  standard deviation {drawn['deviation']:.4g} by runs, {drawn['first_order']:.4g} by derivatives",
        ]
    if rated := result["quality"]:
        ratings = ", ".join(
            f"{n} {rated[n]:.1f}" for n in ("technological", "geographical", "temporal")
        )
        lines += [
            f"  data quality (1 best, 5 worst): {ratings}",
            f"  primary data {rated['primary_share']:.0f} %, rated at all {rated['rated_share']:.0f} %",
        ]
    else:
        lines.append(f"  {result['quality_gap']}")
    for title, key in (("processes", "by_process"), ("substances", "by_substance")):
        lines.append(f"Largest {title}:")
        lines += [
            f"  {p['share']:7.1%}  {p['value']:12.6g}  {p['name']}"
            for p in result[key]
            if p["value"]
        ]
    lines.append("Largest supply chains:")
    lines += [f"  {p['direct']:12.6g}  {' < '.join(p['chain'])}" for p in result["paths"]]
    lines.append(f"  {result['paths_left_out']:12.6g}  in chains that are not shown")
    if result["flows_without_weight"]:
        lines.append(f"{result['flows_without_weight']} flows have no weight in {result['method']}")
    return lines + [f"note: {note}" for note in result["notes"]]
