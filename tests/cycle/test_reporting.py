"""Reports of a real history: written, refused by name, sealed; a shell of a machine."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cycle.oven_life import DAY3, START, Works, history
from ecotwin.clock import Period
from ecotwin.cycle.reporting import Reporting
from ecotwin.cycle.yearbook import YearBook
from ecotwin.errors import FigureGap, FileFault
from ecotwin.governance.ledger import content
from ecotwin.plant import Plant
from ecotwin.plugs import names
from ecotwin.records import Measure

pytestmark = pytest.mark.xdist_group("cycle")

TWO_DAYS = Period(START + timedelta(minutes=1), DAY3)
FACTS = {
    "product_uri": "urn:works:oven-1", "manufacturer": "Example", "designation": "Oven", "order_code": "A",
    "manufacturer_street": "Weg 1", "manufacturer_zip": "1", "manufacturer_city": "B", "manufacturer_country": "DE",
    "article_number": "7",
}  # fmt: skip


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("reported"))


@pytest.fixture
def works(origin: Path, tmp_path: Path) -> Iterator[Works]:
    made = Works(tmp_path / "data", origin)
    yield made
    made.close()


def reporting(works: Works, plant: Plant | None = None) -> Reporting:
    mine = plant or works.plant
    years = YearBook(mine, works.store, works.clock.now)
    return Reporting(mine, works.store, works.ledger, years, works.clock.now())


def test_the_whole_set_is_written_or_refused_by_name_and_sealed(
    works: Works, tmp_path: Path
) -> None:
    made = reporting(works).write(TWO_DAYS, works.plant.site.id, [], ["json"], tmp_path / "out")
    assert {one.name for one in made} == set(names("reports"))
    written = {one.name: one.files for one in made if one.files}
    refused = {one.name: one.refused for one in made if one.refused}
    assert {"accounts", "energy_review", "esrs", "ghg_inventory"} <= written.keys()
    assert {"carbon_project", "linked_loan", "permits", "footprints"} <= refused.keys()
    assert all(words.count(".") >= 2 for words in refused.values()), "found, expected, what to do"
    told = json.loads(written["accounts"][0].read_text("utf-8"))
    assert works.plant.site.id in json.dumps(told)
    body = content(works.ledger.entries(kind="report", limit=1, newest_first=True)[0])
    assert set(body["sha256"]) == {f.name for files in written.values() for f in files}


def test_what_is_handed_out_is_sealed_first_and_not_twice(works: Works, tmp_path: Path) -> None:
    dossier = reporting(works).dossier(TWO_DAYS, works.plant.site.id)
    own = [m for (place, _), m in dossier.figures.items() if place == works.plant.site.id]
    assert own
    assert all(m.id in dossier.entries for m in own)
    size = works.ledger.size
    again = reporting(works).dossier(TWO_DAYS, works.plant.site.id)
    assert works.ledger.size == size
    assert again.entries == dossier.entries
    energy = next(m for m in own if m.indicator == "energy.electricity")
    assert works.keeper.entry_of(Measure, energy.id) == dossier.entries[energy.id]


def test_a_part_of_the_plant_has_its_own_report(works: Works, tmp_path: Path) -> None:
    made = reporting(works).write(TWO_DAYS, "line_1", ["accounts"], ["json"], tmp_path / "line")
    assert "line_1" in made[0].files[0].name
    dossier = reporting(works).dossier(TWO_DAYS, "line_1")
    assert {place for place, _ in dossier.figures} <= {e.id for e in works.plant.under("line_1")}


def test_unknown_names_and_folders_that_cannot_be_made_are_told(
    works: Works, tmp_path: Path
) -> None:
    site = works.plant.site.id
    with pytest.raises(FigureGap, match="there is no report nothing"):
        reporting(works).write(TWO_DAYS, site, ["nothing"], ["json"], tmp_path)
    with pytest.raises(FigureGap, match="there is no form doc"):
        reporting(works).write(TWO_DAYS, site, ["accounts"], ["doc"], tmp_path)
    (tmp_path / "file").write_text("here already")
    with pytest.raises(FileFault, match="cannot be made"):
        reporting(works).write(TWO_DAYS, site, ["accounts"], ["json"], tmp_path / "file")


def test_a_shell_needs_its_nameplate_and_is_sealed(works: Works) -> None:
    with pytest.raises(FigureGap) as refused:
        reporting(works).shell(TWO_DAYS, "oven_1")
    assert "product_uri" in str(refused.value)
    named = tuple(
        replace(e, kind_facts={**e.kind_facts, **FACTS}) if e.id == "oven_1" else e
        for e in works.plant.elements
    )
    made = reporting(works, replace(works.plant, elements=named)).shell(TWO_DAYS, "oven_1")
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        shell = json.loads(package.read("aasx/data.json"))
    ids = {s["idShort"] for s in shell["submodels"]}
    assert {"Nameplate", "TechnicalData"} <= ids
    assert any("TimeSeries" in i for i in ids)
    body = content(works.ledger.entries(kind="report", limit=1, newest_first=True)[0])
    assert next(iter(body["sha256"])).endswith(".aasx")
