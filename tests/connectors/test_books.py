"""Books are read as people write them, and every fault is named with its file and line."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin.connectors.book_cells import RowFault, period_of
from ecotwin.connectors.books import BooksFault, read_books, template
from ecotwin.errors import FileFault
from ecotwin.plant import load
from ecotwin.plant.bookings import COMMON, book_kinds
from ecotwin.plant.model import Element, Plant, Product
from ecotwin.records import Booking, Fact

PLANTS = Path(__file__).parents[2] / "plants"
BERLIN = ZoneInfo("Europe/Berlin")
PLANT = Plant(
    "works", "Works", "Europe/Berlin", "EUR", "DE",
    (Element("works", "Works", "site", ""), Element("hall", "Hall", "area", "works")), (), (),
    products=(Product(7, "Plate", {}, 1.0),),
)  # fmt: skip
HEAD = "id,from,to,element,source,gas,mass_kg,recovered_kg,equipment"


def book(folder: Path, text: str, name: str = "refill.csv") -> Path:
    (folder / name).write_bytes(text.encode("utf-8"))
    return folder


def faults(folder: Path) -> tuple[str, ...]:
    with pytest.raises(BooksFault) as told:
        read_books(folder, PLANT)
    assert all(str(folder) in fault for fault in told.value.faults)
    return told.value.faults


def test_a_plain_book(tmp_path: Path) -> None:
    rows = (
        "# a remark, with a comma",
        "a,2026-03-29,,hall,log 7,SF6,2.5,,",
        "",
        "b,2026-06-01,2026-07-01,,log 8,R-410A,1e1,0.5,chiller",
    )
    book(tmp_path, "\n".join([HEAD, *rows, ""]))
    first, second = read_books(tmp_path, PLANT)
    assert first.period.hours == 23.0
    assert (first.kind, first.id, first.element, first.source) == ("refill", "a", "hall", "log 7")
    assert first.facts == {"gas": "SF6", "mass_kg": 2.5}
    assert second.element == "works"
    assert second.period.hours == 30 * 24.0
    assert second.facts == {
        "gas": "R-410A",
        "mass_kg": 10.0,
        "recovered_kg": 0.5,
        "equipment": "chiller",
    }


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_semicolons_decimal_commas_and_a_byte_order_mark(
    tmp_path: Path, mark: str, end: str
) -> None:
    book(tmp_path, mark + end.join([HEAD.replace(",", ";"), "a;2026-06-01;;;log;SF6;2,5;;", ""]))
    assert read_books(tmp_path, PLANT)[0].number("mass_kg") == 2.5


def test_a_gzipped_book_is_the_same_and_both_at_once_are_a_fault(tmp_path: Path) -> None:
    text = f"{HEAD}\na,2026-06-01,,,log,SF6,2.5,,\n"
    (tmp_path / "refill.csv.gz").write_bytes(gzip.compress(text.encode()))
    packed = read_books(tmp_path, PLANT)
    book(tmp_path, text)
    assert "keep one of the two" in faults(tmp_path)[0]
    (tmp_path / "refill.csv.gz").unlink()
    assert read_books(tmp_path, PLANT) == packed


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a,2026-06-01,,,log,SF6,much,,", "no number"),
        ("a,2026-06-01,,,log,SF6,nan,,", "no number"),
        ("a,2026-06-01,,,log,SF6,1e999,,", "finite"),
        ("a,2026-06-01,,,log,SF6,1.000.000,,", "no number"),
        ("a,2026-06-01,,,log,SF6,-1,,", "negative"),
        ('a,2026-06-01,,,log,SF6,"2,5",,', "decimal comma"),
        ("a,2026-06-01,,,log,SF6,,,", "mass_kg is empty"),
        ("a,2026-06-01,,,,SF6,1,,", "source is empty"),
        (",2026-06-01,,,log,SF6,1,,", "id is empty"),
        ("a,2026-06-01,,hell,log,SF6,1,,", "near: hall"),
        ("a,2026-06-31,,,log,SF6,1,,", "ISO day"),
        ("a,1.6.2026,,,log,SF6,1,,", "ISO day"),
        ("a,2026-06-02,2026-06-01,,log,SF6,1,,", "is not after"),
        ("a,2026-06-02,2026-06-02,,log,SF6,1,,", "is not after"),
        ("a,2026-06-02T06:00,,,log,SF6,1,,", "empty after an instant"),
        ("a,2026-10-25T02:30,2026-10-26,,log,SF6,1,,", "none or two"),
        ("a,2026-03-29T02:30,2026-03-30,,log,SF6,1,,", "none or two"),
        ("a,2026-06-01,,,log,SF6,1", "7 cells, the header 9"),
        ("a,2026-06-01,,,log,SF6,1,,,,", "11 cells, the header 9"),
        ('a,2026-06-01,,,log,"SF6,1,,', "close every quote"),
    ],
)
def test_a_row_that_cannot_be_is_named_with_its_line(tmp_path: Path, row: str, words: str) -> None:
    found = faults(book(tmp_path, f"{HEAD}\nok,2026-06-01,,,log,SF6,1,,\n{row}\n"))
    assert any("refill.csv:3: " in fault and words in fault for fault in found), found


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (
            HEAD.replace("mass_kg", "mas_kg"),
            "there is no column 'mas_kg' in a book of refill; near: mass_kg",
        ),
        (HEAD.replace(",gas", ""), "the column 'gas' is missing"),
        (HEAD + ",gas", "stands there twice"),
    ],
)
def test_a_header_that_cannot_be(tmp_path: Path, header: str, words: str) -> None:
    assert any(words in fault for fault in faults(book(tmp_path, f"{header}\n")))


def test_every_fault_of_every_file_at_once(tmp_path: Path) -> None:
    book(tmp_path, f"{HEAD}\na,2026-06-01,,,log,SF6,-1,,\na,2026-06-01,,nowhere,log,SF6,x,,\n")
    book(tmp_path, "id,from,source\n", "purchases.csv")
    book(tmp_path, "id,from,source,product,pieces\no,2026-06-01,erp,9,1\n", "sold.csv")
    book(
        tmp_path,
        "id,from,source,amount,unit,material\np,2026-06-01,erp,1,wibble,tin\n",
        "purchase.csv",
    )
    (tmp_path / "lift.csv").write_bytes(b"id,from\n\xff\xfe")
    (tmp_path / "order.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "notes.txt").write_text("left alone")
    words = "\n".join(faults(tmp_path))
    for told in (
        "refill.csv:2: mass_kg is -1",
        "refill.csv:3: mass_kg is 'x'",
        "refill.csv:3: the id 'a' stands in line 2",
        "refill.csv:3: there is no element 'nowhere'",
        "no kind of book called 'purchases'",
        "near: purchase",
        "product 9 is unknown",
        "the unit 'wibble' is unknown",
        "lift.csv:2: this is not UTF-8",
        "order.csv.gz:1: the file cannot be read",
    ):
        assert told in words, told


def test_flags_shares_and_units(tmp_path: Path) -> None:
    head = "id,from,source,material,amount,unit,recycled_share,packaging"
    book(
        tmp_path,
        f"{head}\na,2026-06-01,erp,tin,1,t,0.4,yes\nb,2026-06-01,erp,tin,1,piece,1,no\nc,2026-06-01,erp,tin,1,EUR,,\n",
        "purchase.csv",
    )
    first, second, third = read_books(tmp_path, PLANT)
    assert (first.flag("packaging"), second.flag("packaging"), third.flag("packaging")) == (
        True,
        False,
        False,
    )
    assert "packaging" not in third.facts
    book(tmp_path, f"{head}\na,2026-06-01,erp,tin,1,t,40,maybe\n", "purchase.csv")
    words = "\n".join(faults(tmp_path))
    assert "recycled_share is 40; expected at most 1" in words
    assert "packaging is 'maybe'; expected yes or no" in words


def test_decimal_commas_and_points_in_one_file_are_refused(tmp_path: Path) -> None:
    """1.500 can be one and a half or fifteen hundred: nobody guesses."""
    rows = "a;2026-06-01;;;log;SF6;2,5;;\nb;2026-06-01;;;log;SF6;1.500;;\n"
    assert (
        "decimal commas (line 2) and points (line 3)"
        in faults(book(tmp_path, f"{HEAD.replace(',', ';')}\n{rows}"))[0]
    )


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "no such folder" in faults(tmp_path / "books")[0]


@pytest.mark.parametrize("kind", book_kinds())
def test_a_template_reads_as_an_empty_book(tmp_path: Path, kind: str) -> None:
    book(tmp_path, template(kind), f"{kind}.csv")
    assert read_books(tmp_path, PLANT) == []
    header, remark = csv.reader(io.StringIO(template(kind)))
    assert header == [*COMMON, *(c.name for c in book_kinds()[kind])]
    assert len(remark) == len(header)


def test_no_template_of_a_kind_that_is_not_there() -> None:
    with pytest.raises(FileFault, match="no kind of book called 'sale'"):
        template("sale")


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [
        ("2026-03-29", "2026-03-30", 23.0),
        ("2026-10-25", "2026-10-26", 25.0),
        ("2028-02-28", "2028-03-01", 48.0),
        ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", 1.0),
        ("2026-06-01T06:00", "2026-06-01T14:00", 8.0),
        ("2026-06-01T06:00", "2026-06-02", 18.0),
    ],
)
def test_spans_are_local(first: str, last: str, hours: float) -> None:
    assert period_of(first, last, BERLIN).hours == hours


def test_an_empty_from_is_a_fault() -> None:
    with pytest.raises(RowFault, match="ISO day"):
        period_of("", "", BERLIN)


def test_the_demo_books_are_sound_and_each_row_says_what_it_rests_on() -> None:
    plant = load(PLANTS / "electronics.yaml")
    rows = read_books(Path(plant.books), plant)
    assert {b.kind for b in rows} >= {
        "supplier", "purchase", "factor", "transport", "vehicle", "refill", "process", "certificate",
        "sold", "order", "revenue", "waste", "water_reuse", "exposure", "lift",
    }  # fmt: skip
    assert all(
        "stated assumption" in b.source or "EPA" in b.source or "DESNZ" in b.source for b in rows
    )
    assert {b.period.start.astimezone(plant.zone).year for b in rows} == {2026}


def test_the_demo_books_fit_the_plants_pace_and_masses() -> None:
    """Pieces sold never exceed what the lines can make; materials bought cover those in the products."""
    plant = load(PLANTS / "electronics.yaml")
    rows = read_books(Path(plant.books), plant)
    by_code = {p.code: p for p in plant.products}
    day, hours = date(2026, 1, 1), 0.0
    while day.year == 2026:
        for shift in plant.shifts if day not in plant.holidays else ():
            if day.weekday() in shift.days:
                spans = [
                    (shift.start, shift.end, 1.0),
                    *((b.start, b.end, -1.0) for b in shift.breaks),
                ]
                hours += sum(
                    sign * (e.hour - s.hour + (e.minute - s.minute) / 60) for s, e, sign in spans
                )
        day += timedelta(days=1)
    sold = {
        c: sum(b.number("pieces") for b in rows if b.kind == "sold" and b.number("product") == c)
        for c in by_code
    }
    smt_h = sum(n * by_code[c].planned_run_s["line_1"] for c, n in sold.items()) / 3600.0
    assembly_h = sum(n * by_code[c].planned_run_s["line_3"] for c, n in sold.items()) / 3600.0
    assert 0.5 * 2 * hours < smt_h < 0.8 * 2 * hours
    assert 0.5 * hours < assembly_h < 0.85 * hours
    for material in plant.materials:
        inside = sum(n * by_code[c].materials.get(material.id, 0.0) for c, n in sold.items())
        bought = sum(
            b.number("amount")
            for b in rows
            if b.kind == "purchase" and b.text("material") == material.id
        )
        assert inside < bought < 1.06 * inside, material.id
        assert sum(material.end.values()) == pytest.approx(1.0)
    for product in plant.products:
        packaging = ("cardboard", "foil")
        inside = sum(kg for m, kg in product.materials.items() if m not in packaging)
        assert inside == pytest.approx(product.mass_kg)


# -- a law ---------------------------------------------------------------------------------------

_PLAIN = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
TEXT = st.text(_PLAIN, min_size=1, max_size=12).map(str.strip).filter(lambda t: t and t[0] != "#")
NUMBERS = st.floats(0.0, 1e9, allow_nan=False).map(lambda x: float(repr(x)))


@st.composite
def bookings(draw: st.DrawFn) -> list[Booking]:
    rows = []
    for name in draw(st.lists(TEXT, max_size=4, unique=True)):
        first = draw(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
        last = first + timedelta(days=draw(st.integers(1, 400)))
        facts: dict[str, Fact] = {"mode": draw(TEXT)}
        for column in ("mass_kg", "distance_km"):
            facts[column] = draw(NUMBERS)
        for column in ("inbound", "paid"):
            facts[column] = draw(st.booleans())
        if draw(st.booleans()):
            facts["distance_adjustment"] = draw(NUMBERS)
        span = period_of(first.isoformat(), last.isoformat(), BERLIN)
        rows.append(
            Booking(
                "transport", name, span, draw(st.sampled_from(["works", "hall"])), facts, draw(TEXT)
            )
        )
    return rows


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(rows=bookings(), separator=st.sampled_from([",", ";"]), packed=st.booleans())
def test_what_is_written_is_read_back(
    tmp_path: Path, rows: list[Booking], separator: str, packed: bool
) -> None:
    """Law: any bookings, written with either separator and decimal mark, plain or packed, come back the same."""
    columns = [c.name for c in book_kinds()["transport"]]
    made = io.StringIO()
    out = csv.writer(made, delimiter=separator)
    out.writerow([*COMMON, *columns])
    for b in rows:
        days = [m.astimezone(BERLIN).date().isoformat() for m in (b.period.start, b.period.end)]
        out.writerow(
            [
                b.id,
                *days,
                b.element,
                b.source,
                *(_cell(b.facts.get(c, ""), separator) for c in columns),
            ]
        )
    for old in tmp_path.iterdir():
        old.unlink()
    raw = made.getvalue().encode()
    (tmp_path / ("transport.csv.gz" if packed else "transport.csv")).write_bytes(
        gzip.compress(raw) if packed else raw
    )
    assert read_books(tmp_path, PLANT) == rows


def _cell(value: Fact, separator: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = repr(value) if isinstance(value, float) else str(value)
    return text.replace(".", ",") if separator == ";" and isinstance(value, float) else text
