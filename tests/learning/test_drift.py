"""Watches of drift: their promise of few false alarms kept on unseen seeds, and their delay."""

from __future__ import annotations

import numpy as np
import pytest

from ecotwin.errors import FigureGap
from ecotwin.learning.drift import Cusum, InputWatch, ReferenceWatch, limit_for, run_length
from ecotwin.records import Floats


def autoregressive(rows: int, seed: int, rho: float) -> Floats:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=rows) * np.sqrt(1.0 - rho**2)
    made = np.zeros(rows)
    made[0] = rng.normal()
    for i in range(1, rows):
        made[i] = rho * made[i - 1] + noise[i]
    return made


def test_the_run_length_of_a_cusum_is_what_the_formula_says() -> None:
    rng = np.random.default_rng(1)
    limit = limit_for(200.0)
    assert run_length(limit) == pytest.approx(200.0, rel=1e-6)
    lengths = []
    for _ in range(400):
        chart = Cusum(1, 200.0)
        while not chart.push(rng.normal(size=1)):
            pass
        lengths.append(chart.steps)
    assert 170 < np.mean(lengths) < 235


@pytest.mark.parametrize("rho", [0.0, 0.9, 0.98])
def test_false_alarms_stay_below_the_promise_though_errors_hang_together(rho: float) -> None:
    block, rang, blocks = 100, 0, 0
    for seed in range(60):
        series = autoregressive(1000 + 50 * block, 100 + seed, rho)
        watch = ReferenceWatch(series[:1000], block, promise=300.0)
        for k in range(50):
            rang += bool(watch.push(series[1000 + k * block : 1000 + (k + 1) * block]))
            blocks += 1
    # The scatter is known from ten blocks only; the promise is kept within a factor of two.
    assert rang / blocks < 2.0 / 300.0


@pytest.mark.parametrize(("change", "kind"), [("bias", "bias"), ("error", "error")])
def test_a_moved_process_is_seen_within_a_few_blocks(change: str, kind: str) -> None:
    delays = []
    for seed in range(30):
        series = autoregressive(2000, 500 + seed, 0.9)
        late = series[1000:] * (3.0 if change == "error" else 1.0) + 1.5 * (change == "bias")
        watch = ReferenceWatch(series[:1000], 100)
        kinds = [{a.kind for a in watch.push(late[k * 100 : (k + 1) * 100])} for k in range(10)]
        delays.append(next((k for k, seen in enumerate(kinds) if kind in seen), 10))
    assert np.mean(delays) < 3.5
    assert max(delays) < 10


def test_saved_and_restored_it_goes_on_the_same() -> None:
    series = autoregressive(3000, 9, 0.9)
    series[2000:] += 1.0
    one = ReferenceWatch(series[:1000], 50)
    told = []
    for k in range(40):
        told.append(one.push(series[1000 + 50 * k : 1050 + 50 * k]))
        if k == 17:
            two = ReferenceWatch.restored(one.state())
        elif k > 17:
            assert two.push(series[1000 + 50 * k : 1050 + 50 * k]) == told[-1]
    assert any(told)


def test_neither_unit_nor_missing_errors_matter() -> None:
    series = autoregressive(2000, 10, 0.5)
    series[1500:] *= 4.0
    holes = series.copy()
    holes[::7] = np.nan
    one, two = ReferenceWatch(series[:1000], 50), ReferenceWatch(1000.0 * series[:1000], 50)
    three = ReferenceWatch(holes[:1000], 50)
    rang: list[list[int]] = [[], [], []]
    for k in range(20):
        part = slice(1000 + 50 * k, 1050 + 50 * k)
        for n, (watch, values) in enumerate(
            ((one, series), (two, 1000.0 * series), (three, holes))
        ):
            if watch.push(values[part]):
                rang[n].append(k)
    assert rang[0] == rang[1]
    assert rang[2]
    assert one.push(np.full(50, np.nan)) == []


def test_too_few_errors_are_refused() -> None:
    with pytest.raises(FigureGap, match="15 errors"):
        ReferenceWatch(np.arange(15.0), 5)


def test_inputs_that_move_are_named_and_steady_ones_are_quiet() -> None:
    false = 0
    for seed in range(20):
        rows = np.column_stack([autoregressive(6000, seed * 3 + j, 0.8) for j in range(3)])
        watch = InputWatch(("a", "b", "c"), rows[:2000], 200)
        false += sum(bool(watch.push(rows[k : k + 200])) for k in range(2000, 6000, 200))
    assert false / (20 * 20) < 2.0 / 300.0
    moved = np.column_stack([autoregressive(1000, 90 + j, 0.8) for j in range(3)])
    moved[:, 1] += 2.0
    seen = [a for k in range(0, 1000, 200) for a in watch.push(moved[k : k + 200])]
    assert seen
    assert {a.text.split()[0] for a in seen} == {"b"}
    with pytest.raises(FigureGap, match="four windows"):
        InputWatch(("a",), np.ones((30, 1)), 10)
