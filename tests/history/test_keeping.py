"""Retention, backup and restore."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import DAY, HOUR, MINUTE, Period, instant
from ecotwin.errors import StoreFault
from ecotwin.history.backup import MANIFEST
from ecotwin.history.embedded import DuckStore, restore
from ecotwin.history.storefile import NAME
from ecotwin.records import Cleaned, Readings, Reject, Rejects

from .conftest import START, T0, Opener, batch

DAYS = 6
END = START + timedelta(days=DAYS)
WHOLE = Period(START, END)


def six_days(store: DuckStore) -> None:
    """A rate, and a counter that falls silent after the first hour."""
    minute = T0 + np.arange(DAYS * 1440 + 1) * MINUTE
    n = len(minute)
    rejects = Rejects(
        np.array([1, 1], np.int32),
        np.array([T0, T0 + 5 * DAY]),
        np.ones(2),
        ("range",) * 2,
        ("",) * 2,
    )
    store.append(
        Cleaned(Readings.of(np.full(n, 1), minute, np.full(n, 6.0)), rejects), known_at=END
    )
    store.append(batch(np.full(60, 4), minute[:60], np.arange(60.0)), known_at=END)
    store.close_minutes(END, known_at=END)


def test_retention_drops_the_old_and_keeps_hours_counts_and_totals(opened: Opener) -> None:
    store = opened()
    six_days(store)
    hours = store.window([1, 4], WHOLE, 3600)
    store.append(batch([4], [T0 + 2 * DAY], [60.0]), known_at=END)
    store.close_minutes(END, known_at=END)
    store.append(batch([4], [T0 + 6 * DAY + HOUR], [61.0]), known_at=END)
    store.close_minutes(END + timedelta(hours=2), known_at=END)
    hours = store.window([1, 4], WHOLE, 3600)
    store.retain(raw_days=2, minute_days=3, now=END)
    for again in range(2):
        if again:
            store.close()
            store = opened()
        first = Period(START, START + timedelta(days=1))
        assert len(store.raw(1, first)) == 0
        assert np.isnan(store.window([1], first, 60).mean).all()
        after = store.window([1, 4], WHOLE, 3600)
        np.testing.assert_array_equal(after.amount, hours.amount)
        assert store.reject_counts() == {"range": 2}
        assert len(store.rejects()) == 1
        assert store.image(END + timedelta(hours=1)).value[4] == 61.0
        recent = Period(END - timedelta(days=1), END)
        assert store.window([1], recent, 60).covered.min() == 1.0
        assert np.nansum(store.window([4], WHOLE, 3600).amount) == pytest.approx(
            np.nansum(hours.amount[:, 1])
        )
        assert store.span() == Period(START, instant(T0 + 6 * DAY + HOUR + 1))


def test_reading_older_than_retention_goes_to_the_quarantine(opened: Opener) -> None:
    store = opened()
    six_days(store)
    store.retain(raw_days=2, minute_days=2, now=END)
    before = store.window([1], WHOLE, 3600)
    store.append(
        batch([1, 1], [T0 + MINUTE // 2, T0 + 6 * DAY + MINUTE], [99.0, 6.0]), known_at=END
    )
    store.close_minutes(END, known_at=END)
    assert store.reject_counts()["past"] == 1
    assert store.rejects()[0]["reason"] in (Reject.PAST, Reject.RANGE)
    np.testing.assert_array_equal(store.window([1], WHOLE, 3600).amount, before.amount)


def test_retention_needs_a_day(opened: Opener) -> None:
    with pytest.raises(StoreFault, match="at least one day"):
        opened().retain(raw_days=0, minute_days=3, now=END)


def test_silent_counter_knows_its_total_after_retention(opened: Opener) -> None:
    store = opened()
    six_days(store)
    store.retain(raw_days=1, minute_days=1, now=END)
    store.close()
    store = opened()
    store.append(batch([4], [T0 + 6 * DAY], [59.0 + 144.0]), known_at=END)
    store.close_minutes(END, known_at=END)
    every_hour = store.window([4], WHOLE, 3600)
    assert np.nansum(every_hour.amount) == pytest.approx(59.0 + 144.0)
    assert every_hour.estimated[1:].min() == pytest.approx(1.0)
    today = store.window([4], Period(END - timedelta(days=1), END), 60)
    assert np.nansum(today.amount) == pytest.approx(144.0 * 1440 / (6 * 1440 - 59))


def test_backup_while_data_comes_in_is_one_state(opened: Opener, tmp_path: Path) -> None:
    store = opened()
    six_days(store)
    stop = threading.Event()

    def ingest() -> None:
        k = 0
        while not stop.is_set():
            k += 1
            when = T0 + 7 * DAY + k * 1_000_000
            store.append(
                batch([0, 1], [when, when], [k, k]), known_at=END, cursors={"meter": str(k)}
            )

    writer = threading.Thread(target=ingest)
    writer.start()
    try:
        store.backup(tmp_path / "copy")
    finally:
        stop.set()
        writer.join()
    store.put("finding", "after", END, {}, known_at=END)
    restore(tmp_path / "copy", tmp_path / "back")
    back = opened(folder=tmp_path / "back")
    later = Period(instant(T0 + 7 * DAY), instant(T0 + 8 * DAY))
    count = int(back.cursors().get("meter", "0"))
    assert [len(back.raw(s, later)) for s in (0, 1)] == [count, count]
    assert back.get("finding", "after") is None
    np.testing.assert_array_equal(
        back.window([1, 4], WHOLE, 60).amount, store.window([1, 4], WHOLE, 60).amount
    )
    np.testing.assert_array_equal(
        back.window([1, 4], WHOLE, 3600).amount, store.window([1, 4], WHOLE, 3600).amount
    )
    back.append(batch([0], [T0 + 9 * DAY], [1.0]), known_at=END)
    assert store.size_bytes() > 100_000


def test_backup_and_restore_refuse_what_would_hurt(opened: Opener, tmp_path: Path) -> None:
    store = opened()
    store.append(batch([0], [1], [1.0]), known_at=START)
    copy = tmp_path / "it's a copy"
    store.backup(copy)
    with pytest.raises(StoreFault, match="not empty"):
        store.backup(copy)
    used = tmp_path / "used"
    used.mkdir()
    (used / "x").write_text("x")
    with pytest.raises(StoreFault, match="not empty"):
        restore(copy, used)
    assert [p.name for p in used.iterdir()] == ["x"]
    with pytest.raises(StoreFault, match="no backup"):
        restore(used, tmp_path / "new")
    manifest = json.loads((copy / MANIFEST).read_text())
    assert manifest["rows"]["sample"] == 1
    (copy / MANIFEST).write_text(json.dumps({**manifest, "version": 99}))
    with pytest.raises(StoreFault, match="newer ecotwin"):
        restore(copy, tmp_path / "new")
    (copy / MANIFEST).write_text(json.dumps(manifest))
    data = bytearray((copy / NAME).read_bytes())
    data[5000] ^= 1
    (copy / NAME).write_bytes(data)
    with pytest.raises(StoreFault, match="damaged"):
        restore(copy, tmp_path / "new")
    assert not list((tmp_path / "new").iterdir()) if (tmp_path / "new").exists() else True


def test_contract_is_met(opened: Opener) -> None:
    from ecotwin.history.contract import Store

    store: Store = opened()  # mypy compares every signature
    asked = [name for name in vars(Store) if not name.startswith("_")]
    assert len(asked) > 15
    assert all(hasattr(store, name) for name in asked)
