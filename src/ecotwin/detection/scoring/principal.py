"""A row and the rows just before it against the principal components of normal rows: T2 inside, Q outside of them.

Sources: as in `ecotwin.detection.subspace`, which judges a plant's minutes by the same two distances: Ku, Storer and
    Georgakis, Chemometrics and Intelligent Laboratory Systems 30 (1995) 179-196 (dynamic principal components);
    Jackson and Mudholkar, Technometrics 21 (1979) 341-349 (Q); Marchenko and Pastur, Math. USSR Sbornik 1 (1967)
    457-483 (components beyond chance); Alcala and Qin, Automatica 45 (2009) 1593-1600 (what a signal adds).
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.lags import Lags, lags_for
from ecotwin.detection.scoring.precision import distance
from ecotwin.records import Bools, Floats


class Principal(Framed):
    """The scorer; without `most_lags` it is plain principal component analysis."""

    name: ClassVar[str] = "principal"
    kept: ClassVar[tuple[str, ...]] = ("inside", "outside", "past")
    most_lags: ClassVar[int] = 2

    def teach(self, z: Floats) -> None:
        """Learn components beyond chance."""
        n, p = z.shape
        lags = lags_for(n, p, self.most_lags)
        self.past = np.full((lags, p), np.nan)
        joined = Lags(self.past.copy()).join(z, np.ones(n, np.bool_), np.zeros(n, np.bool_))
        joined = joined[np.isfinite(joined).all(axis=1)]
        value, vector = np.linalg.eigh(joined.T @ joined / len(joined))
        value, vector = value[::-1], vector[:, ::-1]
        chance = float(value.mean()) * (1.0 + math.sqrt(len(value) / len(joined))) ** 2
        count = int(min(max(1, (value > chance).sum()), max(len(value) - 1, 1)))
        loads = vector[:, :count]
        self.inside = np.ascontiguousarray((loads / value[:count]) @ loads.T)
        self.outside = np.eye(len(value)) - loads @ loads.T

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """T2 and Q, as distances."""
        lags = Lags(self.past)
        joined = lags.join(z, judged, fresh)
        self.past = lags.past
        drawn = [distance(joined, sharp) for sharp in (self.inside, self.outside)]
        wide = len(self.past) + 1
        adds = [a.reshape(len(z), wide, -1).sum(axis=1) for _, a in drawn]
        return np.stack([d for d, _ in drawn], axis=1), np.stack(adds, axis=1)


plug = Principal
