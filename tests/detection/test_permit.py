"""Permits: warned before they are broken, silent where nothing can be said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.plant_minutes import works
from ecotwin.clock import Period, instant, micros
from ecotwin.detection.alerts import Alerts
from ecotwin.detection.causes import kind
from ecotwin.detection.permit import Permits
from ecotwin.plant.model import STATES, Permit, Plant
from ecotwin.records import Score, Window

MIDNIGHT = datetime(2026, 6, 1, 22, tzinfo=UTC)  # 00:00 in Berlin
HOUR = Permit(
    "nox", "NOx of the boiler", "boiler_1", 100.0, "mg/m3", "hour", "test", signal="boiler_1.nox_concentration",
    o2_signal="boiler_1.o2_share", o2_reference=3.0,
)  # fmt: skip
DAILY = replace(HOUR, window="day")


def plant(*permits: Permit) -> Plant:
    return replace(works(), permits=permits)


def minutes(
    nox: Any, *, o2: Any = 3.0, state: Any = STATES["busy"], covered: Any = 1.0, mass: Any = 0.0,
    start: datetime = MIDNIGHT,
) -> Window:  # fmt: skip
    """Minutes of the boiler; every other signal is silent."""
    n, size = len(nox), len(works().signals)
    mean, covers = np.full((n, size), np.nan), np.zeros((n, size))
    amount = mean.copy()
    given = {"nox_concentration": nox, "o2_share": o2, "state": state}
    for name, values in given.items():
        i = works().signal(f"boiler_1.{name}").index
        mean[:, i], covers[:, i] = values, covered
    i = works().signal("boiler_1.nox_mass").index
    amount[:, i], covers[:, i] = mass, 1.0
    mean = np.where(covers > 0, mean, np.nan)
    period = Period(start, start + timedelta(minutes=n))
    count = np.ones((n, size), np.int64)
    return Window(
        period, 60, tuple(range(size)), mean, mean, mean, mean.copy(), amount, covers, 0 * covers, count
    )  # fmt: skip


def said(permit: Permit, window: Window) -> list[Score]:
    return Permits(plant(permit)).on_minutes(window, None)


def warned(scores: list[Score]) -> list[Score]:
    return [s for s in scores if ":permit_soon:" in s.cause and s.over]


def broken(scores: list[Score]) -> list[Score]:
    return [s for s in scores if ":permit:" in s.cause and s.over]


def test_below_the_warning_it_says_nothing() -> None:
    assert said(HOUR, minutes(np.full(1440, 79.0))) == []


@pytest.mark.parametrize("permit", [HOUR, DAILY, replace(HOUR, window="half_hour")])
@pytest.mark.parametrize("since", [0, 10, 615, 800])
def test_a_window_is_warned_before_it_is_broken(permit: Permit, since: int) -> None:
    nox = np.where(np.arange(1440) >= since, 160.0, 60.0)
    scores = said(permit, minutes(nox))
    first_warning, first_break = warned(scores)[0], broken(scores)[0]
    assert first_warning.at < first_break.at
    assert first_warning.at > micros(MIDNIGHT) + since * 60_000_000
    assert first_warning.text.endswith(".")
    assert " left; now it stands at " in first_warning.text


def test_it_says_when_and_how_much_time_is_left() -> None:
    nox = np.where(np.arange(60) >= 30, 160.0, 60.0)
    one = next(s for s in warned(said(HOUR, minutes(nox))) if s.value > 100.0)
    left_min = (micros(MIDNIGHT) + 3_600_000_000 - one.at) / 60e6
    assert "the hour that ends at 01:00" in one.text
    assert f"with {left_min:.0f} min left" in one.text
    assert left_min >= 15
    assert one.expected == 100.0


def test_what_is_averaged_out_in_time_is_no_break() -> None:
    nox = np.where((np.arange(60) >= 20) & (np.arange(60) < 26), 200.0, 50.0)
    scores = said(HOUR, minutes(nox))
    assert broken(scores) == []
    closing = [s for s in scores if not s.over]
    assert warned(scores) == [] or closing


def test_start_air_and_silence_warn_of_nothing() -> None:
    high = np.full(120, 400.0)
    assert said(HOUR, minutes(high, state=STATES["heating"])) == []
    assert said(HOUR, minutes(high, o2=20.5)) == []
    assert said(HOUR, minutes(high, covered=0.0)) == []
    few = np.where(np.arange(60) < 5, 1.0, 0.0)
    assert said(HOUR, minutes(np.full(60, 400.0), covered=few)) == []


def test_too_little_measured_of_what_ran_warns_of_nothing() -> None:
    some = np.where(np.arange(60) % 2 == 0, 1.0, 0.0)  # half, where two thirds are asked
    assert said(HOUR, minutes(np.full(60, 400.0), covered=some)) == []


def test_oxygen_and_confidence() -> None:
    assert warned(said(HOUR, minutes(np.full(60, 60.0), o2=8.0)))  # 83 at 3 %
    assert not said(replace(HOUR, confidence=0.2), minutes(np.full(60, 60.0), o2=8.0))


def test_a_rolling_window_is_warned_of_with_its_time() -> None:
    permit = replace(HOUR, rolling=True)
    nox = np.where(np.arange(240) >= 130, 160.0, 60.0)
    scores = said(permit, minutes(nox))
    first, last = warned(scores)[0], broken(scores)[0]
    assert first.at < last.at
    assert "the last hour" in first.text
    # 60 + 100 t/60 passes 100 after 24 minutes
    assert (last.at - micros(MIDNIGHT)) / 60e6 == pytest.approx(155, abs=2)


def test_a_sum_is_carried_on_to_its_end() -> None:
    permit = Permit(
        "sum", "NOx of the day", "boiler_1", 1.0, "kg", "day", "test", indicator="air.nox"
    )
    ok = said(permit, minutes(np.zeros(1440), mass=0.7 / 1440))
    assert ok == []
    scores = said(permit, minutes(np.zeros(1440), mass=2.0 / 1440))
    assert warned(scores)[0].at < broken(scores)[0].at
    assert "come to 2.00 kg" in warned(scores)[0].text
    nothing = replace(permit, indicator="water.in")
    assert said(nothing, minutes(np.zeros(60), mass=5.0)) == []


def test_a_sum_is_broken_when_it_passes_and_not_only_at_the_end() -> None:
    permit = Permit(
        "sum", "NOx of the year", "boiler_1", 1.0, "kg", "year", "test", indicator="air.nox"
    )
    scores = said(permit, minutes(np.zeros(1440), mass=2.0 / 1440))
    first = broken(scores)[0]
    assert first.at == pytest.approx(micros(MIDNIGHT) + 721 * 60_000_000, abs=60_000_001)
    assert warned(scores)[0].at < first.at
    assert "the year has come to" in first.text
    closing = said(replace(permit, window="day"), minutes(np.zeros(1500), mass=2.0 / 1440))
    assert not [s for s in closing if ":permit:" in s.cause][-1].over


def test_a_day_of_23_hours_ends_after_23_hours() -> None:
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    scores = said(DAILY, minutes(np.full(23 * 60, 160.0), start=start))
    assert broken(scores)[0].at == micros(start + timedelta(hours=23))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from(["half_hour", "hour", "day"]))
def test_every_broken_window_was_warned_of_before(seed: int, rolling: bool, window: str) -> None:
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.uniform(20.0, 180.0, 24), 60) * rng.normal(1.0, 0.05, 1440)
    scores = said(replace(HOUR, window=window, rolling=rolling), minutes(level))
    for one in broken(scores):
        assert any(s.at < one.at for s in warned(scores)), one.text
        assert one.value > 100.0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 1439), st.booleans())
def test_saved_and_restored_in_any_minute_it_says_the_same(
    seed: int, cut: int, rolling: bool
) -> None:
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.uniform(20.0, 180.0, 24), 60)
    permit = replace(HOUR, rolling=rolling)
    whole = said(permit, minutes(level))
    first, second = Permits(plant(permit)), Permits(plant(permit))
    begun = first.on_minutes(minutes(level[:cut]), None)
    second.restore(json.loads(json.dumps(first.state(), allow_nan=False)))
    later = minutes(level[cut:], start=MIDNIGHT + timedelta(minutes=cut))
    assert begun + second.on_minutes(later, None) == whole


def test_warning_and_breach_are_one_finding_of_the_permit() -> None:
    scores = said(HOUR, minutes(np.full(130, 160.0)))
    alerts = Alerts(plant(HOUR))
    findings: dict[str, Any] = {}
    for score in scores:
        for found in alerts.findings([score], instant(score.at)):
            findings[found.id] = found
    assert len(findings) == 1
    (one,) = findings.values()
    assert one.kind == "permit" == kind("boiler_1.nox_concentration:permit_soon:nox")
    assert one.severity == "act"


def test_the_works_own_boiler_on_a_usual_day_is_quiet() -> None:
    """The permits of the demonstration plant leave a boiler of 82 mg/m3 in peace, even at full load."""
    rng = np.random.default_rng(5)
    load = np.clip(rng.uniform(0.16, 1.0, 1440), 0.16, 1.0)
    o2 = 3.2 + 1.6 * (1.0 - load)
    nox = 90.0 * (0.82 + 0.34 * load) * (21.0 - o2) / 18.0
    assert works().permits
    assert Permits(works()).on_minutes(minutes(nox, o2=o2, mass=1e-5), None) == []
