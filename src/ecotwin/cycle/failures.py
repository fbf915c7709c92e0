"""Failures on record: of machines of one kind, by the running hours since their last service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ecotwin.clock import HOUR, Period, instant, micros
from ecotwin.errors import EcotwinError
from ecotwin.history.contract import Store
from ecotwin.maintenance.hazard import Spells, weibull
from ecotwin.plant import Element, Plant
from ecotwin.plant.model import STATES
from ecotwin.records import Floats, Range

DAYS = 365.0
"""Longest history in which failures are looked for."""
WITHIN_DAYS = 30.0
_DRAWS, _SEED = 400, 1


@dataclass(frozen=True, slots=True)
class Risk:
    """What the failures on record say.

    Attributes:
        draws: [draws, 2] shape and scale [h] of the law of failures; None: too few are on record.
        within: Probability of a failure in the next 30 days as it runs now. why: Evidence. gap: What is not known.
    """

    draws: Floats | None
    within: Range | None
    why: tuple[str, ...]
    gap: str


def failures(plant: Plant, store: Store, machine: Element, now: datetime) -> Risk:
    """The law of failures of a machine's kind, from every machine of it that counts its hours and tells its state.

    A machine is held to be as new after each multiple of its kind's fixed interval (`service_h`) and after a failure.
    """
    every = machine.kind_facts.get("service_h")
    if not isinstance(every, int | float) or not every > 0.0:
        return _none(
            f"the fixed service interval of {machine.name} is not stated, so no age is known at which it fails"
        )
    alike = [m for m in plant.machines if m.kind == machine.kind]
    read = {m.id: r for m in alike if (r := _read(plant, store, m, now)) is not None}
    found = {id_: s for id_, r in read.items() if (s := _spells(*r, float(every))) is not None}
    rows = np.concatenate(list(found.values())) if found else np.zeros((0, 3))
    if not len(rows):
        return _none(
            "neither running hours nor states are on record, so the risk of waiting is left out"
        )
    spells = Spells(rows[:, 0], rows[:, 1], rows[:, 2])
    many = f"{spells.failures} failures in {spells.hours:,.0f} running hours of {len(found)} machines of its kind"
    try:
        law = weibull(spells)
    except EcotwinError as gap:
        return _none(f"{many}: {gap.found}; the risk of waiting is left out")
    draws = law.draws(_DRAWS, _SEED)
    mine = found.get(machine.id)
    if mine is None:
        return Risk(draws, None, (many,), "")
    age = float(mine[-1, 1])
    run_h, days = float((mine[:, 1] - mine[:, 0]).sum()), len(read[machine.id][0]) / 24.0
    ahead = WITHIN_DAYS * min(24.0, run_h / days)
    shape, scale = draws.T
    share = 1.0 - np.exp((age / scale) ** shape - ((age + ahead) / scale) ** shape)
    middle, low, high = (float(q) for q in np.quantile(share, [0.5, 0.05, 0.95]))
    return Risk(
        draws,
        Range(middle, low, high),
        (f"{many}; {age:,.0f} running hours since its last service",),
        "",
    )


def _none(gap: str) -> Risk:
    return Risk(None, None, (), gap)


def _read(
    plant: Plant, store: Store, machine: Element, now: datetime
) -> tuple[Floats, Floats] | None:
    """[n] running hours at the end of each hour, and whether the machine was down in it."""
    hours, state = plant.find(machine.id, "hours"), plant.find(machine.id, "state")
    if hours is None or state is None:
        return None
    end = micros(now) // HOUR * HOUR
    window = store.window(
        [hours.index, state.index], Period(instant(end - int(DAYS * 24) * HOUR), instant(end)), 3600
    )
    # Canonical codes: `down` is the highest, so the highest of an hour tells whether it was down at all.
    known = np.isfinite(window.last[:, 0]) & np.isfinite(window.high[:, 1])
    if known.sum() < 2:
        return None
    return window.last[known, 0], (window.high[known, 1] >= STATES["down"]).astype(float)


def _spells(counted: Floats, down: Floats, every: float) -> Floats | None:
    """[spells, 3] age at begin, age at end [h], and whether the end is a failure."""
    new = counted[0] - counted[0] % every
    begin, rows = float(counted[0]), []
    for k in range(1, len(counted)):
        at = float(counted[k])
        fails = down[k] > 0.0 and down[k - 1] == 0.0
        served = at - new >= every
        if (fails or served) and at > begin:
            rows.append(
                (
                    begin - new,
                    min(at - new, every) if served and not fails else at - new,
                    float(fails),
                )
            )
        if fails or served:
            new = at if fails else new + every * int((at - new) // every)
            begin = at
    if counted[-1] > begin:
        rows.append((begin - new, float(counted[-1]) - new, 0.0))
    made = np.array([r for r in rows if r[1] > r[0] >= 0.0]).reshape(-1, 3)
    return made if len(made) else None


__all__ = ["Risk", "failures"]
