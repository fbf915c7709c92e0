"""Health and service of a machine in words for its page."""

from __future__ import annotations

from ecotwin.cycle.upkeep import Upkeep
from ecotwin.records import Explanation
from ecotwin.service.views import Fact

SOURCE = "own readings"


def upkeep_facts(known: Upkeep) -> list[Fact]:
    """What a machine's page says of its upkeep; nothing for a machine that does not count its hours.

    >>> upkeep_facts(Upkeep("m", None, "", None, None, None, None, None, None, None, ("no counters",)))
    []
    """
    if known.hours is None:
        return []
    rows = []
    if known.creep is None:
        rows.append(Fact(name="Health", value=f"not told yet: {known.gaps[0]}", source=SOURCE))
    else:
        moved = known.creep
        if moved.sure:
            told = f"{known.health_pct:.0f} %: {moved.first:.3g} to {moved.last:.3g} {known.unit}"
        else:
            told = f"no wear seen: {moved.last:.3g} {known.unit}"
        rows.append(
            Fact(
                name="Health", value=f"{told} over {moved.hours:,.0f} running hours", source=SOURCE
            )
        )
        if moved.sure and known.kw_lost:
            rows.append(Fact(name="Lost to wear", value=f"{known.kw_lost:.1f} kW", source=SOURCE))
    if known.service_in_h is not None:
        rows.append(
            Fact(
                name="Fixed service",
                value=f"in {known.service_in_h:,.0f} running hours, if all before were on time",
                source="hour counter and interval",
            )
        )
    rows += [
        _pays(name, told)
        for name, told in (("money", known.money), ("CO₂e", known.co2e), ("both", known.both))
        if told is not None
    ]
    if known.creep is not None and known.creep.sure:
        rows += [Fact(name="Not told of service", value=gap, source="") for gap in known.gaps]
    return rows


def _pays(coin: str, told: Explanation) -> Fact:
    name = f"Service pays ({coin})"
    ends = told.interval
    reach = f" ({max(0.0, ends.low):,.0f} to {max(0.0, ends.high):,.0f})" if ends else ""
    due = (
        f"in {told.value:,.0f} running hours{reach}"
        if told.value > 0.0
        else f"now, due since {-told.value:,.0f} h"
    )
    return Fact(name=name, value=f"{due}: {told.why[0].text}", source=SOURCE)
