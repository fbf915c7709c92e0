"""Writes the part of docs/books.md that comes from the code; `--check` says whether it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from ecotwin.plant.bookings import book_kinds

TARGET = Path(__file__).parents[1] / "docs" / "books.md"
BEGIN, END = "<!-- from the code: books -->", "<!-- end: books -->"


def tables() -> str:
    """Every kind of book with its columns."""
    parts = []
    for kind, columns in book_kinds().items():
        rows = [
            f"| `{c.name}` | {c.form} | {c.unit} | {'yes' if c.needed else ''} | {c.description} |"
            for c in columns
        ]
        head = "| column | form | unit | needed | what it is |\n|---|---|---|---|---|"
        parts.append("\n".join([f"### {kind}\n", head, *rows]))
    return "\n\n".join(parts)


def page(text: str) -> str:
    """The page with its part from the code written anew."""
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.split(END, 1)[1]}"


def main() -> int:
    """Write the page, or say that it is stale."""
    text = TARGET.read_text(encoding="utf-8")
    fresh = page(text)
    if "--check" in sys.argv:
        if fresh != text:
            print(f"{TARGET.name} is stale: run `python scripts/books.py`")
        return int(fresh != text)
    TARGET.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
