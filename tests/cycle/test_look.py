"""Look and today: a replayed plant and a live one see the same, and sums are those of the accounts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from ecotwin.accounting import accounts
from ecotwin.clock import Period, local_day, micros
from ecotwin.cycle.look import Look
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.today import Today
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant
from ecotwin.records import Cleaned, Readings, Rejects
from running import utc

pytestmark = pytest.mark.xdist_group("cycle")

START = utc("2026-06-17T03:00")
END = utc("2026-06-17T10:20")


def seen(look: Look) -> Any:
    """Everything that a look has learned and found, as it would be kept."""
    return json.loads(json.dumps(look.state()))


def same(one: Any, other: Any, where: str = "") -> None:
    """Equal up to the rounding of sums taken in another order."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{where}[{i}]")
    elif isinstance(one, float) or isinstance(other, float):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-9, nan_ok=True), where
    else:
        assert one == other, where


def test_block_replay_equals_minute_by_minute(works: Plant, store: DuckStore) -> None:
    block = Look(works, store, Prices(works), None)
    steps = Look(works, store, Prices(works), None)
    block.on_minutes(END, END, START)
    moment = START
    while moment < END:
        moment = min(END, moment + timedelta(minutes=1))
        steps.on_minutes(moment, moment, START)
    assert block.closed_until == steps.closed_until == END
    same(seen(block), seen(steps))
    one, other = block.trail, steps.trail
    assert np.array_equal(one.at, other.at)
    np.testing.assert_allclose(one.users_kw("actual"), other.users_kw("actual"), rtol=1e-12)
    np.testing.assert_allclose(one.users_kw("mean"), other.users_kw("mean"), rtol=1e-9)
    whole = Period(START, END)
    np.testing.assert_array_equal(
        block.expected(block.window(whole)).learned, steps.expected(steps.window(whole)).learned
    )


def test_a_look_goes_on_from_what_it_kept(works: Plant, store: DuckStore) -> None:
    whole = Look(works, store, Prices(works), None)
    whole.on_minutes(END, END, START)
    first = Look(works, store, Prices(works), None)
    first.on_minutes(END - timedelta(hours=2), END, START)
    second = Look(works, store, Prices(works), None)
    second.restore(seen(first))
    second.refill_trail()
    second.on_minutes(END, END, START)
    same(seen(second), seen(whole))
    rows = len(second.trail.at)
    assert rows > 400
    assert np.array_equal(second.trail.at, whole.trail.at[-rows:])


def summed(works: Plant, store: DuckStore, period: Period) -> dict[tuple[str, str], float]:
    every = tuple(range(len(works.signals)))
    made = accounts.run(works, [store.window(every, period, 60)], None)
    return {(m.element, m.indicator): m.value for m in made.measures}


def test_todays_sums_are_those_of_the_accounts(works: Plant, store: DuckStore) -> None:
    look = Look(works, store, Prices(works), None)
    today = Today(works, look.window, lambda: START)
    moment = START
    while moment < END:
        moment = min(END, moment + timedelta(minutes=37))
        look.on_minutes(moment, moment, START)
        today.update(moment)
    first = START + timedelta(minutes=1)
    expected = summed(works, store, Period(first, END))
    assert today.measures
    for key, measure in today.measures.items():
        assert measure.value == pytest.approx(expected[key], rel=1e-9, abs=1e-9), key
        assert measure.period.end == END
    site = [
        m.value
        for (e, i), m in today.measures.items()
        if (e, i) == ("oven_works", "energy.electricity")
    ]
    assert site[0] > 50
    course = today.course("oven_works", "energy.electricity")
    assert [v for _, v in course] == sorted(v for _, v in course)


def test_late_data_revises_today_after_forget(works: Plant, store: DuckStore) -> None:
    look = Look(works, store, Prices(works), None)
    today = Today(works, look.window, lambda: START)
    look.on_minutes(END, END, START)
    today.update(END)
    key = ("oven_works", "energy.electricity")
    before = today.measures[key].value
    meter = works.signal("grid.energy").index
    rows = store.export([meter], Period(END - timedelta(hours=3), END - timedelta(hours=2)))
    _, at, value, _ = list(rows)[10]
    late = micros(utc(at.removesuffix("Z"))) + 30_000_000
    batch = Readings.of([meter], [late], [value + 0.2], [0])
    store.append(Cleaned(batch, Rejects.empty()), known_at=END)
    today.forget()
    today.update(END)
    now = today.measures[key].value
    expected = summed(works, store, Period(START + timedelta(minutes=1), END))[key]
    assert now == pytest.approx(expected, rel=1e-9)
    assert now == pytest.approx(before, rel=0.01)


def test_customary_needs_days_of_its_kind(works: Plant, store: DuckStore) -> None:
    look = Look(works, store, Prices(works), None)
    look.on_minutes(END, END, START)
    today = Today(works, look.window, lambda: START)
    day = local_day(START.astimezone(works.zone).date(), works.zone)
    today.learn_day(day)
    at = END + timedelta(days=7)
    assert today.customary("oven_works", "energy.electricity", at) is None
    kept = today.state()
    (row,) = [r for r in kept["past"] if r[:2] == ["oven_works", "energy.electricity"]]
    for date, share in (("2026-06-15", 1.1), ("2026-06-16", 1.2)):
        kept["past"].append([row[0], row[1], date, [[s, share * v] for s, v in row[3]]])
    again = Today(works, look.window, lambda: START)
    again.restore(kept)
    usual = again.customary("oven_works", "energy.electricity", at)
    assert usual is not None
    last = usual.value / 1.1
    assert row[3][0][1] <= last <= row[3][-1][1]
    # Three days, Student's t with two degrees of freedom: 4.303 x sd x sqrt(1 + 1/3).
    assert usual.high - usual.value == pytest.approx(4.3027 * 0.1 * last * (4 / 3) ** 0.5, rel=1e-4)
    assert again.customary("oven_works", "energy.electricity", utc("2026-06-21T10:00")) is None
