"""The history of a boiler house, made: load, oxygen and flue gas by the minute, NOx by a portable analyser at times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ecotwin.clock import MINUTE, micros
from ecotwin.plant import Plant, load
from ecotwin.records import Floats, Readings

FILE = Path(__file__).parent / "cycle" / "boiler_works.yaml"
START = datetime(2026, 3, 2, tzinfo=UTC)
SESSION_MIN, EVERY_MIN = 40, 480
"""A portable analyser measures so long, so often."""
BOILER = "boiler_1."


@dataclass(frozen=True)
class Lived:
    """Minutes of the boiler: `values` by signal name, NaN where nothing is sent; `nox` is the truth."""

    at: np.ndarray[tuple[int], np.dtype[np.int64]]
    values: dict[str, Floats]
    nox: Floats


def live(seed: int, days: float, *, drift_day: float = 1e9, drift: float = 1.0) -> Lived:
    """A boiler's life; from `drift_day` on its NOx is `drift` times what it was at the same load and oxygen."""
    rng = np.random.default_rng(seed)
    n = round(days * 1440)
    t = np.arange(n)
    walk = np.cumsum(rng.normal(0.0, 0.25, n))
    swing = 18.0 * np.sin(2 * np.pi * t / 1440.0 + rng.uniform(0, 6)) + 9.0 * np.sin(t / 47.0)
    burner = np.clip(
        58.0 + swing + walk - np.convolve(walk, np.ones(720) / 720, "same"), 25.0, 95.0
    )
    oxygen = 3.3 + 1.5 * (1.0 - burner / 100.0) + rng.normal(0.0, 0.12, n)
    flue = 118.0 + 0.68 * burner + 2.2 * (oxygen - 3.3)
    nox = 74.0 * (0.85 + 0.003 * burner) * (21.0 - oxygen) / 18.0
    slow = np.zeros(n)
    for i in range(1, n):
        slow[i] = 0.97 * slow[i - 1] + rng.normal(0.0, 0.35)
    nox = (nox + slow) * np.where(t >= drift_day * 1440, drift, 1.0)
    taken = (t % EVERY_MIN) >= EVERY_MIN - SESSION_MIN
    values = {
        "burner_load": burner, "o2_share": oxygen, "flue_temperature": flue,
        "flue_flow": 26.0 * burner + rng.normal(0.0, 5.0, n), "state": np.full(n, 5.0),
        "nox_reference": np.where(taken, nox + rng.normal(0.0, 0.8, n), np.nan),
    }  # fmt: skip
    return Lived(micros(START) + t.astype(np.int64) * MINUTE, values, nox)


def readings(plant: Plant, lived: Lived, first: int, last: int) -> Readings:
    """Minutes `[first, last)` as cleaned readings."""
    parts = []
    for name, values in lived.values.items():
        cut = values[first:last]
        known = np.isfinite(cut)
        at = lived.at[first:last][known]
        index = plant.signal(BOILER + name).index
        parts.append((np.full(len(at), index), at, cut[known]))
    return Readings.of(*(np.concatenate(c) for c in zip(*parts, strict=True)))


def written(lived: Lived, folder: Path) -> Path:
    """The same as a recorded file."""
    rows = [
        (int(at), f"{BOILER}{name}", float(v))
        for name, values in lived.values.items()
        for at, v in zip(lived.at, values, strict=True)
        if np.isfinite(v)
    ]
    file = folder / "boiler.csv"
    lines = (f"{at},{name},{v!r}\n" for at, name, v in sorted(rows))
    file.write_text("at,signal,value\n" + "".join(lines))
    return file


def works() -> Plant:
    """The plant."""
    return load(FILE)
