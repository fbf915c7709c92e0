"""Joules of computing: CPU time x a power model, the same for the twin as a whole and for one call of a model.

There is no meter inside a computer that tells one program's share, so this is a model and says so: what the computer
draws at rest for the twin's sake, and what each busy core adds. Where the processor counts its own energy (RAPL) that
takes the place of the second part. Measure the computer once with a plug meter, at rest and under load, and write the
two numbers into the settings `own_idle_w` and `own_core_w`: the model is then as good as the meter.

Sources:
    65 W of thermal design power over 8 cores, the class of an office or industrial computer: 8 W a busy core. A
    fanless industrial computer draws some 10 W at rest. Both are stated assumptions with half their value as error.
    Khan, Hirki, Niemi, Nurminen and Ou, RAPL in action, ACM TOMPECS 3 (2018): what RAPL counts and what it does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

IDLE_W = 10.0
CORE_W = 8.0
ERROR = 0.5
"""Half of the 95 % interval of the model, as a share of its value."""
ASSUMED = "assumed for a small computer that is there for the twin, each give or take a half"


@dataclass(frozen=True, slots=True)
class PowerModel:
    """What a computer draws.

    Attributes:
        idle_w: At rest, for the twin's sake [W]. core_w: Added by each core that is busy [W].
        source: Where the two come from, in a sentence.
    """

    idle_w: float = IDLE_W
    core_w: float = CORE_W
    source: str = ASSUMED

    def active_j(self, cpu_s: float) -> float:
        """What computing adds [J].

        >>> PowerModel().active_j(0.5)
        4.0
        """
        return self.core_w * cpu_s

    def joules(self, cpu_s: float, wall_s: float) -> float:
        """What the computer used over a stretch for the twin [J].

        >>> PowerModel(idle_w=10.0, core_w=8.0).joules(cpu_s=30.0, wall_s=60.0)
        840.0
        """
        return self.idle_w * wall_s + self.active_j(cpu_s)


@dataclass(frozen=True, slots=True)
class PerCall:
    """What one call of a model costs.

    Attributes:
        calls: How often it was called. cpu_s, wall_s: A call [s]. joules: A call, what it adds to a computer that is
            on [J]. rows: Rows that a call judges.
    """

    calls: int
    cpu_s: float
    wall_s: float
    joules: float
    rows: int

    @property
    def joules_a_row(self) -> float:
        """Of one row [J]."""
        return self.joules / self.rows

    @property
    def rows_per_s(self) -> float:
        """Rows that one core judges in a second."""
        return self.rows / self.cpu_s if self.cpu_s > 0.0 else float("inf")


def measure(
    call: Callable[[], object], rows: int, model: PowerModel, *, least_s: float = 0.3
) -> PerCall:
    """Call until the CPU time is long enough to be read well; the first call, which warms up, does not count.

    Args:
        call: One inference. rows: Rows that it judges. model: Of the computer. least_s: CPU time to spend [s].

    Raises:
        ValueError: No rows.
    """
    if rows < 1:
        raise ValueError("a call judges at least one row")
    call()
    calls = 0
    wall, cpu = time.perf_counter(), time.process_time()
    while True:
        call()
        calls += 1
        used, took = time.process_time() - cpu, time.perf_counter() - wall
        if used >= least_s or took >= 10.0 * least_s:
            break
    return PerCall(calls, used / calls, took / calls, model.active_j(used / calls), rows)
