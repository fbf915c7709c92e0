"""When to service, against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from ecotwin.errors import FigureGap
from ecotwin.maintenance.service import Costs, Wear, best_age, explain_service
from ecotwin.records import Range


def exact(value: float) -> Range:
    return Range(value, value, value)


@settings(max_examples=60, deadline=None)
@given(st.floats(1.0, 1e5), st.floats(1e-7, 1e-1), st.floats(0.01, 2.0))
def test_a_loss_that_grows_evenly_has_its_closed_form(
    service: float, rate: float, price: float
) -> None:
    made = best_age(Wear.of(None, exact(rate)), Costs(service, 0.0, price))
    assert made.age_h is not None
    assert made.age_h.value == pytest.approx(np.sqrt(2.0 * service / (rate * price)), rel=1e-3)
    assert made.per_h == pytest.approx(np.sqrt(2.0 * service * rate * price), rel=1e-3)
    assert sum(made.parts) == pytest.approx(made.per_h, rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.floats(1.5, 5.0), st.floats(3.0, 30.0))
def test_age_replacement_meets_numerical_integration(shape: float, ratio: float) -> None:
    made = best_age(Wear.of((shape, 1000.0)), Costs(100.0, 100.0 * ratio))

    def cost(age: float) -> float:
        reached = np.exp(-((age / 1000.0) ** shape))
        lived = quad(lambda t: np.exp(-((t / 1000.0) ** shape)), 0.0, age)[0]
        return float((100.0 * reached + 100.0 * ratio * (1.0 - reached)) / lived)

    least = minimize_scalar(cost, bounds=(10.0, 3000.0), method="bounded")
    if made.age_h is None:
        assert least.fun > 0.99 * cost(8000.0)
    else:
        assert made.per_h == pytest.approx(least.fun, rel=1e-3)
        assert made.age_h.value == pytest.approx(least.x, rel=0.03)


def test_failures_that_do_not_grow_with_age_are_waited_for() -> None:
    for shape in (0.7, 1.0):
        made = best_age(Wear.of((shape, 1000.0)), Costs(100.0, 900.0))
        assert made.age_h is None
        with pytest.raises(FigureGap, match="no age"):
            explain_service(made, "compressor", 100.0, "EUR")
    assert best_age(Wear.of(None), Costs(100.0, 900.0)).age_h is None


@settings(max_examples=20, deadline=None)
@given(st.floats(1.2, 4.0), st.floats(1e-6, 1e-3))
def test_units_of_money_do_not_move_the_age(shape: float, rate: float) -> None:
    wear = Wear.of((shape, 4000.0), exact(rate))
    one = best_age(wear, Costs(300.0, 2000.0, 0.2))
    other = best_age(wear, Costs(300e3, 2000e3, 0.2e3))
    assert (one.age_h is None) == (other.age_h is None)
    if one.age_h and other.age_h:
        assert one.age_h.value == pytest.approx(other.age_h.value, rel=1e-6)


def test_more_loss_or_risk_is_served_sooner_and_both_lie_between() -> None:
    money, co2e = Costs(400.0, 4000.0, 0.15), Costs(20.0, 900.0, 0.4)
    wear = Wear.of((2.5, 6000.0), Range(1e-4, 0.8e-4, 1.2e-4))
    ages = [best_age(wear, c).age_h for c in (money, co2e, money.with_price(co2e, 0.2))]
    values = [a.value for a in ages if a]
    assert len(values) == 3
    assert min(values[:2]) <= values[2] <= max(values[:2])
    worse = best_age(Wear.of((2.5, 6000.0), Range(9e-4, 8e-4, 1e-3)), money).age_h
    assert worse is not None
    assert worse.value < values[0]


def test_the_interval_holds_what_the_draws_say() -> None:
    wear = Wear.of(None, Range(1e-3, 0.5e-3, 1.5e-3))
    made = best_age(wear, Costs(200.0, 0.0, 0.25)).age_h
    assert made is not None
    assert made.low < made.value < made.high
    low, high = (np.sqrt(400.0 / (r * 0.25)) for r in (1e-3 + 0.42e-3, 1e-3 - 0.42e-3))
    assert (made.low, made.high) == pytest.approx((low, high), rel=0.08)
    again = best_age(wear, Costs(200.0, 0.0, 0.25)).age_h
    assert again == made


def test_the_advice_reads_as_a_reason() -> None:
    best = best_age(Wear.of((2.5, 6000.0), exact(1e-4)), Costs(400.0, 4000.0, 0.15))
    told = explain_service(best, "compressor_2", 1000.0, "EUR", ("412 days of minutes",))
    assert best.age_h is not None
    assert told.value == pytest.approx(best.age_h.value - 1000.0)
    assert {r.name for r in told.why} == {"failures", "energy"}
    assert told.against[0].name == "service"


def test_nonsense_is_refused() -> None:
    with pytest.raises(FigureGap, match="costs nothing"):
        best_age(Wear.of((2.0, 100.0)), Costs(0.0, 1.0))
    with pytest.raises(FigureGap, match="0 or more"):
        Costs(1.0, float("nan"))
    with pytest.raises(FigureGap, match="rate of wear"):
        Wear.of(None, Range(1.0, 2.0, 3.0))
    with pytest.raises(FigureGap, match="shape or scale"):
        best_age(Wear.of((0.0, 100.0)), Costs(1.0, 1.0))
