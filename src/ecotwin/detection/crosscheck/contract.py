"""Whether a table that is not as usual shows a fault of a sensor, of the process, or data that somebody made up.

What a caller gets (`detection.crosscheck`):

`links_of(balances, columns)` turns the balances of a plant file into `Link`s over the columns of a table: flows only,
balances within balances opened up. `CrossCheck(links=(), alarm_share=0.001)` learns from normal rows how each signal
follows from the others and from its own past, what a balance leaves as rest, which states and flows are never seen
together, and how fast, smooth and unlike its own past each signal is:

- `learn(rows: Rows) -> None`
- `judge(values, at_s) -> (score [rows], over [rows], kinds: one of `KINDS` or "" a row)`, streaming, any cut
- `verdict() -> Verdict`: on the stretch that is odd now, or was last
- `state() / restore(state)`

Rows are one moment each, equally spaced as learned; a signal that is missing is left out of what depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecotwin.records import Reason

SENSOR, PROCESS, MANIPULATION, UNCLEAR = KINDS = ("sensor", "process", "manipulation", "unclear")


@dataclass(frozen=True, slots=True)
class Link:
    """A balance over columns of a table: the weighted sum is a rest that has its usual size.

    Attributes:
        name: For people. weights: Column -> weight; inflows above, outflows below 0.
    """

    name: str
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stretch of odd rows is held for.

    Attributes:
        kind: One of `KINDS`. sure: Probability that it is so, by the weight of the evidence for each kind.
        signals: Signals it is about, the telling one first. first, last: Rows of the stretch, counted since learning.
        began_s, seen_s: Its begin as dated back, and when the limit was passed, in the time of the rows.
        why, against: Evidence, with numbers.
    """

    kind: str
    sure: float
    signals: tuple[str, ...]
    first: int
    last: int
    began_s: float
    seen_s: float
    why: tuple[Reason, ...]
    against: tuple[Reason, ...] = ()
