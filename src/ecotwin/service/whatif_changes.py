"""What a scenario changes, in words: each change with its numbers, so that nobody has to read YAML to choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ecotwin.service import words

if TYPE_CHECKING:
    from ecotwin.plant import Plant
    from ecotwin.simulation.scenario_file import Scenario

_WHEN = {
    "always": "",
    "breaks": " in breaks",
    "free": " between shifts",
    "not_working": " while nobody works",
    "working": " while people work",
    "daily": " every day",
}
_NAMED = 2
"""So many things of a row are named; of more, the first and how many more."""


def changes(plant: Plant, scenario: Scenario, otherwise: Sequence[str] = ()) -> list[str]:
    """Sentences without a full stop.

    Args:
        plant: Whose names are used. otherwise: Words for kinds of change that have no sentence here, e.g. `layout`.
    """
    part = scenario.part
    told: list[str] = []
    for key, tell in _TELL.items():
        given = getattr(part, key)
        for one in given if isinstance(given, list) else [given] if given else []:
            told += tell(plant, one)
    rest = [w for w in otherwise if w not in _SAID]
    return [words.signs(text) for text in (*told, *rest)]


def _several(names: Iterable[str]) -> str:
    all_ = list(dict.fromkeys(names))
    if len(all_) <= _NAMED:
        return " and ".join(all_)
    return f"{all_[0]} and {len(all_) - 1} more"


def _plus(number: float) -> str:
    return f"{number:+g}".replace("-", "−")


def _element(plant: Plant, id_: str) -> str:
    return next((e.name for e in plant.elements if e.id == id_), id_)


def _amount(one: Any, unit: str = "") -> str:
    tail = f" {words.unit(unit)}" if words.unit(unit) else ""
    if one.value is not None:
        return f"{words.digits(one.value)}{tail}"
    if one.scale is not None:
        return f"{words.digits(100.0 * one.scale)} % of what it is"
    return f"{words.signed(one.difference or 0.0)}{tail}"


def _short(name: str) -> str:
    """A signal's name without its explanation."""
    first = name.split(":")[0].replace("Set-point of the ", "").replace("set-point of the ", "")
    return first[:1].lower() + first[1:]


def _set_point(plant: Plant, one: Any) -> list[str]:
    known = {s.id: s for s in plant.signals}
    found = [known[i] for i in one.signals if i in known]
    unit = found[0].unit if found else ""
    names = {_short(s.name) for s in found}
    owners = _several(_element(plant, i.split(".")[0]) for i in one.signals)
    what = f"{owners}: {names.pop()}" if len(names) == 1 else owners
    until = "" if one.start == "start" and one.end is None else f" from {one.start}"
    return [f"{what} {_amount(one, unit)}{_WHEN[one.when]}{until}"]


def _parameter(plant: Plant, one: Any) -> list[str]:
    who = (
        _several(_element(plant, m) for m in one.machines) or f"every {one.kind.replace('_', ' ')}"
    )
    return [f"{who}: {one.name.replace('_', ' ')} {_amount(one)}"]


def _calendar(_: Plant, one: Any) -> list[str]:
    told = [f"other shifts: {_several(s.name for s in one.shifts)}"] if one.shifts else []
    told += [f"shift {s.name} added" for s in one.add]
    told += [f"shift {name} left out" for name in one.remove]
    for s in one.change:
        what = [f"{_plus(s.later_min)} min"] if s.later_min else []
        what += [f"{_plus(s.overtime_min)} min at its end"] if s.overtime_min else []
        what += [f"on {', '.join(s.days)}"] if s.days is not None else []
        told.append(f"shift {s.shift} {', '.join(what) or 'changed'}")
    told += [f"{len(one.holidays)} more holidays"] if one.holidays else []
    return told + ([f"work on {len(one.work_on)} holidays"] if one.work_on else [])


def _machines(plant: Plant, one: Any) -> list[str]:
    told = [f"{m.name or m.id} comes" for m in one.add]
    told += [f"{_element(plant, m.machine)} goes" for m in one.remove]
    told += [
        f"{_element(plant, m.machine)} becomes {m.name or m.kind.replace('_', ' ')}"
        for m in one.replace
    ]
    return told + [f"{_element(plant, m.machine)} moves" for m in one.move]


def _supply(plant: Plant, one: Any) -> list[str]:
    share = "" if one.share == 1 else f"{words.digits(100 * one.share)} % of "
    return [f"{share}{_material(plant, one.material)} from {one.supplier}"]


def _material(plant: Plant, id_: str) -> str:
    return next((m.name.lower() for m in plant.materials if m.id == id_), id_.replace("_", " "))


def _carbon(plant: Plant, one: Any) -> list[str]:
    return [f"{words.digits(one.per_t)} {plant.currency} for a tonne of CO2e"]


def _scaled(_: Plant, one: Any) -> list[str]:
    return [
        f"price of {one.carrier.replace('_', ' ')} {words.digits(100 * one.scale)} % of what it is"
    ]


def _weather(_: Plant, one: Any) -> list[str]:
    told = ["weather of another year" if one.file else ""]
    told += [f"air {_plus(one.warmer_k)} K" if one.warmer_k else ""]
    told += [f"sun {words.digits(100 * one.sun_scale)} %" if one.sun_scale != 1 else ""]
    return [t for t in told if t]


def _waste(_: Plant, one: Any) -> list[str]:
    return [f"waste {one.code} goes to {one.treatment}"]


def _limit(plant: Plant, one: Any) -> list[str]:
    permit = next((p for p in plant.permits if p.id == one.permit), None)
    name = permit.name if permit is not None else one.permit
    return [f"limit of {name}: {words.digits(one.limit)}"]


def _event(plant: Plant, one: Any) -> list[str]:
    during = "" if one.end is None else f" until {one.end}"
    if one.kind == "limit_changed":
        return _limit(plant, one)
    said = {
        "machine_down": f"{_element(plant, one.machine)} is down",
        "heat_wave": f"air {_plus(one.warmer_k or 0.0)} K",
        "supplier_lost": f"{one.supplier} delivers nothing",
        "grid_outage": "no power from the grid",
    }
    return [f"{said[one.kind]}{during}"]


_TELL: dict[str, Callable[[Plant, Any], list[str]]] = {
    "set_points": _set_point,
    "parameters": _parameter,
    "calendar": _calendar,
    "machines": _machines,
    "supply": _supply,
    "carbon_price": _carbon,
    "tariff_scales": _scaled,
    "weather": _weather,
    "waste": _waste,
    "limits": _limit,
    "events": _event,
}
_SAID = {
    "set-points",
    "machine parameters",
    "calendar",
    "machines",
    "suppliers",
    "carbon price",
    "prices of energy",
    "weather",
    "waste",
    "limits",
    "events",
}
"""The short words of `cycle.scenarios.changes` for what has a sentence here."""
