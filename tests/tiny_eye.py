"""Pictures of pieces, some with a scratch, and a tiny network that was taught to see it; all made from a seed."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecotwin.learning.exported import Card
from ecotwin.learning.graphs import carded
from ecotwin.learning.pictures import KIND, Inspector, Picture, Validated, validated
from ecotwin.records import Bools

SIDE = 16


def pictures(seed: int, count: int, bad_share: float = 0.3) -> tuple[list[Picture], Bools]:
    """Grey pieces with uneven light and noise; the bad ones bear a bright or dark line."""
    chance = np.random.default_rng(seed)
    truth = chance.random(count) < bad_share
    made = []
    for bad in truth:
        light = np.linspace(0, chance.normal(0, 20), SIDE)[:, None]
        shown = 120 + light + chance.normal(0, 12, (SIDE, SIDE))
        if bad:
            place, deep = chance.integers(2, SIDE - 2), chance.uniform(12, 45)
            shown[:, place] += deep
        made.append(np.clip(shown, 0, 255).astype(np.uint8))
    return made, truth


@cache
def content(known: bool = True) -> bytes:
    """The network as a file: a convolution that sees lines, its strongest answer, and a limit that was learned."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    line = np.zeros((1, 1, SIDE, 3), np.float32)
    line[0, 0, :, 1], line[0, 0, :, [0, 2]] = 1.0 / SIDE, -0.5 / SIDE
    nodes = [
        helper.make_node("Conv", ["picture", "line"], ["seen"]),
        helper.make_node("GlobalMaxPool", ["seen"], ["most"]),
        helper.make_node("Flatten", ["most"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "offset"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["bad"]),
    ]

    def made(weight: float, offset: float, facts: dict[str, object]) -> bytes:
        consts = [
            numpy_helper.from_array(line, "line"),
            numpy_helper.from_array(np.array([[weight]], np.float32), "weight"),
            numpy_helper.from_array(np.array([offset], np.float32), "offset"),
        ]
        graph = helper.make_graph(
            nodes, "eye",
            [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [None, 1, SIDE, SIDE])],
            [helper.make_tensor_value_info("bad", TensorProto.FLOAT, [None, 1])], consts,
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        card = Card(
            "eye", KIND, (), outputs=("bad",), limit=0.5,
            facts={"height": SIDE, "width": SIDE, "colours": 1, "centre": 120.0, "spread": 50.0, **facts},
        )  # fmt: skip
        onnx.checker.check_model(model)
        return carded(model, card)

    seen, truth = pictures(1, 600)
    answer = np.log(1.0 / (1.0 / Inspector(made(1.0, 0.0, {})).bad(seen) - 1.0))
    middle = 0.5 * (np.median(answer[truth]) + np.median(answer[~truth]))
    weight = 2.0 / float(np.median(answer[truth]) - middle)
    plain = made(weight, -weight * middle, {})
    if not known:
        return plain
    shown, real = pictures(2, 800)
    told = validated(Inspector(plain).bad(shown) > 0.5, real)
    facts = {"bad": told.bad, "found": told.found, "good": told.good, "wrong": told.wrong}
    return made(weight, -weight * middle, {"validated": facts})


def eye(folder: Path) -> Path:
    """The network in a folder."""
    file = folder / "eye.onnx"
    file.write_bytes(content())
    return file


def known() -> Validated:
    """What the network was validated on."""
    found = Inspector(content()).validation()
    assert found is not None
    return found


def png(picture: NDArray[np.uint8], filters: tuple[int, ...] = (0,)) -> bytes:
    """A PNG, its lines stored by these filters in turn."""
    values = picture[..., None] if picture.ndim == 2 else picture
    high, wide, colours = values.shape
    flat = values.reshape(high, wide * colours).astype(np.int64)
    left = np.pad(flat, ((0, 0), (colours, 0)))[:, : wide * colours]
    above = np.pad(flat, ((1, 0), (0, 0)))[:-1]
    corner = np.pad(above, ((0, 0), (colours, 0)))[:, : wide * colours]
    base = left + above - corner
    far = np.stack([abs(base - left), abs(base - above), abs(base - corner)])
    nearest = np.choose(far.argmin(axis=0), [left, above, corner])
    guess = [np.zeros_like(flat), left, above, (left + above) // 2, nearest]
    lines = b"".join(
        bytes([kind := filters[n % len(filters)]])
        + ((flat[n] - guess[kind][n]) % 256).astype(np.uint8).tobytes()
        for n in range(high)
    )

    def part(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", wide, high, 8, {1: 0, 2: 4, 3: 2, 4: 6}[colours], 0, 0, 0)
    whole = part(b"IHDR", head) + part(b"IDAT", zlib.compress(lines)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + whole
