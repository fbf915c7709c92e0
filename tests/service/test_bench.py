"""The benchmarks measure what they say: tiny runs of the real thing; never a limit on time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from ecotwin.connectors.sparkplug_payload import decode
from ecotwin.errors import SettingsFault, WireFault
from ecotwin.service import bench
from ecotwin.service.bench import seams as seams_module
from ecotwin.service.bench.alert import alert, percentiles
from ecotwin.service.bench.ingest import FIRST, Rung, climb, growth, ingest, shares
from ecotwin.service.bench.processes import Child
from ecotwin.service.bench.query import query
from ecotwin.service.bench.station import ROWS, stations
from ecotwin.service.bench.works import ALARM, works


@pytest.mark.broker
def test_ingest_loses_nothing_and_tells_all_its_fields() -> None:
    made = ingest(2.0, rates=[4000.0], devices=4, metrics=20)
    assert json.loads(json.dumps(made)) == made
    (rung,) = made["rungs"]
    assert rung["sent"] > 0
    assert rung["lost"] == rung["shed"] == rung["rebirths"] == 0
    assert rung["sent"] == rung["kept"] + rung["quarantined"]
    assert made["signals"] == 80
    assert rung["cpu_s_per_million"] > 0
    assert rung["memory_mb"] > 0
    assert set(rung["publish_to_stored_ms"]) == {"p50", "p95", "p99", "most"}
    assert 0.9 < sum(rung["cpu_share_by_room"].values()) < 1.01
    assert {"connectors", "cleaning", "history: append"} <= set(rung["cpu_share_by_room"])
    assert made["bare"]["limit_samples_per_s"] > 0
    assert made["bare"]["cpu_s_per_million"] > 0


@pytest.mark.broker
def test_alert_sees_every_crossing_at_the_open_page() -> None:
    made = alert(crossings=3, rate=1000.0, devices=3, metrics=20)
    assert json.loads(json.dumps(made)) == made
    assert made["missed"] == made["lost"] == 0
    for name in ("wire_to_page_ms", "bare_mqtt_ms", "publish_to_stored_ms"):
        assert 0 <= made[name]["p50"] <= made[name]["p99"] <= made[name]["most"], name
    assert made["bare_mqtt_ms"]["p50"] < made["wire_to_page_ms"]["most"]


def test_query_answers_from_a_filled_history() -> None:
    made = query(seconds=1.0, stations=2, metrics=12, month_days=1, year_days=3)
    assert json.loads(json.dumps(made)) == made
    assert made["readings_kept"] == made["minute_rows"] == 24 * 1440
    assert set(made["bare_duckdb_ms"]) < set(made["ms"])
    for name, times in made["ms"].items():
        assert times["runs"] >= 5, name
        assert times["p50"] <= times["p99"], name


def test_measure_refuses_what_it_does_not_know() -> None:
    with pytest.raises(SettingsFault, match="no benchmark"):
        bench.measure("speed", 10.0)
    with pytest.raises(SettingsFault, match=r"0\.1 s"):
        bench.measure("ingest", 0.1)


def test_stations_send_what_the_codec_reads() -> None:
    plant = works(3, 14, 1)
    made = stations(plant)
    assert sorted(i for s in made for i in s.ids) == sorted(s.id for s in plant.signals)
    station = made[1]
    now = 1_790_000_000.0
    born = decode(station.birth(now, 0))
    stamps: list[int | None] = []
    totals: list[float] = []
    for seq in range(ROWS + 3):
        read = decode(station.data(now + seq * 0.0001, seq))
        assert [m.alias for m in read.metrics] == [m.alias for m in born.metrics]
        assert read.seq == seq
        assert {m.timestamp for m in read.metrics} == {read.timestamp}
        stamps.append(read.timestamp)
        total = read.metrics[station.names.index("energy")].value
        assert isinstance(total, float)
        totals.append(total)
        assert all(isinstance(m.value, float) and m.value < ALARM for m in read.metrics[10:])
    assert len(set(stamps)) == len(stamps)
    assert totals == sorted(totals)
    station.set("g002", 92.0)
    for seq in range(ROWS + 1):
        read = decode(station.data(now + 1 + seq, seq))
        assert read.metrics[station.names.index("g002")].value == 92.0


def test_climbing_doubles_until_it_fails_and_then_looks_between() -> None:
    tried: list[float] = []

    def run(limit: float) -> list[Rung]:
        tried.clear()

        def rung(rate: float) -> Rung:
            tried.append(rate)
            return {"sustained": rate <= limit, "rate": rate}

        return climb(rung)

    made = run(3.1 * FIRST)
    assert tried == [FIRST, 2 * FIRST, 4 * FIRST, 3 * FIRST, 3.5 * FIRST]
    assert [r["sustained"] for r in made] == [True, True, False, True, False]
    assert len(run(1.0)) == 3


def test_a_backlog_that_swells_and_drains_is_no_growth_and_a_growing_one_is() -> None:
    steady = [(float(t), 100.0 + 5000.0 * (t % 4 == 3)) for t in range(12)]
    assert growth(steady) == 0.0
    assert growth([(float(t), 1000.0 * t) for t in range(12)]) == pytest.approx(1000.0)
    assert growth(steady[:2]) == 0.0


def test_percentiles_and_shares() -> None:
    assert percentiles([]) == {}
    assert percentiles([0.002, 0.001, 0.004, 0.003]) == {
        "p50": 2.0, "p95": 4.0, "p99": 4.0, "most": 4.0,
    }  # fmt: skip
    made = shares({"a": 1.0}, {"a": 2.0, "b": 3.0})
    assert made == {"b": 0.75, "a": 0.25}


def test_doors_count_their_own_time_only() -> None:
    class Room:
        def outer(self) -> float:
            self.burn(0.02)
            return self.inner()

        def inner(self) -> float:
            return self.burn(0.06)

        @staticmethod
        def burn(seconds: float) -> float:
            end = time.thread_time() + seconds
            while time.thread_time() < end:
                np.sqrt(2.0)
            return seconds

    seams = seams_module.Seams()
    seams.door(Room, "outer", "one")
    seams.door(Room, "inner", "two")
    assert Room().outer() == 0.06
    found = seams.shares()
    assert 0.02 <= found["one"] < found["two"]
    assert found["two"] >= 0.06
    assert sum(found.values()) == pytest.approx(time.process_time(), rel=0.2)


def test_a_child_that_ends_is_told(tmp_path: Path) -> None:
    with (
        Child("running", str(tmp_path / "missing.yaml"), str(tmp_path)) as child,
        pytest.raises(WireFault, match="running"),
    ):
        child.next(30.0)


def test_edge_tells_what_a_row_costs() -> None:
    from ecotwin.learning.joules import PowerModel
    from ecotwin.service.bench import edge

    rows = edge._rows(1, edge.TRAIN + edge.BLOCK)
    train, later = rows.part(0, edge.TRAIN), rows.part(edge.TRAIN, len(rows))
    for maker in (edge._chart, edge._sum, edge._expectation):
        for form, call, block, _ in maker(train, later):
            told = edge._measured(call, block, PowerModel(), 0.02)
            assert form in {"ecotwin", "ONNX Runtime"}
            assert told["rows_per_s"] > 0
            assert told["microjoules_a_row"] <= told["microjoules_a_row_one_by_one"]
