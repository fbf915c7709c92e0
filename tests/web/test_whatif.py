"""The what-if page in a real browser, on a real twin of the electronics works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from ecotwin.clock import ManualClock
from ecotwin.cycle import Twin
from ecotwin.governance.access import person
from ecotwin.plant import load
from ecotwin.settings import Settings
from running import ROOT, page_of, until, utc
from web.conftest import Seen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("service")]

COOLER = (
    "id: cooler\nname: Cooler oven\nsource: stated assumption\n"
    "parameters: [{kind: reflow_oven, name: aux_kw, scale: 0.5}]\n"
)
HOT = (
    "id: hot\nname: Hot days\nsource: stated assumption\nevents: [{kind: heat_wave, warmer_k: 6}]\n"
)
SMALL: dict[str, Any] = {"start": "start", "hours": 4.0, "runs": 6, "seed": 3}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"}


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """A browser beside a model that compiles may take its time."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The electronics works, without history: every run begins from the plant file."""
    folder = tmp_path_factory.mktemp("works")
    made = Twin(
        load(ROOT / "plants/electronics.yaml"),
        Settings(lateness_s=0.0),
        ManualClock(utc("2026-06-18T08:42")),
        folder,
    )
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(twin: Twin, built: Path) -> Iterator[httpx.Client]:
    assert (built / "index.html").is_file()
    with page_of(twin) as client:
        for text in (COOLER, HOT):
            assert client.post("/api/v1/whatif/scenarios", json={"text": text}).status_code == 200
        yield client


def address(page: httpx.Client, path: str = "/whatif") -> str:
    return str(page.base_url).rstrip("/") + path


@pytest.fixture(scope="module")
def done(page: httpx.Client) -> str:
    """The id of a comparison that is done."""
    started = page.post("/api/v1/whatif/runs", json={**SMALL, "scenarios": ["cooler", "hot"]})
    assert started.status_code == 200, started.text
    name = str(started.json()["id"])

    def ended() -> bool:
        row = page.get(f"/api/v1/whatif/runs/{name}").json()
        assert row["state"] not in {"failed", "stopped"}, row["text"]
        return bool(row["state"] == "done")

    until(ended, 120, "the comparison")
    return name


def test_scenarios_are_chosen_in_the_address_and_events_stand_apart(
    page: httpx.Client, seen: Seen
) -> None:
    seen.open(address(page), ".shelf")
    shown = seen.page
    expect(shown.locator("nav.tabs [aria-current=page]")).to_have_text("What if")
    deeds, events = shown.locator(".shelf").nth(0), shown.locator(".shelf").nth(1)
    expect(deeds.locator("tr[data-id=cooler]")).to_contain_text("every reflow oven: aux kw 50.0 %")
    expect(events.locator("tr[data-id=hot]")).to_contain_text("air +6 K")
    button = shown.get_by_role("button", name="Run ahead 24 h, 200 times")
    expect(button).to_be_disabled()
    deeds.get_by_label("Compare Cooler oven").check()
    events.get_by_label("Hot days holds in all cases").check()
    expect(shown).to_have_url(re.compile(r"try=cooler.*under=hot"))
    expect(button).to_be_enabled()
    shown.get_by_label("Hours ahead").fill("6")
    shown.get_by_label("Runs a case").fill("12")
    shown.get_by_label("Runs a case").blur()
    expect(shown.get_by_role("button", name="Run ahead 6 h, 12 times")).to_be_visible()
    shown.reload()
    expect(shown.get_by_label("Compare Cooler oven")).to_be_checked()
    expect(shown.locator(".ahead")).to_contain_text("In all cases: Hot days")


def test_two_scenarios_are_asked_followed_and_told(page: httpx.Client, seen: Seen) -> None:
    seen.open(address(page, "/whatif?try=cooler,hot&from=start&hours=8&runs=6&seed=5"), ".ahead")
    shown = seen.page
    shown.get_by_role("button", name="Run ahead 8 h, 6 times").click()
    expect(shown).to_have_url(re.compile(r"/whatif/run/"))
    expect(shown.locator("svg.differences")).to_be_visible(timeout=120_000)
    expect(shown.locator("h1")).to_have_text(
        re.compile(r"^Cooler oven saves [\d.]+ kg CO₂e in 8 h ")
    )
    cell = shown.locator(".comparison tr", has_text="Electricity used").locator("td").nth(1)
    expect(cell).to_contain_text(re.compile(r"−[\d.]+ % better in 100 %"))
    expect(shown.locator("svg.front .fill-ok")).not_to_have_count(0)
    expect(shown.locator("svg.course")).not_to_have_count(0)
    expect(shown.get_by_role("link", name=re.compile(r"sealed as entry"))).to_be_visible()
    expect(shown.locator(".standing")).to_contain_text("beaten by")
    shown.locator(".case-chips").get_by_role("button", name="2 Hot days").click()
    expect(shown).to_have_url(re.compile("case=2"))
    expect(shown.locator(".legend").first).to_contain_text("Hot days, mean and 80 %")
    shown.get_by_label("Axis to the right").select_option("people.operator")
    expect(shown.locator("svg.front")).to_contain_text("Hours that machines bind people")
    shown.get_by_role("link", name="What if").first.click()
    expect(shown.locator(".earlier")).to_contain_text("Cooler oven, Hot days")
    assert seen.complaints == []


def test_every_picture_has_its_table_csv_and_png(page: httpx.Client, seen: Seen, done: str) -> None:
    seen.open(address(page, f"/whatif/run/{done}"), "svg.differences")
    shown = seen.page
    for name in ("differences", "front", "course-power-bought"):
        door = shown.get_by_label(f"Table and export: {name}")
        panel = shown.locator("section.panel", has=door)
        summary = panel.locator("p.hidden")
        expect(summary).not_to_be_empty()
        for what, suffix in (("CSV", "csv"), ("PNG", "png")):
            door.click()
            with shown.expect_download() as taken:
                panel.get_by_role("button", name=re.compile(what)).click()
            assert taken.value.suggested_filename == f"{name}.{suffix}"
            assert taken.value.path().stat().st_size > 100
        door.click()
        panel.get_by_role("button", name="Show as table").click()
        expect(panel.locator(".behind tbody tr").first).to_be_visible()
    shown.get_by_label(f"Table and export: whatif-{done}").click()
    with shown.expect_download() as taken:
        shown.get_by_role("link", name="Save the full series as CSV").click()
    assert "probability_better" in taken.value.path().read_text()


def test_faults_are_told_by_line_while_one_writes(page: httpx.Client, seen: Seen) -> None:
    seen.open(address(page, "/whatif/text"), ".editor")
    shown = seen.page
    text = shown.get_by_label("Text of the scenario")
    save = shown.get_by_role("button", name=re.compile("^Save"))
    expect(shown.get_by_role("heading", name="It can be run at this plant")).to_be_visible()
    text.fill(COOLER.replace("aux_kw", "aux_kv"))
    expect(shown.locator(".faults")).to_contain_text("did you mean 'aux_kw'")
    expect(shown.locator(".editor li.bad")).to_have_text("4")
    expect(save).to_be_disabled()
    shown.get_by_role("button", name="line 4").first.click()
    chosen = shown.evaluate(
        "(() => { const t = document.querySelector('textarea'); "
        "return t.value.slice(t.selectionStart, t.selectionEnd); })()"
    )
    assert chosen.startswith("parameters:")
    text.fill(COOLER.replace("0.5", "0.8"))
    expect(shown.locator(".editor li.bad")).to_have_count(0)
    shown.get_by_label("Name", exact=True).fill("Much cooler oven")
    expect(text).to_have_value(re.compile(r"^id: much_cooler_oven\nname: Much cooler oven\n"))
    expect(save).to_be_enabled()
    save.click()
    expect(shown.locator(".toast")).to_contain_text("Saved as version 1")
    expect(shown.get_by_label("Compare Much cooler oven")).to_be_checked()


def test_a_run_shows_its_progress_and_is_stopped(page: httpx.Client, seen: Seen) -> None:
    asked = {**SMALL, "scenarios": ["cooler"], "hours": 96.0, "runs": 500}
    name = page.post("/api/v1/whatif/runs", json=asked).json()["id"]
    seen.open(address(page, f"/whatif/run/{name}"), "progress")
    shown = seen.page
    expect(shown.locator(".change")).to_contain_text("%")
    shown.get_by_role("button", name="Stop this run").click()
    expect(shown.locator("h1")).to_contain_text("stopped, nothing is told", timeout=60_000)
    expect(shown.locator("progress")).to_have_count(0)
    shown.get_by_role("link", name="What if").first.click()
    expect(shown.locator(f".earlier li[data-id='{name}']")).to_contain_text("stopped")


def test_what_is_refused_is_said_in_words(page: httpx.Client, seen: Seen, twin: Twin) -> None:
    seen.open(address(page, "/whatif?try=cooler&runs=2000&hours=8000"), ".ahead")
    seen.page.get_by_role("button", name=re.compile("^Run ahead")).click()
    expect(seen.page.locator(".said")).to_contain_text("run-hours")
    before = twin.person
    try:
        twin.person = person("Olga", ["operator"])
        seen.open(address(page, "/whatif?try=cooler"), ".ahead")
        expect(seen.page.get_by_role("button", name=re.compile("^Run ahead"))).to_be_disabled()
        expect(seen.page.locator(".ahead .refused")).to_contain_text("operator")
    finally:
        twin.person = before
    seen.open(address(page, "/whatif/run/nothing"), ".problem")
    expect(seen.page.locator(".problem")).to_contain_text("'nothing'")


@pytest.mark.parametrize("seen", [PHONE, NARROW], indirect=True, ids=["390", "320 dark"])
def test_it_fits_a_phone(page: httpx.Client, seen: Seen, done: str) -> None:
    host = urlsplit(str(page.base_url)).netloc
    for path in ("/whatif?try=cooler&under=hot", f"/whatif/run/{done}", "/whatif/text/cooler"):
        seen.open(address(page, path), ".panel h2")
        seen.page.wait_for_timeout(500)
        width = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{path} is {width[0]} px wide on a screen of {width[1]} px"
        low = seen.page.evaluate(
            """[...document.querySelectorAll('.button, .chips button, .ask input, .ask select, .axes select')]
            .filter(e => e.offsetParent).map(e => [e.textContent, e.getBoundingClientRect().height])
            .filter(([, height]) => height < 43.5)"""
        )
        assert low == [], path
    assert {urlsplit(u).netloc for u in seen.requests if not u.startswith(("data:", "blob:"))} == {
        host
    }
    seen.page.emulate_media(media="print")
    expect(seen.page.locator(".button").first).to_be_hidden()
