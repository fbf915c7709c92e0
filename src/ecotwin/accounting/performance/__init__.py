"""Energy performance from meter data alone: a baseline on any series, and what was saved since.

Where `accounting.baseline` learns one machine from its states, this looks at a meter of a site, line
or building with the variables that go with it: weather, production, calendar.

Sources: ISO 50006:2023; IPMVP options B and C; ASHRAE Guideline 14-2014.
"""

from ecotwin.accounting.performance.choice import Choice, Reasoned, choose
from ecotwin.accounting.performance.drift import Spread, spread
from ecotwin.accounting.performance.proof import Adjustment, Performance, perform
from ecotwin.accounting.performance.series import Series, series

__all__ = [
    "Adjustment",
    "Choice",
    "Performance",
    "Reasoned",
    "Series",
    "Spread",
    "choose",
    "perform",
    "series",
    "spread",
]
