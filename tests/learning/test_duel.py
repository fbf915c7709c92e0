"""A contest that runs: bounded false wins under many looks, flags that come late, and any cut gives the same."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.learning.contest import RISK, Outcome
from ecotwin.learning.duel import Duel
from ecotwin.records import Floats


def errors(rng: np.random.Generator, rows: int, carried: float) -> Floats:
    """Sizes of errors that hang together in time."""
    made = np.empty(rows)
    last = 0.0
    for k, new in enumerate(rng.normal(size=rows)):
        last = carried * last + np.sqrt(1.0 - carried**2) * new
        made[k] = last
    return made


def run(one: Floats, two: Floats, *, first: int = 24, most: int = 400, seed: int = 0) -> Duel:
    duel = Duel(first, most, seed)
    for k, (a, b) in enumerate(zip(one, two, strict=True)):
        duel.push(k, abs(a), abs(b))
        duel.look()
        if duel.over:
            break
    return duel


def test_one_that_is_no_better_wins_in_no_more_contests_than_promised() -> None:
    """Both equally good, errors partly shared and hanging together, looked at after every row."""
    wins, contests = 0, 200
    for seed in range(70_000, 70_000 + contests):
        rng = np.random.default_rng(seed)
        shared = errors(rng, 400, 0.8)
        one, two = (0.7 * shared + 0.7 * errors(rng, 400, 0.8) for _ in range(2))
        wins += (duel := run(one, two)).verdict is not None and duel.verdict.outcome is Outcome.WON
    # Binomial bound: five in a hundred promised, three standard deviations beyond would be a lie.
    assert wins / contests <= RISK + 3.0 * np.sqrt(RISK * (1.0 - RISK) / contests)


def test_one_that_is_a_fifth_better_wins_nearly_always() -> None:
    wins = 0
    for seed in range(80_000, 80_040):
        rng = np.random.default_rng(seed)
        one = errors(rng, 400, 0.5)
        wins += run(one, 0.8 * one + 0.05 * rng.normal(size=400)).verdict.outcome is Outcome.WON  # type: ignore[union-attr]
    assert wins >= 36


def test_rows_flagged_afterwards_count_out() -> None:
    rng = np.random.default_rng(5)
    one = np.abs(rng.normal(size=200))
    two = one.copy()
    two[50:150] = 0.1 * one[50:150]  # better only where the sensor lied
    duel = Duel(200, 200)
    for k in range(200):
        duel.push(k, one[k], two[k])
    duel.flag([(50, 150)])
    assert (duel.counted, duel.left_out) == (100, 100)
    assert duel.look() is None, "a hundred rows do not make the look that is due at two hundred"
    for k in range(200, 300):
        duel.push(k, one[k - 200] + 0.0, one[k - 200] + 0.0, bad=50 <= k - 200 < 150)
    assert duel.means[0] == duel.means[1]


def test_it_ends_without_a_winner_and_says_so() -> None:
    rng = np.random.default_rng(9)
    one = rng.normal(size=500)
    duel = run(one, np.roll(one, 7), first=20, most=160)
    assert duel.over
    assert duel.looks <= 4
    assert duel.verdict is not None
    assert duel.verdict.outcome is Outcome.OPEN
    assert "neither is proven better" in duel.told()
    duel.push(999, 1.0, 0.0)
    assert duel.look() is None


def test_it_says_how_far_it_is() -> None:
    duel = Duel(30, 120)
    assert "first look is at 30" in duel.told()
    for k in range(10):
        duel.push(k, 2.0, 1.0, bad=k == 0)
    duel.push(11, float("nan"), 1.0)
    assert duel.told() == (
        "mean error 1 against 2 of the one in use (50.0 % lower) on 9 rows, 1 left out as flagged; "
        "the next look is at 30, the last at 120"
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 119))
@settings(max_examples=20, deadline=None)
def test_saved_anywhere_it_goes_on_as_if_nothing_had_been(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(2, 120))
    two[rng.random(120) < 0.05] = np.nan
    whole, parted = Duel(16, 120, 3), Duel(16, 120, 3)
    for k in range(120):
        if k == cut:
            parted = Duel.restored(json.loads(json.dumps(parted.state())))
        for duel in (whole, parted):
            duel.push(k, abs(one[k]), abs(two[k]), bad=k % 11 == 0)
            duel.look()
    assert json.dumps(whole.state()) == json.dumps(parted.state())
