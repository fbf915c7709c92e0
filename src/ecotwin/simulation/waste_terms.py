"""What a scenario changes of waste: what becomes of a code."""

from __future__ import annotations

from dataclasses import replace

from ecotwin.plant.lines import Path
from ecotwin.simulation.scenario_parts import WasteChange
from ecotwin.simulation.sketch import Sketch


def change_waste(sketch: Sketch, change: WasteChange, path: Path) -> None:
    """Give a waste code another treatment; a code that the plant does not weigh is noted."""
    known = list(dict.fromkeys(s.waste_code for s in sketch.plant.signals if s.waste_code))
    if not sketch.one_of((*path, "code"), "waste code", change.code, known):
        return
    plant = sketch.plant
    sketch.plant = replace(
        plant,
        signals=tuple(
            replace(s, treatment=change.treatment) if s.waste_code == change.code else s
            for s in plant.signals
        ),
    )
