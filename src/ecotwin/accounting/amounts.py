"""Sums of signals in a tally, and what they come to over a period.

A tally holds for each signal `measured estimated covered filled total variance` under
`signal|name`, so that any number of windows add up; `settle` turns the sum into a value with
coverage, estimated share and interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from ecotwin.accounting.contract import Tally
from ecotwin.accounting.flows import CARRIERS, Use, flows_of
from ecotwin.accounting.steps import ENOUGH, LEFT_OVER_SD, Steps
from ecotwin.accounting.uncertainty import independent
from ecotwin.clock import Period
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import FactorUse, Input, Measure

_NAMES = ("measured", "estimated", "covered", "filled", "total", "variance")


@dataclass(frozen=True, slots=True)
class Amount:
    """A signed sum of signals over a period.

    Attributes:
        value: The sum. half: Half of the 95 % interval. estimated: Part of the value that was
            estimated.
        coverage: Share of the period really measured, the signals weighed by their amounts.
        scale: value / sum of what the windows held: weights taken in windows are scaled by it.
        inputs: One a signal.
    """

    value: float
    half: float
    estimated: float
    coverage: float
    scale: float
    inputs: tuple[Input, ...]

    @property
    def estimated_share(self) -> float:
        """Share of the value that was estimated, 0..1."""
        return (
            min(1.0, abs(self.estimated) / abs(self.value))
            if self.value
            else min(1.0, float(self.estimated > 0))
        )


def tally_signals(steps: Steps, signals: Iterable[Signal]) -> dict[str, float]:
    """The sums of some signals over a window."""
    sums: dict[str, float] = {}
    hours = steps.window.steps * steps.step_h
    for signal in signals:
        column = steps.column(signal)
        if column is None:
            sums[f"{signal.id}|total"] = hours
            continue
        key = f"{signal.id}|"
        sums[key + "measured"] = column.measured
        sums[key + "covered"] = column.covered_h
        sums[key + "total"] = column.total_h
        if column.filled_h or column.estimated:
            sums[key + "estimated"] = column.estimated
            sums[key + "filled"] = column.filled_h
            sums[key + "variance"] = column.variance
    return sums


def settle(sums: Mapping[str, float], terms: Iterable[tuple[float, Signal]]) -> Amount:
    """What signed signals come to over the whole period.

    A meter's error is the same at all times (linear over time), errors of different meters are
    independent (in quadrature); estimates add their own variance.

    Raises:
        FigureGap: A signal was measured for less than half of the period.
    """
    value = estimated = variance = known = weight = weighed = 0.0
    inputs = []
    for sign, signal in terms:
        got = _signal(sums, signal)
        value += sign * got[0]
        known += sign * got[4]
        estimated += abs(got[1])
        variance += got[2] + (signal.accuracy * got[0] / 1.96) ** 2
        weight += abs(got[0])
        weighed += abs(got[0]) * got[3]
        inputs.append(Input(_label(signal), sign * got[0], _amount_unit(signal), signal.id, got[3]))
    if not inputs:
        raise FigureGap(
            "nothing measures this",
            expected="at least one meter",
            remedy="add one to the plant file",
        )
    plain = sum(i.coverage for i in inputs) / len(inputs)
    coverage = weighed / weight if weight else plain
    scale = value / known if known else 1.0
    return Amount(value, 1.96 * math.sqrt(variance), estimated, coverage, scale, tuple(inputs))


def _signal(sums: Mapping[str, float], signal: Signal) -> tuple[float, float, float, float, float]:
    """Value, estimated part, variance, coverage and what the windows held, of one signal."""
    measured, estimated, covered, filled, total, variance = (
        sums.get(f"{signal.id}|{n}", 0.0) for n in _NAMES
    )
    share = covered / total if total else 0.0
    known_h = covered + filled
    is_filled = signal.form == "rate" and signal.sensed is None
    if not total or known_h / total < ENOUGH or (is_filled and share < ENOUGH - 1e-9):
        verb, seen = (
            ("measured", share) if signal.sensed is None else ("told", known_h / (total or 1.0))
        )
        raise FigureGap(
            f"{signal.id} was {verb} for {seen:.0%} of the time".replace("%", " %"),
            expected="at least 50 %",
            remedy=f"see why {signal.id} is silent, or take a period in which it was measured",
        )
    held = measured + estimated
    left = held / known_h * (total - known_h) if total - known_h > 1e-9 * total else 0.0
    spread = variance + (LEFT_OVER_SD * left) ** 2
    return held + left, estimated + left, spread, min(1.0, share), held


def use_terms(use: Use) -> tuple[tuple[float, Signal], ...]:
    """The signed signals of a use."""
    return tuple((t.sign, t.signal) for t in use.terms)


def use_signals(
    plant: Plant, element: str, carrier: str, *, parts: bool = True
) -> tuple[Signal, ...]:
    """Signals of an element's use and, for the split, of its direct parts' uses."""
    flows = flows_of(plant)
    use = flows.use(element, carrier)
    if use is None:
        return ()
    found = {t.signal.id: t.signal for t in use.terms}
    for part in use.parts if parts else ():
        below = flows.use(part, carrier)
        found |= {t.signal.id: t.signal for t in below.terms} if below else {}
    return tuple(found.values())


def split_parts(
    plant: Plant, use: Use, sums: Mapping[str, float], total: float, scale: float = 1.0
) -> dict[str, float]:
    """The use of each direct part and the rest, so that all sum to `total`; a part without data stays in the rest."""
    if not use.parts:
        return {}
    split: dict[str, float] = {}
    for part in use.parts:
        below = flows_of(plant).use(part, use.carrier)
        try:
            split[part] = settle(sums, use_terms(below)).value * scale if below else 0.0
        except FigureGap:
            continue
    rest = total - sum(split.values())
    if abs(rest) > 1e-9 * max(1.0, abs(total)):
        split[use.rest] = rest
    return split


def of_part(sums: Mapping[str, float], part: str) -> dict[str, float]:
    """What a family tallied for a part of its place: the keys are the same behind `part>`."""
    return {f"{part}>{key}": value for key, value in sums.items()}


def part_tally(tally: Tally, part: str) -> Tally:
    """The tally that a part would have by itself, from that of the place above it."""
    mark = f"{part}>"
    plain = {k: v for k, v in tally.sums.items() if ">" not in k}
    own = {k.removeprefix(mark): v for k, v in tally.sums.items() if k.startswith(mark)}
    return Tally(part, tally.period, plain | own)


def split_figures(
    total: Measure, parts: Iterable[str], make: Callable[[str], Measure | None], rest: str
) -> Measure:
    """A figure split into the same figure of its parts and what they leave over, so that all sum to it.

    A part whose figure cannot be had stays in the rest.
    """
    split: dict[str, float] = {}
    for part in parts:
        made, _ = attempt([partial(make, part)])
        split |= {part: made[0].value} if made else {}
    left = total.value - math.fsum(split.values())
    if split and abs(left) > 1e-12 * max(1e-9, abs(total.value), *map(abs, split.values())):
        split[rest] = left
    return replace(total, split=split)


def unbalanced(plant: Plant, tally: Tally, carrier: str) -> str:
    """A sentence when the parts use more than their own meter says, beyond the meters' errors."""
    use = flows_of(plant).use(tally.element, carrier)
    if use is None or not use.parts or use.rule.startswith("sum"):
        return ""
    try:
        total = settle(tally.sums, use_terms(use))
        below = [flows_of(plant).use(part, carrier) for part in use.parts]
        parts = [settle(tally.sums, use_terms(part)) for part in below if part]
    except FigureGap:
        return ""
    excess = sum(p.value for p in parts) - total.value
    if excess <= independent([total.half, *(p.half for p in parts)]) + 1e-9:
        return ""
    return (
        f"{tally.element}: its parts used {excess:.4g} {CARRIERS[carrier].unit} more {carrier} than {use.rule} "
        "shows, beyond the meters' errors. What to do: check the meters, and in the flow graph which feeds which."
    )


def measure(
    tally: Tally,
    indicator: str,
    unit: str,
    amount: Amount,
    *,
    method: str,
    factor: float = 1.0,
    relative: float = 0.0,
    value: float | None = None,
    split: Mapping[str, float] | None = None,
    factors: tuple[FactorUse, ...] = (),
) -> Measure:
    """A measure of an amount x factor; `relative`: half-width of the factor, the same in every part."""
    got = amount.value * factor if value is None else value
    own = abs(amount.half / amount.value) if amount.value else 0.0
    half = abs(got) * math.hypot(own, relative) if amount.value else amount.half * abs(factor)
    return Measure(
        tally.element,
        indicator,
        got,
        unit,
        tally.period,
        amount.coverage,
        amount.estimated_share,
        got - half,
        got + half,
        method,
        amount.inputs,
        factors,
        got,
        1.0,
        dict(split or {}),
    )


def attempt(makers: Iterable[Callable[[], Measure | None]]) -> tuple[list[Measure], list[str]]:
    """Measures that can be had, and the words of those that cannot."""
    from ecotwin.errors import FactorGap

    made, gaps = [], []
    for maker in makers:
        try:
            figure = maker()
        except (FactorGap, FigureGap) as gap:
            gaps.append(str(gap))
        else:
            made += [figure] if figure is not None else []
    return made, gaps


def whole(window_period: Period, element: str, sums: dict[str, float]) -> Tally:
    """A tally of a window."""
    return Tally(element, window_period, sums)


def _amount_unit(signal: Signal) -> str:
    unit = signal.unit
    return ("kWh" if unit == "kW" else unit.removesuffix("/h")) if signal.form == "rate" else unit


def _label(signal: Signal) -> str:
    if signal.sensed is None:
        return f"{signal.element}: {signal.name}"
    inputs = ", ".join(i.removeprefix(f"{signal.element}.") for i in signal.sensed.inputs)
    return f"{signal.element}: {signal.name}, estimated from {inputs} by a sensor held to {signal.sensed.reference}"
