"""Product systems for tests: a small one with a known answer, and economies of any size."""

from __future__ import annotations

import numpy as np

from ecotwin.accounting import lifecycle as lc
from ecotwin.records.lifecycle import Exchange, Flow, Process, Spread

FLOWS = (
    Flow("co2", "Carbon dioxide, fossil", "kg", "air"),
    Flow("bio", "Carbon dioxide, non-fossil", "kg", "air"),
    Flow("ch4", "Methane, fossil", "kg", "air"),
    Flow("n2o", "Dinitrogen monoxide", "kg", "air"),
    Flow("river", "Water, river", "m3", "natural resource/in water"),
    Flow("back", "Water", "m3", "water/surface water"),
    Flow("so2", "Sulfur dioxide", "kg", "air"),
)

BOUGHT = (0.3, 0.97)


def small(**changes: Process) -> lc.ProductSystem:
    """Steel takes coal power and steel; coal power takes a little steel; wind power takes steel."""
    made = {
        "steel": Process(
            "steel", "hot rolling", "Hot rolled coil", "kg", 1.0, "DE",
            inputs=(Exchange("coal", 0.5, "kWh", "electricity"), Exchange("steel", 0.05, "kg", "steel")),
            nature=(
                Exchange("co2", 1.8, "kg", spread=Spread("lognormal", 0.1)),
                Exchange("ch4", 0.002, "kg", pedigree=(2, 2, 3, 1, 1)),
                Exchange("river", 0.03, "m3"),
                Exchange("back", 0.02, "m3"),
                Exchange("so2", 0.001, "kg"),
            ),
            primary=1.0, pedigree=(1, 1, 1, 2, 1), stage="A3",
        ),
        "coal": Process(
            "coal", "coal power station", "electricity", "kWh", 1.0, "PL",
            inputs=(Exchange("steel", 0.001, "kg", "steel", Spread("normal", 0.0002)),),
            nature=(Exchange("co2", 0.9, "kg"), Exchange("river", 0.002, "m3")), pedigree=(3, 2, 4, 3, 2),
            stage="A1",
        ),
        "wind": Process(
            "wind", "wind farm", "electricity", "kWh", 1.0, "DK",
            inputs=(Exchange("steel", 0.002, "kg", "steel", Spread("uniform", 0.0, 0.001, 0.003)),),
            nature=(Exchange("bio", 0.01, "kg"), Exchange("n2o", 1e-6, "kg")),
        ),
    }  # fmt: skip
    return lc.ProductSystem((made | changes).values(), FLOWS)


def economy(
    count: int,
    seed: int,
    *,
    inputs: float = 8.0,
    uncertain: bool = False,
    bought: tuple[float, float] = BOUGHT,
) -> lc.ProductSystem:
    """An economy that makes more than it takes, its amounts in units that differ by many powers of ten.

    Shares of cost are drawn first, so that what a process buys is worth a share `bought` of what it makes; then each
    product gets a price over nine powers of ten, and amounts are shares over prices. Half of the suppliers are near by,
    half are drawn by a Zipf law: a few (power, transport) serve nearly all.
    """
    row, column, amount = links(count, seed, inputs, bought)
    random = np.random.default_rng(seed + 1)
    spread = Spread("lognormal", 0.1) if uncertain else None
    taken: list[list[Exchange]] = [[] for _ in range(count)]
    for i, j, value in zip(row.tolist(), column.tolist(), amount.tolist(), strict=True):
        taken[j].append(Exchange(f"p{i}", value, "kg", spread=spread))
    emitted = random.lognormal(0.0, 2.0, (count, 3))
    return lc.ProductSystem(
        (
            Process(
                f"p{n}", f"process {n}", f"product {n}", "kg", 1.0, "GLO", tuple(taken[n]),
                tuple(
                    Exchange(f, float(emitted[n, k]), "kg", spread=spread)
                    for k, f in enumerate(("co2", "ch4", "n2o"))
                ),
            )
            for n in range(count)
        ),
        FLOWS,
    )  # fmt: skip


def links(
    count: int, seed: int, inputs: float, bought: tuple[float, float] = BOUGHT
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(supplier, user, amount) of every exchange of an `economy`."""
    random = np.random.default_rng(seed)
    fan = np.clip(random.lognormal(np.log(inputs) - 0.32, 0.8, count).astype(int), 1, 300)
    column = np.repeat(np.arange(count), fan)
    weight = (random.permutation(count) + 1.0) ** -0.9
    far = random.choice(count, len(column), p=weight / weight.sum())
    near = np.clip(column + np.rint(random.laplace(0, 60, len(column))).astype(int), 0, count - 1)
    row = np.where(random.random(len(column)) < 0.5, far, near)
    other = row != column
    row, column = row[other], column[other]
    value = random.lognormal(0.0, 2.0, len(row))
    share = random.uniform(*bought, count)
    value *= share[column] / np.bincount(column, value, count)[column] if len(row) else 1.0
    price = random.lognormal(0.0, 3.0, count)
    return row, column, value * price[column] / price[row]
