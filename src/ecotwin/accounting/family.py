"""The shape that every family of figures here shares: sums of signals in, measures and named gaps out."""

from __future__ import annotations

from collections.abc import Iterable

from ecotwin.accounting.amounts import tally_signals
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.steps import Steps, steps_of
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Measure, Window


class Family:
    """A KPI whose tally holds sums of signals and some sums of its own; subclasses give the four parts below."""

    name = ""
    indicators: tuple[str, ...] = ()

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Signals whose amounts are summed."""
        raise NotImplementedError

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Further signals that are looked at (states, products)."""
        del plant, element
        return ()

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Sums of the family's own."""
        del steps, element
        return {}

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Measures, and the words of figures that cannot be had."""
        raise NotImplementedError

    def needs(self, plant: Plant, element: str) -> tuple[int, ...]:
        """Signal indices wanted in the window."""
        signals = tuple(self.signals(plant, element))
        if not signals:
            return ()
        states = (plant.find(s.element, "state") for s in signals)
        wanted = {
            s.index for s in (*signals, *states, *self.beside(plant, element)) if s is not None
        }
        return tuple(sorted(wanted))

    def tally(self, plant: Plant, element: str, window: Window) -> Tally:
        """Additive sums over the window."""
        steps = steps_of(plant, window)
        sums = tally_signals(steps, self.signals(plant, element))
        return Tally(
            element, window.period, {**sums, **self.own_sums(steps, element)} if sums else {}
        )

    def finish(self, plant: Plant, tally: Tally) -> tuple[Measure, ...]:
        """Measures from the sums."""
        return tuple(self.figures(plant, tally)[0]) if tally.sums else ()

    def gaps(self, plant: Plant, tally: Tally) -> tuple[str, ...]:
        """Words of the figures that cannot be had."""
        return tuple(self.figures(plant, tally)[1]) if tally.sums else ()
