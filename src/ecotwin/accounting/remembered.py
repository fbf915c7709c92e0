"""Remembers what was worked out for the last few objects, by identity: plants and windows cannot be hashed."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Made = TypeVar("Made")


class Remembered(Generic[Key, Made]):
    """Calls `make` once for an object while it is among the last `size` asked for.

    The object is held, so that its identity cannot be taken by another.

    >>> asked = Remembered(len, size=2)
    >>> letters = ["a", "b"]
    >>> asked(letters), asked(letters)
    (2, 2)
    """

    def __init__(self, make: Callable[[Key], Made], *, size: int) -> None:
        self._make = make
        self._size = size
        self._kept: tuple[tuple[Key, Made], ...] = ()
        self._lock = Lock()

    def __call__(self, key: Key) -> Made:
        """What was made of this very object."""
        for known, made in self._kept:
            if known is key:
                return made
        made = self._make(key)
        with self._lock:
            self._kept = ((key, made), *self._kept[: self._size - 1])
        return made
