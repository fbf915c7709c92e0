"""Puts a case through a scenario: a new case that differs by what the scenario changes, and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ecotwin.clock import Period
from ecotwin.errors import ScenarioFileFault
from ecotwin.plant import Plant, Signal
from ecotwin.plant.lines import Path
from ecotwin.simulation.air import warmed
from ecotwin.simulation.contract import Case, Known, Setting
from ecotwin.simulation.energy_terms import change_terms
from ecotwin.simulation.events import change_events
from ecotwin.simulation.orders import change_orders
from ecotwin.simulation.products import change_products
from ecotwin.simulation.rebuilt import change_layout, change_machines
from ecotwin.simulation.scenario_file import Scenario
from ecotwin.simulation.scenario_parts import ParameterPart, SetPointPart, WeatherPart
from ecotwin.simulation.sketch import Applied, Sketch
from ecotwin.simulation.surroundings import Weather
from ecotwin.simulation.tabled import tabled
from ecotwin.simulation.timetable import change_calendar, pauses
from ecotwin.simulation.waste_terms import change_waste

__all__ = ["Applied", "apply", "apply_all", "check"]

_BELOW_ZERO = ("_c", "_k", "degC", "share_per_bar")
"""Ends of names whose value may be below zero."""


def apply(scenario: Scenario, base: Applied | Case, weather: Weather | None = None) -> Applied:
    """A case put through a scenario.

    Args:
        scenario: What changes. base: The case "do nothing", or one that another scenario was applied to.
        weather: What the scenario's weather file holds for the span, read by the caller.

    Raises:
        ScenarioFileFault: It does not fit the plant or the span; every fault is told with its line.
    """
    sketch = Sketch.of(base if isinstance(base, Applied) else Applied(base), scenario.faults())
    part = scenario.part
    if part.machines:
        change_machines(sketch, part.machines)
    for n, layout in enumerate(part.layout):
        change_layout(sketch, layout, ("layout", n))
    if part.calendar:
        change_calendar(sketch, part.calendar)
    change_products(sketch, part)
    change_terms(sketch, part)
    for n, waste in enumerate(part.waste):
        change_waste(sketch, waste, ("waste", n))
    if part.weather:
        _weather(sketch, part.weather, weather)
    for n, parameter in enumerate(part.parameters):
        _parameter(sketch, parameter, ("parameters", n))
    for n, setting in enumerate(part.set_points):
        _set_points(sketch, setting, ("set_points", n))
    for n, orders in enumerate(part.orders):
        change_orders(sketch, orders, ("orders", n))
    for n, event in enumerate(part.events):
        change_events(sketch, event, ("events", n))
    if sketch.faults.texts:
        raise ScenarioFileFault(scenario.file, sketch.faults.texts)
    return sketch.done()


def apply_all(scenarios: Sequence[Scenario], base: Applied | Case) -> Applied:
    """Scenarios one after the other."""
    made = base if isinstance(base, Applied) else Applied(base)
    for scenario in scenarios:
        made = apply(scenario, made)
    return made


def check(scenario: Scenario, plant: Plant, case: Case) -> tuple[str, ...]:
    """Every fault of a scenario at a plant, as `file:line: found; mend`; nothing when it can be run.

    Args:
        plant: The plant. case: A case of it, whose span the scenario is judged by.
    """
    flat = case.weather if scenario.part.weather and scenario.part.weather.file else None
    try:
        apply(scenario, replace(case, plant=plant), flat)
    except ScenarioFileFault as fault:
        return fault.faults
    return ()


# -- set-points -------------------------------------------------------------------------------------


def _set_points(sketch: Sketch, part: SetPointPart, path: Path) -> None:
    if part.when == "daily":
        if not all(t and len(t) == 5 and ":" in t for t in (part.start, part.end)):
            sketch.faults.add(
                path,
                "`daily` goes from one time of day to another",
                'give `start: "12:00"`, `end: "14:00"`',
            )
            return
        span: Period | None = sketch.period
    else:
        span = sketch.span(path, part.start, part.end)
    if span is None:
        return
    whole = part.when == "always" and span.end == sketch.period.end and part.end is None
    held = pauses(sketch.plant, span, part)
    if not held:
        sketch.faults.add(
            (*path, "when"),
            f"there is no such time ({part.when}) in the run",
            "run longer, or change `when`, `at_least_min`, `end_early_min`",
        )
        return
    for n, name in enumerate(part.signals):
        at = (*path, "signals", n)
        signal = _writable(sketch, name, at)
        if signal is None:
            continue
        value = sketch.new_value(path, part, _usual(sketch, signal), signal.id)
        if value is None or not _inside(sketch, signal, value, path):
            continue
        new = tuple(Setting(value, p.start, None if whole else p.end) for p in held)
        before = sketch.case.settings.get(signal.id, ())
        sketch.case = replace(
            sketch.case, settings={**sketch.case.settings, signal.id: (*before, *new)}
        )
        sketch.touched[signal.element] = None


def _writable(sketch: Sketch, name: str, path: Path) -> Signal | None:
    plant = sketch.plant
    known = [s.id for s in plant.signals if s.form == "setpoint"]
    if not plant.has_signal(name):
        sketch.faults.unknown(path, "set-point", name, known)
        return None
    signal = plant.signal(name)
    if signal.form != "setpoint":
        sketch.faults.add(
            path,
            f"{name} is a {signal.means}, which nobody can set",
            f"set one of {', '.join(known[:12])}",
        )
        return None
    if signal.write is None and signal.element not in sketch.added:
        sketch.faults.add(
            path,
            f"{name} is not writable in the plant file",
            "give it a `write` rule there, or change a fact of its machine under `parameters`",
        )
        return None
    return signal


def _usual(sketch: Sketch, signal: Signal) -> float | None:
    """What a set-point is at when nobody changes it."""
    held = [s for s in sketch.case.settings.get(signal.id, ()) if s.start is None]
    if held:
        return held[-1].value
    image = sketch.case.image
    if image is not None and signal.id in image.values:
        return float(image.values[signal.id])
    if signal.write is not None:
        return signal.write.fallback
    fact = sketch.plant.element(signal.element).kind_facts.get(
        f"{signal.id.rpartition('.')[2]}_usual"
    )
    return float(fact) if isinstance(fact, (int, float)) else None


def _inside(sketch: Sketch, signal: Signal, value: float, path: Path) -> bool:
    low, high = (signal.write.low, signal.write.high) if signal.write else (signal.low, signal.high)
    if (low is not None and value < low) or (high is not None and value > high):
        sketch.faults.add(
            path,
            f"{signal.id} at {value:g} {signal.unit} lies outside of what may be written, {low:g}..{high:g}",
            "choose a value inside",
        )
        return False
    return True


# -- parameters -------------------------------------------------------------------------------------


def _parameter(sketch: Sketch, part: ParameterPart, path: Path) -> None:
    plant = sketch.plant
    if bool(part.machines) == bool(part.kind):
        sketch.faults.add(
            path, "it names machines and a kind, or none", "give `machines` or `kind`"
        )
        return
    if part.kind:
        machines = [m.id for m in plant.machines if m.kind == part.kind]
        if not machines:
            kinds = {m.kind for m in plant.machines}
            sketch.faults.unknown((*path, "kind"), "machine of the kind", part.kind, kinds)
    else:
        known = [e.id for e in plant.elements if e.level in ("machine", "line")]
        machines = [
            m
            for n, m in enumerate(part.machines)
            if sketch.one_of((*path, "machines", n), "machine", m, known)
        ]
    for machine in machines:
        _parameter_of(sketch, machine, part, path)


def _parameter_of(sketch: Sketch, machine: str, part: ParameterPart, path: Path) -> None:
    case, element = sketch.case, sketch.plant.element(machine)
    calibrated = case.parameters.get(f"{machine}.{part.name}")
    fact = element.kind_facts.get(part.name, tabled(element).get(part.name))
    if calibrated is None and (isinstance(fact, bool) or not isinstance(fact, (int, float))):
        facts = {**tabled(element), **element.kind_facts}
        known = [k for k, v in facts.items() if isinstance(v, (int, float))]
        what = f"number among the facts of {machine}"
        sketch.faults.unknown((*path, "name"), what, part.name, known)
        return
    old = float(fact) if calibrated is None else calibrated.value
    new = sketch.new_value(path, part, old, f"{machine}.{part.name}")
    if new is None:
        return
    if new < 0.0 <= old and not part.name.endswith(_BELOW_ZERO):
        sketch.faults.add(
            path,
            f"{machine}.{part.name} was {old:g} and would be {new:g}",
            "it cannot be below zero",
        )
        return
    if calibrated is not None or part.sd_share is not None:
        share = abs(calibrated.sd / calibrated.value) if calibrated and calibrated.value else 0.0
        share = share if part.sd_share is None else part.sd_share
        known_now = {**case.parameters, f"{machine}.{part.name}": Known(new, abs(new) * share)}
        sketch.case = replace(case, parameters=known_now)
    else:
        made = replace(element, kind_facts={**element.kind_facts, part.name: new})
        sketch.plant = replace(
            sketch.plant,
            elements=tuple(made if e.id == machine else e for e in sketch.plant.elements),
        )
    inside = [m.id for m in sketch.plant.under(machine) if m.level == "machine"]
    sketch.touched.update(dict.fromkeys(inside))


# -- weather ----------------------------------------------------------------------------------------


def _weather(sketch: Sketch, part: WeatherPart, given: Weather | None) -> None:
    path: Path = ("weather",)
    span = sketch.span(path, part.start, part.end)
    if span is None:
        return
    case = sketch.case
    if part.file:
        if given is None:
            sketch.faults.add(
                (*path, "file"), f"{part.file} was not read", "give it with the scenario"
            )
            return
        case = replace(case, weather=given)
    first, last = sketch.steps(span)
    sketch.case = replace(
        case, weather=warmed(case.weather, part.warmer_k, first, last, part.sun_scale)
    )
