"""How often machines fail and how long a repair takes, from their states.

Failures come at a constant rate of running time (minutes in which parts came, by the station's share of the pace),
repairs scatter as an exponential does; both means are shrunk to the kind's by a gamma prior: its mean running time
without a failure, and two repairs at its mean.

Sources: conjugate gamma prior of an exponential rate: Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecotwin.plant import Plant
from ecotwin.simulation.calibration.contract import Evidence, nominal
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import DOWN, Observed, stations

_PRIOR_FAILURES, _PRIOR_REPAIRS = 1.0, 2.0
_SHORT_MIN = 0.5
"""A repair begins and ends somewhere inside its first and last minute."""


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """By station [4]: failures, hours in which parts came, repairs seen whole, minutes of them."""
        found = {}
        for line in seen.lines:
            for station in stations(seen.plant, line):
                codes = seen.codes[:, seen.of(station.id)]
                begins, lengths = _runs(codes == DOWN)
                whole = [
                    n for b, n in zip(begins, lengths, strict=True) if b > 0 and b + n < len(codes)
                ]
                came = int((begins > 0).sum())
                hours = (
                    float((np.nan_to_num(seen.parts[:, seen.of(station.id)]) > 0.0).sum()) / 60.0
                )
                found[station.id] = np.array([came, hours, len(whole), float(sum(whole))])
        return found

    def fit(
        self, plant: Plant, evidence: Evidence, fitted: Mapping[str, Known]
    ) -> dict[str, Known]:
        """`mtbf_h` and `mttr_min` of stations that count parts."""
        found = {}
        for machine, (failures, hours, repairs, minutes) in evidence.items():
            usual_h, usual_min = (
                nominal(plant, machine, "mtbf_h"),
                nominal(plant, machine, "mttr_min"),
            )
            share = fitted.get(f"{machine}.cycle_share")
            cycle = share.value if share else nominal(plant, machine, "cycle_share") or 1.0
            if usual_h:
                count = failures + _PRIOR_FAILURES
                value = (hours * cycle + _PRIOR_FAILURES * usual_h) / count
                found[f"{machine}.mtbf_h"] = Known(value, value / np.sqrt(count), "calibration")
            if usual_min:
                count = repairs + _PRIOR_REPAIRS
                value = (minutes + _PRIOR_REPAIRS * usual_min) / count
                found[f"{machine}.mttr_min"] = Known(value, value / np.sqrt(count), "calibration")
        return found


plug = _Plug()


def _runs(flag: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Begins and lengths of the stretches in which a flag is set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flag, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2] - edges[::2]
