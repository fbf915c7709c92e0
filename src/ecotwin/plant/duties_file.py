"""The parts of the plant file that say what the plant is bound to, and the models made of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ecotwin.plant.duties import (
    Basin,
    Benchmark,
    Company,
    Material,
    Permit,
    Target,
    WorkGroup,
)
from ecotwin.plant.parts import NotNegative, Number, Part, Positive, Share, Slug, State

Year = Annotated[int, Field(ge=1990, le=2100)]
Named = Annotated[str, Field(min_length=1)]


class CompanyPart(Part):
    """Who reports."""

    name: Named
    ids: list[str] = Field(default_factory=list, description="URNs: `urn:vat:de:123456789`")
    address: str = ""
    sector: str = Field(default="", description="e.g. the NACE code")
    consolidation: Literal["operational control", "financial control", "equity share"] = (
        "operational control"
    )


class TargetPart(Part):
    """A promise about an indicator."""

    id: Slug
    name: Named
    indicator: Named
    element: str = Field(default="", description="whose; none: the site")
    base_year: Year
    base_value: NotNegative | None = Field(
        default=None, description="in the indicator's unit; none: from the figures"
    )
    target_year: Year
    reduction: Share | None = Field(default=None, description="share to be cut from the base")
    path: Literal["linear", "sbti_1_5c", "net_zero"] = "linear"
    kind: Literal["target", "loan"] = "target"
    margin_bp: Number | None = Field(
        default=None, description="kind loan: change of the margin [basis points]"
    )
    source: Named


class BenchmarkPart(Part):
    """What others of the sector reach."""

    indicator: Named
    value: Number
    unit: Named
    sector: Named
    place: Named
    year: Year
    source: Named


class PermitPart(Part):
    """A limit with its averaging rule."""

    id: Slug
    name: Named
    element: str
    signal: str = Field(default="", description="signal that is averaged")
    indicator: str = Field(default="", description="or indicator whose sum is limited")
    limit: Positive
    unit: Named
    window: Literal["half_hour", "hour", "day", "month", "year"]
    rolling: bool = False
    valid_share: Share = 2.0 / 3.0
    o2_signal: str = ""
    o2_reference: float | None = Field(default=None, ge=0, lt=20, description="[%]")
    confidence: Share = 0.0
    allowed_share: Share = 0.0
    highest: Positive | None = None
    outside_states: list[State] = ["off", "standby", "heating", "down"]  # noqa: RUF012
    most_discarded_days: int = Field(default=10, ge=0)
    warn_at: Share = 0.8
    source: Named


class WorkGroupPart(Part):
    """People who work in the same conditions."""

    id: Slug
    name: Named
    element: str
    size: int = Field(ge=1)
    wet_bulb: str = ""
    globe: str = ""
    air: str = ""
    noise: str = ""
    outdoors: bool = False
    metabolic_class: int = Field(default=2, ge=0, le=4)
    acclimatised: bool = False
    clothing_c: Number = 0.0
    protector_db: NotNegative = 0.0


class BasinPart(Part):
    """Where water comes from and goes to."""

    name: Named
    aware: Annotated[list[Positive], Field(min_length=1, max_length=12)]
    source: Named
    year: int = Field(default=0, ge=0, le=2100)
    at_risk: bool = False


class MaterialPart(Part):
    """A material that goes into products or packaging."""

    id: Slug
    name: Named
    recycled_share: Share = 0.0
    reused_share: Share = 0.0
    biological_share: Share = 0.0
    recycling_efficiency: Share = 1.0
    end: dict[str, Share] = Field(default_factory=dict)
    lifetime_share: Positive = 1.0
    intensity_share: Positive = 1.0
    source: Named


class Duties(Part):
    """The keys of the plant file that these parts stand under."""

    company: CompanyPart | None = None
    targets: list[TargetPart] = Field(default_factory=list)
    benchmarks: list[BenchmarkPart] = Field(default_factory=list)
    permits: list[PermitPart] = Field(default_factory=list)
    people: list[WorkGroupPart] = Field(default_factory=list)
    basin: BasinPart | None = None
    materials: list[MaterialPart] = Field(default_factory=list)


def duties(part: Duties, site: str) -> dict[str, Any]:
    """The fields of `Plant` that come from these parts."""
    return {
        "company": Company(**_fields(part.company)) if part.company else Company(),
        "targets": tuple(
            Target(**(_fields(t) | {"element": t.element or site})) for t in part.targets
        ),
        "benchmarks": tuple(Benchmark(**_fields(b)) for b in part.benchmarks),
        "permits": tuple(Permit(**_fields(p)) for p in part.permits),
        "people": tuple(WorkGroup(**_fields(g)) for g in part.people),
        "basin": Basin(**_fields(part.basin)) if part.basin else None,
        "materials": tuple(Material(**_fields(m)) for m in part.materials),
    }


def _fields(part: Part) -> dict[str, Any]:
    made = part.model_dump()
    return {k: tuple(v) if isinstance(v, list) else v for k, v in made.items()}
