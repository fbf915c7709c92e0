"""Lives are told with intervals that hold, in any units and order of columns, or refused."""

from dataclasses import replace

import numpy as np
import pytest

from ecotwin.errors import FigureGap
from ecotwin.maintenance.fleet import Fleet
from ecotwin.maintenance.life import Left, LifeModel, judge, learn_life
from ecotwin.maintenance.life_reasons import explain_life
from maintenance.made_lives import cut, worn


@pytest.fixture(scope="module")
def followed() -> Fleet:
    return worn(30, 1)


@pytest.fixture(scope="module")
def model(followed: Fleet) -> LifeModel:
    return learn_life(followed, cap=60.0)


def test_far_better_than_age_and_as_sure_as_it_says(followed: Fleet, model: LifeModel) -> None:
    running, truth = cut(worn(60, 77, first="v"), 5)
    told = model.tell(running)
    marks = judge(told, truth, 60.0)
    by_age = np.minimum(np.maximum(0.0, np.median(followed.ends) - running.ends), 60.0)
    aged = np.sqrt(np.mean((by_age - np.minimum(truth, 60.0)) ** 2))
    assert marks.rmse < 0.6 * aged
    assert 0.65 <= marks.coverage < 1.0
    assert all(t.low <= t.rul <= t.high and t.rul <= 60.0 for t in told)
    assert [t.unit for t in told] == list(running.units)


def test_units_of_measure_names_and_order_do_not_matter(followed: Fleet, model: LifeModel) -> None:
    running, _ = cut(worn(10, 78, first="v"), 6)
    order = np.random.default_rng(3).permutation(len(followed.columns))
    names = tuple(f"k{n}" for n in range(len(order)))

    def strange(fleet: Fleet) -> Fleet:
        return replace(fleet, columns=names, values=fleet.values[:, order] * 1000.0 - 321.0)

    again = learn_life(strange(followed), cap=60.0).tell(strange(running))
    for one, other in zip(model.tell(running), again, strict=True):
        assert (one.rul, one.low, one.high) == pytest.approx((other.rul, other.low, other.high))


def test_units_do_not_speak_of_each_other(model: LifeModel) -> None:
    running, _ = cut(worn(8, 79, first="v"), 6)
    rows = slice(int(running.begins[3]), int(running.begins[4]))
    alone = replace(
        running,
        units=running.units[3:4],
        begins=np.array([0, rows.stop - rows.start]),
        cycle=running.cycle[rows],
        values=running.values[rows],
    )
    assert model.tell(alone)[0].rul == pytest.approx(model.tell(running)[3].rul)


def test_regimes_cost_little() -> None:
    made = learn_life(worn(30, 1, 4), cap=60.0)
    assert any("4 regimes" in note for note in made.notes)
    running, truth = cut(worn(40, 77, 4, first="v"), 5)
    assert judge(made.tell(running), truth, 60.0).rmse < 12.0
    foreign = replace(running, values=running.values + np.array([5.0, *[0.0] * 6]))
    told = made.tell(foreign)
    assert all(t.by == "age" and "regime" in t.note for t in told)
    assert np.mean([t.high - t.low for t in told]) > 20.0


def test_beyond_experience_is_told_by_age_and_wide(followed: Fleet, model: LifeModel) -> None:
    running, _ = cut(worn(3, 80, first="v"), 5)
    values = running.values.copy()
    values[:, 3] += 500.0
    for one in model.tell(replace(running, values=values)):
        assert one.by == "age"
        assert "s2" in one.note
        assert one.high - one.low > 20.0
    values[:] = np.nan
    assert all("lack" in t.note for t in model.tell(replace(running, values=values)))


def test_older_than_any_followed_unit_is_told(model: LifeModel) -> None:
    running, _ = cut(worn(2, 81, first="v"), 5)
    old = model.tell(replace(running, cycle=running.cycle + 500.0))
    assert all("older than any" in t.note and t.rul >= 0.0 for t in old)


def test_one_record_is_answered(model: LifeModel) -> None:
    running = worn(2, 82)
    first = replace(
        running, begins=np.array([0, 1, 2]), cycle=running.cycle[:2], values=running.values[:2]
    )
    assert all(np.isfinite((t.rul, t.low, t.high)).all() for t in model.tell(first))


def test_what_cannot_be_learned_is_refused(followed: Fleet, model: LifeModel) -> None:
    with pytest.raises(FigureGap, match="5 followed units"):
        learn_life(worn(5, 1))
    with pytest.raises(FigureGap, match="ever changes"):
        learn_life(replace(followed, values=np.ones_like(followed.values)))
    with pytest.raises(FigureGap, match="ever changes"):
        learn_life(replace(followed, values=np.full_like(followed.values, np.nan)))
    with pytest.raises(FigureGap, match="cap"):
        learn_life(followed, cap=-1.0)
    with pytest.raises(FigureGap, match="'s4'"):
        model.tell(worn(2, 1).of(["setting", "s0", "s1", "s2", "s3", "s5"]))


def test_a_score_by_hand() -> None:
    told = [
        Left("a", 1.0, 20.0, 10.0, 30.0, 20.0, "course"),
        Left("b", 1.0, 20.0, 19.0, 21.0, 20.0, "course"),
    ]
    marks = judge(told, np.array([10.0, 33.0]))
    assert marks.phm08 == pytest.approx(2.0 * (np.e - 1.0))
    assert marks.coverage == 0.5
    assert marks.rmse == pytest.approx(np.sqrt((100.0 + 169.0) / 2.0))


def test_removing_the_named_reason_removes_it(model: LifeModel) -> None:
    running, truth = cut(worn(12, 83, first="v"), 8)
    near = running.units[int(np.argmin(truth))]
    made = explain_life(model, running, near)
    assert made.base > made.value
    assert made.why[0].weight < 0.0
    assert made.why[0].name != "setting"
    values = running.values.copy()
    column = running.columns.index(made.why[0].name)
    rows = slice(*running.begins[running.units.index(near) :][:2])
    fresh = values[rows.start : rows.start + 5, column].mean()
    values[rows, column] = fresh
    again = explain_life(model, replace(running, values=values), near)
    assert again.value > made.value
    with pytest.raises(FigureGap):
        explain_life(model, running, "nobody")
