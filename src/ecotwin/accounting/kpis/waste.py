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
from ecotwin.accounting.treatments import (
    is_disposed,
    is_diverted,
    is_hazardous,
    is_landfilled,
    is_not_recycled,
    is_treatment,
    is_waste_code,
    is_zero_waste,
)
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Input, Measure


class Waste(Family):
    """Totals by code and treatment, hazardous, diverted, disposed and non-recycled waste, and their shares."""

    name = "waste"
    indicators = (
        "waste.total",
        "waste.by_code",
        "waste.hazardous",
        "waste.by_treatment",
        "waste.diverted",
        "waste.disposed",
        "waste.landfill",
        "waste.non_recycled",
        "waste.non_recycled_share",
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
            partial(_by_code, tally, signals),
            partial(_hazardous, tally, signals),
            partial(_by_treatment, tally, signals),
            *(partial(_treated, tally, signals, *of) for of in TREATED),
            *(partial(_rate, tally, signals, *of) for of in RATES),
        ]
        made, gaps = attempt(makers)
        return made, list(dict.fromkeys(gaps))


TREATED = (
    ("waste.diverted", is_diverted, "reuse and R2 to R13 (ESRS E5-5, GRI 306)"),
    ("waste.disposed", is_disposed, "D1 to D15 and R1 (ESRS E5-5, GRI 306)"),
    ("waste.landfill", is_landfilled, "D1 and D5"),
    ("waste.non_recycled", is_not_recycled, "all but reuse and R2 to R9 (ESRS E5-5)"),
)
"""Masses chosen by treatment: indicator, rule, words."""
RATES = (
    ("waste.non_recycled_share", is_not_recycled, "all but reuse and R2 to R9"),
    ("waste.diversion_rate", is_diverted, "reuse and R2 to R13"),
    (
        "waste.diversion_rate_zero_waste",
        is_zero_waste,
        "reuse and R1 to R13, as zero-waste schemes count",
    ),
)
"""Shares of all waste by treatment: indicator, rule, words."""


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
        method="waste/2: sum of the scales, by code of 2000/532/EC",
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

    sound = is_waste_code if field == "waste_code" else is_treatment
    wrong = [s for s in signals if not sound(getattr(s, field))]
    if wrong:
        told = ", ".join(f"{s.id} says {getattr(s, field)!r}" for s in wrong)
        form = "six digits such as 14 06 03*" if field == "waste_code" else "R1 to R13 or D1 to D15"
        raise FigureGap(
            f"no {words} is {told}", expected=form, remedy="correct it in the plant file"
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
    method = "waste/2: codes with an asterisk"
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
        method="waste/2: by code R or D of 2008/98/EC",
        split=split,
    )


def _by_code(tally: Tally, signals: tuple[Signal, ...]) -> Measure:
    _stated(signals, "waste_code", "waste code")
    amount = _mass(tally, signals)
    split = _grouped(amount, signals, lambda s: s.waste_code)
    method = "waste/2: by code of 2000/532/EC"
    return measure(tally, "waste.by_code", "kg", amount, method=method, split=split)


def _treated(
    tally: Tally,
    signals: tuple[Signal, ...],
    indicator: str,
    counts: Callable[[str], bool],
    words: str,
) -> Measure:
    _stated(signals, "treatment", "treatment")
    method = f"waste/2: {words}"
    chosen = tuple(s for s in signals if counts(s.treatment))
    if not chosen:
        return _none(tally, signals, indicator, method)
    amount = _mass(tally, chosen)
    split = _grouped(amount, chosen, lambda s: s.treatment)
    return measure(tally, indicator, "kg", amount, method=method, split=split)


def _rate(
    tally: Tally,
    signals: tuple[Signal, ...],
    indicator: str,
    counts: Callable[[str], bool],
    words: str,
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
        f"waste/2: {words} / all waste",
        (
            Input("waste of these treatments", kept, "kg", "", amount.coverage),
            Input("waste", amount.value, "kg", "", amount.coverage),
        ),
        (),
        kept,
        amount.value,
    )


plug = Waste()
