"""What flows into the site through its meters, carrier by carrier, read off the flow graph."""

from __future__ import annotations

import numpy as np

from ecotwin.cycle.trail import Supply
from ecotwin.plant import Plant, Signal
from ecotwin.records import Floats, Window

LEAST_COVERED = 0.5
"""Share of a step that must be measured for its rate to count."""


def electricity(plant: Plant, supply: Supply, window: Window) -> tuple[Floats, Floats]:
    """[steps] power from the grid and power made on site [kW].

    Args:
        plant: The plant. supply: Who uses and who brings electricity. window: Of every signal.
    """
    bought = np.zeros(window.steps)
    own = np.zeros(window.steps)
    for id_ in supply.sources:
        signal = plant.signal(id_)
        kw = power(plant, window, signal.element, signal.index)
        if signal.means == "electricity_generated":
            own += np.nan_to_num(kw)
        else:
            bought += kw
    if not supply.sources:
        for user in supply.users:
            bought += power(plant, window, user, None)
    return bought, own


def power(plant: Plant, window: Window, element: str, counter: int | None) -> Floats:
    """[steps] power of a meter [kW]: as measured, else from its counter or interval."""
    measured = plant.find(element, "electricity_power")
    if measured is not None:
        return window.mean[:, window.column(measured.index)]
    if counter is None:
        interval = plant.find(element, "electricity_interval")
        counter = interval.index if interval else None
    if counter is None:
        return np.full(window.steps, np.nan)
    return window.amount[:, window.column(counter)] * 3600.0 / window.step_s


def meters(plant: Plant, supply: Supply) -> tuple[int, ...]:
    """Signals that `electricity` reads, by their index."""
    elements = [plant.signal(id_).element for id_ in supply.sources] or list(supply.users)
    found = {plant.signal(id_).index for id_ in supply.sources}
    for element in elements:
        for means in ("electricity_power", "electricity_interval"):
            signal = plant.find(element, means)
            if signal is not None:
                found.add(signal.index)
    return tuple(sorted(found))


def inlets(plant: Plant, carrier: str) -> tuple[Signal, ...]:
    """Meters through which a carrier comes into the site: inputs of balances that no other balance of it feeds."""
    balances = [b for b in plant.balances if b.carrier == carrier]
    fed = {o for b in balances for o in b.outputs}
    top = [b for b in balances if b.id not in fed]
    ids = dict.fromkeys(i for b in top for i in b.inputs if plant.has_signal(i) and i not in fed)
    return tuple(plant.signal(i) for i in ids)


def hourly(window: Window, signals: tuple[Signal, ...]) -> Floats:
    """[steps] what comes in an hour through these meters together; NaN where one of them was measured too little."""
    total = np.zeros(window.steps)
    for signal in signals:
        place = window.column(signal.index)
        covered = window.covered[:, place]
        enough = covered >= LEAST_COVERED
        rate = window.amount[:, place] * 3600.0 / window.step_s
        if signal.form == "rate":  # its amount is of the covered part only
            rate = rate / np.where(enough, covered, 1.0)
        total += np.where(enough, rate, np.nan)
    return total
