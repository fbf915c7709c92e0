"""What a cause is called, what kind of finding it makes, and which causes are one.

A cause is `PLACE:WHAT`: the id of an element, signal or balance, and one of the words of `KINDS`.
"""

from __future__ import annotations

from datetime import timedelta

from ecotwin.clock import instant
from ecotwin.detection.columns import called
from ecotwin.plant.model import Plant
from ecotwin.records import Score, Severity
from ecotwin.units import said

KINDS = {
    "power": "excess",
    "idle": "excess",
    "sun": "excess",
    "compressed_air": "excess",
    "water": "excess",
    "nitrogen": "excess",
    "gas": "excess",
    "scrap": "process",
    "drift": "process",
    "peak": "process",
    "limit": "process",
    "permit": "permit",
    "permit_soon": "permit",
    "stuck": "sensor",
    "zero": "sensor",
    "meter": "sensor",
    "untrue": "sensor",
    "gap": "data",
}

QUIET = {
    "excess": timedelta(hours=2),
    "process": timedelta(minutes=30),
    "permit": timedelta(hours=24),
    "sensor": timedelta(minutes=10),
    "data": timedelta(minutes=5),
}
"""How long a cause must be quiet before its finding closes."""

ACT_MONEY_PER_DAY = 50.0
ACT_CO2E_KG_PER_DAY = 75.0
ACT_Z = 8.0
EBB_SHARE = 0.5
"""An excess that is less than this share of its mean is ebbing away."""


def what(cause: str) -> str:
    """The word after the place.

    >>> what("oven_2:power"), what("site:gap:plc")
    ('power', 'gap')
    """
    return (*cause.split(":"), "")[1]


def kind(cause: str) -> str:
    """Kind of finding; a foreign detector's word counts as a process finding."""
    return KINDS.get(what(cause), "process")


def severity(cause: str, z: float, co2e_kg: float | None, money: float | None) -> Severity:
    """Act on what is dear, dangerous to a permit or far out of hand; watch the rest."""
    if kind(cause) == "permit" or what(cause) == "limit":
        return Severity.ACT
    if kind(cause) == "process" and abs(z) >= ACT_Z:
        return Severity.ACT
    dear = (money or 0.0) >= ACT_MONEY_PER_DAY or (co2e_kg or 0.0) >= ACT_CO2E_KG_PER_DAY
    return Severity.ACT if dear else Severity.WATCH


def place(plant: Plant, cause: str, element: str) -> str:
    """What a person calls the place of a cause."""
    key = cause.split(":")[0]
    balance = plant.balance(key)
    if balance is not None:
        return balance.rest
    if plant.has_signal(key):
        return called(plant, plant.signal(key))
    return plant.element(element).name


def at_night(plant: Plant, at: int) -> bool:
    """Between 22:00 and 06:00 in the plant's zone."""
    hour = instant(at).astimezone(plant.zone).hour
    return hour >= 22 or hour < 6


def title(plant: Plant, s: Score, *, night: bool = False) -> str:  # noqa: C901
    """One sentence without its full stop: what, where, how much."""
    name = place(plant, s.cause, s.element)
    gap = s.value - s.expected
    match what(s.cause):
        case "power" | "idle" | "sun" | "compressed_air" | "water" | "nitrogen" | "gas":
            return _excess(name, s, night)
        case "scrap":
            now, usual = apart(s.value, s.expected, "%")
            if now == usual:
                return f"{name} at times makes more bad parts than usual"
            return f"{name} makes {now} bad parts, {usual} is usual"
        case "peak":
            return f"{name} heats up in the dearest hours, together with others"
        case "drift":
            if not sayable(gap, s.unit):
                return f"{name} drifts away from {said(s.expected, s.unit, 2)} at times"
            side = "up" if gap > 0.0 else "down"
            return f"{name} has drifted {side} by {said(abs(gap), s.unit, 2)} from {said(s.expected, s.unit, 2)}"
        case "limit":
            side = "above" if s.value >= s.expected else "below"
            return f"{name} is {side} its limit of {said(s.expected, s.unit)}"
        case "permit":
            return f"{name} passes its permit of {said(s.expected, s.unit)}"
        case "peak_soon":
            told = s.text.split(". ", maxsplit=1)[0]
            what_, may, _ = told.partition(" may pass ")
            # The last probability of a warning that is over says that it is none.
            over = f"{what_} was about to pass the contract's {said(s.expected, s.unit)}, and no longer is"
            return over if may and not s.over else told
        case "permit_soon":
            verb = "pass" if s.value > s.expected else "come near"
            return f"{name} is about to {verb} its permit of {said(s.expected, s.unit)}"
        case "stuck":
            return f"{name} is stuck: its value no longer changes"
        case "zero":
            return f"The meter of {name} gives zeros where it never stands"
        case "meter":
            return _meter(plant.element(s.element).name, s)
        case "untrue":
            return f"{name}, as estimated, no longer agrees with its reference measurements"
        case "gap":
            parts = s.cause.split(":")
            return f"Connection {parts[2]} is silent" if len(parts) > 2 else f"No data from {name}"
    return s.text.rstrip(".")


def _excess(name: str, s: Score, night: bool) -> str:
    """An amount above expected. One that is too small to be said, or is over at last, is told without a number."""
    what_, gap = what(s.cause), lasting_gap(s)
    unit = "kW" if what_ in ("power", "idle", "sun") else s.unit
    above = said(gap, unit, 2)
    if not sayable(gap, unit):
        less = s.expected - s.value
        if s.over and what_ == "power" and sayable(less, unit):
            return f"{name} draws {said(less, unit, 2)} less than expected"
        return {
            "power": f"{name} at times draws more than expected",
            "idle": f"{name} at times is on while no shift runs",
            "sun": f"{name} at times makes less than this sun should give",
        }.get(what_, f"{name} at times runs above expected{' at night' if night else ''}")
    match what_:
        case "power":
            return f"{name} draws {above} more than expected"
        case "idle":
            return f"{name} is on while no shift runs: {above} above its custom"
        case "sun":
            return f"{name} makes {above} less than this sun should give"
    return f"{name} runs {above} above expected{' at night' if night else ''}"


def _meter(owner: str, s: Score) -> str:
    """Index and rate of a meter: what the index counts of what the rate adds up to, and what it counts as a rule."""
    if not s.over:
        return f"Index and rate of {owner} disagreed"
    head = f"Index and rate of {owner} disagree"
    if not _is_whole(s.value):
        share = said(s.value, "%", 3 if _is_whole(s.value, 2) else 2)
        return f"{head}: it counts {share} of what flows"
    # A hundred per cent is no complaint by itself: it is one where the meter's custom is another.
    if not _is_whole(s.expected):
        return f"{head}: it counts all that flows, {said(s.expected, '%')} is its custom"
    gap = abs(s.value - s.expected)
    return f"{head} by {said(gap, '%', 2)}" if sayable(gap, "%") else head


def _is_whole(share: float, figures: int = 3) -> bool:
    """Whether it would be said as a hundred per cent."""
    return said(share, "%", figures) == said(100.0, "%", figures)


def sayable(value: float, unit: str) -> bool:
    """Whether a value is more than nothing when it is said.

    >>> sayable(0.0004, "kW"), sayable(0.0, "kW"), sayable(1e-9, "kW")
    (True, False, False)
    """
    return value == value and said(value, unit, 2).split(" ")[0] != "0"


def apart(a: float, b: float, unit: str) -> tuple[str, str]:
    """Two values as people say them, with as many digits as it takes to tell one from the other.

    >>> apart(3.26, 0.5, "%"), apart(2.04, 1.98, "%")
    (('3.3 %', '0.5 %'), ('2.04 %', '1.98 %'))
    """
    for figures in (2, 3, 4, 5):
        pair = said(a, unit, figures), said(b, unit, figures)
        if pair[0] != pair[1]:
            break
    return pair


def lasting_gap(s: Score) -> float:
    """How far above expected: as it is now, or over an average day where it is just ebbing away.

    A finding that closes must not be remembered by the little that was left of it at last.
    """
    now = abs(s.value - s.expected) if s.value > s.expected or what(s.cause) == "sun" else 0.0
    mean = max(s.excess_kw, s.excess_rate / 24.0)
    return now if s.over and now >= EBB_SHARE * mean else max(now, mean)


class Kinship:
    """Which causes are one: the power of compressors and the air that leaks away behind them."""

    def __init__(self, plant: Plant) -> None:
        everyone: set[str] = set()
        for b in plant.balances:
            if b.carrier == "compressed_air":
                fed_by = {plant.signal(i).element for i in b.inputs if plant.has_signal(i)}
                everyone |= {
                    e
                    for e in fed_by
                    if any(s.carrier == "electricity" for s in plant.signals_of(e))
                }
        self.compressors = frozenset(everyone)

    def joins(self, cause: str, element: str, open_causes: dict[str, str]) -> str | None:
        """The open cause that this one belongs to.

        Args:
            cause: The new score's cause.
            element: Its element.
            open_causes: Open cause -> its element.
        """
        twin = {"power": "idle", "idle": "power"}.get(what(cause))
        if twin is not None and f"{element}:{twin}" in open_causes:
            return f"{element}:{twin}"
        other = {"permit": "permit_soon", "permit_soon": "permit"}.get(what(cause))
        if other is not None:
            place_, _, id_ = (*cause.split(":"), "", "")[:3]
            return next((c for c in open_causes if c == f"{place_}:{other}:{id_}"), None)
        if what(cause) == "peak":
            return next((c for c in open_causes if what(c) == "peak"), None)
        if what(cause) == "power" and element in self.compressors:
            return next((c for c in open_causes if what(c) == "compressed_air"), None)
        if what(cause) == "compressed_air":
            return next(
                (c for c, e in open_causes.items() if what(c) == "power" and e in self.compressors),
                None,
            )
        return None
