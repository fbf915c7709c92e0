"""Files as a connection: every row is delivered, or counted with its number; clocks are mended."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.clock import DAY, HOUR, MINUTE, ManualClock, iso, micros
from ecotwin.connectors.contract import InletLimits
from ecotwin.connectors.files import Files
from ecotwin.connectors.stamps import old_day_midnights, to_utc
from ecotwin.errors import FileFault, SettingsFault, WriteRefused
from ecotwin.plant.model import Signal
from ecotwin.records import Quality, Samples
from wire_plants import plant_of, signal

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def reader(
    signals: list[Signal], *paths: Path | str, batch: int = 100_000, **options: Any
) -> Files:
    plant = plant_of(signals, "files", options)
    limits = InletLimits(paths=tuple(map(str, paths)), batch_samples=batch)
    return Files(plant, plant.connections[0], ManualClock(NOW), settings=limits)


def read(files: Files, cursor: str = "") -> Samples:
    files.start(cursor)
    got = []
    while delivery := files.take(0.0):
        got.append(delivery.samples)
    assert files.health().state == "finished"
    return Samples.join(got)


def written(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


AB = [signal(0, "a"), signal(1, "b")]


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_wide(tmp_path: Path, name: str, delimiter: str) -> None:
    text = "at,other,b,a\n2026-06-01 00:00,x,1,2\n2026-06-01 00:01,y,3,4.5\n"
    got = read(reader(AB, written(tmp_path / name, text.replace(",", delimiter))))
    assert got.signal.tolist() == [0, 1, 0, 1]
    assert got.value.tolist() == [2.0, 1.0, 4.5, 3.0]
    assert [iso(t) for t in got.at[::2].tolist()] == [
        "2026-05-31T22:00:00Z",
        "2026-05-31T22:01:00Z",
    ]


def test_an_empty_cell_is_no_sample_and_a_bad_one_is_nan(tmp_path: Path) -> None:
    text = "at,a,b\n2026-01-01,,1\n2026-01-02,oops,  \n2026-01-03,inf,nan\n2026-01-04,7\n"
    files = reader(AB, written(tmp_path / "x.csv", text))
    got = read(files)
    assert got.signal.tolist() == [1, 0, 0, 1, 0]
    np.testing.assert_array_equal(got.value, [1, np.nan, np.inf, np.nan, 7])
    assert files.health().extra == {"bad_numbers": 2}


def test_rows_without_a_place_are_counted_with_their_number(tmp_path: Path) -> None:
    text = "at,a,b\n2026-01-01,1,2\nnever,3,4\n,5,6\n2026-01-02,1,2,3\n2026-01-03,7,8\n"
    text += "infinity,1,2\n999999-01-01,1,2\n"
    files = reader(AB, written(tmp_path / "x.csv", text))
    got = read(files)
    assert got.value.tolist() == [1, 2, 7, 8]
    health = files.health()
    assert health.refused == 5
    for words in ("data row 2: the time", "data row 3: the time", "line 5: too many columns"):
        assert words in health.text


@pytest.mark.parametrize(
    ("form", "stamp", "wanted"),
    [
        ("iso", "2026-07-01T12:00:00", "2026-07-01T10:00:00Z"),
        ("iso", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"),
        ("iso", "2026-07-01 12:00:00.25+05:30", "2026-07-01T06:30:00.250000Z"),
        ("iso", "2026-07-01 12:00-0330", "2026-07-01T15:30:00Z"),
        ("iso", "2026-07-01 12:00+02", "2026-07-01T10:00:00Z"),
        ("iso", "2026-07-01", "2026-06-30T22:00:00Z"),
        ("%d/%m/%Y %H:%M", "01/07/2026 12:00", "2026-07-01T10:00:00Z"),
        ("%d.%m.%Y", "1.7.2026", "2026-06-30T22:00:00Z"),
        ("epoch_s", "1782907200", "2026-07-01T12:00:00Z"),
        ("epoch_s", "1782907200.5", "2026-07-01T12:00:00.500000Z"),
        ("epoch_ms", "1782907200123", "2026-07-01T12:00:00.123000Z"),
        ("epoch_us", "1782907200000001", "2026-07-01T12:00:00.000001Z"),
        ("epoch_ns", "1782907200000001999", "2026-07-01T12:00:00.000001Z"),
    ],
)
def test_times(tmp_path: Path, form: str, stamp: str, wanted: str) -> None:
    path = written(tmp_path / "x.csv", f"t,a\n{stamp},1\n")
    got = read(reader(AB[:1], path, time={"column": "t", "format": form}))
    assert [iso(t) for t in got.at.tolist()] == [wanted]


def test_decimal_comma_words_and_lines_before_the_header(tmp_path: Path) -> None:
    text = (
        "made by a logger\n\nat;Leistung kW;Zustand\n2026-01-01;1.234,5;Busy\n2026-01-02;-0,5;off\n"
    )
    signals = [
        signal(0, "Leistung kW"),
        signal(1, "Zustand", "state", states={0: "off", 5: "busy"}),
    ]
    got = read(reader(signals, written(tmp_path / "x.csv", text), decimal=",", skip=2))
    assert got.value.tolist() == [1234.5, 5.0, -0.5, 0.0]


def test_latin_letters_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("at,Wärme\n2026-01-01,1\n".encode("latin-1"))
    assert read(reader([signal(0, "Wärme")], path)).value.tolist() == [1.0]
    path.write_bytes(b"\xef\xbb\xbf" + "at,Wärme\n2026-01-01,2\n".encode())
    assert read(reader([signal(0, "Wärme")], path)).value.tolist() == [2.0]


@pytest.mark.parametrize(
    "sql_time",
    [
        "TIMESTAMP '2026-07-01 12:00:00'",
        "TIMESTAMPTZ '2026-07-01 10:00:00+00'",
        "'2026-07-01 12:00'",
    ],
)
def test_parquet(tmp_path: Path, sql_time: str) -> None:
    path = tmp_path / "x.parquet"
    duckdb.sql(f"SELECT {sql_time} AS t, 1.5 AS a, true AS b").write_parquet(str(path))
    got = read(reader(AB, path, time="t"))
    assert got.value.tolist() == [1.5, 1.0]
    assert iso(got.at[0]) == "2026-07-01T10:00:00Z"


def test_long(tmp_path: Path) -> None:
    text = "when,tag,v,q\n2026-01-01,a,1,0\n2026-01-01,b,2,3\n2026-01-02,c,3,0\n2026-01-02,a,,0\n"
    text += "2026-01-03,a,x,0\n2026-01-04,b,9,77\n"
    files = reader(
        AB,
        written(tmp_path / "x.csv", text),
        shape="long",
        time="when",
        columns={"signal": "tag", "value": "v", "quality": "q"},
    )
    got = read(files)
    assert got.signal.tolist() == [0, 1, 0, 1]
    np.testing.assert_array_equal(got.value, [1, 2, np.nan, 9])
    assert got.quality.tolist() == [0, Quality.STALE, 0, Quality.SUSPECT]
    health = files.health()
    assert health.extra == {"unknown_signals": 1, "bad_numbers": 1}
    assert "Not in the plant file: c" in health.text


def test_starts_of_intervals_become_their_ends(tmp_path: Path) -> None:
    signals = [signal(0, "a", "interval", every_s=900.0), signal(1, "b")]
    path = written(tmp_path / "x.csv", "at,a,b\n2026-01-01T00:00Z,1,2\n")
    got = read(reader(signals, path, time={"stamps": "start"}))
    assert (got.at - micros(NOW)).tolist() == [15 * MINUTE, 0]


def _steelworks(days: int, step: timedelta) -> list[str]:
    """Stamps as the steel works writes them: 00:00 bears the old day."""
    rows = []
    moment = datetime(2018, 1, 1, tzinfo=UTC)
    for _ in range(days * int(timedelta(days=1) / step)):
        moment += step
        shown = moment - timedelta(days=1) if moment.time() == datetime.min.time() else moment
        rows.append(shown.strftime("%d/%m/%Y %H:%M"))
    return rows


OLD_DAY = {
    "column": "date",
    "format": "%d/%m/%Y %H:%M",
    "timezone": "Asia/Seoul",
    "midnight": "old_day",
}


@pytest.mark.parametrize("minutes", [15, 60])
def test_midnights_that_bear_the_old_day_are_moved(tmp_path: Path, minutes: int) -> None:
    stamps = _steelworks(40, timedelta(minutes=minutes))
    text = "date,a\n" + "".join(f"{s},{i}\n" for i, s in enumerate(stamps))
    got = read(reader(AB[:1], written(tmp_path / "x.csv", text), time=OLD_DAY))
    assert got.value.tolist() == list(range(len(stamps)))
    assert set(np.diff(got.at).tolist()) == {minutes * MINUTE}
    assert iso(got.at[-1]) == "2018-02-09T15:00:00Z"


def test_a_clock_that_repair_cannot_mend_names_its_row(tmp_path: Path) -> None:
    stamps = _steelworks(2, timedelta(minutes=15))
    stamps[50] = "01/01/2018 03:00"
    text = "date,a\n" + "".join(f"{s},1\n" for s in stamps)
    files = reader(AB[:1], written(tmp_path / "x.csv", text), time=OLD_DAY)
    files.start()
    with pytest.raises(FileFault, match="data row 51"):
        files.take(0.0)
    assert files.health().state == "failed"
    assert "data row 51" in files.health().text


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=300),
    st.integers(0, 95),
    st.sampled_from([15, 30, 60]),
)
def test_any_file_with_old_midnights_is_mended(steps: list[int], first: int, minutes: int) -> None:
    """Whatever is missing: rows that rise in truth and are shown with old midnights rise again."""
    true = (17_532 * 96 + first + np.cumsum(np.minimum(steps, 90))) * minutes * MINUTE
    shown = np.where(true % DAY == 0, true - DAY, true)
    np.testing.assert_array_equal(old_day_midnights(shown), true)


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        ("Europe/Berlin", 15),
        ("Europe/Berlin", 60),
        ("America/New_York", 60),
        ("Australia/Lord_Howe", 15),  # a change of half an hour
        ("UTC", 60),
    ],
)
@pytest.mark.parametrize("wide", [True, False])
def test_a_year_of_local_time_is_a_year_of_utc(zone: str, minutes: int, wide: bool) -> None:
    place = ZoneInfo(zone)
    begin = micros(datetime(2026, 1, 1, tzinfo=place))
    utc = np.arange(begin, begin + 365 * DAY, minutes * MINUTE)
    local = np.array(
        [
            micros(
                datetime.fromtimestamp(t // 1_000_000, UTC).astimezone(place).replace(tzinfo=UTC)
            )
            for t in utc.tolist()
        ]
    )
    if not wide:
        utc, local = np.repeat(utc, 3), np.repeat(local, 3)
        if minutes == 60:
            # Of one repeated hourly stamp a long file cannot tell the two passes apart.
            local, utc = local[local // HOUR % 24 != 2], utc[local // HOUR % 24 != 2]
            local, utc = local[local // HOUR % 24 != 1], utc[local // HOUR % 24 != 1]
    np.testing.assert_array_equal(to_utc(local, place, equal_is_later=wide), utc)


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    for name, first in (("1.csv", 0), ("2.csv", 10), ("3.csv", 20)):
        rows = "".join(f"{1_000_000 + i},{i},{-i}\n" for i in range(first, first + 10))
        written(tmp_path / name, "at,a,b\n" + rows)
    options: dict[str, Any] = {"batch": 8, "time": {"format": "epoch_s"}}
    files = reader(AB, tmp_path, **options)
    files.start()
    deliveries = []
    while delivery := files.take(0.0):
        deliveries.append(delivery)
    whole = Samples.join([d.samples for d in deliveries])
    assert whole.value[whole.signal == 0].tolist() == list(range(30))
    assert max(len(d.samples) for d in deliveries) <= 8
    for cut in range(len(deliveries)):
        rest = read(reader(AB, tmp_path, **options), deliveries[cut].cursor)
        kept = Samples.join([d.samples for d in deliveries[: cut + 1]])
        np.testing.assert_array_equal(np.append(kept.value, rest.value), whole.value)


def test_glob_and_folder_and_list_of_paths(tmp_path: Path) -> None:
    for i in (2, 1, 3):
        written(tmp_path / f"d{i}.csv", f"at,a\n2026-01-0{i},{i}\n")
    written(tmp_path / "notes.md", "not data")
    assert read(reader(AB[:1], tmp_path)).value.tolist() == [1, 2, 3]
    assert read(reader(AB[:1], tmp_path / "d[12].csv")).value.tolist() == [1, 2]
    assert read(reader(AB[:1], tmp_path / "d3.csv", tmp_path / "d1.csv")).value.tolist() == [3, 1]
    plant_given = reader(AB[:1], path=str(tmp_path / "d2.csv"))
    assert read(plant_given).value.tolist() == [2]


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", "date,Usage_kWh,CO2\n2026-01-01,1,2\n")
    with pytest.raises(FileFault, match=r"no column 'usage_kwh'; it has: date, Usage_kWh, CO2"):
        reader([signal(0, "usage_kwh")], path, time="date").start()
    with pytest.raises(FileFault, match="'Usage_kW' may be 'Usage_kWh'"):
        reader([signal(0, "Usage_kW")], path, time="date").start()
    with pytest.raises(FileFault, match="no column 'at'"):
        reader([signal(0, "CO2")], path).start()


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("empty.csv", b"", "no header"),
        ("x.csv", b"\x00\x01\x02" * 100, "no text"),
        ("x.csv.gz", b"this is not gzip", "cannot be read"),
        ("x.parquet", b"PAR1 but no more", "cannot be read"),
        ("x.xlsx", b"PK", "cannot tell what kind"),
    ],
)
def test_unreadable_files(tmp_path: Path, name: str, content: bytes, match: str) -> None:
    (tmp_path / name).write_bytes(content)
    files = reader(AB, tmp_path / name)
    with pytest.raises(FileFault, match=match):
        files.start()
    assert files.health().state == "failed"
    assert files.take(0.0) is None


def test_a_gzip_file_that_ends_too_soon_is_a_fault(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i * 7919 % 10007}\n" for i in range(50_000))
    whole = gzip.compress(("at,a\n" + rows).encode())
    (tmp_path / "x.csv.gz").write_bytes(whole[: len(whole) // 2])
    files = reader(AB[:1], tmp_path / "x.csv.gz", time={"format": "epoch_s"})
    with pytest.raises(FileFault, match="cannot be read"):
        read(files)


def test_no_file_no_path_no_signal(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="no path was given"):
        reader(AB).start()
    with pytest.raises(FileFault, match="finds no data file"):
        reader(AB, tmp_path / "none*.csv").start()
    with pytest.raises(SettingsFault, match="no signal belongs"):
        reader([], tmp_path)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"shape": "round"}, "shape"),
        ({"colour": "red"}, "unknown options: colour"),
        ({"time": {"midnight": "noon"}}, "midnight"),
        ({"time": {"format": "European"}}, "format"),
        ({"time": {"timezone": "Europe/Nowhere"}}, "no time zone"),
        ({"time": {"zone": "UTC"}}, "unknown option 'zone'"),
        ({"decimal": "x"}, "decimal"),
    ],
)
def test_wrong_options_are_settings_faults(options: dict[str, Any], match: str) -> None:
    with pytest.raises(SettingsFault, match=match):
        reader(AB, "x.csv", **options)


def test_nothing_is_written_into_a_file(tmp_path: Path) -> None:
    with pytest.raises(WriteRefused):
        reader(AB, tmp_path).write("a", 1.0, 60.0)


def test_a_million_rows_are_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    duckdb.sql(
        "SELECT 1700000000 + range AS at, range AS a, -range AS b FROM range(300000)"
    ).write_csv(str(path))
    got = read(reader(AB, path, time={"format": "epoch_s"}))
    assert len(got) == 600_000
    assert np.array_equal(got.value[0::2], np.arange(300_000))
    assert np.all(np.diff(got.at[1::2]) == 1_000_000)
    assert HOUR == 3600 * 1_000_000
