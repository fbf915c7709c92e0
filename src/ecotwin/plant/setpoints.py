"""What may be written to set-points, under which interlocks, and how machines sleep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ecotwin.plant.lines import Path
from ecotwin.plant.model import Interlock, Signal, Sleep, Write
from ecotwin.plant.schema import InterlockPart, MachinePart, SleepPart, WritePart
from ecotwin.plant.signals import to_canonical

if TYPE_CHECKING:
    from ecotwin.plant.assembly import Assembly

SLEEP_FACTS = ("asleep", "awake", "warmup_min", "min_break_min")


def give_write(assembly: Assembly, id_: str, rule: WritePart, path: Path) -> None:
    """Give a signal its write rule, and note what is wrong with it."""
    signal = assembly.signals[id_]
    _judge(assembly, signal, rule, path)
    connection = assembly.part.connections.get(signal.connection)
    if connection is not None and not connection.writing:
        assembly.faults.add(
            path,
            f"{id_} may be written, but connection {signal.connection!r} has writing off",
            "set `writing: true` there, or take the write rule out",
        )
    locks = [
        _interlock(assembly, signal, lock, (*path, "interlocks", number))
        for number, lock in enumerate(rule.interlocks)
    ]
    rate = rule.rate_per_min
    write = Write(
        low=_point(signal, rule.low),
        high=_point(signal, rule.high),
        fallback=_point(signal, rule.fallback),
        lease_max_min=rule.lease_max_min,
        rate_per_min=None if rate is None else rate * abs(signal.factor),
        watchdog=rule.watchdog,
        autonomy=rule.autonomy,
        approve=tuple(rule.approve),
        max_age_s=rule.max_age_s,
        read_back_s=rule.read_back_s,
        interlocks=tuple(lock for lock in locks if lock is not None),
    )
    assembly.signals[id_] = replace(signal, write=write)


def _judge(assembly: Assembly, signal: Signal, rule: WritePart, path: Path) -> None:
    faults = assembly.faults
    if signal.form != "setpoint":
        faults.add(path, f"{signal.id} is a {signal.means}", "only a `setpoint` can be written")
    if rule.low >= rule.high:
        faults.add(
            (*path, "low"),
            f"write low ({rule.low:g}) is not below write high ({rule.high:g})",
            "swap or correct them",
        )
    elif not rule.low <= rule.fallback <= rule.high:
        faults.add(
            (*path, "fallback"),
            f"the fallback {rule.fallback:g} lies outside {rule.low:g}..{rule.high:g}",
            "choose a fallback inside the bounds",
        )
    elif signal.low is not None and signal.high is not None:
        ends = (_point(signal, rule.low), _point(signal, rule.high))
        if min(ends) < signal.low or max(ends) > signal.high:
            faults.add(
                path,
                f"{rule.low:g}..{rule.high:g} may be written, but {signal.id} is plausible only "
                f"in {signal.low:g}..{signal.high:g} {signal.unit}",
                "narrow the write bounds or widen `low` and `high` of the signal",
            )
    if rule.autonomy == "automatic" and not rule.watchdog:
        faults.add(
            (*path, "autonomy"),
            "`automatic` without a watchdog: nothing would end the lease if we fail",
            "set `watchdog: true` when the device has one, else `autonomy: approve`",
        )


def _interlock(
    assembly: Assembly, signal: Signal, part: InterlockPart, path: Path
) -> Interlock | None:
    asked = assembly.resolve(part.signal, signal.element) if part.signal else None
    faults = assembly.faults
    if part.signal and asked is None:
        faults.unknown((*path, "signal"), "signal", part.signal, assembly.signals)
        return None
    lacks = [] if asked is not None or part.kind == "calendar" else ["`signal`"]
    if part.kind == "signal" and part.low is None and part.high is None:
        lacks.append("`low` or `high`")
    if part.kind == "state" and not part.states:
        lacks.append("`states`")
    if part.kind == "fresh" and part.max_age_s <= 0:
        lacks.append("`max_age_s`")
    if lacks:
        if faults.excused("signal") or faults.excused("states"):
            return None
        found = f"interlock {part.name!r} of kind {part.kind} lacks {' and '.join(lacks)}"
        faults.add(path, found, "add it")
        return None
    if part.kind == "state" and asked is not None and asked.means != "state":
        faults.add((*path, "signal"), f"{asked.id} is a {asked.means}, not a state", "name a state")
    return Interlock(
        name=part.name,
        kind=part.kind,
        text=part.text,
        signal=asked.id if asked else "",
        low=to_canonical(asked, part.low),
        high=to_canonical(asked, part.high),
        states=tuple(part.states),
        max_age_s=part.max_age_s,
    )


def sleep_of(assembly: Assembly, machine: MachinePart, path: Path) -> Sleep | None:
    """How a machine sleeps: as the file says, else as its kind does if that may be written."""
    if machine.sleep is not None:
        return _stated_sleep(assembly, machine, machine.sleep, (*path, "sleep"))
    facts = assembly.elements[machine.id].kind_facts
    name = facts.get("sleep_signal")
    signal = assembly.signals.get(f"{machine.id}.{name}") if name else None
    if signal is None or signal.write is None:
        return None
    lacks = [k for k in SLEEP_FACTS if type(facts.get(k)) not in (int, float)]
    if lacks:
        assembly.faults.add(
            (*path, "facts"),
            f"{machine.id} can sleep but lacks a number for {', '.join(lacks)}",
            "give these facts, or omit its sleep signal",
        )
        return None
    numbers = [float(facts[k]) for k in SLEEP_FACTS]
    return _sleep(assembly, signal, (numbers[0], numbers[1], numbers[2], numbers[3]), path)


def _stated_sleep(
    assembly: Assembly, machine: MachinePart, part: SleepPart, path: Path
) -> Sleep | None:
    signal = assembly.resolve(part.signal, machine.id)
    if signal is None:
        assembly.faults.unknown((*path, "signal"), "signal", part.signal, assembly.signals)
        return None
    if signal.write is None:
        if not assembly.faults.excused(signal.id):
            found = f"{machine.id} sleeps by {signal.id}, which cannot be written"
            assembly.faults.add((*path, "signal"), found, "give that signal a `write` rule")
        return None
    numbers = (part.asleep, part.awake, part.warmup_min, part.min_break_min)
    return _sleep(assembly, signal, numbers, path)


def _sleep(
    assembly: Assembly, signal: Signal, numbers: tuple[float, float, float, float], path: Path
) -> Sleep:
    asleep, awake = _point(signal, numbers[0]), _point(signal, numbers[1])
    rule = signal.write
    for value in (asleep, awake):
        if rule is not None and rule.low < rule.high and not rule.low <= value <= rule.high:
            assembly.faults.add(
                path,
                f"asleep or awake is {value:g} {signal.unit}, but {signal.id} may only be written "
                f"in {rule.low:g}..{rule.high:g}",
                "widen the write bounds or change `asleep` and `awake`",
            )
    return Sleep(signal.id, asleep, awake, numbers[2], numbers[3])


def _point(signal: Signal, value: float) -> float:
    return float(f"{value * signal.factor + signal.offset:.12g}")
