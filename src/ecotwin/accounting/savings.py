"""Whether the saving of a short intervention really came: an oven asleep in a break, against breaks like it.

What the machine would have used is told by its own past in comparable periods (planned pauses of
like length, without an order), each adjusted by the baseline to the weather of the day. The
interval holds the scatter between those periods, with their autocorrelation, and is never narrower
than the minutes' own scatter allows; the meter's error goes on top.

Sources: IPMVP option B (retrofit isolation, all parameters); ASHRAE 14 (autocorrelation: n' =
n(1-rho)/(1+rho)).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import numpy as np

from ecotwin.accounting import drivers as d
from ecotwin.accounting import factors
from ecotwin.accounting.baseline import Baselines
from ecotwin.accounting.cuts import within
from ecotwin.accounting.fitness import autocorrelation, effective_count
from ecotwin.accounting.kpis.cost import prices
from ecotwin.accounting.steps import steps_of
from ecotwin.clock import Period
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.plant.model import Plant
from ecotwin.records import Advice, Cost, Floats, Range, Saving, Window

LEVEL = 0.90
FEWEST, MOST = 3, 30
COVERAGE, CVRMSE = 0.9, 0.30
_LIKE = 0.25
"""Largest difference in length between comparable pauses, as a share."""
METHOD = "savings/1: comparable pauses, adjusted by the baseline, Student's t on their scatter"


@dataclass(frozen=True, slots=True)
class Episode:
    """A pause with the recovery after it.

    Attributes:
        period: From its start to the end of the recovery. energy_kwh: Used in it. coverage: Share
            of steps measured.
        adjustment_kwh: What the other day's weather would have added. doubt_kwh2: Variance of that
            adjustment.
    """

    period: Period
    energy_kwh: float
    coverage: float
    adjustment_kwh: float = 0.0
    doubt_kwh2: float = 0.0


def verify(
    plant: Plant,
    baselines: Baselines,
    advice: Advice,
    window: Window,
    history: Sequence[Window],
    candidates: Iterable[Period],
    *,
    recovery: timedelta,
    known_at: datetime,
    disturbed: Sequence[tuple[Period, str]] = (),
    level: float = LEVEL,
) -> Saving:
    """Measure a saving.

    Args:
        plant: The plant.
        baselines: Learned without the periods in question.
        advice: What was carried out; its element and period are measured.
        window: Minutes that hold the advice's period and the recovery after it.
        history: Windows of minutes before, each holding whole candidates with their recovery.
        candidates: Past pauses of the same kind (planned breaks); those of another length, with
            poor coverage or disturbed are left out here.
        recovery: Time after the pause in which the machine catches up (its warm-up).
        known_at: When the data behind it was last known.
        disturbed: Other changes (findings, orders, repairs) with a word on each, whenever they
            were.
        level: Of the interval.

    Returns:
        The saving with its interval; `fit` only when it may be claimed, with the reasons either
        way.

    Raises:
        FigureGap: The machine has no meter, or its energy in the period is not known at all.
    """
    if advice.element not in baselines.elements:
        raise FigureGap(
            f"{advice.element} has no electricity meter",
            expected="its own meter",
            remedy="add one to the plant file",
        )
    span = Period(advice.period.start, advice.period.end + recovery)
    today = _episode(baselines, advice.element, window, span, None)
    if today is None or today.coverage < 0.5:
        raise FigureGap(
            f"the energy of {advice.element} in {span} is not known",
            expected="minutes that cover it",
            remedy="wait until they are closed, or see why it is silent",
        )
    past = _comparable(baselines, advice, window, history, candidates, span, recovery, disturbed)
    reasons = _reasons(today, past, span, disturbed)
    expected = _expected(baselines, advice.element, past, span, level)
    value = expected.value - today.energy_kwh
    half = math.hypot(expected.high - expected.value, _accuracy(plant, advice.element) * abs(value))
    saved = Range(value, value - half, value + half)
    return Saving(
        advice.id,
        advice.element,
        span,
        expected,
        today.energy_kwh,
        saved,
        level,
        METHOD,
        not reasons,
        reasons or _praise(today, past, saved),
        _cost(plant, window, span, saved),
        today.coverage,
        known_at,
    )


def _praise(today: Episode, past: Sequence[Episode], saved: Range) -> tuple[str, ...]:
    """Why the saving may be claimed; and that none is shown, where the interval holds zero."""
    said = (
        f"{len(past)} comparable pauses, {_scatter(past):.0%} scatter between them".replace(
            "%", " %"
        ),
        f"{today.coverage:.0%} of the period was measured".replace("%", " %"),
    )
    none = saved.low <= 0.0 <= saved.high
    return (*said, "the interval holds zero: no saving is shown") if none else said


@cache
def student_t(level: float, df: int) -> float:
    """Two-sided quantile of Student's t.

    >>> round(student_t(0.90, 2), 3), round(student_t(0.90, 10), 3), round(student_t(0.95, 30), 3)
    (2.92, 1.812, 2.042)

    Sources: Abramowitz and Stegun 26.7.3 and 26.7.4.
    """
    low, high = 0.0, 1e4
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _within(middle, df) < level else (low, middle)
    return (low + high) / 2.0


def _within(t: float, df: int) -> float:
    """Probability that |T| <= t."""
    theta = math.atan(t / math.sqrt(df))
    sin, cos = math.sin(theta), math.cos(theta)
    term = total = cos if df % 2 else 1.0
    if df == 1:
        return 2.0 * theta / math.pi
    for k in range(3 if df % 2 else 2, df - 1, 2):
        term *= cos * cos * (k - 1) / k
        total += term
    return 2.0 / math.pi * (theta + sin * total) if df % 2 else sin * total


def _comparable(
    baselines: Baselines,
    advice: Advice,
    window: Window,
    history: Sequence[Window],
    candidates: Iterable[Period],
    span: Period,
    recovery: timedelta,
    disturbed: Sequence[tuple[Period, str]],
) -> list[Episode]:
    length = advice.period.seconds
    found: list[Episode] = []
    today = _outdoor(baselines, window, span)
    for pause in sorted(candidates, reverse=True):
        whole = Period(pause.start, pause.end + recovery)
        if abs(pause.seconds - length) > _LIKE * length or _touch(whole, span):
            continue
        if any(_touch(whole, other) for other, _ in disturbed):
            continue
        holding = next(
            (w for w in history if w.period.start <= whole.start and whole.end <= w.period.end),
            None,
        )
        episode = (
            None if holding is None else _episode(baselines, advice.element, holding, whole, today)
        )
        if episode is not None and episode.coverage >= COVERAGE:
            found.append(_stretched(episode, span.seconds / whole.seconds))
        if len(found) == MOST:
            break
    return found[::-1]


def _episode(
    baselines: Baselines, element: str, window: Window, span: Period, other_degc: float | None
) -> Episode | None:
    cut = within(window, span)
    if cut is None:
        return None
    m = baselines.elements.index(element)
    seen = baselines.drivers.seen(cut)
    actual, step_h = seen.actual[:, m], cut.step_s / 3600.0
    known = np.isfinite(actual)
    if not known.any():
        return None
    energy = float(actual[known].mean()) * cut.steps * step_h
    added = doubt = 0.0
    if other_degc is not None:
        running = seen.codes[:, m] > 1
        here = baselines.drivers.outdoor(cut)
        for feature, degrees in ((d.COOLING, _cooling), (d.HEATING, _heating)):
            moved = (
                float((running * (degrees(np.full(len(here), other_degc)) - degrees(here))).sum())
                * step_h
            )
            slope, sd = baselines.slope(element, feature)
            added += slope * moved
            doubt += (sd * moved) ** 2
    return Episode(span, energy, float(known.mean()), added, doubt)


def _stretched(episode: Episode, ratio: float) -> Episode:
    """An episode of slightly other length, brought to the length in question."""
    return Episode(
        episode.period,
        episode.energy_kwh * ratio,
        episode.coverage,
        episode.adjustment_kwh * ratio,
        episode.doubt_kwh2 * ratio**2,
    )


def _expected(
    baselines: Baselines, element: str, past: Sequence[Episode], span: Period, level: float
) -> Range:
    """What the machine would have used [kWh], with its interval for ONE more pause."""
    energies = np.array([e.energy_kwh + e.adjustment_kwh for e in past])
    noise = _noise(baselines, element, span.hours)
    if len(past) < 2:
        kwh = float(energies.mean()) if len(past) else _nominal(baselines, element, span.hours)
        wide = student_t(level, 1) * max(noise, 0.25 * abs(kwh))
        return Range(kwh, kwh - wide, kwh + wide)
    n = len(energies)
    rho = autocorrelation(energies) if n >= 8 else 0.0
    independent = max(2.0, effective_count(n, rho))
    # The sample variance of correlated values is too small by about the share their mean still varies.
    variance = float(energies.var(ddof=1)) * (n - 1) / n / max(1e-9, 1.0 - 1.0 / independent)
    # The weather's slope was fitted on these very days: it takes one degree of freedom.
    fitted = 1 if n > 3 and any(e.adjustment_kwh for e in past) else 0
    variance *= (n - 1) / (n - 1 - fitted)
    doubt = float(np.mean([e.doubt_kwh2 for e in past]))
    spread = math.sqrt(max(variance, noise**2) * (1.0 + 1.0 / independent) + doubt)
    half = student_t(level, max(1, round(independent) - 1 - fitted)) * spread
    kwh = float(energies.mean())
    return Range(kwh, kwh - half, kwh + half)


def _noise(baselines: Baselines, element: str, hours: float) -> float:
    """Standard deviation of the energy of one pause by the minutes' scatter alone, autocorrelation counted [kWh]."""
    sd_kw, rho = baselines.scatter(element, "idle")
    minutes = max(1.0, hours * 60.0)
    return sd_kw * hours / math.sqrt(max(1.0, effective_count(minutes, rho)))


def _nominal(baselines: Baselines, element: str, hours: float) -> float:
    states = baselines.state_kw().get(element, {})
    return states["idle"].value * hours if "idle" in states else 0.0


def _reasons(
    today: Episode, past: Sequence[Episode], span: Period, disturbed: Sequence[tuple[Period, str]]
) -> tuple[str, ...]:
    reasons = []
    if len(past) < FEWEST:
        reasons.append(f"only {len(past)} comparable pauses were measured; {FEWEST} are needed")
    if today.coverage < COVERAGE:
        reasons.append(
            f"only {today.coverage:.0%} of the period was measured; {COVERAGE:.0%} are needed".replace(
                "%", " %"
            )
        )
    if len(past) >= 2 and _scatter(past) > CVRMSE:
        reasons.append(
            f"comparable pauses scatter by {_scatter(past):.0%} (CVRMSE), more than {CVRMSE:.0%}".replace(
                "%", " %"
            )
        )
    reasons += [
        f"something else changed in the period: {word}"
        for other, word in disturbed
        if _touch(other, span)
    ]
    return tuple(reasons)


def _scatter(past: Sequence[Episode]) -> float:
    energies = np.array([e.energy_kwh + e.adjustment_kwh for e in past])
    mean = float(energies.mean()) if len(energies) else 0.0
    return float(energies.std(ddof=1)) / abs(mean) if len(energies) > 1 and mean else math.inf


def _cost(plant: Plant, window: Window, span: Period, saved: Range) -> Cost:
    """What the saved energy was worth at the hours of the period."""
    cut = within(window, span)
    hours = steps_of(plant, cut).local_hour if cut is not None else np.zeros(1)
    hourly, residual, tariff = (
        factors.grid_hourly(plant),
        factors.grid_residual(plant),
        plant.tariff("electricity"),
    )
    kept, _ = factors.contracts(plant)
    carbon = (
        None
        if isinstance(hourly, FactorGap)
        else float(np.mean(np.asarray(hourly)[hours.astype(int)]))
    )
    market = None
    if not isinstance(residual, FactorGap) and not any(c.hourly_kwh for c in kept):
        share = min(1.0, sum(c.share for c in kept))
        market = sum(c.share * c.factor for c in kept) + (1.0 - share) * residual.value
    money = float(np.mean(prices(tariff, hours))) if tariff else None
    return Cost(
        energy_kwh=saved,
        co2e_kg=None if carbon is None else _times(saved, carbon),
        co2e_market_kg=None if market is None else _times(saved, market),
        money=None if money is None else _times(saved, money),
    )


def _times(saved: Range, factor: float) -> Range:
    low, high = sorted((saved.low * factor, saved.high * factor))
    return Range(saved.value * factor, low, high)


def _accuracy(plant: Plant, element: str) -> float:
    meter = plant.find(element, "electricity_power") or plant.find(element, "electricity_energy")
    return meter.accuracy if meter else 0.0


def _outdoor(baselines: Baselines, window: Window, span: Period) -> float | None:
    cut = within(window, span)
    return None if cut is None else float(baselines.drivers.outdoor(cut).mean())


def _cooling(degc: Floats) -> Floats:
    out: Floats = np.maximum(0.0, degc - d.COOLING_BASE_DEGC) / 10.0
    return out


def _heating(degc: Floats) -> Floats:
    out: Floats = np.maximum(0.0, d.HEATING_BASE_DEGC - degc) / 10.0
    return out


def _touch(a: Period, b: Period) -> bool:
    return a.start < b.end and b.start < a.end
