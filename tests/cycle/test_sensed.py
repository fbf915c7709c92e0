"""A value that no analyser measures, told live: learned from references, refused, recalibrated, restored, warned of."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from ecotwin.clock import ManualClock, Period, micros
from ecotwin.cycle import Twin
from ecotwin.cycle.asking import Asked
from ecotwin.cycle.learned import SENSOR
from ecotwin.cycle.sensed_course import YOUNG
from ecotwin.detection.permit import Permits
from ecotwin.errors import FigureGap
from ecotwin.governance.ledger import Ledger
from ecotwin.records import Cleaned, Quality, Readings, Rejects
from ecotwin.service import sensed as view
from ecotwin.settings import Settings
from made_boiler import BOILER, START, live, readings, works, written
from running import utc
from told_house import NAME, House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two days and a half, until a sensor has been calibrated and calibrated anew."""
    made = House(tmp_path_factory.mktemp("house"), live(71, 3.0))
    made.run(3600)
    yield made
    made.store.close()


def test_nothing_is_told_before_there_are_enough_references(tmp_path: Path) -> None:
    made = House(tmp_path, live(4, 0.6))
    made.run(600)  # one session of 40 minutes
    course = made.sensing.courses[NAME]
    assert course.made is None
    assert "40 minutes with a reference measurement" in course.why
    assert "at least 60" in course.why
    assert np.isnan(made.told(0, 600)).all()
    made.store.close()


def test_it_is_told_by_the_minute_as_an_estimate_and_close_to_the_truth(house: House) -> None:
    told = house.told(1440, 3600)
    known = np.isfinite(told)
    assert 0.3 < known.mean() <= 1.0
    assert np.abs(told - house.lived.nox[1440:3600])[known].mean() < 3.0
    raw = house.store.raw(house.plant.signal(NAME).index, Period(START, house.now(3600)))
    assert set(np.unique(raw.quality)) <= {Quality.ESTIMATED, Quality.STALE}
    assert house.store.revisions(Period(START, house.now(3600))) == [], "told before it closed"


def test_where_it_refuses_there_is_a_gap_and_its_reason(house: House) -> None:
    told = house.told(1440, 3599)
    hours = house.sensing.band(NAME, house.now(1440), house.now(3599))
    states = [s for h in hours for s in h["state"]]
    lows = [v for h in hours for v in h["low"]]
    assert len(states) == len(told) + 1
    for minute, (state, low) in enumerate(zip(states[:-1], lows[:-1], strict=True)):
        if state:
            assert (state == "outside") == (low is None), minute
            assert (low is None) == bool(np.isnan(told[minute])), minute
    whys = [w for h in hours for w in h["why"].values()]
    assert any("references were taken from" in w for w in whys)


def test_a_restart_goes_on_as_if_nothing_had_happened(house: House) -> None:
    before = house.sensing
    again = house.made()
    rows = house.lived
    house.store.append(
        Cleaned(readings(house.plant, rows, 3600, 3700), Rejects.empty()), known_at=house.now(3700)
    )
    end = house.now(3690)
    before.tick(end, START, end)
    first = house.told(3590, 3690)
    bands = before.band(NAME, house.now(3540), house.now(3690))
    again.tick(end, START, end)
    assert again.courses[NAME].last == before.courses[NAME].last
    assert np.array_equal(first, house.told(3590, 3690), equal_nan=True)
    assert again.band(NAME, house.now(3540), house.now(3690)) == bands


def test_any_cut_of_the_stream_tells_the_same(house: House, tmp_path: Path) -> None:
    made = House(tmp_path, house.lived)
    made.run(1200, 1200)
    made.run(1260, 7)
    made.run(1600, 97)
    told = made.told(960, 1590)
    assert np.isfinite(told).any()
    # Models asked for one row or for many round in the last digit.
    assert np.allclose(told, house.told(960, 1590), rtol=1e-12, atol=0.0, equal_nan=True)
    made.store.close()


def test_bad_references_are_not_learned(house: House, tmp_path: Path) -> None:
    lived = live(71, 3.0)
    spoiled = lived.values["nox_reference"].copy()
    spoiled[1400:1440] *= 3.0
    lived.values["nox_reference"] = spoiled
    made = House(tmp_path, lived)
    made.flagged = [(micros(made.now(1395)), micros(made.now(1445)))]
    made.run(2200)
    entry = made.sensing.learned[NAME]
    assert entry["left_out"] == 40
    told = made.told(1500, 2200)
    known = np.isfinite(told)
    assert known.any()
    assert np.abs(told - lived.nox[1500:2200])[known].mean() < 5.0
    made.store.close()


def test_a_doubted_reference_or_a_doubted_input_is_not_learned(tmp_path: Path) -> None:
    made = House(tmp_path, live(6, 1.2))
    batch = readings(made.plant, made.lived, 0, 1500)
    reference = made.plant.signal(BOILER + "nox_reference").index
    quality = np.where(batch.signal == reference, Quality.SUSPECT, Quality.GOOD)
    doubted = Readings.of(batch.signal, batch.at, batch.value, quality)
    made.store.append(Cleaned(doubted, Rejects.empty()), known_at=made.now(1500))
    made.sensing.tick(made.now(1499), START, made.now(1499))
    course = made.sensing.courses[NAME]
    assert course.made is None
    assert "0 rows have a reference" in course.why
    made.store.close()


def test_learning_beside_the_cycle_comes_to_the_same_sensor(house: House, tmp_path: Path) -> None:
    made = House(tmp_path, house.lived, behind=True)
    course = made.sensing.courses[NAME]
    for end in (2, 481, 541, 962):
        made.run(end, 480)
        while (job := made.sensing._jobs.get(NAME)) is not None:
            wait([job], timeout=60)
            made.sensing.tick(made.now(made.at - 1), START, made.now(made.at - 1))
    assert course.made is not None
    assert course.made.learned["rows"] >= 60
    made.run(1000)
    told = made.told(961, 990)
    assert np.allclose(told, house.told(961, 990), rtol=1e-12, atol=0.0, equal_nan=True)
    made.sensing.stop()
    made.store.close()


def test_no_alarm_is_raised_while_few_sessions_are_known(house: House) -> None:
    made = house.sensing.courses[NAME].made
    assert made is not None
    assert 2 <= made.moments < YOUNG
    assert house.said == []
    assert made.checks
    assert all(not c.alarms for c in made.checks)


def test_accounts_and_permits_take_it_as_an_estimate_and_say_so(
    house: House, tmp_path: Path
) -> None:
    first, last = 2400, 3540
    period = Period(house.now(first), house.now(last))
    share = float(np.isfinite(house.told(first, last)).mean())
    assert share > 0.6
    ledger = Ledger(tmp_path / "ledger")
    accounts = Asked(house.plant, house.store, ledger, period.end).accounts(period)
    ledger.close()
    nox = accounts.of("boiler_1", "air.nox")
    kg = (house.lived.nox * house.lived.values["flue_flow"])[first:last].sum() / 60.0 / 1e6
    assert nox.value == pytest.approx(kg, rel=0.05)
    assert nox.low < kg < nox.high
    assert nox.estimated_share == pytest.approx(1.0)
    assert nox.coverage == 0.0
    assert "estimated from burner_load, o2_share, flue_temperature" in nox.inputs[0].name
    used = accounts.of("boiler_1", "air.permit_used_share")
    assert used.value > 0.5
    assert used.estimated_share == pytest.approx(1.0)


def test_the_permit_watch_hears_what_is_told(house: House) -> None:
    watch = Permits(house.plant)
    window = house.store.window(
        range(len(house.plant.signals)), Period(house.now(2400), house.now(3540)), 60
    )
    said = watch.on_minutes(window, None)
    o2, nox = house.lived.values["o2_share"], house.lived.nox
    hours = (nox * 18.0 / (21.0 - o2))[2400:3540].reshape(-1, 60).mean(axis=1)
    assert any(s.over for s in said) == bool(hours.max() > 0.9 * 85.0)
    measured = replace(
        house.plant,
        signals=tuple(replace(s, sensed=None) for s in house.plant.signals),
    )
    assert Permits(measured).on_minutes(window, None) == [], (
        "an estimate nobody stated counts as nothing"
    )


def test_the_page_and_the_interface_say_from_what_it_is_told(house: House) -> None:
    twin = cast(
        "Twin",
        SimpleNamespace(sensing=house.sensing, plant=house.plant, now=lambda: house.now(3600)),
    )
    (row,) = view.sensed(twin).rows
    assert row.signal == NAME
    assert row.why_not == ""
    assert row.young
    assert row.references >= 120
    assert row.checks
    assert "estimated from burner load" in row.told
    (fact,) = view.sensed_facts(twin, "boiler_1")
    assert "calibrated" in fact.source
    assert "NOx by the portable analyser" in fact.source
    assert "in 4 of 5 cases" in fact.value or "not told" in fact.value
    hours = view.band(twin, NAME, Period(house.now(2400), house.now(2520))).hours
    assert [len(h.low) for h in hours] == [60, 60]
    with pytest.raises(FigureGap, match="no signal that is told"):
        view.band(twin, "boiler_1.o2_share", Period(house.now(0), house.now(60)))


def test_a_twin_tells_it_enters_the_sensor_and_finds_it_again(tmp_path: Path) -> None:
    file = written(live(12, 0.72), tmp_path)
    settings = Settings(lateness_s=0.0, flush_s=0.001, writes=False)

    def twin() -> Twin:
        return Twin(
            works(), settings, ManualClock(utc("1980-01-01")), tmp_path / "kept", data=(file,)
        )

    first = twin()
    first.open_connections()
    while first.step(0.0) or any(h.state != "finished" for h in first.health().values()):
        pass
    first.finish()
    course = first.sensing.courses[NAME]
    assert course.made is not None
    assert course.last is not None
    model = first.learned.register.champion(SENSOR, NAME)
    assert model is not None
    assert model.trained.rows == 80
    assert "boiler_1.nox_reference" in model.trained.signals
    sealed = [first.ledger.entry(i) for i in range(first.ledger.size)]
    assert model.id in {e.subject for e in sealed if e.kind == "model"}
    # The permit is watched by what is told; nothing holds the estimate itself for a fault.
    assert {f.kind for f in first.findings_open() if NAME in f.signals} <= {"permit"}
    told, until = course.last, course.told_until
    now = first.now()
    first.stop()
    again = twin()
    assert isinstance(again.clock, ManualClock)
    again.clock.move_to(now)
    again.step(0.0)
    again.finish()
    back = again.sensing.courses[NAME]
    assert back.made is not None
    assert back.told_until == until
    assert back.last is not None
    assert back.last[0] == told[0]
    assert back.last[1:4] == pytest.approx(told[1:4], rel=1e-7)  # one row or many: rounding
    assert back.last[4:] == told[4:]
    again.stop()
