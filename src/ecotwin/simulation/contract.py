"""What a part of the running-ahead plant must do, and what a run is given and gives back.

The plant is cut into *units* (a line of stations, the air station, a hall with its air handling, a reactor, a
foreign model). All runs of a scenario go on together: every state is an array whose first axis is the run. In each
step (a minute as a rule) the units go in the order of who needs whom: users *ask* a net (compressed air, cold, steam,
electricity) for a flow, and the unit that *serves* the net follows, in the same step. What a supplier then *gives*
(the pressure, the supply temperature) is felt by the users in the next step. Inside a step a unit may be as fine as
it likes: a line plays every part that goes through it.

A unit plug is a module of `simulation.units` with `plug`, an object that has `kinds` (machine kinds it claims) and
`units(plant)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.surroundings import Surroundings, Weather

State = dict[str, Any]
"""What a unit remembers: name -> array [runs, ...] (a foreign model may keep its own objects)."""

ELECTRICITY = "electricity"
"""The net of electricity [kW]; the engine fills what is asked of it from the units' books."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a parameter.

    Attributes:
        value: Its best value, in the unit of the parameter's name. sd: Standard deviation of what is not known.
        source: `kind`, `plant file`, `calibration` or `scenario`.
    """

    value: float
    sd: float = 0.0
    source: str = "scenario"


@dataclass(frozen=True, slots=True)
class Setting:
    """A set-point held from `start` to `end` (None: to the end of the run), in the signal's unit."""

    value: float
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What a line is to make.

    Attributes:
        id: Order number. product: Code. parts: Number wanted. due: When it must be done, None: no promise.
        done: Parts made before the run begins. earliest: Not before.
    """

    id: str
    product: int
    parts: float
    due: datetime | None = None
    done: float = 0.0
    earliest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """A machine that cannot work from `start` to `end`; people do not repair it before `end`."""

    machine: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Image:
    """What the plant is like when the run begins.

    Attributes:
        at: The instant. values: Signal id -> newest trusted value [canonical unit]; what is missing starts at the
            model's own steady value, and `unknown` names it.
        since: Machine id -> seconds in its present state [s].
        unknown: Signals that gave no trusted value.
    """

    at: datetime
    values: Mapping[str, float]
    since: Mapping[str, float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


class ForeignRun(Protocol):
    """A foreign model that goes on for all runs; it lives in a process of its own.

    Attributes:
        first: Outputs at the begin [runs, outputs].
    """

    first: Floats

    def step(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Go on by one step of the simulation; mean over it and last outputs, each [runs, outputs].

        Raises:
            ScenarioFault: It crashed, hangs, failed, or gave what cannot be.
        """
        ...

    def close(self) -> None:
        """End its process."""
        ...


class ForeignModel(Protocol):
    """A foreign model that was read outside and is handed in; it can be sent to another process."""

    def units(self) -> Mapping[str, str]:
        """Variable -> its unit; empty: without one."""
        ...

    def begin(self, runs: int, step_s: float, starts: Floats, inputs: Floats) -> ForeignRun:
        """Start it for all runs, with start values [runs, starts] and first inputs [runs, inputs] in its units."""
        ...


@dataclass(frozen=True)
class Case:
    """Everything a run needs; two cases of one seed differ by what their scenarios change, and by nothing else.

    Attributes:
        plant: The plant, changes of calendar, tariffs and terms already made.
        start, hours: The span. step_s: Length of a step [s]. runs, seed: How many, and which.
        weather: Arrays [runs or 1, steps].
        parameters: "machine.parameter" -> what is known; over the machine kind's and the plant file's own facts.
        settings: Set-point signal id -> settings in time order; without one the signal's value of `image`, else its
            fallback.
        jobs: Line id -> orders in the sequence in which they are made; a line without any makes the mix of `mix`.
        mix: Line id -> product code -> share of its parts.
        outages: Machines that cannot work.
        image: Where the plant stands at the start; None: an ordinary steady begin.
        bin_s: Length of a bin of the profiles [s], a multiple of `step_s`.
        foreign: Machine id -> the model that plays it, for machines of kind `fmu`.
    """

    plant: Plant
    start: datetime
    hours: float
    runs: int
    seed: int
    weather: Weather
    step_s: float = 60.0
    parameters: Mapping[str, Known] = field(default_factory=dict)
    settings: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict)
    jobs: Mapping[str, tuple[Job, ...]] = field(default_factory=dict)
    mix: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    outages: tuple[Outage, ...] = ()
    image: Image | None = None
    bin_s: float = 900.0
    foreign: Mapping[str, ForeignModel] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Number of steps."""
        return round(self.hours * 3600.0 / self.step_s)


class Draw(Protocol):
    """Parameters and chance of a batch of runs, as a unit asks for them at its begin."""

    runs: int
    chance: Chance

    def parameter(
        self, machine: str, name: str, default: float | None = None, share: float = 0.0
    ) -> Floats:
        """A parameter of a machine in every run [runs].

        Args:
            machine: Its id. name: Of the parameter, with its unit, as the kind's table, the plant file (`facts` of the
                machine), a calibration or a scenario give it.
            default: Value when nobody gives one; None: that is an error. share: Standard deviation as a share of the
                value where no calibration tells it.

        Raises:
            ScenarioFault: Nobody gives it, or it is negative where its name says a time or an amount.
        """
        ...

    def word(self, machine: str, name: str, default: str = "") -> str:
        """A fact of a machine that is no number."""
        ...


class Board(Protocol):
    """What the units of one batch of runs see of each other in a step.

    Attributes:
        runs, step_s: Size of the batch; length of a step [s]. step: Number of the step. around: Calendar, weather.
        given: Name -> [runs]: what suppliers gave in the last step, e.g. `air_bar`, `cold_supply_c`.
        out: [runs, columns of the unit that steps]: amounts of this step, zeroed before.
        nets: Nets that somebody serves; of the others a `may_ask` goes to nobody.
    """

    runs: int
    step_s: float
    step: int
    around: Surroundings
    given: dict[str, Floats]
    out: Floats
    nets: frozenset[str]

    def ask(self, net: str, flow: Floats | float) -> None:
        """Ask a net for a flow in this step [its unit], added to what others ask."""
        ...

    def asked(self, net: str) -> Floats:
        """What all who stepped before ask of a net in this step [runs]."""
        ...

    def serve(self, net: str, flow: Floats) -> None:
        """Say how much of what was asked is really supplied [runs]; the rest is booked as missing."""
        ...

    def setting(self, signal: str) -> Floats:
        """The set-point in force in this step [runs]."""
        ...

    def out_of_order(self, machine: str) -> bool:
        """Whether an outage holds the machine in this step."""
        ...

    def outdoor_c(self) -> Floats:
        """[runs]; `wet_bulb_c` and `sun_w_m2` alike."""
        ...

    def wet_bulb_c(self) -> Floats:
        """[runs]."""
        ...

    def sun_w_m2(self) -> Floats:
        """[runs]."""
        ...


class Unit(Protocol):
    """A part of the plant that runs ahead.

    Attributes:
        name: Unique: the id of its element or net. machines: Machines of the plant that it plays.
        columns: (machine, quantity) it books in each step; quantities stand in `quantities.csv`, a part after a colon
            tells them apart ("waste_kg:15 01 01").
        asks: Nets that must be served by somebody. may_ask: Nets that need not be. serves: Nets it serves.
        after: Names of `given` values that it must see of this very step; rarely needed.
    """

    name: str
    machines: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    asks: tuple[str, ...]
    may_ask: tuple[str, ...]
    serves: tuple[str, ...]

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Parameters and first state of every run; from `case.image` where there is one."""
        ...

    def step(self, state: State, board: Board) -> None:
        """Go on by one step: ask or serve nets, give, and write this step's amounts into `board.out`."""
        ...


class Telling(Protocol):
    """A unit that has more to tell at the end than its columns: what became of orders, the longest queue."""

    def finish(self, state: State) -> Mapping[str, Floats]:
        """Name -> [runs], e.g. "job.4711.late_h"."""
        ...


class UnitPlug(Protocol):
    """What a module of `simulation.units` offers."""

    kinds: tuple[str, ...]

    def units(self, plant: Plant) -> Sequence[Unit]:
        """The units of a plant; none when it has no such machines."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What came of all runs of a case.

    Attributes:
        columns: (machine, quantity), one a column of `totals`. totals: [runs, columns].
        quantities: Of the profile. profile: [runs, bins, quantities], summed over machines; bins of `bin_s`.
        missing: Net -> [runs] what was asked and not supplied, flow x hours.
        told: Name -> [runs]: what units told at the end.
        series: (machine, quantity) -> [runs, bins], when it was asked for.
        seconds: Wall time of the runs [s].
    """

    case: Case
    columns: tuple[tuple[str, str], ...]
    totals: Floats
    quantities: tuple[str, ...]
    profile: Floats
    missing: Mapping[str, Floats]
    told: Mapping[str, Floats]
    series: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    seconds: float = 0.0

    def total(self, quantity: str, machine: str = "") -> Floats:
        """Sum of a quantity over the run [runs]; all machines, or one. "waste_kg" takes every "waste_kg:..."."""
        which = [
            n
            for n, (m, q) in enumerate(self.columns)
            if (not machine or m == machine) and (q == quantity or q.startswith(quantity + ":"))
        ]
        return np.asarray(self.totals[:, which].sum(axis=1), np.float64)
