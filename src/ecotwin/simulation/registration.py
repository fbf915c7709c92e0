"""Tells the gymnasium library of the environment `ecotwin/Plant-v0`; costs nothing until somebody makes one."""

from __future__ import annotations

ID = "ecotwin/Plant-v0"
"""Its name: `gymnasium.make(ID, plant="plant.yaml")`, `gymnasium.make_vec(ID, num_envs=8, plant="plant.yaml")`."""


def register() -> None:
    """Register the environment; the entry point `gymnasium.envs` calls this, and once is enough."""
    import gymnasium

    if ID not in gymnasium.registry:
        gymnasium.register(
            ID,
            entry_point="ecotwin.cycle.environments:plant_env",
            vector_entry_point="ecotwin.cycle.environments:plant_vector_env",
        )
