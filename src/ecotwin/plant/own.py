"""The twin as a part of the plant that it watches: a signal of its own, fed from the site's meter.

The energy that the twin uses is inside what the site's meter counts already. So its signal has a meaning without a
carrier: it is shown, converted and sealed, and no sum of electricity ever takes it in a second time.
"""

from __future__ import annotations

from dataclasses import replace

from ecotwin.plant.model import Plant, Signal
from ecotwin.plant.sensed import CONNECTION

MEANS = "twin_energy"
NAME = "twin_energy"
EVERY_S = 60.0
ERROR = 0.5
"""It is a model of a computer, not a meter: half of the 95 % interval, as a share."""


def own_signal(plant: Plant) -> Signal | None:
    """The signal of the twin's own energy, None when the plant has none."""
    return next((s for s in plant.signals if s.means == MEANS), None)


def with_own(plant: Plant) -> Plant:
    """The plant with the signal of the twin's own energy, unless its file gives one already.

    >>> from ecotwin.plant.model import Element
    >>> bare = Plant("p", "P", "UTC", "EUR", "DE", (Element("p", "P", "site", ""),), (), ())
    >>> made = with_own(bare)
    >>> made.signals[-1].id, with_own(made) is made
    ('p.twin_energy', True)
    """
    if own_signal(plant) is not None or plant.has_signal(f"{plant.site.id}.{NAME}"):
        return plant
    made = Signal(
        index=len(plant.signals),
        id=f"{plant.site.id}.{NAME}",
        name="Energy used by the twin itself",
        element=plant.site.id,
        means=MEANS,
        form="counter",
        carrier="",
        unit="kWh",
        wire_unit="kWh",
        factor=1.0,
        offset=0.0,
        every_s=EVERY_S,
        connection=CONNECTION,
        address=NAME,
        low=0.0,
        accuracy=ERROR,
    )
    return replace(plant, signals=(*plant.signals, made))
