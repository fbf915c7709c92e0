"""Slow drifts: a moving average of hourly means, held against the machine's own past.

Charted are each machine's power residual (drift of the machine, or of its baseline) and the signals
that show wear
(vibration; differential pressure; these at work alone), apart for hours at work and at rest. Centre and scale are the
series' own: the first
40 hours of its kind, then forgotten over a month, and never learned while it is out. Correlated
hours widen the limits.

Sources:
    Roberts, Control chart tests based on geometric moving averages, Technometrics 1 (1959).
    Schmid, On EWMA charts for time series, in Frontiers in Statistical Quality Control 5
    (1997): limits under AR(1).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.clock import HOUR
from ecotwin.detection.columns import (
    UNKNOWN,
    Modes,
    called,
    number,
    picked,
    positions,
    power_signal,
)
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import STATES, Plant
from ecotwin.records import Floats, Readings, Score, Window
from ecotwin.units import said

LAMBDA = 0.08
SIGMAS = 5.0
LEARN_BLOCKS = 40
MEMORY_BLOCKS = 500.0
LEAST_MINUTES = 30.0
RELEVANT_SHARE = 0.02
RELEVANT_KW = 0.1
RECENT = 0.4
"""Weight of the newest hour in the mean that says whether a drift still goes on."""
WEAR_SHARE = 0.25
"""A rise of wear that matters, as a share of its usual level: ISO 20816-3 calls a change of a quarter significant."""
WEAR_MEANS = ("vibration",)
WEAR_NAMES = ("membrane_drop", "filter_drop", "differential_pressure")
WORKING = (STATES["setup"], STATES["busy"])


class Ewma:
    """EWMA charts of power residuals and of wear."""

    name = "ewma"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        made = {s.element for s in plant.signals if s.means == "electricity_generated"}
        self._machines = [
            (m.id, p)
            for m in plant.machines
            if m.id not in made
            and m.kind_facts.get("role", "machine") == "machine"
            and (p := power_signal(plant, m.id)) is not None
        ]
        self._wear = [
            s
            for s in plant.signals
            if s.means in WEAR_MEANS or s.id.rsplit(".", 1)[-1] in WEAR_NAMES
        ]
        elements = [m for m, _ in self._machines] + [s.element for s in self._wear]
        self._elements = elements
        self._names = [f"{m}:power" for m, _ in self._machines] + [
            f"{s.id}:drift" for s in self._wear
        ]
        self._signals = [p for _, p in self._machines] + self._wear
        self._modes = Modes(plant, tuple(elements))
        self._split = len(self._machines)
        told = [
            number(plant.element(m), "nominal_kw", "kw_busy", "rated_kw") for m, _ in self._machines
        ]
        self._nominal = np.array([t or 0.0 for t in told])
        k = len(self._names)
        shape = (2, k)
        self._sum, self._min, self._level = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._centre, self._var, self._count = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._ewma, self._last, self._recent = (np.zeros(shape) for _ in range(3))
        self._lag1, self._lag0 = np.full(shape, 0.3), np.ones(shape)
        self._over = np.zeros(shape, np.bool_)
        self._begun, self._shift = np.zeros(shape, np.int64), np.zeros(shape)
        self._onset, self._sofar = np.zeros(k, np.int64), np.zeros(k)
        self._hour = -1

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges whole hours."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Gather closed minutes; judge when an hour is full."""
        if not self._names:
            return []
        value, reference = self._values(window, expected)
        modes = self._modes.of(window)
        working = np.isin(modes, WORKING).astype(np.int64)
        # What shows wear shows it at work alone: a filter that nothing flows through loses no pressure.
        standing = (working == 0) & (modes != UNKNOWN)
        standing[:, : self._split] = False
        at, dt_min = window.at, window.step_s / 60.0
        rows = np.arange(len(self._names))
        scores: list[Score] = []
        for t in range(window.steps):
            hour = int(at[t]) // HOUR
            if hour != self._hour:
                scores += self._close()
                self._hour = hour
            ok = np.isfinite(value[t]) & ~standing[t]
            cell = (working[t], rows)
            self._sum[cell] += np.where(ok, value[t], 0.0) * dt_min
            self._level[cell] += np.where(ok, reference[t], 0.0) * dt_min
            self._min[cell] += np.where(ok, dt_min, 0.0)
        return scores

    def _values(self, window: Window, expected: Expected | None) -> tuple[Floats, Floats]:
        steps = window.steps
        value = np.full((steps, len(self._names)), np.nan)
        reference = np.zeros((steps, len(self._names)))
        if expected is not None and expected.elements:
            place = {e: i for i, e in enumerate(expected.elements)}
            where = np.array([place.get(m, -1) for m, _ in self._machines], np.int64)
            usable = (where >= 0) & np.where(
                where >= 0, expected.learned[np.maximum(where, 0)], False
            )
            take = np.maximum(where, 0)
            value[:, : self._split] = np.where(
                usable, expected.actual[:, take] - expected.mean[:, take], np.nan
            )
            reference[:, : self._split] = np.nan_to_num(
                np.where(usable, expected.mean[:, take], 0.0)
            )
        if self._wear:
            at = positions(window, [s.index for s in self._wear])
            ok = picked(window.covered, at) >= 0.5
            value[:, self._split :] = np.where(ok, picked(window.mean, at), np.nan)
        return value, reference

    def _close(self) -> list[Score]:
        if self._hour < 0:
            return []
        at = (self._hour + 1) * HOUR
        full = self._min >= LEAST_MINUTES
        block = self._sum / np.maximum(self._min, 1e-9)
        reference = self._level / np.maximum(self._min, 1e-9)
        minutes = self._min.copy()
        self._sum[:], self._level[:], self._min[:] = 0.0, 0.0, 0.0
        if not full.any():
            return []
        ripe = full & (self._count >= LEARN_BLOCKS)
        sd = np.sqrt(np.maximum(self._var, 1e-12))
        z = np.where(ripe, np.clip((block - self._centre) / sd, -4.0, 4.0), 0.0)
        self._ewma += np.where(ripe, LAMBDA * (z - self._ewma), 0.0)
        rho = np.clip(self._lag1 / np.maximum(self._lag0, 1e-9), 0.0, 0.9)
        phi = rho * (1 - LAMBDA)
        bar = SIGMAS * np.sqrt(LAMBDA / (2 - LAMBDA) * (1 + phi) / (1 - phi))
        self._shift += np.where(ripe, LAMBDA * (block - self._centre - self._shift), 0.0)
        matters = self._shift >= self._relevant(reference)
        starts = ripe & (self._ewma <= 0.25 * bar)
        self._begun = np.where(starts, at, self._begun)
        self._recent += np.where(ripe, RECENT * (z - self._recent), 0.0)
        # The hour itself must show it too: what was over before a week-end is no news after it.
        still = (self._recent > 0.5 * bar) & (z > 0.5 * bar)
        new = ripe & ~self._over & (self._ewma > bar) & still & matters
        # Work and rest are charted apart, but it is one excess: dated by the first of them, summed over both.
        fresh = new.any(axis=0) & ~self._over.any(axis=0)
        first = np.where(new, self._begun, at).min(axis=0)
        self._onset = np.where(fresh, first, self._onset)
        self._sofar = np.where(fresh, 0.0, self._sofar)
        lead = np.where(new, self._shift * (at - self._begun) / HOUR, 0.0)
        self._sofar += lead.sum(axis=0)
        back = self._recent < 0.25 * bar
        gone = ripe & self._over & ((self._ewma < 0.5 * bar) | back)
        self._over |= new
        self._sofar += np.where(
            self._over & ripe & ~new, (block - self._centre) * minutes / 60.0, 0.0
        ).sum(axis=0)
        scores = [
            # An hour that does not show it is calm, even where the average still is high: after a repair.
            self._score(int(m), int(i), at, float(bar[m, i]), bool(z[m, i] > 0.5 * bar[m, i]))
            for m, i in np.argwhere(self._over & full)
        ]
        self._over &= ~gone
        self._begun = np.where(gone, at, self._begun)
        self._ewma = np.where(
            gone, np.minimum(self._ewma, np.maximum(self._recent, 0.0)), self._ewma
        )
        self._learn(full & ~self._over & (self._ewma < 0.7 * bar), block, z)
        return scores

    def _relevant(self, reference: Floats) -> Floats:
        floor = np.zeros_like(self._centre)
        seen = np.maximum(self._nominal, np.abs(reference[:, : self._split]))
        floor[:, : self._split] = np.maximum(RELEVANT_SHARE * seen, RELEVANT_KW)
        floor[:, self._split :] = WEAR_SHARE * np.abs(self._centre[:, self._split :])
        return floor

    def _learn(self, fit: Any, block: Floats, z: Floats) -> None:
        young = self._count < LEARN_BLOCKS
        self._count += np.where(fit, 1.0, 0.0)
        gain = np.where(
            fit, np.maximum(1.0 / MEMORY_BLOCKS, 1.0 / np.maximum(self._count, 1.0)), 0.0
        )
        gap = block - self._centre
        bound = np.where(young, np.inf, 3.0 * np.sqrt(np.maximum(self._var, 1e-12)))
        gap = np.clip(gap, -bound, bound)
        self._centre += gain * gap
        self._var += gain * (gap * gap * np.where(self._count > 1, 1.0, 0.0) - self._var)
        slow = np.where(fit & ~young, 1.0 / 100.0, 0.0)
        self._lag1 += slow * (z * self._last - self._lag1)
        self._lag0 += slow * (z * z - self._lag0)
        self._last = np.where(fit, z, self._last)

    def _score(self, mode: int, i: int, at: int, bar: float, over: bool) -> Score:
        sd = float(np.sqrt(self._var[mode, i]))
        centre, ewma = float(self._centre[mode, i]), float(self._ewma[mode, i])
        shift = float(self._shift[mode, i])
        signal, element = self._signals[i], self._elements[i]
        name = self._plant.element(element).name
        unit = "kW" if i < self._split else signal.unit
        when = "at work" if mode else "at rest"
        subject = (
            f"{name}'s power against its baseline"
            if i < self._split
            else called(self._plant, signal)
        )
        text = (
            f"{subject} has drifted up {when}: {said(shift, unit, 2)} above its own mean of "
            f"past hours (usual is up to {said(bar * sd, unit, 2)})."
        )
        power = i < self._split
        return Score(
            self.name,
            element,
            signal.id,
            at,
            centre + shift,
            centre,
            centre - bar * sd,
            centre + bar * sd,
            SIGMAS * ewma / bar,
            over,
            self._names[i],
            excess_kw=shift if power else 0.0,
            unit=unit,
            text=text,
            onset=int(self._onset[i]),
            excess_sd=sd * bar / SIGMAS if power else 0.0,
            so_far=float(self._sofar[i]) if power else 0.0,
        )

    _ARRAYS = (
        "sum",
        "min",
        "level",
        "centre",
        "var",
        "count",
        "ewma",
        "last",
        "recent",
        "lag1",
        "lag0",
        "onset",
        "sofar",
        "over",
        "begun",
        "shift",
    )

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        series = {
            name: {a: getattr(self, f"_{a}")[..., i].tolist() for a in self._ARRAYS}
            for i, name in enumerate(self._names)
        }
        return {"hour": self._hour, "series": series}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._hour = state["hour"]
        for i, name in enumerate(self._names):
            for a, column in state["series"].get(name, {}).items():
                getattr(self, f"_{a}")[..., i] = column


plug = Ewma
