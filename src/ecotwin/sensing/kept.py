"""References that a soft sensor learns from, in order of the rows they belong to, whenever they came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecotwin.records import Floats, Ints

_LIFTS = 16


class References:
    """The newest references.

    Args:
        rows: [references, columns]. target: [references]. at: [references] numbers of their rows, rising.
        most: So many are kept.
    """

    def __init__(self, rows: Floats, target: Floats, at: Ints, most: int) -> None:
        self.most = most
        self.rows, self.target, self.at = rows[-most:], target[-most:], at[-most:]
        self.new = np.zeros(len(self.at), bool)
        """[references] not learned from yet."""
        self._lifts: list[tuple[int, float]] = []

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: Floats, target: Floats, at: Ints) -> None:
        """Take new references; late ones find the place of their row, and are lifted as those beside them were."""
        raised = np.array(target, np.float64)
        for turn, by in self._lifts:
            raised[at < turn] += by
        whole = np.concatenate([self.at, at])
        order = np.argsort(whole, kind="stable")[-self.most :]
        self.rows = np.concatenate([self.rows, rows])[order]
        self.target = np.concatenate([self.target, raised])[order]
        self.new = np.concatenate([self.new, np.ones(len(at), bool)])[order]
        self.at = whole[order]

    def lift(self, turn: int, by: float) -> None:
        """References of rows before a row are counted as so much higher from now on."""
        self.target = np.where(self.at < turn, self.target + by, self.target)
        self._lifts = [*self._lifts, (turn, by)][-_LIFTS:]

    def known(self) -> tuple[Floats, Floats, Ints]:
        """Rows, references and row numbers of those that models have learned from."""
        old = ~self.new
        return self.rows[old], self.target[old], self.at[old]

    def learn(self) -> None:
        """All are learned from now."""
        self.new = np.zeros(len(self.at), bool)

    def forked(self) -> References:
        """The same from here on; arrays never change in place."""
        made = References(self.rows, self.target, self.at, self.most)
        made.new, made._lifts = self.new, list(self._lifts)
        return made

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "x": self.rows.tolist(), "y": self.target.tolist(), "at": self.at.tolist(),
            "new": np.flatnonzero(self.new).tolist(), "lifts": [list(one) for one in self._lifts],
        }  # fmt: skip

    @classmethod
    def restored(cls, state: Mapping[str, Any], columns: int, most: int) -> References:
        """As it was saved."""
        made = cls(
            np.array(state["x"], np.float64).reshape(-1, columns), np.array(state["y"], np.float64),
            np.array(state["at"], np.int64), most,
        )  # fmt: skip
        made.new[np.array(state["new"], np.int64)] = True
        made._lifts = [(int(turn), float(by)) for turn, by in state["lifts"]]
        return made
