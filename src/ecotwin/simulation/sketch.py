"""A case while a scenario changes it: what has changed so far, and every fault with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from math import ceil

from ecotwin.clock import Period
from ecotwin.plant import Plant
from ecotwin.plant.faults import Faults
from ecotwin.plant.lines import Path
from ecotwin.simulation.contract import Case
from ecotwin.simulation.scenario_parts import Amount, CarbonPrice, Leg, SupplyPart

_UNITS = {"min": 60.0, "h": 3600.0, "d": 86_400.0}
_INSTANT = timedelta(microseconds=1)
_AFTER = re.compile(r"^\+([\d.]+)(min|h|d)$")


@dataclass(frozen=True)
class Terms:
    """What a scenario says that no plant file holds: suppliers, freight, prices.

    Attributes:
        supply: Material -> who delivers it. freight: Material -> legs that it comes over.
        carbon: What CO2e costs. waste_prices: Code -> [currency/kg]. material_prices: [currency/kg].
        labour_per_h: [currency/h].
    """

    supply: Mapping[str, tuple[SupplyPart, ...]] = field(default_factory=dict)
    freight: Mapping[str, tuple[Leg, ...]] = field(default_factory=dict)
    carbon: CarbonPrice | None = None
    waste_prices: Mapping[str, float] = field(default_factory=dict)
    material_prices: Mapping[str, float] = field(default_factory=dict)
    labour_per_h: float | None = None


@dataclass(frozen=True)
class Applied:
    """A case with scenarios applied.

    Attributes:
        case, terms: With the changes made. touched: Machines whose own behaviour changes.
        added: Machines that are new. notes: What a reader must know, each a sentence.
        impossible: Why products that were to be made cannot be, each a sentence.
    """

    case: Case
    terms: Terms = Terms()
    touched: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    impossible: tuple[str, ...] = ()


@dataclass
class Sketch:
    """A case under change.

    Attributes:
        case: As changed so far. faults: What is wrong. terms, added, notes, impossible, touched: As in `Applied`.
    """

    case: Case
    faults: Faults
    terms: Terms
    touched: dict[str, None]
    added: dict[str, None]
    notes: list[str]
    impossible: list[str]

    @classmethod
    def of(cls, base: Applied, faults: Faults) -> Sketch:
        """Begin with what other scenarios left."""
        return cls(
            base.case,
            faults,
            base.terms,
            dict.fromkeys(base.touched),
            dict.fromkeys(base.added),
            list(base.notes),
            list(base.impossible),
        )

    def done(self) -> Applied:
        """The case as changed."""
        return Applied(
            self.case,
            self.terms,
            tuple(self.touched),
            tuple(self.added),
            tuple(self.notes),
            tuple(self.impossible),
        )

    @property
    def plant(self) -> Plant:
        """The plant as changed so far."""
        return self.case.plant

    @plant.setter
    def plant(self, plant: Plant) -> None:
        self.case = replace(self.case, plant=plant)

    @property
    def period(self) -> Period:
        """The span of the run."""
        start = self.case.start
        return Period(start, start + timedelta(hours=self.case.hours))

    def machine(self, path: Path, name: str) -> bool:
        """Whether there is such a machine; noted when not."""
        known = [m.id for m in self.plant.machines]
        if name not in known:
            self.faults.unknown(path, "machine", name, known)
        return name in known

    def line(self, path: Path, name: str) -> bool:
        """Whether there is such a line with machines; noted when not."""
        known = [e.id for e in self.plant.elements if e.level == "line"]
        if name not in known:
            self.faults.unknown(path, "line", name, known)
        return name in known

    def moment(self, text: str) -> datetime:
        """A moment of a scenario."""
        start = self.case.start
        if text == "start":
            return start
        after = _AFTER.match(text)
        if after:
            return start + timedelta(seconds=float(after[1]) * _UNITS[after[2]])
        zone = self.plant.zone
        if len(text) == 5:
            here = start.astimezone(zone)
            clock = time.fromisoformat(text)
            found = datetime.combine(here.date(), clock, zone)
            if found.astimezone(UTC) < start:
                found = datetime.combine(here.date() + timedelta(days=1), clock, zone)
            return found.astimezone(UTC)
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)

    def span(self, path: Path, start: str, end: str | None) -> Period | None:
        """From a moment to another, cut to the run; None and noted when it ends before it begins.

        A span that lies outside of the run is noted as a fault too: it would change nothing.
        """
        whole = self.period
        first = self.moment(start)
        last = max(whole.end, first + _INSTANT) if end is None else self.moment(end)
        if end is not None and len(end) == 5 and last <= first:
            last += timedelta(days=1)
        if last <= first:
            self.faults.add(
                path,
                f"it ends ({self.plant.local(last, first)}) before it begins ({self.plant.local(first, last)})",
                "let `end` come after `start`",
            )
            return None
        if first >= whole.end or last <= whole.start:
            self.faults.add(
                path,
                f"it lies outside of the run, which goes from {self.plant.local(whole.start, whole.end)} "
                f"to {self.plant.local(whole.end, whole.start)}",
                "change its times, or run longer",
            )
            return None
        return Period(max(first, whole.start), min(last, whole.end))

    def steps(self, span: Period) -> tuple[int, int]:
        """Number of the first step inside a span, and of the first behind it."""
        step = timedelta(seconds=self.case.step_s)
        first, last = (ceil((t - self.case.start) / step - 1e-9) for t in (span.start, span.end))
        return first, last

    def new_value(self, path: Path, amount: Amount, old: float | None, what: str) -> float | None:
        """A changed value; None and noted when it is not said once, or there is nothing to change."""
        said = [n for n in ("value", "scale", "difference") if getattr(amount, n) is not None]
        if len(said) != 1:
            self.faults.add(
                path,
                f"{what} has {' and '.join(said) if said else 'no new value'}",
                "give exactly one of `value`, `scale`, `difference`",
            )
            return None
        if amount.value is not None:
            return amount.value
        if old is None:
            self.faults.add(path, f"{what} has no old value to change", "give its new `value`")
            return None
        return old * amount.scale if amount.scale is not None else old + (amount.difference or 0.0)

    def one_of(self, path: Path, what: str, name: str, known: Iterable[str]) -> bool:
        """Whether a name is known; noted when not."""
        names = list(known)
        if name not in names:
            self.faults.unknown(path, what, name, names)
        return name in names
