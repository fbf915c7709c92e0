"""What work asks of people: heat, noise, lifting and shifts, from plain numbers. For groups, never for one person.

Sources: ISO 7243:2017 (WBGT and its reference values); Directive 2003/10/EC and ISO 9612 (noise); Waters,
    Putz-Anderson and Garg, Applications Manual for the Revised NIOSH Lifting Equation, DHHS (NIOSH) 94-110;
    Directive 2003/88/EC (night work and rest).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ecotwin.errors import FigureGap

SMALLEST_GROUP = 5
"""Of fewer people nothing is told: a figure would be about somebody."""
WBGT_REFERENCE = {
    True: (33.0, 30.0, 28.0, 26.0, 25.0),
    False: (32.0, 29.0, 26.0, 23.0, 20.0),
}
"""Reference WBGT by acclimatisation and metabolic class 0 to 4 [degC]."""
LOWER_ACTION_DB, UPPER_ACTION_DB, LIMIT_DB = 80.0, 85.0, 87.0
"""Daily exposure at which to inform, to act, and never to pass (inside of the protector) [dB(A)]."""
LOAD_CONSTANT_KG = 23.0
NIGHT_FROM_H, NIGHT_TO_H, NIGHT_LEAST_H = 23.0, 6.0, 3.0
"""A shift is night work when three hours of it lie in the night time (Directive 2003/88/EC, art. 2)."""
LONG_H = 8.0
REST_H = 11.0

_PACE = (0.2, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
"""Lifts a minute of the table below."""
_FREQUENCY = {
    (1, False): (1, .97, .94, .91, .88, .84, .80, .75, .70, .60, .52, .45, .41, .37, 0, 0, 0),
    (1, True): (1, .97, .94, .91, .88, .84, .80, .75, .70, .60, .52, .45, .41, .37, .34, .31, .28),
    (2, False): (.95, .92, .88, .84, .79, .72, .60, .50, .42, .35, .30, .26, 0, 0, 0, 0, 0),
    (2, True): (.95, .92, .88, .84, .79, .72, .60, .50, .42, .35, .30, .26, .23, .21, 0, 0, 0),
    (8, False): (.85, .81, .75, .65, .55, .45, .35, .27, .22, .18, 0, 0, 0, 0, 0, 0, 0),
    (8, True): (.85, .81, .75, .65, .55, .45, .35, .27, .22, .18, .15, .13, 0, 0, 0, 0, 0),
}  # fmt: skip
"""Frequency multiplier by duration [h] and whether the hands are 75 cm high or higher (table 5 of the manual)."""
_COUPLING = {"good": (1.0, 1.0), "fair": (0.95, 1.0), "poor": (0.90, 0.90)}


@dataclass(frozen=True, slots=True)
class Lift:
    """One lifting task.

    Attributes:
        load_kg: Lifted by one person. horizontal_cm: Hands from the ankles. vertical_cm: Hands above the floor at
            the start. distance_cm: Height difference. asymmetry_deg: Turn of the trunk.
        per_min: Lifts a minute. hours: A day. coupling: `good`, `fair` or `poor`.
    """

    load_kg: float
    horizontal_cm: float
    vertical_cm: float
    distance_cm: float
    per_min: float
    hours: float
    asymmetry_deg: float = 0.0
    coupling: str = "fair"


@dataclass(frozen=True, slots=True)
class ShiftStrain:
    """Shifts that strain, by rule; one shift may break several. `strained` counts each once."""

    shifts: int
    strained: int
    night: int
    long: int
    short_rest: int


def wbgt_reference(metabolic_class: int, acclimatised: bool) -> float:
    """Reference WBGT of work of a metabolic class, 0 (rest) to 4 (very heavy) [degC].

    >>> wbgt_reference(2, True), wbgt_reference(2, False)
    (28.0, 26.0)
    """
    return WBGT_REFERENCE[acclimatised][metabolic_class]


def wbgt_excess_hours(
    hourly_wbgt_degc: Sequence[float],
    metabolic_class: int,
    acclimatised: bool,
    clothing_degc: float = 0.0,
) -> int:
    """Hours whose mean WBGT with the addition for clothing passes the reference [h].

    >>> wbgt_excess_hours([27.0, 28.0, 28.5], 2, True), wbgt_excess_hours([27.0], 2, True, 3.0)
    (1, 1)
    """
    reference = wbgt_reference(metabolic_class, acclimatised)
    return sum(hour + clothing_degc > reference for hour in hourly_wbgt_degc)


def mean_level(levels_db: Sequence[float]) -> float:
    """Energy mean of sound levels of equal times [dB]: never the mean of the numbers.

    >>> round(mean_level([80.0, 90.0]), 2)
    87.4

    Raises:
        FigureGap: There is none.
    """
    if not len(levels_db):
        raise FigureGap("no sound level was measured", expected="one", remedy="measure it")
    return 10.0 * math.log10(math.fsum(10.0 ** (v / 10.0) for v in levels_db) / len(levels_db))


def noise_verdict(lex8h_db: float, protector_db: float = 0.0) -> str:
    """What a daily noise exposure asks for: `quiet`, `inform`, `act` or `limit passed`.

    The action values hold outside of the protector, the limit inside.

    >>> noise_verdict(84.0), noise_verdict(86.0), noise_verdict(90.0), noise_verdict(90.0, 10.0)
    ('inform', 'act', 'limit passed', 'act')

    Sources: Directive 2003/10/EC, art. 3; the peak values need a C-weighted peak, which LAeq cannot give.
    """
    if lex8h_db - protector_db > LIMIT_DB:
        return "limit passed"
    if lex8h_db >= UPPER_ACTION_DB:
        return "act"
    return "inform" if lex8h_db >= LOWER_ACTION_DB else "quiet"


def frequency_multiplier(per_min: float, hours: float, vertical_cm: float) -> float:
    """Frequency multiplier of the lifting equation; between rows of the table the next faster one counts.

    >>> frequency_multiplier(0.1, 8, 50), frequency_multiplier(9, 8, 50), frequency_multiplier(9, 8, 75)
    (0.85, 0.0, 0.15)
    """
    if hours > 8.0:
        raise FigureGap(
            f"lifting goes on for {hours:g} h a day",
            expected="at most 8 h: the equation says nothing beyond",
            remedy="book at most 8 h, or assess it by other means",
        )
    column = _FREQUENCY[1 if hours <= 1.0 else 2 if hours <= 2.0 else 8, vertical_cm >= 75.0]
    return float(next((m for p, m in zip(_PACE, column, strict=True) if per_min <= p), 0.0))


def recommended_weight(lift: Lift, *, single: bool = False) -> float:
    """Recommended weight limit of a lift [kg]; `single`: at a rate that tires nobody (FM = 1).

    >>> round(recommended_weight(Lift(10, 25, 75, 25, 0.2, 1, 0, "good")), 2)
    23.0

    Raises:
        FigureGap: A measure lies where the equation does not hold.
    """
    if min(lift.load_kg, lift.horizontal_cm, lift.vertical_cm, lift.per_min) < 0.0:
        raise FigureGap(
            "a lift has a negative measure",
            expected="none",
            remedy="correct the booking",
        )
    if lift.coupling not in _COUPLING:
        raise FigureGap(
            f"the grip is {lift.coupling!r}",
            expected="good, fair or poor",
            remedy="correct the booking",
        )
    horizontal = 0.0 if lift.horizontal_cm > 63.0 else 25.0 / max(lift.horizontal_cm, 25.0)
    vertical = 0.0 if lift.vertical_cm > 175.0 else 1.0 - 0.003 * abs(lift.vertical_cm - 75.0)
    height = abs(lift.distance_cm)
    distance = 0.0 if height > 175.0 else 0.82 + 4.5 / max(height, 25.0)
    turn = abs(lift.asymmetry_deg)
    asymmetry = 0.0 if turn > 135.0 else 1.0 - 0.0032 * turn
    coupling = _COUPLING[lift.coupling][lift.vertical_cm >= 75.0]
    pace = 1.0 if single else frequency_multiplier(lift.per_min, lift.hours, lift.vertical_cm)
    limit = LOAD_CONSTANT_KG * horizontal * vertical * min(distance, 1.0) * asymmetry * coupling
    if limit * pace <= 0.0:
        raise FigureGap(
            f"a lift of {lift.load_kg:g} kg ({lift.horizontal_cm:g} cm out, {lift.vertical_cm:g} cm up, "
            f"{lift.per_min:g} a minute for {lift.hours:g} h) may not be done at all",
            expected="within the reach and pace for which there is a recommended weight",
            remedy="change the task",
        )
    return limit * pace


def lifting_index(lift: Lift) -> float:
    """Lifting index: load / recommended weight; above 1 the risk grows, above 3 for most people.

    >>> round(lifting_index(Lift(23, 25, 75, 25, 0.2, 1, 0, "good")), 3)
    1.0
    """
    return lift.load_kg / recommended_weight(lift)


def composite_lifting_index(lifts: Sequence[Lift]) -> float:
    """Composite index of lifts done together: the hardest, and what each further one adds by its pace.

    CLI = STLI_1 + sum of FILI_j x (1/FM(all paces up to j) - 1/FM(those before)), ordered by falling STLI.

    >>> two = [Lift(10, 30, 75, 30, 1, 8), Lift(10, 30, 75, 30, 1, 8)]
    >>> composite_lifting_index(two) > lifting_index(two[0])
    True

    Raises:
        FigureGap: There is no lift, or one may not be done at all.
    """
    if not lifts:
        raise FigureGap("there is no lift", expected="one", remedy="book the lifting tasks")
    ordered = sorted(lifts, key=lifting_index, reverse=True)
    hours = max(lift.hours for lift in ordered)
    total, before = lifting_index(ordered[0]), ordered[0].per_min
    for lift in ordered[1:]:
        free = lift.load_kg / recommended_weight(lift, single=True)
        slow, fast = (
            frequency_multiplier(pace, hours, lift.vertical_cm)
            for pace in (before, before + lift.per_min)
        )
        if min(slow, fast) <= 0.0:
            raise FigureGap(
                f"lifts together come to {before + lift.per_min:g} a minute over {hours:g} h",
                expected="a pace for which there is a recommended weight",
                remedy="share the lifts among more people",
            )
        total += free * (1.0 / fast - 1.0 / slow)
        before += lift.per_min
    return total


def shift_strain(
    shifts: Sequence[tuple[str, datetime, datetime, float]], zone: ZoneInfo
) -> ShiftStrain:
    """Shifts that strain: night work, over eight hours of work, or under eleven hours of rest before.

    Args:
        shifts: Crew, start, end and hours of work (breaks taken off) of each, in time order. Rest is between
            shifts of one crew.
        zone: Where they work: the night is local.
    """
    night = long = short = strained = 0
    ended: dict[str, datetime] = {}
    for crew, start, end, hours in shifts:
        rest = (start - ended[crew]).total_seconds() / 3600.0 if crew in ended else math.inf
        broken = (night_hours(start, end, zone) >= NIGHT_LEAST_H, hours > LONG_H, rest < REST_H)
        night, long, short = night + broken[0], long + broken[1], short + broken[2]
        strained += any(broken)
        ended[crew] = end
    return ShiftStrain(len(shifts), strained, night, long, short)


def night_hours(start: datetime, end: datetime, zone: ZoneInfo) -> float:
    """Hours of a span within the local night, 23:00 to 06:00, right through a change of clocks [h].

    >>> from datetime import UTC
    >>> night_hours(datetime(2026, 6, 1, 20, tzinfo=UTC), datetime(2026, 6, 2, 4, tzinfo=UTC), ZoneInfo("UTC"))
    5.0
    """
    total, day = 0.0, start.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date():
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        after = day + timedelta(days=1)
        begin = midnight + timedelta(hours=NIGHT_FROM_H)
        finish = datetime(after.year, after.month, after.day, tzinfo=zone) + timedelta(
            hours=NIGHT_TO_H
        )
        first, last = (
            max(begin.timestamp(), start.timestamp()),
            min(finish.timestamp(), end.timestamp()),
        )
        total += max(0.0, last - first) / 3600.0
        day = after
    return total
