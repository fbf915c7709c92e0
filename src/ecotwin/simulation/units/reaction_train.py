"""A continuous reaction train as one unit: feed station, heat recovery, heater, reactor, two columns, decanter.

Every amount of a step is handed on within the step; only what runs in a circle (the recovered reactant, the hot
bottoms that warm the feed, the recycled water) waits one step, and is kept as stock meanwhile, so that substances and
heat balance to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.process.column import Column
from ecotwin.simulation.process.heat import boiling_c, effectiveness, steam_kj, water_kj
from ecotwin.simulation.process.reaction import SUBSTANCES, react, steady
from ecotwin.simulation.surroundings import Surroundings

KINDS = (
    "feed_station", "process_exchanger", "steam_heater", "stirred_reactor", "decanter", "distillation_column",
)  # fmt: skip
A, B, C, D, W = range(5)
_REACTOR = (
    "volume_m3", "agitator_kw", "coolant_kwh_per_m3", "coolant_rise_k", "lowest_c", "highest_c",
)  # fmt: skip
_PART_S = 5.0
"""Length of the reactor's own steps [s]: rates are up to 60 1/h."""
_RESIDUE, _CODE = "residue", "07 01 08*"
_UNSURE = {
    "k1_per_h": 0.04, "k2_per_h": 0.04, "k3_l_per_mol_h": 0.04, "volume_m3": 0.02, "u_kj_per_h_m2_k": 0.08,
    "ua_kw_per_k": 0.08, "hot_cp_kj_per_kg_k": 0.05, "agitator_kw": 0.08, "pump_kwh_per_m3": 0.08, "base_kw": 0.1,
}  # fmt: skip
"""What is not known of a parameter before it was calibrated, as a share: stated assumption."""


@dataclass(frozen=True)
class Places:
    """Machine ids of a train."""

    feed: str
    exchanger: str
    heater: str
    reactor: str
    first: str
    decanter: str
    second: str
    residue: str
    code: str


class ReactionTrain:
    """The machines of one train; `name` is the reactor's id."""

    def __init__(self, at: Places) -> None:
        self.at = at
        self.name = at.reactor
        self.machines: tuple[str, ...] = (
            at.feed, at.exchanger, at.heater, at.reactor, at.first, at.decanter, at.second,
        )  # fmt: skip
        self.columns: tuple[tuple[str, str], ...] = (
            (at.feed, "electricity_kwh"),
            (at.feed, "material_kg:cyclopentadiene"),
            (at.feed, "water_in_m3"),
            (at.feed, "water_reused_m3"),
            (at.exchanger, "recovered_kwh"),
            (at.heater, "electricity_kwh"),
            (at.heater, "steam_used_kg"),
            (at.reactor, "electricity_kwh"),
            (at.reactor, "by_product_kg:follow_up"),
            (at.reactor, "by_product_kg:dimer"),
            (at.reactor, "outside_validity_h"),
            (at.first, "electricity_kwh"),
            (at.first, "steam_used_kg"),
            (at.second, "electricity_kwh"),
            (at.second, "steam_used_kg"),
            (at.second, "product_kg:wanted"),
            (at.second, "off_spec_kg"),
            (at.second, "parts_good"),
            (at.residue, f"waste_kg:{at.code}"),
            *((m, "busy_h") for m in (at.feed, at.heater, at.reactor, at.first, at.second)),
        )
        self.asks: tuple[str, ...] = ("steam",)
        self.may_ask: tuple[str, ...] = ("cooling_water", "waste_water", "waste_cod")
        self.serves: tuple[str, ...] = ()
        self.after: tuple[str, ...] = ()
        self._one, self._two = Column(at.first), Column(at.second)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Parameters of every run; streams as they would stay at the set-points in force at the start."""
        at, runs = self.at, draw.runs

        def of(machine: str, name: str) -> Floats:
            return draw.parameter(machine, name, share=_UNSURE.get(name, 0.0))

        s: State = {"run": runs}
        s["molar"] = np.array([float(of(at.reactor, f"{x}_g_per_mol")[0]) for x in SUBSTANCES])
        names = ("k1_per_h", "e1_k", "k2_per_h", "e2_k", "k3_l_per_mol_h", "e3_k")
        s["rate"] = np.column_stack([of(at.reactor, n) for n in names])
        s["heat"] = np.column_stack([of(at.reactor, f"h{i}_kj_per_mol") for i in (1, 2, 3)])
        s["rho"] = of(at.reactor, "density_kg_per_l") * 1000.0
        s["cp"] = of(at.reactor, "cp_kj_per_kg_k")
        for key in _REACTOR:
            s[key] = of(at.reactor, key)
        s["ua"] = of(at.reactor, "u_kj_per_h_m2_k") * of(at.reactor, "area_m2") / 3600.0
        for key in ("feed_mol_per_l", "feed_c", "fresh_purity", "pump_kwh_per_m3", "base_kw"):
            s[key] = of(at.feed, key)
        s["exchanger_ua"] = of(at.exchanger, "ua_kw_per_k")
        s["hot_cp"] = of(at.exchanger, "hot_cp_kj_per_kg_k")
        for key in ("most_kw", "loss_share", "base_kw"):
            s[f"heater_{key}"] = of(at.heater, key)
        for key in ("loss_share", "follow_up_loss_share", "temperature_c"):
            s[f"decanter_{key}"] = of(at.decanter, key)
        s["one"] = self._one.begin(draw, s["molar"])
        s["two"] = self._two.begin(draw, s["molar"])
        if np.any(s["fresh_purity"] <= 0.0) or np.any(s["volume_m3"] <= 0.0):
            raise ScenarioFault(
                f"{at.reactor} has a volume, or {at.feed} a purity, of nothing",
                expected="volume and purity above zero",
                remedy="mend the parameter in the plant file or the scenario",
            )
        self._first_streams(s, case)
        return s

    def _first_streams(self, s: State, case: Case) -> None:
        """Concentrations from the image, else those that stay; a warm start of what runs in circles."""
        at, runs = self.at, s["run"]
        image = case.image.values if case.image else {}
        held = {n: _start(case, f"{at.reactor}.{n}") for n in ("temperature_sp", "feed_sp")}
        _must_be_fed(at.reactor, held["feed_sp"])
        t_c = float(image.get(f"{at.reactor}.temperature", held["temperature_sp"]))
        fed = float(image.get(f"{at.feed}.feed_concentration", np.nan))
        s["t_c"] = np.full(runs, t_c)
        mol = np.zeros((runs, 5))
        for r in range(runs):
            a0 = fed if np.isfinite(fed) else s["feed_mol_per_l"][r]
            mol[r] = steady(s["rate"][r], t_c, held["feed_sp"] / s["volume_m3"][r], a0)
        for i, x in enumerate(SUBSTANCES[:4]):
            seen = image.get(f"{at.reactor}.{x}")
            if seen is not None:
                mol[:, i] = seen
        mol[:, W] = (s["rho"] - mol[:, :4] @ s["molar"][:4]) / s["molar"][W]
        s["mol"] = mol
        hours = case.step_s / 3600.0
        effluent = mol * held["feed_sp"] * hours
        reflux = _start(case, f"{at.first}.reflux_sp")
        top, _ = self._one.split(s["one"], effluent, np.full(runs, reflux))
        s["recycle"], s["bottoms"] = top, effluent - top
        s["bottoms_c"] = s["one"]["bottom_c"].copy()

    def step(self, state: State, board: Board) -> None:
        """Feed and heat recovery, reaction, separation of the new effluent and of the bottoms of the last step."""
        hours = board.step_s / 3600.0
        out, at = board.out, self.at
        share = board.given.get("steam_share", np.ones(board.runs))
        flow = board.setting(f"{at.reactor}.feed_sp")
        _must_be_fed(at.reactor, float(flow.min()))
        running = 0.0 if any(board.out_of_order(m) for m in self.machines) else 1.0
        fed, preheated = self._feed(state, board, flow * running, hours)
        cooled = self._recover(state, board, flow * running, preheated, hours)
        heater_kwh, left = self._reaction(state, board, flow * running, fed, share, hours)
        organics = self._decant(state, board, cooled, hours)
        steam = heater_kwh
        first = self._one.step(state["one"], board, left, state["t_c"], share, hours, running)
        state["recycle"] = state["recycle"] + first.top
        state["bottoms"], state["bottoms_c"] = first.bottom, state["one"]["bottom_c"]
        second = self._two.step(
            state["two"], board, organics, state["decanter_temperature_c"], share, hours, running
        )
        made = second.top @ state["molar"]
        pure = 100.0 * second.top[:, B] * state["molar"][B] / np.maximum(made, 1e-12)
        good = np.where(pure >= state["two"]["purity_spec"], made, 0.0)
        rest = second.bottom @ state["molar"] + made - good
        per_kg = self._steam_kj_per_kg(board) / 3600.0
        for column, kwh in ((6, steam), (12, first.steam_kwh), (14, second.steam_kwh)):
            out[:, column] = kwh / per_kg
        # What is wanted, not what a short boiler left over: it must know what it owes.
        board.ask("steam", (out[:, 6] + out[:, 12] + out[:, 14]) / hours / np.maximum(share, 0.02))
        board.ask("cooling_water", (first.cooled_kwh + second.cooled_kwh) / hours)
        out[:, 11], out[:, 13] = first.power_kwh, second.power_kwh
        out[:, 15], out[:, 16], out[:, 17] = good, made - good, good
        out[:, 18] = rest
        out[:, 19:24] = running * hours

    def _steam_kj_per_kg(self, board: Board) -> Floats:
        """Heat that a kilogram of steam gives off when it condenses [kJ/kg]."""
        t_c = boiling_c(board.given.get("steam_bar", np.full(board.runs, 7.5)))
        return np.asarray(steam_kj(t_c) - water_kj(t_c))

    def _feed(self, s: State, board: Board, flow: Floats, hours: float) -> tuple[Floats, Floats]:
        """Mix the feed; returns [runs, 5] concentrations [mol/L] and its temperature [degC]."""
        molar, out = s["molar"], board.out
        volume = flow * hours
        wish = s["feed_mol_per_l"] * volume
        use = np.minimum(1.0, wish / np.maximum(s["recycle"][:, A], 1e-12))[:, None]
        back = s["recycle"] * use
        s["recycle"] = s["recycle"] - back
        fresh = np.maximum(0.0, wish - back[:, A])
        fresh_kg = fresh * molar[A] / s["fresh_purity"]
        inert_kg = fresh_kg - fresh * molar[A]
        amount = back.copy()
        amount[:, A] += fresh
        water_kg = np.maximum(0.0, volume * s["rho"] - amount @ molar - inert_kg)
        offered = board.given.get("recycled_water_m3_h", np.zeros(board.runs)) * hours
        reused = np.minimum(offered, water_kg / 1000.0)
        amount[:, W] += (water_kg + inert_kg) / molar[W]
        board.ask("waste_water", (offered - reused) / hours)
        out[:, 0] = s["pump_kwh_per_m3"] * volume + s["base_kw"] * hours * (flow > 0.0)
        out[:, 1], out[:, 2], out[:, 3] = fresh_kg, water_kg / 1000.0 - reused, reused
        return amount / np.maximum(volume, 1e-12)[:, None], s["feed_c"]

    def _recover(
        self, s: State, board: Board, flow: Floats, feed_c: Floats, hours: float
    ) -> Floats:
        """Bottoms of the last step warm the feed; returns how warm they leave [degC]."""
        around = np.clip(board.setting(f"{self.at.exchanger}.bypass_sp") / 100.0, 0.0, 1.0)
        hot = s["bottoms"] @ s["molar"] * s["hot_cp"] / 3600.0 / hours
        cold = flow * s["rho"] * s["cp"] / 3600.0
        through = cold * (1.0 - around)
        kw = effectiveness(s["exchanger_ua"], hot, through) * np.minimum(hot, through)
        kw = np.maximum(0.0, kw * (s["bottoms_c"] - feed_c))
        board.out[:, 4] = kw * hours
        s["preheated_c"] = feed_c + kw / np.maximum(cold, 1e-9)
        return np.asarray(s["bottoms_c"] - kw / np.maximum(hot, 1e-9))

    def _reaction(
        self, s: State, board: Board, flow: Floats, fed: Floats, share: Floats, hours: float
    ) -> tuple[Floats, Floats]:
        """Heater and reactor; returns heat of steam [kWh] and [runs, 5] kmol that left."""
        at, out = self.at, board.out
        per_k = flow * s["rho"] * s["cp"] / 3600.0
        most = s["heater_most_kw"] * share
        base = np.minimum(
            most,
            per_k * np.maximum(0.0, board.setting(f"{at.heater}.outlet_sp") - s["preheated_c"]),
        )
        inlet = s["preheated_c"] + base / np.maximum(per_k, 1e-9)
        coolant = board.given.get("cooling_water_c", np.full(board.runs, 24.0))
        left, duty = np.zeros((board.runs, 5)), np.zeros((board.runs, 3))
        before = s["mol"] * s["volume_m3"][:, None]
        react(
            s["mol"], s["t_c"], s["rate"], s["heat"], flow, fed, inlet,
            board.setting(f"{at.reactor}.temperature_sp"), s["volume_m3"],
            np.column_stack([s["rho"] * s["cp"], s["ua"]]), coolant + 0.5 * s["coolant_rise_k"],
            most - base, board.step_s, max(1, int(np.ceil(board.step_s / _PART_S))), left, duty,
        )  # fmt: skip
        if not np.isfinite(s["t_c"]).all() or np.any(s["t_c"] > 400.0):
            raise ScenarioFault(
                f"{at.reactor} runs away above {float(np.nanmax(s['t_c'])):.0f} degC",
                expected="a temperature that cooling can hold",
                remedy="lower the feed's or the reactor's set-point, or enlarge the cooling surface",
            )
        made = left + s["mol"] * s["volume_m3"][:, None] - before
        cooling = duty[:, 0] / (1.163 * s["coolant_rise_k"])
        heat = (base * hours + duty[:, 1]) * (1.0 + s["heater_loss_share"])
        out[:, 5] = s["heater_base_kw"] * hours * (flow > 0.0)
        out[:, 7] = s["agitator_kw"] * hours * (flow > 0.0) + s["coolant_kwh_per_m3"] * cooling
        out[:, 8], out[:, 9] = made[:, C] * s["molar"][C], made[:, D] * s["molar"][D]
        outside = (s["t_c"] < s["lowest_c"]) | (s["t_c"] > s["highest_c"])
        out[:, 10] = np.where(outside, hours, 0.0)
        board.ask("cooling_water", duty[:, 0] / hours)
        return heat, left

    def _decant(self, s: State, board: Board, cooled_c: Floats, hours: float) -> Floats:
        """Part the bottoms of the last step; returns [runs, 5] kmol of organics."""
        kmol, molar = s["bottoms"], s["molar"]
        capacity = kmol @ molar * s["hot_cp"] / 3600.0
        board.ask(
            "cooling_water",
            capacity * np.maximum(0.0, cooled_c - s["decanter_temperature_c"]) / hours,
        )
        organics: Floats = np.array(kmol)
        organics[:, W] = 0.0
        organics[:, B] *= 1.0 - s["decanter_loss_share"]
        organics[:, C] *= 1.0 - s["decanter_follow_up_loss_share"]
        lost = kmol - organics
        # Oxygen that full oxidation of C5H8O and C5H10O2 takes: 6.5 mol of O2 each.
        cod_kg = 6.5 * 32.0 * (lost[:, B] + lost[:, C])
        board.ask("waste_water", lost[:, W] * molar[W] / 1000.0 / hours)
        board.ask("waste_cod", cod_kg / hours)
        return organics

    def finish(self, state: State) -> Mapping[str, Floats]:
        """Where the reactor stands at the end: temperature and concentrations."""
        told = {f"{self.at.reactor}.temperature_c": state["t_c"].copy()}
        for i, x in enumerate(SUBSTANCES[:4]):
            told[f"{self.at.reactor}.{x}_mol_per_l"] = state["mol"][:, i].copy()
        return told


def _must_be_fed(reactor: str, flow_m3_h: float) -> None:
    if not flow_m3_h > 0.0:
        raise ScenarioFault(
            f"{reactor} is fed {flow_m3_h:g} m3/h",
            expected="a feed above zero",
            remedy="correct the set-point; stop the train with an outage",
        )


def _start(case: Case, signal: str) -> float:
    """The set-point in force when the run begins: a setting that holds then, the image, the fall-back."""
    found = case.image.values.get(signal) if case.image else None
    write = case.plant.signal(signal).write
    value = found if found is not None else write.fallback if write else float("nan")
    for held in case.settings.get(signal, ()):
        if (held.start is None or held.start <= case.start) and (
            held.end is None or case.start < held.end
        ):
            value = held.value
    return float(value)


class _Plug:
    kinds = KINDS

    def units(self, plant: Plant) -> Sequence[Unit]:
        """The train of a plant that has a reactor.

        Raises:
            ScenarioFault: A machine of the train is missing, or there are two of it.
        """
        found = {k: [m for m in plant.machines if m.kind == k] for k in KINDS}
        if not any(found.values()):
            return ()
        wanted = dict.fromkeys(KINDS, 1) | {"distillation_column": 2}
        wrong = [f"{len(found[k])} of {k}" for k, n in wanted.items() if len(found[k]) != n]
        if wrong:
            raise ScenarioFault(
                f"the plant has {', '.join(wrong)}",
                expected="one machine of each kind of a reaction train, and two columns",
                remedy="complete the train in the plant file; two trains need two plant files",
            )
        one = {k: m[0].id for k, m in found.items()}
        columns = [m.id for m in found["distillation_column"]]
        scales = [s for s in plant.signals if s.means == "waste_mass" and s.material == _RESIDUE]
        scale = scales[0] if scales else None
        return (
            ReactionTrain(
                Places(
                    one["feed_station"], one["process_exchanger"], one["steam_heater"], one["stirred_reactor"],
                    columns[0], one["decanter"], columns[1], scale.element if scale else columns[1],
                    scale.waste_code if scale else _CODE,
                )
            ),
        )  # fmt: skip


plug = _Plug()
