"""The register of models: what each was made of, from which it came, and why it stands where it stands.

A record is frozen and bears an id made from its content, so that a model cannot change under its record. A model is
a challenger when it is entered, becomes champion on a verdict, and is retired when another takes its place. The
register keeps records in memory and hands them out as JSON; `cycle` keeps that beside the history, and seals each
promotion in the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from ecotwin.errors import FigureGap


class Standing(StrEnum):
    """Where a model stands."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a model was trained on.

    Attributes:
        signals: Signal ids or columns. start, end: Stretch, ISO UTC or row numbers as text, half-open.
        rows: Rows learned from. left_out: Rows within the stretch that were not learned from, for being flagged bad.
        why_left_out: Reasons, each once.
    """

    signals: tuple[str, ...]
    start: str
    end: str
    rows: int
    left_out: int = 0
    why_left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """One model.

    Attributes:
        id: Hash of kind, subject, training, code, settings, content and parent. kind: `baseline`, `soft sensor`...
        subject: What it speaks of: a machine or a signal. made_at: ISO UTC.
        trained: On what. code: Version of the software. settings: JSON-able. content: Hash of what was learned.
        parent: Id of the model it came from; empty for the first. scores: Named figures on rows it had not learned.
        standing: Where it stands. why: Why it stands there, in a sentence with numbers.
        standing_at: Since when, ISO UTC. by: Id of the model that took its place; empty while none has.
    """

    id: str
    kind: str
    subject: str
    made_at: str
    trained: Trained
    code: str
    settings: Mapping[str, Any]
    content: str
    parent: str
    scores: Mapping[str, float]
    standing: Standing
    why: str
    standing_at: str
    by: str = ""


def digest(content: object) -> str:
    """Hash of anything JSON-able, whatever the order of its keys.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity(model: Model) -> str:
    """The id that a model's content gives it."""
    return digest(
        {
            "kind": model.kind, "subject": model.subject, "made_at": model.made_at,
            "trained": asdict(model.trained), "code": model.code, "settings": dict(model.settings),
            "content": model.content, "parent": model.parent,
        }
    )[:16]  # fmt: skip


class Register:
    """Models by id, in the order in which they were entered."""

    def __init__(self, models: Iterable[Model] = ()) -> None:
        self._models: dict[str, Model] = {}
        for model in models:
            if identity(model) != model.id:
                raise FigureGap(
                    f"the record of model {model.id} was changed",
                    expected=f"a content that hashes to {model.id}",
                    remedy="bring the register back from a backup",
                )
            self._models[model.id] = model

    def __len__(self) -> int:
        return len(self._models)

    def enter(
        self, kind: str, subject: str, trained: Trained, *, made_at: str, code: str,
        settings: Mapping[str, Any], content: object, parent: str = "",
        scores: Mapping[str, float] | None = None, why: str = "",
    ) -> Model:  # fmt: skip
        """Enter a model as challenger; one that is here already is handed back as it stands.

        Raises:
            FigureGap: Its parent is not here, or is of another subject.
        """
        if parent and (parent not in self._models or self._models[parent].subject != subject):
            raise FigureGap(
                f"the parent {parent!r} is no model of {subject}",
                expected="a model that was entered before",
            )
        # Through JSON, so that what is kept and what is hashed are the same.
        plain = json.loads(json.dumps(dict(settings)))
        made = Model(
            "", kind, subject, made_at, trained, code, plain, digest(content), parent,
            dict(scores or {}), Standing.CHALLENGER, why or "entered", made_at,
        )  # fmt: skip
        made = replace(made, id=identity(made))
        return self._models.setdefault(made.id, made)

    def promote(self, id_: str, *, at: str, why: str) -> tuple[Model, Model | None]:
        """Make a challenger champion of its kind and subject; the champion before it is retired.

        Returns:
            The new champion, and the retired one.

        Raises:
            FigureGap: It is no challenger, or no reason is given.
        """
        model = self.get(id_)
        if model.standing is not Standing.CHALLENGER or not why:
            raise FigureGap(
                f"model {id_} is {model.standing.value}"
                + ("" if why else ", and no reason is given"),
                expected="a challenger, and why it is promoted",
            )
        old = self.champion(model.kind, model.subject)
        if old is not None:
            old = replace(
                old, standing=Standing.RETIRED, standing_at=at, by=id_, why=f"replaced: {why}"
            )
            self._models[old.id] = old
        new = replace(model, standing=Standing.CHAMPION, standing_at=at, why=why)
        self._models[id_] = new
        return new, old

    def retire(self, id_: str, *, at: str, why: str) -> Model:
        """Take a model out, such as a challenger that lost or that was trained on rows flagged bad since."""
        made = replace(self.get(id_), standing=Standing.RETIRED, standing_at=at, why=why)
        self._models[id_] = made
        return made

    def score(self, id_: str, scores: Mapping[str, float]) -> Model:
        """Add figures that came out after a model was entered, such as both losses of its contest."""
        model = self.get(id_)
        made = replace(model, scores={**model.scores, **scores})
        self._models[id_] = made
        return made

    def get(self, id_: str) -> Model:
        """A model by id.

        Raises:
            FigureGap: It is not here.
        """
        if id_ not in self._models:
            raise FigureGap(f"there is no model {id_!r}", expected="an id of the register")
        return self._models[id_]

    def champion(self, kind: str, subject: str) -> Model | None:
        """The model that speaks of a subject now."""
        for model in reversed(list(self._models.values())):
            if (model.kind, model.subject, model.standing) == (kind, subject, Standing.CHAMPION):
                return model
        return None

    def models(self, kind: str = "", subject: str = "") -> tuple[Model, ...]:
        """Models, the newest first."""
        return tuple(
            m for m in reversed(list(self._models.values()))
            if (not kind or m.kind == kind) and (not subject or m.subject == subject)
        )  # fmt: skip

    def lineage(self, id_: str) -> tuple[Model, ...]:
        """A model, the one it came from, and so on to the first."""
        found = [self.get(id_)]
        while found[-1].parent:
            found.append(self.get(found[-1].parent))
        return tuple(found)

    def as_json(self) -> list[dict[str, Any]]:
        """Every model, JSON-able, in the order in which they were entered."""
        return [asdict(m) for m in self._models.values()]

    @classmethod
    def from_json(cls, kept: Sequence[Mapping[str, Any]]) -> Register:
        """A register as it was kept.

        Raises:
            FigureGap: A record was changed.
        """
        return cls(model_from(row) for row in kept)


def model_from(row: Mapping[str, Any]) -> Model:
    """A model from its JSON."""
    trained = dict(row["trained"])
    trained["signals"] = tuple(trained["signals"])
    trained["why_left_out"] = tuple(trained["why_left_out"])
    return Model(
        **{**row, "trained": Trained(**trained), "standing": Standing(row["standing"])},
    )
