"""Checks a plant against a set of required figures: which can be had, and what is missing for the others.

Nothing is measured here: every family of figures is run over hours in which all signals of the plant read well, with
the books as they are, so that only what the plant lacks can be in the way. What that is (a meter, a factor, a price, a
product's mass, a book) shows by giving the plant an invented everything but one thing. The figures of these runs are
thrown away.

Sources: the frameworks and their editions stand in `frameworks.csv`, what they require in `requirements.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from functools import cache, partial
from importlib.resources import files
from typing import Any

from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.contract import Booked, Desk, Kpi
from ecotwin.accounting.invented import MATERIAL, START, booked_desks, good_desk, good_week
from ecotwin.errors import FigureGap
from ecotwin.plant.duties import Basin, Benchmark, Material, Permit, Target, WorkGroup
from ecotwin.plant.model import GridFactors, Plant, Product, Shift, Tariff
from ecotwin.plugs import load_all
from ecotwin.records import Booking

Mend = tuple[str, Callable[[Plant], Plant]]
"""What a plant file may lack, and how to give it."""
_ALL, _AS_IS = "", "as it is"
"""Names of the plant with everything, and as its file gives it."""
_ALWAYS = Shift("-", tuple(range(7)), time(0), time(23, 59))


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework: `column` of the indicator catalogue, its edition, and how sure the mapping is."""

    framework: str
    column: str
    name: str
    edition: str
    basis: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a framework asks for; `indicators`: those that answer it, none where nothing here does."""

    framework: str
    id: str
    name: str
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a plant can answer a requirement.

    Attributes:
        had: Every indicator of it can be had. missing: What is in the way, each a sentence; counts
            in it are of the week that was tried.
    """

    requirement: Requirement
    had: bool
    missing: tuple[str, ...]

    def as_row(self) -> dict[str, Any]:
        """As JSON."""
        asked = self.requirement
        return {"id": asked.id, "name": asked.name, "had": self.had, "missing": list(self.missing)}


@cache
def frameworks() -> Mapping[str, Framework]:
    """Every framework by its name here.

    >>> list(frameworks())[:3]
    ['iso22400', 'iso50001', 'iso14064']
    """
    return {r["framework"]: Framework(**r) for r in _rows("frameworks")}


@cache
def requirements() -> tuple[Requirement, ...]:
    """What the frameworks ask for, as far as it is listed here."""
    return tuple(
        Requirement(r["framework"], r["id"], r["name"], tuple(r["indicators"].split()))
        for r in _rows("requirements")
    )


def conform(
    plant: Plant, chosen: str = "catalogue", element: str = "", books: Iterable[Booking] = ()
) -> tuple[Answer, ...]:
    """What of a set can be had of a plant, and what is missing for the rest.

    Args:
        plant: The plant. chosen: A framework (`esrs`, `gri`, `iso14064` ...), or `catalogue`: every
            indicator there is. element: Of which; empty: the site. books: What is booked beside the
            meters; tried over the calendar year of the newest row.

    Raises:
        FigureGap: There is no such set or element.
    """
    place = element or plant.site.id
    known = {r.framework for r in requirements()}
    if chosen != "catalogue" and chosen not in known:
        raise FigureGap(
            f"there is no set {chosen!r}",
            expected=f"catalogue, {', '.join(sorted(known))}",
            remedy="choose one of them",
        )
    if place not in {e.id for e in plant.elements}:
        raise FigureGap(
            f"there is no element {place!r}", expected="one of the plant file", remedy="correct it"
        )
    wanted = [r for r in requirements() if r.framework == chosen] or [
        Requirement("catalogue", i.id, i.name, (i.id,)) for i in indicators().values()
    ]
    asked = frozenset(i for r in wanted for i in r.indicators)
    lacking = _Trials(plant, place, tuple(books)).lacking(asked)
    return tuple(_answer(r, lacking) for r in wanted)


def _answer(requirement: Requirement, lacking: Mapping[str, tuple[str, ...]]) -> Answer:
    if not requirement.indicators:
        word = f"no figure here answers {requirement.id} ({requirement.name}): report it from elsewhere"
        return Answer(requirement, False, (word,))
    words = [word for i in requirement.indicators for word in lacking.get(i, ())]
    return Answer(requirement, not words, tuple(dict.fromkeys(words)))


class _Trials:
    """Tries of every family on one element: of the plant as it is, with everything, with all but one thing."""

    def __init__(self, plant: Plant, element: str, rows: tuple[Booking, ...]) -> None:
        self._plant, self._element = plant, element
        self._kept = frozenset(row.kind for row in rows)
        self._mends = _mends(plant, element)
        self._desks: dict[str, Desk] = {}
        self._own = booked_desks(plant, element, rows)

    def lacking(self, asked: frozenset[str]) -> dict[str, tuple[str, ...]]:
        """Indicator -> what is missing for it, of those that are asked; what any family can give is not in it."""
        words: dict[str, list[str]] = {}
        had: set[str] = set()
        for kpi in (k for k in accounts.kpis().values() if asked & set(k.indicators)):
            here, said = _tried(kpi, self._element, self._plant)
            had |= here
            missing = {i for i in kpi.indicators if i in asked} - here
            for name, told in self._of_kpi(kpi, missing, said).items():
                words.setdefault(name, []).extend(told)
        plugs: dict[str, Booked] = load_all("accounting.booked")
        for plug in (b for b in plugs.values() if asked & set(b.indicators)):
            without, gaps = {i for i in plug.indicators if i in asked}, list[str]()
            for desk in self._own:
                made, told_here = plug.figures(desk, self._element) if without else ((), ())
                without -= {m.indicator for m in made}
                gaps += told_here
            had |= asked & set(plug.indicators) - without
            for name, told in self._of_books(plug, without, gaps).items():
                words.setdefault(name, []).extend(told)
        return {i: tuple(dict.fromkeys(found)) for i, found in words.items() if i not in had}

    def _of_kpi(self, kpi: Kpi, without: set[str], said: tuple[str, ...]) -> dict[str, list[str]]:
        """What is missing for figures of meters."""
        if not without:
            return {}
        could = without & _tried(kpi, self._element, _mended(self._plant, self._mends))[0]
        needed: dict[str, list[str]] = {i: [] for i in without}
        for mend in self._mends if could else ():
            rest, told = _tried(kpi, self._element, self._but(mend))
            for name in could - rest:
                needed[name] += told or (f"{mend[0]} is not given",)
        for name, words in needed.items():
            if not words and name in could:
                words += said or ("several things that the plant file lacks are in the way",)
            elif not words:
                words.append(self._unfed(name))
        return needed

    def _of_books(
        self, plug: Booked, without: set[str], gaps: Sequence[str]
    ) -> dict[str, list[str]]:
        """What is missing for figures of books: a book, something in the plant file, or what the rows lack."""
        if not without:
            return {}
        books = frozenset(plug.kinds) | ({"factor"} if plug.kinds else frozenset())
        could = without & self._given(plug, _ALL, books)
        needed: dict[str, list[str]] = {i: [] for i in without}
        if could - self._given(plug, _ALL, books & self._kept):
            for kind in sorted(books - self._kept):
                for name in could - self._given(plug, _ALL, books - {kind}):
                    needed[name].append(f"no book of {kind} is kept: keep {kind}.csv")
        if could - self._given(plug, _AS_IS, books):
            for mend in self._mends:
                for name in could - self._given(plug, mend[0], books):
                    needed[name].append(f"{mend[0]} is not given")
        for name, words in needed.items():
            words += [g for g in gaps if _about(g, name) and g not in words]
            if not words and name in could:
                words += gaps or (
                    f"what is booked of {', '.join(plug.kinds)} does not give {name}",
                )
            elif not words:
                words.append(self._unfed(name))
        return needed

    def _given(self, plug: Booked, without: str, books: frozenset[str]) -> set[str]:
        """Indicators that a booked family gives over the invented week, with these books."""
        if without not in self._desks:
            plant = self._plant
            if without != _AS_IS:
                plant = _mended(plant, [m for m in self._mends if m[0] != without])
            self._desks[without] = good_desk(plant, self._element)
        desk = self._desks[without]
        rows = tuple(b for b in desk.book.bookings if b.kind in books)
        chosen = replace(desk, book=Book.of(desk.period, rows))
        return {m.indicator for m in plug.figures(chosen, self._element)[0]}

    def _but(self, mend: Mend) -> Plant:
        return _mended(self._plant, [m for m in self._mends if m is not mend])

    def _unfed(self, indicator: str) -> str:
        takes = indicators()[indicator].formula
        return f"no signal of {self._element} feeds {indicator} (it takes: {takes})"


def _about(gap: str, indicator: str) -> bool:
    """Whether the words of a gap are about an indicator."""
    number = indicator.removeprefix("ghg.scope3_cat")
    return indicator in gap or f"category {number} " in gap


def _tried(kpi: Kpi, element: str, plant: Plant) -> tuple[set[str], tuple[str, ...]]:
    """Indicators that a KPI gives over the good week, and its words on the others."""
    week = good_week(plant, kpi.needs(plant, element))
    made = accounts.run(plant, [week], [element], {kpi.name: kpi})
    return {m.indicator for m in made.measures}, tuple(text for _, text in made.gaps)


def _mended(plant: Plant, mends: Iterable[Mend]) -> Plant:
    for _, give in mends:
        plant = give(plant)
    return plant


def _mends(plant: Plant, element: str) -> list[Mend]:
    """Ways to give the plant file what it may lack, so that leaving one out shows whether it is what is missing."""
    fuels = sorted({s.material or "fuel" for s in plant.signals if s.means == "fuel_mass"})
    kinds = {"gas": "kgCO2e/m3", "gas_heating_value": "kWh/m3"}
    kinds |= dict.fromkeys(fuels, "kgCO2e/kg") | {f"{f}_biogenic": "kgCO2/kg" for f in fuels}
    factors: list[Mend] = [
        (f"`{key}` under `factors`", partial(_with_factor, key=key, unit=unit))
        for key, unit in kinds.items()
    ]
    prices: list[Mend] = [
        (f"a tariff of {carrier}", partial(_with_price, carrier=carrier))
        for carrier in ("electricity", "gas", "fuel", "water")
    ]
    return [
        ("`grid`", lambda p: replace(p, grid=_grid(p))),
        ("`basin`", lambda p: replace(p, basin=p.basin or Basin("-", (1.0,), "-"))),
        *factors,
        *prices,
        ("`products`", lambda p: replace(p, products=p.products or _one_product(p))),
        ("`shifts`", lambda p: replace(p, shifts=p.shifts or (_ALWAYS,))),
        ("`materials`, and `materials` of the products", _with_materials),
        ("`people`", partial(_with_people, element=element)),
        ("`permits`", partial(_with_permit, element=element)),
        ("`targets`", partial(_with_target, element=element)),
        ("`benchmarks`", _with_benchmark),
    ]


def _with_materials(plant: Plant) -> Plant:
    known = plant.materials or (Material(MATERIAL, MATERIAL, "-", 0.5, end={"R4": 1.0}),)
    sound = tuple(m if m.end else replace(m, end={"R4": 1.0}) for m in known)
    held = {known[0].id: 0.1}
    products = tuple(p if p.materials else replace(p, materials=held) for p in plant.products)
    return replace(plant, materials=sound, products=products)


def _with_people(plant: Plant, element: str) -> Plant:
    groups = plant.people or (WorkGroup("-", "-", element, 10),)
    return replace(plant, people=groups)


def _with_permit(plant: Plant, element: str) -> Plant:
    if plant.permits:
        return plant
    limit = Permit("-", "-", element, 1e9, "kg", "year", "-", indicator="air.nox")
    return replace(plant, permits=(limit,))


def _with_target(plant: Plant, element: str) -> Plant:
    if any(t.element == element for t in plant.targets):
        return plant
    year = START.year
    goal = Target("-", "-", "energy.electricity", element, year - 1, year + 9, "-", 1e6, 0.5)
    return replace(plant, targets=(*plant.targets, goal))


def _with_benchmark(plant: Plant) -> Plant:
    mark = Benchmark("energy.per_good_part", 1.0, "kWh", "-", plant.country, START.year, "-")
    return replace(plant, benchmarks=plant.benchmarks or (mark,))


def _grid(plant: Plant) -> GridFactors:
    return GridFactors("-", 0.3, (), 0.3, 2026, "-", "-", plant.gwp_set)


def _one_product(plant: Plant) -> tuple[Product, ...]:
    places = (e.id for e in plant.elements if e.level in ("line", "machine"))
    return (Product(1, "-", dict.fromkeys(places, 60.0), 1.0),)


def _with_factor(plant: Plant, key: str, unit: str) -> Plant:
    given = {"value": 1.0, "unit": unit, "basis": "HHV", "gwp_set": plant.gwp_set, "source": "-"}
    return replace(plant, factors={**plant.factors, key: given})


def _with_price(plant: Plant, carrier: str) -> Plant:
    unit = {"water": "m3", "fuel": "kg"}.get(carrier, "kWh")
    others = tuple(t for t in plant.tariffs if t.carrier != carrier)
    return replace(plant, tariffs=(*others, Tariff(carrier, unit, 1.0)))


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("ecotwin.accounting") / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
