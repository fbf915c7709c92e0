"""What hours of steady running say of a reaction train, its steam net and its water: kinetics, heat, efficiencies.

Each parameter follows from a balance of its machine's own readings, hour by hour (medians of minutes); hours in which
feed or temperature moved are left out. What meters have in common does not average out: each parameter keeps a stated
share of what is not known of it, however many hours there are.

Sources: steady balances of a stirred tank, see `process.reaction`; normal mean with a normal prior: Gelman et al., BDA
3rd ed., 2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ecotwin.plant import Plant
from ecotwin.records import Bools, Floats
from ecotwin.simulation.calibration.contract import Evidence, nominal
from ecotwin.simulation.contract import Known
from ecotwin.simulation.observed import Observed
from ecotwin.simulation.process.heat import boiling_c, steam_kj, water_kj

MOVES_K, MOVES_SHARE = 1.0, 0.015
"""An hour is steady when the reactor's temperature, by the quarter, lies within this, its feed within this share."""
_PRIOR = 0.3
_SURE = {
    "k1_per_h": 0.03, "k2_per_h": 0.03, "k3_l_per_mol_h": 0.04, "ua_kw_per_k": 0.04, "latent_kj_per_mol": 0.03,
    "efficiency": 0.015, "return_share": 0.03, "recovery": 0.0005, "fresh_purity": 0.005, "feed_mol_per_l": 0.01,
}  # fmt: skip
_OTHERWISE = 0.03
"""What stays unknown of a parameter whatever the number of hours, as a share: classes of the meters it comes from."""
_LEAST = {"recovery": 0.5, "efficiency": 0.5, "return_share": 0.2, "fresh_purity": 0.5}
_MOST = {"recovery": 0.9999, "efficiency": 0.98, "return_share": 0.98, "fresh_purity": 1.0}


class _Hours:
    """Medians by the hour of what was measured."""

    def __init__(self, seen: Observed) -> None:
        self.seen, self.plant = seen, seen.plant
        self.block = round(3600 / seen.window.step_s)
        self.count = seen.window.steps // self.block
        self._cut: dict[str, Floats] = {}

    def minutes(self, signal: str) -> Floats:
        """[hours, minutes]."""
        if signal not in self._cut:
            window = self.seen.window
            index = self.plant.signal(signal).index if self.plant.has_signal(signal) else -1
            column = (
                window.mean[: self.count * self.block, window.column(index)]
                if index in window.signals
                else np.full(self.count * self.block, np.nan)
            )
            self._cut[signal] = column.reshape(self.count, self.block)
        return self._cut[signal]

    def of(self, signal: str) -> Floats:
        """[hours] median; NaN where half of the hour was not measured."""
        cut = self.minutes(signal)
        good = np.isfinite(cut).mean(axis=1) >= 0.5
        out = np.full(self.count, np.nan)
        if good.any():
            out[good] = np.nanmedian(cut[good], axis=1)
        return out

    def steady(self, reactor: str) -> Bools:
        """[hours] neither this hour nor the one before it moved."""
        calm = np.ones(self.count, bool)
        for name, share in (("temperature", 0.0), ("feed_flow", MOVES_SHARE)):
            cut = self.minutes(f"{reactor}.{name}")
            whole = np.isfinite(cut).all(axis=1)
            quarters = np.median(cut.reshape(self.count, 4, -1), axis=2)
            most = share * np.abs(quarters).mean(axis=1) if share else MOVES_K
            calm &= whole & (np.ptp(quarters, axis=1) <= most)
            calm &= quarters.min(axis=1) > 0.0
        before = np.roll(calm, 1)
        before[0] = False
        return np.asarray(calm & before)

    def fact(self, machine: str, name: str) -> float:
        """A fact that is a number; NaN when nobody gives it."""
        value = nominal(self.plant, machine, name)
        return float("nan") if value is None else value


def _one(plant: Plant, kind: str) -> str:
    return next((m.id for m in plant.machines if m.kind == kind), "")


def _reactor(h: _Hours) -> dict[str, Floats]:
    m = _one(h.plant, "stirred_reactor")
    a, b, c, d = (h.of(f"{m}.{x}") for x in ("reactant", "wanted", "follow_up", "dimer"))
    space = h.of(f"{m}.feed_flow") / h.fact(m, "volume_m3")
    kelvin = h.of(f"{m}.temperature") + 273.15
    lift = [np.exp(h.fact(m, f"e{i}_k") / kelvin) for i in (1, 2, 3)]
    coolant = h.of(f"{m}.coolant_flow") * h.fact(m, "coolant_kwh_per_m3")
    return {
        f"{m}.k1_per_h": space * (b + c) / a * lift[0],
        f"{m}.k2_per_h": space * c / b * lift[1],
        f"{m}.k3_l_per_mol_h": 2.0 * space * d / a**2 * lift[2],
        f"{m}.agitator_kw": h.of(f"{m}.power") - coolant,
    }


def _feed(h: _Hours) -> dict[str, Floats]:
    m, reactor = _one(h.plant, "feed_station"), _one(h.plant, "stirred_reactor")
    flow, mol = h.of(f"{m}.feed_flow"), h.of(f"{m}.feed_concentration")
    first = next(e.id for e in h.plant.machines if e.kind == "distillation_column")
    back = h.of(f"{m}.recycle_flow") * h.of(f"{first}.purity") / 100.0
    needed = flow * mol * h.fact(reactor, "reactant_g_per_mol")
    return {
        f"{m}.feed_mol_per_l": mol,
        f"{m}.feed_c": h.of(f"{m}.feed_temperature"),
        f"{m}.fresh_purity": (needed - back) / h.of(f"{m}.fresh_flow"),
        f"{m}.pump_kwh_per_m3": (h.of(f"{m}.power") - h.fact(m, "base_kw")) / flow,
    }


def _exchange(h: _Hours) -> dict[str, Floats]:
    m = _one(h.plant, "process_exchanger")
    warm = h.of(f"{m}.hot_in") - h.of(f"{m}.cold_out")
    cool = h.of(f"{m}.hot_out") - h.of(f"{m}.cold_in")
    apart = np.abs(warm - cool) > 0.05
    with np.errstate(all="ignore"):
        mean = np.where(apart, (warm - cool) / np.log(warm / cool), warm)
    whole = (h.of(f"{m}.bypass") < 0.5) & (warm > 1.0) & (cool > 1.0)
    duty, fall = h.of(f"{m}.duty"), h.of(f"{m}.hot_in") - h.of(f"{m}.hot_out")
    return {
        f"{m}.ua_kw_per_k": np.where(whole, duty / mean, np.nan),
        f"{m}.hot_cp_kj_per_kg_k": np.where(
            whole & (fall > 5.0), duty * 3600.0 / (h.of(f"{m}.hot_flow") * fall), np.nan
        ),
    }


def _condensing(h: _Hours) -> Floats:
    """Heat of a kilogram of steam [kJ/kg] at the pressure of each hour."""
    t_c = boiling_c(np.maximum(h.of(f"{_one(h.plant, 'steam_boiler')}.pressure"), 0.05))
    return np.asarray(steam_kj(t_c) - water_kj(t_c))


def _heater(h: _Hours) -> dict[str, Floats]:
    m, reactor = _one(h.plant, "steam_heater"), _one(h.plant, "stirred_reactor")
    rise = h.of(f"{m}.outlet_temperature") - h.of(f"{m}.inlet_temperature")
    duty = h.of(f"{m}.flow") * h.fact(reactor, "cp_kj_per_kg_k") / 3600.0 * rise
    steam = h.of(f"{m}.steam_flow") * _condensing(h) / 3600.0
    return {
        f"{m}.loss_share": np.where(rise > 5.0, steam / duty - 1.0, np.nan),
        f"{m}.base_kw": h.of(f"{m}.power"),
    }


def _columns(h: _Hours) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    reactor, decanter = _one(h.plant, "stirred_reactor"), _one(h.plant, "decanter")
    feeds = (h.of(f"{reactor}.temperature"), h.of(f"{decanter}.temperature"))
    columns = [m.id for m in h.plant.machines if m.kind == "distillation_column"]
    for m, feed_c in zip(columns, feeds, strict=False):
        light = str(h.plant.element(m).kind_facts.get("light", ""))
        molar = h.fact(reactor, f"{light}_g_per_mol")
        top, bottom = h.of(f"{m}.top_flow"), h.of(f"{m}.bottom_flow")
        kept, lost = top * h.of(f"{m}.purity"), bottom * h.of(f"{m}.bottom_light")
        top_c, bottom_c = h.of(f"{m}.top_temperature"), h.of(f"{m}.bottom_temperature")
        heat_kw = (
            h.of(f"{m}.steam_flow") * _condensing(h) / 3600.0 / (1.0 + h.fact(m, "loss_share"))
        )
        warm_kw = (
            h.fact(m, "cp_kj_per_kg_k")
            / 3600.0
            * (top * (top_c - feed_c) + bottom * (bottom_c - feed_c))
        )
        vapour = (1.0 + h.of(f"{m}.reflux_ratio")) * top / molar
        plain = h.fact(m, "recompression_share") == 0.0
        found |= {
            f"{m}.recovery": kept / (kept + lost),
            f"{m}.top_c": top_c,
            f"{m}.bottom_c": bottom_c,
            f"{m}.latent_kj_per_mol": (heat_kw - warm_kw) * 3.6 / vapour
            if plain
            else vapour * np.nan,
            f"{m}.pump_kw": h.of(f"{m}.power") if plain else vapour * np.nan,
        }
    return found


def _steam(h: _Hours) -> dict[str, Floats]:
    b, n = _one(h.plant, "steam_boiler"), _one(h.plant, "steam_header")
    t_c = boiling_c(np.maximum(h.of(f"{b}.pressure"), 0.05))
    drawn, gas = h.of(f"{b}.steam_flow"), h.of(f"{b}.gas_flow")
    back, warm = h.of(f"{n}.condensate_flow"), h.of(f"{n}.condensate_temperature")
    blow = h.fact(b, "blow_down_share")
    fed_kj = back * water_kj(warm) + (drawn * (1.0 + blow) - back) * water_kj(
        h.fact(b, "make_up_c")
    )
    fired = (drawn * (steam_kj(t_c) + blow * water_kj(t_c)) - fed_kj) / 3600.0
    standing = h.fact(b, "standing_share") * h.fact(b, "rated_kw")
    used = drawn - h.fact(n, "loss_kw") * 3600.0 / _condensing(h)
    burns = gas > 1.0
    nox = h.of(f"{b}.nox_concentration") * 18.0 / np.maximum(21.0 - h.of(f"{b}.o2_share"), 0.5)
    return {
        f"{b}.efficiency": np.where(
            burns, (fired + standing) / (gas * h.fact(b, "gas_kwh_per_m3")), np.nan
        ),
        f"{b}.fan_kwh_per_m3_gas": np.where(
            burns, (h.of(f"{b}.power") - h.fact(b, "base_kw")) / gas, np.nan
        ),
        f"{b}.nox_mg_per_m3": np.where(burns, nox, np.nan),
        f"{n}.return_share": back / used,
        f"{n}.condensate_c": warm,
    }


def _water(h: _Hours) -> dict[str, Floats]:
    d, e, r = (_one(h.plant, k) for k in ("decanter", "effluent_plant", "water_recycling"))
    reactor = _one(h.plant, "stirred_reactor")
    cod = h.of(f"{d}.organics_in_water") * h.of(f"{d}.water_flow") / 1000.0
    flow = h.of(f"{reactor}.feed_flow")
    wanted = h.fact(d, "loss_share") * flow * h.of(f"{reactor}.wanted")
    gone = h.fact(e, "removal") * cod
    found = {
        f"{d}.temperature_c": h.of(f"{d}.temperature"),
        f"{d}.follow_up_loss_share": (cod / 208.0 - wanted) / (flow * h.of(f"{reactor}.follow_up")),
        f"{e}.kwh_per_kg_cod": (h.of(f"{e}.power") - h.fact(e, "base_kw")) / gone,
    }
    if r:
        share = h.of(f"{r}.recovery") / 100.0
        found[f"{r}.overpressure_bar"] = h.of(f"{r}.feed_pressure") - h.fact(r, "osmotic_bar") / (
            1.0 - share
        )
    return found


_BALANCES: tuple[tuple[tuple[str, ...], Callable[[_Hours], dict[str, Floats]]], ...] = (
    (("stirred_reactor",), _reactor),
    (("feed_station", "stirred_reactor", "distillation_column"), _feed),
    (("process_exchanger",), _exchange),
    (("steam_heater", "stirred_reactor", "steam_boiler"), _heater),
    (("distillation_column", "stirred_reactor", "decanter", "steam_boiler"), _columns),
    (("steam_boiler", "steam_header"), _steam),
    (("decanter", "effluent_plant", "stirred_reactor"), _water),
)
"""Kinds that a balance needs, and the balance."""


class _Plug:
    """See `contract.Fitter`."""

    def gather(self, seen: Observed) -> Evidence:
        """Parameter -> steady hours, their sum and their sum of squares."""
        kinds = {m.kind for m in seen.plant.machines}
        if "stirred_reactor" not in kinds:
            return {}
        hours = _Hours(seen)
        steady = hours.steady(_one(seen.plant, "stirred_reactor"))
        found: dict[str, Floats] = {}
        for needed, balance in _BALANCES:
            if kinds.issuperset(needed):
                with np.errstate(all="ignore"):
                    told = balance(hours)
                for name, values in told.items():
                    good = values[steady & np.isfinite(values)]
                    found[name] = np.array([len(good), good.sum(), (good**2).sum()])
        return found

    def fit(
        self, plant: Plant, evidence: Evidence, _fitted: Mapping[str, Known], /
    ) -> dict[str, Known]:
        """Means, drawn towards the kind's value as far as the hours leave it open."""
        found: dict[str, Known] = {}
        for name, (n, total, squares) in evidence.items():
            machine, _, parameter = name.rpartition(".")
            first = nominal(plant, machine, parameter)
            if n < 3 or first is None:
                continue
            mean = total / n
            scatter = max(squares / n - mean**2, 0.0) / n
            common = (_SURE.get(parameter, _OTHERWISE) * mean) ** 2
            own, prior = scatter + common, (_PRIOR * first) ** 2
            value = (mean / own + first / prior) / (1.0 / own + 1.0 / prior)
            value = min(max(value, _LEAST.get(parameter, 0.0)), _MOST.get(parameter, np.inf))
            found[name] = Known(
                float(value), float(np.sqrt(1.0 / (1.0 / own + 1.0 / prior))), "calibration"
            )
        return found


plug = _Plug()
