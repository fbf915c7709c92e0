"""Lets all runs of a case go on together, unit by unit, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from threading import Lock

import numpy as np
from numba import njit

from ecotwin.clock import micros
from ecotwin.errors import RunStopped, ScenarioFault
from ecotwin.records import Floats, Ints
from ecotwin.simulation.assembly import in_order, units_of
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.contract import ELECTRICITY, Case, Outcome, State, Unit
from ecotwin.simulation.exchange import Exchange
from ecotwin.simulation.parameters import Parameters
from ecotwin.simulation.surroundings import Surroundings, calendar

BATCH = 250
"""Runs that go on together; more would leave the processor's cache."""

Watch = Callable[[float], bool]
"""Is told the share done (0..1); says whether to go on."""


@cache
def quantities() -> Mapping[str, tuple[str, bool]]:
    """The table of quantities: name -> unit, whether it has a profile."""
    import csv

    text = (files("ecotwin.simulation") / "quantities.csv").read_text(encoding="utf-8")
    return {
        row["quantity"]: (row["unit"], row["profile"] == "yes")
        for row in csv.DictReader(text.splitlines())
    }


@njit(cache=True, nogil=True)
def _book(
    out: Floats, totals: Floats, profile: Floats, shown: Ints, bin_: int, power: Ints, kwh: Floats
) -> None:
    """Add a step to totals and profile, and its electricity up; `shown`: [n, 2] column, place in the profile."""
    runs, columns = out.shape
    for r in range(runs):
        for c in range(columns):
            totals[r, c] += out[r, c]
        for n in range(len(shown)):
            profile[r, bin_, shown[n, 1]] += out[r, shown[n, 0]]
        kwh[r] = 0.0
        for n in range(len(power)):
            kwh[r] += out[r, power[n]]


@dataclass
class _Column:
    """Books of one unit."""

    out: Floats
    totals: Floats
    shown: Ints
    power: Ints
    series: dict[int, Floats] = field(default_factory=dict)


class Engine:
    """A batch of runs that goes on step by step.

    Args:
        case: What to run. units: Units of the plant; None: those of the plant file.
        first, runs: The part of the case's runs that goes on here; None: all.
        series: (machine, quantity) pairs whose bins are kept.

    Attributes:
        board: What the units see of each other. states: Unit name -> its state.
    """

    def __init__(
        self,
        case: Case,
        units: Sequence[Unit] | None = None,
        first: int = 0,
        runs: int | None = None,
        series: Iterable[tuple[str, str]] = (),
    ) -> None:
        _sound(case)
        self.case = case
        self.units = in_order(units_of(case.plant) if units is None else units)
        self.runs = case.runs if runs is None else runs
        around = Surroundings(
            micros(case.start),
            case.step_s,
            weather=case.weather,
            **calendar(case.plant, case.start, case.steps, case.step_s),
        )
        self.board = Exchange(case, around, first, self.runs)
        self.board.nets = frozenset(net for unit in self.units for net in unit.serves)
        draw = Parameters(case, Chance(case.seed, first, self.runs))
        self.states: dict[str, State] = {}
        table = quantities()
        shown = [q for q, (_, profile) in table.items() if profile]
        self.quantities = tuple(shown)
        self.bins = max(1, int(np.ceil(case.hours * 3600.0 / case.bin_s - 1e-9)))
        self.profile = np.zeros((self.runs, self.bins, len(shown)))
        self._books: dict[str, _Column] = {}
        wanted = set(series)
        for unit in self.units:
            self._books[unit.name] = self._columns(unit, table, shown, wanted)
            self.states[unit.name] = unit.begin(draw, case, around)
        self._step = 0

    def _columns(
        self,
        unit: Unit,
        table: Mapping[str, tuple[str, bool]],
        shown: list[str],
        wanted: set[tuple[str, str]],
    ) -> _Column:
        base = [q.partition(":")[0] for _, q in unit.columns]
        unknown = sorted({q for q in base if q not in table})
        if unknown:
            raise ScenarioFault(
                f"{unit.name} books {', '.join(unknown)}",
                expected="quantities of simulation/quantities.csv",
                remedy="add the quantity with its unit to that table",
            )
        n = len(base)
        return _Column(
            np.zeros((self.runs, n)),
            np.zeros((self.runs, n)),
            np.array(
                [(c, shown.index(q)) for c, q in enumerate(base) if table[q][1]], np.int64
            ).reshape(-1, 2),
            np.array([c for c, q in enumerate(base) if q == "electricity_kwh"], np.int64),
            {
                c: np.zeros((self.runs, self.bins))
                for c, pair in enumerate(unit.columns)
                if pair in wanted
            },
        )

    @property
    def done(self) -> bool:
        """Whether the span of the case is at its end."""
        return self._step >= self.case.steps

    def advance(self, steps: int = 1) -> None:
        """Go on by some steps, at most to the end of the case."""
        board, to_kw = self.board, 3600.0 / self.case.step_s
        per_bin = self.case.bin_s / self.case.step_s
        for _ in range(min(steps, self.case.steps - self._step)):
            board.next(self._step)
            bin_ = int(self._step / per_bin)
            for unit in self.units:
                book = self._books[unit.name]
                board.out = book.out
                board.out[:] = 0.0
                unit.step(self.states[unit.name], board)
                kwh = np.empty(self.runs)
                _book(book.out, book.totals, self.profile, book.shown, bin_, book.power, kwh)
                if len(book.power) and ELECTRICITY not in unit.serves:
                    board.ask(ELECTRICITY, kwh * to_kw)
                for column, kept in book.series.items():
                    kept[:, bin_] += book.out[:, column]
            self._step += 1

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """(machine, quantity) of every column of `totals`."""
        return tuple(pair for unit in self.units for pair in unit.columns)

    def totals(self) -> Floats:
        """Sums since the begin [runs, columns]."""
        return np.concatenate([self._books[u.name].totals for u in self.units], axis=1)

    def outcome(self, seconds: float = 0.0) -> Outcome:
        """What came of the runs so far."""
        told: dict[str, Floats] = {}
        for unit in self.units:
            finish = getattr(unit, "finish", None)
            if finish is not None:
                told.update(finish(self.states[unit.name]))
        return Outcome(
            self.case,
            self.columns,
            self.totals(),
            self.quantities,
            self.profile,
            dict(self.board.missing),
            told,
            {
                u.columns[c]: kept
                for u in self.units
                for c, kept in self._books[u.name].series.items()
            },
            seconds,
        )


def _sound(case: Case) -> None:
    faults = []
    if case.runs < 1:
        faults.append(f"{case.runs} runs")
    if not 1.0 <= case.step_s <= 3600.0:
        faults.append(f"a step of {case.step_s:g} s (1..3600)")
    if case.hours <= 0.0 or case.steps < 1:
        faults.append(f"a span of {case.hours:g} h")
    if (
        case.bin_s < case.step_s
        or abs(case.bin_s / case.step_s - round(case.bin_s / case.step_s)) > 1e-9
    ):
        faults.append(
            f"bins of {case.bin_s:g} s that are no multiple of the step of {case.step_s:g} s"
        )
    for name in ("outdoor_c", "wet_bulb_c", "sun_w_m2"):
        shape = getattr(case.weather, name).shape
        if len(shape) != 2 or shape[0] not in (1, case.runs) or shape[1] < case.steps:
            faults.append(
                f"weather {name} of shape {shape} for {case.runs} runs of {case.steps} steps"
            )
    faults += [
        f"a set-point {s!r} that the plant does not have"
        for s in case.settings
        if not case.plant.has_signal(s)
    ]
    machines = {m.id for m in case.plant.machines}
    faults += [
        f"an outage of {o.machine!r}, which is no machine"
        for o in case.outages
        if o.machine not in machines
    ]
    if faults:
        raise ScenarioFault(
            f"the case asks for {'; '.join(faults)}",
            expected="a span, runs, weather and names that fit the plant",
            remedy="mend what is named",
        )


def run(
    case: Case,
    units: Sequence[Unit] | None = None,
    watch: Watch | None = None,
    series: Iterable[tuple[str, str]] = (),
    threads: int = 1,
) -> Outcome:
    """Run a case to its end, in batches.

    Args:
        case: What to run. units: As for `Engine`. watch: Told the share done; False stops.
        series: (machine, quantity) pairs whose bins are kept.
        threads: Batches that go on side by side; the result does not depend on it. Only for units that keep all they
            remember in their state (a foreign model does not).

    Raises:
        RunStopped: The watcher said so.
        ScenarioFault: The case cannot be run.
    """
    _sound(case)
    begun = time.perf_counter()
    wanted = tuple(series)
    progress = _Progress(case, watch)

    def batch(first: int) -> Outcome:
        engine = Engine(case, units, first, min(BATCH, case.runs - first), wanted)
        before = 0
        while not engine.done:
            engine.advance(max(1, case.steps // 100))
            done = min(engine._step, case.steps)
            progress.add(engine.runs * (done - before))
            before = done
        return engine.outcome()

    firsts = range(0, case.runs, BATCH)
    if threads < 2 or len(firsts) < 2:
        parts = [batch(first) for first in firsts]
    else:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(batch, firsts))
    return _joined(case, parts, time.perf_counter() - begun)


class _Progress:
    """Tells a watcher how much is done, and stops every batch when he says so."""

    def __init__(self, case: Case, watch: Watch | None) -> None:
        self._whole, self._watch = case.runs * case.steps, watch
        self._done, self._stopped = 0, False
        self._lock = Lock()

    def add(self, done: int) -> None:
        """Run-steps that were done since the last time."""
        if self._watch is None:
            return
        with self._lock:
            self._done += done
            share = self._done / self._whole
            if self._stopped or not self._watch(share):
                self._stopped = True
                raise RunStopped(
                    f"the run was stopped at {100 * share:.0f} %",
                    expected="a run to its end",
                    remedy="start it again; the same seed gives the same result",
                )


def _joined(case: Case, parts: list[Outcome], seconds: float) -> Outcome:
    one = parts[0]
    return Outcome(
        case,
        one.columns,
        np.concatenate([p.totals for p in parts]),
        one.quantities,
        np.concatenate([p.profile for p in parts]),
        {net: np.concatenate([p.missing[net] for p in parts]) for net in one.missing},
        {name: np.concatenate([p.told[name] for p in parts]) for name in one.told},
        {pair: np.concatenate([p.series[pair] for p in parts]) for pair in one.series},
        seconds,
    )
