"""Findings and their causes: hands a diagnosis the minutes around a finding, keeps what it said, asks again later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from ecotwin.clock import Period, instant, micros
from ecotwin.cycle.contradicting import contradiction
from ecotwin.detection.contract import Expected
from ecotwin.maintenance import diagnosis
from ecotwin.plant import Plant
from ecotwin.records import Explanation, Finding, Floats, Window

BEFORE = timedelta(days=7)
"""Looked at before a finding began."""
AGAIN_H = 1.0
"""Asked again after so long, then whenever it lasts half as long again."""
METERED = ("power", "idle", "compressed_air", "water", "nitrogen", "gas")
"""What a meter of a balance shows, so that the meters around it can contradict it."""
MEDIA = ("compressed_air", "water", "nitrogen", "gas")
KEPT = timedelta(days=90)
"""Earlier findings are remembered for this long."""
STEP_S, MOST_STEPS = 300, 3000
"""Steps of five minutes; of a finding that lasts long, coarser ones."""
LIVING = 500
_EXPLANATIONS: TypeAdapter[tuple[Explanation, ...]] = TypeAdapter(tuple[Explanation, ...])

Read = Callable[[tuple[int, ...], Period, int], Window]
Power = Callable[[Window], Expected]


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of a finding, and when it is asked again [us UTC]."""

    causes: tuple[Explanation, ...]
    again: int


class Diagnosing:
    """Gives findings their causes.

    Args:
        plant: The plant. read: Minutes of some signals over a period, by a step [s].
        power: Expected power of machines over a window; of those whose signals it holds.
    """

    def __init__(self, plant: Plant, read: Read, power: Power) -> None:
        self._plant = plant
        self._read = read
        self._power = power
        self._told: dict[str, Told] = {}
        self._onsets: dict[str, list[int]] = {}
        self._turned_out: dict[str, dict[str, int]] = {}
        self._spans: dict[str, tuple[str, str, int, int]] = {}
        """Finding -> element, word, onset and last [us UTC] of those seen in the last weeks."""

    def with_causes(self, findings: Iterable[Finding], until: datetime | None) -> list[Finding]:
        """Findings with their causes; those that are due are looked at anew.

        Args:
            findings: As the alerts tell them.
            until: End of the newest closed minute; None: none has closed, or it is too urgent to look now.
        """
        made = []
        findings = list(findings)
        self._note(findings)
        for finding in findings:
            told = self._told.get(finding.id)
            due = told is None or micros(finding.last_at) >= told.again
            if until is not None and (told is None or (due and finding.state != "closed")):
                told = self._ask(finding, until)
            made.append(self._worded(finding, told))
            if finding.state == "closed":
                self._close(finding)
        return made

    def as_told(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings with what was last said of them."""
        return [self._worded(f, self._told.get(f.id)) for f in findings]

    def changed(self, findings: Iterable[Finding], until: datetime) -> list[Finding]:
        """Those findings that had no cause yet, or whose most likely cause is another one since they were last told."""
        made = []
        findings = list(findings)
        self._note(findings)
        for finding in findings:
            told = self._told.get(finding.id)
            if told is not None and micros(finding.last_at) < told.again:
                continue
            was = told.causes[0].subject if told else ""
            now = self._ask(finding, until)
            if now.causes and now.causes[0].subject != was:
                made.append(self._worded(finding, now))
        return made

    def learn(self, finding: Finding, cause: str) -> None:
        """A person told what a finding was: the next of its kind begins with it."""
        counts = self._turned_out.setdefault(self._like(finding), {})
        counts[cause] = counts.get(cause, 0) + 1

    def _note(self, findings: Iterable[Finding]) -> None:
        """Remember when something was found where, for as long as it lies in the days that a diagnosis looks at."""
        for f in findings:
            self._spans[f.id] = (f.element, _word(f), micros(f.onset), micros(f.last_at))
        newest = max((s[3] for s in self._spans.values()), default=0)
        oldest = newest - 3 * int(BEFORE.total_seconds() * 1e6)
        self._spans = {i: s for i, s in self._spans.items() if s[3] >= oldest}

    def _spoiled(self, finding: Finding) -> tuple[tuple[int, int], ...]:
        """Spans of other findings at the same machine, or about the same medium."""
        word = _word(finding)
        return tuple(
            (start - 600_000_000, end)
            for id_, (element, about, start, end) in self._spans.items()
            if id_ != finding.id
            and start < micros(finding.onset)
            and (element == finding.element or (about == word and word in MEDIA))
        )

    def _worded(self, finding: Finding, told: Told | None) -> Finding:
        earlier = self._earlier(finding)
        return replace(finding, causes=told.causes if told else (), recurred=len(earlier))

    def _earlier(self, finding: Finding) -> tuple[int, ...]:
        onset = micros(finding.onset)
        oldest = onset - int(KEPT.total_seconds() * 1e6)
        return tuple(t for t in self._onsets.get(finding.cause, ()) if oldest <= t < onset)

    def _close(self, finding: Finding) -> None:
        onsets = self._onsets.setdefault(finding.cause, [])
        onset = micros(finding.onset)
        if onset not in onsets:
            onsets.append(onset)
        self._onsets[finding.cause] = sorted(onsets)[-50:]
        self._told.pop(finding.id, None)

    def _like(self, finding: Finding) -> str:
        """Findings that teach each other: of one kind of machine and about the same."""
        return f"{self._plant.element(finding.element).kind}|{_word(finding)}"

    def _ask(self, finding: Finding, until: datetime) -> Told:
        said = diagnosis.causes(
            self.scene(finding, until), self._turned_out.get(self._like(finding))
        )
        lasted = max(finding.last_at - finding.onset, timedelta(0))
        wait = max(timedelta(hours=AGAIN_H), lasted / 2)
        told = Told(said, micros(finding.last_at + wait))
        self._told[finding.id] = told
        while len(self._told) > LIVING:
            del self._told[next(iter(self._told))]
        return told

    def scene(self, finding: Finding, until: datetime) -> diagnosis.Scene:
        """The minutes around a finding."""
        long = max(until, finding.onset) - finding.onset + BEFORE
        step_s = STEP_S * max(1, -(-int(long.total_seconds()) // (MOST_STEPS * STEP_S)))
        start = _floor(finding.onset - BEFORE, step_s)
        end = max(_floor(until, step_s), start + timedelta(seconds=step_s))
        window = self._read(diagnosis.wanted(self._plant, finding), Period(start, end), step_s)
        scene = diagnosis.Scene(
            plant=self._plant,
            finding=finding,
            word=_word(finding),
            window=window,
            power=self._power_of(window, finding),
            earlier=self._earlier(finding),
            spoiled=self._spoiled(finding),
        )
        told = contradiction(scene) if _word(finding) in METERED else None
        if told is None:
            return scene
        return replace(scene, verdict=told.kind, verdict_sure=told.sure, verdict_text=told.text)

    def _power_of(self, window: Window, finding: Finding) -> Mapping[str, tuple[Floats, Floats]]:
        """Actual and expected power of the machine and of those of its kind."""
        kind = self._plant.element(finding.element).kind
        if not kind or _word(finding) not in diagnosis.POWER_WORDS:
            return {}
        known = self._power(window)
        alike = [e for e in known.elements if self._plant.element(e).kind == kind]
        place = {e: n for n, e in enumerate(known.elements)}
        return {e: (known.actual[:, place[e]], known.mean[:, place[e]]) for e in alike}

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "told": {
                i: {"causes": _EXPLANATIONS.dump_python(t.causes, mode="json"), "again": t.again}
                for i, t in self._told.items()
            },
            "onsets": {c: list(o) for c, o in self._onsets.items()},
            "turned_out": {k: dict(v) for k, v in self._turned_out.items()},
            "spans": {i: list(s) for i, s in self._spans.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._told = {
            i: Told(_EXPLANATIONS.validate_python(t["causes"]), int(t["again"]))
            for i, t in state["told"].items()
        }
        self._onsets = {c: [int(t) for t in o] for c, o in state["onsets"].items()}
        self._spans = {
            i: (str(e), str(w), int(a), int(b)) for i, (e, w, a, b) in state["spans"].items()
        }
        self._turned_out = {
            k: {c: int(n) for c, n in v.items()} for k, v in state["turned_out"].items()
        }


def _word(finding: Finding) -> str:
    return (*finding.cause.split(":"), "")[1]


def _floor(moment: datetime, step_s: int) -> datetime:
    return instant(micros(moment) // (step_s * 1_000_000) * step_s * 1_000_000)
