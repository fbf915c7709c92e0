"""Prove: measure whether the saving came, seal figures, sign the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from ecotwin.accounting.savings import verify
from ecotwin.clock import Period
from ecotwin.cycle.act import Ended
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.today import Today
from ecotwin.governance.checkpoint import Checkpoint, Seal, sign
from ecotwin.governance.evidence import bundle
from ecotwin.governance.ledger import Ledger
from ecotwin.plant import Plant
from ecotwin.records import Cost, Range, Saving

RECOVERY = timedelta(minutes=45)
"""Energy after an order's end that still belongs to it: the machine comes back to where it was."""
SIGN_EVERY = timedelta(minutes=30)
SEALED = ("energy.", "ghg.", "water.", "waste.", "oee.", "cost.", "air.", "material.", "production.")


class Prove:
    """Measures savings and seals what others will rely on.

    Args:
        plant: The plant. keeper: Keeps and seals. look: Holds the baselines. prices: Money and carbon.
        ledger: The ledger. seal: The key that signs it.
    """

    def __init__(
        self, plant: Plant, keeper: Keeper, look: Look, prices: Prices, ledger: Ledger, seal: Seal
    ) -> None:
        self._plant = plant
        self._keeper = keeper
        self._look = look
        self._prices = prices
        self._ledger = ledger
        self._seal = seal
        self.savings: dict[str, Saving] = {s.advice: s for s in keeper.all(Saving)}
        self._waiting: dict[str, Ended] = {}
        self._signed_at: datetime | None = None
        self._sealed_day: datetime | None = None

    @property
    def public_key(self) -> str:
        """The key with which a reader checks the signatures."""
        return self._seal.public

    def await_saving(self, ended: list[Ended]) -> None:
        """Remember advice that was carried out; its saving is measured once the machine has recovered."""
        for one in ended:
            self._waiting[one.advice.id] = one

    def tick(self, closed_until: datetime, today: Today) -> bool:
        """Measure what is due, seal a day that has ended, sign now and then; returns whether a saving came."""
        came = False
        for id_, one in list(self._waiting.items()):
            if closed_until >= one.advice.period.end + RECOVERY:
                saving = self._measure(one, closed_until)
                self.savings[id_] = saving
                self._keeper.seal(saving, id_, saving.known_at)
                del self._waiting[id_]
                came = True
        self._seal_day(closed_until, today)
        if came or self._signed_at is None or closed_until - self._signed_at >= SIGN_EVERY:
            self.sign(closed_until)
        return came

    def sign(self, at: datetime) -> Checkpoint:
        """Sign the ledger as it is now."""
        self._signed_at = at
        return sign(self._ledger, self._seal, at)

    def evidence(self, index: int, at: datetime) -> bytes:
        """A bundle that proves one entry offline."""
        checkpoint = self.sign(at)
        with TemporaryDirectory() as folder:
            path = bundle(self._ledger, self._seal, [index], checkpoint, Path(folder) / "evidence.zip")
            return path.read_bytes()

    def _measure(self, one: Ended, known_at: datetime) -> Saving:
        """The saving of one order: adjusted baseline less what was measured, from its start until it recovered."""
        start = min(o.start for o in one.orders)
        period = Period(_minute(start), _minute(one.advice.period.end + RECOVERY))
        past = self._look.window(Period(period.start - timedelta(days=28), period.start), 60)
        window = self._look.window(period)
        carbon = self._prices.carbon(start)
        money = self._prices.money("electricity", start)
        saving = verify(
            self._plant,
            one.advice.element,
            window,
            past,
            self._look.baselines,
            advice=one.advice.id,
            known_at=known_at,
        )
        return _priced(saving, carbon, money)

    def _seal_day(self, now: datetime, today: Today) -> None:
        """Seal the day's figures of the site once an hour: what a report will stand on."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._sealed_day == hour:
            return
        first = self._sealed_day is None
        self._sealed_day = hour
        if first:
            return
        site = self._plant.site.id
        for (element, indicator), measure in today.measures.items():
            if element == site and indicator.startswith(SEALED):
                self._keeper.seal(measure, measure.id, measure.period.start)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _priced(saving: Saving, carbon: float | None, money: float | None) -> Saving:
    """The saving with its carbon and money at the rates of its time."""

    def times(rate: float | None) -> Range | None:
        if rate is None:
            return None
        s = saving.saved_kwh
        return Range(s.value * rate, s.low * rate, s.high * rate)

    return replace(
        saving, cost=Cost(energy_kwh=saving.saved_kwh, co2e_kg=times(carbon), money=times(money))
    )

