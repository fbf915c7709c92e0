"""Privacy: what is about a person is shown of groups only.

Sources:
    Regulation (EU) 2016/679, articles 5 and 25: data minimisation, protection by design.
"""

from __future__ import annotations

from collections.abc import Sequence

from ecotwin.governance.access import Decision
from ecotwin.plant.model import Plant

SMALLEST_GROUP = 5
"""Fewer than these could be told apart."""


def may_show(signals: Sequence[str], plant: Plant) -> Decision:
    """Whether a figure over these signals may be shown, to anybody.

    Args:
        signals: Ids of the signals that the figure sums or averages.
        plant: Says which are about a person.
    """
    personal = {s for s in signals if plant.signal(s).privacy == "person"}
    if not personal:
        return Decision(True, "none of it is about a person", ())
    if len(personal) >= SMALLEST_GROUP:
        return Decision(True, f"a group of {len(personal)}", ())
    return Decision(
        False,
        f"{', '.join(sorted(personal))}: about {len(personal)} person{'s' if len(personal) > 1 else ''}; "
        f"shown are groups of at least {SMALLEST_GROUP}",
        (),
    )
