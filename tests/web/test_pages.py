"""The pages in a real browser, on a small server with invented figures."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from web.conftest import Seen, Site

pytestmark = pytest.mark.browser

VIEWS = [
    "/",
    "/?view=plan",
    "/machines",
    "/machines/oven2",
    "/findings",
    "/findings/f1",
    "/findings/f2",
    "/advice",
    "/advice/a1",
    "/accounts?measure=scope2_location%40works%2Ftoday",
    "/proof",
    "/nowhere",
]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 700}}
DARK: dict[str, Any] = {"color_scheme": "dark"}


def test_overview_shows_the_figures_with_unit_interval_and_coverage(site: Site, seen: Seen) -> None:
    seen.open(site.address, ".figures .tile")
    page = seen.page
    expect(page.locator("h1")).to_have_text(
        "Running, but 40 kW above expected. The air leak and reflow oven 2 cost "
        "190 kg CO₂e and 118 EUR a day."
    )
    tiles = page.locator(".figures .tile")
    expect(tiles).to_have_count(6)
    expect(tiles.first).to_contain_text("660 kW")
    expect(tiles.first).to_contain_text("↑ 6.5 % above")
    expect(tiles.first).to_contain_text("598–642 kW")
    expect(tiles.first).to_contain_text("99 %")
    expect(page.locator(".bar .plant")).to_have_text("Nordhafen electronics works")
    expect(page.locator(".bar .live")).to_contain_text(re.compile(r"LIVE 10:4\d:\d\d"))
    expect(page.locator(".bar .live")).to_contain_text("CEST")
    expect(page.locator("svg.flow .strand")).to_have_count(3)
    expect(page.locator(".finding")).to_have_count(5)


@pytest.mark.parametrize("view", VIEWS)
def test_no_request_leaves_the_machine_and_nothing_complains(
    site: Site, seen: Seen, view: str
) -> None:
    seen.open(site.address + view, "h1, h2")
    seen.page.wait_for_timeout(600)
    host = urlsplit(site.address).netloc
    assert seen.requests
    assert {urlsplit(url).netloc for url in seen.requests if not url.startswith("data:")} == {host}
    assert seen.complaints == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("seen", [PHONE, SMALL], indirect=True, ids=["390", "320"])
def test_no_sideways_scroll_and_targets_of_44_px(site: Site, seen: Seen, view: str) -> None:
    seen.open(site.address + view, "h1, h2")
    seen.page.wait_for_timeout(400)
    width = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], f"the page is {width[0]} px wide on a screen of {width[1]} px"
    low = seen.page.evaluate(
        """[...document.querySelectorAll('.button, .bottom a, .bottom button, .chips button')]
        .filter(e => e.offsetParent).map(e => [e.textContent, e.getBoundingClientRect().height])
        .filter(([, height]) => height < 43.5)"""
    )
    assert low == []


@pytest.mark.parametrize("seen", [PHONE], indirect=True)
def test_phone_has_tabs_at_the_foot_and_more_behind_one(site: Site, seen: Seen) -> None:
    seen.open(site.address, ".finding")
    page = seen.page
    expect(page.locator(".bar .tabs")).to_be_hidden()
    page.locator(".bottom").get_by_text("Machines").click()
    expect(page).to_have_url(site.address + "/machines")
    page.locator(".bottom").get_by_text("More").click()
    page.get_by_role("dialog").get_by_text("Accounts").click()
    expect(page).to_have_url(site.address + "/accounts")


def test_approve_shows_limits_first_then_posts_and_tells_the_entry(site: Site, seen: Seen) -> None:
    seen.open(site.address, ".finding")
    page = seen.page
    page.get_by_role("button", name="Approve: Compressor 1 leaks").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("7.2 → 6.8 bar")
    expect(sheet).to_contain_text("Margin at placement 3 falls")
    assert site.plant.posts == []
    sheet.get_by_role("button", name="Approve until 14:00").click()
    expect(page.locator(".toast")).to_contain_text("Entry 48262")
    assert site.plant.posts == [("/api/v1/advice/a1/approve", {}, "page")]


def test_a_decision_on_the_advice_page_is_one_click_and_shows_what_followed(
    site: Site, seen: Seen
) -> None:
    seen.open(site.address + "/advice/a1", ".decision")
    seen.page.get_by_role("button", name="Approve until 14:00").click()
    expect(seen.page.locator(".timeline")).to_contain_text("Read back 6.80 bar")
    expect(seen.page.locator("main")).to_contain_text("38.2 kWh (31.0–45.4 kWh)")
    expect(seen.page.get_by_role("link", name="entry 48,255")).to_be_visible()


def test_decline_needs_a_reason(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/advice/a2", ".decision")
    seen.page.get_by_role("button", name="Decline, say why").click()
    decline = seen.page.get_by_role("button", name="Decline", exact=True)
    expect(decline).to_be_disabled()
    seen.page.locator("textarea").fill("Audit in hall 2")
    decline.click()
    expect(seen.page.locator(".toast")).to_be_visible()
    assert site.plant.posts == [
        ("/api/v1/advice/a2/decline", {"reason": "Audit in hall 2"}, "page")
    ]


def test_a_refusal_says_what_was_found_and_what_to_do(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/advice/a3", ".decision")
    seen.page.get_by_role("button", name="Approve until 14:00").click()
    alert = seen.page.locator(".toast.wrong")
    expect(alert).to_contain_text("The advice has expired.")
    expect(alert).to_contain_text("What to do: Wait for more.")


def test_unknown_machine_is_a_problem_not_a_blank_page(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/machines/nothing", ".problem")
    expect(seen.page.locator(".problem")).to_contain_text("There is no machine “nothing”.")
    expect(seen.page.locator(".problem")).to_contain_text("Open Machines and choose one.")


def test_stop_writes_asks_stops_and_says_how_to_allow_again(site: Site, seen: Seen) -> None:
    seen.open(site.address, ".stop")
    page = seen.page
    page.get_by_role("button", name="Stop writes").click()
    assert site.plant.writes == "on"
    page.get_by_role("dialog").locator("input").fill("Smell at oven 2")
    page.get_by_role("dialog").get_by_role("button", name="Stop writes").click()
    expect(page.locator("[data-banner=stopped]")).to_contain_text("No order reaches a machine")
    assert site.plant.posts == [("/api/v1/writes/stop", {"reason": "Smell at oven 2"}, "page")]
    page.get_by_role("button", name="Writes stopped").click()
    page.get_by_role("dialog").get_by_role("button", name="Allow writes").click()
    expect(page.locator("[data-banner=stopped]")).to_have_count(0)
    assert site.plant.writes == "on"


def test_keys_search_help_arrows_and_tabs(site: Site, seen: Seen) -> None:
    seen.open(site.address, ".finding")
    page = seen.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Search machines")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    expect(page.locator("input[type=search]")).to_be_focused()
    page.keyboard.type("oven")
    expect(page.locator(".machines tbody tr")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".machines tbody tr a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".machines tbody tr a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(site.address + "/machines/oven2")
    page.keyboard.press("7")
    expect(page).to_have_url(site.address + "/proof")


def test_links_back_button_and_filters_live_in_the_address(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/machines/oven2?hours=8", ".figures")
    page = seen.page
    expect(page.get_by_role("button", name="8 h", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("link", name="Findings").first.click()
    expect(page.locator("h1")).to_contain_text("Five findings are open")
    page.get_by_role("link", name="Compressor 1 leaks").click()
    expect(page).to_have_url(site.address + "/findings/f1")
    page.go_back()
    page.go_back()
    expect(page).to_have_url(site.address + "/machines/oven2?hours=8")
    expect(page.locator("h1")).to_contain_text("Reflow oven 2 draws")
    page.get_by_label("Area").select_option("air")
    expect(page).to_have_url(re.compile("area=air"))
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page).to_have_url(site.address + "/?area=air")
    page.wait_for_timeout(300)
    assert any("/api/v1/live?area=air" in url for url in seen.requests)


def test_a_lost_connection_keeps_the_picture_counts_its_age_and_comes_back(
    site: Site, seen: Seen
) -> None:
    seen.open(site.address, ".figures .tile")
    site.stop()
    banner = seen.page.locator("[data-banner=disconnected]")
    expect(banner).to_be_visible(timeout=15_000)
    expect(seen.page.locator(".figures .tile").first).to_contain_text("660 kW")
    expect(seen.page.locator(".bar .live")).to_contain_text("LAST 10:4")
    before = banner.inner_text()
    seen.page.wait_for_timeout(2500)
    assert banner.inner_text() != before
    site.plant.silent = False
    site.start()
    expect(banner).to_have_count(0, timeout=20_000)
    expect(seen.page.locator(".bar .live")).to_contain_text("LIVE 10:4")


def ground(seen: Seen) -> str:
    return str(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("seen", [DARK], indirect=True)
def test_dark_by_the_system_and_light_by_the_switch(site: Site, seen: Seen) -> None:
    seen.open(site.address, ".figures .tile")
    assert ground(seen) == "rgb(15, 18, 20)"
    seen.page.locator(".person summary").click()
    seen.page.get_by_role("button", name="Light", exact=True).click()
    assert ground(seen) == "rgb(250, 250, 247)"
    seen.page.reload()
    seen.page.wait_for_selector(".figures .tile")
    assert ground(seen) == "rgb(250, 250, 247)"


def test_every_chart_has_a_table_a_csv_and_a_picture(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/machines/oven2", "svg.strips")
    page = seen.page
    doors = page.get_by_label("Table and export: signals")
    doors.click()
    with page.expect_download() as taken:
        page.get_by_text("Save what is shown as CSV").locator("visible=true").click()
    text = taken.value.path().read_bytes().decode("utf-8-sig")
    assert text.startswith('Time (UTC),"Power, kW",expected low,expected high,"Exhaust air, m³/h"')
    assert text.count("\r\n") == 1 + 480
    assert re.search(r"\r\n2026-06-18T08:42:00Z,6\d\.\d+,47\.8,52\.6,", text)
    doors.click()
    with page.expect_download() as taken:
        page.get_by_text("Save the picture as PNG").locator("visible=true").click()
    picture = taken.value.path().read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
    doors.click()
    page.get_by_text("Show as table").locator("visible=true").click()
    expect(page.get_by_role("region", name="signals, table")).to_contain_text("Exhaust air")
    assert seen.complaints == []


def test_a_figure_opens_into_its_proof_and_its_evidence(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/accounts?period=2026-05", ".measures")
    page = seen.page
    page.get_by_role("link", name="Scope 2, location-based").click()
    expect(page).to_have_url(re.compile("measure=scope2_location"))
    expect(page.locator(".tree").first).to_contain_text("counter 18,402.6 → 20,144.6 MWh")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download evidence").click()
    assert taken.value.suggested_filename == "evidence-48213.zip"


def test_causes_stand_ranked_with_what_speaks_for_and_against_them(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/findings/f1", "table.causes")
    page = seen.page
    expect(
        page.get_by_role("heading", name="Most likely: leak after the dryer (71 %)")
    ).to_be_visible()
    rows = page.locator("table.causes tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("pressure falls after the dryer")
    expect(rows.first).to_contain_text("No one has heard it yet")
    expect(rows.last).to_contain_text("Another cause")
    widths = [
        b["width"] for b in (r.bounding_box() for r in page.locator(".cause-bar span").all()) if b
    ]
    assert widths == sorted(widths, reverse=True), "bars as long as the probabilities"
    expect(page.get_by_text("it would be 48 % instead of 71 %")).to_be_visible()


def test_closing_says_what_it_was(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/findings/f2", ".note-form")
    seen.page.get_by_label("Note").fill("Hose mended")
    seen.page.get_by_label("What it was").select_option("leak")
    seen.page.get_by_role("button", name="Close with note").click()
    expect(seen.page.locator(".toast")).to_be_visible()
    assert site.plant.posts[-1] == (
        "/api/v1/findings/f2/close", {"note": "Hose mended", "turned_out": "leak"}, "page",
    )  # fmt: skip


def test_acknowledge_carries_the_note(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/findings/f2", ".note-form")
    seen.page.get_by_label("Note").fill("Damper looked at, stays open")
    seen.page.get_by_role("button", name="Acknowledge").click()
    expect(seen.page.locator(".toast")).to_be_visible()
    assert site.plant.posts == [
        ("/api/v1/findings/f2/acknowledge", {"note": "Damper looked at, stays open"}, "page")
    ]


@pytest.mark.parametrize(
    ("bar", "word", "colour"),
    [
        ({"freshness": "late", "data_age_s": 700.0, "data_text": "It is 12 min old."}, "STALE", "--watch-text"),
        ({"freshness": "none", "data_age_s": None, "data_text": "No reading has come yet."}, "WAITING", "--watch-text"),
        ({"link": "offline", "link_text": "The broker does not answer."}, "NO LINK", "--act-text"),
    ],
)  # fmt: skip
def test_live_is_said_of_live_data_only(
    site: Site, seen: Seen, bar: dict[str, Any], word: str, colour: str
) -> None:
    """Word, colour and a banner with the reason; the age stays beside it."""
    site.plant.bar = bar
    seen.open(site.address, ".figures .tile")
    sign = seen.page.locator(".bar .live")
    expect(sign).to_contain_text(f"{word} 10:4")
    expect(sign).not_to_contain_text("LIVE")
    expect(sign).to_contain_text("no data yet" if bar.get("data_age_s", 0) is None else "old")
    shown = seen.page.evaluate(
        """name => { const probe = document.body.appendChild(document.createElement('i'));
        probe.style.color = `var(${name})`; return getComputedStyle(probe).color; }""",
        colour,
    )
    expect(sign.locator("b")).to_have_css("color", shown)
    said = bar.get("data_text") or bar["link_text"]
    expect(seen.page.locator(".banner[role=alert]")).to_contain_text(said)
    site.plant.bar = {}
    expect(sign).to_contain_text("LIVE 10:4")
    expect(seen.page.locator(".banner")).to_have_count(0)


def test_recorded_days_on_their_way_in_are_told(site: Site, seen: Seen) -> None:
    site.plant.bar = {"notice": "Step 2 of 3: recorded days are being taken in."}
    seen.open(site.address, ".figures .tile")
    expect(seen.page.locator("[data-banner=notice]")).to_contain_text("Step 2 of 3")
    expect(seen.page.locator(".bar .live")).to_contain_text("LIVE 10:4")


def test_speed_is_said_only_when_it_is_not_one(site: Site, seen: Seen) -> None:
    site.plant.speed = 144.0
    seen.open(site.address, ".live")
    expect(seen.page.locator(".bar .live")).to_contain_text("144×")


def test_one_moment_is_marked_on_every_chart(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/findings/f1", "svg.strips")
    box = seen.page.locator("svg.strips").bounding_box()
    assert box is not None
    seen.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60)
    flag = seen.page.locator("svg.strips .flag text")
    expect(flag).to_have_count(3)
    expect(flag.first).to_contain_text(re.compile(r"Wed 17 Jun \d\d:\d\d\s+1\d\.\d m³/min"))


def test_print_leaves_out_what_cannot_be_pressed(site: Site, seen: Seen) -> None:
    seen.open(site.address, ".finding")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert ground(seen) == "rgb(250, 250, 247)"
    for part in (".bar .tabs", ".stop", ".doors", ".finding .button"):
        expect(seen.page.locator(part).first).to_be_hidden()
    expect(seen.page.locator("svg.flow")).to_be_visible()
    assert seen.page.pdf().startswith(b"%PDF")
