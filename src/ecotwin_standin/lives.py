"""Whole lives of engines, one snapshot every some flights, from new until the hot section is worn out.

The same gas path and wear as the machines of the plant, without the hours between the snapshots: what a person gets who
collects take-off reports over years. Columns are named as the engine's signals.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np

from ecotwin_standin.chance import Chance
from ecotwin_standin.engines import RATED_N, Engine
from ecotwin_standin.gaspath import SEA_K, air

HOT_DAY_K = 15.0
"""The margin is told for take-off at rated thrust at sea level, 15 K above the standard day."""
COLUMNS = (
    "t24", "t30", "t50", "p15", "p30", "nf", "nc", "epr", "phi", "nrf", "nrc", "bpr", "fuel_flow", "w31", "w32",
)  # fmt: skip
"""Sensors of a snapshot."""
_NOISE = {
    "t24": 0.5, "t30": 1.2, "t50": 2.0, "p15": 0.004, "p30": 0.06, "nf": 3.0, "nc": 6.0, "epr": 0.004, "phi": 0.25,
    "nrf": 3.0, "nrc": 6.0, "bpr": 0.02, "fuel_flow": 8.0, "w31": 0.012, "w32": 0.009,
}  # fmt: skip
"""Standard deviation of each sensor's noise, in its unit."""


@dataclass(frozen=True)
class Life:
    """One engine's life.

    Attributes:
        unit: Number of the engine. cycles: [snapshots] flights flown. settings: [snapshots, 4] altitude [m], Mach,
            thrust [kN], inlet temperature [degC]. sensors: [snapshots, columns] as `COLUMNS`.
        margin_k: [snapshots] true margin of the exhaust gas temperature on a hot day [K]. end: Flights at which the
            margin was gone. tested: Sensors of the acceptance test (rated thrust, sea level, standard day).
    """

    unit: int
    cycles: np.ndarray[tuple[int], np.dtype[np.float64]]
    settings: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    sensors: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    margin_k: np.ndarray[tuple[int], np.dtype[np.float64]]
    end: float
    tested: np.ndarray[tuple[int], np.dtype[np.float64]]


def live(seed: int, unit: int, every: float = 100.0, limit_k: float = 1035.15, wash_every: float = 1500.0,
         derate: float = 0.0, longest: float = 40_000.0) -> Life:  # fmt: skip
    """One life.

    Args:
        seed, unit: Which engine. every: Flights between snapshots. limit_k: Limit of the exhaust gas temperature [K].
        wash_every: Flights between washes. derate: Take-off thrust below rated, as a share. longest: Give up after.
    """
    engine = Engine(f"life_{unit}", "turbofan_engine", "", Chance(seed))
    rng = np.random.default_rng([seed, unit, 31_337])
    tested = _read(engine, 0.0, 0.0, RATED_N, 0.0, rng)
    rows, settings, cycles, margins = [], [], [], []
    while engine.wear.cycles < longest:
        hot = engine.path.at_thrust(RATED_N, *air(0.0, HOT_DAY_K), 0.0, engine.health())
        if hot.t50 >= limit_k:
            break
        field_m = float(rng.choice([0.0, 120.0, 450.0]))
        day_k = float(rng.normal(-4.0, 8.0))
        thrust = RATED_N * (1.0 - derate) * float(rng.uniform(0.94, 1.0))
        rows.append(_read(engine, field_m, 0.25, thrust * 0.9, day_k, rng))
        inlet_c = (
            (air(field_m, day_k)[0] * (1.0 + 0.2 * 0.25**2)) - 273.15 + 0.3 * rng.standard_normal()
        )
        settings.append((field_m, 0.25, thrust * 0.9 / 1000.0, inlet_c))
        cycles.append(engine.wear.cycles)
        margins.append(limit_k - hot.t50)
        take_off = engine.path.at_thrust(
            RATED_N * (1.0 - derate), *air(0.0, -4.0), 0.0, engine.health()
        )
        left = every
        while left > 0.0:
            part = min(25.0, left)
            engine.wear.fly(
                part, take_off.t4, exp(0.3 / sqrt(part) * rng.standard_normal()), wash_every
            )
            left -= part
    return Life(
        unit,
        np.array(cycles),
        np.array(settings),
        np.array(rows),
        np.array(margins),
        engine.wear.cycles,
        tested,
    )


def lives(seed: int, count: int, every: float = 100.0, wash_every: float = 1500.0) -> list[Life]:
    """Lives of some engines.

    >>> 3000 < lives(1, 1, every=400.0)[0].end < 30_000
    True
    """
    return [live(seed, unit + 1, every, wash_every=wash_every) for unit in range(count)]


def _read(engine: Engine, altitude_m: float, mach: float, thrust_n: float, day_k: float,
          rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:  # fmt: skip
    p = engine.path.at_thrust(thrust_n, *air(altitude_m, day_k), mach, engine.health())
    theta = sqrt(p.t2 / SEA_K)
    worn = 1.0 - 1.6 * engine.wear.hot
    flow = p.fuel_kg_s * 3600.0
    value = {
        "t24": p.t24 - 273.15, "t30": p.t30 - 273.15, "t50": p.t50 - 273.15, "p15": p.p15 / 1e5, "p30": p.p30 / 1e5,
        "nf": p.n1_rpm, "nc": p.n2_rpm, "epr": p.p50 / p.p2, "phi": flow / (p.p30 / 1e5), "nrf": p.n1_rpm / theta,
        "nrc": p.n2_rpm / theta, "bpr": p.bypass_kg_s / p.core_kg_s, "fuel_flow": flow,
        "w31": 0.062 * p.core_kg_s * worn, "w32": 0.037 * p.core_kg_s * worn,
    }  # fmt: skip
    return np.array([value[c] + _NOISE[c] * rng.standard_normal() for c in COLUMNS])
