"""What a cause is called, what kind of finding it makes, and which causes are one.

A cause is `PLACE:WHAT`: the id of an element, signal or balance, and one of the words of `KINDS`.
"""

from __future__ import annotations

from datetime import timedelta

from ecotwin.clock import instant
from ecotwin.detection.columns import called, three
from ecotwin.plant.model import Plant
from ecotwin.records import Score, Severity

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
            now = gap if gap > 0 else s.excess_kw
            return f"{name} draws {three(now)} kW more than expected"
        case "idle":
            return (
                f"{name} stays on while no shift runs: {three(max(gap, 0.0))} kW above its custom"
            )
        case "sun":
            return f"{name} makes {three(abs(gap))} kW less than this sun should give"
        case "compressed_air" | "water" | "nitrogen" | "gas":
            now = gap if gap > 0 else s.excess_rate / 24.0
            return f"{name} runs {three(now)} {s.unit} above expected{' at night' if night else ''}"
        case "scrap":
            return f"{name} makes {three(s.value)} % bad parts, {three(s.expected)} % is usual"
        case "peak":
            return f"{name} heats up in the dearest hours, together with others"
        case "drift":
            return f"{name} has drifted up by {three(gap)} {s.unit}"
        case "limit":
            side = "above" if s.value >= s.expected else "below"
            return f"{name} is {side} its limit of {three(s.expected)} {s.unit}"
        case "permit":
            return f"{name} passes its permit of {three(s.expected)} {s.unit}"
        case "permit_soon":
            verb = "pass" if s.value > s.expected else "come near"
            return f"{name} is about to {verb} its permit of {three(s.expected)} {s.unit}"
        case "stuck":
            return f"{name} is stuck: its value no longer changes"
        case "zero":
            return f"The meter of {name} gives zeros where it never stands"
        case "untrue":
            return f"{name}, as estimated, no longer agrees with its reference measurements"
        case "gap":
            parts = s.cause.split(":")
            return f"Connection {parts[2]} is silent" if len(parts) > 2 else f"No data from {name}"
    return s.text.rstrip(".")


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
