"""Books: taken in whole or not at all, every version kept and sealed, figures made of them, revisions told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cycle.oven_life import DAY3, END, START, Works, history
from ecotwin.clock import Period
from ecotwin.cycle.asking import Asked
from ecotwin.cycle.bookkeeping import Books, bookings, take_in
from ecotwin.errors import FileFault
from ecotwin.governance.ledger import content
from pact_record import pact_record

pytestmark = pytest.mark.xdist_group("cycle")

HEAD = "id;from;to;element;source;gas;mass_kg;recovered_kg;equipment"
ROWS = (
    "r1;2026-06-16;;oven_works;log sheet 1;R-410A;2,0;0;chiller",
    "r2;2026-06-17;;oven_works;log sheet 2;R-134a;1,5;0,5;",
)
JUNE = Period(START, DAY3)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("booked"))


@pytest.fixture
def works(origin: Path, tmp_path: Path) -> Iterator[Works]:
    made = Works(tmp_path / "data", origin)
    made.plant = replace(made.plant, books=str(tmp_path / "books"))
    (tmp_path / "books").mkdir()
    yield made
    made.close()


def write(works: Works, *rows: str, name: str = "refill.csv") -> Path:
    folder = Path(works.plant.books)
    (folder / name).write_text("\n".join((HEAD, *rows)) + "\n", encoding="utf-8")
    return folder


def taken(works: Works) -> tuple[int, int, int, int]:
    made = take_in(works.plant, works.keeper, works.ledger, Path(works.plant.books))
    return made.new, made.changed, made.withdrawn, made.same


def test_rows_are_versions_and_none_is_lost(works: Works) -> None:
    write(works, *ROWS)
    assert taken(works) == (2, 0, 0, 0)
    assert taken(works) == (0, 0, 0, 2)
    write(works, ROWS[0].replace("2,0", "2,4"))
    works.clock.move_to(END + timedelta(days=1))
    assert taken(works) == (0, 1, 1, 0)
    kept = bookings(works.store)
    assert [(b.id, b.number("mass_kg")) for b in kept] == [("r1", 2.4)]
    versions = works.store.versions("booking", "refill:r1")
    assert [v.body["facts"]["mass_kg"] for v in versions] == [2.0, 2.4]
    sealed = [content(e) for e in works.ledger.entries(kind="booking", limit=100)]
    assert len(sealed) == 4
    assert sum(bool(body.get("withdrawn")) for body in sealed) == 1
    write(works, *ROWS)
    assert taken(works) == (0, 2, 0, 0), "a row that comes back holds again"
    assert len(bookings(works.store)) == 2


def test_a_faulty_book_is_refused_as_a_whole_with_every_fault(works: Works) -> None:
    write(works, *ROWS)
    taken(works)
    write(works, ROWS[0], "r3;2026-06-17;2026-06-16;nowhere;;R-410A;-1;0;")
    with pytest.raises(FileFault) as refused:
        taken(works)
    words = str(refused.value)
    assert "refill.csv:3" in words
    assert "nowhere" in words
    assert [b.id for b in bookings(works.store)] == ["r1", "r2"], "what was there holds on"


def test_a_running_twin_reads_them_again_when_they_change(works: Works) -> None:
    books = Books(works.plant, works.keeper, works.ledger)
    assert not books.tick(END), "an empty folder is no fault"
    write(works, ROWS[0])
    assert not books.tick(END + timedelta(minutes=5)), "not at every turn"
    assert books.tick(END + timedelta(minutes=20))
    write(works, ROWS[0], "broken")
    assert not books.tick(END + timedelta(hours=1))
    assert "refill.csv:3" in books.fault
    write(works, *ROWS)
    assert books.tick(END + timedelta(hours=2))
    assert not books.fault


def test_a_refill_is_scope_1_and_a_corrected_row_a_revision_of_what_was_reported(
    works: Works, tmp_path: Path
) -> None:
    write(works, *ROWS)

    def asked() -> Asked:
        return Asked(works.plant, works.store, works.ledger, works.clock.now())

    figure = f"{works.plant.site.id}:ghg.scope1_fugitive:{JUNE}"
    told = asked().reports(
        str(JUNE), "", str(tmp_path / "out"), ["accounts", "ghg_inventory"], ["json"]
    )
    assert len(told["written"]) == 2
    first = asked().explain(figure)["tree"]
    assert first["value"] == pytest.approx(2.0 * 2255.5 + 1.0 * 1530.0, rel=1e-6), "AR6"
    write(works, ROWS[0].replace("2,0", "2,4"), ROWS[1])
    works.clock.move_to(END + timedelta(days=1))
    asked().reports(str(JUNE), "", str(tmp_path / "again"), ["accounts"], ["json"])
    tree = asked().explain(figure)["tree"]
    change = tree["revisions"][-1]
    assert change["before"] == pytest.approx(first["value"])
    assert change["after"] == pytest.approx(tree["value"])
    assert tree["value"] > first["value"]
    assert change["why"]
    reports = works.ledger.entries(kind="report", limit=10)
    assert len(reports) == 2
    assert all(len(d) == 64 for e in reports for d in content(e)["sha256"].values())


def _pact(**other: str) -> dict[str, object]:
    """A record of a maker of boards."""
    plain = dict.fromkeys(
        ("pcfExcludingBiogenicUptake", "pcfIncludingBiogenicUptake", "fossilGhgEmissions"), "4.5"
    )
    record = pact_record()
    record["pcf"] = {k: v for k, v in record["pcf"].items() if "iogenicC" not in k} | plain | other
    names = {"companyName": "Boards AG", "productIds": ["urn:x:2"], "productNameCompany": "board"}
    return record | names


def test_a_suppliers_pact_record_becomes_a_row_and_one_that_breaks_its_formula_is_kept_with_a_word(
    works: Works,
) -> None:
    folder = Path(works.plant.books)
    file = folder / "bare_board.pact.json"
    file.write_text(json.dumps({"data": [_pact()]}), encoding="utf-8")
    assert taken(works) == (1, 0, 0, 0)
    row = bookings(works.store)[0]
    assert (row.kind, row.text("material"), row.number("footprint")) == (
        "supplier",
        "bare_board",
        4.5,
    )
    assert row.number("primary_share") == 60.0
    assert "doubtful" not in row.source
    file.write_text(json.dumps(_pact(pcfExcludingBiogenicUptake="9.5")), encoding="utf-8")
    assert taken(works) == (0, 1, 0, 0)
    row = bookings(works.store)[0]
    assert row.number("footprint") == 9.5, "kept as its maker says"
    assert "doubtful" in row.source
    broken = _pact()
    del broken["companyName"]
    file.write_text(json.dumps([broken]), encoding="utf-8")
    with pytest.raises(FileFault, match="companyName"):
        taken(works)
    assert bookings(works.store)[0].number("footprint") == 9.5
