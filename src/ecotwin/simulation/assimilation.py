"""Fits what no formula can: parameters of utilities, until the model's runs over past days do what the meters say.

All runs of an ensemble go over recorded days with the weather as it was and with what the lines really drew. Each run
has its own draw of every uncertain parameter (leaks, specific energy of compressors, COP, losses of halls and ovens,
efficiency). Where an amount that a meter tells varies over the runs with a parameter, the parameter moves towards what
was measured, and its spread shrinks as far as the data tell; this is repeated with the data's error split over the
rounds, so that it works for a model that is not linear. A correlation that chance alone could make moves nothing.

Sources:
    Ensemble smoother with multiple data assimilation: Emerick and Reynolds, Computers & Geosciences 55 (2013).
    Localisation by correlation: Luo and Bhakta, J. Petroleum Sci. Eng. 184 (2020).
    Stated assumptions: error of a block of hours 8 % of its amount and 2 % of the meter's mean block, for what the
    model leaves out; which parameters are fitted, and how sure they are before, stands in `fitted.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, cast

import numpy as np

from ecotwin.records import Floats
from ecotwin.simulation.assembly import units_of
from ecotwin.simulation.compared import Key
from ecotwin.simulation.contract import Board, Case, Draw, Known, State, Unit
from ecotwin.simulation.engine import Engine
from ecotwin.simulation.surroundings import Surroundings

ROUNDS = 3
BLOCK_H = 4
_SHARE, _FLOOR = 0.08, 0.02
_CHANCE = 3.0
"""Correlations below this many times 1 / sqrt(runs) count as none."""
_HIGHEST_SHARE = 0.98


@cache
def priors() -> Mapping[str, float]:
    """The table `fitted.csv`: parameter -> standard deviation as a share of its value before anything was measured.

    >>> priors()["leak_m3_h"]
    0.6
    """
    text = (files("ecotwin.simulation") / "fitted.csv").read_text(encoding="utf-8")
    return {row["name"]: float(row["sd_share"]) for row in csv.DictReader(text.splitlines())}


@dataclass
class Recorded:
    """Stands in for lines: asks of the nets what was measured.

    Attributes:
        flows: Net -> [steps] asked. given: Name -> [steps] what units read of each other.
    """

    flows: Mapping[str, Floats]
    given: Mapping[str, Floats]
    name: str = "recorded"
    machines: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    asks: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.may_ask = tuple(self.flows)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:  # noqa: ARG002
        """Nothing to remember."""
        return {}

    def step(self, state: State, board: Board) -> None:  # noqa: ARG002
        """Ask what was asked."""
        for net, flow in self.flows.items():
            board.ask(net, np.full(board.runs, flow[board.step]))
        for name, value in self.given.items():
            board.given[name] = np.full(board.runs, value[board.step])


class _Members:
    """A draw that hands out an ensemble's own values, and notes which parameters a unit asks for."""

    def __init__(
        self,
        draw: Draw,
        values: dict[str, Floats],
        prior: dict[str, Known],
        held: Mapping[str, Known],
    ) -> None:
        self.runs, self.chance = draw.runs, draw.chance
        self._draw, self._values, self._prior, self._held = draw, values, prior, held

    def parameter(
        self, machine: str, name: str, default: float | None = None, share: float = 0.0
    ) -> Floats:
        """See `contract.Draw.parameter`."""
        key = f"{machine}.{name}"
        if key in self._values:
            return self._values[key]
        drawn = self._draw.parameter(machine, name, default, share)
        value = float(np.mean(drawn))
        if name in priors() and value > 0.0 and key not in self._held:
            sd = max(float(np.std(drawn)), priors()[name] * value)
            normal = np.clip(self.chance.normal(key), -2.5, 2.5)
            # Log-normal: what is above zero stays there.
            spread = np.sqrt(np.log1p((sd / value) ** 2))
            drawn = value * np.exp(spread * normal - 0.5 * spread**2)
            drawn = np.minimum(drawn, _HIGHEST_SHARE) if name.endswith("_share") else drawn
            self._prior[key] = Known(value, sd, "kind")
            self._values[key] = drawn
        return drawn

    def word(self, machine: str, name: str, default: str = "") -> str:
        """See `contract.Draw.word`."""
        return self._draw.word(machine, name, default)


@dataclass
class _Member:
    """A unit whose parameters are the ensemble's."""

    unit: Unit
    values: dict[str, Floats]
    prior: dict[str, Known]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unit, name)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Begin with the ensemble's values."""
        return self.unit.begin(
            _Members(draw, self.values, self.prior, case.parameters), case, around
        )

    def step(self, state: State, board: Board) -> None:
        """As the unit does."""
        self.unit.step(state, board)


def without_lines(case: Case) -> list[Unit]:
    """The units of a case's plant that play no stations."""
    return [u for u in units_of(case.plant) if not any(q == "parts_total" for _, q in u.columns)]


def assimilate(
    case: Case,
    recorded: Recorded,
    measured: Mapping[Key, Floats],
    rest: Callable[[], bool] = lambda: True,
) -> dict[str, Known]:
    """Fit the parameters of utilities to recorded hours.

    Args:
        case: From the begin of the recorded span, in bins of an hour, with the weather as it was; its parameters are
            held. recorded: What the lines drew. measured: (machine, quantity) -> [hours] amounts.
        rest: Called between the rounds' steps; False stops with what is known so far.

    Returns:
        "machine.name" -> what the data tell; parameters that they tell nothing of are left out.
    """
    units = without_lines(case)
    booked = {pair for u in units for pair in u.columns}
    pairs = sorted(p for p in measured if p in booked and np.isfinite(measured[p]).any())
    values: dict[str, Floats] = {}
    prior: dict[str, Known] = {}
    for _ in range(ROUNDS):
        members = [cast(Unit, _Member(u, values, prior)) for u in units]
        engine = Engine(case, [*members, recorded], series=pairs)
        while not engine.done:
            engine.advance(24)
            if not rest():
                return {}
        series = engine.outcome().series
        told, seen, error = _blocks(pairs, series, measured)
        _move(values, told, seen, error * np.sqrt(ROUNDS), case)
    return _posterior(values, prior)


def _blocks(
    pairs: Sequence[Key], series: Mapping[Key, Floats], measured: Mapping[Key, Floats]
) -> tuple[Floats, Floats, Floats]:
    """Amounts by blocks of hours: of the runs [runs, data], measured [data], and their error [data]."""
    told, seen, error = [], [], []
    for pair in pairs:
        y = measured[pair]
        count = min(len(y), series[pair].shape[1]) // BLOCK_H
        m = series[pair][:, : count * BLOCK_H].reshape(-1, count, BLOCK_H).sum(axis=2)
        y = y[: count * BLOCK_H].reshape(count, BLOCK_H).sum(axis=1)
        there = np.isfinite(y)
        level = float(np.abs(y[there]).mean()) if there.any() else 0.0
        if level <= 0.0:
            continue
        told.append(m[:, there])
        seen.append(y[there])
        error.append(np.hypot(_SHARE * y[there], _FLOOR * level) + 1e-9)
    return np.concatenate(told, axis=1), np.concatenate(seen), np.concatenate(error)


def _move(values: dict[str, Floats], told: Floats, seen: Floats, error: Floats, case: Case) -> None:
    """One round: every parameter of every member moves towards the data that move with it, in logarithms."""
    names = sorted(values)
    theta = np.log(np.stack([values[n] for n in names], axis=1))
    runs = len(theta)
    a, d = theta - theta.mean(axis=0), told - told.mean(axis=0)
    scaled = d / error
    cross = a.T @ scaled / (runs - 1)
    size = (a.std(axis=0) + 1e-12)[:, None] * (scaled.std(axis=0) + 1e-12)[None, :]
    near = np.abs(cross) / size > _CHANCE / np.sqrt(runs)
    noise = np.random.default_rng(case.seed).normal(size=told.shape)
    noise -= noise.mean(axis=0)
    lacking = (seen - told) / error + noise
    for n, name in enumerate(names):
        if near[n].any():
            own, want = scaled[:, near[n]], lacking[:, near[n]]
            # Woodbury in the space of the runs: there are fewer of them than of data.
            inner = np.eye(runs) * (runs - 1) + own @ own.T
            solved = want - (want @ own.T) @ np.linalg.solve(inner, own)
            moved = np.exp(theta[:, n] + np.clip(solved @ cross[n, near[n]], -0.7, 0.7))
            values[name] = np.minimum(moved, _HIGHEST_SHARE) if name.endswith("_share") else moved


def _posterior(values: Mapping[str, Floats], prior: Mapping[str, Known]) -> dict[str, Known]:
    """What has become surer than it was; the rest stays with its kind.

    Parameters that make up for each other are known together and not alone. Each is given the spread that it has when
    the others are held: drawn one by one, they then spread what comes of them no more than the data leave open.
    """
    names = sorted(values)
    theta = np.log(np.stack([values[n] for n in names], axis=1))
    covariance = np.atleast_2d(np.cov(theta.T))
    alone = np.sqrt(1.0 / np.diag(np.linalg.inv(covariance + 1e-6 * np.eye(len(names)))))
    found = {}
    for n, name in enumerate(names):
        value, was = float(np.mean(values[name])), prior[name]
        if float(np.std(theta[:, n])) < 0.9 * was.sd / was.value:
            found[name] = Known(value, float(alone[n]) * value, "calibration")
    return found
