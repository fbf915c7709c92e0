"""Machines that can sleep, asleep in planned breaks: hot ovens that nobody needs.

A hot machine cools slowly: what it saves is told by its heat balance (`heat`). One whose set-point is
no temperature saves `(idle - standby) x hours asleep - (heating - idle) x warm-up`. The powers are the
machine's own where they were learned. What was measured after earlier orders corrects the promise, as
if two breaks had come exactly as promised before the first.

Sources: energy of waiting and of re-heating as in ISO 14955-1:2017, operating states of machine
tools (off, standby,
ready, processing), whose shares decide whether a pause is long enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecotwin.advice.contract import Outlook
from ecotwin.advice.heat import Z95, course, doubt_kwh, known_body, spread
from ecotwin.advice.worth import worth
from ecotwin.clock import Period
from ecotwin.plant.calendar import breaks, gaps
from ecotwin.plant.model import Element, Plant, Signal, Sleep, Write
from ecotwin.records import Advice, Change, Image, Quality

HORIZON = timedelta(hours=12)
LEAST_ASLEEP = timedelta(minutes=5)
GRACE = timedelta(minutes=2)
"""After the last part should have left, before the set-point is lowered."""
STARTS_SOON = timedelta(hours=1)
PRIOR_BREAKS = 2.0
MOST_RATIO = 1.5
PAUSE_SD = 0.1
"""From one pause to the next, and of the measuring: a share of the saving, until it was seen."""


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
        asleep_kw: Mean power asleep. reheat_h: Warming up as foreseen [h].
    """

    kwh: float
    won: float
    reheat: float
    sd: float
    asleep_kw: float
    reheat_h: float


@dataclass(frozen=True, slots=True)
class Record:
    """How earlier promises of this machine were kept.

    Attributes:
        times: Number of fit savings. ratio: Factor for the next promise. scatter: Standard
            deviation of one more pause, as a share.
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
        bare = promise(self._plant, outlook, element, sleep, pause)
        if bare is None:
            return None
        record = self._record(element, sleep, outlook, bare)
        kwh = bare.kwh * record.ratio
        # What was measured on this machine takes the place of what its powers let foresee.
        foreseen = PRIOR_BREAKS / (record.times + PRIOR_BREAKS)
        sd = math.hypot(bare.sd * record.ratio * foreseen, kwh * record.scatter)
        if kwh - Z95 * sd <= 0:
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
            saves=worth(
                outlook,
                (pause.asleep, bare.won),
                (Period(pause.asleep.end, pause.whole.end), bare.reheat),
                kwh,
                sd,
            ),
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
        times = len(measured)
        prior = PRIOR_BREAKS * bare.kwh
        ratio = (sum(measured) + prior) / (sum(promised) + prior)
        kept = sum(measured) / sum(promised) if times else None
        apart = sum((m / p - (kept or 0.0)) ** 2 for m, p in zip(measured, promised, strict=True))
        known = times + PRIOR_BREAKS
        scatter = math.sqrt((apart + PRIOR_BREAKS * PAUSE_SD**2) / known)
        return Record(
            times, min(MOST_RATIO, max(0.0, ratio)), scatter * math.sqrt(1.0 + 1.0 / known), kept
        )

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
                return promise(self._plant, outlook, element, sleep, pause)
        return None

    def _title(self, element: Element, pause: Pause) -> str:
        span = f"{self._plant.local(pause.whole.start)}–{self._plant.local(pause.whole.end)}"
        return (
            f"Let {element.name} sleep now: no shift until {self._plant.local(pause.whole.end)}"
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
                f"From {self._plant.local(pause.whole.start)} to {self._plant.local(pause.whole.end)} {what}: "
                f"{_span(minutes)}, of which "
                f"it can sleep {_span(asleep)}."
            ),
            (
                f"Ready and waiting it draws {kw['idle'].value:.1f} kW "
                f"({kw['idle'].low:.1f}–{kw['idle'].high:.1f}), asleep about {bare.asleep_kw:.1f} kW "
                f"over this time."
            ),
            (
                f"That is {bare.won:.1f} kWh less, of which warming up takes back {bare.reheat:.1f} "
                f"kWh in {60 * bare.reheat_h:.0f} min."
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
        ready = self._plant.local(pause.whole.end)
        said = [
            (
                f"Warming up begins at {self._plant.local(pause.asleep.end)}, {sleep.warmup_min:.0f} min "
                f"before {ready}; {60 * bare.reheat_h:.0f} min are foreseen. "
                f"Each minute after {ready} is a minute of waiting."
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


def promise(
    plant: Plant, outlook: Outlook, element: Element, sleep: Sleep, pause: Pause
) -> Promise | None:
    """Energy saved by a pause, before anything was learned from outcomes.

    None while its powers are not known.
    """
    kw = outlook.state_kw.get(element.id, {})
    if "idle" not in kw or "standby" not in kw:
        return None
    hours, warm_h = pause.asleep.hours, sleep.warmup_min / 60.0
    if plant.signal(sleep.signal).unit == "degC":
        found = known_body(kw, element.kind_facts, sleep)
        if found is None:
            return None
        way = course(found[0], hours)
        sd = doubt_kwh(*found, hours)
        return Promise(way.saved_kwh, way.won_kwh, way.reheat_kwh, sd, way.asleep_kw, way.reheat_h)
    idle, standby = kw["idle"], kw["standby"]
    heating = kw.get("heating", idle)
    won = (idle.value - standby.value) * hours
    reheat = max(0.0, heating.value - idle.value) * warm_h
    # idle stands in both terms: its error counts with the sum of both times
    sd = math.hypot(
        spread(idle) * (hours + warm_h), spread(standby) * hours, spread(heating) * warm_h
    )
    return Promise(won - reheat, won, reheat, sd, standby.value, warm_h)


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


plug = IdleOff
