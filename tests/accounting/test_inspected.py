"""Booked scrap is honest: the interval holds the truth as often as it says, whatever the inspection errs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.accounting.inspected import scrap
from ecotwin.errors import FigureGap
from ecotwin.learning.pictures import Inspector, Validated
from ecotwin.records import Range
from tiny_eye import content, known, pictures

SURE = Validated(10_000, 10_000, 10_000, 0)


@given(st.integers(1, 5000), st.floats(0.0, 1.0), st.floats(0.01, 100.0))
def test_an_inspection_without_error_is_believed(pieces: int, share: float, kg: float) -> None:
    flagged = round(share * pieces)
    made = scrap(pieces, flagged, SURE, kg_a_piece=kg)
    assert made.bad.value == pytest.approx(flagged)
    assert made.mass_kg.value == pytest.approx(kg * flagged)
    assert 0.0 <= made.bad.low <= made.bad.value <= made.bad.high <= pieces


@pytest.mark.parametrize("share", [0.002, 0.02, 0.2])
def test_the_interval_holds_the_truth(share: float) -> None:
    """Over made inspections of 95 % and 80 % recall, with validations of a size that plants can afford."""
    inside = naive = 0
    for seed in range(200):
        chance = np.random.default_rng(seed)
        recall, wrong = (0.95, 0.02) if seed % 2 else (0.8, 0.05)
        told = Validated(
            150, int(chance.binomial(150, recall)), 600, int(chance.binomial(600, wrong))
        )
        pieces = 3000
        bad = int(chance.binomial(pieces, share))
        flagged = int(chance.binomial(bad, recall) + chance.binomial(pieces - bad, wrong))
        made = scrap(pieces, flagged, told, kg_a_piece=1.0)
        inside += made.bad.low <= bad <= made.bad.high
        naive += abs(flagged - bad) <= abs(made.bad.value - bad)
    assert inside >= 186, f"a 95 % interval held {inside / 2:.1f} %"
    if share < 0.1:
        assert naive < 60, "the plain count is nearer the truth only now and then"


def test_carbon_carries_the_doubt_of_the_footprint() -> None:
    told = Validated(200, 190, 2000, 20)
    alone = scrap(1000, 100, told, kg_a_piece=0.5, co2e_kg_a_piece=Range(2.0, 2.0, 2.0)).co2e_kg
    wide = scrap(1000, 100, told, kg_a_piece=0.5, co2e_kg_a_piece=Range(2.0, 1.0, 3.0)).co2e_kg
    assert alone is not None
    assert wide is not None
    assert (
        alone.value
        == wide.value
        == pytest.approx(2.0 * scrap(1000, 100, told, kg_a_piece=1.0).bad.value)
    )
    assert wide.high - wide.low > 1.5 * (alone.high - alone.low)
    assert scrap(1000, 100, told, kg_a_piece=0.5).co2e_kg is None


def test_a_network_on_pictures_books_the_scrap_that_is_there() -> None:
    """End to end on pictures that nobody saw: the truth lies in the interval, at another share of bad pieces too."""
    eye, told = Inspector(content()), known()
    assert told.recall > 0.75
    assert told.precision > 0.75
    for seed, share in ((11, 0.3), (12, 0.05), (13, 0.6)):
        shown, truth = pictures(seed, 1200, share)
        flagged = int((eye.bad(shown) > eye.limit).sum())
        made = scrap(
            len(shown), flagged, told, kg_a_piece=0.25, co2e_kg_a_piece=Range(3.0, 2.4, 3.6)
        )
        assert made.bad.low <= truth.sum() <= made.bad.high
        assert made.mass_kg.low <= 0.25 * truth.sum() <= made.mass_kg.high
        assert made.co2e_kg is not None
        assert made.co2e_kg.low <= 3.0 * truth.sum() <= made.co2e_kg.high


def test_what_says_nothing_is_refused() -> None:
    for pieces, flagged, told, kg, said in (
        (0, 0, SURE, 1.0, "at least one piece"),
        (10, 11, SURE, 1.0, "no more flagged"),
        (10, 1, SURE, 0.0, "mass above 0"),
        (10, 1, SURE, float("nan"), "mass above 0"),
        (10, 1, Validated(0, 0, 10, 1), 1.0, "both kinds"),
        (10, 1, Validated(100, 30, 100, 29), 1.0, "say nothing"),
    ):
        with pytest.raises(FigureGap, match=said):
            scrap(pieces, flagged, told, kg_a_piece=kg)
    few = scrap(100, 10, Validated(10, 9, 10, 1), kg_a_piece=1.0)
    assert "10 bad and 10 good" in few.notes[1]
    assert few.bad.high - few.bad.low > 10
