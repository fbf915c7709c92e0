"""What the plant is bound to beside its meters: company, targets, permits, people, water, materials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Company:
    """Who reports. `ids`: URNs such as `urn:vat:de:...`; `sector`: e.g. a NACE code."""

    name: str = ""
    ids: tuple[str, ...] = ()
    address: str = ""
    sector: str = ""
    consolidation: str = "operational control"
    """How the boundary was drawn (GHG Protocol): operational control, financial control, equity share."""


@dataclass(frozen=True, slots=True)
class Target:
    """A promise about an indicator.

    Attributes:
        indicator: Of the catalogue. element: Whose. base_year, target_year: Calendar years.
        base_value: [unit of the indicator] in the base year; None: taken from the figures.
        reduction: Share to be cut from the base by the target year; None with path `sbti_1_5c`,
            whose cut follows from the years.
        path: `linear`, `sbti_1_5c` or `net_zero` (linear to `reduction`, the rest neutralised).
        kind: `target`, or `loan` for a KPI of a sustainability-linked loan (`margin_bp`: change of
            the margin when it is met or missed [basis points]).
    """

    id: str
    name: str
    indicator: str
    element: str
    base_year: int
    target_year: int
    source: str
    base_value: float | None = None
    reduction: float | None = None
    path: str = "linear"
    kind: str = "target"
    margin_bp: float | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What others of the sector reach, with who published it."""

    indicator: str
    value: float
    unit: str
    sector: str
    place: str
    year: int
    source: str


@dataclass(frozen=True, slots=True)
class Permit:
    """A limit with its averaging rule.

    Attributes:
        signal: Signal id that is averaged (a concentration), or empty with `indicator`.
        indicator: Indicator whose sum over the window is limited (a mass, a volume).
        limit: [unit]. window: `half_hour`, `hour`, `day`, `month`, `year`. rolling: A window that ends at every
            step instead of the calendar's.
        valid_share: Share of a window that must be measured for it to count.
        o2_reference: Oxygen to which a concentration is converted [%]; `o2_signal` measures it.
        confidence: Share of the limit that is subtracted from a measured mean before it is compared.
        allowed_share: Share of a year's windows that may pass the limit, none above `highest`.
        outside_states: Machine states that do not count (start and stop).
        most_discarded_days: Days a year that may be lost before the series is void.
        warn_at: Share of the limit from which the running window warns.
    """

    id: str
    name: str
    element: str
    limit: float
    unit: str
    window: str
    source: str
    signal: str = ""
    indicator: str = ""
    rolling: bool = False
    valid_share: float = 2.0 / 3.0
    o2_signal: str = ""
    o2_reference: float | None = None
    confidence: float = 0.0
    allowed_share: float = 0.0
    highest: float | None = None
    outside_states: tuple[str, ...] = ("off", "standby", "heating", "down")
    most_discarded_days: int = 10
    warn_at: float = 0.8


@dataclass(frozen=True, slots=True)
class WorkGroup:
    """People who work in the same conditions; never a single person.

    Attributes:
        size: People in it; below the smallest group (5) nothing is shown.
        wet_bulb, globe, air, noise: Signal ids (natural wet bulb, globe and air temperature, LAeq).
        outdoors: Sun on the people. metabolic_class: 0 (rest) to 4 (very heavy), ISO 7243.
        clothing_c: Addition for clothing [degC]. protector_db: Attenuation of ear protection [dB].
    """

    id: str
    name: str
    element: str
    size: int
    wet_bulb: str = ""
    globe: str = ""
    air: str = ""
    noise: str = ""
    outdoors: bool = False
    metabolic_class: int = 2
    acclimatised: bool = False
    clothing_c: float = 0.0
    protector_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Basin:
    """Where water comes from and goes to.

    Attributes:
        aware: Scarcity factor [m3 world-eq/m3]: one for the year, or twelve by month.
        at_risk: Whether it lies in an area at water risk.
    """

    name: str
    aware: tuple[float, ...]
    source: str
    year: int = 0
    at_risk: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """A material that goes into products or packaging.

    Attributes:
        recycled_share, reused_share, biological_share: Of its feedstock, 0..1.
        recycling_efficiency: Of the process that made its recycled feedstock and that takes it up again.
        end: Treatment at the end of its life -> share (`reuse`, R and D codes); sums to 1.
        lifetime_share, intensity_share: Against the market's mean (X of the MCI).
    """

    id: str
    name: str
    source: str
    recycled_share: float = 0.0
    reused_share: float = 0.0
    biological_share: float = 0.0
    recycling_efficiency: float = 1.0
    end: Mapping[str, float] = field(default_factory=dict)
    lifetime_share: float = 1.0
    intensity_share: float = 1.0
