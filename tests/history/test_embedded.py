"""The store on a real database: what is appended is what is read, now and after a restart."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin.clock import DAY, MINUTE, Period, instant
from ecotwin.errors import StoreFault
from ecotwin.history import closing
from ecotwin.history.embedded import DuckStore
from ecotwin.records import Break, Cleaned, Quality, Readings, Reject, Rejects, Window

from .conftest import FORMS, START, T0, US, Opener, all_forms, batch, plant_of, signal_of

HOUR_OF_DATA = Period(START, START + timedelta(hours=1))
COLUMNS = ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")
EVERY = range(len(FORMS))


def at(minute: float) -> int:
    return T0 + round(minute * MINUTE)


def known(minute: float) -> object:
    return START + timedelta(minutes=minute)


def assert_same(a: Window, b: Window) -> None:
    assert a.signals == b.signals
    assert a.period == b.period
    for name in COLUMNS:
        np.testing.assert_allclose(
            getattr(a, name), getattr(b, name), rtol=1e-9, atol=1e-12, err_msg=name
        )


def stream(minutes: int, seed: int = 1) -> Readings:
    """A reading of every signal a minute, each at its own second."""
    rng = np.random.default_rng(seed)
    n = len(FORMS)
    when = (T0 + np.arange(minutes)[:, None] * MINUTE + np.arange(n) * 7 * US).ravel()
    signal = np.tile(np.arange(n), minutes)
    value = rng.integers(0, 40, (minutes, n)).astype(float)
    value[:, FORMS.index("counter")] = np.cumsum(value[:, FORMS.index("counter")])
    return Readings.of(signal, when, value.ravel())


def test_image_holds_the_newest_and_the_past(opened: Opener) -> None:
    store = opened()
    store.append(batch([0, 0, 1], [at(1), at(3), at(2)], [1.0, 3.0, 2.0]), known_at=START)
    now = store.image(START + timedelta(minutes=5))
    assert (now.value[0], now.value[1]) == (3.0, 2.0)
    assert np.isnan(now.value[2])
    assert now.at[2] == 0
    assert now.quality[2] == Quality.STALE
    assert now.age_s(0) == 120.0
    then = store.image(START + timedelta(minutes=2))
    assert (then.value[0], then.at[0], then.value[1]) == (1.0, at(1), 2.0)


def test_window_before_and_after_closing_is_the_same(opened: Opener) -> None:
    store = opened()
    store.append(Cleaned(stream(61), Rejects.empty()), known_at=START)
    before = store.window(EVERY, HOUR_OF_DATA, 60), store.window(EVERY, HOUR_OF_DATA, 3600)
    store.close_minutes(START + timedelta(minutes=60), known_at=START + timedelta(hours=2))
    assert_same(before[0], store.window(EVERY, HOUR_OF_DATA, 60))
    assert_same(before[1], store.window(EVERY, HOUR_OF_DATA, 3600))
    assert before[0].covered[1:, :5].min() == 1.0
    assert store.window([0], HOUR_OF_DATA, 60).period == HOUR_OF_DATA


def test_every_step_adds_up_to_the_same_amount(opened: Opener) -> None:
    store = opened()
    store.append(Cleaned(stream(200), Rejects.empty()), known_at=START)
    store.close_minutes(START + timedelta(minutes=137), known_at=START)
    day = Period(START, START + timedelta(hours=3))
    totals = [
        np.nansum(store.window([1, 4, 5], day, s).amount, axis=0) for s in (60, 900, 3600, 10800)
    ]
    for total in totals[1:]:
        np.testing.assert_allclose(total, totals[0], rtol=1e-12)
    offset = Period(START + timedelta(minutes=30), START + timedelta(minutes=150))
    halves = store.window([4], offset, 3600)  # hours that begin at half past are built from minutes
    assert halves.steps == 2
    assert np.nansum(halves.amount) == pytest.approx(
        np.nansum(store.window([4], offset, 60).amount)
    )


def test_window_is_cut_to_minutes_and_repeats_columns_as_asked(opened: Opener) -> None:
    store = opened()
    store.append(batch([0], [at(0)], [4.0]), known_at=START)
    odd = Period(START + timedelta(seconds=59), START + timedelta(seconds=185))
    w = store.window([2, 0, 0], odd, 60)
    assert (w.period.start, w.steps, w.signals) == (START, 3, (2, 0, 0))
    assert store.window([], odd, 60).mean.shape == (3, 0)
    with pytest.raises(StoreFault, match="multiple of 60"):
        store.window([0], odd, 61)
    with pytest.raises(StoreFault, match="no signal 99"):
        store.window([99], odd, 60)


def test_future_minutes_are_not_covered(opened: Opener) -> None:
    store = opened()
    store.append(batch([0, 1], [at(0), at(0.5)], [4.0, 4.0]), known_at=START)
    w = store.window([0], HOUR_OF_DATA, 60)
    assert w.covered[:, 0].tolist() == [0.5] + [0.0] * 59


def test_interval_sum_is_exact_to_the_cent(opened: Opener) -> None:
    """Nine months of quarter hours with two decimals, closed and read at three step lengths."""
    store = opened(plant_of(signal_of(0, "interval", every_s=900.0)))
    cents = np.random.default_rng(3).integers(0, 15_000, 26_000)
    when = T0 + (np.arange(len(cents)) + 1) * 15 * MINUTE
    for i in range(0, len(cents), 5000):
        part = slice(i, i + 5000)
        store.append(
            batch(np.zeros(len(cents[part])), when[part], cents[part] / 100), known_at=START
        )
    end = START + timedelta(minutes=15 * len(cents))
    store.close_minutes(end, known_at=end)
    for step in (60, 3600, 86400):
        w = store.window([0], Period(START, end), step)
        assert round(float(np.nansum(w.amount)) * 100) == int(cents.sum())
        assert w.covered[:-1].min() == 1.0


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**31), st.integers(1, 239), st.lists(st.integers(1, 239), max_size=4))
def test_restart_in_the_middle_changes_no_figure(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cut: int, closes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("restart")
    rng = np.random.default_rng(seed)
    r = stream(240, seed)
    keep = rng.random(len(r)) < 0.9  # with gaps
    r = r.take(keep)
    quality = rng.choice([0, 0, 0, 0, 1, 2], len(r)).astype(np.uint8)
    r = Readings(r.signal, r.at, r.value, quality)
    plain, stopped = DuckStore(all_forms(), folder / "a"), DuckStore(all_forms(), folder / "b")
    for minute in range(0, 240, 10):
        part = r.take((r.at >= at(minute)) & (r.at < at(minute + 10)))
        for store in (plain, stopped):
            store.append(Cleaned(part, Rejects.empty()), known_at=instant(at(minute)))
            if any(minute <= c < minute + 10 for c in closes):
                store.close_minutes(instant(at(minute)), known_at=instant(at(minute)))
        if minute <= cut < minute + 10:
            stopped.close()
            stopped = DuckStore(all_forms(), folder / "b")
    day = Period(START, START + timedelta(hours=4))
    for step in (60, 3600):
        assert_same(plain.window(EVERY, day, step), stopped.window(EVERY, day, step))
    for store in (plain, stopped):
        store.close_minutes(START + timedelta(hours=4), known_at=START + timedelta(hours=5))
    assert_same(plain.window(EVERY, day, 60), stopped.window(EVERY, day, 60))
    moment = START + timedelta(hours=4)
    np.testing.assert_array_equal(plain.image(moment).value, stopped.image(moment).value)
    stopped.close()
    plain.close()


def test_more_than_fits_into_memory_is_closed_from_the_file(opened: Opener, tmp_path: Path) -> None:
    small, large = opened(folder=tmp_path / "a", tail_rows=500), opened(folder=tmp_path / "b")
    r = stream(400)
    for store in (small, large):
        for i in range(0, len(r), 90):
            store.append(
                Cleaned(r.take(np.arange(i, min(i + 90, len(r)))), Rejects.empty()), known_at=START
            )
    day = Period(START, START + timedelta(hours=7))
    assert_same(small.window(EVERY, day, 60), large.window(EVERY, day, 60))
    for minute in (130, 131, 400):
        for store in (small, large):
            store.close_minutes(START + timedelta(minutes=minute), known_at=START)
        for step in (60, 3600):
            assert_same(small.window(EVERY, day, step), large.window(EVERY, day, step))


def test_signals_keep_their_rows_when_the_plant_file_changes(opened: Opener) -> None:
    gauge, rate, counter = (
        signal_of(0, "gauge", "a"),
        signal_of(1, "rate", "b"),
        signal_of(2, "counter", "c"),
    )
    store = opened(plant_of(gauge, rate, counter))
    store.append(batch([0, 1, 2], [at(0)] * 3, [1.0, 2.0, 3.0]), known_at=START)
    store.append(batch([1, 2], [at(1)] * 2, [2.0, 4.0]), known_at=START)
    store.close()
    moved = plant_of(
        signal_of(0, "gauge", "new"), signal_of(1, "counter", "c"), signal_of(2, "rate", "b")
    )
    store = opened(moved)
    image = store.image(START + timedelta(minutes=2))
    assert image.value[1:].tolist() == [4.0, 2.0]
    assert np.isnan(image.value[0])
    assert store.vanished() == ("oven.a",)
    assert list(store.export_vanished("oven.a", HOUR_OF_DATA)) == [
        ("oven.a", "2026-03-02T00:00:00Z", 1.0, 0)
    ]
    store.close()
    changed = plant_of(
        signal_of(0, "gauge", "c")
    )  # a gauge of that name is another thing than the counter
    assert np.isnan(opened(changed).image(START + timedelta(minutes=2)).value[0])


def test_rejects_breaks_cursors_and_tail_come_back_after_a_restart(opened: Opener) -> None:
    store = opened()
    readings = Readings.of([4, 4, 4, 0], [at(0), at(1), at(2), at(0)], [1.0, 2.0, 9.0, 5.0])
    rejects = Rejects(
        np.array([0, -1], np.int32), np.array([at(1), at(2)]), np.array([1e9, 1.0]),
        (Reject.RANGE, Reject.UNKNOWN_SIGNAL), ("above 100", "no such name"),
    )  # fmt: skip
    broken = (Break(4, at(2), 7.0, "reset", 6.0),)
    store.append(Cleaned(readings, rejects, broken), known_at=START, cursors={"meter": "row 3"})
    store.append(batch([], [], []), known_at=START, cursors={"meter": "row 9", "other": "x"})
    for again in range(2):
        if again:
            store.close()
            store = opened()
        assert store.cursors() == {"meter": "row 9", "other": "x"}
        assert store.breaks() == {4: ((at(2), 7.0),)}
        assert store.reject_counts() == {"range": 1, "unknown_signal": 1}
        newest = store.rejects(limit=1)[0]
        assert (newest["signal"], newest["reason"], newest["detail"]) == (
            "",
            "unknown_signal",
            "no such name",
        )
        assert (
            store.rejects(Period(START, START + timedelta(seconds=70)))[0]["signal"]
            == "oven.gauge0"
        )
        tail = store.tail(2)
        assert (tail.signal.tolist(), tail.value.tolist()) == ([0, 4, 4], [5.0, 2.0, 9.0])
        w = store.window([4], Period(START, START + timedelta(minutes=2)), 60)
        assert w.estimated[:, 0].tolist() == [0.0, 1.0]
        assert w.amount[:, 0].tolist() == [1.0, 7.0]
        assert store.span() == Period(START, instant(at(2) + 1))


def test_seen_tells_late_doubles(opened: Opener) -> None:
    store = opened()
    store.append(batch([0, 1], [at(0), at(5)], [1.0, 1.0]), known_at=START)
    asked = np.array([0, 0, 1, 1, 2], np.int32), np.array([at(0), at(5), at(5), at(0), at(0)])
    assert store.seen(*asked).tolist() == [True, False, True, False, False]


def test_raw_and_export_give_readings_in_time_order(opened: Opener) -> None:
    store = opened()
    store.append(batch([0, 0, 1], [at(2), at(1), at(1)], [2.0, 1.0, 7.0]), known_at=START)
    store.append(batch([0], [T0 + 40 * DAY], [3.0]), known_at=START)
    assert store.raw(0, HOUR_OF_DATA).value.tolist() == [1.0, 2.0]
    assert store.raw(0, HOUR_OF_DATA, limit=1).value.tolist() == [1.0]
    rows = list(store.export([0, 1], Period(START, START + timedelta(days=50))))
    assert [(r[0], r[2]) for r in rows] == [
        ("oven.gauge0", 1.0), ("oven.rate1", 7.0), ("oven.gauge0", 2.0), ("oven.gauge0", 3.0)
    ]  # fmt: skip
    assert rows[0][1] == "2026-03-02T00:01:00Z"


def test_a_batch_that_was_not_cleaned_is_refused_whole(opened: Opener) -> None:
    store = opened()
    for bad in (batch([0, 99], [1, 1], [1.0, 1.0]), batch([0, 0], [1, 2], [1.0, np.nan])):
        with pytest.raises(StoreFault, match="cleaning chain"):
            store.append(bad, known_at=START)
    assert store.span() is None
    assert len(store.raw(0, HOUR_OF_DATA)) == 0


def test_documents_keep_every_version(opened: Opener) -> None:
    store = opened()
    for i, state in enumerate(("open", "closed")):
        store.put(
            "finding",
            "leak",
            START,
            {"state": state, "é": [1, None]},
            known_at=START + timedelta(hours=i),
        )
    store.put("finding", "wear", START + timedelta(days=1), {}, known_at=START)
    store.close()
    store = opened()
    newest = store.get("finding", "leak")
    assert newest is not None
    assert newest.body == {"state": "closed", "é": [1, None]}
    first = store.get("finding", "leak", known_at=START + timedelta(minutes=5))
    assert first is not None
    assert first.body["state"] == "open"
    assert store.get("finding", "leak", known_at=START - timedelta(1)) is None
    assert store.get("advice", "leak") is None
    assert [d.id for d in store.documents("finding")] == ["wear", "leak"]
    assert [d.id for d in store.documents("finding", since=START + timedelta(hours=1))] == ["wear"]
    assert [d.id for d in store.documents("finding", limit=1)] == ["wear"]
    with pytest.raises(StoreFault, match="cannot be kept"):
        store.put("finding", "x", START, {"at": START}, known_at=START)


def test_readers_see_whole_batches_while_a_writer_writes(opened: Opener) -> None:
    store = opened()
    stop, faults = threading.Event(), list[str]()

    def read() -> None:
        last = -1
        while not stop.is_set():
            w = store.window([0, 1], Period(START, START + timedelta(hours=3)), 60)
            counts = w.count.sum(axis=0)
            if counts[0] != counts[1] or counts[0] < last:
                faults.append(f"{counts} after {last}")
            last = int(counts[0])
            store.image(START + timedelta(hours=2))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for t in threads:
        t.start()
    for i in range(100):
        store.append(batch([0, 1], [at(i), at(i) + US], [1.0, 2.0]), known_at=START)
        if i % 5 == 0:
            store.close_minutes(instant(at(i)), known_at=START)
    stop.set()
    for t in threads:
        t.join()
    assert faults == []
    assert store.window([0], Period(START, START + timedelta(hours=3)), 60).count.sum() == 100


def test_months_are_read_from_rows_sorted_by_signal(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "SETTLE", 300)
    store = opened()
    r = stream(300)
    for minute in range(0, 300, 20):
        store.append(
            Cleaned(r.take((r.at >= at(minute)) & (r.at < at(minute + 20))), Rejects.empty()),
            known_at=START,
        )
        store.close_minutes(instant(at(minute + 20)), known_at=START)
    with store._file.read() as (con, _):
        assert con.execute("SELECT count(*) FROM minute").fetchone()[0] > 0
    span = Period(START, START + timedelta(hours=5))
    assert_same(store.window(EVERY, span, 60), store.window(EVERY, span, 60, known_at=START))
    assert store.window(EVERY, span, 60).count.sum() == len(r)
