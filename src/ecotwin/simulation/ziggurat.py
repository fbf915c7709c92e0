"""Exponential draws that belong to a number of a stream, mostly without a logarithm.

Sources:
    Marsaglia and Tsang, "The ziggurat method for generating random variables", Journal of Statistical Software 5
    (2000): 256 layers of equal area under exp(-x).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecotwin.records import Floats
from ecotwin.simulation.chance import mix

_TAIL, _AREA = 7.69711747013104972, 0.0039496598225815571993
"""Begin of the tail and area of a layer, of the paper."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LAYER, _S11 = np.uint64(255), np.uint64(11)
_PART = 1.0 / 9007199254740992.0


def _edges() -> Floats:
    """Right edges of the layers, from the widest (which stands for the tail too) to the top."""
    x = np.zeros(257)
    x[0], x[1] = _AREA * np.exp(_TAIL), _TAIL
    for n in range(2, 256):
        x[n] = -np.log(_AREA / x[n - 1] + np.exp(-x[n - 1]))
    return x


_X = _edges()
_F = np.exp(-_X)


@njit(cache=True, inline="always")
def unit_exponential(key: np.uint64, number: int) -> float:
    """The draw `number` (0, 1, ...) of the stream `key`, exponential with mean 1."""
    z = mix(np.uint64(key) + np.uint64(number + 1) * _GOLDEN)
    layer = np.int64(z & _LAYER)
    x = float(z >> _S11) * _PART * _X[layer]
    while x >= _X[layer + 1]:
        z = mix(z + _GOLDEN)
        u = (float(z >> _S11) + 0.5) * _PART
        if layer == 0:
            x = _TAIL - np.log(u)
            break
        if _F[layer] + u * (_F[layer + 1] - _F[layer]) < np.exp(-x):
            break
        z = mix(z + _GOLDEN)
        layer = np.int64(z & _LAYER)
        x = float(z >> _S11) * _PART * _X[layer]
    return float(x)
