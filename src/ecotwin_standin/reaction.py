"""A continuous reaction train: feed station, heat recovery, feed heater, stirred reactor.

Cyclopentadiene (A) takes up water to cyclopentenol (B), that to cyclopentanediol (C); 2 A join to the dimer (D). The
real plant is not the published benchmark: its rate constants are stated at 114 degC and drawn by seed, its vessel has
a badly mixed corner, its catalyst ages. Streams between the machines travel in `world.given`; one train a plant.

Sources:
    Reaction scheme: Klatt and Engell, Comp. Chem. Eng. 22 (1998) 491-502. Counter-current exchanger: effectiveness by
    number of transfer units (VDI Heat Atlas, C1).
"""

from __future__ import annotations

from math import ceil, exp
from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, IDLE, Machine

if TYPE_CHECKING:
    from ecotwin_standin.world import World

MOLAR = {"a": 66.10, "b": 84.12, "c": 102.13, "d": 132.20, "w": 18.015}
"""[kg/kmol]."""
RHO, CP = 934.0, 3.02
"""Density [kg/m3] and heat capacity [kJ/(kg K)] of the reaction mixture."""
LATENT = 2015.0
"""Heat of condensation of the steam [kJ/kg]."""


def follow(old: float, new: float, seconds: float, tau_s: float) -> float:
    """A first-order lag."""
    return old + (new - old) * (1.0 - exp(-seconds / tau_s))


class FeedStation(Machine):
    """Mixes fresh reactant, what comes back from distillation, and process water in a fixed ratio."""

    kinds = ("feed_station",)
    phase = 0

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.purity = self.draw("purity", 0.986, 0.004)
        self.aim = self.draw("aim", 5.1, 0.01)
        self.per_m3, self.base_kw = self.draw("per_m3", 0.93), self.draw("base", 3.7)
        self.flow, self.mol_l = 14.0, 5.1
        self.wander = 0.0
        self.v.update(fresh_used=0.0, water_in=0.0)

    def step(self, world: World) -> None:
        """Follow the reactor's feed set-point; the ratio is held by mass, not by analysis."""
        given, n = world.given, world.normal[self.column]
        keep = exp(-world.seconds / 14_400.0)
        self.wander = keep * self.wander + (1.0 - keep**2) ** 0.5 * 0.004 * n
        self.flow = follow(self.flow, given.get("feed_aim", 14.19), world.seconds, 240.0)
        back = min(given.get("recycle_kg_h", 0.0), 0.95 * self.flow * self.aim * MOLAR["a"])
        fresh = max(0.0, self.flow * self.aim * MOLAR["a"] - back) / 0.985
        thinned = self.fault.get("feed_dilute", 0.0) if self.fault else 0.0
        pure = self.purity * (1.0 - thinned) * (1.0 + self.wander)
        holds = (back * given.get("recycle_share", 1.0) + fresh * pure) / (self.flow * MOLAR["a"])
        self.mol_l = follow(self.mol_l, holds, world.seconds, 700.0)
        need = max(0.0, (self.flow * RHO - back - fresh) / 1000.0)
        recycled = min(need, given.get("recycled_water_m3_h", 0.0))
        world.asked["unused_water_m3_h"] = given.get("recycled_water_m3_h", 0.0) - recycled
        make_up = need - recycled
        outside = world.weather.temperature_c
        mixed_c = (
            back / 1000.0 * 0.6 * 37.0
            + fresh / 1000.0 * 0.6 * max(8.0, outside)
            + recycled * 29.0
            + make_up * (11.0 + 0.2 * (outside - 10.0))
        ) / max(0.1, 0.6 * (back + fresh) / 1000.0 + recycled + make_up)
        given["feed_m3_h"], given["feed_temp"], given["feed_mol_l"] = self.flow, mixed_c, self.mol_l
        self.state = BUSY if self.flow > 0.5 else IDLE
        self.spend(world, self.base_kw + self.per_m3 * self.flow)
        self.count("fresh_used", "fresh_flow", fresh, world.hours)
        self.count("water_in", "water_in_flow", make_up, world.hours)
        world.water_in_m3_h += make_up
        v = self.v
        v["recycle_flow"], v["recycled_water_flow"], v["feed_flow"] = back, recycled, self.flow
        v["feed_temperature"], v["feed_concentration"] = mixed_c, self.mol_l
        v["level"] = 58.0 + 1.5 * n


class ProcessExchanger(Machine):
    """Feed against the hot bottoms of the reactant column; it fouls by and by."""

    kinds = ("process_exchanger",)
    phase = 0

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.ua = self.draw("ua", 36.5, 0.06)
        self.dirt = self.draw("dirt", 0.05, 0.6)
        self.out_c, self.hot_out_c = 80.0, 45.0

    def step(self, world: World) -> None:
        """Hand over heat; what goes around is mixed back behind it."""
        given = world.given
        around = self.setpoint.get("bypass_sp", 0.0) / 100.0
        hot_kg, hot_c = given.get("bottoms_kg_h", 0.0), given.get("bottoms_temp", 100.0)
        cold_kg, cold_c = given.get("feed_m3_h", 14.0) * RHO, given.get("feed_temp", 22.0)
        self.dirt = min(0.35, self.dirt + 4e-5 * world.hours)
        fouled = self.fault.get("exchanger_fouled", 0.0) if self.fault else 0.0
        ua = self.ua * (1.0 - self.dirt) * (1.0 - fouled)
        hot, cold = hot_kg * 3.85 / 3600.0, cold_kg * (1.0 - around) * CP / 3600.0
        kw = 0.0
        if hot > 0.05 and cold > 0.05:
            least, most = min(hot, cold), max(hot, cold)
            ratio, units = least / most, ua / least
            drop = exp(-units * (1.0 - ratio))
            share = (
                units / (1.0 + units)
                if abs(1.0 - ratio) < 1e-6
                else (1.0 - drop) / (1.0 - ratio * drop)
            )
            kw = max(0.0, share * least * (hot_c - cold_c))
        out = cold_c + kw / max(0.05, cold_kg * CP / 3600.0)
        hot_out = hot_c - kw / hot if hot > 0.05 else hot_c
        self.out_c = follow(self.out_c, out, world.seconds, 90.0)
        self.hot_out_c = follow(self.hot_out_c, hot_out, world.seconds, 90.0)
        given["preheated_c"], given["bottoms_cooled_c"] = self.out_c, self.hot_out_c
        v = self.v
        v["hot_in"], v["hot_out"], v["cold_in"], v["cold_out"] = (
            hot_c,
            self.hot_out_c,
            cold_c,
            self.out_c,
        )
        v["hot_flow"], v["cold_flow"], v["duty"] = hot_kg, cold_kg, kw
        v["pressure_drop"] = (0.28 + 0.9 * (self.dirt + 0.6 * fouled)) * (cold_kg / 13_000.0) ** 2
        v["bypass"] = 100.0 * around


class SteamHeater(Machine):
    """Brings the feed to its temperature; its trap may let steam through."""

    kinds = ("steam_heater",)
    phase = 0

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.ua = self.draw("ua", 17.0)
        self.loss = self.draw("loss", 0.016, 0.4)
        self.base_kw = self.draw("base", 1.05)
        self.out_c = 104.0
        self.v.update(steam_mass=0.0)

    def step(self, world: World) -> None:
        """Heat to the set-point, and above it while the reactor cannot keep warm by itself."""
        given = world.given
        flow = given.get("feed_m3_h", 14.0) * RHO
        inlet = given.get("preheated_c", 80.0)
        aim = self.setpoint.get("outlet_sp", 104.9) + given.get("heat_trim_k", 0.0)
        bar = given.get("steam_bar", 7.5)
        steam_c = 184.0 + 5.2 * (bar - 9.8)
        could = self.ua * max(0.0, steam_c - 0.5 * (inlet + aim)) * given.get("steam_share", 1.0)
        kw = min(could, max(0.0, flow * CP / 3600.0 * (aim - inlet)))
        self.out_c = follow(self.out_c, inlet + kw / (flow * CP / 3600.0), world.seconds, 60.0)
        given["heated_c"] = self.out_c
        leak = self.fault.get("steam_trap_leak", 0.0) if self.fault else 0.0
        steam = kw * (1.0 + self.loss) * 3600.0 / LATENT + leak
        world.asked["steam_kg_h"] = world.asked.get("steam_kg_h", 0.0) + steam
        world.asked["steam_lost_kg_h"] = world.asked.get("steam_lost_kg_h", 0.0) + 0.4 * leak
        self.state = BUSY if kw > 1.0 else IDLE
        self.spend(world, self.base_kw)
        self.count("steam_mass", "steam_flow", steam, world.hours)
        v = self.v
        v["inlet_temperature"], v["outlet_temperature"], v["flow"] = inlet, self.out_c, flow
        v["valve"] = min(100.0, 100.0 * kw / max(1.0, could))
        v["condensate_temperature"] = min(176.0, 96.0 + 0.05 * kw + 0.9 * leak)


class StirredReactor(Machine):
    """The reactor: four concentrations, its temperature and that of the jacket, in steps of a few seconds."""

    kinds = ("stirred_reactor",)
    phase = 0

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.volume = self.draw("volume", 1.0, 0.02)
        self.corner = self.draw("corner", 0.05, 0.4)
        self.exchange = self.draw("exchange", 0.35, 0.3)
        self.k = [
            self.draw("k1", 15.0, 0.06),
            self.draw("k2", 14.3, 0.06),
            self.draw("k3", 2.24, 0.06),
        ]
        self.e = [
            self.draw("e1", 9690.0, 0.02),
            self.draw("e2", 9830.0, 0.02),
            self.draw("e3", 8500.0, 0.02),
        ]
        self.heat = [4.3, -11.2, -41.0]
        self.ua = self.draw("ua", 24.5, 0.07)
        self.loss = self.draw("loss", 0.055, 0.3)
        self.agitator = self.draw("agitator", 17.2)
        self.mol = [2.1, 1.1, 1.1, 0.35]
        self.still = list(self.mol)
        self.t_c, self.jacket_c = 114.0, 112.0
        self.valve, self.sum_k, self.wanted = 10.0, 0.0, 10.0

    def _rates(self, mol: list[float], t_c: float, active: float) -> tuple[float, float, float]:
        lift = 1.0 / (t_c + 273.15) - 1.0 / 387.15
        k1, k2, k3 = (k * exp(-e * lift) for k, e in zip(self.k, self.e, strict=True))
        a, b = mol[0], mol[1]
        return active * k1 * a, active * k2 * b, k3 * a * a

    def step(self, world: World) -> None:
        """Balances with the valve, then what more heat the feed needs."""
        given, fault = world.given, self.fault
        given["feed_aim"] = self.setpoint.get("feed_sp", 14.19)
        decay = min(0.9, fault.get("catalyst_decay", 0.0)) if fault else 0.0
        stuck = fault.get("cooling_valve_stuck") if fault else None
        duty = self._balances(world, 1.0 - decay, stuck)
        trim = min(30.0, max(0.0, -0.12 * self.wanted))
        given["heat_trim_k"] = follow(given.get("heat_trim_k", 0.0), trim, world.seconds, 120.0)
        self.state = BUSY if given.get("feed_m3_h", 0.0) > 0.5 else IDLE
        self.spend(world, self.agitator + 0.11 * self.valve / 100.0 * 3.2 + 1.4)
        world.reject_kw += max(0.0, duty)
        self._show(world, duty)

    def _control(self, aim: float, seconds: float, stuck: float | None) -> None:
        """The valve; what it wants below zero is heat, which the feed heater gives."""
        error = self.t_c - aim
        wanted = 10.0 + 9.0 * error + self.sum_k
        if -250.0 < wanted < 100.0 or wanted * error < 0.0:
            self.sum_k += 9.0 * error * seconds / 900.0
        self.wanted = wanted
        self.valve = min(100.0, max(0.0, wanted)) if stuck is None else stuck

    def _balances(self, world: World, active: float, stuck: float | None) -> float:
        """One step of the plant in small ones; returns the mean heat to the jacket [kW]."""
        given = world.given
        parts = ceil(world.seconds / 5.0)
        hours = world.hours / parts
        q, fed = given.get("feed_m3_h", 14.0), given.get("feed_mol_l", 5.1)
        inlet, water_c = given.get("heated_c", 104.0), world.tower_c
        well = 1.0 - self.corner
        aim = self.setpoint.get("temperature_sp", 114.2)
        taken = 0.0
        for _ in range(parts):
            self._control(aim, world.seconds / parts, stuck)
            coolant = 3.2 * self.valve / 100.0 * 1.163
            r1, r2, r3 = self._rates(self.mol, self.t_c, active)
            s1, s2, s3 = self._rates(self.still, self.t_c, active)
            made = (-r1 - r3, r1 - r2, r2, 0.5 * r3)
            slow = (-s1 - s3, s1 - s2, s2, 0.5 * s3)
            space = q / (self.volume * well)
            for i in range(4):
                m, c = self.mol[i], self.still[i]
                feed = fed if i == 0 else 0.0
                swap = self.exchange * (c - m)
                self.mol[i] += hours * (space * (feed - m) + made[i] + swap / well)
                self.still[i] += hours * (slow[i] - swap / self.corner)
            sources = -sum(h * r for h, r in zip(self.heat, (r1, r2, r3), strict=True)) * well
            sources -= (
                sum(h * r for h, r in zip(self.heat, (s1, s2, s3), strict=True)) * self.corner
            )
            kw = sources * self.volume * 1000.0 / 3600.0
            out = self.ua * (self.t_c - self.jacket_c)
            kw += q * RHO * CP / 3600.0 * (inlet - self.t_c) - out
            kw -= self.loss * (self.t_c - world.plant_room_c)
            self.t_c += kw * hours * 3600.0 / (self.volume * RHO * CP)
            flow_out = coolant * (self.jacket_c - water_c)
            self.jacket_c += (out - flow_out) * hours * 3600.0 / 1100.0
            taken += out / parts
        return taken

    def _show(self, world: World, duty: float) -> None:
        given, v, n = world.given, self.v, world.normal[self.column]
        q = given.get("feed_m3_h", 14.0)
        given["effluent_m3_h"], given["effluent_temp"] = q, self.t_c
        for name, value in zip("abcd", self.mol, strict=True):
            given[f"effluent_{name}"] = value
        v["feed_flow"], v["feed_temperature"] = q, given.get("heated_c", 104.0)
        v["temperature"], v["jacket_temperature"] = self.t_c, self.jacket_c
        v["pressure"] = max(0.02, 2.6 + 0.075 * (self.t_c - 100.0) + 0.01 * n)
        v["level"] = 62.0 + 0.8 * n
        v["cooling_valve"], v["coolant_flow"] = self.valve, 3.2 * self.valve / 100.0
        v["cooling_duty"] = duty
        v["reactant"], v["wanted"], v["follow_up"], v["dimer"] = self.mol
