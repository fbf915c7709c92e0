"""How well the model tracks the plant, machine by machine, as a reader of a what-if needs it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ecotwin.service import views
from ecotwin.service.bar import bar, stamp
from ecotwin.service.views import Level

if TYPE_CHECKING:
    from ecotwin.cycle import Twin
    from ecotwin.simulation.fidelity import Tracking

_LEVELS: dict[str, Level] = {"well": "ok", "roughly": "watch", "not": "act", "unknown": "none"}
_WORDS = {
    "well": "tracked well",
    "roughly": "tracked roughly",
    "not": "not tracked",
    "unknown": "hardly moved, says nothing",
}
_ORDER = ("not", "roughly", "well", "unknown")


def fidelity(twin: Twin) -> views.FidelityView:
    """As it was last worked out; looking at it starts no work."""
    found = twin.tracking.standing.fidelity
    names = {e.id: e.name for e in twin.plant.elements}
    rows = [
        _row(t, names.get(t.element, t.element))
        for t in sorted(found.figures, key=lambda t: (_ORDER.index(t.grade), t.element))
    ]
    known = [r for r in rows if r.grade != "unknown"]
    well = sum(r.grade == "well" for r in known)
    if not rows:
        text = "How well the model tracks the plant is not known yet"
    else:
        text = f"The model tracks {well} of {len(known)} figures well"
    return views.FidelityView(
        bar=bar(twin),
        text=text,
        at=stamp(datetime.fromtimestamp(found.at / 1e6, UTC)) if found.at else "",
        days=len(found.days),
        rows=rows,
    )


def _row(one: Tracking, name: str) -> views.FidelityRow:
    return views.FidelityRow(
        element=one.element,
        name=name,
        quantity=one.quantity.rsplit("_", 1)[0].replace("_", " "),
        grade=one.grade,
        word=_WORDS[one.grade],
        level=_LEVELS[one.grade],
        cvrmse=one.cvrmse if math.isfinite(one.cvrmse) else None,
        nmbe=one.nmbe if math.isfinite(one.nmbe) else None,
        hours=one.hours,
    )
