"""Runs "do nothing" and some scenarios, and lays out what they say as plain values that can be kept and sealed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin import __version__
from ecotwin.clock import iso, micros
from ecotwin.cycle.rates import rates_of
from ecotwin.cycle.whatif_base import weather_of
from ecotwin.governance.canonical import canonical, plain
from ecotwin.records import Booking, Floats
from ecotwin.simulation.assembly import units_of, unserved
from ecotwin.simulation.backtest import work_hours
from ecotwin.simulation.compare import Difference, Spread, difference, front, objectives, spread
from ecotwin.simulation.compared import modelled
from ecotwin.simulation.contract import Case, Outcome
from ecotwin.simulation.engine import run
from ecotwin.simulation.limits import Limit, limits
from ecotwin.simulation.outcome import Figures, figures, kinds
from ecotwin.simulation.scenario import Applied, apply
from ecotwin.simulation.scenario_file import Scenario
from ecotwin.simulation.spread import Spread as Held
from ecotwin.simulation.totals import with_totals

Watch = Callable[[float], bool]
Doubts = Callable[[Iterable[str]], Sequence[str]]
MOST_COURSE = 384
"""Points of a course at most; more are joined."""
BROKEN = 0.05
"""A limit broken in a larger share of the runs, and more often than with "do nothing", makes a case infeasible."""


@dataclass(frozen=True)
class Asked:
    """What is compared.

    Attributes:
        base: The plant as it is. under: Events that happen in every case, in "do nothing" too, and after its changes.
        scenarios: One case each.
        folder: Where their weather files are. books: Of the plant. doubts: Tells of some machines which of them the
            model does not track well, in sentences. held: What held-out days say of the model's days.
    """

    base: Case
    under: tuple[Scenario, ...]
    scenarios: tuple[Scenario, ...]
    folder: Path
    books: Sequence[Booking] = ()
    doubts: Doubts | None = None
    held: Held | None = None


@dataclass(frozen=True)
class _Ran:
    applied: Applied
    made: Figures
    limits: list[Limit]
    courses: dict[str, Floats]
    site: Mapping[str, Floats]


def prepare(asked: Asked) -> list[Applied]:
    """Every case before it is run, "do nothing" first.

    Raises:
        ScenarioFileFault: A scenario does not fit the plant; every fault of it is told.
    """
    cases = []
    for chosen in ((), *((s,) for s in asked.scenarios)):
        made = Applied(asked.base)
        for scenario in (*chosen, *asked.under):
            made = apply(scenario, made, weather_of(scenario, made.case, asked.folder))
        cases.append(made)
    return cases


def compared(asked: Asked, watch: Watch | None = None) -> dict[str, Any]:
    """Run all cases and compare them.

    Args:
        asked: What. watch: Is told the share done; False stops.

    Returns:
        Plain values; the same for the same question, whenever and wherever it is asked.

    Raises:
        RunStopped: The watcher said so.
        ScenarioFault: A case cannot be run.
    """
    cases = prepare(asked)
    count = len(cases)
    ran = []
    for n, applied in enumerate(cases):
        part = None if watch is None else _part(watch, n, count)
        ran.append(_run(applied, asked.books, part))
    rows, gaps = with_totals([r.made for r in ran])
    feasible = [_feasible(r, ran[0], n == 0) for n, r in enumerate(ran)]
    points = front(rows, [not why for why in feasible])
    differences = [
        [difference(f, row[f], rows[0][f]) if n else None for f in rows[0]]
        for n, row in enumerate(rows)
    ]
    currency = ran[0].applied.case.plant.currency
    names = ["Do nothing", *(s.part.name for s in asked.scenarios)]
    made: dict[str, Any] = _plain(
        {
            "currency": currency,
            "cases": [
                _case(asked, n, r, names, feasible[n]) | {"point": points[n]}
                for n, r in enumerate(ran)
            ],
            "figures": [_figure(f, k, rows, differences, ran) for k, f in enumerate(rows[0])],
            "objectives": objectives(rows),
            "courses": _courses(ran),
            "left_out": {f: text for f, text in gaps.items() if f in kinds()},
        }
    )
    return made


def digest_of(result: Mapping[str, Any]) -> str:
    """SHA-256 of a result's canonical text."""
    return hashlib.sha256(canonical(result)).hexdigest()


def case_digest(case: Case) -> str:
    """SHA-256 of everything that a case is run with."""
    arrays = [case.weather.outdoor_c, case.weather.wet_bulb_c, case.weather.sun_w_m2]
    weather = hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays))
    body = {
        "plant": case.plant.digest,
        "elements": [(e.id, e.parent, e.kind, dict(e.kind_facts)) for e in case.plant.elements],
        "calendar": repr((case.plant.shifts, case.plant.holidays)),
        "span": [case.start, case.hours, case.step_s, case.bin_s, case.runs, case.seed],
        "weather": weather.hexdigest(),
        "parameters": case.parameters,
        "settings": case.settings,
        "jobs": case.jobs,
        "mix": {line: {str(k): v for k, v in mix.items()} for line, mix in case.mix.items()},
        "outages": case.outages,
        "image": None if case.image is None else case.image,
    }
    return hashlib.sha256(canonical(_plain(body))).hexdigest()


@cache
def code_version() -> str:
    """Version of the software with a digest of the model's own source."""
    whole = hashlib.sha256()
    stack = [files("ecotwin.simulation")]
    found = []
    while stack:
        for one in stack.pop().iterdir():
            if one.is_dir():
                stack.append(one)
            elif one.name.endswith((".py", ".csv")):
                found.append((str(one), one.read_bytes()))
    root = len(str(files("ecotwin.simulation")))
    for name, content in sorted((n[root:], c) for n, c in found):
        whole.update(name.encode() + b"\0" + content)
    return f"{__version__}+model.{whole.hexdigest()[:12]}"


def _part(watch: Watch, number: int, count: int) -> Watch:
    return lambda share: watch((number + share) / count)


def _run(applied: Applied, books: Sequence[Booking], watch: Watch | None) -> _Ran:
    outcome = run(applied.case, watch=watch)
    rates = rates_of(applied, books)
    made = figures(outcome, rates)
    place = applied.case.plant.site.id
    site = {q: runs for (e, q), runs in modelled(outcome).items() if e == place}
    return _Ran(applied, made, limits(outcome, made, rates), _course_of(outcome, made), site)


_DAILY = {
    "electricity_kwh": ("Electricity", "kWh"),
    "gas_m3": ("Gas", "m3"),
    "water_in_m3": ("Water", "m3"),
    "air_m3": ("Compressed air", "m3"),
}
"""Quantities of the site that held-out days are compared in."""


def _free_of_cost(ran: _Ran) -> list[str]:
    """Media that machines draw and nobody in the plant file makes or meters: their cost is in no figure."""
    free = [n for n in unserved(units_of(ran.applied.case.plant)) if n in _MEDIA]
    return [
        f"Nobody in the plant file makes or meters {_MEDIA[n]}: what machines draw of it is in no figure."
        for n in free
    ]


_MEDIA = {"air": "compressed air", "nitrogen": "nitrogen"}


def _as_days_went(asked: Asked, ran: _Ran) -> list[str]:
    """What the day will really bring, by how far the model lay from days that it had not seen; for a day alone."""
    held, case = asked.held, ran.applied.case
    if held is None or not held.days or abs(case.hours - 24.0) > 0.5:
        return []
    told = []
    for quantity, (name, unit) in _DAILY.items():
        key = (case.plant.site.id, quantity)
        days = len(held.fitted(key, work_hours(case)).scores)
        if quantity in ran.site and days:
            span = held.interval(key, ran.site[quantity], work_hours(case), 0.8)
            told.append(
                f"{name} {span.value:,.4g} {unit}, on four days of five within {span.low:,.4g} to {span.high:,.4g} "
                f"(by {days} past days that the model had not seen)."
            )
    return told


def _course_of(outcome: Outcome, made: Figures) -> dict[str, Floats]:
    found = {"Power bought": made.bought_kw}
    parts = outcome.profile[:, :, outcome.quantities.index("parts_good")]
    if parts.any():
        found["Good parts"] = np.asarray(np.cumsum(parts, axis=1))
    return {name: _table(values) for name, values in found.items()}


def _table(values: Floats) -> Floats:
    """Mean, 10 % and 90 % quantile over the runs by bin. Shape [3, bins]."""
    low, high = np.quantile(values, (0.1, 0.9), axis=0)
    return np.stack([values.mean(axis=0), low, high])


_UNITS = {"Power bought": "kW", "Good parts": "1"}


def _courses(ran: Sequence[_Ran]) -> list[dict[str, Any]]:
    case = ran[0].applied.case
    made = []
    for name in dict.fromkeys(n for r in ran for n in r.courses):
        bins = ran[0].made.bought_kw.shape[1]
        join = max(1, math.ceil(bins / MOST_COURSE))
        edges = range(0, bins, join)
        at = [iso(micros(case.start + timedelta(seconds=e * case.bin_s))) for e in edges]
        each = []
        for r in ran:
            table = r.courses.get(name, np.zeros((3, bins)))
            mean, low, high = (
                [round(float(row[e : e + join].mean()), 6) for e in edges] for row in table
            )
            each.append({"value": mean, "low": low, "high": high})
        made.append({"name": name, "unit": _UNITS[name], "at": at, "cases": each})
    return made


def _feasible(ran: _Ran, base: _Ran, is_base: bool) -> list[str]:
    """Why a case cannot be chosen; empty when it can. What "do nothing" breaks, is what comes if nobody acts."""
    why = list(ran.applied.impossible)
    if is_base:
        return why
    before = {one.id: one.broken or 0.0 for one in base.limits}
    broken = [o for o in ran.limits if (o.broken or 0.0) > max(BROKEN, before.get(o.id, 0.0))]
    return why + [one.text for one in broken]


def _case(
    asked: Asked, number: int, ran: _Ran, names: list[str], why_not: list[str]
) -> dict[str, Any]:
    scenario = asked.scenarios[number - 1] if number else None
    touched = [m for m in ran.applied.touched if m not in ran.applied.added]
    doubts = asked.doubts(touched) if asked.doubts is not None and touched else ()
    new = [m for m in ran.applied.added if number]
    fresh = (
        [
            f"Nothing is measured of {', '.join(new)} yet: the model knows it by its kind's facts alone."
        ]
        if new
        else []
    )
    return {
        "id": scenario.id if scenario else "",
        "name": names[number],
        "description": scenario.part.description if scenario else "The plant goes on as it is.",
        "digest": scenario.digest if scenario else "",
        "case": case_digest(ran.applied.case),
        "why_not": why_not,
        "doubts": [*doubts, *fresh],
        "notes": [
            *ran.applied.notes,
            *([] if number else [*_free_of_cost(ran), *_as_days_went(asked, ran)]),
        ],
        "limits": ran.limits,
    }


def _figure(
    figure: str,
    place: int,
    rows: Sequence[Mapping[str, Floats]],
    differences: Sequence[Sequence[Difference | None]],
    ran: Sequence[_Ran],
) -> dict[str, Any]:
    cells = []
    for n, row in enumerate(rows):
        d = differences[n][place]
        cell: dict[str, Any] = {"value": _spread(spread(row[figure]) if d is None else d.value)}
        if d is not None:
            cell["difference"] = _spread(d.difference)
            cell |= {"share": d.share, "better": d.better, "verdict": d.verdict}
        cells.append(cell)
    parts = dict.fromkeys(name for r in ran for name in r.made.parts.get(figure, {}))
    return {
        "figure": figure,
        "cells": cells,
        "parts": {
            name: [
                float(r.made.parts[figure][name].mean())
                if name in r.made.parts.get(figure, {})
                else 0.0
                for r in ran
            ]
            for name in parts
        },
    }


def _spread(value: Spread) -> dict[str, Any]:
    return {
        "mean": value.mean,
        "mean_sd": value.mean_sd,
        "intervals": {f"{level:g}": list(edges) for level, edges in value.intervals.items()},
    }


def _plain(value: Any) -> Any:
    """JSON values; what is no number becomes null."""

    def tidy(one: Any) -> Any:
        if isinstance(one, float):
            return one if math.isfinite(one) else None
        if isinstance(one, dict):
            return {k: tidy(v) for k, v in one.items()}
        if isinstance(one, list):
            return [tidy(v) for v in one]
        return one

    return tidy(plain(value))
