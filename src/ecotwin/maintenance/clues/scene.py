"""What a diagnosis looks at: minutes before and after a finding began, of its machine and of what stands around it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ecotwin.clock import HOUR, micros
from ecotwin.plant.calendar import working
from ecotwin.plant.model import STATES, Plant, Signal
from ecotwin.records import Bools, Finding, Floats, Ints, Window

UNKNOWN = 7
WORKING = (STATES["heating"], STATES["setup"], STATES["busy"])
LEAST_COVERED = 0.5
LEAST_STEPS = 6
"""A cell with fewer steps than this says nothing about what is usual."""
LEAST_SOUND = 0.3
"""Share of the days before that must be left without other findings; else all of them count."""
POWER_WORDS = ("power", "idle", "drift", "peak")


@dataclass(frozen=True, slots=True)
class Clue:
    """One piece of evidence, as measured.

    Attributes:
        name: Row of the clue table, e.g. `creeping`, `up:vibration`.
        sure: Probability that it is so, 0..1.
        text: One sentence with numbers.
        signal: What shows it. value, usual: What it is and what is usual, with `unit`.
    """

    name: str
    sure: float
    text: str
    signal: str = ""
    value: float | None = None
    usual: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Scene:
    """A finding and the minutes around its onset.

    Attributes:
        plant: The plant. finding: What was found. word: What it is about, e.g. `power`, `compressed_air`.
        window: Steps before and after the onset, of every signal that `wanted` names.
        power: Machine -> (actual, expected) [steps] electric power [kW], NaN where not known.
        earlier: Onsets of earlier findings with this cause [us UTC], oldest first.
        spoiled: Spans [us UTC] in which something else was found here: no part of what is usual, while enough is left.
        verdict: What cross-checks said of the telling signal: `sensor`, `swapped`, `process`, `manipulation` or
            empty; with `verdict_sure`, its probability, and `verdict_text`, their sentence.
    """

    plant: Plant
    finding: Finding
    word: str
    window: Window
    power: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    earlier: tuple[int, ...] = ()
    spoiled: tuple[tuple[int, int], ...] = ()
    verdict: str = ""
    verdict_sure: float = 0.5
    verdict_text: str = ""

    def __post_init__(self) -> None:
        """Values that are infinite are not known."""
        arrays = {n: getattr(self.window, n) for n in ("mean", "low", "high", "last", "amount")}
        wild: dict[str, Any] = {
            n: np.where(np.isinf(a), np.nan, a) for n, a in arrays.items() if np.isinf(a).any()
        }
        if wild:
            object.__setattr__(self, "window", replace(self.window, **wild))

    @cached_property
    def onset(self) -> int:
        """[us UTC]."""
        return micros(self.finding.onset)

    @cached_property
    def after(self) -> Bools:
        """[steps] from the onset on, up to the newest evidence."""
        last = max(micros(self.finding.last_at), self.onset + 1)
        made: Bools = (self.window.at >= self.onset) & (self.window.at < last)
        return made

    @cached_property
    def before(self) -> Bools:
        """[steps] before the onset; the hour just before it may hold its beginning and is left out."""
        early: Bools = self.window.at < self.onset - HOUR
        sound = early.copy()
        for start, end in self.spoiled:
            sound &= (self.window.at < start) | (self.window.at > end)
        return sound if sound.sum() >= LEAST_SOUND * early.sum() else early

    @cached_property
    def places(self) -> Mapping[int, int]:
        """Signal index -> its column."""
        return {s: n for n, s in enumerate(self.window.signals)}

    def has(self, signal: Signal | None) -> bool:
        """Whether the window holds a signal."""
        return signal is not None and signal.index in self.places

    def values(self, signal: Signal) -> Floats:
        """[steps] a signal: rate of flow of counters [unit/h], last code of states and set-points, else its mean."""
        at = self.places[signal.index]
        w = self.window
        covered = w.covered[:, at]
        if signal.form in {"counter", "interval"}:
            hours = np.maximum(covered, 1e-9) * w.step_s / 3600.0
            made: Floats = np.where(covered >= LEAST_COVERED, w.amount[:, at] / hours, np.nan)
            return made
        if signal.form in {"state", "setpoint"}:
            return w.last[:, at]
        return np.where(covered >= LEAST_COVERED, w.mean[:, at], np.nan)

    def modes(self, element: str) -> Ints:
        """[steps] a machine's mode 0..7."""
        signal = self.plant.find(element, "state")
        if signal is None or not self.has(signal):
            return np.full(self.window.steps, UNKNOWN, np.int64)
        codes = {code: STATES.get(name, UNKNOWN) for code, name in signal.states.items()}
        last = self.window.last[:, self.places[signal.index]]
        return np.array([codes.get(int(v), UNKNOWN) if v == v else UNKNOWN for v in last], np.int64)

    @cached_property
    def mode(self) -> Ints:
        """[steps] the finding's own machine."""
        return self.modes(self.finding.element)

    @cached_property
    def planned(self) -> Bools:
        """[steps] inside a shift and outside of its breaks."""
        if not self.plant.shifts:
            return np.ones(self.window.steps, bool)
        middle = self.window.at + self.window.step_s * 500_000
        return working(self.plant, middle)

    @cached_property
    def pace(self) -> Floats:
        """[steps] share of the parts-making machines in the window that are at work; NaN: none is known."""
        made = [
            e.id
            for e in self.plant.machines
            if self.plant.find(e.id, "parts_total") is not None
            and self.has(self.plant.find(e.id, "state"))
        ]
        if not made:
            return np.full(self.window.steps, np.nan)
        busy = np.stack([self.modes(e) == STATES["busy"] for e in made])
        result: Floats = busy.mean(axis=0)
        return result

    @cached_property
    def is_power(self) -> bool:
        """Whether it is about the electric power of a machine that has an expectation."""
        if (
            self.word == "drift"
            and self.telling is not None
            and self.telling.carrier != "electricity"
        ):
            return False  # a signal of wear: its own course is looked at
        return self.word in POWER_WORDS and self.finding.element in self.power

    @cached_property
    def telling(self) -> Signal | None:
        """The signal that the finding is about."""
        for id_ in self.finding.signals:
            if self.plant.has_signal(id_) and self.has(self.plant.signal(id_)):
                return self.plant.signal(id_)
        return None

    @cached_property
    def rests(self) -> Bools:
        """[steps] the machine, or all that it serves, stands."""
        if self.serves:
            made: Bools = np.nan_to_num(self.pace, nan=1.0) <= 0.0
            return made
        rests: Bools = (self.mode != UNKNOWN) & ~np.isin(self.mode, WORKING)
        return rests

    @cached_property
    def works(self) -> Bools:
        """[steps] the machine, or most of what it serves, is at work."""
        if self.serves:
            paced: Bools = np.nan_to_num(self.pace, nan=0.0) > 0.3
            return paced
        busy: Bools = self.mode == STATES["busy"]
        return busy

    @cached_property
    def serves(self) -> bool:
        """A balance's rest, or a utility, which never rests by itself: what it serves says whether work goes on."""
        element = self.finding.element
        has_state = self.plant.find(element, "state") is not None
        makes = self.plant.find(element, "parts_total") is not None
        return not (has_state and makes)

    @cached_property
    def cell(self) -> Ints:
        """[steps] steps alike: mode of the machine, pace of the plant, planned work or not."""
        pace = np.digitize(np.nan_to_num(self.pace, nan=-1.0), [-0.5, 0.02, 0.34, 0.67])
        mode = np.full(self.window.steps, UNKNOWN) if self.word == "idle" else self.mode
        made: Ints = (mode * 8 + pace) * 2 + self.planned
        return made

    def usual_of(self, values: Floats) -> Floats:
        """[steps] the median of like steps before the onset; NaN where there were too few."""
        made = np.full(len(values), np.nan)
        known = np.isfinite(values) & self.before
        for cells in (self.planned.astype(np.int64), self.cell // 16 * 2 + self.planned, self.cell):
            for one in np.unique(cells):
                alike = known & (cells == one)
                if alike.sum() >= LEAST_STEPS:
                    made[cells == one] = np.median(values[alike])
        return made

    @cached_property
    def course(self) -> tuple[Floats, Floats, str]:
        """[steps] what was seen, what is usual, and their unit."""
        empty = np.full(self.window.steps, np.nan)
        if self.is_power and self.word != "idle":
            actual, expected = self.power[self.finding.element]
            return actual, expected, "kW"
        if self.word == "idle" and self.finding.element in self.power:
            actual = self.power[self.finding.element][0]
            return actual, self.usual_of(actual), "kW"
        rest = self._rest()
        if rest is not None:
            return rest[0], self.usual_of(rest[0]), rest[1]
        if self.word == "scrap":
            bad = self._bad_share()
            return bad, self.usual_of(bad), "%"
        if self.word == "sun":
            return self._sun()
        if self.telling is None:
            return empty, empty, ""
        seen = self.values(self.telling)
        unit = self.telling.unit
        return (
            seen,
            self.usual_of(seen),
            f"{unit}/h" if self.telling.form in {"counter", "interval"} else unit,
        )

    @property
    def seen(self) -> Floats:
        """[steps] what was seen."""
        return self.course[0]

    @property
    def usual(self) -> Floats:
        """[steps] what is usual."""
        return self.course[1]

    @cached_property
    def gap(self) -> Floats:
        """[steps] seen above usual."""
        made: Floats = self.seen - self.usual
        return made

    @cached_property
    def scatter(self) -> float:
        """How far seen is from usual before the onset, robustly, in its unit."""
        early = self.gap[self.before & np.isfinite(self.gap)]
        if len(early) < LEAST_STEPS:
            return float("nan")
        return 1.4826 * float(np.median(np.abs(early - np.median(early))))

    def mean_gap(self, where: Bools) -> float:
        """Mean gap over some steps, NaN when too few are known."""
        here = self.gap[where & np.isfinite(self.gap)]
        return float(here.mean()) if len(here) >= 3 else float("nan")

    def _rest(self) -> tuple[Floats, str] | None:
        """The unmetered rest of the balance that the finding names."""
        node = self.plant.balance(self.finding.cause.split(":")[0])
        if node is None:
            return None
        total = np.zeros(self.window.steps)
        unit = ""
        for signal, sign in spread(self.plant, node.id):
            if not self.has(signal):
                return None
            total = total + sign * self.values(signal)
            unit = signal.unit if signal.form == "rate" else f"{signal.unit}/h"
        return total, unit

    def _bad_share(self) -> Floats:
        element = self.finding.element
        total, good = (self.plant.find(element, n) for n in ("parts_total", "parts_good"))
        if total is None or good is None or not (self.has(total) and self.has(good)):
            return np.full(self.window.steps, np.nan)
        made, fine = (self.window.amount[:, self.places[s.index]] for s in (total, good))
        return np.where(made >= 5, 100.0 * (made - fine) / np.maximum(made, 1.0), np.nan)

    def _sun(self) -> tuple[Floats, Floats, str]:
        element = self.finding.element
        sun, power = (self.plant.find(element, n) for n in ("irradiance", "electricity_power"))
        if sun is None or power is None or not (self.has(sun) and self.has(power)):
            empty = np.full(self.window.steps, np.nan)
            return empty, empty, "%"
        light, made = self.values(sun), self.values(power)
        ratio = np.where(light > 100.0, made / np.maximum(light, 1.0), np.nan)
        early = ratio[self.before & np.isfinite(ratio)]
        usual = float(np.median(early)) if len(early) >= LEAST_STEPS else math.nan
        # Less than the sun should give counts as the gap, so that above zero is worse here too.
        lost = np.where(light > 100.0, 100.0 * (1.0 - ratio / usual), np.nan)
        return lost, np.where(np.isfinite(lost), 0.0, np.nan), "%"


def spread(plant: Plant, balance: str) -> list[tuple[Signal, float]]:
    """Signals of a balance with their sign: inputs above zero, outputs below; inner balances by their inputs."""
    node = plant.balance(balance)
    if node is None:
        return []
    found: list[tuple[Signal, float]] = []
    for sign, ids in ((1.0, node.inputs), (-1.0, node.outputs)):
        for id_ in ids:
            if plant.balance(id_) is not None:
                found += [(s, sign * g) for s, g in spread(plant, id_) if g > 0]
            else:
                found.append((plant.signal(id_), sign))
    return found


def soft(value: float, middle: float, width: float) -> float:
    """A smooth step from 0.03 to 0.97 about a middle; half where the value is not known.

    >>> round(soft(1.0, 1.0, 0.2), 2), soft(float("nan"), 1.0, 0.2), round(soft(3.0, 1.0, 0.2), 2)
    (0.5, 0.5, 0.97)
    """
    if not math.isfinite(value):
        return 0.5
    return 0.03 + 0.94 / (1.0 + math.exp(-max(-40.0, min(40.0, (value - middle) / width))))
