"""Which of a sensor's models is believed how far, by their newest errors on references they had not seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecotwin.records import Floats

SHARPNESS = 6.0
"""A model with twice the error of the best has this power of one half of its weight."""
BIAS_SHARE = 0.2
"""Of the newest block's median error this share is taken off."""
FULL_BLOCK = 24.0
"""A block of fewer references says less of the bias, in proportion."""


class Belief:
    """Weights of models, the spread of what they tell together, and what is taken off for bias.

    Args:
        models: How many. half: References after which an error weighs half. spread: Of the target, to begin with.

    >>> belief = Belief(2, 100.0, 1.0)
    >>> belief.learn(np.array([[1.0, 2.0], [2.0, 3.0]]), np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    >>> belief.weights.round(3).tolist()
    [1.0, 0.0]
    """

    def __init__(self, models: int, half: float, spread: float) -> None:
        self.half = half
        self._weigh = np.ones(models)
        self._errors: Floats | None = None
        self._floor = spread
        self._gap = 0.0

    @property
    def weights(self) -> Floats:
        """[models] shares that add up to one."""
        return np.asarray(self._weigh / self._weigh.sum(), np.float64)

    def joined(self, told: Floats) -> tuple[Floats, Floats]:
        """Value and spread of rows from what the models tell [models, rows]."""
        weights = self.weights
        value = weights @ told
        apart = weights @ (told - value) ** 2
        tiny = 1e-9 * max(float(np.abs(value[np.isfinite(value)]).max(initial=0.0)), 1e-300)
        return value + BIAS_SHARE * self._gap, np.sqrt(self._floor**2 + apart) + tiny

    def learn(self, told: Floats, value: Floats, truth: Floats) -> None:
        """Follow one block: what each model told [models, rows], what was told of it, and the references."""
        errors, own = np.abs(told - truth).mean(axis=1), float(np.abs(value - truth).mean())
        keep = 0.5 ** (len(truth) / self.half)
        if self._errors is None:
            self._errors, self._floor = errors, own
        else:
            self._errors = keep * self._errors + (1.0 - keep) * errors
            self._floor = keep * self._floor + (1.0 - keep) * own
        least = max(float(self._errors.min()), 1e-9 * float(self._errors.max()), 1e-300)
        self._weigh = (least / np.maximum(self._errors, least)) ** SHARPNESS
        gap = float(np.median(truth - self.weights @ told))
        self._gap = gap * min(1.0, len(truth) / FULL_BLOCK)

    def settle(self) -> None:
        """Forget the bias: the models are about to learn it."""
        self._gap = 0.0

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "weigh": self._weigh.tolist(), "floor": self._floor, "gap": self._gap,
            "errors": None if self._errors is None else self._errors.tolist(), "half": self.half,
        }  # fmt: skip

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Belief:
        """As it was saved."""
        made = cls(len(state["weigh"]), state["half"], state["floor"])
        made._weigh = np.array(state["weigh"], np.float64)
        made._errors = None if state["errors"] is None else np.array(state["errors"], np.float64)
        made._gap = float(state["gap"])
        return made
