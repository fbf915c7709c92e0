"""What the scorers of shape and spectrum see that values alone do not show."""

from __future__ import annotations

import numpy as np
import pytest

from ecotwin.detection.scoring.shape import LIBRARY, Shape
from ecotwin.detection.scoring.spectral import LENGTH, Spectral
from ecotwin.errors import FigureGap
from ecotwin.records import Floats, Rows


def rows(values: Floats) -> Rows:
    names = tuple("abcdef"[: values.shape[1]])
    at = np.arange(len(values), dtype=np.float64)
    return Rows(names, values, at, tuple(str(int(t)) for t in at), civil=False)


def sawtooth(count: int, seed: int) -> Floats:
    """A saw that rises slowly and falls at once, and a signal that follows it."""
    saw = (np.arange(count) % 20) / 20.0
    noise = 0.03 * np.random.default_rng(seed).normal(size=(count, 2))
    return np.column_stack([saw, 0.5 * saw]) + noise


def test_a_saw_run_backwards_has_the_same_values_and_another_shape() -> None:
    scorer = Shape()
    scorer.learn(rows(sawtooth(800, 1)))
    values = sawtooth(400, 2)
    values[200:] = values[200:][::-1].copy()
    score = scorer.score(values, 800.0 + np.arange(400.0))
    assert np.quantile(score[:200], 0.9) < 1.1
    assert np.median(score[210:]) > 1.5


def test_the_library_is_bounded() -> None:
    scorer = Shape()
    scorer.learn(rows(sawtooth(LIBRARY * 2, 3)))
    assert scorer.library.shape == (LIBRARY, 16)


def hum(count: int, seed: int, every: float) -> Floats:
    turn = np.arange(count) * 2.0 * np.pi / every
    rng = np.random.default_rng(seed)
    return np.column_stack([np.sin(turn), rng.normal(size=count)]) + 0.2 * rng.normal(
        size=(count, 2)
    )


def test_another_pitch_at_the_same_strength_is_seen_and_its_signal_named() -> None:
    scorer = Spectral()
    scorer.learn(rows(hum(900, 1, 5.0)))
    values = np.vstack([hum(300, 2, 5.0), hum(300, 3, 11.0)])
    at = 900.0 + np.arange(600.0)
    score = scorer.score(values, at)
    assert np.quantile(score[:300], 0.9) < 1.3
    assert np.median(score[340:]) > 2.0
    named = scorer.parts(values, at)[340:].argmax(axis=1)
    assert (named == 0).mean() > 0.9


def test_single_knocks_make_the_steps_peaked() -> None:
    rng = np.random.default_rng(4)
    scorer = Spectral()
    scorer.learn(rows(rng.normal(size=(1200, 1))))
    calm = rng.normal(size=(600, 1))
    knocked = calm.copy()
    knocked[300::24] *= 0.0
    knocked[300::24] += 6.0
    at = 1200.0 + np.arange(600.0)
    score = scorer.score(knocked, at)
    assert np.median(score[340:]) > np.quantile(score[:300], 0.95)


def test_too_few_rows_for_a_spectrum_are_refused() -> None:
    with pytest.raises(FigureGap, match="rows to learn from"):
        Spectral().learn(rows(np.random.default_rng(1).normal(size=(2 * LENGTH, 2))))
