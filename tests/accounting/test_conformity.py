"""The catalogue against the frameworks, and a plant against a set."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecotwin import accounting
from ecotwin.accounting import accounts
from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.conformity import conform, frameworks, requirements
from ecotwin.accounting.invented import booked_desks, good_desk
from ecotwin.connectors.books import read_books
from ecotwin.errors import FigureGap
from ecotwin.plant import load
from ecotwin.plant.bookings import book_kinds
from ecotwin.plugs import load_all
from ecotwin.records import Indicator

ROOT = Path(__file__).parents[2]


def test_a_requirement_names_figures_that_stand_there_in_the_catalogue() -> None:
    assert len(requirements()) > 40
    for one in requirements():
        column = frameworks()[one.framework].column
        assert column in Indicator.__dataclass_fields__
        for name in one.indicators:
            assert getattr(indicators()[name], column), (
                f"{name} is mapped to {one.framework} nowhere"
            )
    ids = [(r.framework, r.id) for r in requirements()]
    assert len(set(ids)) == len(ids)


def test_what_is_said_to_be_had_is_what_a_run_gives(works: Any) -> None:
    got = {m.indicator for m in accounts.run(works.plant, [works.window()], ["works"]).measures}
    for plug in load_all("accounting.booked").values():
        for desk in booked_desks(works.plant, "works", ()):
            got |= {m.indicator for m in plug.figures(desk, "works")[0]}
    said = {a.requirement.id for a in conform(works.plant) if a.had}
    assert said == got
    assert len(said) > 30


def test_a_factor_that_lacks_is_named(works: Any) -> None:
    answers = {a.requirement.id: a for a in conform(works.with_(grid=None), "esrs")}
    assert answers["E1-6_07"].had
    assert not answers["E1-6_09"].had
    assert "grid" in " ".join(answers["E1-6_09"].missing)
    assert "no figure here answers" in answers["E1-6_08"].missing[0]
    assert "no book of purchase" in " ".join(answers["E1-6_11"].missing)


def test_a_meter_that_lacks_is_named(works: Any) -> None:
    signals = tuple(
        replace(s, means="other", carrier="") if s.means == "water_in" else s
        for s in works.plant.signals
    )
    answers = {a.requirement.id: a for a in conform(works.with_(signals=signals), "gri")}
    assert "no signal of works feeds water.in" in answers["303-3"].missing[0]
    assert answers["302-1"].had


def test_each_figure_is_told_its_own_gap_and_no_other(works: Any) -> None:
    signals = tuple(
        replace(s, means="other", carrier="") if s.means == "gas_volume" else s
        for s in works.plant.signals
    )
    plant = works.with_(grid=None, tariffs=(), signals=signals)
    answers = {a.requirement.id: " ".join(a.missing) for a in conform(plant)}
    assert "no signal of works feeds ghg.scope1" in answers["ghg.scope1"]
    assert "grid" not in answers["ghg.scope1"]
    assert "`grid.location`" in answers["ghg.scope2_location"]
    assert "no price of electricity is given" in answers["cost.electricity"]
    assert "no signal of works feeds cost.gas" in answers["cost.gas"]
    bare = works.with_(products=(), shifts=())
    answers = {a.requirement.id: " ".join(a.missing) for a in conform(bare)}
    assert "`mass_kg` of every product" in answers["material.yield"]
    assert "grid" not in answers["material.yield"]
    assert answers["ghg.scope2_location"] == ""
    assert "planned" in answers["oee.oee"]


def test_figures_from_books_need_the_books_and_say_so() -> None:
    plant = load(ROOT / "plants" / "electronics.yaml")
    bare = {a.requirement.id: a for a in conform(plant)}
    for name in ("ghg.scope1_mobile", "ghg.scope3_cat1", "ghg.total_location"):
        assert not bare[name].had
    assert "no book of purchase" in " ".join(bare["ghg.scope3_cat1"].missing)
    kept = {a.requirement.id: a for a in conform(plant, books=read_books(Path(plant.books), plant))}
    plugs = load_all("accounting.booked")
    for name in (*plugs["scope1"].indicators, *plugs["scope3"].indicators):
        assert kept[name].had == (name != "ghg.biogenic_all"), kept[name]
    assert kept["ghg.biogenic_all"].missing


def test_what_the_plant_file_lacks_for_a_booked_figure_is_named() -> None:
    """Everything is had by the invented week; each thing that is taken away is named, and nothing else."""
    plant = load(ROOT / "plants" / "electronics.yaml")
    bare = replace(
        plant, people=(), permits=(), targets=(), benchmarks=(), materials=(), basin=None
    )
    bare = replace(bare, products=tuple(replace(p, materials={}) for p in bare.products))
    books = read_books(Path(plant.books), plant)
    lacking = {a.requirement.id: " ".join(a.missing) for a in conform(bare, books=books)}
    for name, word in (
        ("people.shift_strain", "`people` is not given"),
        ("people.lifting_index", "`people` is not given"),
        ("air.permit_used_share", "`permits` is not given"),
        ("target.gap", "`targets` is not given"),
        ("target.benchmark_ratio", "`benchmarks` is not given"),
        ("circularity.mci", "`materials`"),
        ("ghg.scope3_cat12", "`materials`"),
        ("water.scarcity", "basin"),
    ):
        assert word in lacking[name], (name, lacking[name])
    assert "`grid`" not in lacking["target.gap"]
    assert lacking["ghg.scope3_cat1"] == ""


def test_a_book_that_is_not_kept_is_named_and_no_other() -> None:
    plant = load(ROOT / "plants" / "electronics.yaml")
    rows = [b for b in read_books(Path(plant.books), plant) if b.kind not in ("revenue", "lift")]
    lacking = {a.requirement.id: " ".join(a.missing) for a in conform(plant, books=rows)}
    assert "no book of revenue is kept" in lacking["ghg.intensity_revenue_market"]
    assert "no book of purchase" not in lacking["ghg.intensity_revenue_market"]
    assert "no book of lift is kept" in lacking["people.lifting_index"]
    assert lacking["people.noise_exposure"] == ""
    assert lacking["ghg.scope3"] == ""


def test_every_row_of_the_invented_books_is_one_that_the_books_know(works: Any) -> None:
    desk = good_desk(works.plant, "works")
    assert {b.kind for b in desk.book.bookings} >= book_kinds().keys() - {"exposure", "lift"}
    for row in desk.book.bookings:
        columns = {c.name: c for c in book_kinds()[row.kind]}
        assert row.facts.keys() <= columns.keys(), row
        assert {n for n, c in columns.items() if c.needed} <= row.facts.keys(), row


def test_unknown_sets_and_elements_are_refused(works: Any) -> None:
    with pytest.raises(FigureGap, match="catalogue, esrs, ghg-protocol"):
        conform(works.plant, "tcfd")
    with pytest.raises(FigureGap, match="nowhere"):
        conform(works.plant, "esrs", "nowhere")


def test_every_public_name_is_there_and_says_what_it_gives() -> None:
    for name in accounting.__all__:
        thing = getattr(accounting, name)
        assert not callable(thing) or thing.__doc__, name
    with pytest.raises(AttributeError, match="nothing_like_it"):
        accounting.nothing_like_it  # noqa: B018


def test_the_published_page_is_not_stale() -> None:
    script = ROOT / "scripts" / "figures.py"
    env = {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, str(script), "--check"], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
