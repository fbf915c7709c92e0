"""Laws of balances: amounts add up, rests account for everything, a missing meter is no zero."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.plant import Plant, load
from ecotwin.plant.blueprint import parse
from ecotwin.plant.flow import balance

PLANT = load(Path(__file__).parents[2] / "plants" / "electronics.yaml")
METERS = sorted({n for b in PLANT.balances for n in (*b.inputs, *b.outputs) if PLANT.has_signal(n)})
AMOUNTS = st.lists(st.floats(0, 1e5), min_size=len(METERS), max_size=len(METERS))


def small(inputs: str, outputs: str) -> Plant:
    text = f"""
id: p
name: P
timezone: UTC
connections: {{bus: {{protocol: mqtt}}}}
areas:
  - id: hall
    name: Hall
    machines:
      - {{id: a, kind: feeder, name: A}}
      - {{id: b, kind: feeder, name: B}}
      - {{id: c, kind: feeder, name: C}}
balances:
  - id: top
    name: Top
    carrier: electricity
    element: hall
    inputs: [a.energy]
    outputs: [b.energy]
  - id: low
    name: Low
    carrier: electricity
    element: hall
    inputs: [{inputs}]
    outputs: [{outputs}]
"""
    plant, faults = parse(text, "p.yaml")
    assert plant is not None, faults
    return plant


@settings(max_examples=40, deadline=None)
@given(AMOUNTS)
def test_what_flows_in_is_what_flows_out_plus_all_rests(values: list[float]) -> None:
    amounts = dict(zip(METERS, values, strict=True))
    results = {r.id: r for r in balance(PLANT, amounts)}
    nested = ("line_1", "line_2", "line_3", "air", "cooling")
    nodes = [results["electricity_main"], *(results[f"electricity_{n}"] for n in nested)]
    leaves = sum(a for node in nodes for n, a in node.outputs.items() if PLANT.has_signal(n))
    rests = sum(node.rest for node in nodes)
    assert nodes[0].input_sum == pytest.approx(leaves + rests, rel=1e-9, abs=1e-6)
    assert all(r.rest == r.input_sum - r.output_sum for r in results.values())


@settings(max_examples=25, deadline=None)
@given(AMOUNTS, AMOUNTS)
def test_two_halves_add_up(first: list[float], second: list[float]) -> None:
    parts = [dict(zip(METERS, values, strict=True)) for values in (first, second)]
    whole = {m: parts[0][m] + parts[1][m] for m in METERS}
    halves = zip(balance(PLANT, parts[0]), balance(PLANT, parts[1]), strict=True)
    for (a, b), both in zip(halves, balance(PLANT, whole), strict=True):
        assert a.rest + b.rest == pytest.approx(both.rest, rel=1e-9, abs=1e-6)
        assert a.tolerance + b.tolerance >= both.tolerance - 1e-6


def test_a_balance_closes_within_the_meters_error_and_not_beyond() -> None:
    plant = small("b.energy", "c.energy")  # two meters of class 0.5 %: 0.707 kWh of 100
    inside = {
        r.id: r for r in balance(plant, {"a.energy": 100.0, "b.energy": 100.6, "c.energy": 90})
    }
    assert inside["top"].rest == pytest.approx(-0.6)
    assert inside["top"].tolerance == pytest.approx(0.5 * (1 + 1.006**2) ** 0.5)
    assert inside["top"].closes is True
    beyond = {
        r.id: r for r in balance(plant, {"a.energy": 100.0, "b.energy": 101.0, "c.energy": 90})
    }
    assert beyond["top"].closes is False
    assert beyond["low"].closes is True
    assert beyond["low"].rest_share == pytest.approx(11 / 101)


def test_a_meter_that_is_not_handed_in_is_missing_and_no_zero() -> None:
    plant = small("b.energy", "c.energy")
    low = balance(plant, {"a.energy": 100.0, "b.energy": 80.0})[1]
    assert (low.missing, low.closes) == (("c.energy",), None)
    assert "c.energy" not in low.outputs


def test_the_rest_of_one_balance_can_feed_another() -> None:
    plant = small("top", "c.energy")
    low = balance(plant, {"a.energy": 100.0, "b.energy": 80.0, "c.energy": 15.0})[1]
    assert low.inputs == {"top": pytest.approx(20.0)}
    assert low.rest == pytest.approx(5.0)
    assert low.tolerance == pytest.approx(0.005 * (100**2 + 80**2 + 15**2) ** 0.5)


def test_nothing_flows() -> None:
    top = balance(
        small("b.energy", "c.energy"), dict.fromkeys(("a.energy", "b.energy", "c.energy"), 0.0)
    )[0]
    assert (top.rest, top.closes, top.rest_share, top.unit) == (0.0, True, None, "kWh")


def test_units_of_amounts() -> None:
    units = {r.id: r.unit for r in balance(PLANT, {})}
    assert units["air"] == "m3"
    assert units["electricity_main"] == "kWh"
    assert units["cold"] == "kWh"
