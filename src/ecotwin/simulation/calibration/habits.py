"""How stations wait and how they stand: their state in breaks and in free time, one after the other or side by side.

What a machine kind says in a word is kept here as a number, so that it is one of the parameters: `rest_break_state` and
`rest_free_state` are codes of machine states, `side_by_side_share` is the share of its kind's parts in the line that
a station works on: near 1 when each works on every part, near 1 / n when n of them share. `customary` turns them into
the plant's words again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecotwin.plant import Plant
from ecotwin.plant.model import STATES
from ecotwin.simulation.calibration.contract import Evidence
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import Observed, stations
from ecotwin.simulation.surroundings import BREAK, FREE

RESTS = tuple(STATES[s] for s in ("off", "standby", "idle"))
_LONG_S = 5400.0
_EDGE_MIN = 60
_LEAST_MIN = 10.0
_LEAST_PARTS = 50.0


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """By station [2, 8]: minutes by state in breaks and deep in free time; last its parts, its line's most."""
        found = {}
        pause = seen.kind == BREAK
        free = _inside((seen.kind == FREE) & (seen.pause_s > _LONG_S))
        for line in seen.lines:
            members = stations(seen.plant, line)
            made = {s.id: float(np.nansum(seen.parts[:, seen.of(s.id)])) for s in members}
            for station in members:
                codes = seen.codes[:, seen.of(station.id)]
                sums = np.zeros((2, 8))
                for row, here in enumerate((pause, free)):
                    known = codes[here & (codes >= 0)]
                    sums[row, :7] = np.bincount(known, minlength=7)[:7]
                sums[0, 7], sums[1, 7] = made[station.id], max(made.values())
                found[station.id] = sums
        return found

    def fit(
        self, plant: Plant, evidence: Evidence, _fitted: Mapping[str, Known]
    ) -> dict[str, Known]:
        """`rest_break_state`, `rest_free_state`, `side_by_side_share` of stations."""
        found = {}
        for machine, sums in evidence.items():
            if "rest_free" in plant.element(machine).kind_facts:
                for row, name in enumerate(("rest_break_state", "rest_free_state")):
                    minutes = sums[row, list(RESTS)]
                    if minutes.sum() >= _LEAST_MIN:
                        usual = float(RESTS[int(np.argmax(minutes))])
                        found[f"{machine}.{name}"] = Known(usual, 0.0, "calibration")
            if sums[1, 7] >= _LEAST_PARTS:
                share = float(sums[0, 7] / sums[1, 7])
                found[f"{machine}.side_by_side_share"] = Known(share, 0.0, "calibration")
        return found


plug = _Plug()


def _inside(flag: np.ndarray) -> np.ndarray:
    """Minutes of a stretch that are not within an hour of its ends; the window's own ends count as ends."""
    count = np.cumsum(np.concatenate([[0], flag.astype(np.int64)]))
    out = np.zeros(len(flag), bool)
    wide = 2 * _EDGE_MIN
    if len(flag) > wide:
        out[_EDGE_MIN:-_EDGE_MIN] = (count[wide:-1] - count[: -wide - 1]) == wide
    return out
