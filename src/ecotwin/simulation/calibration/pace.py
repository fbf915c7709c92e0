"""How fast lines run: time of a part of each product at the station that paces them, its variation, the day's end.

A minute tells of the pace when nothing in the line was down, being set up or switched off in the quarter of an hour up
to it, and nobody was away. Time by parts in such minutes is the time of a part, by product (`run_s_<code>` of the
line): it need not be in proportion to the planned time. The station whose kind has the largest `cycle_share` is held
to set the pace; the others keep their place behind it. Parts a minute scatter by cv^2 x mean (a renewal process) and
by 1/6 of a part, because counters show whole parts.

Sources: variance of a renewal count: Cox, Renewal Theory (1962), 4.5.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecotwin.plant import Plant
from ecotwin.plant.model import STATES
from ecotwin.records import Bools, Floats
from ecotwin.simulation.calibration.contract import Evidence, nominal
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import Observed, run_s, stations
from ecotwin.simulation.surroundings import WORK

_QUIET_MIN = 15
_TAIL_MIN = 30
_LEAST_MIN = 30.0
_PRIOR_MIN = 60.0
_PRODUCTS = 32
_WHOLE_PARTS = 1.0 / 6.0


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """By line [products, 3]: minutes, parts, parts squared; [2, 30]: parts fed and minutes by time to the end."""
        found: dict[str, Floats] = {}
        codes = [p.code for p in seen.plant.products[:_PRODUCTS]]
        for n, line in enumerate(seen.lines):
            members = stations(seen.plant, line)
            inside = [seen.of(s.id) for s in members]
            pace = seen.of(_paces(seen.plant, line))
            quiet = _quiet(seen, inside)
            sums = np.zeros((len(codes), 3))
            for k, code in enumerate(codes):
                here = quiet & (seen.product[:, n] == code) & np.isfinite(seen.parts[:, pace])
                parts = seen.parts[here, pace]
                sums[k] = len(parts), parts.sum(), (parts**2).sum()
            found[line] = sums
            found[f"{line}/tail"] = _tail(seen, inside[0])
        return found

    def fit(
        self, plant: Plant, evidence: Evidence, _fitted: Mapping[str, Known]
    ) -> dict[str, Known]:
        """`run_s_<code>` and `wind_down_min` of lines, `cycle_share` and `cycle_cv` of stations."""
        found: dict[str, Known] = {}
        codes = [p.code for p in plant.products[:_PRODUCTS]]
        for line in (e.id for e in plant.elements if e.id in evidence):
            sums = evidence[line]
            seconds = np.array([run_s(plant, line, c) for c in codes])
            found |= _shares(plant, line, sums, codes, seconds)
            tail = evidence[f"{line}/tail"]
            ends = tail[1, 0]
            if ends >= 3.0:
                usual = float(tail[0].max()) / ends
                fed = tail[0] / np.maximum(tail[1], 1.0) > 0.2 * usual
                idle = int(np.argmax(fed)) if fed.any() else _TAIL_MIN
                found[f"{line}.wind_down_min"] = Known(float(idle), 0.0, "calibration")
        return found


plug = _Plug()


def _paces(plant: Plant, line: str) -> str:
    """The station with the longest cycle by its kind; of several the first."""
    return max(stations(plant, line), key=lambda s: nominal(plant, s.id, "cycle_share") or 1.0).id


def _quiet(seen: Observed, inside: list[int]) -> Bools:
    """[minutes] Nothing happened in the line in the last quarter of an hour, and people were there."""
    codes = seen.codes[:, inside]
    running = ((codes == STATES["idle"]) | (codes == STATES["busy"])).all(axis=1)
    running &= seen.kind == WORK
    product = seen.product[
        :,
        [
            k
            for k, s in enumerate(seen.lines)
            if seen.of(stations(seen.plant, s)[0].id) == inside[0]
        ],
    ]
    running[1:] &= (product[1:] == product[:-1]).all(axis=1)
    count = np.cumsum(np.concatenate([[0], running]))
    quiet = np.zeros(len(running), bool)
    quiet[_QUIET_MIN:] = count[_QUIET_MIN + 1 :] - count[1:-_QUIET_MIN] == _QUIET_MIN
    return quiet


def _tail(seen: Observed, first: int) -> Floats:
    """[2, 30] Parts fed, and minutes seen, by whole minutes before people go home."""
    out = np.zeros((2, _TAIL_MIN))
    work = seen.kind == WORK
    ends = np.flatnonzero(work[:-1] & ~work[1:] & (seen.pause_s[1:] > 5400.0))
    for end in ends.tolist():
        for k in range(min(_TAIL_MIN, int(end) + 1)):
            parts = seen.parts[end - k, first]
            if np.isfinite(parts):
                out[0, k] += parts
                out[1, k] += 1.0
    return out


def _shares(
    plant: Plant, line: str, sums: Floats, codes: list[int], seconds: Floats
) -> dict[str, Known]:
    by_kind = {s.id: nominal(plant, s.id, "cycle_share") or 1.0 for s in stations(plant, line)}
    slowest = max(by_kind.values())
    minutes, parts = float(sums[:, 0].sum()), float(sums[:, 1].sum())
    if minutes < _LEAST_MIN or parts <= 0.0:
        return {}
    # How much slower than planned all products are together is what one that was hardly seen is held to be.
    slower = minutes * 60.0 / float((sums[:, 1] * seconds).sum())
    seen = sums[:, 0] > 5.0
    mean = sums[seen, 1] / sums[seen, 0]
    scatter = sums[seen, 2] / sums[seen, 0] - mean**2 - _WHOLE_PARTS
    weight = sums[seen, 0] / sums[seen, 0].sum()
    cv = float(np.sqrt(max(0.0, float(weight @ (scatter / np.maximum(mean, 1e-9))))))
    found = {}
    for k, code in enumerate(codes):
        if seconds[k] > 0.0:
            usual = slower * seconds[k]
            value = (sums[k, 0] + _PRIOR_MIN) * 60.0 / (sums[k, 1] + _PRIOR_MIN * 60.0 / usual)
            known = max(
                cv / np.sqrt(sums[k, 1] + 1.0), 0.1 * _PRIOR_MIN / (sums[k, 0] + _PRIOR_MIN)
            )
            found[f"{line}.run_s_{code}"] = Known(value, float(value * known), "calibration")
    for station, usual in by_kind.items():
        found[f"{station}.cycle_share"] = Known(
            usual / slowest, 0.0 if usual == slowest else 0.02, "calibration"
        )
        varies = nominal(plant, station, "cycle_cv")
        if varies is not None:
            found[f"{station}.cycle_cv"] = Known(min(varies, cv), 0.0, "calibration")
    return found
