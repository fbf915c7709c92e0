"""Every value that crosses a room's door: frozen, and columnar where there are many.

Units are canonical (kW, kWh, kgCO2e, m3, kg, degC, bar, s); instants are UTC; columns of time hold
int64 microseconds. Arrays inside a record are never changed after it was made.
"""

from ecotwin.records.actions import Advice, Change, Check, Entry, Order, Receipt, Saving
from ecotwin.records.bookings import Booking, Fact
from ecotwin.records.columns import Bools, Codes, Floats, Ints, Marks
from ecotwin.records.explained import Explanation, Reason
from ecotwin.records.figures import Cost, FactorUse, Indicator, Input, Measure, Range
from ecotwin.records.findings import Finding, Forecast, Score, Severity
from ecotwin.records.reports import Cell, Column, Datapoint, Report, Section, Table
from ecotwin.records.rows import Rows
from ecotwin.records.samples import (
    Break,
    Cleaned,
    Image,
    Quality,
    Readings,
    Reject,
    Rejects,
    Samples,
    Window,
)

__all__ = [
    "Advice",
    "Booking",
    "Bools",
    "Break",
    "Cell",
    "Change",
    "Check",
    "Cleaned",
    "Codes",
    "Column",
    "Cost",
    "Datapoint",
    "Entry",
    "Explanation",
    "Fact",
    "FactorUse",
    "Finding",
    "Floats",
    "Forecast",
    "Image",
    "Indicator",
    "Input",
    "Ints",
    "Marks",
    "Measure",
    "Order",
    "Quality",
    "Range",
    "Readings",
    "Reason",
    "Receipt",
    "Reject",
    "Rejects",
    "Report",
    "Rows",
    "Samples",
    "Saving",
    "Score",
    "Section",
    "Severity",
    "Table",
    "Window",
]
