"""What a scenario changes of orders: which, in which sequence, in which batches; and the mix of a line without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from math import ceil

from ecotwin.plant import Plant, Product
from ecotwin.plant.lines import Path
from ecotwin.simulation.contract import Job
from ecotwin.simulation.scenario_parts import JobPart, OrdersPart
from ecotwin.simulation.sketch import Sketch


def runs_on(plant: Plant, product: Product, line: str) -> bool:
    """Whether a product has a planned run time on a line or on one of its machines."""
    here = {e.id for e in plant.under(line)}
    return any(place in here for place in product.planned_run_s)


def products_on(plant: Plant, line: str) -> list[int]:
    """Codes of the products that run on a line."""
    return [p.code for p in plant.products if runs_on(plant, p, line)]


def change_orders(sketch: Sketch, part: OrdersPart, path: Path) -> None:
    """Change a line's orders or its mix; faults are noted."""
    if not sketch.line((*path, "line"), part.line):
        return
    jobs = list(sketch.case.jobs.get(part.line, ()))
    if part.jobs is not None:
        jobs = [
            j for n, p in enumerate(part.jobs) if (j := _job(sketch, part, p, (*path, "jobs", n)))
        ]
    jobs += [j for n, p in enumerate(part.add) if (j := _job(sketch, part, p, (*path, "add", n)))]
    for n, name in enumerate(part.remove):
        if sketch.one_of((*path, "remove", n), "order", name, [j.id for j in jobs]):
            jobs = [j for j in jobs if j.id != name]
    double = sorted({j.id for j in jobs if sum(o.id == j.id for o in jobs) > 1})
    if double:
        sketch.faults.add(
            path, f"{part.line} has two orders {', '.join(double)}", "give each its own number"
        )
    if part.batch_parts is not None:
        if not jobs:
            sketch.faults.add(
                (*path, "batch_parts"), f"{part.line} has no orders to cut", "give `jobs`"
            )
        jobs = in_batches(jobs, part.batch_parts)
    jobs = by_rule(jobs, part.rule)
    jobs = _sequenced(sketch, jobs, part, path)
    changed = {**sketch.case.jobs, part.line: tuple(jobs)}
    sketch.case = replace(sketch.case, jobs={k: v for k, v in changed.items() if v})
    if part.mix is not None:
        _mix(sketch, part, (*path, "mix"))
    sketch.touched.update(dict.fromkeys(m.id for m in sketch.plant.children(part.line)))


def in_batches(jobs: Sequence[Job], parts: float) -> list[Job]:
    """Orders cut into batches that take turns: the first of each, then the second of each ...

    >>> [j.id for j in in_batches([Job("a", 1, 250.0), Job("b", 2, 100.0)], 100.0)]
    ['a/1', 'b', 'a/2', 'a/3']
    """
    cut: list[list[Job]] = []
    for job in jobs:
        left = job.parts - job.done
        count = max(1, ceil(left / parts - 1e-9))
        if count == 1:
            cut.append([job])
            continue
        sizes = [min(parts, left - n * parts) for n in range(count)]
        cut.append(
            [replace(job, id=f"{job.id}/{n + 1}", parts=s, done=0.0) for n, s in enumerate(sizes)]
        )
    return [job for turn in zip_longest(*cut) for job in turn if job is not None]


def by_rule(jobs: Sequence[Job], rule: str) -> list[Job]:
    """Orders in another sequence; what is equal stays as it was.

    >>> [j.id for j in by_rule([Job("a", 1, 9.0), Job("b", 2, 3.0), Job("c", 1, 5.0)], "by_product")]
    ['a', 'c', 'b']
    """
    if rule == "earliest_due":
        return sorted(jobs, key=lambda j: (j.due is None, j.due.timestamp() if j.due else 0.0))
    if rule == "shortest":
        return sorted(jobs, key=lambda j: j.parts - j.done)
    if rule == "by_product":
        first = {j.product: n for n, j in reversed(list(enumerate(jobs)))}
        return sorted(jobs, key=lambda j: first[j.product])
    return list(jobs)


def _sequenced(sketch: Sketch, jobs: list[Job], part: OrdersPart, path: Path) -> list[Job]:
    for n, name in enumerate(part.sequence):
        sketch.one_of((*path, "sequence", n), "order", name, [j.id for j in jobs])
    place = {name: n for n, name in enumerate(part.sequence)}
    return sorted(jobs, key=lambda j: place.get(j.id, len(place)))


def _job(sketch: Sketch, part: OrdersPart, job: JobPart, path: Path) -> Job | None:
    if not _makes(sketch, part.line, job.product, (*path, "product")):
        return None
    if job.done > job.parts:
        sketch.faults.add(
            (*path, "done"),
            f"of order {job.id} {job.done:g} parts of {job.parts:g} are done",
            "give at most all of them",
        )
        return None
    return Job(
        job.id,
        job.product,
        job.parts,
        sketch.moment(job.due) if job.due else None,
        job.done,
        sketch.moment(job.earliest) if job.earliest else None,
    )


def _mix(sketch: Sketch, part: OrdersPart, path: Path) -> None:
    mix = {int(code): share for code, share in (part.mix or {}).items()}
    wrong = [c for c in mix if not _makes(sketch, part.line, c, (*path, str(c)))]
    if abs(sum(mix.values()) - 1.0) > 1e-6:
        sketch.faults.add(path, f"the shares sum to {sum(mix.values()):g}", "let them sum to 1")
    elif not wrong:
        sketch.case = replace(sketch.case, mix={**sketch.case.mix, part.line: mix})


def _makes(sketch: Sketch, line: str, code: int, path: Path) -> bool:
    known = {p.code: p for p in sketch.plant.products}
    if code not in known:
        sketch.faults.unknown(path, "product", str(code), map(str, known))
        return False
    if not runs_on(sketch.plant, known[code], line):
        sketch.faults.add(
            path,
            f"product {code} has no planned run time on {line}",
            f"give it under `products: - {{code: {code}, run_s: {{{line}: {{value: ...}}}}}}`, or another line",
        )
        return False
    return True
