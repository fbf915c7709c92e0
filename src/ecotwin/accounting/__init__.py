"""What it cost the world.

The functions here take plain numbers, name their formula and source, and can be called by anyone
who wants to check a
figure: `from ecotwin import accounting; accounting.oee_iso22400(...)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecotwin.accounting.compressed_air import bleed_down_leak, leak_cost, leak_share
from ecotwin.accounting.effectiveness import Effectiveness, oee_iso22400, oee_vorne
from ecotwin.accounting.environment import (
    Circularity,
    aware_factor,
    day_is_valid,
    material_circularity,
    noise_exposure,
    nox_as_no2,
    o2_corrected,
    water_scarcity,
    wbgt_indoor,
    wbgt_outdoor,
)
from ecotwin.accounting.fitness import (
    autocorrelation,
    cusum,
    cvrmse,
    effective_count,
    fractional_savings_uncertainty,
    nmbe,
    normalised_improvement,
    verdict,
)
from ecotwin.accounting.footprints import Footprint, broken_formulas, read_footprint
from ecotwin.accounting.fuels import (
    COMBUSTION_GWP,
    FUGITIVE_CH4_GWP,
    Burnt,
    blend_gwp,
    combustion,
    fuel_energy,
    refrigerant_loss,
)
from ecotwin.accounting.pact import (
    biogenic_uptake,
    data_quality,
    decimal_text,
    is_decimal,
    pcf_excluding_uptake,
    pcf_including_uptake,
    primary_data_share,
    validity,
)
from ecotwin.accounting.scope2 import (
    QUALITY_CRITERIA,
    Instrument,
    MarketBased,
    grid_rate,
    location_based,
    market_based,
    matched_share,
    unmet_criteria,
)
from ecotwin.accounting.targets import (
    Course,
    net_zero,
    recalculation,
    sbti_linear_cut,
    sbti_path,
)
from ecotwin.accounting.uncertainty import Uncertain, first_order
from ecotwin.accounting.weather import (
    cooling_degree_days,
    eurostat_degree_days,
    heating_degree_days,
)

if TYPE_CHECKING:
    from ecotwin.accounting.allocation import Key as AllocationKey
    from ecotwin.accounting.allocation import Output, price_ratio, share_out
    from ecotwin.accounting.allocation import key as allocation_key
    from ecotwin.accounting.bottleneck import momentary as momentary_bottleneck
    from ecotwin.accounting.bottleneck import sole as sole_bottleneck
    from ecotwin.accounting.circularity import product_circularity
    from ecotwin.accounting.conformity import conform
    from ecotwin.accounting.cradle import (
        Declared,
        Gate,
        cradle_to_gate,
        missing_fields,
        product_footprint,
    )
    from ecotwin.accounting.leak_score import Alarm, alarm_score, alarms_score
    from ecotwin.accounting.leakage import (
        BalanceLeak,
        NightLeak,
        Rise,
        balance_leak,
        night_flow_leak,
        rises,
    )
    from ecotwin.accounting.lifecycle.pedigree import geometric_deviation, pedigree_variance
    from ecotwin.accounting.lifecycle.stages import Circular, circular_parts, use_stage_kg
    from ecotwin.accounting.matching import Matched, cover
    from ecotwin.accounting.montecarlo import Simulated, simulate
    from ecotwin.accounting.outlook import year_end
    from ecotwin.accounting.permits import at_reference
    from ecotwin.accounting.product_footprints import records_of
    from ecotwin.accounting.reconciliation import Row, doubts, reconcile
    from ecotwin.accounting.scope3 import (
        Category,
        Leg,
        Part,
        category,
        end_of_life,
        energy_upstream,
        fuel_and_energy,
        grid_loss,
        spent,
        transport,
        transport_work,
        waste,
    )
    from ecotwin.accounting.sharing import pieces_made
    from ecotwin.accounting.suppliers import Offer, Purchase, Standing, Suppliers, read_suppliers
    from ecotwin.accounting.treatments import (
        is_disposed,
        is_diverted,
        is_hazardous,
        is_landfilled,
        is_recycled,
        is_treatment,
        is_waste_code,
        is_zero_waste,
    )
    from ecotwin.accounting.working import (
        Lift,
        ShiftStrain,
        composite_lifting_index,
        lifting_index,
        mean_level,
        noise_verdict,
        recommended_weight,
        shift_strain,
        wbgt_excess_hours,
        wbgt_reference,
    )

__all__ = [
    "COMBUSTION_GWP",
    "FUGITIVE_CH4_GWP",
    "QUALITY_CRITERIA",
    "Alarm",
    "AllocationKey",
    "BalanceLeak",
    "Burnt",
    "Category",
    "Circular",
    "Circularity",
    "Course",
    "Declared",
    "Effectiveness",
    "Footprint",
    "Gate",
    "Instrument",
    "Leg",
    "Lift",
    "MarketBased",
    "Matched",
    "NightLeak",
    "Offer",
    "Output",
    "Part",
    "Purchase",
    "Rise",
    "Row",
    "ShiftStrain",
    "Simulated",
    "Standing",
    "Suppliers",
    "Uncertain",
    "alarm_score",
    "alarms_score",
    "allocation_key",
    "at_reference",
    "autocorrelation",
    "aware_factor",
    "balance_leak",
    "biogenic_uptake",
    "bleed_down_leak",
    "blend_gwp",
    "broken_formulas",
    "category",
    "circular_parts",
    "combustion",
    "composite_lifting_index",
    "conform",
    "cooling_degree_days",
    "cover",
    "cradle_to_gate",
    "cusum",
    "cvrmse",
    "data_quality",
    "day_is_valid",
    "decimal_text",
    "doubts",
    "effective_count",
    "end_of_life",
    "energy_upstream",
    "eurostat_degree_days",
    "first_order",
    "fractional_savings_uncertainty",
    "fuel_and_energy",
    "fuel_energy",
    "geometric_deviation",
    "grid_loss",
    "grid_rate",
    "heating_degree_days",
    "is_decimal",
    "is_disposed",
    "is_diverted",
    "is_hazardous",
    "is_landfilled",
    "is_recycled",
    "is_treatment",
    "is_waste_code",
    "is_zero_waste",
    "leak_cost",
    "leak_share",
    "lifting_index",
    "location_based",
    "market_based",
    "matched_share",
    "material_circularity",
    "mean_level",
    "missing_fields",
    "momentary_bottleneck",
    "net_zero",
    "night_flow_leak",
    "nmbe",
    "noise_exposure",
    "noise_verdict",
    "normalised_improvement",
    "nox_as_no2",
    "o2_corrected",
    "oee_iso22400",
    "oee_vorne",
    "pcf_excluding_uptake",
    "pcf_including_uptake",
    "pedigree_variance",
    "pieces_made",
    "price_ratio",
    "primary_data_share",
    "product_circularity",
    "product_footprint",
    "read_footprint",
    "read_suppliers",
    "recalculation",
    "recommended_weight",
    "reconcile",
    "records_of",
    "refrigerant_loss",
    "rises",
    "sbti_linear_cut",
    "sbti_path",
    "share_out",
    "shift_strain",
    "simulate",
    "sole_bottleneck",
    "spent",
    "transport",
    "transport_work",
    "unmet_criteria",
    "use_stage_kg",
    "validity",
    "verdict",
    "waste",
    "water_scarcity",
    "wbgt_excess_hours",
    "wbgt_indoor",
    "wbgt_outdoor",
    "wbgt_reference",
    "year_end",
]

_LATER = {
    "Output": "allocation",
    "price_ratio": "allocation",
    "share_out": "allocation",
    "AllocationKey": "allocation:Key",
    "allocation_key": "allocation:key",
    "momentary_bottleneck": "bottleneck:momentary",
    "sole_bottleneck": "bottleneck:sole",
    "product_circularity": "circularity",
    "conform": "conformity",
    "cradle_to_gate": "cradle",
    "Declared": "cradle",
    "Gate": "cradle",
    "missing_fields": "cradle",
    "product_footprint": "cradle",
    "Alarm": "leak_score",
    "alarm_score": "leak_score",
    "alarms_score": "leak_score",
    "balance_leak": "leakage",
    "BalanceLeak": "leakage",
    "night_flow_leak": "leakage",
    "NightLeak": "leakage",
    "Rise": "leakage",
    "rises": "leakage",
    "geometric_deviation": "lifecycle.pedigree",
    "pedigree_variance": "lifecycle.pedigree",
    "Circular": "lifecycle.stages",
    "circular_parts": "lifecycle.stages",
    "use_stage_kg": "lifecycle.stages",
    "cover": "matching",
    "Matched": "matching",
    "simulate": "montecarlo",
    "Simulated": "montecarlo",
    "year_end": "outlook",
    "at_reference": "permits",
    "records_of": "product_footprints",
    "doubts": "reconciliation",
    "reconcile": "reconciliation",
    "Row": "reconciliation",
    "Category": "scope3",
    "category": "scope3",
    "end_of_life": "scope3",
    "energy_upstream": "scope3",
    "fuel_and_energy": "scope3",
    "grid_loss": "scope3",
    "Leg": "scope3",
    "Part": "scope3",
    "spent": "scope3",
    "transport": "scope3",
    "transport_work": "scope3",
    "waste": "scope3",
    "pieces_made": "sharing",
    "Offer": "suppliers",
    "Purchase": "suppliers",
    "read_suppliers": "suppliers",
    "Standing": "suppliers",
    "Suppliers": "suppliers",
    "is_disposed": "treatments",
    "is_diverted": "treatments",
    "is_hazardous": "treatments",
    "is_landfilled": "treatments",
    "is_recycled": "treatments",
    "is_treatment": "treatments",
    "is_waste_code": "treatments",
    "is_zero_waste": "treatments",
    "composite_lifting_index": "working",
    "Lift": "working",
    "lifting_index": "working",
    "mean_level": "working",
    "noise_verdict": "working",
    "recommended_weight": "working",
    "shift_strain": "working",
    "ShiftStrain": "working",
    "wbgt_excess_hours": "working",
    "wbgt_reference": "working",
}
"""What needs the plant's model is loaded when it is asked for: plain numbers stay quick to import.

`module`, or `module:name` where it bears another name there.
"""


def __getattr__(name: str) -> Any:
    """Load what was left for later."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, renamed = _LATER[name].partition(":")
    return getattr(import_module(f"ecotwin.accounting.{module}"), renamed or name)
