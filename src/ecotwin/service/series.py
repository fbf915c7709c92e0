"""Signals over time, and traces with their expected band."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ecotwin.clock import MINUTE, Period, iso, micros
from ecotwin.errors import FigureGap
from ecotwin.plant import Signal
from ecotwin.records import Bools, Floats, Window
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
        estimated=[
            [round(float(c), 4) for c in window.estimated[:, i]] for i in range(len(signals))
        ],
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


def trace(
    window: Window, signal: Signal, alike: Bools | None = None, onset: datetime | None = None
) -> Trace:
    """A signal over time with the band of its values of before, if it has any.

    Args:
        window: Holds the signal. signal: The signal.
        alike: [steps] where the machine is in the state that counts; the band is learned and drawn there only.
        onset: The band is made of what was before it.
    """
    values, unit = values_of(window, signal), words.unit(signal.unit)
    if signal.form in {"counter", "interval"}:
        # An amount a step says nothing to who does not know the step: told by the hour.
        values, unit = values * (3600.0 / window.step_s), _by_hour(unit)
    here = np.ones(len(values), bool) if alike is None else alike[: len(values)]
    low, high = _usual(
        values[here] if onset is None else values[here & (window.at < micros(onset))]
    )
    now = values[np.isfinite(values)][-1] if np.isfinite(values).any() else float("nan")
    level: Level = "ok"
    # A tight band of quantiles is left by a degree all the time; only what is clearly outside is marked.
    slack = max(high - low, 0.02 * abs(high)) if np.isfinite(low) else float("nan")
    inside = here[np.isfinite(values)][-1] if np.isfinite(values).any() else False
    if inside and np.isfinite(low) and not low - slack <= now <= high + slack:
        level = "watch"
    return Trace(
        signal=signal.id,
        name=short_name(signal),
        unit=unit,
        digits=words.digits(float(now)),
        level=level,
        expected=_range(low, high, unit),
        at=[iso(int(t)) for t in window.at],
        value=listed(values),
        low=listed(np.where(here, low, np.nan)),
        high=listed(np.where(here, high, np.nan)),
    )


def _range(low: float, high: float, unit: str) -> str:
    """What is usual; one number where it never is another.

    >>> _range(0.0, 0.0, "m/min"), _range(1.62, 2.7, "kW"), _range(float("nan"), 1.0, "kW")
    ('0 m/min', '1.62–2.70 kW', '')
    """
    if not np.isfinite(low):
        return ""
    return words.span(low, high, unit) if low != high else f"{words.digits(low)} {unit}".strip()


def _by_hour(unit: str) -> str:
    """The unit of a rate.

    >>> _by_hour("m³"), _by_hour("kWh"), _by_hour("")
    ('m³/h', 'kW', '/h')
    """
    return "kW" if unit == "kWh" else f"{unit}/h"


def short_name(signal: Signal) -> str:
    """A signal's name without what explains it: `nitrogen used, at standard conditions` is `Nitrogen used`."""
    head = signal.name.split(":")[0].split(",")[0].replace("_", " ")
    return head[:1].upper() + head[1:]


def in_main_state(twin: Twin, element: str, period: Period, step_s: int) -> Bools | None:
    """[steps] where a machine is in the state in which it ends the period; None when it tells no state.

    An oven that is off says nothing about how warm it is at work.
    """
    state = twin.plant.find(element, "state")
    if state is None:
        return None
    codes = twin.store.window([state.index], period, step_s).last[:, 0]
    late = codes[len(codes) * 3 // 4 :]
    late = late[np.isfinite(late)]
    if not len(late):
        return None
    known, count = np.unique(late, return_counts=True)
    same: Bools = codes == known[int(np.argmax(count))]
    return same


def telling(
    window: Window,
    signals: Sequence[Signal],
    count: int,
    onset: datetime | None = None,
    alike: Bools | None = None,
) -> list[Signal]:
    """The signals that say most: after an onset those that left their course of before most, one of a kind first.

    Eight heating zones say the same; the zone that changed most speaks for them.

    Args:
        window: Holds the signals. signals: To choose from. count: At most so many.
        onset: When something began. alike: [steps] that may be compared; see `in_main_state`.
    """
    shown = sorted(signals, key=lambda s: s.form == "counter")
    if onset is not None and shown:
        after = window.at >= micros(onset)
        here = np.ones(len(after), bool) if alike is None else alike
        moved = {s.id: _moved(values_of(window, s)[here], after[here]) for s in shown}
        shown.sort(key=lambda s: -moved[s.id])
    kinds: set[str] = set()
    first: list[Signal] = []
    rest: list[Signal] = []
    for signal in shown:
        kind = signal.name.rstrip("0123456789 ") + signal.unit
        (rest if kind in kinds else first).append(signal)
        kinds.add(kind)
    return (first + rest)[:count]


def _moved(values: Floats, after: Bools) -> float:
    """How far a signal went from its level of before, in its scatter of before."""
    before, since = values[~after], values[after]
    before, since = before[np.isfinite(before)], since[np.isfinite(since)]
    if len(before) < 5 or len(since) < 2:
        return 0.0
    middle = float(np.median(before))
    scatter = float(np.median(np.abs(before - middle)))
    return abs(float(np.median(since)) - middle) / (scatter + 0.005 * abs(middle) + 1e-9)


def _usual(values: Floats) -> tuple[float, float]:
    """The middle 95 % of the first two thirds of a trace: what was usual before."""
    early = values[: len(values) * 2 // 3]
    early = early[np.isfinite(early)]
    if len(early) < 20:
        return float("nan"), float("nan")
    low, high = np.quantile(early, [0.025, 0.975])
    return float(low), float(high)


def base_step(period: Period) -> int:
    """Step [s] at which power is laid against expected: by the minute for a day, by five minutes for more."""
    return 60 if period.seconds <= 86_400 else 300


def power_minutes(
    twin: Twin, element: str, period: Period, step_s: int = 60
) -> tuple[Floats, Floats, Floats] | None:
    """[steps] power, expected power and its standard deviation [kW]; None when nothing is expected of it.

    The last day by the minute is at hand; what is older is read from the history and expected anew.
    """
    trail = twin.trail
    if element in trail.users and len(trail.at) and trail.at[0] <= period.start_us + 2 * MINUTE:
        place = (trail.at - period.start_us) // MINUTE
        steps = int(period.seconds // 60)
        inside = (place >= 0) & (place < steps)
        made = np.full((3, steps), np.nan)
        column = trail.users.index(element)
        for row, name in enumerate(("actual", "mean", "sd")):
            made[row, place[inside]] = trail.users_kw(name)[inside, column]
        actual, mean, sd = (coarser(row, step_s // 60) for row in made)
        return actual, mean, sd
    expected = twin.expected(period, step_s)
    if expected is None or element not in expected.elements:
        return None
    column = expected.elements.index(element)
    return expected.actual[:, column], expected.mean[:, column], expected.sd[:, column]


def coarser(values: Floats, times: int) -> Floats:
    """Means of so many steps each; gaps are left out, a step of gaps alone stays one.

    >>> coarser(np.array([1.0, 3.0, np.nan, 5.0, np.nan, np.nan, 7.0]), 2)
    array([ 2.,  5., nan,  7.])
    """
    if times <= 1:
        return values
    whole = np.full(-(-len(values) // times) * times, np.nan)
    whole[: len(values)] = values
    rows = whole.reshape(-1, times)
    known = np.isfinite(rows)
    count = known.sum(axis=1)
    made: Floats = np.where(known, rows, 0.0).sum(axis=1) / np.where(count > 0, count, np.nan)
    return made


def power_trace(twin: Twin, element: str, period: Period, name: str = "Power") -> Trace | None:
    """Power of a machine against its expected band, by the minute or coarser."""
    base_s = base_step(period)
    found = power_minutes(twin, element, period, base_s)
    if found is None:
        return None
    times = -(-len(found[0]) // 480)
    step_s = base_s * times
    actual, mean, sd = (coarser(row, times) for row in found)
    good = np.flatnonzero(np.isfinite(actual))
    last = int(good[-1]) if len(good) else -1
    low, high = mean - 1.96 * sd, mean + 1.96 * sd
    level: Level = "none"
    text = ""
    if last >= 0 and np.isfinite(mean[last]):
        _, level = words.against(actual[last], mean[last], low[last], high[last])
        text = words.span(max(low[last], 0.0), high[last], "kW")
    # Between two states anything may be expected for a minute; such a needle would squeeze the rest of the chart.
    top = 1.3 * max(float(np.nanmax(actual, initial=0.0)), float(np.nanmax(mean, initial=0.0)))
    return Trace(
        signal=f"{element}.power",
        name=name,
        unit="kW",
        digits=words.digits(float(actual[last])) if last >= 0 else "–",
        level=level,
        expected=text,
        at=[iso(period.start_us + i * step_s * 1_000_000) for i in range(len(actual))],
        value=listed(actual),
        low=listed(np.maximum(low, 0.0)),
        high=listed(np.minimum(high, top)),
    )


def gaps_of(twin: Twin, made: Trace | None) -> list[Span]:
    """Stretches of a trace without a value, from the first reading of the plant up to now."""
    known = twin.store.span()
    if made is None or len(made.at) < 2 or known is None:
        return []
    spans: list[Span] = []
    start: str | None = None
    begin, end = iso(known.start_us), iso(micros(twin.now()) - 3 * MINUTE)
    for at, value in zip(made.at, made.value, strict=True):
        if at < begin:
            continue
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
