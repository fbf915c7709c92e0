"""Arithmetic on rows that are sorted by signal, then time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecotwin.plant.model import Plant
from ecotwin.records import Bools, Codes, Floats, Ints, Reject, Rejects, Samples

NEVER = np.iinfo(np.int64).min
"""Event time of a signal that was never heard of."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Where each signal's rows begin and end.

    Attributes:
        signal: [groups] signal index. start, end: [groups] rows `start:end`.
    """

    signal: Codes
    start: NDArray[np.intp]
    end: NDArray[np.intp]

    @staticmethod
    def of(signal: Codes) -> Groups:
        """Find the groups of a sorted column.

        >>> g = Groups.of(np.array([3, 3, 7], np.int32))
        >>> g.signal.tolist(), g.start.tolist(), g.end.tolist()
        ([3, 7], [0, 2], [2, 3])
        """
        if not len(signal):
            none = np.empty(0, np.intp)
            return Groups(np.empty(0, np.int32), none, none)
        start = np.concatenate(([0], np.flatnonzero(signal[1:] != signal[:-1]) + 1))
        end = np.append(start[1:], len(signal))
        return Groups(signal[start], start, end)

    def any(self, rows: Bools) -> Bools:
        """[groups] whether any row of the group is marked."""
        if not len(self.start):
            return np.zeros(0, np.bool_)
        return np.logical_or.reduceat(rows, self.start)


def before(column: NDArray[Any], groups: Groups, known: NDArray[Any]) -> NDArray[Any]:
    """Each row's predecessor: the row before it, or for the first of a group what was `known`.

    Args:
        column: [rows] what is asked of.
        groups: Of the same rows.
        known: [signals] last value let through.
    """
    previous = np.empty_like(column)
    previous[1:] = column[:-1]
    previous[groups.start] = known[groups.signal]
    return previous


def refuse(samples: Samples, which: Bools | Ints, reason: Reject, detail: Sequence[str]) -> Rejects:
    """The chosen rows as rejects of one reason."""
    chosen = samples.take(which)
    return Rejects(
        chosen.signal, chosen.at, chosen.value, (reason.value,) * len(chosen), tuple(detail)
    )


def by_signal(plant: Plant, name: str, empty: float) -> Floats:
    """[signals] one number of every signal; `empty` where the plant file gives none."""
    given = [getattr(signal, name) for signal in plant.signals]
    return np.array([empty if g is None else float(g) for g in given], np.float64)


def micros_by_signal(plant: Plant, name: str) -> Ints:
    """[signals] a number of seconds of every signal in microseconds."""
    return np.round(by_signal(plant, name, 0.0) * 1e6).astype(np.int64)
