"""Worth of leak alarms in money: the scoring rule of the Battle of the Leakage Detection and Isolation Methods.

An alarm at the right place and time earns the water that it saves and pays the crew for the way it had to
search; one at the wrong place or time costs a whole crew; one for a leak already found costs nothing.

Sources: BattLeDIM 2020, rules and scoring algorithm (github KIOS-Research/BattLeDIM @ea81f54).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WATER_EUR_PER_M3 = 0.8
CREW_EUR = 500.0
REACH_M = 300.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm as it is judged.

    Attributes:
        water_saved_m3: Water that the leak would still have lost after the alarm [m3].
        distance_m: Along the pipes from the alarm's pipe to the leak [m]; None: at no leak.
        before_start: Raised before the leak began. known: The leak had been found before.
    """

    water_saved_m3: float = 0.0
    distance_m: float | None = None
    before_start: bool = False
    known: bool = False


def alarm_score(
    alarm: Alarm,
    water_eur_per_m3: float = WATER_EUR_PER_M3,
    crew_eur: float = CREW_EUR,
    reach_m: float = REACH_M,
) -> float:
    """What one alarm is worth [EUR]: water saved x price - distance / reach x crew.

    Args:
        alarm: The alarm.
        water_eur_per_m3: Price of lost water.
        crew_eur: Price of a crew sent out for nothing.
        reach_m: Farthest distance at which the leak is still found [m].

    >>> alarm_score(Alarm(1000.0, 150.0))
    550.0

    Raises:
        ValueError: Water or distance is negative.
    """
    if alarm.water_saved_m3 < 0.0 or (alarm.distance_m or 0.0) < 0.0:
        raise ValueError(f"an alarm cannot save {alarm.water_saved_m3} m3 at {alarm.distance_m} m")
    if alarm.distance_m is None or alarm.distance_m > reach_m or alarm.before_start:
        return -crew_eur
    if alarm.known:
        return 0.0
    return alarm.water_saved_m3 * water_eur_per_m3 - alarm.distance_m / reach_m * crew_eur


def alarms_score(
    alarms: Iterable[Alarm],
    water_eur_per_m3: float = WATER_EUR_PER_M3,
    crew_eur: float = CREW_EUR,
    reach_m: float = REACH_M,
) -> float:
    """What all alarms are worth together [EUR]."""
    return sum(alarm_score(a, water_eur_per_m3, crew_eur, reach_m) for a in alarms)
