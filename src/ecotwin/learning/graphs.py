"""ONNX graphs of learned models: linear, principal components, averages over time, small networks, trees.

What is plain arithmetic is written as a graph in double precision, the same to the last digits as numpy. Forests and
boosted trees go through skl2onnx and onnxmltools in single precision, scaling in front of them in double.

Sources: ONNX operators as of opset 17: Scan, MatMul, Gemm; ai.onnx.ml TreeEnsembleRegressor.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ecotwin.errors import SettingsFault
from ecotwin.learning.exported import INTO, KEY, OUT, ROWS, Card
from ecotwin.records import Floats

OPSET, IR, ML_OPSET = 17, 9, 3


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise _lacking("onnx") from None
    return onnx


def _lacking(name: str) -> SettingsFault:
    return SettingsFault(
        f"exporting a model needs {name}, which is not installed",
        expected="the extra `export`",
        remedy="pip install ecotwin[export]",
    )


class Graph:
    """A graph that is written operator by operator; everything is in double precision.

    >>> from ecotwin.learning.exported import Exported
    >>> graph = Graph(2)
    >>> total = graph.op("ReduceSum", ROWS, graph.const([1]), keepdims=0)
    >>> made = graph.finish({"value": total}, Card("sum", "reading", ("a", "b")))
    >>> Exported(made).run(np.array([[1.0, 2.0]]))["value"]
    array([3.])
    """

    def __init__(self, width: int | None) -> None:
        self._onnx = _onnx()
        self._width = width
        self._nodes: list[Any] = []
        self._consts: list[Any] = []
        self._states: dict[str, tuple[str, Floats]] = {}
        self._count = 0

    def name(self) -> str:
        """A new name."""
        self._count += 1
        return f"n{self._count}"

    def const(self, value: Any) -> str:
        """A constant; whole numbers stay whole."""
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float64)
        made = self.name()
        self._consts.append(self._onnx.numpy_helper.from_array(array, made))
        return made

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """An operator's first output."""
        made = self.name()
        self._nodes.append(
            self._onnx.helper.make_node(kind, inputs, [made], domain=domain, **attributes)
        )
        return made

    def ops(self, kind: str, inputs: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        """All outputs of an operator."""
        made = [self.name() for _ in range(outputs)]
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, made, **attributes))
        return made

    def scaled(self, centre: Floats, spread: Floats, rows: str = ROWS) -> str:
        """Rows on one scale."""
        return self.op("Div", self.op("Sub", rows, self.const(centre)), self.const(spread))

    def state(self, name: str, beginning: Floats) -> str:
        """A state that goes from row to row; say with `moves` what it becomes."""
        self._states[name] = ("", np.asarray(beginning, np.float64))
        return INTO + name

    def moves(self, name: str, to: str) -> None:
        """What a state is after the rows."""
        self._states[name] = (to, self._states[name][1])

    def scan(
        self,
        carried: Sequence[str],
        rows: Sequence[str],
        body: Callable[[Graph, list[str], list[str]], tuple[list[str], list[str]]],
    ) -> tuple[list[str], list[str]]:
        """Walk through rows one by one.

        Args:
            carried: What goes from row to row. rows: What each row brings.
            body: Makes (what is carried on, what comes out) inside the graph it is given.

        Returns:
            What is carried in the end, and what came out of every row.
        """
        helper, kind = self._onnx.helper, self._onnx.TensorProto.DOUBLE
        inside = Graph(None)
        inside._count = 1000 * (self._count + 1)
        before, here = ([inside.name() for _ in names] for names in (carried, rows))
        on, out = body(inside, before, here)
        on, out = ([inside.op("Identity", n) for n in names] for names in (on, out))
        told = [helper.make_tensor_value_info(n, kind, None) for n in (*before, *here)]
        gives = [helper.make_tensor_value_info(n, kind, None) for n in (*on, *out)]
        graph = helper.make_graph(inside._nodes, self.name(), told, gives, inside._consts)
        made = self.ops(
            "Scan", [*carried, *rows], len(on) + len(out), body=graph, num_scan_inputs=len(rows)
        )
        return made[: len(on)], made[len(on) :]

    def take_in(self, model: Any, given: str, wanted: str) -> str:
        """Put another model's nodes here, fed with `given`; gives its output `wanted`."""
        mark = f"{self.name()}_"
        merged = self._onnx.compose.add_prefix(model, mark).graph
        inputs = [i.name for i in merged.input]
        rename = {inputs[0]: given}
        for node in merged.node:
            node.input[:] = [rename.get(n, n) for n in node.input]
            self._nodes.append(node)
        self._consts += merged.initializer
        return mark + wanted

    def finish(self, outputs: dict[str, str], card: Card, wide: Sequence[str] = ()) -> bytes:
        """The file's content.

        Args:
            outputs: Name outside -> name inside, as the card tells them. wide: Those with several numbers a row.
        """
        helper, double = self._onnx.helper, self._onnx.TensorProto.DOUBLE
        told = [helper.make_tensor_value_info(ROWS, double, [None, self._width])]
        told += [helper.make_tensor_value_info(name, double, [None]) for name in card.beside]
        gives = []
        for name, inside in outputs.items():
            self._nodes.append(helper.make_node("Identity", [inside], [name]))
            shape = [None, None] if name in wide else [None]
            gives.append(helper.make_tensor_value_info(name, double, shape))
        for name, (to, beginning) in self._states.items():
            told.append(helper.make_tensor_value_info(INTO + name, double, beginning.shape))
            self._nodes.append(helper.make_node("Identity", [to], [OUT + name]))
            gives.append(helper.make_tensor_value_info(OUT + name, double, beginning.shape))
        graph = helper.make_graph(self._nodes, "ecotwin", told, gives, self._consts)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        return carded(helper.make_model(graph, opset_imports=opsets, ir_version=IR), card)


def carded(model: Any, card: Card) -> bytes:
    """An ONNX model with its card, checked."""
    onnx = _onnx()
    while model.metadata_props:
        model.metadata_props.pop()
    onnx.helper.set_model_props(model, {KEY: card.json()})
    model.producer_name = "ecotwin"
    onnx.checker.check_model(model, full_check=False)
    return bytes(model.SerializeToString())


def linear(coefficients: Floats, intercept: float, card: Card) -> bytes:
    """A weighted sum: ridge, ordinary least squares, and whatever is one at the end."""
    graph = Graph(len(card.columns))
    summed = graph.op("MatMul", ROWS, graph.const(np.asarray(coefficients).reshape(-1, 1)))
    flat = graph.op("Squeeze", summed, graph.const(np.array([1])))
    return graph.finish({card.outputs[0]: graph.op("Add", flat, graph.const(intercept))}, card)


def principal(
    centre: Floats, spread: Floats, loadings: Floats, weights: Floats, limits: Floats, card: Card
) -> bytes:
    """T2 within the kept components and Q outside of them, and the larger of both by its limit.

    Args:
        centre, spread: [columns] of each signal. loadings: [columns, kept]. weights: [kept] one over the variance of
            each component. limits: Of T2 and Q. card: With outputs `score`, `t2`, `q`.
    """
    graph = Graph(len(card.columns))
    z = graph.scaled(centre, spread)
    t = graph.op("MatMul", z, graph.const(loadings))
    t2 = _summed(graph, graph.op("Mul", graph.op("Mul", t, t), graph.const(weights)))
    left = graph.op("Sub", z, graph.op("MatMul", t, graph.const(np.asarray(loadings).T)))
    q = _summed(graph, graph.op("Mul", left, left))
    score = graph.op(
        "Max",
        graph.op("Div", t2, graph.const(float(limits[0]))),
        graph.op("Div", q, graph.const(float(limits[1]))),
    )
    return graph.finish({"score": score, "t2": t2, "q": q}, card)


def averaged(centre: Floats, spread: Floats, rate: float, limit: float, card: Card) -> bytes:
    """The largest of the signals' moving averages that forget (EWMA), by the limit; it goes on over rows.

    A signal that is not measured in a row leaves its average as it was.
    """
    graph = Graph(len(card.columns))
    z = graph.scaled(centre, spread)
    was = graph.state("average", np.zeros(len(card.columns)))

    def step(inside: Graph, carried: list[str], row: list[str]) -> tuple[list[str], list[str]]:
        gap = inside.op("Sub", row[0], carried[0])
        moved = inside.op("Add", carried[0], inside.op("Mul", gap, inside.const(rate)))
        made = inside.op("Where", inside.op("IsNaN", row[0]), carried[0], moved)
        return [made], [made]

    on, courses = graph.scan([was], [z], step)
    graph.moves("average", on[0])
    far = graph.op("ReduceMax", graph.op("Abs", courses[0]), axes=[1], keepdims=0)
    sd = float(np.sqrt(rate / (2.0 - rate)))
    return graph.finish({"score": graph.op("Div", far, graph.const(sd * limit))}, card)


def network(
    centre: Floats,
    spread: Floats,
    layers: Sequence[tuple[Floats, Floats]],
    card: Card,
    activation: str = "Relu",
) -> bytes:
    """A small network on scaled rows; `layers`: (weights [in, out], offsets [out]), no activation after the last."""
    graph = Graph(len(card.columns))
    at = graph.scaled(centre, spread)
    for n, (weights, offsets) in enumerate(layers):
        at = graph.op("Add", graph.op("MatMul", at, graph.const(weights)), graph.const(offsets))
        at = graph.op(activation, at) if n < len(layers) - 1 else at
    if layers[-1][0].shape[1] == 1:
        at = graph.op("Squeeze", at, graph.const(np.array([1])))
    return graph.finish({card.outputs[0]: at}, card)


def trees(
    model: Any,
    card: Card,
    centre: Floats | None = None,
    spread: Floats | None = None,
    offset: float = 0.0,
    factor: float = 1.0,
) -> bytes:
    """Boosted trees of LightGBM, or forests and boosted trees of scikit-learn, with scaling around them.

    Args:
        model: A LightGBM booster or regressor, or a regressor of scikit-learn, fitted on `single(scaled rows)`.
        centre, spread: Of each column; None: rows go in as they are. offset, factor: value = offset + factor x trees.

    Raises:
        SettingsFault: The extra `export` is not installed.
    """
    width = len(card.columns)
    graph = Graph(width)
    at = ROWS if centre is None or spread is None else graph.scaled(centre, spread)
    given = graph.op("Cast", at, to=int(_onnx().TensorProto.FLOAT))
    made = _tree_model(model, width)
    wanted = made.graph.output[0].name
    told = graph.take_in(made, given, wanted)
    told = graph.op("Cast", told, to=int(_onnx().TensorProto.DOUBLE))
    flat = graph.op("Reshape", told, graph.const(np.array([-1])))
    value = graph.op("Add", graph.op("Mul", flat, graph.const(factor)), graph.const(offset))
    return graph.finish({card.outputs[0]: value}, card)


def single(values: Floats) -> Floats:
    """Numbers as single precision holds them: what trees must learn from, so that the edge cuts at the same places."""
    return np.asarray(values, np.float32).astype(np.float64)


def _summed(graph: Graph, of: str) -> str:
    return graph.op("ReduceSum", of, graph.const(np.array([1])), keepdims=0)


def _tree_model(model: Any, width: int) -> Any:
    booster = getattr(model, "booster_", model)
    if type(booster).__module__.startswith("lightgbm"):
        return _boosted(booster, width)
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import FloatTensorType
    except ImportError:
        raise _lacking("skl2onnx") from None
    with warnings.catch_warnings():
        # The converters warn of numpy's own changes; nobody who exports can mend that.
        warnings.simplefilter("ignore")
        # ai.onnx.ml 3 is the newest that every runtime of the last years knows.
        return convert_sklearn(
            model,
            initial_types=[("x", FloatTensorType([None, width]))],
            target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
        )


def _boosted(booster: Any, width: int) -> Any:
    try:
        import lightgbm
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import FloatTensorType
    except ImportError:
        raise _lacking("onnxmltools") from None
    text = re.sub(
        r"^threshold=(.*)$",
        lambda m: "threshold=" + " ".join(map(_down, m[1].split())),
        booster.model_to_string(),
        flags=re.MULTILINE,
    )
    # The sizes of the trees' texts are not theirs any more; without that line they are read one after another.
    rounded = lightgbm.Booster(model_str=re.sub(r"(?m)^tree_sizes=.*\n", "", text))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert_lightgbm(rounded, initial_types=[("x", FloatTensorType([None, width]))])


def _down(number: str) -> str:
    """The largest single-precision number not above: for single-precision rows the cut is the very same."""
    exact = float(number)
    with np.errstate(over="ignore"):
        made = np.float32(exact)
    if np.isfinite(made) and float(made) > exact:
        made = np.nextafter(made, np.float32(-np.inf))
    return repr(float(made)) if np.isfinite(made) else number
