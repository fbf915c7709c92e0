"""Merkle roots and proofs as published.

Sources:
    Reference vectors of the certificate-transparency project for RFC 9162 (RFC 6962), section 2.1: eight leaves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ecotwin.governance.proof import EMPTY, consistent, included, leaf_hash
from ecotwin.governance.tree import Frontier, consistency, inclusion

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION_5_OF_8 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
CONSISTENCY_3_TO_7 = [
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e",
]


def kept(level: int, first: int, count: int) -> Sequence[bytes]:
    assert level == 0
    return [leaf_hash(data) for data in LEAVES[first : first + count]]


@pytest.mark.parametrize("size", range(9))
def test_roots(size: int) -> None:
    """Vector mrk-01."""
    tree = Frontier()
    for data in LEAVES[:size]:
        tree.add(leaf_hash(data))
    assert tree.root().hex() == ROOTS[size]
    assert EMPTY.hex() == ROOTS[0]


def test_inclusion_proof() -> None:
    """Vector mrk-02."""
    path = inclusion(5, 8, kept)
    assert [step.hex() for step in path] == INCLUSION_5_OF_8
    assert included(leaf_hash(LEAVES[5]), 5, 8, path, bytes.fromhex(ROOTS[8]))


def test_consistency_proof() -> None:
    """Vector mrk-03."""
    path = consistency(3, 7, kept)
    assert [step.hex() for step in path] == CONSISTENCY_3_TO_7
    assert consistent(3, 7, path, bytes.fromhex(ROOTS[3]), bytes.fromhex(ROOTS[7]))


def test_typed_values_equal_the_shared_vectors() -> None:
    file = Path(__file__).parents[3] / "shared" / "vectors.json"
    if not file.exists():
        pytest.skip(
            "no ../shared/vectors.json beside this repository; the typed values stand alone"
        )
    shared = {v["id"]: v for v in json.loads(file.read_text())}
    for id_ in ("mrk-01", "mrk-02", "mrk-03"):
        assert shared[id_]["input"]["leaves_hex"] == [leaf.hex() for leaf in LEAVES]
    assert shared["mrk-01"]["expected"]["roots"] == {str(n): r for n, r in enumerate(ROOTS)}
    assert (shared["mrk-02"]["input"]["index"], shared["mrk-02"]["input"]["size"]) == (5, 8)
    assert shared["mrk-02"]["expected"]["path"] == INCLUSION_5_OF_8
    assert (shared["mrk-03"]["input"]["first"], shared["mrk-03"]["input"]["second"]) == (3, 7)
    assert shared["mrk-03"]["expected"]["path"] == CONSISTENCY_3_TO_7
