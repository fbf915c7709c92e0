"""Key figures of a sustainability-linked loan: path, actual, met or missed, effect on the margin, and what proves it.

A figure counts only when it is sealed in the ledger. The margin is decided on whole calendar years; before that the
report says how it stands. Where the interval of a figure holds the limit, it says so: a lender may want that decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecotwin.errors import FigureGap
from ecotwin.records import Datapoint, Report, Section
from ecotwin.reports.claims import OUTSIDE, handed, in_words, table
from ecotwin.reports.contract import Dossier
from ecotwin.reports.pieces import name_of, whole

Row = Mapping[str, Any]


class LinkedLoan:
    """The report of a sustainability-linked loan."""

    name = "linked_loan"
    title = "Key figures of the sustainability-linked loan"
    standard = "Sustainability-Linked Loan Principles (LMA, APLMA, LSTA), March 2025"

    def write(self, dossier: Dossier) -> Report:
        """A section a key figure.

        Args:
            dossier: `extra["targets"]`: targets with their path and standing.

        Raises:
            FigureGap: There is no target of kind loan, or none of its figures is sealed in the ledger.
        """
        rows = [r for r in handed(dossier, "targets", "targets") if r.get("kind") == "loan"]
        if not rows:
            raise FigureGap(
                f"no target of {name_of(dossier, dossier.element)} belongs to a loan",
                expected="a target of kind `loan`",
                remedy="write it under `targets` with `kind: loan` and `margin_bp`",
            )
        sealed = [r for r in rows if r["measure"] in dossier.entries]
        if not sealed:
            raise FigureGap(
                f"no key figure of the loan is sealed in the ledger for {dossier.period}",
                expected="an entry of each figure",
                remedy="seal the figures of the period first: without evidence nothing is claimed to a lender",
            )
        parts = [_summary(dossier, rows), *(_figure(dossier, r) for r in rows)]
        lacking = [
            f"{r['name']}: its figure is not in the ledger, so that it is not claimed"
            for r in rows
            if r not in sealed
        ]
        return whole(dossier, self, parts, data={"targets": [dict(r) for r in rows]}, gaps=lacking)


def _whole_year(dossier: Dossier) -> bool:
    """Whether the period is one calendar year, which decides the margin."""
    zone = dossier.plant.zone
    start, end = (m.astimezone(zone) for m in (dossier.period.start, dossier.period.end))
    first = all(
        (m.month, m.day, m.hour, m.minute, m.second, m.microsecond) == (1, 1, 0, 0, 0, 0)
        for m in (start, end)
    )
    return first and end.year == start.year + 1


def _effect(row: Row) -> tuple[float | None, str]:
    """Change of the margin [basis points] and how it comes: a negative one is for meeting, a positive for missing."""
    bp = row["margin_bp"]
    if bp is None:
        return None, "the plant file states no effect on the margin"
    applies = row["met"] if bp < 0 else not row["met"]
    words = "a reward for meeting it" if bp < 0 else "a surcharge for missing it"
    return (float(bp) if applies else 0.0), f"{words}: {bp:+g} basis points"


def _verdict(row: Row, dossier: Dossier) -> str:
    if row["measure"] not in dossier.entries:
        return "not claimed: the figure is not in the ledger"
    word = "met" if row["met"] else "missed"
    if not _whole_year(dossier):
        word = f"so far {word}"
    return word if row["sure"] else f"{word} by the value; its interval holds the limit"


def _summary(dossier: Dossier, rows: list[Row]) -> Section:
    told = [
        (
            r["name"], _indicator(dossier, r), r["base_value"] if _sealed(r, dossier) else None,
            r["allowed"], r["actual"] if _sealed(r, dossier) else None, r["unit"],
            _verdict(r, dossier), dossier.entries.get(r["measure"]),
        )
        for r in rows
    ]  # fmt: skip
    names = (
        "Key figure", "Indicator", "Base year#", "Allowed in the period#", "Actual#", "Unit",
        "Verdict", "Ledger entry#",
    )  # fmt: skip
    text = (
        "Each figure counts only as it is sealed in the ledger; anyone can check an entry offline with its evidence.",
        f"Newest signed checkpoint: {dossier.checkpoint or 'none'}.",
        OUTSIDE,
    )
    return Section("Key figures", text, (), (table("Key figures of the loan", names, told),))


def _indicator(dossier: Dossier, row: Row) -> str:
    known = dossier.indicators.get(row["indicator"])
    return known.name if known is not None else str(row["indicator"])


def _sealed(row: Row, dossier: Dossier) -> bool:
    return row["measure"] in dossier.entries


def _figure(dossier: Dossier, row: Row) -> Section:
    sealed, unit = _sealed(row, dossier), row["unit"]
    missing = "" if sealed else "not in the ledger: nothing is claimed"
    bp, effect = _effect(row)
    decided = sealed and _whole_year(dossier)
    entry = dossier.entries.get(row["measure"])
    until = "" if decided else "decided on a sealed figure of the whole calendar year"
    points = (
        Datapoint("base", f"Base year {row['base_year']}", row["base_value"], unit, note=row["source"]),
        Datapoint("allowed", "Allowed in the period", row["allowed"], unit, note=f"path: {row['path']}"),
        Datapoint(
            "actual", "Actual", row["actual"] if sealed else None, unit, row["low"] if sealed else None,
            row["high"] if sealed else None, row["coverage"], row["measure"] if sealed else "", entry, missing=missing,
        ),
        Datapoint(
            "over", "Actual - allowed", row["over"] if sealed else None, unit, missing=missing
        ),
        Datapoint("verdict", "Verdict", _verdict(row, dossier), entry=entry),
        Datapoint(
            "margin", "Change of the margin", bp if decided else None, "bp", note=effect,
            missing=(until or effect) if not decided or bp is None else "",
        ),
    )  # fmt: skip
    years = table(
        "Path", ("Year", f"Allowed#{unit}"),
        [(str(y["year"]), y["allowed"]) for y in row["years"]],
        f"{row['cut'] * 100:.3g} % less than {row['base_year']} by {row['target_year']}, in a straight line",
    )  # fmt: skip
    text = [f"{row['name']}: {_indicator(dossier, row)} of {name_of(dossier, row['element'])}."]
    if row.get("outlook"):
        text.append(row["outlook"]["text"])
    text += [
        f"Revised on {r.known_after:%Y-%m-%d}: {in_words(r.before, r.unit)} became {in_words(r.after, r.unit)} "
        f"({r.why})."
        for r in dossier.revisions
        if r.measure == row["measure"]
    ]
    return Section(row["name"], tuple(text), points, (years,))


plug = LinkedLoan()
