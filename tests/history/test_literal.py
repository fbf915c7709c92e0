"""Values in a statement's text come out of the database as they went in."""

from __future__ import annotations

import math

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import StoreFault
from ecotwin.history.literal import Value, filled

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(),
    st.text(),
    st.binary(max_size=40),
    st.sampled_from(
        ["'", "''", "\\'", "'; DROP TABLE sample; --", "a\0b", "\0", "?", "$1", "\\x41"]
    ),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(values, min_size=1, max_size=4))
def test_every_value_comes_back(given_values: list[Value]) -> None:
    text = "SELECT " + ", ".join(["?"] * len(given_values))
    with duckdb.connect(":memory:") as con:
        row = con.execute(filled(text, given_values)).fetchone()
    assert row is not None
    for wanted, found in zip(given_values, row, strict=True):
        if isinstance(wanted, float) and math.isnan(wanted):
            assert math.isnan(found)
        else:
            assert found == wanted
            assert type(found) is type(wanted)


def test_wrong_number_or_type_of_values_is_told() -> None:
    with pytest.raises(StoreFault, match="2 places was given 1"):
        filled("SELECT ?, ?", [1])
    with pytest.raises(StoreFault, match="type list"):
        filled("SELECT ?", [[1]])  # type: ignore[list-item]
