"""The last day by the minute, in memory: power of every consumer against expected, for the live page.

Each column is a machine that uses electricity (a leaf of the electric flow graph); sources (grid, sun) are apart.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from ecotwin.clock import MINUTE
from ecotwin.plant import Balance, Plant
from ecotwin.records import Floats, Ints

MINUTES = 26 * 60
"""How far back it reaches: a day and the hours around a change of clocks."""


@dataclass(frozen=True)
class Supply:
    """Who uses and who brings electricity, read off the flow graph.

    Attributes:
        users: Machine ids that are leaves. sources: Signal ids of what flows in at the top.
    """

    users: tuple[str, ...]
    sources: tuple[str, ...]


def supply(plant: Plant) -> Supply:
    """Users and sources of electricity of a plant; without a flow graph every machine with a power signal is a user."""
    electric = [b for b in plant.balances if b.carrier == "electricity"]
    fed = {o for b in electric for o in b.outputs}
    top = [b for b in electric if b.id not in fed]
    sources = tuple(i for b in top for i in b.inputs if plant.has_signal(i))
    users: list[str] = []
    for balance in electric:
        users += [e for e in _leaves(plant, balance) if e not in users]
    if not electric:
        users = [
            m.id
            for m in plant.machines
            if plant.find(m.id, "electricity_power") or plant.find(m.id, "electricity_interval")
        ]
    return Supply(tuple(users), sources)


def _leaves(plant: Plant, balance: Balance) -> list[str]:
    """Machines that an electric balance feeds directly: outputs that are no inlet of a further balance."""
    inlets = {
        i
        for b in plant.balances
        if b.carrier == "electricity" and b.id != balance.id
        for i in b.inputs
    }
    leaves = [
        plant.signal(o).element for o in balance.outputs if plant.has_signal(o) and o not in inlets
    ]
    return [e for e in leaves if plant.element(e).kind_facts.get("role", "machine") == "machine"]


class Trail:
    """A ring of minutes.

    Args:
        users: Machine ids, one a column.
    """

    def __init__(self, users: tuple[str, ...]) -> None:
        self.users = users
        width = len(users)
        self._at = np.zeros(0, np.int64)
        self._rows = {name: np.zeros((0, width)) for name in ("actual", "mean", "sd")}
        self._site = {name: np.zeros(0) for name in ("bought", "made", "used")}
        self._expected: tuple[Floats, Floats] | None = None
        self._lock = threading.Lock()
        self._still: Trail | None = None

    def add(
        self, at: Ints, actual: Floats, mean: Floats, sd: Floats, bought: Floats, made: Floats
    ) -> None:
        """Put closed minutes at the end.

        Args:
            at: [steps] starts [us UTC], in order, newer than all before.
            actual, mean, sd: [steps, users] power [kW].
            bought, made: [steps] power from the grid and made on site [kW].
        """
        keep = slice(-MINUTES, None)
        with self._lock:
            self._expected, self._still = None, None
            fresh = at > (self._at[-1] if len(self._at) else -1)
            self._at = np.concatenate([self._at, at[fresh]])[keep]
            for name, rows in (("actual", actual), ("mean", mean), ("sd", sd)):
                self._rows[name] = np.concatenate([self._rows[name], rows[fresh]])[keep]
            for name, row in (("bought", bought), ("made", made), ("used", bought + made)):
                self._site[name] = np.concatenate([self._site[name], row[fresh]])[keep]

    def still(self) -> Trail:
        """As it stands now, for who reads it while minutes are added: nothing of it changes."""
        with self._lock:
            if self._still is None:
                made = Trail(self.users)
                made._at, made._rows, made._site = self._at, dict(self._rows), dict(self._site)
                self._still = made
            return self._still

    @property
    def at(self) -> Ints:
        """[steps] starts of the minutes [us UTC]."""
        return self._at

    def since(self, start_us: int) -> slice:
        """The rows at or after an instant."""
        return slice(int(np.searchsorted(self._at, start_us)), None)

    def users_kw(self, name: str) -> Floats:
        """[steps, users] `actual`, `mean` or `sd` [kW]."""
        return self._rows[name]

    def site_kw(self, name: str) -> Floats:
        """[steps] `bought`, `made` or `used` [kW]."""
        return self._site[name]

    def rest_kw(self) -> Floats:
        """[steps] what no user's meter shows [kW]."""
        rest: Floats = self._site["used"] - np.nansum(self._rows["actual"], axis=1)
        return rest

    def site_expected(self) -> tuple[Floats, Floats]:
        """[steps] expected power of the whole site and its standard deviation [kW].

        The unmetered rest is expected to stay at its median of the hours before. A user that is silent for a while is
        expected to go on as last expected; NaN before a user was ever expected to use anything.
        """
        if self._expected is not None:
            return self._expected
        rest = self.rest_kw()
        good = rest[np.isfinite(rest)]
        middle = float(np.median(good)) if len(good) else 0.0
        spread = float(np.std(good)) if len(good) > 10 else 0.0
        mean = _held(self._rows["mean"]).sum(axis=1) + middle
        sd = np.sqrt((_held(self._rows["sd"]) ** 2).sum(axis=1) + spread**2)
        self._expected = (mean, sd)
        return mean, sd

    def newest(self) -> int:
        """Start of the newest minute [us UTC]; 0 when there is none."""
        return int(self._at[-1]) if len(self._at) else 0

    def gaps(self, start_us: int, end_us: int) -> list[tuple[int, int]]:
        """Stretches inside `[start, end)` for which the site's power is missing [us UTC]."""
        if not len(self._at):
            return []
        good = self._at[np.isfinite(self._site["used"])]
        good = good[(good >= start_us) & (good < end_us)]
        edges = np.concatenate([[start_us - MINUTE], good, [min(end_us, self.newest() + MINUTE)]])
        holes = np.flatnonzero(np.diff(edges) > 2 * MINUTE)
        return [(int(edges[i]) + MINUTE, int(edges[i + 1])) for i in holes]


def _held(rows: Floats) -> Floats:
    """[steps, users] with each gap filled by the value before it."""
    known = np.isfinite(rows)
    last = np.maximum.accumulate(np.where(known, np.arange(len(rows))[:, None], 0), axis=0)
    held: Floats = np.take_along_axis(rows, last, axis=0)
    return held
