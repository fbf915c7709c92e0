"""Pictures through a small ONNX model: probability that the piece on each is bad.

The model is any ONNX model with one input of pictures and one output of one number a picture; its card
(`learning.graphs.carded`) says size, colours, how values are scaled, the limit, and what it was validated on. A picture
of a whole multiple of that size is averaged down; any other size is refused, for a stretched picture is another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecotwin.errors import FileFault
from ecotwin.learning.exported import KEY, Card, card_of, session
from ecotwin.records import Bools, Floats

Picture = NDArray[np.uint8]
KIND = "image"
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Validated:
    """What the model said of pictures whose truth was known, and that it did not learn from.

    Attributes:
        bad, found: Bad pieces, and those of them that it flagged. good, wrong: Good pieces, and those that it flagged.
    """

    bad: int
    found: int
    good: int
    wrong: int

    @property
    def recall(self) -> float:
        """Share of bad pieces that it flags."""
        return self.found / self.bad if self.bad else float("nan")

    @property
    def precision(self) -> float:
        """Share of the flagged that are bad, in the mix of these pictures."""
        flagged = self.found + self.wrong
        return self.found / flagged if flagged else float("nan")


def validated(flagged: Bools, truth: Bools) -> Validated:
    """Count verdicts against the truth.

    >>> validated(np.array([True, True, False]), np.array([True, False, False]))
    Validated(bad=1, found=1, good=2, wrong=1)
    """
    return Validated(
        int(truth.sum()), int((flagged & truth).sum()), int((~truth).sum()), int((flagged & ~truth).sum())
    )  # fmt: skip


class Inspector:
    """A model that looks at pictures.

    Args:
        content: Of the ONNX file. of: Its name, for words.

    Raises:
        FileFault: It cannot be loaded, or takes and gives something else than pictures and one number each.
    """

    def __init__(self, content: bytes, of: str = "the model") -> None:
        self._session = session(content, of)
        self.card: Card = card_of(self._session.get_modelmeta().custom_metadata_map.get(KEY), of)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        facts = self.card.facts
        try:
            self.height, self.width = int(facts["height"]), int(facts["width"])
            self.colours = int(facts.get("colours", 1))
            self._centre, self._spread = (
                float(facts.get("centre", 0.0)),
                float(facts.get("spread", 255.0)),
            )
        except (KeyError, ValueError, TypeError) as fault:
            raise FileFault(
                f"the card of {of} lacks what a picture must be ({fault})",
                expected="height, width, and colours 1 or 3, among its facts",
                remedy="write the card anew",
            ) from None
        if (
            self.card.kind != KIND
            or len(inputs) != 1
            or self.colours not in (1, 3)
            or self._spread <= 0
        ):
            raise FileFault(
                f"{of} is a {self.card.kind} with {len(inputs)} inputs",
                expected=f"a model of kind {KIND} with one input of pictures",
                remedy="name another model",
            )
        self._input, self._output = inputs[0].name, outputs[0].name
        self.limit = HALF if self.card.limit is None else self.card.limit

    def validation(self) -> Validated | None:
        """What it was validated on, None when its card does not tell."""
        told: dict[str, Any] | None = self.card.facts.get("validated")
        return None if told is None else Validated(**told)

    def bad(self, pictures: list[Picture]) -> Floats:
        """[pictures] probability that the piece is bad.

        Args:
            pictures: [height, width] or [height, width, 3] each, 0 to 255.

        Raises:
            FileFault: A picture does not fit, or the model tells no probability.
        """
        if not pictures:
            return np.zeros(0)
        shown = np.stack([self._fitted(p) for p in pictures]).astype(np.float32)
        found = self._session.run([self._output], {self._input: shown})[0]
        made = np.asarray(found, np.float64).reshape(len(pictures), -1)
        if made.shape[1] != 1 or not ((made >= 0.0) & (made <= 1.0)).all():
            raise FileFault(
                f"{self.card.name} gave {made.shape[1]} numbers a picture, from {made.min():g} to {made.max():g}",
                expected="one probability of a picture, 0 to 1",
                remedy="end the model with a sigmoid over one output",
            )
        return made[:, 0]

    def _fitted(self, picture: Picture) -> Floats:
        """[colours, height, width] on the model's scale."""
        grey = picture.ndim == 2
        if picture.ndim not in (2, 3) or (not grey and picture.shape[2] not in (1, 3)):
            raise FileFault(
                f"a picture of shape {picture.shape}",
                expected="height x width, grey or red-green-blue",
                remedy="convert it",
            )
        values = picture[..., None].astype(np.float64) if grey else picture.astype(np.float64)
        if values.shape[2] != self.colours:
            # Luma of ITU-R BT.601; grey is shown as three alike colours.
            luma = np.array([[0.299], [0.587], [0.114]])
            values = values @ luma if self.colours == 1 else values.repeat(3, 2)
        high, wide = values.shape[0] // self.height, values.shape[1] // self.width
        if high < 1 or high != wide or values.shape[:2] != (high * self.height, wide * self.width):
            raise FileFault(
                f"a picture of {values.shape[1]} x {values.shape[0]}",
                expected=f"{self.width} x {self.height}, or a whole multiple of it",
                remedy="cut the piece out at this shape where the picture is taken",
            )
        small = values.reshape(self.height, high, self.width, wide, -1).mean(axis=(1, 3))
        return np.asarray(((small - self._centre) / self._spread).transpose(2, 0, 1), np.float64)
