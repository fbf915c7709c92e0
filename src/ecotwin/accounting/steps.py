"""A window seen as amounts: what was measured, what had to be estimated and how sure that is.

A gap is never a zero. A counter that was silent and came back tells the total: only *when* it was
used is estimated. A flow that was silent is estimated by its mean in the covered steps of the same
machine state, if at least half of the window was measured; otherwise the steps stay missing and
`settle` decides over the whole period.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ecotwin.accounting.remembered import Remembered
from ecotwin.clock import HOUR, instant
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Bools, Codes, Floats, Window

ENOUGH = 0.5
"""Smallest covered share that carries a figure."""
LEFT_OVER_SD = 0.25
"""Standard deviation of a missing part estimated by the mean of the rest, as a share of it."""
_AMOUNTS = ("counter", "interval", "rate")


@dataclass(frozen=True, slots=True)
class Column:
    """One signal's window.

    Attributes:
        amount: [steps] measured or estimated amount; 0 where it is missing.
        measured, estimated: Their sums. covered_h, filled_h, total_h: Hours measured, estimated,
            all.
        variance: Of the estimated sum.
        sound: The amount never goes backwards by more than rounding.
    """

    amount: Floats
    measured: float
    estimated: float
    covered_h: float
    filled_h: float
    total_h: float
    variance: float


class Steps:
    """The amounts of one window, worked out when asked for."""

    def __init__(self, plant: Plant, window: Window) -> None:
        self.plant = plant
        self.window = window
        self.step_h = window.step_s / 3600.0
        self._place = {signal: column for column, signal in enumerate(window.signals)}
        self._columns: dict[int, Column | None] = {}
        self._states: dict[str, tuple[Codes, Bools]] = {}
        whole = (window.covered >= 1.0 - 1e-9) & np.isfinite(window.amount)
        self._whole: Bools = np.asarray(whole.all(axis=0))
        self._sums = np.where(self._whole, np.nan_to_num(window.amount), 0.0).sum(axis=0)
        self.local_hour = _local_hours(plant, window)

    def has(self, signal: Signal) -> bool:
        """Whether the window holds this signal."""
        return signal.index in self._place

    def column(self, signal: Signal) -> Column | None:
        """A signal's amounts; None when the window does not hold it."""
        if signal.index not in self._columns:
            place = self._place.get(signal.index)
            self._columns[signal.index] = None if place is None else self._make(signal, place)
        return self._columns[signal.index]

    def raw(self, signal: Signal, name: str) -> Floats:
        """[steps] a column of the window by the name of its array; NaN when the window lacks the signal."""
        place = self._place.get(signal.index)
        if place is None:
            return np.full(self.window.steps, math.nan)
        found: Floats = getattr(self.window, name)[:, place]
        return found

    def states(self, element: str) -> tuple[Codes, Bools]:
        """[steps] canonical state code of a machine, -1 where it is unknown, and whether it was measured."""
        if element not in self._states:
            self._states[element] = self._state(element)
        return self._states[element]

    def sum_of(self, terms: Iterable[tuple[float, Signal]]) -> Floats:
        """[steps] signed sum of signals; missing steps count as 0 here and are scaled up by `settle`."""
        total = np.zeros(self.window.steps)
        for sign, signal in terms:
            column = self.column(signal)
            if column is not None:
                total += sign * column.amount
        return total

    def _state(self, element: str) -> tuple[Codes, Bools]:
        signal = self.plant.find(element, "state")
        if signal is None or signal.index not in self._place:
            nothing = np.full(self.window.steps, -1, np.int32)
            return nothing, np.zeros(self.window.steps, np.bool_)
        last = self.raw(signal, "mean")
        known = np.isfinite(last)
        codes: Codes = np.where(known, last, -1.0).astype(np.int32)
        return codes, known

    def _make(self, signal: Signal, place: int) -> Column | None:
        if signal.form not in _AMOUNTS:
            return None
        total_h = self.window.steps * self.step_h
        amount = self.window.amount[:, place]
        if self._whole[place]:
            return Column(amount, float(self._sums[place]), 0.0, total_h, 0.0, total_h, 0.0)
        return self._holed(signal, place, total_h)

    def _holed(self, signal: Signal, place: int, total_h: float) -> Column:
        """A signal that was not measured all the time.

        The window's amount holds the covered share of a step and the share that was filled by a stated rule already
        (a counter's line over a silence). What is left is estimated here.
        """
        amount = self.window.amount[:, place].copy()
        dark = ~np.isfinite(amount)
        covered = np.where(dark, 0.0, np.clip(self.window.covered[:, place], 0.0, 1.0))
        guessed = np.where(dark, 0.0, np.clip(self.window.estimated[:, place], 0.0, 1.0 - covered))
        if signal.form == "counter":
            bridged = _bridge(amount, self.window.last[:, place])
            guessed[bridged] = 1.0
        amount = np.nan_to_num(amount)
        known = covered + guessed
        share = np.divide(guessed, known, out=np.zeros_like(known), where=known > 0.0)
        estimated = float((amount * share).sum())
        measured = float(amount.sum()) - estimated
        covered_h, guessed_h = (
            float(covered.sum()) * self.step_h,
            float(guessed.sum()) * self.step_h,
        )
        missing = np.clip(1.0 - known, 0.0, 1.0)
        left_h = float(missing.sum()) * self.step_h
        is_filled = signal.form == "rate" and signal.sensed is None
        sure_h = covered_h if is_filled else covered_h + guessed_h
        if left_h <= 1e-9 or sure_h < ENOUGH * total_h:
            return Column(amount, measured, estimated, covered_h, guessed_h, total_h, 0.0)
        full = np.divide(amount, known, out=np.zeros_like(amount), where=known > 0.0)
        filled, variance = self._fill(signal, full, known > ENOUGH, missing)
        estimated += float(filled.sum())
        return Column(
            amount + filled, measured, estimated, covered_h, guessed_h + left_h, total_h, variance
        )

    def _fill(
        self, signal: Signal, amount: Floats, known: Bools, wanted: Floats
    ) -> tuple[Floats, float]:
        """Mean amount a step of the same state x the missing share of each step, and the variance of the sum."""
        filled = np.zeros(len(amount))
        if not known.any():
            return filled, 0.0
        codes, _ = self.states(signal.element)
        overall, variance = amount[known], 0.0
        for code in np.unique(codes[wanted > 0.0]):
            of_state = amount[known & (codes == code)]
            like = of_state if len(of_state) >= 5 else overall
            here = (codes == code) * wanted
            filled += here * like.mean()
            variance += _sum_variance(like, float(here.sum()))
        return filled, variance


def _sum_variance(like: Floats, steps: float) -> float:
    """Variance of the sum of `steps` estimated steps: their own scatter, autocorrelated, and that of the mean."""
    if len(like) < 2:
        return float(like.mean() * steps) ** 2
    centred = like - like.mean()
    power = float((centred**2).sum())
    rho = float((centred[1:] * centred[:-1]).sum()) / power if power > 0.0 else 0.0
    rho = min(max(rho, 0.0), 0.999)
    variance, grow = power / (len(like) - 1), (1.0 + rho) / (1.0 - rho)
    own = min(variance * steps * grow, variance * steps**2)
    of_mean = min(variance * grow / len(like), variance) * steps**2
    return own + of_mean


def _bridge(amount: Floats, last: Floats) -> Bools:
    """Spread what a counter gained over a silence evenly on its silent steps, in place; the steps so filled."""
    silent = ~np.isfinite(amount)
    bridged = np.zeros(len(amount), np.bool_)
    if not silent.any():
        return bridged
    known = np.flatnonzero(np.isfinite(last))
    count = np.cumsum(silent)
    around = np.flatnonzero(count[known[1:]] > count[known[:-1]])
    for before, after in zip(known[around], known[around + 1], strict=True):
        gap = np.flatnonzero(silent[before + 1 : after + 1]) + before + 1
        if len(gap):
            seen = float(np.nansum(amount[before + 1 : after + 1]))
            amount[gap] = max(0.0, float(last[after] - last[before]) - seen) / len(gap)
            bridged[gap] = True
    return bridged


def _local_hours(plant: Plant, window: Window) -> Floats:
    """[steps] hour of the day at the plant, 0 <= hour < 24; the clock change falls on a whole UTC hour."""
    at = window.at
    first = at // HOUR
    out = np.empty(len(at))
    for hour in np.unique(first):
        start = instant(int(hour) * HOUR).astimezone(plant.zone)
        offset = (start.utcoffset() or timedelta(0)).total_seconds() / 3600.0
        here = first == hour
        out[here] = (at[here] / HOUR + offset) % 24.0
    return out


def _none(_: Window) -> dict[int, Steps]:
    return {}


_KEPT = Remembered(_none, size=3)


def steps_of(plant: Plant, window: Window) -> Steps:
    """The amounts of a window, worked out once while the window is in use."""
    kept = _KEPT(window)
    found = kept.get(id(plant))
    if found is None or found.plant is not plant:
        found = kept[id(plant)] = Steps(plant, window)
    return found
