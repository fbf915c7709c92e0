"""Certificates against the need of the site: by year, by month, or hour by hour, contracts first.

In hourly matching what is left over in one hour never covers another; a month or a year is one pot. Energy of a
certificate that names no hours is spread evenly over its span, which is an estimate.

Sources: GHG Protocol Scope 2 Guidance (2015) tables 6.3 and 7.1; hourly matching as put to
    consultation in October 2025.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ecotwin.accounting.scope2 import QUALITY_CRITERIA, unmet_criteria
from ecotwin.clock import HOUR, Period, instant
from ecotwin.plant.model import Plant
from ecotwin.records import Booking, Floats, Ints

MODES = ("annual", "monthly", "hourly")
BUNDLES = ("bundled", "unbundled")
_NEAR_YEARS = 1


@dataclass(frozen=True, slots=True)
class Matched:
    """What instruments covered, in one mode.

    Attributes:
        covered_kwh: [instruments] need that each met. surplus_kwh: [instruments] what met no need of its own pot.
        left_kwh: Need that none met.
    """

    covered_kwh: tuple[float, ...]
    surplus_kwh: tuple[float, ...]
    left_kwh: float


def cover(need_kwh: ArrayLike, certified_kwh: Sequence[ArrayLike], pots: Ints) -> Matched:
    """Meet a need by instruments in their order, each clamped to what is left in each pot.

    Args:
        need_kwh: [hours]. certified_kwh: For each instrument [hours].
        pots: [hours] number of the pot that an hour belongs to: the hour itself, its month, its year.

    >>> hours = np.array([0, 1])
    >>> cover([10, 10], [[20, 0]], hours), cover([10, 10], [[20, 0]], np.zeros(2, int)).left_kwh
    (Matched(covered_kwh=(10.0,), surplus_kwh=(10.0,), left_kwh=10.0), 0.0)

    Raises:
        ValueError: A need or a certificate is negative.
    """
    left = np.bincount(pots, np.asarray(need_kwh, np.float64))
    covered, surplus = [], []
    for certified in certified_kwh:
        given = np.bincount(pots, np.asarray(certified, np.float64), minlength=len(left))
        if (given < 0.0).any() or (left < 0.0).any():
            raise ValueError("neither a need nor a certificate is negative")
        used = np.minimum(left, given)
        left = left - used
        covered.append(float(used.sum()))
        surplus.append(float((given - used).sum()))
    return Matched(tuple(covered), tuple(surplus), float(left.sum()))


def pots_of(starts_us: Ints, plant: Plant, mode: str) -> Ints:
    """[hours] number of the pot of each hour: itself, its local calendar month or year."""
    if mode == "hourly":
        return np.arange(len(starts_us), dtype=np.int64)
    names: dict[tuple[int, int], int] = {}
    pots = np.empty(len(starts_us), np.int64)
    for place, at in enumerate(starts_us):
        local = instant(int(at)).astimezone(plant.zone)
        key = (local.year, local.month if mode == "monthly" else 0)
        pots[place] = names.setdefault(key, len(names))
    return pots


def spread(row: Booking, starts_us: Ints, ends_us: Ints) -> Floats:
    """[hours] energy of a certificate in each hour: evenly over its span [kWh]."""
    low = np.maximum(starts_us, row.period.start_us)
    high = np.minimum(ends_us, row.period.end_us)
    length = row.period.end_us - row.period.start_us
    part: Floats = np.maximum(0, high - low) / length * row.number("kwh")
    return part


def names_its_hour(row: Booking) -> bool:
    """Whether a certificate is of one hour or less, so that nothing is spread."""
    return row.period.end_us - row.period.start_us <= HOUR


def sound(rows: Iterable[Booking], plant: Plant) -> tuple[list[Booking], list[str]]:
    """Certificates that may be used, and a sentence on each that may not: criterion, evidence, or used twice."""
    kept: list[Booking] = []
    words: list[str] = []
    seen: dict[str, Booking] = {}
    for row in sorted(rows, key=lambda r: (r.period.start, r.period.end, r.id)):
        fault = _fault(row, plant)
        evidence = " ".join(row.text("evidence").casefold().split())
        if not fault and evidence in seen:
            other = seen[evidence]
            fault = f"its evidence {row.text('evidence')!r} is that of {other.id}: a certificate counts once"
        if fault:
            words.append(
                f"certificate {row.id!r} ({row.number('kwh'):.6g} kWh) is left out of the market-based figures: "
                f"{fault}. What to do: correct certificate.csv, or do without it."
            )
            continue
        seen[evidence] = row
        kept.append(row)
    return kept, words


def _fault(row: Booking, plant: Plant) -> str:
    if row.number("kwh") < 0.0 or row.number("factor") < 0.0:
        return "its energy or emission rate is negative"
    if row.text("contract") not in BUNDLES:
        return f"its contract is {row.text('contract')!r}, not {' or '.join(BUNDLES)}"
    if not row.text("evidence").strip():
        return "no evidence of its retirement is given"
    unmet = unmet_criteria({name: row.flag(name) for name in QUALITY_CRITERIA})
    if unmet:
        return f"not shown to be met: {', '.join(unmet)}"
    year, of = int(row.number("year")), row.period.start.astimezone(plant.zone).year
    if abs(year - of) > _NEAR_YEARS:
        return f"vintage_near_use: its vintage {year} is far from {of}"
    return ""


def hours_of(period: Period, steps: int) -> tuple[Ints, Ints]:
    """[hours] start and end of each step of an hour, the last cut at the period's end [us UTC]."""
    starts = period.start_us + np.arange(steps, dtype=np.int64) * HOUR
    return starts, np.minimum(starts + HOUR, period.end_us)
