"""Permits over a period: `air.permit_used_share`, and each permit's whole report as JSON (`permit_reports`).

A concentration is read in minutes (in hours where the period is longer than two months and the window is not half an
hour); a limited sum (`indicator`) is worked out window by window by the KPI that gives it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ecotwin.accounting.accounts import finished, kpis
from ecotwin.accounting.contract import Desk, Kpi
from ecotwin.accounting.cuts import within
from ecotwin.accounting.permits import (
    AIR_O2,
    Course,
    Span,
    at_reference,
    lost_days,
    report,
    spans,
    windows,
)
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATE_NAMES, Permit, Signal
from ecotwin.records import Floats, Input, Measure, Window

MINUTES_UP_TO_DAYS = 62.0


class Permits:
    """`air.permit_used_share`: the permit of an element that is used most."""

    name = "permits"
    indicators = ("air.permit_used_share",)
    kinds: tuple[str, ...] = ()

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """The share used, and what is broken, void or cannot be judged."""
        told, words = permit_reports(desk, element)
        words += [w for one in told for w in _words(one)]
        had = [one for one in told if one["used_share"] is not None]
        if not had:
            return [], words
        worst = max(had, key=lambda one: float(one["used_share"]))
        share = float(worst["used_share"])
        taken_off = next(p.confidence for p in desk.plant.permits if p.id == worst["permit"])
        half = (share + taken_off) * worst["error_share"]
        inputs = tuple(Input(one["name"], float(one["used_share"]), "1") for one in had)
        counted = sum(one["windows"] for one in had)
        coverage = sum(one["valid"] for one in had) / counted if counted else 1.0
        method = f"permits/1: highest valid window / limit; {worst['name']}"
        guessed = float(worst["estimated_share"])
        figure = Measure(
            element, "air.permit_used_share", share, "1", desk.period, min(1.0, coverage), guessed,
            share - half, share + half, method, inputs,
        )  # fmt: skip
        return [figure], words


def permit_reports(desk: Desk, element: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Every permit at or below an element over the desk's period, and the words of those that cannot be judged.

    Returns:
        A dict each: permit, name, element, limit, unit, window, source, windows (that counted), valid, above,
        discarded_days, highest, mean, used_share, verdict (kept, broken, void, running), exceedances of
        {start, end, value}, error_share (half of the 95 % interval of a mean as a share of it) and estimated_share
        (of what it was judged by, told by a soft sensor or filled).
    """
    places = {e.id for e in desk.plant.under(element)}
    told, words = [], []
    for permit in desk.plant.permits:
        if permit.element not in places:
            continue
        try:
            told.append(_of_sum(desk, permit) if permit.indicator else _of_mean(desk, permit))
        except FigureGap as gap:
            words.append(f"{permit.name} cannot be judged: {gap}")
    return told, words


def _of_mean(desk: Desk, permit: Permit) -> dict[str, Any]:
    plant = desk.plant
    signal = plant.signal(permit.signal)
    o2 = plant.signal(permit.o2_signal) if permit.o2_signal else None
    state = plant.find(signal.element, "state")
    wanted = [s for s in (signal, o2, state) if s is not None]
    long = desk.period.hours > 24.0 * MINUTES_UP_TO_DAYS and permit.window != "half_hour"
    window = desk.window(tuple(s.index for s in wanted), 3600 if long else 60)
    course = course_of(permit, window, signal, o2, state)
    judged = spans(permit, course, desk.period, plant.zone)
    lost = lost_days(permit, course, desk.period, plant.zone)
    made = report(permit, judged, lost, desk.period)
    error = math.hypot(signal.accuracy, o2.accuracy if o2 else 0.0)
    told = _told_share(course, window, [s for s in (signal, o2) if s is not None])
    return {**made, "error_share": error, "estimated_share": told}


def known_share(window: Window, signal: Signal) -> Floats:
    """[steps] share of each step that counts: what was measured, and of a soft sensor what it told."""
    place = window.column(signal.index)
    covered = np.nan_to_num(window.covered[:, place])
    told = 0.0 if signal.sensed is None else np.nan_to_num(window.estimated[:, place])
    return np.minimum(covered + told, 1.0)


def _told_share(course: Course, window: Window, signals: list[Signal]) -> float:
    """Share of what a permit was judged by that soft sensors told."""
    told = [np.nan_to_num(window.estimated[:, window.column(s.index)]) for s in signals if s.sensed]
    weight = np.where(course.running & np.isfinite(course.value), course.covered, 0.0)
    if not told or not weight.sum():
        return 0.0
    return float((np.minimum(np.max(told, axis=0), 1.0) * weight).sum() / weight.sum())


def course_of(
    permit: Permit, window: Window, signal: Signal, o2: Signal | None, state: Signal | None
) -> Course:
    """What a permit looks at, from a window of its signals."""
    place = window.column(signal.index)
    measured, covered = window.mean[:, place], known_share(window, signal)
    running = np.ones(window.steps, np.bool_)
    oxygen = None
    if o2 is not None:
        column = window.column(o2.index)
        oxygen = window.mean[:, column]
        covered = np.minimum(covered, known_share(window, o2))
        running &= ~(np.isfinite(oxygen) & (oxygen >= AIR_O2))
    if state is not None:
        names = dict(STATE_NAMES) | dict(state.states)
        outside = [c for c, n in names.items() if n in permit.outside_states]
        running &= ~np.isin(window.last[:, window.column(state.index)], outside)
    is_no = signal.means == "no_concentration"
    value = at_reference(measured, oxygen, permit.o2_reference, is_no=is_no)
    return Course(window.at, float(window.step_s), value, running, covered)


def _of_sum(desk: Desk, permit: Permit) -> dict[str, Any]:
    """A limited sum, window by window."""
    if permit.rolling:
        raise FigureGap(
            f"{permit.id} limits a sum over a rolling window",
            expected="a calendar window for a sum",
            remedy="take `rolling` off, or limit a signal",
        )
    kpi = _kpi(permit.indicator)
    needs = kpi.needs(desk.plant, permit.element)
    if not needs:
        raise FigureGap(
            f"nothing measures {permit.indicator} of {permit.element}",
            expected="signals that feed it",
            remedy="name another element or indicator in the permit",
        )
    window = desk.window(needs, 60 if permit.window == "half_hour" else 3600)
    told = [s for s in (desk.plant.signals[i] for i in needs) if s.sensed]
    judged, half, guessed = [], 0.0, 0.0
    for span in windows(permit, desk.period, desk.plant.zone):
        piece = within(window, span)
        if piece is None:
            continue
        whole = desk.period.start <= span.start and span.end <= desk.period.end
        figures, _ = finished(kpi, desk.plant, kpi.tally(desk.plant, permit.element, piece))
        found = next((f for f in figures if f.indicator == permit.indicator), None)
        seen = 0.0 if found is None else min(found.coverage, 1.0)
        seen = min((float(known_share(piece, s).mean()) for s in told), default=seen)
        valid = seen >= permit.valid_share
        judged.append(Span(span, found.value if found else None, True, valid, whole))
        if found is not None and found.value:
            half = max(half, (found.high - found.low) / 2.0 / abs(found.value))
            guessed = max(guessed, found.estimated_share)
    lost = sum(s.whole and not s.valid for s in judged) if permit.window == "day" else 0
    made = report(permit, judged, lost, desk.period)
    return {**made, "error_share": half, "estimated_share": guessed}


def _kpi(indicator: str) -> Kpi:
    for kpi in kpis().values():
        if indicator in kpi.indicators:
            return kpi
    raise FigureGap(
        f"no KPI gives {indicator}",
        expected="an indicator that meters tell",
        remedy="see `ecotwin conform` for the catalogue",
    )


def _words(one: dict[str, Any]) -> list[str]:
    unit, name = one["unit"], one["name"]
    told = ""
    if one["verdict"] == "broken":
        first = f", first from {one['exceedances'][0]['start']}" if one["exceedances"] else ""
        highest = max((e["value"] for e in one["exceedances"]), default=one["highest"])
        told = (
            f"{name} is broken: {one['above']} of {one['valid']} windows pass {one['limit']:g} {unit}{first}; "
            f"the highest is {highest:.4g} {unit}."
        )
    elif one["verdict"] == "void":
        told = (
            f"{name} cannot be proved: of {one['windows']} windows {one['valid']} are valid and "
            f"{one['discarded_days']} days were lost."
        )
    return [told] if told else []


plug = Permits()
