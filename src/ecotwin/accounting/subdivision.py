"""Which use belongs to which product without any key: what a machine or a line used while it made one product.

Rules of time, minute by minute:

- A machine's product is the one that its product signal names, held until it names another: idle, standby and off
  minutes go to the product that **precedes**.
- Set-up minutes go to the product that **follows** (the first one named after the set-up), as they are spent for it.
- What a line's own meter shows beside its machines goes to the product of the line.
- Time in which no product is named, or one that the plant file does not know, is *no product*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ecotwin.accounting.amounts import use_terms
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.production import product_codes, product_signal
from ecotwin.accounting.remembered import Remembered
from ecotwin.accounting.steps import Steps
from ecotwin.plant.model import STATES, Plant, Signal
from ecotwin.records import Codes, Floats

Terms = tuple[tuple[float, Signal], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of the plant that makes one product at a time.

    Attributes:
        element: The machine, or the line whose meter shows more than its machines. terms: Its own use of the carrier.
    """

    element: str
    terms: Terms


def units(plant: Plant, element: str, carrier: str) -> tuple[Unit, ...]:
    """The parts of an element that use a carrier and know their product; none counts twice."""
    found: list[Unit] = []
    for place in _makers(plant, element):
        below = [e.id for e in plant.under(place) if e.level == "machine"]
        own = [(m, _terms(plant, m, carrier)) for m in below]
        found += [Unit(m, terms) for m, terms in own if terms]
        if plant.element(place).level == "machine":
            continue
        beside = _less(_terms(plant, place, carrier), [t for _, terms in own for t in terms])
        found += [Unit(place, beside)] if beside else []
    return tuple(found)


def made_by(steps: Steps, element: str) -> Codes:
    """[steps] code of the product that a machine or line makes; -1 where none is named."""
    known = _codes(steps)
    if element not in known:
        known[element] = _product(steps, element)
    return known[element]


def shown(plant: Plant, element: str) -> Iterable[Signal]:
    """Signals that tell products and states below an element."""
    for place in _makers(plant, element):
        for e in plant.under(place):
            for signal in (plant.find(e.id, "state"), product_signal(plant, e.id)):
                if signal is not None:
                    yield signal


def _makers(plant: Plant, element: str) -> tuple[str, ...]:
    """Lines below an element whose product is told, and machines outside such lines that tell their own."""
    found: list[str] = []
    taken: set[str] = set()
    for e in plant.under(element):
        told = product_signal(plant, e.id) is not None
        if e.id in taken or e.level not in ("line", "machine") or not told:
            continue
        found.append(e.id)
        taken |= {x.id for x in plant.under(e.id)}
    return tuple(found)


def _terms(plant: Plant, element: str, carrier: str) -> Terms:
    use = flows_of(plant).use(element, carrier)
    return use_terms(use) if use else ()


def _less(whole: Terms, parts: Iterable[tuple[float, Signal]]) -> Terms:
    signs: dict[str, float] = {}
    signals: dict[str, Signal] = {}
    for sign, signal in (*whole, *((-sign, signal) for sign, signal in parts)):
        signs[signal.id] = signs.get(signal.id, 0.0) + sign
        signals[signal.id] = signal
    # A line without a meter of its own is the sum of its machines: nothing is left beside them.
    return tuple((sign, signals[name]) for name, sign in signs.items() if sign) if whole else ()


def _product(steps: Steps, element: str) -> Codes:
    codes = product_codes(steps, steps.plant, element)
    state, _ = steps.states(element)
    setting = state == STATES["setup"]
    if not setting.any():
        return codes
    n = len(codes)
    after = np.where(setting, n, np.arange(n))
    after = np.minimum.accumulate(after[::-1])[::-1]
    follows: Codes = np.where(setting & (after < n), codes[np.minimum(after, n - 1)], codes)
    return follows


def _none(_: Steps) -> dict[str, Codes]:
    return {}


_codes = Remembered(_none, size=3)


def sums_by(
    steps: Steps, parts: Iterable[Unit], values: Callable[[Unit], Floats]
) -> dict[int, Floats]:
    """Product code -> [steps] amounts of all parts while they made it."""
    found: dict[int, Floats] = {}
    for part in parts:
        amount, codes = values(part), made_by(steps, part.element)
        for code in np.unique(codes):
            here = found.setdefault(int(code), np.zeros(steps.window.steps))
            here += np.where(codes == code, amount, 0.0)
    return found
