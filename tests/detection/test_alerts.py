"""Scores to findings: one a cause, dated, costed, closed; sensors' faults never booked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from detection.plant_minutes import START, day, detector, machines, works
from ecotwin.clock import micros
from ecotwin.detection.alerts import Alerts, ranked
from ecotwin.detection.causes import KINDS, QUIET, kind
from ecotwin.errors import FigureGap
from ecotwin.plugs import names
from ecotwin.records import Cost, Finding, Score, Severity

PRICES: dict[str, Any] = {"electricity": 0.2, "water": 5.0, "gas": 0.8}
FACTORS: dict[str, Any] = {"electricity": lambda moment: 0.3 if moment.hour < 12 else 0.4}
MARKET: dict[str, Any] = {"electricity": 0.1}


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def score(minute: float, cause: str = "oven_2:power", **changes: Any) -> Score:
    element = cause.split(":")[0].split(".")[0]
    made = Score(
        detector="residual", element=element, signal="oven_2.power", at=micros(at(minute)), value=65.0, expected=50.0,
        low=47.0, high=53.0, z=9.0, over=True, cause=cause, excess_kw=15.0, unit="kW", text=f"Minute {minute}.",
        onset=micros(at(10)), excess_sd=1.0, so_far=15.0 * (minute - 10) / 60,
    )  # fmt: skip
    return replace(made, **changes)


def tell(alerts: Alerts, minute: float, *scores: Score) -> list[Finding]:
    return alerts.findings(scores, at(minute), PRICES, FACTORS, MARKET)


def test_a_finding_is_dated_costed_and_told_once() -> None:
    alerts = Alerts(works())
    (found,) = tell(alerts, 40, score(40))
    assert found.title == "Reflow oven 2 draws 15 kW more than expected"
    assert found.onset == at(10)
    assert found.seen_at == at(40)
    assert (found.state, found.kind, found.element) == ("open", "excess", "oven_2")
    day_kwh = found.excess.energy_kwh
    assert day_kwh is not None
    assert day_kwh.value == pytest.approx(360.0)
    assert (day_kwh.low, day_kwh.high) == pytest.approx((360 - 24 * 1.96, 360 + 24 * 1.96))
    assert found.excess.co2e_kg is not None
    assert found.excess.co2e_kg.value == pytest.approx(360 * 0.35), "mean factor of a day"
    assert found.excess.co2e_market_kg is not None
    assert found.excess.co2e_market_kg.value == pytest.approx(36.0)
    assert found.excess.money is not None
    assert found.excess.money.value == pytest.approx(72.0)
    assert found.excess.water_m3 is None
    assert found.severity is Severity.ACT
    assert found.so_far.energy_kwh is not None
    assert found.so_far.energy_kwh.value == pytest.approx(7.5)
    assert tell(alerts, 41, score(41)) == [], "no news in a minute"
    more = tell(alerts, 101, score(101, excess_kw=17.0))
    assert [f.id for f in more] == [found.id]
    assert alerts.open(at(101))[0].evidence == ("Minute 101.",)


def test_a_carrier_without_price_or_factor_is_left_out_and_never_guessed() -> None:
    alerts = Alerts(works())
    (found,) = alerts.findings([score(40)], at(40))
    assert found.excess.energy_kwh is not None
    assert found.excess.co2e_kg is None
    assert found.excess.money is None
    assert found.severity is Severity.WATCH


def test_so_far_is_booked_at_the_rates_of_its_time() -> None:
    alerts = Alerts(works())
    factor = {"electricity": 0.3}
    alerts.findings([score(40)], at(40), PRICES, factor)
    factor["electricity"] = 0.6
    alerts.findings([score(100, so_far=22.5)], at(100), PRICES, factor)
    so_far = alerts.open(at(100))[0].so_far
    assert so_far.energy_kwh is not None
    assert so_far.co2e_kg is not None
    assert so_far.energy_kwh.value == pytest.approx(22.5)
    assert so_far.co2e_kg.value == pytest.approx(7.5 * 0.3 + 15.0 * 0.6)


def test_two_detectors_one_cause_one_finding() -> None:
    alerts = Alerts(works())
    tell(alerts, 40, score(40))
    tell(alerts, 60, score(60, detector="ewma", excess_kw=9.0, text="It drifts.", so_far=3.0))
    (one,) = alerts.open(at(60))
    assert one.detectors == ("residual", "ewma")
    assert one.excess.energy_kwh is not None
    assert one.excess.energy_kwh.value == pytest.approx(360.0), "the one that measures best leads"
    assert one.so_far.energy_kwh is not None
    assert one.so_far.energy_kwh.value == pytest.approx(7.5), "not added twice"


def test_it_closes_after_a_quiet_time_and_comes_back_as_a_new_one() -> None:
    alerts = Alerts(works())
    (first,) = tell(alerts, 40, score(40))
    tell(alerts, 80, score(80, over=False))
    quiet_min = QUIET["excess"].total_seconds() / 60
    assert tell(alerts, 80 + quiet_min - 1) == []
    (closed,) = tell(alerts, 80 + quiet_min)
    assert (closed.id, closed.state) == (first.id, "closed")
    assert closed.closed_at == at(80 + quiet_min)
    (second,) = tell(alerts, 300, score(300, onset=micros(at(290))))
    assert second.id != first.id


def test_a_short_calm_does_not_close_it() -> None:
    alerts = Alerts(works())
    (first,) = tell(alerts, 40, score(40))
    tell(alerts, 80, score(80, over=False))
    tell(alerts, 120, score(120, onset=micros(at(110)), so_far=2.0))
    tell(alerts, 260, score(260, onset=micros(at(110)), so_far=4.0))
    (one,) = alerts.open(at(260))
    assert one.id == first.id
    assert one.so_far.energy_kwh is not None
    assert one.so_far.energy_kwh.value == pytest.approx(17.5 + 4.0), "both episodes"


def test_silence_of_the_data_closes_nothing() -> None:
    alerts = Alerts(works())
    tell(alerts, 40, score(40))
    assert tell(alerts, 60 * 24 * 3) == []
    assert len(alerts.open(at(60 * 24 * 3))) == 1


def test_acknowledged_and_closed_by_a_person() -> None:
    alerts = Alerts(works())
    (found,) = tell(alerts, 40, score(40))
    seen = alerts.acknowledge(found.id, "Eve", "damper ordered", at(41))
    assert (seen.state, seen.by, seen.note) == ("acknowledged", "Eve", "damper ordered")
    ended = alerts.close(found.id, "Eve", "it is the trial run", at(50))
    assert (ended.state, ended.by) == ("closed", "Eve")
    assert tell(alerts, 60, score(60)) == [], "muted while it goes on"
    tell(alerts, 70, score(70, over=False))
    assert len(tell(alerts, 200, score(200, onset=micros(at(190))))) == 1, "came back"
    with pytest.raises(FigureGap, match="no living finding"):
        alerts.close(found.id, "Eve", "", at(201))


def stuck(minute: float, **changes: Any) -> Score:
    made = score(
        minute, "oven_2.power:stuck", detector="silence", excess_kw=0.0, so_far=0.0, unit="h"
    )
    return replace(made, **{"onset": micros(at(5)), **changes})


def test_a_sensor_at_fault_is_never_booked_as_excess() -> None:
    alerts = Alerts(works())
    tell(alerts, 20, stuck(20))
    assert tell(alerts, 40, score(40)) == []
    assert [f.kind for f in alerts.open(at(40))] == ["sensor"]
    assert alerts.open(at(40))[0].excess == Cost()
    assert len(tell(alerts, 41, score(41, "oven_1:power", signal="oven_1.power"))) == 1


def test_an_excess_is_withdrawn_when_its_sensor_turns_out_stuck() -> None:
    alerts = Alerts(works())
    tell(alerts, 40, score(40))
    found = tell(alerts, 60, stuck(60))
    gone = next(f for f in found if f.kind == "excess")
    assert gone.state == "closed"
    assert gone.so_far == Cost()
    assert "sensor" in gone.note
    assert [f.kind for f in alerts.open(at(60))] == ["sensor"]
    later = Alerts(works())
    tell(later, 40, score(40))
    tell(later, 200, stuck(200, onset=micros(at(190))))
    kinds = sorted(f.kind for f in later.open(at(200)))
    assert kinds == ["excess", "sensor"], "what was measured before the sensor failed stays"


def test_a_leak_and_the_power_it_costs_are_one_finding() -> None:
    alerts = Alerts(works())
    leak = score(
        40, "air:compressed_air", element="air_station", signal="compressor_1.air_flow", detector="baseflow",
        excess_kw=0.0, excess_rate=384.0, excess_sd=20.0, unit="m3/h", value=36.0, expected=20.0, so_far=8.0,
    )  # fmt: skip
    (found,) = tell(alerts, 40, leak)
    assert found.title == "Air lost in leaks runs 16 m3/h above expected at night"
    assert found.excess.energy_kwh is not None
    assert found.excess.energy_kwh.value == pytest.approx(384 * 0.105)
    tell(
        alerts,
        50,
        score(
            50,
            "compressor_1:power",
            signal="compressor_1.power",
            excess_kw=1.5,
            text="Compressor 1 drew more.",
        ),
    )
    (one,) = alerts.open(at(50))
    assert one.id == found.id
    assert "Compressor 1 drew more." in one.evidence
    other = Alerts(works())
    tell(other, 40, score(40, "compressor_1:power", signal="compressor_1.power", excess_kw=1.5))
    tell(other, 50, replace(leak, at=micros(at(50))))
    assert len(other.open(at(50))) == 1


@pytest.mark.parametrize("leak_first", [True, False])
def test_a_compressor_that_takes_more_for_its_air_is_no_part_of_a_leak(*, leak_first: bool) -> None:
    leak = score(
        40, "air:compressed_air", element="air_station", signal="compressor_1.air_flow", detector="baseflow",
        excess_kw=0.0, excess_rate=384.0, excess_sd=20.0, unit="m3/h", value=36.0, expected=20.0, so_far=8.0,
    )  # fmt: skip
    wear = score(
        50, "compressor_1:power", signal="compressor_1.power", excess_kw=2.0, detector="efficiency"
    )
    alerts = Alerts(works())
    for said in (leak, wear) if leak_first else (wear, leak):
        tell(alerts, 50, said)
    assert {f.cause for f in alerts.open(at(50))} == {"air:compressed_air", "compressor_1:power"}


def test_water_is_counted_in_cubic_metres() -> None:
    alerts = Alerts(works())
    leak = score(
        40, "cooling_tower_1.water_in:water", element="cooling_tower_1", signal="cooling_tower_1.water_in",
        detector="baseflow", excess_kw=0.0, excess_rate=19.2, excess_sd=1.0, unit="m3/h", value=1.3, expected=0.5,
    )  # fmt: skip
    (found,) = tell(alerts, 40, leak)
    water = found.excess.water_m3
    assert water is not None
    assert (water.value, water.low, water.high) == pytest.approx((19.2, 17.24, 21.16))
    assert found.excess.money is not None
    assert found.excess.money.value == pytest.approx(96.0)
    assert found.excess.energy_kwh is None
    assert "0.8 m3/h above expected at night" in found.title


def test_saving_and_restoring_changes_nothing() -> None:
    kept, again = Alerts(works()), Alerts(works())
    tell(
        kept,
        40,
        score(40),
        stuck(40, element="oven_1", signal="oven_1.power", cause="oven_1.power:stuck"),
    )
    kept.acknowledge(kept.open(at(40))[0].id, "Eve", "", at(41))
    again.restore(json.loads(json.dumps(kept.state())))
    assert tell(again, 42) == tell(kept, 42)
    assert again.open(at(42)) == kept.open(at(42))
    assert tell(again, 110, score(110, excess_kw=30.0)) == tell(
        kept, 110, score(110, excess_kw=30.0)
    )


def test_ranking() -> None:
    alerts = Alerts(works())
    tell(
        alerts,
        40,
        score(40, excess_kw=2.0),
        score(40, "oven_1:power", excess_kw=20.0),
        stuck(40, cause="oven_1.power:stuck", element="placer_1a"),
    )
    order = [f.cause for f in ranked(alerts.open(at(40)))]
    assert order == ["oven_1:power", "oven_2:power", "oven_1.power:stuck"]


def test_every_cause_of_every_detector_has_a_kind_and_a_sentence() -> None:
    plant = works()
    alerts = Alerts(plant)
    many = {name: detector(name) for name in names("detection")}
    found: dict[str, Finding] = {}
    for number in range(3):
        window, expected = day(plant, number, seed=12)
        if number == 2:
            expected.actual[300:, machines(plant).index("oven_2")] += 20
            window.mean[300:, plant.signal("pv_1.power").index] *= 0.4
            window.amount[300:, plant.signal("water_main.water_in").index] += 1 / 60
            window.mean[300:, plant.signal("water_main.water_in_flow").index] += 1.0
            window.covered[300:, plant.signal("oven_1.zone_1_temperature").index] = 0.0
        scores = [s for one in many.values() for s in one.on_minutes(window, expected)]
        scores.sort(key=lambda s: s.at)
        for f in alerts.findings(scores, window.period.end, PRICES, FACTORS, MARKET):
            found[f.cause] = f
    assert set(found) == {
        "oven_2:power",
        "pv_1:sun",
        "water:water",
        "oven_1.zone_1_temperature:stuck",
    }
    for f in found.values():
        assert f.cause.split(":")[1] in KINDS
        assert f.kind == kind(f.cause)
        assert f.title[0].isupper()
        assert all(text.endswith(".") for text in f.evidence)
        assert f.onset <= f.seen_at <= f.last_at
    lost = found["pv_1:sun"].title
    assert "less than this sun should give" in lost


def test_a_block_of_any_length_gives_the_same_findings() -> None:
    scores = [
        score(40),
        score(80, over=False),
        score(300, onset=micros(at(290)), so_far=1.0),
        score(320, onset=micros(at(290)), over=False, so_far=2.0),
    ]
    whole, single = Alerts(works()), Alerts(works())
    block = tell(whole, 600, *scores)
    steps = [f for s in scores for f in tell(single, (s.at - micros(START)) / 60e6, s)]
    steps += tell(single, 600)
    ends = [(f.id, f.onset, f.closed_at) for f in steps if f.state == "closed"]
    assert [(f.id, f.onset, f.closed_at) for f in block if f.state == "closed"] == ends
    assert len(ends) == 2


def test_a_small_leak_is_not_why_a_compressor_ails() -> None:
    """The leak costs 5 kWh a day, the compressor draws 240 kWh more: two findings."""
    alerts = Alerts(works())
    leak = score(
        40, "placer_2c.air_flow:compressed_air", element="placer_2c", signal="placer_2c.air_flow",
        detector="baseflow", excess_kw=0.0, excess_rate=480.0, excess_sd=20.0, unit="m3/h", so_far=8.0,
    )  # fmt: skip
    tell(alerts, 40, leak)
    tell(alerts, 50, score(50, "compressor_1:power", signal="compressor_1.power", excess_kw=30.0))
    assert {f.cause for f in alerts.open(at(50))} == {
        "placer_2c.air_flow:compressed_air",
        "compressor_1:power",
    }
