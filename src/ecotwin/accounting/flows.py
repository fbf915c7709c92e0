"""Which meters make up an element's use of a carrier: the one rule by which figures add up from machine to site.

In this order, the first that applies:

1. **Balance**: a node of the flow graph stands at the element. Use = all that flows in - what
   flows on to places outside the element - what is delivered to the grid. (Site: bought + made on
   site - delivered; line: its feeder.)
2. **Own meter**: the element bears meters of the carrier itself; what is made below it is added,
   what it delivers to the grid is taken off.
3. **Sum of parts**: the uses of its direct children.

Machines whose kind has the role `meter`, `source` or `ambient` use nothing: they measure or make
what others use. A signal that feeds a balance and is not fed by one is made there, not used. Of
carriers that are made inside (air, nitrogen, heat, cold) only what the flow graph feeds counts as
use. Meter indices (counters) are preferred to flows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ecotwin.accounting.remembered import Remembered
from ecotwin.plant.model import Balance, Element, Plant, Signal


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier and the meanings that measure it, the better first; `converted`: made inside the plant."""

    name: str
    unit: str
    means: tuple[str, ...]
    converted: bool = False


CARRIERS = {
    c.name: c
    for c in (
        Carrier(
            "electricity",
            "kWh",
            ("electricity_energy", "electricity_interval", "electricity_power"),
        ),
        Carrier("gas", "m3", ("gas_volume", "gas_flow")),
        Carrier("fuel", "kg", ("fuel_mass",)),
        Carrier("water", "m3", ("water_in", "water_in_flow")),
        Carrier("compressed_air", "m3", ("air_volume", "air_flow"), converted=True),
        Carrier("nitrogen", "m3", ("nitrogen_volume", "nitrogen_flow"), converted=True),
        Carrier("steam", "kg", ("steam_mass", "steam_flow"), converted=True),
        Carrier("heat", "kWh", ("heat_energy", "heat_power"), converted=True),
        Carrier("cold", "kWh", ("cold_energy", "cold_power"), converted=True),
    )
}
DISCHARGE = ("water_out", "water_out_flow")
_EXPORT, _GENERATED = "electricity_export", "electricity_generated"


@dataclass(frozen=True, slots=True)
class Term:
    """One signal of a use: `sign` is -1 for what flows on."""

    sign: float
    signal: Signal


@dataclass(frozen=True, slots=True)
class Use:
    """How an element's use of a carrier is had.

    Attributes:
        terms: Signals whose signed amounts sum to the use. rule: In words.
        parts: Direct children that have a use of the carrier themselves.
        rest: Name of what the parts leave over.
    """

    element: str
    carrier: str
    terms: tuple[Term, ...]
    rule: str
    parts: tuple[str, ...]
    rest: str = "Not metered"


class Flows:
    """The uses of a plant; made once a plant by `flows_of`."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._uses: dict[tuple[str, str], Use | None] = {}
        self._under = {e.id: frozenset(x.id for x in plant.under(e.id)) for e in plant.elements}
        fed, feeding = set(), set()
        for b in plant.balances:
            fed |= {s for s in b.outputs if plant.has_signal(s)}
            feeding |= {s for s in b.inputs if plant.has_signal(s)}
        self._fed = frozenset(self._with_twins(fed))
        self._made = frozenset(self._with_twins(feeding)) - self._fed
        self.generated = tuple(self._generated(plant.site.id))
        self.exported = tuple(s for s in plant.signals if s.means == _EXPORT)

    def use(self, element: str, carrier: str) -> Use | None:
        """The use of an element; None when nothing there measures this carrier."""
        key = (element, carrier)
        if key not in self._uses:
            self._uses[key] = self._find(self._plant.element(element), CARRIERS[carrier])
        return self._uses[key]

    def discharge(self, element: str) -> tuple[Signal, ...]:
        """Signals whose amounts sum to the water that an element discharges.

        At the site the sewer meters (role `meter`) if there are any; elsewhere the machines' own
        outlets.
        """
        found = [(e, self.meters(e, DISCHARGE)) for e in self._plant.under(element)]
        if element == self._plant.site.id:
            sewer = tuple(s for e, ms in found for s in ms if role(e) == "meter")
            if sewer:
                return sewer
        own = self.meters(self._plant.element(element), DISCHARGE)
        return own or tuple(s for e, ms in found for s in ms if role(e) == "machine")

    def meters(self, element: Element, means: tuple[str, ...]) -> tuple[Signal, ...]:
        """An element's own signals of the first of these meanings that it has."""
        signals = self._plant.signals_of(element.id)
        for meaning in means:
            found = tuple(s for s in signals if s.means == meaning)
            if found:
                return found
        return ()

    def preferred(self, signal: Signal) -> tuple[Signal, ...]:
        """The counters that measure the same as this flow, or the signal itself."""
        if signal.form != "rate":
            return (signal,)
        element = self._plant.element(signal.element)
        if role(element) == "source" and signal.carrier == "electricity":
            return self.meters(element, (_GENERATED,)) or (signal,)
        for carrier in CARRIERS.values():
            if signal.means in carrier.means:
                return self.meters(element, carrier.means)
        return self.meters(element, DISCHARGE) if signal.means in DISCHARGE else (signal,)

    def _find(self, element: Element, carrier: Carrier) -> Use | None:
        parts = tuple(
            c.id for c in self._plant.children(element.id) if self.use(c.id, carrier.name)
        )
        nodes = self._roots(element.id, carrier.name)
        if nodes:
            terms = self._boundary(nodes, element.id)
            rule = f"balance {', '.join(b.id for b in nodes)}"
            return Use(element.id, carrier.name, terms, rule, parts, nodes[0].rest)
        own = self._own(element, carrier)
        if own:
            return Use(element.id, carrier.name, own, "own meter", parts)
        if not parts:
            return None
        summed: list[Term] = []
        for part in parts:
            found = self.use(part, carrier.name)
            summed.extend(found.terms if found else ())
        return Use(element.id, carrier.name, _joined(summed), f"sum of {len(parts)} parts", parts)

    def _own(self, element: Element, carrier: Carrier) -> tuple[Term, ...]:
        if role(element) != "machine" and element.level == "machine":
            return ()
        own = [s for s in self.meters(element, carrier.means) if s.id not in self._made]
        if carrier.converted and element.level == "machine":
            own = [s for s in own if s.id in self._fed]
        if not own:
            return ()
        terms = [Term(1.0, s) for s in own]
        if carrier.name == "electricity":
            if element.level != "machine":
                terms += [Term(1.0, s) for s in self._generated(element.id)]
            terms += [
                Term(-1.0, s) for s in self._plant.signals_of(element.id) if s.means == _EXPORT
            ]
        return _joined(terms)

    def _roots(self, element: str, carrier: str) -> tuple[Balance, ...]:
        here = [b for b in self._plant.balances if b.element == element and b.carrier == carrier]
        here = [b for b in here if not self._drains(b)]
        names = {b.id for b in here}
        fed = {o for b in here for o in b.outputs if o in names}
        return tuple(b for b in here if b.id not in fed and not names & set(b.inputs))

    def _drains(self, balance: Balance) -> bool:
        signals = [self._plant.signal(i) for i in balance.inputs if self._plant.has_signal(i)]
        return bool(signals) and all(s.means in DISCHARGE for s in signals)

    def _boundary(self, nodes: Iterable[Balance], element: str) -> tuple[Term, ...]:
        inside, terms, exported = self._under[element], [], set()
        for node in nodes:
            terms += self._inflow(node)
            for name in node.outputs:
                fed = self._plant.balance(name)
                if fed is not None:
                    terms += (
                        []
                        if fed.element in inside
                        else [Term(-t.sign, t.signal) for t in self._inflow(fed)]
                    )
                    continue
                signal = self._plant.signal(name)
                if signal.means == _EXPORT:
                    exported.add(signal.id)
                elif signal.element not in inside:
                    terms += [Term(-1.0, s) for s in self.preferred(signal)]
        for term in tuple(terms):
            beside = self._plant.signals_of(term.signal.element)
            exported |= {
                s.id for s in beside if s.means == _EXPORT and term.signal.carrier == "electricity"
            }
        return _joined(terms + [Term(-1.0, self._plant.signal(s)) for s in sorted(exported)])

    def _inflow(self, node: Balance) -> list[Term]:
        terms: list[Term] = []
        for name in node.inputs:
            before = self._plant.balance(name)
            if before is None:
                terms += [Term(1.0, s) for s in self.preferred(self._plant.signal(name))]
                continue
            terms += self._inflow(before)
            for out in before.outputs:
                fed = self._plant.balance(out)
                if fed is not None:
                    terms += (
                        [] if fed is node else [Term(-t.sign, t.signal) for t in self._inflow(fed)]
                    )
                else:
                    terms += [Term(-1.0, s) for s in self.preferred(self._plant.signal(out))]
        return terms

    def _generated(self, element: str) -> list[Signal]:
        found: list[Signal] = []
        for e in self._plant.under(element):
            counters = self.meters(e, (_GENERATED,))
            found += counters or (
                self.meters(e, ("electricity_power",)) if role(e) == "source" else ()
            )
        return found

    def _with_twins(self, names: set[str]) -> set[str]:
        return names | {s.id for n in names for s in self.preferred(self._plant.signal(n))}


def role(element: Element) -> str:
    """What a machine is for the flow graph: machine, meter, source or ambient."""
    return str(element.kind_facts.get("role", "machine"))


def _joined(terms: Iterable[Term]) -> tuple[Term, ...]:
    signs: dict[str, float] = defaultdict(float)
    signals = {}
    for term in terms:
        signs[term.signal.id] += term.sign
        signals[term.signal.id] = term.signal
    return tuple(Term(sign, signals[name]) for name, sign in signs.items() if sign)


flows_of = Remembered(Flows, size=4)
"""The flows of a plant, worked out once."""
