"""What the twin itself costs the world: its energy, and the carbon of it by the plant's grid factor, hour by hour.

Both are parts of the site's electricity and of its scope 2, told beside them; no sum takes them in a second time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from ecotwin.accounting import factors
from ecotwin.accounting.amounts import attempt, measure, settle
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.purchased import bought, site_signals
from ecotwin.accounting.steps import Steps
from ecotwin.errors import FactorGap
from ecotwin.plant.model import Plant, Signal
from ecotwin.plant.own import MEANS
from ecotwin.records import Input, Measure

METHOD = (
    "twin/1: CPU time x power model of the computer; part of the site's electricity, not beside it"
)


class OwnUse(Family):
    """`energy.twin` and `ghg.twin`."""

    name = "twin"
    indicators = ("energy.twin", "ghg.twin")

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """The signal of the twin's own energy, at the place where it stands."""
        return tuple(s for s in plant.signals_of(element) if s.means == MEANS)

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """The site's meters, which tell what was bought."""
        del element
        return site_signals(plant)

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """What of it was bought [kWh], and its location-based emission [kgCO2e]."""
        share, _, _ = bought(steps)
        own = self.signals(steps.plant, element)
        kwh = steps.sum_of([(1.0, s) for s in own]) * share
        sums = {"bought": float(kwh.sum())}
        hourly = factors.grid_hourly(steps.plant)
        if not isinstance(hourly, FactorGap):
            by_step = np.asarray(hourly)[steps.local_hour.astype(np.int64)]
            sums["location"] = float((kwh * by_step).sum())
        return sums

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Energy, then carbon."""
        return attempt([partial(_energy, plant, tally), partial(_carbon, plant, tally)])


def _terms(plant: Plant, tally: Tally) -> list[tuple[float, Signal]]:
    return [(1.0, s) for s in plant.signals_of(tally.element) if s.means == MEANS]


def _energy(plant: Plant, tally: Tally) -> Measure:
    amount = settle(tally.sums, _terms(plant, tally))
    return measure(tally, "energy.twin", "kWh", amount, method=METHOD)


def _carbon(plant: Plant, tally: Tally) -> Measure:
    amount = settle(tally.sums, _terms(plant, tally))
    factor = factors.required(factors.grid_location(plant))
    kwh, value = tally.sums["bought"] * amount.scale, tally.sums["location"] * amount.scale
    amount = replace(
        amount,
        inputs=(Input("bought electricity", kwh, "kWh", "", amount.coverage), *amount.inputs),
    )
    return measure(
        tally,
        "ghg.twin",
        "kgCO2e",
        amount,
        method="twin/1: its bought electricity x grid factor, location-based; part of scope 2",
        value=value,
        relative=factor.uncertainty,
        factors=(factor,),
    )


plug = OwnUse()
