"""The figures at the head of a page: energy per part against what the day's work explains."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ecotwin.clock import MINUTE, micros
from ecotwin.cycle.trail import Trail
from ecotwin.service.figures import _usual

NOON = datetime(2026, 6, 18, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
MINUTES = 720


def twin_at_noon(actual_kw: float, expected_kw: float, sd_kw: float) -> Any:
    """Half a day of one machine that draws and should draw so much; the day before stands in the trail too."""
    trail = Trail(("oven",))
    at = micros(NOON) + MINUTE * np.arange(-1200, 0, dtype=np.int64)
    today = at >= micros(NOON) - MINUTES * MINUTE
    actual = np.where(today, actual_kw, 500.0)[:, None]
    wide = np.ones((len(at), 1))
    trail.add(at, actual, expected_kw * wide, sd_kw * wide, actual[:, 0], 0.0 * actual[:, 0])
    plant = SimpleNamespace(site=SimpleNamespace(id="works"), zone=NOON.tzinfo)
    return SimpleNamespace(
        plant=plant, trail=trail, now=lambda: NOON, site_kw=lambda: actual_kw, customary=lambda *_: None
    )  # fmt: skip


def measure(indicator: str) -> Any:
    return SimpleNamespace(element="works", indicator=indicator)


def test_energy_per_part_is_held_against_what_the_work_explains() -> None:
    """The site draws 110 kW where 100 kW are explained: 1.1 kWh a part should be 1.0, whatever was made yesterday."""
    twin = cast("Any", twin_at_noon(110.0, 100.0, 2.0))
    points = [(NOON - timedelta(hours=3), 1.1), (NOON, 1.1)]
    for usual in _usual(twin, measure("energy.per_good_part"), points):
        assert usual is not None
        assert usual.value == pytest.approx(1.0)
        assert usual.high - usual.value == pytest.approx(1.96 * 0.02)


def test_before_anything_is_known_nothing_is_usual() -> None:
    twin = cast("Any", twin_at_noon(110.0, 100.0, 2.0))
    early = NOON - timedelta(minutes=MINUTES + 600)
    assert _usual(twin, measure("energy.per_good_part"), [(early, 1.1)]) == [None]
    assert _usual(twin, measure("water.in"), [(NOON, 3.0)]) == [None]
