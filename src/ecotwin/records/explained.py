"""Why a score, a forecast or a cause is what it is: one structure that page, report and API share."""

from __future__ import annotations

from dataclasses import dataclass

from ecotwin.records.figures import Range


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for or against.

    Attributes:
        name: Signal, driver or piece of evidence, by its id or column.
        weight: How much it adds to what is explained, in the unit of `Explanation.value`; below zero: takes away.
        text: One sentence with numbers and units, for a person who knows plants and not models.
        value, usual: What it is and what is usual, where that can be said; with `unit`.
    """

    name: str
    weight: float
    text: str
    value: float | None = None
    usual: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer to why, what would change it, how sure and on what data.

    Attributes:
        of: What is explained: `score`, `forecast`, `cause`, `life`, `reading`.
        subject: Signal, element or cause it speaks of.
        value: What is explained, with `unit`; `base` is what it would be without the reasons: value is about base plus
            the weights.
        why: What speaks for it, the heaviest first. against: What speaks against it, or was not looked at.
        change: What would change it, in sentences, each one thing that a person or a time can do.
        sure: Probability that it is so, where one can be said. interval: Where the value lies with it, and `level`.
        data: On what data, in sentences: signals, stretch, how many rows, what was left out.
        model: Id of the model in the register, or of the rule.
        called: What a person calls the subject, where its id is no word. verb: What to do about it, in a word or two.
    """

    of: str
    subject: str
    value: float
    unit: str
    base: float
    why: tuple[Reason, ...]
    against: tuple[Reason, ...] = ()
    change: tuple[str, ...] = ()
    sure: float | None = None
    interval: Range | None = None
    level: float | None = None
    data: tuple[str, ...] = ()
    model: str = ""
    called: str = ""
    verb: str = ""
