"""What it cost the world.

The functions here take plain numbers, name their formula and source, and can be called by anyone
who wants to check a
figure: `from ecotwin import accounting; accounting.oee_iso22400(...)`.
"""

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
from ecotwin.accounting.fuels import (
    COMBUSTION_GWP,
    FUGITIVE_CH4_GWP,
    Burnt,
    blend_gwp,
    combustion,
    fuel_energy,
    refrigerant_loss,
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

__all__ = [
    "COMBUSTION_GWP",
    "FUGITIVE_CH4_GWP",
    "QUALITY_CRITERIA",
    "Burnt",
    "Circularity",
    "Effectiveness",
    "Instrument",
    "MarketBased",
    "autocorrelation",
    "aware_factor",
    "bleed_down_leak",
    "blend_gwp",
    "combustion",
    "cooling_degree_days",
    "cusum",
    "cvrmse",
    "day_is_valid",
    "effective_count",
    "eurostat_degree_days",
    "fractional_savings_uncertainty",
    "fuel_energy",
    "grid_rate",
    "heating_degree_days",
    "leak_cost",
    "leak_share",
    "location_based",
    "market_based",
    "matched_share",
    "material_circularity",
    "nmbe",
    "noise_exposure",
    "normalised_improvement",
    "nox_as_no2",
    "o2_corrected",
    "oee_iso22400",
    "oee_vorne",
    "refrigerant_loss",
    "sbti_linear_cut",
    "sbti_path",
    "unmet_criteria",
    "verdict",
    "water_scarcity",
    "wbgt_indoor",
    "wbgt_outdoor",
]
