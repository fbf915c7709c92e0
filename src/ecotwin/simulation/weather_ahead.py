"""The weather of the coming hours, days and weeks for every run: as the last days let expect, or a given year.

Outdoor temperature is the shape of a day (two harmonics), a level, and a deviation that goes on from what it is now and
is forgotten at the rate seen in the last days. The level itself is not known well: each run draws it, and the season
may drift. The dew point follows the slow part of the temperature. Sunlight is the clearest sky of the last days by the
time of day, times a clearness whose distribution and memory are those of the last days. All of it is seeded by name.

Sources:
    Magnus formula (constants of WMO-No. 8, 17.62 and 243.12 degC). Wet bulb from temperature and humidity: Stull,
    "Wet-bulb temperature from relative humidity and air temperature", J. Appl. Meteor. Climatol. 50 (2011).
    AR(1) with its small-sample bias: Marriott and Pope, Biometrika 41 (1954).
    Stated assumptions: prior memory 36 h and spread 3.5 K of the deviation, worth four days of data; drift of the
    season 0.1 K a day (1 sd; a temperate year of +-9 K moves by 0.16 K a day at most); without any outdoor signal
    15 degC (ICAO standard atmosphere at sea level) with 8 K from run to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from ecotwin.clock import DAY, HOUR, instant, micros
from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant, Signal
from ecotwin.records import Floats, Ints, Window
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.surroundings import Weather

STEP_US = HOUR // 4
"""Weather is drawn by the quarter of an hour and joined by straight lines."""
_DAY_STEPS = 96
_PRIOR_DAYS, _PRIOR_MEMORY_H, _PRIOR_SD_K = 4.0, 36.0, 3.5
_DRIFT_K_PER_DAY = 0.1
_UNKNOWN_C, _UNKNOWN_SD_K, _UNKNOWN_HUMIDITY = 15.0, 8.0, 70.0
_COLDEST_C, _HOTTEST_C, _BRIGHTEST = -60.0, 55.0, 1400.0


@dataclass(frozen=True)
class Seen:
    """Quarters of an hour of measured weather, [n] each; NaN where nothing was measured.

    Attributes:
        at: Begin of each quarter [us UTC]. outdoor_c: [degC]. humidity: Relative [%]. sun_w_m2: On the panels.
    """

    at: Ints
    outdoor_c: Floats
    humidity: Floats
    sun_w_m2: Floats


@dataclass(frozen=True)
class Outlook:
    """What the last days say of the weather to come.

    Attributes:
        at: Where it begins [us UTC]. shape_k: [96] Departure of the temperature by quarter of the UTC day [K].
        level_c, level_sd_k: Level about which the temperature wanders [degC] and how well it is known.
        deviation_k: Present distance from shape and level [K]. keep: Share of it left after a quarter. sd_k: Its
            standing spread. dew_k, dew_sd_k, dew_now_k: Dew point below level and deviation, its spread, and the
            present distance from it [K]. dew_keep: As `keep`.
        clear_w_m2: [96] Clearest sky by quarter of the UTC day. clearness: [k] Clearness seen, sorted, 0..1.
        sun_keep: Share of the clearness' normal score left after a quarter. sun_now: That score now.
        unknown: What had to be assumed.
    """

    at: int
    shape_k: Floats
    level_c: float
    level_sd_k: float
    deviation_k: float
    keep: float
    sd_k: float
    dew_k: float
    dew_sd_k: float
    dew_now_k: float
    dew_keep: float
    clear_w_m2: Floats
    clearness: Floats
    sun_keep: float
    sun_now: float
    unknown: tuple[str, ...] = ()


def signals(plant: Plant) -> tuple[Signal | None, Signal | None, Signal | None]:
    """Signals of outdoor temperature, outdoor humidity and sunlight on the panels, where the plant has them."""
    outdoor = plant.signal(plant.outdoor) if plant.outdoor else None
    humidity = plant.find(outdoor.element, "humidity") if outdoor else None
    roles = {m.id: m.kind_facts.get("role") for m in plant.machines}
    suns = sorted(
        (s for s in plant.signals if s.means == "irradiance"),
        key=lambda s: roles.get(s.element) != "source",
    )
    return outdoor, humidity, suns[0] if suns else None


def seen(plant: Plant, window: Window) -> Seen:
    """The weather in a window of minutes, by the quarter."""
    block = max(1, round(STEP_US / 1e6 / window.step_s))
    n = window.steps // block

    def column(signal: Signal | None) -> Floats:
        if signal is None or signal.index not in window.signals:
            return np.full(n, np.nan)
        minutes = window.mean[: n * block, window.column(signal.index)].reshape(n, block)
        there = np.isfinite(minutes)
        total = np.where(there, minutes, 0.0).sum(axis=1)
        return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)

    return Seen(window.at[: n * block : block], *(column(s) for s in signals(plant)))


def joined(parts: list[Seen]) -> Seen:
    """Stretches of measured weather in the order of time."""
    names = ("at", "outdoor_c", "humidity", "sun_w_m2")
    return Seen(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def outlook(past: Seen, at: datetime) -> Outlook:
    """What measured days say of the weather from an instant on; what they do not tell is assumed and named.

    Args:
        past: Measured quarters; what begins at or after `at` is not looked at. at: The instant.
    """
    known = past.at + STEP_US <= micros(at)
    quarter = ((past.at[known] // STEP_US) % _DAY_STEPS).astype(np.int64)
    air, humidity = past.outdoor_c[known], past.humidity[known]
    unknown = []
    there = np.isfinite(air)
    if there.sum() < _DAY_STEPS // 4:
        unknown.append("weather.temperature")
        nothing = np.zeros(_DAY_STEPS)
        temperature = (nothing, _UNKNOWN_C, _UNKNOWN_SD_K, 0.0, _memory(36.0), _PRIOR_SD_K)
        slow = np.full(len(air), np.nan)
    else:
        temperature, slow = _temperature(air, quarter, past.at[known] // DAY)
    dew = dew_point_c(air, humidity) - slow
    dew_there = np.isfinite(dew)
    if dew_there.sum() < _DAY_STEPS // 4:
        unknown.append("weather.humidity")
        wet = (_level_of_dew(_UNKNOWN_HUMIDITY), 2.0, 0.0, _memory(12.0))
    else:
        offset = float(np.mean(dew[dew_there]))
        keep, sd = _ar1(dew - offset, 12.0, 1.5)
        wet = (-offset, sd, float(dew[dew_there][-1]) - offset, keep)
    clear, clearness, sun_keep, sun_now = _sun(past.sun_w_m2[known], quarter)
    looked_at = np.unique(quarter[np.isfinite(past.sun_w_m2[known])])
    if (
        not clear.any() or len(looked_at) < _DAY_STEPS
    ):  # hours nobody has seen yet are taken as dark
        unknown.append("weather.irradiance")
    shape, level, level_sd, deviation, keep, sd = temperature
    return Outlook(
        micros(at), shape, level, level_sd, deviation, keep, sd, *wet, clear, clearness, sun_keep,
        sun_now, tuple(unknown),
    )  # fmt: skip


def _temperature(
    air: Floats, quarter: Ints, days: Ints
) -> tuple[tuple[Floats, float, float, float, float, float], Floats]:
    """Shape, level with its sd, deviation, memory and spread of the temperature; and its slow part [n]."""
    there = np.isfinite(air)
    angle = 2.0 * np.pi * np.arange(_DAY_STEPS) / _DAY_STEPS
    waves = np.stack([f(k * angle) for k in (1, 2) for f in (np.cos, np.sin)], axis=1)
    # Each day has a level of its own, so that a warm spell does not bend the shape of the day.
    levels = (days[:, None] == np.unique(days)).astype(float)
    x = np.concatenate([waves[quarter], levels], axis=1)
    ridge = np.diag([0.5] * 4 + [1e-6] * levels.shape[1])
    beta = np.linalg.solve(x[there].T @ x[there] + ridge, x[there].T @ air[there])
    shape = waves @ beta[:4]
    slow = air - shape[quarter]
    level = float(np.mean(slow[there]))
    keep, sd = _ar1(slow - level, _PRIOR_MEMORY_H, _PRIOR_SD_K)
    independent = max(1.0, there.sum() * (1.0 - keep) / (1.0 + keep))
    return (shape, level, sd / np.sqrt(independent), float(slow[there][-1]) - level, keep, sd), slow


def _memory(hours: float) -> float:
    return float(np.exp(-STEP_US / HOUR / hours))


def _ar1(series: Floats, prior_h: float, prior_sd: float) -> tuple[float, float]:
    """Share kept a quarter and standing spread of a series with gaps, shrunk to what is usual."""
    there = np.isfinite(series)
    both = there[1:] & there[:-1]
    before, after = series[:-1][both], series[1:][both]
    prior_n = _PRIOR_DAYS * _DAY_STEPS
    usual = _memory(prior_h)
    power = prior_n * prior_sd**2
    n = len(before)
    keep = float((usual * power + before @ after) / (power + before @ before)) if n else usual
    if n:
        keep += (1.0 + 3.0 * keep) / (n + prior_n)
    keep = min(max(keep, 0.5), _memory(240.0))
    noise = (1.0 - usual**2) * power + float(((after - keep * before) ** 2).sum())
    return keep, float(np.sqrt(noise / (prior_n + n) / (1.0 - keep**2)))


def _sun(sun: Floats, quarter: Ints) -> tuple[Floats, Floats, float, float]:
    """Clearest sky by quarter, clearness seen, memory of its normal score, and that score now."""
    there = np.isfinite(sun)
    clear = np.zeros(_DAY_STEPS)
    np.maximum.at(clear, quarter[there], np.maximum(sun[there], 0.0))
    # A quarter may never have been clear; beside one that was it must not be darker than half of it.
    clear = np.maximum(clear, 0.5 * (np.roll(clear, 1) + np.roll(clear, -1)) * (clear > 5.0))
    day = there & (clear[quarter] > 0.15 * clear.max(initial=0.0)) & (clear[quarter] > 5.0)
    if day.sum() < 8:
        return np.zeros(_DAY_STEPS), np.array([0.5]), _memory(2.0), 0.0
    clearness = np.clip(sun[day] / clear[quarter[day]], 0.0, 1.0)
    score = ndtri((rankdata(clearness) - 0.5) / len(clearness))
    whole = np.full(len(sun), np.nan)
    whole[day] = score
    keep, _ = _ar1(whole, 2.0, 1.0)
    age = len(sun) - 1 - int(np.flatnonzero(day)[-1])
    return clear, np.sort(clearness), keep, float(score[-1]) * keep**age


def ahead(known: Outlook, start: datetime, hours: float, step_s: float, chance: Chance) -> Weather:
    """Weather of every run of a chance from an instant on.

    Args:
        known: What the last days say. start: Begin, at or after the outlook's. hours: Span [h].
        step_s: Length of a step [s]. chance: The runs; one run's weather does not depend on how many there are.
    """
    first = micros(start)
    lead = max(0, (first - known.at) // STEP_US)
    count = int(np.ceil(hours * HOUR / STEP_US)) + 2
    quarter = ((first // STEP_US + np.arange(count)) % _DAY_STEPS).astype(np.int64)
    level = known.level_c + known.level_sd_k * chance.normal("weather.level")
    drift = _DRIFT_K_PER_DAY / _DAY_STEPS * chance.normal("weather.drift")
    away = _wander(chance, "weather.air", known.deviation_k, known.keep, known.sd_k, lead, count)
    wet = _wander(
        chance, "weather.dew", known.dew_now_k, known.dew_keep, known.dew_sd_k, lead, count
    )
    score = _wander(chance, "weather.sun", known.sun_now, known.sun_keep, 1.0, lead, count)
    # What the level leaves open is already part of the present deviation, and shows as that is forgotten.
    forget = 1.0 - known.keep ** (lead + np.arange(count))
    slow = known.level_c + (level - known.level_c)[:, None] * forget + away
    slow += drift[:, None] * (lead + np.arange(count))
    outdoor = np.clip(slow + known.shape_k[quarter], _COLDEST_C, _HOTTEST_C)
    dew = np.minimum(slow - known.dew_k + wet, outdoor - 0.1)
    clearness = np.quantile(known.clearness, ndtr(score))
    sun = np.clip(known.clear_w_m2[quarter] * clearness, 0.0, _BRIGHTEST)
    at = (
        first % STEP_US + (np.arange(round(hours * 3600.0 / step_s)) + 0.5) * step_s * 1e6
    ) / STEP_US
    # A quarter's value stands in its middle.
    return Weather(
        _lines(outdoor, at - 0.5),
        _lines(wet_bulb_c(outdoor, humidity_of(outdoor, dew)), at - 0.5),
        _lines(sun, at - 0.5),
    )


def _wander(
    chance: Chance, stream: str, now: float, keep: float, sd: float, lead: int, count: int
) -> Floats:
    """[runs, count] An AR(1) that begins at `now` and is seen from `lead` quarters on."""
    held = keep**lead
    value = now * held + sd * np.sqrt(1.0 - held**2) * chance.normal(stream, 0)
    out = np.empty((chance.runs, count))
    fresh = sd * np.sqrt(1.0 - keep**2)
    for n in range(count):
        value = keep * value + fresh * chance.normal(stream, n + 1)
        out[:, n] = value
    return out


def _lines(series: Floats, at: Floats) -> Floats:
    """Values of [runs, quarters] at places between the quarters."""
    at = np.clip(at, 0.0, series.shape[1] - 1.001)
    low = at.astype(np.int64)
    share = at - low
    return np.ascontiguousarray(series[:, low] * (1.0 - share) + series[:, low + 1] * share)


def of_year(
    plant: Plant, columns: dict[str, Floats], start: datetime, hours: float, step_s: float
) -> Weather:
    """The weather of a given year, the same in every run.

    Args:
        plant: For its time zone: hour 0 of the year is local midnight of January 1 in standard time.
        columns: `outdoor_c` and, where known, `humidity` [%] and `sun_w_m2`; [8760] or [8784] hours each, the mean
            of each hour. start: Begin. hours: Span. step_s: Length of a step [s].

    Raises:
        ScenarioFault: A column has another length, a gap, or values that no weather has.
    """
    limits = {
        "outdoor_c": (_COLDEST_C, _HOTTEST_C),
        "humidity": (0.0, 100.0),
        "sun_w_m2": (0.0, _BRIGHTEST),
    }
    faults = [f"no column {n}" for n in ("outdoor_c",) if n not in columns]
    for name, values in columns.items():
        low, high = limits.get(name, (np.nan, np.nan))
        if name not in limits:
            faults.append(f"a column {name!r}")
        elif len(values) not in (8760, 8784):
            faults.append(f"{len(values)} hours of {name}")
        elif not np.isfinite(values).all():
            faults.append(f"{int((~np.isfinite(values)).sum())} gaps in {name}")
        elif values.min() < low or values.max() > high:
            faults.append(f"{name} from {values.min():g} to {values.max():g}")
    if faults:
        raise ScenarioFault(
            f"the weather year has {'; '.join(faults)}",
            expected="outdoor_c, humidity [%] and sun_w_m2 of 8760 or 8784 hours without gaps",
            remedy="mend the file of the weather year",
        )
    here = start.astimezone(plant.zone)
    begin = datetime(here.year, 1, 1, tzinfo=plant.zone)
    since_h = (start - begin) / timedelta(hours=1)
    at = since_h + (np.arange(round(hours * 3600.0 / step_s)) + 0.5) * step_s / 3600.0 - 0.5
    count = len(columns["outdoor_c"])

    def series(name: str, otherwise: float) -> Floats:
        values = np.asarray(columns.get(name, np.full(count, otherwise)), np.float64)
        return np.atleast_2d(np.interp(at, np.arange(len(values)), values, period=len(values)))

    outdoor = series("outdoor_c", 0.0)
    wet = wet_bulb_c(outdoor, series("humidity", _UNKNOWN_HUMIDITY))
    return Weather(outdoor, wet, series("sun_w_m2", 0.0))


def measured(past: Seen, start: datetime, hours: float, step_s: float) -> Weather:
    """The weather as it was measured, the same in every run; gaps are bridged by straight lines.

    Raises:
        ScenarioFault: Nothing was measured there.
    """
    at = micros(start) + (np.arange(round(hours * 3600.0 / step_s)) + 0.5) * step_s * 1e6

    def series(values: Floats, otherwise: float | None) -> Floats:
        there = np.isfinite(values)
        if not there.any():
            if otherwise is None:
                raise ScenarioFault(
                    f"no outdoor temperature was measured about {instant(int(at[0])):%Y-%m-%d}",
                    expected="a plant file that names an `outdoor` signal with data",
                    remedy="name it, or give the scenario a weather year",
                )
            return np.full((1, len(at)), otherwise)
        return np.atleast_2d(np.interp(at, past.at[there] + STEP_US / 2, values[there]))

    outdoor = series(past.outdoor_c, None)
    wet = wet_bulb_c(outdoor, series(past.humidity, _UNKNOWN_HUMIDITY))
    return Weather(outdoor, wet, series(past.sun_w_m2, 0.0))


def dew_point_c(celsius: Floats, humidity: Floats) -> Floats:
    """Dew point from temperature and relative humidity [%], by Magnus.

    >>> round(float(dew_point_c(np.array([20.0]), np.array([50.0]))[0]), 1)
    9.3
    """
    gamma = np.log(np.clip(humidity, 1.0, 100.0) / 100.0) + 17.62 * celsius / (243.12 + celsius)
    return np.asarray(243.12 * gamma / (17.62 - gamma), np.float64)


def humidity_of(celsius: Floats, dew_c: Floats) -> Floats:
    """Relative humidity [%] from temperature and dew point, by Magnus."""
    above = 17.62 * dew_c / (243.12 + dew_c) - 17.62 * celsius / (243.12 + celsius)
    return np.asarray(np.clip(100.0 * np.exp(above), 0.0, 100.0), np.float64)


def wet_bulb_c(celsius: Floats, humidity: Floats) -> Floats:
    """Wet bulb from temperature and relative humidity [%], never above the dry bulb.

    >>> round(float(wet_bulb_c(np.array([20.0]), np.array([50.0]))[0]), 1)
    13.7

    Sources: Stull (2011), fitted to 5..99 % and -20..50 degC.
    """
    h = np.clip(humidity, 5.0, 99.0)
    wet = (
        celsius * np.arctan(0.151977 * np.sqrt(h + 8.313659))
        + np.arctan(celsius + h)
        - np.arctan(h - 1.676331)
        + 0.00391838 * h**1.5 * np.arctan(0.023101 * h)
        - 4.686035
    )
    return np.asarray(np.minimum(wet, celsius), np.float64)


def _level_of_dew(humidity: float) -> float:
    """How far the dew point lies below 15 degC air of this humidity [K]."""
    return float(_UNKNOWN_C - dew_point_c(np.array([_UNKNOWN_C]), np.array([humidity]))[0])
