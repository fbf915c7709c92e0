"""`ecotwin forecast`: what comes next in any file, with its band, from one origin after the other."""

from __future__ import annotations

import json as json_module
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Json, Table, writing
from ecotwin.errors import FileFault

if TYPE_CHECKING:
    from ecotwin.forecasting.backtest import Backtest, Errors
    from ecotwin.records import Rows


def forecast(
    file: Table,
    time: Annotated[str, typer.Option(help="Column of time.")],
    target: Annotated[str, typer.Option(help="Column to forecast.")],
    horizon: Annotated[int, typer.Option(help="Rows ahead.")],
    origin: Annotated[
        str, typer.Option(help="First row forecast, in the time column's own terms.")
    ],
    known: Annotated[
        str, typer.Option(help="Columns known ahead, parted by commas: calendar, orders, weather.")
    ] = "",
    every: Annotated[
        int, typer.Option(help="Rows from one origin to the next; 0: one origin only.")
    ] = 0,
    forecaster: Annotated[str, typer.Option(help="Which; `ecotwin plugs` lists them.")] = "mixed",
    out: Annotated[
        Path | None, typer.Option(help="Forecasts as CSV: origin, at, q10, q50, q90.")
    ] = None,
    json: Json = False,
) -> None:
    """Forecast a column of any file, each origin from the rows before it, and hold it against what came.

    Example: ecotwin forecast meter.csv --time at --target kwh --horizon 96 --every 96 --origin 2026-09-01 --out F.csv
    """
    from ecotwin.connectors.measured import place, read_rows
    from ecotwin.errors import SettingsFault
    from ecotwin.forecasting.backtest import asked, backtest
    from ecotwin.plugs import load

    if every < 0:
        raise SettingsFault(f"--every is {every}", expected="0 or more rows")
    ahead = tuple(name.strip() for name in known.split(",") if name.strip())
    rows = read_rows(file, time)
    if missing := [n for n in (target, *ahead) if n not in rows.columns]:
        raise FileFault(
            f"{file} has no column of numbers {', '.join(map(repr, missing))}",
            expected=f"of {', '.join(rows.columns)}",
        )
    first = place(origin, rows, "--origin")
    task = asked(rows, target, ahead, horizon, first)
    made = backtest(rows, task, first, every or len(rows), load("forecasting", forecaster)())
    if out is not None:
        write(out, rows, made)
    told = as_json(made, rows, forecaster)
    if json:
        typer.echo(json_module.dumps(told, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_lines(told)))


def as_json(made: Backtest, rows: Rows, forecaster: str) -> dict[str, Any]:
    """What was measured, ready for JSON."""
    origins = sorted(set(made.origins.tolist()))
    naive = made.naive_errors
    return {
        "target": made.task.target,
        "known": list(made.task.known),
        "horizon": made.task.horizon,
        "forecaster": forecaster,
        "origins": len(origins),
        "first_origin": rows.stamps[origins[0]],
        "last_origin": rows.stamps[origins[-1]],
        **_figures(made.errors),
        "seasonal_naive": {"repeats": made.best_naive, **_figures(naive[made.best_naive])},
        "repeats": {name: _figures(errors) for name, errors in naive.items()},
        "notes": list(made.notes),
    }


def _figures(errors: Errors) -> dict[str, Any]:
    told: dict[str, Any] = {"mae": _number(errors.mae), "rmse": _number(errors.rmse)}
    if errors.coverage is not None:
        told |= {"coverage": errors.coverage, "width": errors.width}
    return {**told, "compared": errors.count}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def write(out: Path, rows: Rows, made: Backtest) -> None:
    """Forecasts as CSV: origin, at, q10, q50, q90.

    Raises:
        FileFault: It cannot be written.
    """
    from ecotwin.forecasting.contract import LEVELS

    places = [LEVELS.index(q) for q in (0.1, 0.5, 0.9)]
    lines = ["origin,at,q10,q50,q90\n"]
    for of, row, quantiles in zip(
        made.origins.tolist(), made.rows.tolist(), made.quantiles[:, places].tolist(), strict=True
    ):
        stamps = ",".join(_cell(rows.stamps[r]) for r in (of, row))
        lines.append(f"{stamps},{','.join(map(repr, quantiles))}\n")
    with writing(out) as file:
        file.writelines(lines)


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def _lines(told: dict[str, Any]) -> list[str]:
    """For a person."""
    naive = told["seasonal_naive"]

    def figure(value: float | None) -> str:
        return "not known" if value is None else f"{value:,.4g}"

    span = f"{told['first_origin']} to {told['last_origin']}"
    lines = [
        f"{told['target']}: {told['horizon']} rows ahead from {told['origins']} origins, {span}",
        f"mean error          {figure(told['mae'])}   (repeating {naive['repeats']}: {figure(naive['mae'])})",
        f"root mean square    {figure(told['rmse'])}   (repeating {naive['repeats']}: {figure(naive['rmse'])})",
    ]
    if told.get("coverage") is not None:
        lines.append(
            f"the 80 % band held  {100 * told['coverage']:.1f} % of {told['compared']:,} values,"
            f" its mean width is {figure(told['width'])}"
        )
    return [*lines, *(f"note  {n}" for n in told["notes"])]
