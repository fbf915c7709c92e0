"""Machines that can sleep, asleep in planned breaks: hot ovens that nobody needs.

What it saves is `(idle - standby) x hours asleep - (heating - idle) x warm-up`: the machine cools
down and must be made
hot again. The powers are the machine's own where they were learned. What was measured after earlier
orders corrects the
promise, as if two breaks had come exactly as promised before the first.

Sources: energy of waiting and of re-heating as in ISO 14955-1:2017, operating states of machine
tools (off, standby,
ready, processing), whose shares decide whether a pause is long enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecotwin.advice.contract import Outlook
from ecotwin.clock import Period
from ecotwin.plant.calendar import breaks, gaps
from ecotwin.plant.model import Element, Plant, Signal, Sleep, Write
from ecotwin.records import Advice, Change, Cost, Image, Quality, Range

HORIZON = timedelta(hours=12)
LEAST_ASLEEP = timedelta(minutes=5)
GRACE = timedelta(minutes=2)
"""After the last part should have left, before the set-point is lowered."""
STARTS_SOON = timedelta(hours=1)
PRIOR_BREAKS = 2.0
Z95 = 1.96

Bands = Sequence[tuple[datetime, datetime, float]]


@dataclass(frozen=True, slots=True)
class Pause:
    """A planned pause with what can be made of it.

    Attributes:
        whole: The pause. asleep: When the set-point is down. gap: Between shifts rather
            than inside one.
    """

    whole: Period
    asleep: Period
    gap: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """What a pause saves.

    Attributes:
        kwh: Net. won: While asleep. reheat: Taken back by warming up. sd: Of the net [kWh].
    """

    kwh: float
    won: float
    reheat: float
    sd: float


@dataclass(frozen=True, slots=True)
class Record:
    """How earlier promises of this machine were kept.

    Attributes:
        times: Number of fit savings. ratio: Factor for the next promise. scatter: Its
            standard deviation.
        kept: Measured over promised, as it was; None without any.
    """

    times: int
    ratio: float
    scatter: float
    kept: float | None


class IdleOff:
    """Puts machines with `sleep` facts to sleep in breaks and in nights in which they stay hot."""

    name = "idle_off"

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._sleepers = tuple(
            (e, e.sleep)
            for e in plant.elements
            if e.sleep is not None and plant.has_signal(e.sleep.signal)
        )

    def propose(self, outlook: Outlook) -> list[Advice]:
        """Advice for every pause of the next 12 hours that is worth it, best first."""
        found = [
            advice
            for element, sleep in self._sleepers
            for pause in self._pauses(element, sleep, outlook)
            if (advice := self._advise(element, sleep, pause, outlook)) is not None
        ]
        return sorted(found, key=lambda a: -(a.saves.energy_kwh.low if a.saves.energy_kwh else 0.0))

    def _pauses(self, element: Element, sleep: Sleep, outlook: Outlook) -> list[Pause]:
        now = outlook.now
        ahead = Period(now, now + HORIZON)
        found = []
        for whole in breaks(self._plant, ahead):
            pause = _fit(element, sleep, whole, whole.start, gap=False)
            if pause is not None and pause.asleep.start > now:
                found.append(pause)
        state = _state(self._plant, element, outlook.image)
        if state in ("idle", "setup", "heating"):
            # A night may be planned hot or cold: only one that is seen to be hot is worth a word.
            for whole in gaps(
                self._plant, Period(now - timedelta(days=4), now + timedelta(days=4))
            ):
                if whole.start + timedelta(minutes=10) <= now < whole.end:
                    pause = _fit(element, sleep, whole, now + timedelta(minutes=5), gap=True)
                    found += [pause] if pause is not None else []
        return found

    def _advise(
        self, element: Element, sleep: Sleep, pause: Pause, outlook: Outlook
    ) -> Advice | None:
        mark = pause.whole.start if pause.gap else pause.asleep.start
        id_ = f"{self.name}:{element.id}:{mark:%Y%m%dT%H%MZ}"
        signal = self._plant.signal(sleep.signal)
        state = _state(self._plant, element, outlook.image)
        soon = pause.asleep.start - outlook.now <= STARTS_SOON
        if id_ in outlook.taken or (soon and state in ("off", "standby")) or signal.write is None:
            return None
        bare = promise(outlook, element.id, sleep, pause)
        if bare is None:
            return None
        record = self._record(element, sleep, outlook, bare)
        kwh = bare.kwh * record.ratio
        sd = math.hypot(bare.sd * record.ratio, bare.kwh * record.scatter)
        if kwh <= 0 or kwh - Z95 * sd <= 0:
            return None
        write = signal.write
        minutes = pause.asleep.seconds / 60.0
        writable = minutes <= write.lease_max_min and write.autonomy in ("approve", "automatic")
        change = Change(signal.id, sleep.asleep, pause.asleep, sleep.awake)
        return Advice(
            id=id_,
            advisor=self.name,
            element=element.id,
            title=self._title(element, pause),
            why=self._why(element, outlook, pause, bare),
            against=self._against(
                element, sleep, outlook, pause, bare, record, write, writable=writable
            ),
            changes=(change,) if writable else (),
            saves=_saves(outlook, pause, bare, kwh, sd),
            proposed_at=outlook.now,
            decide_by=pause.asleep.end - LEAST_ASLEEP if pause.gap else pause.asleep.start,
            period=pause.whole,
            autonomy=write.autonomy if writable or write.autonomy == "observe" else "advise",
            finding=next(
                (f.id for f in outlook.findings if f.element == element.id and f.kind == "excess"),
                "",
            ),
        )

    def _record(self, element: Element, sleep: Sleep, outlook: Outlook, bare: Promise) -> Record:
        head = f"{self.name}:{element.id}:"
        measured, promised = [], []
        for saving in outlook.past:
            if not saving.advice.startswith(head) or not saving.fit:
                continue
            was = self._past_promise(element, sleep, outlook, saving.advice.removeprefix(head))
            if was is not None and was.kwh > 0:
                measured.append(saving.saved_kwh.value)
                promised.append(was.kwh)
        if not measured:
            return Record(0, 1.0, 0.0, None)
        prior = PRIOR_BREAKS * bare.kwh
        ratio = min(1.2, max(0.0, (sum(measured) + prior) / (sum(promised) + prior)))
        kept = sum(measured) / sum(promised)
        each = [m / p for m, p in zip(measured, promised, strict=True)]
        spread = math.sqrt(sum((x - kept) ** 2 for x in each) / len(each)) if len(each) > 1 else 0.2
        return Record(len(each), ratio, spread / math.sqrt(len(each) + PRIOR_BREAKS), kept)

    def _past_promise(
        self, element: Element, sleep: Sleep, outlook: Outlook, stamp: str
    ) -> Promise | None:
        """What was promised, from the pause that holds that moment.

        A saving does not carry its promise.
        """
        try:
            moment = datetime.strptime(stamp, "%Y%m%dT%H%MZ").replace(tzinfo=outlook.now.tzinfo)
        except ValueError:
            return None
        near = Period(moment, moment + timedelta(minutes=1))
        for whole in breaks(self._plant, near):
            pause = _fit(element, sleep, whole, whole.start, gap=False)
            if pause is not None and moment in whole:
                return promise(outlook, element.id, sleep, pause)
        return None

    def _local(self, moment: datetime) -> str:
        return moment.astimezone(self._plant.zone).strftime("%H:%M")

    def _title(self, element: Element, pause: Pause) -> str:
        span = f"{self._local(pause.whole.start)}–{self._local(pause.whole.end)}"
        return (
            f"Let {element.name} sleep now: no shift until {self._local(pause.whole.end)}"
            if pause.gap
            else f"Let {element.name} sleep in the break {span}"
        )

    def _why(
        self, element: Element, outlook: Outlook, pause: Pause, bare: Promise
    ) -> tuple[str, ...]:
        kw = outlook.state_kw[element.id]
        minutes, asleep = pause.whole.seconds / 60.0, pause.asleep.seconds / 60.0
        what = "no shift runs" if pause.gap else "a break is planned"
        return (
            (
                f"From {self._local(pause.whole.start)} to {self._local(pause.whole.end)} {what}: "
                f"{_span(minutes)}, of which "
                f"it can sleep {_span(asleep)}."
            ),
            (
                f"Ready and waiting it draws {kw['idle'].value:.1f} kW "
                f"({kw['idle'].low:.1f}–{kw['idle'].high:.1f}), asleep "
                f"{kw['standby'].value:.1f} kW ({kw['standby'].low:.1f}–{kw['standby'].high:.1f})."
            ),
            (
                f"That is {bare.won:.1f} kWh less, of which warming up takes back {bare.reheat:.1f} "
                "kWh."
            ),
        )

    def _against(
        self,
        element: Element,
        sleep: Sleep,
        outlook: Outlook,
        pause: Pause,
        bare: Promise,
        record: Record,
        write: Write,
        *,
        writable: bool,
    ) -> tuple[str, ...]:
        ready = self._local(pause.whole.end)
        said = [
            (
                f"Warming up begins at {self._local(pause.asleep.end)} and takes "
                f"{sleep.warmup_min:.0f} min: ready at {ready} without a margin. "
                f"Each minute it takes longer is a minute of waiting after {ready}."
            )
        ]
        if not outlook.learned.get(element.id, False):
            said.append(
                "Its powers still come from the table of its kind and not from its own meter."
            )
        if record.kept is None:
            said.append("It was not yet tried on this machine: no saving has been measured.")
        elif record.kept < 0.95:
            said.append(
                f"The last {record.times} times it saved {100 * record.kept:.0f} % of what was "
                "promised; this promise is "
                f"cut to {100 * record.ratio:.0f} %."
            )
        if bare.won > 0 and bare.reheat / bare.won > 0.3:
            said.append(
                f"Warming up eats {100 * bare.reheat / bare.won:.0f} % of what sleeping saves."
            )
        age = _age_s(self._plant, element, outlook.image)
        if age > write.max_age_s:
            said.append(
                f"The newest data of the machine is {_age(age)}: an order would be refused "
                "until it is fresh."
            )
        if not writable:
            minutes = pause.asleep.seconds / 60.0
            why = (
                f"the longest lease is {write.lease_max_min:.0f} min and the pause {_span(minutes)}"
                if minutes > write.lease_max_min
                else f"the plant file says `{write.autonomy}`"
            )
            said.append(
                f"The twin may not do it itself ({why}): somebody must do it at the machine."
            )
        elif not write.watchdog:
            said.append(
                "The device does not fall back by itself: if the twin fails, it stays asleep "
                "until woken by hand."
            )
        return tuple(said)


def promise(outlook: Outlook, element: str, sleep: Sleep, pause: Pause) -> Promise | None:
    """Energy saved by a pause, before anything was learned from outcomes.

    None while its powers are not known.
    """
    kw = outlook.state_kw.get(element, {})
    if "idle" not in kw or "standby" not in kw:
        return None
    idle, standby = kw["idle"], kw["standby"]
    heating = kw.get("heating", Range(idle.value, idle.low, idle.high))
    hours, warm = pause.asleep.hours, sleep.warmup_min / 60.0
    won = (idle.value - standby.value) * hours
    reheat = max(0.0, heating.value - idle.value) * warm
    # idle stands in both terms: its error counts with the sum of both times
    sd = math.sqrt(
        (_sd(idle) * (hours + warm)) ** 2 + (_sd(standby) * hours) ** 2 + (_sd(heating) * warm) ** 2
    )
    return Promise(won - reheat, won, reheat, sd)


def mean_rate(bands: Bands, period: Period) -> float | None:
    """Time-weighted mean of bands over a period; None where they do not cover it.

    >>> from datetime import UTC
    >>> h = lambda n: datetime(2026, 6, 18, n, tzinfo=UTC)
    >>> mean_rate([(h(0), h(11), 0.2), (h(11), h(20), 0.3)], Period(h(10), h(12)))
    0.25
    """
    total = held = 0.0
    for start, end, value in bands:
        seconds = (min(end, period.end) - max(start, period.start)).total_seconds()
        if seconds > 0:
            total, held = total + value * seconds, held + seconds
    return total / held if held >= period.seconds - 1.0 and held > 0 else None


def _saves(outlook: Outlook, pause: Pause, bare: Promise, kwh: float, sd: float) -> Cost:
    parts = {"energy_kwh": _range(kwh, sd)}
    warm = Period(pause.asleep.end, pause.whole.end)
    for name, bands in (("co2e_kg", outlook.carbon), ("money", outlook.price)):
        asleep, awake = mean_rate(bands, pause.asleep), mean_rate(bands, warm)
        if asleep is not None and awake is not None and bare.kwh > 0:
            worth = (bare.won * asleep - bare.reheat * awake) / bare.kwh
            parts[name] = _range(kwh * worth, sd * worth)
    return Cost(**parts)


def _fit(
    element: Element, sleep: Sleep, whole: Period, earliest: datetime, *, gap: bool
) -> Pause | None:
    transit = element.kind_facts.get("transit_s", 0.0)
    empty_s = float(transit) if isinstance(transit, int | float) else 0.0
    start = earliest if gap else earliest + timedelta(seconds=empty_s) + GRACE
    start = start.replace(second=0, microsecond=0) + timedelta(
        minutes=1 if start.second or start.microsecond else 0
    )
    end = whole.end - timedelta(minutes=sleep.warmup_min)
    left = (whole.end - max(whole.start, earliest)).total_seconds() / 60.0
    if left < sleep.min_break_min or end - start < LEAST_ASLEEP:
        return None
    return Pause(whole, Period(start, end), gap)


def _state(plant: Plant, element: Element, image: Image) -> str:
    signal = plant.find(element.id, "state")
    if signal is None or not _trusted(image, signal):
        return ""
    return signal.states.get(int(image.value[signal.index]), "")


def _trusted(image: Image, signal: Signal) -> bool:
    value = image.value[signal.index]
    return bool(value == value) and image.quality[signal.index] < Quality.SUSPECT


def _age_s(plant: Plant, element: Element, image: Image) -> float:
    return min((image.age_s(s.index) for s in plant.signals_of(element.id)), default=float("inf"))


def _age(age_s: float) -> str:
    return "missing" if math.isinf(age_s) else f"{age_s / 60.0:.0f} min old"


def _span(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60.0:.1f} h"


def _sd(held: Range) -> float:
    return abs(held.high - held.low) / (2.0 * Z95)


def _range(value: float, sd: float) -> Range:
    return Range(value, value - Z95 * abs(sd), value + Z95 * abs(sd))


plug = IdleOff
