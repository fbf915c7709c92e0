"""What people ask of the plant run ahead; each act is checked by `governance.access`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ecotwin.cycle.parts import Parts
from ecotwin.cycle.replan import Replan
from ecotwin.governance.access import demand

if TYPE_CHECKING:
    from ecotwin.clock import Period
    from ecotwin.cycle.foresight import Foresight
    from ecotwin.cycle.scenarios import Shelved
    from ecotwin.cycle.tracking import Tracking
    from ecotwin.cycle.whatif import WhatIf
    from ecotwin.cycle.whatif_run import Question, Run

RIVALS = ("linear",)
"""Ways of forecasting that challenge the one in use in turn with itself."""


class Ahead(Parts):
    """What-ifs of a running twin; the model is loaded when the first is asked for."""

    @cached_property
    def whatif(self) -> WhatIf:
        """The what-ifs of this plant."""
        from ecotwin.cycle.whatif import WhatIf

        return WhatIf(
            self.plant,
            self.now,
            self.store,
            self.ledger,
            past=self.tracking.past,
            doubts=self.tracking.warnings_for,
            held=lambda: self.tracking.standing.spread,
        )

    @cached_property
    def tracking(self) -> Tracking:
        """How well the model tracks the plant; worked out in the background once somebody asks for a live what-if."""
        from ecotwin.cycle.tracking import Tracking

        return Tracking(self.plant, self.store, self.ledger)

    @cached_property
    def foresight(self) -> Foresight:
        """What the site will take in; told in the background."""
        from ecotwin.cycle.foresight import Foresight

        made = Foresight(
            self.plant, self.store, self.look.supply, lambda: self.today_.since,
            others=RIVALS, flagged=self.look.worthless,
        )  # fmt: skip
        kept = self.keeper.restore("foresight")
        if kept is not None:
            made.restore(kept)
        return made

    @cached_property
    def replan(self) -> Replan:
        """Watches for events that ask for a new plan."""
        return Replan(self.plant, lambda: self.whatif, self.store)

    def end_what_ifs(self) -> None:
        """Stop what is worked out in the background."""
        self.replan.close()
        if "whatif" in self.__dict__:
            self.whatif.close()
        if "tracking" in self.__dict__:
            self.tracking.stop()
        if "foresight" in self.__dict__:
            self.foresight.stop()

    def ask_what_if(self, question: Question) -> Run:
        """Take a what-if up in the name of the person at the page."""
        from dataclasses import replace

        from ecotwin.cycle.whatif_base import is_plain

        demand(self.person, "ask_what_if", "", self.plant)
        run = self.whatif.ask(replace(question, by=self.person.name, why=""))
        if not is_plain(question.start):
            self.tracking.renew_behind(self.now())
        return run

    def ask_again(self, id: str) -> Run:  # noqa: A002
        """Ask a what-if once more, from the same instant and with the same texts."""
        demand(self.person, "ask_what_if", "", self.plant)
        return self.whatif.again(id, self.person.name)

    def stop_what_if(self, id: str) -> Run:  # noqa: A002
        """End a what-if that waits or runs."""
        demand(self.person, "ask_what_if", "", self.plant)
        return self.whatif.stop(id)

    def save_scenario(self, text: str) -> tuple[Shelved, int | None]:
        """Keep a scenario; returns it and its place in the ledger."""
        demand(self.person, "save_scenario", "", self.plant)
        return self.whatif.shelf.save(text, self.person.name)

    def ask_design(self, text: str, name: str, period: Period) -> dict[str, Any]:
        """Hold the alternatives of a design file against today's product, and seal what is told.

        Args:
            text: Of the file. name: Of it, for words. period: Whose meters and books tell the making.
        """
        from ecotwin.accounting.design_file import read_design
        from ecotwin.cycle import designs

        demand(self.person, "ask_what_if", "", self.plant)
        file = read_design(text, name)
        effect = None
        if any(a.scenario for a in file.alternatives):
            effect = designs.by_what_if(self.whatif, period, self.store.span())
        result = designs.compared(self.plant, self.store, self.prove.years, period, file, effect)
        return result | {"entry": designs.seal(self.ledger, result, text, self.now())}
