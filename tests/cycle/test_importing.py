"""Recorded history beside live data: counters join, late samples and a restart find the right offset."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ecotwin.cleaning.chain import Chain
from ecotwin.clock import Period, micros
from ecotwin.cycle.importing import bring_in
from ecotwin.errors import FileFault
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant
from ecotwin.records import Cleaned, Readings, Rejects, Samples
from running import utc

pytestmark = pytest.mark.xdist_group("cycle")

NOW = utc("2026-06-17T12:00")
LIVE_KWH = 700_000.0
"""Where the live counter stands: far from where the record ends."""


def live(works: Plant, store: DuckStore, minutes: int = 5) -> None:
    """A few minutes of the grid's counter, at 10 kWh a minute, after the record's end."""
    meter = works.signal("grid.energy").index
    at = [micros(NOW) + n * 60_000_000 for n in range(minutes)]
    value = [LIVE_KWH + 10.0 * n for n in range(minutes)]
    batch = Readings.of([meter] * minutes, at, value, [0] * minutes)
    store.append(Cleaned(batch, Rejects.empty()), known_at=NOW)


@pytest.fixture
def joined(works: Plant, past: tuple[Path, ...], tmp_path: Path) -> Iterator[DuckStore]:
    store = DuckStore(works, tmp_path / "joined")
    live(works, store)
    later = NOW + timedelta(minutes=5)
    span = bring_in(works, store, past, later, store.image(later))
    assert span is not None
    assert span.end == NOW
    yield store
    store.close()


def test_counters_join_without_a_jump(works: Plant, joined: DuckStore) -> None:
    meter = works.signal("grid.energy").index
    around = Period(NOW - timedelta(hours=2), NOW + timedelta(minutes=4))
    joined.close_minutes(around.end, known_at=around.end)
    amount = joined.window([meter], around, 60).amount[:, 0]
    assert np.nanmin(amount) >= 0
    # at the seam nothing is invented: the minutes before carry the record's use, those after the live one
    assert np.nanmax(amount[:-6]) < 5
    assert amount[-3:] == pytest.approx([10.0, 10.0, 10.0])
    rows = list(joined.export([meter], around))
    values = [r[2] for r in rows]
    assert values == sorted(values)


def test_use_inside_the_record_is_untouched(
    works: Plant, joined: DuckStore, store: DuckStore
) -> None:
    inside = Period(NOW - timedelta(hours=8), NOW - timedelta(hours=1))
    for one in (joined, store):
        one.close_minutes(inside.end, known_at=NOW)
    every = [s.index for s in works.signals if s.form == "counter"]
    amounts = [np.nansum(one.window(every, inside, 60).amount, axis=0) for one in (joined, store)]
    np.testing.assert_allclose(amounts[0], amounts[1], rtol=1e-9, atol=1e-6)
    assert amounts[0].sum() > 100


def test_a_restarted_chain_knows_both_offsets(works: Plant, joined: DuckStore) -> None:
    meter = works.signal("grid.energy").index
    chain = Chain(works)
    chain.restore(joined.tail(8), dict(joined.breaks()))
    now = NOW + timedelta(minutes=6)
    raw = LIVE_KWH + 60.0
    fresh = Samples.of([meter], [micros(NOW) + 6 * 60_000_000], [raw])
    cleaned = chain.clean(fresh, now, joined.seen)
    assert cleaned.readings.value.tolist() == [raw], "the live counter goes on as it stood"
    assert not cleaned.breaks


def test_a_file_that_is_no_record_is_refused(
    works: Plant, store: DuckStore, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("time;thing\n1;2\n")
    before = store.span()
    with pytest.raises(FileFault, match="has no column"):
        bring_in(works, store, [bad], NOW, store.image(NOW))
    assert store.span() == before
