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
from ecotwin.accounting.targets import sbti_linear_cut, sbti_path
from ecotwin.accounting.weather import (
    cooling_degree_days,
    eurostat_degree_days,
    heating_degree_days,
)

if TYPE_CHECKING:
    from ecotwin.accounting.conformity import conform
    from ecotwin.accounting.cradle import (
        Declared,
        Gate,
        cradle_to_gate,
        missing_fields,
        pieces_made,
        product_footprint,
    )
    from ecotwin.accounting.lifecycle.pedigree import geometric_deviation, pedigree_variance
    from ecotwin.accounting.lifecycle.stages import Circular, circular_parts, use_stage_kg
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
    from ecotwin.accounting.suppliers import Offer, Purchase, Standing, Suppliers, read_suppliers

__all__ = [
    "COMBUSTION_GWP",
    "FUGITIVE_CH4_GWP",
    "QUALITY_CRITERIA",
    "Burnt",
    "Category",
    "Circular",
    "Circularity",
    "Declared",
    "Effectiveness",
    "Footprint",
    "Gate",
    "Instrument",
    "Leg",
    "MarketBased",
    "Offer",
    "Part",
    "Purchase",
    "Standing",
    "Suppliers",
    "autocorrelation",
    "aware_factor",
    "biogenic_uptake",
    "bleed_down_leak",
    "blend_gwp",
    "broken_formulas",
    "category",
    "circular_parts",
    "combustion",
    "conform",
    "cooling_degree_days",
    "cradle_to_gate",
    "cusum",
    "cvrmse",
    "data_quality",
    "day_is_valid",
    "decimal_text",
    "effective_count",
    "end_of_life",
    "energy_upstream",
    "eurostat_degree_days",
    "fractional_savings_uncertainty",
    "fuel_and_energy",
    "fuel_energy",
    "geometric_deviation",
    "grid_loss",
    "grid_rate",
    "heating_degree_days",
    "is_decimal",
    "leak_cost",
    "leak_share",
    "location_based",
    "market_based",
    "matched_share",
    "material_circularity",
    "missing_fields",
    "nmbe",
    "noise_exposure",
    "normalised_improvement",
    "nox_as_no2",
    "o2_corrected",
    "oee_iso22400",
    "oee_vorne",
    "pcf_excluding_uptake",
    "pcf_including_uptake",
    "pedigree_variance",
    "pieces_made",
    "primary_data_share",
    "product_footprint",
    "read_footprint",
    "read_suppliers",
    "refrigerant_loss",
    "sbti_linear_cut",
    "sbti_path",
    "spent",
    "transport",
    "transport_work",
    "unmet_criteria",
    "use_stage_kg",
    "validity",
    "verdict",
    "waste",
    "water_scarcity",
    "wbgt_indoor",
    "wbgt_outdoor",
]

_LATER = {
    "conform": "conformity",
    "Declared": "cradle",
    "Gate": "cradle",
    "cradle_to_gate": "cradle",
    "missing_fields": "cradle",
    "pieces_made": "cradle",
    "product_footprint": "cradle",
    "Circular": "lifecycle.stages",
    "circular_parts": "lifecycle.stages",
    "geometric_deviation": "lifecycle.pedigree",
    "pedigree_variance": "lifecycle.pedigree",
    "use_stage_kg": "lifecycle.stages",
    "Category": "scope3",
    "Leg": "scope3",
    "Part": "scope3",
    "category": "scope3",
    "end_of_life": "scope3",
    "energy_upstream": "scope3",
    "fuel_and_energy": "scope3",
    "grid_loss": "scope3",
    "spent": "scope3",
    "transport": "scope3",
    "transport_work": "scope3",
    "waste": "scope3",
    "Offer": "suppliers",
    "Purchase": "suppliers",
    "Standing": "suppliers",
    "Suppliers": "suppliers",
    "read_suppliers": "suppliers",
}
"""What needs the plant's model is loaded when it is asked for: plain numbers stay quick to import."""


def __getattr__(name: str) -> Any:
    """Load what was left for later."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ecotwin.accounting.{_LATER[name]}"), name)
