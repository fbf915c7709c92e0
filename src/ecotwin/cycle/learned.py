"""What the twin has learned, under the register: which model speaks of what, since when, made of what, after which.

Three kinds of models live in a twin. A machine's `baseline` is what it is held against: what goes on learning while
there is no reference, then the reference (`accounting.references`). A `forecast` of an inlet is the forecaster in use
(`rivals`). What is learned beside either is a challenger. A `soft sensor` is entered when it is first calibrated, and
when references made it learn anew. Every entry, promotion, refusal and retraining is kept with what it was learned
from, which model it came from and both losses, and sealed in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ecotwin import __version__
from ecotwin.accounting.baseline import LEARNED_HOURS, SEASONED_HOURS
from ecotwin.accounting.references import Turn
from ecotwin.clock import instant, iso, micros
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.history.contract import Document, Store
from ecotwin.learning.register import Model, Register, Standing, Trained, digest
from ecotwin.plant import Plant

if TYPE_CHECKING:
    from ecotwin.cycle import rivals
    from ecotwin.cycle.foresight import Foresight

KIND = "model"
CONTESTS = "contests"
BASELINE, FORECAST, SENSOR = "baseline", "forecast", "soft sensor"
IN_PLACE = ("reference", "calibrated", "promoted")
"""Decisions by which a model is put in use; after the others it stays or becomes a challenger, or is out."""
BEGUN = ("drift", "challenged")
EVERY = timedelta(hours=1)
KEEP_EVERY = timedelta(hours=6)
MOST = 100_000


class Learned:
    """Keeps the register of one twin.

    Args:
        plant: The plant. keeper: History and ledger. look: Whose baselines and references learn.
    """

    def __init__(self, plant: Plant, keeper: Keeper, look: Look) -> None:
        self._plant, self._keeper, self._look = plant, keeper, look
        self.register = kept(keeper.store)
        self._looked_at: datetime | None = None
        self.contests: dict[tuple[str, str], dict[str, str]] = {
            (r["kind"], r["subject"]): r for r in contests(keeper.store)[1]
        }
        """(kind, subject) -> way in use, how its contest stands, how good it was."""
        self._kept_at: datetime | None = None
        self.decided = False
        """Whether something was decided about a reference since this was last put back."""

    def tick(
        self, now: datetime, foresight: Foresight | None = None,
        sensors: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        """Enter what was learned and decided since the last look; at most once an hour of plant time.

        Args:
            now: Plant time. foresight: Whose forecasters compete; None: nothing is foretold.
            sensors: Told signal -> what its newest soft sensor was learned from (`Sensing.learned`).
        """
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < EVERY:
            return
        self._looked_at = now
        references = dict(
            zip(self._look.references.elements, self._look.references.taken, strict=True)
        )
        turns, self._look.turns = self._look.turns, []
        for turn in turns:
            self._turn(turn, now)
        self.decided |= bool(turns)
        for element, taken in references.items():
            if not taken:
                self._calibrating(element, now)
        for told in foresight.take_turns() if foresight is not None else ():
            self._forecast(told, now)
        for name, sensed in (sensors or {}).items():
            self._sensor(name, sensed, now)
        self._tell_contests(now, foresight)

    def keep(self, now: datetime, foresight: Foresight | None) -> None:
        """Keep references and forecasters: after a decision, and every few hours; they are large."""
        if self._kept_at is None or self.decided or now - self._kept_at >= KEEP_EVERY:
            self._kept_at, self.decided = now, False
            self._keeper.state("references", self._look.references.state())
        state = foresight.take_state() if foresight is not None else None
        if state is not None:
            self._keeper.state("foresight", state)

    # --- machines

    def _calibrating(self, element: str, now: datetime) -> None:
        """What learns is what a machine is held against: entered when it first speaks, and after a week."""
        hours = self._look.baselines.hours(element)
        before = self.register.champion(BASELINE, element)
        seen = float(before.settings["hours"]) if before else 0.0
        if not any(seen < step <= hours for step in (LEARNED_HOURS, SEASONED_HOURS)):
            return
        scores = self._fit(element)
        trained = self._trained(element, now)
        made = self._enter(
            BASELINE, element, trained, now, {"hours": round(hours, 3)},
            self._look.baselines.learned_of(element), scores, _why(hours, seen, scores),
        )  # fmt: skip
        if made is not None:
            self._promote(made, now, made.why)

    def _turn(self, turn: Turn, now: datetime) -> None:
        """A decision about a machine's reference."""
        before = self.register.champion(BASELINE, turn.element)
        if turn.what == "confirmed":
            if before is not None:
                out = self.register.retire(before.id, at=iso(turn.at), why=turn.why)
                self._keeper.seal(out, out.id, now, kind=KIND)
            return
        hours = self._look.baselines.hours(turn.element)
        scores = {**self._fit(turn.element), **turn.scores}
        made = self._enter(
            BASELINE, turn.element, self._trained(turn.element, now, turn.left_out), now,
            {"hours": round(hours, 3), "decided": turn.what, "at": iso(turn.at)},
            self._look.baselines.learned_of(turn.element), scores, turn.why,
        )  # fmt: skip
        if made is not None:
            self._decide(made, turn.what, now, turn.why)

    def _trained(self, element: str, now: datetime, contest_h: int = 0) -> Trained:
        minutes = self._look.left_out_min(element)
        span = self._keeper.store.span()
        return Trained(
            signals=tuple(s.id for s in self._plant.signals if s.element == element),
            start=iso(micros(span.start)) if span else "",
            end=iso(micros(now)),
            rows=round(self._look.baselines.hours(element) * 60.0),
            left_out=max(minutes, 60 * contest_h),
            why_left_out=("within a finding",) if minutes or contest_h else (),
        )

    def _fit(self, element: str) -> dict[str, float]:
        fit = self._look.baselines.fit(element)
        scores = {"hours foretold": fit.hours}
        return (
            scores | {"CVRMSE": fit.cvrmse, "NMBE": fit.nmbe}
            if fit.cvrmse == fit.cvrmse
            else scores
        )

    def _sensor(self, name: str, told: dict[str, Any], now: datetime) -> None:
        before = self.register.champion(SENSOR, name)
        if before is not None and before.content == digest(told["content"]):
            return
        trained = Trained(
            signals=tuple(told["columns"]), start=told["start"], end=told["end"], rows=told["rows"],
            left_out=told["left_out"], why_left_out=("flagged bad",) if told["left_out"] else (),
        )  # fmt: skip
        scores = {k: v for k, v in told["scores"].items() if v == v}
        made = self._enter(SENSOR, name, trained, now, {}, told["content"], scores, told["why"])
        if made is not None:
            self._promote(made, now, told["why"])

    def _good(self, element: str) -> str:
        fit = self._look.baselines.fit(element)
        if fit.cvrmse != fit.cvrmse:
            return ""
        return f"hours it had not learned were off by {100 * fit.cvrmse:.1f} % of the mean hour"

    # --- forecasts

    def _forecast(self, turn: rivals.Turn, now: datetime) -> None:
        """A decision about a forecaster."""
        told = turn.made
        left_out = int(told.get("left_out", 0))
        trained = Trained(
            tuple(told["columns"]), told["start"], told["end"], told["rows"], left_out,
            ("within a finding of a sensor or of manipulated data",) if left_out else (),
        )  # fmt: skip
        settings = {"model": told.get("model", ""), "seed": told.get("seed", 0)}
        waiting = self._waiting(FORECAST, turn.subject)
        if turn.what not in (*BEGUN, "calibrated") and waiting is not None:
            self._decide(waiting, turn.what, now, turn.why, turn.scores)
            return
        made = self._enter(
            FORECAST, turn.subject, trained, now, settings, [told["content"], settings, turn.what],
            dict(turn.scores), turn.why,
        )  # fmt: skip
        if made is not None:
            self._decide(made, turn.what, now, turn.why)

    # --- both

    def _waiting(self, kind: str, subject: str) -> Model | None:
        """The challenger whose contest runs."""
        found = [
            m for m in self.register.models(kind, subject) if m.standing is Standing.CHALLENGER
        ]
        return found[0] if found else None

    def _decide(
        self,
        model: Model,
        what: str,
        now: datetime,
        why: str,
        scores: Mapping[str, float] | None = None,
    ) -> None:
        """Put a model in use, let it wait for its contest, or take it out."""
        for other in self.register.models(model.kind, model.subject):
            if other.standing is Standing.CHALLENGER and other.id != model.id:
                gone = self.register.retire(
                    other.id, at=iso(micros(now)), why=f"its contest ended: {why}"
                )
                self._keeper.seal(gone, gone.id, now, kind=KIND)
        if scores:
            model = self.register.score(model.id, scores)
        if what in IN_PLACE:
            self._promote(model, now, why)
        elif what in BEGUN:
            self._keeper.seal(model, model.id, now, kind=KIND)
        else:
            gone = self.register.retire(
                model.id, at=iso(micros(now)), why=f"{REFUSED[what]}: {why}"
            )
            self._keeper.seal(gone, gone.id, now, kind=KIND)

    def _promote(self, model: Model, now: datetime, why: str) -> None:
        new, old = self.register.promote(model.id, at=iso(micros(now)), why=why)
        self._keeper.seal(new, new.id, now, kind=KIND)
        if old is not None:
            self._keeper.keep(old, old.id, _instant(old))

    def _enter(
        self, kind: str, subject: str, trained: Trained, now: datetime, settings: dict[str, Any],
        content: object, scores: dict[str, float], why: str,
    ) -> Model | None:  # fmt: skip
        """Enter a model after the champion of its subject; None: it stands there already."""
        before = self.register.champion(kind, subject)
        made = self.register.enter(
            kind, subject, trained, made_at=iso(micros(now)), code=__version__, settings=settings,
            content=content, parent=before.id if before else "", scores=scores, why=why,
        )  # fmt: skip
        return made if made.standing is Standing.CHALLENGER else None

    def _tell_contests(self, now: datetime, foresight: Foresight | None) -> None:
        """Keep how each contest stands, for whoever asks."""
        rows = [
            {
                "kind": BASELINE,
                "subject": e,
                "way": "own data",
                "text": self._look.references.told(e),
                "good": self._good(e),
            }
            for e in self._look.references.elements
        ]
        if foresight is not None:
            rows += [
                {"kind": FORECAST, "subject": n, "way": way, "text": text, "good": good}
                for n, (way, text, good) in foresight.contests().items()
            ]
        self.contests = {(r["kind"], r["subject"]): r for r in rows}
        self._keeper.state(CONTESTS, {"at": micros(now), "rows": rows})


REFUSED = {
    "held": "better, and refused", "lost": "refused", "undecided": "refused", "out": "taken out",
}  # fmt: skip


def _why(hours: float, seen: float, scores: dict[str, float]) -> str:
    off = (
        f"; hours foretold before they were learned were off by {100 * scores['CVRMSE']:.1f} % of the mean hour"
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


def contests(store: Store) -> tuple[datetime | None, list[dict[str, str]]]:
    """How each contest stood when it was last told, and when that was."""
    found = store.get("state", CONTESTS)
    if found is None:
        return None, []
    return instant(int(found.body["at"])), [dict(r) for r in found.body["rows"]]


def lines(
    register: Register,
    kind: str = "",
    subject: str = "",
    running: list[dict[str, str]] | None = None,
) -> list[str]:
    """For a person: every champion, what it came from, its challenger, and how far the contest is."""
    told = []
    stands = {(r["kind"], r["subject"]): r["text"] for r in running or []}
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
        for one in register.models(model.kind, model.subject):
            if one.standing is Standing.CHALLENGER:
                told.append(
                    f"  challenger  {one.id}  {one.made_at}  {one.trained.rows:,} rows: {one.why}"
                )
        if (model.kind, model.subject) in stands:
            told.append(f"  contest  {stands[model.kind, model.subject]}")
    return told or ["Nothing has been learned yet."]
