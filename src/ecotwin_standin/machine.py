"""What every machine of the stand-in shares: true values, set-points, faults and power."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ecotwin.plant.model import STATES
from ecotwin_standin.chance import Chance

if TYPE_CHECKING:
    from ecotwin_standin.world import World

OFF, STANDBY, HEATING, SETUP, IDLE, BUSY, DOWN = (
    float(STATES[name]) for name in ("off", "standby", "heating", "setup", "idle", "busy", "down")
)


class Machine:
    """One machine with the physics of its kind.

    Attributes:
        v: Signal name -> true value in the canonical unit; what the meters then read.
        setpoint: Set-point name -> value in force at the device.
        fault: Fault name -> its present size, empty when the machine is sound.
        power_kw: Electric power of the step that has just ended.
    """

    kinds: ClassVar[tuple[str, ...]] = ()
    phase: ClassVar[int] = 0
    """Users before suppliers: 0 stations, 1 halls, 2 makers, 3 behind them, 8 waste, 9 meters."""

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        self.id = name
        self.kind = kind
        self.line = line
        self.chance = chance
        self.column = chance.column()
        self.power_kw = 0.0
        self.state = OFF
        self.v: dict[str, float] = {}
        self.setpoint: dict[str, float] = {}
        self.fault: dict[str, float] = {}
        self.hours = self.draw("hours", 9000.0, 0.6)

    def draw(self, name: str, value: float, share: float = 0.08) -> float:
        """A parameter of this very machine, within +-`share` of `value`."""
        return self.chance.spread(f"{self.id}.{name}", value, share)

    def step(self, world: World) -> None:
        """Go on by `world.seconds`."""
        raise NotImplementedError

    def spend(self, world: World, kw: float) -> None:
        """Draw electric power, with the machine's own small unrest and whatever wear adds [kW]."""
        fault = self.fault
        if fault and kw > 0.0:
            kw += fault.get("power_creep", 0.0) * (1.0 if self.state >= HEATING else 0.25)
        if kw > 0.0:
            kw *= 1.0 + 0.008 * world.normal[self.column]
        self.power_kw = kw
        v = self.v
        v["power"] = kw
        v["energy"] = v.get("energy", 0.0) + kw * world.hours
        v["state"] = self.state

    def count(self, total: str, rate: str, flow: float, hours: float) -> None:
        """Book a flow: its rate and its running total."""
        v = self.v
        v[rate] = flow
        v[total] = v.get(total, 0.0) + flow * hours
