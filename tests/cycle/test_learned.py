"""The register of a living twin: entered as it learns, one after the other, sealed, and back after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from ecotwin.accounting.references import Turn
from ecotwin.clock import Period, micros
from ecotwin.cycle import Twin
from ecotwin.cycle.asking import Asked
from ecotwin.cycle.foresight import Foresight
from ecotwin.cycle.learned import BASELINE, FORECAST, Learned, kept
from ecotwin.governance.ledger import Ledger
from ecotwin.learning.register import Register, Standing
from ecotwin.records import Entry
from running import learned, utc

pytestmark = pytest.mark.xdist_group("learned")

NOW = utc("2026-06-18T00:00")
DAYS = 2.0


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = learned(tmp_path_factory.mktemp("twin"), NOW, DAYS, step_s=60)
    yield made
    made.stop()


def champion_of(register: Register, element: str) -> str:
    found = register.champion(BASELINE, element)
    assert found is not None
    return found.id


def test_each_machine_that_learned_stands_under_the_register_and_in_the_ledger(twin: Twin) -> None:
    register = twin.learned.register
    for element in twin.look.baselines.elements:
        model = register.champion(BASELINE, element)
        assert (model is not None) == (twin.look.baselines.hours(element) >= 6.0)
        if model is not None:
            assert model.trained.rows == round(60.0 * twin.look.baselines.hours(element))
            assert "own data" in model.why
            assert "machine kind" in model.why
    sealed = [e for e in _entries(twin.ledger) if e.kind == "model"]
    assert {e.subject for e in sealed} == {m.id for m in register.models()}


def _entries(ledger: Ledger) -> list[Entry]:
    return [ledger.entry(i) for i in range(ledger.size)]


def decided(twin: Twin, what: str, hour: int, **scores: float) -> None:
    """Let a decision about the oven's reference be entered."""
    at = NOW + timedelta(hours=hour)
    twin.look.turns.append(
        Turn("oven_1", what, micros(at), f"{what} with 3 numbers", scores, left_out=2)
    )
    twin.learned.tick(at)


def test_after_a_week_it_goes_on_and_from_then_decisions_put_it_in_use_or_out(twin: Twin) -> None:
    element = "oven_1"
    baselines, m = twin.look.baselines, twin.look.baselines.elements.index("oven_1")
    learned_, first = twin.learned, champion_of(twin.learned.register, element)
    register = learned_.register
    before = baselines._seen_h[m]
    try:
        baselines._seen_h[m] = 167.0
        learned_.tick(NOW + timedelta(hours=2))
        assert champion_of(register, element) == first
        baselines._seen_h[m] = 168.0
        learned_.tick(NOW + timedelta(hours=2, minutes=30))
        assert champion_of(register, element) == first, "an hour has not passed"
        learned_.tick(NOW + timedelta(hours=4))
        second = champion_of(register, element)
        assert register.get(second).parent == first
        assert register.get(first).standing is Standing.RETIRED
        decided(twin, "reference", 6)
        third = champion_of(register, element)
        for hour, what in ((8, "lost"), (10, "undecided"), (12, "held")):
            decided(twin, what, hour, **{"error of the challenger [kW]": 1.0})
            (refused,) = [one for one in register.models(BASELINE, element) if what in one.why]
            assert refused.standing is Standing.RETIRED
            assert refused.parent == third
            assert refused.trained.left_out >= 120
            assert refused.scores["error of the challenger [kW]"] == 1.0
            assert "refused" in refused.why
            assert champion_of(register, element) == third
        decided(twin, "drift", 14)
        (waiting,) = [one for one in register.models(BASELINE, element) if "drift" in one.why]
        assert waiting.standing is Standing.CHALLENGER
        decided(twin, "promoted", 16)
        fourth = champion_of(register, element)
        assert register.get(waiting.id).standing is Standing.RETIRED
    finally:
        baselines._seen_h[m] = before
    assert [one.id for one in register.lineage(fourth)] == [fourth, third, second, first]
    # A twin that starts anew finds the same register, and the ledger holds every decision.
    again = Learned(twin.plant, twin.keeper, twin.look)
    assert again.register.as_json() == sorted(
        register.as_json(), key=lambda row: (row["made_at"], row["id"])
    )
    assert again.contests == learned_.contests
    sealed = {e.subject for e in _entries(twin.ledger) if e.kind == "model"}
    assert sealed == {one.id for one in register.models()}
    asked = Asked(twin.plant, twin.store, twin.ledger, NOW).answer("models", {"subject": element})
    assert asked["models"][0]["lineage"] == [fourth, third, second, first]
    assert "no reference yet" in asked["models"][0]["contest"]
    assert any(fourth in line for line in asked["lines"])
    assert any("contest  no reference yet: " in line for line in asked["lines"])


def test_a_persons_word_takes_the_reference_out(twin: Twin) -> None:
    baselines = twin.look.baselines
    kept_, references = baselines.state(), twin.look.references.state()
    was = champion_of(twin.learned.register, "oven_1")
    try:
        entry = twin.make_normal("oven_1", "relined by the maker")
        assert twin.ledger.entry(entry).kind == "normal"
        twin.learned.tick(NOW + timedelta(hours=18))
        assert twin.learned.register.champion(BASELINE, "oven_1") is None
        assert "relined by the maker" in twin.learned.register.get(was).why
        assert baselines.hours("oven_1") == 0.0
    finally:
        baselines.restore(kept_)
        twin.look.references.restore(references)


def test_minutes_within_a_finding_are_not_learned_and_counted(twin: Twin) -> None:
    look, element = twin.look, "oven_1"
    m = look.baselines.elements.index(element)
    window = look.window(Period(NOW - timedelta(hours=4), NOW - timedelta(hours=3)))
    hours, flagged, seen = (
        look.baselines.hours(element),
        list(look._flagged),
        look.left_out_min(element),
    )
    look.baselines._seen_h[m] = 200.0  # a whole week seen: findings may keep minutes out
    try:
        look._flagged = [(element, NOW - timedelta(hours=5), NOW - timedelta(hours=2))]
        look.learn_from(window)
        assert look.baselines.hours(element) == 200.0
        assert look.left_out_min(element) == seen + 60
        wild = np.abs(look.baselines.learned_of(element)["coefficients"]).max()
        assert np.isfinite(wild)
    finally:
        look._flagged = flagged
        look.baselines._seen_h[m] = hours


def test_forecasts_are_entered_once_for_each_learning(twin: Twin) -> None:
    made = Foresight(
        twin.plant, twin.store, twin.look.supply, lambda: twin.today_.since, "seasonal"
    )
    made.renew(NOW - timedelta(hours=6))
    register = twin.learned.register
    for hour in (30, 32):
        twin.learned.tick(NOW + timedelta(hours=hour), made)
    assert set(made.contests()) <= {"electricity", "gas", "water", "steam", "heat"}
    for name in made.told:
        models = register.models(FORECAST, name)
        assert len(models) == 1
        assert models[0].trained.rows > 0
        assert models[0].standing is Standing.CHAMPION
        assert models[0].settings == {"model": "seasonal", "seed": 1}
        assert "no challenger yet" in twin.learned.contests[FORECAST, name]["text"]


def test_a_register_that_was_tampered_with_is_refused(twin: Twin) -> None:
    from ecotwin.errors import FigureGap

    document = twin.store.documents("model")[0]
    body = {**document.body, "code": "another"}
    twin.store.put("model", document.id, document.at, body, known_at=NOW + timedelta(days=1))
    with pytest.raises(FigureGap, match="was changed"):
        kept(twin.store)
    twin.store.put(
        "model", document.id, document.at, document.body, known_at=NOW + timedelta(days=2)
    )
    assert len(kept(twin.store)) > 0
