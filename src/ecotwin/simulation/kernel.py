"""How the functions that play a line are compiled: kept on disk, without Python's lock, without counted references."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])
_MADE_OF = tuple(
    Path(__file__).with_name(f"{name}.py")
    for name in ("chance", "linehand", "lineroom", "linetypes", "linework", "ziggurat")
)
"""Files whose functions and numbers become part of the kernels."""


def kernel(function: F) -> F:
    """Compile a function that neither makes nor keeps arrays.

    numba counts a reference at every look at an array of a tuple, which here costs ten times the work; a function
    that makes no arrays may do without. numba's own library uses the option in the same way.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
    compiled = njit(**options)(function)
    name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
    forget_older(Path(compiled.stats.cache_path), name, _MADE_OF)
    return cast(F, compiled)


def forget_older(folder: Path, name: str, made_of: Iterable[Path]) -> list[Path]:
    """Take away what is kept of a kernel that is older than a file it is made of.

    numba looks at a kernel's own file only, so it would go on playing the functions of other files as they were.

    Args:
        folder: Where numba keeps it. name: `file.function`. made_of: The other files.

    Returns:
        The indexes taken away; numba writes them anew when it has compiled the kernel again.
    """
    newest_s = max((p.stat().st_mtime for p in made_of if p.is_file()), default=0.0)
    older = [p for p in sorted(folder.glob(f"{name}-*.nbi")) if p.stat().st_mtime < newest_s]
    for index in older:
        index.unlink(missing_ok=True)
    return older
