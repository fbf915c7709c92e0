"""What a cleaning station cleans, by which programme, before a run: read from the plant file, every fault at once.

Facts of a `cip_station`: `clean_<left>_<coming>` (none, rinse or wash) for every ordered pair of products that share a
line; volumes, times and temperatures of the programmes; `cleans` (line ids parted by `;`) where there are several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Element, Plant
from ecotwin.plant.terms import Product
from ecotwin.records import Floats, Ints
from ecotwin.simulation.contract import Draw

NONE, RINSE, WASH = 0, 1, 2
PROGRAMMES = ("none", "rinse", "wash")
FRESH, RECOVERED = 0, 1
DRAIN, KEPT = 0, 1
STEPS = 5
"""Most steps of a programme."""
KWH_M3_K = 4.186 / 3.6
"""Heat of a cubic metre of water and a kelvin [kWh/(m3 K)]."""


@dataclass(frozen=True)
class Circuit:
    """A line whose filler and vessel are cleaned.

    Attributes:
        line: Its id. filler: First machine that fills. vessel: Makes its bulk; empty: bulk comes from elsewhere.
        products: That the line makes. rules: [products, products] programme from row to column.
    """

    line: str
    filler: str
    vessel: str
    products: tuple[Product, ...]
    rules: Ints

    def place(self, code: float) -> int:
        """Number of a product by its code; -1: the line does not make it."""
        return next((n for n, p in enumerate(self.products) if p.code == int(code)), -1)


def circuits(plant: Plant, station: Element, alone: bool) -> list[Circuit]:
    """The lines that a station cleans.

    Args:
        station: The machine. alone: It is the only one of the plant, and cleans every line that fills.

    Raises:
        ScenarioFault: Rules are missing, unknown or about products that are not there; a line is not there.
    """
    lines = [e for e in plant.elements if e.level == "line" and _filler(plant, e.id)]
    named = [n.strip() for n in str(station.kind_facts.get("cleans", "")).split(";") if n.strip()]
    faults = [
        f"{station.id} cleans {n!r}, which is no line that fills"
        for n in named
        if n not in {e.id for e in lines}
    ]
    if not named and not alone:
        faults.append(
            f"{station.id} does not say which lines it `cleans`, and there are several stations"
        )
    chosen = [e for e in lines if e.id in named] if named else lines
    made = []
    for line in chosen:
        filler, vessel = _filler(plant, line.id), _vessel(plant, line.id)
        names = {line.id, *(m.id for m in plant.children(line.id))}
        products = tuple(p for p in plant.products if names & p.planned_run_s.keys())
        rules, wrong = _rules(station, products)
        faults += [f"{station.id}: {text}" for text in wrong]
        made.append(Circuit(line.id, filler, vessel, products, rules))
    if faults:
        raise ScenarioFault(
            "; ".join(dict.fromkeys(faults)),
            expected="`clean_<left>_<coming>: none|rinse|wash` for every two products of a line",
            remedy="mend the facts of the cleaning station",
        )
    return made


def _filler(plant: Plant, line: str) -> str:
    return next((m.id for m in plant.children(line) if "content_share" in m.kind_facts), "")


def _vessel(plant: Plant, line: str) -> str:
    return next((m.id for m in plant.children(line) if m.kind == "mixing_vessel"), "")


def _rules(station: Element, products: Sequence[Product]) -> tuple[Ints, list[str]]:
    table = np.zeros((len(products), len(products)), np.int64)
    faults = []
    for a, left in enumerate(products):
        for b, coming in enumerate(products):
            if a == b:
                continue
            name = f"clean_{left.code}_{coming.code}"
            word = station.kind_facts.get(name)
            if word is None:
                faults.append(f"{name} is missing")
            elif str(word) not in PROGRAMMES:
                faults.append(f"{name} is {word!r}")
            else:
                table[a, b] = PROGRAMMES.index(str(word))
    return table, faults


@dataclass(frozen=True)
class Programme:
    """Both programmes of a station in every run, each array [runs, programmes, steps] but for `used`.

    Attributes:
        used: [programmes] Number of steps. seconds: Length. m3: Water or solution through the circuit that is not
            sent back. source, sink: [programmes, steps] where it comes from and goes to.
        hot_m3, wash_m3: Of it, what is warmed to the hot water's and to the caustic's temperature. kwh: Heat that
            pipes take. caustic_kg: Soda used.
    """

    used: Ints
    seconds: Floats
    m3: Floats
    source: Ints
    sink: Ints
    hot_m3: Floats
    wash_m3: Floats
    kwh: Floats
    caustic_kg: Floats


_ROWS = (
    (RINSE, 0, "rinse_pre", RECOVERED, DRAIN),
    (RINSE, 1, "rinse_final", FRESH, KEPT),
    (WASH, 0, "wash_pre", RECOVERED, DRAIN),
    (WASH, 1, "wash_caustic", FRESH, DRAIN),
    (WASH, 2, "wash_between", FRESH, DRAIN),
    (WASH, 3, "wash_hot", FRESH, DRAIN),
    (WASH, 4, "wash_final", FRESH, KEPT),
)
"""Programme, number of the step, name of its facts, source, sink."""


def programme(draw: Draw, station: str) -> Programme:
    """The programmes of a station from its facts."""
    shape = (draw.runs, len(PROGRAMMES), STEPS)
    seconds, m3, hot, wash, kwh, caustic = (np.zeros(shape) for _ in range(6))
    source, sink = (np.zeros(shape[1:], np.int64) for _ in range(2))
    used = np.array([0, 2, 5], np.int64)
    made = Programme(used, seconds, m3, source, sink, hot, wash, kwh, caustic)
    for number, step, name, comes, goes in _ROWS:
        made.seconds[:, number, step] = 60.0 * draw.parameter(station, f"{name}_min", share=0.05)
        made.m3[:, number, step] = draw.parameter(station, f"{name}_m3", share=0.05)
        source[number, step], sink[number, step] = comes, goes
    if (made.seconds[:, RINSE, :2] <= 0.0).any() or (made.seconds[:, WASH] <= 0.0).any():
        raise ScenarioFault(
            f"a step of the cleaning of {station} takes no time",
            expected="minutes above zero",
            remedy="mend `rinse_..._min` and `wash_..._min` of the station",
        )
    made.wash_m3[:, WASH, 1] = made.m3[:, WASH, 1]
    made.hot_m3[:, WASH, 3] = made.m3[:, WASH, 3]
    made.kwh[:, WASH, 1] = draw.parameter(station, "pipes_kwh", share=0.1)
    made.caustic_kg[:, WASH, 1] = made.m3[:, WASH, 1] * draw.parameter(
        station, "caustic_kg_m3"
    ) + draw.parameter(station, "caustic_kg_wash")
    return made
