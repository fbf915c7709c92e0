"""Regimes of operation: found in the records themselves, so that a signal is judged among its like.

An engine reports at take-off and in cruise, a tool cuts steel and brass: most of what its signals do is then the
regime and not the wear. A regime shows as a column that takes few levels *and* whose levels explain what other columns
do from one record to the next. (Levels alone prove nothing: a coarse sensor has them too.) What a signal is beside
others of its regime is left, in standard deviations.

Sources:
    Standardising by operating regime before learning remaining life: Wang, Yu, Siegel and Lee, A similarity-based
    prognostics approach, PHM 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.maintenance.fleet import Fleet
from ecotwin.records import Floats, Ints

MOST_LEVELS = 12
"""More levels than this in one column are no regimes."""
_TIGHT = 0.25
"""Levels lie apart when the widest of them is less than this share of the least gap between them."""
_EXPLAINS, _OTHERS = 0.5, 1.0 / 3.0
"""A regime takes at least this share of the steps' variance of at least this share of the other columns."""
_LEAST_SHARE, _LEAST_ROWS = 0.005, 30
"""Fewer rows than this are no regime of their own."""
UNSEEN = -1


@dataclass(frozen=True, slots=True)
class Regimes:
    """What was learned of regimes.

    Attributes:
        columns: Places of the columns that tell the regime; empty: there is only one.
        cuts: For each of them, its levels: [levels, 2] lowest and highest value seen.
        codes: [regimes, columns] level of each regime.
        mean, spread: [regimes, signals] of the followed units' rows.
        usable: [signals] whether a signal varies within some regime.
    """

    columns: tuple[int, ...]
    cuts: tuple[Floats, ...]
    codes: Ints
    mean: Floats
    spread: Floats
    usable: Ints

    def __len__(self) -> int:
        return len(self.codes)

    def of(self, values: Floats) -> Ints:
        """[rows] regime of each row; `UNSEEN` where the levels were never seen, or never together."""
        if not self.columns:
            return np.zeros(len(values), np.int64)
        levels = np.column_stack(
            [_level(values[:, c], cut) for c, cut in zip(self.columns, self.cuts, strict=True)]
        )
        found = np.full(len(values), UNSEEN, np.int64)
        for n, code in enumerate(self.codes):
            found[(levels == code).all(axis=1)] = n
        return found

    def standard(self, values: Floats) -> tuple[Floats, Ints]:
        """[rows, usable] values in standard deviations of their regime (NaN: missing or regime unseen), and regimes."""
        regime = self.of(values)
        known = regime != UNSEEN
        out = np.full((len(values), len(self.usable)), np.nan)
        mean, spread = self.mean[:, self.usable], self.spread[:, self.usable]
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (values[known][:, self.usable] - mean[regime[known]]) / spread[regime[known]]
        z[~np.isfinite(z)] = np.nan
        out[known] = z
        return out, regime


def learn_regimes(fleet: Fleet) -> Regimes:
    """Find the regimes of the followed units."""
    values = fleet.values
    moving = [c for c in range(values.shape[1]) if varies(values[:, c])]
    chosen = _chosen(fleet, moving)
    cuts = tuple(cut for _, cut in chosen)
    columns = tuple(c for c, _ in chosen)
    codes = np.zeros((1, 0), np.int64)
    if columns:
        levels = np.column_stack([_level(values[:, c], cut) for c, cut in chosen])
        codes, counts = np.unique(levels, axis=0, return_counts=True)
        codes = codes[(counts >= _least(len(values))) & (codes >= 0).all(axis=1)]
    found = Regimes(columns, cuts, codes, np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0, np.int64))
    regime = found.of(values)
    mean = np.full((len(codes), values.shape[1]), np.nan)
    spread = np.full_like(mean, np.nan)
    for n in range(len(codes)):
        rows = values[regime == n]
        for c in moving:
            cells = rows[:, c][np.isfinite(rows[:, c])]
            if varies(cells):
                mean[n, c], spread[n, c] = cells.mean(), cells.std()
    usable = np.flatnonzero(np.isfinite(spread).any(axis=0))
    return Regimes(columns, cuts, codes, mean, spread, usable)


def varies(cells: Floats) -> bool:
    """Whether a column holds at least two different numbers (beyond rounding)."""
    seen = cells[np.isfinite(cells)]
    return len(seen) > 1 and float(np.ptp(seen)) > 1e-12 * float(np.abs(seen).max())


def _least(rows: int) -> int:
    return max(_LEAST_ROWS, int(_LEAST_SHARE * rows))


def _chosen(fleet: Fleet, moving: list[int]) -> list[tuple[int, Floats]]:
    """Columns that tell regimes, the most telling first, as few as explain the steps of the others."""
    values = fleet.values
    inside = np.diff(fleet.owner) == 0
    candidates = []
    for c in moving:
        cut = _cut(values[:, c])
        if cut is not None:
            candidates.append((c, cut, _level(values[:, c], cut)))
    chosen: list[tuple[int, Floats]] = []
    code = np.zeros(len(values), np.int64)
    left = _unexplained(values, moving, code, inside)
    while candidates:
        scored = []
        for n, (_, cut, level) in enumerate(candidates):
            joint = code * (len(cut) + 1) + level + 1
            rest = _unexplained(values, moving, joint, inside)
            scored.append((float(np.mean(rest)), n, rest, joint))
        _, n, rest, joint = min(scored, key=lambda s: (s[0], s[1]))
        # A partition earns its place by what it tells of other columns than its own.
        others = int((rest < (1.0 - _EXPLAINS) * left).sum()) - 1
        if others < max(1.0, _OTHERS * (len(moving) - 1)):
            break
        c, cut, _ = candidates.pop(n)
        chosen.append((c, cut))
        code, left = np.unique(joint, return_inverse=True)[1].astype(np.int64), rest
    return chosen


def _unexplained(values: Floats, moving: list[int], code: Ints, inside: np.ndarray) -> Floats:
    """[moving] variance of the steps that the partition leaves, of the variance of all steps."""
    out = np.ones(len(moving))
    for n, c in enumerate(moving):
        cells = values[:, c]
        good = np.isfinite(cells)
        count = np.bincount(code[good])
        total = np.bincount(code[good], cells[good])
        middle = np.divide(total, count, out=np.zeros(len(total)), where=count > 0)
        rest = cells - middle[np.minimum(code, len(middle) - 1)]
        whole = np.nanvar(np.diff(cells)[inside]) if inside.any() else 0.0
        left = np.nanvar(np.diff(rest)[inside]) if inside.any() else 0.0
        out[n] = left / whole if whole > 0.0 else 1.0
    return out


def _cut(cells: Floats) -> Floats | None:
    """[levels, 2] few levels far apart, or None where a column is no column of levels."""
    seen = np.sort(cells[np.isfinite(cells)])
    gaps = np.diff(seen)
    if len(seen) < 2 * _LEAST_ROWS:
        return None
    order = np.argsort(gaps)[::-1]
    wide = order[: MOST_LEVELS - 1]
    for count in range(1, len(wide) + 1):
        at = np.sort(wide[:count])
        begins, ends = np.append(0, at + 1), np.append(at, len(seen) - 1)
        width = float(np.max(seen[ends] - seen[begins]))
        if gaps[at].min() > 0.0 and width <= _TIGHT * float(gaps[at].min()):
            return np.column_stack([seen[begins], seen[ends]])
    return None


def _level(cells: Floats, cut: Floats) -> Ints:
    """[rows] level of each cell: within its reach and half a gap of nothing beside it; -1: no such level."""
    middle = cut.mean(axis=1)
    nearest = np.argmin(np.abs(cells[:, None] - middle[None, :]), axis=1)
    gap = float(np.min(np.diff(middle))) if len(middle) > 1 else np.inf
    reach = np.maximum(cut[:, 1] - cut[:, 0], 0.1 * gap)
    off = np.maximum(cut[nearest, 0] - cells, cells - cut[nearest, 1])
    return np.where(np.isfinite(cells) & (off <= reach[nearest]), nearest, UNSEEN).astype(np.int64)
