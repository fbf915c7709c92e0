"""The chain as a whole: nothing is lost, wire units become canonical, rules act in their order."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from cleaning.made import (
    NOW,
    START,
    T0,
    kept,
    plant_of,
    reasons,
    refused,
    rows,
    signal,
    unseen,
    values,
)
from ecotwin.cleaning.chain import Chain
from ecotwin.clock import DAY, MINUTE, SECOND
from ecotwin.records import Bools, Codes, Ints, Quality, Samples


def test_wire_units_become_canonical() -> None:
    chain = Chain(plant_of(signal("counter", factor=0.001), signal(factor=5 / 9, offset=-160 / 9)))
    done = chain.clean(Samples.of([0, 1], [T0, T0], [1_234_567.0, 212.0]), NOW, unseen)
    assert values(done) == [1234.567, 100.0]


def test_state_codes_become_canonical_and_strangers_are_refused() -> None:
    states = signal("state", states={10: "idle", 20: "busy"})
    product = signal("state", states={7: "7", 8: "8"})
    chain = Chain(plant_of(states, product))
    batch = Samples.of([0, 0, 0, 1, 0], [T0, T0 + 1, T0 + 2, T0, T0 + 3], [20, 10, 11, 8, np.nan])
    done = chain.clean(batch, NOW, unseen)
    assert values(done) == [5.0, 4.0, 8.0]
    assert refused(done) == [(0, T0 + 2, "range"), (0, T0 + 3, "not_a_number")]
    assert "state code 11 is not in the plant file" in done.rejects.detail


def test_unknown_signals_are_refused_in_wire_units() -> None:
    chain = Chain(plant_of(signal(factor=2.0)))
    done = chain.clean(Samples.of([0, -1, 5], [T0, T0, T0], [1.0, 2.0, 3.0]), NOW, unseen)
    assert values(done) == [2.0]
    assert done.rejects.signal.tolist() == [-1, -1]
    assert done.rejects.value.tolist() == [2.0, 3.0]
    assert chain.counts == {"unknown_signal": {-1: 2}}


def test_every_row_comes_out_once_whatever_it_is() -> None:
    rng = np.random.default_rng(7)
    plant = plant_of(
        signal("counter", max_step=5.0, rollover=1000.0),
        signal("gauge", low=-50, high=150, max_step=30, stuck_after_s=60),
        signal("interval"),
        signal("state", states={0: "off", 1: "busy"}),
    )
    chain = Chain(plant)
    out = 0
    for _ in range(30):
        n = 400
        value = rng.choice([0.0, 1.0, 3.0, 99.0, 500.0, 1e9, np.nan, np.inf, -np.inf, -7.0], n)
        at = T0 + rng.integers(-500 * DAY, 2 * DAY, n) // SECOND * SECOND
        done = chain.clean(Samples.of(rng.integers(-1, 6, n), at, value), NOW, unseen)
        assert len(done.readings) + len(done.rejects) == n
        assert all(done.rejects.detail)
        assert np.isfinite(done.readings.value).all()
        out += len(done.rejects)
    assert sum(sum(by.values()) for by in chain.counts.values()) == out
    assert {"range", "not_a_number", "future", "past", "unknown_signal"} <= set(chain.counts)


def test_an_empty_batch_is_no_trouble() -> None:
    done = Chain(plant_of(signal())).clean(Samples.empty(), NOW, unseen)
    assert (len(done.readings), len(done.rejects), done.breaks) == (0, 0, ())


def test_a_plant_without_signals_refuses_everything() -> None:
    done = Chain(plant_of()).clean(rows([1.0]), NOW, unseen)
    assert reasons(done) == {"unknown_signal": 1}


# --- order -------------------------------------------------------------------------------------


def test_future_and_past_have_limits_that_an_import_lifts() -> None:
    plant = plant_of(signal())
    now = T0 + DAY
    at = [now + 15 * MINUTE, now + 15 * MINUTE + 1, now - 400 * DAY, now - 400 * DAY - 1]
    batch = Samples.of([0] * 4, at, [1.0, 2.0, 3.0, 4.0])
    usual = Chain(plant).clean(batch, NOW, unseen)
    assert refused(usual) == [(0, at[3], "past"), (0, at[1], "future")]
    importing = Chain(plant, past_days=None).clean(batch, NOW, unseen)
    assert refused(importing) == [(0, at[1], "future")]


def test_the_first_of_two_values_wins_and_both_are_named() -> None:
    chain = Chain(plant_of(signal()))
    done = chain.clean(Samples.of([0, 0, 0], [T0, T0, T0], [20.5, 21.25, 20.5]), NOW, unseen)
    assert values(done) == [20.5]
    assert reasons(done) == {"double": 2}
    assert any("20.5" in d and "21.25" in d for d in done.rejects.detail)
    later = chain.clean(Samples.of([0], [T0], [22.0]), NOW, unseen)
    assert reasons(later) == {"double": 1}
    assert "20.5" in later.rejects.detail[0]
    assert "22" in later.rejects.detail[0]


def test_the_newest_is_known_behind_a_late_row() -> None:
    chain = Chain(plant_of(signal()))
    chain.clean(rows([1, 2]), NOW, unseen)
    done = chain.clean(rows([1.5, 2, 3], start=5, every=5), NOW, unseen)
    assert values(done) == [1.5, 3]
    assert reasons(done) == {"double": 1}


def test_a_refused_future_stamp_does_not_outlive_a_restart() -> None:
    plant = plant_of(signal())
    first = Chain(plant)
    done = first.clean(Samples.of([0, 0], [T0, T0 + 30 * DAY], [1.0, 2.0]), NOW, unseen)
    again = Chain(plant)
    again.restore(done.readings, {}, done.rejects)
    asked: list[int] = []

    def seen(signal: Codes, at: Ints) -> Bools:
        asked.extend(at.tolist())
        return np.zeros(len(at), np.bool_)

    assert values(again.clean(rows([3.0], start=10), NOW, seen)) == [3.0]
    assert asked == []


def test_a_refused_row_that_comes_again_after_a_restart_is_a_double() -> None:
    plant = plant_of(signal(high=100))
    batch = Samples.of([0, 0], [T0, T0 + SECOND], [1.0, 500.0])
    done = Chain(plant).clean(batch, NOW, unseen)
    again = Chain(plant)
    again.restore(done.readings, {}, done.rejects)
    assert reasons(again.clean(batch.take(np.array([1])), NOW, unseen)) == {"double": 1}


def test_late_rows_pass_when_the_history_lacks_them() -> None:
    chain = Chain(plant_of(signal(), signal()))
    chain.clean(rows([1, 2, 3]), NOW, unseen)
    asked: list[tuple[list[int], list[int]]] = []

    def seen(signal: Codes, at: Ints) -> Bools:
        asked.append((signal.tolist(), at.tolist()))
        return np.array(at == T0 + 10 * SECOND, np.bool_)

    batch = Samples.of([0, 1, 0], [T0 + 10 * SECOND, T0, T0 + 15 * SECOND], [2.0, 9.0, 2.5])
    done = chain.clean(batch, NOW, seen)
    assert asked == [([0, 0], [T0 + 10 * SECOND, T0 + 15 * SECOND])]
    assert kept(done) == {(0, T0 + 15 * SECOND, 2.5, 0), (1, T0, 9.0, 0)}
    assert reasons(done) == {"double": 1}


# --- range and spike ---------------------------------------------------------------------------


def test_range_takes_both_ends_and_no_more() -> None:
    chain = Chain(plant_of(signal(low=-10, high=40), signal("counter"), signal("interval", low=0)))
    at = [T0 + i for i in range(4)]
    done = chain.clean(Samples.of([0] * 4, at, [-10, -10.001, 40, 41]), NOW, unseen)
    assert values(done) == [-10.0, 40.0]
    below, above = done.rejects.detail
    assert "below -10" in below
    assert "above 40" in above
    assert reasons(chain.clean(Samples.of([1, 2], at[:2], [-1.0, -2.0]), NOW, unseen)) == {
        "range": 2
    }


def test_a_spike_goes_and_its_neighbours_stay() -> None:
    done = Chain(plant_of(signal(max_step=5))).clean(rows([20, 21, 90, 22, 23]), NOW, unseen)
    assert values(done) == [20, 21, 22, 23]
    assert reasons(done) == {"spike": 1}


def test_a_real_step_costs_one_sample() -> None:
    done = Chain(plant_of(signal(max_step=5))).clean(rows([20, 21, 90, 91, 92]), NOW, unseen)
    assert values(done) == [20, 21, 91, 92]


def test_a_late_row_is_not_judged_and_judges_nobody() -> None:
    chain = Chain(plant_of(signal(max_step=5)))
    chain.clean(rows([20, 21]), NOW, unseen)
    late = Samples.of([0, 0], [T0 + 5 * SECOND, T0 + 20 * SECOND], [60.0, 22.0])
    assert values(chain.clean(late, NOW, unseen)) == [60.0, 22.0]


def test_after_a_silence_any_value_passes() -> None:
    chain = Chain(plant_of(signal(max_step=5)))
    chain.clean(rows([20]), NOW, unseen)
    assert values(chain.clean(rows([90], start=31), NOW, unseen)) == [90]


def test_states_setpoints_and_intervals_do_not_spike() -> None:
    plant = plant_of(*(signal(form, max_step=1) for form in ("state", "setpoint", "interval")))
    chain = Chain(plant)
    for index in range(3):
        done = chain.clean(rows([1, 50, 1, 50], index=index), NOW, unseen)
        assert values(done) == [1, 50, 1, 50]


# --- stuck -------------------------------------------------------------------------------------


def test_a_stuck_sensor_is_doubted_until_it_moves() -> None:
    chain = Chain(plant_of(signal(stuck_after_s=30)))
    done = chain.clean(rows([5, 7, 7, 7, 7, 7, 8, 8]), NOW, unseen)
    marks = done.readings.quality.tolist()
    assert marks == [0, 0, 0, 0, Quality.SUSPECT, Quality.SUSPECT, 0, 0]
    assert values(done) == [5, 7, 7, 7, 7, 7, 8, 8]
    assert chain.suspects.tolist() == [2]


def test_a_rate_at_rest_is_not_stuck() -> None:
    chain = Chain(plant_of(signal("rate", stuck_after_s=30), signal("gauge", stuck_after_s=30)))
    zero = chain.clean(rows([0.0] * 8), NOW, unseen)
    assert not zero.readings.quality.any()
    gauge = chain.clean(rows([0.0] * 8, index=1), NOW, unseen)
    assert gauge.readings.quality.tolist() == [0, 0, 0] + [Quality.SUSPECT] * 5


def test_a_worse_mark_of_the_source_stays() -> None:
    chain = Chain(plant_of(signal(stuck_after_s=10)))
    at = [T0 + i * 10 * SECOND for i in range(3)]
    done = chain.clean(Samples.of([0] * 3, at, [1, 1, 1], [0, 3, 0]), NOW, unseen)
    assert done.readings.quality.tolist() == [0, Quality.STALE, Quality.SUSPECT]


# --- gaps --------------------------------------------------------------------------------------


def test_gaps_open_close_and_are_filled_by_late_rows() -> None:
    chain = Chain(plant_of(signal(), signal()))
    chain.clean(rows([1, 2]), START, unseen)
    moment = START + timedelta(seconds=50)
    open_gaps = chain.gaps(moment)
    assert [(g.start, g.end) for g in open_gaps[0]] == [(T0 + 10 * SECOND, None)]
    assert open_gaps[0][0].seconds(moment) == 40
    assert [(g.start, g.end) for g in open_gaps[1]] == [(T0, None)]
    chain.clean(rows([3], start=110), START, unseen)
    end = START + timedelta(seconds=112)
    assert [(g.start, g.end) for g in chain.gaps(end)[0]] == [(T0 + 10 * SECOND, T0 + 110 * SECOND)]
    chain.clean(rows([9], start=60), START, unseen)
    parts = [(10, 60), (60, 110)]
    assert [((g.start - T0) / SECOND, (g.end or 0) - T0) for g in chain.gaps(end)[0]] == [
        (a, b * SECOND) for a, b in parts
    ]
    chain.clean(rows([9, 9], start=30, every=20), START, unseen)
    assert [(g.start - T0) // SECOND for g in chain.gaps(end)[0]] == [60]


def test_a_late_row_does_not_lengthen_the_gap_that_follows() -> None:
    chain = Chain(plant_of(signal()))
    chain.clean(rows([1, 2, 3, 4]), START, unseen)
    batch = Samples.of([0, 0], [T0 + 5 * SECOND, T0 + 90 * SECOND], [1.5, 5.0])
    chain.clean(batch, START, unseen)
    (gap,) = chain.gaps(START)[0]
    assert (gap.start - T0, gap.end) == (30 * SECOND, T0 + 90 * SECOND)


def test_a_signal_without_a_rhythm_has_no_gaps() -> None:
    chain = Chain(plant_of(signal(every_s=0.0)))
    chain.clean(rows([1.0]), START, unseen)
    assert chain.gaps(NOW) == {}
