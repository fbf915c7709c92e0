"""Lines of books and meters, each an amount times factors, and the figure that they come to.

A booking that the period cuts counts by its share of the time, and that part is an estimate. One meter and one
factor err alike wherever they are used; different ones err apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ecotwin.accounting.contract import Desk
from ecotwin.accounting.factors import one_gwp_set
from ecotwin.accounting.scope3 import Part
from ecotwin.accounting.steps import LEFT_OVER_SD
from ecotwin.accounting.uncertainty import Uncertain, first_order
from ecotwin.clock import local_day
from ecotwin.errors import EcotwinError, FactorGap, FigureGap, FileFault
from ecotwin.records import Booking, FactorUse, Input, Measure

BOOKED = 0.02
"""Half of the 95 % interval of a booked amount as a share of it (stated assumption: a calibrated weighbridge)."""
_SHOWN, _NAMED = 12, 3


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a figure.

    Attributes:
        label: The part of the split that it belongs to. name: Of the input, for the reader.
        amount: [unit]. factors: What it is multiplied by.
        errs: Id of the amount's error: a meter, or `kind/id` of a booking. error: Half of its 95 % interval as a share.
        estimated: Share of the amount that is an estimate. measure: Id of the figure that it comes from.
        primary_share: Share of the factors that rests on the supplier's own data [%].
    """

    label: str
    name: str
    amount: float
    unit: str
    factors: tuple[FactorUse, ...]
    errs: str
    error: float = 0.0
    estimated: float = 0.0
    coverage: float = 1.0
    measure: str = ""
    primary_share: float = 0.0

    @property
    def value(self) -> float:
        """Amount x factors."""
        return self.amount * math.prod(f.value for f in self.factors)

    @property
    def product(self) -> tuple[Uncertain, ...]:
        """Amount and factors with their errors, as `uncertainty.first_order` and `montecarlo.simulate` take them."""
        scaled = Uncertain(self.errs, 1.0, self.error)
        factors = (Uncertain(f.id, f.value, abs(f.value) * f.uncertainty) for f in self.factors)
        return (Uncertain("", self.amount), scaled, *factors)


def under(desk: Desk, kind: str, element: str) -> tuple[Booking, ...]:
    """Bookings of a kind at an element and below it."""
    return tuple(desk.book.of_kind(kind, (e.id for e in desk.plant.under(element))))


def cut(desk: Desk, booking: Booking) -> tuple[float, float]:
    """Share of a booking that falls into the period, and how much of that is an estimate (all or nothing)."""
    share = desk.book.share(booking)
    return share, float(share < 1.0 - 1e-12)


def one_currency(desk: Desk, booking: Booking) -> None:
    """Check that an amount of money is in one currency.

    Raises:
        FigureGap: The plant's currency changed within the booking's span: nobody knows which part is in which.
    """
    for change in desk.plant.changes:
        begin = local_day(change.since, desk.plant.zone).start
        if change.currency and booking.period.start < begin < booking.period.end:
            raise FigureGap(
                f"the {booking.kind} {booking.id} spans the change of the currency to {change.currency} "
                f"on {change.since}",
                expected="money before and after it in rows of their own",
                remedy=f"cut the row at {change.since}, each part in the currency of its time",
            )


def amount_error(guess: float) -> float:
    """Half of the 95 % interval of a booked amount as a share of it; `guess`: 1 where the period cuts it."""
    return math.hypot(BOOKED, 1.96 * LEFT_OVER_SD * guess)


def booked(
    desk: Desk,
    booking: Booking,
    label: str,
    name: str,
    amount: float,
    unit: str,
    factors: Sequence[FactorUse],
    primary_share: float = 0.0,
) -> Line:
    """The line of a booking; `amount` is that of the whole booking."""
    share, guess = cut(desk, booking)
    return Line(
        label, name, amount * share, unit, tuple(factors), f"{booking.kind}/{booking.id}",
        amount_error(guess), guess, primary_share=primary_share,
    )  # fmt: skip


def of_part(part: Part, label: str, errs: str, error: float, estimated: float) -> Line:
    """The line of a part of a scope 3 category."""
    return Line(
        label, part.name, part.amount, part.unit, (part.factor,), errs, error, estimated,
        primary_share=part.primary_share,
    )  # fmt: skip


def metered_lines(
    figure: Measure, label: str, errs: str, shared: float, factors: tuple[FactorUse, ...] = ()
) -> Line:
    """A figure of meters as one line.

    Args:
        figure: The figure. label: Its part of the split.
        errs: Id of the meters' error. shared: Relative half-width of it: the rest of the figure's interval is its own.
        factors: None: the figure's own value counts, with the rest of its interval as an error of its own.
    """
    half = (figure.high - figure.low) / 2.0
    own = math.sqrt(max(0.0, half**2 - (figure.value * shared) ** 2))
    rest = own / abs(figure.value) if figure.value else 0.0
    made = factors or (FactorUse(f"rest of {figure.id}", 1.0, "1", "", 0, "", "", "", rest),)
    return Line(
        label, figure.indicator, figure.value, figure.unit, made, errs, shared,
        figure.estimated_share, figure.coverage, figure.id,
    )  # fmt: skip


def relative(figure: Measure | None) -> float:
    """Half of a figure's 95 % interval as a share of it."""
    return (figure.high - figure.low) / 2.0 / abs(figure.value) if figure and figure.value else 0.0


def each(
    what: str, bookings: Iterable[Booking], make: Callable[[Booking], Iterable[Line]]
) -> list[Line]:
    """Lines of all bookings.

    Raises:
        FigureGap: Some cannot be had; every one is named, with what the others come to.
    """
    lines: list[Line] = []
    faults: dict[str, EcotwinError] = {}
    failed = total = 0
    for booking in bookings:
        total += 1
        try:
            lines += make(booking)
        except (FactorGap, FigureGap, FileFault) as fault:
            failed += 1
            faults.setdefault(fault.found, fault)
        except KeyError as missing:
            failed += 1
            words = f"the {booking.kind} {booking.id} tells no {missing.args[0]}"
            faults.setdefault(words, FigureGap(words, remedy=f"complete {booking.kind}.csv"))
    if faults:
        shown = list(faults)[:_SHOWN]
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        had = sum(line.value for line in lines)
        raise FigureGap(
            f"{what} cannot be had: {failed} of {total} bookings lack something: {'; '.join(shown)}{more}; "
            f"the others come to {had:.6g}",
            expected="a factor and an amount for each",
            remedy="; ".join(dict.fromkeys(f.remedy for f in list(faults.values())[:_SHOWN])),
        )
    return lines


def figure(
    desk: Desk, element: str, indicator: str, unit: str, lines: Sequence[Line], method: str,
    none: str = "bookings",
) -> Measure:  # fmt: skip
    """What lines come to; without any a zero that says so: for a book that is kept and holds nothing of the period.

    Raises:
        FactorGap: Factors of different GWP sets would be mixed.
    """
    uses = {f.id: f for line in lines for f in line.factors if f.source}
    one_gwp_set(uses.values())
    value, half = first_order(line.product for line in lines)
    weight = sum(abs(line.value) for line in lines)
    weighed = [(abs(line.value) / weight if weight else 1.0 / len(lines), line) for line in lines]
    split: dict[str, float] = {}
    for line in lines:
        split[line.label] = split.get(line.label, 0.0) + line.value
    value = sum(split.values()) if split else value
    return Measure(
        element,
        indicator,
        value,
        unit,
        desk.period,
        min(1.0, sum(w * line.coverage for w, line in weighed)) if lines else 1.0,
        min(1.0, sum(w * line.estimated for w, line in weighed)),
        value - half,
        value + half,
        method,
        tuple(_inputs(lines)) or (Input(none, 0.0, "1"),),
        tuple(uses.values()),
        value,
        1.0,
        split,
    )


def _inputs(lines: Iterable[Line]) -> Iterator[Input]:
    """One input for each name, unit and figure behind it, with the ids of its bookings."""
    found: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.name, line.unit, line.measure), []).append(line)
    for (name, unit, measure), rows in found.items():
        amount = sum(line.amount for line in rows)
        yield Input(f"{name}{_behind(rows)}", amount, unit, "", rows[0].coverage, measure)


def _behind(rows: Sequence[Line]) -> str:
    """Which bookings stand behind an input: all of a few, else the first, the last and how many."""
    ids = list(dict.fromkeys(line.errs.partition("/")[2] for line in rows if "/" in line.errs))
    if len(ids) > _NAMED:
        return f" ({len(ids)} bookings, {ids[0]} to {ids[-1]})"
    return f" ({', '.join(ids)})" if ids else ""
