"""Values that no analyser measures, told live: soft sensors of the plant file's `sensed` signals.

Each is learned from the stored past of its inputs and references once there are enough, tells every minute before it
closes, and is held to every reference that comes. What it tells enters the history as estimated, with its band kept
beside; where it refuses, the history has a gap and the reason is kept. Learning works in one thread of its own, at
the lowest priority; the cycle only tells. Replayed time learns on the spot, so that a replay is the same every time.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import structlog

from ecotwin.clock import MINUTE, Clock, instant, iso, micros
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.cycle.sensed_course import PIECE, Course, Made
from ecotwin.cycle.sensed_rows import Span
from ecotwin.cycle.take import Intake
from ecotwin.errors import EcotwinError
from ecotwin.history.contract import Document, Store
from ecotwin.plant import Plant
from ecotwin.records import Cleaned, Finding, Readings, Rejects, Score
from ecotwin.sensing.told import Told

log = structlog.get_logger("ecotwin")

KIND = "sensed"
"""Documents of this kind hold the band of each told hour, and why minutes were refused."""
LOWEST = 19
HOUR_US = 60 * MINUTE
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Ways:
    """What the sensors need of the twin.

    Attributes:
        flagged: Spans in which one of these signals was held for wrong. keep, kept: A state by its name.
        remember: Brings the image up to date. newest: Event time of a signal's newest reading [us UTC], 0 without.
    """

    flagged: Callable[[Sequence[str]], list[Span]]
    keep: Callable[[str, dict[str, Any]], None]
    kept: Callable[[str], dict[str, Any] | None]
    remember: Callable[[Readings], None]
    newest: Callable[[int], int]


class Sensing:
    """All told signals of a plant.

    Args:
        plant: The plant. store: History. ways: Into the twin.
        behind: Learn in a thread beside the cycle; else on the spot.
    """

    def __init__(self, plant: Plant, store: Store, ways: Ways, *, behind: bool) -> None:
        self._store, self._ways = store, ways
        self.courses = {s.id: Course(plant, s, store) for s in plant.signals if s.sensed}
        self._worker = (
            ThreadPoolExecutor(1, "sensing", initializer=_step_back)
            if behind and self.courses
            else None
        )
        self._stop = threading.Event()
        self._jobs: dict[str, Future[Made | None]] = {}
        self._until = 0
        self._unkept: list[Readings] = []
        self._hours: dict[str, dict[int, dict[str, Any]]] = {i: {} for i in self.courses}
        self._said: list[Score] = []
        self._untrue: set[str] = set()
        for name, course in self.courses.items():
            self._bring_back(name, course)

    # --- the cycle ------------------------------------------------------------------------------------------

    def tick(self, watermark: datetime, first: datetime, now: datetime) -> None:
        """Tell every minute that ends at or before the watermark and was not told; to be called before it closes.

        Args:
            watermark: Event time up to which data is held to be complete.
            first: Where telling begins when it has not begun yet. now: Plant time.
        """
        until = micros(watermark) // MINUTE * MINUTE
        if not self.courses or (until <= self._until and not self._jobs and not self._unkept):
            return
        self._until = max(self._until, until)
        for name, course in self.courses.items():
            self._adopt(name, course)
            if not course.told_until:
                course.told_until = self._begin_at(first)
            if course.told_until:
                self._advance(name, course, until)
        self._append(now)

    def _begin_at(self, first: datetime) -> int:
        """Where telling begins [us UTC]; 0 while nothing was recorded: a clock moved by hand may stand anywhere."""
        span = self._store.span()
        return 0 if span is None else max(micros(first), span.start_us) // MINUTE * MINUTE

    def _advance(self, name: str, course: Course, until: int) -> None:
        while course.told_until < until and not self._stop.is_set():
            moment = course.next_moment(course.told_until)
            end = min(until, moment, course.told_until + PIECE * MINUTE)
            start = course.told_until
            if course.made is None:
                if name in self._jobs:
                    return  # what is learned or brought back will tell these minutes, too
                course.told_until = end
            else:
                told, readings = course.advance(end)
                if told is not None:
                    self._unkept.append(readings)
                    self._note(name, course, start, told)
            if end == moment:
                self._at_moment(name, course, instant(end))

    def _at_moment(self, name: str, course: Course, moment: datetime) -> None:
        """References are looked at: calibrate for the first time, or hold the sensor to those that came."""
        if name in self._jobs or not course.has_new_references(micros(moment)):
            return
        flagged = self._ways.flagged((*course.terms.inputs, course.terms.reference))
        if course.made is None:
            course.asked_until = micros(moment)
            self._begin(name, lambda: course.calibrated(moment, flagged))
        else:
            self._begin(name, lambda: course.recalibrated(moment, flagged))
        self._adopt(name, course)

    def _begin(self, name: str, work: Callable[[], Made | None]) -> None:
        def job() -> Made | None:
            made = work()
            if made is not None and not made.parts:
                self._ways.keep(f"{KIND}:{name}", self.courses[name].state(made))
            return made

        if self._worker is not None:
            self._jobs[name] = self._worker.submit(job)
            return
        done: Future[Made | None] = Future()
        try:
            done.set_result(job())
        except Exception as fault:  # handed to `_adopt`, which tells apart what is a fault of ours
            done.set_exception(fault)
        self._jobs[name] = done

    def _adopt(self, name: str, course: Course) -> None:
        """Put in place what was learned meanwhile."""
        job = self._jobs.get(name)
        if job is None or not job.done():
            return
        del self._jobs[name]
        try:
            made = job.result()
        except EcotwinError as fault:
            course.why = f"{fault.found}; {fault.expected}" if fault.expected else fault.found
            log.info("a soft sensor was not calibrated", signal=name, why=course.why)
            return
        except Exception:
            log.exception("a soft sensor failed to learn", signal=name)
            course.why = "learning failed; the log says why"
            return
        if made is None:
            course.why = (
                "the plant file tells it from other signals than before; it is learned anew"
            )
            return
        checked = made.checks[-1] if course.made is not None and made.checks else None
        if course.made is None and made.sensor.drifted:
            self._untrue.add(name)
        for start, told in made.parts:
            self._note(name, course, start, told)
        course.adopt(made)
        if checked is not None:
            self._judge(name, course)

    def _append(self, now: datetime) -> None:
        """Keep what was told; after a full disk it is tried again at the next call."""
        batch = [r for r in self._unkept if len(r)]
        if batch:
            joined = Readings.of(
                *(
                    np.concatenate([getattr(r, n) for r in batch])
                    for n in ("signal", "at", "value", "quality")
                )
            )
            self._store.append(Cleaned(joined, Rejects.empty()), known_at=now)
            order = np.lexsort((joined.at, joined.signal))
            self._ways.remember(joined.take(order))
        self._unkept.clear()
        self._keep_hours(now)

    # --- bands ----------------------------------------------------------------------------------------------

    def _note(self, name: str, course: Course, start: int, told: Told) -> None:
        """Remember the band of each minute until its hour is whole."""
        low, high = course.held(told.low), course.held(told.high)
        for i in range(len(told)):
            at = start + i * MINUTE
            hour = self._hours[name].setdefault(
                at // HOUR_US * HOUR_US,
                {"low": [None] * 60, "high": [None] * 60, "state": [""] * 60, "why": {}},
            )
            minute = at % HOUR_US // MINUTE
            hour["low"][minute], hour["high"][minute] = _number(low[i]), _number(high[i])
            hour["state"][minute] = told.standing[i].value
            if told.why[i]:
                hour["why"][str(minute)] = told.why[i]

    def _keep_hours(self, now: datetime) -> None:
        made = []
        for name, hours in self._hours.items():
            whole = [h for h in hours if h + HOUR_US <= self.courses[name].told_until]
            made += [
                Document(KIND, f"{name}:{iso(h)}", instant(h), now, hours.pop(h)) for h in whole
            ]
        if made:
            self._store.put_all(made)

    def band(self, name: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Hours of a told signal: `at`, and by the minute `low`, `high`, `state` and `why`."""
        first = micros(start) // HOUR_US * HOUR_US
        found = []
        for hour in range(first, micros(end), HOUR_US):
            body = self._hours[name].get(hour)
            if body is None:
                kept = self._store.get(KIND, f"{name}:{iso(hour)}")
                body = None if kept is None else dict(kept.body)
            if body is not None:
                found.append({"at": iso(hour), **body})
        return found

    # --- findings and register ------------------------------------------------------------------------------

    def _judge(self, name: str, course: Course) -> None:
        """A drift alarm is said, and withdrawn once references agree again."""
        made = course.made
        if made is None:
            return
        over = bool(made.sensor.drifted)
        if not over and name not in self._untrue:
            return
        (self._untrue.add if over else self._untrue.discard)(name)
        checked, signal = made.checks[-1], course.signal
        bias, scale = checked.bias or 0.0, max(checked.mae or 0.0, 1e-9)
        value = course.last[1] if course.last and np.isfinite(course.last[1]) else 0.0
        self._said.append(
            Score(
                KIND, signal.element, signal.id, made.moment, value, value - bias, value - bias - scale,
                value - bias + scale, bias / scale, over, f"{signal.id}:untrue", unit=signal.unit,
                text=_words(course, made, over=over),
            )
        )  # fmt: skip

    def scores(self) -> list[Score]:
        """What findings should hear since the last call."""
        said, self._said = self._said, []
        return said

    @property
    def learned(self) -> dict[str, dict[str, Any]]:
        """Signal -> what its newest sensor was learned from, for the register."""
        return {n: c.made.learned for n, c in self.courses.items() if c.made is not None}

    # --- life -----------------------------------------------------------------------------------------------

    def _bring_back(self, name: str, course: Course) -> None:
        state = self._ways.kept(f"{KIND}:{name}")
        if state is None:
            return
        newest = self._ways.newest(course.signal.index)
        until = max(newest // MINUTE * MINUTE + MINUTE if newest else 0, int(state["moment"]))
        course.told_until = until
        course.why = "the sensor is being brought back after a restart"
        self._begin(name, lambda: course.restored(state, until))

    def look_again(self) -> None:
        """History was taken in: try at once to calibrate what is not calibrated yet."""
        for course in self.courses.values():
            course.asked_until = 0

    def stop(self) -> None:
        """Let what goes on in the background come to its end."""
        self._stop.set()
        if self._worker is not None:
            self._worker.shutdown(wait=True, cancel_futures=True)


def sensing_of(
    plant: Plant, keeper: Keeper, intake: Intake, look: Look, clock: Clock, *, behind: bool
) -> Sensing:
    """The told signals of a twin, joined to its rooms."""

    def flagged(signals: Sequence[str]) -> list[Span]:
        return spans_of([*keeper.all(Finding), *look.alerts.open(clock.now())], signals)

    ways = Ways(
        flagged, keeper.state, keeper.restore, intake.remember, lambda signal: intake.newest_of(signal)[0],
    )  # fmt: skip
    return Sensing(plant, keeper.store, ways, behind=behind)


def spans_of(findings: Sequence[Finding], signals: Sequence[str]) -> list[Span]:
    """Spans in which one of these signals was held for wrong; that a told value drifted is no fault of theirs."""
    return [
        (micros(f.onset), micros(f.closed_at or f.last_at))
        for f in findings
        if f.kind in ("sensor", "data")
        and not f.cause.endswith(":untrue")
        and not set(f.signals).isdisjoint(signals)
    ]


def _words(course: Course, made: Made, *, over: bool) -> str:
    """What a drift means to people at the plant, and what to do."""
    signal, checked = course.signal, made.checks[-1]
    if not over:
        return f"{signal.name}: the newest references agree with the estimate again."
    bias = checked.bias or 0.0
    side = "below" if bias < 0.0 else "above"
    return (
        f"{signal.name} is estimated here from {', '.join(s.name for s in course.inputs)}: {made.sensor.drifted}. "
        f"In the newest {checked.references} references it lay {abs(bias):.3g} {signal.unit} {side} them on average. "
        "It is set right step by step as references come: until they agree again, do not rely on it. See whether the "
        "plant has changed (burner, fuel, catalyst), an input drifts, or a reference was taken wrongly, and take more "
        "references."
    )


def _number(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None


def _step_back() -> None:
    """On Linux a thread may have a priority of its own; elsewhere it shares that of the twin."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)
