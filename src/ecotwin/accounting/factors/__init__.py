"""Factors: published tables, and what the plant file gives. A look-up never guesses."""

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
from ecotwin.accounting.factors.tables import Row, read_rows, table

__all__ = [
    "Row",
    "blend",
    "burning",
    "contracts",
    "emission",
    "grid_hourly",
    "grid_location",
    "grid_residual",
    "gwp",
    "heating_value",
    "library",
    "one_gwp_set",
    "price",
    "read_rows",
    "required",
    "table",
]
