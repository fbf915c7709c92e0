"""One day of history as the model's calibration remembers it, and all fitters over many days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ecotwin import plugs
from ecotwin.clock import Period
from ecotwin.plant import Plant
from ecotwin.records import Floats, Window
from ecotwin.simulation.calibration.contract import Evidence, Fitter, added
from ecotwin.simulation.compared import Key, measured
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import by_hour, observe
from ecotwin.simulation.state import LineMinutes, line_minutes
from ecotwin.simulation.weather_ahead import Seen, seen


@dataclass(frozen=True)
class DayFacts:
    """What is kept of a stretch of minutes, a day as a rule.

    Attributes:
        period: Which. evidence: Fitter -> its sums. weather: By the quarter of an hour. lines: What entered the lines.
        figures: Measured figures of the whole stretch. hourly: The same meters by the hour.
    """

    period: Period
    evidence: Mapping[str, Evidence]
    weather: Seen
    lines: Mapping[str, LineMinutes]
    figures: Mapping[Key, float]
    hourly: Mapping[Key, Floats]


def fitters() -> dict[str, Fitter]:
    """Every fitter by name; they work in the order of their names, what paces a line before what depends on it."""
    found = plugs.load_all("simulation.calibration")
    return dict(sorted(found.items(), key=lambda item: (item[0] != "pace", item[0])))


def facts_of(plant: Plant, window: Window) -> DayFacts:
    """What is worth keeping of a window of minutes that holds every signal."""
    seen_minutes = observe(plant, window)
    return DayFacts(
        window.period,
        {name: fitter.gather(seen_minutes) for name, fitter in fitters().items()},
        seen(plant, window),
        line_minutes(seen_minutes),
        measured(plant, window),
        by_hour(plant, window),
    )


def calibrate(plant: Plant, days: Sequence[DayFacts]) -> dict[str, Known]:
    """Parameters "machine.name" that the evidence of days tells, with what is not known of them."""
    found: dict[str, Known] = {}
    for name, fitter in fitters().items():
        total = added([d.evidence[name] for d in days if name in d.evidence])
        if total:
            found |= fitter.fit(plant, total, found)
    return found
