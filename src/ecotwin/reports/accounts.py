"""The auditor's sheet: every figure of an element and its direct parts, with factors, coverage and ledger entry.

What is further down stands in the sheet of the part: a whole plant in one would be hundreds of pages.

Nothing of `Dossier.extra` is read.
"""

from __future__ import annotations

from ecotwin.records import Cell, Measure, Report, Section, Table
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier


class Accounts:
    """All figures as they are."""

    name = "accounts"
    title = "Accounts"
    standard = (
        "All figures with their proof, in the order of the plant and of the indicator catalogue"
    )

    def write(self, dossier: Dossier) -> Report:
        """The report."""
        figures = _ordered(dossier)
        sections = (
            Section("How to read", _words(dossier, figures)),
            Section("Figures", tables=(_figures(dossier, figures),)),
            Section("Parts of figures", tables=(_parts(figures),)),
            Section("Ratios", tables=(_ratios(figures),)),
            Section("Factors", tables=(pieces.factor_table(figures),)),
            Section("Recalculations", tables=(pieces.revisions_table(dossier),)),
        )
        return pieces.whole(dossier, self, sections)


def _ordered(dossier: Dossier) -> tuple[Measure, ...]:
    parts = (e.id for e in dossier.plant.children(dossier.element))
    places = {e: n for n, e in enumerate((dossier.element, *parts))}
    order = {i: n for n, i in enumerate(dossier.indicators)}
    last = len(order)
    chosen = [m for m in dossier.figures.values() if m.element in places]
    return tuple(
        sorted(
            chosen,
            key=lambda m: (places[m.element], order.get(m.indicator, last), m.indicator),
        )
    )


def _words(dossier: Dossier, figures: tuple[Measure, ...]) -> tuple[str, ...]:
    sealed = sum(m.id in dossier.entries for m in figures)
    places = len({m.element for m in figures})
    sentences = (
        f"{len(figures)} figures of {places} places; {sealed} of them are sealed in the ledger.",
        "The command ecotwin explain opens any of them down to meters and factors.",
        "Parts of one figure sum to it. Figures of machines and lines are not added up here:",
        "the rest that no meter shows stands with the place above them.",
    )
    return (" ".join(sentences[:2]), " ".join(sentences[2:]))


def _figures(dossier: Dossier, figures: tuple[Measure, ...]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for m in figures:
        entry = dossier.entries.get(m.id)
        rows.append(
            (
                m.element,
                m.indicator,
                float(m.value),
                m.unit,
                float(m.low),
                float(m.high),
                float(m.coverage),
                float(m.estimated_share),
                m.method,
                "not sealed" if entry is None else str(entry),
            )
        )
    columns = pieces.heads(
        "element",
        "indicator",
        "value#",
        "unit",
        "low#",
        "high#",
        "measured#share",
        "estimated#share",
        "method",
        "entry",
    )
    other = sorted({str(m.period) for m in figures if m.period != dossier.period})
    note = f"Some figures are of another span: {', '.join(other)}." if other else ""
    return Table("", columns, tuple(rows), note)


def _parts(figures: tuple[Measure, ...]) -> Table:
    rows = tuple(
        (m.element, m.indicator, part, float(value), m.unit)
        for m in figures
        for part, value in m.split.items()
    )
    columns = pieces.heads("element", "indicator", "part", "value#", "unit")
    return Table("", columns, rows)


def _ratios(figures: tuple[Measure, ...]) -> Table:
    rows = tuple(
        (m.element, m.indicator, float(m.numerator), float(m.denominator), float(m.value))
        for m in figures
        if m.numerator is not None and m.denominator is not None and m.denominator != 1.0
    )
    columns = pieces.heads("element", "indicator", "numerator#", "denominator#", "value#")
    note = "A ratio of a longer span or a place above is the ratio of the sums, never the mean of ratios."
    return Table("", columns, rows, note)


plug = Accounts()
