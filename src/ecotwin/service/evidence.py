"""The small picture beside a finding in a list: the telling signal over the last day, with its band."""

from __future__ import annotations

import weakref
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ecotwin.clock import Period, iso
from ecotwin.records import Finding, Floats
from ecotwin.service.load import listed
from ecotwin.service.series import coarser, power_minutes, values_of
from ecotwin.service.views import Spark

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

STEP_S = 900
HOURS = 24
ANEW = timedelta(minutes=10)
"""A picture is drawn anew when so much plant time has closed since."""

_drawn: weakref.WeakKeyDictionary[Twin, dict[str, tuple[datetime, Spark | None]]] = (
    weakref.WeakKeyDictionary()
)
"""A page of findings is asked for every second; the picture of a day moves slowly."""


def spark(twin: Twin, finding: Finding) -> Spark | None:
    """The last day of what the finding is about; None when nothing of it is kept."""
    known = _drawn.setdefault(twin, {})
    end = twin.closed_until
    was = known.get(finding.id)
    if was is not None and timedelta(0) <= end - was[0] < ANEW:
        return was[1]
    if len(known) > 200:
        known.clear()
    made = _spark(twin, finding, Period(end - timedelta(hours=HOURS), end))
    known[finding.id] = (end, made)
    return made


def _spark(twin: Twin, finding: Finding, period: Period) -> Spark | None:
    power = twin.plant.find(finding.element, "electricity_power")
    about_power = power is not None and power.id in finding.signals
    if about_power and finding.element in twin.trail.users:
        found = power_minutes(twin, finding.element, period)
        if found is not None:
            actual, mean, sd = (coarser(row, STEP_S // 60) for row in found)
            return _picture(period, actual, np.maximum(mean - 1.96 * sd, 0.0), mean + 1.96 * sd)
    signals = [twin.plant.signal(s) for s in finding.signals if twin.plant.has_signal(s)]
    if not signals:
        return None
    signal = min(signals, key=lambda s: s.form == "counter")
    values = values_of(twin.store.window([signal.index], period, STEP_S), signal)
    none = np.full(len(values), np.nan)
    return _picture(period, values, none, none)


def _picture(period: Period, values: Floats, low: Floats, high: Floats) -> Spark | None:
    if np.isfinite(values).sum() < 2:
        return None
    at = [iso(period.start_us + i * STEP_S * 1_000_000) for i in range(len(values))]
    return Spark(at=at, value=listed(values), low=listed(low), high=listed(high))
