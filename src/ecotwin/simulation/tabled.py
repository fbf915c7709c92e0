"""Parameters that a machine or line has without saying so: the line model's table of defaults."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ecotwin.plant import Element
from ecotwin.plant.catalogue import kind, kinds


def tabled(element: Element) -> Mapping[str, float]:
    """Name -> value that holds for a station or a line when nobody says otherwise; nothing for others.

    >>> tabled(Element("line_1", "Line", "line", "hall"))["repairers"]
    1.0
    """
    if element.level == "line":
        return _defaults("line")
    if element.kind in kinds() and "model" in kind(element.kind).facts:
        return _defaults("station")
    return {}


@cache
def _defaults(of: str) -> Mapping[str, float]:
    text = (files("ecotwin.simulation") / "line_defaults.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["name"]: float(row["value"]) for row in rows if row["of"] == of}
