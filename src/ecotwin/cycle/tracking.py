"""How well the model tracks the plant, kept fresh: a day is tried once, in the background, and the twin remembers it.

Nothing is worked out before somebody asks: the first question starts the work, later ones find it done, and once a
plant day has passed the next question renews it. A thread of its own does it in small pieces with rests between them,
so that the cycle never waits. What was learned is a document of the history and its digest is sealed in the ledger.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from ecotwin.clock import Period, instant, iso, micros
from ecotwin.cycle.whatif_state import FITTED_RUNS, Learned, Past
from ecotwin.errors import EcotwinError, RunStopped
from ecotwin.governance.canonical import canonical
from ecotwin.governance.ledger import Ledger
from ecotwin.history.contract import Store
from ecotwin.plant import Plant
from ecotwin.simulation.backtest import Tried, fidelity_of, spread_of
from ecotwin.simulation.contract import Known
from ecotwin.simulation.engine import Watch
from ecotwin.simulation.fidelity import Fidelity
from ecotwin.simulation.spread import Spread

log = structlog.get_logger("ecotwin")

KIND = "calibration"
HELD_DAYS = 14
"""Newest days that the model is tried on."""
LEAST_DAYS = 4
"""Whole days that must lie before a day on which the model is tried."""
REFIT_DAYS = 28
"""Utilities are fitted anew after so many days; what was learned of the old fit's errors says nothing of the new one's,
so that past days are then tried again."""
RUNS = 60
SEED = 20_260_101
RENEW = timedelta(days=1)
_REST_S = 0.02


@dataclass(frozen=True)
class Standing:
    """What is known of the model at an instant.

    Attributes:
        at: Up to when history was looked at; None: nothing was worked out yet. spread: How far days lie from runs.
        fidelity: How well hours are tracked. parameters: "machine.name" -> what is known. digest: SHA-256 of the
            calibration document as sealed.
    """

    at: datetime | None = None
    spread: Spread = field(default_factory=Spread)
    fidelity: Fidelity = field(default_factory=Fidelity)
    parameters: Mapping[str, Known] = field(default_factory=dict)
    digest: str = ""


class Tracking:
    """Tries the model on past days and remembers how well it did.

    Args:
        plant: The plant. store: Its history. ledger: Where digests are sealed; None: nowhere.
        runs: Runs of a tried day. fitted_runs: Of the ensemble that utilities are fitted with.
    """

    def __init__(
        self,
        plant: Plant,
        store: Store,
        ledger: Ledger | None = None,
        runs: int = RUNS,
        fitted_runs: int = FITTED_RUNS,
    ) -> None:
        self.plant = plant
        self.past = Past(plant, store)
        self._store, self._ledger, self._runs = store, ledger, runs
        self._fitted_runs = fitted_runs
        self._tried: dict[int, Tried] = {}
        self._fit: tuple[datetime, Mapping[str, Known]] | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.standing = self._remembered()

    def fidelity(self, now: datetime) -> Fidelity:
        """The newest figure; begins to renew it in the background when it is older than a plant day."""
        self.renew_behind(now)
        return self.standing.fidelity

    def warnings_for(self, elements: Iterable[str]) -> tuple[str, ...]:
        """Sentences for a reader of a scenario that changes these elements: which of them are not tracked well."""
        return self.standing.fidelity.warnings_for(self.plant, elements)

    def renew_behind(self, now: datetime) -> bool:
        """Renew in a thread of its own if it is due; whether it began."""
        due = self.standing.at is None or now - self.standing.at >= RENEW
        with self._lock:
            if not due or self._stop.is_set() or (self._thread and self._thread.is_alive()):
                return False
            self._thread = threading.Thread(
                target=self._behind, args=(now,), name="tracking", daemon=True
            )
            self._thread.start()
        return True

    def stop(self) -> None:
        """Stop what goes on in the background."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _behind(self, now: datetime) -> None:
        try:
            self.renew(now, watch=self._rest)
        except RunStopped:
            return
        except EcotwinError as fault:
            log.warning("the model was not tried on past days", why=str(fault))

    def _rest(self, _share: float) -> bool:
        time.sleep(_REST_S)
        return not self._stop.is_set()

    def renew(self, now: datetime, watch: Watch | None = None) -> Standing:
        """Try the model on days that it was not tried on yet, and fit its parameters to all days before now.

        Args:
            now: Days that end at or before it are looked at. watch: As for `engine.run`; False stops.

        Raises:
            RunStopped: The watcher said so.
        """
        days = self.past.days(now, REFIT_DAYS + HELD_DAYS)
        until, fitted = self.fitted(days, watch)
        held = [d for d in days[LEAST_DAYS:] if d.start >= until][-HELD_DAYS:]
        for day in held:
            if day.start_us not in self._tried:
                self._tried[day.start_us] = self.past.try_day(
                    day, runs=self._runs, seed=SEED, fitted=fitted, watch=watch
                )
        tried = [self._tried[d.start_us] for d in held]
        learned = self.past.learned(now)
        parameters = {
            **fitted,
            **learned.customary.parameters,
            **learned.parameters,
        }
        made = Standing(now, spread_of(tried), fidelity_of(tried, micros(now)), parameters)
        self.standing = self._kept(made, learned)
        return self.standing

    def fitted(
        self, days: Sequence[Period], watch: Watch | None = None
    ) -> tuple[datetime, Mapping[str, Known]]:
        """Until which day utilities were fitted, and their parameters; fitted anew when that is long ago.

        The days after it are left to try the model on.

        Args:
            days: Whole days of the history, the oldest first. watch: As for `renew`.
        """
        if len(days) < LEAST_DAYS:
            return (days[-1].end if days else instant(0)), {}
        if self._fit is None or days[-1].end - self._fit[0] > timedelta(days=REFIT_DAYS + 1):
            until = days[max(LEAST_DAYS, len(days) - HELD_DAYS) - 1].end

            def rest() -> bool:
                return watch is None or watch(0.0)

            found = self.past.assimilated(
                until, self.past.learned(until), runs=self._fitted_runs, rest=rest
            )
            if not rest():
                raise RunStopped(
                    "the fit was stopped", expected="a fit to its end", remedy="ask again"
                )
            self._fit = (until, found)
            self._tried.clear()
            self.past.fit = self._fit
        return self._fit

    def _kept(self, made: Standing, learned: Learned) -> Standing:
        """Keep it as a document and seal its digest."""
        assert made.at is not None
        period = Period(learned.days[0].period.start, made.at) if learned.days else None
        body: dict[str, Any] = {
            "plant": self.plant.digest,
            "start": iso(period.start_us) if period else None,
            "end": iso(micros(made.at)),
            "parameters": [
                [name, known.value, known.sd, known.source]
                for name, known in sorted(made.parameters.items())
            ],
            "fitted_until": iso(micros(self._fit[0])) if self._fit else None,
            "fitted": sorted(self._fit[1]) if self._fit else [],
            "spread": made.spread.state(),
            "fidelity": made.fidelity.state(),
        }
        digest = hashlib.sha256(canonical(body)).hexdigest()
        self._store.put(KIND, "model", made.at, {**body, "digest": digest}, known_at=made.at)
        if self._ledger is not None:
            told = {"start": body["start"], "end": body["end"], "sha256": digest}
            self._ledger.append(KIND, "model", told, made.at)
        return Standing(made.at, made.spread, made.fidelity, made.parameters, digest)

    def _remembered(self) -> Standing:
        kept = self._store.get(KIND, "model")
        if kept is None or kept.body.get("plant") != self.plant.digest:
            return Standing()
        body = kept.body
        known = {n: Known(float(v), float(sd), str(src)) for n, v, sd, src in body["parameters"]}
        if body["fitted_until"] is not None:
            until = datetime.fromisoformat(body["fitted_until"])
            self._fit = (until, {name: known[name] for name in body["fitted"] if name in known})
            self.past.fit = self._fit
        return Standing(
            instant(micros(kept.at)),
            Spread.of(body["spread"]),
            Fidelity.of_state(body["fidelity"]),
            known,
            str(body["digest"]),
        )
