"""What-ifs from the history, after a restart, with a weather file; the base case and its bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import Period, micros
from ecotwin.cycle.rates import rates_of
from ecotwin.cycle.whatif import WhatIf
from ecotwin.cycle.whatif_base import Span, base_case, begin_of, plain_case, sound, weather_of
from ecotwin.cycle.whatif_run import Question
from ecotwin.errors import FileFault, ScenarioFault
from ecotwin.governance.ledger import Ledger, content
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant, load
from ecotwin.records import Booking
from ecotwin.simulation.backtest import work_hours
from ecotwin.simulation.scenario import Applied, apply
from ecotwin.simulation.scenario_file import parse
from ecotwin.simulation.spread import Held, Spread
from running import OVEN_WORKS

WORKS = Path(__file__).parents[2] / "plants" / "electronics.yaml"
NOW = datetime(2026, 6, 18, 5, 0, tzinfo=UTC)
SMALL = Question(
    texts=("id: a\nname: A\nweather: {warmer_k: 3}\n",), start="start", hours=1.0, runs=2
)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(WORKS)


@pytest.fixture
def store(plant: Plant, tmp_path: Path) -> Iterator[DuckStore]:
    made = DuckStore(plant, tmp_path / "history")
    yield made
    made.close()


def test_a_result_outlives_the_twin_and_is_sealed(plant: Plant, tmp_path: Path) -> None:
    digests: list[str] = []
    for _ in range(2):
        store, ledger = DuckStore(plant, tmp_path / "history"), Ledger(tmp_path / "ledger")
        try:
            whatif = WhatIf(plant, lambda: NOW, store, ledger)
            if digests:
                before = whatif.runs()[0]
                assert before.state == "done"
                assert before.digest == digests[0]
                body = whatif.document(before.id)
                assert content(ledger.entry(body["entry"]))["result"] == before.digest
                question = replace(
                    SMALL, start=f"start:{body['start']}", texts=tuple(body["texts"])
                )
            else:
                question = SMALL
            digests.append(whatif.now_and_here(question).digest)
        finally:
            store.close()
            ledger.close()
    assert digests[0] == digests[1]


def test_spans_that_memory_cannot_hold_and_starts_that_are_not_are_named(
    plant: Plant, store: DuckStore
) -> None:
    for span, said in (
        (Span(24.0, 1, 1), "1 runs"),
        (Span(-2.0, 10, 1), "-2 h"),
        (Span(24.1, 10, 1), "whole number of quarter hours"),
        (Span(2000.0, 2000, 1), "run-hours"),
    ):
        with pytest.raises(ScenarioFault, match=said):
            sound(span)
    for start, said in (("soon", "is no start"), ("2031-01-01", "plant's time is")):
        with pytest.raises(ScenarioFault, match=said):
            begin_of(plant, store, NOW, start)
    with pytest.raises(ScenarioFault, match="needs the plant's history"):
        base_case(plant, None, None, NOW, "live", Span(1.0, 2, 1))
    whatif = WhatIf(plant, lambda: NOW, store)
    with pytest.raises(ScenarioFault, match="holds nothing before"):
        whatif.now_and_here(replace(SMALL, start="live"))


def year(path: Path, start: datetime, rows: list[str]) -> Path:
    at = [start + timedelta(hours=n) for n in range(len(rows))]
    lines = [f"{t.isoformat()},{row}" for t, row in zip(at, rows, strict=True)]
    path.write_text("time,outdoor_c,humidity,sun_w_m2\n" + "\n".join(lines) + "\n", "utf-8")
    return path


def test_a_weather_year_is_read_by_month_day_and_hour(plant: Plant, tmp_path: Path) -> None:
    rows = [f"{10 + n % 24},60,{100 * (n % 2)}" for n in range(24 * 10)]
    year(tmp_path / "dry.csv", datetime(2019, 6, 14, 0, tzinfo=UTC), rows)
    scenario = parse("id: dry\nname: Dry\nweather: {file: dry.csv, warmer_k: 1}\n")
    case = plain_case(plant, NOW, Span(6.0, 3, 1))
    weather = weather_of(scenario, case, tmp_path)
    assert weather is not None
    made = apply(scenario, case, weather).case.weather
    assert made.outdoor_c.shape == (1, 360)
    assert made.outdoor_c[0, 0] == pytest.approx(16.0 + 0.5 / 60.0, abs=1e-6)
    assert (made.wet_bulb_c < made.outdoor_c).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,outdoor_c,sun_w_m2\n", "lacks the column"),
        ("time,outdoor_c,humidity,sun_w_m2\n2019-01-01T00:00,5,101,0\n", "humidity is 101"),
        ("time,outdoor_c,humidity,sun_w_m2\nx,5,50,0\n", ":2:"),
        ("time,outdoor_c,humidity,sun_w_m2\n2019-01-01T00:00,5,50,0\n2019-01-01T00:00,5,50,0\n", "time order"),
        ("time,outdoor_c,humidity,sun_w_m2\n2019-01-01T00:00,5,50,0\n2019-01-01T01:00,5,50,0\n", "does not hold"),
        ("time,outdoor_c,humidity,sun_w_m2\n2026-06-17T00:00,5,50,0\n2026-06-19T01:00,5,50,0\n", "gap of more"),
    ],
)  # fmt: skip
def test_a_weather_file_at_fault_is_named(
    plant: Plant, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "w.csv").write_text(text, "utf-8")
    case = plain_case(plant, NOW, Span(6.0, 2, 1))
    with pytest.raises(FileFault, match=said):
        weather_of(parse("id: w\nname: W\nweather: {file: w.csv}\n"), case, tmp_path)
    with pytest.raises(ScenarioFault, match="leads out"):
        weather_of(parse("id: w\nname: W\nweather: {file: ../w.csv}\n"), case, tmp_path / "x")


def test_rates_come_from_tariffs_books_and_terms(plant: Plant) -> None:
    june = Period(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))

    def row(kind: str, id_: str, **facts: str | float | bool) -> Booking:
        return Booking(kind, id_, june, plant.site.id, facts, "test")

    factor: dict[str, str | float | bool] = {
        "place": "DE",
        "year": 2026.0,
        "version": "1",
        "gwp_set": "AR6",
    }
    books = [
        row("purchase", "p1", material="solder", amount=30.0, unit="kg", spend=900.0, supplier="A"),
        row("purchase", "p2", material="solder", amount=10.0, unit="kg", spend=500.0, supplier="B"),
        row("supplier", "s1", material="solder", supplier="A", footprint=10.0, unit="kg"),
        row("supplier", "s2", material="solder", supplier="B", footprint=20.0, unit="kg"),
        row("factor", "f1", key="transport/road", value=0.1, unit="kgCO2e/t.km", **factor),
        row("transport", "t1", mode="road", mass_kg=40.0, distance_km=500.0, inbound=True, paid=True),
    ]  # fmt: skip
    case = plain_case(plant, NOW, Span(6.0, 2, 1))
    rates = rates_of(Applied(case), books)
    solder = rates.materials["solder"]
    assert solder.kgco2e == pytest.approx((30 * 10 + 10 * 20) / 40)
    assert solder.price == pytest.approx(1400.0 / 40.0)
    assert solder.freight_kgco2e == pytest.approx(0.04 * 500.0 * 0.1 / 40.0)
    assert "bare_board" in rates.words["co2e.materials"]
    assert rates.electricity_price is not None
    assert rates.electricity_price[0] == 0.212, "07:00 in Berlin"
    assert rates.electricity_price[-1] == 0.168
    text = (
        "id: s\nname: S\nsupply: [{material: solder, supplier: C, kgco2e_per_kg: 5, source: x}]\n"
        "freight: [{materials: [solder], legs: [{mode: air, distance_km: 1000, kgco2e_per_tkm: 0.7, source: x}]}]\n"
        "tariffs: [{carrier: electricity, unit: kWh, price: 0.5}]\n"
    )
    other = rates_of(apply(parse(text), case), books)
    assert other.materials["solder"].kgco2e == 5.0
    assert other.materials["solder"].freight_kgco2e == pytest.approx(0.7)
    assert other.electricity_price is not None
    assert np.all(other.electricity_price == 0.5)
    assert micros(case.start) == micros(NOW)


def test_a_day_is_told_as_past_days_went_and_an_hour_is_not(plant: Plant, store: DuckStore) -> None:
    work = work_hours(plain_case(plant, begin_of(plant, store, NOW, "start"), Span(24.0, 2, 1)))
    figures = {("nordhafen", "electricity_kwh"): (1100.0, 1000.0, 50.0)}
    spread = Spread(tuple(Held(n, work, 24.0, figures) for n in range(6)))
    whatif = WhatIf(plant, lambda: NOW, store, held=lambda: spread)
    day = replace(SMALL, hours=24.0)
    result = whatif.document(whatif.now_and_here(day).id)["result"]
    told, other = (case["notes"] for case in result["cases"])
    assert len(told) == 1
    assert not any("past days" in note for note in other), "differences are paired: their own"
    raw = next(f for f in result["figures"] if f["figure"] == "energy.electricity")
    mean = raw["cells"][0]["value"]["mean"]
    found = re.fullmatch(
        r"Electricity ([\d,]+) kWh, .* within ([\d,]+) to ([\d,]+) \(by 6 past days.*", told[0]
    )
    assert found is not None, told
    middle, low, high = (float(t.replace(",", "")) for t in found.groups())
    assert low < middle < high
    assert middle > mean, "days came out above what the model had said"
    hour = whatif.document(whatif.now_and_here(SMALL).id)["result"]
    assert hour["cases"][0]["notes"] == []


def test_a_small_works_without_a_compressor_runs_and_says_what_is_not_in_it(tmp_path: Path) -> None:
    small = load(OVEN_WORKS)
    whatif = WhatIf(small, lambda: NOW)
    at = "start:2026-06-18T06:00:00+00:00"
    result = whatif.document(whatif.now_and_here(replace(SMALL, start=at)).id)["result"]
    notes = result["cases"][0]["notes"]
    assert any("Nobody in the plant file makes or meters compressed air" in n for n in notes)
    parts = next(f for f in result["figures"] if f["figure"] == "throughput.parts")
    assert parts["cells"][0]["value"]["mean"] > 50.0, "an oven may be the last of its line"
