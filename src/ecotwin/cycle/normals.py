"""What a machine draws from now on is normal: is there something of the kind to say, and what was said last.

More use for the same work is refused as wear until a person says that it is normal (`accounting.references`). There is
something to say where such a rise was refused, or where a finding of the machine's own power has stood for a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecotwin.cycle.learned import BASELINE
from ecotwin.governance.ledger import Ledger, content
from ecotwin.learning.register import Register
from ecotwin.records import Finding

KIND = "normal"
"""Kind of the ledger's entries."""
HELD = "held"
"""What a contest's decision is called that found more use for the same work (`accounting.references.Turn`)."""
RISE = "rise for the same work"
LASTING = timedelta(hours=24)
"""A finding that stands for less is no lasting change."""


@dataclass(frozen=True, slots=True)
class Word:
    """A person said that it is normal.

    Attributes:
        at: Plant time. by: Name. why: What was changed. entry: Place in the ledger.
    """

    at: datetime
    by: str
    why: str
    entry: int


@dataclass(frozen=True, slots=True)
class Rise:
    """More use for the same work was refused: it looks like wear.

    Attributes:
        at: When the contest ended. share: Of what the first reference expects; a tenth is 0.1.
    """

    at: datetime
    share: float


def word(ledger: Ledger, element: str) -> Word | None:
    """The last time that somebody said it of a machine."""
    found = ledger.entries(kind=KIND, subject=element, limit=1, newest_first=True)
    if not found:
        return None
    said = content(found[0])
    return Word(found[0].at, str(said["by"]), str(said["why"]), found[0].index)


def refused(register: Register, element: str, said: Word | None) -> Rise | None:
    """A rise that was refused since the model in use took its place, and since the last word."""
    champion = register.champion(BASELINE, element)
    if champion is None:
        return None
    since = datetime.fromisoformat(champion.standing_at)
    for model in register.models(BASELINE, element):
        at = datetime.fromisoformat(model.made_at)
        if at < since or (said is not None and at <= said.at):
            return None
        if model.settings.get("decided") == HELD and RISE in model.scores:
            return Rise(at, float(model.scores[RISE]))
    return None


def standing(findings: Iterable[Finding], element: str) -> list[Finding]:
    """Open findings of the machine's own power."""
    return [
        f
        for f in findings
        if f.element == element and f.kind == "excess" and f.cause.startswith(f"{element}:power")
    ]


def lasting(findings: Iterable[Finding], element: str, now: datetime) -> Finding | None:
    """The oldest of them that has stood for a day; None: none has."""
    old = [f for f in standing(findings, element) if now - f.onset >= LASTING]
    return min(old, key=lambda f: f.onset, default=None)
