"""What the factory is: elements, signals, flows, calendar, prices, limits; and their file."""

from ecotwin.plant.blueprint import check, load
from ecotwin.plant.model import (
    Balance,
    Break,
    Connection,
    Contract,
    Element,
    GridFactors,
    Interlock,
    Plant,
    Product,
    Shift,
    Signal,
    Sleep,
    Tariff,
    Write,
)

__all__ = [
    "Balance",
    "Break",
    "Connection",
    "Contract",
    "Element",
    "GridFactors",
    "Interlock",
    "Plant",
    "Product",
    "Shift",
    "Signal",
    "Sleep",
    "Tariff",
    "Write",
    "check",
    "load",
]
