"""What a twin is made of: the parts that its views and acts share."""

from __future__ import annotations

import threading
from datetime import datetime

from ecotwin.clock import Clock
from ecotwin.connectors.contract import Connector
from ecotwin.cycle.act import Act
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.cycle.own import Own
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.prove import Prove
from ecotwin.cycle.sensed import Sensing
from ecotwin.cycle.take import Intake
from ecotwin.cycle.today import Today
from ecotwin.governance.access import Person
from ecotwin.governance.ledger import Ledger
from ecotwin.history.contract import Store
from ecotwin.plant import Plant
from ecotwin.records import Finding, Image
from ecotwin.settings import Settings


class Parts:
    """The rooms of one twin, joined."""

    plant: Plant
    settings: Settings
    clock: Clock
    store: Store
    ledger: Ledger
    prices: Prices
    person: Person
    keeper: Keeper
    connectors: list[Connector]
    intake: Intake
    own: Own | None
    look: Look
    sensing: Sensing
    today_: Today
    act: Act
    prove: Prove
    lock: threading.RLock
    urgent: int
    started_at: datetime
    open_now: list[Finding]
    """Open findings as of the newest turn of the cycle."""

    def now(self) -> datetime:
        """Plant time."""
        return self.clock.now()

    def image(self) -> Image:
        """The plant now."""
        return self.intake.image(self.now())
