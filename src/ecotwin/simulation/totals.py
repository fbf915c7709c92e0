"""Figures of several cases made comparable: the same parts in every total, the same materials in every sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from ecotwin.records import Floats
from ecotwin.simulation.outcome import Figures, kinds


def with_totals(sets: Iterable[Figures]) -> tuple[list[dict[str, Floats]], dict[str, str]]:
    """Figures of several cases with comparable totals: a part that one case lacks is left out of all.

    Returns:
        A mapping figure -> [runs] for each case, all with the same figures; and figure -> why it was left out. An
        amount that a case never booked is zero there.
    """
    known, left = even(list(sets))
    gaps = {k: text for s in known for k, text in s.gaps.items()}
    paid = ["cost.labour" in s.values for s in known if "people.operator" in s.values]
    if any(paid) and not all(paid):
        gaps["cost.labour"] = (
            "only some cases price people: give `prices` in a scenario that holds under all"
        )
    order = kinds()
    present = [k for k in order if k not in gaps and any(k in s.values for s in known)]
    rows = []
    for one in known:
        zero = np.zeros(len(one.bought_kw))
        row = {k: one.values.get(k, zero) for k in present}
        for total in ("co2e.total", "co2e.total_market", "cost.total"):
            parts = [row[k] for k in present if total in order[k].part_of]
            if parts:
                row[total] = np.asarray(np.sum(parts, axis=0), np.float64)
        rows.append({k: row[k] for k in order if k in row})
    return rows, {**left, **gaps}


MORE_SHARE = 0.01
"""A material without a factor may be left out of all cases while no case needs more of it than this share above."""


def even(sets: list[Figures]) -> tuple[list[Figures], dict[str, str]]:
    """Figures of materials over the same materials in all cases.

    What one case has no factor or price for is taken out of all, by name. Where a scenario brings such a material in,
    or needs more of it a part, leaving it out would look like a saving: the figure is then left out as a whole.

    Returns:
        The figures, and figure -> which materials are in none of the cases.
    """
    words: dict[str, str] = {}
    for figure in ("co2e.materials", "co2e.freight", "cost.materials"):
        lacks = list(dict.fromkeys(m for s in sets for m in s.unrated.get(figure, {})))
        if not lacks or any(figure in s.gaps for s in sets):
            continue
        first = sets[0].unrated.get(figure, {})
        moved = [m for m in lacks if any(_brings(s, sets[0], figure, m, first) for s in sets[1:])]
        if moved:
            text = (
                f"a scenario needs other amounts of {', '.join(moved)}, for which nothing is given"
            )
            sets = [replace(s, gaps={**s.gaps, figure: text}) for s in sets]
            continue
        words[figure] = (
            f"without {', '.join(lacks)}, for which nothing is given, in all cases alike"
        )
        sets = [_taken_out(s, figure, lacks) for s in sets]
    return sets, words


def _brings(
    one: Figures, base: Figures, figure: str, material: str, first: Mapping[str, Floats]
) -> bool:
    own = one.unrated.get(figure, {}).get(material)
    if own is None:
        return False
    if material not in first:
        return material not in base.parts.get(figure, {})
    return bool(own.mean() > first[material].mean() * (1.0 + MORE_SHARE))


def _taken_out(one: Figures, figure: str, lacks: list[str]) -> Figures:
    parts = {m: v for m, v in one.parts.get(figure, {}).items() if m not in lacks}
    total = np.asarray(sum(parts.values(), np.zeros(len(one.bought_kw))), np.float64)
    return replace(one, parts={**one.parts, figure: parts}, values={**one.values, figure: total})
