"""What flown minutes say of engines and airframes: fuel, NOx and CO at the thrust that was flown, drag, timetable.

An engine's minute gives thrust, height, Mach and inlet temperature; the certified curve says what it should have burnt
there with the wear that its flights let expect. Measured over expected is `fuel_scale`, `nox_scale`, `co_scale`. Both
engines' thrust in level cruise is the drag: `cd0`. Distance by flight is `trip_m`, time at the gate between two flights
of a day `turn_round_s`. Each is shrunk to the kind's value where minutes are few.

Sources: normal mean with a normal prior: Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from ecotwin.plant import Plant
from ecotwin.records import Bools, Floats
from ecotwin.simulation.calibration.contract import Evidence, nominal
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import Observed
from ecotwin.simulation.turbofans.burn import G0, air, curve, fuel_kg_s, indices
from ecotwin.simulation.turbofans.flight import CRUISE, PARKED
from ecotwin.simulation.turbofans.wear import Wear

_PRIOR = {
    "fuel_scale": 0.04,
    "nox_scale": 0.10,
    "co_scale": 0.25,
    "cd0": 0.08,
    "trip_m": 0.2,
    "turn_round_s": 0.25,
}
"""Standard deviation of what is known before, as a share of the value: stated assumptions."""
_METER = {
    "fuel_scale": 0.003,
    "nox_scale": 0.05,
    "co_scale": 0.1,
    "cd0": 0.01,
    "trip_m": 0.0,
    "turn_round_s": 0.0,
}
"""What more minutes do not tell better: gain of the meters, as a share."""
_APART_MIN = 20.0
"""Minutes of one flight are alike: so many tell as much as one."""
_LEAST = 3.0
_GATE_MAX_MIN = 240


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """By machine and parameter: number, sum and sum of squares of what independent observations say [3]."""
        found: dict[str, Floats] = {}
        kinds = {m.id: m.kind for m in seen.plant.machines}
        for machine, kind in kinds.items():
            if kind == "turbofan_engine":
                found |= _engine(seen, machine)
            elif kind == "airframe":
                place = seen.plant.element(machine).parent
                engines = [m.id for m in seen.plant.children(place) if m.kind == "turbofan_engine"]
                found |= _airframe(seen, machine, engines)
        return found

    def fit(
        self, plant: Plant, evidence: Evidence, _fitted: Mapping[str, Known]
    ) -> dict[str, Known]:
        """Scales of engines, drag and timetable of airframes."""
        found: dict[str, Known] = {}
        for key, sums in evidence.items():
            machine, _, name = key.partition("/")
            before = nominal(plant, machine, name) if name in _PRIOR else None
            n, total, squares = (float(x) for x in sums)
            if before is None or n < _LEAST:
                continue
            mean = total / n
            own = max(0.0, squares / n - mean**2) / n + (_METER[name] * mean) ** 2
            prior = (_PRIOR[name] * before) ** 2
            weight = prior / (prior + own)
            value = before + weight * (mean - before)
            found[f"{machine}.{name}"] = Known(value, float(np.sqrt(own * weight)), "calibration")
        return found


plug = _Plug()


def _told(seen: Observed, machine: str, name: str, what: str = "mean") -> Floats:
    """[minutes] a signal of a machine by its name; NaN where it was not measured."""
    id_ = f"{machine}.{name}"
    if not seen.plant.has_signal(id_) or seen.plant.signal(id_).index not in seen.window.signals:
        return np.full(seen.window.steps, np.nan)
    return np.asarray(
        getattr(seen.window, what)[:, seen.window.column(seen.plant.signal(id_).index)], np.float64
    )


def _sums(values: Floats, weight: float) -> Floats:
    """Number, sum and sum of squares; `weight` is what one value counts."""
    return np.array([weight * len(values), weight * values.sum(), weight * (values**2).sum()])


def _steady(seen: Observed, machine: str) -> Bools:
    """Minutes inside one phase of a flight, with engines at work."""
    phase = _told(seen, machine, "phase", "last")
    same = np.zeros(len(phase), bool)
    same[1:] = phase[1:] == phase[:-1]
    return np.asarray(same & (phase > PARKED) & (phase <= 7.0))


def _engine(seen: Observed, engine: str) -> dict[str, Floats]:
    facts = {k: v for k, v in seen.plant.element(engine).kind_facts.items() if isinstance(v, float)}
    certified, wear = curve(facts), Wear.of(facts)
    names = ("thrust", "altitude", "mach", "t2")
    thrust, altitude, mach, t2 = (_told(seen, engine, n) for n in names)
    fuel, nox, co = (_told(seen, engine, n, "amount") for n in ("fuel", "nox_mass", "co_mass"))
    cycles, every = (
        _told(seen, engine, "cycles", "last"),
        _told(seen, engine, "wash_interval_sp", "last"),
    )
    good = _steady(seen, engine) & np.isfinite(
        thrust + altitude + mach + t2 + fuel + cycles + every
    )
    good &= (thrust > 0.05 * facts["rated_thrust_kn"]) & (fuel > 0.0)
    ratios: dict[str, list[float]] = {"fuel_scale": [], "nox_scale": [], "co_scale": []}
    for i in np.flatnonzero(good):
        p0 = air(max(0.0, altitude[i]), 0.0)[1]
        t0 = (t2[i] + 273.15) / (1.0 + 0.2 * mach[i] ** 2)
        flow = fuel_kg_s(certified, 1000.0 * thrust[i], t0, p0, mach[i])
        core, dirt = wear.standing(np.asarray(cycles[i]), np.asarray(max(1.0, every[i])))
        flow *= 1.0 + float(wear.fuel_share(np.asarray(cycles[i]), core, dirt))
        ratios["fuel_scale"].append(fuel[i] / (flow * seen.window.step_s))
        index = indices(certified, flow, t0, p0, mach[i])
        for name, mass, g_kg in (("nox_scale", nox[i], index[0]), ("co_scale", co[i], index[1])):
            if np.isfinite(mass):
                ratios[name].append(1000.0 * mass / (fuel[i] * g_kg))
    return {
        f"{engine}/{n}": _sums(_inner(np.array(r)), 1.0 / _APART_MIN) for n, r in ratios.items()
    }


def _inner(values: Floats) -> Floats:
    """Without the outer tenth on either side: a minute that a change of thrust cuts in two says nothing."""
    if len(values) < 10:
        return values
    low, high = np.quantile(values, (0.1, 0.9))
    return np.asarray(values[(values >= low) & (values <= high)])


def _airframe(seen: Observed, frame: str, engines: list[str]) -> dict[str, Floats]:
    facts = seen.plant.element(frame).kind_facts
    mass, altitude, mach = (_told(seen, frame, n) for n in ("mass", "altitude", "mach"))
    thrust = np.sum([_told(seen, e, "thrust") for e in engines], axis=0) * 1000.0
    level = _steady(seen, frame) & (_told(seen, frame, "phase", "last") == CRUISE)
    level[1:] &= np.abs(np.diff(altitude)) < 5.0
    level &= np.isfinite(mass + altitude + mach + thrust)
    pressure = np.array([air(max(0.0, h), 0.0)[1] if np.isfinite(h) else np.nan for h in altitude])
    push = 0.7 * pressure * mach**2 * float(facts["wing_area_m2"])
    cd0 = thrust[level] / push[level] - float(facts["k"]) * (mass[level] * G0 / push[level]) ** 2
    found = {f"{frame}/cd0": _sums(_inner(cd0), 1.0 / _APART_MIN)}
    flights, far = _told(seen, frame, "flights", "amount"), _told(seen, frame, "distance", "last")
    landed = np.flatnonzero(np.nan_to_num(flights) > 0.5)
    trips = [far[i] - far[i - 2] for i in landed if i >= 2 and np.isfinite(far[i] + far[i - 2])]
    found[f"{frame}/trip_m"] = _sums(1000.0 * np.array([t for t in trips if t > 0.0]), 1.0)
    found[f"{frame}/turn_round_s"] = _sums(
        _gates(_told(seen, frame, "phase", "last"), seen.window.step_s), 1.0
    )
    return found


def _gates(phase: Floats, step_s: float) -> Floats:
    """Times at the gate between two flights [s]; a night is none."""
    edges = np.flatnonzero(np.diff((phase == PARKED).astype(np.int8)))
    spans = [(b - a) for a, b in pairwise(edges) if phase[a + 1] == PARKED]
    return np.array([s * step_s for s in spans if s * step_s < 60.0 * _GATE_MAX_MIN], np.float64)
