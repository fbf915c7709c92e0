"""Amounts by group and hour of the day, free of factors: prices and grid factors are laid on at the end.

A *slot* is a stretch of the local day in which neither a price nor a grid factor changes: it begins at a whole hour or
at the edge of a tariff band.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from ecotwin.accounting.remembered import Remembered
from ecotwin.accounting.steps import Steps
from ecotwin.plant.model import Plant
from ecotwin.records import Floats, Ints


def _starts(plant: Plant) -> Floats:
    edges = {float(h) for h in range(24)}
    for tariff in plant.tariffs:
        edges |= {edge % 24.0 for start, end, _ in tariff.bands for edge in (start, end)}
    return np.array(sorted(edges))


slot_starts = Remembered(_starts, size=4)
"""[slots] local hour at which each slot of a plant's day begins."""


def _slots(steps: Steps) -> Ints:
    found: Ints = np.searchsorted(slot_starts(steps.plant), steps.local_hour, side="right") - 1
    return found.astype(np.int64)


slot_of = Remembered(_slots, size=3)
"""[steps] number of the slot that each step falls into."""


def by_slot(steps: Steps, values: Floats) -> Floats:
    """[slots] values of the steps summed by slot of the day."""
    slots = len(slot_starts(steps.plant))
    summed: Floats = np.bincount(slot_of(steps), values, minlength=slots).astype(np.float64)
    return summed


def keyed(steps: Steps, prefix: str, values: Floats) -> Iterator[tuple[str, float]]:
    """Sums of a tally under `prefix|start of the slot`, zeros left out."""
    for start, value in zip(slot_starts(steps.plant), by_slot(steps, values), strict=True):
        if value:
            yield f"{prefix}|{start:g}", float(value)


def read(sums: Mapping[str, float], mark: str) -> dict[str, dict[str, dict[str, float]]]:
    """Group -> what -> detail -> amount, of the sums whose key begins with a mark: `mark:group|what|detail`."""
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for key, value in sums.items():
        if key.startswith(f"{mark}:"):
            group, what, detail = [*key[len(mark) + 1 :].split("|", 2), "", ""][:3]
            found[group][what][detail] = value
    return {g: dict(w) for g, w in found.items()}
