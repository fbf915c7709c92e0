"""Today's bought power against expected, with the lanes of tariff and grid carbon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecotwin.clock import MINUTE, Period, instant, iso, local_day, micros
from ecotwin.records import Bools, Floats
from ecotwin.service import words
from ecotwin.service.foretold import fan, highest, passing
from ecotwin.service.views import Lane, Load, Span

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

STEP = 15 * MINUTE
"""Steps of the chart [us]."""


def load(twin: Twin) -> Load:
    """The chart of today's bought power (or power used, where nothing is bought)."""
    now = twin.now()
    day = local_day(now.astimezone(twin.plant.zone).date(), twin.plant.zone)
    starts = np.arange(day.start_us, day.end_us, STEP)
    trail = twin.trail
    rows = trail.since(day.start_us)
    at = trail.at[rows]
    mean, sd = trail.site_expected()
    made = np.nan_to_num(trail.site_kw("made"))
    bins = ((at - day.start_us) // STEP).astype(int)
    actual = _binned(trail.site_kw("bought")[rows], bins, len(starts))
    middle = _binned((mean - made)[rows], bins, len(starts))
    band = _binned(sd[rows], bins, len(starts)) * 1.96
    told = fan(twin, starts)
    # What was told of a step that is over is history: the line that came stands there.
    past = starts + STEP <= micros(now)
    contract = twin.plant.tariff("electricity")
    limit = contract.contract_kw if contract else None
    return Load(
        title=_title(actual, middle, band, limit, passing(twin), highest(twin, day.end_us)),
        unit="kW",
        start=iso(micros(day.start)),
        end=iso(micros(day.end)),
        at=[iso(int(t)) for t in starts],
        actual=listed(actual),
        low=listed(np.maximum(middle - band, 0.0)),
        expected=listed(middle),
        high=listed(middle + band),
        forecast=listed(np.where(past, np.nan, told.middle)),
        forecast_low=listed(np.where(past, np.nan, told.low)),
        forecast_high=listed(np.where(past, np.nan, told.high)),
        forecast_near_low=listed(np.where(past, np.nan, told.near_low)),
        forecast_near_high=listed(np.where(past, np.nan, told.near_high)),
        forecast_text=told.text,
        tariff=[
            Lane(start=iso(micros(a)), end=iso(micros(b)), value=v)
            for a, b, v in twin.prices.money_bands("electricity", day)
        ],
        carbon=[
            Lane(start=iso(micros(a)), end=iso(micros(b)), value=round(v * 1000, 1))
            for a, b, v in twin.prices.carbon_bands(day)
        ],
        contract_kw=limit,
        gaps=_gaps(twin, day, micros(now)),
    )


def _binned(values: Floats, bins: np.ndarray[tuple[int], np.dtype[np.int_]], count: int) -> Floats:
    """Means by step, NaN where a step holds nothing."""
    good = np.isfinite(values) & (bins >= 0) & (bins < count)
    total = np.bincount(bins[good], weights=values[good], minlength=count)
    number = np.bincount(bins[good], minlength=count)
    with np.errstate(invalid="ignore"):
        made: Floats = total / np.where(number > 0, number, np.nan)
    return made


def listed(values: Floats) -> list[float | None]:
    """JSON numbers to four figures, gaps as None.

    >>> listed(np.array([12345.6, 0.123456, -0.0, np.nan]))
    [12350.0, 0.1235, 0.0, None]
    """
    good = np.isfinite(values)
    known = np.where(good, values, 0.0)
    size = np.abs(known)
    # Whole powers of ten are exact, so that the quotients print in their shortest form.
    power = 3 - np.floor(np.log10(np.where(size > 0, size, 1.0)))
    up, down = 10.0 ** np.clip(power, 0, 22), 10.0 ** np.clip(-power, 0, 22)
    rounded = np.round(known * up / down) * down / up + 0.0
    rounded = np.where(np.abs(power) <= 22, rounded, known)
    return [v if ok else None for v, ok in zip(rounded.tolist(), good.tolist(), strict=True)]


def _gaps(twin: Twin, day: Period, now_us: int) -> list[Span]:
    found = twin.trail.gaps(
        max(day.start_us, int(twin.trail.at[0]) if len(twin.trail.at) else 0), now_us
    )
    zone = twin.plant.zone
    return [
        Span(
            start=iso(a),
            end=iso(b),
            text=f"no data {words.clock_time(instant(a), zone)}–{words.clock_time(instant(b), zone)}",
        )
        for a, b in found
        if b - a >= 3 * MINUTE
    ]


def _title(
    actual: Floats, middle: Floats, band: Floats, limit: float | None, passes: str, ahead: str
) -> str:
    """The finding of the chart in one sentence: a limit that was passed or may be, else how it is and what comes.

    Args:
        actual, middle, band: [steps] kW, NaN where not known. limit: Contract [kW].
        passes: What is said of a limit ahead; empty: nothing. ahead: What is expected; empty: nothing is told.
    """
    good = np.isfinite(actual)
    peak = float(np.nanmax(actual)) if good.any() else 0.0
    if limit is not None and peak > limit:
        return f"Bought power passed the contract limit today: {words.digits(peak)} of {words.digits(limit)} kW"
    if passes:
        return passes
    both = good & np.isfinite(middle)
    if not good.any():
        now = "No bought power has been measured yet today"
    elif not both.any():
        now = f"Bought power today, {words.digits(peak)} kW at most"
        ahead = ahead or "expected is still being learned"
    else:
        now = _against(actual, middle, band, both)
    return f"{now}; {ahead}" if ahead else now


def _against(actual: Floats, middle: Floats, band: Floats, both: Bools) -> str:
    used, meant = float(actual[both].sum()), float(middle[both].sum())
    share = (used - meant) / meant * 100 if meant else 0.0
    outside = (np.abs(actual - middle) > band) & both
    if abs(share) < 1.0 or not outside.any():
        return "Bought power is as expected today"
    word = "more" if share > 0 else "less"
    return f"Bought power is {words.digits(abs(share), 2)} % {word} than expected today"
