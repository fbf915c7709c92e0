"""Scrap foreseen from process values: as likely as told, named for the value that makes it, refused where unknown."""

from __future__ import annotations

import numpy as np
import pytest

from ecotwin.errors import FigureGap
from ecotwin.forecasting.quality import Quality
from ecotwin.records import Floats, Ints

NAMES = ("pressure", "heat", "idle", "still")


def parts(count: int, seed: int) -> tuple[Floats, Ints]:
    """Scrap (1) by a known law of pressure and heat; `idle` means nothing, `still` never moves."""
    rng = np.random.default_rng(seed)
    values: Floats = rng.normal(size=(count, 4)) * [30.0, 2.0, 1.0, 0.0] + [900.0, 105.0, 0.0, 7.0]
    risk = 1 / (1 + np.exp(-((values[:, 0] - 930) / 10 + (values[:, 1] - 106) / 1.5)))
    return values, np.asarray(rng.random(count) < risk, np.int64)


@pytest.fixture(scope="module")
def quality() -> Quality:
    made = Quality(NAMES)
    made.learn(*parts(1500, 71))
    return made


def test_probabilities_come_true(quality: Quality) -> None:
    values, scrap = parts(4000, 72)
    told = quality.tell(values)[:, 1]
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        mine = (told >= low) & (told < low + 0.2)
        if mine.sum() > 100:
            assert scrap[mine].mean() == pytest.approx(told[mine].mean(), abs=0.12)
    rate = scrap.mean()
    assert ((told - scrap) ** 2).mean() < 0.6 * rate * (1 - rate)


def test_the_value_that_makes_it_is_named(quality: Quality) -> None:
    told = quality.why(np.array([990.0, 105.0, 0.0, 7.0]), 1)
    assert told.why[0].name == "pressure"
    total = told.base + sum(r.weight for r in (*told.why, *told.against))
    assert total == pytest.approx(told.value)
    healed = quality.tell(np.array([[900.0, 105.0, 0.0, 7.0]]))[0, 1]
    assert told.value - healed == pytest.approx(told.why[0].weight, abs=0.1)


def test_units_change_nothing_and_gaps_are_borne(quality: Quality) -> None:
    values, scrap = parts(1500, 71)
    other = Quality(NAMES)
    other.learn(values * 1000 - 5, scrap)
    later, _ = parts(50, 73)
    np.testing.assert_allclose(other.tell(later * 1000 - 5), quality.tell(later), atol=1e-6)
    later[:10, 0] = np.nan
    told = quality.tell(later)
    assert np.isfinite(told).all()
    np.testing.assert_allclose(told.sum(axis=1), 1.0)


def test_values_never_seen_are_said_to_be(quality: Quality) -> None:
    assert quality.seen(np.array([[900.0, 105.0, 0.0, 7.0], [2000.0, 105.0, 0.0, 7.0]])).tolist() == [
        True, False,
    ]  # fmt: skip
    assert any(
        "never" in d or "beyond" in d for d in quality.why(np.array([2e3, 105, 0, 7.0]), 1).data
    )


def test_what_cannot_be_learned_is_refused() -> None:
    values, scrap = parts(200, 74)
    for wrong in (
        (values, np.zeros(200, np.int64)),
        (values, np.array([1] * 5 + [0] * 195)),
        (np.ones_like(values), scrap),
        (np.full_like(values, np.nan), scrap),
    ):
        with pytest.raises(FigureGap):
            Quality(NAMES).learn(*wrong)
    with pytest.raises(FigureGap):
        Quality(NAMES).tell(values)
