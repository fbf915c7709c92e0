"""A line of stations: every part is played through machines, buffers, set-ups, failures, people and the calendar.

It gives `product:<line>` (code its first machine is set for, -1: none) and `fed:<line>` (parts that this machine has
done in the step); any machine for which somebody gives `ready:<machine>` below 0.5 begins no part.

Ovens stand in the line as stations; their heat is another unit's. It gives `ready:<machine>` (1: hot enough to begin
parts), the line gives it `busy:<machine>` (share of the step at work), `parts:<machine>` (parts in the step) and
`wants:<machine>` (1: the line works or soon will).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.clock import SECOND, micros
from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.linebook import ASKED, QUANTITIES, Book, Tally, book
from ecotwin.simulation.linechecks import check
from ecotwin.simulation.lineimage import place_image
from ecotwin.simulation.lineplan import Plan, drawn, lines_of, materials, plan, station_kinds
from ecotwin.simulation.lineplay import play
from ecotwin.simulation.linesheet import sheet
from ecotwin.simulation.linestart import course_of, line_of
from ecotwin.simulation.surroundings import FREE, Surroundings

REFERENCE_BAR = 7.0
"""Gauge pressure at which the air figures of machine kinds hold [bar]."""
AMBIENT_BAR = 1.013


@dataclass
class LineUnit:
    """A line.

    Args:
        plan: Its stations and products. alone: It is played without the units of ovens and nets: ovens use the
            powers of their states and are always ready, and nobody need serve what it asks.
    """

    plan: Plan
    alone: bool = False

    def __post_init__(self) -> None:
        self.name = self.plan.line
        stations = self.plan.stations
        self._own = [self.alone or not s.oven for s in stations]
        self.machines: tuple[str, ...] = tuple(
            s.id for s, own in zip(stations, self._own, strict=True) if own
        )
        columns: list[tuple[str, str]] = []
        self._place = np.full((len(stations), len(QUANTITIES)), -1, np.int64)
        self._matter: list[tuple[int, int, int]] = []
        self._kg: list[list[float]] = []
        for n, s in enumerate(stations):
            for q, quantity in enumerate(QUANTITIES):
                if self._booked(n, quantity):
                    self._place[n, q] = len(columns)
                    columns.append((s.id, quantity))
            for quantity, of, kg in materials(s, self.plan):
                pair = (s.id, quantity)
                if pair not in columns:
                    columns.append(pair)
                self._matter.append((n, columns.index(pair), int(of == "spoilt")))
                self._kg.append(kg)
        self.columns = (*columns, (self.name, "parts_good"), (self.name, "wip_h"))
        wanted = tuple(
            n for n, c in (("air", "air_m3"), ("nitrogen", "nitrogen_m3")) if self._any(c)
        )
        heats = ("hall_heat", "cold")
        self.asks: tuple[str, ...] = ()
        self.may_ask: tuple[str, ...] = (*wanted, *heats)
        self.serves: tuple[str, ...] = ()
        self._ovens = [n for n, s in enumerate(stations) if s.oven and not self.alone]

    def _booked(self, n: int, quantity: str) -> bool:
        facts = self.plan.stations[n].facts
        if quantity == "electricity_kwh":
            return self._own[n]
        if quantity in ("air_m3", "nitrogen_m3"):
            kind = "air" if quantity == "air_m3" else "n2"
            return any(float(facts.get(f"{kind}_{s}_m3_h", 0.0)) > 0.0 for s in ("idle", "busy"))
        return True

    def _any(self, quantity: str) -> bool:
        return any(q == quantity for _, q in self.columns)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Draw the parameters, take the line's place in the calendar, and its state from the image."""
        made = sheet(self.plan, draw, case)
        check(made)
        line = line_of(made, draw)
        cold_until = place_image(made, line, case, draw)
        stations = self.plan.stations
        flow = np.stack(
            [np.stack([drawn(draw, s.id, n) for n in _FLOWS], axis=1) for s in stations],
            axis=1,
        )
        one = {n: np.array([float(drawn(draw, s.id, n)[0]) for s in stations]) for n in _SHARES}
        books = Book(
            self._place, len(self.columns) - 2, len(self.columns) - 1, made.kw, flow,
            one["attend_share"], one["hall_heat_share"], one["cold_share"],
            np.array(self._own, np.int64), np.array(self._matter, np.int64).reshape(-1, 3),
            np.array(self._kg, np.float64).reshape(-1, len(self.plan.products)), made.load, made.content,
        )  # fmt: skip
        warm = {
            stations[n].id: float(drawn(draw, stations[n].id, "warmup_min")[0]) for n in self._ovens
        }
        return {
            "line": line,
            "unregulated": drawn(draw, self.name, "unregulated_share"),
            "book": books,
            "tally": Tally(line.spent, line.made, line.spoilt, line.course),
            "sheet": made,
            "course": course_of(made, draw, around, self.alone),
            "case": case,
            "cold_until": cold_until,
            "warm_s": {m: 60.0 * w for m, w in warm.items()},
            "ready": np.ones((draw.runs, len(stations)), np.bool_),
            "held": np.zeros(len(stations), np.int64),
            "area": np.zeros(draw.runs),
        }

    def step(self, state: State, board: Board) -> None:
        """Play the step, book it, ask the nets."""
        n, line, course = board.step, state["line"], state["course"]
        start = n * board.step_s
        self._doors(state, board, start)
        people = bool(course.people[n])
        play(
            line, start, start + board.step_s, people, bool(course.feeding[n]), state["held"], state["ready"]
        )  # fmt: skip
        scale = np.ones(board.runs)
        if (bar := board.given.get("air_bar")) is not None:
            # Behind a regulator the pressure of the net is not felt; what leaks is the net's own.
            by_pressure = (bar + AMBIENT_BAR) / (REFERENCE_BAR + AMBIENT_BAR) - 1.0
            scale += state["unregulated"] * by_pressure
        asks = np.empty((len(ASKED), board.runs))
        book(
            state["tally"], state["book"], board.step_s, people, state["held"], state["ready"], course.rest[n],
            scale, board.out, asks, np.empty(9),
        )  # fmt: skip
        if line.course["overflow"].any():
            raise ScenarioFault(
                f"too many products wait in one place of {self.name}",
                expected="a few hundred changes of product in one room",
                remedy="larger lots (lot_parts) or less room (buffer_parts)",
            )
        state["area"] += board.out[:, -1]
        for net, flow in zip(ASKED, asks, strict=True):
            if net in self.asks or net in self.may_ask:
                board.ask(net, flow)
        if not self.alone:
            self._tell(state, board)

    def _doors(self, state: State, board: Board, start: float) -> None:
        """Which machines an outage holds, and which are ready."""
        if state["case"].outages:
            for n, s in enumerate(self.plan.stations):
                state["held"][n] = board.out_of_order(s.id)
        if state["cold_until"] is not None:
            state["ready"][:] = state["cold_until"] <= start
        for n, s in enumerate(self.plan.stations):
            ready = board.given.get(f"ready:{s.id}")
            if ready is not None and not (s.oven and self.alone):
                state["ready"][:, n] = ready >= 0.5

    def _tell(self, state: State, board: Board) -> None:
        """Tell the ovens how they are used, and everybody what the line begins."""
        around, n = board.around, board.step
        codes = np.array([p.code for p in self.plan.products], np.float64)
        set_for = state["line"].machine["set_for"][:, 0]
        product = np.where(set_for >= 0, codes[np.maximum(set_for, 0)], -1.0)
        board.given[f"product:{self.name}"] = product
        begun = self._place[0, QUANTITIES.index("parts_total")]
        board.given[f"fed:{self.name}"] = board.out[:, begun].copy()
        for place in self._ovens:
            machine = self.plan.stations[place].id
            busy, parts = self._place[
                place, [QUANTITIES.index("busy_h"), QUANTITIES.index("parts_total")]
            ]
            board.given[f"busy:{machine}"] = board.out[:, busy] * (3600.0 / board.step_s)
            board.given[f"parts:{machine}"] = board.out[:, parts].copy()
            soon = around.kind[n] != FREE or around.to_work_s[n] <= state["warm_s"][machine]
            line = state["line"]
            left = (line.fed < line.target).any(axis=1) | (line.target < 0).any(axis=1)
            inside = line.course["wip"] > 0
            board.given[f"wants:{machine}"] = (soon & (left | inside)).astype(np.float64)

    def finish(self, state: State) -> Mapping[str, Floats]:
        """What became of the orders, how long parts were in the line, how many at most.

        `job.<id>.finish_h`: hours from the begin to its last part, nan when it was not done in the span.
        `job.<id>.late_h`: hours after its due time; when it was not done, so many at least. `job.<id>.good`: parts.
        """
        line, case, made = state["line"], state["case"], state["sheet"]
        name, course = self.name, line.course
        inside = course["entered"] - course["left"]
        told: dict[str, Floats] = {
            f"{name}.lost_parts": course["lost"] * made.load,
            f"{name}.most_wip": course["most"] * made.load,
            f"{name}.inside_parts": inside * made.load,
        }
        with np.errstate(invalid="ignore", divide="ignore"):
            told[f"{name}.lead_h"] = state["area"] / (course["left"] * made.load)
        for n, job in enumerate(case.jobs.get(name, ())):
            done = np.where(line.target[:, n] == 0, 0.0, line.finish[:, n]) / 3600.0
            told[f"job.{job.id}.finish_h"] = done
            told[f"job.{job.id}.good"] = (
                job.done + line.good[:, n] * made.load * made.content[:, -1]
            )
            if job.due is not None:
                due = (micros(job.due) - micros(case.start)) / SECOND / 3600.0
                told[f"job.{job.id}.late_h"] = np.maximum(
                    0.0, np.where(np.isnan(done), case.hours, done) - due
                )
        return told


_FLOWS = ("air_idle_m3_h", "air_busy_m3_h", "n2_idle_m3_h", "n2_busy_m3_h")
_SHARES = ("attend_share", "hall_heat_share", "cold_share")


class _Plug:
    kinds: tuple[str, ...] = station_kinds()

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One unit for every place that has stations."""
        return [LineUnit(plan(plant, line)) for line in lines_of(plant)]


plug = _Plug()
