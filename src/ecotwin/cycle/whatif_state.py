"""What a what-if begins with: the plant as it stands now, or stood at any past instant, and what was known then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from ecotwin.clock import Period, days_of, micros
from ecotwin.errors import ScenarioFault
from ecotwin.history.contract import Store
from ecotwin.plant import Plant
from ecotwin.simulation import weather_ahead
from ecotwin.simulation.assimilation import Recorded, assimilate
from ecotwin.simulation.backtest import Tried, foretell, tried
from ecotwin.simulation.calibration.evidence import DayFacts, calibrate, facts_of
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.contract import Case, Known
from ecotwin.simulation.customary import Customary, customary
from ecotwin.simulation.engine import Watch
from ecotwin.simulation.observed import by_hour, drawn_by_lines, observe
from ecotwin.simulation.state import from_live
from ecotwin.simulation.surroundings import Weather

DAYS = 28
"""Days of history that calibration looks back on."""
_RECENT = timedelta(hours=26)
_KEPT = 64
FITTED_DAYS, FITTED_RUNS, FITTED_STEP_S = 4, 160, 300.0
"""Days, runs and step [s] over which utilities are fitted."""
TRIED_STEP_S = 300.0
"""Step of the days that the model is tried on: lines are played part by part whatever the step."""
_SEED = 4_040_404


@dataclass(frozen=True)
class Learned:
    """What the days before an instant say of the model.

    Attributes:
        until: The instant. days: What was read of them, the oldest first. parameters: "machine.name" -> what is known.
        customary: What lines and machines are used to do.
    """

    until: datetime
    days: tuple[DayFacts, ...]
    parameters: Mapping[str, Known]
    customary: Customary


class Past:
    """Reads the history for the model; each day is read once.

    Args:
        plant: The plant. store: Its history.
    """

    def __init__(self, plant: Plant, store: Store) -> None:
        self.plant = plant
        self._store = store
        self._all = tuple(range(len(plant.signals)))
        self._days: OrderedDict[tuple[int, int], DayFacts] = OrderedDict()
        self._lock = Lock()
        self.fit: tuple[datetime, Mapping[str, Known]] | None = None
        """Until which day utilities were fitted, and what was found; runs from then on begin with it."""

    def facts(self, period: Period) -> DayFacts:
        """What is worth keeping of a stretch of minutes."""
        place = (period.start_us, period.end_us)
        with self._lock:
            if place in self._days:
                self._days.move_to_end(place)
                return self._days[place]
        found = facts_of(self.plant, self._store.window(self._all, period, 60))
        with self._lock:
            self._days[place] = found
            while len(self._days) > _KEPT:
                self._days.popitem(last=False)
        return found

    def forget(self) -> None:
        """Read anew: recorded or late data has come in."""
        with self._lock:
            self._days.clear()

    def days(self, until: datetime, most: int = DAYS) -> list[Period]:
        """Whole local days before an instant that the history holds, the newest `most`."""
        span = self._store.span()
        if span is None or span.start >= until:
            return []
        start = max(span.start, until - timedelta(days=most + 1))
        whole = []
        for day in days_of(Period(start, until), self.plant.zone):
            # The first sample of a record stands one step after its begin.
            if (
                day.end <= until
                and day.start + timedelta(minutes=5) >= span.start
                and day.hours >= 22.9
            ):
                whole.append(day)
        return whole[-most:]

    def learned(self, until: datetime, most: int = DAYS) -> Learned:
        """What the days before an instant say; only they are looked at."""
        parts = [self.facts(day) for day in self.days(until, most)]
        span = self._store.span()
        last = parts[-1].period.end if parts else span.start if span else until
        begin = last.replace(second=0, microsecond=0)
        end = until.replace(second=0, microsecond=0)
        if span is not None and end > begin and span.start < end:
            parts.append(self.facts(Period(begin, end)))
        fitted = calibrate(self.plant, parts)
        return Learned(until, tuple(parts), fitted, customary(self.plant, parts, fitted))

    def assimilated(
        self,
        until: datetime,
        learned: Learned,
        *,
        days: int = FITTED_DAYS,
        runs: int = FITTED_RUNS,
        rest: Callable[[], bool] = lambda: True,
    ) -> Mapping[str, Known]:
        """Parameters of utilities, fitted to the last whole days before an instant; none without such days.

        Args:
            until: The instant. learned: What formulas tell of the days before it. days, runs: How many.
            rest: Called now and then; False stops, and nothing is found.
        """
        span = self._store.span()
        # A record's very first day has no image at its begin.
        known = [d for d in self.days(until, days) if span is not None and d.start > span.start]
        if not known:
            return {}
        period = Period(known[0].start, known[-1].end)
        window = self._store.window(self._all, period, 60)
        seen = observe(self.plant, window)
        case = self.case(
            period.start, period.hours, runs=runs, seed=_SEED, learned=learned, step_s=FITTED_STEP_S,
            bin_s=3600.0, weather=weather_ahead.measured(
                weather_ahead.seen(self.plant, window), period.start, period.hours, FITTED_STEP_S
            ),
        )  # fmt: skip
        return assimilate(
            case, Recorded(*drawn_by_lines(seen, FITTED_STEP_S)), by_hour(self.plant, window), rest
        )

    def case(
        self,
        at: datetime,
        hours: float,
        *,
        runs: int,
        seed: int,
        weather: Weather | None = None,
        learned: Learned | None = None,
        fitted: Mapping[str, Known] | None = None,
        step_s: float = 60.0,
        bin_s: float = 900.0,
    ) -> Case:
        """Do nothing: the plant goes on from an instant as it stands and as it is used to.

        Args:
            at: Now, or any past instant of the history: only what was measured before it is used. hours: Span [h].
            runs, seed: How many, and which. weather: A given one; None: as the days before let expect.
            learned: What is known; None: it is worked out from the days before `at`. fitted: What `assimilated`
                found before; it stands behind what formulas tell; None: `fit`, if it was made before `at`.
            step_s, bin_s: See `Case`.

        Raises:
            ScenarioFault: The history holds nothing before `at`.
        """
        span = self._store.span()
        if span is None or at <= span.start:
            raise ScenarioFault(
                f"the history holds nothing before {at:%Y-%m-%d %H:%M}Z",
                expected=f"an instant after {span.start:%Y-%m-%d %H:%M}Z" if span else "data",
                remedy="start from a later instant, or bring recorded history in",
            )
        known = self.learned(at) if learned is None else learned
        if fitted is None and self.fit is not None and self.fit[0] <= at:
            fitted = self.fit[1]
        minute = at.replace(second=0, microsecond=0)
        recent = observe(
            self.plant,
            self._store.window(self._all, Period(max(span.start, minute - _RECENT), minute), 60),
        )
        image = from_live(self.plant, self._store.image(at), recent)
        if weather is None:
            seen = weather_ahead.joined([d.weather for d in known.days])
            outlook = weather_ahead.outlook(seen, at)
            weather = weather_ahead.ahead(outlook, at, hours, step_s, Chance(seed, 0, runs))
            image = replace(image, unknown=(*image.unknown, *outlook.unknown))
        return Case(
            known.customary.plant,
            at,
            hours,
            runs,
            seed,
            weather,
            step_s,
            parameters={**(fitted or {}), **known.customary.parameters, **known.parameters},
            mix=known.customary.mix,
            jobs=known.customary.jobs,
            image=image,
            bin_s=bin_s,
        )

    def try_day(
        self,
        day: Period,
        *,
        runs: int,
        seed: int,
        fitted: Mapping[str, Known] | None = None,
        watch: Watch | None = None,
    ) -> Tried:
        """A past day foretold from its begin with what was known then, beside what was measured."""
        case = self.case(
            day.start, day.hours, runs=runs, seed=seed ^ (micros(day.start) // 10**6), fitted=fitted,
            step_s=TRIED_STEP_S, bin_s=3600.0,
        )  # fmt: skip
        return tried(case, foretell(case, watch), self.facts(day))
