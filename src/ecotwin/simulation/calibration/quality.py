"""Share of parts that stations take out, from their counters of all and of good parts.

Binomial counts with a beta prior at the kind's share that weighs three hundred parts.

Sources: Gelman et al., Bayesian Data Analysis, 3rd ed., 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecotwin.plant import Plant
from ecotwin.simulation.calibration.contract import Evidence, nominal
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import Observed, stations

_PRIOR_PARTS = 300.0


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """By station [2]: parts, of these not good."""
        found = {}
        for line in seen.lines:
            for station in stations(seen.plant, line):
                n = seen.of(station.id)
                both = np.isfinite(seen.parts[:, n]) & np.isfinite(seen.good[:, n])
                if both.any():
                    parts, good = float(seen.parts[both, n].sum()), float(seen.good[both, n].sum())
                    found[station.id] = np.array([parts, max(0.0, parts - good)])
        return found

    def fit(
        self, plant: Plant, evidence: Evidence, _fitted: Mapping[str, Known]
    ) -> dict[str, Known]:
        """`scrap_share` of stations."""
        found = {}
        for machine, (parts, bad) in evidence.items():
            usual = nominal(plant, machine, "scrap_share")
            if usual is None:
                continue
            count = parts + _PRIOR_PARTS
            value = float((bad + _PRIOR_PARTS * usual) / count)
            sd = float(np.sqrt(value * (1.0 - value) / (count + 1.0)))
            found[f"{machine}.scrap_share"] = Known(value, sd, "calibration")
        return found


plug = _Plug()
