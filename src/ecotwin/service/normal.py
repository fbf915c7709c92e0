"""Whether a person may say that what a machine draws is normal now, of what, and who said so last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecotwin.cycle import normals
from ecotwin.plant import Element
from ecotwin.service import words
from ecotwin.service.views import Normal

if TYPE_CHECKING:
    from ecotwin.cycle import Twin
    from ecotwin.governance.access import Decision

MEANS = (
    "If it was overhauled, has a new tool or does other work, say so: the twin then learns this machine anew from "
    "today on, and its power findings are closed with your reason. If nobody changed anything, leave it: saying so "
    "would hide wear."
)


def normal(twin: Twin, element: Element) -> Normal:
    """What there is to say of a machine, and what was said."""
    said = normals.word(twin.ledger, element.id)
    why = _why(twin, element, said)
    decision = twin.may("set_normal", element.id)
    return Normal(
        why=why,
        means=MEANS if why else "",
        may=bool(why) and decision.allowed,
        refused=_refused(decision) if why and not decision.allowed else "",
        said=_said(twin, said),
        entry=said.entry if said is not None else None,
    )


def _why(twin: Twin, element: Element, said: normals.Word | None) -> str:
    """What is to be said normal; a machine without a meter of its own has nothing to be held against."""
    if element.id not in twin.look.references.elements:
        return ""
    now, zone = twin.now(), twin.plant.zone
    rise = normals.refused(twin.learned.register, element.id, said)
    if rise is not None:
        seen = words.day_time(rise.at, zone, now)
        return (
            f"It draws {words.digits(100 * rise.share, 2)} % more for the same work than in its first weeks, as seen "
            f"{seen}. Wear looks like this, so it is not taken as normal by itself and goes on being counted."
        )
    found = normals.lasting(twin.findings_open(), element.id, now)
    if found is None:
        return ""
    since = words.day_time(found.onset, zone, now)
    return (
        f"{words.since(found.title, since)}. Wear looks like this, so it is not taken as normal by itself and "
        "goes on being counted."
    )


def _refused(decision: Decision) -> str:
    """Who may say it, for one who may not."""
    who = " or a ".join(role.replace("_", " ") for role in decision.who_may)
    where = decision.why.partition(" only in ")[2].partition(",")[0]
    place = f" whose area it is in (yours: {where})" if where else ""
    return f"You may not say this: it takes an {who}{place}."


def _said(twin: Twin, said: normals.Word | None) -> str:
    if said is None:
        return ""
    at = words.day_time(said.at, twin.plant.zone, twin.now())
    return f"Said to be normal by {said.by}, {at}: “{said.why}”"
