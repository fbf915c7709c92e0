"""Power that a machine draws while no shift runs, above its own custom: left on overnight, started too early.

Its state may well explain the power (a hot oven is idle, and idle ovens draw much); that it is in that state at all is
the waste. Judged are nights, week-ends and holidays. The custom is each machine's own mean there.

A machine that makes parts is not judged in the hours in which it is shut down and warmed up. What makes none, such as
air handling or lighting, is judged by a custom of its own for each hour before and after a shift, where it is usually
off, and if the weather runs it in weather that such hours have seen; it is told once it is on again on another night: a
wash, a dose, one cold night are no custom worth a person's time.

Sources: ISO 14955-1:2017, energy drawn while no part is made as a share that can be avoided. Hours, shares and waits
are stated assumptions. See `detection.chart` for the tests.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ecotwin.clock import DAY, HOUR, MINUTE, Period, instant
from ecotwin.detection.chart import MODES, Chart, Verdict
from ecotwin.detection.columns import Modes, lasting, number, picked, power_signal
from ecotwin.detection.contract import Expected
from ecotwin.detection.efficiency import made_by
from ecotwin.detection.weather import Weather, weather_run
from ecotwin.plant import calendar
from ecotwin.plant.model import STATES, Plant
from ecotwin.records import Bools, Floats, Ints, Readings, Score, Window
from ecotwin.units import said

BEFORE_H, AFTER_H = 4, 3
"""Hours before and after a shift that have a custom of their own, each."""
WORK = -1
SHIFTING = (1, 2, BEFORE_H + 1)
"""Hours that belong to the shift for what makes parts: two of warming up, one of shutting down."""
RELEVANT_SHARE = 0.05
RELEVANT_KW = 0.3
_EDGES = BEFORE_H + AFTER_H
MEMORY_MIN = np.array([20 * 600.0] + [20 * 60.0] * _EDGES)
LEARN_MIN = np.array([600.0] + [240.0] * _EDGES)
YOUNG_MIN = np.array([3 * 480.0] + [300.0] * _EDGES)
"""So long all is learned from, alarm or not: the first nights are the custom."""
ON = (STATES["heating"], STATES["setup"], STATES["idle"], STATES["busy"])
ON_LEAST_SHARE = 0.2
"""What makes no parts takes this share of its nominal power at least when it is on."""
OFF_SHARE = 0.02
"""On for less than this share of the time: it is usually off then."""
AGAIN_US = 20 * HOUR
"""What makes no parts must be on again so long after it began."""
CALM_MIN = np.array([720.0] + [90.0] * _EDGES)
"""What was off for so long in the hours in which it showed is over: a dose every third night is no custom."""
LEAST_H = 3.0
"""And must have taken what counts for so long [h]."""
SETTLED_SHARE = 0.6
"""So much of the excess the moving average must hold, so that what is told is what it takes."""


class Idling:
    """Power outside of shifts against each machine's custom there."""

    name = "idling"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        told_on = [
            m.id
            for m in plant.machines
            if power_signal(plant, m.id) is not None
            and m.kind_facts.get("role", "machine") == "machine"
            and (_makes_parts(plant, m.id) or _has_hours(plant, m.id))
        ]
        self._elements = tuple(told_on)
        self._makes = np.array([_makes_parts(plant, e) for e in self._elements], np.bool_)
        self._modes = Modes(plant, self._elements)
        self._signals = [power_signal(plant, e) for e in self._elements]
        told = [
            number(plant.element(e), "nominal_kw", "kw_busy", "rated_kw") for e in self._elements
        ]
        share = np.where(self._makes, RELEVANT_SHARE, ON_LEAST_SHARE)
        self._floor = np.maximum(share * np.array([t or 0.0 for t in told]), RELEVANT_KW)
        self._chart = Chart(self._elements)
        k = len(self._elements)
        self._custom, self._spent, self._on = (np.zeros((MODES, k)) for _ in range(3))
        """[hours, k] mean power [kW], minutes learned from, share of them in which it was on."""
        self._told = np.zeros(k, np.bool_)
        self._calm = np.zeros(k)
        """Share of the time gone by without it that ends it, in the hours in which it showed."""
        self._weather = Weather(plant, MODES, least_h=1.0)
        self._by_weather = np.array([weather_run(plant, e) for e in self._elements], np.bool_)
        self._days: dict[int, Ints] = {}

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges closed minutes."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes in which no shift runs."""
        if expected is None or not self._elements:
            return []
        hours = self._hours(window)
        if (hours == WORK).all():
            return []
        place = {e: i for i, e in enumerate(expected.elements)}
        at = np.array([place.get(e, -1) for e in self._elements], np.int64)
        actual = picked(expected.actual, at)
        on = np.isin(self._modes.of(window), ON)
        degc = self._weather.of(window)
        ends = window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in np.flatnonzero(hours != WORK):
            hour, dt_min = int(hours[t]), window.step_s / 60.0
            seen = self._weather.seen(int(ends[t]), float(degc[t]), hour)
            scores += self._step(int(ends[t]), dt_min, hour, actual[t], on[t], seen)
        return scores

    def _step(
        self, at: int, dt_min: float, hour: int, actual: Floats, on: Bools, seen: bool
    ) -> list[Score]:
        hours = np.where(self._makes, 0, hour)
        here = (hours, np.arange(len(hours)))
        custom, spent, share = self._custom[here], self._spent[here], self._on[here]
        by_hours = (share < OFF_SHARE) & (seen | ~self._by_weather)
        judged = np.where(self._makes, hour not in SHIFTING, by_hours)
        ripe = (spent >= LEARN_MIN[hours]) & judged
        said = self._chart.step(
            at,
            dt_min,
            np.where(ripe, actual - custom, np.nan),
            np.full(len(hours), np.nan),
            hours,
            self._floor,
        )
        above = actual - custom
        shows = on & (above >= self._floor)
        asked = np.isfinite(actual) & (((self._chart.seen_in >> hour) & 1) == 1)
        self._calm += np.where(asked, dt_min / CALM_MIN[hour], 0.0)
        self._calm = np.where(shows | ~self._chart.over, 0.0, self._calm)
        told = []
        for v in said:
            if v.over and not self._makes[v.row] and self._calm[v.row] >= 1.0:
                self._chart.end(np.arange(len(hours)) == v.row)
                v = replace(v, over=False)
            settled = bool(shows[v.row]) and v.now >= SETTLED_SHARE * above[v.row]
            enough = v.total >= LEAST_H * self._floor[v.row]
            again = settled and enough and at - v.onset >= AGAIN_US
            tells = bool(self._makes[v.row] or self._told[v.row] or again)
            self._told[v.row] = tells and v.over
            # Who reads the score reads the custom of the hour that it is about.
            told += [self._score(v, at, float(custom[v.row]), int(hours[v.row]))] if tells else []
        teaches = ~self._makes | (hour not in SHIFTING)
        calm = ~self._chart.over | (spent < YOUNG_MIN[hours])
        fit = np.isfinite(actual) & teaches & calm
        spent = spent + np.where(fit, dt_min, 0.0)
        gain = np.maximum(dt_min / MEMORY_MIN[hours], dt_min / np.maximum(spent, dt_min))
        gain = np.where(fit, gain, 0.0)
        self._spent[here] = spent
        self._custom[here] = custom + gain * (np.nan_to_num(actual) - custom)
        self._on[here] = share + gain * (on - share)
        return told

    def _hours(self, window: Window) -> Ints:
        """[steps] `WORK`, or which hour before or after a shift it is; 0: none of these."""
        out = np.full(window.steps, WORK, np.int64)
        day = window.at // DAY
        for one in np.unique(day):
            here = day == one
            out[here] = self._day(int(one))[(window.at[here] % DAY) // MINUTE]
        return out

    def _day(self, day: int) -> Ints:
        if day not in self._days:
            if len(self._days) > 4:
                self._days.clear()
            minutes = day * DAY + np.arange(1440, dtype=np.int64) * MINUTE
            made = np.full(1440, WORK, np.int64)
            around = Period(instant((day - 4) * DAY), instant((day + 5) * DAY))
            for gap in calendar.gaps(self._plant, around):
                inside = (minutes >= gap.start_us) & (minutes < gap.end_us)
                after = (minutes - gap.start_us) // HOUR
                before = (gap.end_us - 1 - minutes) // HOUR
                late = np.where(after < AFTER_H, BEFORE_H + 1 + after, 0)
                made = np.where(inside, np.where(before < BEFORE_H, 1 + before, late), made)
            self._days[day] = made
        return self._days[day]

    def _score(self, v: Verdict, at: int, custom: float, hour: int) -> Score:
        element, signal = self._elements[v.row], self._signals[v.row]
        half = abs(v.now) * 1.96 / max(abs(v.z), 1e-9)
        name = self._plant.element(element).name
        text = (
            f"{name} drew {said(custom + v.now, 'kW')} while no shift ran{_when(hour)}; {said(custom, 'kW')} is its "
            f"custom then (95 %: {said(max(custom - half, 0.0), 'kW')} to {said(custom + half, 'kW')}), measured over "
            f"{lasting(v.hours)} without a shift."
        )
        share = self._share(v, at)
        return Score(
            self.name,
            element,
            signal.id if signal is not None else "",
            at,
            custom + v.now,
            custom,
            custom - half,
            custom + half,
            v.z,
            v.over,
            f"{element}:idle",
            excess_kw=v.excess * share,
            unit="kW",
            text=text,
            onset=v.onset,
            excess_sd=v.sd * share,
            so_far=v.total,
        )

    @staticmethod
    def _share(v: Verdict, at: int) -> float:
        """Share of the time without shift since the onset; a quarter of a day at first."""
        days = (at - v.onset) / DAY
        return min(1.0, v.hours / (24.0 * days)) if days > 1.0 else 0.25

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        kept = (self._custom, self._spent, self._on)
        return {
            "chart": self._chart.state(),
            "hours": {e: [a[:, i].tolist() for a in kept] for i, e in enumerate(self._elements)},
            "calm": {e: float(c) for e, c in zip(self._elements, self._calm, strict=True)},
            "told": [e for e, told in zip(self._elements, self._told, strict=True) if told],
            "weather": self._weather.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; one of an older edition, without hours, is learned anew."""
        hours = state.get("hours", {})
        if not hours:
            return
        self._chart.restore(state["chart"])
        self._weather.restore(state["weather"])
        for i, element in enumerate(self._elements):
            self._told[i] = element in state["told"]
            self._calm[i] = state["calm"].get(element, 0.0)
            if element in hours:
                self._custom[:, i], self._spent[:, i], self._on[:, i] = hours[element]


def _when(hour: int) -> str:
    """Which hour before or after a shift, in words.

    >>> _when(2), _when(5), _when(0)
    (', 1 to 2 h before one', ', 0 to 1 h after one', '')
    """
    if hour == 0:
        return ""
    late = hour > BEFORE_H
    first = hour - 1 - BEFORE_H * late
    return f", {first} to {first + 1} h {'after' if late else 'before'} one"


def _has_hours(plant: Plant, element: str) -> bool:
    """Whether its state tells when it is on, and no demand of others decides that."""
    return plant.find(element, "state") is not None and made_by(plant, element) is None


def _makes_parts(plant: Plant, element: str) -> bool:
    """Whether a machine counts parts."""
    return plant.find(element, "parts_total") is not None


plug = Idling
