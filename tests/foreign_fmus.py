"""FMUs that the tests build themselves, FMI 2 by pythonfmu and FMI 3 by pythonfmu3, and a Python twin of each."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

KG_KWH_K = 4.186 / 3600.0
"""Heat of water [kWh/(kg K)]."""

HEATER = '''
import math, os, sys, time
from pythonfmu import Boolean, Fmi2Causality, Fmi2Initial, Fmi2Slave, Fmi2Variability, Integer, Real

class Heater(Fmi2Slave):
    """An electric hot-water tank; `mood` makes it fail at `mood_at_s`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.power_kw = self.outdoor_c = self.demand_kw = self.supply_kw = self.drawn_kw = 0.0
        self.temperature_c, self.energy_kwh = 60.0, 0.0
        self.mass_kg, self.loss_kw_k = 1000.0, 0.05
        self.mood, self.mood_at_s, self.on = 0, 0.0, True
        cause = Fmi2Causality
        for name in ("power_kw", "outdoor_c", "demand_kw"):
            self.register_variable(Real(name, causality=cause.input))
        self.register_variable(Boolean("on", causality=cause.input, variability=Fmi2Variability.discrete))
        for name in ("supply_kw", "drawn_kw", "energy_kwh"):
            self.register_variable(Real(name, causality=cause.output))
        self.register_variable(Real("temperature_c", causality=cause.output, initial=Fmi2Initial.exact))
        for name in ("mass_kg", "loss_kw_k", "mood_at_s"):
            self.register_variable(Real(name, causality=cause.parameter, variability=Fmi2Variability.tunable))
        self.register_variable(Integer("mood", causality=cause.parameter, variability=Fmi2Variability.tunable))

    def do_step(self, at_s, step_s):
        if self.mood and at_s >= self.mood_at_s:
            if self.mood == 1:
                print("the heater is on fire", file=sys.stderr, flush=True)
                os._exit(7)
            if self.mood == 2:
                time.sleep(3600.0)
            if self.mood == 3:
                self.temperature_c = math.nan
                return True
            if self.mood == 4:
                return False
            if self.mood == 5:
                os.kill(os.getpid(), 11)
            if self.mood == 6:
                print("noise on the standard output" * 4000, flush=True)
        hours = step_s / 3600.0
        self.drawn_kw = self.power_kw if self.on else 0.0
        self.supply_kw = self.demand_kw if self.temperature_c > 30.0 else 0.0
        capacity = self.mass_kg * 4.186 / 3600.0
        end = self.outdoor_c + (self.drawn_kw - self.supply_kw) / self.loss_kw_k
        share = math.exp(-self.loss_kw_k / capacity * hours)
        self.temperature_c = end + (self.temperature_c - end) * share
        self.energy_kwh += self.drawn_kw * hours
        return True
'''

TANK = '''
from pythonfmu3 import Fmi3Causality, Fmi3Slave, Fmi3Variability, Float64, Int32, Unit

class Tank(Fmi3Slave):
    """A tank that water flows into and out of: inflow less outflow is what it holds more."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.register_units([Unit("m3/s", m=3, s=-1), Unit("K", K=1), Unit("m3", m=3), Unit("J", kg=1, m=2, s=-2)])
        self.time = self.inflow = self.outflow = self.taken = self.given = 0.0
        self.inlet = self.temperature = 293.15
        self.volume, self.least = 5.0, 1.0
        cause, Variability = Fmi3Causality, Fmi3Variability
        self.register_variable(Float64("time", causality=cause.independent, variability=Variability.continuous))
        self.register_variable(Float64("inflow", causality=cause.input, unit="m3/s"))
        self.register_variable(Float64("inlet", causality=cause.input, unit="K"))
        for name in ("outflow",):
            self.register_variable(Float64(name, causality=cause.output, unit="m3/s"))
        for name in ("volume", "taken", "given"):
            self.register_variable(Float64(name, causality=cause.output, unit="m3"))
        self.register_variable(Float64("temperature", causality=cause.output, unit="K"))
        self.register_variable(Float64("least", causality=cause.parameter, variability=Variability.tunable, unit="m3"))

    def do_step(self, at, step):
        self.time = at + step
        self.outflow = 0.002 if self.volume > self.least else 0.0
        into, out = self.inflow * step, self.outflow * step
        mixed = self.volume * self.temperature + into * self.inlet
        self.temperature = mixed / (self.volume + into)
        self.volume += into - out
        self.taken += into
        self.given += out
        return True
'''


def build(folder: Path, script: str) -> Path:
    """The FMU of a script. Skips by name where the tool that builds it is missing."""
    tool = "pythonfmu3" if "pythonfmu3" in script else "pythonfmu"
    builder = pytest.importorskip(f"{tool}.builder", reason=f"{tool} builds the FMU of this test")
    pytest.importorskip("fmpy", reason="fmpy runs the FMU of this test")
    found = re.search(r"class (\w+)\(", script)
    assert found is not None
    source = folder / f"{found[1].lower()}_slave.py"
    source.write_text(script)
    make: Callable[..., Path] = builder.FmuBuilder.build_FMU
    return Path(make(source, dest=folder))


def altered(
    fmu: Path,
    target: Path,
    change: Callable[[str], str],
    leave_out: Callable[[str], bool] = lambda _: False,
) -> Path:
    """A copy of an FMU with another description, some files left out."""
    with zipfile.ZipFile(fmu) as source, zipfile.ZipFile(target, "w") as out:
        for member in source.infolist():
            data = source.read(member)
            if member.filename == "modelDescription.xml":
                data = change(data.decode()).encode()
            if not leave_out(member.filename):
                out.writestr(member, data)
    return target


class HeaterTwin:
    """The heater's equations once more."""

    def __init__(
        self, temperature_c: float, mass_kg: float = 1000.0, loss_kw_k: float = 0.05
    ) -> None:
        self.temperature_c, self.loss_kw_k = temperature_c, loss_kw_k
        self.capacity_kwh_k = mass_kg * KG_KWH_K

    def step(self, drawn_kw: float, demand_kw: float, outdoor_c: float, step_s: float) -> None:
        rate = self.loss_kw_k / self.capacity_kwh_k
        end = outdoor_c + (drawn_kw - demand_kw) / self.loss_kw_k
        self.temperature_c = end + (self.temperature_c - end) * math.exp(-rate * step_s / 3600.0)
