"""An element's use of each carrier against what the time before a period lets expect of it, for the energy review."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ecotwin.accounting.performance import Performance, perform
from ecotwin.accounting.performance.plantside import daily, daily_signals
from ecotwin.clock import Period, days_of
from ecotwin.errors import FigureGap
from ecotwin.history.contract import Store
from ecotwin.plant import Plant

BASE = timedelta(days=366)
"""Longest time before a report's period from which its baseline is learned."""
CARRIERS = {
    "electricity": ("energy.electricity", "kWh"),
    "gas": ("energy.gas_volume", "m3"),
    "water": ("water.in", "m3"),
}


def baselines(plant: Plant, store: Store, period: Period, element: str) -> list[dict[str, Any]]:
    """Each carrier's use against what the time before the period lets expect of it."""
    found = []
    for carrier, (indicator, unit) in CARRIERS.items():
        signals = daily_signals(plant, element, carrier)
        span = store.span()
        if not signals or span is None:
            continue
        row: dict[str, Any] = {
            "element": element,
            "name": f"{carrier.capitalize()} of {plant.element(element).name}",
            "indicator": indicator,
            "unit": unit,
        }
        days = list(days_of(Period(max(span.start, period.start - BASE), period.end), plant.zone))
        hours = store.window(signals, Period(days[0].start, days[-1].end), 3600)
        here = period.start.astimezone(plant.zone)
        until = datetime(here.year, here.month, here.day, tzinfo=UTC).timestamp()
        try:
            made = perform(daily(plant, element, carrier, hours), until)
        except FigureGap as gap:
            row |= {"fit": False, "reasons": [str(gap)]}
        else:
            row |= _judged(made, Period(days[0].start, period.start))
        found.append(row)
    return found


def _judged(made: Performance, base: Period) -> dict[str, Any]:
    """A baseline in the words of the energy review."""
    half = (made.high - made.low) / 2.0
    return {
        "model": made.choice.fitted.form.name,
        "variables": [r.name for r in made.choice.reasons if r.kept],
        "baseline_period": str(base),
        "expected": made.expected,
        "low": made.expected - half,
        "high": made.expected + half,
        "actual": made.actual,
        "improvement": made.saved / made.expected if made.expected > 0.0 else None,
        "cvrmse": made.cvrmse,
        "nmbe": made.nmbe,
        "fit": made.fit_for_purpose,
        "reasons": list(made.reasons),
    }
