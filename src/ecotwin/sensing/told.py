"""What a soft sensor tells of each row, and how it stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ecotwin.records import Floats


class Standing(StrEnum):
    """How a soft sensor stands behind a row.

    Attributes:
        TOLD: Told, within what it has seen and with references that agree.
        OUTSIDE: Refused: an input is missing, or lies where no reference was ever taken.
        DRIFTED: Told, but the newest references no longer fit what was told before them.
        UNCALIBRATED: Told, but the newest reference is older than the sensor may go without one.
    """

    TOLD = "told"
    OUTSIDE = "outside"
    DRIFTED = "drifted"
    UNCALIBRATED = "uncalibrated"


@dataclass(frozen=True, slots=True)
class Told:
    """Values told of rows.

    Attributes:
        value, low, high: [rows] value and its 80 % band; NaN where it is refused.
        standing: [rows] how the sensor stands behind each.
        why: [rows] the reason in a sentence; empty where it is told.
        raw, spread: [rows] value and spread before any refusal, by which references are judged later.
    """

    value: Floats
    low: Floats
    high: Floats
    standing: tuple[Standing, ...]
    why: tuple[str, ...]
    raw: Floats
    spread: Floats

    def __len__(self) -> int:
        return len(self.value)


def joined(parts: list[Told]) -> Told:
    """Several stretches as one."""
    if len(parts) == 1:
        return parts[0]
    made = {
        name: np.concatenate([getattr(p, name) for p in parts]) if parts else np.zeros(0)
        for name in ("value", "low", "high", "raw", "spread")
    }
    return Told(
        **made,
        standing=tuple(s for p in parts for s in p.standing),
        why=tuple(w for p in parts for w in p.why),
    )
