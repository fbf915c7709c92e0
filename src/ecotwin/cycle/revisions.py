"""What a sealed figure was known as before: old and new value, when each was known, and why it changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from ecotwin.clock import Period, iso, micros
from ecotwin.cycle.keeping import from_json
from ecotwin.history.contract import Store
from ecotwin.plant import Plant
from ecotwin.records import Measure

MOST = 100
"""Revised hours of signals that are told."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure before and after."""

    before: Measure
    after: Measure
    known_before: datetime
    known_after: datetime
    why: str


def changes(store: Store, figure: str) -> list[Change]:
    """What a sealed figure became, the oldest first; versions that say the same are passed over."""
    kept = [(from_json(Measure, d.body), d.known_at) for d in store.versions("measure", figure)]
    return [
        Change(a, b, known_a, known_b, _why(a, b))
        for (a, known_a), (b, known_b) in pairwise(kept)
        if not math.isclose(a.value, b.value, rel_tol=1e-9, abs_tol=1e-9) or a.factors != b.factors
    ]


def changes_within(store: Store, period: Period) -> Iterator[Change]:
    """Changes of all sealed figures that begin in a period."""
    for figure in store.reworked("measure", period):
        yield from changes(store, figure)


def told(store: Store, plant: Plant, measure: Measure) -> list[dict[str, Any]]:
    """Revisions of a figure and of the hours of its signals, as rows of JSON for its tree."""
    rows: list[dict[str, Any]] = [
        {
            "signal": "",
            "at": iso(c.after.period.start_us),
            "before": c.before.value,
            "after": c.after.value,
            "known_before": iso(micros(c.known_before)),
            "known": iso(micros(c.known_after)),
            "why": c.why,
        }
        for c in changes(store, measure.id)
    ]
    mine = {i.signal for i in measure.inputs if i.signal}
    for r in store.revisions(measure.period, limit=MOST):
        signal = plant.signals[r.signal]
        if signal.id in mine:
            rows.append(
                {
                    "signal": signal.id,
                    "at": iso(r.start),
                    "before": r.before,
                    "after": r.after,
                    "known_before": iso(r.known_before),
                    "known": iso(r.known_after),
                    "why": "late readings",
                }
            )
    return rows


def _why(a: Measure, b: Measure) -> str:
    """What differs in what the figure was made of."""
    reasons = []
    was = {f.id: f for f in a.factors}
    now = {f.id: f for f in b.factors}
    for name in sorted(was.keys() & now.keys()):
        if was[name] != now[name]:
            reasons.append(
                f"factor {name}: {was[name].value:g} to {now[name].value:g} {now[name].unit}"
                if was[name].value != now[name].value
                else f"factor {name}: another source or version"
            )
    reasons += [f"factor {name} no longer used" for name in sorted(was.keys() - now.keys())]
    reasons += [
        f"factor {name} used: {now[name].value:g} {now[name].unit}"
        for name in sorted(now.keys() - was.keys())
    ]
    inputs = {(i.name, i.signal): i for i in a.inputs}
    for i in b.inputs:
        before = inputs.get((i.name, i.signal))
        if before is not None and not math.isclose(
            before.value, i.value, rel_tol=1e-9, abs_tol=1e-9
        ):
            reasons.append(f"{i.name}: {before.value:.6g} to {i.value:.6g} {i.unit}, known later")
        elif before is None:
            reasons.append(f"{i.name} added")
    if a.method != b.method:
        reasons.append(f"method {b.method}")
    return "; ".join(reasons) or "other terms of the plant file"
