"""The running plant: physics, meters and truth joined; live and as fast as possible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from ecotwin.clock import DAY, instant, micros
from ecotwin.plant import Plant
from ecotwin.records import Bools, Floats, Samples
from ecotwin_standin.meters import Meters
from ecotwin_standin.scenario import Scenario
from ecotwin_standin.truth import Truth
from ecotwin_standin.world import World

_BATCH_STEPS = 240


class Plantside:
    """Everything that is behind the wire.

    Args:
        plant: The plant. start: First instant, UTC. seed: Parameters and disturbances.
        scenario: What happens. step_s: Length of a step [s].
        truth: File for the truth; None writes none. follow: Run the shadows that price the faults.
    """

    def __init__(
        self,
        plant: Plant,
        start: datetime,
        seed: int,
        scenario: Scenario | None = None,
        step_s: float = 30.0,
        truth: Path | None = None,
        follow: bool = True,
    ) -> None:
        self.plant = plant
        self.scenario = scenario or Scenario("calm")
        self.world = World(plant, start, seed, step_s, self.scenario)
        until = foresee(plant, start, seed, self.scenario)
        self.meters = Meters(plant, self.world.order, seed, self.scenario, until)
        self.truth = Truth(plant, self.scenario, truth) if follow else None
        self.step_us = int(step_s * 1e6)

    def run(self, steps: int) -> tuple[list[int], Floats, Bools]:
        """Go on by some steps.

        Returns:
            Ends of the steps [us UTC], wire values and what is silent, both [steps, signals in
            `World.order`].
        """
        world, truth = self.world, self.truth
        first_step, first_us = world.steps, world.now_us + self.step_us
        rows = []
        for _ in range(steps):
            if truth is not None:
                truth.before(world)
            world.step()
            if truth is not None:
                truth.after(world)
            rows.append(world.values())
        wire = self.meters.read(np.array(rows), first_step, first_us, self.step_us)
        stamps = [first_us + n * self.step_us for n in range(steps)]
        for step, column in wire.rolled:
            if truth is not None:
                truth.rolled(self.meters.signals[column].id, stamps[step])
        return stamps, wire.value, wire.silent

    def skip_to(self, moment: datetime) -> None:
        """Go on to an instant, so that what follows joins on what came before."""
        while (left := (micros(moment) - self.world.now_us) // self.step_us) > 0:
            self.run(min(left, _BATCH_STEPS))

    def write(self, signal: str, value: float, lease_s: float, at_us: int) -> bool:
        """A set-point for plant and shadows; whether the device took it."""
        taken = self.world.setpoints.write(signal, value, lease_s, at_us)
        if taken and self.truth is not None:
            self.truth.write(signal, value, lease_s, at_us)
        return taken

    def close(self) -> None:
        """Write what the truth still owes."""
        if self.truth is not None:
            self.truth.close(self.world)


def foresee(plant: Plant, start: datetime, seed: int, scenario: Scenario) -> dict[str, float]:
    """Use of each meter until its planned roll-over [canonical], from a run in coarse steps."""
    planned = sorted(
        (e for e in scenario.events if e.fault == "meter_rollover"), key=lambda e: e.start_us
    )
    planned = [e for e in planned if e.start_us > micros(start)]
    if not planned:
        return {}
    world = World(plant, start, seed, 300.0)
    column = {plant.signals[i].id: n for n, i in enumerate(world.order)}
    begin = world.values()
    use = {}
    for event in planned:
        while world.now_us < event.start_us:
            world.step()
        n = column[event.target]
        use[event.target] = world.values()[n] - begin[n]
    return use


def history(
    plant: Plant,
    scenario: Scenario | None,
    start: datetime,
    days: float,
    seed: int,
    step_s: float = 30.0,
    truth: Path | None = None,
    follow: bool = False,
) -> Iterator[Samples]:
    """A stretch of the plant's life as fast as possible, in batches of wire values.

    Args:
        plant: The plant.
        scenario: What happens.
        start: First instant, UTC; the first sample lies one step later.
        days: How long.
        seed: Parameters and disturbances.
        step_s: Length of a step [s].
        truth: File for the truth.
        follow: Price the faults (implied by `truth`).

    Yields:
        Samples in time order, `signal` as index into `plant.signals`.
    """
    side = Plantside(plant, start, seed, scenario, step_s, truth, follow or truth is not None)
    order = np.array(side.world.order, np.int32)
    left = round(days * DAY / side.step_us)
    try:
        while left > 0:
            steps = min(left, _BATCH_STEPS)
            stamps, values, silent = side.run(steps)
            left -= steps
            keep = ~(silent | np.isnan(values)).ravel()
            yield Samples.of(
                np.tile(order, steps)[keep],
                np.repeat(np.array(stamps, np.int64), len(order))[keep],
                values.ravel()[keep],
            )
    finally:
        side.close()


def step_start(moment: datetime, step_s: float) -> datetime:
    """The last whole step before an instant."""
    us = int(step_s * 1e6)
    return instant(micros(moment) // us * us)
