"""What the pages are told: one model a view. The API's description and the client's types come from here.

Times are ISO 8601 in UTC; the plant's zone is given once (`Bar.timezone`). `None` in a series is a gap and stays
open. Every figure comes with its unit, what was expected, its coverage and its 95 % interval where there is one.
Wording that a person reads (titles, sentences) is made here in the service, never in the page, so that page,
report and API say the same.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Level = Literal["ok", "watch", "act", "stale", "none"]
"""`ok` as expected (circle), `watch` (triangle), `act` (square), `stale` or estimated, `none` no expectation yet."""


class View(BaseModel):
    """A frozen view."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Band(View):
    """A value with its interval."""

    value: float
    low: float | None = None
    high: float | None = None


class Bar(View):
    """The thin bar on every page.

    Attributes:
        now: Plant time. speed: Plant seconds per wall second (1 in a real plant).
        data_age_s: Age of the newest data [plant s]; None before any came.
        link: `online`, `connecting`, `offline`: state of the connections; link_text says what to do.
        writes: `off` (by plant file or setting), `on`, `stopped` (by a person).
        may: Actions that the person signed in may do.
    """

    plant: str
    timezone: str
    currency: str
    now: str
    speed: float
    data_age_s: float | None
    link: Literal["online", "connecting", "offline"]
    link_text: str
    person: str
    roles: list[str]
    may: list[str]
    writes: Literal["off", "on", "stopped"]
    findings_open: int
    advice_open: int
    areas: list[Place]
    learned_share: float
    version: str


class Place(View):
    """An element in a list."""

    id: str
    name: str
    level: str
    parent: str


class Headline(View):
    """The first line: state in plain ink, then the cost in the colour of `level`, then a full stop."""

    text: str
    cost: str
    level: Level


class Spark(View):
    """24 hours (or today) of a figure. `at` may be shorter steps than the page needs."""

    at: list[str]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]


class Figure(View):
    """One of the (at most six) figures.

    Attributes:
        id: `power`, `co2e`, `specific_energy`, `water`, `waste`, `oee`, `parts`, `scrap`.
        digits: Text of the value to three significant figures, as it is to be shown.
        against: e.g. `↑ 6.5 % above`, `as expected`, `↓ 2.2 points below`, `still learning`.
        expected: e.g. `598–642 kW`; empty without expectation.
        alternative: A second reading one tap away (market-based CO2e), or None.
        measure: Id to ask `/explain` for; empty for live rates.
        missing: Why there is no value (then digits is `–`).
    """

    id: str
    name: str
    digits: str
    unit: str
    value: float | None
    level: Level
    against: str
    expected: str
    coverage: float | None
    spark: Spark | None
    alternative: Figure | None = None
    measure: str = ""
    missing: str = ""


class FlowNode(View):
    """A block of the flow picture.

    Attributes:
        id: Balance or machine id. column: 0 sources, 1 mains, 2 groups, 3 leaves (where it ends).
        carrier: electricity, gas, compressed_air, water, heat, cold ... sets the 4-px edge.
        kw: Power through it now, shown in the block. element: Where a click goes; empty for rests.
        rest: True for the unmetered rest (hatched).
    """

    id: str
    name: str
    column: int
    carrier: str
    kw: float
    element: str
    rest: bool = False


class FlowLink(View):
    """A band between two blocks: `kw` wide, of which `excess_kw` runs as a thread in the colour of `level`."""

    source: str
    target: str
    carrier: str
    kw: float
    excess_kw: float
    level: Level


class FlowEnd(View):
    """A row of the table in which the flow ends."""

    node: str
    name: str
    element: str
    kw: float | None
    expected_kw: float | None
    above_kw: float | None
    level: Level
    rest: bool = False


class Flow(View):
    """The energy flow with its excess, ending in a table. `title` says the finding."""

    title: str
    nodes: list[FlowNode]
    links: list[FlowLink]
    ends: list[FlowEnd]


class FindingRow(View):
    """A finding in a list, worst first.

    Attributes:
        verb: The one button: `Approve`, `Inspect`, `Open`. advice: Id of advice that answers it, or empty.
        likely: Sentence about the cause or the strongest evidence.
        where: e.g. `Compressed air · since Tue 06:40`.
    """

    id: str
    level: Level
    title: str
    where: str
    likely: str
    co2e_kg_day: float | None
    money_day: float | None
    verb: str
    advice: str
    state: str
    element: str
    kind: str


class Load(View):
    """Today's bought power against expected, with tariff and carbon lanes.

    Attributes:
        at: Step starts over the local day, equal steps. actual: None in gaps and the future.
        low, high: 95 % expected band. forecast_*: quantiles ahead of now, None before now; all None
            while no forecaster runs (forecast_text says so).
        tariff, carbon: Lanes; carbon is empty when no grid factor was given.
        contract_kw: The limit, if any. gaps: Spans without data.
    """

    title: str
    unit: str
    start: str
    end: str
    at: list[str]
    actual: list[float | None]
    low: list[float | None]
    expected: list[float | None]
    high: list[float | None]
    forecast: list[float | None]
    forecast_low: list[float | None]
    forecast_high: list[float | None]
    forecast_text: str
    tariff: list[Lane]
    carbon: list[Lane]
    contract_kw: float | None
    gaps: list[Span]


class Lane(View):
    """A stretch of constant price [currency/kWh] or carbon [g CO2e/kWh]."""

    start: str
    end: str
    value: float


class Span(View):
    """A stretch of time, e.g. without data; `text` is shown in it."""

    start: str
    end: str
    text: str


class AdviceRow(View):
    """A piece of advice in a list, next deadline first. `decide_by` is a clock time of the plant."""

    id: str
    title: str
    saves: str
    decide_by: str
    state: str
    state_text: str
    element: str
    may_approve: bool


class Overview(View):
    """The overview page; also the payload of every live event."""

    bar: Bar
    headline: Headline
    figures: list[Figure]
    flow: Flow
    findings: list[FindingRow]
    load: Load
    advice: list[AdviceRow]
    refused: list[str]
    """Figures that cannot be had, with what is missing."""


class StateSpan(View):
    """A stretch of one machine state. `state` is a canonical name; `name` is for people."""

    start: str
    end: str
    state: str
    name: str
    product: str


class Trace(View):
    """One signal over time with its expected band (None: none)."""

    signal: str
    name: str
    unit: str
    digits: str
    level: Level
    expected: str
    at: list[str]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]


class StateRow(View):
    """Energy of one state: hours, mean power, energy, expected and the difference."""

    state: str
    name: str
    hours: float
    mean_kw: float | None
    expected_kw: Band | None
    energy_kwh: float
    expected_kwh: float | None
    above_kwh: float | None
    level: Level


class OrderRow(View):
    """An order or a piece of advice on this machine.

    Attributes:
        text: e.g. `Standby in the break, 30 min`. result: e.g. `read back 120 °C, 2 s later`.
        advice: Id to approve, when it still waits.
    """

    id: str
    at: str
    level: Level
    text: str
    result: str
    advice: str
    may_approve: bool


class MachineRow(View):
    """A machine in the list."""

    id: str
    name: str
    area: str
    line: str
    kind: str
    state: str
    kw: float | None
    expected_kw: float | None
    above_kw: float | None
    today_kwh: float | None
    level: Level
    data_age_s: float | None


class Machines(View):
    """All machines with the bar."""

    bar: Bar
    headline: Headline
    machines: list[MachineRow]


class MachineView(View):
    """One machine."""

    bar: Bar
    id: str
    name: str
    path: list[Place]
    headline: Headline
    figures: list[Figure]
    ribbon_title: str
    ribbon: list[StateSpan]
    power_title: str
    power: Trace | None
    power_gaps: list[Span]
    traces: list[Trace]
    marks: list[Mark]
    states_title: str
    states: list[StateRow]
    states_total: StateRow | None
    findings: list[FindingRow]
    orders_title: str
    orders: list[OrderRow]
    writes: list[SetPoint]
    facts: list[Fact]
    start: str
    end: str


class Mark(View):
    """A vertical mark through all charts, e.g. the onset of a finding."""

    at: str
    text: str
    level: Level


class SetPoint(View):
    """A writable set-point with its limits."""

    signal: str
    name: str
    value: float | None
    unit: str
    low: float
    high: float
    autonomy: str
    watchdog: bool
    approve: list[str]


class Fact(View):
    """A fact shown beside the machine."""

    name: str
    value: str
    source: str


class CostRow(View):
    """One line of `Cost to the world, per day`."""

    name: str
    value: str
    unit: str
    interval: str


class CheckRow(View):
    """One interlock as it stands now."""

    text: str
    found: str
    passed: bool
    waits: bool = False
    """It need not pass yet: the order begins later, and it is asked again then."""


class AdviceView(View):
    """A piece of advice with everything needed to decide.

    Attributes:
        change: e.g. `245 → 120 °C`. what: Name of the set-point and machine.
        rows: (name, text) e.g. Saves, Stays within, Ends, Then.
        checks: Interlocks asked now. against: What speaks against it.
        button: e.g. `Approve until 12:45`. refused: Why this person may not, or empty.
        timeline: What happened so far: approval, orders, receipts, saving, ledger entries.
        saving: Sentence with interval once measured; saving_entry: Its place in the ledger.
    """

    bar: Bar
    id: str
    title: str
    state: str
    state_text: str
    element: str
    element_name: str
    change: str
    what: str
    autonomy: str
    rows: list[tuple[str, str]]
    why: list[str]
    against: list[str]
    checks: list[CheckRow]
    button: str
    may_approve: bool
    refused: str
    timeline: list[Event]
    saving: SavingView | None


class Event(View):
    """Something that happened, with its ledger entry (None while it is not sealed)."""

    at: str
    text: str
    level: Level
    entry: int | None


class SavingView(View):
    """A measured saving."""

    title: str
    saved: str
    interval: str
    co2e: str
    money: str
    expected_kwh: Band
    actual_kwh: float
    period: str
    method: str
    fit: bool
    reasons: list[str]
    coverage: float
    entry: int | None


class FindingView(View):
    """A finding from evidence to order."""

    bar: Bar
    id: str
    headline: Headline
    level: Level
    state: str
    crumbs: list[Place]
    seen: str
    """e.g. `open for 52.0 h · seen by 2 detectors: residual, limits`."""
    traces_title: str
    traces: list[Trace]
    marks: list[Mark]
    gaps: list[Span]
    evidence: list[str]
    costs: list[CostRow]
    so_far: str
    how: str
    """The arithmetic in one line, e.g. `13.89 kW × 24 h = 333 kWh; 0.294 kg/kWh; 0.183 EUR/kWh`."""
    advice: AdviceView | None
    may_acknowledge: bool
    note: str
    start: str
    end: str


class Findings(View):
    """All findings, worst first; closed ones apart."""

    bar: Bar
    headline: Headline
    open: list[FindingRow]
    closed: list[FindingRow]


class AdviceList(View):
    """All advice: open first, then what became of the rest."""

    bar: Bar
    headline: Headline
    open: list[AdviceRow]
    past: list[AdviceRow]
    savings: list[SavingView]


class MeasureRow(View):
    """A figure in a table."""

    id: str
    element: str
    element_name: str
    indicator: str
    name: str
    digits: str
    value: float
    unit: str
    interval: str
    coverage: float
    estimated_share: float
    factor: str
    method: str
    entry: int | None
    indent: int = 0


class Accounts(View):
    """Figures of a period for an element, with the balances and what cannot be had."""

    bar: Bar
    headline: Headline
    period: str
    start: str
    end: str
    element: str
    figures: list[Figure]
    measures: list[MeasureRow]
    parts: list[MeasureRow]
    balances: list[BalanceRow]
    refused: list[str]
    quarantine: list[CountRow]
    revisions: list[RevisionRow]


class BalanceRow(View):
    """A balance node: in, out, rest, and whether it closes within meter error."""

    id: str
    name: str
    carrier: str
    unit: str
    inflow: float
    outflow: float
    rest: float
    rest_name: str
    tolerance: float
    closes: bool


class CountRow(View):
    """How many samples were put into quarantine, and why."""

    reason: str
    count: int
    text: str


class RevisionRow(View):
    """A figure that late data changed."""

    signal: str
    at: str
    before: str
    after: str
    known_at: str


class Step(View):
    """A node of the proof of a figure."""

    name: str
    text: str
    detail: str
    steps: list[Step]


class Explain(View):
    """The whole tree of one figure."""

    bar: Bar
    id: str
    title: str
    value: str
    interval: str
    formula: str
    steps: list[Step]
    entry: int | None


class EntryRow(View):
    """A ledger entry."""

    index: int
    at: str
    kind: str
    subject: str
    text: str
    leaf: str


class Proof(View):
    """The ledger: size, root, newest signed checkpoint, newest entries, and the last check."""

    bar: Bar
    headline: Headline
    size: int
    root: str
    checkpoint: str
    key: str
    checked: str
    ok: bool
    entries: list[EntryRow]


class Series(View):
    """Signals over time: for charts and CSV. `value[i]` belongs to `signals[i]`."""

    start: str
    end: str
    step_s: int
    at: list[str]
    signals: list[str]
    units: list[str]
    value: list[list[float | None]]
    low: list[list[float | None]]
    high: list[list[float | None]]
    coverage: list[list[float]]


class Problem(View):
    """An error: what happened, what it means, what to do."""

    found: str
    expected: str
    remedy: str


class Done(View):
    """An action was carried out."""

    text: str
    entry: int | None = None


for _model in (Bar, Figure, Load, MachineView, AdviceView, Accounts, Step):
    _model.model_rebuild()
