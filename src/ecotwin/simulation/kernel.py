"""How the functions that play a line are compiled: kept on disk, without Python's lock, without counted references."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function that neither makes nor keeps arrays.

    numba counts a reference at every look at an array of a tuple, which here costs ten times the work; a function
    that makes no arrays may do without. numba's own library uses the option in the same way.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
    return cast(F, njit(**options)(function))
