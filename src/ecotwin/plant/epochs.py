"""The plant as its terms were: factors, prices, currency and GWP set change on known days."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from ecotwin.clock import Period, local_day
from ecotwin.plant.model import Change, Plant


def epochs(plant: Plant, period: Period) -> tuple[tuple[Period, Plant], ...]:
    """A period cut where terms changed, each piece with the plant as it was then.

    >>> from datetime import UTC, date, datetime
    >>> plant = Plant("p", "P", "UTC", "HRK", "HR", (), (), (), changes=(
    ...     Change(date(2023, 1, 1), "euro introduced", currency="EUR"),))
    >>> both = Period(datetime(2022, 12, 1, tzinfo=UTC), datetime(2023, 2, 1, tzinfo=UTC))
    >>> [(p.hours / 24, then.currency) for p, then in epochs(plant, both)]
    [(31.0, 'HRK'), (31.0, 'EUR')]
    """
    pieces: list[tuple[Period, Plant]] = []
    start, now = period.start, _plants(plant, plant.changes)
    for number, change in enumerate(plant.changes):
        begin = local_day(change.since, plant.zone).start
        if begin <= start:
            continue
        if begin >= period.end:
            return (*pieces, (Period(start, period.end), now[number]))
        pieces.append((Period(start, begin), now[number]))
        start = begin
    return (*pieces, (Period(start, period.end), now[-1]))


_made: dict[int, tuple[Plant, tuple[Plant, ...]]] = {}


def _plants(plant: Plant, changes: tuple[Change, ...]) -> tuple[Plant, ...]:
    """The plant before the first change and after each; the same objects every time."""
    known = _made.get(id(plant))
    if known is not None and known[0] is plant:
        return known[1]
    plants = [plant]
    for change in changes:
        last = plants[-1]
        tariffs = last.tariffs if change.tariffs is None else change.tariffs
        plants.append(
            replace(
                last,
                currency=change.currency or last.currency,
                gwp_set=change.gwp_set or last.gwp_set,
                tariffs=tariffs,
                grid=change.grid or last.grid,
                factors={**last.factors, **change.factors},
            )
        )
    if len(_made) > 16:
        _made.clear()
    _made[id(plant)] = (plant, tuple(plants))
    return tuple(plants)


def terms_digest(plant: Plant) -> str:
    """What figures depend on beside readings: prices, factors, products, calendar, flow graph, meters.

    Names and addresses are not in it: a machine that is called otherwise has the same figures.

    >>> plant = Plant("p", "P", "UTC", "EUR", "DE", (), (), ())
    >>> terms_digest(plant) == terms_digest(replace(plant, name="Q"))
    True
    >>> terms_digest(plant) == terms_digest(replace(plant, gwp_set="AR5"))
    False
    """
    signals = [
        (s.id, s.means, s.form, s.unit, s.accuracy, s.waste_code, s.treatment, s.material)
        for s in plant.signals
    ]
    elements = [
        (e.id, e.level, e.parent, e.kind, sorted(e.kind_facts.items())) for e in plant.elements
    ]
    parts = (
        plant.timezone, plant.currency, plant.country, plant.gwp_set, plant.tariffs, plant.grid,
        sorted((k, sorted(v.items())) for k, v in plant.factors.items()), plant.products,
        plant.shifts, plant.holidays, plant.balances, plant.outdoor, signals, elements,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()
