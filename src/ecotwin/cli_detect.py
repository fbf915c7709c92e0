"""`ecotwin detect`: what is not normal in any file of many signals, learned from its first rows."""

from __future__ import annotations

import csv
import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Json, Table, TrainRows, TrainUntil, one_beginning, writing
from ecotwin.errors import FileFault, SettingsFault

if TYPE_CHECKING:
    from ecotwin.detection.scoring.running import Judged
    from ecotwin.detection.scoring.worth import Worth
    from ecotwin.records import Bools, Rows


Time = Annotated[
    str, typer.Option(help="Column of time; without one, rows follow each other evenly.")
]
Signals = Annotated[
    str, typer.Option(help="Columns to watch, parted by commas; default: all that are numbers.")
]
Label = Annotated[
    str, typer.Option(help="Column that says what was true: only scored, never learned from.")
]
AlarmShare = Annotated[
    float | None,
    typer.Option(
        help="Share of normal rows that may be told; default: 0.01, of a signal alone 0.001."
    ),
]
CrossCheck = Annotated[
    bool,
    typer.Option(
        "--cross-check",
        help="Also say whether a sensor, the process or made-up data is behind odd stretches.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="CSV: time, score, anomaly, top_signals; with --cross-check also kind."),
]


def detect(
    file: Table,
    time: Time = "",
    signals: Signals = "",
    train_rows: TrainRows = 0,
    train_until: TrainUntil = "",
    label: Label = "",
    alarm_share: AlarmShare = None,
    cross_check: CrossCheck = False,
    out: Out = None,
    json: Json = False,
) -> None:
    """Learn what is normal from the first rows of a file, and tell of each later row whether it is.

    A score of 1 is the limit. No score depends on a later row.

    Example: ecotwin detect rig.csv --time datetime --train-rows 400 --label anomaly --out scores.csv
    """
    from ecotwin.connectors.measured import place, read_columns, read_rows
    from ecotwin.detection.scoring.running import detect as run

    one_beginning(train_rows, train_until, "say how many first rows are normal, or until when")
    if alarm_share is not None and not 0.0 < alarm_share < 0.5:
        raise SettingsFault(f"--alarm-share is {alarm_share:g}", expected="above 0 and below 0.5")
    wanted = [name.strip() for name in signals.split(",") if name.strip()]
    if label and label in wanted:
        raise SettingsFault(
            f"the label {label!r} is among --signals", expected="a label that is not watched"
        )
    if label and label == time:
        raise SettingsFault(
            f"--label and --time are both {label!r}", expected="a label in a column of its own"
        )
    rows = read_rows(file, time, wanted, (label,) if label else ())
    truth = _truth(read_columns(file, (label,)).texts[label], file, label) if label else None
    first = place(train_until, rows, "--train-until") if train_until else train_rows
    judged = run(rows, first, alarm_share, promise=True)
    worth = None
    if truth is not None:
        from ecotwin.detection.scoring.worth import worth as told_worth

        worth = told_worth(judged.over, judged.score, truth[first:])
    kinds: tuple[str, ...] = ()
    told = _told(rows, judged, worth)
    if cross_check:
        from ecotwin.detection.crosscheck.telling import as_records, checked

        seen = checked(rows, first)
        kinds, told["stretches"] = seen.kinds, as_records(seen, rows, first)
    if out is not None:
        _write(out, rows, judged, kinds)
    if json:
        typer.echo(json_module.dumps(told, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_lines(told)))


def _truth(cells: list[str], file: Path, label: str) -> Bools:
    """A label as yes and no: 0, false, no and empty are normal, any other number or word is not."""
    import numpy as np

    calm = {"", "0", "0.0", "false", "no", "n", "normal", "nan", "none"}
    made = np.zeros(len(cells), np.bool_)
    for i, cell in enumerate(cells):
        text = cell.strip().lower()
        try:
            made[i] = text not in calm and float(text) != 0.0
        except ValueError:
            made[i] = True
    if len(cells) == 0:
        raise FileFault(f"{file}: {label} is empty", expected="a label in every row")
    return made


def _write(out: Path, rows: Rows, judged: Judged, kinds: tuple[str, ...] = ()) -> None:
    """The verdicts as CSV; `kinds`: of the cross-check, a column more where it was asked for."""
    with writing(out) as file:
        writer = csv.writer(file)
        writer.writerow(["time", "score", "anomaly", "top_signals", *(["kind"] if kinds else [])])
        for i, stamp in enumerate(rows.stamps[judged.trained :]):
            score = float(judged.score[i])
            writer.writerow(
                [stamp, "" if score != score else repr(score), int(judged.over[i]), ";".join(judged.top[i]),
                 *kinds[i : i + 1]]
            )  # fmt: skip


def _told(rows: Rows, judged: Judged, worth: Worth | None) -> dict[str, Any]:
    import numpy as np

    unjudged = int(np.isnan(judged.score).sum())
    return {
        "rows": len(rows),
        "trained_on": judged.trained,
        "judged": len(judged.score) - unjudged,
        "unjudged": unjudged,
        "anomalies": int(judged.over.sum()),
        "alarm_share": judged.judge.alarm_share,
        "signals": list(rows.columns),
        "promise": _promise(judged),
        "lasting": [asdict(one) for one in judged.lasting],
        "chosen": list(judged.judge.chosen),
        "notes": list(judged.notes),
        "train_s": round(judged.learn_s, 3),
        "score_s": round(judged.judge_s, 3),
        "worth": asdict(worth) if worth else None,
        **({k: v for k, v in asdict(worth).items() if k in ("f1", "far", "mar", "auc")} if worth else {}),
    }  # fmt: skip


def _promise(judged: Judged) -> dict[str, Any]:
    """The share of false alarms promised, what it was when tried inside the training part, and where it is not held."""
    share, tried = judged.judge.alarm_share, judged.tried
    return {
        "alarm_share": share,
        "tried_forward": None if tried is None else round(tried.forward, 4),
        "tried_backward": None if tried is None else round(tried.backward, 4),
        "expected_at_most": share if tried is None else max(share, round(tried.worst, 4)),
        "rows_outside": sum(one.rows for one in judged.lasting),
    }


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [
        f"{told['anomalies']} of {told['judged']} rows are not normal"
        + (f"; {told['unjudged']} could not be judged" if told["unjudged"] else "")
        + f". At most {told['promise']['expected_at_most']:.2%} of normal rows should be told so"
        + (
            f"; nothing is promised for {outside} rows of lasting changes."
            if (outside := told["promise"]["rows_outside"])
            else "."
        ),
        (
            f"Learned from {told['trained_on']} rows of {len(told['signals'])} "
            f"signal{'s' * (len(told['signals']) != 1)} in {told['train_s']:g} s; "
            f"judged in {told['score_s']:g} s."
        ),
    ]
    if told["worth"]:
        names = {"f1": "F1", "far": "false alarms", "mar": "missed", "auc": "area under the curve"}
        figures = [f"{t} {told[k]:.3f}" for k, t in names.items() if told[k] is not None]
        lines.append("Against the label: " + (", ".join(figures) or "it names no anomaly") + ".")
    lines += [_stretch(one) for one in told.get("stretches", ())]
    lines += [f"Scorer: {text}" for text in told["chosen"]]
    return lines + [f"Note: {text}" for text in told["notes"]]


def _stretch(one: dict[str, Any]) -> str:
    """A stretch of the cross-check in one line."""
    kinds = {
        "sensor": "a sensor says what cannot be",
        "process": "the process runs otherwise",
        "manipulation": "data that somebody may have made up",
        "unclear": "unclear",
    }
    why = (
        "; ".join(reason["text"] for reason in one["why"][:3]) or "too little speaks for any cause"
    )
    return f"{one['from']} to {one['to']}: {kinds[one['kind']]} ({one['sure']:.0%}): {why}"
