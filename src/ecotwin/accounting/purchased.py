"""Which part of the electricity was bought: the site's own making serves all its elements alike."""

from __future__ import annotations

import numpy as np

from ecotwin.accounting.amounts import use_terms
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.remembered import Remembered
from ecotwin.accounting.steps import Steps
from ecotwin.clock import HOUR
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Floats, Ints

Bought = tuple[Floats, Ints, Floats]


def own_making(plant: Plant) -> tuple[Signal, ...]:
    """Signals of what is made on site and what is delivered to the grid."""
    flows = flows_of(plant)
    return (*flows.generated, *flows.exported) if flows.generated else ()


def site_signals(plant: Plant) -> tuple[Signal, ...]:
    """Every signal that tells which part was bought."""
    use = flows_of(plant).use(plant.site.id, "electricity")
    return (*(t.signal for t in use.terms), *own_making(plant)) if use else own_making(plant)


def _work_out(steps: Steps) -> Bought:
    plant, flows = steps.plant, flows_of(steps.plant)
    at = steps.window.at // HOUR
    hour: Ints = np.searchsorted(np.unique(at), at).astype(np.int64)
    use = flows.use(plant.site.id, "electricity")
    used = steps.sum_of(use_terms(use)) if use else np.zeros(steps.window.steps)
    if not flows.generated:
        ones: Floats = np.ones(steps.window.steps)
        return ones, hour, _by_hour(hour, np.maximum(used, 0.0))
    made = steps.sum_of([(1.0, s) for s in flows.generated]) - steps.sum_of(
        [(1.0, s) for s in flows.exported]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Floats = np.where(used > 0.0, np.clip(1.0 - made / used, 0.0, 1.0), 1.0)
    return share, hour, _by_hour(hour, np.maximum(used, 0.0) * share)


def _by_hour(hour: Ints, values: Floats) -> Floats:
    summed: Floats = np.bincount(hour, values).astype(np.float64)
    return summed


bought = Remembered(_work_out, size=2)
"""[steps] share of the electricity that was bought, [steps] hour number, and [hours] bought by the site [kWh]."""
