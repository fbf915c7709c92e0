"""What energy won at one time and given back at another is worth, in money and in carbon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ecotwin.advice.contract import Outlook
from ecotwin.advice.heat import Z95
from ecotwin.clock import Period
from ecotwin.records import Cost, Range

Bands = Sequence[tuple[datetime, datetime, float]]


def worth(
    outlook: Outlook, won: tuple[Period, float], back: tuple[Period, float], kwh: float, sd: float
) -> Cost:
    """The worth of `kwh` net with its standard deviation, valued at the hours in which it falls.

    Args:
        outlook: Prices and grid carbon ahead. won, back: When, and how much [kWh] was foreseen.
    """
    parts = {"energy_kwh": _range(kwh, sd)}
    net = won[1] - back[1]
    for name, bands in (("co2e_kg", outlook.carbon), ("money", outlook.price)):
        first, later = mean_rate(bands, won[0]), mean_rate(bands, back[0])
        if first is not None and later is not None and net > 0:
            rate = (won[1] * first - back[1] * later) / net
            parts[name] = _range(kwh * rate, sd * rate)
    return Cost(**parts)


def mean_rate(bands: Bands, period: Period) -> float | None:
    """Time-weighted mean of bands over a period; None where they do not cover it.

    >>> from datetime import UTC
    >>> h = lambda n: datetime(2026, 6, 18, n, tzinfo=UTC)
    >>> mean_rate([(h(0), h(11), 0.2), (h(11), h(20), 0.3)], Period(h(10), h(12)))
    0.25
    """
    total = held = 0.0
    for start, end, value in bands:
        seconds = (min(end, period.end) - max(start, period.start)).total_seconds()
        if seconds > 0:
            total, held = total + value * seconds, held + seconds
    return total / held if held >= period.seconds - 1.0 and held > 0 else None


def _range(value: float, sd: float) -> Range:
    return Range(value, value - Z95 * abs(sd), value + Z95 * abs(sd))
