"""Energy review in the order of ISO 50001 clause 6.3: uses, significant uses, performance, opportunities, savings.

`Dossier.extra["baselines"]` is a list of records, one a baseline that was fitted and judged elsewhere::

    {"element": "line_1", "name": "Electricity of SMT line 1",
     "indicator": "energy.electricity", "unit": "kWh",
     "model": "two slopes",            how it is built, in words
     "variables": ["good parts"],      relevant variables that it uses
     "baseline_period": "2025-06-01T00:00:00Z/2026-06-01T00:00:00Z",
     "expected": 8100.0,               by the baseline at this period's variables [unit]
     "low": 7900.0, "high": 8300.0,    interval of expected
     "actual": 7420.0,
     "improvement": 0.084,             1 - actual / expected
     "cvrmse": 0.072, "nmbe": 0.001,
     "fit": true,                      fit for a claim
     "reasons": ["CVRMSE 7.2 % is below 20 %"]}

Any key may lack; what lacks is shown as not available. A use is significant while the uses before it, the largest
first, come to less than four fifths of the uses that a meter shows (the rule is said in the report).

Sources: ISO 50001:2018 clauses 6.3 to 6.6, ISO 50006:2023 (background knowledge: check against the standard).
"""

from __future__ import annotations

from dataclasses import dataclass

from ecotwin.records import (
    Advice,
    Cell,
    Cost,
    Finding,
    Measure,
    Range,
    Report,
    Saving,
    Section,
    Table,
)
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier

SIGNIFICANT = 0.8
_CARRIERS = (
    "energy.total", "energy.electricity", "energy.gas", "energy.heat", "energy.cold", "energy.compressed_air",
    "energy.nitrogen", "cost.total",
)  # fmt: skip
_ENPI = ("energy.per_good_part", "energy.unproductive_share", "ghg.scope12_location")
_SPLIT = ("energy.by_state", "energy.by_product", "energy.by_shift")
_STATES = {
    "open": "open", "approved": "approved", "declined": "declined", "expired": "expired", "running": "running",
    "done": "carried out", "failed": "failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """What one place used."""

    element: str
    kwh: float
    figure: Measure


class EnergyReview:
    """The review of an element."""

    name = "energy_review"
    title = "Energy review"
    standard = "ISO 50001:2018 clause 6.3; indicators in the manner of ISO 50006:2023"

    def write(self, dossier: Dossier) -> Report:
        """The report."""
        sections = (
            Section(
                "Energy use",
                datapoints=tuple(pieces.point(dossier, "6.3", i) for i in _wanted(dossier)),
                tables=(
                    pieces.months_table(dossier, _CARRIERS),
                    pieces.before_table(dossier, _CARRIERS),
                ),
            ),
            _significant(dossier),
            _indicators(dossier),
            _waste(dossier),
            _opportunities(dossier),
            _savings(dossier),
            _actions(dossier),
        )
        return pieces.whole(dossier, self, sections)


def _wanted(dossier: Dossier) -> tuple[str, ...]:
    """Carriers that there are; total and electricity are asked for in any case."""
    return tuple(i for i in _CARRIERS if i in _CARRIERS[:2] or dossier.figure(i) is not None)


def uses(dossier: Dossier) -> tuple[Use, ...]:
    """Final energy of every lowest place that has a figure, the largest first."""
    found: dict[str, Use] = {}
    for element in pieces.below(dossier):
        for indicator in ("energy.total", "energy.electricity", "energy.gas"):
            figure = dossier.figure(indicator, element)
            if figure is not None and figure.unit == "kWh":
                found[element] = Use(element, float(figure.value), figure)
                break
    parents = {dossier.plant.element(e).parent for e in found if _known(dossier, e)}
    lowest = (u for e, u in found.items() if not _over(dossier, e, parents))
    return tuple(sorted(lowest, key=lambda u: (-u.kwh, u.element)))


def _known(dossier: Dossier, element: str) -> bool:
    return any(e.id == element for e in dossier.plant.elements)


def _over(dossier: Dossier, element: str, parents: set[str]) -> bool:
    """Whether figures stand somewhere below a place."""
    return _known(dossier, element) and any(e.id in parents for e in dossier.plant.under(element))


def _significant(dossier: Dossier) -> Section:
    found = uses(dossier)
    whole = dossier.figure("energy.total") or dossier.figure("energy.electricity")
    total = float(whole.value) if whole else sum(u.kwh for u in found)
    rows: list[tuple[Cell, ...]] = []
    reached, listed = 0.0, sum(u.kwh for u in found)
    for rank, use in enumerate(found, 1):
        share = use.kwh / total if total > 0.0 else None
        significant = reached < SIGNIFICANT * listed if listed > 0.0 else None
        reached += use.kwh
        rows.append(
            (
                rank,
                pieces.name_of(dossier, use.element),
                use.kwh,
                share,
                reached / listed if listed > 0.0 else None,
                significant,
                float(use.figure.coverage),
                use.element,
            )
        )
    rest = total - sum(u.kwh for u in found)
    if rows and whole is not None and whole.element != found[0].element:
        share = rest / total if total > 0.0 else None
        rows.append(
            ("", "Rest that no meter below shows", rest, share, "", "", "", dossier.element)
        )
    columns = pieces.heads(
        "rank", "energy use", "energy#kWh", "share of all#share", "added up#share", "significant",
        "measured#share", "element",
    )  # fmt: skip
    text = (
        "Ranked by final energy: electricity and fuels; heat, cold and air made of them count where they are made. "
        "A use is called significant while those before it come to less than "
        f"{SIGNIFICANT * 100:.0f} % of all that are listed."
    )
    note = ""
    if rest < 0.0 and rows:
        note = "The parts' meters show more than the whole: the rest is negative, and the meters must be looked at."
    table = Table("Uses in order", columns, tuple(rows), note)
    return Section("Significant energy uses", (text,), tables=(table,))


def _indicators(dossier: Dossier) -> Section:
    points = tuple(pieces.point(dossier, "6.4", i) for i in _ENPI)
    records = pieces.handed(dossier, "baselines")
    rows: list[tuple[Cell, ...]] = []
    judged: list[tuple[Cell, ...]] = []
    for r in records:
        numbers = tuple(pieces.amounts(r, "expected", "low", "high", "actual", "improvement"))
        rows.append(
            (pieces.told(r, "name"), pieces.told(r, "unit"), *numbers, pieces.told(r, "fit"))
        )
        judged.append(
            (
                pieces.told(r, "name"),
                pieces.told(r, "model"),
                pieces.told(r, "variables"),
                pieces.span(dossier, r.get("baseline_period")),
                *pieces.amounts(r, "cvrmse", "nmbe"),
                pieces.told(r, "reasons"),
            )
        )
    note = (
        ""
        if rows
        else "No baseline was handed in: without one a ratio does not tell performance from load."
    )
    compared = pieces.heads(
        "performance indicator", "unit", "expected#", "low#", "high#", "actual#", "improvement#share", "fit for a claim"
    )  # fmt: skip
    models = pieces.heads(
        "baseline", "model", "variables", "fitted over", "CVRMSE#share", "NMBE#share", "why"
    )
    tables = [Table("Expected and actual", compared, tuple(rows), note)]
    if judged:
        tables.append(Table("Baselines", models, tuple(judged)))
    return Section("Performance indicators and baselines", (), points, tuple(tables))


def _waste(dossier: Dossier) -> Section:
    tables = tuple(
        pieces.split_table(
            dossier, f, dossier.indicators[i].name if i in dossier.indicators else i, "part"
        )
        for i in _SPLIT
        if (f := dossier.figure(i)) and f.split
    )
    rows = sorted(
        (
            (pieces.name_of(dossier, element), float(m.value), float(m.numerator or 0.0), element)
            for (element, indicator), m in dossier.figures.items()
            if indicator == "energy.unproductive_share"
            and m.numerator is not None
            and _known(dossier, element)
            and dossier.plant.element(element).level == "machine"
        ),
        key=lambda row: -row[2],
    )
    columns = pieces.heads(
        "machine", "share outside production#share", "energy outside production#kWh", "element"
    )
    table = Table("Machines by energy outside production", columns, tuple(rows))
    return Section("Energy by state and outside production", (), (), (*tables, table))


def _opportunities(dossier: Dossier) -> Section:
    money = dossier.plant.currency
    found: tuple[Finding, ...] = tuple(
        f for f in dossier.findings if f.kind in ("excess", "process")
    )
    rows = tuple(
        (f.title, pieces.name_of(dossier, f.element), f.state, *_amounts(f.excess)) for f in found
    )
    seen = pieces.heads(
        "finding",
        "where",
        "state",
        "energy#kWh/d",
        "low#kWh/d",
        "high#kWh/d",
        "CO2e#kg/d",
        f"money#{money}/d",
    )
    given = tuple(
        (
            a.title,
            pieces.name_of(dossier, a.element),
            _STATES.get(a.state, a.state),
            *_amounts(a.saves),
        )
        for a in dossier.advice
    )
    advised = pieces.heads(
        "advice", "where", "state", "energy#kWh", "low#kWh", "high#kWh", "CO2e#kg", f"money#{money}"
    )
    return Section(
        "Opportunities",
        ("Findings tell what is used too much a day; advice tells what one change saves over its own span.",),
        tables=(
            Table("Findings", seen, rows, "" if rows else "No excess was found in this period."),
            Table("Advice", advised, given, "" if given else "No advice was given in this period."),
        ),
    )  # fmt: skip


def _amounts(cost: Cost) -> tuple[Cell, ...]:
    """Energy with its interval, carbon and money of a cost; None where it does not apply."""
    energy, carbon, money = cost.energy_kwh, cost.co2e_kg, cost.money
    return (*_range(energy), _value(carbon), _value(money))


def _range(one: Range | None) -> tuple[Cell, Cell, Cell]:
    return (
        (None, None, None) if one is None else (float(one.value), float(one.low), float(one.high))
    )


def _value(one: Range | None) -> Cell:
    return None if one is None else float(one.value)


def _savings(dossier: Dossier) -> Section:
    titles = {a.id: a.title for a in dossier.advice}
    rows = tuple(_saving(dossier, s, titles) for s in dossier.savings)
    columns = pieces.heads(
        "change", "where", "expected#kWh", "actual#kWh", "saved#kWh", "low#kWh", "high#kWh", "level#share", "proved"
    )  # fmt: skip
    why = tuple(
        (titles.get(s.advice, s.advice), s.method, "; ".join(s.reasons)) for s in dossier.savings
    )
    tables = [
        Table(
            "Saved against the adjusted baseline",
            columns,
            rows,
            "" if rows else "No saving was verified in this period.",
        )
    ]
    if why:
        tables.append(
            Table("Why they count, or do not", pieces.heads("change", "method", "why"), why)
        )
    fit = [s for s in dossier.savings if s.fit]
    text = f"{len(fit)} of {len(dossier.savings)} changes have a proved saving; what is not proved is not added."
    total = sum(float(s.saved_kwh.value) for s in fit)
    more = f" Proved savings come to {total:,.0f} kWh." if fit else ""
    return Section("Verified savings", (text + more,), tables=tuple(tables))


def _saving(dossier: Dossier, saving: Saving, titles: dict[str, str]) -> tuple[Cell, ...]:
    return (
        titles.get(saving.advice, saving.advice),
        pieces.name_of(dossier, saving.element),
        float(saving.expected_kwh.value),
        float(saving.actual_kwh),
        *_range(saving.saved_kwh),
        float(saving.level),
        saving.fit,
    )


def _actions(dossier: Dossier) -> Section:
    zone = dossier.plant.zone
    rows = tuple(
        _action(a, f"{a.decide_by.astimezone(zone):%Y-%m-%d %H:%M}") for a in dossier.advice
    )
    columns = pieces.heads(
        "action", "state", "decide by", "decided by", "speaks against it", "note"
    )
    note = "" if rows else "No action is planned in this period."
    return Section("Actions", tables=(Table("Action list", columns, rows, note),))


def _action(advice: Advice, decide_by: str) -> tuple[Cell, ...]:
    state = _STATES.get(advice.state, advice.state)
    return (advice.title, state, decide_by, advice.by, "; ".join(advice.against), advice.note)


plug = EnergyReview()
