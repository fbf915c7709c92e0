"""One finding while it lives: what each detector says of it, who speaks for it, what it summed up."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecotwin.records import Score

_DATERS = ("residual", "efficiency", "baseflow", "sunlight", "idling", "scrap")
"""Detectors that date and measure best; the first of them that speaks leads a finding."""


@dataclass
class Voice:
    """The newest score of one detector on one cause, and what its earlier episodes summed up."""

    score: Score
    base: float = 0.0

    @property
    def total(self) -> float:
        """Summed over all episodes, in the score's own unit."""
        return self.base + self.score.so_far


@dataclass
class Case:
    """One finding while it lives."""

    id: str
    cause: str
    element: str
    onset: int
    seen: int
    last: int
    night: bool
    state: str = "open"
    calm_since: int = 0
    voices: dict[str, Voice] = field(default_factory=dict)
    booked: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    note: str = ""
    by: str = ""
    closed: int = 0
    told_at: int = 0
    told: tuple[str, str, float] = ("", "", 0.0)

    @property
    def lead(self) -> Score:
        """The score that speaks for the finding.

        One still over, of the detector that dates best.
        """

        def order(voice: Voice) -> tuple[bool, bool, int]:
            s = voice.score
            rank = _DATERS.index(s.detector) if s.detector in _DATERS else len(_DATERS)
            return (not s.over, s.cause != self.cause, rank)

        return min(self.voices.values(), key=order).score

    @property
    def over(self) -> bool:
        """Whether any detector still holds it for abnormal."""
        return any(v.score.over for v in self.voices.values())
