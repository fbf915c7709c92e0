"""Design alternatives of a product: its footprint of a period, what each alternative changes, sealed as it was told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ecotwin.accounting.cradle import Gate
from ecotwin.accounting.design_file import AlternativePart, DesignFile
from ecotwin.accounting.designs import STAGES, Design, Making, assess, difference
from ecotwin.accounting.product_footprints import gates_of
from ecotwin.clock import Period, iso
from ecotwin.cycle.bookkeeping import bookings
from ecotwin.cycle.whatif import WhatIf
from ecotwin.cycle.whatif_base import PLAIN
from ecotwin.cycle.whatif_run import Question
from ecotwin.cycle.yearbook import YearBook
from ecotwin.errors import FigureGap
from ecotwin.governance.ledger import Ledger
from ecotwin.history.contract import Store
from ecotwin.plant import Plant, epochs

Effect = Callable[[AlternativePart, Gate], Making]
"""An alternative and its product's footprint -> what its scenario changes in the making of one piece."""
RUNS = 40
MOST_HOURS = 168.0


def folder_of(plant: Plant) -> Path:
    """Where design files of a plant are: `<name of the plant file>/designs` beside it; it need not be there."""
    return Path(plant.scenarios).parent / "designs"


def by_what_if(what_if: WhatIf, period: Period, known: Period | None) -> Effect:
    """Runs an alternative's scenario from the begin of a period, and scales the making that was measured.

    The model tells by how much CO2e of fuel and electricity changes for a good part; what a piece weighs comes from the
    meters.

    Args:
        what_if: Of the plant. period: Whose begin it is; at most its first week is run. known: Span of the history;
            where it holds nothing before the period, the run begins with an ordinary steady plant.
    """
    begin = period.start.isoformat()
    if known is None or known.start >= period.start:
        begin = f"{PLAIN}{begin}"

    def effect(part: AlternativePart, gate: Gate) -> Making:
        hours = max(0.25, math.floor(min(period.hours, MOST_HOURS) * 4.0) / 4.0)
        question = Question(
            (part.scenario,), start=begin, hours=hours, runs=RUNS,
            title=f"{part.name}, for a design", by="design",
        )  # fmt: skip
        result = what_if.document(what_if.now_and_here(question).id)["result"]
        cells = {f["figure"]: f["cells"] for f in result["figures"]}
        scopes = [
            cells[f] for f in ("co2e.scope1", f"co2e.scope2_{gate.electricity}") if f in cells
        ]
        base = math.fsum(c[0]["value"]["mean"] for c in scopes)
        moved = math.fsum(c[1]["difference"]["mean"] for c in scopes)
        spans = [c[1]["difference"]["intervals"]["0.95"] for c in scopes]
        parts = cells.get("throughput.parts")
        more = parts[1]["share"] if parts else 0.0
        if result["cases"][1]["why_not"] or base <= 0.0 or more is None or more <= -1.0:
            raise FigureGap(
                f"the what-if of {part.scenario} tells no CO2e for a good part",
                expected="a scenario that can be run, in which parts are made",
                remedy="run `ecotwin whatif` with it and see what it says",
            )
        making = math.fsum(s.co2e_kg for s in gate.stages if not s.name.startswith("scope 3"))
        half = math.fsum((high - low) / 2.0 for low, high in spans)
        change = (1.0 + moved / base) / (1.0 + more) - 1.0
        return Making(part.scenario, change * making, half / base * making)

    return effect


def compared(
    plant: Plant,
    store: Store,
    years: YearBook,
    period: Period,
    file: DesignFile,
    effect: Effect | None = None,
) -> dict[str, Any]:
    """Every alternative beside today's product.

    Args:
        plant: The plant. store: Its history. years: Its figures. period: Whose meters and books tell the making.
        file: What is compared. effect: Runs an alternative's scenario; None leaves it out and says so.

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
        name = next(
            (p.name for p in plant.products if p.code == file.product), f"product {file.product}"
        )
        raise FigureGap(
            f"{name} has no footprint of {_span(plant, period)}: {told}",
            expected="a product that was made in the period, with books of what went in",
            remedy="choose a period in which it was made",
        )
    making = {}
    for part in file.alternatives:
        if part.scenario and effect is not None:
            making[part.name] = effect(part, gate)
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
        "span": _span(plant, period),
        "gwp_set": plant.gwp_set,
        "approach": file.approach,
        "stages": STAGES,
        "alternatives": rows,
        "words": list(words),
    }
    return result | {"lines": _lines(result)}


def _span(plant: Plant, period: Period) -> str:
    """The period as the plant's people read it."""
    first, last = (
        at.astimezone(plant.zone).date() for at in (period.start, period.end - timedelta(seconds=1))
    )
    return f"on {first}" if first == last else f"from {first} to {last}"


def _lines(result: Mapping[str, Any]) -> list[str]:
    rows = result["alternatives"]
    lines = [
        (
            f"{result['design']}: {result['product']}, kgCO2e for one piece over its life "
            f"({result['approach']}, {result['gwp_set']}), made as {result['span']}"
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
