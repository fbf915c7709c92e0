"""The page of designs: files of the plant, comparisons as they were sealed, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ecotwin.cycle import Twin
from ecotwin.governance.ledger import content
from ecotwin.service import views
from running import ROOT, learned, page_of, utc

pytestmark = pytest.mark.xdist_group("service-designs")

PLANT = ROOT / "plants" / "electronics.yaml"
NOW = utc("2026-06-17T12:00")
HOURS = 8


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = learned(tmp_path_factory.mktemp("twin"), NOW, HOURS / 24, file=PLANT, step_s=60)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(twin: Twin) -> Iterator[httpx.Client]:
    with page_of(twin) as client:
        yield client


def compared(page: httpx.Client, design: str) -> views.DesignResult:
    reply = page.post("/api/v1/whatif/designs", json={"id": design, "period": "today"}, timeout=120)
    assert reply.status_code == 200, reply.text
    return views.DesignResult.model_validate(reply.json())


def test_designs_of_the_plant_are_listed_with_their_alternatives(page: httpx.Client) -> None:
    told = views.Designs.model_validate(page.get("/api/v1/whatif/designs").json())
    assert {r.id for r in told.rows} == {"housing", "solder"}
    assert all(r.alternatives and not r.fault for r in told.rows)
    assert [r.slow for r in told.rows if r.id == "solder"] == [True]
    assert told.periods[0][0] == "today"
    assert told.folder == "electronics/designs"


def test_a_comparison_adds_up_and_is_sealed_as_shown(page: httpx.Client, twin: Twin) -> None:
    told = compared(page, "housing")
    today, *others = told.alternatives
    assert today.verdict == "today"
    for one in told.alternatives:
        assert one.kg == pytest.approx(sum(s.kg for s in one.stages), rel=1e-9)
        # What lasts longer is needed less often: stages of a life add up to the difference that is told.
        assert one.difference_kg == pytest.approx(
            sum(s.difference_kg for s in one.stages), abs=1e-9
        )
    plastic = next(a for a in others if a.name.startswith("Plastic"))
    assert plastic.verdict == "worse"
    assert "more than today" in plastic.text
    sealed = content(twin.ledger.entry(told.entry))
    assert sealed["design"] == told.name
    assert [a["co2e_kg"] for a in sealed["alternatives"]] == [a.kg for a in told.alternatives]


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"id": "nothing"}, 400, "there is no design 'nothing'"),
        ({"id": "../../electronics"}, 400, "there is no design"),
        ({"id": "housing", "period": "2031"}, 422, "begins at"),
    ],
)
def test_what_cannot_be_compared_is_named(
    page: httpx.Client, asked: dict[str, str], status: int, said: str
) -> None:
    reply = page.post("/api/v1/whatif/designs", json=asked)
    assert reply.status_code == status, reply.text
    assert said in reply.json()["found"]
