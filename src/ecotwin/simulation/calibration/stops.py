"""How often machines fail and how long a repair takes, from their states.

Failures come at a constant rate of running time (minutes in which parts came, by the station's share of the pace), and
repairs scatter as an exponential does. How often a single machine fails shows only after weeks; how often all machines
of the plant fail against what their kinds say shows in days. So each machine is shrunk, with a gamma prior worth one
failure, to its kind's time by the plant's factor; repairs alike, worth two. A mean time is drawn as a normal, so its
spread is cut at a third of it.

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
_WIDEST = 1.0 / 3.0


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
        rows = []
        for machine, (failures, hours, repairs, minutes) in evidence.items():
            share = fitted.get(f"{machine}.cycle_share")
            cycle = share.value if share else nominal(plant, machine, "cycle_share") or 1.0
            usual = (
                nominal(plant, machine, "mtbf_h") or 0.0,
                nominal(plant, machine, "mttr_min") or 0.0,
            )
            rows.append((machine, failures, hours * cycle, repairs, minutes, *usual))
        expected = sum(run / mtbf for _, _, run, _, _, mtbf, _ in rows if mtbf)
        seen = sum(n for _, n, _, _, _, mtbf, _ in rows if mtbf)
        rate = (seen + 1.0) / (expected + 1.0)
        longer = (sum(r[4] for r in rows) + 1.0) / (sum(r[3] * r[6] for r in rows) + 1.0)
        found = {}
        for machine, failures, run, repairs, minutes, mtbf, mttr in rows:
            if mtbf:
                count = failures + _PRIOR_FAILURES
                found[f"{machine}.mtbf_h"] = _known(
                    (run + _PRIOR_FAILURES * mtbf / rate) / count, count
                )
            if mttr:
                count = repairs + _PRIOR_REPAIRS
                value = (minutes + _PRIOR_REPAIRS * mttr * longer) / count
                found[f"{machine}.mttr_min"] = _known(value, count)
        return found


plug = _Plug()


def _runs(flag: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Begins and lengths of the stretches in which a flag is set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flag, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2] - edges[::2]


def _known(value: float, count: float) -> Known:
    return Known(value, value * min(_WIDEST, 1.0 / np.sqrt(count)), "calibration")
