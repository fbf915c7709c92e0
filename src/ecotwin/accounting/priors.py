"""What is expected of a machine before it has been measured: what its kind's facts say, or what its siblings show.

A machine's coefficients divided by its own rated power are compared with those of its siblings; their mean and scatter
(`learning.pooling`) take the place of the kind's guess until the machine knows itself. What its siblings lent stays its
prior for what it has not yet done itself (a product, a state).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecotwin.accounting import drivers as d
from ecotwin.accounting.drivers import WIDTH, Drivers
from ecotwin.learning.pooling import scattered
from ecotwin.plant.model import STATES
from ecotwin.records import Bools, Floats

STATE_COUNT = 7
TOLD_SHARE = 0.5
"""A coefficient is a machine's own when its data leave less of the kind's variance than this."""


class Priors:
    """Prior of every machine.

    Args:
        drivers: Machines with their kinds.

    Attributes:
        mean, sd: [machines, WIDTH] of the coefficients. scatter: [machines, states] of a minute [kW].
        known: [machines, WIDTH] whether anything speaks for the mean. lenders: Machine -> siblings it started from.
    """

    def __init__(self, drivers: Drivers) -> None:
        self._machines = drivers.machines
        self.mean, self.sd, self.scatter, self._size = _of_kinds(drivers)
        self.known: Bools = np.isfinite(self.mean)
        self._kind = (np.nan_to_num(self.mean), self.sd.copy(), self.known.copy())
        groups: dict[str, list[int]] = {}
        for m, e in enumerate(self._machines):
            # A meter that tells no state may feed anything: two of them have nothing in common.
            if e.kind and not drivers.stateless[m]:
                groups.setdefault(e.kind, []).append(m)
        self._groups = [np.array(g) for g in groups.values() if len(g) > 1]
        self.lenders: dict[str, tuple[str, ...]] = {}

    @property
    def precision(self) -> Floats:
        """[machines, WIDTH]."""
        return np.asarray(1.0 / self.sd**2)

    def lend(self, beta: Floats, covariance: Floats, seasoned: Bools) -> bool:
        """Let machines that do not know themselves yet start from siblings that do; whether anything was lent.

        How far a minute scatters is not lent: with the narrow scatter of a known machine about a mean that is not its
        own, a new one would take its own minutes for outliers and never learn them.

        Args:
            beta: [machines, WIDTH] what each knows. covariance: [machines, WIDTH, WIDTH] of that.
            seasoned: [machines] whether it knows itself.
        """
        lent = False
        for group in self._groups:
            givers, takers = group[seasoned[group]], group[~seasoned[group]]
            if not (len(givers) and len(takers)):
                continue
            lent = True
            size = self._size[givers][:, None]
            variance = np.einsum("mkk->mk", covariance[givers])
            own = variance < TOLD_SHARE * self._kind[1][givers] ** 2
            values = np.where(own, beta[givers] / size, np.nan)
            variances = np.where(own, variance / size**2, np.nan)
            for m in takers:
                guess = (self._kind[0][m] / self._size[m], self._kind[1][m] / self._size[m])
                mean, sd = scattered(values, variances, *guess)
                told = own.any(axis=0)
                self.mean[m] = np.where(told | self._kind[2][m], mean * self._size[m], np.nan)
                self.sd[m] = sd * self._size[m]
                self.known[m] = self._kind[2][m] | told
                self.lenders[self._machines[m].id] = tuple(self._machines[g].id for g in givers)
        return lent

    def state(self) -> dict[str, Any]:
        """What was lent, as JSON."""
        place = {e.id: m for m, e in enumerate(self._machines)}
        return {
            element: {
                "from": list(lenders),
                "mean": np.nan_to_num(self.mean[place[element]]).tolist(),
                "sd": self.sd[place[element]].tolist(),
                "known": self.known[place[element]].tolist(),
            }
            for element, lenders in self.lenders.items()
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what was lent again; machines that are gone are dropped."""
        for m, e in enumerate(self._machines):
            told = state.get(e.id)
            if told is None or len(told["mean"]) != WIDTH:
                continue
            self.known[m] = np.asarray(told["known"], np.bool_)
            self.mean[m] = np.where(self.known[m], np.asarray(told["mean"]), np.nan)
            self.sd[m] = np.asarray(told["sd"])
            self.lenders[e.id] = tuple(told["from"])


def _of_kinds(drivers: Drivers) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean and sd of the coefficients, nominal scatter of a minute by state, and rated power, by the kinds' facts."""
    machines = drivers.machines
    mean = np.full((len(machines), WIDTH), np.nan)
    sd = np.full((len(machines), WIDTH), 1e-4)
    scatter = np.ones((len(machines), STATE_COUNT))
    size = np.ones(len(machines))
    for m, e in enumerate(machines):
        facts = e.kind_facts
        share = float(facts.get("kw_sd_share", 0.3))
        named = {s: float(facts[f"kw_{n}"]) for n, s in STATES.items() if f"kw_{n}" in facts}
        top = max(named.values(), default=float("nan"))
        scale = size[m] = top if np.isfinite(top) and top > 0.0 else 1000.0
        for s in range(STATE_COUNT):
            mean[m, s] = named.get(s, np.nan)
            sd[m, s] = share * named[s] + 0.02 * scale if s in named else 2.0 * scale
            scatter[m, s] = sd[m, s] if s in named else 0.3 * scale
        mean[m, STATE_COUNT:] = 0.0
        mean[m, d.COOLING] = 10.0 * float(facts.get("kw_per_degC_outdoor", 0.0))
        own = drivers.makes_parts[m]
        sd[m, d.RATE] = 0.3 * scale if own else 1e-4
        sd[m, d.PRODUCT0 : d.COOLING] = 0.1 * scale if own else 1e-4
        sd[m, [d.COOLING, d.HEATING]] = (0.03 if own else 0.2) * scale
        if not own:
            sd[m, d.PLANT_RATE : d.SEASON0] = 0.3 * scale
        if drivers.stateless[m]:
            sd[m, d.SEASON0 :] = 0.5 * scale
    return mean, sd, scatter, size
