"""The indicator catalogue: every figure's formula, boundary, unit and place in the standards."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from ecotwin.records import Indicator


@cache
def indicators() -> Mapping[str, Indicator]:
    """Every indicator by its id.

    >>> indicators()["ghg.scope1"].esrs
    'E1-6_07'
    """
    folder = files("ecotwin.accounting") / "indicators"
    found: dict[str, Indicator] = {}
    for table in sorted((f for f in folder.iterdir() if f.name.endswith(".csv")), key=_order):
        for row in csv.DictReader(table.read_text("utf-8").splitlines()):
            better = {"yes": True, "no": False, "": None}[row.pop("higher_is_better")]
            if row["id"] in found:
                raise ValueError(f"the indicator {row['id']} stands twice in the catalogue")
            found[row["id"]] = Indicator(**row, higher_is_better=better)
    return found


def _order(table: Traversable) -> tuple[bool, str]:
    """What meters tell first, the rest by name."""
    return (table.name != "metered.csv", table.name)
