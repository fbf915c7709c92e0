"""Seeded noisy variants of meters whose saving is known, and what a baseline makes of them.

The meters (public data set `mv_eemeter`: two years of four buildings, a tenth saved in the second) are
read from the folder that the environment names as ECOTWIN_PUBLIC_DATA, or from beside the repository.
The second year is first brought back to
no saving; then noise with memory, a wandering level and a saving of its own are laid on.
"""

from __future__ import annotations

import csv
import gzip
import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecotwin.accounting.performance import Series, perform, series

Floats = NDArray[np.float64]
METERS = (
    "il-electricity-cdd-hdd",
    "il-electricity-cdd-only",
    "il-gas-hdd-only",
    "il-gas-intercept-only",
)
SAVED_THERE = 0.1
SHARES = (0.0, 0.0, 0.02, 0.05, 0.10, 0.20)
UNTIL = datetime(2016, 12, 26, tzinfo=UTC).timestamp()
AFTER = datetime(2017, 1, 4, tzinfo=UTC).timestamp()


def folder() -> Path | None:
    """Where the meters lie, if anywhere."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    found = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", beside)) / "mv_eemeter"
    return found if (found / "metadata.json").is_file() else None


def _column(path: Path) -> tuple[Floats, Floats]:
    with gzip.open(path, "rt") as file:
        rows = list(csv.reader(file))[1:]
    # Stamps are read as winter time, in which the meters' days begin.
    at = np.array([datetime.fromisoformat(r[0]).timestamp() - 6 * 3600.0 for r in rows])
    return at, np.array([float(r[1]) for r in rows])


def meter(place: Path, name: str, grain: str) -> Series:
    """One meter with its outdoor temperature."""
    hours, degrees = _column(place / "il-tempF.csv.gz")
    at, used = _column(place / f"{name}-{grain}.csv.gz")
    if grain != "hourly":
        first = np.searchsorted(hours, at)
        last = np.append(first[1:], len(hours))
        degrees = np.array(
            [degrees[a:b].mean() if b > a else math.nan for a, b in zip(first, last, strict=True)]
        )
    return series(at, used, {"tempF": degrees}, temperature="tempF")


@dataclass(frozen=True, slots=True)
class Variant:
    """A meter with another saving: its readings, what was truly saved, and how it was made."""

    data: Series
    truth: float
    made: dict[str, Any]


def variant(data: Series, name: str, seed: int) -> Variant:
    """Lay noise, drift and a saving on a meter."""
    rng = np.random.default_rng(seed)
    n = len(data)
    rho, scatter = rng.uniform(0.0, 0.9), rng.uniform(0.02, 0.15)
    drift = float(rng.choice([0.0, 0.01, 0.02, 0.03, 0.05]))
    share = float(rng.choice(SHARES))
    steps_a_year = 8766.0 / data.hours[0]
    noise = np.empty(n)
    shocks = rng.normal(0.0, scatter * math.sqrt(1.0 - rho**2), n)
    noise[0] = rng.normal(0.0, scatter)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + shocks[i]
    level = np.exp(np.cumsum(rng.normal(0.0, drift / math.sqrt(steps_a_year), n)))
    reporting = data.at_s >= AFTER
    plain = np.where(reporting, data.target / (1.0 - SAVED_THERE), data.target)
    used = np.maximum(0.0, plain * (1.0 + noise)) * level
    truth = share * float(np.nansum(used[reporting]))
    target = np.where(reporting, used * (1.0 - share), used)
    made = {
        "meter": name,
        "seed": seed,
        "rho": rho,
        "scatter": scatter,
        "drift": drift,
        "share": share,
    }
    return Variant(
        Series(data.at_s, data.hours, target, data.variables, data.temperature, data.grain),
        truth,
        made,
    )


def judged(place: Path, grain: str, seed: int) -> dict[str, Any]:
    """One variant, measured and compared with the truth."""
    name = METERS[seed % len(METERS)]
    case = variant(meter(place, name, grain), name, seed)
    found = perform(case.data, UNTIL, after_s=AFTER)
    plain = ashrae14(case.data, found)
    return {
        **case.made,
        "truth": case.truth,
        "saved": found.saved,
        "half": found.spread.half,
        "expected": found.expected,
        "error": (found.saved - case.truth) / found.expected,
        "holds": found.low <= case.truth <= found.high,
        "ashrae_half": plain,
        "ashrae_holds": abs(found.saved - case.truth) <= plain,
        "claim": found.claim,
    }


def ashrae14(data: Series, found: Any) -> float:
    """Half-width at 90 % by ASHRAE 14 with autocorrelation, for comparison."""
    from ecotwin.accounting import fractional_savings_uncertainty
    from ecotwin.accounting.savings import student_t

    n, m = found.base_readings, found.later_readings
    independent, p = found.choice.independent, found.choice.parameters
    free = max(1.0, independent - p)
    adjusted = found.cvrmse * math.sqrt((n - p) / free)
    months = m * float(data.hours[0]) / 730.5
    k = 1.26 if data.grain == "hourly" else -0.00024 * months**2 + 0.03535 * months + 1.00286
    return fractional_savings_uncertainty(
        1.0, found.expected, adjusted, n, independent, m, t=student_t(0.9, int(free)), k=k
    )


def peer_cases(place: Path, seeds: list[int]) -> list[dict[str, Any]]:
    """Daily variants in plain numbers, for another program."""
    hours, degrees = _column(place / "il-tempF.csv.gz")
    cases = []
    for seed in seeds:
        name = METERS[seed % len(METERS)]
        data = variant(meter(place, name, "daily"), name, seed).data
        known = np.isfinite(data.target)
        cases.append(
            {
                "seed": seed,
                "at_s": data.at_s[known].tolist(),
                "target": data.target[known].tolist(),
                "hour_s": hours.tolist(),
                "degrees": degrees.tolist(),
                "until_s": UNTIL,
                "after_s": AFTER,
                "electric": "electricity" in name,
            }
        )
    return cases
