"""Boosted trees on the past, the calendar and what is known ahead: one model for all steps ahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.forecasting.anchors import Anchor
from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.member import needs
from ecotwin.forecasting.weighed import Weighed
from ecotwin.records import Floats, Ints

MOST_ROWS = 60_000
"""Examples learned from; with more, each slot is told from fewer origins."""
WEEKS_GROUP = "same time last weeks"
LEADS = 3
"""Origins from which each slot of the past is told while learning."""


class Boosted:
    """Trees that expect the mean.

    Args:
        name: Its name among others. scattered: Cut at random places, so that it errs elsewhere than the plain one.
        anchored: Learn what is left of an `Anchor`. seed: Of rows, columns and leads drawn.
    """

    def __init__(
        self,
        name: str = "boosted",
        *,
        scattered: bool = False,
        anchored: bool = False,
        seed: int = 1,
    ) -> None:
        self.name, self.scattered, self.anchored, self.seed = name, scattered, anchored, seed
        self._model: Any = None
        self._anchor: Anchor | None = None
        self._level, self._spread = 0.0, 1.0

    def fit(self, ground: Grounds, horizon: int) -> None:
        """Learn from every slot that has a value and a season of past."""
        light = needs("lightgbm")
        y = ground.line.target
        origins, slots = examples(ground, horizon, self.seed)
        table, names, _ = ground.table(origins, slots)
        told = y[slots]
        if self.anchored:
            self._anchor = Anchor.learned(table, names, told)
            told = told - self._anchor.of(table, names)
        self._level, self._spread = float(np.mean(told)), float(np.std(told)) or 1.0
        settings = {
            "objective": "regression", "learning_rate": 0.05 if self.scattered else 0.03,
            "num_leaves": 31, "min_data_in_leaf": 40,
            "bagging_fraction": 0.8, "bagging_freq": 1, "feature_fraction": 0.6, "lambda_l2": 5.0,
            "extra_trees": self.scattered, "seed": self.seed, "num_threads": 1, "deterministic": True,
            "force_row_wise": True, "verbosity": -1,
        }  # fmt: skip
        rounds = 400 if self.scattered else 240
        examples_told = light.Dataset(table, (told - self._level) / self._spread)
        self._model = light.train(settings, examples_told, rounds)

    def points(self, ground: Grounds, origins: Ints, slots: Ints) -> Floats:
        """[n] the mean expected."""
        table, names, _ = ground.table(origins, slots)
        made = self._model.predict(table, num_threads=1) * self._spread + self._level
        if self._anchor is not None:
            made = made + self._anchor.of(table, names)
        return np.asarray(made, np.float64)

    def parts(self, ground: Grounds, origin: int, slot: int) -> tuple[float, dict[str, float]]:
        """What each group adds, by the trees' own shares (they add up exactly)."""
        table, names, groups = ground.table(np.array([origin]), np.array([slot]))
        shares = np.asarray(self._model.predict(table, pred_contrib=True, num_threads=1))[0]
        made: dict[str, float] = {}
        for share, group in zip(shares[:-1], groups, strict=True):
            made[group] = made.get(group, 0.0) + float(share) * self._spread
        if self._anchor is not None:
            usual, lasting = (float(p[0]) for p in self._anchor.parts(table, names))
            for group, added in ((WEEKS_GROUP, usual), ("last hours", lasting)):
                made[group] = made.get(group, 0.0) + added
        return float(shares[-1]) * self._spread + self._level, made

    def state(self) -> dict[str, Any]:
        """The trees as text."""
        text = "" if self._model is None else self._model.model_to_string()
        anchor = None if self._anchor is None else self._anchor.shares.tolist()
        return {"trees": text, "level": self._level, "spread": self._spread, "anchor": anchor}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        light = needs("lightgbm")
        self._model = light.Booster(model_str=state["trees"]) if state["trees"] else None
        self._level, self._spread = float(state["level"]), float(state["spread"])
        shares = state["anchor"]
        self._anchor = None if shares is None else Anchor(np.asarray(shares, np.float64))


def examples(ground: Grounds, horizon: int, seed: int) -> tuple[Ints, Ints]:
    """Origins and slots to learn from: slots of the past that have a value, each told from some steps ahead."""
    y, clock = ground.line.target, ground.line.clock
    first = min(max(clock.long, 2 * clock.short, 8), len(y) // 3)
    slots = np.flatnonzero(np.isfinite(y))
    slots = slots[slots >= first]
    each = 1 if horizon == 1 else LEADS
    each = max(1, min(each, MOST_ROWS // max(len(slots), 1)))
    slots = np.repeat(slots, each)[-MOST_ROWS:]
    leads = np.random.default_rng(seed).integers(0, horizon, len(slots))
    return np.maximum(slots - leads, 1), slots


def plug() -> Weighed:
    """The trees alone."""
    return Weighed("boosted", (Boosted(),))
