"""The plant as the software knows it: frozen, indexed, checked.

Built by `blueprint.load` from a plant file; every other room only reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from ecotwin.plant.duties import Basin, Benchmark, Company, Material, Permit, Target, WorkGroup
from ecotwin.plant.foreign import Foreign
from ecotwin.plant.sensed import Sensed
from ecotwin.plant.terms import Break, Change, Contract, GridFactors, Product, Shift, Tariff

__all__ = [
    "LEVELS",
    "STATES",
    "STATE_NAMES",
    "Balance",
    "Basin",
    "Benchmark",
    "Break",
    "Change",
    "Company",
    "Connection",
    "Contract",
    "Element",
    "GridFactors",
    "Interlock",
    "Material",
    "Permit",
    "Plant",
    "Product",
    "Shift",
    "Signal",
    "Sleep",
    "Target",
    "Tariff",
    "WorkGroup",
    "Write",
]

LEVELS = ("site", "area", "line", "machine")
"""ISA-95: site > area > work centre (line) > work unit (machine)."""

STATES = {"off": 0, "standby": 1, "heating": 2, "setup": 3, "idle": 4, "busy": 5, "down": 6}
"""Canonical machine states; a plant file maps a machine's own codes to these names."""

STATE_NAMES = {code: name for name, code in STATES.items()}


@dataclass(frozen=True, slots=True)
class Interlock:
    """A condition that must hold before and while a set-point is written.

    Attributes:
        name: Short name. kind: `signal` (value of another signal within low..high),
            `state` (machine in one of `states`), `fresh` (newest data younger than `max_age_s`),
            `calendar` (only `in_break`: no shift is working).
        signal: Signal id asked (kind signal, state, fresh).
        text: What a person reads, e.g. "Line pressure stays above 5.8 bar".
    """

    name: str
    kind: str
    text: str
    signal: str = ""
    low: float | None = None
    high: float | None = None
    states: tuple[str, ...] = ()
    max_age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Write:
    """What may be written to a set-point.

    Attributes:
        low, high: Bounds [signal unit]. rate_per_min: Largest change a minute, None for no limit.
        lease_max_min: Longest lease [min]. watchdog: The device falls back by itself.
        fallback: Value it falls back to. autonomy: `observe`, `advise`, `approve`, `automatic`.
        approve: Roles that may approve. max_age_s: Older data blocks the write.
        read_back_s: Time in which the machine must show the new value.
        interlocks: Conditions from the plant file.
    """

    low: float
    high: float
    fallback: float
    lease_max_min: float
    rate_per_min: float | None = None
    watchdog: bool = False
    autonomy: str = "approve"
    approve: tuple[str, ...] = ("engineer",)
    max_age_s: float = 120.0
    read_back_s: float = 60.0
    interlocks: tuple[Interlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured or set value.

    Attributes:
        index: Position in `Plant.signals`.
        id: `machine.name`, unique. element: Id of the element it belongs to.
        means: Key of `meanings.csv`. form: counter, interval, rate, gauge, state, setpoint.
        carrier: electricity, gas, compressed_air, water, waste ... or empty.
        unit: Canonical unit. wire_unit: Unit on the wire; `canonical = wire x factor + offset`.
        every_s: Time between samples as a rule [s]; after 3x this the value counts as missing.
        low, high: Plausible range [canonical]. max_step: Largest plausible change between
            two samples [canonical]. stuck_after_s: Longer without any change means stuck; 0: never.
        rollover: A counter's largest index + 1 [canonical], None if it never rolls over.
        states: For states: wire code -> canonical state name (or product code -> itself).
        connection, address: Where it comes from. privacy: `none` or `person`.
        accuracy: Half of the 95 % interval as a share of the value (meter class).
        waste_code: EWC code. treatment: R/D treatment code. material: Material id.
        write: What may be written; None: read only. sensed: What it is told from; None: measured.
    """

    index: int
    id: str
    name: str
    element: str
    means: str
    form: str
    carrier: str
    unit: str
    wire_unit: str
    factor: float
    offset: float
    every_s: float
    connection: str
    address: str
    low: float | None = None
    high: float | None = None
    max_step: float | None = None
    stuck_after_s: float = 0.0
    rollover: float | None = None
    states: Mapping[int, str] = field(default_factory=dict)
    accuracy: float = 0.01
    privacy: str = "none"
    waste_code: str = ""
    treatment: str = ""
    material: str = ""
    write: Write | None = None
    sensed: Sensed | None = None

    @property
    def hold_s(self) -> float:
        """How long a value is held to be valid without a new one [s]."""
        return 3.0 * self.every_s


@dataclass(frozen=True, slots=True)
class Sleep:
    """How a machine can be put to sleep when it is not needed.

    Attributes:
        signal: Set-point id. asleep, awake: Its values. warmup_min: Time to be ready again [min].
        min_break_min: A shorter break is not worth it [min].
    """

    signal: str
    asleep: float
    awake: float
    warmup_min: float
    min_break_min: float


@dataclass(frozen=True, slots=True)
class Element:
    """A place in the factory (ISA-95).

    Attributes:
        id: Unique slug. level: site, area, line or machine. parent: Parent id, empty for the site.
        kind: Machine kind (a table in `kinds/`), empty above machines.
        kind_facts: Column -> value of its kind's table joined with the plant file's own values.
    """

    id: str
    name: str
    level: str
    parent: str
    kind: str = ""
    kind_facts: Mapping[str, Any] = field(default_factory=dict)
    sleep: Sleep | None = None
    description: str = ""
    model: Foreign | None = None
    """The foreign model that plays a machine of kind `fmu`."""


@dataclass(frozen=True, slots=True)
class Balance:
    """A node of the flow graph: what flows in is what flows out plus an unmetered rest.

    Attributes:
        id, name: Of the node. carrier: What flows. element: Where it stands.
        inputs: Signal ids or balance ids that flow in. outputs: Signal ids or balance ids fed.
        A balance id among the outputs means the whole of that balance's inputs.
        rest: Name of the rest, e.g. `Not metered` or `Air lost in leaks`.
    """

    id: str
    name: str
    carrier: str
    element: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rest: str = "Not metered"


@dataclass(frozen=True, slots=True)
class Connection:
    """One way in: a protocol and its options as the plant file gives them."""

    name: str
    protocol: str
    options: Mapping[str, Any]
    writing: bool = False


@dataclass(frozen=True)
class Plant:
    """A whole factory. Lookups are by id; columns elsewhere are by `Signal.index`."""

    id: str
    name: str
    timezone: str
    currency: str
    country: str
    elements: tuple[Element, ...]
    signals: tuple[Signal, ...]
    connections: tuple[Connection, ...]
    balances: tuple[Balance, ...] = ()
    shifts: tuple[Shift, ...] = ()
    holidays: tuple[date, ...] = ()
    tariffs: tuple[Tariff, ...] = ()
    grid: GridFactors | None = None
    products: tuple[Product, ...] = ()
    factors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The user's own factors: carrier -> value, unit, place, year, source, version, basis ..."""
    outdoor: str = ""
    """Signal id of the outdoor temperature."""
    gwp_set: str = "AR6"
    digest: str = ""
    """SHA-256 of the plant file."""
    company: Company = field(default_factory=Company)
    targets: tuple[Target, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    permits: tuple[Permit, ...] = ()
    people: tuple[WorkGroup, ...] = ()
    basin: Basin | None = None
    materials: tuple[Material, ...] = ()
    changes: tuple[Change, ...] = ()
    """Of terms, in time order; `epochs.epochs` gives the plant as it was on a day."""
    books: str = ""
    """Folder of books, absolute; empty: none."""
    scenarios: str = ""
    """Folder `<name of the plant file>/scenarios` beside it, absolute; it need not be there."""

    @cached_property
    def zone(self) -> ZoneInfo:
        """The plant's time zone."""
        return ZoneInfo(self.timezone)

    def local(self, at: datetime, beside: datetime | None = None) -> str:
        """A moment as the plant's people read it: the time of day, with its date when that is another.

        Args:
            at: The moment. beside: What they read it beside; None: a moment of the same day.

        >>> from datetime import UTC
        >>> plant = Plant("p", "P", "Europe/Berlin", "EUR", "DE", (), (), ())
        >>> noon = datetime(2026, 6, 18, 10, 0, tzinfo=UTC)
        >>> plant.local(noon), plant.local(noon, datetime(2026, 6, 18, 22, 30, tzinfo=UTC))
        ('12:00', '2026-06-18 12:00')
        """
        here = at.astimezone(self.zone)
        other = here if beside is None else beside.astimezone(self.zone)
        return here.strftime("%H:%M" if here.date() == other.date() else "%Y-%m-%d %H:%M")

    @cached_property
    def _elements(self) -> dict[str, Element]:
        return {e.id: e for e in self.elements}

    @cached_property
    def _signals(self) -> dict[str, Signal]:
        return {s.id: s for s in self.signals}

    @cached_property
    def _balances(self) -> dict[str, Balance]:
        return {b.id: b for b in self.balances}

    @property
    def site(self) -> Element:
        """The root of the tree."""
        return self.elements[0]

    def element(self, id: str) -> Element:  # noqa: A002
        """The element of this id.

        Raises:
            KeyError: There is none.
        """
        return self._elements[id]

    def signal(self, id: str) -> Signal:  # noqa: A002
        """The signal of this id.

        Raises:
            KeyError: There is none.
        """
        return self._signals[id]

    def has_signal(self, id: str) -> bool:  # noqa: A002
        """Whether there is a signal of this id."""
        return id in self._signals

    def balance(self, id: str) -> Balance | None:  # noqa: A002
        """The balance node of this id, if there is one."""
        return self._balances.get(id)

    @cached_property
    def machines(self) -> tuple[Element, ...]:
        """All machines, in file order."""
        return tuple(e for e in self.elements if e.level == "machine")

    def children(self, id: str) -> tuple[Element, ...]:  # noqa: A002
        """Direct children."""
        return self._children.get(id, ())

    @cached_property
    def _children(self) -> dict[str, tuple[Element, ...]]:
        by: dict[str, list[Element]] = {}
        for e in self.elements:
            by.setdefault(e.parent, []).append(e)
        return {k: tuple(v) for k, v in by.items()}

    @cached_property
    def _under(self) -> dict[str, tuple[Element, ...]]:
        return {}

    def under(self, id: str) -> tuple[Element, ...]:  # noqa: A002
        """The element itself and everything below it."""
        if id not in self._under:
            found = [self.element(id)]
            for e in found:
                found.extend(self.children(e.id))
            self._under[id] = tuple(found)
        return self._under[id]

    def path(self, id: str) -> tuple[Element, ...]:  # noqa: A002
        """From the site down to the element."""
        chain = [self.element(id)]
        while chain[0].parent:
            chain.insert(0, self.element(chain[0].parent))
        return tuple(chain)

    def signals_of(self, element: str) -> tuple[Signal, ...]:
        """The signals that belong to this very element."""
        return self._by_element.get(element, ())

    @cached_property
    def _by_element(self) -> dict[str, tuple[Signal, ...]]:
        by: dict[str, list[Signal]] = {}
        for s in self.signals:
            by.setdefault(s.element, []).append(s)
        return {k: tuple(v) for k, v in by.items()}

    def find(self, element: str, means: str) -> Signal | None:
        """The first signal of an element with this meaning."""
        return next((s for s in self.signals_of(element) if s.means == means), None)

    def all_of(self, element: str, means: str) -> Iterator[Signal]:
        """Signals of an element and everything below it with this meaning."""
        for e in self.under(element):
            yield from (s for s in self.signals_of(e.id) if s.means == means)

    def tariff(self, carrier: str) -> Tariff | None:
        """The tariff of a carrier, if the plant file gives one."""
        return next((t for t in self.tariffs if t.carrier == carrier), None)

    def connection(self, name: str) -> Connection:
        """The connection of this name.

        Raises:
            KeyError: There is none.
        """
        return next(c for c in self.connections if c.name == name)
