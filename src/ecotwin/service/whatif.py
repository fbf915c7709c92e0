"""Lays out scenarios, what-ifs under way and what they say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ecotwin.errors import ScenarioFileFault
from ecotwin.service import views, words
from ecotwin.service.bar import bar, stamp
from ecotwin.service.views import Level
from ecotwin.service.views.whatif import RunState, Verdict
from ecotwin.service.whatif_changes import changes as told_changes
from ecotwin.service.whatif_headline import headline

if TYPE_CHECKING:
    from ecotwin.cycle import Twin
    from ecotwin.cycle.scenarios import Shelved
    from ecotwin.cycle.whatif_run import Run

LEVELS: dict[str, Level] = {"better": "ok", "worse": "act", "unsure": "watch"}
_LINE = re.compile(r"^[^:]*:(\d+): (.*)$", re.DOTALL)
STATES = {
    "waiting": "waits for its turn",
    "running": "running",
    "done": "done",
    "stopped": "stopped",
    "failed": "failed",
}


def assumed(body: Mapping[str, Any]) -> list[str]:
    """What nobody knew of the plant when the run began, in a sentence; empty when all was known."""
    unknown = body["unknown"]
    if not unknown:
        return []
    shown = ", ".join(unknown[:8]) + (f" and {len(unknown) - 8} more" if len(unknown) > 8 else "")
    return [f"Not known at the start, and taken as the model has it as a rule: {shown}."]


def scenarios(twin: Twin) -> views.Scenarios:
    """All scenarios, and what may be done with them."""
    from ecotwin.cycle.whatif_base import MOST_HOURS, MOST_RUNS

    rows = [_row(twin, s) for s in twin.whatif.shelf.all()]
    decision = twin.may("ask_what_if")
    count = len(rows)
    form = views.WhatIfForm(
        starts=[
            ("live", "where the plant stands now"),
            ("start", "the begin of the day, from the plant file"),
        ],
        hours=24.0,
        runs=200,
        seed=1,
        most_runs=MOST_RUNS,
        most_hours=MOST_HOURS,
    )
    text = f"{count} scenario{'s' * (count != 1)} to try" if count else "No scenario yet"
    return views.Scenarios(
        bar=bar(twin),
        headline=views.Headline(text=text, cost="", level="none"),
        scenarios=rows,
        form=form,
        may_run=decision.allowed,
        may_save=twin.may("save_scenario").allowed,
        refused="" if decision.allowed else decision.why,
    )


def scenario(twin: Twin, id: str) -> views.ScenarioView:  # noqa: A002
    """One scenario with its text."""
    shelf = twin.whatif.shelf
    shelved = shelf.one(id)
    return views.ScenarioView(
        bar=bar(twin),
        row=_row(twin, shelved),
        text=shelved.text,
        versions=[(n, stamp(at), by) for n, at, by in shelf.versions(id)],
    )


def check(twin: Twin, text: str) -> views.ScenarioCheck:
    """Whether a text can be run at this plant, with every fault."""
    from ecotwin.cycle.scenarios import changes

    shelf = twin.whatif.shelf
    try:
        read = shelf.read(text)
    except ScenarioFileFault as fault:
        return views.ScenarioCheck(id="", name="", changes=[], faults=_faults(fault.faults))
    found = shelf.faults(read, twin.now())
    return views.ScenarioCheck(
        id=read.id,
        name=read.part.name,
        changes=told_changes(twin.plant, read, changes(read)),
        faults=_faults(found),
    )


def save(twin: Twin, text: str) -> views.Done:
    """Keep a scenario."""
    shelved, entry = twin.save_scenario(text)
    return views.Done(text=f"Saved as version {shelved.version}.", entry=entry)


def runs(twin: Twin) -> views.Runs:
    """All what-ifs, newest first."""
    return views.Runs(bar=bar(twin), runs=[run_row(r) for r in twin.whatif.runs()])


def run_row(run: Run) -> views.RunRow:
    """A what-if in a list."""
    asked = run.question
    return views.RunRow(
        id=run.id,
        title=words.signs(asked.title),
        state=cast(RunState, run.state),
        share=round(run.share, 4),
        left_s=None if run.left_s is None else round(run.left_s, 1),
        asked_at=stamp(run.asked_at),
        by=asked.by,
        start=stamp(run.start) if run.start else "",
        hours=asked.hours,
        runs=asked.runs,
        seed=asked.seed,
        names=[words.signs(name) for name in run.names],
        why=words.signs(asked.why),
        text=run.fault or STATES[run.state],
        digest=run.digest,
        entry=run.entry,
    )


def result(twin: Twin, id: str) -> views.WhatIfResult:  # noqa: A002
    """What a comparison says."""
    run = twin.whatif.run(id)
    body = twin.whatif.document(id)
    told = body["result"]
    names = [words.signs(c["name"]) for c in told["cases"]]
    figures = [_figure(f, told) for f in told["figures"]]
    cases = [_case(n, c, names, figures) for n, c in enumerate(told["cases"])]
    asked = run.question
    count = asked.runs * len(cases)
    return views.WhatIfResult(
        bar=bar(twin),
        run=run_row(run),
        headline=headline(cases, figures, asked.hours),
        cases=cases,
        figures=figures,
        front=_front(told, cases),
        courses=[views.CourseView.model_validate(c) for c in told["courses"]],
        left_out=[
            *assumed(body),
            *(words.signs(f"{figure_name(f)}: {text}") for f, text in told["left_out"].items()),
        ],
        under=[words.signs(name) for name in body["under_names"]],
        speed=f"{count:,} runs of {asked.hours:g} h in {body['seconds']:.1f} s",
        code=body["proof"]["code"],
        same_as=body["same_as"],
    )


def table(twin: Twin, id: str) -> str:  # noqa: A002
    """A comparison as CSV: a row for each case and figure."""
    told = twin.whatif.document(id)["result"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["case", "figure", "unit", "mean", "low80", "high80", "difference", "low50", "high50", "low80_difference",
         "high80_difference", "low95", "high95", "probability_better", "verdict"]
    )  # fmt: skip
    for row in told["figures"]:
        for case, cell in zip(told["cases"], row["cells"], strict=True):
            value, d = cell["value"], cell.get("difference")
            edges = [
                e
                for level in ("0.5", "0.8", "0.95")
                for e in (d["intervals"][level] if d else ["", ""])
            ]
            writer.writerow(
                [case["name"], row["figure"], figure_unit(row["figure"], told), value["mean"],
                 *value["intervals"]["0.8"],
                 d["mean"] if d else "", *edges, cell.get("better", ""), cell.get("verdict", "")]
            )  # fmt: skip
    return text.getvalue()


# -- parts ------------------------------------------------------------------------------------------


def _row(twin: Twin, shelved: Shelved) -> views.ScenarioRow:
    from ecotwin.cycle.scenarios import changes, is_event

    read = shelved.scenario
    faults = shelved.faults if read is None else twin.whatif.shelf.faults(read, twin.now())
    return views.ScenarioRow(
        id=shelved.id,
        name=words.signs(read.part.name) if read else shelved.id,
        description=words.signs(read.part.description) if read else "",
        author=shelved.author,
        origin="saved" if shelved.origin == "saved" else "plant",
        version=shelved.version,
        saved_at=stamp(shelved.saved_at) if shelved.saved_at else "",
        changes=told_changes(twin.plant, read, changes(read)) if read else [],
        event=is_event(read) if read else False,
        faults=list(faults),
    )


def _faults(texts: Sequence[str]) -> list[views.FaultRow]:
    found = []
    for text in texts:
        at = _LINE.match(text)
        found.append(views.FaultRow(line=int(at[1]) if at else 1, text=at[2] if at else text))
    return found


def figure_name(figure: str) -> str:
    """Name of a figure."""
    from ecotwin.simulation.outcome import kinds

    return kinds()[figure].name


def figure_unit(figure: str, told: Mapping[str, Any]) -> str:
    """Unit of a figure; money in the plant's currency."""
    from ecotwin.simulation.outcome import kinds

    unit = kinds()[figure].unit
    return str(told["currency"]) if unit == "currency" else unit


def _figure(row: Mapping[str, Any], told: Mapping[str, Any]) -> views.FigureRow:
    from ecotwin.simulation.outcome import kinds

    kind = kinds()[row["figure"]]
    unit = words.unit(figure_unit(row["figure"], told))
    return views.FigureRow(
        figure=kind.figure,
        name=words.signs(kind.name),
        unit=unit,
        group=kind.group,
        better="low" if kind.better == "low" else "high" if kind.better == "high" else "",
        objective=kind.figure in told["objectives"],
        cells=[_cell(c, unit) for c in row["cells"]],
        parts=[views.PartRow(name=n, values=v) for n, v in row["parts"].items()],
    )


def _cell(cell: Mapping[str, Any], unit: str) -> views.Cell:
    value, d = cell["value"], cell.get("difference")
    low, high = value["intervals"]["0.8"]
    verdict = cast(Verdict, cell.get("verdict", "same"))
    error = None if d is None or d["mean_sd"] is None else 1.96 * d["mean_sd"]
    return views.Cell(
        value=value["mean"],
        low=low,
        high=high,
        digits=words.digits(value["mean"]),
        difference=d["mean"] if d else None,
        difference_text=cell_text(cell, unit),
        share=cell.get("share"),
        mean_low=d["mean"] - error if d and error is not None else None,
        mean_high=d["mean"] + error if d and error is not None else None,
        intervals=[
            views.IntervalView(level=float(level), low=edges[0], high=edges[1])
            for level, edges in (d["intervals"].items() if d else ())
        ],
        better=cell.get("better"),
        verdict=verdict,
        level=LEVELS.get(verdict, "none"),
    )


def cell_text(cell: Mapping[str, Any], unit: str) -> str:
    """A paired difference with its 80 % interval, in per cent where there is something to be a share of."""
    d = cell.get("difference")
    if d is None:
        return ""
    if cell["verdict"] == "same":
        return "no difference"
    low, high = d["intervals"]["0.8"]
    share = cell["share"]
    if share is None or not d["mean"]:
        return f"{words.signed(d['mean'])} ({words.signed(low)} to {words.signed(high)}) {unit}".strip()
    scale = 100.0 * share / d["mean"]
    mean, low, high = (words.signed(v * scale, 2) for v in (d["mean"], low, high))
    return f"{mean} % ({low} to {high} %)"


def _case(
    number: int, case: Mapping[str, Any], names: list[str], figures: list[views.FigureRow]
) -> views.CaseView:
    point = case["point"]
    return views.CaseView(
        number=number,
        id=case["id"],
        name=names[number],
        description=words.signs(case["description"]),
        digest=case["digest"],
        on_front=point["on_front"],
        front_share=point["front_share"],
        beaten_by=[names[n] for n in point["beaten_by"]],
        feasible=point["feasible"],
        why_not=[words.signs(text) for text in case["why_not"]],
        doubts=[words.signs(text) for text in case["doubts"]],
        notes=[words.signs(text) for text in case["notes"]],
        limits=[_limit(one) for one in case["limits"]],
        verdict=_verdict(number, case, figures),
    )


def _limit(one: Mapping[str, Any]) -> views.LimitView:
    broken = one["broken"]
    level: Level = (
        "none" if broken is None else "ok" if broken == 0 else "act" if broken > 0.5 else "watch"
    )
    return views.LimitView(
        name=words.signs(one["name"]), text=words.signs(one["text"]), level=level, broken=broken
    )


def _verdict(number: int, case: Mapping[str, Any], figures: list[views.FigureRow]) -> str:
    """What a case brings, in a sentence."""
    if number == 0:
        return "What comes when nothing is changed."
    if case["why_not"]:
        return words.signs(f"It cannot be chosen: {case['why_not'][0]}")
    told = [
        f"{f.name.split(',')[0]} {f.cells[number].difference_text}"
        for f in figures
        if f.objective and f.cells[number].verdict != "same"
    ]
    return "; ".join(told) + "." if told else "It changes none of the figures that are weighed."


def _front(told: Mapping[str, Any], cases: list[views.CaseView]) -> views.FrontView | None:
    from ecotwin.simulation.outcome import kinds

    names = told["objectives"]
    if not names:
        return None
    on = [c.name for c in cases if c.on_front]
    text = (
        f"On the front: {', '.join(on)}. Each of them is better in something than every other."
        if on
        else "No case keeps within all limits, so there is no front."
    )
    return views.FrontView(
        objectives=[
            (n, words.signs(kinds()[n].name), words.unit(figure_unit(n, told)), kinds()[n].better)
            for n in names
        ],
        points=[[c["point"]["objectives"][n] for n in names] for c in told["cases"]],
        on_front=[c.on_front for c in cases],
        text=text,
    )
