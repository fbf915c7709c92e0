"""One told signal while it is told: calibrated, told minute by minute, held to its references, and brought back.

What costs time (`calibrated`, `recalibrated`, `restored`) makes a new `Made` of its own and touches nothing that the
cycle uses, so that it may run beside it; `adopt` puts it in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from ecotwin.clock import MINUTE, iso, micros
from ecotwin.cycle.sensed_rows import (
    Span,
    gathered,
    input_rows,
    late_reference,
    newest_reference,
    references,
)
from ecotwin.errors import EcotwinError
from ecotwin.history.contract import Store
from ecotwin.learning.register import digest
from ecotwin.plant import Plant, Signal
from ecotwin.plant.sensed import Sensed
from ecotwin.records import Floats, Quality, Readings
from ecotwin.sensing.soft import Check, SoftSensor
from ecotwin.sensing.stretch import REMEMBERED
from ecotwin.sensing.told import Standing, Told

VERSION = 1
KEPT_CHECKS = 20
YOUNG = 12
"""Until references came at so many moments, a sensor is calibrated anew on all of them: few sessions tell neither how
far off it may be nor what a drift is, and no alarm is raised."""
PIECE = 1440
"""Minutes told in one go."""
HOUR_US = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Checked:
    """What the references of one calibration said of what was told before them; see `sensing.soft.Check`."""

    at: int
    references: int
    left_out: int
    mae: float | None
    bias: float | None
    held: float | None
    alarms: tuple[str, ...]


@dataclass
class Made:
    """A sensor as it stands at a moment of calibration.

    Attributes:
        sensor: It. moment: When its newest references became known [us UTC]; told rows wait from here on.
        learned: For the register: what it was learned from. checks: The newest, oldest first.
        told_until: Minutes up to here were told [us UTC]. parts: Those that were told again, by their first minute.
        moments: Number of moments with references that it has learned from.
    """

    sensor: SoftSensor
    moment: int
    learned: dict[str, Any]
    checks: tuple[Checked, ...] = ()
    told_until: int = 0
    moments: int = 0
    parts: list[tuple[int, Told]] = field(default_factory=list)


class Course:
    """One told signal.

    Args:
        plant: The plant. signal: Told. store: History.
    """

    def __init__(self, plant: Plant, signal: Signal, store: Store) -> None:
        if signal.sensed is None:
            raise ValueError(f"{signal.id} is measured, not told")
        self.terms: Sensed = signal.sensed
        self.signal, self._store = signal, store
        self.inputs = tuple(plant.signal(i) for i in self.terms.inputs)
        self.reference = plant.signal(self.terms.reference)
        self.step_us = max(MINUTE, round(self.terms.recalibrate_h * 60) * MINUTE)
        self.made: Made | None = None
        self.told_until = 0
        """Minutes before it are told [us UTC]; 0: not begun."""
        self.asked_until = 0
        """References before it were looked at for a first calibration [us UTC]."""
        self.why = "no reference measurement was looked at yet"
        """Why nothing is told; empty while it is."""
        self.last: tuple[int, float, float, float, Standing, str] | None = None
        """The newest minute: start [us UTC], value, low, high, standing, why."""
        self._speaks = False
        self._last_value = 0.0

    # --- what costs time -------------------------------------------------------------------------------------

    def calibrated(self, end: datetime, flagged: Sequence[Span]) -> Made:
        """A sensor learned from the stored past before an instant.

        Raises:
            FigureGap: The past cannot carry one.
        """
        rows = gathered(self._store, self.inputs, self.reference, end, self.step_us, flagged)
        sensor = SoftSensor(
            tuple(s.name for s in self.inputs), block=rows.block, every=rows.every, seed=0
        )
        sensor.learn(rows.inputs, rows.target, rows.bad, rows.at)
        left = int((rows.bad & np.isfinite(rows.target)).sum())
        learned = self._learned(sensor, rows.start, micros(end), left, "first calibrated")
        return Made(sensor, micros(end), learned, (), micros(end), rows.moments)

    def recalibrated(self, end: datetime, flagged: Sequence[Span]) -> Made:
        """The sensor after the references since its last moment; `advance` has told every minute up to `end`."""
        before = self._now()
        sensor = before.sensor.forked()
        target, bad = references(self._store, self.reference, before.moment, micros(end), flagged)
        late = before.moment - len(sensor.waits_for) * MINUTE
        earlier, spoiled = references(self._store, self.reference, late, before.moment, flagged)
        check = sensor.refer(target, bad, earlier=earlier, earlier_bad=spoiled)
        checked = _checked(check, micros(end))
        checks = (*before.checks, checked)[-KEPT_CHECKS:]
        if before.moments < YOUNG:
            made = self.calibrated(end, flagged)
            made.checks = (*checks[:-1], replace(checked, alarms=()))
            made.learned["scores"] = _scores(check)
            made.learned["why"] = f"calibrated anew on references of {made.moments} moments"
            return made
        learned = before.learned
        if check.refitted:
            why = f"learned anew with {check.references} new references"
            why += f"; what was told before them was off by {check.mae:.3g} {self.signal.unit}"
            left = int(learned["left_out"]) + check.left_out
            start = micros(datetime.fromisoformat(learned["start"]))
            learned = self._learned(sensor, start, micros(end), left, why)
            learned["scores"] = _scores(check)
        return Made(sensor, micros(end), learned, checks, micros(end), before.moments + 1)

    def restored(self, state: dict[str, Any], until_us: int) -> Made | None:
        """The sensor as saved at a moment, told again up to an instant; None when the plant file changed it."""
        if state.get("version") != VERSION or state["terms"] != self._terms():
            return None
        made = Made(
            SoftSensor.restored(state["sensor"]),
            int(state["moment"]),
            dict(state["learned"]),
            tuple(Checked(**{**c, "alarms": tuple(c["alarms"])}) for c in state["checks"]),
            int(state["moment"]),
            int(state["moments"]),
        )
        self.follow(made, until_us)
        return made

    def state(self, made: Made) -> dict[str, Any]:
        """JSON-able state at a moment of calibration, before more was told."""
        return {
            "version": VERSION, "terms": self._terms(), "moment": made.moment, "moments": made.moments,
            "sensor": made.sensor.state(), "learned": made.learned,
            "checks": [
                {"at": c.at, "references": c.references, "left_out": c.left_out, "mae": c.mae,
                 "bias": c.bias, "held": c.held, "alarms": list(c.alarms)}
                for c in made.checks
            ],
        }  # fmt: skip

    def follow(self, made: Made, until_us: int) -> None:
        """Show a sensor the minutes up to an instant that were told already, so that it goes on from there.

        Of more of them than are kept for late references only the newest are told again.
        """
        passed = (until_us - made.told_until) // MINUTE - REMEMBERED
        if passed > 0:
            made.sensor.passed(passed)
            made.told_until += passed * MINUTE
        while made.told_until < until_us:
            end = min(until_us, made.told_until + PIECE * MINUTE)
            told = made.sensor.tell(input_rows(self._store, self.inputs, made.told_until, end))
            made.parts.append((made.told_until, told))
            made.told_until = end

    # --- the cycle ------------------------------------------------------------------------------------------

    def adopt(self, made: Made) -> None:
        """Put a sensor in place; of minutes that were told meanwhile it is shown the inputs."""
        first = self.made is None
        self.follow(made, self.told_until)
        self.told_until = max(self.told_until, made.told_until)
        self.made, self.why = made, ""
        if first and made.parts:  # back after a restart: how did the last minute stand?
            start, told = made.parts[-1]
            self._remember(start, told)
        made.parts.clear()

    def next_moment(self, after_us: int) -> int:
        """The next instant at which references are looked at [us UTC]."""
        step = self.step_us
        if self.made is None:
            step = min(step, HOUR_US) if self.asked_until else MINUTE
        return (after_us // step + 1) * step

    def has_new_references(self, until_us: int) -> bool:
        """Whether one was taken since the last moment, or since it was last tried to calibrate, or came late."""
        made = self.made
        since = made.moment if made is not None else self.asked_until
        if since == 0 or newest_reference(self._store, self.reference, since, until_us):
            return True
        return made is not None and late_reference(
            self._store, self.reference, made.moment, made.sensor.waits_for
        )

    def advance(self, until_us: int) -> tuple[Told | None, Readings]:
        """Tell the minutes up to an instant; an empty batch while there is no sensor."""
        made, start = self.made, self.told_until
        if made is None or until_us <= start:
            return None, _none()
        told = made.sensor.tell(input_rows(self._store, self.inputs, start, until_us))
        made.told_until = self.told_until = until_us
        readings = self._readings(start, told)
        self._remember(start, told)
        return told, readings

    def _readings(self, start: int, told: Told) -> Readings:
        """Estimated values; where it falls silent a mark that nothing is known any more."""
        at = start + np.arange(len(told), dtype=np.int64) * MINUTE
        value = self.held(told.value)
        known = np.isfinite(value)
        before = np.concatenate([[self._speaks], known[:-1]])
        ends = before & ~known
        shown = np.concatenate([[self._last_value], value[:-1]])
        filled = np.where(known, value, shown)
        told_now = known | ends
        quality = np.where(known, Quality.ESTIMATED, Quality.STALE)
        n = int(told_now.sum())
        return Readings.of(
            np.full(n, self.signal.index), at[told_now], filled[told_now], quality[told_now]
        )

    def held(self, values: Floats) -> Floats:
        """Within what the plant file holds for plausible."""
        low = -np.inf if self.signal.low is None else self.signal.low
        high = np.inf if self.signal.high is None else self.signal.high
        return np.clip(values, low, high)

    def _remember(self, start: int, told: Told) -> None:
        if not len(told):
            return
        value, low, high = (float(self.held(v[-1:])[0]) for v in (told.value, told.low, told.high))
        at = start + (len(told) - 1) * MINUTE
        self.last = (at, value, low, high, told.standing[-1], told.why[-1])
        self._speaks = bool(np.isfinite(value))
        if self._speaks:
            self._last_value = value

    def _now(self) -> Made:
        if self.made is None:
            raise EcotwinError(f"{self.signal.id} has no sensor yet")
        return self.made

    def _terms(self) -> dict[str, Any]:
        return {
            "inputs": list(self.terms.inputs), "reference": self.terms.reference, "unit": self.signal.unit,
        }  # fmt: skip

    def _learned(
        self, sensor: SoftSensor, start: int, end: int, left_out: int, why: str
    ) -> dict[str, Any]:
        """What it was learned from, and a hash of that: the same past makes the same sensor."""
        kept = sensor.state()
        return {
            "columns": [*self.terms.inputs, self.terms.reference], "start": iso(start), "end": iso(end),
            "rows": sensor.learned, "left_out": left_out, "why": why, "scores": {},
            "content": digest([kept["names"], kept["order"], kept["kept"]["x"], kept["kept"]["y"], kept["seed"]]),
        }  # fmt: skip


def _none() -> Readings:
    return Readings.of([], [], [])


def _scores(check: Check) -> dict[str, float]:
    return {"mean error": check.mae, "share inside the band": check.held}


def _checked(check: Check, at: int) -> Checked:
    def number(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    return Checked(
        at, check.references, check.left_out, number(check.mae), number(check.bias), number(check.held),
        tuple(dict.fromkeys(a.text for a in check.alarms)),
    )  # fmt: skip
