"""One piece of advice with all that is needed to decide, and what it saved."""

from __future__ import annotations

from ecotwin.service.views.lists import AdviceRow
from ecotwin.service.views.shown import Band, Bar, Headline, Level, View


class CheckRow(View):
    """One interlock as it stands now."""

    text: str
    found: str
    passed: bool
    waits: bool = False
    """It need not pass yet: the order begins later, and it is asked again then."""


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


class AdviceList(View):
    """All advice: open first, then what became of the rest."""

    bar: Bar
    headline: Headline
    open: list[AdviceRow]
    past: list[AdviceRow]
    savings: list[SavingView]
