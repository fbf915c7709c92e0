"""What every page is made of: the bar, the first line, figures, traces and marks."""

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


class Place(View):
    """An element in a list."""

    id: str
    name: str
    level: str
    parent: str


class Bar(View):
    """The thin bar on every page.

    Attributes:
        now: Plant time. speed: Plant seconds per wall second (1 in a real plant).
        data_age_s: Age of the newest data [plant s]; None before any came.
        freshness: `live`, `late` (the newest data is older than `data_limit_s`), `none` before any came.
        data_limit_s: Age up to which data counts as live, at the plant's pace [plant s].
        data_text: What late or missing data means, for people; empty while data is live.
        notice: What the twin is busy with (taking recorded days in); empty as a rule.
        link: `online`, `connecting`, `offline`: state of the connections; link_text says what to do.
        writes: `off` (by plant file or setting), `on`, `stopped` (by a person).
        may: Actions that the person signed in may do.
        own_text: What the twin itself uses, for people; empty where it is not counted. own_note: How that is counted.
    """

    plant: str
    timezone: str
    currency: str
    now: str
    speed: float
    data_age_s: float | None
    freshness: Literal["live", "late", "none"]
    data_limit_s: float
    data_text: str
    notice: str
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
    own_text: str
    own_note: str


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


class Span(View):
    """A stretch of time, e.g. without data; `text` is shown in it."""

    start: str
    end: str
    text: str


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


class Mark(View):
    """A vertical mark through all charts, e.g. the onset of a finding."""

    at: str
    text: str
    level: Level


class Problem(View):
    """An error: what happened, what it means, what to do."""

    found: str
    expected: str
    remedy: str


class Done(View):
    """An action was carried out."""

    text: str
    entry: int | None = None


class Series(View):
    """Signals over time: for charts and CSV. `value[i]` belongs to `signals[i]`.

    Attributes:
        coverage, estimated: Share of each step that was measured, and that was filled or told, never measured.
    """

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
    estimated: list[list[float]]
