"""Hazards against known laws, with units lost from sight."""

import numpy as np
import pytest

from ecotwin.errors import FigureGap
from ecotwin.maintenance.hazard import Spells, avoided, dependability, survival, weibull
from ecotwin.maintenance.onset import onset


def compressors(units: int, seed: int, turn_h: float, before: float, after: float) -> Spells:
    """Units that fail at one rate up to an age and at another after it; many are lost from sight, some come late."""
    rng = np.random.default_rng(seed)
    need = rng.exponential(1.0, units)
    first = before * turn_h
    fails = np.where(need < first, need / before, turn_h + (need - first) / after)
    lost = rng.uniform(500.0, 6000.0, units)
    begin = np.where(rng.random(units) < 0.2, rng.uniform(0.0, 400.0, units), 0.0)
    seen = np.minimum(fails, lost) > begin
    return Spells(
        begin[seen], np.minimum(fails, lost)[seen], (fails <= lost).astype(np.float64)[seen]
    )


def test_the_compressor_that_leaks_oil_after_2000_h() -> None:
    hits, found = 0, 0
    for seed in range(12):
        made = onset(compressors(150, seed, 2000.0, 2e-5, 6e-4))
        found += made.found
        hits += made.age_h.low <= 2000.0 <= made.age_h.high
        assert made.after > 4.0 * made.before
    assert found == 12
    assert hits >= 9


def test_no_change_is_seldom_seen() -> None:
    seen = sum(onset(compressors(120, seed, 2000.0, 3e-4, 3e-4)).found for seed in range(40))
    assert seen <= 5


def test_sentences_are_for_people() -> None:
    assert (
        "failures begin to come after" in onset(compressors(200, 1, 2000.0, 2e-5, 6e-4)).sentence()
    )
    assert "no age is seen" in onset(compressors(60, 3, 2000.0, 3e-4, 3e-4)).sentence()


@pytest.mark.parametrize("shape", [0.8, 1.0, 2.5])
def test_a_weibull_law_is_found_through_censoring(shape: float) -> None:
    hits = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        lives = 3000.0 * rng.weibull(shape, 200)
        lost = rng.uniform(0.0, 6000.0, 200)
        begin = np.where(rng.random(200) < 0.3, 200.0, 0.0)
        end = np.minimum(lives, lost)
        kept = end > begin
        made = weibull(Spells(begin[kept], end[kept], (lives <= lost).astype(float)[kept]))
        hits += made.range_of("shape").low <= shape <= made.range_of("shape").high
        assert made.range_of("scale_h").value == pytest.approx(3000.0, rel=0.5)
    assert hits >= 15


def test_survival_holds_the_truth() -> None:
    rng = np.random.default_rng(4)
    lives, lost = rng.exponential(1000.0, 400), rng.uniform(0.0, 3000.0, 400)
    made = survival(Spells(np.zeros(400), np.minimum(lives, lost), (lives <= lost).astype(float)))
    truth = np.exp(-made.age_h / 1000.0)
    assert np.mean((made.low <= truth) & (truth <= made.high)) > 0.8
    assert (np.diff(made.share) <= 0.0).all()


def test_without_failures_there_is_still_a_least_time_between() -> None:
    made = dependability(0, 5000.0, 0.0)
    assert made.mtbf_h.low == pytest.approx(5000.0 / np.log(20.0), rel=1e-6)
    assert made.mttr_h is None


def test_what_cannot_be_said_is_refused() -> None:
    three = Spells(np.zeros(9), np.arange(1.0, 10.0), np.array([1.0] * 3 + [0.0] * 6))
    for ask in (weibull, onset):
        with pytest.raises(FigureGap, match="3 failures"):
            ask(three)
    with pytest.raises(FigureGap, match="ends before"):
        Spells(np.array([5.0]), np.array([4.0]), np.array([1.0]))
    with pytest.raises(FigureGap):
        Spells(np.zeros(0), np.zeros(0), np.zeros(0))
    with pytest.raises(FigureGap):
        Spells(np.zeros(1), np.array([np.nan]), np.zeros(1))
    with pytest.raises(FigureGap):
        dependability(1, 0.0, 1.0)
    with pytest.raises(FigureGap):
        avoided(1.0, 0.0, 1)
    with pytest.raises(FigureGap):
        weibull(Spells(np.zeros(8), np.full(8, 700.0), np.ones(8)))
