"""The chemical works as a case of the model, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from ecotwin.plant import Plant, load
from ecotwin.simulation.contract import Case, Known, Setting
from ecotwin.simulation.surroundings import Weather

START = datetime(2026, 6, 16, 22, 0, tzinfo=UTC)


@cache
def works() -> Plant:
    """The chemical works."""
    return load(Path(__file__).parents[2] / "plants" / "chemicals.yaml")


def case_of(
    hours: float = 6.0,
    runs: int = 3,
    seed: int = 5,
    settings: Mapping[str, float] | None = None,
    parameters: Mapping[str, float] | None = None,
    **changed: object,
) -> Case:
    """A stretch of the works in still weather, with set-points held and parameters given."""
    steps = round(hours * 60)
    air = np.full((1, steps), 14.0)
    case = Case(
        works(), START, hours, runs, seed, Weather(air, air - 3.0, np.zeros((1, steps))),
        settings={k: (Setting(v),) for k, v in (settings or {}).items()},
        parameters={k: Known(v) for k, v in (parameters or {}).items()},
    )  # fmt: skip
    return replace(case, **changed)  # type: ignore[arg-type]
