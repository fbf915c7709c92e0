"""Bad pieces told by an inspection that errs: how many there really are, with interval, and what their scrap weighs.

An inspection flags some good pieces and misses some bad ones. From what it was validated on follows how often; the
share flagged is then a mixture, and the true share is told from it. The interval holds the doubt of all three: of the
share flagged, of how many bad pieces are found, and of how many good ones are wrongly flagged.

Sources: Rogan and Gladen, American Journal of Epidemiology 107 (1978) 71-76: share = (flagged - wrong) / (found -
    wrong). Lang and Reiczigel, Preventive Veterinary Medicine 113 (2014) 13-22: intervals when both are estimated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.learning.pictures import Validated
from ecotwin.records import Range

DRAWS = 20_000
_SEED = 20260101
LEAST_SEPARATION = 0.1
"""Found share less wrong share: below it an inspection says next to nothing."""


@dataclass(frozen=True, slots=True)
class Scrap:
    """What was scrapped.

    Attributes:
        pieces: Looked at. flagged: Of them. bad: Really bad pieces [pieces]. mass_kg: Of these. co2e_kg: Embodied in
            them; None where the footprint of a piece is not known. recall, false_share: Of the inspection, with the
            doubt of its validation. notes: Sentences for a person.
    """

    pieces: int
    flagged: int
    bad: Range
    mass_kg: Range
    co2e_kg: Range | None
    recall: Range
    false_share: Range
    notes: tuple[str, ...]


def scrap(
    pieces: int,
    flagged: int,
    known: Validated,
    *,
    kg_a_piece: float,
    co2e_kg_a_piece: Range | None = None,
) -> Scrap:
    """Scrap behind an inspection's count.

    Args:
        pieces: Looked at. flagged: Told as bad. known: What the inspection was validated on.
        kg_a_piece: Mass of a piece [kg]. co2e_kg_a_piece: Embodied in a piece when it is scrapped [kgCO2e].

    Raises:
        FigureGap: The counts make no sense, the inspection was not validated on both kinds, or tells nothing.

    >>> made = scrap(1000, 100, Validated(200, 190, 2000, 20), kg_a_piece=0.5)
    >>> round(made.bad.value, 1), round(made.mass_kg.value, 1)
    (95.7, 47.9)
    """
    if not 0 <= flagged <= pieces or pieces == 0 or not kg_a_piece > 0.0:
        raise FigureGap(
            f"{flagged} of {pieces} pieces flagged, {kg_a_piece:g} kg a piece",
            expected="at least one piece, no more flagged than looked at, a mass above 0",
            remedy="check the counts and the product's mass",
        )
    if known.bad < 1 or known.good < 1:
        raise FigureGap(
            f"the inspection was validated on {known.bad} bad and {known.good} good pieces",
            expected="both kinds",
            remedy="have people judge some pictures of both kinds, and validate on them",
        )
    found, wrong = known.found / known.bad, known.wrong / known.good
    if found - wrong < LEAST_SEPARATION:
        raise FigureGap(
            f"the inspection flags {found:.0%} of bad and {wrong:.0%} of good pieces".replace(
                "%", " %"
            ),
            expected=f"at least {LEAST_SEPARATION:.0%} more of the bad ones".replace("%", " %"),
            remedy="train it anew, or count by hand; its count would say nothing",
        )
    share = float(np.clip((flagged / pieces - wrong) / (found - wrong), 0.0, 1.0))
    chance = np.random.default_rng(_SEED)
    told = chance.beta(flagged + 0.5, pieces - flagged + 0.5, DRAWS)
    hits = chance.beta(known.found + 0.5, known.bad - known.found + 0.5, DRAWS)
    misses = chance.beta(known.wrong + 0.5, known.good - known.wrong + 0.5, DRAWS)
    apart = np.maximum(hits - misses, 0.5 * LEAST_SEPARATION)
    shares = np.clip((told - misses) / apart, 0.0, 1.0)
    bad = _range(pieces * share, pieces * shares)
    return Scrap(
        pieces,
        flagged,
        bad,
        Range(*(kg_a_piece * v for v in (bad.value, bad.low, bad.high))),
        _carbon(pieces, share, shares, co2e_kg_a_piece, chance),
        _range(found, hits),
        _range(wrong, misses),
        _notes(flagged, bad, known),
    )


def _range(value: float, draws: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Range:
    low, high = (float(v) for v in np.quantile(draws, [0.025, 0.975]))
    return Range(value, min(low, value), max(high, value))


def _carbon(
    pieces: int,
    share: float,
    shares: np.ndarray[tuple[int], np.dtype[np.float64]],
    each: Range | None,
    chance: np.random.Generator,
) -> Range | None:
    """The footprint of a piece is as wrong for one as for all: its error is drawn once a run."""
    if each is None:
        return None
    sd = max(each.high - each.low, 0.0) / (2.0 * 1.96)
    drawn = np.maximum(each.value + sd * chance.standard_normal(DRAWS), 0.0)
    return _range(pieces * share * each.value, pieces * shares * drawn)


def _notes(flagged: int, bad: Range, known: Validated) -> tuple[str, ...]:
    told = f"{bad.value:.0f} ({bad.low:.0f} to {bad.high:.0f})"
    notes = [
        f"{flagged} were flagged; by what the inspection misses and wrongly flags, {told} are bad"
    ]
    if min(known.bad, known.good) < 50:
        notes.append(
            f"it was validated on {known.bad} bad and {known.good} good pieces: more of both would narrow the interval"
        )
    return tuple(notes)
