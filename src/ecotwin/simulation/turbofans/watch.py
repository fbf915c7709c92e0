"""Each engine's lost margin and life left, from the minutes that the fleet flew and its acceptance tests.

A flight's cruise gives one report: exhaust gas temperature over the inlet's (corrected), at a corrected thrust and a
Mach number. A regression over all flights of the fleet takes thrust and Mach out and leaves one level for each engine.
A level is the fleet's own plus how the engine was built (its acceptance test against the fleet's) plus what it has
lost since. What it may have lost has a prior, the law of wear at its flights; an engine fresh from the test cell has
lost nothing, and so pins the fleet's level. What is left of the margin, by the law, is life left with an interval.

No engine need have been followed to its end; where a fleet has such engines, `maintenance.life` knows more.

Sources: corrected temperatures and thrust: Walsh and Fletcher, Gas Turbine Performance, 2nd ed., ch. 4; normal linear
model with normal priors: Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 14.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Bools, Floats, Window
from ecotwin.simulation.turbofans.burn import SEA_K, SEA_PA
from ecotwin.simulation.turbofans.flight import CRUISE
from ecotwin.simulation.turbofans.upkeep import facts_of
from ecotwin.simulation.turbofans.wear import Left, Wear, life_left

ENGINE = "turbofan_engine"
HOT = 303.15 / SEA_K
"""The margin is told 15 K above the standard day: a corrected kelvin is so many there."""
_NAMES = ("t50", "t2", "p2", "thrust", "mach")
_LEAST_MIN, _LEAST_FLIGHTS = 8, 2
_LAW_SHARE = 0.15
"""Standard deviation of the fleet's mean life itself, as a share: the law is stated, not learned."""
_SENSOR_K, _WASH_K = 1.5, 2.5
"""What sensors and test leave in a level, and what is not known of the last wash [K]: stated assumptions."""


@dataclass(frozen=True, slots=True)
class Report:
    """Median of a flight's cruise: engine, its flights, corrected temperature [K] and thrust [MN], Mach number."""

    engine: str
    cycles: float
    t50_k: float
    thrust_mn: float
    mach: float


@dataclass(frozen=True, slots=True)
class Watched:
    """An engine as its flights show it.

    Attributes:
        engine: Its id. cycles: Flights. lost_k: Margin lost since its test [K]. sd_k: Standard deviation of that.
        margin_k: Margin left on a hot day [K]. left: Flights left, with their 80 % interval. reports: Flights used.
    """

    engine: str
    cycles: float
    lost_k: float
    sd_k: float
    margin_k: float
    left: Left
    reports: int


def reports(plant: Plant, window: Window) -> list[Report]:
    """One report of every flight's cruise that lies whole in a window of minutes.

    Minutes in which thrust still moves, or in which something was not measured, are left out.
    """
    found = []
    for engine in (m.id for m in plant.machines if m.kind == ENGINE):
        phase = _told(plant, window, engine, "phase", "last")
        cycles = _told(plant, window, engine, "cycles", "last")
        values = {n: _told(plant, window, engine, n) for n in _NAMES}
        for first, last in _spans(phase == CRUISE):
            inner = slice(first + 2, last - 2)
            level = _level(values, inner)
            if level.sum() < _LEAST_MIN or not np.isfinite(cycles[first]):
                continue
            told = {n: v[inner][level] for n, v in values.items()}
            theta = (told["t2"] + 273.15) / SEA_K
            found.append(
                Report(
                    engine,
                    float(cycles[first]),
                    float(np.median((told["t50"] + 273.15) / theta)),
                    float(np.median(told["thrust"] / (told["p2"] * 1e5 / SEA_PA))) / 1000.0,
                    float(np.median(told["mach"])),
                )
            )
    return found


def watch(
    plant: Plant, seen: list[Report], tested_c: Mapping[str, float], wash_every: float = 1500.0
) -> list[Watched]:
    """Lost margin and life left of every engine with enough reports.

    Args:
        plant: For the facts of its engines. seen: From `reports`. tested_c: Engine -> exhaust gas temperature of its
            acceptance test [degC]. wash_every: Flights between washes.

    Raises:
        ScenarioFault: There are no reports, or an engine has no acceptance test.
    """
    known = [
        e
        for e in dict.fromkeys(r.engine for r in seen)
        if sum(r.engine == e for r in seen) >= _LEAST_FLIGHTS
    ]
    lacking = [e for e in known if not tested_c.get(e, 0.0) > 0.0]
    if not known or lacking:
        raise ScenarioFault(
            f"no acceptance test of {', '.join(lacking)}"
            if known
            else "no engine with two flights in level cruise",
            expected="flights of tested engines",
            remedy="take a longer window, or leave untested engines out",
        )
    level, doubt, cycles = _levels(known, [r for r in seen if r.engine in known])
    tests = np.array([tested_c[e] for e in known])
    facts = [facts_of(plant, e) for e in known]
    laws = [Wear.of(f) for f in facts]
    standing = [
        w.standing(np.asarray(n), np.asarray(wash_every)) for w, n in zip(laws, cycles, strict=True)
    ]
    settled = np.array(
        [float(w.settled_k(np.asarray(n))) for w, n in zip(laws, cycles, strict=True)]
    )
    core, dirt = (np.array([float(s[i]) for s in standing]) for i in (0, 1))
    sure = np.array([w.exponent * f["core_sd_share"] for w, f in zip(laws, facts, strict=True)])
    fresh = 1.0 - np.exp(-cycles / 300.0)
    before = np.hypot(sure * core, fresh * np.hypot(_WASH_K, 0.3 * settled)) + 0.3
    lost, sd = _lost(
        HOT * (level - (tests - tests.mean())), HOT * doubt, settled + core + dirt, before
    )
    made = []
    for n, (engine, law, f) in enumerate(zip(known, laws, facts, strict=True)):
        own = np.maximum(lost[n] - settled[n] - dirt[n], 0.5)
        new = f["egt_limit_c"] + 273.15 - HOT * (tests[n] + 273.15)
        free = new - law.settling_k - law.dirt_k
        spread = float(np.hypot(f["core_sd_share"], _LAW_SHARE))
        flown, doubt_k = np.asarray(cycles[n]), np.asarray(sd[n] + 1.0)
        low, middle, high = (float(x) for x in life_left(law, spread, flown, own, doubt_k, free))
        left = Left(engine, float(cycles[n]), max(0.0, middle), max(0.0, low), max(0.0, high))
        margin = float(new - lost[n])
        count = sum(r.engine == engine for r in seen)
        made.append(
            Watched(engine, float(cycles[n]), float(lost[n]), float(sd[n]), margin, left, count)
        )
    return made


def _told(plant: Plant, window: Window, engine: str, name: str, what: str = "mean") -> Floats:
    signal = f"{engine}.{name}"
    if not plant.has_signal(signal) or plant.signal(signal).index not in window.signals:
        raise ScenarioFault(
            f"{signal} is not in the window",
            expected=f"phase, cycles, {', '.join(_NAMES)} of every engine",
            remedy="keep these signals of the engine's kind in the plant file",
        )
    return np.asarray(
        getattr(window, what)[:, window.column(plant.signal(signal).index)], np.float64
    )


def _spans(inside: Bools) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [
        (int(a), int(b)) for a, b in pairs if b - a > 4 + _LEAST_MIN and a > 0 and b < len(inside)
    ]


def _level(values: Mapping[str, Floats], inner: slice) -> Bools:
    whole = np.isfinite(np.sum([v[inner] for v in values.values()], axis=0))
    thrust = values["thrust"][inner]
    steady = np.abs(np.gradient(thrust)) < 0.02 * np.maximum(np.abs(thrust), 1.0)
    return np.asarray(whole & steady & (thrust > 0.0))


def _levels(known: list[str], seen: list[Report]) -> tuple[Floats, Floats, Floats]:
    """Level of each engine at the fleet's mean thrust and Mach [K], its standard error, and its newest flights."""
    own = np.array([known.index(r.engine) for r in seen])
    thrust, mach = np.array([r.thrust_mn for r in seen]), np.array([r.mach for r in seen])
    design = np.zeros((len(seen), len(known) + 2))
    design[np.arange(len(seen)), own] = 1.0
    design[:, -2], design[:, -1] = thrust - thrust.mean(), mach - mach.mean()
    y = np.array([r.t50_k for r in seen])
    # A usual slope keeps thrust and Mach apart from levels where flights hardly differ.
    slopes, sure = np.array([7000.0, 0.0]), np.array([4000.0, 300.0])
    noise = 2.0
    precision = design.T @ design / noise**2
    pull = design.T @ y / noise**2
    for i, (s, d) in enumerate(zip(slopes, sure, strict=True)):
        precision[-2 + i, -2 + i] += 1.0 / d**2
        pull[-2 + i] += s / d**2
    covariance = np.linalg.inv(precision)
    level = covariance @ pull
    n = len(known)
    newest = np.array([max(r.cycles for r in seen if r.engine == e) for e in known])
    return level[:n], np.sqrt(np.diag(covariance)[:n] + _SENSOR_K**2), newest


def _lost(level: Floats, doubt: Floats, expected: Floats, before: Floats) -> tuple[Floats, Floats]:
    """Posterior of what each engine has lost [K]: level = fleet's level + lost, the fleet's level unknown."""
    spread = doubt**2 + before**2
    weight = 1.0 / spread
    fleet = float((weight * (level - expected)).sum() / weight.sum())
    gain = before**2 / spread
    lost = expected + gain * (level - fleet - expected)
    variance = before**2 * (1.0 - gain) + gain**2 / weight.sum()
    return np.maximum(lost, 0.0), np.sqrt(variance)
