"""Values that no analyser measures, in words and figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ecotwin.clock import Period, instant, iso
from ecotwin.cycle.sensed_course import YOUNG, Course
from ecotwin.errors import FigureGap
from ecotwin.service import words
from ecotwin.service.views import Fact, SensedAll, SensedBand, SensedCheck, SensedHour, SensedRow

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

TO_95 = 1.96 / 1.2816
"""From half of an 80 % band to half of a 95 % interval."""
LONGEST_H = 24.0 * 31


def sensed(twin: Twin) -> SensedAll:
    """Every told signal with how it stands."""
    return SensedAll(rows=[_row(twin, c) for c in twin.sensing.courses.values()])


def band(twin: Twin, signal: str, period: Period) -> SensedBand:
    """The band of a told signal by the minute.

    Raises:
        FigureGap: The signal is not told, or the period is too long.
    """
    course = twin.sensing.courses.get(signal)
    if course is None:
        known = ", ".join(twin.sensing.courses) or "none in this plant"
        raise FigureGap(f"{signal!r} is no signal that is told from others", expected=known)
    if period.hours > LONGEST_H:
        raise FigureGap(f"{period.hours:.0f} hours were asked for", expected="31 days at most")
    hours = [
        SensedHour(
            at=h["at"], low=h["low"], high=h["high"], state=h["state"],
            why=[(int(minute), text) for minute, text in h["why"].items()],
        )
        for h in twin.sensing.band(signal, period.start, period.end)
    ]  # fmt: skip
    return SensedBand(signal=signal, unit=course.signal.unit, hours=hours)


def sensed_facts(twin: Twin, element: str) -> list[Fact]:
    """What a machine's page says of the values that are told of it."""
    return [
        Fact(
            name=course.signal.name,
            value=_sentence(twin, _shown(course)),
            source=_sentence(twin, _told(twin, course)),
        )
        for course in twin.sensing.courses.values()
        if course.signal.element == element
    ]


def _row(twin: Twin, course: Course) -> SensedRow:
    made, last, signal = course.made, course.last, course.signal
    value, low, high = (_number(v) for v in last[1:4]) if last else (None, None, None)
    return SensedRow(
        signal=signal.id,
        name=signal.name,
        element=signal.element,
        unit=signal.unit,
        inputs=list(course.terms.inputs),
        reference=course.terms.reference,
        recalibrate_h=course.terms.recalibrate_h,
        why_not=course.why,
        at=iso(last[0]) if last else None,
        value=value,
        low=low,
        high=high,
        state=last[4].value if last else "",
        why=last[5] if last else "",
        calibrated_at=iso(made.moment) if made else None,
        references=made.sensor.learned if made else 0,
        moments=made.moments if made else 0,
        young=made is not None and made.moments < YOUNG,
        granted_share=signal.accuracy,
        found_share=_found(value, low, high),
        told=_told(twin, course),
        checks=[
            SensedCheck(
                at=iso(c.at), references=c.references, left_out=c.left_out, error=c.mae, bias=c.bias,
                held_share=c.held, alarms=list(c.alarms),
            )
            for c in (made.checks if made else ())
        ],
    )  # fmt: skip


def _found(value: float | None, low: float | None, high: float | None) -> float | None:
    if value is None or low is None or high is None or not value:
        return None
    return TO_95 * (high - low) / 2.0 / abs(value)


def _sentence(twin: Twin, text: str) -> str:
    """With names instead of ids, from a capital to a full stop."""
    said = words.named(twin.plant, text)
    return f"{said[:1].upper()}{said[1:]}."


def _shown(course: Course) -> str:
    """The newest value with its band, or why there is none."""
    last, unit = course.last, words.unit(course.signal.unit)
    if course.made is None or last is None:
        return f"not told: {course.why}"
    _, value, low, high, _, why = last
    if not math.isfinite(value):
        return f"not told: {words.signs(why)}"
    doubt = f"; {words.signs(why)}" if why else ""
    return f"{words.digits(value)} {unit}, {words.span(low, high, unit)} in 4 of 5 cases{doubt}"


def _told(twin: Twin, course: Course) -> str:
    """From what it is estimated, by which calibration, and how far off it was."""
    # A comma within a name would part it in two.
    inputs = ", ".join(s.name.split(",")[0] for s in course.inputs)
    head = f"estimated from {inputs}"
    made = course.made
    if made is None:
        return f"{head}, once enough references ({course.reference.name}) are learned"
    day = words.day_time(instant(made.moment), twin.plant.zone, twin.now())
    errors = [c.mae for c in made.checks if c.mae is not None]
    off = (
        f"; the newest references were off by {words.digits(errors[-1])} {words.unit(course.signal.unit)} on average"
        if errors
        else ""
    )
    return f"{head} by a sensor calibrated {day} on {made.sensor.learned:,} references ({course.reference.name}){off}"


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
