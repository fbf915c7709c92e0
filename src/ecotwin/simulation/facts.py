"""What units read of their machines: parameters as one table for kernels, set-points, the state at the start.

A parameter that is not known exactly has a second fact beside it, `<name>_sd_share`: its standard deviation as a
share of its value.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw

Table = NDArray[Any]
"""Structured array [runs, machines]: a field a parameter or a thing remembered."""


def of_kind(plant: Plant, *kinds: str) -> tuple[str, ...]:
    """Machines of these kinds, in the order of the plant file."""
    return tuple(m.id for m in plant.machines if m.kind in kinds)


def number(draw: Draw, machine: str, name: str, default: float | None = None) -> Floats:
    """A parameter of a machine, with the uncertainty its kind states [runs].

    Raises:
        ScenarioFault: It lies beyond what `bounds.csv` holds for possible; single draws are kept within.
    """
    share = float(draw.word(machine, f"{name}_sd_share", "0"))
    drawn = draw.parameter(machine, name, default, share)
    if name not in bounds():
        return drawn
    low, high, why = bounds()[name]
    mean = float(drawn.mean())
    if not low <= mean <= high:
        raise ScenarioFault(
            f"{name} of {machine} is {mean:g}",
            expected=f"{low:g} to {high:g}: {why}",
            remedy="mend it in the plant file or the scenario",
        )
    return np.clip(drawn, low, high)


@cache
def bounds() -> Mapping[str, tuple[float, float, str]]:
    """Name of a parameter -> lowest and highest value a plant can have, and why."""
    text = (files("ecotwin.simulation") / "bounds.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["name"]: (float(row["low"]), float(row["high"]), row["why"]) for row in rows}


def table(
    draw: Draw, machines: Sequence[str], numbers: Sequence[str], memory: Sequence[str] = ()
) -> Table:
    """Parameters of machines and room for what a unit remembers of them.

    Args:
        draw: Who knows the parameters. machines: Their ids. numbers: Names of the parameters.
        memory: Names of further fields, zero at first.
    """
    fields = np.dtype([(name, np.float64) for name in (*numbers, *memory)])
    made = np.zeros((draw.runs, len(machines)), fields)
    for place, machine in enumerate(machines):
        for name in numbers:
            made[name][:, place] = number(draw, machine, name)
    return made


def nominal(draw: Draw, machine: str, *states: str) -> dict[str, Floats]:
    """Nominal powers of a machine's states, all off by the same draw [kW], each [runs]."""
    share = float(draw.word(machine, "kw_sd_share", "0"))
    scale = draw.parameter(machine, "kw_scale", 1.0, share)
    return {s: scale * draw.parameter(machine, f"kw_{s}", 0.0) for s in states}


def held(board: Board, plant: Plant, machine: str, name: str, usual: Floats) -> Floats:
    """A machine's set-point in this step, or its usual value where the plant has no such signal [runs]."""
    signal = f"{machine}.{name}"
    if not plant.has_signal(signal):
        return usual
    value = board.setting(signal)
    return value if value[0] == value[0] else usual


def seen(case: Case, machine: str, name: str, otherwise: float) -> float:
    """What the image shows of a machine's signal at the start, else another value."""
    if case.image is None:
        return otherwise
    value = float(case.image.values.get(f"{machine}.{name}", otherwise))
    return value if np.isfinite(value) else otherwise


def down(board: Board, machines: Sequence[str]) -> NDArray[np.bool_]:
    """Which machines an outage holds in this step [machines]."""
    return np.array([board.out_of_order(m) for m in machines], np.bool_)


def long_pause(board: Board, minutes: float) -> bool:
    """Whether nobody works for a pause longer than this [min] around this step."""
    return bool(board.around.pause_s[board.step] > 60.0 * minutes)
