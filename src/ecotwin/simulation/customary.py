"""What lines and machines are used to do: which products, in what lots and at what pace, and how machines wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ecotwin.plant import Plant
from ecotwin.plant.model import STATE_NAMES
from ecotwin.simulation.calibration.evidence import DayFacts
from ecotwin.simulation.calibration.habits import RESTS
from ecotwin.simulation.contract import Job, Known
from ecotwin.simulation.observed import run_s
from ecotwin.simulation.state import Custom, campaigns, customs


@dataclass(frozen=True)
class Customary:
    """What a "do nothing" goes on with.

    Attributes:
        plant: With what was learned of lines and machines in place of what the plant file says. lines: Line -> what it
            is used to make. mix: Line -> product -> share of lots. jobs: Line -> orders to begin with.
        parameters: Of lines.
    """

    plant: Plant
    lines: Mapping[str, Custom]
    mix: Mapping[str, Mapping[int, float]]
    jobs: Mapping[str, tuple[Job, ...]]
    parameters: Mapping[str, Known]


def customary(plant: Plant, days: Sequence[DayFacts], fitted: Mapping[str, Known]) -> Customary:
    """What days in the order of time say of how lines and machines are used, with the parameters fitted to them."""
    lines = customs(plant, campaigns([d.lines for d in days]))
    own = _habits(_paced(plant, fitted), fitted)
    parameters: dict[str, Known] = {}
    mix: dict[str, Mapping[int, float]] = {}
    for line, custom in lines.items():
        shares = {c: s for c, s in custom.mix.items() if run_s(plant, line, c) > 0.0}
        if shares:
            mix[line] = shares
            parameters |= _lots(own, line, custom)
    return Customary(own, lines, mix, {}, parameters)


def _lots(plant: Plant, line: str, custom: Custom) -> dict[str, Known]:
    """Parts in a lot, and what is left of the present one.

    The model draws lots by their product's share, so that one in sum(share^2) is of the same product again and needs no
    set-up; lots are made so much smaller than orders that changes of product come as often as they did.
    """
    again = sum(share**2 for share in custom.mix.values())
    pace = sum(share * run_s(plant, line, code) for code, share in custom.mix.items())
    order = max(1.0, custom.order_h * 3600.0 / pace)
    left, left_sd = custom.left()
    now = run_s(plant, line, custom.product) or pace
    return {
        f"{line}.lot_parts": Known(float(max(1, round(order * (1.0 - again)))), 0.0, "calibration"),
        f"{line}.lot_left_parts": Known(left * 3600.0 / now, left_sd * 3600.0 / now, "calibration"),
    }


_WORDS = {code: name for code, name in STATE_NAMES.items() if code in RESTS}
_ALONE = 0.85
"""A station that works on so much of what passes its line shares it with nobody."""


def _habits(plant: Plant, fitted: Mapping[str, Known]) -> Plant:
    """The plant with the states in which stations really wait, and without sharing where none was seen."""
    elements = []
    for element in plant.elements:
        facts: dict[str, Any] = dict(element.kind_facts)
        for name in ("rest_break", "rest_free"):
            known = fitted.get(f"{element.id}.{name}_state")
            if known is not None:
                facts[name] = _WORDS[int(known.value)]
        share = fitted.get(f"{element.id}.side_by_side_share")
        if share is not None and facts.get("side_by_side") in (True, "true"):
            facts["side_by_side"] = "false" if share.value >= _ALONE else "true"
        elements.append(replace(element, kind_facts=facts))
    return replace(plant, elements=tuple(elements))


def _paced(plant: Plant, fitted: Mapping[str, Known]) -> Plant:
    """The plant with the time of a part as it is, and not as it was planned."""
    products = []
    for product in plant.products:
        real = {
            place: fitted[name].value
            for place in product.planned_run_s
            if (name := f"{place}.run_s_{product.code}") in fitted
        }
        products.append(replace(product, planned_run_s={**product.planned_run_s, **real}))
    return replace(plant, products=tuple(products))
