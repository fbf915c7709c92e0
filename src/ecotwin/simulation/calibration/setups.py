"""How long a line stands for a change of product, and how many of its machines are set up at once.

The model's stations are set up one after the other, each when the first part of the new product reaches it; so the
line stands for the sum of their times. What is measured is that sum: minutes with any station in state `setup` by
changes of the line's product. It is shared among the stations as their kinds' times are, and shrunk to them by two
set-ups.
As many machines as were seen in set-up at once, so many people set up.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecotwin.plant import Plant
from ecotwin.simulation.calibration.contract import Evidence, nominal
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import SETUP, Observed, stations

_PRIOR_SETUPS = 2.0
_PRIOR_CV = 0.3
_AT_ONCE = 64
_LEAST_MIN = 3.0


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """By line [2]: changes, minutes with a station in set-up; and [64]: minutes with so many of them."""
        found = {}
        for n, line in enumerate(seen.lines):
            product = seen.product[:, n]
            known = product[product >= 0]
            changes = float((known[1:] != known[:-1]).sum())
            inside = [seen.of(s.id) for s in stations(seen.plant, line)]
            many = np.minimum((seen.codes[:, inside] == SETUP).sum(axis=1), _AT_ONCE - 1)
            found[line] = np.array([changes, float((many > 0).sum())])
            found[f"{line}/at_once"] = np.bincount(many, minlength=_AT_ONCE).astype(np.float64)
        return found

    def fit(
        self, plant: Plant, evidence: Evidence, _fitted: Mapping[str, Known]
    ) -> dict[str, Known]:
        """`setup_min` of stations, `operators` of lines."""
        found = {}
        for line in (e.id for e in plant.elements if e.id in evidence):
            changes, minutes = evidence[line]
            usual = {s.id: nominal(plant, s.id, "setup_min") or 0.0 for s in stations(plant, line)}
            total = sum(usual.values())
            often = np.flatnonzero(evidence[f"{line}/at_once"] >= _LEAST_MIN)
            if len(often) and often[-1] > 0:
                found[f"{line}.operators"] = Known(float(often[-1]), 0.0, "calibration")
            if changes < 1.0 or total <= 0.0:
                continue
            count = changes + _PRIOR_SETUPS
            scale = (minutes + _PRIOR_SETUPS * total) / count / total
            for station, value in usual.items():
                if value > 0.0:
                    sd = _PRIOR_CV * scale * value / np.sqrt(count)
                    found[f"{station}.setup_min"] = Known(scale * value, sd, "calibration")
        return found


plug = _Plug()
