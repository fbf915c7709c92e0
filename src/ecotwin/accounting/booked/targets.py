"""Targets: what the path allows, how far a period is from it, what is left of the year.

An element may have several targets in different units. So that there is one figure an indicator and element, figures
here are shares, and tell of the target that stands worst; all the others stand among the inputs with their own units.
"""

from __future__ import annotations

import math

from ecotwin.accounting.contract import Desk
from ecotwin.accounting.standings import Standing, standings
from ecotwin.errors import FigureGap
from ecotwin.records import Input, Measure


class Targets:
    """`target.allowed`, `target.gap`, `target.budget_left` and `target.on_path`."""

    name = "targets"
    indicators = ("target.allowed", "target.gap", "target.budget_left", "target.on_path")
    kinds: tuple[str, ...] = ()

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Measures of the element's targets, and the words of those that cannot be judged."""
        found, words = standings(desk, element)
        if not found:
            return [], words
        worst = max(found, key=_excess)
        rest = tuple(s for s in found if s is not worst)
        made = [_allowed(worst, rest), _on_path(found)]
        if worst.allowed > 0.0:
            made.append(_gap(worst, rest))
        else:
            words.append(
                str(
                    FigureGap(
                        f"the target {worst.target.id} allows nothing in this period",
                        expected="an allowance above zero for a gap as a share",
                        remedy="read measured and allowed among the inputs of target.allowed",
                    )
                )
            )
        whole = [s for s in found if s.year_left is not None]
        if whole:
            left = min(whole, key=_left)
            made.append(_budget_left(left, tuple(s for s in whole if s is not left)))
        elif not all(s.ratio for s in found):
            words.append(
                str(
                    FigureGap(
                        "what is left of the year's allowance is not known: the period does not begin with the year",
                        expected="a period from 1 January within one year",
                        remedy="ask for the year so far",
                    )
                )
            )
        return made, words


def _excess(one: Standing) -> float:
    """By how much of its allowance a target is passed."""
    if one.allowed > 0.0:
        return one.over / one.allowed
    return math.inf if one.over > 0.0 else 0.0


def _left(one: Standing) -> float:
    assert one.year_left is not None
    assert one.year_allowed is not None
    return one.year_left / one.year_allowed if one.year_allowed > 0.0 else one.year_left


def _inputs(first: Standing, rest: tuple[Standing, ...]) -> tuple[Input, ...]:
    told: list[Input] = []
    for one in (first, *rest):
        unit, name, figure = one.figure.unit, one.target.id, one.figure
        told += [
            Input(f"{name}: measured", figure.value, unit, "", figure.coverage, figure.id),
            Input(f"{name}: allowed", one.allowed, unit),
            Input(f"{name}: base year {one.target.base_year}", one.base, unit),
        ]
    return tuple(told)


def _measure(
    one: Standing,
    indicator: str,
    above: float,
    below: float,
    half: tuple[float, float],
    method: str,
    inputs: tuple[Input, ...],
) -> Measure:
    figure = one.figure
    return Measure(
        figure.element, indicator, above / below, "1", figure.period, figure.coverage,
        figure.estimated_share, (above - half[0]) / below, (above + half[1]) / below,
        f"targets/1: {one.target.id} ({one.target.path}); {method}", inputs, figure.factors,
        above, below, {}, figure.known_at,
    )  # fmt: skip


def _allowed(worst: Standing, rest: tuple[Standing, ...]) -> Measure:
    return _measure(
        worst, "target.allowed", worst.allowed, worst.base, (0.0, 0.0),
        "allowance / the base year's value for as many days", _inputs(worst, rest),
    )  # fmt: skip


def _gap(worst: Standing, rest: tuple[Standing, ...]) -> Measure:
    figure = worst.figure
    band = (figure.value - figure.low, figure.high - figure.value)
    return _measure(
        worst, "target.gap", worst.over, worst.allowed, band,
        "(measured - allowed) / allowed", _inputs(worst, rest),
    )  # fmt: skip


def _budget_left(left: Standing, rest: tuple[Standing, ...]) -> Measure:
    assert left.year_left is not None
    assert left.year_allowed is not None
    figure = left.figure
    below = left.year_allowed if left.year_allowed > 0.0 else left.course.base_value
    inputs = tuple(
        Input(f"{s.target.id}: left of the year", s.year_left, s.figure.unit, "", s.figure.coverage)
        for s in (left, *rest)
        if s.year_left is not None
    )
    return _measure(
        left, "target.budget_left", left.year_left, below,
        (figure.high - figure.value, figure.value - figure.low),
        "(allowance of the calendar year - measured since its start) / that allowance",
        (*inputs, *_inputs(left, rest)),
    )  # fmt: skip


def _on_path(found: list[Standing]) -> Measure:
    """How many targets are kept; the split tells which."""
    split = {s.target.id: float(s.on) for s in found}
    value = float(sum(split.values()))
    sure = float(sum(s.on and s.sure for s in found))
    open_ = float(sum(not s.sure for s in found))
    first = found[0].figure
    return Measure(
        first.element, "target.on_path", value, "1", first.period,
        min(s.figure.coverage for s in found), max(s.figure.estimated_share for s in found),
        sure, sure + open_, f"targets/1: measured <= allowed, of {len(found)} targets",
        _inputs(found[0], tuple(found[1:])), (), value, 1.0, split, first.known_at,
    )  # fmt: skip


plug = Targets()
