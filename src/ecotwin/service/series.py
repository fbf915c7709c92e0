"""Signals over time, and traces with their expected band."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from ecotwin.clock import MINUTE, Period, iso
from ecotwin.errors import FigureGap
from ecotwin.plant import Signal
from ecotwin.records import Floats, Window
from ecotwin.service import words
from ecotwin.service.load import listed
from ecotwin.service.views import Level, Series, Span, Trace

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

POINTS = 600
"""A chart gets at most about this many points."""
MOST_POINTS = 200_000
"""A request for more numbers than this is refused."""


def step_for(period: Period, points: int = POINTS) -> int:
    """A step [s] that is a multiple of a minute and gives about `points` points."""
    return max(60, int(-(-period.seconds // points) // 60 * 60) or 60)


def series(twin: Twin, ids: Sequence[str], period: Period, step_s: int) -> Series:
    """Signals over time: mean, low and high a step, gaps as None.

    Raises:
        FigureGap: The step is not a multiple of a minute, or the answer would be too large.
        KeyError: A signal is unknown.
    """
    signals = [twin.plant.signal(i) for i in ids]
    if step_s % 60 or step_s <= 0:
        raise FigureGap(
            f"a step of {step_s} s", expected="a multiple of 60", remedy="ask for 60 or more"
        )
    if period.seconds / step_s * len(signals) > MOST_POINTS:
        raise FigureGap(
            f"{period.seconds / step_s * len(signals):.0f} numbers were asked for",
            expected=f"at most {MOST_POINTS}",
            remedy="ask for a larger step, a shorter period or fewer signals",
        )
    window = twin.store.window([s.index for s in signals], period, step_s)
    columns = [values_of(window, s) for s in signals]
    return Series(
        start=iso(period.start_us),
        end=iso(period.end_us),
        step_s=step_s,
        at=[iso(int(t)) for t in window.at],
        signals=[s.id for s in signals],
        units=[s.unit for s in signals],
        value=[listed(c) for c in columns],
        low=[listed(window.low[:, i]) for i in range(len(signals))],
        high=[listed(window.high[:, i]) for i in range(len(signals))],
        coverage=[[round(float(c), 4) for c in window.covered[:, i]] for i in range(len(signals))],
    )


def values_of(window: Window, signal: Signal) -> Floats:
    """[steps] what a chart of a signal shows: amounts of counters, last codes of states, means of the rest."""
    column = window.column(signal.index)
    if signal.form in {"counter", "interval"}:
        amount = window.amount[:, column]
        # A counter that was set back has not used less than nothing.
        shown: Floats = np.where(amount < 0, np.nan, amount) if signal.form == "counter" else amount
        return shown
    if signal.form in {"state", "setpoint"}:
        return window.last[:, column]
    return window.mean[:, column]


def trace(window: Window, signal: Signal, name: str = "") -> Trace:
    """A signal over time with the band of its plausible values of the day before, if it has any."""
    values = values_of(window, signal)
    low, high = _usual(values)
    now = values[np.isfinite(values)][-1] if np.isfinite(values).any() else float("nan")
    level: Level = "ok"
    # A tight band of quantiles is left by a degree all the time; only what is clearly outside is marked.
    slack = max(high - low, 0.02 * abs(high)) if np.isfinite(low) else float("nan")
    if np.isfinite(now) and np.isfinite(low) and not low - slack <= now <= high + slack:
        level = "watch"
    return Trace(
        signal=signal.id,
        name=name or signal.name.replace("_", " ").capitalize(),
        unit=words.unit(signal.unit),
        digits=words.digits(float(now)),
        level=level,
        expected=words.span(low, high, words.unit(signal.unit)) if np.isfinite(low) else "",
        at=[iso(int(t)) for t in window.at],
        value=listed(values),
        low=listed(np.full(len(values), low)),
        high=listed(np.full(len(values), high)),
    )


def _usual(values: Floats) -> tuple[float, float]:
    """The middle 95 % of the first two thirds of a trace: what was usual before."""
    early = values[: len(values) * 2 // 3]
    early = early[np.isfinite(early)]
    if len(early) < 20:
        return float("nan"), float("nan")
    low, high = np.quantile(early, [0.025, 0.975])
    return float(low), float(high)


def power_trace(twin: Twin, element: str, period: Period, name: str = "Power") -> Trace | None:
    """Power of a machine against its expected band, by the minute or coarser."""
    expected = twin.expected(period, step_for(period, 480))
    if expected is None or element not in expected.elements:
        return None
    column = expected.elements.index(element)
    actual, mean, sd = (a[:, column] for a in (expected.actual, expected.mean, expected.sd))
    good = np.flatnonzero(np.isfinite(actual))
    last = int(good[-1]) if len(good) else -1
    low, high = mean - 1.96 * sd, mean + 1.96 * sd
    level: Level = "none"
    text = ""
    if last >= 0 and np.isfinite(mean[last]):
        _, level = words.against(actual[last], mean[last], low[last], high[last])
        text = words.span(max(low[last], 0.0), high[last], "kW")
    step = period.seconds / max(1, len(actual))
    # Between two states anything may be expected for a minute; such a needle would squeeze the rest of the chart.
    top = 1.3 * max(float(np.nanmax(actual, initial=0.0)), float(np.nanmax(mean, initial=0.0)))
    return Trace(
        signal=f"{element}.power",
        name=name,
        unit="kW",
        digits=words.digits(float(actual[last])) if last >= 0 else "–",
        level=level,
        expected=text,
        at=[iso(period.start_us + int(i * step * 1e6)) for i in range(len(actual))],
        value=listed(actual),
        low=listed(np.maximum(low, 0.0)),
        high=listed(np.minimum(high, top)),
    )


def gaps_of(made: Trace | None, now_us: int) -> list[Span]:
    """Stretches of a trace without a value, up to now."""
    if made is None or len(made.at) < 2:
        return []
    spans: list[Span] = []
    start: str | None = None
    end = iso(now_us - 3 * MINUTE)
    for at, value in zip(made.at, made.value, strict=True):
        if value is None and start is None and at < end:
            start = at
        elif value is not None and start is not None:
            spans.append(Span(start=start, end=at, text="no data"))
            start = None
    return spans


def recent(twin: Twin, hours: float) -> Period:
    """The last hours up to the newest closed minute."""
    end = twin.closed_until
    return Period(end - timedelta(hours=hours), end)
