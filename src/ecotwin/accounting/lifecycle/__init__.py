"""Life-cycle assessment of product systems: solve, weigh, trace, doubt, rate; of databases and of the plant itself.

Needs scipy (`pip install ecotwin[lca]`).
"""

from importlib.util import find_spec

from ecotwin.errors import EcotwinError

if find_spec("scipy") is None:  # pragma: no cover - the checks run with it
    raise EcotwinError(
        "life-cycle assessment needs scipy, which is not installed",
        expected="the extra `lca`",
        remedy="pip install ecotwin[lca]",
    )

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
from ecotwin.accounting.lifecycle.matrix import Matrices, Solution, Solver
from ecotwin.accounting.lifecycle.plantside import PlantSide, plant_system
from ecotwin.accounting.lifecycle.quality import Quality, quality
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
    PEDIGREE_SOURCE,
    Sensitivity,
    Uncertain,
    first_order,
    geometric_deviation,
    monte_carlo,
    pedigree_variance,
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
    "quality",
    "score",
    "table_method",
    "use_stage_kg",
]
