"""The state of a process, told from a row and the rows before it as far as they say what comes after: T2, and the rest.

Canonical variates are those mixtures of the past that go together most with mixtures of the future. How far the state
lies from usual is one distance, how far all that the past holds beside it another; both are also averaged over time,
since a process that swings more than usual shows in no single row.

Sources: Larimore, Proceedings of the American Control Conference (1983) 445-451 (canonical variates); Russell, Chiang
    and Braatz, Chemometrics and Intelligent Laboratory Systems 51 (2000) 81-93 (their use to see faults).
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.lags import Lags, lags_for
from ecotwin.detection.scoring.precision import distance, drawn_in, inverse
from ecotwin.detection.scoring.steady import smoothed
from ecotwin.records import Bools, Floats

LAGS = 2
RATE = 0.1
"""How fast the averages of the distances forget."""


class Variates(Framed):
    """The scorer."""

    name: ClassVar[str] = "variates"
    kept: ClassVar[tuple[str, ...]] = ("state_of", "rest_of", "past", "memory", "usual")

    def teach(self, z: Floats) -> None:
        """Learn which mixtures of the past say what comes after."""
        n, p = z.shape
        lags = lags_for(n, p, LAGS)
        self.past = np.full((lags, p), np.nan)
        joined = Lags(self.past.copy()).join(z, np.ones(n, np.bool_), np.zeros(n, np.bool_))
        past, ahead = joined[lags : n - lags - 1], joined[2 * lags + 1 :]
        sharp = inverse(drawn_in(joined[lags:]))
        if len(past) > past.shape[1]:
            white = _root(sharp)
            going = white @ (past.T @ ahead / len(past)) @ white
            left, strength, _ = np.linalg.svd(going)
            chance = 2.0 * math.sqrt(past.shape[1] / len(past))
            count = int(np.clip((strength > min(chance, 0.9)).sum(), 1, max(len(strength) - 1, 1)))
            mixtures = white @ left[:, :count]
            self.state_of = np.ascontiguousarray(mixtures @ mixtures.T)
        else:
            self.state_of = sharp
        self.rest_of = sharp - self.state_of if self.state_of is not sharp else sharp
        self.usual, self.memory = np.zeros(2), np.zeros(2)
        charts, _ = self._distances(joined[lags:])
        self.usual = np.median(charts * charts, axis=0)

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """T2 of the state and of the rest, each of the row and averaged over time."""
        lags = Lags(self.past)
        joined = lags.join(z, judged, fresh)
        self.past = lags.past
        now, adds = self._distances(joined)
        known = np.asarray(np.isfinite(now).all(axis=1), np.bool_)
        over = np.where(known[:, None], now * now - self.usual, 0.0)
        slow = smoothed(over, known, fresh, np.full(2, RATE), self.memory)
        # About its usual size a mean may lie below zero as well; a distance may not.
        mean = np.sqrt(np.maximum(slow + self.usual, 0.0))
        return np.hstack([now, np.where(known[:, None], mean, np.nan)]), np.concatenate(
            [adds, adds], axis=1
        )

    def _distances(self, joined: Floats) -> tuple[Floats, Floats]:
        drawn = [distance(joined, sharp)[0] for sharp in (self.state_of, self.rest_of)]
        # Told by both together: a state of one mixture alone makes all its signals look alike.
        _, each = distance(joined, self.state_of + self.rest_of)
        adds = each.reshape(len(joined), len(self.past) + 1, -1).sum(axis=1)
        return np.stack(drawn, axis=1), np.stack([adds, adds], axis=1)


def _root(sharp: Floats) -> Floats:
    """The symmetric square root."""
    value, vector = np.linalg.eigh(sharp)
    return np.asarray((vector * np.sqrt(np.maximum(value, 0.0))) @ vector.T, np.float64)


plug = Variates
