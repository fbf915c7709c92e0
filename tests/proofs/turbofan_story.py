"""The story of the engine fleet in plain functions: a recorded day, a day ahead, life left, upkeep on true lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import Period
from ecotwin.cycle.asking import Asked
from ecotwin.maintenance.fleet import Fleet, gather
from ecotwin.maintenance.life import Left, LifeModel, learn_life
from ecotwin.plant import Plant, load
from ecotwin.records import Floats, Samples, Window
from ecotwin.simulation.calibration.turbofans import plug
from ecotwin.simulation.contract import Case, Image, Known
from ecotwin.simulation.engine import run
from ecotwin.simulation.observed import observe
from ecotwin.simulation.surroundings import Weather
from ecotwin.simulation.turbofans.upkeep import (
    Avoided,
    Terms,
    Upkeep,
    avoided,
    facts_of,
    plan,
    wash_interval,
)
from ecotwin.simulation.turbofans.watch import Watched, watch
from ecotwin.simulation.turbofans.watch import reports as flights
from ecotwin_standin.engines import RATED_N, Engine, Wear
from ecotwin_standin.gaspath import air
from ecotwin_standin.lives import COLUMNS, HOT_DAY_K, Life, lives
from ecotwin_standin.plantside import Plantside
from ecotwin_standin.recording import write_days
from ecotwin_standin.world import World
from proofs import month

FLEET = month.ROOT / "plants" / "turbofan.yaml"
EVERY = 100.0
"""Flights between two take-off reports of the made lives."""
NEAR_SHARE = 0.6
"""Share of the median life from which on engines count as equally far from their end: upkeep asks who is near it."""
CONDITIONS = ("height", "mach", "thrust", "inlet")
"""Of a report [m, 1, kN, degC]."""
TERMS = Terms(fuel_kg=2450.0, fuel_price=0.82, fuel_kg_co2e=3.184)
"""Fuel of one engine in one flight as the stand-in flies it; price and factor of the plant file."""


@cache
def fleet() -> Plant:
    """The plant file."""
    return load(FLEET)


# -- a recorded day -------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """What the twin says of a recorded day, and what really was.

    Attributes:
        told: (element, indicator) -> value, low, high. fuel_kg, nox_kg, flights: Truth of the site. findings: Titles.
    """

    told: dict[tuple[str, str], tuple[float, float, float]]
    fuel_kg: float
    nox_kg: float
    flights: float
    findings: tuple[str, ...]


def recorded_day(folder: Path, seed: int, start: datetime) -> Day:
    """Record a day of the stand-in in minutes, play it through the twin, and ask for its figures."""
    side = Plantside(fleet(), start.astimezone(UTC), seed, None, 60.0, None, follow=False)
    world = side.world
    frames = [m.id for m in fleet().machines if m.kind == "airframe"]
    before = sum(world.machines[f].v["flights"] for f in frames)
    files = write_days(fleet(), _batches(side), folder / "days", "parquet", lambda _: None)
    plant = month.recorded_plant(FLEET)
    twin = month.twin_of(plant, [path for path, _ in files], folder / "twin")
    try:
        month.play(twin)
        asked = Asked(plant, twin.store, twin.ledger, twin.now())
        period = Period(start.astimezone(UTC), start.astimezone(UTC) + timedelta(days=1))
        places = [plant.site.id, "aircraft_1", "engine_1a", "test_cell_1"]
        accounts = asked.accounts(period, places)
        told = {}
        for place in places:
            for name in ("ghg.scope1", "air.nox", "cost.fuel"):
                m = accounts.of(place, name)
                told[place, name] = (m.value, m.low, m.high)
        found = tuple(f.title for f in month.findings_of(twin))
    finally:
        twin.stop()
    flights = sum(world.machines[f].v["flights"] for f in frames) - before
    return Day(told, world.totals["fuel_kg"], world.totals["nox_kg"], flights, found)


def _batches(side: Plantside) -> Iterator[Samples]:
    order = np.array(side.world.order, np.int32)
    for _ in range(6):
        stamps, values, silent = side.run(240)
        keep = ~silent.ravel()
        yield Samples.of(
            np.tile(order, 240)[keep],
            np.repeat(np.array(stamps, np.int64), len(order))[keep],
            values.ravel()[keep],
        )


@dataclass(frozen=True)
class Ahead:
    """Days run ahead beside the same days of the stand-in; every figure: truth, mean, 5 and 95 % of the runs."""

    flights: tuple[float, ...]
    fuel_kg: tuple[float, ...]
    nox_kg: tuple[float, ...]
    fuel_per_flight: tuple[float, ...]
    nox_per_flight: tuple[float, ...]


def ahead(
    seed: int, start: datetime, days: int = 2, runs: int = 100, parameters: Mapping[str, Known] | None = None
) -> Ahead:  # fmt: skip
    """Run the fleet ahead from the stand-in's image, doing nothing, and let the stand-in live the same days."""
    world = World(fleet(), start, seed, 60.0)
    values = {fleet().signals[i].id: v for i, v in zip(world.order, world.values(), strict=True)}
    steps = days * 1440
    outdoor = np.empty((1, steps))
    before, flown = dict(world.totals), _flown(world)
    for n in range(steps):
        world.step()
        outdoor[0, n] = world.weather.temperature_c
    case = Case(
        fleet(), start, 24.0 * days, runs, 1000 + seed, Weather(outdoor, outdoor - 4.0, np.zeros((1, steps))),
        parameters=parameters or {}, image=Image(start, values),
    )  # fmt: skip
    outcome = run(case)
    flights = outcome.total("flights")
    truth = _flown(world) - flown
    fuel, nox = (world.totals[q] - before[q] for q in ("fuel_kg", "nox_kg"))

    def beside(real: float, made: Floats) -> tuple[float, ...]:
        return real, float(made.mean()), *(float(q) for q in np.quantile(made, (0.05, 0.95)))

    return Ahead(
        beside(truth, flights),
        beside(fuel, outcome.total("fuel_kg")),
        beside(nox, outcome.total("nox_kg")),
        beside(fuel / truth, outcome.total("fuel_kg") / flights),
        beside(nox / truth, outcome.total("nox_kg") / flights),
    )


def _flown(world: World) -> float:
    return sum(m.v["flights"] for m in world.machines.values() if m.kind == "airframe")


def minutes(seed: int, start: datetime, days: int) -> Window:
    """Days of the stand-in in minutes as a window, without any meter between."""
    world = World(fleet(), start, seed, 60.0)
    rows = [world.values()]
    for _ in range(days * 1440):
        world.step()
        rows.append(world.values())
    table = np.zeros((len(rows), len(fleet().signals)))
    table[:, world.order] = np.array(rows)
    counters = np.array([s.form == "counter" for s in fleet().signals])
    now, before = table[1:], table[:-1]
    whole = np.ones(now.shape)
    return Window(
        Period(start, start + timedelta(days=days)), 60, tuple(range(len(fleet().signals))), now, now, now, now,
        np.where(counters, now - before, np.nan), whole, 0.0 * whole, whole.astype(np.int64),
    )  # fmt: skip


def calibrated(seed: int, start: datetime, days: int = 2) -> Mapping[str, Known]:
    """What flown minutes of some days say of the fleet's parameters."""
    return plug.fit(fleet(), plug.gather(observe(fleet(), minutes(seed, start, days))), {})


# -- life left ------------------------------------------------------------------------------


def reports(made: Sequence[Life], keep: Mapping[int, int] | None = None) -> Fleet:
    """Take-off reports of lives, each up to a number of reports; none: to the end."""
    cut = [(life, len(life.cycles) if keep is None else keep[life.unit]) for life in made]
    return _fleet([(f"engine_{life.unit}", life, n) for life, n in cut])


def _fleet(cut: Sequence[tuple[str, Life, int]]) -> Fleet:
    """So many reports of each life, under a name: what the engine's sensors told, and the conditions of the report."""
    names = [name for name, _, n in cut for _ in range(n)]
    cycles = np.concatenate([life.cycles[:n] for _, life, n in cut])
    rows = [np.column_stack([life.sensors[:n], life.settings[:n]]) for _, life, n in cut]
    return gather(names, cycles, (*COLUMNS, *CONDITIONS), np.concatenate(rows))


def judged(
    told: Sequence[Any], truth: Floats, by_age: Floats, name: str = "whole"
) -> dict[str, float]:
    """How well life left was told; `name`: what holds the middle."""
    rul, low, high = (np.array([getattr(e, n) for e in told]) for n in (name, "low", "high"))
    return {
        "engines": float(len(told)),
        "rmse": float(np.sqrt(np.mean((rul - truth) ** 2))),
        "rmse_by_age": float(np.sqrt(np.mean((by_age - truth) ** 2))),
        "bias": float(np.mean(rul - truth)),
        "coverage": float(np.mean((low <= truth) & (truth <= high))),
        "width": float(np.mean(high - low)),
    }


@cache
def learned(seed: int, count: int) -> LifeModel:
    """A model of the stand-in's engines that were followed to their end."""
    followed = reports(lives(seed, count, EVERY))
    return learn_life(followed, cap=NEAR_SHARE * float(np.median(followed.ends)))


def life_left(seed: int, followed: int = 40, asked: int = 40) -> dict[str, float]:
    """Engines of one seed teach; those of another are asked at one moment of their life each."""
    model = learned(seed, followed)
    median = np.median([life.end for life in lives(seed, followed, EVERY)])
    made = lives(seed + 5000, asked, EVERY)
    rng = np.random.default_rng(seed)
    keep = {life.unit: int(rng.integers(20, len(life.cycles))) for life in made}
    told = model.tell(reports(made, keep))
    flown = np.array([life.cycles[keep[life.unit] - 1] for life in made])
    truth = np.array([life.end for life in made]) - flown
    return judged(told, truth, np.maximum(0.0, median - flown)) | {"near": _near(told, truth)}


def _near(told: Sequence[Left], truth: Floats) -> float:
    error = np.array([e.whole for e in told]) - truth
    return float(np.sqrt(np.mean(error[truth < 4000.0] ** 2)))


@dataclass(frozen=True)
class Served:
    """Engines of true lives taken off by the plan and by fixed flights: mean flights of each, and engines too late."""

    engines: int
    by_condition: float
    by_fixed: float
    late_condition: int
    late_fixed: int
    possible: float


def served(seed: int, followed: int = 40, asked: int = 25) -> Served:
    """Follow engines of another seed report by report; each comes off when the low end of its life left nears."""
    model = learned(seed, followed)
    facts = facts_of(fleet(), "engine_1a")
    fixed = facts["fixed_restoration_cycles"]
    off, late, plain, plain_late = [], 0, [], 0
    made = lives(seed + 9000, asked, EVERY)
    for life in made:
        moments = range(20, len(life.cycles) + 1, 2)
        told = model.tell(_fleet([(f"engine_{life.unit} at {n}", life, n) for n in moments]))
        due = next((e.cycle for e in told if e.low < TERMS.lead), None)
        late += due is None
        off.append(life.end if due is None else due)
        plain_late += life.end < fixed
        plain.append(min(life.end, fixed))
    ends = float(np.mean([life.end for life in made]))
    return Served(asked, float(np.mean(off)), float(np.mean(plain)), late, plain_late, ends)


# -- the fleet that flies -------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """An engine as two days of flights show it, and what is true of it [K], [flights]."""

    watched: Watched
    lost_k: float
    margin_k: float
    left: float


@cache
def seen(seed: int, start: datetime) -> tuple[Seen, ...]:
    """Watch a fleet for two days; then let each engine live on until its margin is gone."""
    window = minutes(seed, start, 2)
    world = World(fleet(), start, seed, 60.0)
    engines = [m for m in world.machines.values() if isinstance(m, Engine)]
    plug_of = {e.id: f"{e.id}.tested_egt" for e in engines}
    tested = {
        e: float(window.last[-1, window.column(fleet().signal(s).index)])
        for e, s in plug_of.items()
    }
    by_id = {e.id: e for e in engines}
    return tuple(
        Seen(w, *_true(by_id[w.engine], 273.15 + facts_of(fleet(), w.engine)["egt_limit_c"]))
        for w in watch(fleet(), flights(fleet(), window), tested)
    )


def _true(engine: Engine, limit_k: float) -> tuple[float, float, float]:
    """Margin lost and left on a hot day [K], and flights until none is left."""

    def hot() -> float:
        return engine.path.at_thrust(RATED_N, *air(0.0, HOT_DAY_K), 0.0, engine.health()).t50

    now, wear = hot(), engine.wear
    engine.wear = Wear(wear.hardness, wear.dirt)
    new = hot()
    engine.wear = replace(wear)
    while hot() < limit_k and engine.wear.cycles < 60_000.0:
        take_off = engine.path.at_thrust(RATED_N, *air(0.0, -4.0), 0.0, engine.health())
        engine.wear.fly(50.0, take_off.t4, 1.0, 1500.0)
    return now - new, limit_k - now, engine.wear.cycles - wear.cycles


def watched_all(seeds: Sequence[int], start: datetime) -> dict[str, float]:
    """How well fleets of several seeds are watched."""
    every = [s for seed in seeds for s in seen(seed, start)]
    lost = np.array([s.watched.lost_k - s.lost_k for s in every])
    margin = np.array([s.watched.margin_k - s.margin_k for s in every])
    truth = np.array([s.left for s in every])
    found = judged([s.watched.left for s in every], truth, truth, "rul")
    return found | {
        "lost_k": float(np.sqrt(np.mean(lost**2))),
        "margin_k": float(np.sqrt(np.mean(margin**2))),
    }


# -- upkeep ---------------------------------------------------------------------------------


def plans(
    seed: int, runs: int = 200, flights: float = 30_000.0
) -> dict[str, tuple[Upkeep, list[Avoided]]]:
    """Rules of upkeep for six engines beside the fixed one: name -> what came of it, and what it avoids."""
    facts = facts_of(fleet(), "engine_1a")
    best = wash_interval(facts, TERMS)
    dear = Terms(TERMS.fuel_kg, TERMS.fuel_price, TERMS.fuel_kg_co2e, carbon_price=0.12)
    often = Terms(TERMS.fuel_kg, TERMS.fuel_price, TERMS.fuel_kg_co2e, wash_every=best)

    def made(terms: Terms, rule: str) -> Upkeep:
        return plan(facts, terms, rule, engines=6, flights=flights, runs=runs, seed=seed)

    usual = made(TERMS, "fixed")
    others = {
        f"fixed, washed every {best:,.0f} flights": made(often, "fixed"),
        "by condition": made(TERMS, "condition"),
        "by condition, CO2e worth 120 a tonne": made(dear, "worth"),
    }
    found = {"fixed": (usual, avoided(usual, usual))}
    return found | {name: (other, avoided(usual, other)) for name, other in others.items()}
