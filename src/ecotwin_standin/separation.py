"""What follows the reaction: two distillation columns and the decanter between them.

Sources:
    Sharpness of a column: Jafarey, Douglas and McAvoy, Ind. Eng. Chem. Process Des. Dev. 18 (1979) 197-202:
    S = (alpha / sqrt(1 + 1 / (R x)))^N.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, IDLE, Machine
from ecotwin_standin.reaction import LATENT, MOLAR, RHO, follow

if TYPE_CHECKING:
    from ecotwin_standin.world import World

_DUTY = {
    "reactant": {
        "volatility": 55.0, "stages": 7.0, "recovery": 0.9978, "latent": 28.4, "cp": 3.02, "top_c": 41.3,
        "bottom_c": 100.6, "pump": 12.0, "bar": 0.1, "drop": 0.05, "most_kw": 820.0,
    },
    "wanted": {
        "volatility": 2.25, "stages": 29.0, "recovery": 0.984, "latent": 46.5, "cp": 2.12, "top_c": 87.6,
        "bottom_c": 147.0, "pump": 12.9, "bar": -0.86, "drop": 0.09, "most_kw": 1450.0,
    },
}  # fmt: skip
"""Columns by the light key that the plant file names; the stand-in's own figures."""


class Column(Machine):
    """A column that keeps its light key's recovery; reflux decides how pure the top is and what it costs."""

    kinds = ("distillation_column",)
    phase = 0

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.p: dict[str, float] = {}
        self.light = ""
        self.moved = {"a": 30.0, "b": 15.5, "c": 16.0, "d": 5.0, "w": 450.0}
        self.heated = 1.0
        self.v.update(steam_mass=0.0, parts_total=0.0, parts_good=0.0)

    def _know(self, world: World) -> None:
        self.light = str(world.plant.element(self.id).kind_facts.get("light", "wanted"))
        told = _DUTY[self.light]
        share = {"recovery": 0.0005, "top_c": 0.01, "bottom_c": 0.01, "bar": 0.02, "stages": 0.05}
        self.p = {k: self.draw(k, x, share.get(k, 0.03)) for k, x in told.items()}

    def _feed(self, world: World) -> dict[str, float]:
        """[kmol/h] by substance."""
        given = world.given
        if self.light == "wanted":
            return {x: given.get(f"organic_{x}", 0.0) for x in MOLAR}
        q = given.get("effluent_m3_h", 0.0)
        mol = {x: given.get(f"effluent_{x}", 0.0) for x in "abcd"}
        organic = sum(mol[x] * MOLAR[x] for x in mol)
        mol["w"] = max(0.0, RHO - organic) / MOLAR["w"]
        return {x: q * c for x, c in mol.items()}

    def step(self, world: World) -> None:
        """Hold-up first, then the split, then what it takes."""
        if not self.p:
            self._know(world)
        for x, kmol in self._feed(world).items():
            self.moved[x] = follow(self.moved[x], kmol, world.seconds, 900.0)
        light, heavy = ("a", "w") if self.light == "reactant" else ("b", "d")
        feed, p = self.moved, self.p
        whole = sum(feed.values())
        enough = self.heated
        reflux = self.setpoint.get("reflux_sp", 1.0)
        z = feed[light] / max(
            1e-9, feed[light] + (whole - feed[light] if light == "a" else feed[heavy])
        )
        sharp = (p["volatility"] / (1.0 + 1.0 / max(1e-6, reflux * z)) ** 0.5) ** p["stages"]
        kept = p["recovery"] * enough
        through = 1.0 / (1.0 + sharp * (1.0 - kept) / max(1e-9, kept))
        top = dict.fromkeys(feed, 0.0)
        top[light] = kept * feed[light]
        top[heavy] = through * feed[heavy]
        if light == "b":
            top["a"] = feed["a"]
            top["c"] = 0.02 * through * feed["c"]
        bottom = {x: feed[x] - top[x] for x in feed}
        self._run(world, top, bottom, light, reflux)

    def _run(
        self,
        world: World,
        top: dict[str, float],
        bottom: dict[str, float],
        light: str,
        reflux: float,
    ) -> None:
        p, v, given = self.p, self.v, world.given
        top_kg = sum(n * MOLAR[x] for x, n in top.items())
        bottom_kg = sum(n * MOLAR[x] for x, n in bottom.items())
        first = self.light == "reactant"
        feed_c = given.get("effluent_temp", 114.0) if first else given.get("decanter_temp", 40.0)
        condenser = (1.0 + reflux) * sum(top.values()) * p["latent"] / 3.6
        warm = (
            p["cp"]
            / 3600.0
            * (top_kg * (p["top_c"] - feed_c) + bottom_kg * (p["bottom_c"] - feed_c))
        )
        wish = max(0.0, condenser + warm) * 1.035
        kw = min(wish, p["most_kw"]) * given.get("steam_share", 1.0)
        self.heated = follow(self.heated, kw / wish if wish > 1.0 else 1.0, world.seconds, 300.0)
        condenser *= min(1.0, kw / wish) if wish > 1.0 else 0.0
        leak = self.fault.get("steam_trap_leak", 0.0) if self.fault else 0.0
        steam = kw * 3600.0 / LATENT + leak
        world.asked["steam_kg_h"] = world.asked.get("steam_kg_h", 0.0) + steam
        world.asked["steam_lost_kg_h"] = world.asked.get("steam_lost_kg_h", 0.0) + 0.4 * leak
        world.reject_kw += condenser + 0.5 * top_kg * p["cp"] / 3600.0 * (p["top_c"] - 38.0)
        pure = 100.0 * top[light] * MOLAR[light] / max(1e-9, top_kg)
        running = top_kg + bottom_kg > 50.0
        self.state = BUSY if running else IDLE
        self.spend(
            world, p["pump"] * (0.55 + 0.45 * min(1.4, condenser / 420.0)) if running else 2.0
        )
        self.count("steam_mass", "steam_flow", steam, world.hours)
        n = world.normal[self.column]
        v["feed_flow"], v["top_flow"], v["bottom_flow"] = top_kg + bottom_kg, top_kg, bottom_kg
        v["top_temperature"] = p["top_c"] + 0.25 * (100.0 - pure) + 0.04 * n
        v["bottom_temperature"] = p["bottom_c"] + 0.04 * n
        v["pressure"], v["pressure_drop"] = (
            p["bar"] + 0.004 * n,
            p["drop"] * (condenser / 420.0) ** 1.8,
        )
        v["reflux_ratio"], v["condenser_duty"] = reflux, condenser
        v["purity"] = pure
        v["bottom_light"] = 100.0 * bottom[light] * MOLAR[light] / max(1e-9, bottom_kg)
        if first:
            given["recycle_kg_h"], given["recycle_share"] = top_kg, pure / 100.0
            given["bottoms_kg_h"], given["bottoms_temp"] = bottom_kg, p["bottom_c"]
            for x, kmol in bottom.items():
                given[f"bottoms_{x}"] = kmol
            return
        v["parts_total"] += top_kg * world.hours
        v["parts_good"] += top_kg * world.hours if pure >= 98.5 else 0.0
        world.asked["good_kg"] = top_kg * world.hours if pure >= 98.5 else 0.0
        world.asked["residue_kg"] = bottom_kg * world.hours
        if pure < 98.5:
            world.asked["residue_kg"] += top_kg * world.hours


class Decanter(Machine):
    """Cools the bottoms and parts water from organics."""

    kinds = ("decanter",)
    phase = 0

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.loss_b, self.loss_c = self.draw("loss_b", 0.0055, 0.1), self.draw("loss_c", 0.021, 0.1)
        self.t_c = 40.0

    def step(self, world: World) -> None:
        """What stays in the water is lost and must be cleaned out again."""
        given, n = world.given, world.normal[self.column]
        kmol = {x: given.get(f"bottoms_{x}", 0.0) for x in MOLAR}
        mass = sum(kmol[x] * MOLAR[x] for x in kmol)
        before = given.get("bottoms_cooled_c", 45.0)
        self.t_c = follow(
            self.t_c, max(world.tower_c + 9.0, min(before, 40.0)), world.seconds, 900.0
        )
        world.reject_kw += max(0.0, mass * 3.85 / 3600.0 * (before - self.t_c))
        lost = {"b": self.loss_b * kmol["b"], "c": self.loss_c * kmol["c"]}
        for x in "abcd":
            given[f"organic_{x}"] = kmol[x] - lost.get(x, 0.0)
        given["organic_w"] = 0.0
        water = kmol["w"] * MOLAR["w"] / 1000.0
        cod = 2.47 * lost["b"] * MOLAR["b"] + 2.04 * lost["c"] * MOLAR["c"]
        given["decanter_temp"] = self.t_c
        given["process_water_m3_h"], given["process_cod_kg_h"] = water, cod
        organic = sum(given[f"organic_{x}"] * MOLAR[x] for x in "abcd")
        v = self.v
        v["temperature"], v["interface_level"] = self.t_c, 47.0 + 0.7 * n
        v["water_flow"], v["organic_flow"] = water, organic
        v["water_content"] = 0.6 + 0.01 * (self.t_c - 40.0) + 0.02 * n
        v["organics_in_water"] = 1000.0 * cod / water if water > 0.05 else 0.0
