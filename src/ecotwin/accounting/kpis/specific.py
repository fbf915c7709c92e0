"""Energy per good part: a ratio of sums, so that days, lines and shifts aggregate rightly."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ecotwin.accounting.amounts import attempt, settle, use_signals, use_terms
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.production import output_signals
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Input, Measure


class Specific(Family):
    """`energy.per_good_part` and `production.good_parts`."""

    name = "specific"
    indicators = ("energy.per_good_part", "production.good_parts")

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Electricity meters and good-part counters; nothing where no parts are made."""
        good = output_signals(plant, element, "parts_good")
        return (*use_signals(plant, element, "electricity", parts=False), *good) if good else ()

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Good parts, then energy per good part."""
        return attempt([lambda: good_parts(plant, tally), lambda: _per_part(plant, tally)])


def good_parts(plant: Plant, tally: Tally) -> Measure:
    """`production.good_parts`."""
    terms = [(1.0, s) for s in output_signals(plant, tally.element, "parts_good")]
    parts = settle(tally.sums, terms)
    return Measure(
        tally.element,
        "production.good_parts",
        parts.value,
        "1",
        tally.period,
        parts.coverage,
        parts.estimated_share,
        parts.value - parts.half,
        parts.value + parts.half,
        "specific/1: " + ", ".join(s.id for _, s in terms),
        parts.inputs,
        (),
        parts.value,
        1.0,
    )


def _per_part(plant: Plant, tally: Tally) -> Measure | None:
    use = flows_of(plant).use(tally.element, "electricity")
    if use is None:
        return None
    energy = settle(tally.sums, use_terms(use))
    parts = settle(
        tally.sums, [(1.0, s) for s in output_signals(plant, tally.element, "parts_good")]
    )
    if parts.value <= 0.0:
        raise FigureGap(
            f"{tally.element} made no good part in {tally.period}",
            expected="at least one",
            remedy="ask for a period with production; its energy stands under energy.electricity",
        )
    value = energy.value / parts.value
    relative = math.hypot(
        energy.half / energy.value if energy.value else 0.0, parts.half / parts.value
    )
    inputs = (
        Input(
            "electricity",
            energy.value,
            "kWh",
            "",
            energy.coverage,
            f"{tally.element}:energy.electricity:{tally.period}",
        ),
        Input(
            "good parts",
            parts.value,
            "1",
            parts.inputs[0].signal if len(parts.inputs) == 1 else "",
            parts.coverage,
        ),
    )
    return Measure(
        tally.element,
        "energy.per_good_part",
        value,
        "kWh",
        tally.period,
        min(energy.coverage, parts.coverage),
        max(energy.estimated_share, parts.estimated_share),
        value * (1.0 - relative),
        value * (1.0 + relative),
        "specific/1: sum of electricity / sum of good parts",
        inputs,
        (),
        energy.value,
        parts.value,
    )


plug = Specific()
