"""The plant as it is now: power, figures, expectation, connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

import numpy as np

from ecotwin.accounting import factors
from ecotwin.clock import Period, ScaledClock, micros
from ecotwin.connectors.contract import Health
from ecotwin.cycle.parts import Parts
from ecotwin.cycle.trail import Trail
from ecotwin.detection.contract import Expected
from ecotwin.errors import FactorGap
from ecotwin.plant import Plant
from ecotwin.plant.calendar import working
from ecotwin.records import Measure, Range

MEAN_MINUTES = 5
"""The flow shows means over so many closed minutes: all meters at the same time."""
STALE_AFTER_S = 4.0
"""Data older than this by the wall clock is stale, unless the plant's own signals come more seldom [wall s]."""
STILL_SHOWN_S = 900.0
"""A power reading up to this old is still shown (the bar tells its age); an older one is not known [plant s]."""


@dataclass(frozen=True)
class User:
    """Power of one user of electricity now, against expected."""

    kw: float
    expected_kw: float
    level: Literal["ok", "watch", "act", "none"]


class Present(Parts):
    """What the pages ask of the plant now."""

    _asked: Mapping[tuple[Period, int], Expected] = MappingProxyType({})
    """The newest answers of `expected`: a page asks for one several times."""
    _means: tuple[datetime | None, dict[str, float]] = (None, {})
    recorded: Literal["", "coming", "taken_in"] = ""
    """Recorded history on its way in: still being written, or being taken in and learned from."""

    @property
    def speed(self) -> float:
        """Plant seconds per wall second."""
        return self.clock.speed if isinstance(self.clock, ScaledClock) else 1.0

    @property
    def data_age_s(self) -> float:
        """Age of the newest data [plant s]; infinite before any came."""
        newest = self.intake.newest
        return max(0.0, (micros(self.now()) - newest) / 1e6) if newest else float("inf")

    @property
    def data_limit_s(self) -> float:
        """Age up to which data counts as live [plant s]: three steps of the quickest signal, at least 4 s of wall."""
        quickest = min((s.hold_s for s in self.plant.signals), default=0.0)
        return max(quickest, STALE_AFTER_S * self.speed)

    @property
    def freshness(self) -> Literal["live", "late", "none"]:
        """Whether the newest data is young enough to be called live."""
        age_s = self.data_age_s
        if age_s == float("inf"):
            return "none"
        return "live" if age_s <= self.data_limit_s else "late"

    @property
    def trail(self) -> Trail:
        """The last day by the minute."""
        return self.look.trail.still()

    @property
    def closed_until(self) -> datetime:
        """End of the newest closed minute."""
        return self.look.closed_until or self.now().replace(second=0, microsecond=0)

    @property
    def learned_share(self) -> float:
        """Share of the baselines that come from this plant's own data."""
        known = self.look.baselines.learned
        return float(np.mean(known)) if len(known) else 0.0

    def meter_kw(self, signal: str) -> float:
        """Power through a meter now [kW]: as measured beside it, else from its last minutes; NaN when unknown."""
        return self.power_now(self.plant.signal(signal).element)

    def power_now(self, element: str) -> float:
        """Power of a machine or meter now [kW]; NaN when it is not measured or too old."""
        power = self.plant.find(element, "electricity_power")
        if power is None:
            return float("nan")
        image = self.intake
        at, value = image.newest_of(power.index)
        old_s = (micros(self.now()) - at) / 1e6
        return value if at and old_s <= max(STILL_SHOWN_S, power.hold_s) else float("nan")

    def meter_means(self) -> dict[str, float]:
        """Signal id of every meter in the electric flow graph -> its mean power over the last closed minutes [kW]."""
        end = self.look.closed_until
        if end is None:
            return {}
        if self._means[0] != end:
            meters = [
                (name, power.index)
                for b in self.plant.balances
                if b.carrier == "electricity"
                for name in (*b.inputs, *b.outputs)
                if self.plant.has_signal(name)
                and (power := self.plant.find(self.plant.signal(name).element, "electricity_power"))
            ]
            period = Period(end - timedelta(minutes=MEAN_MINUTES), end)
            columns = sorted({index for _, index in meters})
            window = self.store.window(columns, period, 60)
            known = [c for c in range(len(columns)) if np.isfinite(window.mean[:, c]).any()]
            means = {columns[c]: float(np.nanmean(window.mean[:, c])) for c in known}
            self._means = (end, {name: means[i] for name, i in meters if i in means})
        return self._means[1]

    def gas_kw(self, signal: str) -> float | None:
        """Heat flow through a gas meter over the last hour [kW]; None when it cannot be told."""
        heating = _heating_value(self.plant)
        if heating is None or self.look.closed_until is None:
            return None
        end = self.look.closed_until
        window = self.store.window(
            [self.plant.signal(signal).index], Period(end - timedelta(minutes=30), end), 60
        )
        used = window.amount[:, 0]
        good = np.isfinite(used)
        return float(used[good].sum() / (good.sum() / 60) * heating) if good.any() else None

    def site_kw(self) -> float:
        """Power used by the whole site now [kW]."""
        sources = self.look.supply.sources
        if not sources:
            return float(np.nansum([self.power_now(u) for u in self.look.supply.users]))
        return float(sum(self.meter_kw(s) for s in sources))

    def bought_share(self) -> float:
        """Share of the site's power that is bought now."""
        used = self.site_kw()
        own = sum(
            self.meter_kw(s)
            for s in self.look.supply.sources
            if self.plant.signal(s).means == "electricity_generated"
        )
        return float(np.clip(1.0 - own / used, 0.0, 1.0)) if used > 0 and np.isfinite(own) else 1.0

    def user_now(self, element: str) -> User | None:
        """Power of a user of electricity now, against expected; None when it is no user."""
        trail = self.trail
        if element not in trail.users:
            return None
        column = trail.users.index(element)
        rows = slice(-5, None)
        mean, sd = (trail.users_kw(n)[rows, column] for n in ("mean", "sd"))
        kw = self.power_now(element)
        if not np.isfinite(mean).any():
            return User(kw, float("nan"), "none")
        middle, half = float(np.nanmean(mean)), 1.96 * float(np.nanmean(sd))
        above = kw - middle
        level: Literal["ok", "watch", "act", "none"] = "ok"
        if np.isfinite(above) and above > max(half, 0.02 * middle, 0.3):
            level = "act" if above > 2 * max(half, 0.05 * middle) else "watch"
        return User(kw, middle, level)

    def expected(self, period: Period, step_s: int) -> Expected | None:
        """Power of every machine against expected over a period; None without closed data."""
        if self.look.closed_until is None or period.seconds < step_s:
            return None
        key = (period, step_s)
        made = self._asked.get(key)
        if made is None:
            made = self.look.expected(self.look.window(period, step_s))
            self._asked = {**dict(list(self._asked.items())[-3:]), key: made}
        return made

    def working_now(self) -> bool:
        """Whether a shift is planned now."""
        return bool(working(self.plant, np.array([micros(self.now())]))[0])

    def today(self, element: str, indicator: str) -> Measure | None:
        """Today's figure."""
        return self.today_.measures.get((element, indicator))

    def course(self, element: str, indicator: str) -> list[tuple[datetime, float]]:
        """How today's figure came about."""
        return self.today_.course(element, indicator)

    def customary(self, element: str, indicator: str, at: datetime | None = None) -> Range | None:
        """The usual value by this time of day."""
        return self.today_.customary(element, indicator, at or self.closed_until)

    def refused(self) -> list[str]:
        """Figures of the site that cannot be had, with what is missing."""
        return list(self.today_.gaps)

    def why_missing(self, element: str, indicator: str) -> str:
        """Why a figure is not there."""
        if self.look.closed_until is None or not self.today_.measures:
            return "No minute has closed yet"
        family = indicator.split(".")[0]
        named = [g for g in self.today_.gaps if family in g.lower()]
        return named[0] if named else f"{self.plant.element(element).name} has no meter for it"

    def health(self) -> dict[str, Health]:
        """How each connection is."""
        return {c.name: c.health() for c in self.connectors}

    def link(self) -> tuple[Literal["online", "connecting", "offline"], str]:
        """State of the connections in one word, and what to do."""
        states = list(self.health().values())
        bad = [h for h in states if h.state in {"offline", "failed"}]
        if bad:
            return "offline", bad[0].text
        waiting = [h for h in states if h.state == "connecting"]
        if waiting:
            return "connecting", waiting[0].text
        return "online", ""


def _heating_value(plant: Plant) -> float | None:
    """[kWh/m3] of gas, None when none was given."""
    found = factors.heating_value(plant, "gas", "m3")
    return None if isinstance(found, FactorGap) else found.value
