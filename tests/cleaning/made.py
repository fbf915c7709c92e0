"""Small plants made in code, so that each test says what it needs of a signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ecotwin.clock import SECOND, micros
from ecotwin.plant.model import Connection, Element, Plant, Signal
from ecotwin.records import Bools, Cleaned, Codes, Ints, Samples

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
T0 = micros(START)
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)


def signal(form: str = "gauge", **facts: Any) -> Signal:
    unit = facts.pop("unit", "kWh" if form == "counter" else "degC")
    plain = Signal(
        index=0,
        id="m.s",
        name="s",
        element="m",
        means="x",
        form=form,
        carrier="",
        unit=unit,
        wire_unit=unit,
        factor=1.0,
        offset=0.0,
        every_s=10.0,
        connection="c",
        address="a",
    )
    return replace(plain, **facts)


def plant_of(*signals: Signal) -> Plant:
    numbered = tuple(
        replace(s, index=i, id=f"m.s{i}", address=str(i)) for i, s in enumerate(signals)
    )
    return Plant(
        id="p",
        name="p",
        timezone="Europe/Berlin",
        currency="EUR",
        country="DE",
        elements=(Element("p", "p", "site", ""), Element("m", "m", "machine", "p")),
        signals=numbered,
        connections=(Connection("c", "replay", {}),),
    )


def rows(
    values: list[float], *, index: int = 0, start: float = 0.0, every: float = 10.0
) -> Samples:
    """Values of one signal, `every` seconds apart from `start` seconds after START."""
    at = [T0 + round((start + i * every) * SECOND) for i in range(len(values))]
    return Samples.of([index] * len(values), at, values)


def unseen(signal: Codes, at: Ints) -> Bools:
    return np.zeros(len(signal), np.bool_)


def kept(cleaned: Cleaned) -> set[tuple[int, int, float, int]]:
    r = cleaned.readings
    return set(
        zip(r.signal.tolist(), r.at.tolist(), r.value.tolist(), r.quality.tolist(), strict=True)
    )


def refused(cleaned: Cleaned) -> list[tuple[int, int, str]]:
    r = cleaned.rejects
    return sorted(zip(r.signal.tolist(), r.at.tolist(), r.reason, strict=True))


def values(cleaned: Cleaned) -> list[float]:
    return [float(v) for v in cleaned.readings.value]


def reasons(cleaned: Cleaned) -> Mapping[str, int]:
    return {r: cleaned.rejects.reason.count(r) for r in set(cleaned.rejects.reason)}
