"""What a machine draws is said to be normal: offered when it was refused as wear, by whom it may be, and told after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from ecotwin.accounting.references import Turn
from ecotwin.clock import micros
from ecotwin.cycle import Twin, normals
from ecotwin.governance.access import person
from ecotwin.governance.ledger import content
from ecotwin.records import Finding
from ecotwin.service import views
from maintenance.test_clues import AIR, END

pytestmark = pytest.mark.xdist_group("service")
OVEN = "oven_1"


def shown(page: httpx.Client, element: str = OVEN) -> views.Normal:
    return views.MachineView.model_validate(page.get(f"/api/v1/machines/{element}").json()).normal


@pytest.fixture
def kept(twin: Twin) -> Iterator[None]:
    """What the machine is held against, and who stands at the page, as before."""
    baselines, references = twin.look.baselines.state(), twin.look.references.state()
    who = twin.person
    yield
    twin.person = who
    twin.look.baselines.restore(baselines)
    twin.look.references.restore(references)


def refuse(twin: Twin, share: float) -> None:
    """A contest ends: more use for the same work is refused."""
    at, twin.learned._looked_at = twin.now(), None
    scores = {normals.RISE: share, "hours": 170.0}
    twin.look.turns.append(Turn(OVEN, "held", micros(at), "better, but more use", scores))
    twin.learned.tick(at)


def power(hours: float, cause: str = f"{OVEN}:power") -> Finding:
    return replace(
        AIR, cause=cause, element=OVEN, kind="excess", onset=END - timedelta(hours=hours)
    )


def test_only_what_has_lasted_is_something_to_say() -> None:
    assert normals.lasting([], OVEN, END) is None
    assert normals.lasting([power(23.9)], OVEN, END) is None
    old = power(30.0)
    assert normals.lasting([power(25.0), old, power(1.0)], OVEN, END) is old
    assert normals.lasting([power(99.0, f"{OVEN}.water:water")], OVEN, END) is None
    assert normals.lasting([power(99.0)], "oven_2", END) is None


@pytest.mark.usefixtures("kept")
def test_a_rise_refused_as_wear_is_shown_said_and_told(page: httpx.Client, twin: Twin) -> None:
    before = shown(page)
    assert (before.why, before.may, before.said, before.entry) == ("", False, "", None)
    refuse(twin, 0.0623)
    told = shown(page)
    assert "6.2 % more for the same work" in told.why
    assert "hide wear" in told.means
    assert told.may
    for reason in ("", "  "):
        reply = page.post(f"/api/v1/machines/{OVEN}/normal", json={"reason": reason})
        assert reply.status_code == 422
    assert shown(page).why == told.why, "an empty reason changes nothing"
    twin.person = person("Olaf Brink", ["operator"])
    mine = shown(page)
    assert not mine.may
    assert mine.refused == "You may not say this: it takes an engineer or a plant manager."
    reply = page.post(f"/api/v1/machines/{OVEN}/normal", json={"reason": "I like it"})
    assert reply.status_code == 403
    twin.person = person("Ada Berg", ["engineer"], ["grounds"])
    assert "whose area it is in (yours: grounds)" in shown(page).refused
    twin.person = person("Ada Berg", ["engineer"])
    reply = page.post(f"/api/v1/machines/{OVEN}/normal", json={"reason": "relined by the maker "})
    done = views.Done.model_validate(reply.json())
    after = shown(page)
    assert after.why == ""
    assert "Ada Berg" in after.said
    assert "“relined by the maker”" in after.said
    assert after.entry == done.entry
    entry = twin.ledger.entry(after.entry or 0)
    assert content(entry) == {"by": "Ada Berg", "why": "relined by the maker"}
    rows = page.get("/api/v1/proof").json()["entries"]
    assert any("Said to be normal" in str(row) for row in rows)


@pytest.mark.usefixtures("kept")
def test_saying_it_closes_the_findings_of_its_power(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = replace(power(30.0), id="mine"), replace(power(30.0, "x:water"), id="other")
    closed: list[tuple[str, str]] = []
    monkeypatch.setattr(twin.look, "open", lambda now: [other, mine])
    monkeypatch.setattr(twin, "close_finding", lambda i, note: closed.append((i, note)))
    twin.make_normal(OVEN, "new tool")
    assert closed == [("mine", "said to be normal: new tool")]


def test_a_machine_without_a_meter_has_nothing_to_say(page: httpx.Client, twin: Twin) -> None:
    assert "weather" not in twin.look.references.elements
    assert shown(page, "weather").why == ""
    reply = page.post("/api/v1/machines/weather/normal", json={"reason": "because"})
    assert reply.status_code == 422
