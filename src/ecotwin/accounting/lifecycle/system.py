"""A product system: processes, what they take from each other, and what they exchange with nature.

Sources: ISO 14040:2006 and ISO 14044:2006; Heijungs & Suh, The Computational Structure of LCA (2002), ch. 2.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from ecotwin.errors import FigureGap
from ecotwin.records.lifecycle import Database, Exchange, Flow, Process

SHOWN = 12
"""So many faults are named one by one; the rest is counted."""
KINDS = ("lognormal", "normal", "uniform", "triangular")


class ProductSystem:
    """Processes that fit together: every exchange is linked, every unit is that of what is delivered.

    Args:
        processes: Each with one reference product. flows: What they exchange with nature.
        unlinked: `refuse`, or `cut off`: exchanges whose process is not here count as free of burden and
            are named in `cut_off`.

    Raises:
        FigureGap: The processes do not fit together; what is wrong is named.
    """

    def __init__(
        self, processes: Iterable[Process], flows: Iterable[Flow] = (), *, unlinked: str = "refuse"
    ) -> None:
        if unlinked not in ("refuse", "cut off"):
            raise FigureGap(
                f"unlinked exchanges are to be treated as {unlinked!r}",
                expected="`refuse` or `cut off`",
                remedy="choose one of them",
            )
        self.processes = tuple(processes)
        self.flows = tuple(flows)
        self.place = {p.id: n for n, p in enumerate(self.processes)}
        self.flow_place = {f.id: n for n, f in enumerate(self.flows)}
        found = faults(self.processes, self.flows)
        loose = loose_ends(self.processes)
        self.cut_off: tuple[str, ...] = loose if unlinked == "cut off" else ()
        """Exchanges that count as free of burden because nobody here delivers them."""
        if unlinked == "refuse":
            found += loose
        if found:
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            raise FigureGap(
                f"the product system has {len(found)} faults: {'; '.join(found[:SHOWN])}{more}",
                expected="every exchange linked to a process here, in the unit of its product",
                remedy="mend what is named; unlinked exchanges may be cut off knowingly",
            )
        if self.cut_off:
            known = self.place
            self.processes = tuple(
                replace(p, inputs=tuple(e for e in p.inputs if e.flow in known))
                for p in self.processes
            )

    @classmethod
    def of(cls, *databases: Database, unlinked: str = "refuse") -> ProductSystem:
        """The system of one or more databases; a flow that several know alike stands once."""
        flows = dict.fromkeys(f for d in databases for f in d.flows)
        return cls((p for d in databases for p in d.processes), flows, unlinked=unlinked)

    def process(self, id: str) -> Process:  # noqa: A002
        """A process.

        Raises:
            FigureGap: There is none of this id.
        """
        if id not in self.place:
            raise FigureGap(
                f"there is no process {id!r} in the product system",
                expected=f"one of its {len(self.processes)} processes",
                remedy="look it up by the name of its product",
            )
        return self.processes[self.place[id]]

    def find(self, product: str) -> Process:
        """The one process of this id, or whose product or name is this.

        Raises:
            FigureGap: None, or several: they are named.
        """
        if product in self.place:
            return self.process(product)
        wanted = product.casefold()
        found = self._named.get(wanted) or [
            p
            for p in self.processes
            if wanted in p.product.casefold() or wanted in p.name.casefold()
        ]
        if len(found) == 1:
            return found[0]
        shown = "; ".join(f"{p.id} ({p.product}, {p.name}, {p.place})" for p in found[:SHOWN])
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise FigureGap(
            f"{len(found) or 'no'} process{'es' if len(found) != 1 else ''} make {product!r}"
            + (f": {shown}{more}" if found else ""),
            expected="exactly one",
            remedy="name its id" if found else "check the spelling",
        )

    @cached_property
    def _named(self) -> dict[str, list[Process]]:
        named: dict[str, list[Process]] = {}
        for p in self.processes:
            for name in {p.product.casefold(), p.name.casefold()}:
                named.setdefault(name, []).append(p)
        return named


def faults(processes: tuple[Process, ...], flows: tuple[Flow, ...]) -> tuple[str, ...]:
    """What keeps processes from being a system, unlinked exchanges left aside; empty when nothing does."""
    found = [
        f"the process {i!r} stands there {n} times" for i, n in _twice(p.id for p in processes)
    ]
    found += [f"the flow {i!r} stands there {n} times" for i, n in _twice(f.id for f in flows)]
    units = {p.id: p.unit for p in processes}
    natural = {f.id: f.unit for f in flows}
    for p in processes:
        if not math.isfinite(p.amount) or p.amount == 0.0:
            found.append(
                f"{p.id} makes {p.amount} {p.unit} of {p.product or 'nothing'}: no reference flow"
            )
        for e in p.inputs:
            if e.flow in units and e.unit != units[e.flow]:
                found.append(
                    f"{p.id} takes {e.name or e.flow} in {e.unit}, which is made in {units[e.flow]}"
                )
        for e in p.nature:
            if e.flow not in natural:
                found.append(
                    f"{p.id} exchanges {e.name or e.flow!r} with nature, a flow that nobody defines"
                )
            elif e.unit != natural[e.flow]:
                found.append(
                    f"{p.id} has {e.name or e.flow} in {e.unit}, defined in {natural[e.flow]}"
                )
        found += [
            words
            for e in (*p.inputs, *p.nature)
            for words in _odd(p, e)
            if e.spread or not math.isfinite(e.amount)
        ]
    return tuple(found)


def loose_ends(processes: tuple[Process, ...]) -> tuple[str, ...]:
    """Exchanges with processes that are not there."""
    known = {p.id for p in processes}
    return tuple(
        f"{p.id} takes {e.amount:g} {e.unit} of {e.name or e.flow!r}, which no process here makes"
        for p in processes
        for e in p.inputs
        if e.flow not in known
    )


def _odd(process: Process, exchange: Exchange) -> Iterable[str]:
    where = f"{exchange.name or exchange.flow} of {process.id}"
    if not math.isfinite(exchange.amount):
        yield f"{where} is {exchange.amount}"
    spread = exchange.spread
    if spread is None:
        return
    if spread.kind not in KINDS:
        yield f"{where} is spread {spread.kind!r}, not {', '.join(KINDS)}"
    elif spread.kind in ("lognormal", "normal"):
        if not (math.isfinite(spread.deviation) and spread.deviation >= 0.0):
            yield f"{where} has the standard deviation {spread.deviation}"
    elif not spread.low <= spread.high:
        yield f"{where} lies between {spread.low} and {spread.high}"
    elif spread.kind == "triangular":
        mode = exchange.amount if spread.mode is None else spread.mode
        if not spread.low <= mode <= spread.high:
            yield f"{where} has its mode {mode} outside {spread.low} to {spread.high}"


def _twice(ids: Iterable[str]) -> Iterable[tuple[str, int]]:
    return ((i, n) for i, n in Counter(ids).items() if n > 1)
