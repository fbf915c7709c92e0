"""Base loads that nobody meters, from the flow graph: what flowed in less what machines took, in work and in free time.

Each hour is one observation; the mean over hours is known to its spread by the root of their number, where neighbouring
hours count as one in four.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.calibration.contract import Evidence
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import Observed, meters
from ecotwin.simulation.surroundings import FREE

_QUANTITY = {"heat": "heat_kwh", "cold": "cold_kwh", "electricity": "electricity_kwh"}
_ALIKE_H = 4.0
_LEAST_H = 3.0


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """By carrier and element [2, 3]: hours, their sum and sum of squares [kW], in work and in free time."""
        found = {}
        block = round(3600 / seen.window.step_s)
        hours = len(seen.at) // block
        free = (seen.kind[: hours * block].reshape(hours, block) == FREE).mean(axis=1)
        for carrier, place in _nodes(seen.plant):
            rest = _rest(seen, carrier, place)[: hours * block].reshape(hours, block).sum(axis=1)
            sums = np.zeros((2, 3))
            for row, here in enumerate((free < 0.2, free > 0.8)):
                kw = rest[here & np.isfinite(rest)]
                sums[row] = len(kw), kw.sum(), (kw**2).sum()
            found[f"{carrier}/{place}"] = sums
        return found

    def fit(
        self, _plant: Plant, evidence: Evidence, _fitted: Mapping[str, Known]
    ) -> dict[str, Known]:
        """`<carrier>_rest_work_kw` and `<carrier>_rest_free_kw` of elements."""
        found = {}
        for name, sums in evidence.items():
            carrier, _, place = name.partition("/")
            for when, (n, total, square) in zip(("work", "free"), sums, strict=True):
                if n >= _LEAST_H:
                    mean = total / n
                    sd = np.sqrt(max(square / n - mean**2, 0.0) / (n / _ALIKE_H))
                    value = max(0.0, float(mean))
                    found[f"{place}.{carrier}_rest_{when}_kw"] = Known(
                        value, min(float(sd), value), "calibration"
                    )
        return found


plug = _Plug()


def _nodes(plant: Plant) -> list[tuple[str, str]]:
    nodes = {
        (b.carrier, plant.site.id if b.carrier == "electricity" else b.element)
        for b in plant.balances
        if b.carrier in _QUANTITY
    }
    return sorted(nodes)


def _rest(seen: Observed, carrier: str, place: str) -> Floats:
    """[minutes] What flows in less what is metered behind; NaN where a meter is silent."""
    plant = seen.plant
    total = np.zeros(len(seen.at))
    if carrier == "electricity":
        for (machine, quantity), signal in meters(plant).items():
            sign = {"grid_import_kwh": 1.0, "made_kwh": 1.0, "grid_export_kwh": -1.0}.get(quantity)
            if (
                quantity == "electricity_kwh"
                and plant.element(machine).kind_facts.get("role") == "machine"
            ):
                sign = -1.0
            if sign is not None:
                total = total + sign * seen.window.amount[:, seen.window.column(signal.index)]
        return total
    for balance in plant.balances:
        if balance.carrier == carrier and balance.element == place:
            for sign, names in ((1.0, balance.inputs), (-1.0, balance.outputs)):
                for name in names:
                    if plant.has_signal(name):
                        column = seen.window.column(plant.signal(name).index)
                        total = total + sign * seen.window.amount[:, column]
    return total
