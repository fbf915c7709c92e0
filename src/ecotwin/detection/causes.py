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
        case "power":
            return f"{name} draws {said(lasting_gap(s), 'kW', 2)} more than expected"
        case "idle":
            above = said(lasting_gap(s), "kW", 2)
            return f"{name} stays on while no shift runs: {above} above its custom"
        case "sun":
            return f"{name} makes {said(lasting_gap(s), 'kW', 2)} less than this sun should give"
        case "compressed_air" | "water" | "nitrogen" | "gas":
            above = said(lasting_gap(s), s.unit, 2)
            return f"{name} runs {above} above expected{' at night' if night else ''}"
        case "scrap":
            return f"{name} makes {said(s.value, '%', 2)} bad parts, {said(s.expected, '%', 2)} is usual"
        case "peak":
            return f"{name} heats up in the dearest hours, together with others"
        case "drift":
            return f"{name} has drifted up by {said(gap, s.unit, 2)} from {said(s.expected, s.unit, 2)}"
        case "limit":
            side = "above" if s.value >= s.expected else "below"
            return f"{name} is {side} its limit of {said(s.expected, s.unit)}"
        case "permit":
            return f"{name} passes its permit of {said(s.expected, s.unit)}"
        case "peak_soon":
            return s.text.split(". ", maxsplit=1)[0]
        case "permit_soon":
            verb = "pass" if s.value > s.expected else "come near"
            return f"{name} is about to {verb} its permit of {said(s.expected, s.unit)}"
        case "stuck":
            return f"{name} is stuck: its value no longer changes"
        case "zero":
            return f"The meter of {name} gives zeros where it never stands"
        case "meter":
            owner, share = plant.element(s.element).name, said(s.value, "%", 2)
            if not s.over:
                return f"Index and rate of {owner} disagreed"
            return f"Index and rate of {owner} disagree: it counts {share} of what flows"
        case "untrue":
            return f"{name}, as estimated, no longer agrees with its reference measurements"
        case "gap":
            parts = s.cause.split(":")
            return f"Connection {parts[2]} is silent" if len(parts) > 2 else f"No data from {name}"
    return s.text.rstrip(".")


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
