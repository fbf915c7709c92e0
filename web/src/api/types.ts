// Made by `python scripts/api_types.py` from ecotwin.service.views. Do not edit.

/** Figures of a period for an element, with the balances and what cannot be had. */
export interface Accounts {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly period: string;
  readonly start: string;
  readonly end: string;
  readonly element: string;
  readonly figures: Figure[];
  readonly measures: MeasureRow[];
  readonly parts: MeasureRow[];
  readonly balances: BalanceRow[];
  readonly refused: string[];
  readonly quarantine: CountRow[];
  readonly revisions: RevisionRow[];
  readonly path: PathView | null;
  readonly reports: ReportLink[];
  readonly forms: string[];
}

/** All advice: open first, then what became of the rest. */
export interface AdviceList {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly open: AdviceRow[];
  readonly past: AdviceRow[];
  readonly savings: SavingView[];
}

/** A piece of advice in a list, next deadline first. `decide_by` is a clock time of the plant. */
export interface AdviceRow {
  readonly id: string;
  readonly title: string;
  readonly saves: string;
  readonly decide_by: string;
  readonly state: string;
  readonly state_text: string;
  readonly element: string;
  readonly may_approve: boolean;
}

/** A piece of advice with everything needed to decide. */
export interface AdviceView {
  readonly bar: Bar;
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly state_text: string;
  readonly element: string;
  readonly element_name: string;
  readonly change: string;
  readonly what: string;
  readonly autonomy: string;
  readonly rows: [string, string][];
  readonly why: string[];
  readonly against: string[];
  readonly checks: CheckRow[];
  readonly button: string;
  readonly may_approve: boolean;
  readonly refused: string;
  readonly timeline: Event[];
  readonly saving: SavingView | null;
}

/** One alternative beside today's product. */
export interface Alternative {
  readonly name: string;
  readonly why: string;
  readonly kg: number;
  readonly half_kg: number;
  readonly difference_kg: number;
  readonly difference_half_kg: number;
  readonly verdict: "today" | "better" | "worse" | "cannot be told apart";
  readonly text: string;
  readonly stages: StageCell[];
  readonly mass_kg: number;
  readonly circularity: number | null;
  readonly years: number;
  readonly gaps: string[];
}

/** A balance node: in, out, rest, and whether it closes within meter error. */
export interface BalanceRow {
  readonly id: string;
  readonly name: string;
  readonly carrier: string;
  readonly unit: string;
  readonly inflow: number;
  readonly outflow: number;
  readonly rest: number;
  readonly rest_name: string;
  readonly tolerance: number;
  readonly closes: boolean;
}

/** A value with its interval. */
export interface Band {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** The thin bar on every page. */
export interface Bar {
  readonly plant: string;
  readonly timezone: string;
  readonly currency: string;
  readonly now: string;
  readonly speed: number;
  readonly data_age_s: number | null;
  readonly freshness: "live" | "late" | "none";
  readonly data_limit_s: number;
  readonly data_text: string;
  readonly notice: string;
  readonly link: "online" | "connecting" | "offline";
  readonly link_text: string;
  readonly person: string;
  readonly roles: string[];
  readonly may: string[];
  readonly writes: "off" | "on" | "stopped";
  readonly findings_open: number;
  readonly advice_open: number;
  readonly areas: Place[];
  readonly learned_share: number;
  readonly version: string;
  readonly own_text: string;
  readonly own_note: string;
}

/** A bar of the budget. */
export interface BudgetRow {
  readonly name: string;
  readonly value: number;
  readonly digits: string;
  readonly kind: string;
}

/** One case of a comparison. */
export interface CaseView {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly digest: string;
  readonly on_front: boolean;
  readonly front_share: number;
  readonly beaten_by: string[];
  readonly feasible: boolean;
  readonly why_not: string[];
  readonly doubts: string[];
  readonly notes: string[];
  readonly limits: LimitView[];
  readonly verdict: string;
}

/** A cause that a finding may have. */
export interface CauseRow {
  readonly cause: string;
  readonly kind: string;
  readonly name: string;
  readonly share: number;
  readonly percent: string;
  readonly speaks_for: string[];
  readonly speaks_against: string[];
  readonly act: string;
  readonly verb: string;
}

/** A figure of one case. */
export interface Cell {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly digits: string;
  readonly difference: number | null;
  readonly difference_text: string;
  readonly share: number | null;
  readonly mean_low: number | null;
  readonly mean_high: number | null;
  readonly intervals: IntervalView[];
  readonly better: number | null;
  readonly verdict: "better" | "worse" | "unsure" | "same" | "other";
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
}

/** One interlock as it stands now. */
export interface CheckRow {
  readonly text: string;
  readonly found: string;
  readonly passed: boolean;
  readonly waits: boolean;
}

/** One line of `Cost to the world, per day`. */
export interface CostRow {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly interval: string;
}

/** How many samples were put into quarantine, and why. */
export interface CountRow {
  readonly reason: string;
  readonly count: number;
  readonly text: string;
}

/** One case of a course. */
export interface CourseCase {
  readonly value: number[];
  readonly low: number[];
  readonly high: number[];
}

/** A quantity over the run in every case: mean and 80 % interval by bin. */
export interface CourseView {
  readonly name: string;
  readonly unit: string;
  readonly at: string[];
  readonly cases: CourseCase[];
}

/** Which design, and whose meters tell the making: `today`, `2026-06-17`, `2026-06`. */
export interface DesignQuestion {
  readonly id: string;
  readonly period: string;
}

/** A comparison, as it was sealed. */
export interface DesignResult {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly name: string;
  readonly product: string;
  readonly span: string;
  readonly approach: string;
  readonly stages: [string, string][];
  readonly alternatives: Alternative[];
  readonly notes: string[];
  readonly entry: number;
}

/** A design file of the plant. */
export interface DesignRow {
  readonly id: string;
  readonly name: string;
  readonly product: string;
  readonly alternatives: string[];
  readonly slow: boolean;
  readonly fault: string;
}

/** Every design file of the plant. */
export interface Designs {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly rows: DesignRow[];
  readonly folder: string;
  readonly periods: [string, string][];
  readonly may_ask: boolean;
  readonly refused: string;
}

/** An action was carried out. */
export interface Done {
  readonly text: string;
  readonly entry: number | null;
}

/** A ledger entry. */
export interface EntryRow {
  readonly index: number;
  readonly at: string;
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  readonly leaf: string;
}

/** Something that happened, with its ledger entry (None while it is not sealed). */
export interface Event {
  readonly at: string;
  readonly text: string;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly entry: number | null;
}

/** The whole tree of one figure. */
export interface Explain {
  readonly bar: Bar;
  readonly id: string;
  readonly title: string;
  readonly value: string;
  readonly interval: string;
  readonly formula: string;
  readonly steps: Step[];
  readonly entry: number | null;
}

/** A fact shown beside the machine. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly source: string;
}

/** A fault of a scenario's text. */
export interface FaultRow {
  readonly line: number;
  readonly text: string;
}

/** How well one figure of a machine is tracked by the hour, over days on which the model was tried. */
export interface FidelityRow {
  readonly element: string;
  readonly name: string;
  readonly quantity: string;
  readonly grade: "well" | "roughly" | "not" | "unknown";
  readonly word: string;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly cvrmse: number | null;
  readonly nmbe: number | null;
  readonly hours: number;
}

/** How well the model tracks the plant, the worst first; `at` is empty while it was never worked out. */
export interface FidelityView {
  readonly bar: Bar;
  readonly text: string;
  readonly at: string;
  readonly days: number;
  readonly rows: FidelityRow[];
}

/** One of the (at most six) figures. */
export interface Figure {
  readonly id: string;
  readonly name: string;
  readonly digits: string;
  readonly unit: string;
  readonly value: number | null;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly against: string;
  readonly expected: string;
  readonly coverage: number | null;
  readonly spark: Spark | null;
  readonly alternative: Figure | null;
  readonly measure: string;
  readonly missing: string;
}

/** A figure over all cases; `cells` in the order of the cases, "do nothing" first. */
export interface FigureRow {
  readonly figure: string;
  readonly name: string;
  readonly unit: string;
  readonly group: string;
  readonly better: "low" | "high" | "";
  readonly objective: boolean;
  readonly cells: Cell[];
  readonly parts: PartRow[];
}

/** A finding in a list, worst first. */
export interface FindingRow {
  readonly id: string;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly title: string;
  readonly where: string;
  readonly likely: string;
  readonly co2e_kg_day: number | null;
  readonly money_day: number | null;
  readonly verb: string;
  readonly advice: string;
  readonly state: string;
  readonly element: string;
  readonly kind: string;
  readonly spark: Spark | null;
  readonly onset: string;
}

/** A finding from evidence to order. */
export interface FindingView {
  readonly bar: Bar;
  readonly id: string;
  readonly headline: Headline;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly state: string;
  readonly crumbs: Place[];
  readonly seen: string;
  readonly traces_title: string;
  readonly traces: Trace[];
  readonly marks: Mark[];
  readonly gaps: Span[];
  readonly evidence: string[];
  readonly causes: CauseRow[];
  readonly causes_title: string;
  readonly causes_aside: string;
  readonly would_change: string[];
  readonly leave: string[];
  readonly looked_at: string;
  readonly turned_out: string;
  readonly costs: CostRow[];
  readonly so_far: string;
  readonly how: string;
  readonly advice: AdviceView | null;
  readonly may_acknowledge: boolean;
  readonly note: string;
  readonly start: string;
  readonly end: string;
}

/** All findings, worst first; closed ones apart. */
export interface Findings {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly open: FindingRow[];
  readonly closed: FindingRow[];
}

/** The energy flow with its excess, ending in a table. `title` says the finding. */
export interface Flow {
  readonly title: string;
  readonly nodes: FlowNode[];
  readonly links: FlowLink[];
  readonly ends: FlowEnd[];
}

/** A row of the table in which the flow ends. */
export interface FlowEnd {
  readonly node: string;
  readonly name: string;
  readonly element: string;
  readonly kw: number | null;
  readonly expected_kw: number | null;
  readonly above_kw: number | null;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly rest: boolean;
}

/** A band between two blocks: `kw` wide, of which `excess_kw` runs as a thread in the colour of `level`. */
export interface FlowLink {
  readonly source: string;
  readonly target: string;
  readonly carrier: string;
  readonly kw: number;
  readonly excess_kw: number;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
}

/** A block of the flow picture. */
export interface FlowNode {
  readonly id: string;
  readonly name: string;
  readonly column: number;
  readonly carrier: string;
  readonly kw: number;
  readonly element: string;
  readonly rest: boolean;
}

/** All that is foretold, and what cannot be. */
export interface Forecasts {
  readonly rows: Foretold[];
  readonly refused: Untold[];
}

/** What comes in through one kind of meter over the next day and a half. */
export interface Foretold {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly origin: string;
  readonly at: string[];
  readonly middle: (number | null)[];
  readonly low: (number | null)[];
  readonly high: (number | null)[];
  readonly near_low: (number | null)[];
  readonly near_high: (number | null)[];
  readonly text: string;
  readonly why: WhyRow[];
  readonly base: number;
  readonly limit: number | null;
  readonly passes: number | null;
  readonly passes_at: string;
  readonly off: number | null;
  readonly held: number | null;
  readonly judged: number;
  readonly model: string;
}

/** The Pareto front. */
export interface FrontView {
  readonly objectives: [string, string, string, string][];
  readonly points: number[][];
  readonly on_front: boolean[];
  readonly text: string;
}

/** The first line: state in plain ink, then the cost in the colour of `level`, then a full stop. */
export interface Headline {
  readonly text: string;
  readonly cost: string;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
}

/** An interval of a level (0.5, 0.8, 0.95). */
export interface IntervalView {
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

/** A stretch of constant price [currency/kWh] or carbon [g CO2e/kWh]. */
export interface Lane {
  readonly start: string;
  readonly end: string;
  readonly value: number;
}

/** A limit and how a case stands to it; `broken`: share of the runs, None where it cannot be judged. */
export interface LimitView {
  readonly name: string;
  readonly text: string;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly broken: number | null;
}

/** Today's bought power against expected, with tariff and carbon lanes. */
export interface Load {
  readonly title: string;
  readonly unit: string;
  readonly start: string;
  readonly end: string;
  readonly at: string[];
  readonly actual: (number | null)[];
  readonly low: (number | null)[];
  readonly expected: (number | null)[];
  readonly high: (number | null)[];
  readonly forecast: (number | null)[];
  readonly forecast_low: (number | null)[];
  readonly forecast_high: (number | null)[];
  readonly forecast_near_low: (number | null)[];
  readonly forecast_near_high: (number | null)[];
  readonly forecast_text: string;
  readonly tariff: Lane[];
  readonly carbon: Lane[];
  readonly contract_kw: number | null;
  readonly gaps: Span[];
}

/** A machine in the list. */
export interface MachineRow {
  readonly id: string;
  readonly name: string;
  readonly area: string;
  readonly line: string;
  readonly kind: string;
  readonly state: string;
  readonly kw: number | null;
  readonly expected_kw: number | null;
  readonly above_kw: number | null;
  readonly today_kwh: number | null;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly data_age_s: number | null;
}

/** One machine. */
export interface MachineView {
  readonly bar: Bar;
  readonly id: string;
  readonly name: string;
  readonly path: Place[];
  readonly headline: Headline;
  readonly figures: Figure[];
  readonly ribbon_title: string;
  readonly ribbon: StateSpan[];
  readonly power_title: string;
  readonly power: Trace | null;
  readonly power_gaps: Span[];
  readonly traces: Trace[];
  readonly marks: Mark[];
  readonly states_title: string;
  readonly states: StateRow[];
  readonly states_total: StateRow | null;
  readonly findings: FindingRow[];
  readonly orders_title: string;
  readonly orders: OrderRow[];
  readonly writes: SetPoint[];
  readonly facts: Fact[];
  readonly normal: Normal;
  readonly start: string;
  readonly end: string;
}

/** All machines with the bar. */
export interface Machines {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly machines: MachineRow[];
}

/** A vertical mark through all charts, e.g. the onset of a finding. */
export interface Mark {
  readonly at: string;
  readonly text: string;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
}

/** A figure in a table. */
export interface MeasureRow {
  readonly id: string;
  readonly element: string;
  readonly element_name: string;
  readonly indicator: string;
  readonly name: string;
  readonly digits: string;
  readonly value: number;
  readonly unit: string;
  readonly interval: string;
  readonly coverage: number;
  readonly estimated_share: number;
  readonly factor: string;
  readonly method: string;
  readonly entry: number | null;
  readonly indent: number;
  readonly head: string;
  readonly first: boolean;
}

/** One model of the register. */
export interface ModelRow {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly standing: string;
  readonly why: string;
  readonly standing_at: string;
  readonly made_at: string;
  readonly signals: string[];
  readonly start: string;
  readonly end: string;
  readonly rows: number;
  readonly left_out: number;
  readonly why_left_out: string[];
  readonly scores: [string, number][];
  readonly code: string;
  readonly lineage: string[];
  readonly by: string;
  readonly title: string;
  readonly contest: string;
  readonly good: string;
}

/** The register of models, the newest first. */
export interface Models {
  readonly headline: string;
  readonly rows: ModelRow[];
}

/** What a person may say to be normal at a machine, and what was said last. */
export interface Normal {
  readonly why: string;
  readonly means: string;
  readonly may: boolean;
  readonly refused: string;
  readonly said: string;
  readonly entry: number | null;
}

/** An order or a piece of advice on this machine. */
export interface OrderRow {
  readonly id: string;
  readonly at: string;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly text: string;
  readonly result: string;
  readonly advice: string;
  readonly may_approve: boolean;
}

/** The overview page; also the payload of every live event. */
export interface Overview {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly figures: Figure[];
  readonly flow: Flow;
  readonly findings: FindingRow[];
  readonly load: Load;
  readonly advice: AdviceRow[];
  readonly refused: string[];
}

/** A part of a figure: its mean in each case, e.g. the cost of one price band. */
export interface PartRow {
  readonly name: string;
  readonly values: number[];
}

/** The plant's target: its path, and what is left of the budget. */
export interface PathView {
  readonly title: string;
  readonly aside: string;
  readonly unit: string;
  readonly years: PathYear[];
  readonly budget_title: string;
  readonly budget: BudgetRow[];
  readonly text: string;
  readonly source: string;
}

/** A year of a promised path: what it allows, what was measured, what is expected. */
export interface PathYear {
  readonly year: number;
  readonly allowed: number | null;
  readonly actual: number | null;
  readonly forecast: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** An element in a list. */
export interface Place {
  readonly id: string;
  readonly name: string;
  readonly level: string;
  readonly parent: string;
}

/** An error: what happened, what it means, what to do. */
export interface Problem {
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
}

/** The ledger: size, root, newest signed checkpoint, newest entries, and the last check. */
export interface Proof {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly size: number;
  readonly root: string;
  readonly checkpoint: string;
  readonly key: string;
  readonly checked: string;
  readonly ok: boolean;
  readonly entries: EntryRow[];
}

/** A report that can be had of the period. */
export interface ReportLink {
  readonly name: string;
  readonly title: string;
  readonly standard: string;
}

/** A figure that late data changed. */
export interface RevisionRow {
  readonly signal: string;
  readonly at: string;
  readonly before: string;
  readonly after: string;
  readonly known_at: string;
}

/** A what-if in the list. */
export interface RunRow {
  readonly id: string;
  readonly title: string;
  readonly state: "waiting" | "running" | "done" | "stopped" | "failed";
  readonly share: number;
  readonly left_s: number | null;
  readonly asked_at: string;
  readonly by: string;
  readonly start: string;
  readonly hours: number;
  readonly runs: number;
  readonly seed: number;
  readonly names: string[];
  readonly why: string;
  readonly text: string;
  readonly digest: string;
  readonly entry: number | null;
}

/** All what-ifs, newest first. */
export interface Runs {
  readonly bar: Bar;
  readonly runs: RunRow[];
}

/** A measured saving. */
export interface SavingView {
  readonly title: string;
  readonly saved: string;
  readonly interval: string;
  readonly co2e: string;
  readonly money: string;
  readonly expected_kwh: Band;
  readonly actual_kwh: number;
  readonly period: string;
  readonly method: string;
  readonly fit: boolean;
  readonly reasons: string[];
  readonly coverage: number;
  readonly entry: number | null;
}

/** Whether a text can be run at this plant: every fault at once. */
export interface ScenarioCheck {
  readonly id: string;
  readonly name: string;
  readonly changes: string[];
  readonly faults: FaultRow[];
}

/** A scenario in the list. */
export interface ScenarioRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly author: string;
  readonly origin: "plant" | "saved";
  readonly version: number;
  readonly saved_at: string;
  readonly changes: string[];
  readonly event: boolean;
  readonly faults: string[];
}

/** A scenario as text. */
export interface ScenarioText {
  readonly text: string;
}

/** One scenario with its text; `versions` (newest first): number, when, by whom. */
export interface ScenarioView {
  readonly bar: Bar;
  readonly row: ScenarioRow;
  readonly text: string;
  readonly versions: [number, string, string][];
}

/** All scenarios of the plant, and what may be done with them. */
export interface Scenarios {
  readonly bar: Bar;
  readonly headline: Headline;
  readonly scenarios: ScenarioRow[];
  readonly form: WhatIfForm;
  readonly may_run: boolean;
  readonly may_save: boolean;
  readonly refused: string;
}

/** Every told signal of the plant. */
export interface SensedAll {
  readonly rows: SensedRow[];
}

/** The band of a told signal over time. */
export interface SensedBand {
  readonly signal: string;
  readonly unit: string;
  readonly hours: SensedHour[];
}

/** What the references of one calibration said of what was told before them. */
export interface SensedCheck {
  readonly at: string;
  readonly references: number;
  readonly left_out: number;
  readonly error: number | null;
  readonly bias: number | null;
  readonly held_share: number | null;
  readonly alarms: string[];
}

/** The band of an hour by the minute: null and a reason where it refused. */
export interface SensedHour {
  readonly at: string;
  readonly low: (number | null)[];
  readonly high: (number | null)[];
  readonly state: string[];
  readonly why: [number, string][];
}

/** One told signal. */
export interface SensedRow {
  readonly signal: string;
  readonly name: string;
  readonly element: string;
  readonly unit: string;
  readonly inputs: string[];
  readonly reference: string;
  readonly recalibrate_h: number;
  readonly why_not: string;
  readonly at: string | null;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly state: string;
  readonly why: string;
  readonly calibrated_at: string | null;
  readonly references: number;
  readonly moments: number;
  readonly young: boolean;
  readonly granted_share: number;
  readonly found_share: number | null;
  readonly told: string;
  readonly checks: SensedCheck[];
}

/** Signals over time: for charts and CSV. `value[i]` belongs to `signals[i]`. */
export interface Series {
  readonly start: string;
  readonly end: string;
  readonly step_s: number;
  readonly at: string[];
  readonly signals: string[];
  readonly units: string[];
  readonly value: ((number | null)[])[];
  readonly low: ((number | null)[])[];
  readonly high: ((number | null)[])[];
  readonly coverage: number[][];
  readonly estimated: number[][];
}

/** A writable set-point with its limits. */
export interface SetPoint {
  readonly signal: string;
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly autonomy: string;
  readonly watchdog: boolean;
  readonly approve: string[];
}

/** A stretch of time, e.g. without data; `text` is shown in it. */
export interface Span {
  readonly start: string;
  readonly end: string;
  readonly text: string;
}

/** 24 hours (or today) of a figure. `at` may be shorter steps than the page needs. */
export interface Spark {
  readonly at: string[];
  readonly value: (number | null)[];
  readonly low: (number | null)[];
  readonly high: (number | null)[];
}

/** One stage of an alternative's life. */
export interface StageCell {
  readonly stage: string;
  readonly kg: number;
  readonly difference_kg: number;
  readonly shifted: boolean;
}

/** A what-if that was taken up. */
export interface Started {
  readonly id: string;
  readonly text: string;
}

/** Energy of one state: hours, mean power, energy, expected and the difference. */
export interface StateRow {
  readonly state: string;
  readonly name: string;
  readonly hours: number;
  readonly mean_kw: number | null;
  readonly expected_kw: Band | null;
  readonly energy_kwh: number;
  readonly expected_kwh: number | null;
  readonly above_kwh: number | null;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
}

/** A stretch of one machine state. `state` is a canonical name; `name` is for people. */
export interface StateSpan {
  readonly start: string;
  readonly end: string;
  readonly state: string;
  readonly name: string;
  readonly product: string;
}

/** A node of the proof of a figure. */
export interface Step {
  readonly name: string;
  readonly text: string;
  readonly detail: string;
  readonly steps: Step[];
}

/** One signal over time with its expected band (None: none). */
export interface Trace {
  readonly signal: string;
  readonly name: string;
  readonly unit: string;
  readonly digits: string;
  readonly level: "ok" | "watch" | "act" | "stale" | "none";
  readonly expected: string;
  readonly at: string[];
  readonly value: (number | null)[];
  readonly low: (number | null)[];
  readonly high: (number | null)[];
}

/** What cannot be foretold. `why`: What is missing. */
export interface Untold {
  readonly id: string;
  readonly why: string;
}

/** What can be asked, with what is proposed. */
export interface WhatIfForm {
  readonly starts: [string, string][];
  readonly hours: number;
  readonly runs: number;
  readonly seed: number;
  readonly most_runs: number;
  readonly most_hours: number;
}

/** What to compare. */
export interface WhatIfQuestion {
  readonly scenarios: string[];
  readonly texts: string[];
  readonly under: string[];
  readonly start: string;
  readonly hours: number;
  readonly runs: number;
  readonly seed: number;
  readonly title: string;
}

/** What a comparison says. */
export interface WhatIfResult {
  readonly bar: Bar;
  readonly run: RunRow;
  readonly headline: Headline;
  readonly cases: CaseView[];
  readonly figures: FigureRow[];
  readonly front: FrontView | null;
  readonly courses: CourseView[];
  readonly left_out: string[];
  readonly under: string[];
  readonly speed: string;
  readonly code: string;
  readonly same_as: string;
}

/** One thing that moves a forecast. `weight`: By how much, in the unit of what is foretold. */
export interface WhyRow {
  readonly text: string;
  readonly weight: number;
}

export type Level = "ok" | "watch" | "act" | "stale" | "none";
