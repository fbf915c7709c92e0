"""Why a life was told as it was: each signal is set back to what fresh units show, and the life is told again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.maintenance.course import signals
from ecotwin.maintenance.fleet import Fleet
from ecotwin.maintenance.life import LEVEL, LifeModel
from ecotwin.records import Explanation, Floats, Range, Reason

_MOST = 8


def explain_life(model: LifeModel, fleet: Fleet, unit: str) -> Explanation:
    """Reasons for the life of one unit, the weightiest first, in cycles.

    `base` is what would be told of a unit of this age whose every signal stood as on fresh units; a weight is what
    setting that one signal back would take away. Signals that say the same share their weight unevenly, so weights add
    up to value less base only about.

    Raises:
        FigureGap: There is no such unit.
    """
    if unit not in fleet.units:
        raise FigureGap(
            f"there is no unit {unit!r}", expected=f"one of {', '.join(fleet.units[:9])}"
        )
    n = fleet.units.index(unit)
    rows = slice(int(fleet.begins[n]), int(fleet.begins[n + 1]))
    count = rows.stop - rows.start
    alone = replace(
        fleet,
        units=(unit,),
        begins=np.array([0, count]),
        cycle=fleet.cycle[rows],
        values=fleet.values[rows],
    )
    left = model.tell(alone)[0]
    z, fresh = signals(model.course, alone), model.course.fresh
    told = _without_each(model, alone, z, fresh)
    short = max(1, min(count, model.course.windows.means[1]))
    now = z[-short:].mean(axis=0)
    reasons = []
    for k in np.argsort(-np.abs(told[1:-1] - told[0]), kind="stable")[:_MOST]:
        weight = float(told[0] - told[k + 1])
        if abs(weight) < 0.5:
            break
        reasons.append(_reason(model, int(k), weight, float((now - fresh)[k])))
    return Explanation(
        of="life",
        subject=unit,
        value=float(told[0]),
        unit="cycles",
        base=float(told[-1]),
        why=tuple(reasons),
        against=((Reason("age", 0.0, left.note),) if left.note else ()),
        change=("repair or replacement of what wears starts a new life",),
        interval=Range(left.low, float(told[0]), left.high),
        level=LEVEL,
        data=(
            f"{count} records of this unit to cycle {left.cycle:g}",
            f"{len(model.lives)} units followed to their end at {model.lives.min():g} to {model.lives.max():g} cycles",
        ),
        model="life",
    )


def _without_each(model: LifeModel, alone: Fleet, z: Floats, fresh: Floats) -> Floats:
    """[signals + 2] life told as it is, with each signal in turn set back to fresh, and with all of them."""
    count, kinds = z.shape
    copies = np.repeat(z[None], kinds + 2, axis=0)
    for k in range(kinds):
        copies[k + 1, :, k] = fresh[k]
    copies[-1] = fresh
    many = replace(
        alone,
        units=tuple(str(k) for k in range(kinds + 2)),
        begins=np.arange(kinds + 3, dtype=np.int64) * count,
        cycle=np.tile(alone.cycle, kinds + 2),
        values=np.tile(alone.values, (kinds + 2, 1)),
    )
    return model.told(many, copies.reshape(-1, kinds))


def _reason(model: LifeModel, signal: int, weight: float, off: float) -> Reason:
    name = model.course.name(signal)
    side = "above" if off * model.course.sign[signal] > 0.0 else "below"
    text = (
        f"{name} stands {abs(off):.1f} standard deviations {side} fresh units: "
        f"{abs(weight):.0f} cycles {'less' if weight < 0 else 'more'} than without that"
    )
    return Reason(name, weight, text, value=off, usual=0.0, unit="standard deviations")
