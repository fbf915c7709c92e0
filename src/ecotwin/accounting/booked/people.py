"""People's working conditions, of groups of five or more: heat, noise, lifting load, strain of shifts.

Heat and noise come from signals that the plant file names for a group, within the planned shifts, and from bookings
`exposure`; lifts from bookings `lift`; strain from the plan of shifts, where a shift of one name is one crew. Of a
group below five nothing is told. Sound is averaged by energy, from minutes; a peak level cannot be told by LAeq.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from ecotwin.accounting.contract import Desk
from ecotwin.accounting.entries import entries
from ecotwin.accounting.environment import noise_exposure, wbgt_indoor, wbgt_outdoor
from ecotwin.accounting.steps import ENOUGH
from ecotwin.accounting.working import (
    LIMIT_DB,
    LONG_H,
    REST_H,
    SMALLEST_GROUP,
    Lift,
    composite_lifting_index,
    lifting_index,
    mean_level,
    noise_verdict,
    shift_strain,
    wbgt_reference,
)
from ecotwin.clock import Period
from ecotwin.errors import FigureGap
from ecotwin.plant.calendar import Turn, turns, working
from ecotwin.plant.model import WorkGroup
from ecotwin.records import Booking, Bools, Floats, Input, Measure, Window

NOISE_DB = 3.0
"""Half of the 95 % interval of a daily exposure [dB] (stated assumption: class 2 meter and sampling, ISO 9612)."""
LOAD_SHARE = 0.1
"""Half of the 95 % interval of a lifting index as a share of it (stated assumption: tape and scale)."""


class People:
    """`people.wbgt_excess_hours`, `people.noise_exposure`, `people.lifting_index` and `people.shift_strain`."""

    name = "people"
    indicators = (
        "people.wbgt_excess_hours",
        "people.noise_exposure",
        "people.lifting_index",
        "people.shift_strain",
    )
    kinds = ("exposure", "lift")

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Figures of the groups at or below an element."""
        places = {e.id for e in desk.plant.under(element)}
        every = [g for g in desk.plant.people if g.element in places]
        groups = [g for g in every if g.size >= SMALLEST_GROUP]
        words = [
            f"Of {g.name} nothing is told: fewer than {SMALLEST_GROUP} people work there, and a figure would be about "
            "somebody. Join it with another group."
            for g in every
            if g not in groups
        ]
        words += _unknown(desk, element)
        made: list[Measure] = []
        for family in (_heat, _noise, _lifts, _shifts):
            figures, doubts = family(desk, element, groups)
            made, words = made + figures, words + doubts
        return made, words


def _unknown(desk: Desk, element: str) -> list[str]:
    known = {g.id for g in desk.plant.people}
    rows = [b for kind in People.kinds for b, _ in entries(desk, element, kind)]
    return [
        f"The booking {b.kind} {b.id} names the group {b.text('group')!r}, which the plant file does not know: it is "
        "left out."
        for b in rows
        if b.text("group") not in known
    ]


def _rows(desk: Desk, group: WorkGroup, kind: str) -> list[Booking]:
    return [b for b in desk.book.of_kind(kind) if b.text("group") == group.id]


def _told(
    desk: Desk, element: str, indicator: str, unit: str, value: float, half: float, coverage: float, method: str,
    inputs: Iterable[Input], split: dict[str, float] | None = None, *, adds: bool = False,
) -> Measure:  # fmt: skip
    """A measure; what does not add up over time has no numerator."""
    return Measure(
        element, indicator, value, unit, desk.period, coverage, 0.0, max(0.0, value - half), value + half, method,
        tuple(inputs), (), value if adds else None, 1.0 if adds else None, split or {},
    )  # fmt: skip


def _signals(desk: Desk, names: Iterable[str], step_s: int) -> tuple[Window, list[Floats], Bools]:
    """A window of signals, each one's means, and the steps in which all were measured for half of the time."""
    indices = [desk.plant.signal(n).index for n in names]
    window = desk.window(tuple(indices), step_s)
    columns = [window.column(i) for i in indices]
    seen = (window.covered[:, columns] >= ENOUGH).all(axis=1)
    return window, [window.mean[:, c] for c in columns], np.asarray(seen, np.bool_)


def _heat(desk: Desk, element: str, groups: list[WorkGroup]) -> tuple[list[Measure], list[str]]:
    hours: dict[str, float] = {}
    inputs, words, shares = [], [], []
    spread = 0.0
    for group in groups:
        told = _group_heat(desk, group)
        if isinstance(told, str):
            words += [told] if told else []
            continue
        over, near, share, highest = told
        hours[group.name] = over
        spread += near
        shares.append(share)
        inputs.append(
            Input(f"{group.name}: hours above the reference", over, "h", group.wet_bulb, share)
        )
        if over:
            words.append(
                f"{group.name} worked {over:g} h above the reference WBGT of "
                f"{wbgt_reference(group.metabolic_class, group.acclimatised):g} degC for its work; the highest hour "
                f"was {highest:.1f} degC with clothing."
            )
    if not hours:
        return [], words
    method = "people/1: hours in shifts whose mean WBGT + clothing passes the reference of ISO 7243"
    total = sum(hours.values())
    made = _told(
        desk, element, "people.wbgt_excess_hours", "h", total, spread, min(shares), method, inputs, hours, adds=True
    )  # fmt: skip
    return [made], words


def _group_heat(desk: Desk, group: WorkGroup) -> tuple[float, float, float, float] | str:
    """Hours above, hours that 0.5 degC of error could turn, share measured, highest; or words; or nothing to say."""
    reference = wbgt_reference(group.metabolic_class, group.acclimatised) - group.clothing_c
    found: list[Floats] = []
    weights: list[Floats] = []
    share = 1.0
    names = [n for n in (group.wet_bulb, group.globe, group.air) if n]
    needed = bool(group.wet_bulb and group.globe and (group.air or not group.outdoors))
    if needed:
        if not desk.plant.shifts:
            return f"Heat of {group.name} cannot be told: no shifts say when people are there."
        window, means, seen = _signals(desk, names, 3600)
        at_work = working(desk.plant, window.at)
        share = float((seen & at_work).sum() / at_work.sum()) if at_work.any() else 0.0
        if at_work.any() and share < ENOUGH:
            return f"Heat of {group.name} cannot be told: it was measured for {share:.0%} of its shifts.".replace(
                "%", " %"
            )
        wet, globe = means[0], means[1]
        air = means[2] if group.outdoors else wet
        here = seen & at_work
        found.append(
            np.array(
                [_wbgt(group, *t) for t in zip(wet[here], globe[here], air[here], strict=True)]
            )
        )
        weights.append(np.ones(int(here.sum())))
    for booking in _rows(desk, group, "exposure"):
        if "wbgt_c" in booking.facts:
            days = max(1.0, booking.period.hours / 24.0) * desk.book.share(booking)
            found.append(np.array([booking.number("wbgt_c")]))
            weights.append(np.array([booking.number("hours", 1.0) * days]))
    if not found:
        return ""
    wbgt, weight = np.concatenate(found), np.concatenate(weights)
    if not len(wbgt):
        return (0.0, 0.0, share, -math.inf)
    over = float(weight[wbgt > reference].sum())
    near = float(weight[np.abs(wbgt - reference) < 0.5].sum())
    return over, near, share, float(wbgt.max()) + group.clothing_c


def _wbgt(group: WorkGroup, wet: float, globe: float, air: float) -> float:
    return wbgt_outdoor(wet, globe, air) if group.outdoors else wbgt_indoor(wet, globe)


def _noise(desk: Desk, element: str, groups: list[WorkGroup]) -> tuple[list[Measure], list[str]]:
    inputs, words, shares = [], [], []
    worst: dict[str, float] = {}
    for group in groups:
        try:
            days, share = _group_noise(desk, group)
        except FigureGap as gap:
            words.append(f"Noise of {group.name} cannot be told: {gap}")
            continue
        if not days:
            continue
        worst[group.name] = max(days)
        shares.append(share)
        inputs.append(Input(f"{group.name}: highest LEX,8h", max(days), "dB", group.noise, share))
        inputs.append(
            Input(
                f"{group.name}: energy mean of {len(days)} shifts",
                mean_level(days),
                "dB",
                group.noise,
            )
        )
        words += _noise_words(group, max(days))
    if not worst:
        return [], words
    value = max(worst.values())
    method = "people/1: highest LEX,8h of a shift by energy mean, outside of the protector; peak levels not measured"
    made = _told(
        desk, element, "people.noise_exposure", "dB", value, NOISE_DB, min(shares), method, inputs
    )
    return [made], words


def _group_noise(desk: Desk, group: WorkGroup) -> tuple[list[float], float]:
    """LEX,8h of each shift or booked day, and the share of the shifts that was measured."""
    days = list(_booked_days(desk, group))
    if not group.noise:
        return days, 1.0
    if not desk.plant.shifts:
        raise FigureGap(
            "no shifts say when people are there",
            expected="`calendar.shifts`",
            remedy="add them, or book `exposure`",
        )
    window, (level,), seen = _signals(desk, [group.noise], 60)
    planned = measured = 0.0
    for turn in _whole_turns(desk):
        at_work = _within(window, turn)
        planned += float(at_work.sum())
        here = at_work & seen
        measured += float(here.sum())
        if here.sum() >= ENOUGH * max(1, at_work.sum()):
            laeq = mean_level([float(v) for v in level[here]])
            days.append(noise_exposure([laeq], [float(at_work.sum()) * window.step_s / 3600.0]))
    if planned and not days:
        raise FigureGap(
            f"{group.noise} was measured for {measured / planned:.0%} of the shifts".replace(
                "%", " %"
            ),
            expected="half of a shift",
            remedy="see why it is silent",
        )
    return days, measured / planned if planned else 1.0


def _booked_days(desk: Desk, group: WorkGroup) -> Iterator[float]:
    """Tasks booked for the same days make one daily exposure."""
    tasks: dict[Period, list[Booking]] = {}
    for booking in _rows(desk, group, "exposure"):
        if "noise_db" in booking.facts and booking.number("hours", 0.0) > 0.0:
            tasks.setdefault(booking.period, []).append(booking)
    for of in tasks.values():
        yield noise_exposure([b.number("noise_db") for b in of], [b.number("hours") for b in of])


def _noise_words(group: WorkGroup, lex8h: float) -> list[str]:
    verdict = noise_verdict(lex8h, group.protector_db)
    if verdict == "quiet":
        return []
    inside = lex8h - group.protector_db
    told = {
        "limit passed": f"that is {inside:.1f} dB(A) inside of the protector, above the limit of {LIMIT_DB:g}",
        "act": "the upper action value of 85 dB(A) is reached: lower the noise, protectors must be worn",
        "inform": "the lower action value of 80 dB(A) is reached: inform, and offer protectors",
    }[verdict]
    words = f"{group.name} was exposed to up to {lex8h:.1f} dB(A) a day (LEX,8h): {told}"
    return [f"{words}. Peak levels are not measured here."]


def _whole_turns(desk: Desk) -> tuple[Turn, ...]:
    return tuple(
        t
        for t in turns(desk.plant, desk.period)
        if desk.period.start <= t.period.start and t.period.end <= desk.period.end
    )


def _within(window: Window, turn: Turn) -> Bools:
    at = window.at
    inside = (at >= turn.period.start_us) & (at < turn.period.end_us)
    for pause in turn.breaks:
        inside &= ~((at >= pause.start_us) & (at < pause.end_us))
    return np.asarray(inside, np.bool_)


def _lifts(desk: Desk, element: str, groups: list[WorkGroup]) -> tuple[list[Measure], list[str]]:
    words: list[str] = []
    inputs: list[Input] = []
    worst, whole = 0.0, True
    for group in groups:
        rows = _rows(desk, group, "lift")
        sound: list[tuple[Booking, Lift]] = []
        for booking in rows:
            lift = _lift(booking)
            try:
                index = lifting_index(lift)
            except FigureGap as gap:
                words.append(f"The lift {booking.id} of {group.name}: {gap}")
                whole = False
                continue
            sound.append((booking, lift))
            inputs.append(Input(f"{group.name}: lift {booking.id}", index, "1"))
        for start in {b.period.start for b, _ in sound}:
            together = list(dict.fromkeys(lift for b, lift in sound if start in b.period))
            try:
                worst = max(worst, composite_lifting_index(together))
            except FigureGap as gap:
                words.append(f"Lifts of {group.name} from {start:%Y-%m-%d} on together: {gap}")
                whole = False
    if not inputs or not whole:
        return [], list(dict.fromkeys(words))
    worst = max(worst, *(i.value for i in inputs))
    if worst > 1.0:
        words.append(f"The lifting index reaches {worst:.2f}; above 1 the risk to the back grows.")
    method = "people/1: highest composite lifting index of lifts booked for the same days (revised NIOSH equation)"
    made = _told(
        desk, element, "people.lifting_index", "1", worst, LOAD_SHARE * worst, 1.0, method, inputs
    )
    return [made], list(dict.fromkeys(words))


def _lift(b: Booking) -> Lift:
    return Lift(
        b.number("load_kg"), b.number("horizontal_cm"), b.number("vertical_cm"), b.number("distance_cm"),
        b.number("per_min"), b.number("hours"), b.number("asymmetry_deg", 0.0), b.text("coupling") or "fair",
    )  # fmt: skip


def _shifts(desk: Desk, element: str, groups: list[WorkGroup]) -> tuple[list[Measure], list[str]]:
    planned = _whole_turns(desk)
    if not groups or not planned:
        return [], []
    rows = [
        (
            t.shift.name,
            t.period.start,
            t.period.end,
            t.period.hours - sum(p.hours for p in t.breaks),
        )
        for t in planned
    ]
    got = shift_strain(rows, desk.plant.zone)
    share = got.strained / got.shifts
    inputs = (
        Input("shifts planned", got.shifts, "1"),
        Input("shifts that strain", got.strained, "1"),
        Input("with three hours or more between 23:00 and 06:00", got.night, "1"),
        Input(f"of more than {LONG_H:g} h of work", got.long, "1"),
        Input(f"after less than {REST_H:g} h of rest of the same crew", got.short_rest, "1"),
    )
    method = (
        "people/1: shifts with night work, over 8 h of work or under 11 h of rest / shifts (Directive 2003/88/EC); "
        "a shift of one name is taken to be one crew"
    )
    made = Measure(
        element, "people.shift_strain", share, "1", desk.period, 1.0, 0.0, share, share, method, inputs, (),
        float(got.strained), float(got.shifts),
    )  # fmt: skip
    return [made], []


plug = People()
