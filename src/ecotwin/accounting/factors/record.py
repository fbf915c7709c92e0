"""One emission factor with everything an auditor asks of it: place, year, validity, basis, gas split, source row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ecotwin.accounting.factors.gases import gwp100
from ecotwin.errors import FactorGap
from ecotwin.records import FactorUse

BASES = ("", "HHV", "LHV", "per generated kWh", "per delivered kWh", "per kWh of heat delivered")
"""What a factor per unit of energy can refer to; empty: the publisher does not say."""
PER_MASS_OF_GAS = "kgCO2e/kg"


@dataclass(frozen=True, slots=True)
class Part:
    """One gas of a factor.

    Attributes:
        gas: `CO2`, `CH4`, `N2O`, or `biogenic CO2`, which stands outside the scopes and outside the value.
        co2e_kg: Its share of the value [kgCO2e per unit]; 0 for biogenic CO2.
        mass_kg: Its mass [kg per unit], or None where only the weighed value is published.
    """

    gas: str
    co2e_kg: float
    mass_kg: float | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """A published factor, or one of the user's own.

    Attributes:
        id: Unique: set/what/unit/basis/place/year.
        path: What it is for, from the widest to the narrowest name, as published.
        value: The number. unit: canonical: `kgCO2e/kWh`, `kgCO2e/kg`, `kgCO2e/m3`, `kWh/kg`...
        basis: One of `BASES`, or a sentence where the publisher limits its use.
        place: Where it holds. year: For which year. first, last: Days it may be used on, both included.
        source: Publisher with sheet and row. version: Edition and digest of the file.
        gwp_set: `AR4`..`AR6`; empty where no gas is weighed.
        parts: The gases. scope: As published.
        uncertainty: Half of the 95 % interval as a share of the value; 0: not published.
        own: It is one of the user's.
    """

    id: str
    path: tuple[str, ...]
    value: float
    unit: str
    basis: str
    place: str
    year: int
    first: date
    last: date
    source: str
    version: str
    gwp_set: str = ""
    parts: tuple[Part, ...] = ()
    scope: str = ""
    uncertainty: float = 0.0
    own: bool = False

    @property
    def subject(self) -> str:
        """The path in one line."""
        return " / ".join(self.path)

    def use(self) -> FactorUse:
        """The factor as a figure cites it."""
        return FactorUse(
            self.id,
            self.value,
            self.unit,
            self.place,
            self.year,
            self.source,
            self.version,
            self.gwp_set,
            self.uncertainty,
            self.basis,
        )

    def in_set(self, gwp_set: str) -> Factor:
        """The factor weighed by another GWP set, from the masses of its gases.

        Raises:
            FactorGap: The publisher gives weighed values only, so they cannot be weighed anew.
        """
        if gwp_set == self.gwp_set or not self.gwp_set:
            return self
        if not self.parts or any(part.mass_kg is None for part in self.parts):
            raise FactorGap(
                f"{self.id} is published in {self.gwp_set}, without the masses of its gases",
                expected=f"a factor in {gwp_set}, or masses of CO2, CH4 and N2O",
                remedy=f"report in {self.gwp_set}, or take a factor published in {gwp_set}",
            )
        parts = tuple(weighed(part.gas, part.mass_kg or 0.0, gwp_set) for part in self.parts)
        return replace(
            self,
            parts=parts,
            gwp_set=gwp_set,
            value=sum(part.co2e_kg for part in parts),
            id=self.id.replace(f"/{self.gwp_set}/", f"/{gwp_set}/"),
        )

    def masses_kg(self) -> Mapping[str, float]:
        """Mass of each gas where it is published [kg per unit]."""
        return {part.gas: part.mass_kg for part in self.parts if part.mass_kg is not None}


def weighed(gas: str, mass_kg: float, gwp_set: str) -> Part:
    """A gas by its mass, weighed; biogenic CO2 weighs nothing in the scopes.

    >>> weighed("CH4", 0.001, "AR6").co2e_kg
    0.027
    """
    weight = 0.0 if gas == "biogenic CO2" else gwp100(gas, gwp_set)
    return Part(gas, mass_kg * weight, mass_kg)


def whole_year(year: int) -> tuple[date, date]:
    """First and last day of a year."""
    return date(year, 1, 1), date(year, 12, 31)
