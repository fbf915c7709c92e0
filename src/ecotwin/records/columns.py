"""Kinds of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Marks = NDArray[np.uint8]
Bools = NDArray[np.bool_]
