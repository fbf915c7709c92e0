"""Writes the parts of docs/figures.md that come from the code; `--check` says whether they are stale."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ecotwin import accounting
from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.conformity import frameworks, requirements

TARGET = Path(__file__).parents[1] / "docs" / "figures.md"
BEGIN, END = "<!-- from the code: {} -->", "<!-- end: {} -->"


def _row(*cells: str) -> str:
    return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join([_row(*head), "|" + "---|" * len(head), *(_row(*r) for r in rows)])


def catalogue() -> str:
    """Every indicator with formula, boundary, unit and its place in the frameworks."""
    one = _table(
        ("id", "figure", "formula", "unit", "boundary"),
        [(f"`{i.id}`", i.name, i.formula, i.unit, i.boundary) for i in indicators().values()],
    )
    columns = [f.column for f in frameworks().values()]
    two = _table(
        ("id", "ISO 22400", "ISO 50001", "ISO 14064-1", "GHG Protocol", "ESRS", "GRI", "UN goal"),
        [(f"`{i.id}`", *(str(getattr(i, c)) for c in columns)) for i in indicators().values()],
    )
    three = _table(
        ("set", "framework", "edition", "how sure the mapping is"),
        [(f"`{f.framework}`", f.name, f.edition, f.basis) for f in frameworks().values()],
    )
    counts = Counter(r.framework for r in requirements())
    sets = ", ".join(f"`{name}` ({n})" for name, n in counts.items())
    return (
        f"{one}\n\nWhere each stands in the frameworks:\n\n{two}\n\nThe frameworks:\n\n{three}\n\n"
        f"`accounting.conform(plant, set)` says for each requirement of a set whether the plant can answer it, "
        f"and what is missing: {sets}, or `catalogue` for every indicator."
    )


def library() -> str:
    """Everything that `from ecotwin import accounting` gives, with the first sentence of its docstring."""
    rows = []
    for name in accounting.__all__:
        thing = getattr(accounting, name)
        if not callable(thing):
            continue
        words = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
        rows.append((f"`{name}`", words))
    return _table(("name", "what it gives"), rows)


def text(before: str) -> str:
    """The page with its parts made anew.

    Raises:
        ValueError: The page lacks a mark.
    """
    for name, made in (("catalogue", catalogue()), ("library", library())):
        begin, end = BEGIN.format(name), END.format(name)
        if before.count(begin) != 1 or before.count(end) != 1:
            raise ValueError(f"docs/figures.md lacks the marks {begin} and {end}")
        head, rest = before.split(begin)
        before = f"{head}{begin}\n\n{made}\n\n{end}{rest.split(end)[1]}"
    return before


def main() -> int:
    """Write them, or check them."""
    before = TARGET.read_text(encoding="utf-8")
    after = text(before)
    if "--check" in sys.argv:
        if before == after:
            return 0
        print("docs/figures.md is stale: run `python scripts/figures.py` and commit it.")
        return 1
    TARGET.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
