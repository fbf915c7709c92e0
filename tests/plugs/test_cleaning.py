"""The suite every cleaning rule must pass, found by its file or entry point."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from cleaning.made import NOW, T0, plant_of, signal, unseen
from ecotwin.cleaning.chain import OWN
from ecotwin.cleaning.contract import Context, Rule
from ecotwin.clock import SECOND
from ecotwin.plugs import load, names
from ecotwin.records import Readings, Reject, Rejects, Samples

RULES = tuple(names("cleaning"))
PLANT = plant_of(
    signal("counter", max_step=5.0, rollover=1000.0),
    signal("gauge", low=-50.0, high=150.0, max_step=30.0, stuck_after_s=60.0),
    signal("rate", stuck_after_s=40.0),
    signal("interval"),
    signal("state"),
    signal("setpoint"),
)
CONTEXT = Context(NOW, unseen)


def made(name: str) -> Rule:
    rule: Rule = load("cleaning", name)(PLANT)
    return rule


def wild(seed: int) -> Samples:
    """Sorted rows without doubles, as `order` hands them on, with all kinds of values."""
    rng = np.random.default_rng(seed)
    signals = np.repeat(np.arange(len(PLANT.signals)), 40)
    at = np.tile(T0 + np.cumsum(rng.choice([1, 10, 60], 40)) * SECOND, len(PLANT.signals))
    value = rng.choice([0.0, 1.0, 2.0, 2.0, 2.0, 55.0, 400.0, 990.0, -3.0, 1e6], len(at))
    return Samples.of(signals, at, value)


def rows_of(s: Samples | Rejects) -> list[tuple[int, int]]:
    return list(zip(s.signal.tolist(), s.at.tolist(), strict=True))


def test_the_rules_of_the_house_are_found() -> None:
    assert set(OWN) <= set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_it_bears_its_files_name_and_is_described(name: str) -> None:
    assert made(name).name == name
    assert inspect.getdoc(load("cleaning", name))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", range(5))
def test_every_row_is_passed_or_refused_and_stays_in_order(name: str, seed: int) -> None:
    batch = wild(seed)
    passed = made(name).clean(batch, CONTEXT)
    assert sorted(rows_of(passed.samples) + rows_of(passed.rejects)) == rows_of(batch)
    assert rows_of(passed.samples) == sorted(rows_of(passed.samples))
    assert set(passed.rejects.reason) <= {r.value for r in Reject}
    assert all(passed.rejects.detail)


@pytest.mark.parametrize("name", RULES)
def test_the_batch_it_was_given_is_not_changed(name: str) -> None:
    batch = wild(1)
    before = [column.copy() for column in (batch.signal, batch.at, batch.value, batch.quality)]
    made(name).clean(batch, CONTEXT)
    for was, column in zip(
        before, (batch.signal, batch.at, batch.value, batch.quality), strict=True
    ):
        assert (was == column).all()


@pytest.mark.parametrize("name", RULES)
def test_quality_never_gets_better(name: str) -> None:
    batch = wild(2)
    marked = Samples(batch.signal, batch.at, batch.value, np.full(len(batch), 2, np.uint8))
    assert (made(name).clean(marked, CONTEXT).samples.quality >= 2).all()


@pytest.mark.parametrize("name", RULES)
def test_nothing_in_nothing_out(name: str) -> None:
    rule = made(name)
    rule.restore(Readings.of([], [], []), {}, Rejects.empty())
    passed = rule.clean(Samples.empty(), CONTEXT)
    assert (len(passed.samples), len(passed.rejects), passed.breaks) == (0, 0, ())


@pytest.mark.parametrize("name", RULES)
def test_two_of_a_kind_share_nothing(name: str) -> None:
    first, second = made(name), made(name)
    first.clean(wild(3), CONTEXT)
    again, fresh = second.clean(wild(3), CONTEXT), made(name).clean(wild(3), CONTEXT)
    assert rows_of(again.samples) == rows_of(fresh.samples)
    assert (again.samples.value == fresh.samples.value).all()
