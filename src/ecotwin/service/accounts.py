"""The accounts page: figures of a period with their seals, balances, quarantine and revisions."""

from __future__ import annotations

import time
import weakref
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ecotwin.accounting import accounts as figuring
from ecotwin.accounting.catalogue import indicators
from ecotwin.clock import Period, iso
from ecotwin.cycle.asking import Asked
from ecotwin.plant.flow import balance
from ecotwin.plugs import load_all
from ecotwin.records import Measure
from ecotwin.reports.rendering import FORMS
from ecotwin.service import bar as shared
from ecotwin.service import figures, path, words
from ecotwin.service.families import standing
from ecotwin.service.views import (
    Accounts,
    BalanceRow,
    CountRow,
    Headline,
    MeasureRow,
    ReportLink,
    RevisionRow,
)

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

REASONS = {
    "unknown_signal": "of a signal that the plant file does not know",
    "not_a_number": "no number",
    "future": "stamped in the future",
    "past": "stamped too far in the past",
    "double": "sent twice",
    "late": "too late",
    "range": "outside its plausible range",
    "spike": "a single jump that nothing confirmed",
    "stuck": "stuck",
    "counter_back": "a counter that ran backwards",
    "counter_jump": "a counter that jumped further than is possible",
    "bad_at_source": "marked as bad by its source",
    "shed": "shed under overload",
}
PARTS = 60
ANEW = timedelta(minutes=5)
"""The page asks every few seconds; its figures are made anew when so much plant time has closed."""
ANEW_S = 20.0
"""And not sooner after the last time, however fast plant time runs [wall s]."""
MOST = 50

_kept: weakref.WeakKeyDictionary[
    Twin, dict[tuple[str, str], tuple[datetime, Period, figuring.Accounts, float]]
] = weakref.WeakKeyDictionary()


def accounts(twin: Twin, element: str, period: str) -> Accounts:
    """Figures of an element over a period.

    Raises:
        FigureGap: The period or the element is unknown.
    """
    place = element or twin.plant.site.id
    span, made = _made(twin, place, period)
    own = [m for m in made.measures if m.element == place]
    below = [m for m in made.measures if m.element != place and m.indicator == "energy.electricity"]
    sealed = _sealed(twin)
    return Accounts(
        bar=shared.bar(twin),
        headline=_headline(twin, place, own),
        period=period,
        start=iso(span.start_us),
        end=iso(span.end_us),
        element=place,
        figures=figures.of_plant(twin)
        if place == twin.plant.site.id
        else figures.of_machine(twin, place),
        measures=[
            _row(twin, m, sealed) for m in sorted(own, key=lambda m: standing(m.indicator).rank)
        ],
        parts=[_row(twin, m, sealed) for m in sorted(below, key=lambda m: -m.value)],
        balances=_balances(twin, span) if place == twin.plant.site.id else [],
        refused=[words.plainly(twin.plant, text) for where, text in made.gaps if where == place],
        quarantine=[
            CountRow(reason=r, count=n, text=REASONS.get(r, r))
            for r, n in sorted(twin.store.reject_counts(span).items(), key=lambda c: -c[1])
        ],
        revisions=_revisions(twin, span),
        path=path.path(twin) if place == twin.plant.site.id else None,
        reports=[
            ReportLink(name=plug.name, title=plug.title, standard=plug.standard)
            for plug in load_all("reports").values()
        ],
        forms=list(FORMS),
    )


def _made(twin: Twin, place: str, text: str) -> tuple[Period, figuring.Accounts]:
    """Figures of an element and its parts, made anew when some minutes more have closed."""
    kept = _kept.setdefault(twin, {})
    end = twin.closed_until
    was = kept.get((place, text))
    if was is not None and (
        timedelta(0) <= end - was[0] < ANEW or time.monotonic() - was[3] < ANEW_S
    ):
        return was[1], was[2]
    asked = Asked(twin.plant, twin.store, twin.ledger, end, twin.prove.years)
    span = asked.period(text)
    parts = [e.id for e in twin.plant.children(place)][:PARTS]
    made = asked.accounts(span, [place, *parts])
    if len(kept) > MOST:
        kept.clear()
    kept[place, text] = (end, span, made, time.monotonic())
    return span, made


def report(twin: Twin, name: str, form: str, element: str, period: str) -> tuple[str, str, bytes]:
    """A report as a file: its name, media type and bytes.

    Raises:
        FigureGap: The report, form, element or period is unknown, or the report makes no sense here.
    """
    asked = Asked(twin.plant, twin.store, twin.ledger, twin.closed_until, twin.prove.years)
    made = asked.report_file(period, element, name, form)
    return made[0], FORMS[form][1], made[1]


def _headline(twin: Twin, place: str, own: list[Measure]) -> Headline:
    by = {m.indicator: m for m in own}
    name = twin.plant.element(place).name
    energy = by.get("energy.electricity")
    if energy is None:
        return Headline(text=f"{name}: no energy figure for this period", cost="", level="none")
    text = f"{name} used {words.digits(energy.value)} kWh of electricity"
    carbon = by.get("ghg.scope12_location") or by.get("ghg.scope2_location")
    if carbon is not None:
        text += f" and caused {words.digits(carbon.value)} kg CO₂e"
    return Headline(text=text, cost="", level="ok")


def _sealed(twin: Twin) -> dict[str, int]:
    """Element, indicator and start of each sealed figure -> its newest entry."""
    found = twin.ledger.entries(kind="measure", limit=3000, newest_first=True)
    sealed: dict[str, int] = {}
    for entry in found:
        sealed.setdefault(_begun(entry.subject), entry.index)
    return sealed


def _begun(measure: str) -> str:
    """Element, indicator and start: figures of a day that still runs are sealed again and again."""
    return measure.rsplit("/", 1)[0]


def _is_share(m: Measure) -> bool:
    """Whether a figure without a unit is a part of a whole, which people read in per cent."""
    return m.unit == "1" and (m.indicator.startswith("oee.") or "share" in m.indicator or
                              m.indicator.endswith(("_rate", "_rate_zero_waste", "_yield")))  # fmt: skip


def _row(twin: Twin, m: Measure, sealed: Mapping[str, int]) -> MeasureRow:
    entry = indicators().get(m.indicator)
    unit, scale = ("%", 100.0) if _is_share(m) else (words.unit(m.unit), 1.0)
    factor = m.factors[0] if m.factors else None
    place = standing(m.indicator)
    return MeasureRow(
        id=m.id,
        element=m.element,
        element_name=twin.plant.element(m.element).name,
        indicator=m.indicator,
        name=entry.name if entry else m.indicator,
        digits=words.digits(m.value * scale),
        value=m.value * scale,
        unit=unit,
        interval=words.span(m.low * scale, m.high * scale),
        coverage=m.coverage,
        estimated_share=m.estimated_share,
        factor=f"{words.digits(factor.value)} {words.unit(factor.unit)}, {factor.year or factor.version}"
        if factor
        else "",
        method=m.method,
        entry=sealed.get(_begun(m.id)),
        indent=place.indent,
        head=place.head,
        first=place.first,
    )


def _balances(twin: Twin, span: Period) -> list[BalanceRow]:
    """Every balance of the plant over the period, from the meters' amounts."""
    ids = {
        name
        for b in twin.plant.balances
        for name in (*b.inputs, *b.outputs)
        if twin.plant.has_signal(name)
    }
    signals = [twin.plant.signal(i) for i in sorted(ids)]
    if not signals:
        return []
    window = twin.store.window([s.index for s in signals], span, 60 if span.hours <= 72 else 3600)
    totals = np.nansum(window.amount, axis=0)
    known = [bool(np.isfinite(column).any()) for column in window.amount.T]
    amounts = {s.id: float(t) for s, t, k in zip(signals, totals, known, strict=True) if k}
    return [
        BalanceRow(
            id=b.id,
            name=b.name,
            carrier=b.carrier,
            unit=words.unit(b.unit),
            inflow=b.input_sum,
            outflow=b.output_sum,
            rest=b.rest,
            rest_name=b.rest_name,
            tolerance=b.tolerance,
            closes=bool(b.closes),
        )
        for b in balance(twin.plant, amounts)
        if not b.missing
    ]


def _revisions(twin: Twin, span: Period) -> list[RevisionRow]:
    rows = []
    for r in twin.store.revisions(span, limit=50):
        signal = twin.plant.signals[r.signal]
        unit = words.unit(signal.unit)
        before, after = words.digits(r.before), words.digits(r.after)
        if before == after:
            continue
        place = twin.plant.element(signal.element).name
        rows.append(
            RevisionRow(
                signal=f"{place}: {signal.name.replace('_', ' ')}",
                at=iso(r.start),
                before=f"{before} {unit}".strip(),
                after=f"{after} {unit}".strip(),
                known_at=iso(r.known_after),
            )
        )
    return rows
