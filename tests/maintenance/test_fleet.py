"""Records in any order and shape become a fleet, or are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import FigureGap
from ecotwin.maintenance.fleet import gather, gather_columns
from maintenance.made_lives import worn


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_rows_within_a_unit_does_not_matter(seed: int) -> None:
    fleet = worn(4, 1)
    names = [fleet.units[n] for n in fleet.owner]
    rng = np.random.default_rng(seed)
    rows = np.concatenate([rng.permutation(np.arange(r.start, r.stop)) for r in fleet.rows()])
    again = gather([names[r] for r in rows], fleet.cycle[rows], fleet.columns, fleet.values[rows])
    assert again.units == fleet.units
    assert np.array_equal(again.values, fleet.values)


def test_scattered_rows_are_told_by_name_numbers_as_numbers() -> None:
    made = gather(["10", "9", "10", "9"], np.array([1.0, 1, 2, 2]), ["x"], np.arange(4.0)[:, None])
    assert made.units == ("9", "10")
    assert any("do not stand together" in note for note in made.notes)


def test_what_is_odd_is_told() -> None:
    cycle = np.array([1.0, 3.0, 2.0, 2.0, np.nan, 9.0])
    made = gather(["a"] * 5 + [""], cycle, ["x"], np.arange(6.0)[:, None])
    assert made.cycle.tolist() == [1.0, 2.0, 3.0]
    assert made.values[:, 0].tolist() == [0.0, 3.0, 1.0]
    assert len(made.notes) == 3


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(FigureGap, match="no row has both"):
        gather(["", " "], np.array([1.0, 2.0]), ["x"], np.zeros((2, 1)))
    with pytest.raises(FigureGap, match="no column of numbers"):
        gather_columns(["a"], {"t": np.array([1.0])}, "u", "t")


def test_missing_signals_are_named() -> None:
    with pytest.raises(FigureGap, match="'q'"):
        worn(2, 1).of(["s1", "q"])
