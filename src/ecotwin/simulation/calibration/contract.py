"""What a file of this folder must do: gather evidence of a day, and turn the evidence of many into parameters.

Evidence is additive: the evidence of two days is the sum of theirs. So a calibration up to any past instant costs no
more than adding up the days before it, and a day is read once.

A module offers `plug`, an object that keeps the `Fitter` contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import Observed

Evidence = Mapping[str, Floats]
"""Name (a machine's id, as a rule) -> sums."""


class Fitter(Protocol):
    """Fits a group of parameters."""

    def gather(self, seen: Observed) -> Evidence:
        """The evidence of one stretch of minutes; arrays of the same name have the same shape every day."""
        ...

    def fit(
        self, plant: Plant, evidence: Evidence, fitted: Mapping[str, Known], /
    ) -> Mapping[str, Known]:
        """Parameters "machine.name" with their uncertainty, shrunk to the machine kind's value where evidence is thin.

        Args:
            plant: For the kinds' values. evidence: The sum over days. fitted: What fitters before this one found; they
                go in the order of their names.
        """
        ...


def added(parts: list[Evidence]) -> dict[str, Floats]:
    """The evidence of several days."""
    total: dict[str, Floats] = {}
    for part in parts:
        for name, sums in part.items():
            total[name] = total[name] + sums if name in total else sums.copy()
    return total


def nominal(plant: Plant, machine: str, name: str) -> float | None:
    """A machine's own value of a parameter before anything was learned; None when nobody gives one."""
    fact = plant.element(machine).kind_facts.get(name)
    try:
        return float(str(fact))
    except (TypeError, ValueError):
        return None


def nominal_sd(plant: Plant, machine: str, name: str, otherwise: float = 0.3) -> float:
    """How well that value is known: `<name>_sd_share` of it, for powers `kw_sd_share`, else a stated share."""
    value = nominal(plant, machine, name) or 0.0
    facts = plant.element(machine).kind_facts
    share = facts.get(
        f"{name}_sd_share", facts.get("kw_sd_share") if name.startswith("kw_") else None
    )
    return abs(value) * float(otherwise if share is None else share)
