"""Air, water, nitrogen and gas that flow where nobody uses them: leaks.

Judged are all meters at the ends of the flow graph and every balance's unmetered rest, so that a
leak is seen at one place only. Expected is a flow by what the machines behind it do (the share of
them that is off, idle, busy ..., how many parts they make and of which product), by whether the
utility that takes it in runs, and by the outdoor temperature: recursive least squares whose
coefficients wander slowly. What the model has not seen yet it knows it does not know: the
uncertainty of its coefficients is part of the band, so that the first morning, the first idle hour
or the first cold week is no leak. What matters is a share of the flow itself and of what the whole
plant uses of the carrier.

Sources:
    Minimum night flow as the measure of leakage: Farley and Trow, Losses in Water Distribution
    Networks, IWA 2003.
    Recursive least squares as a Kalman filter with wandering coefficients: Ljung, System
    Identification, 2nd ed. 1999, section 11.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.chart import Chart, Verdict
from ecotwin.detection.columns import Modes, lasting, picked, positions, rates
from ecotwin.detection.contract import Expected
from ecotwin.detection.series import drawn, product_signal, series_of
from ecotwin.detection.weather import Weather, weather_run
from ecotwin.plant.model import STATES, Plant, Signal
from ecotwin.records import Bools, Floats, Ints, Readings, Score, Window
from ecotwin.units import said

WORKING = (STATES["heating"], STATES["setup"], STATES["busy"])
AT_REST = (STATES["off"], STATES["standby"])
KNOWN = 7
"""Machine states that are known; each has its share of the machines as a driver."""
PRODUCTS = 6
RATE, PRODUCT0 = KNOWN, KNOWN + 1
OWN_WORK, OWN_IDLE, POWER, DEMAND, WEATHER = range(PRODUCT0 + PRODUCTS, PRODUCT0 + PRODUCTS + 5)
WIDTH = WEATHER + 1
"""Drivers: shares by state; parts a minute; shares at work on each product; of the utility that takes the flow in:
whether it works or only stands ready, its electric power, and what is drawn of what it makes (a boiler's heat);
the outdoor temperature."""
MEMORY_MIN = 20 * 1440.0
NOISE_MEMORY_MIN = 5 * 1440.0
ALIKE_MIN = 15.0
"""Minutes this close together say the same: their noise goes together."""
LEAST_NOISE_SHARE = 0.1
"""Scatter of a flow from minute to minute taken for granted while the model learns."""
UNKNOWN_SD = 1000.0
"""Standard deviation of a state's flow nobody knows yet [m3/h]: more than any flow judged here."""
UNKNOWN_DRIVER_SD = 10.0
"""The same of the flow that a part a minute, another product or 10 K bring [m3/h]."""
ODD_SD = 3.0
"""A step further off than this many of its own sd is learned from as if it were just so far off."""
WATCH_MIN = 60.0
"""Minutes watched before the first is learned from."""
LEARN_MIN = 1440.0
DEMAND_SCALE = 100.0
"""Demand enters in hundreds [100 kW or 100 m3/h]."""
YOUNG_MIN = 3 * 1440.0
"""So long all is learned from, alarm or not: what a flow does in its first days is its custom, not a leak."""
EBB_SHARE = 0.5
"""An excess that is less than this share of its mean is ebbing away."""
RELEVANT_SHARE = 0.03
RELEVANT_SITE_SHARE = 0.005
"""Excess that matters, as a share of the flow itself and of all the plant uses of its carrier."""
SLOW_MIN = 30
SLOW_RARITY = 10.0
"""-ln of the chance of a false alarm an excursion of half hours."""
QUIET, IDLE, BUSY = 0, 4, 5


class Baseflow:
    """Flows above what rest or work explains."""

    name = "baseflow"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._series = series_of(plant)
        k = len(self._series)
        self._used = sorted({i for s in self._series for i in s.weights})
        where = {i: n for n, i in enumerate(self._used)}
        self._form = [plant.signals[i].form for i in self._used]
        self._weight = np.zeros((len(self._used), k))
        for n, s in enumerate(self._series):
            for i, w in s.weights.items():
                self._weight[where[i], n] = w
        machines = tuple(m.id for m in plant.machines if plant.find(m.id, "state") is not None)
        self._modes = Modes(plant, machines)
        self._scope = np.array(
            [[m in s.scope for s in self._series] for m in machines], np.float64
        ).reshape(len(machines), k)
        self._parts = [_index(plant.find(m, "parts_total")) for m in machines]
        self._product = [_index(product_signal(plant, m)) for m in machines]
        self._codes = np.array([p.code for p in plant.products[:PRODUCTS]], np.float64)
        own = {m: i for i, m in enumerate(machines)}
        self._own = np.array(
            [
                own[s.element] if s.element in own and s.element not in s.scope else -1
                for s in self._series
            ],
            np.int64,
        )
        utilities = [
            s.element if i >= 0 else "" for s, i in zip(self._series, self._own, strict=True)
        ]
        power = [plant.find(u, "electricity_power") if u else None for u in utilities]
        self._power = [_index(p) for p in power]
        self._power_scale = np.array([(p.high if p else None) or 1.0 for p in power])
        taken = [drawn(plant, u) if u else () for u in utilities]
        self._drawn = sorted({s.index for signals in taken for s in signals})
        self._drawn_form = [plant.signals[i].form for i in self._drawn]
        self._drawn_by = np.array(
            [[float(i in {s.index for s in signals}) for signals in taken] for i in self._drawn]
        ).reshape(len(self._drawn), k)
        self._outdoor = plant.signal(plant.outdoor).index if plant.outdoor else -1
        keys = tuple(s.key for s in self._series)
        self._chart = Chart(keys)
        self._slow = Chart(keys, SLOW_RARITY)
        self._gather, self._gather_min = np.zeros(k), np.zeros(k)
        self._gather_x = np.zeros((k, WIDTH))
        self._is_rest = np.array([len(s.weights) > 1 for s in self._series], np.bool_)
        carriers = sorted({s.carrier for s in self._series})
        self._alike = np.array([[s.carrier == c for c in carriers] for s in self._series]).reshape(
            k, len(carriers)
        )
        self._age, self._noise, self._peak, self._site = (np.zeros(k) for _ in range(4))
        self._flow_mean, self._flow_var = np.zeros(k), np.zeros(k)
        self._theta, self._p = np.zeros((k, WIDTH)), _unknown(self._own)
        self._degc = 15.0
        self._weather = Weather(plant)
        self._by_weather = np.array(
            [bool(u) and weather_run(plant, u) for u in utilities], np.bool_
        )

    def on_readings(self, readings: Readings) -> list[Score]:
        """Nothing: it judges closed minutes."""
        del readings
        return []

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge closed minutes."""
        del expected
        if not self._series:
            return []
        rate = rates(window, self._form, positions(window, self._used))
        missing = np.isnan(rate).astype(np.float64) @ np.abs(self._weight) > 0
        # Not by BLAS: its last digits would depend on how many minutes are judged at once.
        summed = np.einsum("ti,ik->tk", np.nan_to_num(rate), self._weight)
        flow = np.where(missing, np.nan, summed)
        drive = self._drive(window)
        degc = picked(window.mean, positions(window, [self._outdoor]))[:, 0]
        ends = window.at + window.step_s * 1_000_000
        scores: list[Score] = []
        for t in range(window.steps):
            self._degc = float(degc[t]) if np.isfinite(degc[t]) else self._degc
            drive[t, :, WEATHER] = (self._degc - 15.0) / 10.0
            known = self._weather.seen(int(ends[t]), float(degc[t])) | ~self._by_weather
            scores += self._step(int(ends[t]), window.step_s / 60.0, flow[t], drive[t], known)
        return scores

    def _drive(self, window: Window) -> Floats:
        """[steps, series, WIDTH] what drives each flow; the weather's column is still free."""
        modes = self._modes.of(window)
        x = np.zeros((window.steps, len(self._series), WIDTH))
        for code in range(KNOWN):
            x[:, :, code] = _sums((modes == code).astype(np.float64), self._scope)
        total = x[:, :, :KNOWN].sum(axis=2)
        x[:, :, STATES["off"]] += total <= 0.0
        at_work = modes == BUSY
        parts = np.nan_to_num(picked(window.amount, positions(window, self._parts)))
        x[:, :, RATE] = _sums(at_work * parts * 60.0 / window.step_s, self._scope)
        product = picked(window.last, positions(window, self._product))
        for place, code in enumerate(self._codes):
            made = (at_work & (product == code)).astype(np.float64)
            x[:, :, PRODUCT0 + place] = _sums(made, self._scope)
        x /= np.maximum(total, 1.0)[:, :, None]
        own = modes[:, np.maximum(self._own, 0)]
        x[:, :, OWN_WORK] = (self._own >= 0) & np.isin(own, WORKING)
        x[:, :, OWN_IDLE] = (self._own >= 0) & (own == IDLE)
        power = picked(window.mean, positions(window, self._power))
        x[:, :, POWER] = np.nan_to_num(power / self._power_scale)
        drawn = rates(window, self._drawn_form, positions(window, self._drawn))
        x[:, :, DEMAND] = _sums(np.nan_to_num(drawn), self._drawn_by) / DEMAND_SCALE
        return x

    def _step(self, at: int, dt_min: float, flow: Floats, x: Floats, known: Bools) -> list[Score]:
        px = np.matmul(self._p, x[:, :, None])[:, :, 0]
        unsure = (x * px).sum(axis=1)
        mean = (x * self._theta).sum(axis=1)
        ripe = self._age >= LEARN_MIN
        sure = ripe & (unsure < np.maximum(mean * mean, self._noise))
        self._peak = np.maximum(self._peak, np.where(sure, np.abs(mean), 0.0))
        total = np.where(sure, np.maximum(mean, 0.0), 0.0) @ self._alike
        self._site = np.maximum(self._site, self._alike @ total)
        floor = np.maximum(RELEVANT_SHARE * self._peak, RELEVANT_SITE_SHARE * self._site)
        resting = x[:, AT_REST].sum(axis=1) >= 1.0
        working = x[:, WORKING].sum(axis=1) > 0.0
        mode = np.where(resting, QUIET, np.where(working, BUSY, IDLE))
        # A meter's flow is never expected below nothing; only a balance's rest may be.
        mean = np.where(self._is_rest, mean, np.maximum(mean, 0.0))
        residual = np.where(ripe & known, flow - mean, np.nan)
        said = self._chart.step(
            at, dt_min, residual, np.sqrt(unsure), mode, np.maximum(floor, 1e-3)
        )
        self._learn(dt_min, np.where(self._is_rest, np.nan, flow), x, px, unsure)
        said += self._judge_slowly(at, dt_min, flow, x, mode, np.maximum(floor, 1e-3), said)
        return [self._score(v, at, float(mean[v.row]), not bool(working[v.row])) for v in said]

    def _judge_slowly(
        self,
        at: int,
        dt_min: float,
        flow: Floats,
        x: Floats,
        mode: Ints,
        floor: Floats,
        said: list[Verdict],
    ) -> list[Verdict]:
        """Rests by half hours: a compressor that loads and unloads swings within them, not between.

        They are learned by half hours too: their minutes would make the model far less sure than it is.
        """
        ok = np.isfinite(flow) & self._is_rest
        self._gather += np.where(ok, np.nan_to_num(flow) * dt_min, 0.0)
        self._gather_x += np.where(ok[:, None], x * dt_min, 0.0)
        self._gather_min += np.where(ok, dt_min, 0.0)
        if at % (SLOW_MIN * 60_000_000):
            return []
        spent = np.maximum(self._gather_min, 1e-9)
        mean = np.where(self._gather_min >= 0.8 * SLOW_MIN, self._gather / spent, np.nan)
        x = self._gather_x / spent[:, None]
        self._gather[:], self._gather_x[:], self._gather_min[:] = 0.0, 0.0, 0.0
        px = np.matmul(self._p, x[:, :, None])[:, :, 0]
        unsure = (x * px).sum(axis=1)
        ripe = self._age >= LEARN_MIN
        residual = np.where(ripe, mean - (x * self._theta).sum(axis=1), np.nan)
        slow = self._slow.step(at, SLOW_MIN, residual, np.sqrt(unsure), mode, floor)
        self._learn(SLOW_MIN, mean, x, px, unsure)
        told = {v.row for v in said} | set(np.flatnonzero(self._chart.over).tolist())
        return [v for v in slow if v.row not in told]

    def _learn(self, dt_min: float, flow: Floats, x: Floats, px: Floats, unsure: Floats) -> None:
        calm = ~self._chart.over & ~self._slow.over
        fit: Bools = np.isfinite(flow) & (calm | (self._age < YOUNG_MIN))
        if not fit.any():
            return
        error = np.where(fit, flow - (x * self._theta).sum(axis=1), 0.0)
        self._age += np.where(fit, dt_min, 0.0)
        square = np.maximum(error * error - unsure, 0.0)
        square = np.where(self._age > 300.0, np.minimum(square, 25.0 * self._noise), square)
        gain = np.maximum(dt_min / NOISE_MEMORY_MIN, dt_min / np.maximum(self._age, dt_min))
        self._noise += np.where(fit, gain * (square - self._noise), 0.0)
        # A state's first minutes must not make it surer than flows ever are: a compressor that rests for its
        # first ten minutes is no proof that nothing ever flows.
        young = fit & (self._age <= LEARN_MIN)
        first = dt_min / np.maximum(self._age, dt_min)
        gap = np.where(young, np.nan_to_num(flow) - self._flow_mean, 0.0)
        self._flow_mean += first * gap
        self._flow_var += np.where(young, first * ((1.0 - first) * gap * gap - self._flow_var), 0.0)
        # A tenth of the flow, seen or expected, or of its usual size: one odd minute in which a pump just starts or
        # has just stopped must not count for sure, else it alone would teach that nothing flows while it runs.
        size = np.maximum(np.nan_to_num(flow) ** 2, (x * self._theta).sum(axis=1) ** 2)
        size = np.maximum(size, self._flow_var + self._flow_mean**2)
        least = LEAST_NOISE_SHARE**2 * size + 1e-6
        told = np.maximum(self._noise, np.where(young, np.maximum(least, self._flow_var), least))
        # Nor may it pull as far as it is off, for a batch has two such minutes and may be short.
        most = ODD_SD * np.sqrt(told + unsure)
        error = np.clip(error, -most, most)
        told *= max(1.0, ALIKE_MIN / dt_min)
        fit = fit & (self._age > WATCH_MIN)
        pull = px / (told + unsure)[:, None]
        wander = (told * (dt_min / MEMORY_MIN) ** 2)[:, None, None] * np.eye(WIDTH)
        p = self._p - pull[:, :, None] * px[:, None, :] + wander
        self._theta += np.where(fit[:, None], pull * error[:, None], 0.0)
        self._p = np.where(fit[:, None, None], (p + p.transpose(0, 2, 1)) / 2.0, self._p)

    def _score(self, v: Verdict, at: int, mean: float, quiet: bool) -> Score:
        s = self._series[v.row]
        now = mean + v.now
        half = abs(v.now) * 1.96 / max(abs(v.z), 1e-9)
        when = "while nothing works" if quiet else "during work"
        low, high = said(max(0.0, v.now - half), s.unit, 2), said(v.now + half, s.unit, 2)
        mean_above = v.total / max(v.hours, 1e-9)
        seen = f"(95 %: {low} to {high})"
        above = f"{s.name} runs {said(v.now, s.unit, 2)} above"
        if v.now < EBB_SHARE * mean_above:
            above = f"{s.name} ran {said(mean_above, s.unit, 2)} above"
            seen = "on average since it began and has now come down"
        usual = said(max(mean, 0.0), s.unit)
        text = f"{above} its expected {usual} {when} {seen}, measured over {lasting(v.hours)}."
        return Score(
            detector=self.name,
            element=s.element,
            signal=s.signal,
            at=at,
            value=now,
            expected=mean,
            low=mean - half,
            high=mean + half,
            z=v.z,
            over=v.over,
            cause=f"{s.key}:{s.carrier}",
            excess_rate=24.0 * v.excess,
            unit=s.unit,
            text=text,
            onset=v.onset,
            excess_sd=24.0 * v.sd,
            so_far=v.total,
        )

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        level = {
            s.key: {
                "level": [float(a[i]) for a in (self._age, self._noise, self._peak, self._site)],
                "first": [float(self._flow_mean[i]), float(self._flow_var[i])],
                "gather": [float(self._gather[i]), float(self._gather_min[i])],
                "gather_x": self._gather_x[i].tolist(),
                "theta": self._theta[i].tolist(),
                "p": self._p[i].tolist(),
            }
            for i, s in enumerate(self._series)
        }
        return {
            "chart": self._chart.state(),
            "slow": self._slow.state(),
            "level": level,
            "degc": self._degc,
            "weather": self._weather.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; one of another shape is left, and learning starts anew."""
        if any(len(one["theta"]) != WIDTH for one in state["level"].values()):
            return
        self._chart.restore(state["chart"])
        self._slow.restore(state["slow"])
        self._degc = state["degc"]
        self._weather.restore(state.get("weather", {}))
        for i, s in enumerate(self._series):
            one = state["level"].get(s.key)
            if one is not None:
                self._age[i], self._noise[i], self._peak[i], self._site[i] = one["level"]
                self._flow_mean[i], self._flow_var[i] = one["first"]
                self._gather[i], self._gather_min[i] = one["gather"]
                self._gather_x[i] = one["gather_x"]
                self._theta[i], self._p[i] = one["theta"], one["p"]


def _index(signal: Signal | None) -> int:
    return -1 if signal is None else signal.index


def _unknown(own: Ints) -> Floats:
    """[series, drivers, drivers] covariance of what is not known yet; `own`: the machine whose flow it is, or -1."""
    sd = np.full(WIDTH, UNKNOWN_DRIVER_SD)
    sd[:KNOWN] = sd[[OWN_WORK, OWN_IDLE]] = UNKNOWN_SD
    p = np.tile(np.diag(sd**2), (len(own), 1, 1))
    # What a utility takes in follows its own state first; else the plant's would be credited with half of it.
    places = np.arange(KNOWN)
    p[np.ix_(np.flatnonzero(own >= 0), places, places)] = np.diag(
        np.full(KNOWN, UNKNOWN_DRIVER_SD**2)
    )
    return p


def _sums(by_machine: Floats, scope: Floats) -> Floats:
    """[steps, series] sums over the machines behind each flow; not by BLAS, see `on_minutes`."""
    result: Floats = np.einsum("tm,mk->tk", by_machine, scope)
    return result


plug = Baseflow
