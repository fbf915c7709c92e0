"""What leaves a machine by the drain or into a bin, gathered in the step's nets (`World.asked`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecotwin_standin.world import World


def shed(world: World, stream: str, kg: float) -> None:
    """Put waste of this step into a stream [kg]."""
    if kg > 0.0:
        net = f"waste_{stream}"
        world.asked[net] = world.asked.get(net, 0.0) + kg


def drain(world: World, flow_m3_h: float, cod_kg_h: float) -> None:
    """Let water with its load of COD into the works' drain."""
    asked = world.asked
    asked["effluent_m3_h"] = asked.get("effluent_m3_h", 0.0) + flow_m3_h
    asked["effluent_cod_kg_h"] = asked.get("effluent_cod_kg_h", 0.0) + cod_kg_h
