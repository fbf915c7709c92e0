"""The tree against a naive reading of the RFC, and proofs that lie."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.governance.proof import consistent, included, leaf_hash
from ecotwin.governance.tree import STRIDE, Frontier, consistency, inclusion, peaks_of, root_of

LEAVES = [leaf_hash(str(i).encode()) for i in range(1400)]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, as written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(first: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1."""
    if first == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if first <= k:
        return [*naive_subproof(first, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(first - k, leaves[k:], False), naive_root(leaves[:k])]


class Shelf:
    """Keeps what the tree says is to be kept, and nothing else."""

    def __init__(self, size: int) -> None:
        self.tree = Frontier()
        self.hashes: dict[tuple[int, int], bytes] = {}
        for index, leaf in enumerate(LEAVES[:size]):
            self.hashes[0, index] = leaf
            self.hashes |= {(lv, p): h for lv, p, h in self.tree.add(leaf)}

    def kept(self, level: int, first: int, count: int) -> Sequence[bytes]:
        assert level % STRIDE == 0
        return [self.hashes[level, p] for p in range(first, first + count)]


WHOLE = Shelf(len(LEAVES))
sizes = (
    st.integers(0, 140) | st.integers(0, len(LEAVES)) | st.sampled_from([255, 256, 257, 512, 1024])
)


@given(sizes)
@settings(deadline=None)
def test_roots(size: int) -> None:
    assert root_of(size, WHOLE.kept) == naive_root(LEAVES[:size])
    assert Frontier(size, peaks_of(size, WHOLE.kept)).root() == naive_root(LEAVES[:size])


def test_a_tree_grown_from_its_edge_is_the_same() -> None:
    for size in (0, 1, 255, 256, 700):
        half = Frontier(size, peaks_of(size, WHOLE.kept))
        for leaf in LEAVES[size:]:
            half.add(leaf)
        assert half.root() == WHOLE.tree.root()


@given(sizes.filter(bool), st.data())
@settings(max_examples=60, deadline=None)
def test_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion(index, size, WHOLE.kept)
    root = naive_root(LEAVES[:size])
    assert path == naive_path(index, LEAVES[:size])
    assert included(LEAVES[index], index, size, path, root)
    other = data.draw(st.integers(-1, size + 1).filter(lambda i: i != index))
    assert not included(LEAVES[index], other, size, path, root)
    assert not included(LEAVES[-1], index, size, path, root) or index == len(LEAVES) - 1
    assert not included(LEAVES[index], index, size, [*path, root], root)
    assert not included(LEAVES[index], index, size, path[:-1], root) or not path


@given(sizes, sizes)
@settings(max_examples=60, deadline=None)
def test_consistency(one: int, other: int) -> None:
    first, second = sorted((one, other))
    roots = naive_root(LEAVES[:first]), naive_root(LEAVES[:second])
    path = consistency(first, second, WHOLE.kept)
    if first and first != second:
        assert path == naive_subproof(first, LEAVES[:second], True)
    assert consistent(first, second, path, *roots)
    if first != second:
        assert not consistent(first, second, path, LEAVES[7], roots[1])
        assert not consistent(second, first, path, roots[1], roots[0])
        assert not consistent(first, second, [*path, LEAVES[0]], *roots)
        if first:
            assert not consistent(first, second, path, roots[0], LEAVES[7])
            assert not consistent(first, second, [], *roots)
            assert not consistent(first, second, path[:-1], *roots)
