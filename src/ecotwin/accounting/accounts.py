"""Runs the KPIs over windows: a month is the sum of its days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ecotwin.accounting.contract import Kpi, Tally
from ecotwin.accounting.family import Family
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant
from ecotwin.plugs import load_all
from ecotwin.records import Measure, Window


@dataclass(frozen=True, slots=True)
class Accounts:
    """What a run gave.

    Attributes:
        measures: All figures. gaps: (element, sentence) of figures that could not be had, and of
            what is doubtful.
    """

    measures: tuple[Measure, ...]
    gaps: tuple[tuple[str, str], ...]

    def of(self, element: str, indicator: str) -> Measure:
        """One figure.

        Raises:
            FigureGap: It could not be had.
        """
        for figure in self.measures:
            if figure.element == element and figure.indicator == indicator:
                return figure
        words = [text for where, text in self.gaps if where == element]
        raise FigureGap(
            f"there is no {indicator} of {element}",
            expected="a figure",
            remedy=" ".join(words) or "see which indicators it has",
        )

    def by_id(self) -> Mapping[str, Measure]:
        """All figures by `Measure.id`."""
        return {m.id: m for m in self.measures}


def kpis() -> dict[str, Kpi]:
    """Every KPI plug by name."""
    return load_all("accounting.kpis")


def run(
    plant: Plant,
    windows: Iterable[Window],
    elements: Iterable[str] | None = None,
    chosen: Mapping[str, Kpi] | None = None,
) -> Accounts:
    """Tally windows one by one and turn the sums into figures.

    Args:
        plant: The plant.
        windows: Of one span, in any order, each looked at once, none overlapping; best one a local
            day.
        elements: Element ids; None: all.
        chosen: KPIs by name; None: every plug.

    Returns:
        Figures and gaps over the span from the first start to the last end.
    """
    ids = tuple(elements) if elements is not None else tuple(e.id for e in plant.elements)
    plugs = kpis() if chosen is None else chosen
    pairs = [
        (name, kpi, element)
        for name, kpi in plugs.items()
        for element in ids
        if kpi.needs(plant, element)
    ]
    sums: dict[tuple[str, str], Tally] = {}
    known: datetime | None = None
    for window in windows:
        known = max(filter(None, (known, window.known_at)), default=None)
        for name, kpi, element in pairs:
            tally = kpi.tally(plant, element, window)
            before = sums.get((name, element))
            sums[name, element] = tally if before is None else before + tally
    measures: list[Measure] = []
    gaps: dict[tuple[str, str], None] = {}
    for (name, element), tally in sums.items():
        figures, words = finished(plugs[name], plant, tally)
        measures += [replace(m, known_at=known) for m in figures]
        gaps |= dict.fromkeys((element, text) for text in words)
    return Accounts(tuple(measures), tuple(gaps))


def needed(
    plant: Plant, elements: Iterable[str] | None = None, chosen: Mapping[str, Kpi] | None = None
) -> tuple[int, ...]:
    """Signal indices that a run wants in its windows."""
    ids = tuple(elements) if elements is not None else tuple(e.id for e in plant.elements)
    plugs = kpis() if chosen is None else chosen
    return tuple(
        sorted({i for kpi in plugs.values() for element in ids for i in kpi.needs(plant, element)})
    )


def finished(kpi: Kpi, plant: Plant, tally: Tally) -> tuple[Iterable[Measure], Iterable[str]]:
    """Figures and gaps of a tally, worked out once where the KPI can."""
    if isinstance(kpi, Family):
        return kpi.figures(plant, tally) if tally.sums else ((), ())
    return kpi.finish(plant, tally), kpi.gaps(plant, tally)
