"""Designs: alternatives of a product over its life."""

from __future__ import annotations

from typing import Literal

from ecotwin.service.views.shown import Bar, Headline, View

Verdict = Literal["today", "better", "worse", "cannot be told apart"]


class DesignRow(View):
    """A design file of the plant.

    Attributes:
        id: Name of the file without its ending. product: What it is about. alternatives: Their names.
        slow: One of them runs a scenario ahead, which takes some seconds. fault: Why it cannot be read; empty: it can.
    """

    id: str
    name: str
    product: str
    alternatives: list[str]
    slow: bool
    fault: str


class Designs(View):
    """Every design file of the plant.

    Attributes:
        folder: Where files are looked for, in words. periods: (value, name) of what can tell the making.
    """

    bar: Bar
    headline: Headline
    rows: list[DesignRow]
    folder: str
    periods: list[tuple[str, str]]
    may_ask: bool
    refused: str


class StageCell(View):
    """One stage of an alternative's life.

    Attributes:
        kg: Of a piece [kgCO2e]. difference_kg: Against today, for one life of today's piece [kgCO2e].
        shifted: The alternative puts more burden here.
    """

    stage: str
    kg: float
    difference_kg: float
    shifted: bool


class Alternative(View):
    """One alternative beside today's product.

    Attributes:
        kg, half_kg: CO2e of a piece over its life and half its 95 % interval [kgCO2e].
        difference_kg, difference_half_kg: Against today, for one life of today's piece.
        verdict: better, worse, or not told apart; `today` for the first. text: That in a sentence.
        mass_kg, years: Of a piece. circularity: Material circularity indicator, None where it cannot be told.
        gaps: What is not in it.
    """

    name: str
    why: str
    kg: float
    half_kg: float
    difference_kg: float
    difference_half_kg: float
    verdict: Verdict
    text: str
    stages: list[StageCell]
    mass_kg: float
    circularity: float | None
    years: float
    gaps: list[str]


class DesignResult(View):
    """A comparison, as it was sealed.

    Attributes:
        stages: (code, what it is) in the order of a life. span: When the making was measured. entry: In the ledger.
    """

    bar: Bar
    headline: Headline
    name: str
    product: str
    span: str
    approach: str
    stages: list[tuple[str, str]]
    alternatives: list[Alternative]
    notes: list[str]
    entry: int


class DesignQuestion(View):
    """Which design, and whose meters tell the making: `today`, `2026-06-17`, `2026-06`."""

    id: str
    period: str = "today"
