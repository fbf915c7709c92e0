from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from ecotwin.accounting.baseline import Baselines
from ecotwin.accounting.cuts import rows
from ecotwin.plant.model import STATES
from ecotwin.records import Floats, Window

DAY = 1440
OVEN = {"off": 0.3, "standby": 5.0, "idle": 8.0, "busy": 14.0}


def _ar1(rng: np.random.Generator, steps: int, sd: float, rho: float) -> Floats:
    noise = rng.normal(0, sd * np.sqrt(1 - rho**2), steps)
    for n in range(1, steps):
        noise[n] += rho * noise[n - 1]
    return noise


def _day(
    works: Any, day: int, rng: np.random.Generator, *, extra: Any = 0.0, **more: Any
) -> Window:
    """The oven: busy by day, idle in pauses, off at night; the blower by its consumer's air and the weather."""
    minute = np.arange(DAY)
    state = np.where((minute >= 360) & (minute < 840), STATES["busy"], STATES["off"])
    state[540:570] = STATES["idle"]
    made = (state == STATES["busy"]) * rng.poisson(1.0, DAY)
    table = np.array([OVEN["off"], 0, 0, 0, OVEN["idle"], OVEN["busy"], 0])
    power = table[state] + 1.5 * made + _ar1(rng, DAY, 0.3, 0.6) * (state > 1)
    degc = 20 + 8 * np.sin(2 * np.pi * (minute - 540) / DAY) + rng.normal(0, 2)
    air = rng.uniform(2, 10, DAY)
    blower = 9.0 + 0.8 * air + 0.2 * np.maximum(0.0, degc - 18.0) + rng.normal(0, 0.2, DAY)
    made_window: Window = works.window(
        {
            "oven.state": state,
            "oven.power": np.maximum(0.0, power + extra),
            "oven.total": made,
            "oven.air": air,
            "weather.temperature": degc,
            "blower.energy": blower / 60.0,
        },
        start=works.start + timedelta(days=day),
        **more,
    )
    return made_window


def _learned(works: Any, days: int, seed: int = 1, **more: Any) -> Baselines:
    baselines, rng = Baselines(works.plant), np.random.default_rng(seed)
    for day in range(days):
        baselines.learn(_day(works, day, rng, **more))
    return baselines


def test_at_hour_zero_it_is_the_kinds_nominal_with_a_wide_band(works: Any) -> None:
    baselines = Baselines(works.plant)
    got = baselines.expected(_day(works, 0, np.random.default_rng(0)))
    m = got.elements.index("oven")
    assert not got.learned.any()
    off = got.mean[0, m]
    assert off == pytest.approx(0.2)
    assert got.mean[400, m] == pytest.approx(20.0, abs=0.5)
    assert got.sd[400, m] > 0.2 * 20.0
    assert baselines.state_kw()["oven"]["idle"].value == pytest.approx(10.0)


def test_it_gets_sharper_and_finds_the_truth(works: Any) -> None:
    rng = np.random.default_rng(5)
    before, after = Baselines(works.plant), _learned(works, 7)
    day = _day(works, 9, rng)
    wide, sharp = before.expected(day), after.expected(day)
    m = sharp.elements.index("oven")
    assert sharp.learned.all()
    assert np.nanmedian(sharp.sd[:, m]) < 0.3 * np.nanmedian(wide.sd[:, m])
    z = (sharp.actual[:, m] - sharp.mean[:, m]) / sharp.sd[:, m]
    state = day.mean[:, works.plant.signal("oven.state").index]
    still = (np.diff(np.r_[0, state]) == 0) & (state > 1)
    assert abs(np.nanmean(z[still])) < 0.3
    assert 0.7 < np.nanstd(z[still]) < 1.3
    states = after.state_kw()["oven"]
    assert states["idle"].value == pytest.approx(OVEN["idle"], abs=0.3)
    assert states["idle"].high - states["idle"].low < 0.4
    assert states["busy"].value == pytest.approx(OVEN["busy"] + 1.5, abs=0.4)


def test_a_utility_follows_what_its_consumers_draw_and_the_weather(works: Any) -> None:
    baselines = _learned(works, 7)
    day = _day(works, 8, np.random.default_rng(11))
    got = baselines.expected(day)
    m = got.elements.index("blower")
    error = got.actual[:, m] - got.mean[:, m]
    assert np.std(error) < 0.35, "0.2 of it is noise"
    assert np.std(got.actual[:, m]) > 1.5


def test_a_state_never_seen_keeps_its_wide_band(works: Any) -> None:
    baselines = _learned(works, 7)
    heating, idle = (baselines.state_kw()["oven"][s] for s in ("heating", "idle"))
    assert heating.value == pytest.approx(30.0, abs=1.0)
    assert heating.high - heating.low > 5 * (idle.high - idle.low)


def test_minutes_that_are_marked_are_not_learned(works: Any) -> None:
    rng = np.random.default_rng(2)
    baselines = Baselines(works.plant)
    for day in range(5):
        window = _day(works, day, rng, extra=6.0)
        baselines.learn(window, np.ones((window.steps, len(baselines.elements)), bool))
    assert not baselines.learned.any()
    assert baselines.state_kw()["oven"]["idle"].value == pytest.approx(10.0)


def test_outliers_move_little(works: Any) -> None:
    rng = np.random.default_rng(4)
    bursts = np.where(rng.random(DAY) < 0.05, 60.0, 0.0)
    clean, dirty = _learned(works, 5), _learned(works, 5, extra=bursts)
    for state in ("idle", "busy"):
        a, b = (x.state_kw()["oven"][state].value for x in (clean, dirty))
        assert b == pytest.approx(a, abs=0.4), "5 % of 60 kW would be 3 kW"


def test_creep_stays_visible(works: Any) -> None:
    """Wear of 2 % a week must not be learned away within the week."""
    baselines, rng = _learned(works, 21), np.random.default_rng(8)
    for day in range(21, 28):
        baselines.learn(_day(works, day, rng, extra=1.5))
    got = baselines.expected(_day(works, 28, rng, extra=1.5))
    m = got.elements.index("oven")
    error = got.actual[400:500, m] - got.mean[400:500, m]
    assert error.mean() > 0.75


def test_no_power_no_number(works: Any) -> None:
    window = _day(
        works,
        0,
        np.random.default_rng(0),
        silent={"oven.power": slice(0, 100), "oven.state": slice(50, 200)},
    )
    got = _learned(works, 3).expected(window)
    m = got.elements.index("oven")
    assert np.isnan(got.actual[:100, m]).all()
    assert np.isnan(got.mean[50:200, m]).all()
    assert np.isfinite(got.mean[200:, m]).all()


def test_minute_by_minute_is_the_same_as_at_once(works: Any) -> None:
    baselines = _learned(works, 3)
    window = _day(works, 4, np.random.default_rng(3))
    whole = baselines.expected(window)
    single = [baselines.expected(rows(window, n, n + 1)) for n in range(400, 460)]
    assert np.concatenate([s.mean for s in single]) == pytest.approx(whole.mean[400:460])


def test_state_survives_a_restart(works: Any) -> None:
    baselines = _learned(works, 3)
    again = Baselines(works.plant)
    again.restore(json.loads(json.dumps(baselines.state())))
    window = _day(works, 4, np.random.default_rng(3))
    assert np.array_equal(
        again.expected(window).mean, baselines.expected(window).mean, equal_nan=True
    )
    again.learn(window)
    baselines.learn(window)
    assert np.array_equal(again.expected(window).sd, baselines.expected(window).sd, equal_nan=True)
    assert again.fit("oven") == baselines.fit("oven")


def test_a_machine_more_keeps_what_the_others_learned(works: Any) -> None:
    saved = _learned(works, 3).state()
    drop = saved["elements"].index("blower")
    for name, values in saved.items():
        if name not in {"version", "lent"}:
            del values[drop]
    again = Baselines(works.plant)
    again.restore(saved)
    learned = dict(zip(again.elements, again.learned, strict=True))
    assert learned["oven"]
    assert not learned["blower"]


def test_fit_is_of_hours_foretold_before_they_were_learned(works: Any) -> None:
    fit = _learned(works, 7).fit("oven")
    assert fit.hours > 100
    assert fit.fit
    assert fit.cvrmse < 0.1
    assert abs(fit.nmbe) < 0.02
    early = _learned(works, 1).fit("oven")
    assert not early.fit
    assert "hours" in early.reasons[0]


def test_a_machine_without_state_and_nominals_learns_its_day(works: Any) -> None:
    """A bare interval meter: nothing is said before it has learned; then its daily course is known."""
    from dataclasses import replace

    elements = tuple(
        replace(e, kind_facts={"role": "machine", "kw_sd_share": 0.5}) if e.id == "oven" else e
        for e in works.plant.elements
    )
    signals = tuple(
        replace(s, means="other", form="gauge") if s.id in ("oven.state", "oven.total") else s
        for s in works.plant.signals
    )
    plant = works.with_(elements=elements, signals=signals)
    baselines, rng = Baselines(plant), np.random.default_rng(0)
    course = 50 + 20 * np.sin(2 * np.pi * np.arange(DAY) / DAY)

    def window(day: int) -> Window:
        made: Window = works.window(
            {"oven.power": course + rng.normal(0, 1, DAY)},
            start=works.start + timedelta(days=day),
            plant=plant,
        )
        return made

    m = baselines.elements.index("oven")
    assert np.isnan(baselines.expected(window(0)).mean[:, m]).all()
    for day in range(6):
        baselines.learn(window(day))
    got = baselines.expected(window(7))
    assert np.std(got.actual[:, m] - got.mean[:, m]) < 3.0
