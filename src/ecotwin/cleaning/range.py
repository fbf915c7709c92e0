"""Range: what the plant file holds for possible; a counter's index is never negative nor above its roll-over."""

from __future__ import annotations

import numpy as np

from ecotwin.cleaning.contract import Context, Offsets, Passed
from ecotwin.cleaning.rows import by_signal, refuse
from ecotwin.plant.model import Plant
from ecotwin.records import Readings, Reject, Rejects, Samples


class Range:
    """Refuses values outside `low..high` of their signal, both ends allowed."""

    name = "range"

    def __init__(self, plant: Plant) -> None:
        counter = np.array([s.form == "counter" for s in plant.signals], np.bool_)
        low = by_signal(plant, "low", -np.inf)
        high = by_signal(plant, "high", np.inf)
        top = by_signal(plant, "rollover", np.inf)
        # An index is bounded by 0 and its roll-over: `high` of a counter would stop it for good one day.
        self._low = np.where(counter, np.maximum(low, 0.0), low)
        self._high = np.where(counter, top, high)
        self._unit = [s.unit for s in plant.signals]

    def clean(self, samples: Samples, context: Context) -> Passed:  # noqa: ARG002 - the contract's signature
        """Refuse what is not plausible."""
        low, high = self._low[samples.signal], self._high[samples.signal]
        out = (samples.value < low) | (samples.value > high)
        if not out.any():
            return Passed(samples, Rejects.empty())
        shown = [
            f"{v:.9g} {self._unit[s]} is below {lo:g}"
            if v < lo
            else f"{v:.9g} {self._unit[s]} is above {hi:g}"
            for s, v, lo, hi in zip(
                samples.signal[out].tolist(),
                samples.value[out].tolist(),
                low[out].tolist(),
                high[out].tolist(),
                strict=True,
            )
        ]
        return Passed(samples.take(~out), refuse(samples, out, Reject.RANGE, shown))

    def restore(self, tail: Readings, breaks: Offsets, held: Rejects) -> None:
        """Nothing to remember."""


plug = Range
