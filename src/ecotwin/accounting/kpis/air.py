"""What goes up the stacks: running masses first, else concentration x flue-gas flow.

Concentrations and flows are those of dry gas at 273.15 K and 101.3 kPa; NO counts as NO2 (x 46/30). A mass needs no
reference oxygen: the correction belongs to limits (`accounting/permits.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from ecotwin.accounting.amounts import attempt, measure, settle, tally_signals
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.environment import nox_as_no2
from ecotwin.accounting.family import Family
from ecotwin.accounting.steps import Steps, steps_of
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Floats, Measure, Window

_POLLUTANTS = {
    "nox": ("nox_mass", "nox_concentration", "no_concentration"),
    "co": ("co_mass", "co_concentration"),
    "sox": ("so2_mass", "so2_concentration"),
    "pm": ("pm_mass", "pm_concentration"),
    "voc": ("voc_mass", "voc_concentration"),
}
"""Pollutant -> the running mass and the concentrations that tell it, the better first."""
_AS_NO2 = {"no_concentration": nox_as_no2(1.0)}
"""What a measured concentration is multiplied by."""


class Air(Family):
    """`air.nox` (as NO2), `air.co`, `air.sox` (as SO2), `air.pm` and `air.voc`."""

    name = "air"
    indicators = ("air.nox", "air.co", "air.sox", "air.pm", "air.voc")

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Running masses at or below the element."""
        return [s for means, *_ in _POLLUTANTS.values() for s in plant.all_of(element, means)]

    def needs(self, plant: Plant, element: str) -> tuple[int, ...]:
        """Running masses, concentrations and flows."""
        pairs = [p for pollutant in _POLLUTANTS for p in _pairs(plant, element, pollutant)]
        wanted = {s.index for s in self.signals(plant, element)} | {
            s.index for pair in pairs for s in pair
        }
        return tuple(sorted(wanted))

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Masses of stacks without a running mass: concentration x flow, under a name of their own."""
        sums: dict[str, float] = {}
        for pollutant in _POLLUTANTS:
            for concentration, flow in _pairs(steps.plant, element, pollutant):
                sums |= _product(steps, concentration, flow)
        return sums

    def tally(self, plant: Plant, element: str, window: Window) -> Tally:
        """Additive sums over the window."""
        steps = steps_of(plant, window)
        return Tally(
            element,
            window.period,
            {**tally_signals(steps, self.signals(plant, element)), **self.own_sums(steps, element)},
        )

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """One figure a pollutant that is measured here."""
        return attempt([partial(_emitted, plant, tally, pollutant) for pollutant in _POLLUTANTS])


def _pairs(plant: Plant, element: str, pollutant: str) -> list[tuple[Signal, Signal]]:
    mass, *concentrations = _POLLUTANTS[pollutant]
    found = []
    for e in plant.under(element):
        told = (plant.find(e.id, means) for means in concentrations)
        measured, flow = next(filter(None, told), None), plant.find(e.id, "flue_flow")
        if measured and flow and plant.find(e.id, mass) is None:
            found.append((measured, flow))
    return found


def _virtual(concentration: Signal, flow: Signal) -> Signal:
    accuracy = math.hypot(concentration.accuracy, flow.accuracy)
    return replace(
        concentration,
        sensed=concentration.sensed or flow.sensed,
        id=f"{concentration.id} x {flow.id}",
        form="rate",
        unit="kg/h",
        accuracy=accuracy,
    )


def _product(steps: Steps, concentration: Signal, flow: Signal) -> dict[str, float]:
    mg_per_m3, m3_per_h = steps.raw(concentration, "mean"), steps.raw(flow, "mean")
    measured = np.minimum(_share(steps, concentration, "covered"), _share(steps, flow, "covered"))
    both = np.minimum(_known(steps, concentration), _known(steps, flow))
    factor = _AS_NO2.get(concentration.means, 1.0) * steps.step_h / 1e6
    rate = np.nan_to_num(mg_per_m3 * m3_per_h) * factor
    name = _virtual(concentration, flow).id
    total = steps.window.steps * steps.step_h
    sums = {
        f"{name}|measured": float((rate * measured).sum()),
        f"{name}|covered": float(measured.sum()) * steps.step_h,
        f"{name}|total": total,
    }
    told = both - measured
    if told.any():
        sums[f"{name}|estimated"] = float((rate * told).sum())
        sums[f"{name}|filled"] = float(told.sum()) * steps.step_h
    return sums


def _share(steps: Steps, signal: Signal, name: str) -> Floats:
    """[steps] a share of each step, 0 where nothing is known."""
    return np.nan_to_num(steps.raw(signal, name))


def _known(steps: Steps, signal: Signal) -> Floats:
    """[steps] share of each step that carries a mass: what was measured, and of a soft sensor what it told."""
    covered = _share(steps, signal, "covered")
    told = 0.0 if signal.sensed is None else _share(steps, signal, "estimated")
    return np.minimum(covered + told, 1.0)


def _emitted(plant: Plant, tally: Tally, pollutant: str) -> Measure | None:
    terms = [(1.0, s) for s in plant.all_of(tally.element, _POLLUTANTS[pollutant][0])]
    pairs = _pairs(plant, tally.element, pollutant)
    terms += [(1.0, _virtual(c, f)) for c, f in pairs]
    if not terms:
        return None
    method = (
        "air/2: running mass"
        if not pairs
        else "air/2: running mass, else concentration x dry flue-gas flow"
    )
    return measure(tally, f"air.{pollutant}", "kg", settle(tally.sums, terms), method=method)


plug = Air()
