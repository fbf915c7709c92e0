"""Events of a scenario: what happens to a plant, and what can then not be made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ecotwin.clock import Period
from ecotwin.plant.lines import Path
from ecotwin.simulation.air import warmed
from ecotwin.simulation.contract import Outage
from ecotwin.simulation.energy_terms import change_limit
from ecotwin.simulation.orders import products_on
from ecotwin.simulation.products import take_supply
from ecotwin.simulation.scenario_parts import EventPart
from ecotwin.simulation.sketch import Sketch

_NEEDS = {
    "machine_down": ("machine",),
    "heat_wave": ("warmer_k",),
    "supplier_lost": ("supplier", "materials"),
    "limit_changed": ("permit", "limit"),
    "grid_outage": (),
}


def change_events(sketch: Sketch, event: EventPart, path: Path) -> None:
    """Let an event happen; faults are noted."""
    needs = _NEEDS[event.kind]
    lacks = [n for n in needs if not getattr(event, n)]
    if lacks:
        sketch.faults.add(path, f"a {event.kind} lacks {' and '.join(lacks)}", "add it")
        return
    foreign = [
        n for names in _NEEDS.values() for n in names if n not in needs and getattr(event, n)
    ]
    if foreign:
        sketch.faults.add(
            path,
            f"a {event.kind} says {' and '.join(foreign)}, which it has no use for",
            "take it out",
        )
        return
    span = sketch.span(path, event.start, event.end)
    if span is None:
        return
    if event.kind == "machine_down":
        if sketch.machine((*path, "machine"), event.machine):
            _stop(sketch, [event.machine], span)
            sketch.touched[event.machine] = None
    elif event.kind == "heat_wave":
        first, last = sketch.steps(span)
        weather = warmed(sketch.case.weather, float(event.warmer_k or 0.0), first, last)
        sketch.case = replace(sketch.case, weather=weather)
    elif event.kind == "limit_changed":
        change_limit(sketch, event.permit, float(event.limit or 0.0), (*path, "permit"))
    elif event.kind == "grid_outage":
        _grid_outage(sketch, span)
    else:
        _supplier_lost(sketch, event, span, path)


def _stop(sketch: Sketch, machines: list[str], span: Period) -> None:
    new = tuple(Outage(m, span.start, span.end) for m in machines)
    sketch.case = replace(sketch.case, outages=(*sketch.case.outages, *new))


def _grid_outage(sketch: Sketch, span: Period) -> None:
    """Every machine that uses electricity stands still; own making does not carry the plant on its own."""
    users = [m.id for m in sketch.plant.machines if m.kind_facts.get("role") == "machine"]
    _stop(sketch, users, span)
    sketch.notes.append(
        "Without the grid every machine that uses electricity stands still: running on own generation or a "
        "battery alone is not modelled."
    )


def _supplier_lost(sketch: Sketch, event: EventPart, span: Period, path: Path) -> None:
    known = {m for p in sketch.plant.products for m in p.materials}
    faulty = [
        m
        for n, m in enumerate(event.materials)
        if not sketch.one_of((*path, "materials", n), "material of a product", m, known)
    ]
    if faulty:
        return
    others = {
        material
        for material, supply in sketch.terms.supply.items()
        if all(s.supplier != event.supplier for s in supply)
    }
    others |= {s.material for s in event.instead}
    short = [m for m in event.materials if m not in others]
    take_supply(sketch, event.instead, (*path, "instead"))
    if not short:
        return
    bites = span.start + timedelta(hours=event.stock_h)
    until = span.end if event.end is not None else None
    if bites >= (until or sketch.period.end):
        sketch.notes.append(
            f"The stock of {', '.join(short)} lasts until {event.supplier} is there again."
        )
        return
    waiting = [p.code for p in sketch.plant.products if set(p.materials) & set(short)]
    for line in [e.id for e in sketch.plant.elements if e.level == "line"]:
        here = products_on(sketch.plant, line)
        if set(here) & set(waiting):
            _wait(
                sketch,
                line,
                set(waiting),
                set(here),
                Period(bites, until or sketch.period.end),
                path,
            )
    names = ", ".join(map(str, waiting))
    since = sketch.plant.local(bites, sketch.case.start)
    sketch.impossible.append(
        f"Without {event.supplier} there is no {', '.join(short)} from {since} on: products {names} cannot be made."
    )


def _wait(
    sketch: Sketch, line: str, waiting: set[int], here: set[int], span: Period, path: Path
) -> None:
    """Let a line do without products over a span."""
    case = sketch.case
    jobs = case.jobs.get(line, ())
    made = {j.product for j in jobs} if jobs else set(case.mix.get(line, ())) or here
    machines = [m.id for m in sketch.plant.children(line)]
    sketch.touched.update(dict.fromkeys(machines))
    if made <= waiting:
        _stop(sketch, machines, span)
        return
    if not made & waiting:
        return
    if span.start > case.start:
        _not_from_the_start(sketch, line, span.start, path)
        return
    if jobs:
        back = span.end if span.end < sketch.period.end else None
        kept = [j for j in jobs if j.product not in waiting]
        later = [replace(j, earliest=back) for j in jobs if j.product in waiting] if back else []
        sketch.case = replace(case, jobs={**case.jobs, line: (*kept, *later)})
        return
    if span.end < sketch.period.end:
        _not_from_the_start(sketch, line, span.end, path)
        return
    mix = case.mix.get(line) or dict.fromkeys(here, 1.0 / len(here))
    left = {code: share for code, share in mix.items() if code not in waiting}
    whole = sum(left.values())
    if whole <= 0.0:
        _stop(sketch, machines, span)
        return
    scaled = {code: share / whole for code, share in left.items()}
    sketch.case = replace(case, mix={**case.mix, line: scaled})


def _not_from_the_start(sketch: Sketch, line: str, at: datetime, path: Path) -> None:
    sketch.faults.add(
        path,
        f"on {line} only some of the products would stop at {sketch.plant.local(at, sketch.case.start)}, in the "
        "middle of the run",
        "let it begin at `start`, with no `stock_h` and no `end`, or run from that moment on",
    )
