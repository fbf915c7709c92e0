"""A growing Merkle tree that keeps one hash in 256: enough to prove any leaf of millions in a few reads.

Kept are the leaves' hashes and the roots of complete subtrees of 256, 65,536 ... leaves; every other node is
hashed again from at most 255 kept ones when it is asked for.

Sources:
    RFC 9162, section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ecotwin.governance.proof import EMPTY, node_hash, split

STRIDE = 8
"""Every how many levels a node is kept."""

Kept = Callable[[int, int, int], Sequence[bytes]]
"""(level, first, count) -> kept hashes; level is a multiple of STRIDE, 0 are the leaves."""

Kept_node = tuple[int, int, bytes]


class Frontier:
    """The complete subtrees at the right edge of a tree that grows.

    Args:
        size: Leaves so far. peaks: Roots of its complete subtrees, the largest first.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def add(self, leaf: bytes) -> list[Kept_node]:
        """Take a leaf; return the nodes above the leaves that are now complete and to be kept."""
        complete: list[Kept_node] = []
        found, level, index = leaf, 0, self.size
        while index & 1:
            found = node_hash(self.peaks.pop(), found)
            level, index = level + 1, index >> 1
            if level % STRIDE == 0:
                complete.append((level, index, found))
        self.peaks.append(found)
        self.size += 1
        return complete

    def root(self) -> bytes:
        """Root of the tree so far."""
        return fold(self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """Root above complete subtrees, the largest first."""
    if not peaks:
        return EMPTY
    found = peaks[-1]
    for peak in reversed(peaks[:-1]):
        found = node_hash(peak, found)
    return found


def peaks_of(size: int, kept: Kept) -> list[bytes]:
    """Roots of the complete subtrees of a tree of `size` leaves, the largest first."""
    return _peaks(0, size, kept)


def root_of(size: int, kept: Kept) -> bytes:
    """Root of the first `size` leaves."""
    return fold(peaks_of(size, kept))


def inclusion(index: int, size: int, kept: Kept) -> list[bytes]:
    """Inclusion proof of a leaf in the tree of `size` leaves, from the leaf up.

    Sources:
        RFC 9162, section 2.1.3.1.
    """
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(_root(middle, end, kept))
            end = middle
        else:
            path.append(_root(start, middle, kept))
            start = middle
    return path[::-1]


def consistency(first: int, second: int, kept: Kept) -> list[bytes]:
    """Proof that the tree of `first` leaves begins the tree of `second` leaves; empty for 0 and for equal sizes.

    Sources:
        RFC 9162, section 2.1.4.1.
    """
    if first in (0, second):
        return []
    path: list[bytes] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + split(end - start)
        if first <= middle:
            path.append(_root(middle, end, kept))
            end = middle
        else:
            path.append(_root(start, middle, kept))
            start, whole = middle, False
    if not whole:
        path.append(_root(start, end, kept))
    return path[::-1]


def _root(start: int, end: int, kept: Kept) -> bytes:
    return fold(_peaks(start, end, kept))


def _peaks(start: int, end: int, kept: Kept) -> list[bytes]:
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(_complete(level, start >> level, kept))
        start += 1 << level
    return found


def _complete(level: int, position: int, kept: Kept) -> bytes:
    """Root of the complete subtree of 2^level leaves that begins at leaf `position << level`."""
    above = level % STRIDE
    row = list(kept(level - above, position << above, 1 << above))
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]
