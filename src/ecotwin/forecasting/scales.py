"""Columns in units of their own past, so that no unit, shift or rounding of a file moves a forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ecotwin.forecasting.timeline import Timeline
from ecotwin.records import Floats

_DIGITS = 9
"""Digits kept: what a change of units alters in the last bits must not alter where a tree is cut."""


@dataclass(frozen=True, slots=True)
class Scales:
    """Mean and standard deviation of each column of a past; the target's under the empty name."""

    of: Mapping[str, tuple[float, float]]

    @staticmethod
    def learned(line: Timeline) -> Scales:
        """Of every column; a column that never moves, or was never measured, has the deviation 1."""
        columns = {"": line.target, **{n: line.others[:, i] for i, n in enumerate(line.names)}}
        return Scales({name: _scale(column) for name, column in columns.items()})

    def into(self, column: Floats, name: str = "") -> Floats:
        """[n] in units of the past."""
        mean, deviation = self.of.get(name, (0.0, 1.0))
        return np.asarray(np.round((column - mean) / deviation, _DIGITS), np.float64)

    def line(self, line: Timeline) -> Timeline:
        """A timeline in units of the past."""
        others = [self.into(line.others[:, i], n) for i, n in enumerate(line.names)]
        table = np.column_stack(others) if others else line.others
        return replace(line, target=self.into(line.target), others=table)

    @property
    def mean(self) -> float:
        """Of the target, in its own unit."""
        return self.of[""][0]

    @property
    def deviation(self) -> float:
        """Of the target, in its own unit."""
        return self.of[""][1]

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {name: list(pair) for name, pair in self.of.items()}


def _scale(column: Floats) -> tuple[float, float]:
    good = column[np.isfinite(column)]
    if not len(good):
        return 0.0, 1.0
    mean, wide = float(good.mean()), float(good.std())
    # A constant's deviation is rounding, not zero.
    return (mean, wide) if wide > 1e-12 * max(abs(mean), 1e-300) else (float(good[0]), 1.0)
