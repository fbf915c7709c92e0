"""A value that no analyser measures: which signals tell it, and which references hold it true."""

from __future__ import annotations

from dataclasses import dataclass

CONNECTION = "the twin"
"""Where a told value comes from."""
EVERY_S = 60.0
"""It is told for every closed minute [s]."""
ACCURACY = 0.2
"""What it is granted where the plant file says nothing: half of the 95 % interval, as a share."""
INPUT_FORMS = ("gauge", "rate", "setpoint", "counter", "interval")
"""A code of a state or a product is no number to tell another from."""
TOLD_FORMS = ("gauge", "rate")


@dataclass(frozen=True, slots=True)
class Sensed:
    """How a signal is told from others.

    Attributes:
        inputs: Ids of the signals that it is told from.
        reference: Id of the signal with occasional measurements of the same thing.
        recalibrate_h: References that came are learned from so often [h].
    """

    inputs: tuple[str, ...]
    reference: str
    recalibrate_h: float
