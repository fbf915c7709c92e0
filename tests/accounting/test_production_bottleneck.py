"""The constraint of a line, moment by moment, and what waits for it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.accounting import accounts
from ecotwin.accounting.accounts import Accounts
from ecotwin.accounting.bottleneck import momentary, run_lengths, sole
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATES

MINUTES = 1440
SHARE, ENERGY, COST = (
    "production.bottleneck_share",
    "energy.waiting_for_bottleneck",
    "cost.waiting_for_bottleneck",
)
PLANNED = 7.5
"""Hours of the day shift without its break."""


def _run(works: Any, values: dict[str, Any] | None = None, **more: Any) -> Accounts:
    return accounts.run(works.plant, [works.window(values, **more)], ["works", "line"])


def _states(press: dict[tuple[int, int], str], oven: dict[tuple[int, int], str]) -> dict[str, Any]:
    made = {}
    for name, changes in (("press.state", press), ("oven.state", oven)):
        codes = np.full(MINUTES, STATES["busy"])
        for (first, last), state in changes.items():
            codes[first:last] = STATES[state]
        made[name] = codes
    return made


matrices = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=40)
)


@given(matrices)
def test_a_moment_has_one_bottleneck_or_all_wait(rows: list[list[bool]]) -> None:
    active = np.array(rows, bool)
    share = momentary(active)
    assert share.sum(axis=1) == pytest.approx(active.any(axis=1).astype(float))
    assert (share[~active] == 0.0).all()
    lengths = np.stack([run_lengths(column) for column in active.T], axis=1)
    leads = share > 0.0
    assert (np.where(leads, lengths, np.inf).min(axis=1) >= lengths.max(axis=1)).all()


@given(matrices)
def test_the_order_of_the_machines_does_not_matter(rows: list[list[bool]]) -> None:
    active = np.array(rows, bool)
    np.testing.assert_allclose(momentary(active[:, ::-1]), momentary(active)[:, ::-1])
    np.testing.assert_array_equal(sole(active[:, ::-1]), sole(active))


@given(matrices)
def test_a_machine_alone_at_work_is_the_sole_bottleneck(rows: list[list[bool]]) -> None:
    active = np.array(rows, bool)
    assert sole(active)[active.sum(axis=1) == 1].all()
    assert not sole(active)[~active.any(axis=1)].any()


def test_the_shifting_constraint_of_two_machines() -> None:
    """The first works minutes 0 to 5, the second 3 to 9: the second's period is longer wherever both work."""
    active = np.zeros((10, 2), bool)
    active[0:6, 0], active[3:10, 1] = True, True
    assert momentary(active)[:, 0].tolist() == [1.0] * 3 + [0.0] * 7
    assert sole(active).tolist() == [True] * 3 + [False] * 3 + [True] * 4


def test_the_machine_that_never_waits_is_the_bottleneck(works: Any) -> None:
    # The oven waits every second half hour of the shift (06:00 to 14:00); the press never does.
    waits = {(a, a + 30): "idle" for a in range(360, 840, 60)}
    got = _run(works, _states({}, waits))
    share = got.of("line", SHARE)
    assert share.split == pytest.approx({"press": 1.0})
    # 8 waits of 30 minutes less the one in the break (09:00 to 09:30), 0.2 kWh a minute.
    kwh = got.of("line", ENERGY)
    assert kwh.split == pytest.approx({"press": 7 * 30 * 0.2})
    bought = 0.9
    dear = sum(30 for a in range(360, 600, 60) if a != 540)
    money = (dear * 0.30 + (210 - dear) * 0.20) * 0.2 * bought
    assert got.of("line", COST).split == pytest.approx({"press": money})


def test_a_breakdown_makes_the_broken_machine_the_constraint(works: Any) -> None:
    # Both wait from 06:00; then the press is down for an hour while the oven is starved.
    press = {(360, 600): "idle", (600, 660): "down", (660, 840): "idle"}
    oven = {(360, 840): "idle"}
    got = _run(works, _states(press, oven))
    share = got.of("line", SHARE)
    assert share.numerator == pytest.approx(1.0)
    assert share.denominator == pytest.approx(PLANNED)
    inputs = {i.name: i.value for i in got.of("line", ENERGY).inputs}
    assert inputs["while press was down, set up or heated"] == pytest.approx(60 * 0.2)


def test_night_and_breaks_are_left_out(works: Any) -> None:
    got = _run(works, _states({(0, 360): "down"}, {}))
    assert got.of("line", SHARE).denominator == pytest.approx(PLANNED)


def test_the_site_is_the_sum_of_its_lines(works: Any) -> None:
    got = _run(works, _states({}, {(400, 500): "idle"}))
    for indicator in (SHARE, ENERGY, COST):
        site, line = got.of("works", indicator), got.of("line", indicator)
        assert site.split == pytest.approx(line.split)
        assert math.fsum(site.split.values()) == pytest.approx(site.value)


def test_unknown_states_are_a_gap_with_words(works: Any) -> None:
    got = _run(works, silent={"press.state": slice(360, 700)})
    with pytest.raises(FigureGap, match="of the planned time"):
        got.of("line", SHARE)


def test_a_day_off_constrains_nothing(works: Any) -> None:
    sunday = works.start.replace(day=6)
    with pytest.raises(FigureGap, match="no work was planned"):
        _run(works, start=sunday).of("line", SHARE)
