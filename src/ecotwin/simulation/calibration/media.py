"""What stations draw by state and per part: electric power, compressed air, nitrogen.

In states in which parts go through (idle, busy) a station draws an idle amount and more the more it works:
flow = idle + slope x use, where use is parts x planned running time of their product. The station at full work, whose
time of a part is c of the planned time, then draws busy = idle + slope / c. Other states have a level of
their own. Minutes in which the state changed are left out; outliers weigh less (Huber).

Sources: Huber, Ann. Math. Statist. 35 (1964). Normal linear model with a normal prior: Gelman et al., BDA 3rd ed., 14.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecotwin.plant import Plant
from ecotwin.plant.model import STATES
from ecotwin.records import Bools, Codes, Floats
from ecotwin.simulation.calibration.contract import Evidence, nominal, nominal_sd
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import BUSY, IDLE, Observed, flow, run_s, stations, use

_USE = 7
_WIDTH = 8
_HUBER, _PASSES = 2.0, 3
_NAMES = {
    "kw": {s: f"kw_{s}" for s in ("off", "standby", "setup", "down")},
    "air": {},
    "n2": {},
}
"""Medium -> parameter of each state with a level of its own."""
_IDLE_BUSY = {
    "kw": ("kw_idle", "kw_busy"),
    "air": ("air_idle_m3_h", "air_busy_m3_h"),
    "n2": ("n2_idle_m3_h", "n2_busy_m3_h"),
}
_MEANS = {"air": "air_flow", "n2": "nitrogen_flow"}
REFERENCE_BAR, AMBIENT_BAR = 7.0, 1.013
"""Gauge pressure at which the kinds' figures of air hold, and pressure of the air around [bar]."""
_DISTINCT_MIN = 15.0
"""Minutes that tell as much as one independent observation: neighbours are alike."""


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """Normal equations by machine and medium: [_WIDTH, _WIDTH + 3] columns x'x | x'y | y'y, n in the first row."""
        found: dict[str, Floats] = {}
        scale = _at_reference(seen)
        places = {s.id: line for line in seen.lines for s in stations(seen.plant, line)}
        for machine in seen.machines:
            n = seen.of(machine)
            if (seen.codes[:, n] < 0).all():
                continue
            works = use(seen, places[machine], machine) if machine in places else None
            if machine in places:
                found[f"{machine}/parts"] = _by_product(seen, places[machine], n)
            for medium in _IDLE_BUSY:
                y = seen.kw[:, n] if medium == "kw" else flow(seen, machine, _MEANS[medium])
                if y is None:
                    continue
                if medium == "air":
                    y = y * scale
                good = seen.steady[:, n] & np.isfinite(y)
                if works is not None:
                    good &= np.isfinite(works)
                worked = None if works is None else works[good]
                found[f"{machine}/{medium}"] = _equations(seen.codes[good, n], worked, y[good])
        return found

    def fit(
        self, plant: Plant, evidence: Evidence, fitted: Mapping[str, Known]
    ) -> dict[str, Known]:
        """Levels by state and at full work."""
        found: dict[str, Known] = {}
        for name, sums in evidence.items():
            machine, _, medium = name.partition("/")
            if medium in _IDLE_BUSY:
                parts = evidence.get(f"{machine}/parts", np.zeros(len(plant.products)))
                found |= _levels(plant, machine, medium, sums, parts, fitted)
        return found


plug = _Plug()


def _at_reference(seen: Observed) -> Floats:
    """[minutes] What turns air drawn at the pressure of the net into that at the pressure of the kinds' figures.

    The pressure is that behind the dryers, else that of the compressors; 1 where none is measured.
    """
    for kind in ("air_dryer", "air_compressor"):
        bars = [
            bar
            for m in seen.plant.machines
            if m.kind == kind and (bar := flow(seen, m.id, "pressure")) is not None
        ]
        if bars:
            bar = np.mean(bars, axis=0)
            scale = (REFERENCE_BAR + AMBIENT_BAR) / (np.maximum(bar, 1.0) + AMBIENT_BAR)
            return np.where(np.isfinite(scale), scale, 1.0)
    return np.ones(len(seen.at))


def _by_product(seen: Observed, line: str, column: int) -> Floats:
    """[products] Parts of each."""
    product, parts = seen.product[:, seen.lines.index(line)], np.nan_to_num(seen.parts[:, column])
    return np.array([parts[product == p.code].sum() for p in seen.plant.products])


def cycle_of(plant: Plant, machine: str, parts: Floats, fitted: Mapping[str, Known]) -> float:
    """Time of a part in a station of the model by its planned time, over the parts that were made."""
    line = plant.element(machine).parent
    share = fitted.get(f"{machine}.cycle_share")
    cycle = share.value if share else nominal(plant, machine, "cycle_share") or 1.0
    planned = np.array([run_s(plant, line, p.code) for p in plant.products])
    real = [fitted.get(f"{line}.run_s_{p.code}") for p in plant.products]
    seconds = np.array([r.value if r else s for r, s in zip(real, planned, strict=True)])
    total = float(parts @ planned)
    return cycle * float(parts @ seconds) / total if total > 0.0 else cycle


def _equations(codes: Codes, worked: Floats | None, y: Floats) -> Floats:
    x = np.zeros((len(y), _WIDTH))
    level = codes
    if worked is not None:
        works = (codes == IDLE) | (codes == BUSY)
        level = np.where(works, IDLE, codes)
        x[works, _USE] = worked[works]
    x[np.arange(len(y)), level] = 1.0
    weight = np.ones(len(y))
    for _ in range(_PASSES):
        beta = np.linalg.solve(
            (x * weight[:, None]).T @ x + 1e-6 * np.eye(_WIDTH), (x * weight[:, None]).T @ y
        )
        weight = _huber(y - x @ beta, level)
    out = np.zeros((_WIDTH, _WIDTH + 3))
    weighed = x * weight[:, None]
    out[:, :_WIDTH] = weighed.T @ x
    out[:, _WIDTH] = weighed.T @ y
    out[0, _WIDTH + 1], out[0, _WIDTH + 2] = float(weight @ y**2), float(weight.sum())
    return out


def _huber(residual: Floats, level: Codes) -> Floats:
    """Weights by the distance from what is usual in the same state."""
    weight = np.ones(len(residual))
    for code in np.unique(level):
        here: Bools = level == code
        size = np.abs(residual[here])
        usual = 1.4826 * float(np.median(size)) + 1e-6
        weight[here] = np.minimum(1.0, _HUBER * usual / np.maximum(size, 1e-12))
    return weight


def _levels(
    plant: Plant,
    machine: str,
    medium: str,
    sums: Floats,
    parts: Floats,
    fitted: Mapping[str, Known],
) -> dict[str, Known]:
    idle_name, busy_name = _IDLE_BUSY[medium]
    cycle = cycle_of(plant, machine, parts, fitted)
    names = {STATES[s]: n for s, n in _NAMES[medium].items()} | {IDLE: idle_name}
    works = plant.find(machine, "parts_total") is not None
    if not works:
        names[BUSY] = busy_name
    mean, sd = np.zeros(_WIDTH), np.full(_WIDTH, 1e-9)
    top = max(
        (nominal(plant, machine, n) or 0.0 for n in (*names.values(), busy_name)), default=0.0
    )
    top = top or float(sums[:, _WIDTH].max(initial=0.0) / max(sums[0, _WIDTH + 2], 1.0)) or 1.0
    for code in range(_USE):
        name = names.get(code)
        value = nominal(plant, machine, name) if name else None
        mean[code] = 0.0 if value is None else value
        sd[code] = top if value is None else nominal_sd(plant, machine, name or "") + 0.02 * top
    busy, idle = nominal(plant, machine, busy_name), nominal(plant, machine, idle_name)
    mean[_USE] = cycle * ((busy or 0.0) - (idle or 0.0))
    sd[_USE] = 0.5 * top
    a, b = sums[:, :_WIDTH], sums[:, _WIDTH]
    n = sums[0, _WIDTH + 2]
    plain = np.linalg.solve(a + 1e-6 * np.eye(_WIDTH), b)
    left = max(float(sums[0, _WIDTH + 1] - b @ plain), 0.0)
    noise = (left + (0.05 * top) ** 2) / (n + 1.0) * _DISTINCT_MIN
    precision = a / noise + np.diag(1.0 / sd**2)
    spread = np.linalg.inv(precision)
    beta = spread @ (b / noise + mean / sd**2)
    found = {}
    for code, name in names.items():
        if a[code, code] > 0.0 and nominal(plant, machine, name) is not None:
            found[f"{machine}.{name}"] = _known(beta[code], spread[code, code])
    if works and busy is not None and a[IDLE, IDLE] > 0.0:
        at = np.zeros(_WIDTH)
        at[IDLE], at[_USE] = 1.0, 1.0 / cycle
        found[f"{machine}.{busy_name}"] = _known(float(at @ beta), float(at @ spread @ at))
    return found


def _known(value: float, variance: float) -> Known:
    return Known(max(0.0, float(value)), float(np.sqrt(max(variance, 0.0))), "calibration")
