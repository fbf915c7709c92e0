"""Look: closed minutes against what was expected; scores become findings; baselines learn.

Minutes that wait are judged up to the next full hour at a time, and baselines learn at full hours only, so that a
replayed plant and a live one see the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from ecotwin import plugs
from ecotwin.accounting.baseline import Baselines
from ecotwin.accounting.references import References, Turn
from ecotwin.clock import MINUTE, Period, instant, micros
from ecotwin.cycle.diagnosing import Diagnosing
from ecotwin.cycle.discarded import Discarded
from ecotwin.cycle.inflow import electricity
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.trail import Supply, Trail, supply
from ecotwin.detection.alerts import Alerts, ranked
from ecotwin.detection.contract import Detector, Expected
from ecotwin.detection.limits import Limits
from ecotwin.history.contract import Store
from ecotwin.plant import Plant
from ecotwin.records import Bools, Finding, Readings, Samples, Score, Window

LEARN_EVERY = timedelta(hours=1)
SETTLE = timedelta(hours=2)
"""Baselines learn this much later: a finding has time to show itself before it could be learned as normal."""
AHEAD = timedelta(hours=12)
"""Read at once when many minutes wait."""
WORTHLESS_KEPT = timedelta(days=60)
_COLUMNS = ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")


class Look:
    """Judges the plant minute by minute.

    Args:
        plant: The plant. store: The history. prices: Money and carbon.
        gas_factor: [kgCO2e/m3] of gas, None when none was given.
    """

    def __init__(
        self, plant: Plant, store: Store, prices: Prices, gas_factor: float | None
    ) -> None:
        self._plant = plant
        self._store = store
        self._prices = prices
        self._gas_factor = gas_factor
        self.discarded: Discarded | None = None
        """What scrapped product had cost; None: its mass alone is told."""
        self._all = tuple(range(len(plant.signals)))
        self._factor = np.array([s.factor for s in plant.signals], np.float64)
        self._offset = np.array([s.offset for s in plant.signals], np.float64)
        self.supply: Supply = supply(plant)
        self.baselines = Baselines(plant)
        self.references = References(self.baselines)
        self.turns: list[Turn] = []
        """What was decided about references and is not in the register yet."""
        self.alerts = Alerts(plant)
        self.diagnosing = Diagnosing(
            plant, lambda ids, period, step_s: store.window(ids, period, step_s), self.expected
        )
        self.detectors = self.new_detectors()
        self.trail = Trail(self.supply.users)
        self.closed_until: datetime | None = None
        """End of the newest closed minute."""
        self._learned_until: datetime | None = None
        self._left_out: dict[str, int] = {}
        self._flagged: list[tuple[str, datetime, datetime]] = []
        """(machine, from, to) spans that must never be learned from."""
        self._worthless: dict[str, tuple[str, datetime, datetime]] = {}
        """Finding -> (machine, from, to) where a sensor was at fault or data manipulated, of the last weeks."""
        self._ahead: tuple[Window, ...] = ()
        """The two newest blocks read ahead while many minutes wait."""

    def new_detectors(self) -> dict[str, Detector]:
        """Detectors that have seen nothing yet."""
        return {name: plug(self._plant) for name, plug in plugs.load_all("detection").items()}

    def warm_up(self, detectors: dict[str, Detector], window: Window) -> list[Score]:
        """Show detectors recorded minutes, so that they know what is usual; what they say is handed back."""
        expected = self._judgeable(self.expected(window))
        return [s for d in detectors.values() for s in d.on_minutes(window, expected)]

    def take_over(
        self, detectors: dict[str, Detector], since: datetime, now: datetime, said: list[Score]
    ) -> list[Finding]:
        """Put warmed-up detectors in place of those that started cold, and judge the minutes since then anew.

        Args:
            detectors: Warmed up. since: Until when. now: Plant time.
            said: What they said of the recorded time's end, when they knew already what is usual.
        """
        until = self.closed_until
        self.detectors = detectors
        if until is not None and until > since:
            said = said + self.warm_up(detectors, self.window(Period(since, until)))
        return self._findings(said, now, self.closed_until) if said else []

    def on_readings(self, readings: Readings, now: datetime) -> list[Finding]:
        """Judge readings at once, before their minute closes."""
        scores = [s for d in self.detectors.values() for s in d.on_readings(readings)]
        # An alarm waits for nothing: its causes follow when the minute closes.
        return self._findings(scores, now, None) if scores else []

    def is_urgent(self, samples: Samples) -> bool:
        """Whether one of these samples, still in wire units and not cleaned, crosses a limit."""
        limits = self.detectors.get("limits")
        if not isinstance(limits, Limits):
            return False
        known = samples.take(samples.signal >= 0) if (samples.signal < 0).any() else samples
        value = known.value * self._factor[known.signal] + self._offset[known.signal]
        return limits.crosses(known.signal, value)

    def on_minutes(self, watermark: datetime, known_at: datetime, first: datetime) -> list[Finding]:
        """Close and judge every minute that ends at or before the watermark.

        Args:
            watermark: Event time up to which data is held to be complete.
            known_at: Plant time now. first: Where to begin when nothing was closed yet.
        """
        begin = self.closed_until or _floor(first)
        end = _floor(watermark)
        if end <= begin:
            return []
        self._store.close_minutes(end, known_at=known_at)
        changed: list[Finding] = []
        while begin < end:
            until = min(end, begin.replace(minute=0) + timedelta(hours=1))
            self._read_ahead(begin, end)
            found = self._judge(Period(begin, until))
            self._flagged += self._spans(f for f in found if f.state == "closed")
            changed += found
            begin = self.closed_until = until
            changed += self.diagnosing.changed(self.alerts.open(until), until)
            if until.minute == 0:
                self._learn(until)
        self._ahead = ()
        return changed

    def expected(self, window: Window) -> Expected:
        """What machines are held against in a window that holds every signal."""
        made = self.references.expected(window)
        return Expected(tuple(made.elements), made.mean, made.sd, made.actual, made.learned)

    def window(self, period: Period, step_s: int = 60) -> Window:
        """Every signal over a period."""
        return self._store.window(self._all, period, step_s)

    def learn_from(self, window: Window) -> None:
        """Learn from a recorded day."""
        self.references.learn(window, self._excluded(window))
        self._settle(window.period.end)
        for hour in range(0, window.steps, 60):
            end = min(hour + 60, window.steps)
            span = Period(instant(int(window.at[hour])), instant(int(window.at[end - 1]) + MINUTE))
            self.alerts.learn(_rows(window, span, slice(hour, end)))
        self._learned_until = max(self._learned_until or window.period.end, window.period.end)

    def _read_ahead(self, begin: datetime, end: datetime) -> None:
        """When many minutes wait, read hours of them at once; they are judged in the same steps as ever."""
        read = self._ahead[-1].period.end if self._ahead else begin
        if begin >= read and end - begin > LEARN_EVERY:
            block = self.window(
                Period(begin - timedelta(minutes=1), min(end, _hour(begin) + AHEAD))
            )
            self._ahead = (*self._ahead[-1:], block)

    def _cut(self, period: Period) -> Window:
        """Every signal over a period, out of what was read ahead where it lies there."""
        for block in self._ahead:
            if block.period.start <= period.start and period.end <= block.period.end:
                first = int((period.start - block.period.start).total_seconds()) // 60
                return _rows(block, period, slice(first, first + round(period.seconds / 60)))
        return self.window(period)

    def refill_trail(self) -> None:
        """Build the last day anew: after a start, and after the baselines have learned much at once."""
        end = self.closed_until
        span = self._store.span()
        if end is None or span is None:
            return
        start = max(end - timedelta(hours=26), _floor(span.start))
        self.trail = Trail(self.supply.users)
        while start < end:
            until = min(end, start + timedelta(hours=6))
            window = self.window(Period(start, until))
            self._extend_trail(window, self.expected(window))
            start = until

    def _judge(self, period: Period) -> list[Finding]:
        # A minute more at the front: what a machine draws depends on the state that it comes from.
        wide = self._cut(Period(period.start - timedelta(minutes=1), period.end))
        window = _rows(wide, period, slice(1, None))
        made = self.expected(wide)
        expected = replace(made, mean=made.mean[1:], sd=made.sd[1:], actual=made.actual[1:])
        judged = self._judgeable(expected)
        scores = [s for d in self.detectors.values() for s in d.on_minutes(window, judged)]
        self._extend_trail(window, expected)
        return self._findings(scores, period.end, period.end)

    def _judgeable(self, expected: Expected) -> Expected:
        """The expectation without meters that tell no state and whose baseline is not fit: it carries no finding."""
        unfit = [expected.elements.index(e) for e in self.unfit()]
        if not unfit:
            return expected
        mean = expected.mean.copy()
        mean[:, unfit] = np.nan
        return replace(expected, mean=mean)

    def unfit(self) -> dict[str, str]:
        """Meters without a state whose baseline is not fit for findings, each with the reason."""
        found = {}
        for place in np.flatnonzero(self.baselines.drivers.stateless):
            element = self.baselines.elements[int(place)]
            fit = self.baselines.fit(element)
            if not fit.fit:
                found[element] = "; ".join(fit.reasons)
        return found

    def hear(self, scores: list[Score], now: datetime) -> list[Finding]:
        """Take what others than detectors say, such as a forecast that sees a limit passed."""
        return self._findings(scores, now, self.closed_until) if scores else []

    def _findings(
        self, scores: list[Score], now: datetime, closed: datetime | None
    ) -> list[Finding]:
        """Scores into findings, with the rates of the moment and with their causes."""
        rates: dict[str, Any] = {
            carrier: lambda at, c=carrier: self._prices.money(c, at)
            for carrier in {t.carrier for t in self._plant.tariffs}
        }
        factors: dict[str, Any] = {"electricity": self._prices.carbon}
        market: dict[str, Any] = {"electricity": self._prices.carbon_market()}
        if self._gas_factor is not None:
            factors["gas"] = market["gas"] = self._gas_factor
        if self.discarded is not None:
            rates["material"] = self.discarded.money
            factors["material"] = market["material"] = self.discarded.carbon
        told = self.alerts.findings(scores, now, rates, factors, market)
        self._note_worthless(told)
        return self.diagnosing.with_causes(told, closed) if told else []

    def open(self, now: datetime) -> list[Finding]:
        """All living findings with their causes, worst first."""
        return ranked(self.diagnosing.as_told(self.alerts.open(now)))

    def _extend_trail(self, window: Window, expected: Expected) -> None:
        columns = {e: i for i, e in enumerate(expected.elements)}
        width, steps = len(self.supply.users), window.steps
        made = {n: np.full((steps, width), np.nan) for n in ("actual", "mean", "sd")}
        for column, user in enumerate(self.supply.users):
            if user in columns:
                for name, source in (
                    ("actual", expected.actual),
                    ("mean", expected.mean),
                    ("sd", expected.sd),
                ):
                    made[name][:, column] = source[:, columns[user]]
        bought, own = electricity(self._plant, self.supply, window)
        self.trail.add(window.at, made["actual"], made["mean"], made["sd"], bought, own)

    def left_out_min(self, element: str) -> int:
        """Minutes of a machine that its baseline did not learn from, since a finding stood over them."""
        return self._left_out.get(element, 0)

    def _learn(self, end: datetime) -> None:
        """Learn from hours that are old enough to be trusted."""
        self._flagged += self._spans(self.alerts.open(end))
        self._flagged = [f for f in self._flagged if f[2] > end - timedelta(days=2)][-5000:]
        start = self._learned_until or (end - SETTLE - LEARN_EVERY)
        while start + LEARN_EVERY <= end - SETTLE:
            window = self._cut(Period(start, start + LEARN_EVERY))
            self.references.learn(window, self._excluded(window))
            self._settle(start + LEARN_EVERY)
            self.alerts.learn(window)
            start += LEARN_EVERY
            self._learned_until = start

    def _spans(self, findings: Iterable[Finding]) -> list[tuple[str, datetime, datetime]]:
        """Machine and time of minutes that a finding makes worthless; a sensor's, also where it is read as a driver."""
        found = []
        for f in findings:
            touched = [f.element]
            if f.kind in ("sensor", "data"):
                touched += self.baselines.drivers.driven_by(f.element)
            found += [(element, f.onset, f.last_at) for element in touched]
        return found

    def _note_worthless(self, findings: Iterable[Finding]) -> None:
        for f in findings:
            if f.kind in ("sensor", "data"):
                self._worthless[f.id] = (f.element, f.onset, f.closed_at or f.last_at)
                oldest = f.last_at - WORTHLESS_KEPT
                self._worthless = {i: s for i, s in self._worthless.items() if s[2] >= oldest}

    def worthless(self) -> list[tuple[str, datetime, datetime]]:
        """(machine, from, to) of minutes that nothing may learn from or be judged by."""
        return list(dict(self._worthless).values())

    def _settle(self, now: datetime) -> None:
        """Take references that are due and look at contests that are."""
        trouble = {element for element, *_ in self._spans(self.alerts.open(now))}
        flagged = [(e, micros(a), micros(b)) for e, a, b in self._flagged]
        self.turns += self.references.settle(micros(now), trouble, flagged)

    def confirm(self, element: str, now: datetime, why: str) -> None:
        """A person says that what a machine draws from now on is normal."""
        self.turns.append(self.references.confirm(element, micros(now), why))

    def _excluded(self, window: Window) -> Bools:
        """[steps, machines] minutes inside a finding: they are not normal and not learned."""
        machines = self.baselines.elements
        mask = np.zeros((window.steps, len(machines)), bool)
        # A machine's first days are what its baseline is made from: an alarm of a young baseline must not keep
        # it from learning what was wrong with it.
        guarded = dict(zip(machines, self.references.guarded, strict=True))
        for element, start, end in self._flagged:
            if guarded.get(element, False):
                inside = (window.at >= micros(start) - 10 * MINUTE) & (window.at <= micros(end))
                mask[inside, machines.index(element)] = True
        for column in np.flatnonzero(mask.any(axis=0)):
            name = machines[int(column)]
            self._left_out[name] = self._left_out.get(name, 0) + int(mask[:, column].sum())
        return mask

    def state(self) -> dict[str, Any]:
        """JSON-able state of everything that thinks."""
        return {
            "baselines": self.baselines.state(),
            "alerts": self.alerts.state(),
            "diagnosing": self.diagnosing.state(),
            "detectors": {name: d.state() for name, d in self.detectors.items()},
            "closed_until": micros(self.closed_until) if self.closed_until else None,
            "learned_until": micros(self._learned_until) if self._learned_until else None,
            "flagged": [(e, micros(a), micros(b)) for e, a, b in self._flagged],
            "left_out": dict(self._left_out),
            "worthless": {i: (e, micros(a), micros(b)) for i, (e, a, b) in self._worthless.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.baselines.restore(state["baselines"])
        self.alerts.restore(state["alerts"])
        if "diagnosing" in state:
            self.diagnosing.restore(state["diagnosing"])
        for name, detector in self.detectors.items():
            if name in state["detectors"]:
                detector.restore(state["detectors"][name])
        if state["closed_until"] is not None:
            self.closed_until = instant(state["closed_until"])
        if state["learned_until"] is not None:
            self._learned_until = instant(state["learned_until"])
        self._flagged = [(e, instant(a), instant(b)) for e, a, b in state["flagged"]]
        self._left_out = dict(state.get("left_out", {}))
        self._worthless = {
            i: (e, instant(a), instant(b)) for i, (e, a, b) in state.get("worthless", {}).items()
        }


def _floor(moment: datetime) -> datetime:
    """Down to the full minute."""
    return moment.replace(second=0, microsecond=0)


def _hour(moment: datetime) -> datetime:
    """Down to the full hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _rows(window: Window, period: Period, rows: slice) -> Window:
    """Some steps of a window."""
    return replace(window, period=period, **{n: getattr(window, n)[rows] for n in _COLUMNS})
