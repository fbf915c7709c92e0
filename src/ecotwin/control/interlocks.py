"""What must hold before, and while, a set-point is written; each answer says what was found.

A person's order, an advisor's and an outside system's meet the same questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ecotwin.clock import micros
from ecotwin.plant.calendar import working
from ecotwin.plant.model import Interlock, Plant, Signal, Write
from ecotwin.records import Check, Image, Order, Quality


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The newest write to a set-point."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What holds besides the plant file and the image.

    Attributes:
        stopped: The stop-writes switch is on. by: Who put it on.
        locked: Element ids under maintenance lock -> who holds the lock.
    """

    stopped: bool = False
    by: str = ""
    locked: Mapping[str, str] = field(default_factory=dict)


CALM = Situation()


def check(
    plant: Plant,
    order: Order,
    image: Image,
    now: datetime,
    last_writes: Mapping[str, LastWrite],
    situation: Situation = CALM,
) -> tuple[Check, ...]:
    """Ask everything that must hold before an order is written.

    Args:
        plant: With the set-point's bounds and interlocks.
        order: What is to be written.
        image: The plant now.
        now: Plant time.
        last_writes: Signal id -> newest write of the twin.
        situation: Stop switch and maintenance locks.
    """
    if not plant.has_signal(order.signal):
        return (_no("writable", f"{order.signal} is in the plant file", "there is no such signal"),)
    signal = plant.signal(order.signal)
    if signal.write is None:
        return (
            _no("writable", f"{signal.id} may be written", "the plant file gives it no `write`"),
        )
    return (
        *_may(plant, signal, order, situation),
        *_bounds(signal, signal.write, order),
        _lease(signal.write, order, now),
        _rate(signal, signal.write, order, image, now, last_writes),
        *holding(plant, order, image, now, situation)[2:],
    )


def holding(
    plant: Plant, order: Order, image: Image, now: datetime, situation: Situation = CALM
) -> tuple[Check, ...]:
    """Ask what must go on to hold while a set-point is leased.

    Switch, lock, fresh data, interlocks of the plant file.
    """
    signal = plant.signal(order.signal)
    if signal.write is None:
        return (
            _no("writable", f"{signal.id} may be written", "the plant file gives it no `write`"),
        )
    return (
        _stop(situation),
        _lock(plant, signal, situation),
        _fresh(plant, signal, image, signal.write.max_age_s),
        *(_asked(plant, lock, signal, image, now) for lock in signal.write.interlocks),
    )


def waitable(plant: Plant, signal: str, failed: Check) -> bool:
    """Whether a no may soon be a yes: an oven that runs empty, a line down for a minute."""
    write = plant.signal(signal).write if plant.has_signal(signal) else None
    if failed.name == "data_age":
        return True
    return write is not None and any(lock.name == failed.name for lock in write.interlocks)


def freshest_s(plant: Plant, element: str, image: Image) -> float:
    """Age of the newest trusted value of a machine [s].

    Set-points told only on change do not make it old.
    """
    ages = [
        image.age_s(s.index)
        for s in plant.signals_of(element)
        if image.quality[s.index] < Quality.STALE and not np.isnan(image.value[s.index])
    ]
    return min(ages, default=float("inf"))


def state_of(signal: Signal, image: Image) -> str:
    """Name of a machine's state; empty when it is not known."""
    value = image.value[signal.index]
    return "" if np.isnan(value) else signal.states.get(int(value), "")


def amount(signal: Signal, value: float, digits: int = 6) -> str:
    """A value of a signal with its unit, as people write it."""
    unit = signal.unit
    for plain, sign in (("degC", "°C"), ("m3", "m³")):
        unit = unit.replace(plain, sign)
    return f"{value:.{digits}g} {unit}".removesuffix(" 1")


def _may(plant: Plant, signal: Signal, order: Order, situation: Situation) -> tuple[Check, ...]:
    assert signal.write is not None
    connection = plant.connection(signal.connection)
    automatic = order.approved_by in ("", "automatic")
    checks = [
        _stop(situation),
        _lock(plant, signal, situation),
        _answer(
            "writing",
            f"Writing is on for connection {connection.name}",
            "on" if connection.writing else "off in the plant file",
            passed=connection.writing,
        ),
        _answer(
            "autonomy",
            "An approved order may be written"
            if not automatic
            else "The set-point is open to automatic orders",
            f"autonomy is {signal.write.autonomy}",
            passed=signal.write.autonomy == "automatic"
            if automatic
            else signal.write.autonomy in ("approve", "automatic"),
        ),
    ]
    if automatic:
        found = "it does" if signal.write.watchdog else "no watchdog: it would hold the value"
        checks.append(
            _answer(
                "watchdog", "The device falls back by itself", found, passed=signal.write.watchdog
            )
        )
    return tuple(checks)


def _bounds(signal: Signal, write: Write, order: Order) -> tuple[Check, ...]:
    text = f"{write.low:g} to {amount(signal, write.high)}"
    inside = bool(np.isfinite(order.value)) and write.low <= order.value <= write.high
    back = bool(np.isfinite(order.restore)) and write.low <= order.restore <= write.high
    return (
        _answer("bounds", f"Set-point within {text}", amount(signal, order.value), passed=inside),
        _answer(
            "restore",
            f"Value to go back to within {text}",
            amount(signal, order.restore),
            passed=back,
        ),
    )


def _lease(write: Write, order: Order, now: datetime) -> Check:
    minutes = (order.lease_until - max(order.start, now)).total_seconds() / 60.0
    whole = (order.lease_until - order.start).total_seconds() / 60.0
    return _answer(
        "lease",
        f"Ends within {write.lease_max_min:g} min",
        f"{whole:g} min" if minutes > 0 else "its time has passed",
        passed=minutes > 0 and whole <= write.lease_max_min + 1e-9,
    )


def _rate(
    signal: Signal,
    write: Write,
    order: Order,
    image: Image,
    now: datetime,
    last: Mapping[str, LastWrite],
) -> Check:
    if write.rate_per_min is None:
        return Check("rate", "Any step is allowed", "no limit in the plant file", True)
    text = f"At most {amount(signal, write.rate_per_min)} a minute"
    value = float(image.value[signal.index])
    newest = last.get(signal.id)
    if newest is not None and micros(newest.at) > int(image.at[signal.index]):
        value = newest.value
    if np.isnan(value):
        return _no("rate", text, "the present value is not known")
    if (
        newest is not None
        and (now - newest.at).total_seconds() < 60.0
        and newest.value != order.value
    ):
        return _no("rate", text, f"written {(now - newest.at).total_seconds():.0f} s ago")
    step = abs(order.value - value)
    passed = step <= write.rate_per_min * (1 + 1e-9)
    return _answer("rate", text, f"a step of {amount(signal, step)}", passed=passed)


def _fresh(plant: Plant, signal: Signal, image: Image, max_age_s: float) -> Check:
    age = freshest_s(plant, signal.element, image)
    text = f"Newest data of {plant.element(signal.element).name} younger than {max_age_s:g} s"
    return _answer("data_age", text, _age(age), passed=age <= max_age_s)


def _stop(situation: Situation) -> Check:
    found = f"stopped by {situation.by}" if situation.stopped else "writes are on"
    return _answer("stop_switch", "Writes are not stopped", found, passed=not situation.stopped)


def _lock(plant: Plant, signal: Signal, situation: Situation) -> Check:
    held = [
        (e, situation.locked[e.id]) for e in plant.path(signal.element) if e.id in situation.locked
    ]
    found = "; ".join(f"{e.name}: {who}" for e, who in held) or "none"
    return _answer(
        "maintenance_lock",
        f"No maintenance lock on {plant.element(signal.element).name}",
        found,
        passed=not held,
    )


def _asked(plant: Plant, lock: Interlock, target: Signal, image: Image, now: datetime) -> Check:
    text = lock.text or lock.name
    if lock.kind == "calendar":
        at_work = bool(working(plant, np.array([micros(now)], np.int64))[0])
        return _answer(
            lock.name,
            text,
            "a shift is working" if at_work else "no shift is working",
            passed=not at_work,
        )
    asked = plant.signal(lock.signal) if lock.signal else target
    age = (
        freshest_s(plant, asked.element, image)
        if asked.form in ("state", "setpoint")
        else image.age_s(asked.index)
    )
    if lock.kind == "fresh":
        return _answer(lock.name, text, _age(age), passed=age <= lock.max_age_s)
    assert target.write is not None
    oldest = lock.max_age_s or max(target.write.max_age_s, asked.hold_s)
    if age > oldest or image.quality[asked.index] >= Quality.SUSPECT:
        return _no(lock.name, text, f"{asked.id} is not to be trusted ({_age(age)})")
    if lock.kind == "state":
        name = state_of(asked, image)
        return _answer(lock.name, text, name or "state not known", passed=name in lock.states)
    value = float(image.value[asked.index])
    inside = (lock.low is None or value >= lock.low) and (lock.high is None or value <= lock.high)
    return _answer(
        lock.name,
        text,
        amount(asked, value, digits=4) if np.isfinite(value) else "not known",
        passed=inside and not np.isnan(value),
    )


def _age(age_s: float) -> str:
    return "no data" if age_s == float("inf") else f"{age_s:.0f} s old"


def _answer(name: str, text: str, found: str, *, passed: bool) -> Check:
    return Check(name, text, found, bool(passed))


def _no(name: str, text: str, found: str) -> Check:
    return Check(name, text, found, False)
