"""What is dropped after a while, and rows handed out for CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from ecotwin.clock import DAY, HOUR, Period, iso, micros
from ecotwin.errors import StoreFault
from ecotwin.history.closing import Closing
from ecotwin.history.storefile import StoreFile

_DOING = "dropping old readings"
_CHUNK = 50_000


def retain(closing: Closing, *, raw_days: int, minute_days: int, now: datetime) -> None:
    """Drop raw readings, rejects and minutes that are older; hours, counts and documents stay.

    What open steps still need stays however old it is, so that a counter that was silent for long
    knows its total when it comes back.
    """
    if raw_days < 1 or minute_days < 1:
        raise StoreFault(
            f"a retention of {min(raw_days, minute_days)} days",
            expected="at least one day",
            remedy="correct the setting",
        )
    closing.settle(1)
    today = micros(now) // DAY * DAY
    waiting = min((hour for _, hour in closing.late), default=today)
    raw = min(today - raw_days * DAY, waiting)
    minute = min(today - minute_days * DAY, waiting)
    since = max(closing.since, raw, minute)
    begin = closing.tail.snapshot().begin(closing.traits)
    opened = {"sid": closing.registry.sid, "begin": begin, "hour": begin // HOUR * HOUR}
    with closing.file.write(_DOING) as tx:
        tx.con.register("opened", opened)
        tx.con.execute(_KEEP, [raw])
        tx.con.execute("DELETE FROM sample WHERE t < ?", [raw])
        tx.con.execute("INSERT INTO sample SELECT * FROM kept")
        tx.con.execute("DROP TABLE kept")
        tx.con.execute(
            "DELETE FROM minute WHERE t < $1 AND NOT EXISTS "
            "(SELECT 1 FROM opened o "
            "WHERE o.sid = minute.sid AND o.hour < $1 AND minute.t >= o.hour)",
            [minute],
        )
        tx.con.unregister("opened")
        tx.con.execute(
            f"INSERT INTO reject_count SELECT t // {DAY} * {DAY}, reason, count(*) FROM reject "  # noqa: S608
            "WHERE t < ? GROUP BY 1, 2",
            [raw],
        )
        tx.con.execute("DELETE FROM reject WHERE t < ?", [raw])
        tx.con.execute("UPDATE counter_state SET number = ? WHERE name = 'since'", [since])
        minutes = max(closing.minutes, minute)
        tx.con.execute("UPDATE counter_state SET number = ? WHERE name = 'minutes'", [minutes])

        def learn() -> None:
            closing.since = since
            closing.minutes = minutes

        tx.then(learn)


# Of the old readings stay: those of open steps, the last before an open step,
# and the last before the cut.
_KEEP = """
CREATE OR REPLACE TEMP TABLE kept AS
SELECT s.sid, s.t, s.value, s.quality, s.known FROM sample s LEFT JOIN opened o ON s.sid = o.sid
WHERE s.t < $1
QUALIFY s.t >= o.begin
 OR row_number() OVER (PARTITION BY s.sid, s.quality <= 1 ORDER BY s.t DESC, s.rowid DESC) = 1
 OR row_number() OVER (
  PARTITION BY s.sid, s.quality <= 1, s.t < o.begin ORDER BY s.t DESC, s.rowid DESC) = 1
ORDER BY s.rowid
"""


def export(
    file: StoreFile, closing: Closing, sids: Sequence[int], period: Period
) -> Iterator[tuple[str, str, float, int]]:
    """(signal id, ISO time, value, quality) in time order, a day at a time."""
    ids = closing.registry.ids
    at, end = period.start_us, period.end_us
    numbers = sorted(set(sids))
    while at < end:
        upto = min(end, (at // DAY + 1) * DAY)
        with file.read("exporting") as (con, _):
            rows = con.execute(
                "SELECT sid, t, value, quality FROM sample WHERE t >= ? AND t < ? "
                "AND sid IN (SELECT unnest(?::INTEGER[])) "
                "QUALIFY row_number() OVER (PARTITION BY sid, t ORDER BY rowid DESC) = 1 "
                "ORDER BY t, sid",
                [at, upto, numbers],
            ).fetchnumpy()
            following = con.execute("SELECT min(t) FROM sample WHERE t >= ?", [upto]).fetchone()[0]
        for i in range(0, len(rows["sid"]), _CHUNK):
            cut = slice(i, i + _CHUNK)
            columns = (np.asarray(rows[c][cut]).tolist() for c in ("sid", "t", "value", "quality"))
            for sid, t, value, quality in zip(*columns, strict=True):
                yield ids[sid], iso(t), value, quality
        at = max(upto, following) if following is not None else end
