"""Evidence of a stretch of odd rows, and what it is held for.

Evidence speaks in odds: each piece adds to the log odds of one kind or takes from it. The pieces are few and the same
for every table; none was fitted to labels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ecotwin.detection.crosscheck.contract import MANIPULATION, PROCESS, SENSOR, UNCLEAR, Verdict
from ecotwin.records import Bools, Reason

MOVED = 9.0
"""Surprise of a signal by its own past that makes it one that moved: one row in eight thousand."""
LEAST_SURE = 0.45
ONE_WAY = 0.8
"""Share of rows in one direction that makes it the direction of a balance."""
MARK_ROWS = 3
"""Rows of a mark that make it evidence."""


@dataclass(slots=True)
class Event:
    """What was gathered since a stretch began.

    Attributes:
        first, last: Rows. began_s, seen_s: Times. rows: Odd rows in it. restored: Rows in which the signal left out
            brings the others back to usual, by signal. none: Rows in which no signal does.
        moved: Greatest surprise by its own past, by signal. still, copied, smooth: Rows with the mark, by signal.
        clash: Rows in which a state and a flow contradict each other. links: Rows in which a balance did not close,
            losses: and in which more flowed in than came out.
    """

    first: int
    last: int
    began_s: float
    seen_s: float
    rows: int = 0
    restored: Counter[int] = field(default_factory=Counter)
    none: int = 0
    moved: dict[int, float] = field(default_factory=dict)
    still: Counter[int] = field(default_factory=Counter)
    copied: Counter[int] = field(default_factory=Counter)
    smooth: Counter[int] = field(default_factory=Counter)
    clash: Counter[tuple[int, int]] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        told = asdict(self)
        for name in ("restored", "moved", "still", "copied", "smooth", "clash", "links", "losses"):
            told[name] = [[k, v] for k, v in getattr(self, name).items()]
        return told

    @classmethod
    def of(cls, state: dict[str, Any]) -> Event:
        """The event of a saved state."""
        told = dict(state)
        for name in ("restored", "still", "copied", "smooth", "links", "losses"):
            told[name] = Counter(dict(told[name]))
        told["moved"] = dict(told["moved"])
        told["clash"] = Counter({(k[0], k[1]): v for k, v in told["clash"]})
        return cls(**told)


@dataclass(slots=True)
class _Scales:
    """Log odds by kind, with the reasons."""

    odds: dict[str, float] = field(
        default_factory=lambda: {SENSOR: 0.0, PROCESS: 0.0, MANIPULATION: -1.0}
    )
    told: list[tuple[str, Reason]] = field(default_factory=list)

    def add(self, kind: str, weight: float, name: str, text: str) -> None:
        self.odds[kind] += weight
        self.told.append((kind, Reason(name, weight, text)))


def verdict(event: Event, columns: Sequence[str], states: Bools) -> Verdict:
    """What the stretch is held for, with the evidence for it and against it.

    Args:
        event: What was gathered. columns: Names. states: Whether a signal is a state (on or off), by signal.
    """
    scales = _Scales()
    lead = event.restored.most_common(1)[0][0] if event.restored else None
    moved = [s for s, m in sorted(event.moved.items(), key=lambda item: -item[1]) if m >= MOVED]
    _relations(scales, event, lead, moved, columns, states)
    _marks(scales, event, columns)
    top = max(scales.odds, key=lambda kind: scales.odds[kind])
    total = sum(math.exp(v) for v in scales.odds.values())
    sure = math.exp(scales.odds[top]) / total
    kind = top if sure >= LEAST_SURE else UNCLEAR
    why = sorted((r for k, r in scales.told if k == top and r.weight > 0), key=lambda r: -r.weight)
    against = [r for k, r in scales.told if (k != top) == (r.weight > 0)]
    return Verdict(
        kind, sure, _signals(kind, event, lead, moved, columns), event.first, event.last,
        event.began_s, event.seen_s, tuple(why), tuple(against),
    )  # fmt: skip


def _relations(
    scales: _Scales,
    event: Event,
    lead: int | None,
    moved: list[int],
    columns: Sequence[str],
    states: Bools,
) -> None:
    judged = sum(event.restored.values()) + event.none
    share = event.restored[lead] / judged if lead is not None and judged else 0.0
    others = [s for s in moved if s != lead]
    if lead is not None and states[lead] and not event.clash:
        text = f"{columns[lead]} says as always, but what goes with it is not as always in {share:.0%} of {judged} rows"
        scales.add(PROCESS, 2.5 * share, columns[lead], text)
    elif lead is not None and share > 0.0:
        text = f"{columns[lead]} contradicts the others in {share:.0%} of {judged} rows, and without it they agree"
        scales.add(SENSOR, 2.5 * share, columns[lead], text)
    if judged and share < 1.0:
        text = f"in {1 - share:.0%} of {judged} rows more than one signal is off"
        scales.add(PROCESS, 2.0 * (1.0 - share), "together", text)
    if others:
        named = ", ".join(columns[s] for s in others[:4])
        text = f"moved by more than ever, {len(others)} at once: {named}"
        scales.add(PROCESS, 0.6 * min(len(others), 4), "moved", text)
        scales.add(SENSOR, -0.5 * min(len(others), 4), "moved", text)
    elif lead is not None and lead in moved:
        scales.add(SENSOR, 1.0, columns[lead], f"{columns[lead]} alone moved by more than ever")
    elif judged >= MARK_ROWS and share < 0.5:
        text = "each signal by itself is as usual, but together they cannot be"
        scales.add(MANIPULATION, 1.0, "together", text)
    _balances(scales, event)


def _balances(scales: _Scales, event: Event) -> None:
    """What balances say: a leak opens one, and only towards a loss; a meter opens all it stands in, either way."""
    open_now = [(name, rows) for name, rows in event.links.most_common() if rows >= MARK_ROWS]
    for name, rows in open_now[:2]:
        scales.add(PROCESS, 0.3, name, f"{name} did not close in {rows} rows")
    lost = [event.losses[name] / rows for name, rows in open_now]
    if len(lost) == 1 and lost[0] >= ONE_WAY:
        text = f"more flows into {open_now[0][0]} than comes out, and every other balance closes: so does a leak"
        scales.add(PROCESS, 1.0, open_now[0][0], text)
    elif len(lost) == 1 and lost[0] <= 1.0 - ONE_WAY:
        text = f"more comes out of {open_now[0][0]} than flows in: no leak does that"
        scales.add(SENSOR, 2.0, open_now[0][0], text)
    elif len(lost) > 1 and max(lost) >= ONE_WAY and min(lost) <= 1.0 - ONE_WAY:
        both = " and ".join(name for name, _ in open_now[:2])
        text = f"{both} are off in opposite directions, as when a meter between them is"
        scales.add(SENSOR, 1.5, open_now[0][0], text)


def _marks(scales: _Scales, event: Event, columns: Sequence[str]) -> None:
    still = [s for s, rows in event.still.items() if rows >= 1]
    if len(still) == 1:
        scales.add(
            SENSOR,
            2.5,
            columns[still[0]],
            f"{columns[still[0]]} stands still, far longer than ever",
        )
    elif still:
        text = (
            f"{len(still)} signals stand still at once: {', '.join(columns[s] for s in still[:4])}"
        )
        scales.add(MANIPULATION, 5.0, "still", text)
    copied = [s for s, rows in event.copied.items() if rows >= MARK_ROWS]
    if copied:
        text = f"{', '.join(columns[s] for s in copied[:4])}: the same stretch as once before, to the last digit"
        # No process repeats itself to the last digit, and one that moves beside it speaks for an attacker as well.
        scales.add(MANIPULATION, 6.0 + 0.5 * min(len(copied) - 1, 4), "copied", text)
    smooth = [s for s, rows in event.smooth.items() if rows >= MARK_ROWS]
    if smooth:
        text = f"{', '.join(columns[s] for s in smooth[:4])}: smoother than ever, as if computed"
        scales.add(MANIPULATION, 2.0 + min(len(smooth) - 1, 3), "smooth", text)
    for (state, flow), rows in event.clash.most_common(3):
        text = f"{columns[flow]} flows while {columns[state]} says that it cannot, in {rows} rows"
        scales.add(MANIPULATION, 4.5, columns[flow], text)


def _signals(
    kind: str, event: Event, lead: int | None, moved: list[int], columns: Sequence[str]
) -> tuple[str, ...]:
    marked = [*event.copied, *event.smooth, *event.still, *(f for _, f in event.clash)]
    first = {
        SENSOR: [*([lead] if lead is not None else []), *event.still],
        MANIPULATION: [*marked, *moved],
        PROCESS: [*moved, *event.restored],
        UNCLEAR: [*([lead] if lead is not None else []), *moved],
    }[kind]
    return tuple(columns[s] for s in dict.fromkeys(first))[:6]
