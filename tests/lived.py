"""A stretch of the stand-in's life, taken in by the twin's own cleaning and history, for tests that begin live."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from ecotwin.cleaning.chain import Chain
from ecotwin.clock import instant
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant
from ecotwin.records import Bools, Codes, Ints
from ecotwin_standin.plantside import history
from ecotwin_standin.scenario import Scenario


def lived(
    plant: Plant, folder: Path, seed: int, start: datetime, days: float, step_s: float = 30.0
) -> DuckStore:
    """A history that holds days of the stand-in without faults; each batch is known when it ends.

    Args:
        plant: The plant file that both sides read. folder: Where the history is kept. seed: Of the stand-in.
        start: First instant. days: How long. step_s: Of the stand-in and between samples [s].
    """
    store = DuckStore(plant, folder, memory_mb=256)
    chain = Chain(plant, past_days=None)
    for samples in history(plant, Scenario("calm"), start, days, seed, step_s):
        now = instant(int(samples.at.max()))
        store.append(chain.clean(samples, now, _unseen), known_at=now)
        store.close_minutes(now, known_at=now)
    return store


def _unseen(signal: Codes, _at: Ints) -> Bools:
    return np.zeros(len(signal), dtype=bool)
