"""Units that wear by a known law, for tests."""

from __future__ import annotations

import numpy as np

from ecotwin.maintenance.fleet import Fleet, gather
from ecotwin.records import Floats


def worn(units: int, seed: int, regimes: int = 1, signals: int = 6, first: str = "u") -> Fleet:
    """Units whose wear grows faster and faster to 1, seen by noisy signals; column 0 is the setting."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(-1.0, 1.0, signals) + 0.1
    fixed = np.random.default_rng(99)
    gain, offset = fixed.uniform(0.6, 1.6, (6, signals)), fixed.normal(0.0, 30.0, (6, signals))
    names: list[str] = []
    cycles, tables = [], []
    for u in range(units):
        life = int(rng.integers(60, 110))
        t = np.arange(1.0, life + 1.0)
        wear = (np.exp(3.0 * t / life) - 1.0) / (np.exp(3.0) - 1.0)
        regime = rng.integers(0, regimes, life)
        seen = wear[:, None] * slope * 4.0 + rng.normal(0.0, 0.35, (life, signals))
        seen = seen * gain[regime] + offset[regime] if regimes > 1 else seen
        setting = 10.0 * regime + rng.uniform(0.0, 0.01, life)
        names += [f"{first}{u}"] * life
        cycles.append(t)
        tables.append(np.column_stack([setting, seen]))
    columns = ["setting", *(f"s{n}" for n in range(signals))]
    return gather(names, np.concatenate(cycles), columns, np.vstack(tables))


def cut(fleet: Fleet, seed: int) -> tuple[Fleet, Floats]:
    """Every unit cut at a random cycle, and the true lives left."""
    rng = np.random.default_rng(seed)
    keep = [rng.integers(15, rows.stop - rows.start) for rows in fleet.rows()]
    rows = np.concatenate(
        [np.arange(b, b + k) for b, k in zip(fleet.begins[:-1], keep, strict=True)]
    )
    names = [fleet.units[n] for n in fleet.owner[rows]]
    made = gather(names, fleet.cycle[rows], fleet.columns, fleet.values[rows])
    return made, fleet.ends - made.ends
