"""Design alternatives of a product: its footprint of a period, what each alternative changes, sealed as it was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ecotwin.accounting.design_file import AlternativePart, DesignFile
from ecotwin.accounting.designs import STAGES, Design, Making, assess, difference
from ecotwin.accounting.product_footprints import gates_of
from ecotwin.clock import Period, iso
from ecotwin.cycle.bookkeeping import bookings
from ecotwin.cycle.yearbook import YearBook
from ecotwin.errors import FigureGap
from ecotwin.governance.ledger import Ledger
from ecotwin.history.contract import Store
from ecotwin.plant import Plant, epochs

WhatIf = Callable[[AlternativePart, int], Making]
"""An alternative and the code of its product -> what its scenario changes in the making of one piece."""


def compared(
    plant: Plant,
    store: Store,
    years: YearBook,
    period: Period,
    file: DesignFile,
    what_if: WhatIf | None = None,
) -> dict[str, Any]:
    """Every alternative beside today's product.

    Args:
        plant: The plant. store: Its history. years: Its figures. period: Whose meters and books tell the making.
        file: What is compared. what_if: Runs an alternative's scenario; None leaves it out and says so.

    Raises:
        FigureGap: The product was not made in the period, or its footprint cannot be had.
    """
    _, then = epochs(plant, period)[0]
    site = plant.site.id
    booked = bookings(store)
    made = years.accounts(period, [site], booked)
    known = {(m.element, m.indicator): m for m in made.measures}
    desk = years.desk(period, then, known, booked)
    gates, words, _ = gates_of(desk, site, booked=known.values())
    gate = next((g for g in gates if g.product.code == file.product), None)
    if gate is None:
        told = "; ".join(words) or "no good piece of it was counted"
        raise FigureGap(
            f"product {file.product} has no footprint in {period}: {told}",
            expected="a product of the plant file that was made in the period, with books of what went in",
            remedy="name a period in which it was made, and mend what is said",
        )
    making = {}
    for part in file.alternatives:
        if part.scenario and what_if is not None:
            making[part.name] = what_if(part, file.product)
    designs = assess(desk, gate, file, making)
    return _told(plant, file, gate.product.name, period, designs, words)


def _told(
    plant: Plant,
    file: DesignFile,
    product: str,
    period: Period,
    designs: Sequence[Design],
    words: Sequence[str],
) -> dict[str, Any]:
    today = designs[0]
    rows = []
    for design in designs:
        told = difference(design, today)
        factors = {t.factor.id: asdict(t.factor) for t in design.terms if t.factor is not None}
        rows.append(
            {
                "name": design.name,
                "why": design.why,
                "co2e_kg": design.co2e_kg,
                "half_kg": design.half_kg,
                "stages": design.stage_kg(),
                "by": design.by_name(),
                "mass_kg": design.mass_kg,
                "mci": design.mci,
                "years": design.years,
                "difference_kg": told.co2e_kg,
                "difference_half_kg": told.half_kg,
                "verdict": told.verdict,
                "shifts": list(told.shifts),
                "gaps": list(design.gaps),
                "factors": factors,
            }
        )
    result = {
        "design": file.design,
        "product": product,
        "code": file.product,
        "start": iso(period.start_us),
        "end": iso(period.end_us),
        "gwp_set": plant.gwp_set,
        "approach": file.approach,
        "stages": STAGES,
        "alternatives": rows,
        "words": list(words),
    }
    return result | {"lines": _lines(result)}


def _lines(result: Mapping[str, Any]) -> list[str]:
    rows = result["alternatives"]
    lines = [
        (
            f"{result['design']}: {result['product']}, kgCO2e for one piece over its life "
            f"({result['approach']}, {result['gwp_set']}), made as from {result['start'][:10]} to {result['end'][:10]}"
        ),
        "",
        f"{'':28}"
        + "".join(f"{s:>9}" for s in STAGES)
        + f"{'whole':>9}{'+-':>8}{'against today':>22}   circular",
    ]
    for row in rows:
        against = (
            ""
            if row is rows[0]
            else f"{row['difference_kg']:+.3g} +- {row['difference_half_kg']:.2g}"
        )
        mci = "   -" if row["mci"] is None else f"{row['mci']:.2f}"
        lines.append(
            f"{row['name'][:27]:28}"
            + "".join(f"{row['stages'][s]:9.3g}" for s in STAGES)
            + f"{row['co2e_kg']:9.3g}{row['half_kg']:8.2g}{against:>22}   {mci}"
        )
    lines.append("")
    for row in rows[1:]:
        shifted = (
            f" It shifts burden to {', '.join(STAGES[s] for s in row['shifts'])}."
            if row["shifts"]
            else ""
        )
        lines.append(
            f"{row['name']}: {row['verdict']} than today.{shifted}"
            if row["verdict"] != "cannot be told apart"
            else f"{row['name']}: cannot be told apart from today."
        )
    lines += [f"  {s}: {text}" for s, text in STAGES.items()]
    gaps = dict.fromkeys(g for row in rows for g in row["gaps"])
    return lines + [f"  not in it: {g}" for g in (*gaps, *result["words"])]


def seal(ledger: Ledger, result: Mapping[str, Any], text: str, at: datetime) -> int:
    """Seal a comparison with the text it was made from; returns its place in the ledger."""
    body = {k: v for k, v in result.items() if k != "lines"} | {"file": text}
    return ledger.append("design", f"{result['code']}/{result['design']}", body, at).index
