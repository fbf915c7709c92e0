"""Scores become findings: one a cause, dated, costed, ranked, acknowledged and closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ecotwin.clock import instant, micros
from ecotwin.detection import causes
from ecotwin.detection.cases import Case, Voice
from ecotwin.detection.columns import number
from ecotwin.detection.costing import Amount, Costing, Rate, Rates, cost, day_rate, rate, span
from ecotwin.detection.efficiency import Efficiency
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Element, Plant
from ecotwin.records import Cost, Finding, Range, Score, Severity, Window

SPEAK_EVERY_US = 3_600_000_000
NEWS_SHARE = 0.05
HOUR_US = 3_600_000_000
TRIFLE_SHARE = 0.001
"""An excess below this share of the plant's nominal power, or of its cost, opens no finding at once ..."""
LASTING_SHARE = 0.35
"""... but one that has gone on for a day does from this share of that on: what lasts is worth a look."""
KIN_SHARE = 0.2
"""Of two excesses with one cause the smaller is at least this share of the larger."""
BY_YIELD = Efficiency.name
"""The detector that holds a utility's power against what it makes."""
LASTING_US = 24 * 3_600_000_000


class Alerts:
    """Keeps the living findings of a plant."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._costing = Costing(plant)
        self._kin = causes.Kinship(plant)
        told = (number(e, "nominal_kw", "kw_busy", "rated_kw") for e in plant.machines if _uses(e))
        self._trifle_kw = TRIFLE_SHARE * sum(kw for kw in told if kw)
        self._cases: dict[str, Case] = {}
        self._muted: dict[str, int] = {}
        self._rates = Rates({}, {}, {})

    def findings(
        self,
        scores: Iterable[Score],
        now: datetime,
        prices: Mapping[str, Rate] | None = None,
        factors: Mapping[str, Rate] | None = None,
        market: Mapping[str, Rate] | None = None,
    ) -> list[Finding]:
        """New and changed findings after these scores.

        Args:
            scores: Of all detectors, in any order of detectors, each detector's own in
                order of time.
            now: Plant time: newest time that all scores have passed.
            prices: Carrier -> [currency/unit], a number or a function of the moment, for one
                canonical unit (electricity kWh, gas m3, water m3). What is missing is left out.
            factors: Carrier -> [kgCO2e/unit], location-based.
            market: Carrier -> [kgCO2e/unit], market-based.
        """
        self._rates = Rates(prices or {}, factors or {}, market or {})
        touched: set[str] = set()
        changed: list[Finding] = []
        for score in sorted(scores, key=lambda s: s.at):
            changed += self._past_quiet(score)
            key = self._take(score, now)
            if key is not None:
                touched.add(key)
        changed += self._withdraw(now)
        for cause in list(self._cases):
            case = self._cases[cause]
            if self._is_over_with(case, now):
                changed.append(self._end(case, now))
            elif cause in touched:
                self._book(case, now)
                if self._is_news(case, now):
                    changed.append(self._tell(case, now))
        return changed

    def learn(self, window: Window) -> None:
        """Learn from an hour what the plant's own utilities take for what leaks away."""
        self._costing.air.learn(window)

    def open(self, now: datetime) -> list[Finding]:
        """All living findings as they are now, worst first."""
        return ranked([self._finding(c, now) for c in self._cases.values()])

    def acknowledge(self, id: str, by: str, note: str, now: datetime) -> Finding:  # noqa: A002
        """A person has seen it; it stays until it is gone.

        Raises:
            FigureGap: There is no living finding of this id.
        """
        case = self._case(id)
        case.state, case.by, case.note = "acknowledged", by, note
        return self._tell(case, now)

    def close(self, id: str, by: str, note: str, now: datetime) -> Finding:  # noqa: A002
        """A person holds it for settled: silent until it was gone and came back.

        Raises:
            FigureGap: There is no living finding of this id.
        """
        case = self._case(id)
        case.by, case.note = by, note
        for voice in case.voices.values():
            if voice.score.over:
                self._muted[voice.score.cause] = micros(now)
        return self._end(case, now)

    def _case(self, id_: str) -> Case:
        for case in self._cases.values():
            if case.id == id_:
                return case
        known = ", ".join(c.id for c in self._cases.values()) or "none"
        raise FigureGap(
            f"there is no living finding {id_!r}",
            expected=f"one of {known}",
            remedy="reload the list of findings",
        )

    def _take(self, s: Score, now: datetime) -> str | None:
        if s.cause in self._muted:
            if not s.over:
                del self._muted[s.cause]
            return None
        living = {c.cause: c.element for c in self._cases.values() if self._may_join(c, s)}
        key = (
            s.cause if s.cause in living else self._kin.joins(s.cause, s.element, living) or s.cause
        )
        case = self._cases.get(key)
        if case is None:
            if not s.over or self._distrusted(s) or self._is_trifle(s, now):
                return None
            onset = s.onset or s.at
            stamp = instant(onset).strftime("%Y%m%dT%H%MZ")
            case = Case(
                f"{s.cause}:{stamp}",
                s.cause,
                s.element,
                onset,
                s.at,
                s.at,
                causes.at_night(self._plant, s.at),
            )
            self._cases[key] = case
        elif s.over and self._distrusted(s):
            return None
        self._hear(case, s)
        return key

    def _may_join(self, case: Case, s: Score) -> bool:
        """Whether a score is of a size with a finding of another kind: a small leak is not why a compressor ails."""
        if case.element == s.element or any(v.score.cause == s.cause for v in case.voices.values()):
            return True
        if any(
            d == BY_YIELD for d in (s.detector, *(v.score.detector for v in case.voices.values()))
        ):
            return False  # what it takes for the air that it makes is no matter of how much air leaks away
        ours, mine = self._costing.per_day(case.lead), self._costing.per_day(s)
        if ours is None or mine is None or ours.field != mine.field:
            return True
        low, high = sorted((abs(ours.value), abs(mine.value)))
        return low >= KIN_SHARE * high

    @staticmethod
    def _hear(case: Case, s: Score) -> None:
        name = f"{s.detector}|{s.cause}"
        voice = case.voices.get(name)
        if voice is None:
            case.voices[name] = Voice(s)
        else:
            if s.onset != voice.score.onset:
                voice.base += voice.score.so_far
            voice.score = s
        if s.over:
            case.last, case.calm_since = max(case.last, s.at), 0
        elif not case.over and not case.calm_since:
            case.calm_since = s.at

    def _is_trifle(self, s: Score, now: datetime) -> bool:
        """An excess that is not worth a person's time, or not yet: it opens with its onset once it is.

        It is weighed by its money; where a price is missing, by its energy; what has neither is no trifle.
        """
        if causes.kind(s.cause) != "excess":
            return False
        least_kwh = 24.0 * self._trifle_kw
        if s.onset and s.at - s.onset >= LASTING_US:
            least_kwh *= LASTING_SHARE
        day = cost(self._costing.per_day(s), self._rates, now)
        price = day_rate(self._rates.price, "electricity", now)
        if day.money is not None and price is not None:
            return day.money.value < least_kwh * price
        return day.energy_kwh is not None and day.energy_kwh.value < least_kwh

    def _distrusted(self, s: Score) -> bool:
        """A sensor at fault on the same carrier of the same machine: nothing of it is an excess."""
        return causes.kind(s.cause) in ("excess", "process") and any(
            self._spoils(case, s.element, s.signal) for case in self._cases.values()
        )

    def _spoils(self, case: Case, element: str, signal: str) -> bool:
        if (
            causes.kind(case.cause) not in ("sensor", "data")
            or not case.over
            or case.element != element
        ):
            return False
        told = case.lead.signal
        if not told or not signal or not self._plant.has_signal(case.cause.split(":")[0]):
            return True
        if told == signal:
            return True
        mine = self._plant.signal(told).carrier
        stuck = causes.what(case.cause) == "stuck"
        return stuck and mine != "" and mine == self._plant.signal(signal).carrier

    def _withdraw(self, now: datetime) -> list[Finding]:
        """Excesses that turn out to be a sensor's fault are taken back, with the reason."""
        gone = []
        for sensor in [c for c in self._cases.values() if causes.kind(c.cause) == "sensor"]:
            for case in list(self._cases.values()):
                if causes.kind(case.cause) != "excess" or not self._spoils(
                    sensor, case.element, case.lead.signal
                ):
                    continue
                if sensor.onset <= case.onset + HOUR_US:
                    case.booked, case.sums = 0.0, {}
                    for voice in case.voices.values():
                        voice.base = -voice.score.so_far
                    case.note = (
                        "Withdrawn: the sensor was at fault, nothing of it counts as excess."
                    )
                    gone.append(self._end(case, now))
        return gone

    def _past_quiet(self, s: Score) -> list[Finding]:
        """End a case that was quiet for long enough before this score: a block of any length ends it alike."""
        case = self._cases.get(s.cause)
        if case is None or not s.over or not self._is_over_with(case, instant(s.at)):
            return []
        return [self._end(case, instant(s.at))]

    def _is_over_with(self, case: Case, now: datetime) -> bool:
        if case.over or not case.calm_since:
            return False
        return now - instant(case.calm_since) >= causes.QUIET[causes.kind(case.cause)]

    def _book(self, case: Case, now: datetime) -> None:
        """Add what came since the last time, at the rates of the moment."""
        if causes.kind(case.cause) not in ("excess", "process"):
            return
        lead = case.lead
        own = [v.total for v in case.voices.values() if v.score.cause == lead.cause]
        total = max(own, default=0.0)
        step = total - case.booked
        amount = self._costing.total(lead, step)
        case.booked = total
        if amount is None or step == 0.0:
            return
        self._add(case, amount, min(now, instant(lead.at)))

    def _add(self, case: Case, amount: Amount, now: datetime) -> None:
        tables = {
            "co2e_kg": self._rates.factor,
            "co2e_market_kg": self._rates.market,
            "money": self._rates.price,
        }
        case.sums[amount.field] = case.sums.get(amount.field, 0.0) + amount.value
        for name, table in tables.items():
            unit_rate = rate(table, amount.carrier, now)
            if unit_rate is not None:
                case.sums[name] = (
                    case.sums.get(name, 0.0) + amount.value * amount.priced * unit_rate
                )

    def _is_news(self, case: Case, now: datetime) -> bool:
        day = self._costing.per_day(case.lead)
        value = day.value if day is not None else 0.0
        state, grade, told = case.told
        if not state or state != case.state or grade != self._grade(case, now):
            return True
        if micros(now) - case.told_at < SPEAK_EVERY_US:
            return False
        return abs(value - told) > NEWS_SHARE * max(abs(told), 1e-9)

    def _grade(self, case: Case, now: datetime) -> Severity:
        day = cost(self._costing.per_day(case.lead), self._rates, now)
        co2e = day.co2e_kg.value if day.co2e_kg else None
        money = day.money.value if day.money else None
        return causes.severity(case.cause, case.lead.z, co2e, money)

    def _tell(self, case: Case, now: datetime) -> Finding:
        day = self._costing.per_day(case.lead)
        case.told = (case.state, self._grade(case, now), day.value if day is not None else 0.0)
        case.told_at = micros(now)
        return self._finding(case, now)

    def _end(self, case: Case, now: datetime) -> Finding:
        ended = instant(case.calm_since) + causes.QUIET[causes.kind(case.cause)]
        calm = bool(case.calm_since) and not case.over
        case.state, case.closed = "closed", micros(min(now, ended) if calm else now)
        self._cases.pop(case.cause, None)
        return self._finding(case, now)

    def _finding(self, case: Case, now: datetime) -> Finding:
        lead = case.lead
        day = cost(self._costing.per_day(lead), self._rates, now)
        voices = sorted(case.voices.values(), key=lambda v: v.score is not lead)
        signals = tuple(dict.fromkeys(v.score.signal for v in voices if v.score.signal))
        return Finding(
            id=case.id,
            cause=case.cause,
            element=case.element,
            title=causes.title(self._plant, lead, night=case.night),
            kind=causes.kind(case.cause),
            severity=self._grade(case, now),
            state=case.state,
            onset=instant(case.onset),
            seen_at=instant(case.seen),
            last_at=instant(case.last),
            detectors=tuple(dict.fromkeys(v.score.detector for v in voices)),
            signals=signals,
            excess=day,
            so_far=self._so_far(case),
            evidence=tuple(dict.fromkeys(v.score.text for v in voices if v.score.text)),
            value=lead.value,
            expected=Range(lead.expected, lead.low, lead.high),
            unit=lead.unit,
            closed_at=instant(case.closed) if case.closed else None,
            by=case.by,
            note=case.note,
        )

    def _so_far(self, case: Case) -> Cost:
        lead = case.lead
        amount = self._costing.total(lead, case.booked)
        share = abs(amount.sd / amount.value) if amount is not None and amount.value else 0.0
        return Cost(**{name: span(value, share * value) for name, value in case.sums.items()})

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "cases": [asdict(c) for c in self._cases.values()],
            "muted": dict(self._muted),
            "air": self._costing.air.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._muted = dict(state["muted"])
        if "air" in state:
            self._costing.air.restore(state["air"])
        self._cases = {}
        for saved in state["cases"]:
            voices = {k: Voice(Score(**v["score"]), v["base"]) for k, v in saved["voices"].items()}
            case = Case(**{**saved, "voices": voices, "told": tuple(saved["told"])})
            if self._knows(case):
                self._cases[case.cause] = case

    def _knows(self, case: Case) -> bool:
        """A plant file that lost the element or signal drops the finding rather than failing."""
        elements = {e.id for e in self._plant.elements}
        return case.element in elements and all(
            v.score.element in elements
            and (not v.score.signal or self._plant.has_signal(v.score.signal))
            for v in case.voices.values()
        )


def _uses(machine: Element) -> bool:
    """Whether a machine uses energy itself, by its kind."""
    return bool(machine.kind_facts.get("role", "machine") == "machine")


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first: acts before watches, then by kgCO2e, money, m3 and kg a day, by how often it came back, by age."""

    def order(f: Finding) -> tuple[Any, ...]:
        day = (f.excess.co2e_kg, f.excess.money, f.excess.water_m3, f.excess.mass_kg)
        sizes = tuple(-amount.value if amount else 0.0 for amount in day)
        return (f.state == "closed", f.severity is not Severity.ACT, *sizes, -f.recurred, f.onset)

    return sorted(findings, key=order)
