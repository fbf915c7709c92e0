"""The path of a target on the accounts page: what it allows, what was measured, silence where nothing is promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ecotwin.cycle import Twin
from ecotwin.plant import Target
from ecotwin.service import path
from ecotwin.service.families import FIRST, standing

pytestmark = pytest.mark.xdist_group("service")


@pytest.fixture
def promised(twin: Twin) -> Iterator[Twin]:
    before = twin.plant
    site = before.site.id
    target = Target(
        "half", "Half by 2030", "ghg.scope2_location", site, 2025, 2030, "board", 365_000.0, 0.5
    )
    twin.plant = replace(before, targets=(target,))
    path._made.pop(twin, None)
    yield twin
    twin.plant = before
    path._made.pop(twin, None)


def test_a_plant_without_targets_shows_no_path(twin: Twin) -> None:
    assert path.path(twin) is None


def test_the_path_allows_by_days_and_tells_what_was_measured(promised: Twin) -> None:
    shown = path.path(promised)
    assert shown is not None
    assert shown.unit == "t CO₂e"
    years = {y.year: y for y in shown.years}
    assert years[2025].allowed == pytest.approx(365.0)
    assert years[2030].allowed == pytest.approx(182.5)
    assert years[2025].actual == pytest.approx(365.0), "the base year as it was promised"
    here = years[promised.closed_until.year]
    assert here.actual is not None
    assert here.actual > 0
    assert here.forecast is None, "no whole month is known"
    rows = {b.name: b for b in shown.budget}
    measured, allowed = rows["Measured so far"], rows["Allowed so far"]
    assert measured.value == pytest.approx(here.actual)
    assert measured.kind == ("over" if measured.value > allowed.value else "used")
    side = "over" if measured.value > allowed.value else "below"
    assert side in shown.title
    assert "2030" in shown.title


def test_figures_stand_under_their_head_the_main_ones_first() -> None:
    assert standing("ghg.scope1_all").rank < standing("ghg.scope1").rank
    assert standing("ghg.scope1").indent == 1
    assert standing("ghg.total_market").rank < standing("energy.total").rank
    beside = standing("energy.by_shift")
    assert not beside.first
    assert beside.head == "Energy"
    assert beside.rank > standing("energy.total").rank
    assert standing("something.new").head == "Other"
    assert all(standing(name.split(" ")[0]).first for names in FIRST.values() for name in names)
