"""The model tried on days that it had not seen: foretold from the state at their begin, held against what came.

A day's case uses only what was known before it: parameters fitted to earlier days, the image at its begin, a weather
outlook from earlier weather. What comes of it feeds two figures: `spread` (how far days lie from the runs) and
`fidelity` (how well hours are tracked).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.records import Floats
from ecotwin.simulation.calibration.evidence import DayFacts
from ecotwin.simulation.compared import Key, modelled, shared
from ecotwin.simulation.contract import Case, Outcome
from ecotwin.simulation.engine import Watch, run
from ecotwin.simulation.fidelity import Fidelity, compare
from ecotwin.simulation.observed import meters
from ecotwin.simulation.spread import Held, Spread
from ecotwin.simulation.surroundings import WORK, calendar

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Tried:
    """A day foretold and measured.

    Attributes:
        held: Figures of the whole day. hourly: Machine's figure -> (measured, mean of the runs) by the hour.
    """

    held: Held
    hourly: Mapping[Key, tuple[Floats, Floats]]


def work_hours(case: Case) -> float:
    """Planned hours of work in a case's span."""
    kind = calendar(case.plant, case.start, case.steps, case.step_s)["kind"]
    return float((kind == WORK).sum()) * case.step_s / _HOUR_S


def hourly_pairs(case: Case) -> tuple[Key, ...]:
    """Figures that are compared by the hour: whatever a machine's own meter tells."""
    return tuple(sorted(meters(case.plant)))


def foretell(case: Case, watch: Watch | None = None) -> Outcome:
    """Run a case with the hours of every metered machine kept."""
    return run(case, watch=watch, series=hourly_pairs(case))


def tried(case: Case, outcome: Outcome, day: DayFacts) -> Tried:
    """A day's outcome beside what was measured; both must cover the same span, in bins of an hour."""
    told = modelled(outcome)
    figures = {
        key: (day.figures[key], float(told[key].mean()), float(told[key].std()))
        for key in shared(day.figures, told)
    }
    hourly = {
        key: (day.hourly[key], outcome.series[key].mean(axis=0)[: len(day.hourly[key])])
        for key in outcome.series
        if key in day.hourly
    }
    held = Held(day.period.start_us, work_hours(case), case.hours, figures)
    return Tried(held, hourly)


def spread_of(days: Sequence[Tried]) -> Spread:
    """What tried days say of the spread, in the order of time."""
    return Spread(tuple(d.held for d in sorted(days, key=lambda d: d.held.start)))


def fidelity_of(days: Sequence[Tried], at: int) -> Fidelity:
    """What tried days say of how well the model tracks the plant."""
    pairs: dict[Key, tuple[Floats, Floats]] = {}
    ordered = sorted(days, key=lambda d: d.held.start)
    for key in sorted({k for d in ordered for k in d.hourly}):
        parts = [d.hourly[key] for d in ordered if key in d.hourly]
        pairs[key] = (np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
    return compare(at, [d.held.start for d in ordered], pairs)
