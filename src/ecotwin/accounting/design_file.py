"""A file of design alternatives: one product, what each alternative changes in it, and where its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from ecotwin.errors import FileFault
from ecotwin.plant.duties_file import MaterialPart
from ecotwin.plant.parts import Gwp, NotNegative, Part, Positive, Share


class FactorPart(Part):
    """What one kg of a material costs the world, cradle to gate, for a material that no book knows."""

    value: Positive = Field(description="[kgCO2e/kg]")
    place: str = Field(min_length=2)
    year: int = Field(ge=1990, le=2100)
    source: str = Field(min_length=3)
    version: str = Field(min_length=1)
    gwp_set: Gwp
    uncertainty: Share = Field(description="half of the 95 % interval as a share of the value")
    price: NotNegative | None = Field(default=None, description="[currency/kg]")
    water_m3: NotNegative | None = Field(default=None, description="water consumed [m3/kg]")


class NewMaterial(MaterialPart):
    """A material that the plant file does not know: as there, with its factor."""

    factor: FactorPart


class RoutePart(Part):
    """A leg on which a material comes to the plant."""

    kind: str = Field(min_length=3, description="as in the book of factors: `road/truck`")
    km: Positive


class AlternativePart(Part):
    """An alternative; what it does not name stays as it is today."""

    name: str = Field(min_length=3)
    why: str = ""
    materials: dict[str, NotNegative] = Field(
        default_factory=dict, description="material -> kg in one piece; 0 takes it out"
    )
    suppliers: dict[str, str] = Field(default_factory=dict, description="material -> supplier")
    routes: dict[str, list[RoutePart]] = Field(
        default_factory=dict, description="material -> legs to the plant"
    )
    use_kwh: NotNegative | None = Field(default=None, description="electricity over its life [kWh]")
    lifetime_years: Positive | None = None
    scenario: str = Field(
        default="", description="what it changes in the plant: a what-if file beside this file"
    )


class DesignFile(Part):
    """The whole file."""

    design: str = Field(min_length=3, description="what is decided here")
    product: int
    approach: Literal["cut-off"] = "cut-off"
    suppliers: dict[str, str] = Field(default_factory=dict, description="of today")
    routes: dict[str, list[RoutePart]] = Field(default_factory=dict, description="of today")
    materials: list[NewMaterial] = Field(default_factory=list)
    alternatives: list[AlternativePart] = Field(min_length=1)

    @model_validator(mode="after")
    def _names(self) -> DesignFile:
        names = ["Today", *(a.name for a in self.alternatives)]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"two alternatives are called {', '.join(twice)}")
        return self


def read_design(raw: Mapping[str, Any], name: str) -> DesignFile:
    """A design file as it was parsed.

    Args:
        raw: The parsed YAML. name: Of the file, for words.

    Raises:
        FileFault: It is not sound; every fault is named.
    """
    try:
        return DesignFile.model_validate(raw)
    except ValidationError as fault:
        told = "; ".join(
            f"{'.'.join(str(p) for p in e['loc']) or 'the file'}: {e['msg'].removeprefix('Value error, ')}"
            for e in fault.errors()
        )
        raise FileFault(
            f"{name} is no sound design file: {told}",
            expected="`design`, `product`, `alternatives` with their changes, as in docs/designs.md",
            remedy="mend what is named",
        ) from None
