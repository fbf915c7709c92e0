"""Life-cycle assessment of product systems: solve, weigh, trace, doubt, rate; of databases and of the plant itself.

What needs scipy (`pip install ecotwin[lca]`) is loaded when it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecotwin.accounting.lifecycle.contribution import (
        Part,
        Path,
        Paths,
        by_process,
        by_stage,
        by_substance,
        by_tier,
        paths,
    )
    from ecotwin.accounting.lifecycle.impact import (
        Method,
        Score,
        aware_method,
        gwp_method,
        intensities,
        score,
        table_method,
    )
    from ecotwin.accounting.lifecycle.matrix import Matrices, Solution, Solver, backwards
    from ecotwin.accounting.lifecycle.pedigree import (
        PEDIGREE_SOURCE,
        geometric_deviation,
        pedigree_variance,
    )
    from ecotwin.accounting.lifecycle.plantside import PlantSide, plant_system
    from ecotwin.accounting.lifecycle.quality import Quality, rating
    from ecotwin.accounting.lifecycle.stages import (
        APPROACHES,
        Circular,
        LifeCycle,
        Use,
        circular_parts,
        ends_of,
        life_cycle,
        use_stage_kg,
    )
    from ecotwin.accounting.lifecycle.system import ProductSystem
    from ecotwin.accounting.lifecycle.uncertainty import (
        Sensitivity,
        Uncertain,
        first_order,
        monte_carlo,
    )

__all__ = [
    "APPROACHES",
    "PEDIGREE_SOURCE",
    "Circular",
    "LifeCycle",
    "Matrices",
    "Method",
    "Part",
    "Path",
    "Paths",
    "PlantSide",
    "ProductSystem",
    "Quality",
    "Score",
    "Sensitivity",
    "Solution",
    "Solver",
    "Uncertain",
    "Use",
    "aware_method",
    "backwards",
    "by_process",
    "by_stage",
    "by_substance",
    "by_tier",
    "circular_parts",
    "ends_of",
    "first_order",
    "geometric_deviation",
    "gwp_method",
    "intensities",
    "life_cycle",
    "monte_carlo",
    "paths",
    "pedigree_variance",
    "plant_system",
    "rating",
    "score",
    "table_method",
    "use_stage_kg",
]

_LATER = {
    "APPROACHES": "stages",
    "Circular": "stages",
    "LifeCycle": "stages",
    "Matrices": "matrix",
    "Method": "impact",
    "PEDIGREE_SOURCE": "pedigree",
    "Part": "contribution",
    "Path": "contribution",
    "Paths": "contribution",
    "PlantSide": "plantside",
    "ProductSystem": "system",
    "Quality": "quality",
    "Score": "impact",
    "Sensitivity": "uncertainty",
    "Solution": "matrix",
    "Solver": "matrix",
    "Uncertain": "uncertainty",
    "Use": "stages",
    "aware_method": "impact",
    "backwards": "matrix",
    "by_process": "contribution",
    "by_stage": "contribution",
    "by_substance": "contribution",
    "by_tier": "contribution",
    "circular_parts": "stages",
    "ends_of": "stages",
    "first_order": "uncertainty",
    "geometric_deviation": "pedigree",
    "gwp_method": "impact",
    "intensities": "impact",
    "life_cycle": "stages",
    "monte_carlo": "uncertainty",
    "paths": "contribution",
    "pedigree_variance": "pedigree",
    "plant_system": "plantside",
    "rating": "quality",
    "score": "impact",
    "table_method": "impact",
    "use_stage_kg": "stages",
}


def __getattr__(name: str) -> Any:
    """Load what was left for later."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
