"""A boiler house with a told signal, its cycle turned by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import Period, instant
from ecotwin.cycle.sensed import Sensing, Ways
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant
from ecotwin.records import Cleaned, Floats, Rejects, Score
from made_boiler import BOILER, START, Lived, readings, works

NAME = BOILER + "nox_concentration"
CHUNK = 240


@dataclass
class House:
    """A boiler house whose cycle is turned by hand."""

    folder: Path
    lived: Lived
    plant: Plant = field(default_factory=works)
    flagged: list[tuple[int, int]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    said: list[Score] = field(default_factory=list)
    at: int = 0
    behind: bool = False

    def __post_init__(self) -> None:
        self.store = DuckStore(self.plant, self.folder)
        self.sensing = self.made()

    def made(self) -> Sensing:
        def newest(signal: int) -> int:
            return int(self.store.image(instant(2**52)).at[signal])

        def flagged(_signals: Sequence[str]) -> list[tuple[int, int]]:
            return self.flagged

        ways = Ways(flagged, self.kept.__setitem__, self.kept.get, lambda _: None, newest)
        return Sensing(self.plant, self.store, ways, behind=self.behind)

    def run(self, until: int, chunk: int = CHUNK) -> None:
        """Live up to a minute."""
        while self.at < until:
            end = min(until, self.at + chunk)
            self.store.append(
                Cleaned(readings(self.plant, self.lived, self.at, end), Rejects.empty()),
                known_at=self.now(end),
            )
            # The newest reading stands at the beginning of its minute: up to there everything is known.
            whole = self.now(end - 1)
            self.sensing.tick(whole, START, whole)
            self.said += self.sensing.scores()
            self.store.close_minutes(whole, known_at=whole)
            self.at = end

    @staticmethod
    def now(minute: int) -> datetime:
        return START + timedelta(minutes=minute)

    def told(self, first: int, last: int) -> Floats:
        window = self.store.window(
            [self.plant.signal(NAME).index], Period(self.now(first), self.now(last)), 60
        )
        assert not window.covered.any()
        return np.asarray(window.mean[:, 0])
