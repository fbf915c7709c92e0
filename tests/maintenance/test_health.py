"""Health falls as a unit wears, says why, and refuses what is unlike anything learned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import FigureGap
from ecotwin.maintenance.health import creep, learn_reference
from ecotwin.records import Floats


def well(rows: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    load = rng.normal(0.0, 1.0, rows)
    return np.column_stack(
        [
            20.0 + 3.0 * load + rng.normal(0.0, 0.3, rows),
            5.0 + 1.0 * load + rng.normal(0.0, 0.1, rows),
            rng.normal(60.0, 2.0, rows),
            np.full(rows, 7.0),
        ]
    )


COLUMNS = ("kw", "flow", "degc", "fixed")


def test_well_stays_well_and_wear_lowers_it_in_order() -> None:
    made = learn_reference(COLUMNS, well(400, 1))
    assert made.columns == ("kw", "flow", "degc")
    assert np.mean(made.health_pct(well(400, 2)[:, :3]) > 95.0) > 0.95
    steps = [well(200, 3)[:, :3] + np.array([2.0 * n, 0.0, 0.0]) for n in range(5)]
    means = [float(np.mean(made.health_pct(s))) for s in steps]
    assert means == sorted(means, reverse=True)
    assert means[-1] < 60.0


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1000.0), st.floats(-1e3, 1e3))
def test_units_of_measure_do_not_matter(scale: float, shift: float) -> None:
    one = learn_reference(COLUMNS, well(200, 1))
    other = learn_reference(COLUMNS[:3], well(200, 1)[:, :3] * scale + shift)
    rows = well(50, 4)[:, :3] + np.array([2.0, 0.0, 0.0])
    assert one.health_pct(rows) == pytest.approx(other.health_pct(rows * scale + shift), rel=1e-4)


def test_the_named_signal_is_the_one_that_moved() -> None:
    made = learn_reference(COLUMNS, well(400, 1))
    told = made.explain("pump", well(60, 5)[:, :3] + np.array([0.0, 0.0, 14.0]))
    assert told.why[0].name == "degc"
    assert told.value < 90.0
    rest = well(60, 5)[:, :3]
    assert made.explain("pump", rest).value > told.value


def test_unlike_anything_learned_is_not_graded() -> None:
    made = learn_reference(COLUMNS, well(400, 1))
    far = well(20, 6)[:, :3] + np.array([500.0, 0.0, 0.0])
    assert np.isnan(made.health_pct(far)).all()
    with pytest.raises(FigureGap, match="kw"):
        made.explain("pump", far)
    assert not made.familiar(far).any()
    assert made.familiar(well(200, 8)[:, :3]).all()
    assert np.isnan(made.health_pct(np.full((3, 3), np.nan))).all()
    assert not made.familiar(np.full((3, 3), np.nan)).any()
    with pytest.raises(FigureGap, match="39 rows"):
        learn_reference(COLUMNS, well(39, 1))
    with pytest.raises(FigureGap, match="0 signals"):
        learn_reference(("a",), np.ones((100, 1)))


def test_the_interval_of_a_creep_holds_its_truth() -> None:
    hits, false = 0, 0
    hours = np.arange(0.0, 1500.0, 3.0)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        noise = np.convolve(rng.normal(0.0, 0.2, len(hours) + 9), np.ones(10) / 3.0, "valid")
        made = creep(hours, 6.0 + 4e-4 * hours + noise)
        hits += made.per_h.low <= 4e-4 <= made.per_h.high
        false += creep(hours, 6.0 + noise).sure
    assert hits >= 33
    assert false <= 6


def test_a_limit_is_met_when_the_creep_says() -> None:
    made = creep(np.arange(100.0), 1.0 + 0.01 * np.arange(100.0))
    told = made.hours_to(3.0)
    assert told is not None
    assert told.value == pytest.approx(101.0, rel=0.02)
    assert made.hours_to(0.5) is None


def test_bad_hours_are_refused() -> None:
    for hours in (np.zeros(100), np.arange(100.0)[::-1], np.full(100, np.nan), np.arange(9.0)):
        with pytest.raises(FigureGap):
            creep(hours, np.ones(len(hours)))
