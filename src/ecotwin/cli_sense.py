"""`ecotwin sense`: a value told from others (a soft sensor), on any file, as it would have lived."""

from __future__ import annotations

import csv
import json as json_module
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Json, Table, one_beginning, writing
from ecotwin.errors import SettingsFault

if TYPE_CHECKING:
    from ecotwin.records import Bools, Rows
    from ecotwin.sensing.told import Told
    from ecotwin.sensing.walk import Score, Walked

SPOT, BLOCK = "spot", "block"
References = Annotated[
    str,
    typer.Option(
        help="`block`: at each calibration the references of all rows before become known; "
        "`spot`: the newest alone."
    ),
]


def sense(
    file: Table,
    target: Annotated[str, typer.Option(help="Column that is told; empty cells: no reference.")],
    reference_every: Annotated[
        int, typer.Option(help="Rows between two calibrations: 168 is a week of hours.")
    ],
    time: Annotated[str, typer.Option(help="Column of time; without: rows are counted.")] = "",
    inputs: Annotated[
        str, typer.Option(help="Columns it is told from, parted by commas; default: all others.")
    ] = "",
    train_rows: Annotated[int, typer.Option(help="Rows of the first calibration.")] = 0,
    train_until: Annotated[str, typer.Option(help="Or its end, in the time column's terms.")] = "",
    references: References = BLOCK,
    hold: Annotated[
        bool, typer.Option("--hold", help="Never recalibrate; references only judge.")
    ] = False,
    bad: Annotated[
        str,
        typer.Option(help="Column that is not 0 where a row is flagged bad: never learned from."),
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="CSV: time, value, low, high, state, why of each row told.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the trees.")] = 0,
    json: Json = False,
) -> None:
    """Tell a value from others where no analyser stands, with an 80 % band, alarms and refusals.

    The rows after the training part are told as they would have been: each from the references of calibrations
    before it, and from inputs up to its own row.

    Example: ecotwin sense stack.csv --time at --target nox --reference-every 168 --train-rows 8760 --out nox.csv
    """
    from ecotwin.connectors.measured import place, read_rows
    from ecotwin.sensing.walk import walk

    _check(reference_every, references)
    names = _names(inputs, target, bad, time)
    wanted = (*names, target, *([bad] if bad else [])) if names else ()
    rows = read_rows(file, time, wanted)
    columns, spare = _columns(rows, names, target, bad, file)
    first = _first(rows, train_rows, train_until, place)
    _forward(rows, time, file)
    flags = _flags(rows, bad)
    walked = walk(
        columns, rows.of(columns).values, rows.column(target), first, reference_every,
        spot=references == SPOT, hold=hold, bad=flags, seed=seed,
    )  # fmt: skip
    result = _result(rows, target, columns, walked, (*rows.notes, *spare))
    if out is not None:
        _write(out, rows, walked)
    if json:
        typer.echo(json_module.dumps(result, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_lines(result, target)))


def _check(every: int, references: str) -> None:
    if every < 1:
        raise SettingsFault(f"--reference-every is {every}", expected="1 row or more")
    if references not in (SPOT, BLOCK):
        raise SettingsFault(f"--references is {references!r}", expected="block or spot")


def _names(inputs: str, target: str, bad: str, time: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(n.strip() for n in inputs.split(",") if n.strip()))
    for taken, option in ((target, "--target"), (bad, "--bad"), (time, "--time")):
        if taken and taken in names:
            raise SettingsFault(
                f"{taken!r} is both among --inputs and {option}",
                expected="a value is never told from itself, nor from a flag or a clock",
            )
    return names


def _columns(
    rows: Rows, names: Sequence[str], target: str, bad: str, file: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs, and what was left out of them."""
    import numpy as np

    from ecotwin.errors import FileFault

    for name in (target, *([bad] if bad else [])):
        if name not in rows.columns:
            raise FileFault(
                f"{file} has no column of numbers {name!r}",
                expected=f"one of {', '.join(rows.columns)}",
            )
    chosen = tuple(n for n in (names or rows.columns) if n not in (target, bad))
    empty = [n for n in chosen if np.isnan(rows.column(n)).all()]
    if names and empty:
        raise FileFault(
            f"{file}: {', '.join(empty)} has no number in any row",
            expected="inputs that are measured",
            remedy="leave it out of --inputs",
        )
    left = tuple(n for n in chosen if n not in empty)
    if not left:
        raise FileFault(
            f"{file} has no inputs beside {target}", expected="at least one column of numbers"
        )
    return left, tuple(f"{n} is left out of the inputs" for n in empty)


def _first(rows: Rows, train_rows: int, train_until: str, place: Any) -> int:
    one_beginning(train_rows, train_until, "say where the first calibration ends")
    first = int(train_rows or place(train_until, rows, "--train-until"))
    if first >= len(rows):
        raise SettingsFault(
            f"the training part is {first} rows, the file has {len(rows)}",
            expected="rows left to tell",
        )
    return first


def _forward(rows: Rows, time: str, file: Path) -> None:
    """The order of rows is the order in which references become known: it must be that of time."""
    import numpy as np

    from ecotwin.errors import FileFault

    if time and (back := np.flatnonzero(np.diff(rows.at_s) < 0)).size:
        row = int(back[0]) + 2
        raise FileFault(
            f"{file}: the clock runs back at data row {row} ({rows.stamps[row - 1]})",
            expected="rows in the order of time, so that no value is told from a later reference",
            remedy="sort the file by time",
        )


def _flags(rows: Rows, bad: str) -> Bools | None:
    import numpy as np

    return np.asarray(rows.column(bad) != 0.0) if bad else None


def _scored(told: Score) -> dict[str, Any]:
    names = ("rows_scored", "mae", "rmse", "bias", "coverage", "width")
    values = {n: getattr(told, n) for n in names}
    return {n: v for n, v in values.items() if not (isinstance(v, float) and math.isnan(v))}


def _alarms(rows: Rows, checks: Sequence[tuple[int, Any]]) -> list[dict[str, Any]]:
    return [
        {"row": at, "time": rows.stamps[at], "kind": a.kind, "text": a.text}
        for at, check in checks
        for a in check.alarms
    ]


def _result(
    rows: Rows, target: str, columns: Sequence[str], walked: Walked, notes: Sequence[str]
) -> dict[str, Any]:
    from ecotwin.sensing.walk import LEVEL, score, shares

    truth = rows.column(target)[walked.first :]
    told, held = walked.told, walked.held
    peers: dict[str, Any] = {"last reference mean": _scored(score(walked.mean, truth))}
    if held is not None:
        peers["never recalibrated"] = {
            **_scored(score(held.raw, truth, *_band(held))),
            "alarms": _alarms(rows, walked.held_checks),
        }
    left_out = sum(c.left_out for _, c in walked.checks)
    return {
        "target": target,
        "inputs": list(columns),
        "train_rows": walked.first,
        "rows_told": len(told),
        "level": LEVEL,
        **_scored(score(told.value, truth, told.low, told.high)),
        "states": shares(told),
        "calibrations": len(walked.checks),
        "refits": sum(c.refitted for _, c in walked.checks),
        "left_out_as_bad": left_out,
        "drift_alarms": _alarms(rows, walked.checks),
        "weights": {n: round(w, 4) for n, w in walked.sensor.weights.items()},
        "peers": peers,
        "notes": list(notes),
    }


def _band(told: Told) -> tuple[Any, Any]:
    return told.low, told.high


def _write(out: Path, rows: Rows, walked: Walked) -> None:
    told = walked.told
    with writing(out) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time", "value", "low", "high", "state", "why"])
        for i in range(len(told)):
            numbers = [
                "" if math.isnan(float(v[i])) else f"{float(v[i]):.10g}"
                for v in (told.value, told.low, told.high)
            ]
            stamp = rows.stamps[walked.first + i]
            writer.writerow([stamp, *numbers, told.standing[i].value, told.why[i]])


def _lines(result: dict[str, Any], target: str) -> list[str]:
    """For a person."""

    def line(name: str, s: dict[str, Any]) -> str:
        if "mae" not in s:
            return f"{name:22s} no reference to compare with"
        cover = f"   {100 * s['coverage']:.1f} % in the 80 % band" if "coverage" in s else ""
        return f"{name:22s} mean error {s['mae']:.4g}, RMSE {s['rmse']:.4g}, bias {s['bias']:+.4g}{cover}"

    states = ", ".join(f"{n} {s}" for s, n in result["states"].items() if n)
    peers = result["peers"]
    lines = [
        f"{target} told from {', '.join(result['inputs'])}",
        f"{result['rows_told']} rows told after {result['train_rows']}: {states}",
        f"{result['calibrations']} calibrations, learned anew {result['refits']} times",
        line("told", result),
        *(line(name, s) for name, s in peers.items()),
    ]
    for title, alarms in (
        ("drift", result["drift_alarms"]),
        ("drift, never recalibrated", peers.get("never recalibrated", {}).get("alarms", [])),
    ):
        lines += [f"{title}: at {a['time']}: {a['text']}" for a in alarms[:5]]
        if len(alarms) > 5:
            lines.append(f"{title}: {len(alarms) - 5} more")
    return lines + [f"note: {n}" for n in result["notes"]]
