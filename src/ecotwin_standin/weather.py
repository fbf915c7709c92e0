"""Weather at the works: season, day and an AR(1) wander of temperature and cloud.

Sources:
    Solar position: Cooper's declination formula; clear-sky beam as 1361 W/m2 x 0.7^(air mass^0.678)
    (Meinel and Meinel, 1976). Humidity from a dew point a few kelvin below the night's minimum
    (Magnus formula).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, exp, log, pi, radians, sin, sqrt

from ecotwin_standin.chance import Chance

_DAY_US = 86_400_000_000


@dataclass(slots=True)
class Weather:
    """The weather, advanced step by step.

    Attributes:
        temperature_c, humidity_pct: Of the outside air. sun_w_m2: On the plane of the panels.
        shift_k: Offset of a cold or hot spell [K].
    """

    mean_c: float
    season_k: float
    day_k: float
    latitude: float
    longitude: float
    column_air: int
    column_cloud: int
    temperature_c: float = 12.0
    humidity_pct: float = 65.0
    wet_bulb_c: float = 9.0
    sun_w_m2: float = 0.0
    shift_k: float = 0.0
    _wander_k: float = 0.0
    _cloud: float = 0.0

    @staticmethod
    def of(chance: Chance) -> Weather:
        """Weather of a temperate place, drawn by seed."""
        return Weather(
            mean_c=chance.spread("weather.mean", 10.4, 0.06),
            season_k=chance.spread("weather.season", 9.2, 0.06),
            day_k=chance.spread("weather.day", 4.6, 0.1),
            latitude=51.5,
            longitude=10.0,
            column_air=chance.column(),
            column_cloud=chance.column(),
        )

    def step(self, us: int, seconds: float, normal: list[float]) -> None:
        """Go on by one step that ends at `us`."""
        days = us / _DAY_US
        year_day = days % 365.2425
        solar_hour = (days % 1.0) * 24.0 + self.longitude / 15.0
        keep_air, keep_cloud = exp(-seconds / 130_000.0), exp(-seconds / 5_400.0)
        self._wander_k = (
            keep_air * self._wander_k + 3.1 * sqrt(1 - keep_air**2) * normal[self.column_air]
        )
        self._cloud = keep_cloud * self._cloud + sqrt(1 - keep_cloud**2) * normal[self.column_cloud]
        clearness = 1.0 / (1.0 + exp(1.5 * self._cloud - 0.5))
        season = cos(2 * pi * (year_day - 201) / 365.2425)
        day = cos(2 * pi * (solar_hour - 15.0) / 24.0) * self.day_k * (0.75 + 0.25 * season)
        self.temperature_c = (
            self.mean_c + self.season_k * season + day + self._wander_k + self.shift_k
        )
        self.sun_w_m2 = self._sun(year_day, solar_hour, clearness)
        dew = (
            self.mean_c
            + self.season_k * season
            + self._wander_k
            + self.shift_k
            - 4.5
            + 1.2 * self._cloud
        )
        dew = min(dew, self.temperature_c - 0.3)
        self.humidity_pct = 100.0 * exp(_magnus(dew) - _magnus(self.temperature_c))
        self.wet_bulb_c = self.temperature_c - 0.36 * (self.temperature_c - dew)

    def _sun(self, year_day: float, hour: float, clearness: float) -> float:
        declination = radians(23.45) * sin(2 * pi * (284 + year_day + 1) / 365.0)
        height = asin(
            sin(radians(self.latitude)) * sin(declination)
            + cos(radians(self.latitude)) * cos(declination) * cos(pi * (hour - 12.0) / 12.0)
        )
        if height <= 0.02:
            return 0.0
        beam = 1361.0 * 0.7 ** ((1.0 / sin(height)) ** 0.678)
        on_panel = beam * min(1.0, sin(height + radians(22.0))) + 60.0 * sin(height)
        return float(on_panel * (0.12 + 0.88 * clearness))


def _magnus(celsius: float) -> float:
    return 17.62 * celsius / (243.12 + celsius) + log(6.112)
