"""Factors that stand in the book of factors: the one row of a key that holds on a day, never a guess."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from ecotwin.accounting.book import Book, share_within
from ecotwin.clock import Period
from ecotwin.errors import FactorGap, UnitFault
from ecotwin.plant.model import Plant
from ecotwin.records import Booking, FactorUse
from ecotwin.units import conversion


class BookFactors:
    """The book of factors of one period."""

    def __init__(self, plant: Plant, book: Book) -> None:
        self._plant = plant
        self._rows: dict[str, list[Booking]] = {}
        for row in book.of_kind("factor"):
            self._rows.setdefault(row.text("key"), []).append(row)

    def known(self, key: str) -> bool:
        """Whether any row of the period bears this key."""
        return key in self._rows

    def at(self, key: str, moment: datetime) -> FactorUse:
        """The factor that holds at a moment.

        Raises:
            FactorGap: None does, or two do, or the one is not sound.
        """
        rows = [r for r in self._rows.get(key, ()) if moment in r.period]
        day = moment.astimezone(self._plant.zone).date()
        if not rows:
            near = sorted(k for k in self._rows if k.split("/")[0] == key.split("/")[0])
            raise FactorGap(
                f"no factor {key!r} holds on {day}",
                expected="a row of the book of factors with its source, place and year"
                + (f"; there are {', '.join(near)}" if near else ""),
                remedy=f"write {key!r} into factor.csv",
            )
        if len(rows) > 1:
            raise FactorGap(
                f"the factors {', '.join(r.id for r in rows)} all hold for {key!r} on {day}",
                expected="one factor a day for one use",
                remedy="end the earlier row where the later begins",
            )
        return self._use(key, rows[0])

    def over(self, key: str, period: Period) -> tuple[tuple[float, FactorUse], ...]:
        """Factors that hold in a period, each with its share of the time; the shares sum to 1.

        Raises:
            FactorGap: Some part of the period has none, or two.
        """
        edges = {period.start, period.end}
        for row in self._rows.get(key, ()):
            edges |= {e for e in (row.period.start, row.period.end) if e in period}
        cuts = sorted(edges)
        pieces = [Period(a, b) for a, b in pairwise(cuts)]
        return tuple((share_within(period, p), self.at(key, p.start)) for p in pieces)

    def _use(self, key: str, row: Booking) -> FactorUse:
        use = FactorUse(
            f"book/{key}/{row.id}",
            row.number("value"),
            row.text("unit"),
            row.text("place"),
            int(row.number("year")),
            row.source,
            row.text("version"),
            row.text("gwp_set"),
            row.number("uncertainty", 0.0),
            row.text("basis"),
        )
        if use.value == 0.0:
            raise FactorGap(
                f"the factor {use.id} is zero",
                expected="a published value: zero says that nobody knows it",
                remedy="give the value, or remove the row",
            )
        return of_set(self._plant, use)


def of_set(plant: Plant, use: FactorUse) -> FactorUse:
    """The factor, if it is weighed by the plant's GWP set or weighs no gas.

    Raises:
        FactorGap: It is of another set, or does not tell.
    """
    weighs = use.unit.startswith("kgCO2e")
    if use.gwp_set == plant.gwp_set or (not use.gwp_set and not weighs):
        return use
    told = f"is of {use.gwp_set}" if use.gwp_set else "does not tell its GWP set"
    raise FactorGap(
        f"the factor {use.id} {told}, the plant reports in {plant.gwp_set}",
        expected="one GWP set in a total",
        remedy=f"give it in {plant.gwp_set}",
    )


def in_unit_of(factor: FactorUse, amount: float, unit: str, above: str = "kgCO2e") -> float:
    """An amount in the unit that a factor is per.

    >>> f = FactorUse("f", 2.7, "kgCO2e/l", "DE", 2026, "s", "1", "AR6")
    >>> in_unit_of(f, 2.0, "m3")
    2000.0

    Raises:
        FactorGap: The factor is no emission, or is per something else.
    """
    top, _, below = factor.unit.partition("/")
    if top == above and below == unit:
        return amount
    try:
        if top != above:
            raise UnitFault(factor.unit)
        return amount * conversion(unit, below)[0]
    except UnitFault:
        raise FactorGap(
            f"the factor {factor.id} is in {factor.unit}, the amount in {unit}",
            expected=f"{above}/{unit}",
            remedy=f"give the factor per {unit}, or the amount in {below}",
        ) from None
