"""A compressor against its own yield: more drawn of it is no finding, more power for the same air is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from detection.compressor_minutes import ONE, START, made
from detection.plant_minutes import works
from ecotwin.clock import Period
from ecotwin.detection.efficiency import Efficiency, made_by
from ecotwin.records import Score, Window


def said(window: Window, judge: Efficiency | None = None) -> list[Score]:
    return (judge or Efficiency(works())).on_minutes(window, None)


@pytest.mark.parametrize("seed", [1, 2])
def test_more_air_drawn_and_warmer_days_are_no_finding(seed: int) -> None:
    assert said(made(10, seed)) == []
    assert said(made(10, seed, more_air=60.0)) == []


@pytest.mark.parametrize(("kw", "hours"), [(5.0, 4.0), (3.0, 12.0)])
def test_more_power_for_the_same_air_is_found_whatever_the_load(kw: float, hours: float) -> None:
    found = said(made(10, 4, lambda day, p: p + kw * (day >= 8.0)))
    assert {s.cause for s in found} == {f"{ONE}:power"}
    begins = START.timestamp() + 8 * 86_400.0
    assert 0.0 < found[0].at / 1e6 - begins <= hours * 3600.0
    assert abs(found[0].onset / 1e6 - begins) <= 2 * 3600.0
    assert found[-1].excess_kw == pytest.approx(kw, rel=0.3)
    assert "For the compressed air it made" in found[-1].text


def test_it_ends_after_the_repair() -> None:
    found = said(made(11, 5, lambda day, p: p + 5.0 * ((day >= 7.0) & (day < 9.0))))
    assert found[-1].over is False
    assert found[-1].at / 1e6 < START.timestamp() + 10 * 86_400.0


def test_any_cut_and_a_restart_give_the_same() -> None:
    window = made(7, 6, lambda day, p: p + 5.0 * (day >= 6.0))
    whole = said(window)
    judge, parts, begin = Efficiency(works()), [], 0
    for end in (77, 4000, 4015, 9000, window.steps):
        where = slice(begin, end)
        cut = {
            n: getattr(window, n)[where]
            for n in ("mean", "low", "high", "last", "amount", "covered")
        }
        start = START + timedelta(minutes=begin)
        period = Period(start, START + timedelta(minutes=end))
        estimated, count = window.estimated[where], window.count[where]
        parts += said(
            replace(window, period=period, **cut, estimated=estimated, count=count), judge
        )
        state, judge = judge.state(), Efficiency(works())
        judge.restore(state)
        begin = end
    assert parts == whole
    assert whole


def test_missing_wild_and_constant_values_say_nothing() -> None:
    window = made(6, 7)
    power = works().signal(f"{ONE}.power").index
    window.mean[3000:5000, power] = np.nan
    window.mean[6000:6100, power] = np.inf
    assert said(window) == []
    window.mean[:, power] = 20.0
    window.mean[:, works().signal(f"{ONE}.air_flow").index] = 100.0
    assert said(window) == []


def test_it_judges_what_feeds_a_balance_and_has_a_power_meter() -> None:
    plant = works()
    judged = {m.id for m in plant.machines if made_by(plant, m.id)}
    assert {"compressor_1", "compressor_2", "chiller_1", "chiller_2"} <= judged
    assert "boiler_1" not in judged
    assert "oven_1" not in judged
