"""Factors: published tables, imported workbooks, one's own, and what the plant file gives. A look-up never guesses."""

from ecotwin.accounting.factors.defra import read_defra
from ecotwin.accounting.factors.epa import blend_compositions, read_epa_hub
from ecotwin.accounting.factors.gases import (
    GWP_SETS,
    ORIGINS,
    blend_gwp100,
    co2e,
    grid_losses,
    gwp100,
    per_delivered_kwh,
    per_net_energy,
    total_co2e,
)
from ecotwin.accounting.factors.intake import Finding, Imported
from ecotwin.accounting.factors.ipcc import blend_differences, gwp_differences, read_gwp
from ecotwin.accounting.factors.lookup import (
    blend,
    burning,
    contracts,
    emission,
    grid_hourly,
    grid_location,
    grid_residual,
    gwp,
    heating_value,
    library,
    one_gwp_set,
    price,
    required,
)
from ecotwin.accounting.factors.own import read_own
from ecotwin.accounting.factors.reading import read_factors
from ecotwin.accounting.factors.record import Factor, Part
from ecotwin.accounting.factors.shelf import Shelf, Wanted
from ecotwin.accounting.factors.shipped import shipped
from ecotwin.accounting.factors.tables import Row, read_rows, table

__all__ = [
    "GWP_SETS",
    "ORIGINS",
    "Factor",
    "Finding",
    "Imported",
    "Part",
    "Row",
    "Shelf",
    "Wanted",
    "blend",
    "blend_compositions",
    "blend_differences",
    "blend_gwp100",
    "burning",
    "co2e",
    "contracts",
    "emission",
    "grid_hourly",
    "grid_location",
    "grid_losses",
    "grid_residual",
    "gwp",
    "gwp100",
    "gwp_differences",
    "heating_value",
    "library",
    "one_gwp_set",
    "per_delivered_kwh",
    "per_net_energy",
    "price",
    "read_defra",
    "read_epa_hub",
    "read_factors",
    "read_gwp",
    "read_own",
    "read_rows",
    "required",
    "shipped",
    "table",
    "total_co2e",
]
