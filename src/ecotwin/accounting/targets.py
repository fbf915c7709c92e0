"""Reduction paths, from plain numbers: what a year, a span of days and a budget may hold.

A path is a straight line on the base year's value, never compound. The years between base and target are calendar
years of the plant; a span within a year gets that year's allowance by the count of its days.

Sources: SBTi Corporate Net-Zero Standard V1.3 (the 90 % of a long-term target and the 5 % of a recalculation are
    background knowledge: check them against the standard before a claim).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from ecotwin.clock import Period, local_day
from ecotwin.errors import FigureGap

SIGNIFICANT = 0.05
"""Change of the base year's value from which it is to be recalculated, as a share of it."""
LONG_TERM_CUT = 0.90
"""Smallest cut after which the rest may be neutralised and the whole be called net zero."""


def sbti_linear_cut(base_year: int, target_year: int, rate: float = 0.042) -> float:
    """Smallest cut of scope 1 and 2 on the 1.5 degC path, a share of the base year's emissions.

    Linear, not compound; for a base year after 2020 the years count from 2020.

    >>> round(sbti_linear_cut(2022, 2030), 4)
    0.42
    >>> round(1 - sbti_linear_cut(2018, 2030), 4)
    0.496
    """
    if target_year <= base_year:
        raise ValueError(f"the target year {target_year} does not follow the base year {base_year}")
    return min(1.0, rate * (target_year - min(base_year, 2020)))


def sbti_path(
    base_year: int, base_co2e_kg: float, target_year: int, year: float, rate: float = 0.042
) -> float:
    """Emissions allowed in a year on the straight line from the base year to the target year [kgCO2e].

    >>> round(sbti_path(2020, 100.0, 2030, 2025), 6)
    79.0
    """
    cut = sbti_linear_cut(base_year, target_year, rate)
    passed = min(max((year - base_year) / (target_year - base_year), 0.0), 1.0)
    return base_co2e_kg * (1.0 - cut * passed)


@dataclass(frozen=True, slots=True)
class Course:
    """A promised path: from `base_value` in the base year straight to `base_value x (1 - cut)` in the target year.

    Attributes:
        base_value: Of the whole base year [unit of the indicator]. cut: Share to be cut, 0..1.

    >>> way = Course(2020, 100.0, 2030, 0.42)
    >>> way.allowed(2025), round(way.budget(2021, 2030), 6)
    (79.0, 769.0)
    """

    base_year: int
    base_value: float
    target_year: int
    cut: float

    def __post_init__(self) -> None:
        if self.target_year <= self.base_year:
            raise FigureGap(
                f"the target year {self.target_year} does not follow the base year {self.base_year}",
                expected="a later year",
                remedy="correct the target",
            )
        if not 0.0 <= self.cut <= 1.0:
            raise FigureGap(
                f"a cut of {self.cut:g}",
                expected="a share from 0 to 1",
                remedy="correct the target",
            )
        if not 0.0 < self.base_value < float("inf"):
            raise FigureGap(
                f"a base value of {self.base_value:g}",
                expected="a value above zero",
                remedy="give the base year's value",
            )

    def allowed(self, year: int) -> float:
        """What a whole calendar year may hold; after the target year what the target year may.

        Raises:
            FigureGap: The year lies before the base year.
        """
        if year < self.base_year:
            raise FigureGap(
                f"{year} lies before the base year {self.base_year}",
                expected="the base year or a later one",
                remedy="ask for another year",
            )
        passed = min((year - self.base_year) / (self.target_year - self.base_year), 1.0)
        return self.base_value * (1.0 - self.cut * passed)

    def budget(self, first: int, last: int) -> float:
        """Sum of what the years from the first to the last, both counted, may hold.

        Raises:
            FigureGap: The span is empty, or begins before the base year.
        """
        if last < first:
            raise FigureGap(
                f"a budget from {first} to {last}",
                expected="years in order",
                remedy="correct the span",
            )
        return sum(self.allowed(year) for year in range(first, last + 1))

    def within(self, period: Period, zone: ZoneInfo) -> float:
        """What a span may hold: each year's allowance by the share of the year's days, 365 or 366, in the span.

        >>> year = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
        >>> Course(2023, 366.0, 2033, 0.0).within(year, ZoneInfo("UTC"))
        366.0
        """
        return sum(self.allowed(year) * share for year, share in year_shares(period, zone))

    def left(self, used: float, since: int, at: datetime, zone: ZoneInfo) -> Left:
        """What is left of the budget at a moment.

        Args:
            used: From the start of the year `since` to that moment. since: First year of the budget, as a rule the one
                after the base year. at: The moment. zone: Of the plant.

        Raises:
            FigureGap: The moment lies outside the years of the budget.
        """
        year = at.astimezone(zone).year
        ends = at.astimezone(zone) == datetime(self.target_year + 1, 1, 1, tzinfo=zone)
        if not since <= year <= self.target_year and not ends:
            raise FigureGap(
                f"{at.isoformat()} lies outside the budget of {since} to {self.target_year}",
                expected="a moment within it",
                remedy="ask for another day",
            )
        whole = self.budget(since, self.target_year)
        start = datetime(since, 1, 1, tzinfo=zone).astimezone(UTC)
        by_now = self.within(Period(start, at.astimezone(UTC)), zone)
        return Left(whole, used, whole - used, whole - by_now)

    def recalculated(self, base_value: float) -> Course:
        """The same promise on a recalculated base year."""
        return replace(self, base_value=base_value)


@dataclass(frozen=True, slots=True)
class Left:
    """A budget at a moment.

    Attributes:
        whole: Of all its years. used: Until now. value: What is left; below zero it is overdrawn.
        planned: What the path leaves over from now on.
    """

    whole: float
    used: float
    value: float
    planned: float

    @property
    def ahead(self) -> float:
        """How much more is left than the path plans; below zero: how far behind."""
        return self.value - self.planned


@dataclass(frozen=True, slots=True)
class NetZero:
    """A net-zero plan: cut first, neutralise what cannot be cut.

    Attributes:
        course: The path of the cut. residual: What is left each year from the target year on and has to be
            neutralised by removals of the same amount. credible: The cut is at least 90 %.
        text: The plan in a sentence.
    """

    course: Course
    residual: float
    credible: bool
    text: str


def net_zero(course: Course, unit: str = "kgCO2e") -> NetZero:
    """The plan behind a net-zero target; removals stand beside the inventory and never lower it.

    >>> net_zero(Course(2022, 1000.0, 2045, 0.9)).residual
    100.0
    """
    residual = course.base_value * (1.0 - course.cut)
    residual = float(f"{residual:.12g}")
    credible = course.cut >= LONG_TERM_CUT - 1e-9
    text = (
        f"{course.cut:.0%} are cut from {course.base_year} to {course.target_year}; from then on "
        f"{residual:,.6g} {unit} a year remain and have to be neutralised by removals of the same amount, which stand "
        "beside the inventory"
    ).replace("%", " %")
    if not credible:
        text += (
            f"; a cut below {LONG_TERM_CUT * 100:.0f} % is not called net zero by the SBTi standard"
        )
    return NetZero(course, residual, credible, text)


@dataclass(frozen=True, slots=True)
class Recalculation:
    """Whether the base year has to be recalculated; `share`: of its value that changes."""

    due: bool
    share: float
    text: str


def recalculation(
    base_value: float, corrected: float, threshold: float = SIGNIFICANT
) -> Recalculation:
    """Whether a change of structure, method or a found error calls for a new base year value.

    Growth or decline of production alone is no reason: hand in only what bought, sold or moved parts, another method
    or a corrected error make of the base year.

    >>> recalculation(1000.0, 951.0).due, recalculation(1000.0, 950.0).due
    (False, True)

    Raises:
        FigureGap: The base value is not above zero.
    """
    if base_value <= 0.0:
        raise FigureGap(
            f"a base value of {base_value:g}", expected="above zero", remedy="give the base year's"
        )
    share = (corrected - base_value) / base_value
    due = abs(share) >= threshold - 1e-12
    words = "is to be recalculated" if due else "stays"
    text = (
        f"the base year {words}: its value would change by {share:+.1%}, significant from {threshold:.0%}"
    ).replace("%", " %")
    return Recalculation(due, share, text)


def year_shares(period: Period, zone: ZoneInfo) -> Iterator[tuple[int, float]]:
    """Calendar years of a place that a span touches, each with the share of its days in the span.

    A local day counts as one, be it 23, 24 or 25 hours long.

    >>> june = Period(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    >>> [(y, round(s * 365, 9)) for y, s in year_shares(june, ZoneInfo("UTC"))]
    [(2026, 30.0)]
    """
    first, last = (m.astimezone(zone) for m in (period.start, period.end))
    begin, stop = _days(first, zone), _days(last, zone)
    for year in range(first.year, last.year + 1):
        low, high = float(date(year, 1, 1).toordinal()), float(date(year + 1, 1, 1).toordinal())
        share = (min(stop, high) - max(begin, low)) / (366 if calendar.isleap(year) else 365)
        if share > 0.0:
            yield year, share


def _days(moment: datetime, zone: ZoneInfo) -> float:
    """Local days since the year 1, with the part of the day that has passed."""
    day = local_day(moment.date(), zone)
    return moment.toordinal() + (moment - day.start).total_seconds() / day.seconds
