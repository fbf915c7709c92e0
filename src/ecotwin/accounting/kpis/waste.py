"""Waste by code, hazard and treatment.

Diversion follows ESRS E5-5 and GRI 306: reuse, recycling and other recovery count as diverted;
burning, even with energy recovery (R1), is directed to disposal. Zero-waste schemes often count R1
as diverted: that figure stands apart.

Sources: Directive 2008/98/EC, Annexes I and II; Decision 2000/532/EC (`*`: hazardous).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from ecotwin.accounting.amounts import Amount, attempt, measure, settle
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Input, Measure


class Waste(Family):
    """`waste.total`, `waste.hazardous`, `waste.by_treatment`, `waste.diverted` and diversion rates."""

    name = "waste"
    indicators = (
        "waste.total",
        "waste.hazardous",
        "waste.by_treatment",
        "waste.diverted",
        "waste.diversion_rate",
        "waste.diversion_rate_zero_waste",
    )

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Every waste scale at or below the element."""
        return tuple(plant.all_of(element, "waste_mass"))

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Each figure; hazard needs every code, diversion every treatment."""
        signals = tuple(self.signals(plant, tally.element))
        makers: list[Callable[[], Measure | None]] = [
            partial(_total, tally, signals),
            partial(_hazardous, tally, signals),
            partial(_by_treatment, tally, signals),
            partial(_diverted, tally, signals),
            partial(_rate, tally, signals, "waste.diversion_rate", is_diverted),
            partial(_rate, tally, signals, "waste.diversion_rate_zero_waste", is_zero_waste),
        ]
        made, gaps = attempt(makers)
        return made, list(dict.fromkeys(gaps))


def is_hazardous(code: str) -> bool:
    """Whether a code of the European list of waste bears the asterisk.

    >>> is_hazardous("13 02 05*"), is_hazardous("15 01 01")
    (True, False)
    """
    return code.strip().endswith("*")


def is_diverted(treatment: str) -> bool:
    """Whether a treatment diverts waste from disposal by ESRS and GRI: R2 to R13.

    >>> [is_diverted(t) for t in ("R1", "R4", "D10")]
    [False, True, False]
    """
    return treatment.startswith("R") and treatment != "R1"


def is_zero_waste(treatment: str) -> bool:
    """Whether zero-waste schemes count a treatment as diverted: any recovery, R1 too.

    >>> is_zero_waste("R1")
    True
    """
    return treatment.startswith("R")


def _mass(tally: Tally, signals: Iterable[Signal]) -> Amount:
    amount = settle(tally.sums, [(1.0, s) for s in signals])
    for one in amount.inputs:
        if one.value < -1e-6:
            raise FigureGap(
                f"{one.signal} gained {one.value:.3g} kg of waste",
                expected="no negative waste",
                remedy="see why the scale ran backwards",
            )
    return amount


def _grouped(
    amount: Amount, signals: Iterable[Signal], key: Callable[[Signal], str]
) -> dict[str, float]:
    split: dict[str, float] = defaultdict(float)
    for one, signal in zip(amount.inputs, signals, strict=True):
        split[key(signal)] += one.value
    return dict(split)


def _total(tally: Tally, signals: tuple[Signal, ...]) -> Measure:
    amount = _mass(tally, signals)
    split = _grouped(amount, signals, lambda s: s.waste_code or "no code given")
    return measure(
        tally,
        "waste.total",
        "kg",
        amount,
        method="waste/1: sum of the scales, by code of 2000/532/EC",
        split=split,
    )


def _stated(signals: Iterable[Signal], field: str, words: str) -> None:
    lacking = [s.id for s in signals if not getattr(s, field)]
    if lacking:
        raise FigureGap(
            f"no {words} is given for {', '.join(lacking)}",
            expected=f"`{field}` of every waste signal",
            remedy="add it to the plant file",
        )


def _none(tally: Tally, signals: Iterable[Signal], indicator: str, method: str) -> Measure:
    amount = _mass(tally, signals)
    return Measure(
        tally.element,
        indicator,
        0.0,
        "kg",
        tally.period,
        amount.coverage,
        0.0,
        0.0,
        0.0,
        method,
        amount.inputs,
        (),
        0.0,
        1.0,
    )


def _hazardous(tally: Tally, signals: tuple[Signal, ...]) -> Measure:
    _stated(signals, "waste_code", "waste code")
    method = "waste/1: codes with an asterisk"
    chosen = tuple(s for s in signals if is_hazardous(s.waste_code))
    if not chosen:
        return _none(tally, signals, "waste.hazardous", method)
    amount = _mass(tally, chosen)
    return measure(
        tally,
        "waste.hazardous",
        "kg",
        amount,
        method=method,
        split=_grouped(amount, chosen, lambda s: s.waste_code),
    )


def _by_treatment(tally: Tally, signals: tuple[Signal, ...]) -> Measure:
    _stated(signals, "treatment", "treatment")
    amount = _mass(tally, signals)
    split = _grouped(amount, signals, lambda s: s.treatment)
    return measure(
        tally,
        "waste.by_treatment",
        "kg",
        amount,
        method="waste/1: by code R or D of 2008/98/EC",
        split=split,
    )


def _diverted(tally: Tally, signals: tuple[Signal, ...]) -> Measure:
    _stated(signals, "treatment", "treatment")
    method = "waste/1: R2 to R13 (ESRS E5-5, GRI 306)"
    chosen = tuple(s for s in signals if is_diverted(s.treatment))
    if not chosen:
        return _none(tally, signals, "waste.diverted", method)
    amount = _mass(tally, chosen)
    return measure(
        tally,
        "waste.diverted",
        "kg",
        amount,
        method=method,
        split=_grouped(amount, chosen, lambda s: s.treatment),
    )


def _rate(
    tally: Tally, signals: tuple[Signal, ...], indicator: str, counts: Callable[[str], bool]
) -> Measure | None:
    _stated(signals, "treatment", "treatment")
    amount = _mass(tally, signals)
    if amount.value <= 0.0:
        return None
    kept = sum(
        one.value for one, s in zip(amount.inputs, signals, strict=True) if counts(s.treatment)
    )
    share = kept / amount.value
    half = share * (1.0 - share) * 2.0 * amount.half / amount.value
    words = "R2 to R13" if counts is is_diverted else "R1 to R13, as zero-waste schemes count"
    return Measure(
        tally.element,
        indicator,
        share,
        "1",
        tally.period,
        amount.coverage,
        amount.estimated_share,
        max(0.0, share - half),
        min(1.0, share + half),
        f"waste/1: {words} / all waste",
        (
            Input("waste recovered", kept, "kg", "", amount.coverage),
            Input("waste", amount.value, "kg", "", amount.coverage),
        ),
        (),
        kept,
        amount.value,
    )


plug = Waste()
