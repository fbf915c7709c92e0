"""A machine that nobody has measured yet starts from its siblings, at its own size; the others are left alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin.accounting.baseline import Baselines
from ecotwin.accounting.drivers import WIDTH, Drivers
from ecotwin.accounting.priors import Priors
from ecotwin.plant import Plant, load
from ecotwin.plant.model import STATES

BUSY = STATES["busy"]


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def lend(plant: Plant, new: str, busy_kw: dict[str, float]) -> tuple[Priors, int]:
    """Priors after every machine but one has learned; siblings draw `busy_kw` when they work."""
    priors = Priors(Drivers(plant))
    place = {e.id: m for m, e in enumerate(Drivers(plant).machines)}
    beta = np.nan_to_num(priors.mean)
    covariance = np.repeat(np.diag(np.full(WIDTH, 1e-6))[None], len(place), axis=0)
    for name, kw in busy_kw.items():
        beta[place[name], BUSY] = kw
    seasoned = np.ones(len(place), np.bool_)
    seasoned[place[new]] = False
    assert priors.lend(beta, covariance, seasoned)
    return priors, place[new]


def test_it_starts_from_its_siblings_and_says_from_whom(plant: Plant) -> None:
    before = Priors(Drivers(plant))
    kw = {"placer_1a": 9.0, "placer_1b": 9.4, "placer_1c": 8.8, "placer_2a": 9.1, "placer_2b": 9.2}
    priors, m = lend(plant, "placer_2c", kw)
    assert priors.lenders == {"placer_2c": tuple(kw)}
    assert 8.8 < priors.mean[m, BUSY] < 9.4
    assert priors.sd[m, BUSY] < before.sd[m, BUSY], (
        "five that are alike leave less doubt than the kind"
    )
    others = np.arange(len(before.mean)) != m
    assert np.array_equal(priors.mean[others], before.mean[others], equal_nan=True)


def test_siblings_are_compared_by_their_size(plant: Plant) -> None:
    """A new machine of twice the rated power is expected to draw twice as much."""

    def doubled(facts: Mapping[str, Any]) -> dict[str, Any]:
        powers = {k for k in facts if k.startswith("kw_") and k != "kw_sd_share"}
        return {k: 2.0 * v if k in powers else v for k, v in facts.items()}

    elements = tuple(
        replace(e, kind_facts=doubled(e.kind_facts)) if e.id == "placer_2c" else e
        for e in plant.elements
    )
    kw = {"placer_1a": 9.0, "placer_1b": 9.4, "placer_1c": 8.8, "placer_2a": 9.1, "placer_2b": 9.2}
    one, m = lend(plant, "placer_2c", kw)
    two, _ = lend(replace(plant, elements=elements), "placer_2c", kw)
    assert two.mean[m, BUSY] == pytest.approx(2.0 * one.mean[m, BUSY], rel=1e-9)
    assert two.sd[m, BUSY] == pytest.approx(2.0 * one.sd[m, BUSY], rel=1e-9)


def test_machines_that_begin_together_lend_nothing(plant: Plant) -> None:
    priors = Priors(Drivers(plant))
    count = len(priors.mean)
    nobody = np.zeros(count, np.bool_)
    covariance = np.zeros((count, WIDTH, WIDTH))
    told = (np.nan_to_num(priors.mean), covariance)
    assert not priors.lend(*told, nobody)
    assert not priors.lend(*told, ~nobody)
    assert priors.lenders == {}


def test_what_was_lent_is_kept_through_a_restart(plant: Plant) -> None:
    kw = {"oven_1": 55.0}
    priors, m = lend(plant, "oven_2", kw)
    again = Priors(Drivers(plant))
    again.restore(json.loads(json.dumps(priors.state())))
    assert np.array_equal(again.mean, priors.mean, equal_nan=True)
    assert np.array_equal(again.sd, priors.sd)
    assert again.lenders == {"oven_2": ("oven_1",)}
    kind = Priors(Drivers(plant)).sd[m, BUSY]
    assert 0.8 * kind < again.sd[m, BUSY] < kind, "one sibling says nothing of scatter"
    gone = Baselines(plant)
    gone.restore({**gone.state(), "lent": {"a machine that is gone": {"mean": [0.0] * WIDTH}}})
    assert gone.lenders == {}
