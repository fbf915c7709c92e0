"""What is foretold."""

from __future__ import annotations

from ecotwin.service.views.shown import View


class WhyRow(View):
    """One thing that moves a forecast. `weight`: By how much, in the unit of what is foretold."""

    text: str
    weight: float


class Foretold(View):
    """What comes in through one kind of meter over the next day and a half.

    Attributes:
        at: Starts of quarters of an hour. middle, low, high: Median and 80 % band of the rate, in `unit`;
            near_low, near_high: 50 % band.
        text: What it comes to in a day, its peak, how far off past forecasts were: whole sentences.
        why: Of the median an hour ahead, the heaviest first; `base` is what it would be without.
        limit: What the contract allows; passes: probability that a quarter of an hour passes it; passes_at: when most
            likely, empty where there is no limit or no such moment.
        off: Mean error of forecasts a day ahead as a share of the mean; held: share of truths inside the band; None
            while none is judged. judged: How many were.
    """

    id: str
    title: str
    unit: str
    origin: str
    at: list[str]
    middle: list[float | None]
    low: list[float | None]
    high: list[float | None]
    near_low: list[float | None]
    near_high: list[float | None]
    text: str
    why: list[WhyRow]
    base: float
    limit: float | None
    passes: float | None
    passes_at: str
    off: float | None
    held: float | None
    judged: int
    model: str


class Untold(View):
    """What cannot be foretold. `why`: What is missing."""

    id: str
    why: str


class Forecasts(View):
    """All that is foretold, and what cannot be."""

    rows: list[Foretold]
    refused: list[Untold]
