"""Water reused and stored, by bookings; consumption with the change of what is stored taken off.

Where a change of storage is booked, the consumption, scarcity and share at risk given here take the place of the
metered ones of the same element and period.

Sources: ESRS E3 (consumption = withdrawals - discharges - change in storage); WULCA, AWARE.
"""

from __future__ import annotations

from ecotwin.accounting.contract import Desk
from ecotwin.accounting.entries import Sum, booked_sum, entries, joined, of_measure, ratio, told
from ecotwin.accounting.kpis.water import aware_use, basin_of
from ecotwin.clock import instant
from ecotwin.errors import FactorGap
from ecotwin.plant.model import Basin
from ecotwin.records import Booking, Measure


class BookedWater:
    """`water.reused` with its share, `water.stored_change`, and consumption with it."""

    name = "water"
    indicators = (
        "water.reused",
        "water.reused_share",
        "water.stored_change",
        "water.consumption",
        "water.scarcity",
        "water.at_risk",
    )
    kinds = ("water_reuse", "water_storage")

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Figures of an element that has such bookings."""
        made, words = _reused(desk, element)
        stored, doubts = _stored(desk, element)
        return made + stored, words + doubts


def _reused(desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
    rows = entries(desk, element, "water_reuse")
    wrong = [b for b, _ in rows if b.number("volume_m3") < 0.0]
    words = [
        f"The booking water_reuse {b.id} says {b.number('volume_m3'):g} m3, and no water is reused a negative "
        "number of times: it is left out until it is corrected."
        for b in wrong
    ]
    rows = [(b, share) for b, share in rows if b not in wrong]
    if not rows:
        return [], words
    total = booked_sum(rows, lambda b: b.number("volume_m3"), "m3")
    made = [told(desk, element, "water.reused", "m3", total, "water/2: sum of booked reuse")]
    taken = desk.metered.get((element, "water.in"))
    if taken is None:
        name = desk.plant.element(element).name
        words.append(
            f"The share of water reused of {name} cannot be had: its intake is not metered."
        )
    elif taken.value + total.value > 0.0:
        whole = joined((of_measure(taken), total))
        method = "water/2: reused / (taken in + reused)"
        made.append(
            ratio(desk, element, "water.reused_share", total, whole, method, "water reused")
        )
    return made, words


def _stored(desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
    rows = entries(desk, element, "water_storage")
    if not rows:
        return [], []
    change = booked_sum(rows, lambda b: b.number("change_m3"), "m3")
    made = [
        told(desk, element, "water.stored_change", "m3", change, "water/2: sum of booked changes")
    ]
    taken, let_out = (desk.metered.get((element, f"water.{side}")) for side in ("in", "out"))
    name = desk.plant.element(element).name
    if taken is None or let_out is None:
        side = "takes in" if taken is None else "discharges"
        return made, [f"Consumption of water of {name} cannot be had: what it {side} is not known."]
    less = Sum(-change.value, change.half, change.estimated, change.coverage, change.inputs)
    used = joined((of_measure(taken), of_measure(let_out, -1.0), less))
    if used.value < 0.0:
        told_it = (
            f"{name} would have consumed {used.value:.4g} m3 of water: taken in {taken.value:.4g}, discharged "
            f"{let_out.value:.4g}, stored {change.value:+.4g} m3. No consumption is negative: look at the bookings "
            "of storage and at the meters."
        )
        return made, [told_it]
    method = "water/2: taken in - discharged - change in storage"
    made.append(told(desk, element, "water.consumption", "m3", used, method))
    try:
        made += _weighed(desk, element, used, rows, basin_of(desk.plant))
    except FactorGap as gap:
        return made, [str(gap)]
    return made, []


def _weighed(
    desk: Desk, element: str, used: Sum, rows: list[tuple[Booking, float]], basin: Basin
) -> list[Measure]:
    """Scarcity and water at risk of the consumption; stored water takes the factor of the booking's time."""
    metered = desk.metered.get((element, "water.scarcity"))
    if metered is None or used.value == 0.0:
        factor = _factor(desk, basin, desk.period.start_us, desk.period.end_us)
    else:
        changed = sum(
            b.number("change_m3") * share * _factor(desk, basin, b.period.start_us, b.period.end_us)
            for b, share in rows
        )
        factor = (metered.value - changed) / used.value
    uses = (
        metered.factors
        if metered is not None
        else tuple(
            aware_use(basin, value, n if len(basin.aware) > 1 else None)
            for n, value in enumerate(basin.aware, 1)
        )
    )
    words = "lies" if basin.at_risk else "does not lie"
    return [
        told(
            desk, element, "water.scarcity", "m3 world-eq", used,
            "water/2: consumption x AWARE factor of the month, else of the year; stored water by its booking's time",
            factor=factor, factors=uses,
        ),
        told(
            desk, element, "water.at_risk", "m3", used,
            f"water/2: consumption in areas at water risk; {basin.name} {words} in one",
            factor=1.0 if basin.at_risk else 0.0,
        ),
    ]  # fmt: skip


def _factor(desk: Desk, basin: Basin, start_us: int, end_us: int) -> float:
    """Mean scarcity factor over a span within the period, by days."""
    if len(basin.aware) == 1:
        return basin.aware[0]
    low, high = max(start_us, desk.period.start_us), min(end_us, desk.period.end_us)
    day = 86_400_000_000
    moments = range(low, max(high, low + 1), day)
    months = [instant(m).astimezone(desk.plant.zone).month for m in moments]
    return sum(basin.aware[m - 1] for m in months) / len(months)


plug = BookedWater()
