"""The forms a meter's baseline can take, as columns of a linear regression.

Change-point: base load, heating below one balance point, cooling above another (3, 4 and 5
parameters), linear in production and other variables, with another level at weekends. Time of week
and temperature: a level for each hour of the week and a broken line in temperature, apart for the
hours in which the place is busy and in which it is not.

Sources: Kissock, Haberl and Claridge, ASHRAE RP-1050 (change points); Mathieu et al., IEEE Trans.
Smart Grid 2 (2011) 507 (time of week and temperature).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ecotwin.accounting.performance.series import Series
from ecotwin.records import Bools, Floats

WEEKEND = "weekend"


@dataclass(frozen=True, slots=True)
class Form:
    """One form.

    Attributes:
        heat_base: Balance point below which heating is used, in the temperature's unit; None: no
            heating. cool_base: The same for cooling.
        others: Names of further variables, `weekend` among them.
        busy: [168] which hours of the week are busy, for time of week and temperature; None: a
            change-point form. knots: Temperatures where its line breaks; empty: no temperature.
    """

    heat_base: float | None = None
    cool_base: float | None = None
    others: tuple[str, ...] = ()
    busy: Bools | None = None
    knots: tuple[float, ...] = ()

    @property
    def searched(self) -> int:
        """Number of balance points that were searched."""
        return len({b for b in (self.heat_base, self.cool_base) if b is not None})

    @property
    def uses_temperature(self) -> bool:
        """Whether the temperature matters in it."""
        return bool(self.knots) or self.searched > 0

    @property
    def name(self) -> str:
        """What it is called."""
        if self.busy is not None:
            return "time of week and temperature" if self.knots else "time of week"
        kinds = {
            (False, False): "linear" if self.others else "constant",
            (True, False): "3-parameter heating",
            (False, True): "3-parameter cooling",
            (True, True): "4-parameter" if self.searched == 1 else "5-parameter",
        }
        return kinds[(self.heat_base is not None, self.cool_base is not None)]


def columns(form: Form, data: Series) -> tuple[Floats, tuple[str, ...]]:
    """The design of a form on readings: [n, p] and the names of its terms."""
    made: list[Floats] = []
    names: list[str] = []
    degrees = data.variables[data.temperature] if data.temperature else None
    if form.busy is not None:
        slot = data.hour_of_week.astype(np.int64)
        made.append(np.eye(168)[slot])
        names += [f"hour of week {h}" for h in range(168)]
        if form.knots and degrees is not None:
            pieces = broken_line(degrees, form.knots)
            busy = form.busy[slot].astype(np.float64)[:, None]
            sides = [(busy, "busy")] if form.busy.all() else [(busy, "busy"), (1.0 - busy, "quiet")]
            for side, word in sides:
                made.append(pieces * side)
                names += [f"temperature {word} {i + 1}" for i in range(pieces.shape[1])]
    else:
        made.append(np.ones((len(data), 1)))
        names.append("base load")
        if form.heat_base is not None and degrees is not None:
            made.append(np.maximum(0.0, form.heat_base - degrees)[:, None])
            names.append("heating")
        if form.cool_base is not None and degrees is not None:
            made.append(np.maximum(0.0, degrees - form.cool_base)[:, None])
            names.append("cooling")
    for other in form.others:
        made.append((data.weekend_share if other == WEEKEND else data.variables[other])[:, None])
        names.append(other)
    return np.hstack(made), tuple(names)


def broken_line(degrees: Floats, knots: tuple[float, ...]) -> Floats:
    """Temperature cut into pieces at the knots; the ends go on straight. [n, knots - 1].

    >>> broken_line(np.array([5.0, 15.0, 35.0]), (0.0, 10.0, 20.0))
    array([[ 5.,  0.],
           [10.,  5.],
           [10., 25.]])
    """
    pieces = np.empty((len(degrees), len(knots) - 1))
    for i, (low, high) in enumerate(pairwise(knots)):
        first, last = i == 0, i == len(knots) - 2
        piece = degrees - low
        if not first:
            piece = np.maximum(0.0, piece)
        pieces[:, i] = piece if last else np.minimum(high - low, piece)
    return pieces


@dataclass(frozen=True, slots=True)
class Fitted:
    """A form with its coefficients.

    Attributes:
        form: The form. names: Of its terms. beta: [p] per hour. inverse: [p, p] of the weighted
            normal equations. residual: [n] per hour, on the readings it was fitted to.
        sse: Weighted sum of squares. rank: Terms that the data can tell apart.
    """

    form: Form
    names: tuple[str, ...]
    beta: Floats
    inverse: Floats
    residual: Floats
    sse: float
    rank: int

    def rate(self, data: Series) -> Floats:
        """Expected use per hour, [n]."""
        out: Floats = columns(self.form, data)[0] @ self.beta
        return out


def fit(form: Form, data: Series) -> Fitted:
    """Least squares on the rate, each reading weighted by its length."""
    x, names = columns(form, data)
    weight = data.hours / data.hours.mean()
    y = data.rate
    normal = x.T @ x if data.grain != "billing" else x.T @ (weight[:, None] * x)
    scale = np.sqrt(np.diag(normal))
    scale[scale == 0.0] = 1.0
    inverse, rank = _inverse(normal / np.outer(scale, scale))
    inverse /= np.outer(scale, scale)
    beta = inverse @ (x.T @ (weight * y))
    residual = y - x @ beta
    return Fitted(form, names, beta, inverse, residual, float((weight * residual**2).sum()), rank)


def _inverse(normal: Floats) -> tuple[Floats, int]:
    """Inverse and rank of scaled normal equations; of what can be told apart where some cannot."""
    p = len(normal)
    try:
        root = np.asarray(np.linalg.inv(np.linalg.cholesky(normal)), np.float64)
        if float(np.abs(root).max()) < 1e5:
            return root.T @ root, p
    except np.linalg.LinAlgError:
        pass
    inverse = np.asarray(np.linalg.pinv(normal, rcond=1e-11, hermitian=True), np.float64)
    return inverse, int(np.linalg.matrix_rank(inverse, hermitian=True))


def without(form: Form, other: str) -> Form:
    """The form without one of its variables."""
    return replace(form, others=tuple(o for o in form.others if o != other))
