"""Pictures from files: PNG (8 bit, grey or colour, not interlaced), PGM and PPM (binary), and arrays (.npy).

Sources: W3C, Portable Network Graphics (PNG) Specification (Second Edition), 2003: chunks and filters; Netpbm formats.
"""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecotwin.errors import FileFault

Picture = NDArray[np.uint8]
ENDINGS = (".png", ".pgm", ".ppm", ".npy")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = {0: 1, 2: 3, 4: 2, 6: 4}
MOST_PIXELS = 64_000_000


def read_picture(file: Path) -> Picture:
    """[height, width] or [height, width, 3], 0 to 255.

    Raises:
        FileFault: It cannot be read, is damaged, or of a form that is not known here.
    """
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise _fault(file, fault.strerror or "cannot be read") from None
    try:
        if content.startswith(_SIGNATURE):
            return _png(content)
        if content[:2] in (b"P5", b"P6"):
            return _netpbm(content)
        if content.startswith(b"\x93NUMPY"):
            return _array(file)
    except (ValueError, IndexError, zlib.error, struct.error) as fault:
        raise _fault(file, str(fault)) from None
    raise _fault(file, "neither PNG, PGM, PPM nor an array")


def _fault(file: Path, why: str) -> FileFault:
    return FileFault(
        f"the picture {file} cannot be read ({why})",
        expected="PNG of 8 bit, PGM, PPM, or an array of bytes (.npy)",
        remedy="save it in one of these forms",
    )


def _png(content: bytes) -> Picture:
    width = height = colours = 0
    packed, at = b"", len(_SIGNATURE)
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        if (
            zlib.crc32(kind + data)
            != struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0]
        ):
            raise ValueError("a part of it is damaged")
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data)
            if depth != 8 or colour not in _COLOURS or interlaced:
                raise ValueError(f"{depth} bit, colour type {colour}, interlaced {interlaced}")
            colours = _COLOURS[colour]
        elif kind == b"IDAT":
            packed += data
        elif kind == b"IEND":
            break
        at += 12 + length
    if not width or not height or width * height > MOST_PIXELS:
        raise ValueError(f"{width} x {height} pixels")
    lines = np.frombuffer(
        zlib.decompressobj().decompress(packed, height * (width * colours + 1)), np.uint8
    )
    made = _unfiltered(lines.reshape(height, -1), colours).reshape(height, width, colours)
    made = made[..., : colours - 1] if colours in (2, 4) else made
    return np.ascontiguousarray(made[..., 0] if made.shape[2] == 1 else made)


def _unfiltered(lines: Picture, colours: int) -> Picture:
    """Each line is stored as its difference from what its neighbours let expect."""
    made = np.zeros((len(lines), lines.shape[1] - 1), np.uint8)
    above = np.zeros(lines.shape[1] - 1, np.int64)
    for n, line in enumerate(lines):
        kind, rest = int(line[0]), line[1:].astype(np.int64)
        if kind == 0:
            now = rest
        elif kind == 1:
            now = rest.reshape(-1, colours).cumsum(axis=0).reshape(-1) % 256
        elif kind == 2:
            now = (rest + above) % 256
        elif kind in (3, 4):
            now = _walked(rest, above, colours, kind)
        else:
            raise ValueError(f"line filter {kind}")
        made[n], above = now, now
    return made


def _walked(
    rest: NDArray[np.int64], above: NDArray[np.int64], colours: int, kind: int
) -> NDArray[np.int64]:
    """Filters that ask the left neighbour as it came out: one value after the other."""
    told, over = rest.tolist(), above.tolist()
    for i in range(len(told)):
        left = told[i - colours] if i >= colours else 0
        if kind == 3:
            guess = (left + over[i]) // 2
        else:
            corner = over[i - colours] if i >= colours else 0
            base = left + over[i] - corner
            far = (abs(base - left), abs(base - over[i]), abs(base - corner))
            guess = (left, over[i], corner)[far.index(min(far))]
        told[i] = (told[i] + guess) % 256
    return np.array(told, np.int64)


def _netpbm(content: bytes) -> Picture:
    head = re.match(rb"P([56])\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+(\d+)\s", content)
    if head is None or int(head[4]) != 255:
        raise ValueError("its header")
    width, height, colours = int(head[2]), int(head[3]), 1 if head[1] == b"5" else 3
    values = np.frombuffer(content, np.uint8, width * height * colours, head.end())
    return values.reshape((height, width) if colours == 1 else (height, width, 3)).copy()


def _array(file: Path) -> Picture:
    made = np.load(file, allow_pickle=False)
    if made.dtype != np.uint8 or made.ndim not in (2, 3):
        raise ValueError(f"{made.dtype} of shape {made.shape}")
    return np.asarray(made, np.uint8)
