"""Scope 2 by the market with the site's certificates, matched by year, by month and hour by hour.

Contracts of the plant file (`grid.contracts`) come first, hour by hour, then certificates, then the residual mix.

Sources: GHG Protocol Scope 2 Guidance (2015) tables 6.3 and 7.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from ecotwin.accounting import factors
from ecotwin.accounting.amounts import Amount, attempt, settle, tally_signals, use_terms
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.kpis.greenhouse import certified
from ecotwin.accounting.matching import (
    BUNDLES,
    MODES,
    Matched,
    cover,
    hours_of,
    names_its_hour,
    pots_of,
    sound,
    spread,
)
from ecotwin.accounting.purchased import bought, own_making, site_signals
from ecotwin.accounting.remembered import Remembered
from ecotwin.accounting.steps import LEFT_OVER_SD, Steps, steps_of
from ecotwin.accounting.uncertainty import Uncertain, first_order
from ecotwin.clock import HOUR, SECOND
from ecotwin.errors import FigureGap
from ecotwin.records import FactorUse, Floats, Input, Ints, Measure

_BEYOND = 1e-6


class Certificates:
    """`ghg.scope2_market_annual`, `_monthly`, `_hourly` and the shares of the need that were matched; of the site."""

    name = "certificates"
    indicators = (
        *(f"ghg.scope2_market_{mode}" for mode in MODES),
        *(f"energy.matched_share_{mode}" for mode in MODES),
        *(f"energy.{bundle}_share" for bundle in BUNDLES),
    )
    kinds = ("certificate",)

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Each mode; and a sentence on each certificate that is refused, spread, or met no need."""
        powered = flows_of(desk.plant).use(element, "electricity")
        if element != desk.plant.site.id or powered is None:
            return [], []
        try:
            lot = _lots(desk)
        except FigureGap as gap:
            return [], [f"Scope 2 with certificates cannot be had: {gap}"]
        makers = [partial(make, lot, mode) for make in (_market, _share) for mode in MODES]
        makers += [partial(_bundle_share, lot, bundle) for bundle in BUNDLES]
        made, gaps = attempt(makers)
        return made, list(dict.fromkeys([*gaps, *lot.words, *lot.doubts()]))


@dataclass(frozen=True, slots=True)
class Instrument:
    """A contract or certificate: what it certifies in each hour [kWh], and as a factor.

    Attributes:
        of_need: It is a contract, what it covers was taken off the need of each hour. guessed: Its hours were spread.
    """

    label: str
    kwh: Floats
    use: FactorUse
    bundle: str
    of_need: bool = False
    guessed: bool = False


class Lot:
    """A site's need by the hour and the instruments against it.

    Raises:
        FigureGap: The need was measured for less than half of the period.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        window = desk.window(_signals(desk), HOUR // SECOND)
        steps = steps_of(desk.plant, window)
        use = flows_of(desk.plant).use(desk.plant.site.id, "electricity")
        terms = use_terms(use) if use else ()
        made = own_making(desk.plant)
        sums = tally_signals(steps, (*(s for _, s in terms), *made))
        self.amount: Amount = settle(sums, terms)
        if made:
            settle(sums, [(1.0, s) for s in made])
        _, hour, kwh = bought(steps)
        self.need_kwh = kwh * self.amount.scale
        self.starts, self.ends = hours_of(window.period, window.steps)
        self.rows, self.words = sound(desk.book.of_kind("certificate"), desk.plant)
        self.words += list(factors.contracts(desk.plant)[1])
        self.instruments = [*self._contracts(steps, hour, kwh), *self._certificates()]
        self._matched: dict[str, Matched] = {}

    def matched(self, mode: str) -> Matched:
        """What the instruments covered in a mode; contracts were matched hour by hour before."""
        if mode not in self._matched:
            pots = pots_of(self.starts, self.desk.plant, mode)
            first = [i for i in self.instruments if i.of_need]
            later = self.instruments[len(first) :]
            covered = sum((i.kwh for i in first), np.zeros_like(self.need_kwh))
            rest = cover(np.maximum(0.0, self.need_kwh - covered), [i.kwh for i in later], pots)
            self._matched[mode] = Matched(
                (*(float(i.kwh.sum()) for i in first), *rest.covered_kwh),
                (*(0.0 for _ in first), *rest.surplus_kwh),
                rest.left_kwh,
            )
        return self._matched[mode]

    def doubts(self) -> Iterator[str]:
        """What a reader must know: energy of certificates that met no need, and energy that was spread."""
        for mode in MODES:
            found = self.matched(mode)
            surplus, total = sum(found.surplus_kwh), float(self.need_kwh.sum())
            if surplus > _BEYOND * max(1.0, total):
                yield (
                    f"{surplus:.6g} kWh of certificates met no need in {mode} matching: a surplus covers no other "
                    f"{_POT[mode]}. What to do: nothing; it is not counted."
                )
        guessed = [r for r in self.rows if not names_its_hour(r)]
        if guessed:
            yield (
                f"{len(guessed)} certificates name no hours: in hourly matching their energy is spread evenly over "
                "their span, as an estimate. What to do: book certificates by the hour where the register has them."
            )

    def _contracts(self, steps: Steps, hour: Ints, kwh: Floats) -> Iterator[Instrument]:
        left, plant = kwh.copy(), self.desk.plant
        for contract in factors.contracts(plant)[0]:
            covered = np.minimum(left, certified(steps, contract, hour, kwh))
            left = left - covered
            use = FactorUse(
                f"contract/{contract.name}/{contract.year}", contract.factor, "kgCO2e/kWh",
                plant.country, contract.year, contract.source, "",
            )  # fmt: skip
            yield Instrument(
                contract.name, covered * self.amount.scale, use, BUNDLES[0], of_need=True
            )

    def _certificates(self) -> Iterator[Instrument]:
        for row in self.rows:
            use = FactorUse(
                f"certificate/{row.id}", row.number("factor"), "kgCO2e/kWh", self.desk.plant.country,
                int(row.number("year")), row.source, row.text("evidence"),
            )  # fmt: skip
            kwh = spread(row, self.starts, self.ends)
            label = f"certificates, {row.text('contract')}"
            yield Instrument(label, kwh, use, row.text("contract"), guessed=not names_its_hour(row))


_POT = {"annual": "year", "monthly": "month", "hourly": "hour"}
_lots: Remembered[Desk, Lot] = Remembered(Lot, size=2)
"""A desk's lot, worked out once."""


def annual_market(desk: Desk) -> Measure:
    """Scope 2 by the market of the site, with the certificates of the year.

    Raises:
        FigureGap: The need is not known. FactorGap: There is no residual mix.
    """
    return _market(_lots(desk), "annual")


def _signals(desk: Desk) -> list[int]:
    return sorted({s.index for s in site_signals(desk.plant)})


def _guessed(lot: Lot, mode: str) -> float:
    """Share of the need that certificates cover whose hours were spread; it matters hour by hour only."""
    if mode != "hourly":
        return 0.0
    pairs = zip(lot.instruments, lot.matched(mode).covered_kwh, strict=True)
    total = float(lot.need_kwh.sum())
    return sum(kwh for one, kwh in pairs if one.guessed) / total if total else 0.0


def _method(lot: Lot, mode: str) -> str:
    own = [i for i in lot.instruments if i.of_need]
    first = "contracts hour by hour, then certificates" if own else "certificates"
    return f"certificates/1: {first} by the {_POT[mode]}, then residual mix"


def _market(lot: Lot, mode: str) -> Measure:
    plant, found = lot.desk.plant, lot.matched(mode)
    residual = factors.required(factors.grid_residual(plant))
    need = float(lot.need_kwh.sum())
    meter = abs(lot.amount.half / lot.amount.value) if lot.amount.value else 0.0
    split: dict[str, float] = defaultdict(float)
    kwh: dict[str, float] = defaultdict(float)
    rest = Uncertain(residual.id, residual.value, residual.value * residual.uncertainty)
    meters, open_kwh = Uncertain("meters", 1.0, meter), need
    products: list[tuple[Uncertain, ...]] = []
    for one, covered in zip(lot.instruments, found.covered_kwh, strict=True):
        split[one.label] += covered * one.use.value
        kwh[one.label] += covered
        if one.of_need:  # a contract covers a share of the need and errs with it
            open_kwh -= covered
            products.append((Uncertain("", covered * one.use.value), meters))
        else:  # a certificate is a fixed amount, so that the residual mix bears the need's whole error
            products.append((Uncertain("", covered * one.use.value),))
            products.append((Uncertain("", -covered), rest))
    products.append((Uncertain("", open_kwh), meters, rest))
    split["residual mix"] = found.left_kwh * residual.value
    used = tuple({i.use.id: i.use for i in lot.instruments}.values())
    factors.one_gwp_set([*used, residual])
    value, guess = sum(split.values()), _guessed(lot, mode)
    products.append((Uncertain("spread", 0.0, 1.96 * LEFT_OVER_SD * guess * need), rest))
    half = first_order(products)[1]
    coverage = lot.amount.coverage
    inputs = (Input("bought electricity", need, "kWh", "", coverage),
              *(Input(f"covered by {label}", amount, "kWh") for label, amount in kwh.items()),
              Input("left to the residual mix", found.left_kwh, "kWh", "", coverage),
              *lot.amount.inputs)  # fmt: skip
    return Measure(
        plant.site.id, f"ghg.scope2_market_{mode}", value, "kgCO2e", lot.desk.period, coverage,
        min(1.0, lot.amount.estimated_share + guess), max(0.0, value - half), value + half,
        _method(lot, mode), inputs, (*used, residual), value, 1.0, dict(split),
    )  # fmt: skip


def _share(lot: Lot, mode: str) -> Measure:
    covered = sum(lot.matched(mode).covered_kwh)
    return _part(lot, f"energy.matched_share_{mode}", mode, covered, "contracts and certificates")


def _bundle_share(lot: Lot, bundle: str) -> Measure:
    """Of contracts with the energy, and of certificates without it; matched by the year."""
    pairs = zip(lot.instruments, lot.matched("annual").covered_kwh, strict=True)
    covered = sum(kwh for one, kwh in pairs if one.bundle == bundle)
    return _part(lot, f"energy.{bundle}_share", "annual", covered, f"{bundle} instruments")


def _part(lot: Lot, indicator: str, mode: str, covered: float, words: str) -> Measure:
    need = float(lot.need_kwh.sum())
    if need <= 0.0:
        raise FigureGap(
            "no electricity was bought in the period, so that nothing was to be matched",
            expected="a need above zero",
            remedy="ask for a longer period",
        )
    share = covered / need
    meter = abs(lot.amount.half / lot.amount.value) if lot.amount.value else 0.0
    half = share * meter + 1.96 * LEFT_OVER_SD * _guessed(lot, mode)
    return Measure(
        lot.desk.plant.site.id, indicator, share, "1", lot.desk.period,
        lot.amount.coverage, min(1.0, lot.amount.estimated_share + _guessed(lot, mode)),
        max(0.0, share - half), min(1.0, share + half), _method(lot, mode),
        (Input(f"covered by {words}", covered, "kWh"),
         Input("bought electricity", need, "kWh", "", lot.amount.coverage)),
        (), covered, need,
    )  # fmt: skip


plug = Certificates()
