"""Contests in a twin: what is flagged is blank to the forecast, and who is in use survives a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pytest

from ecotwin.clock import ManualClock
from ecotwin.cycle import Twin
from ecotwin.cycle.foresight import Foresight
from running import learned, utc

pytestmark = pytest.mark.xdist_group("contests")

NOW = utc("2026-06-18T00:00")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = learned(tmp_path_factory.mktemp("twin"), NOW, 3.0, step_s=60)
    yield made
    made.stop()


def foresight(twin: Twin, flagged: list[tuple[str, datetime, datetime]] | None = None) -> Foresight:
    return Foresight(
        twin.plant, twin.store, twin.look.supply, lambda: twin.today_.since, "seasonal",
        flagged=lambda: flagged or [],
    )  # fmt: skip


def test_minutes_of_a_meter_at_fault_are_blank_and_counted(twin: Twin) -> None:
    sound = foresight(twin)
    sound.renew(NOW)
    element = next(iter(sound._sources["electricity"]))
    lie = (element, NOW - timedelta(hours=8), NOW - timedelta(hours=4))
    wary = foresight(twin, [lie])
    wary.renew(NOW)
    (before,) = [t for t in sound.take_turns() if t.subject == "electricity"]
    (after,) = [t for t in wary.take_turns() if t.subject == "electricity"]
    assert after.made["left_out"] == 16
    assert after.made["rows"] == before.made["rows"] - 16
    assert after.made["content"] != before.made["content"]
    assert not np.array_equal(
        sound.told["electricity"].forecast.values, wary.told["electricity"].forecast.values
    )
    elsewhere = foresight(twin, [("nowhere", *lie[1:])])
    elsewhere.renew(NOW)
    assert elsewhere.take_turns()[0].made["left_out"] == 0
    assert wary.take_turns() == [], "decisions are told once"


def test_who_is_in_use_survives_a_restart(twin: Twin) -> None:
    first = foresight(twin)
    first.renew(NOW - timedelta(hours=2))
    kept = json.loads(json.dumps(first.take_state()))
    assert first.take_state() is None
    again = foresight(twin)
    again.restore(kept)
    for made in (first, again):
        made.renew(NOW - timedelta(hours=1))
    np.testing.assert_allclose(
        first.told["electricity"].forecast.values, again.told["electricity"].forecast.values
    )
    assert again.take_turns() == [], "nothing is learned anew for having been restarted"
    assert first.contests() == again.contests()


def test_references_survive_a_restart_of_the_twin(twin: Twin) -> None:
    look = twin.look
    m = look.baselines.elements.index("oven_1")
    hours = look.baselines._seen_h[m]
    state = look.references.state()
    try:
        look.baselines._seen_h[m] = 700.0
        look._settle(NOW)
        assert bool(look.references.taken[m])
        assert "the first look is at 168" in look.references.told("oven_1")
        twin.learned.keep(NOW + timedelta(hours=7), None)
        kept = twin.keeper.restore("references")
        assert kept is not None
        assert set(kept["held"]) == {"oven_1"}
        other = type(look.references)(look.baselines)
        other.restore(kept)
        assert other.told("oven_1") == look.references.told("oven_1")
        assert other.state() == look.references.state()
    finally:
        look.baselines._seen_h[m] = hours
        look.references.restore(state)
        look.turns.clear()


def test_a_clock_moved_by_hand_foretells_nothing(twin: Twin) -> None:
    assert isinstance(twin.clock, ManualClock)
    twin.learned.tick(NOW + timedelta(hours=3))
    assert {kind for kind, _ in twin.learned.contests} == {"baseline"}
    assert all("reference" in r["text"] for r in twin.learned.contests.values())
