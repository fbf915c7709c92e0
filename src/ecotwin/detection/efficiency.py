"""What a utility takes for what it makes: compressors, chillers and the like against their own yield.

A compressor that loads and unloads swings from minute to minute, and how much it takes follows what is drawn of it, so
that neither its minutes nor its state say whether it wears. By half hours its power is a smooth function of what it
delivers and of the outdoor temperature: no-load power, a slope, a bend, and both with the weather. This is learned by
recursive least squares; power above it is wear, fouling or a set-point, whatever the load.

Sources:
    ISO 11011:2013: specific energy of compressed air, by what is delivered. ISO 18295-like plots of chiller power by
    load and condenser temperature: ASHRAE Guideline 14-2014, annex D (regression with load and weather).
    Recursive least squares with wandering coefficients: Ljung, System Identification, 2nd ed. 1999, section 11.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.chart import Chart, Verdict
from ecotwin.detection.columns import Modes, lasting, number, picked, positions, power_signal, rates
from ecotwin.detection.contract import Expected
from ecotwin.plant.model import STATES, Plant, Signal
from ecotwin.records import Floats, Readings, Score, Window
from ecotwin.units import said

STEP_MIN = 30.0
STEP_US = 1_800_000_000
WIDTH = 5
"""Drivers: it is on; what it makes and its square, as a share of the most ever seen; the weather, and both together."""
ON = (STATES["setup"], STATES["idle"], STATES["busy"])
RUNNING = 5
LEARN_STEPS = 96.0
YOUNG_STEPS = 144.0
"""So many half hours are learned from, alarm or not."""
MEMORY_STEPS = 40 * 48.0
NOISE_STEPS = 200.0
ALIKE = 2.0
"""Half hours that say the same."""
ODD_SD = 3.0
LEAST_NOISE_SHARE = 0.01
PRIOR_SHARE = 2.0
"""Standard deviation of a coefficient nobody knows yet, as a share of nominal power."""
RELEVANT_SHARE, RELEVANT_KW = 0.02, 0.1
MODEL_SHARE = 0.05
"""A regression of a machine's power by load and weather is not trusted to better than this share of it: stated
assumption; a bar more of pressure costs about 7 %."""
RARITY = 10.0
"""-ln of the chance of a false alarm an excursion of half hours."""


class Efficiency:
    """Power of utilities against what they make."""

    name = "efficiency"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        found = [
            (m.id, p, o) for m in plant.machines if (po := made_by(plant, m.id)) for p, o in [po]
        ]
        self._elements = tuple(m for m, _, _ in found)
        self._power = [p for _, p, _ in found]
        self._made = [o for _, _, o in found]
        self._modes = Modes(plant, self._elements)
        self._outdoor = plant.signal(plant.outdoor).index if plant.outdoor else -1
        k = len(found)
        told = [
            number(plant.element(m), "nominal_kw", "kw_busy", "rated_kw") for m in self._elements
        ]
        self._nominal = np.array([t or 0.0 for t in told])
        self._sum = np.zeros((4, k))
        """Power, what was made, warmth, minutes known."""
        self._idle = np.zeros(k)
        """Minutes of this half hour in which it was not on."""
        self._on_before = np.zeros(k, np.bool_)
        self._most, self._noise, self._steps = np.zeros(k), np.zeros(k), np.zeros(k)
        self._theta, self._p = np.zeros((k, WIDTH)), np.zeros((k, WIDTH, WIDTH))
        self._seen, self._told = np.zeros(k), np.zeros(k)
        self._chart = Chart(self._elements, RARITY)
        self._degc = 15.0

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges half hours."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Gather closed minutes; judge at the end of a half hour."""
        del expected
        if not self._elements:
            return []
        both = [*self._power, *self._made]
        flow = rates(window, [s.form for s in both], positions(window, [s.index for s in both]))
        k = len(self._elements)
        on = np.isin(self._modes.of(window), ON)
        degc = picked(window.mean, positions(window, [self._outdoor]))[:, 0]
        dt, ends = window.step_s / 60.0, window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in range(window.steps):
            self._degc = float(degc[t]) if np.isfinite(degc[t]) else self._degc
            power, made = flow[t, :k], flow[t, k:]
            ok = np.isfinite(power) & np.isfinite(made)
            row = (power, made, np.full(k, (self._degc - 15.0) / 10.0), np.ones(k))
            for place, value in enumerate(row):
                self._sum[place] += np.where(ok, value, 0.0) * dt
            self._idle += np.where(on[t], 0.0, dt)
            if ends[t] % STEP_US == 0:
                scores += self._close(int(ends[t]))
        return scores

    def _close(self, at: int) -> list[Score]:
        spent = np.maximum(self._sum[3], 1e-9)
        power, made, warm = self._sum[:3] / spent
        steady = self._idle <= 0.0
        full = steady & self._on_before & (self._sum[3] >= 0.9 * STEP_MIN)
        self._on_before = steady
        self._sum[:], self._idle[:] = 0.0, 0.0
        if not full.any():
            return []
        self._grow(power, made, full)
        x = self._drivers(np.where(full, made, 0.0), warm)
        px = np.matmul(self._p, x[:, :, None])[:, :, 0]
        px = np.where(full[:, None], px, 0.0)
        unsure = np.maximum((x * px).sum(axis=1), 0.0)
        mean = (x * self._theta).sum(axis=1)
        floor = np.maximum(RELEVANT_SHARE * self._nominal, RELEVANT_KW)
        floor = np.maximum(floor, MODEL_SHARE * mean)
        # At a load or in weather that it does not know well enough to see what matters, it judges nothing.
        ripe = full & (self._steps >= LEARN_STEPS) & (np.sqrt(unsure) <= 0.5 * floor)
        mode = np.full(len(mean), RUNNING)
        residual = np.where(ripe, power - mean, np.nan)
        verdicts = self._chart.step(at, STEP_MIN, residual, np.sqrt(unsure), mode, floor)
        self._seen, self._told = np.where(full, power, self._seen), np.where(full, mean, self._told)
        calm = ~self._chart.over | (self._steps < YOUNG_STEPS)
        self._learn(full & calm, power, x, px, unsure)
        return [self._score(v, at) for v in verdicts]

    def _grow(self, power: Floats, made: Floats, full: Any) -> None:
        """The scales of a machine nobody told the size of; a new one starts with nothing known."""
        self._nominal = np.where(full, np.maximum(self._nominal, 0.5 * power), self._nominal)
        first = full & (self._steps == 0.0)
        prior = (PRIOR_SHARE * self._nominal) ** 2
        self._p = np.where(first[:, None, None], prior[:, None, None] * np.eye(WIDTH), self._p)
        most = np.where(full, np.maximum(self._most, np.abs(made)), self._most)
        # Coefficients go with the scale of what it makes, so that a new highest load changes no expectation.
        ratio = np.where(self._most > 0.0, most / np.maximum(self._most, 1e-12), 1.0)
        ratio = np.minimum(ratio, 1e3)
        one = np.ones(len(most))
        power_of = np.stack([one, ratio, ratio**2, one, ratio], axis=1)
        self._theta *= power_of
        self._p *= power_of[:, :, None] * power_of[:, None, :]
        self._most = most

    def _drivers(self, made: Floats, warm: Floats) -> Floats:
        load = made / np.maximum(self._most, 1e-12)
        x: Floats = np.stack([np.ones(len(load)), load, load**2, warm, load * warm], axis=1)
        return x

    def _learn(self, fit: Any, power: Floats, x: Floats, px: Floats, unsure: Floats) -> None:
        error = np.where(fit, power - (x * self._theta).sum(axis=1), 0.0)
        self._steps += np.where(fit, 1.0, 0.0)
        gain = np.where(fit, np.maximum(1.0 / NOISE_STEPS, 1.0 / np.maximum(self._steps, 1.0)), 0.0)
        square = np.maximum(error * error - unsure, 0.0)
        square = np.where(
            self._steps > 20.0, np.minimum(square, 25.0 * self._noise + 1e-12), square
        )
        self._noise += gain * (square - self._noise)
        noise = ALIKE * np.maximum(self._noise, (LEAST_NOISE_SHARE * power) ** 2 + 1e-9)
        # What is odd counts for less, and makes nothing surer; where the model itself is unsure nothing is odd.
        odd = np.abs(error) / (ODD_SD * np.sqrt(noise + unsure))
        wander = (noise / MEMORY_STEPS**2 * 48.0)[:, None, None] * np.eye(WIDTH)
        noise = noise * np.minimum(np.maximum(1.0, odd), 1e3) ** 2
        pull = px / (noise + unsure)[:, None]
        p = self._p - pull[:, :, None] * px[:, None, :] + wander
        self._theta += np.where(fit[:, None], pull * error[:, None], 0.0)
        p = np.clip((p + p.transpose(0, 2, 1)) / 2.0, -1e12, 1e12)
        self._p = np.where(fit[:, None, None], p, np.clip(self._p, -1e12, 1e12))

    def _score(self, v: Verdict, at: int) -> Score:
        element, signal, made = self._elements[v.row], self._power[v.row], self._made[v.row]
        seen, mean = float(self._seen[v.row]), float(self._told[v.row])
        name = self._plant.element(element).name
        half = abs(v.now) * 1.96 / max(abs(v.z), 1e-9)
        what = made.carrier.replace("_", " ") or "product"
        text = (
            f"For the {what} it made and the weather {name} took {said(seen, 'kW')} in the last half hour, "
            f"{said(mean, 'kW')} is usual; since it began {said(v.total / max(v.hours, 1e-9), 'kW', 2)} above on "
            f"average, measured over {lasting(v.hours)}."
        )
        return Score(
            detector=self.name, element=element, signal=signal.id, at=at, value=mean + v.now, expected=mean,
            low=mean - half, high=mean + half, z=v.z, over=v.over, cause=f"{element}:power", excess_kw=v.excess,
            unit="kW", text=text, onset=v.onset, excess_sd=v.sd, so_far=v.total,
        )  # fmt: skip

    _LEVELS = ("idle", "most", "noise", "steps", "nominal", "seen", "told")

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        level = {
            e: {n: float(getattr(self, f"_{n}")[i]) for n in self._LEVELS}
            | {"on": bool(self._on_before[i]), "sum": self._sum[:, i].tolist()}
            | {"theta": self._theta[i].tolist(), "p": self._p[i].tolist()}
            for i, e in enumerate(self._elements)
        }
        return {"chart": self._chart.state(), "level": level, "degc": self._degc}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._chart.restore(state["chart"])
        self._degc = state["degc"]
        for i, e in enumerate(self._elements):
            one = state["level"].get(e)
            if one is None:
                continue
            for n in self._LEVELS:
                getattr(self, f"_{n}")[i] = one[n]
            self._on_before[i], self._sum[:, i] = one["on"], one["sum"]
            self._theta[i], self._p[i] = one["theta"], one["p"]


def made_by(plant: Plant, machine: str) -> tuple[Signal, Signal] | None:
    """A machine's electric power and what it feeds into a balance of something else; None without both.

    One that burns gas takes little electricity for what it makes and is not judged by it.
    """
    power = power_signal(plant, machine)
    if power is None or any(s.carrier == "gas" for s in plant.signals_of(machine)):
        return None
    fed = [i for b in plant.balances if b.carrier != "electricity" for i in b.inputs]
    own = [
        plant.signal(i) for i in fed if plant.has_signal(i) and plant.signal(i).element == machine
    ]
    return next(((power, s) for s in own if s.form in {"rate", "counter", "interval"}), None)


plug = Efficiency
