"""When to wash an engine and when to replace its hot section: by fixed flights, by condition, or by what it is worth.

Every rule meets the same engines (the same draws of hardness, dirt, severity and measuring noise), so the difference of
two rules is theirs alone. A rule sees only what the twin sees: flights and a noisy margin. An engine whose true margin
is gone before its rule acted is a removal that nobody planned, and is counted as such.

Sources:
    Replacing early for what wear costs: Barlow and Hunter, Optimum preventive maintenance policies, Operations
    Research 8 (1960): act when n c(n) - sum of c up to n reaches the cost of acting, with c the growing cost by flight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Bools, Floats
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.turbofans.wear import LAW, Told, Wear, life_left

BLOCK = 50.0
"""Flights between two looks at an engine."""
RULES = ("fixed", "condition", "worth")
FACTS = (
    *LAW, "core_sd_share", "dirt_sd_share", "margin_noise_k",
    "restoration_recovery", "wash_cost", "wash_kg_co2e", "restoration_cost", "restoration_kg_co2e", "restoration_parts",
    "fixed_restoration_cycles", "unplanned_cost", "egt_limit_c",
)  # fmt: skip
_SEVERITY_SD = 0.1


@dataclass(frozen=True)
class Terms:
    """What a flight and its fuel are.

    Attributes:
        fuel_kg: Fuel of one engine in one flight, as built [kg]. fuel_price: [currency/kg]. fuel_kg_co2e: [kgCO2e/kg].
        carbon_price: What a kilogram of CO2e is worth to the rule `worth` [currency/kg]; it is never paid.
        wash_every: Flights between washes of the rule `fixed`. lead: Flights by which a replacement must be foreseen.
        reserve_k: Margin that is kept [K].
    """

    fuel_kg: float
    fuel_price: float
    fuel_kg_co2e: float
    carbon_price: float = 0.0
    wash_every: float = 1500.0
    lead: float = 350.0
    reserve_k: float = 4.0

    def __post_init__(self) -> None:
        wrong = [
            n
            for n in ("fuel_kg", "fuel_price", "fuel_kg_co2e", "wash_every", "lead")
            if getattr(self, n) <= 0.0
        ]
        wrong += [n for n in ("carbon_price", "reserve_k") if getattr(self, n) < 0.0]
        if wrong:
            raise ScenarioFault(
                f"{', '.join(wrong)} of the plan {'is' if len(wrong) == 1 else 'are'} not above zero",
                expected="fuel, prices, intervals and lead above zero; carbon price and reserve not below",
                remedy="correct them",
            )

    @property
    def worth(self) -> float:
        """What a kilogram of fuel is worth, with its carbon at the price of the rule [currency/kg]."""
        return self.fuel_price + self.carbon_price * self.fuel_kg_co2e


@dataclass(frozen=True)
class Upkeep:
    """What a rule led to, each [runs], summed over the engines.

    Attributes:
        rule: Its name. restorations: Hot sections replaced, planned or not. unplanned: Of these, not planned.
        parts: Parts replaced. washes: Number. fuel_kg: Burnt [kg]. co2e_kg: Fuel, washes and parts [kgCO2e].
        cost: Fuel, washes, parts and unplanned removals [currency]. flights: Flown by each engine.
    """

    rule: str
    restorations: Floats
    unplanned: Floats
    parts: Floats
    washes: Floats
    fuel_kg: Floats
    co2e_kg: Floats
    cost: Floats
    flights: float


@dataclass(frozen=True, slots=True)
class Due:
    """What an engine needs next.

    Attributes:
        engine: Its name. what: `wash` or `restoration`. flights: From now. low, high: 80 % interval; a wash has none.
        by: Date of `flights`, at the pace given. why: In words.
    """

    engine: str
    what: str
    flights: float
    low: float
    high: float
    by: date
    why: str


@dataclass(frozen=True, slots=True)
class Avoided:
    """What one rule avoids against another: mean over the runs, and the middle 90 % of them."""

    what: str
    mean: float
    low: float
    high: float


def avoided(usual: Upkeep, other: Upkeep) -> list[Avoided]:
    """What `other` avoids against `usual`, run by run; below zero: it takes more.

    Raises:
        ScenarioFault: The two were not run with the same runs.
    """
    if usual.fuel_kg.shape != other.fuel_kg.shape or usual.flights != other.flights:
        raise ScenarioFault(
            f"{len(usual.fuel_kg)} and {len(other.fuel_kg)} runs of {usual.flights:g} and {other.flights:g} flights",
            expected="two rules of the same runs",
            remedy="run both with one seed, one number of runs and one span",
        )
    found = []
    for what in ("restorations", "unplanned", "parts", "washes", "fuel_kg", "co2e_kg", "cost"):
        less = getattr(usual, what) - getattr(other, what)
        found.append(
            Avoided(what, float(less.mean()), *(float(q) for q in np.quantile(less, (0.05, 0.95))))
        )
    return found


def facts_of(plant: Plant, engine: str) -> dict[str, float]:
    """What the plant file and the kind say of an engine's wear and upkeep.

    Raises:
        ScenarioFault: A fact is missing or no number; all are named.
    """
    known = plant.element(engine).kind_facts
    wrong = [
        n
        for n in FACTS
        if not isinstance(known.get(n), float | int) or isinstance(known.get(n), bool)
    ]
    if wrong:
        raise ScenarioFault(
            f"{engine} has no number for {', '.join(wrong)}",
            expected="facts of kind turbofan_engine",
            remedy="add them to the facts of the machine in the plant file",
        )
    return {n: float(known[n]) for n in FACTS}


def plan(
    facts: Mapping[str, float],
    terms: Terms,
    rule: str,
    *,
    engines: int,
    flights: float,
    runs: int,
    seed: int,
    flown: float = 0.0,
) -> Upkeep:
    """Let a rule keep a fleet for some flights.

    Args:
        facts: From `facts_of`. terms: Fuel and prices. rule: `fixed`: wash and replace after fixed flights;
            `condition`: wash as often as it pays, replace when the lower bound of life left comes near; `worth`: as
            `condition`, but replace earlier when lost fuel (and carbon at its price) outweighs a restoration.
        engines: Number. flights: Of each engine. runs, seed: Draws. flown: Flights since new at the begin.

    Raises:
        ScenarioFault: The rule is unknown, or nothing is to be planned.
    """
    if rule not in RULES or engines < 1 or runs < 1 or flights < BLOCK or flown < 0.0:
        raise ScenarioFault(
            f"a plan by {rule!r} for {engines} engines, {flights:g} flights after {flown:g}, {runs} runs",
            expected=f"{', '.join(RULES)}; engines and runs, and at least {BLOCK:g} flights",
            remedy="correct the plan",
        )
    fleet = _Fleet(facts, terms, Chance(seed, 0, runs), engines, flown)
    every = wash_interval(facts, terms)
    for block in range(round(flights / BLOCK)):
        fleet.fly(block)
        fleet.forced()
        if rule == "fixed":
            fleet.replace(fleet.since_restored >= facts["fixed_restoration_cycles"])
            fleet.wash(fleet.since_washed >= terms.wash_every)
        else:
            due = fleet.left_low() < terms.lead
            fleet.replace(due | fleet.pays_restoration() if rule == "worth" else due)
            fleet.wash(fleet.since_washed >= every)
    return fleet.told(rule, flights)


def agenda(
    facts: Mapping[str, float],
    terms: Terms,
    left: Sequence[Told],
    since_wash: Mapping[str, float],
    *,
    flights_a_day: float,
    today: date,
) -> list[Due]:
    """What every engine needs next and when, the soonest first: the plan of the rule `condition`.

    Args:
        facts: From `facts_of`. terms: Fuel and prices. left: Life left, of `watch` or `maintenance.life`. since_wash:
            Engine -> flights since its last wash. flights_a_day: Pace. today: Where dates count from.

    Raises:
        ScenarioFault: The pace is not above zero, or an engine's last wash is not told.
    """
    lacking = [e.unit for e in left if e.unit not in since_wash]
    if flights_a_day <= 0.0 or lacking:
        raise ScenarioFault(
            f"{flights_a_day:g} flights a day"
            + (f", no wash told of engine {', '.join(lacking)}" if lacking else ""),
            expected="a pace above zero and the flights since each engine's last wash",
            remedy="correct them",
        )
    every = wash_interval(facts, terms)
    made = []
    for engine in left:
        wash = max(0.0, every - since_wash[engine.unit])
        due = max(0.0, engine.low - terms.lead)
        why = f"{engine.low:,.0f} to {engine.high:,.0f} flights left (80 %), {terms.lead:,.0f} kept to prepare"
        for what, at, low, high, reason in (
            ("restoration", due, due, max(due, engine.high - terms.lead), why),
            ("wash", wash, wash, wash, f"lost fuel outweighs a wash every {every:,.0f} flights"),
        ):
            made.append(
                Due(
                    engine.unit,
                    what,
                    at,
                    low,
                    high,
                    today + timedelta(days=at / flights_a_day),
                    reason,
                )
            )
    return sorted(made, key=lambda d: (d.flights, d.engine))


def wash_interval(facts: Mapping[str, float], terms: Terms) -> float:
    """Flights between washes at which dirt and washes together cost least by flight, a multiple of `BLOCK`.

    A wash leaves a share of the dirt it finds, so a usual engine's dirt runs between two values that the interval
    itself sets; the mean of that course is what the fuel sees.
    """
    n = np.arange(BLOCK, 20_000.0, BLOCK)
    most, left, spread = facts["dirt_k"], 1.0 - facts["wash_recovery"], facts["dirt_cycles"]
    fade = np.exp(-n / spread)
    after = left * most * (1.0 - fade) / (1.0 - left * fade)
    mean = most + (after - most) * (1.0 - fade) * spread / n
    by_k = terms.fuel_kg * terms.worth * facts["fuel_share_per_k"]
    wash = facts["wash_cost"] + terms.carbon_price * facts["wash_kg_co2e"]
    return float(n[np.argmin(by_k * mean + wash / n)])


class _Fleet:
    """Engines of all runs, their true state and what the twin thinks of them; every array [runs, engines]."""

    def __init__(
        self, facts: Mapping[str, float], terms: Terms, chance: Chance, engines: int, flown: float
    ) -> None:
        self.facts, self.terms, self.chance = facts, terms, chance
        shape = (chance.runs, engines)
        self.names = [f"engine.{n}" for n in range(engines)]
        hard = np.exp(facts["core_sd_share"] * self._normal("life", 0))
        dirty = np.exp(facts["dirt_sd_share"] * self._normal("dirt", 0))
        whole = np.ones(shape)
        self.wear = Wear(
            facts["egt_margin_new_k"] * whole, facts["settling_k"] * whole, facts["settling_cycles"] * whole,
            facts["core_life_cycles"] * hard, facts["core_life_k"] * whole, facts["core_exponent"] * whole,
            facts["dirt_k"] * dirty, facts["dirt_cycles"] * whole, facts["wash_recovery"] * whole,
            facts["fuel_share_per_k"] * whole,
        )  # fmt: skip
        self.usual = Wear.of(facts)
        self.cycles = np.full(shape, flown)
        self.core = self.wear.core_loss_k(self.cycles)
        self.for_good = np.zeros(shape)
        self.dirt = np.zeros(shape)
        self.dirt = self.wear.dirtier(self.dirt, self.cycles % terms.wash_every)
        self.since_washed = self.cycles % terms.wash_every
        self.since_restored = self.cycles.copy()
        self.seen_core: Floats = self.core + facts["margin_noise_k"] * self._normal("first", 0)
        self.lost_core = np.zeros(shape)
        self.money = terms.fuel_kg * terms.worth * facts["fuel_share_per_k"]
        self.fuel, self.restored, self.unplanned, self.washed = (
            np.zeros(chance.runs) for _ in range(4)
        )

    def _normal(self, what: str, number: int) -> Floats:
        return np.stack([self.chance.normal(f"{name}.{what}", number) for name in self.names], 1)

    def fly(self, block: int) -> None:
        """A block of flights, and what the twin learns of it."""
        terms, wear = self.terms, self.wear
        share = wear.fuel_share(self.cycles, self.core + self.for_good, self.dirt)
        severity = np.exp(_SEVERITY_SD * self._normal("severity", block))
        core, dirt = (
            wear.flown(self.core, np.full_like(self.core, BLOCK), severity),
            wear.dirtier(self.dirt, np.asarray(BLOCK)),
        )
        self.cycles = self.cycles + BLOCK
        after = wear.fuel_share(self.cycles, core + self.for_good, dirt)
        self.fuel += (terms.fuel_kg * BLOCK * (1.0 + 0.5 * (share + after))).sum(axis=1)
        self.core, self.dirt = core, dirt
        self.since_washed, self.since_restored = (
            self.since_washed + BLOCK,
            self.since_restored + BLOCK,
        )
        noise = self.facts["margin_noise_k"] * self._normal("noise", block)
        seen = self.core + (self.dirt - self.usual_dirt()) + noise
        before, self.seen_core = self.seen_core, self.seen_core + 0.12 * (seen - self.seen_core)
        self.lost_core += self.money * BLOCK * 0.5 * np.maximum(0.0, before + self.seen_core)

    def usual_dirt(self) -> Floats:
        """Loss to dirt that the twin expects of a usual engine since its last wash [K]."""
        left = (1.0 - self.usual.recovery) * self.usual.dirt_k
        return self.usual.dirtier(
            np.where(self.since_washed < self.cycles, left, 0.0), self.since_washed
        )

    def forced(self) -> None:
        """Engines whose margin is gone come off the wing now."""
        gone = self.wear.left_k(self.cycles, self.core + self.for_good, self.dirt) <= 0.0
        self.unplanned += gone.sum(axis=1)
        self.replace(gone)

    def left_low(self) -> Floats:
        """Lower end of the 80 % interval of flights left; what a restoration left behind is known from its test."""
        law, facts = self.usual, self.facts
        sd = 0.35 * facts["margin_noise_k"] + 0.15 * facts["dirt_k"]
        free = law.margin_new_k - law.settling_k - law.dirt_k - self.terms.reserve_k - self.for_good
        since = np.maximum(self.since_restored, BLOCK)
        return life_left(law, facts["core_sd_share"], since, self.seen_core, np.asarray(sd), free)[
            0
        ]

    def pays_restoration(self) -> Bools:
        """Whether another flight with the wear that is seen costs more than the average with a restoration."""
        loss = self.money * self.seen_core * self.since_restored - self.lost_core
        cost = (
            self.facts["restoration_cost"]
            + self.terms.carbon_price * self.facts["restoration_kg_co2e"]
        )
        return np.asarray(loss >= cost)

    def wash(self, which: Bools) -> None:
        """Wash these engines."""
        self.washed += which.sum(axis=1)
        self.dirt = np.where(which, (1.0 - self.wear.recovery) * self.dirt, self.dirt)
        self.since_washed = np.where(which, 0.0, self.since_washed)

    def replace(self, which: Bools) -> None:
        """Restore these engines: they come back clean, without what cannot be restored."""
        self.restored += which.sum(axis=1)
        rest = (1.0 - self.facts["restoration_recovery"]) * self.core
        self.for_good = self.for_good + np.where(which, rest, 0.0)
        self.core = np.where(which, 0.0, self.core)
        self.dirt = np.where(which, 0.0, self.dirt)
        self.seen_core = np.where(which, 0.0, self.seen_core)
        for name in ("since_washed", "since_restored", "lost_core"):
            setattr(self, name, np.where(which, 0.0, getattr(self, name)))

    def told(self, rule: str, flights: float) -> Upkeep:
        """Books of the whole span."""
        f, t = self.facts, self.terms
        co2e = (
            self.fuel * t.fuel_kg_co2e
            + self.washed * f["wash_kg_co2e"]
            + self.restored * f["restoration_kg_co2e"]
        )
        cost = self.fuel * t.fuel_price + self.washed * f["wash_cost"]
        cost = cost + self.restored * f["restoration_cost"] + self.unplanned * f["unplanned_cost"]
        parts = self.restored * f["restoration_parts"]
        return Upkeep(
            rule, self.restored, self.unplanned, parts, self.washed, self.fuel, co2e, cost, flights
        )
