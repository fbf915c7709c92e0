"""How the targets of an element stand in a period: what its path allows, what was measured, what is left of the year.

An amount (kWh, kgCO2e, m3) is allowed by the count of days; a ratio (kWh a piece) is the same in every part of a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.outlook import Months, against, year_end
from ecotwin.accounting.targets import Course, net_zero, sbti_linear_cut, year_shares
from ecotwin.errors import FigureGap
from ecotwin.plant.duties import Target
from ecotwin.records import Measure


@dataclass(frozen=True, slots=True)
class Standing:
    """A target in a period.

    Attributes:
        figure: What was measured. course: The promised path. ratio: The indicator is a ratio and not an amount.
        allowed: In the period [unit of the figure]. base: The base year's value for as many days.
        year_allowed, year_left: Of the calendar year, when the period begins with it and the figure is an amount.
    """

    target: Target
    figure: Measure
    course: Course
    ratio: bool
    allowed: float
    base: float
    year_allowed: float | None = None
    year_left: float | None = None

    @property
    def over(self) -> float:
        """Measured - allowed [unit of the figure]; above zero it is off the path."""
        return self.figure.value - self.allowed

    @property
    def on(self) -> bool:
        """Whether the value keeps to the path."""
        return self.over <= 0.0

    @property
    def sure(self) -> bool:
        """Whether its whole 95 % interval lies on one side of the allowance."""
        return not self.figure.low <= self.allowed < self.figure.high


def course_of(target: Target, base_value: float | None = None) -> Course:
    """The path of a target.

    Args:
        target: As the plant file gives it. base_value: Of the base year, where the plant file gives none.

    Raises:
        FigureGap: The base year's value or the cut is not known, a cut lies below what its path asks for, or the
            indicator is one that should grow.
    """
    base = target.base_value if target.base_value is not None else base_value
    if base is None:
        raise FigureGap(
            f"the base value of the target {target.id} is not given, and no figure of {target.base_year} is at hand",
            expected=f"`base_value`: {target.indicator} in {target.base_year}",
            remedy="write it under `targets`, with its source",
        )
    known = indicators().get(target.indicator)
    if known is not None and known.higher_is_better:
        raise FigureGap(
            f"the target {target.id} is to cut {target.indicator}, which is better when it is higher",
            expected="an indicator that should fall",
            remedy="promise its counterpart: what is disposed of instead of what is diverted",
        )
    cut = target.reduction
    if target.path == "sbti_1_5c" and target.target_year > target.base_year:
        least = sbti_linear_cut(target.base_year, target.target_year)
        if cut is not None and cut < least - 1e-9:
            raise FigureGap(
                f"the target {target.id} cuts {cut:.1%}".replace("%", " %"),
                expected=f"at least {least * 100:.1f} % on the path sbti_1_5c up to {target.target_year}",
                remedy="leave `reduction` out, or call the path linear",
            )
        cut = least if cut is None else cut
    if cut is None:
        raise FigureGap(
            f"the target {target.id} does not say by how much",
            expected="`reduction`",
            remedy="write it under `targets`",
        )
    return Course(target.base_year, base, target.target_year, cut)


def is_ratio(indicator: str, figure: Measure | None = None) -> bool:
    """Whether a figure is a ratio, which no count of days scales.

    >>> is_ratio("energy.per_good_part"), is_ratio("energy.electricity")
    (True, False)
    """
    if figure is not None and figure.denominator not in (None, 1.0):
        return True
    known = indicators().get(indicator)
    return known is not None and (known.unit in ("1", "%") or " / " in known.formula)


def standings(desk: Desk, element: str) -> tuple[list[Standing], list[str]]:
    """The targets of an element, and the words of those that cannot be judged."""
    made, words = [], []
    for target in desk.plant.targets:
        if target.element != element:
            continue
        try:
            made.append(_standing(desk, target))
        except FigureGap as gap:
            words.append(str(gap))
    return made, words


def _standing(desk: Desk, target: Target) -> Standing:
    figure = desk.metered.get((target.element, target.indicator))
    if figure is None:
        raise FigureGap(
            f"the target {target.id} is about {target.indicator} of {target.element}, which cannot be had here",
            expected="a figure of the period",
            remedy=f"see what {target.indicator} lacks",
        )
    zone, period = desk.plant.zone, desk.period
    shares = tuple(year_shares(period, zone))
    whole_base_year = [y for y, s in shares] == [target.base_year] and abs(shares[0][1] - 1) < 1e-9
    course = course_of(target, figure.value if whole_base_year else None)
    if is_ratio(target.indicator, figure):
        span = sum(s for _, s in shares)
        allowed = sum(course.allowed(y) * s for y, s in shares) / span
        return Standing(target, figure, course, True, allowed, course.base_value)
    allowed = course.within(period, zone)
    base = course.base_value * sum(s for _, s in shares)
    year = shares[0][0]
    if len(shares) > 1 or period.start != datetime(year, 1, 1, tzinfo=zone).astimezone(UTC):
        return Standing(target, figure, course, False, allowed, base)
    of_year = course.allowed(year)
    return Standing(target, figure, course, False, allowed, base, of_year, of_year - figure.value)


def target_rows(
    desk: Desk, element: str, months: Mapping[str, Months] | None = None
) -> tuple[list[dict[str, Any]], list[str]]:
    """The targets as plain JSON values, for reports and pages, and the words of those that cannot be judged.

    Args:
        desk: Of the period. element: Whose. months: Indicator -> whole months of it, for the year's end.
    """
    made, words = standings(desk, element)
    rows = []
    for one in made:
        row = _row(one)
        if months and one.target.indicator in months and not one.ratio:
            year = desk.period.start.astimezone(desk.plant.zone).year
            try:
                end = year_end(months[one.target.indicator], year)
                told = against(end, one.course.allowed(year), one.figure.unit)
            except FigureGap as gap:
                words.append(f"the year's end of {one.target.id} is not forecast: {gap}")
            else:
                row["outlook"] = {
                    "year": year, "value": end.value, "low": end.low, "high": end.high,
                    "method": end.method, "on": told.on, "text": told.text,
                }  # fmt: skip
        rows.append(row)
    return rows, words


def _row(one: Standing) -> dict[str, Any]:
    target, figure, course = one.target, one.figure, one.course
    years = range(course.base_year, course.target_year + 1)
    row: dict[str, Any] = {
        "id": target.id, "name": target.name, "kind": target.kind, "path": target.path,
        "indicator": target.indicator, "element": target.element, "unit": figure.unit,
        "base_year": course.base_year, "base_value": course.base_value,
        "target_year": course.target_year, "cut": course.cut, "ratio": one.ratio,
        "actual": figure.value, "low": figure.low, "high": figure.high,
        "coverage": figure.coverage, "estimated_share": figure.estimated_share,
        "measure": figure.id, "allowed": one.allowed, "over": one.over, "met": one.on, "sure": one.sure,
        "year_allowed": one.year_allowed, "year_left": one.year_left,
        "margin_bp": target.margin_bp, "source": target.source,
        "years": [{"year": y, "allowed": course.allowed(y)} for y in years],
    }  # fmt: skip
    if target.path == "net_zero":
        plan = net_zero(course, figure.unit)
        row["net_zero"] = {
            "residual": plan.residual, "credible": plan.credible, "text": plan.text,
        }  # fmt: skip
    return row
