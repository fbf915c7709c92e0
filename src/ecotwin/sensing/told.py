"""What a soft sensor tells of each row, and how it stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


_NUMBERS = ("value", "low", "high", "raw", "spread")


def _plain(values: Floats) -> Any:
    """Numbers for JSON, None where there is none."""
    return [
        _plain(v) if isinstance(v, np.ndarray) else (float(v) if np.isfinite(v) else None)
        for v in values
    ]


def waited(kept: Mapping[str, Any]) -> tuple[Floats, Floats, Told, Floats]:
    """Rows told whose references were not known yet, from JSON."""
    told = Told(
        **{n: np.array(kept[n], np.float64) for n in _NUMBERS},
        standing=tuple(Standing(s) for s in kept["standing"]),
        why=tuple(kept["why"]),
    )
    return (
        np.array(kept["rows"], np.float64),
        np.array(kept["told"], np.float64),
        told,
        np.atleast_2d(np.array(kept["offsets"], np.float64)),
    )


def waiting_state(rows: Floats, members: Floats, told: Told, offsets: Floats) -> dict[str, Any]:
    """The same rows for JSON."""
    return {
        "rows": _plain(rows), "told": _plain(members), "offsets": offsets.tolist(),
        **{n: _plain(getattr(told, n)) for n in _NUMBERS},
        "standing": [s.value for s in told.standing], "why": list(told.why),
    }  # fmt: skip
