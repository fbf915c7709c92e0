"""Events of the live plant start a what-if by themselves, once, and people see what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import micros
from ecotwin.cycle import replan as watching
from ecotwin.cycle.replan import DOWN, Event, Replan
from ecotwin.cycle.whatif import WhatIf
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant, load
from ecotwin.plant.model import STATES
from ecotwin.records import Image, Quality
from running import until

WORKS = Path(__file__).parents[2] / "plants" / "electronics.yaml"
NOW = datetime(2026, 6, 18, 5, 0, tzinfo=UTC)
PLAN = (
    "id: overtime\nname: Overtime\nanswers: [machine_down, limit_changed]\n"
    "calendar: {change: [{shift: Late, overtime_min: 30}]}\n"
)


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "overtime.yaml").write_text(PLAN, "utf-8")
    return replace(load(WORKS), scenarios=str(folder))


@pytest.fixture
def store(plant: Plant, tmp_path: Path) -> Iterator[DuckStore]:
    made = DuckStore(plant, tmp_path / "history")
    yield made
    made.close()


class Plain(WhatIf):
    """Begins with an ordinary steady plant: these tests have no history."""

    def ask(self, question, same_as=""):  # type: ignore[no-untyped-def]
        return super().ask(replace(question, start="start", hours=2.0, runs=3), same_as)


def image(plant: Plant, now: datetime, down: str = "") -> Image:
    n = len(plant.signals)
    value = np.full(n, np.nan)
    for m in plant.machines:
        state = plant.find(m.id, "state")
        if state is not None:
            value[state.index] = STATES["down"] if m.id == down else STATES["busy"]
    at = np.where(np.isfinite(value), micros(now), 0)
    return Image(micros(now), at, value, np.full(n, Quality.GOOD, np.uint8))


def machine_of(plant: Plant) -> str:
    return next(m.id for m in plant.machines if plant.find(m.id, "state") and m.kind == "printer")


def test_a_machine_down_is_answered_within_a_minute(plant: Plant, store: DuckStore) -> None:
    now = [NOW]
    whatif = Plain(plant, lambda: now[0], store)
    watch = Replan(plant, lambda: whatif, store, behind=False)
    machine = machine_of(plant)
    try:
        watch.tick(now[0], image(plant, now[0]))
        assert not whatif.runs()
        for minute in (1, 5, 12, 13):
            now[0] = NOW + timedelta(minutes=minute)
            watch.tick(now[0], image(plant, now[0], machine))
        runs = whatif.runs()
        assert len(runs) == 1, "one stop asks once"
        assert plant.element(machine).name in runs[0].question.why
        assert runs[0].question.scenarios == ("overtime",)
        until(lambda: whatif.run(runs[0].id).state == "done", 240, "the plan")
        watch.tick(now[0], image(plant, now[0], machine))
        assert watch.notice.startswith(runs[0].question.why)
        assert runs[0].id in watch.notice
        body = whatif.document(runs[0].id)
        assert body["under_names"] == [f"{plant.element(machine).name} is down"]
        watch.tick(now[0] + timedelta(days=1), image(plant, now[0]))
        assert not watch.notice
    finally:
        whatif.close()


def test_short_stops_and_stops_without_an_answer_ask_nothing(
    plant: Plant, store: DuckStore
) -> None:
    whatif = Plain(plant, lambda: NOW, store)
    watch = Replan(plant, lambda: whatif, store, behind=False)
    machine = machine_of(plant)
    for minute in range(30):
        at = NOW + timedelta(minutes=minute)
        down = machine if minute % int(DOWN.total_seconds() / 60) else ""
        watch.tick(at, image(plant, at, down))
    assert not whatif.runs()
    lone = Replan(replace(plant, scenarios=""), lambda: whatif, store, behind=False)
    assert lone.ask(Event("machine_down", "x", "")) is None
    assert not watch.answered("supplier_lost")
    whatif.close()


def test_a_changed_limit_is_seen_when_the_twin_comes_back(store: DuckStore) -> None:
    works = load(WORKS)
    first = Replan(works, lambda: None, store)  # type: ignore[arg-type, return-value]
    assert first.limits(NOW) == []
    stricter = replace(
        works,
        permits=tuple(replace(p, limit=p.limit / 2) for p in works.permits[:1]) + works.permits[1:],
    )
    found = Replan(stricter, lambda: None, store).limits(NOW)  # type: ignore[arg-type, return-value]
    assert [e.kind for e in found] == ["limit_changed"]
    assert "75" in found[0].why
    assert "150" in found[0].why
    assert Replan(stricter, lambda: None, store).limits(NOW) == []  # type: ignore[arg-type, return-value]


def test_hot_air_ahead_is_told_once(
    plant: Plant, store: DuckStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(plant.scenarios)
    (folder / "cool.yaml").write_text(PLAN.replace("machine_down", "heat_wave"), "utf-8")
    ahead = [24.0]
    monkeypatch.setattr(watching, "highest_c", lambda *_: ahead[0])
    watch = Replan(plant, lambda: None, store)  # type: ignore[arg-type, return-value]
    assert watch.weather(NOW) == []
    ahead[0] = 34.0
    assert [e.kind for e in watch.weather(NOW)] == ["heat_wave"]
    assert watch.weather(NOW) == []
    ahead[0] = 20.0
    assert watch.weather(NOW) == []
    ahead[0] = 31.0
    assert len(watch.weather(NOW)) == 1
