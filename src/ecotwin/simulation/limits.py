"""Limits that a case breaks: contract power, permits on amounts, nets that could not give what was asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.plant import Permit
from ecotwin.records import Floats
from ecotwin.simulation.contract import Outcome
from ecotwin.simulation.outcome import Figures, Rates

_WINDOW_H = {"half_hour": 0.5, "hour": 1.0, "day": 24.0, "month": 730.5, "year": 8766.0}
_QUANTITY = {
    "air.nox": "nox_kg",
    "air.co": "co_kg",
    "air.so2": "so2_kg",
    "air.pm": "pm_kg",
    "air.voc": "voc_kg",
    "water.withdrawal": "water_in_m3",
    "water.discharge": "water_out_m3",
    "waste.total": "waste_kg",
}
_SHORT_SHARE = 1e-3
"""A net counts as short when more than this share of what was asked of it was not supplied."""
_NOTHING = 1e-6
"""Less than this [flow x h] is the rounding of sums."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit and how a case stands to it.

    Attributes:
        broken: Share of runs that break it; None: it cannot be judged. value: Mean of what is limited [unit].
        limit: [unit]. text: One sentence.
    """

    id: str
    name: str
    value: float | None
    limit: float
    unit: str
    broken: float | None
    text: str


def limits(outcome: Outcome, figures: Figures, rates: Rates) -> list[Limit]:
    """Every limit of a plant, judged by a case."""
    found = []
    peak = figures.values.get("energy.peak")
    if rates.contract_kw is not None and peak is not None:
        found.append(_judged("contract_kw", "Contract power", peak, rates.contract_kw, "kW", ""))
    found += [_permit(outcome, permit) for permit in outcome.case.plant.permits]
    for net, short in outcome.missing.items():
        share = short > np.maximum(_SHORT_SHARE * _asked(outcome, net), _NOTHING)
        if share.any():
            found.append(
                Limit(
                    f"short.{net}",
                    f"{net.replace('_', ' ').capitalize()} that was asked and not supplied",
                    float(short.mean()),
                    0.0,
                    "flow x h",
                    float(share.mean()),
                    f"In {share.mean():.0%} of the runs the net {net} could not give all that was asked of it.",
                )
            )
    return found


def _asked(outcome: Outcome, net: str) -> Floats:
    """What a net gave, where it is booked; else nothing, so that any shortage counts."""
    booked = {
        "air": "air_m3",
        "cold": "cold_kwh",
        "heat": "heat_kwh",
        "steam": "steam_kg",
        "nitrogen": "nitrogen_m3",
    }
    quantity = booked.get(net)
    return outcome.total(quantity) if quantity else np.zeros(len(outcome.totals))


def _permit(outcome: Outcome, permit: Permit) -> Limit:
    quantity = _QUANTITY.get(permit.indicator)
    booked = {q.partition(":")[0] for _, q in outcome.columns}
    places = {e.id for e in outcome.case.plant.under(permit.element)}
    if quantity is None or quantity not in booked:
        what = permit.indicator or permit.signal
        text = f"{permit.name} cannot be judged: the model does not tell {what}."
        return Limit(permit.id, permit.name, None, permit.limit, permit.unit, None, text)
    columns = [
        n
        for n, (m, q) in enumerate(outcome.columns)
        if m in places and q.partition(":")[0] == quantity
    ]
    amount = np.asarray(outcome.totals[:, columns].sum(axis=1), np.float64)
    window = _WINDOW_H[permit.window]
    hours = outcome.case.hours
    # At the run's pace: a window longer than the run is filled at that pace, a shorter one takes its share.
    pace = amount * (window / hours)
    aside = f" at this pace in a {permit.window}" if abs(window - hours) > 1e-9 else ""
    return _judged(permit.id, permit.name, pace, permit.limit, permit.unit, aside)


def _judged(id_: str, name: str, value: Floats, limit: float, unit: str, aside: str) -> Limit:
    broken = float((value > limit * (1.0 + 1e-9)).mean())
    mean = float(value.mean())
    text = f"{name}: {mean:.4g} {unit}{aside} of {limit:g} {unit}"
    text += f", passed in {broken:.0%} of the runs." if broken else ", kept in every run."
    return Limit(id_, name, mean, limit, unit, broken, text)
