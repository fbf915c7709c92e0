"""A soft sensor over a recorded file as it would have lived: each row told from references known before it.

After the training part, moments of calibration come every N rows. At each, the references of the rows before become
known: of all of them (an analyser that is read out, or hired, now and then), or of the newest alone (a spot sample).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats
from ecotwin.sensing.soft import Check, SoftSensor
from ecotwin.sensing.told import Standing, Told, joined

LEVEL = 0.8


@dataclass(frozen=True, slots=True)
class Score:
    """How well rows were told, over those with a reference.

    Attributes:
        rows_scored: Rows scored. mae, rmse, bias: In the target's unit; bias is told less reference.
        coverage: Share inside the 80 % band; NaN where no band was told. width: Mean width of the band.
    """

    rows_scored: int
    mae: float
    rmse: float
    bias: float
    coverage: float = np.nan
    width: float = np.nan


@dataclass(frozen=True, slots=True)
class Walked:
    """A file that was walked through.

    Attributes:
        first: First row told. told: What was told of each row from there.
        checks: (row of the moment, what its references said).
        held: What the same sensor told without recalibration, and its checks; None where it was not asked for.
        mean: [rows] mean of the references of the last moment, the simplest peer.
        sensor: The sensor at the end.
    """

    first: int
    told: Told
    checks: tuple[tuple[int, Check], ...]
    held: Told | None
    held_checks: tuple[tuple[int, Check], ...]
    mean: Floats
    sensor: SoftSensor


def walk(
    names: tuple[str, ...], inputs: Floats, target: Floats, first: int, every: int, *,
    spot: bool = False, hold: bool = False, peers: bool = True, bad: Bools | None = None, seed: int = 0,
) -> Walked:  # fmt: skip
    """Learn from the rows before `first`, then tell the others, moment by moment.

    Args:
        names: Of the inputs. inputs: [rows, inputs]. target: [rows] references, NaN where there is none.
        first: First row told. every: Rows between moments of calibration.
        spot: Only the newest reference of a moment's rows becomes known, after the training part.
        hold: The sensor is never recalibrated. peers: Tell the held sensor beside it.
        bad: [rows] rows flagged bad: never learned from.

    Raises:
        FigureGap: Nothing is left to tell, or the training part cannot carry a sensor.
    """
    rows = len(target)
    if not 0 < first < rows:
        raise FigureGap(
            f"the training part ends at row {first} of {rows}",
            expected="a training part, and rows after it",
        )
    known = int(np.isfinite(target[:first]).sum())
    block = 1 if spot else max(1, round(every * known / first))
    sensor = SoftSensor(names, block=block, every=every, hold=hold, seed=seed)
    sensor.learn(inputs[:first], target[:first], None if bad is None else bad[:first])
    other = sensor.held() if peers and not hold else None
    told, checks, held, held_checks = [], [], [], []
    mean = np.full(rows - first, np.nan)
    newest = target[max(0, first - every) : first]
    for start in range(first, rows, every):
        end = min(start + every, rows)
        if start > first:
            past = slice(start - every, start)
            shown = _shown(target[past], spot=spot)
            flags = None if bad is None else bad[past]
            checks.append((start, sensor.refer(shown, flags)))
            if other is not None:
                held_checks.append((start, other.refer(shown, flags)))
            if np.isfinite(shown).any():
                newest = shown
        told.append(sensor.tell(inputs[start:end]))
        if other is not None:
            held.append(other.tell(inputs[start:end]))
        mean[start - first : end - first] = (
            np.nanmean(newest) if np.isfinite(newest).any() else np.nan
        )
    return Walked(
        first, joined(told), tuple(checks), joined(held) if other else None, tuple(held_checks), mean, sensor,
    )  # fmt: skip


def _shown(target: Floats, *, spot: bool) -> Floats:
    """The references of a stretch that become known."""
    if not spot:
        return target
    shown = np.full(len(target), np.nan)
    there = np.flatnonzero(np.isfinite(target))
    if len(there):
        shown[there[-1]] = target[there[-1]]
    return shown


def score(
    value: Floats, target: Floats, low: Floats | None = None, high: Floats | None = None
) -> Score:
    """How well rows were told; rows without value or reference are left out.

    >>> score(np.array([1.0, 3.0, np.nan]), np.array([2.0, 3.0, 4.0])).mae
    0.5
    """
    both = np.isfinite(value) & np.isfinite(target)
    if not both.any():
        return Score(0, np.nan, np.nan, np.nan)
    error = value[both] - target[both]
    coverage = width = np.nan
    if low is not None and high is not None:
        band = both & np.isfinite(low) & np.isfinite(high)
        if band.any():
            truth, bottom, top = target[band], low[band], high[band]
            coverage = float(((truth >= bottom) & (truth <= top)).mean())
            width = float((top - bottom).mean())
    return Score(
        int(both.sum()), float(np.abs(error).mean()), float(np.sqrt((error**2).mean())),
        float(error.mean()), coverage, width,
    )  # fmt: skip


def shares(told: Told) -> dict[str, int]:
    """Rows by standing."""
    return {s.value: sum(t is s for t in told.standing) for s in Standing}
