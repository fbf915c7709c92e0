"""Checks a plant against a set of required figures: which can be had, and what is missing for the others.

Nothing is measured here: every KPI is run over a week in which all signals of the plant read well, so that only what
the plant file lacks can be in the way. What that is (a meter, a factor, a price, a product's mass) shows by giving the
plant everything but one thing. The figures of these runs are thrown away.

Sources: the frameworks and their editions stand in `frameworks.csv`, what they require in `requirements.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import Any

import numpy as np

from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.contract import Booked, Desk, Kpi
from ecotwin.clock import Period, local_month
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATES, Basin, GridFactors, Plant, Product, Shift, Signal, Tariff
from ecotwin.plugs import load_all
from ecotwin.records import Booking, Window

Mend = tuple[str, Callable[[Plant], Plant]]
"""What a plant file may lack, and how to give it."""
_START = datetime(2026, 6, 1, tzinfo=UTC)
_STEPS = 7 * 24
_AMPLE = {"material_mass": 1e6}
"""Amounts a step that are not 1: more material than the product weighs, whatever it weighs [kg]."""
_ALWAYS = Shift("-", tuple(range(7)), time(0), time(23, 59))
_STATIC = ("gauge", "state", "setpoint")


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
    lacking = _lacking(plant, place) | not_booked(plant, place, tuple(books))
    wanted = [r for r in requirements() if r.framework == chosen] or [
        Requirement("catalogue", i.id, i.name, (i.id,)) for i in indicators().values()
    ]
    return tuple(_answer(r, lacking) for r in wanted)


def _answer(requirement: Requirement, lacking: Mapping[str, tuple[str, ...]]) -> Answer:
    if not requirement.indicators:
        word = f"no figure here answers {requirement.id} ({requirement.name}): report it from elsewhere"
        return Answer(requirement, False, (word,))
    words = [word for i in requirement.indicators for word in lacking.get(i, ())]
    return Answer(requirement, not words, tuple(dict.fromkeys(words)))


def _lacking(plant: Plant, element: str) -> dict[str, tuple[str, ...]]:
    """Indicator -> what is missing for it; those that can be had are not in it."""
    lacking: dict[str, tuple[str, ...]] = {}
    for kpi in accounts.kpis().values():
        had, said = _tried(kpi, plant, element)
        without = set(kpi.indicators) - had
        if not without:
            continue
        mends = _mends(plant)
        could = _tried(kpi, _mended(plant, mends), element)[0]
        needed: dict[str, list[str]] = {i: [] for i in without}
        for mend in mends if could & without else ():
            rest, words = _tried(kpi, _mended(plant, [m for m in mends if m is not mend]), element)
            for indicator in (without & could) - rest:
                needed[indicator] += words or (f"{mend[0]} is not given",)
        for indicator in without:
            words = tuple(dict.fromkeys(needed[indicator]))
            if not words and indicator in could:
                words = said or ("several things that the plant file lacks are in the way",)
            takes = indicators()[indicator].formula
            lacking[indicator] = words or (
                f"no signal of {element} feeds {indicator} (it takes: {takes})",
            )
    return lacking


def not_booked(
    plant: Plant, element: str, books: tuple[Booking, ...]
) -> dict[str, tuple[str, ...]]:
    """Indicator of the booked plugs -> what is missing for it, where every meter reads well."""
    plugs: dict[str, Booked] = load_all("accounting.booked")
    metered = {i for kpi in accounts.kpis().values() for i in kpi.indicators}
    desk = good_desk(plant, books)
    lacking: dict[str, tuple[str, ...]] = {}
    for plug in plugs.values():
        made, gaps = plug.figures(desk, element)
        had = {m.indicator for m in made} | metered
        for name in set(plug.indicators) - had:
            number = name.removeprefix("ghg.scope3_cat")
            told = tuple(g for g in gaps if name in g or f"category {number} " in g)
            kinds = ", ".join(plug.kinds)
            lacking[name] = told or (
                f"{name} is made from books of {kinds}: what is booked does not give it",
            )
    return lacking


def good_desk(plant: Plant, books: tuple[Booking, ...]) -> Desk:
    """A desk on which every meter reads well: over the year of the newest row of books, else over a week."""
    period = Period(_START, _START + timedelta(hours=_STEPS))
    if books:
        year = max(b.period.start for b in books).astimezone(plant.zone).year
        first, last = (local_month(year, month, plant.zone) for month in (1, 12))
        period = Period(first.start, last.end)
    window = good_hours(plant, tuple(range(len(plant.signals))), period)
    metered = {(m.element, m.indicator): m for m in accounts.run(plant, [window]).measures}
    return Desk(plant, period, Book.of(period, books), metered, partial(_of_hours, window))


def _of_hours(window: Window, signals: Sequence[int], step_s: int) -> Window:
    """Some signals of the window, in shorter steps where they are asked for."""
    times, chosen = max(1, window.step_s // step_s), list(signals)

    def cut(column: Any) -> Any:
        return np.repeat(column[:, chosen], times, axis=0)

    return Window(
        window.period, window.step_s // times, tuple(chosen), cut(window.mean), cut(window.low),
        cut(window.high), cut(window.last), cut(window.amount) / times, cut(window.covered),
        cut(window.estimated), cut(window.count),
    )  # fmt: skip


def _tried(kpi: Kpi, plant: Plant, element: str) -> tuple[set[str], tuple[str, ...]]:
    """Indicators that a KPI gives over the good week, and its words on the others."""
    week = _good_week(plant, kpi.needs(plant, element))
    made = accounts.run(plant, [week], [element], {kpi.name: kpi})
    return {m.indicator for m in made.measures}, tuple(text for _, text in made.gaps)


def _mended(plant: Plant, mends: Iterable[Mend]) -> Plant:
    for _, give in mends:
        plant = give(plant)
    return plant


def _mends(plant: Plant) -> list[Mend]:
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
    ]


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


def _good_week(plant: Plant, needs: tuple[int, ...]) -> Window:
    """A week of hours in which these signals read well."""
    return good_hours(plant, needs, Period(_START, _START + timedelta(hours=_STEPS)))


def good_hours(plant: Plant, needs: tuple[int, ...], period: Period) -> Window:
    """Hours in which these signals read well: everything runs, and makes good parts."""
    steps = round(period.hours)
    shape = (steps, len(needs))
    mean, amount = np.ones(shape), np.ones(shape)
    for column, index in enumerate(needs):
        signal = plant.signals[index]
        mean[:, column] = _level(plant, signal)
        amount[:, column] = np.nan if signal.form in _STATIC else _AMPLE.get(signal.means, 1.0)
    last = mean + np.where(np.isnan(amount), 0.0, np.arange(steps)[:, None])
    return Window(
        period, 3600, needs, mean, mean, mean, last, amount,
        np.ones(shape), np.zeros(shape), np.full(shape, 60, np.int64),
    )  # fmt: skip


def _level(plant: Plant, signal: Signal) -> float:
    if signal.means == "product":
        return float(plant.products[0].code) if plant.products else 1.0
    if signal.means == "state":
        return float(STATES["busy"])
    if signal.means == "o2_share":
        return 5.0
    return 1.0


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("ecotwin.accounting") / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
