"""What was not measured is estimated, told or refused, and never zero."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from accounting.test_figures import MINUTES, day_told
from ecotwin.accounting import accounts
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATES


def test_a_counter_that_comes_back_tells_the_total(works: Any) -> None:
    gap = slice(600, 900)
    got = day_told(works, silent={"press.energy": gap}).of("press", "energy.electricity")
    assert got.value == pytest.approx(720.0)
    assert got.coverage == pytest.approx(1 - 300 / 1440)
    assert got.estimated_share == pytest.approx(300 / 1440)
    assert (got.high - got.low) / 2 == pytest.approx(7.2), (
        "the total is known: only when it was used is estimated"
    )


def test_a_flow_that_was_silent_is_estimated_by_its_state(works: Any) -> None:
    rng = np.random.default_rng(3)
    state = np.where(np.arange(MINUTES) % 2, STATES["busy"], STATES["idle"])
    power = np.where(state == STATES["busy"], 20.0, 5.0) + rng.normal(0, 0.1, MINUTES)
    whole = day_told(works, {"oven.power": power, "oven.state": state}).of(
        "oven", "energy.electricity"
    )
    holed = day_told(
        works, {"oven.power": power, "oven.state": state}, silent={"oven.power": slice(0, 360)}
    )
    got = holed.of("oven", "energy.electricity")
    assert got.value == pytest.approx(whole.value, rel=0.005)
    assert got.coverage == pytest.approx(0.75)
    assert got.estimated_share == pytest.approx(0.25, abs=0.01)
    assert got.high - got.low > whole.high - whole.low


def test_less_than_half_measured_is_a_gap_with_words(works: Any) -> None:
    got = day_told(works, silent={"oven.power": slice(0, 800)})
    with pytest.raises(FigureGap, match=r"oven\.power was measured for 44 %"):
        got.of("oven", "energy.electricity")
    assert got.of("line", "energy.electricity").value == pytest.approx(1080.0), (
        "the feeder still knows"
    )
    assert "oven" not in got.of("line", "energy.electricity").split


def test_a_gap_of_pv_takes_the_site_figure_away_and_never_counts_as_zero(works: Any) -> None:
    got = day_told(works, silent={"sun.energy": slice(0, MINUTES)})
    for figure in ("energy.electricity", "ghg.scope2_location", "cost.electricity"):
        with pytest.raises(FigureGap, match=r"sun\.energy"):
            got.of("works", figure)


def test_a_lost_day_in_a_month_is_estimated_by_the_others(works: Any) -> None:
    days = [works.window(start=works.start + timedelta(days=n)) for n in range(10)]
    days[4] = works.window(
        start=works.start + timedelta(days=4), silent={"oven.power": slice(0, MINUTES)}
    )
    got = accounts.run(works.plant, days).of("oven", "energy.electricity")
    assert got.value == pytest.approx(2880.0)
    assert got.coverage == pytest.approx(0.9)
    assert got.estimated_share == pytest.approx(0.1)
    assert (got.high - got.low) / 2 > 0.02 * got.value


def test_scope2_is_scaled_with_the_estimate(works: Any) -> None:
    days = [works.window(start=works.start + timedelta(days=n)) for n in range(10)]
    whole = accounts.run(works.plant, days).of("oven", "ghg.scope2_location").value
    days[4] = works.window(
        start=works.start + timedelta(days=4), silent={"oven.power": slice(0, MINUTES)}
    )
    assert accounts.run(works.plant, days).of("oven", "ghg.scope2_location").value == pytest.approx(
        whole
    )


def test_parts_that_use_more_than_the_whole_are_named(works: Any) -> None:
    got = day_told(works, {"feeder.energy": 0.5})
    assert any("its parts used" in text for where, text in got.gaps if where == "line")


def test_the_balance_may_miss_within_the_meters_errors(works: Any) -> None:
    got = day_told(works, {"feeder.energy": 0.695})
    assert not any("its parts used" in text for _, text in got.gaps)
