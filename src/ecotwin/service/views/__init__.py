"""What the pages are told: one model a view. The API's description and the client's types come from here.

Times are ISO 8601 in UTC; the plant's zone is given once (`Bar.timezone`). `None` in a series is a gap and stays
open. Every figure comes with its unit, what was expected, its coverage and its 95 % interval where there is one.
Wording that a person reads (titles, sentences) is made here in the service, never in the page, so that page,
report and API say the same.
"""

from ecotwin.service.views.accounts import (
    Accounts,
    BalanceRow,
    BudgetRow,
    CountRow,
    Explain,
    MeasureRow,
    PathView,
    PathYear,
    ReportLink,
    RevisionRow,
    Step,
)
from ecotwin.service.views.advice import AdviceList, AdviceView, CheckRow, Event, SavingView
from ecotwin.service.views.finding import CostRow, Findings, FindingView
from ecotwin.service.views.ledger import EntryRow, Proof
from ecotwin.service.views.lists import AdviceRow, FindingRow
from ecotwin.service.views.machine import (
    Fact,
    MachineRow,
    Machines,
    MachineView,
    OrderRow,
    SetPoint,
    StateRow,
    StateSpan,
)
from ecotwin.service.views.plant import Flow, FlowEnd, FlowLink, FlowNode, Lane, Load, Overview
from ecotwin.service.views.shown import (
    Band,
    Bar,
    Done,
    Figure,
    Headline,
    Level,
    Mark,
    Place,
    Problem,
    Series,
    Span,
    Spark,
    Trace,
    View,
)

__all__ = [
    "Accounts",
    "AdviceList",
    "AdviceRow",
    "AdviceView",
    "BalanceRow",
    "Band",
    "Bar",
    "BudgetRow",
    "CheckRow",
    "CostRow",
    "CountRow",
    "Done",
    "EntryRow",
    "Event",
    "Explain",
    "Fact",
    "Figure",
    "FindingRow",
    "FindingView",
    "Findings",
    "Flow",
    "FlowEnd",
    "FlowLink",
    "FlowNode",
    "Headline",
    "Lane",
    "Level",
    "Load",
    "MachineRow",
    "MachineView",
    "Machines",
    "Mark",
    "MeasureRow",
    "OrderRow",
    "Overview",
    "PathView",
    "PathYear",
    "Place",
    "Problem",
    "Proof",
    "ReportLink",
    "RevisionRow",
    "SavingView",
    "Series",
    "SetPoint",
    "Span",
    "Spark",
    "StateRow",
    "StateSpan",
    "Step",
    "Trace",
    "View",
]
