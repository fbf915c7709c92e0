"""Models as ONNX files that run without whatever trained them: a card of what they are, and who runs them.

A file holds the computation (ONNX) and a card (JSON inside the file): signals with units in their order, what comes
out, the limit, which entry of the model register it is, and from which stretch of data it learned. A model that goes on
over time carries its state as inputs and outputs: rows may come one by one or in pieces of any size. Only numpy and
ONNX Runtime (extra `edge`) are needed to run one; rows go in as they are measured, scaling is inside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from ecotwin.errors import FileFault, SettingsFault
from ecotwin.records import Floats

KEY = "ecotwin"
FORMAT = 1
ROWS = "rows"
"""Name of the input that takes rows [rows, columns]."""
INTO, OUT = "state_", "next_"
"""A state `x` goes in as `state_x` and comes out as `next_x`."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is.

    Attributes:
        name: What it is called. kind: `reading` (tells a value), `score` (how far from usual), `image`.
        columns: Signals in the order of the rows' columns. units: Of each; empty: not known.
        outputs: Names of what comes out, the telling one first. unit: Of that.
        limit: Above it a score is not as usual; None where there is none.
        model: Id in the model register. trained: Stretch that it learned from, as its file writes times.
        rows: How many rows. beside: Names of further inputs, a number a row. states: What it carries from row to row,
            with its beginning.
        facts: Anything else that its users need, ready for JSON. notes: Sentences for a person.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    units: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("value",)
    unit: str = ""
    limit: float | None = None
    model: str = ""
    trained: tuple[str, str] = ("", "")
    rows: int = 0
    beside: tuple[str, ...] = ()
    states: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def json(self) -> str:
        """As it stands in the file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, allow_nan=False, sort_keys=True)


def runtime() -> Any:
    """ONNX Runtime.

    Raises:
        SettingsFault: The extra `edge` is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise SettingsFault(
            "running an exported model needs ONNX Runtime, which is not installed",
            expected="the extra `edge`",
            remedy="pip install ecotwin[edge]",
        ) from None
    return onnxruntime


def session(content: bytes, of: str) -> Any:
    """A session of one thread on the processor.

    Raises:
        SettingsFault: ONNX Runtime is not installed.
        FileFault: It cannot be loaded: damaged, or of a newer format.
    """
    ort = runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as fault:  # ONNX Runtime raises a class of its own for each kind
        raise FileFault(
            f"{of} cannot be loaded as an ONNX model ({str(fault).splitlines()[0][:200]})",
            expected="an ONNX model that this ONNX Runtime can run",
            remedy="export the model anew, or update ONNX Runtime",
        ) from None


class Exported:
    """A model that runs.

    Args:
        content: Of the file. of: Its name, for words.
    """

    def __init__(self, content: bytes, of: str = "the model") -> None:
        self._session = session(content, of)
        told = self._session.get_modelmeta().custom_metadata_map.get(KEY)
        self.card = card_of(told, of)
        self._inputs = {i.name: i for i in self._session.get_inputs()}
        wanted = {ROWS, *self.card.beside, *(INTO + n for n in self.card.states)}
        made = [o.name for o in self._session.get_outputs()]
        if set(self._inputs) != wanted or not set(made) >= set(self.card.outputs):
            raise FileFault(
                f"{of} takes {', '.join(self._inputs)} and gives {', '.join(made)}",
                expected=f"{', '.join(sorted(wanted))} in, {', '.join(self.card.outputs)} out, as its card says",
                remedy="export the model anew",
            )
        self._type = np.float32 if self._inputs[ROWS].type == "tensor(float)" else np.float64
        self._outputs = [*self.card.outputs, *(OUT + n for n in self.card.states)]
        self._state: dict[str, Any] = {}
        self.restore({})

    def run(self, values: Floats, **beside: Floats) -> dict[str, Floats]:
        """What comes out for the next rows: [rows] or [rows, parts] each; NaN where a row cannot be judged.

        Args:
            values: [rows, columns] as measured, in the order of the card's columns; NaN: not measured.
            beside: [rows] the card's further inputs.

        Raises:
            FileFault: Rows of another width.
        """
        values = np.asarray(values, np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.card.columns):
            raise FileFault(
                f"rows of {values.shape[-1] if values.ndim else 0} values",
                expected=f"{len(self.card.columns)}: {', '.join(self.card.columns)}",
                remedy="give the columns of the model's card, in their order",
            )
        rows = np.where(np.isfinite(values), values, np.nan).astype(self._type)
        if len(rows) == 0:
            return {n: np.zeros(0) for n in self.card.outputs}
        found = self._session.run(
            self._outputs,
            {
                ROWS: rows,
                **{n: np.asarray(beside[n], self._type) for n in self.card.beside},
                **{INTO + n: v for n, v in self._state.items()},
            },
        )
        made = dict(zip(self._outputs, found, strict=True))
        self._state = {n: made[OUT + n] for n in self._state}
        return {n: np.asarray(made[n], np.float64) for n in self.card.outputs}

    def state(self) -> dict[str, Any]:
        """JSON-able state of what it carries from row to row; no number is None."""
        return {n: _listed(v) for n, v in self._state.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; from none: from the beginning.

        Raises:
            FileFault: It is the state of another model.
        """
        if state and set(state) != set(self.card.states):
            raise FileFault(
                f"a state of {', '.join(sorted(state))}",
                expected=f"one of {', '.join(sorted(self.card.states)) or 'nothing'}",
                remedy="restore what this very model saved",
            )
        chosen = state or self.card.states
        self._state = {
            n: np.asarray(_numbers(v), _TYPES[self._inputs[INTO + n].type])
            for n, v in chosen.items()
        }


_TYPES = {"tensor(double)": np.float64, "tensor(float)": np.float32, "tensor(int64)": np.int64}


def _numbers(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_numbers(v) for v in value]
    return np.nan if value is None else value


def _listed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return [_listed(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def card_of(told: str | None, of: str) -> Card:
    """The card that a file bears.

    Raises:
        FileFault: It bears none that can be read.
    """
    try:
        read = json.loads(told or "")
        if read.pop("format", None) != FORMAT:
            raise ValueError("its format")
        names = {f.name for f in fields(Card)}
        listed = ("columns", "units", "outputs", "trained", "beside", "notes")
        made: dict[str, Any] = {
            k: tuple(v) if k in listed else v for k, v in read.items() if k in names
        }
        return Card(**made)
    except (ValueError, TypeError, KeyError) as fault:
        raise FileFault(
            f"{of} bears no card of ecotwin that can be read ({fault})",
            expected="a model that `ecotwin model export` of this version wrote",
            remedy="export the model anew; any ONNX model can be given a card with learning.graphs.carded",
        ) from None
