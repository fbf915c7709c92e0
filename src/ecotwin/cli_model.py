"""`ecotwin model`: learned models as ONNX files, written where models are trained and run where they are not."""

from __future__ import annotations

import csv
import json as json_module
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Json, Table, TrainRows, TrainUntil, one_beginning, unwritable, writing
from ecotwin.errors import FileFault, SettingsFault

if TYPE_CHECKING:
    from ecotwin.learning.exported import Exported
    from ecotwin.records import Rows

model = typer.Typer(
    help="Models as ONNX files that run without what trained them.\n\n"
    "Example: ecotwin model run rig.onnx today.csv --time at --out scores.csv",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Time = Annotated[str, typer.Option(help="Column of time; without one, rows follow each other.")]
CHUNK = 4096
"""Rows at once."""


@model.command()
def export(
    file: Table,
    out: Annotated[Path, typer.Option(help="The ONNX file to write.")],
    time: Time = "",
    signals: Annotated[
        str, typer.Option(help="Columns to learn from, parted by commas; default: all numbers.")
    ] = "",
    leave: Annotated[str, typer.Option(help="Columns to leave out, such as a label.")] = "",
    train_rows: TrainRows = 0,
    train_until: TrainUntil = "",
    target: Annotated[
        str, typer.Option(help="Learn to tell this column from the others, not what is normal.")
    ] = "",
    json: Json = False,
) -> None:
    """Learn from the first rows of a file and write the model as ONNX.

    Without --target it is the judge of `ecotwin detect`; with one, a model that tells that column.

    Example: ecotwin model export rig.csv --time datetime --train-rows 400 --leave anomaly --out rig.onnx
    """
    from ecotwin.connectors.measured import place, read_rows

    one_beginning(train_rows, train_until, "say from how many first rows to learn, or until when")
    wanted = _names(signals)
    if target and wanted and target not in wanted:
        wanted.append(target)
    rows = read_rows(file, time, wanted, _names(leave))
    if target and target not in rows.columns:
        raise SettingsFault(
            f"--target is {target!r}",
            expected=f"one of {', '.join(rows.columns)}",
            remedy="name a column of numbers",
        )
    first = place(train_until, rows, "--train-until") if train_until else train_rows
    if not 0 < first <= len(rows):
        raise SettingsFault(
            f"a training part of {first} of {len(rows)} rows",
            expected="at least one row, and no more than there are",
        )
    content, told = _learned(rows.part(0, first), target, file.stem)
    _put(out, content)
    told |= {"file": str(out), "bytes": len(content), "trained_on": first}
    _say(told, json)


@model.command()
def run(
    file: Annotated[Path, typer.Argument(help="An ONNX file that `ecotwin model export` wrote.")],
    data: Table,
    out: Annotated[Path, typer.Option(help="CSV to write.")],
    time: Time = "",
    skip_rows: Annotated[
        int, typer.Option("--skip-rows", help="Begin after this many rows (the training part).")
    ] = 0,
    json: Json = False,
) -> None:
    """Run an exported model on a file; needs ONNX Runtime and nothing that trains.

    Writes time, score, anomaly, top_signals of a judge, as `ecotwin detect` does; time, value else.

    Example: ecotwin model run rig.onnx rig.csv --time datetime --skip-rows 400 --out scores.csv
    """
    from time import perf_counter, process_time

    from ecotwin.connectors.measured import read_rows
    from ecotwin.learning.exported import Exported
    from ecotwin.learning.joules import PowerModel
    from ecotwin.settings import read

    opened = Exported(_content(file), str(file))
    rows = read_rows(data, time, opened.card.columns)
    if not 0 <= skip_rows < len(rows):
        raise SettingsFault(
            f"--skip-rows is {skip_rows} of {len(rows)} rows",
            expected="fewer than there are",
            remedy="leave rows to run on",
        )
    rows = rows.part(skip_rows, len(rows))
    cpu, wall = process_time(), perf_counter()
    head, made = _judged(opened, rows) if opened.card.kind == "judge" else _read(opened, rows)
    cpu, wall = process_time() - cpu, perf_counter() - wall
    _write(out, head, made)
    settings = read()
    watts = PowerModel(settings.own_idle_w, settings.own_core_w)
    told: dict[str, Any] = {
        "rows": len(rows),
        "model": opened.card.model or opened.card.name,
        "kind": opened.card.kind,
        "cpu_s": round(cpu, 4),
        "wall_s": round(wall, 4),
        "joules_a_row": float(f"{watts.active_j(cpu) / len(rows):.3g}"),
        "notes": list(rows.notes),
    }
    if opened.card.kind == "judge":
        told["anomalies"] = sum(row[2] == 1 for row in made)
    _say(told, json)


@model.command()
def show(
    file: Annotated[Path, typer.Argument(help="An ONNX file that `ecotwin model export` wrote.")],
    json: Json = False,
) -> None:
    """What a model file says of itself: signals, units, limit, where and from what it learned.

    Example: ecotwin model show rig.onnx
    """
    from ecotwin.learning.exported import Exported

    card = Exported(_content(file), str(file)).card
    told = json_module.loads(card.json())
    for much in ("states", "facts"):
        told[much] = sorted(told[much])
    _say(told, json)


def _learned(rows: Rows, target: str, name: str) -> tuple[bytes, dict[str, Any]]:
    from ecotwin.learning.exported import Card

    stretch = (rows.stamps[0], rows.stamps[-1])
    if target:
        from ecotwin.learning.telling import learn

        made = learn(rows, target)
        error, plain = (float(f"{e:.4g}") for e in made.error)
        card = Card(
            target, "reading", (), unit="", trained=stretch, facts={"error": error, "plain": plain}
        )
        told = {
            "kind": "reading", "form": made.form, "signals": list(made.columns),
            "mean_error_held_back": error, "mean_error_of_the_mean": plain,
        }  # fmt: skip
        return made.export(card), told
    from ecotwin.detection.scoring.combined import Combined
    from ecotwin.learning.judging import exported_judge

    judge = Combined()
    judge.learn(rows)
    card = Card(name, "judge", rows.columns, trained=stretch, rows=len(rows), notes=judge.notes)
    told = {"kind": "judge", "chosen": list(judge.chosen), "signals": list(rows.columns)}
    return exported_judge(judge.state(), card), told


def _judged(opened: Exported, rows: Rows) -> tuple[list[str], list[list[object]]]:
    from ecotwin.learning.judging import EdgeJudge

    judge = EdgeJudge(opened)
    made: list[list[object]] = []
    for first in range(0, len(rows), CHUNK):
        part = rows.part(first, min(first + CHUNK, len(rows)))
        score, over, top = judge.judge(part.values, part.at_s)
        for i, stamp in enumerate(part.stamps):
            made.append([stamp, _number(float(score[i])), int(over[i]), ";".join(top[i])])
    return ["time", "score", "anomaly", "top_signals"], made


def _read(opened: Exported, rows: Rows) -> tuple[list[str], list[list[object]]]:
    made: list[list[object]] = []
    for first in range(0, len(rows), CHUNK):
        part = rows.part(first, min(first + CHUNK, len(rows)))
        told = opened.run(part.values)[opened.card.outputs[0]]
        made += [[s, _number(float(v))] for s, v in zip(part.stamps, told, strict=True)]
    return ["time", "value"], made


def _number(value: float) -> str:
    return "" if value != value else repr(value)


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise FileFault(
            f"{file} cannot be read ({fault.strerror})",
            expected="a model that `ecotwin model export` wrote",
            remedy="name such a file",
        ) from None


def _put(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as fault:
        raise unwritable(out, fault) from None


def _write(out: Path, head: list[str], rows: Iterable[list[object]]) -> None:
    with writing(out) as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)


def _say(told: dict[str, Any], json: bool) -> None:
    if json:
        typer.echo(json_module.dumps(told, ensure_ascii=False, indent=2))
        return
    for key, value in told.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        typer.echo(f"{key.replace('_', ' ')}: {text if text not in ('', None) else '-'}")
