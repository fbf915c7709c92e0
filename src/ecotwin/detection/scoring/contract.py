"""What a scorer of rows must do.

A scorer learns once from rows that are taken as normal, and from then on says of each row how far it is from them. It
has constant memory. It never looks at a later row: rows may come one by one or in pieces of any size, and the scores
are the same to the last digit (the shared suite cuts the same rows at random places and compares).

A plug of `detection.scoring` is a class `plug()` without arguments whose module is one file.
"""

from __future__ import annotations

from typing import Any, Protocol

from ecotwin.records import Bools, Floats, Rows


class Scorer(Protocol):
    """One scorer.

    Attributes:
        name: Its plug name.
        columns: Signals it watches, set by `learn`; signals that said nothing while it learned may be left out.
        least_rows: Rows without which it refuses to learn.
    """

    name: str
    columns: tuple[str, ...]
    least_rows: int

    def learn(self, rows: Rows) -> None:
        """Learn from normal rows; a few faulty ones among them must not break it.

        Raises:
            FigureGap: It cannot learn from these (too few rows, nothing moves): what it found and what it needs.
        """
        ...

    def score(self, values: Floats, at_s: Floats) -> Floats:
        """[rows] score of each of the next rows: 0 as usual, growing with strangeness; NaN: not judged.

        Args:
            values: [rows, columns] in the order of the learned rows' columns. at_s: [rows] their times.
        """
        ...

    def parts(self, values: Floats, at_s: Floats) -> Floats:
        """[rows, columns] what each signal adds to the score of the rows that `score` was last given, not below 0."""
        ...

    def state(self) -> dict[str, Any]:
        """JSON-able state, what was learned with it."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state, in the middle of a stretch too.

        Raises:
            FigureGap: It is of another scorer or other signals.
        """
        ...


class Judge(Protocol):
    """A combiner of scorers with a limit: what `ecotwin detect` runs. It picks and calibrates from the training rows.

    Attributes:
        alarm_share: Share of normal rows that may be told as not normal; a promise.
        chosen: Names of the scorers it picked, and why, in sentences.
    """

    alarm_share: float
    chosen: tuple[str, ...]

    def learn(self, rows: Rows) -> None:
        """Pick, learn and calibrate.

        Raises:
            FigureGap: Nothing can be learned from these rows.
        """
        ...

    def judge(self, values: Floats, at_s: Floats) -> tuple[Floats, Bools, list[tuple[str, ...]]]:
        """Score (1 is the limit), whether it is over, and the signals that most make it so, of each next row."""
        ...

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ...
