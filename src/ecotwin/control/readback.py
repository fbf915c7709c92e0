"""What a machine shows of its set-point."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from ecotwin.clock import micros
from ecotwin.control.interlocks import amount as written
from ecotwin.control.interlocks import freshest_s
from ecotwin.control.jobs import Job
from ecotwin.plant.model import Plant
from ecotwin.records import Image, Order, Quality

TOLERANCE_SHARE = 0.005
"""A set-point counts as reached within this share of its bounds' span."""


def shown(plant: Plant, order: Order, image: Image, after: int = 0) -> float | None:
    """The set-point as the machine shows it, told after an instant [us] and to be trusted."""
    if not plant.has_signal(order.signal):
        return None
    index = plant.signal(order.signal).index
    if image.at[index] <= after or image.quality[index] >= Quality.SUSPECT:
        return None
    value = float(image.value[index])
    return None if np.isnan(value) else value


def amount(plant: Plant, order: Order, value: float) -> str:
    """A value of the order's signal with its unit, as people write it."""
    return written(plant.signal(order.signal), value)


def as_told(plant: Plant, order: Order, value: float | None) -> str:
    """A shown value in words."""
    return "nothing new" if value is None else amount(plant, order, value)


def same(plant: Plant, order: Order, value: float, wanted: float) -> bool:
    """Whether a value is the wanted one within tolerance."""
    write = plant.signal(order.signal).write
    span = 0.0 if write is None else write.high - write.low
    return abs(value - wanted) <= max(TOLERANCE_SHARE * span, 1e-9)


def never_moved(plant: Plant, job: Job, now: datetime, image: Image) -> bool:
    """A set-point told only on change is silent where it should be, while its machine talks."""
    order = job.order
    value = shown(plant, order, image)
    age_s = freshest_s(plant, plant.signal(order.signal).element, image)
    since_s = (micros(now) - job.sent_at) / 1e6
    return value is not None and same(plant, order, value, order.restore) and age_s < since_s
