"""The indicator catalogue: every figure's formula, boundary, unit and place in the standards."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure that can be had.

    Attributes:
        formula: In words. unit: Canonical; `currency`: that of the plant. boundary: What it covers.
        iso22400, iso50001, iso14064, ghg_protocol, esrs, gri, sdg: Its place there, or empty.
        higher_is_better: None where neither holds.
    """

    id: str
    name: str
    formula: str
    unit: str
    boundary: str
    iso22400: str
    iso50001: str
    iso14064: str
    ghg_protocol: str
    esrs: str
    gri: str
    sdg: str
    higher_is_better: bool | None


@cache
def indicators() -> Mapping[str, Indicator]:
    """Every indicator by its id.

    >>> indicators()["ghg.scope1"].esrs
    'E1-6_07'
    """
    text = (files("ecotwin.accounting") / "indicators.csv").read_text("utf-8")
    found: dict[str, Indicator] = {}
    for row in csv.DictReader(text.splitlines()):
        better = {"yes": True, "no": False, "": None}[row.pop("higher_is_better")]
        found[row["id"]] = Indicator(**row, higher_is_better=better)
    return found
