"""Pieces of a window: whole steps only, columns unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from ecotwin.clock import Period
from ecotwin.records import Window


def rows(window: Window, first: int, last: int) -> Window:
    """Steps `first` to `last` (exclusive) of a window."""
    start = window.period.start + timedelta(seconds=first * window.step_s)
    period = Period(start, start + timedelta(seconds=(last - first) * window.step_s))
    cut = slice(first, last)
    return Window(
        period,
        window.step_s,
        window.signals,
        window.mean[cut],
        window.low[cut],
        window.high[cut],
        window.last[cut],
        window.amount[cut],
        window.covered[cut],
        window.estimated[cut],
        window.count[cut],
        window.known_at,
    )


def within(window: Window, span: Period) -> Window | None:
    """The steps of a window that begin inside a span; None when there are none."""
    inside = np.flatnonzero((window.at >= span.start_us) & (window.at < span.end_us))
    return rows(window, int(inside[0]), int(inside[-1]) + 1) if len(inside) else None


def pieces(window: Window, steps: int) -> Iterator[Window]:
    """The window in pieces of at most so many steps, in order."""
    if window.steps <= steps:
        yield window
        return
    for first in range(0, window.steps, steps):
        yield rows(window, first, min(first + steps, window.steps))
