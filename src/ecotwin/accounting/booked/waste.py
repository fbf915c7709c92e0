"""Waste that is booked with its consignment note, joined with what the scales weigh, nothing counted twice.

A code that a scale of the element weighs counts as weighed; what is booked of it is only compared, and a difference
beyond the errors of both is told. A code that no scale weighs counts as booked. Where something is added to the
scales, the figures given here take the place of the metered ones of the same element and period.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ecotwin.accounting.contract import Desk
from ecotwin.accounting.entries import Sum, booked_sum, entries, joined, ratio, told
from ecotwin.accounting.kpis.waste import RATES, TREATED
from ecotwin.accounting.treatments import is_hazardous, is_treatment, is_waste_code
from ecotwin.records import Booking, Input, Measure


@dataclass(frozen=True, slots=True)
class Heap:
    """Waste of one code and treatment from one source."""

    code: str
    treatment: str
    mass: Sum


class BookedWaste:
    """The figures of `kpis/waste.py` with booked waste joined in."""

    name = "waste"
    indicators = (
        "waste.total",
        "waste.by_code",
        "waste.hazardous",
        "waste.by_treatment",
        *(i for i, _, _ in TREATED),
        *(i for i, _, _ in RATES),
    )
    kinds = ("waste",)

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Figures of an element with bookings of waste."""
        booked, words = _booked(desk, element)
        if not booked:
            return [], words
        weighed, silent = _weighed(desk, element)
        scales = {h.code for h in weighed}
        added = [h for h in booked if h.code not in scales]
        words += _compared(weighed, [h for h in booked if h.code in scales])
        lost = sorted(silent - {h.code for h in added})
        if lost:
            name = desk.plant.element(element).name
            why = f"the scales of {', '.join(lost)} were silent and nothing of it is booked"
            return [], [*words, f"Waste of {name} cannot be summed: {why}."]
        return (_figures(desk, element, [*weighed, *added]) if added else []), words


def _booked(desk: Desk, element: str) -> tuple[list[Heap], list[str]]:
    """Booked waste by code and treatment; unsound rows are refused one by one."""
    rows: dict[tuple[str, str], list[tuple[Booking, float]]] = defaultdict(list)
    words = []
    for booking, share in entries(desk, element, "waste"):
        code, treatment = booking.text("waste_code").strip(), booking.text("treatment").strip()
        fault = ""
        if booking.number("mass_kg") < 0.0:
            fault = f"says {booking.number('mass_kg'):g} kg, and no waste is negative"
        elif not is_waste_code(code):
            fault = (
                f"bears {code!r}, and a code of the European list is six digits such as 14 06 03*"
            )
        elif not is_treatment(treatment):
            fault = f"says it was treated by {treatment!r}, expected R1 to R13 or D1 to D15"
        if fault:
            words.append(
                f"The booking of waste {booking.id} {fault}: it is left out until it is corrected."
            )
        else:
            rows[code, treatment].append((booking, share))
    made = [
        Heap(code, treatment, booked_sum(of, lambda b: b.number("mass_kg"), "kg"))
        for (code, treatment), of in rows.items()
    ]
    return made, words


def _weighed(desk: Desk, element: str) -> tuple[list[Heap], set[str]]:
    """What the scales weighed, and the codes of scales whose figure cannot be had."""
    metered = desk.metered.get((element, "waste.total"))
    scales = tuple(desk.plant.all_of(element, "waste_mass"))
    if metered is None:
        return [], {s.waste_code or s.id for s in scales}
    heaps = []
    for one in metered.inputs:
        signal = desk.plant.signal(one.signal)
        part = abs(one.value) * metered.estimated_share
        half = math.hypot(signal.accuracy * one.value, 1.96 * 0.25 * part)
        mass = Sum(one.value, half, part, one.coverage, (one,))
        heaps.append(Heap(signal.waste_code or "no code given", signal.treatment, mass))
    return heaps, set()


def _compared(weighed: Sequence[Heap], booked: Sequence[Heap]) -> list[str]:
    words = []
    for code in sorted({h.code for h in booked}):
        scale = joined(h.mass for h in weighed if h.code == code)
        notes = joined(h.mass for h in booked if h.code == code)
        gap, error = notes.value - scale.value, math.hypot(scale.half, notes.half)
        if abs(gap) > error:
            words.append(
                f"Of waste {code} the scales weighed {scale.value:.4g} kg and {notes.value:.4g} kg are booked: "
                f"{abs(gap):.4g} kg {'more' if gap > 0 else 'less'}, where {error:.3g} kg can be error. The scales "
                "count; look for waste that went past the scale, that is still stored, or a wrong note."
            )
        ways = {h.treatment for h in booked if h.code == code}
        ours = {h.treatment for h in weighed if h.code == code}
        if not ways <= ours:
            words.append(
                f"Waste {code} is booked as treated by {', '.join(sorted(ways))}, the plant file says "
                f"{', '.join(sorted(t or 'nothing' for t in ours))} for its scale: correct one of them."
            )
    return words


def _figures(desk: Desk, element: str, heaps: Sequence[Heap]) -> list[Measure]:
    method = "waste/2: scales, and bookings of codes that no scale weighs; "
    made = [_of(desk, element, "waste.total", heaps, lambda h: h.code, method + "by code")]
    coded = all(is_waste_code(h.code) for h in heaps)
    treated = all(is_treatment(h.treatment) for h in heaps)
    if coded:
        made.append(
            _of(desk, element, "waste.by_code", heaps, lambda h: h.code, method + "by code")
        )
        chosen = [h for h in heaps if is_hazardous(h.code)]
        words = method + "codes with an asterisk"
        made.append(_of(desk, element, "waste.hazardous", chosen, lambda h: h.code, words))
    if not treated:
        return made
    by = method + "by code R or D"
    made.append(_of(desk, element, "waste.by_treatment", heaps, lambda h: h.treatment, by))
    for indicator, counts, words in TREATED:
        chosen = [h for h in heaps if counts(h.treatment)]
        made.append(_of(desk, element, indicator, chosen, lambda h: h.treatment, method + words))
    whole = joined(h.mass for h in heaps)
    for indicator, counts, words in RATES:
        part = joined(h.mass for h in heaps if counts(h.treatment))
        if whole.value > 0.0:
            way = f"{method}{words} / all waste"
            made.append(
                ratio(desk, element, indicator, part, whole, way, "waste of these treatments")
            )
    return made


def _of(
    desk: Desk, element: str, indicator: str, heaps: Sequence[Heap], key: Callable[[Heap], str], method: str
) -> Measure:  # fmt: skip
    total = joined(h.mass for h in heaps)
    if not heaps:
        total = Sum(0.0, 0.0, 0.0, 1.0, (Input("no waste of this sort", 0.0, "kg"),))
    split: dict[str, float] = defaultdict(float)
    for heap in heaps:
        split[key(heap)] += heap.mass.value
    return told(desk, element, indicator, "kg", total, method, split=split)


plug = BookedWaste()
