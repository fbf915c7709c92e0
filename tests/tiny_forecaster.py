"""A tiny forecaster as ONNX with the interface of published ones: it repeats the last period of what it is shown."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from ecotwin.forecasting.zero_shot import USUAL_LEVELS

SCORES = np.array([NormalDist().inv_cdf(q) for q in USUAL_LEVELS])


def weights(
    folder: Path, *, horizon: int = 8, period: int = 4, turned: bool = False,
    names: tuple[str, str] = ("context", "quantiles"), told: dict[str, str] | None = None, fixed: int | None = None,
) -> Path:  # fmt: skip
    """A network that repeats the last period, with the scatter of its context as its band."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def const(name: str, value: Any) -> Any:
        return numpy_helper.from_array(np.asarray(value), name)

    steps = np.array([-period + n % period for n in range(horizon)], np.int64)
    consts = [
        const("steps", steps), const("one", np.array([1], np.int64)), const("two", np.array([2], np.int64)),
        const("scores", SCORES.astype(np.float32).reshape(1, 1, -1) * 0.1),
    ]  # fmt: skip
    nodes = [
        helper.make_node("Gather", [names[0], "steps"], ["repeated"], axis=1),
        helper.make_node("Unsqueeze", ["repeated", "two"], ["middle"]),
        helper.make_node("Add", ["middle", "scores"], ["made"]),
        helper.make_node(
            "Transpose", ["made"], [names[1]], perm=[0, 2, 1] if turned else [0, 1, 2]
        ),
    ]
    graph = helper.make_graph(
        nodes, "tiny",
        [helper.make_tensor_value_info(names[0], TensorProto.FLOAT, [None, fixed])],
        [helper.make_tensor_value_info(names[1], TensorProto.FLOAT, [None, None, None])],
        consts,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    listed = {"quantile_levels": json.dumps(USUAL_LEVELS), "context_length": "64"}
    helper.set_model_props(model, listed if told is None else told)
    file = folder / "tiny.onnx"
    onnx.save(model, str(file))
    return file
