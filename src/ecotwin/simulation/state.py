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
from ecotwin.records import Bools, Codes, Floats, Ints, Quality
from ecotwin.records import Image as Frozen
from ecotwin.simulation.contract import Image
from ecotwin.simulation.observed import SETUP, Observed, run_s, stations

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
            the line. whole: Its begin and its end were both seen. setup_min: Minutes of set-up at its begin.
    """

    line: str
    product: int
    start: int
    end: int
    parts: float
    whole: bool
    setup_min: float


@dataclass(frozen=True, slots=True)
class LineMinutes:
    """What entered a line, minute by minute.

    Attributes:
        at: Begin of each minute [us UTC]. product: Code, -1 unknown. parts: Parts that entered. setup: Whether a
            station was being set up.
    """

    at: Ints
    product: Codes
    parts: Floats
    setup: Bools


def line_minutes(seen: Observed) -> dict[str, LineMinutes]:
    """Line -> its minutes in a window."""
    found = {}
    for n, line in enumerate(seen.lines):
        inside = [seen.of(s.id) for s in stations(seen.plant, line)]
        setup = (seen.codes[:, inside] == SETUP).any(axis=1)
        found[line] = LineMinutes(
            seen.at, seen.product[:, n], np.nan_to_num(seen.parts[:, inside[0]]), setup
        )
    return found


def campaigns(days: Sequence[Mapping[str, LineMinutes]]) -> tuple[Campaign, ...]:
    """What lines made one after the other, from stretches in the order of time."""
    found: list[Campaign] = []
    for line in dict.fromkeys(line for day in days for line in day):
        parts = [day[line] for day in days if line in day]
        joined = LineMinutes(
            *(
                np.concatenate([getattr(p, n) for p in parts])
                for n in ("at", "product", "parts", "setup")
            )
        )
        found += _campaigns_of(line, joined)
    return tuple(found)


def _campaigns_of(line: str, seen: LineMinutes) -> list[Campaign]:
    known = seen.product >= 0
    at, product, parts, setup = (a[known] for a in (seen.at, seen.product, seen.parts, seen.setup))
    if not len(at):
        return []
    broken = np.diff(at) > 30 * MINUTE
    edges = np.flatnonzero((product[1:] != product[:-1]) | broken) + 1
    found = []
    for a, b in zip([0, *edges], [*edges, len(at)], strict=True):
        cut = a == 0 or broken[a - 1] or b == len(at) or broken[b - 1]
        # Set-up of a campaign stands before its first part.
        made = np.flatnonzero(parts[a:b] > 0.0)
        ready = a + int(made[0]) if len(made) else b
        found.append(
            Campaign(
                line, int(product[a]), int(at[a]), int(at[b - 1]) + MINUTE, float(parts[a:b].sum()),
                not cut, float(setup[a:ready].sum()),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class Custom:
    """What a line is used to make.

    Attributes:
        mix: Product -> share of parts. order_h, order_sd_h: Planned running time of an order, and its spread [h].
        orders: How many were seen whole. product: Being made; -1 unknown. done: Parts of it made so far.
    """

    mix: Mapping[int, float]
    order_h: float
    order_sd_h: float
    orders: int
    product: int
    done: float


_USUAL_ORDER_H, _USUAL_ORDER_SD = 6.0, 0.5
_PRIOR_ORDERS = 2.0


def customs(plant: Plant, made: Sequence[Campaign]) -> dict[str, Custom]:
    """What each line is used to make, from its campaigns; orders are measured in planned running time.

    With few whole orders their length is shrunk to 6 h with a spread of a half (stated assumption, worth two orders).
    """
    found = {}
    for line in dict.fromkeys(c.line for c in made):
        own = [c for c in made if c.line == line]
        pace = {p.code: run_s(plant, line, p.code) for p in plant.products}
        parts: dict[int, float] = {}
        for c in own:
            parts[c.product] = parts.get(c.product, 0.0) + c.parts
        total = sum(parts.values())
        whole = np.array([c.parts * pace.get(c.product, 0.0) / 3600.0 for c in own if c.whole])
        whole = whole[whole > 0.0]
        n = len(whole)
        mean = (float(whole.sum()) + _PRIOR_ORDERS * _USUAL_ORDER_H) / (n + _PRIOR_ORDERS)
        square = float(((whole - mean) ** 2).sum()) + _PRIOR_ORDERS * (_USUAL_ORDER_SD * mean) ** 2
        found[line] = Custom(
            {code: amount / total for code, amount in sorted(parts.items())} if total else {},
            mean,
            float(np.sqrt(square / (n + _PRIOR_ORDERS))),
            n,
            own[-1].product,
            own[-1].parts,
        )
    return found
