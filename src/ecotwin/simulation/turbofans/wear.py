"""What flights take from an engine's margin, and what a wash gives back; for many runs and engines at once.

The margin is that of the exhaust gas temperature at rated take-off, 15 K above the standard day. Three parts are lost:
settling of the first flights, dirt on the compressor (a wash gives part of it back), and wear of core and turbines,
which grows with a power of the flights. Each kelvin lost costs a share of fuel.

Sources:
    Shape (quick first loss, slow middle, washable part): Kurz and Brun, Degradation in gas turbine systems, J. Eng. Gas
    Turbines Power 123 (2001); power law: in the place of the exponential growth of Saxena et al., Damage propagation
    modeling (PHM 2008), since it needs no time of onset. Numbers: the kind's facts, or a fit to the fleet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats

Z80 = 1.2815515655446004
"""Standard normal quantile of the upper end of an 80 % interval."""
LAW = (
    "egt_margin_new_k", "settling_k", "settling_cycles", "core_life_cycles", "core_life_k", "core_exponent", "dirt_k",
    "dirt_cycles", "wash_recovery", "fuel_share_per_k",
)  # fmt: skip
"""Facts of an engine in the order of the fields of `Wear`."""


class Told(Protocol):
    """Flights left of an engine with an 80 % interval, from whoever tells them: `watch`, or `maintenance.life`."""

    @property
    def unit(self) -> str:
        """The engine."""

    @property
    def low(self) -> float:
        """Flights that are left with nine chances in ten."""

    @property
    def high(self) -> float:
        """Flights that are left with one chance in ten."""


@dataclass(frozen=True, slots=True)
class Left:
    """Flights left of an engine by the law of wear: its middle, and its 80 % interval. `cycle`: flights flown."""

    unit: str
    cycle: float
    rul: float
    low: float
    high: float


@dataclass
class Wear:
    """Law of wear of some engines; every array [runs, engines] or a number.

    Attributes:
        margin_new_k: Margin as built [K]. settling_k, settling_cycles: What the first flights cost [K], in how many.
        core_cycles: Flights after which core and turbines have lost `core_k` [K]; each engine has its own.
        exponent: Power of the flights. dirt_k, dirt_cycles: Most that dirt costs [K], and in how many flights.
        recovery: Share of the dirt's loss that a wash gives back. fuel_per_k: Share of fuel by kelvin lost.
    """

    margin_new_k: Floats
    settling_k: Floats
    settling_cycles: Floats
    core_cycles: Floats
    core_k: Floats
    exponent: Floats
    dirt_k: Floats
    dirt_cycles: Floats
    recovery: Floats
    fuel_per_k: Floats

    @classmethod
    def of(cls, facts: Mapping[str, float]) -> Wear:
        """The law of a usual engine, from its facts by name."""
        return cls(*(np.asarray(facts[name]) for name in LAW))

    def standing(self, cycles: Floats, wash_every: Floats) -> tuple[Floats, Floats]:
        """Core loss and dirt [K] of engines of so many flights that were washed every so many."""
        since = cycles % wash_every
        begun = np.where(cycles < wash_every, 0.0, (1.0 - self.recovery) * self.dirt_k)
        return self.core_loss_k(cycles), self.dirtier(begun, since)

    def __post_init__(self) -> None:
        if (
            np.min(self.core_cycles) <= 0.0
            or np.min(self.dirt_cycles) <= 0.0
            or np.min(self.exponent) <= 0.0
        ):
            raise ScenarioFault(
                "a life of wear that is not above zero",
                expected="flights and a power above zero",
                remedy="correct core_life_cycles, dirt_cycles and core_exponent",
            )

    def core_loss_k(self, cycles: Floats) -> Floats:
        """Margin lost to core and turbines after flights, without settling [K]."""
        return np.asarray(self.core_k * (cycles / self.core_cycles) ** self.exponent)

    def settled_k(self, cycles: Floats) -> Floats:
        """Margin lost to settling [K]."""
        return np.asarray(self.settling_k * (1.0 - np.exp(-cycles / self.settling_cycles)))

    def equivalent(self, core_k: Floats) -> Floats:
        """Flights at usual take-off thrust that would have cost as much core margin."""
        return np.asarray(
            self.core_cycles * (np.maximum(core_k, 0.0) / self.core_k) ** (1.0 / self.exponent)
        )

    def flown(self, core_k: Floats, flights: Floats, severity: Floats) -> Floats:
        """Core loss after more flights of a severity (1: rated take-off) [K]."""
        return self.core_loss_k(self.equivalent(core_k) + flights * severity)

    def dirtier(self, dirt_k: Floats, flights: Floats) -> Floats:
        """Loss to dirt after more flights [K]."""
        return np.asarray(
            self.dirt_k + (dirt_k - self.dirt_k) * np.exp(-flights / self.dirt_cycles)
        )

    def left_k(self, cycles: Floats, core_k: Floats, dirt_k: Floats) -> Floats:
        """Margin left [K]."""
        return np.asarray(self.margin_new_k - self.settled_k(cycles) - core_k - dirt_k)

    def fuel_share(self, cycles: Floats, core_k: Floats, dirt_k: Floats) -> Floats:
        """Share of fuel above that of the engine as built."""
        return np.asarray(self.fuel_per_k * (self.settled_k(cycles) + core_k + dirt_k))


def life_left(
    law: Wear, spread: float, flights: Floats, core_k: Floats, core_sd_k: Floats, free_k: Floats
) -> tuple[Floats, Floats, Floats]:
    """Flights left until wear of core and turbines has taken what is free of the margin: low, middle, high (80 %).

    The logarithm of an engine's own life has a prior (the fleet) and one observation: its loss so far, which says
    little while it is small.

    Args:
        law: Of the usual engine. spread: Between engines, of the logarithm of life. flights: Since new or restored.
        core_k, core_sd_k: Loss seen and its standard deviation [K]. free_k: Margin that core wear may take [K].
    """
    n, core = np.maximum(flights, 1.0), np.maximum(core_k, 0.5)
    told = np.log(n) - np.log(core / law.core_k) / law.exponent
    doubt = core_sd_k / (law.exponent * core) + 0.02
    weight = spread**2 / (spread**2 + doubt**2)
    life = np.log(law.core_cycles) * (1.0 - weight) + told * weight
    sd = np.sqrt(spread**2 * (1.0 - weight))
    reach = (np.maximum(free_k, 1.0) / law.core_k) ** (1.0 / law.exponent)
    low, middle, high = (np.asarray(np.exp(life + z * sd) * reach - n) for z in (-Z80, 0.0, Z80))
    return low, middle, high
