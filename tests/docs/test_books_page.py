"""The page on books tells every kind and column as the table does."""

from __future__ import annotations

import runpy
from pathlib import Path

from ecotwin.plant.bookings import book_kinds

ROOT = Path(__file__).parents[2]


def test_the_page_is_fresh() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "books.py"))
    text = (ROOT / "docs" / "books.md").read_text(encoding="utf-8")
    assert script["page"](text) == text, "docs/books.md is stale: run `python scripts/books.py`"


def test_the_page_tells_every_kind_and_column() -> None:
    text = (ROOT / "docs" / "books.md").read_text(encoding="utf-8")
    kinds = book_kinds()
    assert len(kinds) >= 15
    for kind, columns in kinds.items():
        assert f"### {kind}\n" in text
        assert all(f"| `{c.name}` | {c.form} |" in text for c in columns)
