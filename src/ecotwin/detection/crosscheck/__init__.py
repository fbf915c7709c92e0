"""WHAT A CONTRADICTION IN A TABLE IS: a fault of a sensor, of the process, or made-up data (see `contract`)."""

from ecotwin.detection.crosscheck.check import CrossCheck, links_of
from ecotwin.detection.crosscheck.contract import (
    KINDS,
    MANIPULATION,
    PROCESS,
    SENSOR,
    UNCLEAR,
    Link,
    Verdict,
)

__all__ = [
    "KINDS",
    "MANIPULATION",
    "PROCESS",
    "SENSOR",
    "UNCLEAR",
    "CrossCheck",
    "Link",
    "Verdict",
    "links_of",
]
