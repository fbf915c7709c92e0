"""How well a unit is, from 100 % (as in its early life, or as its fleet) downwards, with the signals that say so.

Two answers. `Reference` holds many signals against a stretch in which the unit (or its fleet) was well: distance along
what usually moves together and off it, in units of what that stretch itself reached. `creep` follows one figure that
wear worsens (kW per m3/min of air, bar over a filter) over running hours: how fast, with an interval, and how many
hours until a limit.

Sources:
    Distances along and off principal components: Jackson and Mudholkar, Technometrics 21, 1979. Slope as the median of
    slopes: Sen, JASA 63, 1968; its interval by drawing blocks of hours: Kuensch, Annals of Statistics 17, 1989.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.maintenance.regimes import varies
from ecotwin.records import Bools, Explanation, Floats, Range, Reason

LEAST_ROWS = 40
_KEPT, _USUAL, _BEYOND = 0.9, 0.99, 10.0
"""Share of variance that moves together; quantile that counts as usual; distance beyond which nothing is graded."""
_FAMILIAR = 2.0
_POINTS, _DRAWS, _BLOCKS = 240, 200, 12


@dataclass(frozen=True, slots=True)
class Reference:
    """How signals stood while all was well.

    Attributes:
        columns: Signals used. centre, spread: [signals]. along: [signals, parts] directions that move together.
        size: [parts] variance along them. rest: Variance off them. usual: Distance reached in 1 % of the rows.
        rows: It was learned from.
    """

    columns: tuple[str, ...]
    centre: Floats
    spread: Floats
    along: Floats
    size: Floats
    rest: float
    usual: float
    rows: int

    def standard(self, values: Floats) -> Floats:
        """[rows, signals] in spreads; a missing cell counts as usual."""
        return np.asarray(np.nan_to_num((values - self.centre) / self.spread, nan=0.0))

    def distance(self, values: Floats) -> Floats:
        """[rows] 1: as far as 1 % of the reference's rows."""
        return self._raw(self.standard(values)) / self.usual

    def familiar(self, values: Floats) -> Bools:
        """[rows] whether a row lies within twice what 99 of 100 of the reference's own rows reached.

        What was learned of anything else in the reference's rows (a grade of a valve, a soft sensor) holds for familiar
        rows only.
        """
        missing = np.isnan(values).mean(axis=1) > 0.5
        return np.asarray((self.distance(values) <= _FAMILIAR) & ~missing)

    def _raw(self, z: Floats) -> Floats:
        scores = z @ self.along
        off = z - scores @ self.along.T
        along = (scores**2 / self.size).mean(axis=1) if len(self.size) else np.zeros(len(z))
        return np.asarray(np.sqrt(along + (off**2).mean(axis=1) / self.rest))

    def health_pct(self, values: Floats) -> Floats:
        """[rows] 100 while within the usual, falling as 100 / distance beyond it; NaN where nothing can be graded.

        Nothing is graded ten usual distances and more away (another regime, another machine, a broken sensor), or
        where more than half of the signals are missing.
        """
        far = self.distance(values)
        pct = 100.0 / np.maximum(far, 1.0)
        unlike = (far >= _BEYOND) | (np.isnan(values).mean(axis=1) > 0.5)
        return np.where(unlike, np.nan, pct)

    def explain(self, subject: str, values: Floats) -> Explanation:
        """Why the mean of some rows stands as it does.

        Raises:
            FigureGap: It lies too far outside to be graded.
        """
        with np.errstate(invalid="ignore"):
            row = np.nanmean(np.atleast_2d(values), axis=0)[None]
        pct = float(self.health_pct(row)[0])
        z = self.standard(row)[0]
        worst = np.argsort(-np.abs(z), kind="stable")
        if np.isnan(pct):
            named = ", ".join(self.columns[n] for n in worst[:3])
            raise FigureGap(
                f"{subject} lies {float(self.distance(row)[0]):.0f} times as far out as anything in the reference "
                f"({named}), or lacks most signals",
                expected="a state like those the reference was learned in",
                remedy="check these sensors, or learn a reference in this state",
            )
        reasons = []
        for n in worst[:5]:
            back = row.copy()
            back[0, n] = self.centre[n]
            weight = pct - float(np.nan_to_num(self.health_pct(back)[0], nan=pct))
            if weight < -0.05:
                side = "above" if z[n] > 0.0 else "below"
                text = f"{self.columns[n]} is {row[0, n]:.4g}, {abs(z[n]):.1f} spreads {side} its {self.centre[n]:.4g}"
                reasons.append(
                    Reason(self.columns[n], weight, text, float(row[0, n]), float(self.centre[n]))
                )
        return Explanation(
            of="score",
            subject=subject,
            value=pct,
            unit="%",
            base=100.0,
            why=tuple(sorted(reasons, key=lambda r: r.weight)),
            data=(
                f"{self.rows} rows in which it was well",
                f"{len(np.atleast_2d(values))} rows now",
            ),
            model="health",
        )


def learn_reference(columns: Sequence[str], values: Floats) -> Reference:
    """Learn how signals stand from [rows, signals] in which the unit was well.

    Raises:
        FigureGap: Fewer than forty rows, or nothing that changes.
    """
    used = [n for n in range(values.shape[1]) if varies(values[:, n])]
    seen = values[:, used]
    if len(seen) < LEAST_ROWS or not used:
        raise FigureGap(
            f"{len(seen)} rows and {len(used)} signals that change",
            expected=f"at least {LEAST_ROWS} rows and one signal that changes",
            remedy="take a longer stretch in which all was well",
        )
    centre, spread = np.nanmedian(seen, axis=0), np.nanstd(seen, axis=0)
    z = np.nan_to_num((seen - centre) / spread, nan=0.0)
    size, along = np.linalg.eigh(np.cov(z.T).reshape(len(used), len(used)))
    size, along = size[::-1], along[:, ::-1]
    parts = int(np.searchsorted(np.cumsum(size) / size.sum(), _KEPT)) + 1
    parts = min(parts, len(used) - 1)
    rest = float(max(size[parts:].mean(), 1e-3)) if parts < len(used) else 1.0
    made = Reference(
        tuple(columns[n] for n in used), centre, spread, along[:, :parts], size[:parts], rest, 1.0, len(seen)
    )  # fmt: skip
    return replace(made, usual=max(float(np.quantile(made.distance(seen), _USUAL)), 1e-9))


@dataclass(frozen=True, slots=True)
class Creep:
    """How fast a figure worsens with running hours.

    Attributes:
        per_h: Change per running hour with its 95 % interval. first, last: Figure at the begin and end of the stretch.
        hours: Length of the stretch [running h]. sure: Whether the interval leaves zero out.
    """

    per_h: Range
    first: float
    last: float
    hours: float
    sure: bool

    def hours_to(self, limit: float) -> Range | None:
        """Running hours until a limit with their 95 % interval; None: it is not moving there for sure.

        >>> Creep(Range(0.01, 0.005, 0.02), 6.0, 7.0, 100.0, True).hours_to(8.0)
        Range(value=100.0, low=50.0, high=200.0)
        """
        way = limit - self.last
        if not self.sure or way * self.per_h.value <= 0.0:
            return None
        ends = sorted((way / self.per_h.low, way / self.per_h.high))
        return Range(way / self.per_h.value, ends[0], ends[1])


def creep(hours: Floats, figure: Floats, seed: int = 0) -> Creep:
    """The slope of a figure over running hours.

    Args:
        hours: [rows] running hours, not falling. figure: [rows] NaN where it was not measured.

    Raises:
        FigureGap: Fewer than forty measured rows, or hours that do not go on.

    >>> made = creep(np.arange(200.0), 5.0 + 0.02 * np.arange(200.0))
    >>> round(made.per_h.value, 4), made.sure
    (0.02, True)
    """
    sound = np.isfinite(hours) & np.isfinite(figure)
    at, seen = hours[sound], figure[sound]
    if len(at) < LEAST_ROWS:
        raise FigureGap(
            f"{len(at)} of the {LEAST_ROWS} measurements that it takes are there",
            expected=f"at least {LEAST_ROWS} rows with running hours",
            remedy="wait for a longer history",
        )
    if (np.diff(at) < 0.0).any() or not np.ptp(at) > 0.0:
        raise FigureGap(
            "its running hours fall back or stand still",
            expected="running hours that rise",
            remedy="mend the hour counter",
        )
    # Means of equal parts carry the slope; noise from row to row does not.
    parts = np.array_split(np.arange(len(at)), min(_POINTS, len(at)))
    x = np.array([at[p].mean() for p in parts])
    y = np.array([seen[p].mean() for p in parts])
    slope = _slope(x, y)
    middle = float(np.median(y - slope * x))
    rest = y - middle - slope * x
    block = max(1, len(x) // _BLOCKS)
    rng = np.random.default_rng(seed)
    begins = rng.integers(0, len(x) - block + 1, (_DRAWS, -(-len(x) // block)))
    drawn = [
        _slope(x, middle + slope * x + np.concatenate([rest[b : b + block] for b in row])[: len(x)])
        for row in begins
    ]
    low, high = (float(q) for q in np.quantile(drawn, [0.025, 0.975]))
    return Creep(
        Range(slope, min(low, slope), max(high, slope)),
        middle + slope * float(x[0]),
        middle + slope * float(x[-1]),
        float(np.ptp(at)),
        low > 0.0 or high < 0.0,
    )


def _slope(x: Floats, y: Floats) -> float:
    """Median slope of points half the stretch apart."""
    half = len(x) // 2
    return float(np.median((y[half:] - y[: len(y) - half]) / (x[half:] - x[: len(x) - half])))
