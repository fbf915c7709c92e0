"""What is known of machine kinds: which causes they have, and how often one sees a clue when a cause is at work."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ecotwin.errors import FileFault

CLASSES = {
    "wear": "mechanical wear",
    "leak": "leak",
    "fouling": "fouling",
    "set_point": "wrong set-point",
    "scheduling": "bad scheduling",
    "idle_running": "idle running",
    "outmoded": "outmoded or oversized equipment",
    "sensor_fault": "sensor fault",
    "manipulation": "manipulation",
    "weather": "weather",
    "product_mix": "product mix",
    "unknown": "unknown",
}
"""The classes of causes; a cause is a class, or a class and a detail: `leak:drain`."""
NO_KIND = "-"
"""In the column of kinds: a balance or a place that is no machine."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause that a finding may have.

    Attributes:
        id: Class, or class and detail. prior: How often, as a share before anything was looked at.
        name: What a person calls it. act: What to do. verb: The same in one or two words.
    """

    id: str
    prior: float
    name: str
    act: str
    verb: str
    source: str


def class_of(cause: str) -> str:
    """The class of a cause.

    >>> class_of("leak:drain")
    'leak'
    """
    return cause.split(":")[0]


@cache
def causes_of(kind: str, word: str) -> tuple[Cause, ...]:
    """Causes of a kind's finding; the row that names kind and word most closely counts. Priors sum to 1."""
    best: dict[str, tuple[int, Cause]] = {}
    for row in _rows("causes"):
        near = _near(row, kind, word)
        if near is None:
            continue
        made = Cause(
            row["cause"], float(row["prior"]), row["name"], row["act"], row["verb"], row["source"]
        )
        known = best.get(made.id)
        if known is None or near > known[0]:
            best[made.id] = (near, made)
    total = sum(c.prior for _, c in best.values())
    return tuple(
        Cause(c.id, c.prior / total, c.name, c.act, c.verb, c.source)
        for _, c in sorted(best.values(), key=lambda f: f[1].id)
    )


@cache
def seen_when(clue: str, kind: str, word: str) -> dict[str, float]:
    """Cause -> how often the clue is seen when it is at work; `unknown` is how often it is seen in general.

    Empty where the tables say nothing of the clue.
    """
    best: dict[str, tuple[int, float]] = {}
    for row in _rows("clues"):
        if row["clue"] != clue:
            continue
        near = _near(row, kind, word)
        if near is not None and (row["cause"] not in best or near > best[row["cause"]][0]):
            best[row["cause"]] = (near, float(row["share"]))
    return {cause: value for cause, (_, value) in best.items()}


def _near(row: dict[str, str], kind: str, word: str) -> int | None:
    """How closely a row names kind and word; None: it is of others."""
    kinds, words = row["kinds"].split(), row["words"].split()
    if kinds != ["*"] and (kind or NO_KIND) not in kinds:
        return None
    if words != ["*"] and word not in words:
        return None
    return 2 * (kinds != ["*"]) + (words != ["*"])


@cache
def leave_when(cause: str) -> str:
    """When it is fine to leave a finding of this cause: one sentence, by the cause's class.

    >>> leave_when("leak:drain")
    'It may wait for the next planned stop if it does not grow and wets or endangers nothing.'
    """
    text = files("ecotwin.maintenance.clues").joinpath("leave.csv").read_text(encoding="utf-8")
    rows = {row["class"]: row["leave"] for row in csv.DictReader(text.splitlines())}
    return rows[class_of(cause)]


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a table; a share outside 0..1 or a cause of no class is refused."""
    column = "prior" if name == "causes" else "share"
    text = files("ecotwin.maintenance.clues").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    rows = tuple(csv.DictReader(text.splitlines()))
    for number, row in enumerate(rows, start=2):
        if not 0.0 < float(row[column]) < 1.0 or class_of(row["cause"]) not in CLASSES:
            raise FileFault(
                f"line {number} of {name}.csv: {row['cause']!r} with {row[column]}",
                expected=f"a class of causes with a share between 0 and 1: {', '.join(CLASSES)}",
                remedy="mend the table",
            )
    return rows
