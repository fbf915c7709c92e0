"""The command of lives: how long units last, learned from others that were followed to their end."""

from __future__ import annotations

import csv
import json as json_module
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Json, writing
from ecotwin.errors import FileFault, SettingsFault

if TYPE_CHECKING:
    from ecotwin.maintenance.fleet import Fleet
    from ecotwin.maintenance.life import Left, LifeModel
    from ecotwin.records import Floats


def life(
    train: Annotated[Path, typer.Argument(help="Records of units followed to their end.")],
    test: Annotated[Path, typer.Argument(help="Records of units that still run.")],
    unit: Annotated[str, typer.Option(help="Column that names the unit.")],
    cycle: Annotated[str, typer.Option(help="Column of its age: cycles, hours or parts.")],
    truth: Annotated[
        Path | None,
        typer.Option(help="True lives left: one number a unit in unit order, or unit and number."),
    ] = None,
    cap: Annotated[
        float | None, typer.Option(help="Longer lives than this count as this long.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV to write: unit, rul, low, high (80 %).")
    ] = None,
    why: Annotated[
        str | None, typer.Option(help="A unit whose life is to be explained, by its name.")
    ] = None,
    json: Json = False,
) -> None:
    """How long each unit of TEST will last, with an 80 % interval, learned from TRAIN alone.

    Files are CSV (also .gz) or Parquet with a header; a table of bare numbers has its columns named 1, 2, 3 ...
    Example: ecotwin life followed.csv running.csv --unit engine --cycle flights --out lives.csv
    """
    from ecotwin.maintenance.life import judge, learn_life

    if cap is not None and not cap > 0.0:
        raise SettingsFault(f"--cap is {cap:g}", expected="a number of cycles above 0")
    followed, running = read_fleet(train, unit, cycle), read_fleet(test, unit, cycle)
    known = read_truth(truth, running, unit) if truth else None
    _say("learning from units that were followed to their end ...")
    begun = time.process_time()
    model = learn_life(followed, cap)
    learned = time.process_time()
    told = model.tell(running)
    body = _body(model, running, told)
    body |= {
        "learning_s": round(learned - begun, 2),
        "telling_s": round(time.process_time() - learned, 2),
        "memory_mb": round(_memory_mb(), 0),
    }
    if known is not None:
        body |= asdict(judge(told, known, cap))
        if cap is not None:
            body["uncapped"] = asdict(judge(told, known))
    if why is not None:
        body["why"] = _why(model, running, why)
    if out:
        write(out, told)
    if json:
        typer.echo(json_module.dumps(body, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_lines(body, told)))


def read_fleet(file: Path, unit: str, cycle: str) -> Fleet:
    """Records of a file.

    Raises:
        FileFault: The file cannot be read, lacks a column, or its cycles are no numbers.
    """
    from ecotwin.connectors.measured import read_columns
    from ecotwin.connectors.numbers_table import is_bare, read_bare
    from ecotwin.maintenance.fleet import gather_columns

    left_out: tuple[str, ...] = ()
    if is_bare(file):
        numbers = read_bare(file)
        if missing := [name for name in (unit, cycle) if name not in numbers]:
            raise FileFault(
                f"{file} has no header, and no column {', '.join(missing)}",
                expected=f"columns by their place: 1 to {len(numbers)}",
                remedy="give the number of the column, such as --unit 1 --cycle 2",
            )
        names = [f"{u:g}" for u in numbers[unit]]
    else:
        opened = read_columns(file, (unit,), wanted=(cycle,))
        if cycle not in opened.numbers:
            raise FileFault(
                f"{file}: the column {cycle} holds words, not numbers",
                expected="an age in cycles, hours or parts",
                remedy="name another column with --cycle",
            )
        numbers, names = opened.numbers, opened.texts[unit]
        left_out = tuple(n for n in opened.names if n not in numbers and n != unit)
    return gather_columns(names, numbers, unit, cycle, left_out)


def read_truth(file: Path, fleet: Fleet, unit: str) -> Floats:
    """[units] true lives left, in unit order.

    Raises:
        FileFault: There are not as many as units, or a unit has none.
    """
    import numpy as np

    from ecotwin.connectors.measured import read_columns
    from ecotwin.connectors.numbers_table import is_bare, read_bare

    named: list[str] = []
    if is_bare(file):
        columns = list(read_bare(file).values())
        if len(columns) > 1:
            named = [f"{u:g}" for u in columns[0]]
        values = columns[-1]
    else:
        opened = read_columns(file)
        if unit in opened.names and len(opened.names) > 1:
            opened = read_columns(file, (unit,))
            named = opened.texts[unit]
        numbers = [n for n in opened.names if n in opened.numbers and n != unit]
        if not numbers:
            raise FileFault(f"{file} has no column of numbers", expected="the true lives left")
        values = opened.numbers[numbers[-1]]
    if named:
        known = dict(zip([_key(n) for n in named], values, strict=True))
        if missing := [u for u in fleet.units if _key(u) not in known]:
            raise FileFault(
                f"{file} does not tell the life of {len(missing)} units, such as {missing[0]!r}",
                expected="one line for each unit",
                remedy="add them, or give one number a unit in unit order",
            )
        values = np.array([known[_key(u)] for u in fleet.units])
    if len(values) != len(fleet) or not np.isfinite(values).all():
        raise FileFault(
            f"{file} holds {int(np.isfinite(values).sum())} lives for {len(fleet)} units",
            expected="one number a unit, in unit order",
            remedy="check that both files speak of the same units",
        )
    return np.asarray(values, np.float64)


def _key(unit: str) -> str:
    """A unit's name so that 7, 07 and 7.0 are one.

    >>> _key("7.0"), _key("pump 7")
    ('7', 'pump 7')
    """
    try:
        return f"{float(unit):g}"
    except ValueError:
        return unit.strip()


def write(out: Path, told: list[Left]) -> None:
    """Write the lives."""
    with writing(out) as file:
        rows = csv.writer(file)
        rows.writerow(("unit", "rul", "low", "high"))
        for one in told:
            rows.writerow((one.unit, *(f"{x:.6g}" for x in (one.rul, one.low, one.high))))


def _body(model: LifeModel, running: Fleet, told: list[Left]) -> dict[str, Any]:
    return {
        "followed_units": len(model.lives),
        "units": len(told),
        "level": 0.8,
        "cap": model.asked_cap,
        "held_out_rmse": round(model.held_out, 3),
        "told_by_age": sum(one.by == "age" for one in told),
        "notes": [*model.notes, *running.notes],
        "lives": [asdict(one) for one in told],
    }


def _why(model: LifeModel, running: Fleet, unit: str) -> dict[str, Any]:
    if unit not in running.units:
        raise SettingsFault(
            f"--why names {unit!r}, which is no unit of the second file",
            expected=f"one of {', '.join(running.units[:9])}",
        )
    from ecotwin.maintenance.life_reasons import explain_life

    return asdict(explain_life(model, running, unit))


def _lines(body: dict[str, Any], told: list[Left]) -> list[str]:
    lines = [f"{'unit':<16} {'age':>9} {'left':>9}   80 % lie in"]
    lines += [
        f"{t.unit:<16} {t.cycle:>9.5g} {t.rul:>9.4g}   {t.low:.4g} to {t.high:.4g}"
        + (f"   ({t.note})" if t.note else "")
        for t in told
    ]
    lines.append(
        f"Learned from {body['followed_units']} units in {body['learning_s']:g} s; of those, each told without itself, "
        f"the error was {body['held_out_rmse']:.3g} cycles (RMSE)."
    )
    if "rmse" in body:
        lines.append(
            f"Against the truth: RMSE {body['rmse']:.2f}, PHM08 score {body['phm08']:.0f}, "
            f"{body['coverage']:.0%} within their interval"
            + (f", both held to {body['cap']:g}." if body["cap"] else ".")
        )
    if "why" in body:
        lines += [reason["text"] for reason in body["why"]["why"]]
    return lines + [f"Note: {note}." for note in body["notes"]]


def _memory_mb() -> float:
    """Peak resident memory of this process [MB]."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return float(psutil.Process().memory_info().rss) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        typer.echo(text, err=True)
