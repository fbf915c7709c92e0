"""Joins figures of neighbouring spans: what terms or days kept apart becomes one figure of the whole span.

Amounts add up, ratios are ratios of the sums. A meter is as wrong in one span as in the next, so intervals add up
too. What must not be mixed (units, currencies, GWP sets) is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ecotwin.accounting.factors import one_gwp_set
from ecotwin.clock import Period
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.records import FactorUse, Input, Measure


def joined(parts: Sequence[Measure]) -> Measure:
    """One figure of several that follow each other.

    Args:
        parts: Of one element and indicator, in time order.

    Raises:
        FigureGap: They are in different units or currencies, or weigh gases by different sets.
    """
    if len(parts) == 1:
        return parts[0]
    first, last = parts[0], parts[-1]
    _one_kind(parts)
    above = sum(m.numerator or 0.0 for m in parts)
    ratio = any(m.denominator != 1.0 for m in parts)
    below = sum(m.denominator or 0.0 for m in parts) if ratio else 1.0
    if not below:
        raise FigureGap(
            f"{first.indicator} of {first.element} has nothing to be divided by",
            expected="a denominator above zero",
            remedy="ask for a span in which there was some",
        )
    weights = [(m.denominator or 0.0) / below if ratio else 1.0 for m in parts]
    value = above / below
    low = value - sum(w * (m.value - m.low) for w, m in zip(weights, parts, strict=True))
    high = value + sum(w * (m.high - m.value) for w, m in zip(weights, parts, strict=True))
    return replace(
        first,
        value=value,
        period=Period(first.period.start, last.period.end),
        coverage=_mean(parts, [m.period.seconds for m in parts], "coverage"),
        estimated_share=_mean(parts, [abs(m.numerator or 0.0) for m in parts], "estimated_share"),
        low=low,
        high=high,
        method="; then ".join(dict.fromkeys(m.method for m in parts)),
        inputs=_inputs(parts),
        factors=_factors(f for m in parts for f in m.factors),
        numerator=above,
        denominator=below,
        split=_split(parts, weights),
        known_at=max((m.known_at for m in parts if m.known_at), default=None),
    )


def _one_kind(parts: Sequence[Measure]) -> None:
    """Refuse parts of different units or sets of GWP, and those that do not add up over time."""
    first, last = parts[0], parts[-1]
    units = tuple(dict.fromkeys(m.unit for m in parts))
    if len(units) > 1:
        raise FigureGap(
            f"{first.indicator} of {first.element} is in {' and '.join(units)} within {first.period.start} to "
            f"{last.period.end}",
            expected="one unit over the whole span",
            remedy="ask for the spans before and after the change apart",
        )
    try:
        one_gwp_set(f for m in parts for f in m.factors)
    except FactorGap as gap:
        raise FigureGap(
            f"{first.indicator} of {first.element} would mix sets of GWP: {gap.found}",
            expected="one set over the whole span",
            remedy="ask for the spans before and after the change apart",
        ) from None
    if any(m.numerator is None or m.denominator is None for m in parts):
        raise FigureGap(
            f"{first.indicator} of {first.element} does not add up over time",
            expected="sums or ratios of sums",
            remedy="ask for a span within which the terms did not change",
        )


def join_all(
    spans: Sequence[Iterable[Measure]],
) -> tuple[tuple[Measure, ...], tuple[tuple[str, str], ...]]:
    """Figures of each span as figures of all, and what cannot be joined: (element, sentence).

    A figure that one of the spans lacks is left out and named. Of two of one element and indicator in one span the
    later counts: what books complete takes the place of what meters tell alone.
    """
    by: dict[tuple[str, str], list[Measure]] = {}
    for span in spans:
        for key, m in {(m.element, m.indicator): m for m in span}.items():
            by.setdefault(key, []).append(m)
    made: list[Measure] = []
    gaps: list[tuple[str, str]] = []
    for (element, indicator), parts in by.items():
        if len(parts) < len(spans):
            some = " and ".join(str(m.period) for m in parts)
            gaps.append(
                (element, f"{indicator} can be had for {some} only, not for the whole span")
            )
            continue
        try:
            made.append(joined(parts))
        except FigureGap as gap:
            gaps.append((element, str(gap)))
    return tuple(made), tuple(gaps)


def _mean(parts: Sequence[Measure], weights: Sequence[float], name: str) -> float:
    total = sum(weights)
    if not total:
        weights, total = [1.0] * len(parts), float(len(parts))
    return float(sum(w * getattr(m, name) for w, m in zip(weights, parts, strict=True)) / total)


def _inputs(parts: Sequence[Measure]) -> tuple[Input, ...]:
    """Inputs of one name and signal summed, their coverage weighed by time."""
    found: dict[tuple[str, str, str, str], list[tuple[float, Input]]] = {}
    for m in parts:
        for i in m.inputs:
            kind = i.measure.rsplit(":", 1)[0] if i.measure.count(":") >= 2 else i.measure
            found.setdefault((i.name, i.unit, i.signal, kind), []).append((m.period.seconds, i))
    made = []
    for (name, unit, signal, _), some in found.items():
        time = sum(t for t, _ in some) or 1.0
        coverage = sum(t * i.coverage for t, i in some) / time
        made.append(Input(name, sum(i.value for _, i in some), unit, signal, coverage))
    return tuple(made)


def _factors(used: Iterable[FactorUse]) -> tuple[FactorUse, ...]:
    return tuple(dict.fromkeys(used))


def _split(parts: Sequence[Measure], weights: Sequence[float]) -> dict[str, float]:
    names = dict.fromkeys(name for m in parts for name in m.split)
    return {
        n: sum(w * m.split.get(n, 0.0) for w, m in zip(weights, parts, strict=True)) for n in names
    }
