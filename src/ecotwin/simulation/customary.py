"""What lines and machines are used to do: which products, in what lots and at what pace, and how machines wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ecotwin.plant import Plant
from ecotwin.simulation.calibration.evidence import DayFacts
from ecotwin.simulation.contract import Job, Known
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
    mix = {line: custom.mix for line, custom in lines.items() if custom.mix}
    return Customary(_paced(plant, fitted), lines, mix, {}, {})


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
