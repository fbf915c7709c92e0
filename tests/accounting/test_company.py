"""A company over its sites: sums are exact, holes are named, contradictions are refused."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.accounting.company import Site, Told, roll_up
from ecotwin.accounting.standings import course_of
from ecotwin.clock import Period
from ecotwin.errors import FigureGap
from ecotwin.plant import Plant, load
from running import command

ROOT = Path(__file__).parents[2] / "plants"
PLANTS = tuple(load(ROOT / f"consumer_goods{p}.yaml") for p in ("", "_poland", "_spain"))
CO2 = "ghg.scope12_market"


def year(plant: Plant, number: int = 2026) -> Period:
    first, last = (
        datetime(y, 1, 1, tzinfo=plant.zone).astimezone(UTC) for y in (number, number + 1)
    )
    return Period(first, last)


def told(value: float, half: float = 0.0, unit: str = "kgCO2e") -> Told:
    return Told(value, value - half, value + half, unit, 1.0)


def sites(*values: float | None, half: float = 0.0) -> list[Site]:
    made = []
    for plant, value in zip(PLANTS, values, strict=True):
        if value is None:
            made.append(Site(plant, gap="there is no history"))
        else:
            made.append(Site(plant, year(plant), {CO2: told(value, half)}))
    return made


@given(st.lists(st.floats(0.0, 1e7), min_size=3, max_size=3), st.floats(0.0, 1e4))
def test_sums_are_exact_and_errors_add_as_independent_ones(
    values: list[float], half: float
) -> None:
    one = roll_up(sites(*values, half=half), [CO2]).promises[0]
    assert one.actual == math.fsum(values)
    assert one.base == math.fsum(t.base_value or 0.0 for p in PLANTS for t in p.targets[:1])
    assert one.high - one.actual == pytest.approx(half * math.sqrt(3.0), abs=1e-6)
    assert one.allowed == pytest.approx(one.base * (1.0 - 0.65 * 18 / 22), rel=1e-12)
    assert one.over == one.actual - one.allowed
    assert not one.missing
    whole = roll_up(sites(*values, half=half), [CO2]).sums[0]
    assert whole.value == one.actual
    assert dict(whole.parts) == {p.name: v for p, v in zip(PLANTS, values, strict=True)}


@given(st.permutations([1.0e5, 8.0e5, 2.0e5]))
def test_the_order_of_the_sites_does_not_matter(values: list[float]) -> None:
    made = sites(*values)
    forth, back = roll_up(made).promises[0], roll_up(made[::-1]).promises[0]
    assert (forth.actual, forth.allowed, forth.base) == (back.actual, back.allowed, back.base)


def test_the_path_ends_at_minus_65_percent_of_the_sum_of_the_base_years() -> None:
    one = roll_up(sites(1.0, 1.0, 1.0)).promises[0]
    years = dict(one.years)
    assert years[2008] == pytest.approx(one.base)
    assert years[2030] == pytest.approx(0.35 * one.base)
    assert len(years) == 23
    for number, allowed in years.items():
        parts = sum(course_of(p.targets[0]).allowed(number) for p in PLANTS)
        assert allowed == pytest.approx(parts)


def test_on_off_and_not_decided() -> None:
    allowed = roll_up(sites(1.0, 1.0, 1.0)).promises[0].allowed
    third = allowed / 3.0
    assert roll_up(sites(*[0.98 * third] * 3, half=1.0)).promises[0].on is True
    assert roll_up(sites(*[1.02 * third] * 3, half=1.0)).promises[0].on is False
    assert roll_up(sites(*[third] * 3, half=0.05 * third)).promises[0].on is None


def test_a_site_without_data_is_named_and_nothing_is_decided() -> None:
    made = roll_up(sites(2.0e5, None, 1.0e5), [CO2, "production.good_parts"])
    one = made.promises[0]
    assert one.missing == (PLANTS[1].name,)
    assert one.on is None
    assert not made.complete
    assert one.actual == 3.0e5
    assert one.allowed == pytest.approx(
        sum(course_of(p.targets[0]).allowed(2026) for p in (PLANTS[0], PLANTS[2]))
    )
    assert made.sums[0].missing == (PLANTS[1].name,)
    assert any(PLANTS[1].name in w and "no history" in w for w in made.words)


def test_a_part_of_a_year_may_hold_its_share_of_the_days() -> None:
    plant = PLANTS[0]
    june = Period(*(datetime(2026, m, 1, tzinfo=plant.zone).astimezone(UTC) for m in (6, 7)))
    made = sites(1.0, 1.0, 1.0)
    made[0] = replace(made[0], period=june)
    part = roll_up(made).promises[0].parts[0]
    assert part.allowed == pytest.approx(course_of(plant.targets[0]).allowed(2026) * 30 / 365)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: replace(p, company=replace(p.company, name="Another N.V.")), "several companies"),
        (lambda p: PLANTS[0], "stands 2 times"),
        (lambda p: replace(p, targets=(replace(p.targets[0], reduction=0.5), *p.targets[1:])), "in 2 ways"),
        (lambda p: replace(p, targets=(replace(p.targets[0], base_year=2010), *p.targets[1:])), "in 2 ways"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(change: object, words: str) -> None:
    made = sites(1.0, 1.0, 1.0)
    made[1] = replace(made[1], plant=change(made[1].plant))  # type: ignore[operator]
    with pytest.raises(FigureGap, match=words):
        roll_up(made)


def test_a_site_without_its_part_of_the_promise_is_named() -> None:
    made = sites(1.0, 1.0, 1.0)
    bare = replace(made[2].plant, targets=made[2].plant.targets[1:])
    made[2] = replace(made[2], plant=bare)
    one = roll_up(made).promises[0]
    assert one.missing == (bare.name,)
    assert "bears no part" in one.parts[2].words
    assert one.years == ()


def test_ratios_and_several_currencies_are_not_added() -> None:
    made = roll_up(sites(1.0, 1.0, 1.0), ["waste.diversion_rate", "cost.total"])
    assert not made.sums
    assert any("ratio" in w for w in made.words)
    assert any("currencies" in w for w in made.words)


def test_another_unit_is_refused() -> None:
    made = sites(1.0, 1.0, 1.0)
    made[0] = replace(made[0], figures={CO2: told(1.0, unit="tCO2e")})
    with pytest.raises(FigureGap, match="tCO2e"):
        roll_up(made)


def test_the_command_names_what_contradicts_and_what_is_missing(tmp_path: Path) -> None:
    lead, poland = (ROOT / f"consumer_goods{p}.yaml" for p in ("", "_poland"))
    twice = command("path", lead, lead, "--data-folder", tmp_path)
    assert twice.returncode == 1
    assert "stands 2 times" in twice.stderr
    nothing = command("path", lead, poland, "--data-folder", tmp_path)
    assert nothing.returncode == 1
    assert nothing.stdout.count("missing: there is no history") == 6
    assert "not decided" in nothing.stdout


def test_no_site_at_all() -> None:
    with pytest.raises(FigureGap, match="no site"):
        roll_up([])
