"""What the site will take in over the next day and a half, told in the background and kept fresh.

Every inlet of the site is told by quarters of an hour, from its past and from the plan of work that is known ahead. A
thread of its own, at the lowest priority, learns what is due once a plant day (`rivals`) and tells anew every quarter
of an hour; the cycle never waits for it. Minutes of a meter that stands under a finding of a sensor at fault or of
manipulated data are blank to it: nothing is learned from them or judged by them. Each
telling is kept until its truth is there, so that the page can say how far off the last ones were. Where the contract
names a limit of power, the probability that a quarter of an hour passes it becomes a finding while there is time to
act.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import structlog

from ecotwin.clock import SECOND, Period, instant, micros
from ecotwin.cycle.foretelling import HORIZON, SEED, STEP_S, Aim, Course, Told
from ecotwin.cycle.inflow import electricity, hourly, inlets, meters
from ecotwin.cycle.rivals import Turn
from ecotwin.cycle.trail import Supply
from ecotwin.errors import EcotwinError
from ecotwin.history.contract import Store
from ecotwin.learning.register import digest
from ecotwin.plant import Plant
from ecotwin.plant.calendar import working
from ecotwin.records import Floats, Ints, Rows, Score, Window

log = structlog.get_logger("ecotwin")

STEP = timedelta(seconds=STEP_S)
STEP_US = round(STEP_S * SECOND)
DAYS = 56
"""Past days from which it learns."""
RELEARN = timedelta(days=1)
"""How often it is asked what is due to be learned."""
KEEP_EVERY = timedelta(hours=6)
LOWEST = 19
MOST_ESTIMATED = 0.5
"""Share of a quarter of an hour that may be estimated for it to be learned from."""
WARN, CALM = 0.3, 0.15
"""Probability from which a limit is warned of, and under which the warning ends."""
PLAN = "planned work"
_PLAN_PARTS = 5
"""Instants of a quarter of an hour at which the plan of work is asked."""
_TITLES = {"gas": "Gas", "water": "Water", "steam": "Steam", "heat": "Heat"}


class Foresight:
    """Tells what comes.

    Args:
        plant: The plant. store: Its history. supply: Who brings electricity.
        since: Tells the first instant of which anything is known.
        model: Plug of `forecasting` that is used at first. others: Plugs that challenge it in turn with itself.
        flagged: Tells (machine, from, to) of minutes within a finding that a sensor is at fault or data manipulated.
    """

    def __init__(
        self, plant: Plant, store: Store, supply: Supply, since: Callable[[], datetime | None],
        model: str = "planned", others: tuple[str, ...] = (),
        flagged: Callable[[], list[tuple[str, datetime, datetime]]] = list,
    ) -> None:  # fmt: skip
        self._plant, self._store, self._supply, self._since = plant, store, supply, since
        self._courses = [Course(aim, model, (PLAN,), others) for aim in aims(plant)]
        self._flagged = flagged
        read = {i for course in self._courses for i in self._signals_of(course.aim.id)}
        self._signals = tuple(sorted(read | set(meters(plant, supply))))
        self._sources = {
            course.aim.id: {plant.signals[i].element for i in self._signals_of(course.aim.id)}
            for course in self._courses
        }
        self._kept_at: datetime | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._learned_at: datetime | None = None
        self._told_at: datetime | None = None
        self._heard: dict[str, Told] = {}
        self._warned: set[str] = set()
        self.told: dict[str, Told] = {}
        """Carrier -> newest telling."""
        self.turns: list[Turn] = []
        """What was decided about forecasters and is not in the register yet."""
        self.kept: dict[str, Any] | None = None
        """State to keep, made where it is learned; None: kept already."""
        self.refused: dict[str, str] = {}
        """Carrier -> why nothing is told."""

    def _signals_of(self, carrier: str) -> tuple[int, ...]:
        if carrier == "electricity":
            return meters(self._plant, self._supply)
        return tuple(s.index for s in inlets(self._plant, carrier))

    def tick(self, closed: datetime) -> None:
        """Begin to tell anew in the background when a quarter of an hour was closed.

        Args:
            closed: End of the newest closed minute.
        """
        origin = quarter(closed)
        with self._lock:
            busy = self._thread is not None and self._thread.is_alive()
            if self._stop.is_set() or origin == self._told_at or busy:
                return
            self._told_at = origin
            self._thread = threading.Thread(
                target=self._behind, args=(origin,), name="foresight", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Let what goes on in the background come to its end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def take_turns(self) -> list[Turn]:
        """Decisions since this was asked last."""
        with self._lock:
            said, self.turns = self.turns, []
        return said

    def take_state(self) -> dict[str, Any] | None:
        """State that is not kept yet; None: nothing new."""
        with self._lock:
            said, self.kept = self.kept, None
        return said

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state: who is in use, who challenges, how far the contest is."""
        self._learned_at = instant(state["learned_at"])
        self._kept_at = instant(state["kept_at"])
        for course in self._courses:
            kept = state["courses"].get(course.aim.id)
            if kept is not None:
                course.restore(kept)

    def contests(self) -> dict[str, tuple[str, str, str]]:
        """Inlet -> way in use, how its contest stands, and how good it was against repeating."""
        return {c.aim.id: (c.rivals.name, c.rivals.told(), c.good()) for c in self._courses}

    def _keep(self, origin: datetime) -> None:
        """Make the state to keep, here in the background; while it is made nothing else changes it."""
        courses = {c.aim.id: c.state() for c in self._courses if c.ready}
        self._kept_at = origin
        state = {
            "courses": courses, "kept_at": micros(origin),
            "learned_at": micros(self._learned_at or origin),
        }  # fmt: skip
        with self._lock:
            self.kept = state

    def _behind(self, origin: datetime) -> None:
        _step_back()
        try:
            self.renew(origin)
        except EcotwinError as fault:
            log.warning("nothing could be foretold", why=str(fault))
        except Exception as fault:
            # One line: a trace with all that it held takes seconds to write, quarter of an hour by quarter of an hour.
            log.error(
                "the forecast failed; the page shows the one before it",
                fault=repr(fault),
                at=traceback.extract_tb(fault.__traceback__)[-1].line,
            )

    def renew(self, origin: datetime) -> None:
        """Learn if it is due, tell from an instant on, and judge what was told before."""
        past = self._past(origin)
        if past is None:
            self.refused = {c.aim.id: "nothing was recorded yet" for c in self._courses}
            return
        since = None if self._learned_at is None else origin - self._learned_at
        due = since is None or not timedelta(0) <= since < RELEARN
        ahead = self._ahead(origin)
        spans = self._blank(past)
        for course in self._courses:
            if self._stop.is_set():
                return
            self._renew(course, past, ahead, origin, spans, due=due)
        if due:
            self._learned_at = origin
        turns = [turn for course in self._courses for turn in course.rivals.turns]
        for course in self._courses:
            course.rivals.turns = []
        with self._lock:
            self.turns += turns
        if turns or self._kept_at is None or origin - self._kept_at >= KEEP_EVERY:
            self._keep(origin)

    def _blank(self, past: Rows) -> dict[str, list[tuple[float, float]]]:
        """Take what is flagged bad out of a past; inlet -> wall-clock spans [s] that were."""
        found: dict[str, list[tuple[float, float]]] = {}
        for element, start, end in self._flagged():
            span = (self._wall(start), self._wall(end))
            for course in self._courses:
                if element not in self._sources[course.aim.id]:
                    continue
                found.setdefault(course.aim.id, []).append(span)
                # A row stands at the begin of its quarter of an hour.
                inside = (past.at_s > span[0] - STEP_S) & (past.at_s < span[1])
                past.values[inside, past.columns.index(course.aim.id)] = np.nan
        return found

    def _wall(self, moment: datetime) -> float:
        local = moment.astimezone(self._plant.zone).replace(tzinfo=None)
        return (local - _EPOCH).total_seconds()

    def _renew(
        self, course: Course, past: Rows, ahead: Rows, origin: datetime,
        spans: Mapping[str, list[tuple[float, float]]], *, due: bool,
    ) -> None:  # fmt: skip
        name = course.aim.id
        rows, mine = past.of((name, PLAN)), spans.get(name, [])
        try:
            if due or not course.ready:
                course.learn(rows, _made(course, rows, self._plant, mine), mine)
            self.told[name] = course.tell(rows, ahead.of((name, PLAN)), origin, mine)
        except EcotwinError as fault:
            self.told.pop(name, None)
            found = fault.found.rstrip(".")
            self.refused[name] = f"{found}; {fault.expected}" if fault.expected else found
            return
        self.refused.pop(name, None)

    def _past(self, origin: datetime) -> Rows | None:
        """Quarters of an hour before an instant: every aim, and whether work was planned."""
        since = self._since()
        if since is None:
            return None
        start = max(origin - timedelta(days=DAYS), quarter(since) + STEP)
        if start >= origin:
            return None
        window = self._store.window(self._signals, Period(start, origin), round(STEP_S))
        columns = [self._rate(course.aim.id, window) for course in self._courses]
        return self._rows(window.at, np.column_stack([*columns, self._planned(window.at)]))

    def _rate(self, carrier: str, window: Window) -> Floats:
        if carrier != "electricity":
            came = hourly(window, inlets(self._plant, carrier))
        else:
            came, _ = electricity(self._plant, self._supply, window)
        places = [window.column(i) for i in self._signals_of(carrier)]
        # What cleaning had to estimate is no truth to learn from.
        made_up = window.estimated[:, places].max(axis=1) > MOST_ESTIMATED
        return np.where(made_up, np.nan, came)

    def _ahead(self, origin: datetime) -> Rows:
        at = micros(origin) + np.arange(HORIZON, dtype=np.int64) * STEP_US
        values = np.full((HORIZON, len(self._courses) + 1), np.nan)
        values[:, -1] = self._planned(at)
        return self._rows(at, values)

    def _rows(self, at: Ints, values: Floats) -> Rows:
        """Rows on the plant's wall clock."""
        walls = [instant(int(t)).astimezone(self._plant.zone).replace(tzinfo=None) for t in at]
        wall_s = np.array([(w - _EPOCH).total_seconds() for w in walls])
        names = (*(course.aim.id for course in self._courses), PLAN)
        return Rows(names, values, wall_s, tuple(w.isoformat() for w in walls), civil=True)

    def _planned(self, at: Ints) -> Floats:
        """[n] share of each quarter of an hour in which work is planned."""
        part = STEP_US // _PLAN_PARTS
        marks = [working(self._plant, at + k * part + part // 2) for k in range(_PLAN_PARTS)]
        return np.asarray(np.mean(marks, axis=0), np.float64)

    def warnings(self, now: datetime) -> list[Score]:
        """What findings should hear of limits that may be passed; empty while nothing new was told.

        Args:
            now: Plant time.
        """
        said = []
        for name, told in list(self.told.items()):
            if told.warned is None or told is self._heard.get(name):
                continue
            self._heard[name] = told
            over = told.warned.probability >= (CALM if name in self._warned else WARN)
            if over or name in self._warned:
                said.append(self._warning(told, over=over, now=now))
            (self._warned.add if over else self._warned.discard)(name)
        return said

    def _warning(self, told: Told, *, over: bool, now: datetime) -> Score:
        warned = told.warned
        if warned is None:
            raise EcotwinError(f"nothing is known of a limit of {told.aim.title}")
        low, middle, high = warned.peak
        lead = STEP * (warned.lead or HORIZON)
        local = (told.forecast.origin + lead - STEP).astimezone(self._plant.zone)
        ahead_h = max((told.forecast.origin + lead - STEP - now).total_seconds() / 3600.0, 0.0)
        site, source = self._plant.site.id, next(iter(self._supply.sources), "")
        days = (local.date() - now.astimezone(self._plant.zone).date()).days
        day = {0: "today", 1: "tomorrow"}.get(days, f"{local:%A}")
        text = (
            f"{told.aim.title} may pass the contract's {warned.limit:g} {told.aim.unit} {day} about {local:%H:%M}, "
            f"{100 * warned.probability:.0f} % likely. Highest quarter hour {middle:.0f} {told.aim.unit} "
            f"({low:.0f} to {high:.0f}, 80 %), {ahead_h:.1f} h ahead"
        )
        sd = max((high - low) / (2 * 1.2816), 1e-9)
        return Score(
            "foresight", site, source, micros(now), middle, warned.limit, low, high,
            (middle - warned.limit) / sd, over, f"{site}:peak_soon", unit=told.aim.unit, text=text,
        )  # fmt: skip


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001


def aims(plant: Plant) -> tuple[Aim, ...]:
    """What can be told of a site: power bought, and what comes in through the meters of other carriers."""
    tariff = plant.tariff("electricity")
    found = [Aim("electricity", "Power bought", "kW", tariff.contract_kw if tariff else None)]
    for carrier, title in _TITLES.items():
        meters = inlets(plant, carrier)
        if meters:
            found.append(Aim(carrier, title, f"{meters[0].unit.removesuffix('/h')}/h"))
    return tuple(found)


def _made(
    course: Course, rows: Rows, plant: Plant, spans: list[tuple[float, float]]
) -> dict[str, Any]:
    """What a model is learned from, and a hash of that: the same past makes the same model."""
    ends = [
        datetime.fromisoformat(s).replace(tzinfo=plant.zone).isoformat()
        for s in (rows.stamps[0], rows.stamps[-1])
    ]
    past = rows.column(course.aim.id)
    inside = [(rows.at_s > a - STEP_S) & (rows.at_s < b) for a, b in spans]
    return {
        "columns": list(rows.columns), "start": ends[0], "end": ends[1], "seed": SEED,
        "rows": int(np.isfinite(past).sum()),
        "left_out": int(np.logical_or.reduce(inside).sum()) if inside else 0,
        "content": digest([*ends, np.nan_to_num(past, nan=-1.0).tolist()]),
    }  # fmt: skip


def _step_back() -> None:
    """Let every other thread go first, where the system has priorities of threads (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)


def quarter(moment: datetime) -> datetime:
    """The quarter of an hour that ends at or before an instant."""
    return instant(micros(moment) // STEP_US * STEP_US)
