"""Engines watched in flight: what they lost since their test, what is left, and data that cannot tell it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from ecotwin.errors import ScenarioFault
from ecotwin.simulation.turbofans.upkeep import agenda, facts_of
from ecotwin.simulation.turbofans.watch import HOT, Report, reports, watch
from proofs import turbofan_story as story
from proofs.turbofan_story import fleet

MIDNIGHT = datetime(2026, 9, 1, 22, tzinfo=UTC)
ENGINES = tuple(m.id for m in fleet().machines if m.kind == "turbofan_engine")
TESTED = dict.fromkeys(ENGINES, 637.0)


def made(lost: dict[str, float], cycles: dict[str, float], slope: float = 7500.0) -> list[Report]:
    """Reports that follow the model exactly: level = fleet + lost, and a line in thrust."""
    rng = np.random.default_rng(1)
    found = []
    for engine, k in lost.items():
        for thrust in rng.uniform(0.055, 0.065, 12):
            t50 = 905.0 + k / HOT + slope * (thrust - 0.06)
            found.append(Report(engine, cycles[engine], float(t50), float(thrust), 0.785))
    return found


def test_an_engine_fresh_from_the_cell_pins_the_level_and_the_others_follow() -> None:
    lost = {"engine_1a": 21.0, "engine_1b": 30.0, "engine_3a": 0.0, "engine_3b": 0.0}
    cycles = {"engine_1a": 4000.0, "engine_1b": 6000.0, "engine_3a": 4.0, "engine_3b": 4.0}
    told = {w.engine: w for w in watch(fleet(), made(lost, cycles), TESTED)}
    for engine, k in lost.items():
        assert told[engine].lost_k == pytest.approx(k, abs=2.5), engine
        assert told[engine].sd_k < 3.5
    assert told["engine_1b"].left.rul < told["engine_1a"].left.rul < told["engine_3a"].left.rul
    for w in told.values():
        assert w.left.low <= w.left.rul <= w.left.high


def test_a_hotter_engine_as_built_has_less_margin_and_not_more_wear() -> None:
    cycles = dict.fromkeys(("engine_1a", "engine_1b", "engine_3a"), 5.0)
    level = {"engine_1a": 6.0 * HOT, "engine_1b": 0.0, "engine_3a": 0.0}
    told = {w.engine: w for w in watch(fleet(), made(level, cycles), TESTED | {"engine_1a": 643.0})}
    assert told["engine_1a"].lost_k == pytest.approx(told["engine_1b"].lost_k, abs=1.0)
    assert told["engine_1b"].margin_k - told["engine_1a"].margin_k == pytest.approx(
        6.0 * HOT, abs=1.0
    )


def test_on_flights_of_the_stand_in() -> None:
    """Unseen fleet: margin within a few kelvin of the truth, and the most worn engine first on the agenda."""
    every = story.seen(9201, MIDNIGHT)
    assert len(every) == 6
    for s in every:
        assert s.watched.lost_k == pytest.approx(s.lost_k, abs=6.0)
        assert s.watched.margin_k == pytest.approx(s.margin_k, abs=6.0)
        assert s.watched.reports >= 4
    inside = np.mean([s.watched.left.low <= s.left <= s.watched.left.high for s in every])
    assert inside >= 0.5, "80 % are promised; six engines"
    left = [s.watched.left for s in every]
    listed = agenda(facts_of(fleet(), "engine_1a"), story.TERMS, left, {e.unit: 100.0 for e in left},
                    flights_a_day=4.6, today=date(2026, 9, 3))  # fmt: skip
    first = next(d for d in listed if d.what == "restoration")
    worst = min(every, key=lambda s: s.watched.left.low)
    assert first.engine == worst.watched.left.unit


def test_what_cannot_be_told_is_named() -> None:
    with pytest.raises(ScenarioFault, match="two flights in level cruise"):
        watch(fleet(), [], TESTED)
    one = made({"engine_1a": 3.0, "engine_1b": 3.0}, {"engine_1a": 900.0, "engine_1b": 900.0})
    with pytest.raises(ScenarioFault, match="no acceptance test of engine_1b"):
        watch(fleet(), one, TESTED | {"engine_1b": 0.0})
    window = story.minutes(9201, MIDNIGHT, 2)
    column = fleet().signal("engine_1a.t50").index
    with pytest.raises(ScenarioFault, match=r"engine_1a\.t50 is not in the window"):
        reports(fleet(), replace(window, signals=tuple(s for s in window.signals if s != column)))
    blind = np.where(np.arange(window.mean.shape[1]) == window.column(column), np.nan, window.mean)
    assert "engine_1a" not in {r.engine for r in reports(fleet(), replace(window, mean=blind))}
