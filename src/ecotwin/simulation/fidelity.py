"""How well the model tracks the plant: held-out days, foretold from their begin, against what was measured.

By machine and quantity, by the hour: CVRMSE = sqrt(sum (y - m)^2 / (n - 1)) / mean(y) and
NMBE = sum (y - m) / ((n - 1) mean(y)), y measured, m the mean of the model's runs; a model that says too much has a
negative NMBE. *Well* is what ASHRAE asks of a calibrated simulation by the hour (30 % and 10 %), *roughly* is up to
twice that (stated assumption), beyond that the model does not track the machine. What hardly moved in all held-out days
says nothing either way: *unknown*.

Sources: ASHRAE Guideline 14-2014, calibrated simulation (n - p with p = 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.compared import Key

Grade = Literal["well", "roughly", "not", "unknown"]

CVRMSE_WELL, NMBE_WELL = 0.30, 0.10
_ROUGHLY = 2.0
_LEAST_HOURS = 20
_LEAST_SHARE = 1e-3
"""A machine that used less than this share of its carrier at the site says nothing about the model."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """How well one figure is tracked by the hour.

    Attributes:
        element, quantity: What. cvrmse, nmbe: Ratios, NaN when unknown. hours: Compared. mean: Measured, an hour.
        grade: In a word.
    """

    element: str
    quantity: str
    cvrmse: float
    nmbe: float
    hours: int
    mean: float
    grade: Grade


@dataclass(frozen=True)
class Fidelity:
    """How well the model of a plant tracks it.

    Attributes:
        at: When it was worked out [us UTC]; 0: never. days: Begins of the held-out days [us UTC].
        figures: Of every element and quantity compared.
    """

    at: int = 0
    days: tuple[int, ...] = ()
    figures: tuple[Tracking, ...] = ()
    _by: dict[Key, Tracking] = field(default_factory=dict, repr=False, compare=False)

    def of(self, element: str, quantity: str = "electricity_kwh") -> Tracking | None:
        """Of one figure; None when it was never compared."""
        if not self._by:
            self._by.update({(t.element, t.quantity): t for t in self.figures})
        return self._by.get((element, quantity))

    def grade(self, element: str) -> Grade:
        """The worst grade of an element's figures; what says nothing does not count."""
        worst: Grade = "unknown"
        order: tuple[Grade, ...] = ("unknown", "well", "roughly", "not")
        for tracking in self.figures:
            if tracking.element == element and order.index(tracking.grade) > order.index(worst):
                worst = tracking.grade
        return worst

    def warnings_for(self, plant: Plant, elements: Iterable[str]) -> tuple[str, ...]:
        """Sentences for a reader of a scenario that changes these elements."""
        told = []
        for element in dict.fromkeys(elements):
            name = plant.element(element).name
            grade = self.grade(element)
            if not self.at:
                told.append(
                    f"{name}: the model was never compared with held-out days of this plant"
                )
            elif grade == "unknown":
                told.append(
                    f"{name}: nothing measured in held-out days says how well the model tracks it"
                )
            elif grade != "well":
                told.append(
                    f"{name} is {'not' if grade == 'not' else 'only roughly'} tracked: {self._why(element)}"
                )
        return tuple(told)

    def _why(self, element: str) -> str:
        bad = [t for t in self.figures if t.element == element and t.grade in {"roughly", "not"}]
        return "; ".join(
            f"{t.quantity} by the hour CVRMSE {100 * t.cvrmse:.0f} %, bias {-100 * t.nmbe:+.0f} %"
            for t in bad
        )

    def state(self) -> dict[str, Any]:
        """JSON-able; NaN becomes None."""
        return {
            "at": self.at,
            "days": list(self.days),
            "figures": [
                [t.element, t.quantity, _none(t.cvrmse), _none(t.nmbe), t.hours, t.mean, t.grade]
                for t in self.figures
            ],
        }

    @staticmethod
    def of_state(state: Mapping[str, Any]) -> Fidelity:
        """From `state`."""
        return Fidelity(
            int(state["at"]),
            tuple(int(d) for d in state["days"]),
            tuple(
                Tracking(e, q, _nan(c), _nan(b), int(h), float(m), g)
                for e, q, c, b, h, m, g in state["figures"]
            ),
        )


def cvrmse(observed: Floats, predicted: Floats) -> float:
    """Coefficient of variation of the root mean square error, one parameter.

    >>> round(cvrmse(np.array([100.0, 110, 120, 130]), np.array([98.0, 112, 119, 133])), 6)
    0.0213
    """
    error = float(((observed - predicted) ** 2).sum()) / (len(observed) - 1)
    return float(np.sqrt(error) / abs(observed.mean()))


def nmbe(observed: Floats, predicted: Floats) -> float:
    """Normalised mean bias error, one parameter: negative where the model says too much.

    >>> round(nmbe(np.array([100.0, 110, 120, 130]), np.array([98.0, 112, 119, 133])), 6)
    -0.005797
    """
    return float((observed - predicted).sum()) / ((len(observed) - 1) * float(observed.mean()))


def graded(cvrmse_value: float, nmbe_value: float) -> Grade:
    """A grade in a word.

    >>> graded(0.1, 0.02), graded(0.45, 0.02), graded(0.1, -0.25)
    ('well', 'roughly', 'not')
    """
    if not np.isfinite(cvrmse_value):
        return "unknown"
    worst = max(cvrmse_value / CVRMSE_WELL, abs(nmbe_value) / NMBE_WELL)
    return "well" if worst <= 1.0 else "roughly" if worst <= _ROUGHLY else "not"


def compare(at: int, days: Sequence[int], pairs: Mapping[Key, tuple[Floats, Floats]]) -> Fidelity:
    """Fidelity from hours measured and foretold.

    Args:
        at: Now [us UTC]. days: Begins of the held-out days. pairs: Figure -> (measured, mean of the runs) [hours] each;
            hours that were not measured are NaN.
    """
    totals: dict[str, float] = {}
    for (_, quantity), (seen, _) in pairs.items():
        totals[quantity] = max(
            totals.get(quantity, 0.0), float(np.nanmean(seen)) if np.isfinite(seen).any() else 0.0
        )
    found = []
    for (element, quantity), (seen, told) in sorted(pairs.items()):
        there = np.isfinite(seen) & np.isfinite(told)
        y, m = seen[there], told[there]
        mean = float(y.mean()) if len(y) else 0.0
        small = max(mean, float(m.mean()) if len(m) else 0.0) <= _LEAST_SHARE * totals[quantity]
        if len(y) < _LEAST_HOURS or small or mean <= 0.0:
            # A machine that stood still, and that the model lets run, is not tracked.
            grade: Grade = "unknown" if len(y) < _LEAST_HOURS or small else "not"
            found.append(
                Tracking(element, quantity, float("nan"), float("nan"), len(y), mean, grade)
            )
            continue
        c, b = cvrmse(y, m), nmbe(y, m)
        found.append(Tracking(element, quantity, c, b, len(y), mean, graded(c, b)))
    return Fidelity(at, tuple(days), tuple(found))


def _none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
