"""What the model's machines are like: parameters by name, drawn for every run."""

from __future__ import annotations

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.contract import Case, Known

_REACH = 3.0
"""Draws stay within this many standard deviations."""


class Parameters:
    """See `contract.Draw`.

    Who knows best wins: the scenario or a calibration (`case.parameters`), then the plant file and the machine kind.
    """

    def __init__(self, case: Case, chance: Chance) -> None:
        self.case = case
        self.chance = chance
        self.runs = chance.runs

    def known(
        self, machine: str, name: str, default: float | None = None, share: float = 0.0
    ) -> Known:
        """What is known of a parameter.

        Raises:
            ScenarioFault: Nobody gives it, or it is no number, or negative where it cannot be.
        """
        given = self.case.parameters.get(f"{machine}.{name}")
        if given is None:
            fact = self.case.plant.element(machine).kind_facts.get(name, default)
            try:
                value = float(fact)
            except (TypeError, ValueError):
                raise ScenarioFault(
                    f"nobody gives {name} of {machine}"
                    if fact is None
                    else f"{name} of {machine} is {fact!r}",
                    expected="a number in the machine kind's table, the plant file or the scenario",
                    remedy=f"add `{name}` to the facts of {machine}",
                ) from None
            given = Known(value, abs(value) * share, "kind")
        if not np.isfinite(given.value) or (given.value < 0.0 and _never_negative(name)):
            raise ScenarioFault(
                f"{name} of {machine} is {given.value:g}",
                expected="a finite number, not below zero",
                remedy="mend it in the plant file or the scenario",
            )
        return given

    def parameter(
        self, machine: str, name: str, default: float | None = None, share: float = 0.0
    ) -> Floats:
        """See `contract.Draw.parameter`."""
        known = self.known(machine, name, default, share)
        if known.sd <= 0.0:
            return np.full(self.runs, known.value)
        normal = np.clip(self.chance.normal(f"{machine}.{name}"), -_REACH, _REACH)
        drawn = known.value + known.sd * normal
        return np.maximum(drawn, 0.02 * known.value) if known.value > 0.0 else drawn

    def word(self, machine: str, name: str, default: str = "") -> str:
        """See `contract.Draw.word`."""
        return str(self.case.plant.element(machine).kind_facts.get(name, default))


def _never_negative(name: str) -> bool:
    last = name.rpartition("_")[2]
    return last in {"s", "min", "h", "kw", "kg", "m3", "share"} or name.startswith(
        ("kw_off", "kw_busy")
    )
