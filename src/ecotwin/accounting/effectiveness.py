"""Overall equipment effectiveness, by ISO 22400-2 and by the trade's own rule, from plain numbers.

Sources: ISO 22400-2:2014 as quoted in OPC 40501 annex C; oee.com (Vorne) for the other rule.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """OEE and its three parts, each a ratio; a part above 1 is left as it is and named in `flags`.

    Attributes:
        availability, effectiveness, quality, oee: Ratios.
        flags: Sentences on what cannot be right.
    """

    availability: float
    effectiveness: float
    quality: float
    oee: float
    flags: tuple[str, ...] = ()


def oee_iso22400(apt: float, pbt: float, pri: float, pq: float, gq: float) -> Effectiveness:
    """OEE by ISO 22400: availability APT/PBT x effectiveness PRI x PQ/APT x quality GQ/PQ.

    To aggregate, add up APT, PBT, PRI x PQ, PQ and GQ first; never average ratios.

    Args:
        apt: Actual production time. pbt: Planned busy time, in the same unit.
        pri: *Planned* run time per item, in the same unit.
        pq: Produced items. gq: Good items.

    >>> round(oee_iso22400(420, 480, 1.0, 400, 380).oee, 4)
    0.7917

    Raises:
        ValueError: A denominator is not above zero, or a number is negative.
    """
    if min(apt, pbt, pri, pq, gq) < 0.0:
        raise ValueError("times and counts of OEE are never negative")
    if not (apt > 0.0 and pbt > 0.0 and pq > 0.0):
        raise ValueError(
            "OEE needs planned busy time, production time and produced items above zero"
        )
    effectiveness, quality = pri * pq / apt, gq / pq
    return Effectiveness(
        apt / pbt, effectiveness, quality, pri * gq / pbt, _flags(apt / pbt, effectiveness, quality)
    )


def oee_vorne(
    planned: float, run: float, ideal_cycle: float, total: float, good: float
) -> Effectiveness:
    """OEE as the trade counts it: performance by the *ideal* cycle, where ISO 22400 takes the *planned* run time.

    Args:
        planned: Planned production time. run: Run time. ideal_cycle: Ideal time per item; all in
            one unit.
        total: Items made. good: Good items.

    >>> round(oee_vorne(420 * 60, 373 * 60, 1.0, 19271, 19271 - 423).oee, 4)
    0.7479
    """
    return oee_iso22400(run, planned, ideal_cycle, total, good)


def _flags(availability: float, effectiveness: float, quality: float) -> tuple[str, ...]:
    flags = []
    if availability > 1.0:
        flags.append(
            f"availability is {availability:.3f}: more production than planned busy time; check the calendar"
        )
    if effectiveness > 1.0:
        flags.append(
            f"effectiveness is {effectiveness:.3f}: the planned run time per item is longer than the real one"
        )
    if quality > 1.0:
        flags.append(
            f"quality is {quality:.3f}: more good items than items; check which counter is which"
        )
    return tuple(flags)
