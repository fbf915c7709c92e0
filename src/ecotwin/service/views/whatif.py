"""What-if: scenarios, runs under way, and what a comparison says."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ecotwin.service.views.shown import Bar, Headline, Level, View

RunState = Literal["waiting", "running", "done", "stopped", "failed"]
Verdict = Literal["better", "worse", "unsure", "same", "other"]


class ScenarioRow(View):
    """A scenario in the list.

    Attributes:
        origin: `plant` (a file beside the plant file) or `saved` (by a person, kept in the history).
        version: Of a saved one, from 1; 0 for a file. changes: What it changes, in words.
        event: It tells of something that happens (supplier lost, heat wave ...), not of a choice.
        faults: Why it cannot be run as the plant is now; empty as a rule.
    """

    id: str
    name: str
    description: str
    author: str
    origin: Literal["plant", "saved"]
    version: int
    saved_at: str
    changes: list[str]
    event: bool
    faults: list[str]


class WhatIfForm(View):
    """What can be asked, with what is proposed.

    Attributes:
        starts: (value, name) of where a run can begin. hours, runs, seed: Proposed. most_runs, most_hours: At most.
    """

    starts: list[tuple[str, str]]
    hours: float
    runs: int
    seed: int
    most_runs: int
    most_hours: float


class Scenarios(View):
    """All scenarios of the plant, and what may be done with them."""

    bar: Bar
    headline: Headline
    scenarios: list[ScenarioRow]
    form: WhatIfForm
    may_run: bool
    may_save: bool
    refused: str


class ScenarioView(View):
    """One scenario with its text; `versions` (newest first): number, when, by whom."""

    bar: Bar
    row: ScenarioRow
    text: str
    versions: list[tuple[int, str, str]]


class FaultRow(View):
    """A fault of a scenario's text."""

    line: int
    text: str


class ScenarioCheck(View):
    """Whether a text can be run at this plant: every fault at once."""

    id: str
    name: str
    changes: list[str]
    faults: list[FaultRow]


class RunRow(View):
    """A what-if in the list.

    Attributes:
        share: Done, 0..1. left_s: Guessed time left [s]; None before it can be guessed. names: Of the scenarios.
        why: Empty when a person asked; else the event that asked by itself. text: State in words, or why it failed.
        entry: Place in the ledger once done.
    """

    id: str
    title: str
    state: RunState
    share: float
    left_s: float | None
    asked_at: str
    by: str
    start: str
    hours: float
    runs: int
    seed: int
    names: list[str]
    why: str
    text: str
    digest: str
    entry: int | None


class Runs(View):
    """All what-ifs, newest first."""

    bar: Bar
    runs: list[RunRow]


class IntervalView(View):
    """An interval of a level (0.5, 0.8, 0.95)."""

    level: float
    low: float
    high: float


class Cell(View):
    """A figure of one case.

    Attributes:
        value, low, high: Mean, and the 80 % interval over the runs; digits: as shown.
        difference: Mean paired difference to "do nothing"; None in its own column. difference_text: as shown,
            e.g. `-3.2 % (-4.1 to -2.5 %)`. share: Difference as a share. intervals: Of the difference.
        mean_low, mean_high: 95 % interval of the mean difference. better: Probability of being better.
    """

    value: float
    low: float
    high: float
    digits: str
    difference: float | None
    difference_text: str
    share: float | None
    mean_low: float | None
    mean_high: float | None
    intervals: list[IntervalView]
    better: float | None
    verdict: Verdict
    level: Level


class PartRow(View):
    """A part of a figure: its mean in each case, e.g. the cost of one price band."""

    name: str
    values: list[float]


class FigureRow(View):
    """A figure over all cases; `cells` in the order of the cases, "do nothing" first."""

    figure: str
    name: str
    unit: str
    group: str
    better: Literal["low", "high", ""]
    objective: bool
    cells: list[Cell]
    parts: list[PartRow]


class LimitView(View):
    """A limit and how a case stands to it; `broken`: share of the runs, None where it cannot be judged."""

    name: str
    text: str
    level: Level
    broken: float | None


class CaseView(View):
    """One case of a comparison.

    Attributes:
        number: 0 is "do nothing". on_front: Nothing else is as good in all objectives and better in one.
        front_share: Share of the runs in which that is so. beaten_by: Names of the cases that beat it.
        feasible: No limit broken, nothing impossible. why_not: Sentences when it is not.
        doubts: Machines that the scenario moves and the model does not track well. notes: What else to know.
        verdict: One sentence: what it brings.
    """

    number: int
    id: str
    name: str
    description: str
    digest: str
    on_front: bool
    front_share: float
    beaten_by: list[str]
    feasible: bool
    why_not: list[str]
    doubts: list[str]
    notes: list[str]
    limits: list[LimitView]
    verdict: str


class CourseView(View):
    """A quantity over the run in every case: mean and 80 % interval by bin."""

    name: str
    unit: str
    at: list[str]
    cases: list[CourseCase]


class CourseCase(View):
    """One case of a course."""

    value: list[float]
    low: list[float]
    high: list[float]


class FrontView(View):
    """The Pareto front.

    Attributes:
        objectives: (figure, name, unit, better) of its axes. points: [case][objective] means.
        text: What it says, in a sentence.
    """

    objectives: list[tuple[str, str, str, str]]
    points: list[list[float]]
    on_front: list[bool]
    text: str


class WhatIfResult(View):
    """What a comparison says.

    Attributes:
        left_out: Figures that could not be made, each with its reason. under: Events that hold in all cases.
        speed: e.g. `1,000 runs of 24 h in 9.2 s`. code: Version of the model. same_as: Id of the run it repeats.
    """

    bar: Bar
    run: RunRow
    headline: Headline
    cases: list[CaseView]
    figures: list[FigureRow]
    front: FrontView | None
    courses: list[CourseView]
    left_out: list[str]
    under: list[str]
    speed: str
    code: str
    same_as: str


class FidelityRow(View):
    """How well one figure of a machine is tracked by the hour, over days on which the model was tried.

    Attributes:
        quantity: e.g. `electricity`. cvrmse: Scatter as a share of the mean. nmbe: Measured less modelled, as a share
            of the mean. hours: Compared.
    """

    element: str
    name: str
    quantity: str
    grade: Literal["well", "roughly", "not", "unknown"]
    word: str
    level: Level
    cvrmse: float | None
    nmbe: float | None
    hours: int


class FidelityView(View):
    """How well the model tracks the plant, the worst first; `at` is empty while it was never worked out."""

    bar: Bar
    text: str
    at: str
    days: int
    rows: list[FidelityRow]


class Started(View):
    """A what-if that was taken up."""

    id: str
    text: str


class WhatIfQuestion(View):
    """What to compare.

    Attributes:
        scenarios: Ids of the plant's or saved scenarios. texts: Scenarios as text (YAML), not saved.
        under: Ids of events that hold in all cases. start: `live`, `start` of the present day, or an ISO time.
    """

    scenarios: list[str] = Field(default_factory=list, max_length=20)
    texts: list[str] = Field(default_factory=list, max_length=20)
    under: list[str] = Field(default_factory=list, max_length=5)
    start: str = Field(default="live", max_length=40)
    hours: float = 24.0
    runs: int = 200
    seed: int = 1
    title: str = Field(default="", max_length=200)


class ScenarioText(View):
    """A scenario as text."""

    text: str = Field(max_length=200_000)


CourseView.model_rebuild()
