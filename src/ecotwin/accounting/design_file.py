"""A file of design alternatives: one product, what each alternative changes in it, and where its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from ecotwin.errors import FileFault
from ecotwin.plant.duties_file import MaterialPart
from ecotwin.plant.lines import NotYaml, read
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
        default="", description="what it changes in the plant: id of one of its scenarios"
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


def read_design(text: str, name: str) -> DesignFile:
    """A design file from its text (YAML).

    Args:
        text: The file. name: Of the file, for words.

    Raises:
        FileFault: It is not sound; every fault is named with its line.
    """
    try:
        found = read(text)
    except NotYaml as fault:
        raise _unsound(name, [f"line {fault.line}: {fault.found}"]) from None
    faults = [f"line {line}: {key} stands twice" for line, key in found.doubles]
    if not isinstance(found.data, Mapping):
        raise _unsound(name, [f"line 1: {'nothing' if found.data is None else 'no keys'} in it"])
    try:
        made = DesignFile.model_validate(found.data)
    except ValidationError as fault:
        for e in fault.errors():
            path = tuple(p for p in e["loc"])
            where = ".".join(str(p) for p in path) or "the file"
            words = e["msg"].removeprefix("Value error, ")
            faults.append(f"line {found.line(path)}: {where}: {words}")
    if faults:
        raise _unsound(name, faults)
    return made


def _unsound(name: str, faults: Sequence[str]) -> FileFault:
    return FileFault(
        f"{name} is no sound design file: {'; '.join(faults)}",
        expected="`design`, `product`, `alternatives` with what they change, as in docs/designs.md",
        remedy="mend what is named",
    )
