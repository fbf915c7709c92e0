"""The judge of any rows: its laws, what it does with bad rows, and whether it keeps what it promises."""

from __future__ import annotations

import itertools
import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.normal_series import as_rows, ill, normal_series
from ecotwin.detection.scoring.calibration import tail
from ecotwin.detection.scoring.combined import Combined
from ecotwin.detection.scoring.explaining import explain
from ecotwin.detection.scoring.running import Judged, detect
from ecotwin.detection.scoring.trimming import sound_rows
from ecotwin.detection.scoring.worth import worth
from ecotwin.errors import FigureGap
from ecotwin.records import Floats, Rows

QUICK = ("residual", "variates")
TRAIN = 400


def judge(share: float = 0.01) -> Combined:
    return Combined(share, QUICK)


@cache
def _values() -> Floats:
    values = normal_series("calm", 900, 6, seed=101)
    values[700:] = ill(values[700:], "step", seed=1)
    return values


def run(values: Floats, train: int = TRAIN) -> Judged:
    return detect(as_rows(values), train, judge=judge())


def test_a_fault_is_told_and_the_rows_before_it_are_not() -> None:
    seen = run(_values())
    assert seen.over[:300].mean() <= 0.02
    assert seen.over[320:].mean() > 0.9
    assert len(seen.score) == len(seen.over) == len(seen.top) == 500


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 499), max_size=6, unique=True))
def test_any_cut_of_the_stream_gives_the_same_verdict(cuts: list[int]) -> None:
    rows = as_rows(_values())
    one = judge()
    one.learn(rows.part(0, TRAIN))
    state = json.loads(json.dumps(one.state()))
    whole = one.judge(rows.values[TRAIN:], rows.at_s[TRAIN:])
    edges = [0, *sorted(cuts), 500]
    got, named = [], []
    for first, end in itertools.pairwise(edges):
        other = judge()
        other.restore(state)
        part = rows.part(TRAIN + first, TRAIN + end)
        score, _, top = other.judge(part.values, part.at_s)
        got.append(score)
        named += top
        state = json.loads(json.dumps(other.state()))
    np.testing.assert_array_equal(np.concatenate(got), whole[0])
    assert named == whole[2]


def test_no_score_depends_on_a_later_row() -> None:
    other = _values().copy()
    other[650:] = np.random.default_rng(3).normal(size=other[650:].shape) * 100.0
    np.testing.assert_array_equal(run(_values()).score[:250], run(other).score[:250])


@settings(max_examples=6, deadline=None)
@given(
    order=st.permutations(range(6)),
    factor=st.lists(st.sampled_from([0.001, 1.0, 3.6, 1000.0]), min_size=6, max_size=6),
    shift=st.lists(st.sampled_from([-500.0, 0.0, 273.15]), min_size=6, max_size=6),
)
def test_names_units_and_order_of_columns_change_nothing(
    order: list[int], factor: list[float], shift: list[float]
) -> None:
    values = _values()[:, order] * np.array(factor) + np.array(shift)
    names = tuple(f"x{i}" for i in range(6))
    rows = as_rows(values)
    seen = detect(Rows(names, values, rows.at_s, rows.stamps, rows.civil), TRAIN, judge=judge())
    plain = run(_values())
    np.testing.assert_allclose(seen.score, plain.score, rtol=1e-6)
    assert [t[0] for t in seen.top[320:]] == [
        names[order.index(int(t[0].split("_")[1]))] for t in plain.top[320:]
    ]


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_the_promise_is_kept_on_normal_rows_of_unseen_seeds(share: float) -> None:
    told = []
    for family in ("calm", "slow", "heavy", "cycle", "regimes"):
        for seed in (501, 502, 503):
            rows = as_rows(normal_series(family, 1000, 5, seed))
            told.append(float(detect(rows, 400, judge=judge(share)).over.mean()))
    assert np.mean(told) <= share
    assert max(told) <= max(0.1, 4.0 * share)


def test_a_small_lasting_shift_counts_though_no_single_row_shows_it() -> None:
    values = normal_series("calm", 1400, 4, seed=77)
    values[1000:, 2] += 0.8 * values[:, 2].std()
    seen = detect(as_rows(values), 800, judge=judge())
    assert seen.over[:200].mean() <= 0.02
    assert seen.over[300:].mean() > 0.5


def test_a_few_faults_in_the_training_part_do_not_break_it() -> None:
    values = _values().copy()
    values[100:110] += 60.0 * values.std(axis=0)
    seen = run(values)
    assert seen.over[320:].mean() > 0.9
    assert any("10 rows of the training part" in note for note in seen.notes)


def test_a_way_of_running_that_is_common_is_no_fault_of_the_training_part() -> None:
    values = normal_series("calm", 500, 3, seed=5)
    values[200:300] += 50.0
    assert sound_rows(values).all()


def test_a_regime_never_seen_is_told() -> None:
    values = normal_series("regimes", 800, 5, seed=9)
    values[600:] += np.array([40.0, -30.0, 20.0, 35.0, -25.0])
    assert run(values).over[200:].mean() > 0.95


def test_rows_with_gaps_are_judged_by_what_is_there_and_empty_ones_are_told() -> None:
    values = _values().copy()
    values[450:460, 0] = np.nan
    values[470:475] = np.nan
    values[720:740, 5] = np.nan
    seen = run(values)
    assert np.isfinite(seen.score[50:60]).all()
    assert np.isnan(seen.score[70:75]).all()
    assert not seen.over[70:75].any()
    assert seen.top[70] == ()
    assert seen.over[325:340].mean() > 0.8
    assert any(note.startswith("5 rows were not judged") for note in seen.notes)
    assert any(note.startswith("30 rows have gaps") for note in seen.notes)


def test_still_and_empty_columns_are_told() -> None:
    values = _values().copy()
    values[:, 0] = 5.0
    values[:, 1] = np.nan
    values[600:, 0] = 6.0
    seen = run(values)
    notes = " ".join(seen.notes)
    assert "signal_0 stood still at 5" in notes
    assert "other values in 300 rows" in notes
    assert "signal_1 has no value in the training part" in notes


def test_uneven_repeated_and_backward_times_get_an_answer() -> None:
    rows = as_rows(_values())
    at = rows.at_s.copy()
    at[500:] += 1000.0
    at[600:605] = at[600]
    at[650:] -= 40.0
    odd = Rows(rows.columns, rows.values, at, rows.stamps, rows.civil)
    seen = detect(odd, TRAIN, judge=judge())
    assert np.isfinite(seen.score).all()
    assert seen.over[330:].mean() > 0.9


def test_one_signal_is_judged_too() -> None:
    values = normal_series("calm", 900, 1, seed=4)
    values[700:] += 4.0 * values.std()
    seen = run(values)
    assert seen.over[:290].mean() <= 0.02
    assert seen.over[310:].mean() > 0.8
    assert set(seen.top[400]) == {"signal_0"}


@pytest.mark.parametrize(
    ("values", "train", "words"),
    [
        (np.ones((300, 3)), 200, "moves"),
        (np.full((300, 3), np.nan), 200, "0 rows"),
        (normal_series("calm", 300, 3, 1), 20, "20 rows"),
        (normal_series("calm", 300, 3, 1), 300, "300 of 300"),
        (normal_series("calm", 1, 3, 1), 1, "1 of 1"),
        (normal_series("calm", 100, 90, 1), 70, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_refused_or_judged_never_passed_over(
    values: Floats, train: int, words: str
) -> None:
    if words:
        with pytest.raises(FigureGap, match=words):
            run(values, train)
    else:
        assert np.isfinite(run(values, train).score).all()


def test_more_signals_than_the_training_rows_can_carry() -> None:
    values = normal_series("calm", 400, 150, seed=8)
    values[300:] = ill(values[300:], "step", seed=2)
    seen = run(values, 200)
    assert seen.over[:100].mean() < 0.1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_explanation_is_faithful(seed: int) -> None:
    values = normal_series("calm", 700, 5, seed=200 + seed)
    j = seed % 5
    values[600:, j] += 6.0 * values[:, j].std()
    rows = as_rows(values)
    one = judge()
    one.learn(rows.part(0, TRAIN))
    told = explain(one, rows, 650, TRAIN)
    assert told.value > 1.0
    assert told.why[0].name == f"signal_{j}"
    assert told.base < 1.0  # with the named signals at their expected values the score is gone
    assert told.base + sum(r.weight for r in told.why) == pytest.approx(told.value)
    assert told.why[0].usual == pytest.approx(
        values[650, j] - 6.0 * values[:600, j].std(), abs=3.0 * values[:600, j].std()
    )
    # It is so: the same rows with the named signals mended score as told.
    mended = values.copy()
    names = [r.name for r in told.why]
    for name in names:
        mended[TRAIN:, int(name.split("_")[1])] = np.nan
    again = detect(as_rows(mended), TRAIN, judge=judge())
    assert again.score[650 - TRAIN] == pytest.approx(told.base, rel=1e-9)


def test_a_row_without_values_is_explained_as_not_judged() -> None:
    values = _values().copy()
    values[500] = np.nan
    one = judge()
    one.learn(as_rows(values).part(0, TRAIN))
    told = explain(one, as_rows(values), 500, TRAIN)
    assert told.why == ()
    assert "no signal" in told.against[0].text


def test_the_limit_of_a_known_tail() -> None:
    # Stretches alike, scores log-exponential above their level: the limit lies where one in a hundred is above.
    chance = np.random.default_rng(1)
    parts = [np.exp(chance.exponential(0.12, 3000)) for _ in range(8)]
    limit = tail(parts).limit(0.01)
    above = float(np.mean(np.exp(chance.exponential(0.12, 100_000)) > limit))
    assert above <= 0.01
    assert tail(parts).share_above(limit) == pytest.approx(0.01, rel=1e-3)
    # Stretches that lie far apart need more.
    apart = [p * f for p, f in zip(parts, (0.5, 2.0, 1.0, 0.7, 1.5, 1.0, 0.6, 1.8), strict=True)]
    assert tail(apart).limit(0.01) > 1.5 * limit


def test_worth_by_hand() -> None:
    over = np.array([True, False, True, False])
    truth = np.array([True, True, False, False])
    told = worth(over, np.array([3.0, np.nan, 2.0, 0.1]), truth)
    assert (told.f1, told.far, told.mar, told.auc) == (0.5, 0.5, 0.5, 0.5)
    assert worth(over, np.ones(4), np.zeros(4, np.bool_)).f1 is None
