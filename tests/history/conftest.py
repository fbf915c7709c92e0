"""A small plant with one signal of every form, and a store of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecotwin.history.embedded import DuckStore
from ecotwin.plant.model import Connection, Element, Plant, Signal
from ecotwin.records import Cleaned, Readings, Rejects

FORMS = ("gauge", "rate", "state", "setpoint", "counter", "interval")
UNITS = {"rate": "kW", "counter": "kWh", "interval": "kWh"}
START = datetime(2026, 3, 2, tzinfo=UTC)
US = 1_000_000
T0 = int(START.timestamp()) * US


def signal_of(index: int, form: str, name: str = "", every_s: float = 60.0) -> Signal:
    name = name or f"{form}{index}"
    unit = UNITS.get(form, "1")
    return Signal(
        index=index, id=f"oven.{name}", name=name, element="oven", means=name, form=form,
        carrier="",
        unit=unit, wire_unit=unit, factor=1.0, offset=0.0, every_s=every_s, connection="wire",
        address=name,
    )  # fmt: skip


def plant_of(*signals: Signal) -> Plant:
    return Plant(
        id="works", name="Works", timezone="UTC", currency="EUR", country="DE",
        elements=(
            Element("works", "Works", "site", ""),
            Element("oven", "Oven", "machine", "works"),
        ),
        signals=signals, connections=(Connection("wire", "replay", {}),),
    )  # fmt: skip


def all_forms(every_s: float = 60.0) -> Plant:
    return plant_of(*(signal_of(i, form, every_s=every_s) for i, form in enumerate(FORMS)))


def batch(signal: object, at: object, value: object, quality: object = None) -> Cleaned:
    return Cleaned(Readings.of(signal, at, value, quality), Rejects.empty())


Opener = Callable[..., DuckStore]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens stores and closes whatever a test left open."""
    made: list[DuckStore] = []

    def opener(plant: Plant | None = None, folder: Path | None = None, **options: int) -> DuckStore:
        store = DuckStore(plant or all_forms(), folder or tmp_path / "history", **options)
        made.append(store)
        return store

    yield opener
    for store in made:
        store.close()
