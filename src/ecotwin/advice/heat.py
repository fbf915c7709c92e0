"""What a hot machine saves while its set-point is down: it cools slowly and is made hot again.

One body with one temperature, as a share of what it is above its surroundings when ready. Its powers tell the
rest. Awake it holds itself: `idle = fans + loss`. Asleep its heaters stay out until it has cooled to the lower
set-point: until then it draws its floor power alone, so a short pause draws far less than a long one. Heating
gives `heating - fans`, of which the loss takes its part; the time it is known to need from asleep to ready tells
how much heat it holds. What it saves is the loss that a cooler body does not have, and the fans that slow down.

Sources: first-order cooling and heating of a body (Newton's law); ISO 14955-1:2017, energy of waiting and of
warming up. The shares of fans and of floor power are stated assumptions, with wide bands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise

from ecotwin.plant.model import Sleep
from ecotwin.records import Range

Z95 = 1.96
SURROUNDINGS_DEGC = 22.0
FANS_SHARE, FANS_SD = 0.2, 0.07
"""Part of the idle power that keeps nothing hot: blowers, belt, control."""
WARMUP_SD = 0.15
MODEL_SD = 0.06
"""One body stands for many zones: error of the saving, as a share."""
NOMINAL_SD = 0.12
"""Error of a kind's nominal power, as a share, where its table gives none."""


@dataclass(frozen=True, slots=True)
class Body:
    """A hot machine in numbers.

    Attributes:
        idle_kw: Ready and waiting. heating_kw: While warming up.
        standby_kw: Held at the lower set-point. floor_kw: Asleep, before any heater is needed.
        fans_kw: Part of the idle power that is not heat.
        asleep_share: Lower set-point above the surroundings, as a share of the upper one's.
        warmup_h: From the lower set-point to ready [h].
    """

    idle_kw: float
    heating_kw: float
    standby_kw: float
    floor_kw: float
    fans_kw: float
    asleep_share: float
    warmup_h: float


@dataclass(frozen=True, slots=True)
class Course:
    """How a pause goes.

    Attributes:
        won_kwh: Less than idle while asleep. reheat_kwh: More than idle while warming up.
        asleep_kw: Mean power asleep. cooled_share: Temperature at the end, 1: ready.
        reheat_h: Time until it is ready again [h].
    """

    won_kwh: float
    reheat_kwh: float
    asleep_kw: float
    cooled_share: float
    reheat_h: float

    @property
    def saved_kwh(self) -> float:
        """Net."""
        return self.won_kwh - self.reheat_kwh


def course(body: Body, hours: float) -> Course:
    """How `hours` asleep go, and the warming up after them.

    >>> oven = Body(45.5, 74.0, 13.6, 3.6, 9.2, 0.44, 18 / 60)
    >>> short, night = course(oven, 0.35), course(oven, 8.0)
    >>> round(short.won_kwh, 1), round(short.reheat_kwh, 1), round(short.asleep_kw, 1)
    (14.7, 5.5, 3.6)
    >>> round(60 * short.reheat_h), round(60 * night.reheat_h), round(night.asleep_kw, 1)
    (12, 18, 12.7)
    """
    loss_kw = max(body.idle_kw - body.fans_kw, 0.05 * body.idle_kw)
    heater_kw = max(body.heating_kw - body.fans_kw, 1.05 * loss_kw)
    spare_kw = heater_kw - loss_kw
    held = min(max(body.asleep_share, 0.02), 0.98)
    hold_h = body.warmup_h / math.log((heater_kw - loss_kw * held) / spare_kw)
    damped = min(1.0, max(0.05, (body.standby_kw - body.floor_kw) / (loss_kw * held)))
    reached_h = -math.log(held) * hold_h / damped
    cooling_h = min(hours, reached_h)
    share = max(held, math.exp(-damped * hours / hold_h))
    used = body.floor_kw * cooling_h + body.standby_kw * (hours - cooling_h)
    reheat_h = hold_h * math.log((heater_kw - loss_kw * share) / spare_kw)
    return Course(
        body.idle_kw * hours - used, spare_kw * reheat_h, used / hours if hours else 0.0, share, reheat_h
    )  # fmt: skip


def known_body(
    kw: Mapping[str, Range], facts: Mapping[str, object], sleep: Sleep
) -> tuple[Body, Body] | None:
    """A machine's body and the standard deviation of each of its numbers, from its powers.

    Args:
        kw: State -> power [kW], learned or of its kind.
        facts: Of its kind: `kw_standby` is what it needs to stay at the lower set-point.
        sleep: Its set-points and its warm-up; a scale in degC.

    Returns:
        None when idle, standby or heating is not known, or heating has nothing to spare.
    """
    if not {"idle", "standby", "heating"} <= kw.keys() or sleep.awake <= sleep.asleep:
        return None
    idle, heating, seen = kw["idle"], kw["heating"], kw["standby"]
    if heating.value <= idle.value or seen.value >= idle.value:
        return None
    told = facts.get("kw_standby")
    held_kw = float(told) if isinstance(told, int | float) else seen.value
    held_kw = min(max(held_kw, seen.value), 0.95 * idle.value)
    share = facts.get("kw_sd_share")
    held_sd = held_kw * (float(share) if isinstance(share, int | float) else NOMINAL_SD)
    floor, floor_sd = _floor(kw, held_kw)
    fans = FANS_SHARE * idle.value
    above = (sleep.asleep - SURROUNDINGS_DEGC) / (sleep.awake - SURROUNDINGS_DEGC)
    warm_h = sleep.warmup_min / 60.0
    body = Body(idle.value, heating.value, held_kw, floor, fans, above, warm_h)
    doubt = Body(
        spread(idle), spread(heating), held_sd, floor_sd, FANS_SD * idle.value, 0.03, WARMUP_SD * warm_h
    )  # fmt: skip
    return body, doubt


def _floor(kw: Mapping[str, Range], held_kw: float) -> tuple[float, float]:
    """Power asleep before a heater is needed, with its standard deviation [kW].

    What was seen of earlier pauses, once that is surely less than staying warm takes; before that it lies
    anywhere between off and staying warm.
    """
    seen = kw["standby"]
    if seen.high < held_kw:
        return seen.value, spread(seen)
    off = kw["off"].value if "off" in kw else 0.0
    return (off + held_kw) / 2.0, max(0.0, held_kw - off) / math.sqrt(12.0)


def doubt_kwh(body: Body, doubt: Body, hours: float) -> float:
    """Standard deviation of what a pause saves [kWh]: every number moved by its own, and the model's error."""
    total = (MODEL_SD * course(body, hours).saved_kwh) ** 2
    for field in fields(Body):
        value, sd = getattr(body, field.name), getattr(doubt, field.name)
        moved = [
            course(replace(body, **{field.name: max(0.0, value + sign * sd)}), hours).saved_kwh
            for sign in (-1.0, 0.0, 1.0)
        ]
        # Once bent, a curve's two sides differ: the larger step is the honest one.
        total += max(abs(b - a) for a, b in pairwise(moved)) ** 2
    return math.sqrt(total)


def spread(held: Range) -> float:
    """Standard deviation of a 95 % interval."""
    return abs(held.high - held.low) / (2.0 * Z95)
