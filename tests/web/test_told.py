"""What is normal now, what comes, and what stands on paper: the pages in a real browser on invented figures."""

from __future__ import annotations

import io

import pypdf
import pytest
from playwright.sync_api import expect

from web.conftest import Seen, Site

pytestmark = pytest.mark.browser


def test_what_is_normal_is_asked_with_its_reason_and_then_told_with_the_name(
    site: Site, seen: Seen
) -> None:
    seen.open(site.address + "/machines/oven2", ".normal")
    panel = seen.page.locator(".normal")
    expect(panel).to_contain_text("It draws 6.2 % more for the same work")
    panel.get_by_role("button", name="It is normal now, say why").click()
    expect(panel).to_contain_text("saying so would hide wear")
    sure = panel.get_by_role("button", name="Normal from now on")
    expect(sure).to_be_disabled()
    panel.get_by_label("What was changed?").fill("  ")
    expect(sure).to_be_disabled()
    panel.get_by_role("button", name="Back").click()
    assert site.plant.posts == []
    panel.get_by_role("button", name="It is normal now, say why").click()
    panel.get_by_label("What was changed?").fill("relined by the maker ")
    sure.click()
    expect(seen.page.locator(".toast")).to_contain_text("Entry 48262")
    assert site.plant.posts == [
        ("/api/v1/machines/oven2/normal", {"reason": "relined by the maker"}, "page")
    ]
    expect(panel).to_contain_text("Said to be normal by Ada Berg, today 10:42")
    expect(panel).to_contain_text("relined by the maker")
    expect(panel.get_by_role("link", name="Entry 48,262")).to_be_visible()
    expect(panel.get_by_role("button")).to_have_count(0)
    assert seen.complaints == []


def test_who_may_not_say_what_is_normal_reads_who_may(site: Site, seen: Seen) -> None:
    site.plant.normal = "operator"
    seen.open(site.address + "/machines/oven2", ".normal")
    panel = seen.page.locator(".normal")
    expect(panel).to_contain_text("it takes an engineer or a plant manager")
    expect(panel.get_by_role("button")).to_have_count(0)


def test_the_forecast_has_two_bands_with_their_meaning_in_words(site: Site, seen: Seen) -> None:
    seen.open(site.address, "svg.load")
    heights = [
        b["height"] for f in seen.page.locator("svg.load .fan").all() if (b := f.bounding_box())
    ]
    assert len(heights) == 2
    assert heights[1] < heights[0], "half of the truths need less room than four in five"
    legend = seen.page.locator(".legend.bands")
    for words in ("measured", "expected for this work", "every second time (50 %)", "(80 %)"):
        expect(legend).to_contain_text(words)
    title = seen.page.locator(".load-panel h2")
    expect(title).to_contain_text("will likely pass the contract's 620 kW at 17:40 (72 %)")


def test_a_finding_is_printed_on_one_sheet_across(site: Site, seen: Seen) -> None:
    seen.open(site.address + "/findings/f2", "svg.strips")
    made = pypdf.PdfReader(io.BytesIO(seen.page.pdf(prefer_css_page_size=True)))
    sheet = made.pages[0].mediabox
    assert float(sheet.width) > float(sheet.height), "A4 across"
    assert len(made.pages) == 1
    text = made.pages[0].extract_text()
    assert "What to do" in text
    assert "Has somebody seen to it?" not in text, "what cannot be filled in on paper"
