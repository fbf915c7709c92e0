"""The register of a living twin: entered as it learns, one after the other, sealed, and back after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.cycle import Twin
from ecotwin.cycle.asking import Asked
from ecotwin.cycle.foresight import Foresight
from ecotwin.cycle.learned import AGAIN_HOURS, BASELINE, FORECAST, Learned, kept
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


def test_a_week_and_four_weeks_on_it_is_entered_after_the_one_before(twin: Twin) -> None:
    element = "oven_1"
    baselines, m = twin.look.baselines, twin.look.baselines.elements.index("oven_1")
    learned_, first = twin.learned, champion_of(twin.learned.register, element)
    before = baselines._seen_h[m]
    try:
        baselines._seen_h[m] = 167.0
        learned_.tick(NOW + timedelta(hours=2))
        assert champion_of(learned_.register, element) == first
        baselines._seen_h[m] = 168.0
        learned_.tick(NOW + timedelta(hours=2, minutes=30))
        assert champion_of(learned_.register, element) == first, "an hour has not passed"
        learned_.tick(NOW + timedelta(hours=4))
        second = champion_of(learned_.register, element)
        assert learned_.register.get(second).parent == first
        assert learned_.register.get(first).standing is Standing.RETIRED
        baselines._seen_h[m] += AGAIN_HOURS - 1.0
        learned_.tick(NOW + timedelta(hours=6))
        assert champion_of(learned_.register, element) == second
        baselines._seen_h[m] += 1.0
        learned_.tick(NOW + timedelta(hours=8))
        third = champion_of(learned_.register, element)
    finally:
        baselines._seen_h[m] = before
    assert [one.id for one in learned_.register.lineage(third)] == [third, second, first]
    # A twin that starts anew finds the same register.
    assert Learned(twin.plant, twin.keeper, twin.look).register.as_json() == sorted(
        learned_.register.as_json(), key=lambda row: (row["made_at"], row["id"])
    )
    asked = Asked(twin.plant, twin.store, twin.ledger, NOW).answer("models", {"subject": element})
    assert [row["id"] for row in asked["models"]] == [third, second, first]
    assert asked["models"][0]["lineage"] == [third, second, first]
    assert any(third in line for line in asked["lines"])


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
    assert made.learned
    register = twin.learned.register
    for hour in (10, 12):
        twin.learned.tick(NOW + timedelta(hours=hour), made.learned)
    for name, told in made.learned.items():
        models = register.models(FORECAST, name)
        assert len(models) == 1
        assert models[0].trained.rows == told["rows"] > 0
        assert models[0].standing is Standing.CHAMPION


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
