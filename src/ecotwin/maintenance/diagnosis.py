"""From a finding to its ranked causes, each with its probability and what speaks for and against it.

Bayes' rule in its plainest form: a cause's prior by machine kind, times the likelihood of each clue that was measured.
Both are tables (`clues/causes.csv`, `clues/clues.csv`) that a person who knows the machines can read and mend. A clue
is not yes or no but sure to a degree, and counts in proportion; one that nobody could measure counts nothing. Clues
hang together, so each counts by a part only (`WEIGHT`), which keeps probabilities from being too sure. Another cause,
not in the tables, always keeps its own probability.

Sources:
    Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, section 2.2.2: evidence that is not certain.
    Good, Probability and the Weighing of Evidence, 1950: the weight of evidence, added up in logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.maintenance.clues import around, context, shape
from ecotwin.maintenance.clues.scene import POWER_WORDS, Clue, Scene
from ecotwin.maintenance.clues.tables import Cause, causes_of, class_of, seen_when
from ecotwin.maintenance.clues.wanted import wanted
from ecotwin.maintenance.clues.wording import share
from ecotwin.records import Explanation, Floats, Reason

__all__ = ["POWER_WORDS", "Clue", "Scene", "causes", "clues", "explained", "ranked", "wanted"]

WEIGHT = 0.75
"""Part by which a clue counts: clues of one finding are not independent."""
LEAST_BITS = 0.1
"""A clue that moves a cause by less than this is not told."""
OLD_CASES = 6.0
"""The tables' priors weigh as much as so many earlier findings whose cause a person told."""
MODEL = "maintenance.diagnosis 1"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A cause and how it was weighed.

    Attributes:
        cause: The cause. bits: Its odds against all others, as a logarithm to base 2; base: before any clue.
        share: Its probability. parts: Each clue with what it does to these odds: by how much they would be less
            without it.
    """

    cause: Cause
    bits: float
    base: float
    share: float
    parts: tuple[tuple[Clue, float], ...]


def causes(scene: Scene, told: Mapping[str, int] | None = None) -> tuple[Explanation, ...]:
    """Ranked causes of a finding.

    Args:
        scene: The finding and its minutes.
        told: Cause -> how many earlier findings like this turned out to be it, as people told.
    """
    return explained(scene, clues(scene), told)


def clues(scene: Scene) -> tuple[Clue, ...]:
    """Everything that was measured around a finding."""
    if scene.window.steps == 0 or not scene.after.any():
        return tuple(context.clues(scene))
    return (*shape.clues(scene), *around.clues(scene), *context.clues(scene))


def ranked(
    found: Iterable[Clue], kind: str, word: str, told: Mapping[str, int] | None = None
) -> tuple[Weighed, ...]:
    """Causes of a finding by their probability, the most likely first.

    Args:
        found: Clues, in any order.
        kind: Kind of the machine; empty: no machine. word: What the finding is about, e.g. `power`.
        told: Cause -> how many earlier findings turned out to be it.

    >>> [w.cause.id for w in ranked([], "", "compressed_air")][:2]
    ['leak', 'unknown']
    """
    known = sorted(found, key=lambda c: (c.name, c.signal, c.sure))
    told = told or {}
    total = sum(told.values())
    could = causes_of(kind, word)
    prior = np.log2([_prior(c.prior, told.get(c.id, 0), total) for c in could])
    bits = np.array([[_bits(clue, c.id, kind, word) for c in could] for clue in known])
    bits = bits.reshape(len(known), len(could))
    summed = bits.sum(axis=0)
    shares = _shares(prior + summed)
    odds, base = _odds(shares), _odds(_shares(prior))
    without = [_odds(_shares(prior + summed - one)) for one in bits]
    made = [
        Weighed(
            cause,
            float(odds[n]),
            float(base[n]),
            float(shares[n]),
            tuple(
                (clue, float(odds[n] - left[n])) for clue, left in zip(known, without, strict=True)
            ),
        )
        for n, cause in enumerate(could)
    ]
    return tuple(sorted(made, key=lambda w: (-w.share, w.cause.id)))


def _shares(bits: Floats) -> Floats:
    """Probabilities of causes by their logarithms to base 2."""
    weight = 2.0 ** (bits - bits.max())
    made: Floats = weight / weight.sum()
    return made


def _odds(shares: Floats) -> Floats:
    """Odds of each cause against all others, as a logarithm to base 2."""
    made: Floats = np.log2(shares) - np.log2(np.maximum(1.0 - shares, 1e-12))
    return made


def _prior(stated: float, times: int, total: int) -> float:
    return (OLD_CASES * stated + times) / (OLD_CASES + total)


def _bits(clue: Clue, cause: str, kind: str, word: str) -> float:
    """What a clue adds to a cause's odds against another cause."""
    when = seen_when(clue.name, kind, word)
    if "unknown" not in when or cause == "unknown":
        return 0.0
    usual = when["unknown"]
    this = when.get(cause, when.get(class_of(cause), usual))
    odds = clue.sure * this / usual + (1.0 - clue.sure) * (1.0 - this) / (1.0 - usual)
    return WEIGHT * math.log2(odds)


def explained(
    scene: Scene, found: Sequence[Clue], told: Mapping[str, int] | None = None
) -> tuple[Explanation, ...]:
    """Ranked causes with their reasons in words."""
    kind = scene.plant.element(scene.finding.element).kind
    order = ranked(found, kind, scene.word, told)
    data = _data(scene)
    return tuple(_explained(scene, w, order, kind, found, told, data) for w in order)


def _explained(
    scene: Scene,
    w: Weighed,
    order: Sequence[Weighed],
    kind: str,
    found: Sequence[Clue],
    told: Mapping[str, int] | None,
    data: tuple[str, ...],
) -> Explanation:
    telling = [(c, b) for c, b in w.parts if abs(b) >= LEAST_BITS]
    why = sorted((p for p in telling if p[1] > 0), key=lambda p: -p[1])
    against = sorted((p for p in telling if p[1] < 0), key=lambda p: p[1])
    reasons = tuple(_reason(c, b) for c, b in _once(why))
    contrary = tuple(_reason(c, b) for c, b in _once(against))
    change = []
    if why and w is order[0]:
        without = ranked([c for c in found if c.name != why[0][0].name], kind, scene.word, told)
        left = next(o.share for o in without if o.cause.id == w.cause.id)
        change.append(
            f"Without “{why[0][0].text}” it would be {share(left)} instead of {share(w.share)}."
        )
    change.append(w.cause.act + ".")
    return Explanation(
        of="cause",
        subject=w.cause.id,
        value=w.bits,
        unit="bit",
        base=w.base,
        why=reasons,
        against=contrary,
        change=tuple(change),
        sure=w.share,
        data=data,
        model=MODEL,
        called=w.cause.name,
        verb=w.cause.verb,
    )


def _once(parts: Sequence[tuple[Clue, float]]) -> list[tuple[Clue, float]]:
    """One sentence once, with all that it weighs, the heaviest first."""
    sums: dict[str, tuple[Clue, float]] = {}
    for clue, bits in parts:
        known = sums.get(clue.text)
        sums[clue.text] = (clue, bits) if known is None else (known[0], known[1] + bits)
    return sorted(sums.values(), key=lambda p: -abs(p[1]))


def _reason(clue: Clue, bits: float) -> Reason:
    return Reason(
        clue.signal or clue.name, bits, clue.text + ".", clue.value, clue.usual, clue.unit
    )


def _data(scene: Scene) -> tuple[str, ...]:
    step = scene.window.step_s // 60
    before = scene.before.sum() * scene.window.step_s / 3600.0
    after = scene.after.sum() * scene.window.step_s / 3600.0
    seen = f"{before:.0f} h before it began, {after:.1f} h since."
    return (f"{len(scene.window.signals)} signals in steps of {step} min: {seen}",)
