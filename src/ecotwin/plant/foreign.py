"""A machine that a foreign model plays: a co-simulation unit (FMU) and what of it is joined with what of the plant."""

from __future__ import annotations

from dataclasses import dataclass

WEATHER_UNITS = {"outdoor_c": "degC", "wet_bulb_c": "degC", "sun_w_m2": "W/m2"}
"""What an input can take of the weather, and its unit."""


@dataclass(frozen=True, slots=True)
class ForeignInput:
    """Where an input of the foreign model comes from in every step.

    Attributes:
        variable: The model's own name. source: `net` (what others ask of it), `given` (what a supplier gave in the
            last step), `setpoint` (a signal), `weather`, `calendar` or `value`.
        name: Of the net, given value, set-point or weather column; of the calendar `working` (1 while people work,
            else 0) or `in_order` (0 while an outage holds the machine). value: The constant, in `unit`.
        unit: Of the model's variable; empty: as the model itself says. first: Given value before anybody gave one,
            in `unit`; None: there must be one in the first step.
    """

    variable: str
    source: str
    name: str = ""
    value: float = 0.0
    unit: str = ""
    first: float | None = None


@dataclass(frozen=True, slots=True)
class ForeignOutput:
    """Where an output of the foreign model goes in every step.

    Attributes:
        variable: The model's own name. sink: `quantity` (booked), `asks` or `serves` (a net), `gives` (a given value)
            or `signal` (the value of a signal of the plant, given under its id).
        name: Of the quantity, net, given value or signal. unit: Of the model's variable; empty: as the model says.
        form: Of a quantity: `rate` (a flow, its mean over the step is booked) or `counter` (a running total, its
            increase is booked).
    """

    variable: str
    sink: str
    name: str
    unit: str = ""
    form: str = "rate"


@dataclass(frozen=True, slots=True)
class ForeignStart:
    """A start value or parameter of the foreign model.

    Attributes:
        value: In `unit`. signal: Signal whose newest trusted value takes its place in a run from live.
        share: Standard deviation of what is not known, as a share of the value.
    """

    variable: str
    value: float
    unit: str = ""
    signal: str = ""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Foreign:
    """The foreign model of a machine.

    Attributes:
        file: Path of the FMU, absolute once the plant file is read. sha256: Of that file; empty: any.
        step_s: Its own communication step [s], the simulation's step a multiple; 0: the simulation's step.
        answer_s: Longest wall time for an answer [s]: a model that takes longer is ended. load_s: Longest wall time
            in which all its instances must be ready [s].
    """

    file: str
    inputs: tuple[ForeignInput, ...] = ()
    outputs: tuple[ForeignOutput, ...] = ()
    start: tuple[ForeignStart, ...] = ()
    sha256: str = ""
    step_s: float = 0.0
    answer_s: float = 10.0
    load_s: float = 60.0
