"""How long page data takes from a history of a month of minutes and a year of hours, beside bare DuckDB."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import DAY, HOUR, MINUTE, Period, WallClock, instant, micros
from ecotwin.cycle import Twin
from ecotwin.history.embedded import DuckStore
from ecotwin.history.rollup import Steps
from ecotwin.plant import Plant
from ecotwin.records import Cleaned, Quality, Readings, Rejects
from ecotwin.service.bench.alert import percentiles
from ecotwin.service.bench.works import works
from ecotwin.settings import read

STATIONS, METRICS = 20, 20
MONTH_DAYS, YEAR_DAYS = 30, 365
BATCH_ROWS = 1_000_000
ASKED = 6
MOST_RUNS = 200
LEAST_RUNS = 5


def query(
    *,
    seconds: float,
    stations: int = STATIONS,
    metrics: int = METRICS,
    month_days: int = MONTH_DAYS,
    year_days: int = YEAR_DAYS,
) -> dict[str, Any]:
    """Fill a history, then ask it what a page asks.

    Args:
        seconds: Longest time for each question [s]; it is asked at least 5 and at most 200 times.
        stations, metrics: Size of the site. month_days: Days of minutes. year_days: Days of hours.
    """
    plant = works(stations, metrics, 1)
    with tempfile.TemporaryDirectory(prefix="ecotwin-bench-") as name:
        folder = Path(name)
        end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        begun = time.perf_counter()
        size, kept = fill(plant, folder / "history", end, month_days, year_days)
        filled_s = time.perf_counter() - begun
        twin = Twin(plant, read(), WallClock(), folder)
        try:
            _learn(twin, end)
            asked = _questions(twin, plant, end, month_days, year_days)
            times = {n: _timed(call, seconds / len(asked)) for n, call in asked.items()}
        finally:
            twin.stop()
        bare = _bare(folder / "history", plant, end, month_days, year_days, seconds)
    return {
        "signals": len(plant.signals),
        "minute_rows": month_days * 1440 * len(plant.signals),
        "hour_rows": year_days * 24 * len(plant.signals),
        "readings_kept": kept,
        "history_mb": round(size / 1e6),
        "filling_s": round(filled_s, 1),
        "ms": times,
        "bare_duckdb_ms": bare,
    }


def fill(
    plant: Plant, folder: Path, end: datetime, month_days: int, year_days: int
) -> tuple[int, int]:
    """Write a year of hours and a month of minutes through the store; returns bytes and readings.

    In the month every signal has a reading a minute, appended and closed by the store a few days at a time. The
    hours before it are laid into the store's table of hours as closing them one by one would have left them.
    """
    store = DuckStore(plant, folder)
    kept = 0
    try:
        month = micros(end) - month_days * DAY
        _lay_hours(store, plant, micros(end) - year_days * DAY, month)
        at, span = month, max(1, BATCH_ROWS // len(plant.signals)) * MINUTE
        while at < micros(end):
            stop = min(at + span, micros(end))
            made = _readings(plant, at, stop, MINUTE)
            store.append(Cleaned(made, Rejects.empty(), ()), known_at=instant(stop))
            store.close_minutes(instant(stop - 2 * MINUTE), known_at=instant(stop))
            kept += len(made)
            at = stop
        return store.size_bytes(), kept
    finally:
        store.close()


def _lay_hours(store: DuckStore, plant: Plant, start: int, end: int) -> None:
    """Closed hours of every signal, in the order in which time would have brought them."""
    made = _readings(plant, start, end, HOUR)
    r = made.take(np.argsort(made.at, kind="stable"))
    n = len(r)
    whole, none = np.ones(n), np.zeros(n)
    steps = Steps(
        r.signal,
        r.at,
        np.full(n, 60),
        r.value,
        r.value * 0.9,
        r.value * 1.1,
        r.value,
        r.value,
        whole,
        none,
    )
    with store._file.write("filling") as tx:
        store._closing.insert(tx, "hour", steps, end, 1)


def _readings(plant: Plant, start: int, end: int, step: int) -> Readings:
    """Every signal every `step` [us]: stations at work by day, with noise."""
    at = np.arange(start, end, step, dtype=np.int64)
    noise = np.random.default_rng(start // MINUTE % 2**32)
    hours = at / HOUR % 24
    day = np.where((hours > 5) & (hours < 21), 1.0, 0.4)
    columns = []
    for s in plant.signals:
        if s.form == "counter":
            per_us = (6.5 if s.carrier == "electricity" else 300.0) / HOUR
            columns.append((at - 1_600_000_000_000_000) * per_us % (s.rollover or np.inf))
        elif s.form == "state":
            columns.append(
                np.where(day == 1.0, 5.0, 4.0) if s.means == "state" else np.ones(len(at))
            )
        else:
            middle = ((s.low or 0.0) + (s.high or 100.0)) / 2
            columns.append(middle * day * noise.normal(1.0, 0.02, len(at)))
    n = len(plant.signals)
    return Readings(
        np.repeat(np.arange(n, dtype=np.int32), len(at)),
        np.tile(at, n),
        np.concatenate(columns),
        np.full(n * len(at), Quality.GOOD, np.uint8),
    )


def _learn(twin: Twin, end: datetime) -> None:
    """As after the import of recorded days: baselines, the last day's course, today's figures."""
    twin.look.closed_until = end
    for days in (2, 1):
        day = Period(end - timedelta(days=days), end - timedelta(days=days - 1))
        twin.look.learn_from(twin.look.window(day))
    twin.look.refill_trail()
    twin.today_.update(end)


def _questions(
    twin: Twin, plant: Plant, end: datetime, month_days: int, year_days: int
) -> dict[str, Callable[[], Any]]:
    from ecotwin.service import overview
    from ecotwin.service.machine import machine
    from ecotwin.service.series import series

    few = [s.index for s in plant.signals][:: max(1, len(plant.signals) // ASKED)][:ASKED]
    everything = range(len(plant.signals))
    month, year = (
        Period(end - timedelta(days=month_days), end),
        Period(end - timedelta(days=year_days), end),
    )
    station = plant.signals[0].element
    ids = [plant.signals[i].id for i in few]
    coarse = 60 * max(1, month_days * 1440 * ASKED // 150_000 + 1)
    return {
        "month_of_minutes_6_signals": lambda: twin.store.window(few, month, 60),
        "month_as_json_for_a_chart": lambda: series(twin, ids, month, coarse).model_dump_json(),
        "year_of_hours_6_signals": lambda: twin.store.window(few, year, 3600),
        "year_of_hours_site": lambda: twin.store.window(everything, year, 3600),
        "last_day_of_minutes_6_signals": lambda: twin.store.window(
            few, Period(end - timedelta(days=1), end), 60
        ),
        "overview_as_json": lambda: overview.overview(twin).model_dump_json(),
        "machine_page_as_json": lambda: machine(twin, station, 24.0).model_dump_json(),
    }


def _timed(call: Callable[[], Any], seconds: float) -> dict[str, float]:
    """Ask again and again; the first time counts too, under its own name."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < LEAST_RUNS or (len(times) < MOST_RUNS and time.perf_counter() < until):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return {"first": round(times[0] * 1000, 2), **percentiles(times), "runs": len(times)}


def _bare(
    folder: Path, plant: Plant, end: datetime, month_days: int, year_days: int, seconds: float
) -> dict[str, dict[str, float]]:
    """The same rows by SQL alone: read and ordered, nothing made of them."""
    import duckdb

    con = duckdb.connect(str(folder / "history.duckdb"), read_only=True)
    step = max(1, len(plant.signals) // ASKED)
    few = ", ".join(str(i) for i in list(range(0, len(plant.signals), step))[:ASKED])
    stop = micros(end)

    def ask(table: str, days: int, which: str) -> Callable[[], Any]:
        text = (
            f"SELECT sid, t, mean, low, high, amount, covered FROM {table} "  # noqa: S608
            f"WHERE t >= {stop - days * DAY} AND t < {stop} {which} ORDER BY sid, t"
        )
        return lambda: con.execute(text).fetchnumpy()

    try:
        return {
            "month_of_minutes_6_signals": _timed(
                ask("minute", month_days, f"AND sid IN ({few})"), seconds / 3
            ),
            "year_of_hours_6_signals": _timed(
                ask("hour", year_days, f"AND sid IN ({few})"), seconds / 3
            ),
            "year_of_hours_site": _timed(ask("hour", year_days, ""), seconds / 3),
        }
    finally:
        con.close()
