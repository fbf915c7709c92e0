"""An outlook of the electronics works at 10:00 on a Thursday, before the long break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.advice.contract import Outlook, ServiceCase
from ecotwin.clock import micros
from ecotwin.plant import Plant, load
from ecotwin.plant.model import STATES
from ecotwin.records import Image, Range

NOW = datetime(2026, 6, 18, 8, 0, tzinfo=UTC)  # 10:00 in the plant
OVENS = ("oven_1", "oven_2", "curing_3")


@cache
def works() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def image(plant: Plant, now: datetime, state: str = "busy", age_s: float = 5.0) -> Image:
    size = len(plant.signals)
    value = np.zeros(size)
    for machine in plant.machines:
        signal = plant.find(machine.id, "state")
        if signal is not None:
            value[signal.index] = STATES[state]
    stamp = np.full(size, micros(now) - int(age_s * 1e6), np.int64)
    return Image(micros(now), stamp, value, np.zeros(size, np.uint8))


def powers(plant: Plant) -> dict[str, dict[str, Range]]:
    found: dict[str, dict[str, Range]] = {}
    for oven in OVENS:
        facts = plant.element(oven).kind_facts
        found[oven] = {
            state: Range(kw := float(facts[f"kw_{state}"]), 0.96 * kw, 1.04 * kw)
            for state in ("standby", "heating", "idle", "busy")
        }
    return found


def worn_compressor(now: datetime, due_in_h: float = 100.0) -> ServiceCase:
    """A compressor that lost 6 kW over 1,400 running hours and whose service pays soon."""
    return ServiceCase(
        "compressor_1", "Compressor 1", 6400.0, 20.0, Range(1500.0, 1300.0, 1750.0),
        Range(due_in_h, due_in_h - 200.0, due_in_h + 250.0), "money", Range(4.3e-3, 3.9e-3, 4.7e-3),
        1400.0, 900.0, 60.0, Range(0.12, 0.05, 0.24), 3,
        (f"1,400 running hours of kWh/m3 at equal load up to {now:%-d %B}",), (),
    )  # fmt: skip


def outlook(**changes: Any) -> Outlook:
    plant = works()
    now = changes.pop("now", NOW)
    state, age_s = changes.pop("state", "busy"), changes.pop("age_s", 5.0)
    day = (NOW - timedelta(days=3), NOW + timedelta(days=3))
    given: dict[str, Any] = {
        "now": now,
        "image": image(plant, now, state, age_s),
        "findings": (),
        "price": [(*day, 0.2)],
        "carbon": [(*day, 0.3)],
        "state_kw": powers(plant),
        "learned": dict.fromkeys(OVENS, True),
        "past": (),
        "taken": frozenset(),
        "upkeep": (worn_compressor(now),),
    }
    return Outlook(**{**given, **changes})
