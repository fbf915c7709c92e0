"""What the twin has learned, under the register: which model speaks of what, since when, made of what, after which.

Three kinds of models live in a twin. A machine's `baseline` goes on learning hour by hour; it is entered when it first
speaks from its own data, when it has seen a whole week, and every four weeks from then on, each after the one before.
A `forecast` of an inlet is learned anew in a thread of its own; each is entered as a challenger, and takes the place
of the one before for the reason that is told with it. A `soft sensor` is entered when it is first calibrated, and when
references made it learn anew. Every promotion is sealed in the ledger.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ecotwin import __version__
from ecotwin.accounting.baseline import LEARNED_HOURS, SEASONED_HOURS
from ecotwin.clock import iso, micros
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.history.contract import Document, Store
from ecotwin.learning.register import Model, Register, Standing, Trained, digest
from ecotwin.plant import Plant

KIND = "model"
BASELINE, FORECAST, SENSOR = "baseline", "forecast", "soft sensor"
AGAIN_HOURS = 28 * 24.0
"""Hours between two entries of a baseline that has seen a week."""
EVERY = timedelta(hours=1)
MOST = 100_000


class Learned:
    """Keeps the register of one twin.

    Args:
        plant: The plant. keeper: History and ledger. look: Whose baselines learn.
    """

    def __init__(self, plant: Plant, keeper: Keeper, look: Look) -> None:
        self._plant, self._keeper, self._look = plant, keeper, look
        self.register = kept(keeper.store)
        self._looked_at: datetime | None = None
        self._entered: dict[str, str] = {}

    def tick(
        self, now: datetime, forecasts: dict[str, dict[str, Any]] | None = None,
        sensors: dict[str, dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        """Enter what was learned since the last look; at most once an hour of plant time.

        Args:
            now: Plant time.
            forecasts: Inlet -> what its newest forecast was learned from (`Foresight.learned`).
            sensors: Told signal -> what its newest soft sensor was learned from (`Sensing.learned`).
        """
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < EVERY:
            return
        self._looked_at = now
        for element in self._look.baselines.elements:
            self._baseline(element, now)
        for name, told in (forecasts or {}).items():
            self._forecast(name, told, now)
        for name, told in (sensors or {}).items():
            self._sensor(name, told, now)

    def _baseline(self, element: str, now: datetime) -> None:
        baselines = self._look.baselines
        hours = baselines.hours(element)
        before = self.register.champion(BASELINE, element)
        seen = float(before.settings["hours"]) if before else 0.0
        if not _due(hours, seen):
            return
        fit = baselines.fit(element)
        left_out = self._look.left_out_min(element)
        span = self._keeper.store.span()
        trained = Trained(
            signals=tuple(s.id for s in self._plant.signals if s.element == element),
            start=iso(micros(span.start)) if span else "",
            end=iso(micros(now)),
            rows=round(hours * 60.0),
            left_out=left_out,
            why_left_out=("within a finding",) if left_out else (),
        )
        scores = {"hours foretold": fit.hours}
        if fit.cvrmse == fit.cvrmse:
            scores |= {"CVRMSE": fit.cvrmse, "NMBE": fit.nmbe}
        self._enter(
            BASELINE, element, trained, now, settings={"hours": round(hours, 3)},
            content=baselines.learned_of(element), scores=scores, why=_why(hours, seen, scores),
        )  # fmt: skip

    def _forecast(self, name: str, told: dict[str, Any], now: datetime) -> None:
        if self._entered.get(name) == told["content"]:
            return
        self._entered[name] = told["content"]
        trained = Trained(
            signals=tuple(told["columns"]), start=told["start"], end=told["end"], rows=told["rows"]
        )
        self._enter(
            FORECAST, name, trained, now, settings={"model": told["model"]}, content=told["content"],
            scores={}, why=told["why"],
        )  # fmt: skip

    def _sensor(self, name: str, told: dict[str, Any], now: datetime) -> None:
        before = self.register.champion(SENSOR, name)
        if before is not None and before.content == digest(told["content"]):
            return
        trained = Trained(
            signals=tuple(told["columns"]), start=told["start"], end=told["end"], rows=told["rows"],
            left_out=told["left_out"], why_left_out=("flagged bad",) if told["left_out"] else (),
        )  # fmt: skip
        scores = {k: v for k, v in told["scores"].items() if v == v}
        self._enter(
            SENSOR, name, trained, now, settings={}, content=told["content"], scores=scores, why=told["why"]
        )  # fmt: skip

    def _enter(
        self, kind: str, subject: str, trained: Trained, now: datetime, *, settings: dict[str, Any],
        content: object, scores: dict[str, float], why: str,
    ) -> None:  # fmt: skip
        """Enter a model after the champion of its subject, and put it in that one's place."""
        at = iso(micros(now))
        before = self.register.champion(kind, subject)
        if before is not None and before.made_at >= at:
            return
        made = self.register.enter(
            kind, subject, trained, made_at=at, code=__version__, settings=settings, content=content,
            parent=before.id if before else "", scores=scores, why="entered",
        )  # fmt: skip
        if made.standing is not Standing.CHALLENGER:
            return
        new, old = self.register.promote(made.id, at=at, why=why)
        self._keeper.seal(new, new.id, now, kind=KIND)
        if old is not None:
            self._keeper.keep(old, old.id, _instant(old))


def _due(hours: float, seen: float) -> bool:
    """Whether a baseline has come to a point at which it is entered anew."""
    steps = (LEARNED_HOURS, SEASONED_HOURS)
    return any(seen < step <= hours for step in steps) or (
        hours >= SEASONED_HOURS and hours - seen >= AGAIN_HOURS
    )


def _why(hours: float, seen: float, scores: dict[str, float]) -> str:
    off = (
        f"; hours foretold before they were learned were off by {100 * scores['CVRMSE']:.0f} % of the mean hour"
        if "CVRMSE" in scores
        else ""
    )
    if seen < LEARNED_HOURS:
        return f"{hours:.0f} hours of its own data take the place of the machine kind's facts{off}"
    return f"goes on from the one before with {hours - seen:.0f} hours more{off}"


def _instant(model: Model) -> datetime:
    return datetime.fromisoformat(model.made_at.replace("Z", "+00:00"))


def kept(store: Store) -> Register:
    """The register as the history keeps it.

    Raises:
        FigureGap: A record was changed.
    """
    found: list[Document] = store.documents(KIND, limit=MOST)
    rows = sorted((dict(d.body) for d in found), key=lambda row: (row["made_at"], row["id"]))
    return Register.from_json(rows)


def lines(register: Register, kind: str = "", subject: str = "") -> list[str]:
    """For a person: every champion, and what it came from."""
    told = []
    for model in register.models(kind, subject):
        if model.standing is not Standing.CHAMPION:
            continue
        for depth, one in enumerate(register.lineage(model.id)):
            head = f"{one.kind} of {one.subject}" if depth == 0 else "  after"
            left_out = f", {one.trained.left_out} left out" if one.trained.left_out else ""
            told.append(
                f"{head}  {one.id}  {one.standing_at if depth == 0 else one.made_at}  "
                f"{one.trained.rows:,} rows{left_out}: {one.why}"
            )
    return told or ["Nothing has been learned yet."]
