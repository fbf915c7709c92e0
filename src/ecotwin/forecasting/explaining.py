"""Why a forecast is what it is, in words that a person who knows the plant can hold against what they know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecotwin.forecasting.contract import LEVELS
from ecotwin.forecasting.features import Grounds
from ecotwin.records import Explanation, Ints, Range, Reason

if TYPE_CHECKING:
    from ecotwin.forecasting.weighed import Weighed

_WORDS = {
    "calendar": "the time of day and the day of the week",
    "last hours": "the last hours before the forecast",
    "same time last days": "the same time on the last days",
    "same time last weeks": "the same time in the last weeks",
    "known ahead": "what is known ahead",
    "least value": "the least value of the past, below which nothing is told",
    "other signals": "the newest values of other signals",
}


def explained(forecaster: Weighed, ground: Grounds, slots: Ints, step: int) -> Explanation:
    """The middle of one step ahead, as a base and what each group adds."""
    assert forecaster.task is not None
    slot, origin = int(slots[step]), len(ground.line)
    shares = forecaster.shares(ground, slot)
    quantiles = forecaster.band(ground, slots)[step]
    base, added = forecaster.scales.mean, dict[str, float]()
    for member, share in zip(forecaster.members, shares.tolist(), strict=True):
        if share < 1e-6:
            continue
        own, parts = member.parts(ground, origin, slot)
        base += share * own * forecaster.scales.deviation
        for group, weight in parts.items():
            added[group] = added.get(group, 0.0) + share * weight * forecaster.scales.deviation
    value = float(quantiles[LEVELS.index(0.5)])
    held = value - base - sum(added.values())
    if abs(held) > 1e-9 * (abs(value) + abs(base)):
        # Held at the least value; or no member could say and the newest season was repeated.
        group = "least value" if value <= forecaster.least else "same time last days"
        added[group] = added.get(group, 0.0) + held
    reasons = sorted(
        (
            Reason(
                group,
                weight,
                f"{_WORDS.get(group, group)}: {weight:+,.4g} on the usual level of {base:,.4g}",
            )
            for group, weight in added.items()
            if abs(weight) > 1e-9 * (abs(value) + abs(base))
        ),
        key=lambda reason: -abs(reason.weight),
    )
    trusted = ", ".join(
        f"{m.name} {100 * s:.0f} %"
        for m, s in zip(forecaster.members, shares, strict=True)
        if s > 0.02
    )
    known = ground.known_names
    return Explanation(
        "forecast", forecaster.task.target, value, "", base,
        tuple(r for r in reasons if r.weight * (value - base) >= 0),
        against=tuple(r for r in reasons if r.weight * (value - base) < 0),
        change=tuple(f"another plan for {n} changes the forecast" for n in known),
        interval=Range(value, float(quantiles[LEVELS.index(0.1)]), float(quantiles[LEVELS.index(0.9)])),
        level=0.8,
        data=(
            f"{origin} steps of past; trusted by what each missed lately: {trusted}",
            f"known ahead: {', '.join(known) or 'the calendar only'}",
        ),
        model=forecaster.name,
    )  # fmt: skip
