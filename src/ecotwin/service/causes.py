"""Causes of a finding as a page shows them: ranked, with what speaks for and against each."""

from __future__ import annotations

from ecotwin.maintenance.clues.tables import CLASSES, class_of
from ecotwin.records import Explanation, Finding, Reason
from ecotwin.service import words
from ecotwin.service.views import CauseRow

LEAST_SHOWN = 0.02
"""Causes below this share are told together."""
MOST_SHOWN = 6
SENTENCES = 3
CLEAR = 0.4
"""From this share on a cause is called the most likely one in a list; below it nobody knows yet."""


def rows(finding: Finding) -> list[CauseRow]:
    """Causes worth reading, and one row for all others; their shares sum to 1."""
    named = [c for c in finding.causes if c.subject != "unknown"]
    shown = [c for c in named if (c.sure or 0.0) >= LEAST_SHOWN][:MOST_SHOWN]
    made = [_row(c) for c in shown]
    rest = 1.0 - sum(r.share for r in made)
    other = next((c for c in finding.causes if c.subject == "unknown"), None)
    if other is not None:
        last = _row(other)
        # What speaks for another cause is only what speaks against the named ones.
        gone: dict[str, object] = {"speaks_for": [], "speaks_against": []}
        made.append(last.model_copy(update={"share": rest, "percent": percent(rest), **gone}))
    return made


def _row(cause: Explanation) -> CauseRow:
    share = cause.sure or 0.0
    return CauseRow(
        cause=cause.subject,
        kind=CLASSES.get(class_of(cause.subject), cause.subject),
        name=cause.called or cause.subject,
        share=share,
        percent=percent(share),
        speaks_for=_told(cause.why),
        speaks_against=_told(cause.against),
        act=cause.change[-1] if cause.change else "",
        verb=cause.verb,
    )


def _told(reasons: tuple[Reason, ...]) -> list[str]:
    return [words.signs(r.text) for r in reasons[:SENTENCES]]


def percent(share: float) -> str:
    """A share as it is read.

    >>> percent(0.714), percent(0.003), percent(0.998)
    ('71 %', 'under 1 %', 'over 99 %')
    """
    if share < 0.005:
        return "under 1 %"
    return "over 99 %" if share > 0.995 else f"{100 * share:.0f} %"


def first(finding: Finding) -> Explanation | None:
    """The most likely cause that has a name; None before anything was looked at, and where no cause stands out."""
    if not finding.causes:
        return None
    best = finding.causes[0]
    return best if best.subject != "unknown" and (best.sure or 0.0) > 0.0 else None


def title(finding: Finding) -> str:
    """What is most likely, in one line."""
    if finding.turned_out:
        return (
            f"It turned out to be {CLASSES.get(class_of(finding.turned_out), finding.turned_out)}"
        )
    best = first(finding)
    if best is None:
        return "No cause stands out" if finding.causes else "Causes are not looked at yet"
    name = (best.called or best.subject).rstrip(".")
    share = best.sure or 0.0
    lead = "Most likely" if share >= CLEAR else "Perhaps"
    return f"{lead}: {name[:1].lower()}{name[1:]} ({percent(share)})"


def likely(finding: Finding) -> str:
    """The most likely cause for a list: `Likely: A leak in pipes or hoses, 71 %`."""
    best = first(finding)
    if best is None:
        return ""
    share = best.sure or 0.0
    lead = "Likely" if share >= CLEAR else "Perhaps"
    name = best.called or best.subject
    return f"{lead}: {name[:1].lower()}{name[1:]}, {percent(share)}"


def would_change(finding: Finding) -> list[str]:
    """What would change the answer: the most likely cause's own sentences without its advice."""
    best = first(finding)
    return [words.signs(t) for t in best.change[:-1]] if best else []


def looked_at(finding: Finding) -> str:
    """On what data."""
    return words.signs(" ".join(finding.causes[0].data)) if finding.causes else ""
