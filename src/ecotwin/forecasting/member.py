"""What one way of forecasting must do, so that it may stand alone or be weighed with others."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from ecotwin.errors import SettingsFault
from ecotwin.forecasting.features import Grounds
from ecotwin.records import Floats, Ints


class Member(Protocol):
    """A way of forecasting one value.

    Attributes:
        name: Unique among those weighed together.
    """

    name: str

    def fit(self, ground: Grounds, horizon: int) -> None:
        """Learn from every slot of the line."""
        ...

    def points(self, ground: Grounds, origins: Ints, slots: Ints) -> Floats:
        """[n] what to expect at each slot, told from its origin; NaN where it cannot say.

        Args:
            ground: The past. origins: [n] first slot not known, rising. slots: [n] at or after its origin.
        """
        ...

    def parts(self, ground: Grounds, origin: int, slot: int) -> tuple[float, dict[str, float]]:
        """What one value is made of: a base, and what each group of grounds adds to it."""
        ...

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ...


def needs(library: str) -> Any:
    """A library of the extra `ml`.

    Raises:
        SettingsFault: It is not installed.
    """
    try:
        return import_module(library)
    except ImportError as fault:
        raise SettingsFault(
            f"this forecaster needs {library.split('.')[0]}, and it is not installed",
            expected="the extra `ml`",
            remedy='run `pip install "ecotwin[ml]"`',
        ) from fault
