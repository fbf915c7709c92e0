"""Nets of meters made up for the cross-checks: a tree of flows with a tank and its pump, and what can befall them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecotwin.detection.crosscheck import MANIPULATION, PROCESS, SENSOR, Link
from ecotwin.records import Floats, Rows

COLUMNS = ("main", "hall_a", "hall_b", "a1", "a2", "b1", "b2", "fill", "pump", "level", "drawn")
PLACE = {name: place for place, name in enumerate(COLUMNS)}
LINKS = (
    Link("main", {"main": 1.0, "hall_a": -1.0, "hall_b": -1.0, "fill": -1.0}),
    Link("hall A", {"hall_a": 1.0, "a1": -1.0, "a2": -1.0}),
    Link("hall B", {"hall_b": 1.0, "b1": -1.0, "b2": -1.0}),
)
LEAVES = ("a1", "a2", "b1", "b2")
METERS = ("main", "hall_a", "hall_b", *LEAVES, "fill", "drawn")
NOISE = 0.01
Rng = np.random.Generator


@dataclass
class Net:
    """How the true net runs: use of each leaf, what is drawn from the tank, leaks, how well the pump does."""

    use: dict[str, Floats]
    drawn: Floats
    leak_a: Floats
    pumped: Floats

    def measured(self, rng: Rng) -> Floats:
        """[rows, columns] what meters show of it."""
        rows = len(self.drawn)
        hall_a = self.use["a1"] + self.use["a2"] + self.leak_a
        hall_b = self.use["b1"] + self.use["b2"]
        fill, pump, level = np.zeros(rows), np.zeros(rows), np.zeros(rows)
        now, on = 5.0, False
        for row in range(rows):
            on = (now < 4.0) or (on and now < 8.0)
            fill[row], pump[row] = (self.pumped[row] if on else 0.0), float(on)
            now += 0.1 * (fill[row] - self.drawn[row])
            level[row] = now
        true = {
            **self.use, "hall_a": hall_a, "hall_b": hall_b, "fill": fill, "main": hall_a + hall_b + fill,
            "drawn": self.drawn, "level": level,
        }  # fmt: skip
        out = np.column_stack([true.get(name, pump) for name in COLUMNS])
        for name in (*METERS, "level"):
            column = out[:, PLACE[name]]
            column *= 1.0 + NOISE * rng.standard_normal(rows)
        return out


def net(rng: Rng, rows: int) -> Net:
    """A normal net of hourly rows."""
    hour = np.arange(rows) % 24
    use = {}
    for name in LEAVES:
        day = 1.0 + 0.5 * np.sin((hour - rng.uniform(0, 24)) / 24 * 2 * np.pi)
        noise = np.zeros(rows)
        for row in range(1, rows):
            noise[row] = 0.7 * noise[row - 1] + 0.08 * rng.standard_normal()
        use[name] = rng.uniform(5, 20) * day * np.exp(noise)
    drawn = (
        4.0
        * (1.0 + 0.4 * np.sin((hour - 6) / 24 * 2 * np.pi))
        * np.exp(0.1 * rng.standard_normal(rows))
    )
    return Net(use, drawn, np.zeros(rows), np.full(rows, 10.0))


def bias(rng: Rng, x: Floats, at: slice) -> None:
    name = METERS[rng.integers(len(METERS))]
    size = rng.uniform(0.15, 0.4) * rng.choice([-1.0, 1.0])
    x[at, PLACE[name]] += size * np.abs(x[:, PLACE[name]]).mean()


def drift(rng: Rng, x: Floats, at: slice) -> None:
    name = METERS[rng.integers(len(METERS))]
    ramp = np.minimum(np.arange(len(x[at])) / 40.0, 1.0)
    x[at, PLACE[name]] += rng.uniform(0.2, 0.4) * ramp * np.abs(x[:, PLACE[name]]).mean()


def freeze(rng: Rng, x: Floats, at: slice) -> None:
    name = METERS[rng.integers(len(METERS))]
    x[at, PLACE[name]] = x[at.start, PLACE[name]]


def replay(rng: Rng, x: Floats, at: slice) -> None:
    names = rng.choice(METERS, 3, replace=False)
    back = 24 * int(rng.integers(5, 15))
    for name in names:
        x[at, PLACE[name]] = x[at.start - back : at.stop - back, PLACE[name]].copy()


def computed(rng: Rng, x: Floats, at: slice) -> None:
    hour = np.arange(len(x[at]))
    for name in rng.choice(METERS[:7], 2, replace=False):
        column = x[:, PLACE[name]]
        x[at, PLACE[name]] = column.mean() + column.std() * np.sin(hour / 24 * 2 * np.pi)


def held(rng: Rng, x: Floats, at: slice) -> None:
    for name in rng.choice(METERS[:7], 3, replace=False):
        x[at, PLACE[name]] = x[at.start, PLACE[name]]


def denied(rng: Rng, x: Floats, at: slice) -> None:
    """The pump is said to stand, and the tank to be filled."""
    del rng
    x[at, PLACE["pump"]] = 0.0


def more_use(rng: Rng, n: Net, at: slice) -> None:
    n.use[LEAVES[rng.integers(4)]][at] *= rng.uniform(1.8, 2.6)


def leak(rng: Rng, n: Net, at: slice) -> None:
    n.leak_a[at] += rng.uniform(0.25, 0.5) * (n.use["a1"] + n.use["a2"]).mean()


def weak_pump(rng: Rng, n: Net, at: slice) -> None:
    n.pumped[at] *= rng.uniform(0.5, 0.7)


def all_more(rng: Rng, n: Net, at: slice) -> None:
    size = rng.uniform(1.6, 2.2)
    for name in LEAVES:
        n.use[name][at] *= size


IN_DATA: dict[str, tuple[str, Callable[[Rng, Floats, slice], None]]] = {
    "bias": (SENSOR, bias), "drift": (SENSOR, drift), "freeze": (SENSOR, freeze),
    "replay of three": (MANIPULATION, replay), "two computed": (MANIPULATION, computed),
    "three held": (MANIPULATION, held), "state denied": (MANIPULATION, denied),
}  # fmt: skip
IN_NET: dict[str, tuple[str, Callable[[Rng, Net, slice], None]]] = {
    "more use": (PROCESS, more_use), "leak": (PROCESS, leak), "weak pump": (PROCESS, weak_pump),
    "more use everywhere": (PROCESS, all_more),
}  # fmt: skip
CASES = {**{k: v[0] for k, v in IN_DATA.items()}, **{k: v[0] for k, v in IN_NET.items()}}


def made(case: str, seed: int, rows: int, at: slice) -> Rows:
    """A net in which the case befalls in these rows; `none`: nothing does."""
    rng = np.random.default_rng([seed, sorted([*CASES, "none"]).index(case)])
    true = net(rng, rows)
    if case in IN_NET:
        IN_NET[case][1](rng, true, at)
    x = true.measured(rng)
    if case in IN_DATA:
        IN_DATA[case][1](rng, x, at)
    at_s = np.asarray(1.7e9 - 1.7e9 % 86_400 + 3600.0 * np.arange(rows), np.float64)
    return Rows(COLUMNS, x, at_s, tuple(f"{t:.0f}" for t in at_s), True)
