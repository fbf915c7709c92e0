"""The figures of an element beside what others of the sector reach.

Only ratios are compared (energy a piece, shares): the whole use of a large plant says nothing against a small one's.
What differs in sector, place or time between the two is said in the words; it does not stop the comparison.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.standings import is_ratio
from ecotwin.errors import FigureGap, UnitFault
from ecotwin.plant.duties import Benchmark
from ecotwin.plant.model import Plant
from ecotwin.records import FactorUse, Input, Measure
from ecotwin.units import conversion

OLD_YEARS = 5
"""A benchmark older than this is named as old."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure beside a benchmark.

    Attributes:
        value: The benchmark in the figure's unit. ratio: figure / benchmark. worse: How many times worse the figure
            is, by the indicator's own direction. differences: What is not the same, each a clause.
    """

    benchmark: Benchmark
    figure: Measure
    value: float
    ratio: float
    worse: float
    differences: tuple[str, ...]


class Benchmarks:
    """`target.benchmark_ratio`."""

    name = "benchmarks"
    indicators = ("target.benchmark_ratio",)
    kinds: tuple[str, ...] = ()

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """The comparison that stands worst, all others among its inputs; the words of what differs."""
        found, words = compared(desk, element)
        if not found:
            return [], words
        for one in found:
            if one.differences:
                b = one.benchmark
                words.append(
                    f"{b.indicator} is held against {b.source}, but {'; '.join(one.differences)}."
                )
        worst = max(found, key=lambda c: c.worse)
        rest = [c for c in found if c is not worst]
        return [_measure(worst, rest)], words


def compared(desk: Desk, element: str) -> tuple[list[Compared], list[str]]:
    """Figures of an element that a benchmark is about, and the words of those that cannot be compared."""
    made, words = [], []
    for benchmark in desk.plant.benchmarks:
        figure = desk.metered.get((element, benchmark.indicator))
        if figure is None:
            continue
        try:
            made.append(compare(desk.plant, figure, benchmark))
        except FigureGap as gap:
            words.append(str(gap))
    return made, words


def compare(plant: Plant, figure: Measure, benchmark: Benchmark) -> Compared:
    """A figure beside a benchmark.

    Raises:
        FigureGap: It is no ratio, the units do not fit, or the benchmark is not above zero.
    """
    name = f"{benchmark.indicator} of {benchmark.source}"
    if not is_ratio(benchmark.indicator, figure):
        raise FigureGap(
            f"{benchmark.indicator} is an amount: it grows with the plant and fits no benchmark",
            expected="a ratio such as energy.per_good_part",
            remedy="take a benchmark per piece, per kg or per revenue",
        )
    try:
        factor, offset = conversion(benchmark.unit, figure.unit)
    except UnitFault as fault:
        raise FigureGap(
            f"the benchmark {name} is in {benchmark.unit}, the figure in {figure.unit}",
            expected="units of the same kind",
            remedy=f"give it in {figure.unit}, or one that can be turned into it",
        ) from fault
    value = benchmark.value * factor + offset
    if value <= 0.0:
        raise FigureGap(
            f"the benchmark {name} is {benchmark.value:g} {benchmark.unit}",
            expected="a value above zero",
            remedy="correct it",
        )
    ratio = figure.value / value
    better = indicators()[benchmark.indicator].higher_is_better
    worse = (1.0 / ratio if ratio > 0.0 else math.inf) if better else ratio
    return Compared(benchmark, figure, value, ratio, worse, _differences(plant, figure, benchmark))


def _differences(plant: Plant, figure: Measure, benchmark: Benchmark) -> tuple[str, ...]:
    boundary = indicators()[benchmark.indicator].boundary
    said = [f"nobody tells whether its boundary is ours ({boundary})"]
    sector = plant.company.sector
    if not sector:
        said.append(f"it is of {benchmark.sector}, and the plant file gives no sector")
    elif sector.lower() != benchmark.sector.lower():
        said.append(f"it is of {benchmark.sector}, this plant of {sector}")
    if benchmark.place != plant.country:
        said.append(f"it is of {benchmark.place}, this plant stands in {plant.country}")
    age = figure.period.start.astimezone(plant.zone).year - benchmark.year
    if age > OLD_YEARS:
        said.append(f"it is {age} years older")
    if figure.period.hours < 360 * 24:
        said.append("it is of a year as a rule, the figure of a shorter period")
    return tuple(said)


def _factor(one: Compared) -> FactorUse:
    b = one.benchmark
    return FactorUse(
        f"benchmark/{b.indicator}/{b.year}", b.value, b.unit, b.place, b.year, b.source, "",
        basis=f"sector {b.sector}",
    )  # fmt: skip


def _measure(worst: Compared, rest: list[Compared]) -> Measure:
    figure = worst.figure
    inputs = tuple(
        Input(f"{c.benchmark.indicator} ({text})", value, c.figure.unit, "", coverage, measure)
        for c in (worst, *rest)
        for text, value, coverage, measure in (
            ("measured", c.figure.value, c.figure.coverage, c.figure.id),
            (f"benchmark: {c.benchmark.source}", c.value, 1.0, ""),
        )
    )
    return Measure(
        figure.element, "target.benchmark_ratio", worst.ratio, "1", figure.period, figure.coverage,
        figure.estimated_share, figure.low / worst.value, figure.high / worst.value,
        f"benchmarks/1: {worst.benchmark.indicator} / {worst.benchmark.sector} ({worst.benchmark.place}"
        f" {worst.benchmark.year})", inputs, (_factor(worst), *map(_factor, rest)), figure.value,
        worst.value, {}, figure.known_at,
    )  # fmt: skip


plug = Benchmarks()
