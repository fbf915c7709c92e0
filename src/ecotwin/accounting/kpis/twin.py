"""What the twin itself costs the world: its energy, and the carbon of it by the plant's grid factor, hour by hour.

Both are parts of the site's electricity and of its scope 2, told beside them; no sum takes them in a second time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from ecotwin.accounting import factors
from ecotwin.accounting.amounts import Amount, attempt, measure
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.purchased import bought, site_signals
from ecotwin.accounting.steps import steps_of
from ecotwin.accounting.uncertainty import independent
from ecotwin.errors import FactorGap
from ecotwin.plant.model import Plant, Signal
from ecotwin.plant.own import MEANS
from ecotwin.records import Input, Measure, Window

METHOD = "twin/1: CPU time x power model of the computer while the twin ran; part of the site's electricity"

SILENT = (
    "the twin told nothing of its own energy. Expected: a reading each minute while it runs. "
    "What to do: take a period in which it ran."
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

    def tally(self, plant: Plant, element: str, window: Window) -> Tally:
        """Its energy, what of that was bought [kWh], and the location-based emission of that [kgCO2e].

        While the twin does not run it uses nothing and its index stands still: a silence here is no gap.
        """
        steps = steps_of(plant, window)
        own = tuple(self.signals(plant, element))
        if not any(np.isfinite(steps.raw(s, "amount")).any() for s in own):
            silent = {"silent_h": window.steps * steps.step_h} if own else {}
            return Tally(element, window.period, silent)
        sums = {f"{s.id}|kwh": float(np.nansum(steps.raw(s, "amount"))) for s in own}
        kwh = sum((np.nan_to_num(steps.raw(s, "amount")) for s in own), np.zeros(window.steps))
        share, _, _ = bought(steps)
        sums["bought"] = float((kwh * share).sum())
        hourly = factors.grid_hourly(plant)
        if not isinstance(hourly, FactorGap):
            by_step = np.asarray(hourly)[steps.local_hour.astype(np.int64)]
            sums["location"] = float((kwh * share * by_step).sum())
        return Tally(element, window.period, sums)

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Energy, then carbon."""
        if "bought" not in tally.sums:
            return [], [SILENT]
        return attempt([partial(_energy, plant, tally), partial(_carbon, plant, tally)])


def _amount(plant: Plant, tally: Tally) -> Amount:
    own = [s for s in plant.signals_of(tally.element) if s.means == MEANS]
    used = [tally.sums.get(f"{s.id}|kwh", 0.0) for s in own]
    inputs = tuple(Input(s.name, v, "kWh", s.id, 1.0) for s, v in zip(own, used, strict=True))
    half = independent(s.accuracy * v for s, v in zip(own, used, strict=True))
    return Amount(sum(used), half, 0.0, 1.0, 1.0, inputs)


def _energy(plant: Plant, tally: Tally) -> Measure:
    return measure(tally, "energy.twin", "kWh", _amount(plant, tally), method=METHOD)


def _carbon(plant: Plant, tally: Tally) -> Measure:
    amount = _amount(plant, tally)
    factor = factors.required(factors.grid_location(plant))
    kwh = Input("bought electricity", tally.sums["bought"], "kWh", "", 1.0)
    return measure(
        tally,
        "ghg.twin",
        "kgCO2e",
        replace(amount, inputs=(kwh, *amount.inputs)),
        method="twin/1: its bought electricity x grid factor, location-based; part of scope 2",
        value=tally.sums["location"],
        relative=factor.uncertainty,
        factors=(factor,),
    )


plug = OwnUse()
