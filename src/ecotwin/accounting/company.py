"""A company's promise over its sites: what all of them used against the sum of their paths.

Each plant file bears its own part of a promise: a target of the same id, indicator, years and cut, with the base
year's value of that site. The company's path is the sum of the parts, and so is what was measured; every site is
judged over the very span that is known of it, so that a site with a hole is not held against a whole year. A site
without data is named, and while one is missing the company's standing is not told. Ratios and money in several
currencies are not added.

Sources: GHG Protocol Corporate Standard, ch. 3 and 5 (one boundary and one base year over all facilities).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.standings import course_of, is_ratio
from ecotwin.accounting.targets import Course, year_shares
from ecotwin.clock import Period
from ecotwin.errors import FigureGap
from ecotwin.plant import Plant
from ecotwin.plant.duties import Target


@dataclass(frozen=True, slots=True)
class Told:
    """A figure as a site tells it: value and 95 % interval [unit], share of the period that was measured."""

    value: float
    low: float
    high: float
    unit: str
    coverage: float


@dataclass(frozen=True)
class Site:
    """A works in a period.

    Attributes:
        plant: The plant file. period: What is known of the asked span; None: nothing. figures: Indicator -> figure
            of the whole site. gap: Why there are none, in words.
    """

    plant: Plant
    period: Period | None = None
    figures: Mapping[str, Told] = field(default_factory=dict)
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A site's part of a promise [unit of the promise]; `actual` None: not known, and `words` say why."""

    site: str
    name: str
    base: float
    allowed: float | None
    actual: float | None
    low: float | None = None
    high: float | None = None
    coverage: float = 0.0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """A target of the whole company.

    Attributes:
        base, allowed, actual, low, high: Sums over the sites [unit]; the interval adds the sites' errors as
            independent ones. `allowed` and `actual` are of the sites that told a figure.
        on: Whether the company keeps to its path; None while a site is missing or the interval holds the allowance.
        missing: Names of the sites without a figure. years: (year, allowed) of the whole company.
    """

    id: str
    name: str
    indicator: str
    unit: str
    base_year: int
    target_year: int
    cut: float
    base: float
    allowed: float
    actual: float
    low: float
    high: float
    parts: tuple[Part, ...]
    years: tuple[tuple[int, float], ...]
    source: str

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the sites without a figure."""
        return tuple(p.name for p in self.parts if p.actual is None)

    @property
    def over(self) -> float:
        """Measured - allowed, of the sites that told a figure [unit]."""
        return self.actual - self.allowed

    @property
    def on(self) -> bool | None:
        """Whether the company keeps to its path; None: not decided."""
        if self.missing or self.low <= self.allowed < self.high:
            return None
        return self.over <= 0.0


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount added over the sites; `missing` names those that could not tell it."""

    indicator: str
    unit: str
    value: float
    low: float
    high: float
    parts: Mapping[str, float]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Company:
    """All sites of a company in a period."""

    name: str
    promises: tuple[Promise, ...]
    sums: tuple[Sum, ...]
    words: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every site told every figure of every promise."""
        return not any(p.missing for p in self.promises)


def roll_up(sites: Sequence[Site], indicators_added: Iterable[str] = ()) -> Company:
    """Add sites up.

    Args:
        sites: All works of one company. indicators_added: Amounts that are added beside those of the promises.

    Raises:
        FigureGap: The sites are of several companies, one stands twice, or their parts of a promise contradict
            each other; all faults are named at once.
    """
    _one_company(sites)
    ids = dict.fromkeys(
        t.id for s in sites for t in s.plant.targets if t.element == s.plant.site.id
    )
    words: list[str] = []
    promises = []
    for id_ in ids:
        held = [(s, _target(s.plant, id_)) for s in sites]
        first = next(t for _, t in held if t is not None)
        if is_ratio(first.indicator):
            words.append(
                f"{first.name}: {first.indicator} is a ratio, and ratios of sites do not add up."
            )
            continue
        promises.append(_promise(held, first))
    sums = [
        _sum(sites, name) for name in dict.fromkeys(indicators_added) if _adds(sites, name, words)
    ]
    words += [f"{s.plant.name} tells nothing: {s.gap}" for s in sites if s.gap]
    return Company(sites[0].plant.company.name, tuple(promises), tuple(sums), tuple(words))


def _one_company(sites: Sequence[Site]) -> None:
    if not sites:
        raise FigureGap("no site is given", expected="plant files", remedy="name at least one")
    faults = []
    names = {s.plant.company.name for s in sites}
    if len(names) > 1 or "" in names:
        told = ", ".join(f"{s.plant.name}: {s.plant.company.name or 'none'}" for s in sites)
        faults.append(f"the sites are of several companies or of none ({told})")
    ids = [s.plant.id for s in sites]
    faults += [
        f"the site {i} stands {ids.count(i)} times" for i in dict.fromkeys(ids) if ids.count(i) > 1
    ]
    for id_ in dict.fromkeys(t.id for s in sites for t in s.plant.targets):
        found = {_terms(t) for s in sites if (t := _target(s.plant, id_)) is not None}
        if len(found) > 1:
            faults.append(f"the promise {id_} is told in {len(found)} ways: {_ways(sites, id_)}")
    if faults:
        raise FigureGap(
            "; ".join(faults),
            expected="sites of one company, each once, whose parts of a promise have one indicator, years and cut",
            remedy="correct `company` and `targets` in the plant files",
        )


def _terms(target: Target) -> tuple[object, ...]:
    return (target.indicator, target.base_year, target.target_year, target.reduction, target.path)


def _ways(sites: Sequence[Site], id_: str) -> str:
    told = []
    for site in sites:
        target = _target(site.plant, id_)
        if target is not None:
            terms = " ".join(str(t) for t in _terms(target))
            told.append(f"{site.plant.id} says {terms}")
    return ", ".join(told)


def _target(plant: Plant, id_: str) -> Target | None:
    return next((t for t in plant.targets if t.id == id_ and t.element == plant.site.id), None)


def _promise(held: Sequence[tuple[Site, Target | None]], first: Target) -> Promise:
    parts: list[Part] = []
    courses: list[Course] = []
    unit = indicators()[first.indicator].unit if first.indicator in indicators() else ""
    for site, target in held:
        part, course = _part(site, target, first)
        parts.append(part)
        if course is not None:
            courses.append(course)
        told = site.figures.get(first.indicator)
        if told is not None and unit and told.unit != unit:
            raise FigureGap(
                f"{site.plant.name} tells {first.indicator} in {told.unit}",
                expected=unit,
                remedy="use one version of the software at all sites",
            )
    known = [p for p in parts if p.actual is not None and p.allowed is not None]
    actual, low, high = _added(
        [
            site.figures[first.indicator]
            for (site, _), p in zip(held, parts, strict=True)
            if p in known
        ]
    )
    whole = len(courses) == len(parts)
    years = tuple(
        (y, math.fsum(c.allowed(y) for c in courses))
        for y in range(first.base_year, first.target_year + 1)
        if whole
    )
    return Promise(
        first.id, first.name, first.indicator, unit, first.base_year, first.target_year,
        courses[0].cut if courses else float("nan"), math.fsum(p.base for p in parts),
        math.fsum(p.allowed for p in known if p.allowed is not None),
        actual, low, high, tuple(parts), years, first.source,
    )  # fmt: skip


def _part(site: Site, target: Target | None, first: Target) -> tuple[Part, Course | None]:
    plant = site.plant
    if target is None:
        words = f"the plant file of {plant.name} bears no part of the promise {first.id}"
        return Part(plant.id, plant.name, 0.0, None, None, words=words), None
    try:
        course = course_of(target)
    except FigureGap as gap:
        return Part(
            plant.id, plant.name, target.base_value or 0.0, None, None, words=str(gap)
        ), None
    told = site.figures.get(target.indicator)
    if site.period is None or told is None:
        words = site.gap or f"{target.indicator} cannot be had there"
        return Part(plant.id, plant.name, course.base_value, None, None, words=words), course
    allowed = sum(course.allowed(y) * share for y, share in year_shares(site.period, plant.zone))
    return (
        Part(
            plant.id,
            plant.name,
            course.base_value,
            allowed,
            told.value,
            told.low,
            told.high,
            told.coverage,
        ),
        course,
    )


def _adds(sites: Sequence[Site], name: str, words: list[str]) -> bool:
    known = indicators().get(name)
    if known is not None and (known.unit == "%" or " / " in known.formula):
        words.append(f"{name} is a ratio, and ratios of sites do not add up.")
        return False
    if (
        known is not None
        and known.unit == "currency"
        and len({s.plant.currency for s in sites}) > 1
    ):
        words.append(f"{name} is told in several currencies and is not added.")
        return False
    return True


def _sum(sites: Sequence[Site], name: str) -> Sum:
    found = {s.plant.name: s.figures[name] for s in sites if name in s.figures}
    units = {t.unit for t in found.values()}
    if len(units) > 1:
        raise FigureGap(
            f"{name} is told in {', '.join(sorted(units))}",
            expected="one unit at all sites",
            remedy="use one version of the software at all sites",
        )
    value, low, high = _added(list(found.values()))
    missing = tuple(s.plant.name for s in sites if name not in s.figures)
    unit = next(iter(units), indicators()[name].unit if name in indicators() else "")
    parts = {k: t.value for k, t in found.items()}
    return Sum(name, unit, value, low, high, parts, missing)


def _added(figures: Sequence[Told]) -> tuple[float, float, float]:
    """Sum and its 95 % interval; the errors of different sites are independent."""
    value = math.fsum(t.value for t in figures)
    below = math.hypot(*(t.value - t.low for t in figures))
    return value, value - below, value + math.hypot(*(t.high - t.value for t in figures))
