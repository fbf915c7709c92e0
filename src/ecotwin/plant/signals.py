"""Makes one signal of the plant file's words and its kind's row: meaning, unit, range, address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ecotwin.errors import UnitFault
from ecotwin.plant.catalogue import FREE, KindSignal, Meaning, meanings
from ecotwin.plant.faults import Faults
from ecotwin.plant.lines import Path
from ecotwin.plant.model import STATE_NAMES, Signal
from ecotwin.plant.parts import EWC, TREATMENT
from ecotwin.plant.schema import PlantPart, SignalPart
from ecotwin.plant.sensed import ACCURACY, CONNECTION, EVERY_S
from ecotwin.plant.sensed_file import wire_faults
from ecotwin.units import conversion

KEPT = ("degC", "bar", "kW", "kWh", "m3", "m3/h", "kg", "s", "%", "m/min", "h")
"""Canonical units that a signal of free unit keeps."""

TURNED_INTO = ("degC", "bar", "kW", "m3/h", "kg", "m3")
"""Canonical units that a signal of free unit is turned into, when it measures the same thing."""


@dataclass(frozen=True)
class Source:
    """One signal as the file and its kind describe it.

    Attributes:
        element, name: Whose signal it is. own: What the file says. row: What its kind says.
        path: Where it stands. connection: Connection of its place. prefix: Address of its place.
    """

    element: str
    name: str
    own: SignalPart
    row: KindSignal | None
    path: Path
    connection: str
    prefix: str

    @property
    def id(self) -> str:
        """`element.name`."""
        return f"{self.element}.{self.name}"

    @property
    def address(self) -> str:
        """Where it comes from on its connection."""
        return self.own.address or "/".join(filter(None, (self.prefix, self.name)))

    @property
    def wire(self) -> str:
        """The connection that brings it: its own, else its place's."""
        own = self.own.connection
        return self.connection if own is None else own

    @property
    def tabled(self) -> KindSignal | None:
        """The kind's row, unless the file gives the signal another meaning."""
        return self.row if self.row and self.own.means in (None, self.row.means) else None


def make(source: Source, part: PlantPart, faults: Faults, index: int) -> Signal | None:
    """The signal, or None when meaning or unit cannot be had; faults are noted."""
    own, row = source.own, source.tabled
    meaning = _meaning(source, faults)
    if meaning is None:
        return None
    wire_unit = own.unit or (row.unit if row else meaning.unit)
    units = _units(meaning, wire_unit, source, faults)
    if units is None:
        return None
    told = own.sensed is not None
    if told:
        wire_faults(own, source.path, faults, source.id)
    else:
        _connection(source, part, faults)
    _waste(meaning, source, faults)
    unit, factor, offset = units
    scale = _Scale(own, row, wire_unit, unit)
    signal = Signal(
        index=index,
        id=source.id,
        name=own.name or (row.description if row else "") or source.name.replace("_", " "),
        element=source.element,
        means=meaning.means,
        form=meaning.form,
        carrier=meaning.carrier,
        unit=unit,
        wire_unit=wire_unit,
        factor=factor,
        offset=offset,
        every_s=EVERY_S if told else own.every_s or (row.every_s if row else 30.0),
        connection=CONNECTION if told else source.wire,
        address=source.id if told else source.address,
        low=scale.point("low"),
        high=scale.point("high"),
        max_step=scale.step("max_step"),
        stuck_after_s=_given(own.stuck_after_s, row.stuck_after_s if row else 0.0),
        rollover=scale.step("rollover"),
        states=_states(meaning, own, part),
        accuracy=_given(own.accuracy, ACCURACY if told else row.accuracy if row else 0.01),
        privacy=own.privacy or "none",
        waste_code=own.waste_code or "",
        treatment=own.treatment or "",
        material=own.material or "",
    )
    _range(signal, source.path, faults)
    return signal


def to_canonical(signal: Signal | None, value: float | None) -> float | None:
    """A value given in a signal's unit on the wire, in its canonical unit."""
    if signal is None or value is None:
        return value
    return _round(value * signal.factor + signal.offset)


@cache
def known_unit(unit: str) -> bool:
    """Whether the unit library knows a unit.

    >>> known_unit("kW"), known_unit("kWatz")
    (True, False)
    """
    try:
        conversion(unit, "kg" if unit != "kg" else "g")
    except UnitFault as fault:
        return "DimensionalityError" in fault.found
    return True


@cache
def free_unit(wire_unit: str) -> tuple[str, float, float]:
    """Canonical unit, factor and offset of a signal whose unit stands in the plant file.

    >>> free_unit("psi")[0], free_unit("N*m")
    ('bar', ('N*m', 1.0, 0.0))
    """
    if wire_unit in KEPT:
        return wire_unit, 1.0, 0.0
    for unit in TURNED_INTO:
        try:
            return (unit, *conversion(wire_unit, unit))
        except UnitFault:
            continue
    return wire_unit, 1.0, 0.0


def _meaning(source: Source, faults: Faults) -> Meaning | None:
    means = source.own.means or (source.row.means if source.row else None)
    if means is None:
        faults.add(source.path, "the signal has no `means`", "say it: a key of meanings.csv")
        return None
    if means not in meanings():
        faults.unknown((*source.path, "means"), "meaning", means, meanings())
        return None
    return meanings()[means]


def _units(
    meaning: Meaning, wire_unit: str, source: Source, faults: Faults
) -> tuple[str, float, float] | None:
    """Canonical unit, factor and offset; None when the unit is unknown or does not fit."""
    at = (*source.path, "unit")
    if meaning.means in FREE and not wire_unit:
        faults.add(source.path, f"a {meaning.means} needs its `unit`", "add it: degC, bar ...")
        return None
    if not known_unit(wire_unit):
        examples = "examples: kW, MWh, m3/h, L, degF, psi, g"
        faults.add(at, f"the unit {wire_unit!r} is unknown", examples)
        return None
    if meaning.means in FREE:
        return free_unit(wire_unit)
    try:
        factor, offset = conversion(wire_unit, meaning.unit)
    except UnitFault:
        faults.add(
            at,
            f"the unit {wire_unit!r} does not fit {meaning.means!r}",
            f"give a unit that can be turned into {meaning.unit}",
        )
        return None
    return meaning.unit, factor, offset


def _connection(source: Source, part: PlantPart, faults: Faults) -> None:
    connection = source.wire
    if connection in part.connections or faults.excused(connection):
        return
    if connection:
        faults.unknown(
            (*source.path, "connection"), "connection", connection, part.connections.keys()
        )
    else:
        faults.add(
            source.path, f"{source.id} has no `connection`", "name one here or at a place above it"
        )


def _waste(meaning: Meaning, source: Source, faults: Faults) -> None:
    own = source.own
    if own.waste_code is not None and not EWC.match(own.waste_code):
        faults.add(
            (*source.path, "waste_code"),
            f"{own.waste_code!r} is no code of the European list of waste",
            "six digits, chapter 01 to 20, a * if hazardous: '15 01 01', '14 06 03*'",
        )
    if own.treatment is not None and not TREATMENT.match(own.treatment):
        faults.add(
            (*source.path, "treatment"),
            f"{own.treatment!r} is no treatment code",
            "one of R1..R13, D1..D15",
        )
    if meaning.means == "waste_mass" and not (own.waste_code and own.treatment):
        faults.add(
            source.path,
            f"{source.id} lacks `waste_code` and `treatment`",
            "a waste_mass needs both",
        )


def _states(meaning: Meaning, own: SignalPart, part: PlantPart) -> dict[int, str]:
    if meaning.means == "state":
        return {int(k): v for k, v in own.states.items()} if own.states else dict(STATE_NAMES)
    if meaning.means == "product":
        return {p.code: str(p.code) for p in part.products}
    return {}


def _range(signal: Signal, path: Path, faults: Faults) -> None:
    if signal.low is not None and signal.high is not None and signal.low >= signal.high:
        faults.add(
            path,
            f"{signal.id}: low ({signal.low:g}) is not below high ({signal.high:g}) "
            f"[{signal.unit}]",
            "correct `low` or `high`",
        )


@dataclass(frozen=True)
class _Scale:
    """Numbers of the file and of the kind's table, each in its own unit, in the canonical one."""

    own: SignalPart
    row: KindSignal | None
    wire_unit: str
    unit: str

    def point(self, column: str) -> float | None:
        """A level, such as a temperature."""
        value, (factor, offset) = self._found(column)
        return None if value is None else _round(value * factor + offset)

    def step(self, column: str) -> float | None:
        """A difference."""
        value, (factor, _) = self._found(column)
        return None if value is None else _round(value * abs(factor))

    def _found(self, column: str) -> tuple[float | None, tuple[float, float]]:
        own = getattr(self.own, column)
        if own is not None:
            return own, conversion(self.wire_unit, self.unit)
        if self.row is None:
            return None, (1.0, 0.0)
        try:
            return getattr(self.row, column), conversion(self.row.unit, self.unit)
        except UnitFault:  # a free unit of another kind: the table's bounds do not apply
            return None, (1.0, 0.0)


def _given(own: float | None, table: float) -> float:
    return table if own is None else own


def _round(value: float) -> float:
    return float(f"{value:.12g}")
