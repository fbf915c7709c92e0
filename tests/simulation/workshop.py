"""Small lines made of stated numbers, for tests with known answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import yaml

from ecotwin.plant import Plant
from ecotwin.plant.blueprint import parse
from ecotwin.simulation.contract import Case, Known
from ecotwin.simulation.lineplan import plan
from ecotwin.simulation.surroundings import Weather
from ecotwin.simulation.units.lines import LineUnit

START = datetime(2026, 6, 15, 0, 0, tzinfo=UTC)
LINE = "line_1"
PLAIN: dict[str, Any] = {
    "cycle_cv": 1.0, "setup_min": 0.0, "mtbf_h": 0.0, "scrap_share": 0.0, "buffer_parts": 2,
    "adds": "", "kw_sd_share": 0.0, "transit_s": 0.0, "cycle_share": 1.0,
}  # fmt: skip


def works(
    stations: Sequence[Mapping[str, Any]], calendar: Mapping[str, Any] | None = None
) -> Plant:
    """A plant of one line; each station is a loader with its own facts, so `cycle_s` and the rest are stated."""
    machines = [
        {"id": f"m{n}", "kind": "loader", "name": f"M{n}", "facts": {**PLAIN, **facts}}
        for n, facts in enumerate(stations)
    ]
    text = yaml.safe_dump(
        {
            "ecotwin": 1, "id": "works", "name": "Works", "timezone": "UTC", "currency": "EUR", "country": "DE",
            "connections": {"bus": {"protocol": "mqtt", "options": {"host": "127.0.0.1"}}},
            "areas": [
                {
                    "id": "hall", "name": "Hall", "connection": "bus",
                    "lines": [{"id": LINE, "name": "Line 1", "machines": machines}],
                }
            ],
            "products": [
                {"code": code, "name": f"P{code}", "planned_run_s": {LINE: 60.0 * code}, "mass_kg": 1.0}
                for code in (1, 2)
            ],
            **({"calendar": dict(calendar)} if calendar else {}),
        },
        sort_keys=False,
    )  # fmt: skip
    plant, faults = parse(text, "works.yaml")
    assert plant is not None, faults
    return plant


def case_of(plant: Plant, hours: float, runs: int, **changed: Any) -> Case:
    """A case whose parameters are as certain as stated."""
    step_s = changed.get("step_s", 60.0)
    flat = np.full((1, round(hours * 3600.0 / step_s)), 18.0)
    known = {name: Known(value) for name, value in changed.pop("known", {}).items()}
    given = {"bin_s": max(900.0, step_s), "mix": {LINE: {1: 1.0}}, "seed": 5, **changed}
    certain = {
        f"{m.id}.{name}": Known(float(m.kind_facts[name]))
        for m in plant.machines
        for name in (
            "mtbf_h",
            "mttr_min",
            "setup_min",
            "scrap_share",
            "rework_share",
            "cycle_share",
        )
        if name in m.kind_facts
    }
    return Case(
        plant,
        START,
        hours,
        runs,
        weather=Weather(flat, flat, 0.0 * flat),
        parameters={**certain, **known},
        **given,
    )


def unit(plant: Plant, line: str = LINE) -> LineUnit:
    """The line, played alone."""
    return LineUnit(plan(plant, line), alone=True)
