"""Mixing vessels: bulk in batches, ahead of the filler; the vessel is cleaned between products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.cip import clean, is_clean
from ecotwin_standin.filling import FillingLine, throw_away
from ecotwin_standin.line import Order
from ecotwin_standin.machine import BUSY, DOWN, HEATING, IDLE, OFF, SETUP, STANDBY, Machine
from ecotwin_standin.worktime import FREE

if TYPE_CHECKING:
    from ecotwin_standin.world import World

_WATER_KWH_KG_K = 4.186 / 3600.0


class MixingVessel(Machine):
    """Doses water and ingredients, warms a part of the batch, mixes, and hands over to the line's tank."""

    kinds = ("mixing_vessel",)
    phase = 0

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.batch_kg = self.draw("batch", 7600.0, 0.04)
        self.batch_s = self.draw("batch_s", 54.0 * 60.0, 0.06)
        self.water_share = self.draw("water", 0.79, 0.02)
        self.warm_share = self.draw("warm", 0.17, 0.1)
        self.warm_to_c = self.draw("warm_to", 62.0, 0.04)
        self.mix_kw, self.idle_kw = self.draw("mix", 17.5), self.draw("idle", 1.3)
        self.residue_kg = self.draw("residue", 46.0, 0.15)
        self.mtbf_h = self.draw("mtbf", 190.0, 0.3)
        self.wear = chance.column()
        self.tank_kg = self.draw("tank", 17500.0, 0.05)
        self.made_kg = 0.0
        self.size_kg = 0.0
        self.elapsed_s = 0.0
        self.bulk_c = 20.0
        self.down_s = 0.0
        self.cleaning = ""
        self.v.update(material_used=0.0, bulk_made=0.0, batches=0.0, product=0.0)

    def step(self, world: World) -> None:
        """Make what the line still needs, then what it needs next."""
        line = world.lines[self.line]
        assert isinstance(line, FillingLine)
        if self.cleaning and is_clean(world, self.cleaning):
            self.cleaning = ""
        working = world.segment.kind != FREE
        if self.down_s > 0.0:
            self.down_s -= world.seconds
        elif self.size_kg <= 0.0 and not self.cleaning and working:
            self._begin(world, line)
        self.state = self._state(world)
        self._batch(world, line)
        self.v["product"] = float(self._order(line).product.code)

    def _order(self, line: FillingLine) -> Order:
        return line.order if line.vessel_at <= line.number else line.coming()

    def _begin(self, world: World, line: FillingLine) -> None:
        """Begin a batch, or clean for the next order."""
        line.vessel_at = max(line.vessel_at, line.number)
        at = line.vessel_at
        order = self._order(line)
        here = line.bulk_kg.get(at, 0.0)
        bottles = line.left if at == line.number else order.boards
        need = 1.009 * bottles * line.content_kg(order.product) + 80.0 - here
        if need > 1.0:
            if here + 0.5 * self.batch_kg < self.tank_kg:
                self.size_kg = min(self.batch_kg, max(350.0, need))
                self.elapsed_s = 0.0
                self.bulk_c = 19.0
            return
        if at == line.number:
            line.vessel_at = at + 1
            throw_away(world, self.residue_kg)
            left, next_ = order.product.code, line.coming().product.code
            self.cleaning = clean(world, self.id, left, next_)

    def _state(self, world: World) -> float:
        if self.down_s > 0.0:
            return DOWN
        if self.cleaning:
            return SETUP
        if self.size_kg > 0.0:
            return HEATING if 0.25 <= self.elapsed_s / self.batch_s < 0.5 else BUSY
        if world.segment.kind != FREE:
            return IDLE
        return STANDBY if world.now_us - world.segment.start_us < 1_800_000_000 else OFF

    def _batch(self, world: World, line: FillingLine) -> None:
        v, seconds, hours = self.v, world.seconds, world.hours
        water = heat = dosed = kw = 0.0
        if self.size_kg > 0.0 and self.down_s <= 0.0:
            if world.uniform[self.wear] < hours / self.mtbf_h:
                self.down_s = 1500.0
            before = self.elapsed_s / self.batch_s
            self.elapsed_s += seconds
            now = min(1.0, self.elapsed_s / self.batch_s)
            doses = max(0.0, min(now, 0.3) - min(before, 0.3)) / 0.3
            warms = max(0.0, min(now, 0.5) - max(before, 0.25)) / 0.25
            dosed = self.size_kg * doses
            water = dosed * self.water_share / 1000.0 / hours
            lift = self.warm_to_c - 19.0
            warmed = self.size_kg * self.warm_share * max(0.0, warms)
            heat = warmed * _WATER_KWH_KG_K * lift / hours
            self.bulk_c += max(0.0, warms) * lift * 0.42
            kw = self.mix_kw * (0.55 + 0.45 * self.size_kg / self.batch_kg)
            if now >= 1.0:
                self._hand_over(line)
        trap = self.fault.get("heat_trap_open", 0.0) if self.fault else 0.0
        if trap and self.state != OFF:
            heat += trap
        usual = {OFF: 0.1, STANDBY: 0.5}.get(self.state, self.idle_kw)
        self.spend(world, kw if kw > 0.0 else usual)
        self.count("water_in", "water_in_flow", water, hours)
        self.count("heat_energy", "heat_power", heat, hours)
        world.water_in_m3_h += water
        world.heat_kw += heat
        v["material_used"] += dosed
        v["level"] = 100.0 * min(1.0, sum(line.bulk_kg.values()) / (2.0 * self.tank_kg))
        self.bulk_c += (21.0 - self.bulk_c) * min(1.0, seconds / 9000.0)
        v["temperature"] = self.bulk_c

    def _hand_over(self, line: FillingLine) -> None:
        at = line.vessel_at
        line.bulk_kg[at] = line.bulk_kg.get(at, 0.0) + self.size_kg
        self.v["bulk_made"] += self.size_kg
        self.v["batches"] += 1.0
        self.size_kg = 0.0
