"""Prove: measure whether the saving came, seal figures, sign the ledger."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from ecotwin.accounting.savings import verify
from ecotwin.clock import Period
from ecotwin.cycle.act import Ended
from ecotwin.cycle.daybook import SEALED, DayBook
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.cycle.today import Today
from ecotwin.cycle.yearbook import YearBook
from ecotwin.errors import FigureGap
from ecotwin.governance.checkpoint import Checkpoint, Seal, sign
from ecotwin.governance.evidence import bundle
from ecotwin.governance.ledger import Ledger
from ecotwin.plant import Plant
from ecotwin.plant.calendar import breaks, gaps
from ecotwin.records import Advice, Finding, Order, Saving

RECOVERY = timedelta(minutes=45)
"""Energy after an order's end that still belongs to it, where the plant file gives no warm-up."""
LOOK_BACK = 28
"""Days searched for comparable pauses."""
MOST = 30
MINUTE = timedelta(minutes=1)
TRY_EVERY = timedelta(minutes=10)
GIVE_UP = timedelta(days=1)
"""After a pause its data may come late; later than this its saving counts as never measured."""
NOT_MEASURED = "saving_not_measured"
SIGN_EVERY = timedelta(minutes=30)


class Prove:
    """Measures savings and seals what others will rely on.

    Args:
        plant: The plant. keeper: Keeps and seals. look: Holds the baselines.
        ledger: The ledger. seal: The key that signs it.
    """

    def __init__(
        self, plant: Plant, keeper: Keeper, look: Look, ledger: Ledger, seal: Seal
    ) -> None:
        self._plant = plant
        self._keeper = keeper
        self._look = look
        self._ledger = ledger
        self._seal = seal
        self.savings: dict[str, Saving] = {s.advice: s for s in keeper.all(Saving)}
        self._waiting: dict[str, Ended] = self._unmeasured()
        self._tried: dict[str, datetime] = {}
        self._signed_at: datetime | None = None
        self._sealed_hour: datetime | None = None
        self.years = YearBook(plant, keeper.store, keeper.now)
        self.days = DayBook(plant, keeper, self.years)

    @property
    def public_key(self) -> str:
        """The key with which a reader checks the signatures."""
        return self._seal.public

    def await_saving(self, ended: list[Ended]) -> None:
        """Remember advice that was carried out; its saving is measured once the machine has recovered."""
        for one in ended:
            self._waiting[one.advice.id] = one

    def tick(self, closed_until: datetime, today: Today, *, days: bool = True) -> bool:
        """Measure what is due, seal hours and days that have ended, sign now and then.

        Args:
            closed_until: End of the newest closed minute. today: Its figures.
            days: Seal days; not while recorded days are still coming in, which would be reckoned again and again.

        Returns:
            Whether a saving came.
        """
        came = False
        for one in list(self._waiting.values()):
            if closed_until >= one.advice.period.end + self._recovery(one.advice) + MINUTE:
                came |= self._try(one, closed_until)
        self._seal_hour(closed_until, today)
        if days:
            self.days.tick(closed_until, lambda: today.since)
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
            path = bundle(
                self._ledger, self._seal, [index], checkpoint, Path(folder) / "evidence.zip"
            )
            return path.read_bytes()

    def _unmeasured(self) -> dict[str, Ended]:
        """What was carried out before a restart and waits for its measuring."""
        found = {
            a.id: Ended(a, ())
            for a in self._keeper.all(Advice)
            if a.state == "done" and a.id not in self.savings
            if self._keeper.store.get(NOT_MEASURED, a.id) is None
        }
        if not found:
            return {}
        orders = self._keeper.all(Order)
        return {
            id_: Ended(one.advice, tuple(o for o in orders if o.advice == id_))
            for id_, one in found.items()
        }

    def _try(self, one: Ended, closed_until: datetime) -> bool:
        """Measure one saving; without data it waits for late data, and in the end says so in the ledger."""
        id_ = one.advice.id
        last = self._tried.get(id_)
        if last is not None and closed_until - last < TRY_EVERY:
            return False
        self._tried[id_] = closed_until
        try:
            saving = self._measure(one, closed_until)
        except FigureGap as gap:
            if closed_until - one.advice.period.end < GIVE_UP:
                return False
            why = {"advice": id_, "why": str(gap)}
            self._keeper.note(NOT_MEASURED, id_, why)
            self._keeper.store.put(
                NOT_MEASURED, id_, one.advice.period.end, why, known_at=self._keeper.now()
            )
            del self._waiting[id_]
            return False
        self.savings[id_] = saving
        self._keeper.seal(saving, id_, saving.known_at)
        del self._waiting[id_]
        return True

    def _measure(self, one: Ended, known_at: datetime) -> Saving:
        """The saving of one order against comparable pauses of the last weeks, until the machine has recovered."""
        advice = one.advice
        recovery = self._recovery(advice)
        span = Period(_minute(advice.period.start), _minute(advice.period.end + recovery))
        candidates = self._candidates(advice)
        history = [
            self._look.window(Period(_minute(c.start), _minute(c.end + recovery + MINUTE)))
            for c in candidates
        ]
        return verify(
            self._plant,
            self._look.baselines,
            advice,
            self._look.window(Period(span.start, span.end + MINUTE)),
            history,
            candidates,
            recovery=recovery,
            known_at=known_at,
            disturbed=self._disturbed(advice, known_at),
        )

    def _candidates(self, advice: Advice) -> list[Period]:
        """The same stretch of past pauses of the same kind and like length, newest first."""
        around = Period(advice.period.start - timedelta(days=LOOK_BACK), advice.period.end)
        for pauses in (breaks(self._plant, around), gaps(self._plant, around)):
            mine = next((p for p in pauses if advice.period.start in p), None)
            if mine is not None:
                break
        else:
            return []
        first = advice.period.start - mine.start
        length = advice.period.end - advice.period.start
        like = [p for p in pauses if p.end <= mine.start and abs(p.seconds - mine.seconds) <= 60]
        return [Period(p.start + first, p.start + first + length) for p in reversed(like)][:MOST]

    def _disturbed(self, advice: Advice, now: datetime) -> list[tuple[Period, str]]:
        """Findings and other orders at this machine: periods that are not comparable."""
        found = [
            (Period(f.onset, max(f.onset, f.closed_at or now)), f.title)
            for f in {f.id: f for f in [*self._keeper.all(Finding), *self._look.open(now)]}.values()
            if f.element == advice.element and f.kind == "excess" and f.unit == "kW"
        ]
        orders = [
            (Period(o.start, o.lease_until), "an order")
            for o in self._keeper.all(Order)
            if o.advice != advice.id
            and o.state == "restored"
            and self._plant.signal(o.signal).element == advice.element
        ]
        return found + orders

    def _recovery(self, advice: Advice) -> timedelta:
        """How long the machine catches up after its pause: its warm-up, and as long again to settle."""
        sleep = self._plant.element(advice.element).sleep
        return timedelta(minutes=math.ceil(2 * sleep.warmup_min)) if sleep else RECOVERY

    def _seal_hour(self, now: datetime, today: Today) -> None:
        """Seal the running day's main figures of the site once an hour, as they then stand.

        Their cuts by product, shift and part are sealed with the day.
        """
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._sealed_hour == hour:
            return
        first = self._sealed_hour is None
        self._sealed_hour = hour
        if first:
            return
        site = self._plant.site.id
        self._keeper.seal_all(
            [
                (measure, measure.id, measure.period.start)
                for (element, indicator), measure in today.measures.items()
                if element == site and indicator.startswith(SEALED) and "by_" not in indicator
            ]
        )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
