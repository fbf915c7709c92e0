"""The stations of a line: power and media by state, failures, scrap, and what each kind adds.

Nominal figures stand in `stations.csv`; they are the stand-in's own, and each machine is drawn
around them by seed.
"""

from __future__ import annotations

import csv
from functools import cache
from math import exp
from typing import TYPE_CHECKING, ClassVar

from ecotwin.plant import Product
from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, DOWN, IDLE, OFF, SETUP, STANDBY, Machine
from ecotwin_standin.tables import tables
from ecotwin_standin.worktime import FREE

if TYPE_CHECKING:
    from ecotwin_standin.line import Line
    from ecotwin_standin.world import World

_LONG_PAUSE_US = 5_400_000_000
"""Machines are switched off when nobody works for longer than this [us]."""


@cache
def nominal() -> dict[str, dict[str, float]]:
    """The tables of stations (`stations*.csv`): kind -> column -> value."""
    return {
        row.pop("kind"): {name: float(value) for name, value in row.items()}
        for text in tables("stations")
        for row in csv.DictReader(text.splitlines())
    }


class Station(Machine):
    """A machine that boards pass through.

    Attributes:
        boards: Boards of this step. starved: Nothing to do for most of the step. able: Ready to
            take boards.
    """

    kinds: ClassVar[tuple[str, ...]] = ("conveyor",)
    phase = 0
    lays: ClassVar[type[Line] | None] = None
    """The class of line that it makes of where it stands; None: the usual one."""

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        row = nominal()[kind]
        self.off_kw, self.standby_kw, self.setup_kw, self.idle_kw, self.busy_kw = (
            self.draw(n, row[n], 0.05)
            for n in ("off_kw", "standby_kw", "setup_kw", "idle_kw", "busy_kw")
        )
        self.air_idle, self.air_busy = (
            self.draw("air_idle", row["air_idle_m3_h"]),
            self.draw("air_busy", row["air_busy_m3_h"]),
        )
        self.n2_idle, self.n2_busy = (
            self.draw("n2_idle", row["n2_idle_m3_h"]),
            self.draw("n2_busy", row["n2_busy_m3_h"]),
        )
        self.cycle_share = self.draw("cycle", row["cycle_share"], 0.03)
        self.slow = 1.0 + abs(self.draw("slow", 0.045, 0.6))
        self.room = row["room"]
        self.setup_s = self.draw("setup", row["setup_min"] * 60.0, 0.2)
        self.mtbf_h = self.draw("mtbf", row["mtbf_h"], 0.3)
        self.mttr_s = self.draw("mttr", row["mttr_min"] * 60.0, 0.3)
        self.scrap_share = self.draw("scrap", row["scrap_share"], 0.25)
        self.water_cooled = row["water_cooled_share"]
        self.hall_share = 1.0 - self.water_cooled
        self.extra_column = chance.column()
        self.cycle_s = 30.0
        self.boards = 0.0
        self.lost = 0.0
        self.owed = 0.0
        self.starved = True
        self.down_s = 0.0
        self.used = 0.0
        self.v.update(parts_total=0.0, parts_good=0.0, product=0.0)

    @property
    def able(self) -> bool:
        """Whether it can take boards now."""
        return self.down_s <= 0.0

    def product_cycle_s(self, product: Product, planned_s: float) -> float:
        """Real cycle time of this station for a product [s a board]."""
        own = product.planned_run_s.get(self.id)
        if own is not None:
            return own * self.slow
        return planned_s * self.cycle_share * self.slow

    def scrap(self, done: float, world: World) -> float:
        """Boards found bad among `done`."""
        share = self.scrap_share + (self.fault.get("scrap_burst", 0.0) if self.fault else 0.0)
        if share > 0.0:
            self.owed += float(int(share * done + world.uniform[self.extra_column]))
        self.lost = min(self.owed, done)
        self.owed -= self.lost
        return self.lost

    def mode(self, world: World, line: Line) -> float:
        """State of this step."""
        segment = world.segment
        if self.down_s > 0.0:
            self.down_s -= world.seconds
            return DOWN
        if segment.kind == FREE:
            long = segment.works_at_us - segment.start_us > _LONG_PAUSE_US
            near = segment.works_at_us - world.now_us < 900_000_000
            fresh = world.now_us - segment.start_us < 600_000_000
            return STANDBY if near or fresh or not long else self.rest
        if not line.ready:
            return IDLE
        if line.setup_s > 0.0:
            return SETUP
        return BUSY if self.boards > 0.0 and not self.starved else IDLE

    rest: ClassVar[float] = OFF
    """State through nights and weekends."""

    def step(self, world: World) -> None:
        """Book power, media and parts of the step."""
        line = world.lines[self.line]
        if self.boards > 0.0 and world.uniform[self.column] < world.hours / self.mtbf_h:
            self.down_s = self.mttr_s * exp(0.5 * world.normal[self.extra_column])
        self.state = state = self.mode(world, line)
        self.used = used = min(1.0, self.boards * self.cycle_s / world.seconds)
        self.book_parts(world, line)
        self.spend(world, self.demand_kw(world, state, used))
        self.media(world, state, used)
        self.particulars(world)
        world.hall_kw += self.power_kw * self.hall_share
        world.cold_kw += self.power_kw * self.water_cooled
        self.lost = 0.0

    def demand_kw(self, world: World, state: float, used: float) -> float:  # noqa: ARG002
        """Electric power by state and use [kW]."""
        if state >= IDLE:
            return self.idle_kw + (self.busy_kw - self.idle_kw) * used
        if state == SETUP:
            return self.setup_kw
        return self.standby_kw if state == STANDBY else self.off_kw

    def book_parts(self, world: World, line: Line) -> None:
        """Counters of parts, and scrap into the bins."""
        v = self.v
        v["parts_total"] += self.boards
        v["parts_good"] += self.boards - self.lost
        v["product"] = float(line.product.code)
        if self.lost > 0.0:
            world.scrap_kg += self.lost * line.product.mass_kg

    def media(self, world: World, state: float, used: float) -> None:
        """Compressed air and nitrogen."""
        if self.air_busy > 0.0:
            if state >= SETUP:
                flow = (self.air_idle + (self.air_busy - self.air_idle) * used) * world.air_factor
            else:
                flow = 0.15 * self.air_idle if state == STANDBY else 0.0
            flow += self.fault.get("air_leak", 0.0) * world.air_factor if self.fault else 0.0
            self.v["air_flow"] = flow
            world.use_air(self.id, flow)
        if self.n2_busy > 0.0:
            flow = self.n2_idle + (self.n2_busy - self.n2_idle) * used if state >= IDLE else 0.0
            self.v["n2_flow"] = flow
            world.n2_m3_h += flow

    def particulars(self, world: World) -> None:  # noqa: ARG002
        """Signals that only this kind has."""
        self.v["belt_speed"] = 9.0 if self.state == BUSY else 0.0


class Loader(Station):
    """Puts bare boards on the line from magazines."""

    kinds = ("loader",)

    def particulars(self, world: World) -> None:  # noqa: ARG002
        """Magazine of 50 boards."""
        self.v["magazine_level"] = 100.0 - 2.0 * (self.v["parts_total"] % 50.0)


class Printer(Station):
    """Prints solder paste."""

    kinds = ("printer",)

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.paste_g = self.draw("paste", 1.66, 0.06)
        self.force_n = self.draw("force", 62.0, 0.1)
        self.v.update(paste_used=0.0, wipes_used=0.0)

    def particulars(self, world: World) -> None:
        """Paste, wipes and the print's quality."""
        v, n = self.v, world.normal[self.extra_column]
        v["paste_used"] += self.boards * self.paste_g / 1000.0
        v["wipes_used"] += self.boards / 12.0
        world.paste_kg += self.boards * self.paste_g * 0.06 / 1000.0
        v["squeegee_pressure"] = self.force_n + 1.2 * n if self.state == BUSY else 0.0
        v["paste_volume"] = 101.0 + 4.0 * n
        v["chamber_temperature"] = world.hall_c + 1.5 + 1.2 * self.used


class Placer(Station):
    """Places components."""

    kinds = ("placer",)

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.components = self.draw("components", 52.0, 0.1)
        self.miss = self.draw("miss", 0.0009, 0.4)
        self.shake = self.draw("shake", 2.2, 0.15)
        self.head_c = 22.0
        self.v.update(placements=0.0, pick_errors=0.0)

    def particulars(self, world: World) -> None:
        """Components, vacuum, head and gantry."""
        v, n = self.v, world.normal[self.extra_column]
        placed = self.boards * self.components
        v["placements"] += placed
        v["pick_errors"] += placed * self.miss
        on = self.state >= SETUP
        v["vacuum"] = -0.72 + 0.01 * n if on else 0.0
        aim = world.hall_c + (14.0 * self.used + 6.0 if on else 0.0)
        self.head_c += (aim - self.head_c) * (1.0 - exp(-world.seconds / 1500.0))
        v["head_temperature"] = self.head_c
        wear = 1.0 + 0.08 * self.fault.get("power_creep", 0.0) if self.fault else 1.0
        v["vibration"] = wear * self.shake * (0.15 + 0.85 * self.used) if on else 0.05


class Inspection(Station):
    """Sorts out bad boards by sight."""

    kinds = ("inspection",)

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.false_share = self.draw("false", 0.011, 0.3)
        self.ppm = 30.0
        self.v.update(false_calls=0.0)

    def particulars(self, world: World) -> None:
        """False calls and defects."""
        v = self.v
        v["false_calls"] += self.boards * self.false_share
        if self.boards > 0.0:
            keep = exp(-world.seconds / 3600.0)
            self.ppm = keep * self.ppm + (1.0 - keep) * 1e6 * self.lost / self.boards / 160.0
        v["defects_per_million"] = self.ppm
        v["camera_temperature"] = world.hall_c + (11.0 if self.state >= SETUP else 2.0)


class SelectiveSolder(Station):
    """Solders through-hole parts; its pot of molten solder stays hot through nights."""

    kinds = ("selective_solder",)
    rest = STANDBY

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.solder_g, self.flux_g = self.draw("solder", 2.5), self.draw("flux", 1.15)
        self.pot_c = 270.0
        self.v.update(flux_used=0.0, solder_used=0.0)

    def demand_kw(self, world: World, state: float, used: float) -> float:
        """State power, plus reheating of the pot after a night at 235 degC."""
        aim = 290.0 if state >= SETUP else 235.0
        kw = super().demand_kw(world, state, used)
        missing = aim - self.pot_c
        if missing > 2.0 and state >= SETUP:
            kw += min(7.0, missing * 0.35)
        self.pot_c += max(-0.012, min(0.03, missing * 0.002)) * world.seconds
        return kw

    @property
    def able(self) -> bool:
        """Ready when the pot is hot."""
        return self.down_s <= 0.0 and self.pot_c > 280.0

    def particulars(self, world: World) -> None:
        """Solder, flux and the wave."""
        v, n = self.v, world.normal[self.extra_column]
        v["pot_temperature"] = self.pot_c
        v["preheat_temperature"] = (
            118.0 + 3.0 * self.used if self.state >= IDLE else world.hall_c + 8.0
        )
        v["flux_flow"] = self.boards * self.flux_g / 0.8 / 1e6 / world.hours
        v["flux_used"] += self.boards * self.flux_g / 1000.0
        v["solder_used"] += self.boards * self.solder_g / 1000.0
        world.dross_kg += self.boards * self.solder_g * 0.08 / 1000.0
        v["wave_height"] = 7.5 + 0.1 * n if self.state >= IDLE else 0.0


class Coating(Station):
    """Sprays protective lacquer."""

    kinds = ("coating",)

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.lacquer_g = self.draw("lacquer", 3.1)
        self.v.update(lacquer_used=0.0)

    def particulars(self, world: World) -> None:
        """Lacquer and the cabin's exhaust."""
        v = self.v
        v["lacquer_used"] += self.boards * self.lacquer_g / 1000.0
        world.lacquer_kg += self.boards * self.lacquer_g * 0.18 / 1000.0
        v["exhaust_flow"] = 950.0 if self.state >= SETUP else 0.0
        world.exhaust_m3_h += v["exhaust_flow"]
        v["cabin_temperature"] = world.hall_c + 1.0 + 2.0 * self.used


class TestStation(Station):
    """Tests boards electrically; some twice."""

    __test__ = False
    kinds = ("test_station",)

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.again = self.draw("again", 0.021, 0.3)
        self.v.update(retests=0.0)

    def particulars(self, world: World) -> None:
        """Retests, time and temperature."""
        v, n = self.v, world.normal[self.extra_column]
        v["retests"] += self.boards * self.again
        v["test_time"] = self.cycle_s * (0.94 + 0.02 * n)
        v["rack_temperature"] = world.hall_c + 4.0 + 9.0 * self.used


class AssemblyCell(Station):
    """Screws and joins."""

    kinds = ("assembly_cell",)

    def particulars(self, world: World) -> None:
        """Torque and cycle."""
        n = world.normal[self.extra_column]
        self.v["torque"] = 1.8 + 0.03 * n if self.state >= IDLE else 0.0
        self.v["cycle_time"] = self.cycle_s * (0.97 + 0.03 * n)


class Packing(Station):
    """Packs good boards."""

    kinds = ("packing",)

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.cardboard_g = self.draw("cardboard", 36.0)
        self.v.update(cardboard_used=0.0)

    def particulars(self, world: World) -> None:
        """Cardboard; a little of it is waste."""
        self.v["cardboard_used"] += self.boards * self.cardboard_g / 1000.0
        world.cardboard_kg += self.boards * self.cardboard_g * 0.05 / 1000.0
