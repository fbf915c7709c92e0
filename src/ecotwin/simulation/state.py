"""Where a run begins: the plant as its frozen image shows it, and what its lines are making.

Nothing is guessed here: a signal that is missing, stale or doubted is left out and named, and the model's unit begins
with its own steady value. What a line makes next is learned from the product signals and counters of the past: how
large orders are, and in which shares and sequence products come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.clock import MINUTE, instant
from ecotwin.plant import Plant
from ecotwin.records import Codes, Floats, Ints, Quality
from ecotwin.records import Image as Frozen
from ecotwin.simulation.contract import Image
from ecotwin.simulation.observed import Observed, stations

_SLOW = {"state", "setpoint"}
_SLOW_HOLD = 10.0
"""States and set-points are told when they change: they hold so many times longer than other values."""


def from_live(plant: Plant, frozen: Frozen, recent: Observed | None = None) -> Image:
    """The model's begin from the plant's frozen image.

    Args:
        plant: The plant. frozen: The newest reading of every signal. recent: Minutes before it: since when machines
            are in their states; None: not known.

    Returns:
        Values of trusted signals, seconds in the present state, and the signals that gave none.
    """
    values: dict[str, float] = {}
    unknown: list[str] = []
    for signal in plant.signals:
        hold = signal.hold_s * (_SLOW_HOLD if signal.form in _SLOW else 1.0)
        value = float(frozen.value[signal.index])
        trusted = (
            np.isfinite(value)
            and frozen.age_s(signal.index) <= hold
            and frozen.quality[signal.index] <= Quality.ESTIMATED
        )
        if trusted:
            values[signal.id] = value
        else:
            unknown.append(signal.id)
    since = {} if recent is None else _since(recent, frozen.taken_at)
    return Image(instant(frozen.taken_at), values, since, tuple(unknown))


def _since(recent: Observed, now: int) -> dict[str, float]:
    """Machine -> seconds in its present state, at least; machines without a known state are left out."""
    found = {}
    for n, machine in enumerate(recent.machines):
        codes = recent.codes[:, n]
        if not len(codes) or codes[-1] < 0:
            continue
        other = np.flatnonzero(codes != codes[-1])
        first = int(other[-1]) + 1 if len(other) else 0
        found[machine] = max(0.0, (now - int(recent.at[first])) / 1e6)
    return found


@dataclass(frozen=True, slots=True)
class Campaign:
    """Parts of one product that a line made in a row.

    Attributes:
        line, product: Which. start, end: From its product's first minute to the next one's [us UTC]. parts: Entered
            the line. busy_h: Hours in which some did. whole: Its begin and its end were both seen.
    """

    line: str
    product: int
    start: int
    end: int
    parts: float
    busy_h: float
    whole: bool


@dataclass(frozen=True, slots=True)
class LineMinutes:
    """What entered a line, minute by minute.

    Attributes:
        at: Begin of each minute [us UTC]. product: Code, -1 unknown. parts: Parts that entered.
    """

    at: Ints
    product: Codes
    parts: Floats


def line_minutes(seen: Observed) -> dict[str, LineMinutes]:
    """Line -> its minutes in a window."""
    found = {}
    for n, line in enumerate(seen.lines):
        first = seen.of(stations(seen.plant, line)[0].id)
        found[line] = LineMinutes(seen.at, seen.product[:, n], np.nan_to_num(seen.parts[:, first]))
    return found


def campaigns(days: Sequence[Mapping[str, LineMinutes]]) -> tuple[Campaign, ...]:
    """What lines made one after the other, from stretches in the order of time."""
    found: list[Campaign] = []
    for line in dict.fromkeys(line for day in days for line in day):
        parts = [day[line] for day in days if line in day]
        joined = LineMinutes(
            *(np.concatenate([getattr(p, n) for p in parts]) for n in ("at", "product", "parts"))
        )
        found += _campaigns_of(line, joined)
    return tuple(found)


def _campaigns_of(line: str, seen: LineMinutes) -> list[Campaign]:
    known = seen.product >= 0
    at, product, parts = (a[known] for a in (seen.at, seen.product, seen.parts))
    if not len(at):
        return []
    broken = np.diff(at) > 30 * MINUTE
    edges = np.flatnonzero((product[1:] != product[:-1]) | broken) + 1
    found = []
    for a, b in zip([0, *edges], [*edges, len(at)], strict=True):
        cut = a == 0 or broken[a - 1] or b == len(at) or broken[b - 1]
        made = parts[a:b]
        found.append(
            Campaign(
                line,
                int(product[a]),
                int(at[a]),
                int(at[b - 1]) + MINUTE,
                float(made.sum()),
                float((made > 0.0).sum()) / 60.0,
                not cut,
            )
        )
    return found


@dataclass(frozen=True)
class Custom:
    """What a line is used to make.

    Attributes:
        mix: Product -> share of parts. order_h, order_sd_h: Working time of an order, and its spread [h]. orders: How
            many were seen whole. product: Being made, -1 unknown. done_h: Working time spent on it so far [h].
    """

    mix: Mapping[int, float]
    order_h: float
    order_sd_h: float
    orders: int
    product: int
    done_h: float

    def left(self) -> tuple[float, float]:
        """Mean and spread of the working time left of the present order [h], given how long it has been made.

        Orders are taken to be spread evenly about their mean: the simplest shape with a longest order.
        """
        half = np.sqrt(3.0) * self.order_sd_h
        low, high = max(0.0, self.order_h - half), self.order_h + half
        low = max(low, self.done_h)
        # One that is longer than all before it may end at any time within a tenth of an order.
        high = max(high, low + 0.1 * self.order_h)
        return 0.5 * (low + high) - self.done_h, (high - low) / np.sqrt(12.0)


_USUAL_ORDER_H, _USUAL_ORDER_SD = 6.0, 0.4
_PRIOR_ORDERS = 2.0


def customs(plant: Plant, made: Sequence[Campaign]) -> dict[str, Custom]:
    """What each line is used to make, from its campaigns; orders are measured in minutes in which parts came.

    With few whole orders their length is shrunk to 6 h with a spread of 0.4 of it (stated assumption, worth two of
    them).
    """
    found = {}
    for line in dict.fromkeys(c.line for c in made):
        own = [c for c in made if c.line == line]
        parts = {p.code: 0.0 for p in plant.products}
        for c in own:
            parts[c.product] = parts.get(c.product, 0.0) + c.parts
        total = sum(parts.values())
        whole = np.array([c.busy_h for c in own if c.whole and c.parts > 0.0])
        n = len(whole)
        mean = (float(whole.sum()) + _PRIOR_ORDERS * _USUAL_ORDER_H) / (n + _PRIOR_ORDERS)
        square = float(((whole - mean) ** 2).sum()) + _PRIOR_ORDERS * (_USUAL_ORDER_SD * mean) ** 2
        found[line] = Custom(
            {code: amount / total for code, amount in sorted(parts.items()) if amount > 0.0},
            mean,
            float(np.sqrt(square / (n + _PRIOR_ORDERS))),
            n,
            own[-1].product,
            own[-1].busy_h,
        )
    return found
