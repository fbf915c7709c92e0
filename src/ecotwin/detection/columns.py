"""What detectors read off a window of minutes: machine states, rates of flow, usable means."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ecotwin.plant.model import STATES, Element, Plant, Signal
from ecotwin.records import Bools, Floats, Ints, Window

UNKNOWN = 7
"""Mode of a machine whose state is not known."""

LEAST_COVERED = 0.5
"""A step that was measured for less than this share is not judged."""

SETTLE_MIN = 60.0
"""After it was off, in standby or heating, a machine's power settles for this long."""

_CODES = 256

_FLOWS = {"compressed_air": "Air", "water": "Water", "nitrogen": "Nitrogen", "gas": "Gas"}


def power_signal(plant: Plant, element: str) -> Signal | None:
    """The signal that shows a machine's electric power best."""
    means = ("electricity_power", "electricity_energy", "electricity_interval")
    return next((s for m in means if (s := plant.find(element, m)) is not None), None)


def called(plant: Plant, signal: Signal) -> str:
    """What a person calls a signal: flows by where they go, others by their name and machine."""
    owner = plant.element(signal.element).name
    flow = _FLOWS.get(signal.carrier)
    if flow is not None:
        return f"{flow} to {owner}"
    name = signal.name.split(":")[0].split(",")[0]
    name = name[:1].upper() + name[1:]
    return name if owner.lower() in name.lower() else f"{name} of {owner}"


def number(element: Element, *keys: str) -> float | None:
    """The first of these facts of a machine that is a number."""
    for key in keys:
        value = element.kind_facts.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                continue
    return None


def positions(window: Window, signals: Iterable[int]) -> Ints:
    """Columns of some signals in a window; -1 where it lacks one."""
    if len(window.signals) and window.signals[-1] == len(window.signals) - 1:
        size = len(window.signals)
        return np.array([s if s < size else -1 for s in signals], np.int64)
    where = {s: i for i, s in enumerate(window.signals)}
    return np.array([where.get(s, -1) for s in signals], np.int64)


def picked(column: Floats, at: Ints) -> Floats:
    """Columns at these positions; NaN where the position is -1."""
    result: Floats = np.where(at >= 0, column[:, np.maximum(at, 0)], np.nan)
    return result


def covered(window: Window) -> Bools:
    """[steps, signals] measured for long enough to be judged."""
    result: Bools = window.covered >= LEAST_COVERED
    return result


def rates(window: Window, form: list[str], at: Ints) -> Floats:
    """[steps, n] rate of flow of some signals [unit/h]; NaN: not measured.

    Args:
        window: The minutes.
        form: Form of each signal.
        at: Their columns.
    """
    share = picked(window.covered, at)
    hours = np.maximum(share, 1e-9) * window.step_s / 3600.0
    amount = picked(window.amount, at)
    mean = picked(window.mean, at)
    is_rate = np.array([f == "rate" for f in form], np.bool_)
    value = np.where(is_rate, mean, amount / hours)
    return np.where(share >= LEAST_COVERED, value, np.nan)


class Modes:
    """Turns machines' state codes into modes 0..7, all machines at once.

    Args:
        plant: The plant.
        elements: Machine ids, one a column; a machine without a state signal is always `UNKNOWN`.
    """

    def __init__(self, plant: Plant, elements: tuple[str, ...]) -> None:
        self._table = np.full((len(elements), _CODES), UNKNOWN, np.int64)
        signals: list[int] = []
        for row, element in enumerate(elements):
            signal = plant.find(element, "state")
            signals.append(-1 if signal is None else signal.index)
            for code, name in {} if signal is None else signal.states.items():
                if 0 <= code < _CODES:
                    self._table[row, code] = STATES.get(name, UNKNOWN)
        self._signals = np.array(signals, np.int64)
        self._rows = np.arange(len(elements))

    def of(self, window: Window) -> Ints:
        """[steps, elements] modes; a state that is only held over from before still counts."""
        at = np.where(
            self._signals >= 0, positions(window, np.maximum(self._signals, 0).tolist()), -1
        )
        code = picked(window.last, at)
        known = np.isfinite(code) & (code >= 0) & (code < _CODES)
        safe = np.where(known, code, 0.0).astype(np.int64)
        result: Ints = np.where(known, self._table[self._rows, safe], UNKNOWN)
        return result


class Settling:
    """Sets apart the time in which a machine warms through after it was cold: it draws more, and that is no fault.

    Args:
        count: Machines.
    """

    def __init__(self, count: int) -> None:
        self._left = np.zeros(count)

    def of(self, mode: Ints, dt_min: float) -> Ints:
        """[machines] modes, `UNKNOWN` for those at work that were at rest or heating a while ago."""
        cold = (mode < STATES["setup"]) | (mode == UNKNOWN)
        self._left = np.where(cold, SETTLE_MIN, np.maximum(self._left - dt_min, 0.0))
        return np.where(~cold & (self._left > 0.0), UNKNOWN, mode)

    def state(self) -> list[float]:
        """JSON-able state."""
        return [float(v) for v in self._left]

    def restore(self, row: int, left: float) -> None:
        """Go on from a saved state of one machine."""
        self._left[row] = left


def three(value: float) -> str:
    """A number with three significant figures, never in powers of ten.

    >>> three(15.6234), three(0.8), three(12345.0), three(-0.00004)
    ('15.6', '0.800', '12,300', '0')
    """
    if abs(value) < 5e-4:
        return "0"
    text = f"{float(f'{value:.3g}'):,.10f}"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value) * 1.0005))))
    return f"{float(text.replace(',', '')):,.{digits}f}"


def lasting(hours: float) -> str:
    """A span in words.

    >>> lasting(0.25), lasting(7.5), lasting(80)
    ('15 min', '7.5 h', '3.3 days')
    """
    if hours < 1.5:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
