"""Joules of computing: they add up over time, and a call that works twice as long costs twice as much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.learning.joules import PerCall, PowerModel, measure

seconds = st.floats(0.0, 1e6)


@given(seconds, seconds, seconds, seconds)
def test_two_stretches_add_up(cpu: float, more_cpu: float, wall: float, more_wall: float) -> None:
    model = PowerModel(7.0, 11.0)
    both = model.joules(cpu + more_cpu, wall + more_wall)
    assert both == pytest.approx(model.joules(cpu, wall) + model.joules(more_cpu, more_wall))


def test_what_a_call_costs_is_its_cpu_time() -> None:
    def work() -> int:
        return sum(range(200_000))

    found = measure(work, 10, PowerModel(core_w=8.0), least_s=0.1)
    assert found.calls >= 2
    assert 0.0 < found.cpu_s <= found.wall_s * 1.5
    assert found.joules == pytest.approx(8.0 * found.cpu_s)
    assert found.joules_a_row == pytest.approx(found.joules / 10)
    double = measure(lambda: (work(), work()), 10, PowerModel(core_w=8.0), least_s=0.1)
    assert 1.4 < double.joules / found.joules < 2.8


def test_a_call_too_quick_to_read_still_ends() -> None:
    found = measure(lambda: None, 1, PowerModel(), least_s=0.02)
    assert found.calls > 100
    assert isinstance(found, PerCall)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        measure(lambda: None, 0, PowerModel())
