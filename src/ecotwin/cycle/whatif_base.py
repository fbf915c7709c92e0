"""The case "do nothing": the plant as it stands now, as it stood, or as its file alone describes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path

import numpy as np

from ecotwin.connectors.weather_file import read_weather
from ecotwin.cycle.foreign import foreign_models
from ecotwin.cycle.whatif_state import Past
from ecotwin.errors import ScenarioFault
from ecotwin.history.contract import Store
from ecotwin.plant import Plant
from ecotwin.simulation.air import humid_c
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.contract import Case
from ecotwin.simulation.scenario_file import Scenario
from ecotwin.simulation.surroundings import Weather

MOST_HOURS = 24.0 * 366
MOST_RUNS = 2000
MOST_RUN_HOURS = 120_000.0
"""Runs x hours of one case: its profiles stay under about 150 MB."""


@dataclass(frozen=True)
class Span:
    """How long, how often, with which chance."""

    hours: float
    runs: int
    seed: int


PLAIN = "start:"
"""Before the instant of a run that begins with an ordinary steady plant."""


def begin_of(plant: Plant, store: Store | None, now: datetime, start: str) -> datetime:
    """The instant at which a run begins.

    Args:
        plant: The plant. store: Its history; None: there is none. now: Plant time.
        start: `live` (from where the plant stands), `start` (the present local day from its begin, an ordinary steady
            plant), or an ISO time: from where the plant stood then.

    Raises:
        ScenarioFault: It cannot be had.
    """
    if start == "start":
        day = now.astimezone(plant.zone).date()
        return datetime.combine(day, time(), plant.zone).astimezone(UTC)
    if start.startswith(PLAIN):
        return _instant(start.removeprefix(PLAIN), plant)
    at = now.replace(second=0, microsecond=0) if start == "live" else _instant(start, plant)
    if store is None:
        raise ScenarioFault(
            f"a run from {start} needs the plant's history",
            expected="a twin that runs, or has run",
            remedy="add `--from start`, which needs the plant file alone",
        )
    if at > now:
        raise ScenarioFault(
            f"the run was to start at {plant.local(at, now)}, the plant's time is {plant.local(now, at)}",
            expected="`live`, `start` or a time that has been",
            remedy="choose an earlier time",
        )
    return at


def is_plain(start: str) -> bool:
    """Whether a run begins with an ordinary steady plant."""
    return start == "start" or start.startswith(PLAIN)


def base_case(
    plant: Plant, past: Past | None, store: Store | None, now: datetime, start: str, span: Span
) -> Case:
    """The case that scenarios are held against: the plant goes on from an instant as it stands and as it is used to.

    Args:
        plant: The plant. past: Reads its history for the model. store, now, start: See `begin_of`. span: How long.

    Raises:
        ScenarioFault: The start or the span cannot be had.
        FileFault: A foreign model cannot be used.
    """
    sound(span)
    at = begin_of(plant, store, now, start)
    if is_plain(start) or past is None:
        made = plain_case(plant, at, span)
    else:
        made = past.case(at, span.hours, runs=span.runs, seed=span.seed)
    return replace(made, foreign=foreign_models(plant))


def plain_case(plant: Plant, start: datetime, span: Span) -> Case:
    """A case from the plant file alone: an ordinary steady begin, weather that nobody measured."""
    case_steps = round(span.hours * 60.0)
    return Case(
        plant,
        start,
        span.hours,
        span.runs,
        span.seed,
        plain_weather(plant, start, case_steps, span),
    )


def plain_weather(plant: Plant, start: datetime, steps: int, span: Span) -> Weather:
    """Weather of a temperate day that nobody measured; the level differs from run to run.

    Stated assumptions: 9.5 degC +- 9 K over the year (coldest on 20 January), +- 4 K over the day, 3 K (1 sd) from run
    to run, 70 % humidity, a sun of 12 hours that reaches 600 W/m2 times a clearness of 0.2 to 1.
    """
    chance = Chance(span.seed, 0, span.runs)
    local = start.astimezone(plant.zone)
    hour = (local.hour + local.minute / 60.0 + np.arange(steps) / 60.0) % 24.0
    season = np.cos(2.0 * np.pi * (local.timetuple().tm_yday - 20) / 365.25)
    level = 9.5 - 9.0 * season + 3.0 * np.clip(chance.normal("weather.level"), -3.0, 3.0)[:, None]
    air = level - 4.0 * np.cos(2.0 * np.pi * (hour[None, :] - 3.0) / 24.0)
    clear = 0.2 + 0.8 * chance.uniform("weather.clear")[:, None]
    sun = clear * 600.0 * np.clip(np.sin(np.pi * (hour - 6.0) / 12.0), 0.0, None)[None, :]
    return Weather(air, humid_c(air, np.full_like(air, 70.0)), sun)


def weather_of(scenario: Scenario, case: Case, folder: Path) -> Weather | None:
    """The weather that a scenario's file holds for a case; None when it names none.

    Raises:
        FileFault: The file cannot be used.
        ScenarioFault: It lies outside of the scenario's folder.
    """
    part = scenario.part.weather
    if part is None or not part.file:
        return None
    path = (folder / part.file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ScenarioFault(
            f"{part.file} leads out of the folder of scenarios",
            expected="a file beside the scenario or below it",
            remedy="put the file there",
        )
    rows = read_weather(path, case.plant.zone)
    found = rows.over(case.start, case.steps, case.step_s, part.file)
    air = found["outdoor_c"][None, :]
    wet = (
        found["wet_bulb_c"][None, :]
        if "wet_bulb_c" in found
        else humid_c(air, found["humidity"][None, :])
    )
    return Weather(air, np.minimum(wet, air), found["sun_w_m2"][None, :])


def sound(span: Span) -> None:
    """Refuse a span that cannot be run.

    Raises:
        ScenarioFault: Always with what is allowed.
    """
    faults = []
    if not 0.25 <= span.hours <= MOST_HOURS:
        faults.append(f"{span.hours:g} h (a quarter of an hour to {MOST_HOURS:g} h)")
    if not 2 <= span.runs <= MOST_RUNS:
        faults.append(f"{span.runs} runs (2 to {MOST_RUNS:,})")
    if not faults and span.hours * span.runs > MOST_RUN_HOURS:
        faults.append(
            f"{span.runs} runs of {span.hours:g} h (at most {MOST_RUN_HOURS:,.0f} run-hours)"
        )
    if abs(span.hours * 4.0 - round(span.hours * 4.0)) > 1e-9:
        faults.append(f"{span.hours:g} h, which is no whole number of quarter hours")
    if faults:
        raise ScenarioFault(
            f"it was to run {' and '.join(faults)}",
            expected="a span that memory holds",
            remedy="ask for less",
        )


def _instant(text: str, plant: Plant) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ScenarioFault(
            f"{text!r} is no start",
            expected="`live`, `start` or an ISO time such as 2026-06-18T06:00",
            remedy="correct it",
        ) from None
    return (read if read.tzinfo else read.replace(tzinfo=plant.zone)).astimezone(UTC)
