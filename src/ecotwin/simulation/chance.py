"""Chance that belongs to a name: the n-th draw of a stream is the same in every scenario.

Two scenarios of one seed are compared pair by pair, so what is not changed must fall alike in both. A shared
generator cannot give that: one draw more, and all that follows differs. Here a draw is a function of
(seed, run, name of the stream, number of the draw) and of nothing else.

Sources:
    SplitMix64 finaliser: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecotwin.records import Floats

Keys = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_PART = 1.0 / 9007199254740992.0


@njit(cache=True, inline="always")
def mix(key: np.uint64) -> np.uint64:
    """One round of SplitMix64's finaliser."""
    z = np.uint64(key)
    z = (z ^ (z >> _S30)) * _MIX_A
    z = (z ^ (z >> _S27)) * _MIX_B
    return np.uint64(z ^ (z >> _S31))


@njit(cache=True, inline="always")
def uniform(key: np.uint64, number: int) -> float:
    """The draw `number` (0, 1, ...) of the stream `key`, within (0, 1)."""
    z = mix(np.uint64(key) + np.uint64(number + 1) * _GOLDEN)
    return (float(z >> _S11) + 0.5) * _PART


@njit(cache=True, inline="always")
def exponential(key: np.uint64, number: int, mean: float) -> float:
    """An exponentially distributed draw of this mean."""
    return float(-np.log(uniform(key, number)) * mean)


@njit(cache=True)
def _uniforms(keys: Keys, number: int) -> Floats:
    out = np.empty(len(keys))
    for i in range(len(keys)):
        out[i] = uniform(keys[i], number)
    return out


class Chance:
    """The streams of a batch of runs.

    Args:
        seed: Of the comparison. first: Number of the first run of this batch. runs: Size of the batch; what a run
            draws does not depend on the batch it is in.

    >>> whole, part = Chance(7, 0, 4), Chance(7, 2, 2)
    >>> bool((whole.uniform("printer_1.failure", 0)[2:] == part.uniform("printer_1.failure", 0)).all())
    True
    """

    def __init__(self, seed: int, first: int, runs: int) -> None:
        self.seed, self.first, self.runs = seed, first, runs

    def keys(self, stream: str) -> Keys:
        """Key of a stream in every run, for `uniform` inside kernels. Shape [runs]."""
        name = int.from_bytes(
            blake2b(f"{self.seed}/{stream}".encode(), digest_size=8).digest(), "little"
        )
        numbers = np.arange(self.first, self.first + self.runs, dtype=np.uint64)
        with np.errstate(over="ignore"):
            z = np.uint64(name) + (numbers + np.uint64(1)) * _GOLDEN
            z = (z ^ (z >> _S30)) * _MIX_A
            z = (z ^ (z >> _S27)) * _MIX_B
            return np.asarray(z ^ (z >> _S31), np.uint64)

    def uniform(self, stream: str, number: int = 0) -> Floats:
        """A draw of a stream in every run, within (0, 1). Shape [runs]."""
        return np.asarray(_uniforms(self.keys(stream), number))

    def normal(self, stream: str, number: int = 0) -> Floats:
        """A standard normal draw of a stream in every run (Box-Muller). Shape [runs]."""
        keys = self.keys(stream)
        a, b = _uniforms(keys, 2 * number), _uniforms(keys, 2 * number + 1)
        return np.asarray(np.sqrt(-2.0 * np.log(a)) * np.cos(2.0 * np.pi * b))
