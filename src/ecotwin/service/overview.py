"""The overview: the plant in one view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecotwin.records import Finding
from ecotwin.service import bar as shared
from ecotwin.service import figures, words
from ecotwin.service.flow import flow
from ecotwin.service.load import load
from ecotwin.service.views import Headline, Overview

if TYPE_CHECKING:
    from ecotwin.cycle import Twin


def overview(twin: Twin, area: str = "") -> Overview:
    """The state of the plant, or of one area.

    Raises:
        KeyError: There is no such area.
    """
    inside = {e.id for e in twin.plant.under(area)} if area else None
    found = [f for f in twin.findings_open() if inside is None or f.element in inside]
    waiting = sorted(
        (
            a
            for a in twin.advice_all()
            if a.state in {"open", "approved", "running"}
            and (inside is None or a.element in inside)
        ),
        key=lambda a: (a.state != "open", a.decide_by),
    )
    return Overview(
        bar=shared.bar(twin),
        headline=_headline(twin, found, area),
        figures=figures.of_plant(twin, area),
        flow=flow(twin, area),
        findings=[shared.finding_row(twin, f) for f in found[:8]],
        load=load(twin),
        advice=[shared.advice_row(twin, a) for a in waiting[:4]],
        refused=list(dict.fromkeys(words.plainly(twin.plant, t) for t in twin.refused())),
    )


def _headline(twin: Twin, found: list[Finding], area: str) -> Headline:
    if twin.data_age_s == float("inf"):
        return Headline(text="Waiting for the plant's first data", cost="", level="none")
    costly = [f for f in found if f.excess.co2e_kg or f.excess.money]
    return shared.headline(
        twin, costly or found, _subject(twin, costly or found), _state(twin, area)
    )


def _state(twin: Twin, area: str) -> str:
    """Whether it runs, and how its power stands against expected."""
    working = twin.working_now()
    verb = "Running" if working else "Resting"
    if twin.freshness == "late":
        return f"No new data for {words.length(twin.data_age_s)}"
    if area:
        return f"{twin.plant.element(area).name}: {verb.lower()}"
    mean, sd = twin.trail.site_expected()
    if not len(mean) or not np.isfinite(mean[-1]):
        learned = twin.learned_share > 0.9
        return verb if learned else f"{verb}; what to expect is still being learned"
    middle, half = float(np.nanmean(mean[-5:])), 1.96 * float(np.nanmean(sd[-5:]))
    above = twin.site_kw() - middle
    if not np.isfinite(above) or abs(above) <= half:
        return f"{verb} as expected"
    word = "above" if above > 0 else "below"
    link = ", but" if above > 0 else ","
    return f"{verb}{link} {words.digits(abs(above), 2)} kW {word} expected"


def _subject(twin: Twin, found: list[Finding]) -> str:
    """The worst by name, the rest by number."""
    if not found:
        return ""
    first = _inside(twin, found[0].element)
    if len(found) == 1:
        return f"A finding at {first}"
    if len(found) == 2:
        second = _inside(twin, found[1].element)
        return (
            f"Findings at {first} and {second}" if first != second else f"Two findings at {first}"
        )
    return f"Findings at {first} and {len(found) - 1} other places"


def _inside(twin: Twin, element: str) -> str:
    """A name inside a sentence: a machine is a common noun, the site has a name of its own."""
    found = twin.plant.element(element)
    proper = found.level in {"enterprise", "site"} or found.name[:2].isupper()
    return found.name if proper else found.name[:1].lower() + found.name[1:]
