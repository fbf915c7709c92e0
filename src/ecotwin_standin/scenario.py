"""The scenario file: which faults and harmless changes happen, where, when and how large.

```yaml
name: demo
events:
  - {fault: air_leak, target: compressor_1, start: +2h, size: 20, growth: 12}
  - {fault: gap, target: placer_2b, start: day 3 10:20, end: day 3 11:05}
```
A time is ISO (with offset, else local to the plant), `+2`/`+2h`/`+3d` after the start, or `day N
HH:MM` local,
day 1 being the start's.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from ecotwin.clock import HOUR, instant, micros
from ecotwin.errors import FileFault
from ecotwin.plant import Plant
from ecotwin_standin.tables import tables


@dataclass(frozen=True, slots=True)
class Fault:
    """What a fault is.

    Attributes:
        targets: Machine kinds it can befall; or `counter`, `signal`, `device`, `line`, `site`.
        size: Size if the scenario gives none. unit: Of the size. low, high: Of the size.
        growth: Whether it may grow [unit/h]. harmless: The twin must stay quiet.
        shows: Signal names of the target that it touches first.
    """

    targets: frozenset[str]
    size: float
    unit: str
    low: float
    high: float
    growth: bool = False
    harmless: bool = False
    shows: tuple[str, ...] = ()


def _catalogue() -> dict[str, Fault]:
    return {
        row["fault"]: Fault(
            frozenset(row["targets"].split()),
            float(row["size"]),
            row["unit"],
            float(row["low"]),
            float(row["high"]),
            row["growth"] == "yes",
            row["harmless"] == "yes",
            tuple(row["shows"].split()),
        )
        for text in tables("faults")
        for row in csv.DictReader(text.splitlines())
    }


FAULTS: dict[str, Fault] = _catalogue()
"""The catalogue, from `faults*.csv`."""

INSTANT = frozenset(("meter_reset", "meter_rollover", "product_change"))
"""Events without an end."""
ON_THE_WIRE = frozenset(("stuck_sensor", "meter_reset", "meter_rollover", "gap", "device_death"))
"""Faults of meters and devices: the physics do not know them."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fault at one place.

    Attributes:
        start_us, end_us: [us UTC], None: to the end of the run. size: In the fault's unit.
        growth_per_h: [unit/h]. ramp_h: Time to grow to its size from nothing [h].
    """

    fault: str
    target: str
    start_us: int
    end_us: int | None
    size: float
    growth_per_h: float = 0.0
    ramp_h: float = 0.0

    @property
    def kind(self) -> Fault:
        """What it is."""
        return FAULTS[self.fault]

    def active(self, us: int) -> bool:
        """Whether it holds at an instant [us UTC]."""
        return self.start_us <= us and (self.end_us is None or us < self.end_us)

    def size_after(self, hours: float) -> float:
        """Its size after it has grown for some hours."""
        full = self.size + self.growth_per_h * hours
        grown = full if self.ramp_h <= 0.0 else full * min(1.0, hours / self.ramp_h)
        return min(grown, self.kind.high)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named list of events."""

    name: str
    events: tuple[Event, ...] = ()
    description: str = ""

    def free_days(self, plant: Plant) -> frozenset[date]:
        """Days on which a scenario's holiday keeps people away (local)."""
        days: set[date] = set()
        for event in self.events:
            if event.fault == "holiday":
                moment = instant(event.start_us).astimezone(plant.zone)
                last = instant(event.end_us or event.start_us + 1) - timedelta(microseconds=1)
                while moment.date() <= last.astimezone(plant.zone).date():
                    days.add(moment.date())
                    moment += timedelta(days=1)
        return frozenset(days)


def shipped() -> dict[str, str]:
    """Name -> text of the scenarios that come with the package."""
    folder = files("ecotwin_standin") / "scenarios"
    return {
        entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".yaml")
    }


def load(scenario: str, plant: Plant, start: datetime) -> Scenario:
    """Read a scenario: the name of a shipped one, or a file.

    Raises:
        FileFault: It cannot be read, or holds faults; all of them are named at once.
    """
    known = shipped()
    if scenario in known:
        return parse(known[scenario], plant, start, scenario)
    path = Path(scenario)
    if not path.is_file():
        raise FileFault(
            f"there is no scenario {scenario!r}",
            expected=f"a YAML file, or one of {', '.join(known)}",
            remedy="give a file's path; `ecotwin-standin scenarios` lists the shipped ones",
        )
    return parse(path.read_text(encoding="utf-8"), plant, start, scenario)


def parse(text: str, plant: Plant, start: datetime, where: str = "scenario") -> Scenario:
    """A scenario from its text.

    Raises:
        FileFault: It holds faults; all of them are named at once.
    """
    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FileFault(f"{where} is no YAML: {error}", remedy="mend the file's syntax") from error
    if not isinstance(told, dict) or not isinstance(told.get("events", []), list):
        raise FileFault(
            f"{where} holds no list `events`", expected="a mapping with `name` and `events`"
        )
    faults = [f"unknown key {k!r}" for k in told if k not in ("name", "description", "events")]
    events: list[Event] = []
    for n, entry in enumerate(told.get("events") or [], 1):
        reader = _Entry(entry, plant, start)
        events += reader.events()
        faults += [f"event {n}: {fault}" for fault in reader.faults]
    if faults:
        raise FileFault(
            f"{where} has {len(faults)} fault{'s' if len(faults) > 1 else ''}:\n  "
            + "\n  ".join(faults)
            + "\n",
            expected="events with fault, target, start; end, size, growth, ramp where they apply",
            remedy="mend these events; `ecotwin-standin scenarios --faults` lists what can happen",
        )
    return Scenario(str(told.get("name", where)), tuple(events), str(told.get("description", "")))


class _Entry:
    """Reads one event and gathers what is wrong with it."""

    keys = ("fault", "target", "start", "end", "size", "growth", "ramp")

    def __init__(self, told: Any, plant: Plant, start: datetime) -> None:
        self.told = told if isinstance(told, dict) else {}
        self.plant = plant
        self.start = start
        self.faults: list[str] = []
        if not isinstance(told, dict):
            self.faults.append(f"{told!r} is no mapping")
        self.faults += [f"unknown key {k!r}" for k in self.told if k not in self.keys]

    def events(self) -> list[Event]:
        """The events, one a target; empty when anything is wrong."""
        name = self.told.get("fault")
        if name not in FAULTS:
            self.faults.append(f"unknown fault {name!r}; known are {', '.join(FAULTS)}")
            return []
        kind = FAULTS[name]
        targets = self._targets(kind)
        begin = self._time("start", needed=True)
        end = self._time("end", needed=False)
        if end is not None and name in INSTANT:
            self.faults.append(f"{name} happens at once and takes no end")
        if begin is not None and end is not None and end <= begin:
            self.faults.append("it ends before it starts")
        size = self._number("size", kind.size)
        if not kind.low <= size <= kind.high:
            self.faults.append(
                f"size {size:g} is not within {kind.low:g}..{kind.high:g} {kind.unit}".rstrip()
            )
        growth, ramp = self._number("growth", 0.0), self._number("ramp", 0.0)
        if growth and not kind.growth:
            self.faults.append(f"{name} does not grow")
        if ramp < 0.0:
            self.faults.append("ramp is below zero hours")
        if self.faults or begin is None:
            return []
        return [Event(name, t, begin, end, size, growth, ramp) for t in targets]

    def _number(self, key: str, otherwise: float) -> float:
        value = self.told.get(key, otherwise)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            self.faults.append(f"{key} {value!r} is no number")
            return otherwise
        return float(value)

    def _targets(self, kind: Fault) -> list[str]:
        told = self.told.get("target")
        if "site" in kind.targets:
            if told not in (None, self.plant.site.id):
                self.faults.append(f"it is about the whole site and takes no target {told!r}")
            return [self.plant.site.id]
        targets = [str(t) for t in told] if isinstance(told, list) else [str(told)] if told else []
        if not targets:
            self.faults.append("it names no target")
        for target in targets:
            wrong = self._wrong(target, kind)
            if wrong:
                self.faults.append(wrong)
        return targets

    def _wrong(self, target: str, kind: Fault) -> str:
        plant = self.plant
        if kind.targets & {"counter", "signal"}:
            if not plant.has_signal(target):
                return f"the plant has no signal {target!r}"
            signal = plant.signal(target)
            if "counter" in kind.targets and signal.form != "counter":
                return f"{target} is no counter but a {signal.form}"
            if self.told["fault"] == "meter_rollover" and signal.rollover is None:
                return f"{target} never rolls over in the plant file"
            return ""
        found = next((e for e in plant.elements if e.id == target), None)
        if found is None:
            return f"the plant has no element {target!r}"
        if "line" in kind.targets:
            return "" if found.level == "line" else f"{target} is no line but a {found.level}"
        if found.level != "machine":
            return f"{target} is no machine but a {found.level}"
        if "device" in kind.targets or found.kind in kind.targets:
            return ""
        return f"{target} is a {found.kind}; expected one of {', '.join(sorted(kind.targets))}"

    def _time(self, key: str, *, needed: bool) -> int | None:
        told = self.told.get(key)
        if told is None:
            if needed:
                self.faults.append(f"it has no {key}")
            return None
        moment = self._moment(told)
        if moment is None:
            self.faults.append(f"{key} {told!r} is neither ISO time, +hours nor `day N HH:MM`")
            return None
        return micros(moment)

    def _moment(self, told: Any) -> datetime | None:
        zone = self.plant.zone
        if isinstance(told, datetime):
            return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)
        if isinstance(told, date):
            return datetime(told.year, told.month, told.day, tzinfo=zone).astimezone(UTC)
        if isinstance(told, int | float) and not isinstance(told, bool):
            return self.start + timedelta(hours=float(told))
        text = str(told).strip()
        later = re.fullmatch(r"\+(\d+(?:\.\d+)?)([hd]?)", text)
        if later:
            hours = float(later[1]) * (24.0 if later[2] == "d" else 1.0)
            return self.start + timedelta(microseconds=round(hours * HOUR))
        by_day = re.fullmatch(r"day (\d+) (\d{1,2}):(\d\d)", text)
        if by_day and int(by_day[2]) < 24 and int(by_day[3]) < 60:
            day = self.start.astimezone(zone).date() + timedelta(days=int(by_day[1]) - 1)
            return datetime(
                day.year, day.month, day.day, int(by_day[2]), int(by_day[3]), tzinfo=zone
            ).astimezone(UTC)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
