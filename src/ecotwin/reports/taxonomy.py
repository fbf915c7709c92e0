"""Editions of a taxonomy as tables, and the rules by which a datapoint follows from figures.

`taxonomies/versions.csv` names the editions, a table each holds the datapoints: disclosure, id, name, unit, rule,
indicators, note. Rules are words of `RULES`; nothing of an edition stands in code.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ecotwin.errors import EcotwinError
from ecotwin.records import Datapoint, Measure
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier


@dataclass(frozen=True, slots=True)
class Asked:
    """A datapoint that a taxonomy asks for.

    Attributes:
        rule: How it follows from figures: one of `RULES`, with words after it where the rule takes some.
    """

    disclosure: str
    id: str
    name: str
    unit: str
    rule: str
    indicators: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition of the taxonomy."""

    version: str
    standard: str
    note: str
    asked: tuple[Asked, ...]


@cache
def editions() -> Mapping[str, Edition]:
    """Every edition by its version, the newest last.

    >>> [a.indicators for a in editions()["esrs-set1-2023"].asked if a.id == "E1-6_07"]
    [('ghg.scope1_all', 'ghg.scope1')]
    """
    return {
        row["version"]: Edition(row["version"], row["standard"], row["note"], _asked(row["table"]))
        for row in _rows("versions.csv")
    }


def _rows(table: str) -> list[dict[str, str]]:
    text = (files("ecotwin.reports") / "taxonomies" / table).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _asked(table: str) -> tuple[Asked, ...]:
    rows = _rows(table)
    return tuple(Asked(**{**r, "indicators": tuple(r["indicators"].split())}) for r in rows)  # type: ignore[arg-type]


def edition_of(dossier: Dossier) -> Edition:
    """The edition that a dossier asks for, else the newest.

    Raises:
        EcotwinError: It is unknown.
    """
    known = editions()
    wanted = str(dossier.extra.get("taxonomy") or tuple(known)[-1])
    if wanted not in known:
        raise EcotwinError(
            f"there is no edition {wanted!r} of the ESRS taxonomy here",
            expected=f"one of {', '.join(known)}",
            remedy="choose one of these, or add its table to `reports/taxonomies`",
        )
    return known[wanted]


def answered(dossier: Dossier, asked: Asked) -> list[Datapoint]:
    """The datapoints that answer a row of the taxonomy; most rows have one."""
    rule, *words = asked.rule.split()
    return RULES[rule](dossier, asked, words)


def _figure(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    del words
    return [_point(dossier, asked, asked.indicators[0])]


def _point(dossier: Dossier, asked: Asked, indicator: str, name: str = "") -> Datapoint:
    return pieces.point(
        dossier, asked.id, indicator, name or asked.name, unit=asked.unit, note=asked.note
    )


def _first(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    """The first figure that there is; a later one is a part of what is asked, and called so."""
    del words
    for place, indicator in enumerate(asked.indicators):
        if dossier.figure(indicator) is not None:
            entry = dossier.indicators.get(indicator)
            part = f"{asked.name}, in part: {entry.formula if entry else indicator}"
            return [_point(dossier, asked, indicator, part if place else "")]
    return [_point(dossier, asked, asked.indicators[0])]


def _either(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    """The first figure that there is, each of them as good an answer."""
    del words
    found = pieces.present(dossier, asked.indicators)
    return [_point(dossier, asked, found[0].indicator if found else asked.indicators[-1])]


def _each(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    """A datapoint for every figure that there is."""
    del words
    found = pieces.present(dossier, asked.indicators)
    if not found:
        return [_point(dossier, asked, asked.indicators[0])]
    names = {f.indicator: dossier.indicators.get(f.indicator) for f in found}
    return [
        _point(
            dossier,
            asked,
            i,
            f"{asked.name}: {entry.name if entry else i.rpartition('.')[2].upper()}",
        )
        for i, entry in names.items()
    ]


def _or_difference(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    """The first figure, else the second less the third."""
    del words
    own, whole, part = asked.indicators
    pair = pieces.present(dossier, (whole, part))
    if dossier.figure(own) is not None or len(pair) < 2:
        return [_point(dossier, asked, own)]
    a, b = pair
    half = (a.high - a.low + b.high - b.low) / 2.0
    return [_derived(asked, pair, a.value - b.value, half, f"{whole} - {part}")]


def _or_share(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    """The first figure, else the second in percent of the third."""
    del words
    own, *both = asked.indicators
    pair = pieces.present(dossier, both)
    if dossier.figure(own) is not None or len(pair) < 2:
        return [_point(dossier, asked, own)]
    part, whole = pair
    if whole.value <= 0.0:
        return [
            _lacking(
                asked, f"{whole.indicator} is {whole.value:g} {whole.unit}: a share of nothing"
            )
        ]
    share = part.value / whole.value
    relative = sum((m.high - m.low) / 2.0 / abs(m.value) for m in pair if m.value)
    formula = f"{part.indicator} / {whole.indicator}"
    return [_derived(asked, pair, share, abs(share) * relative, formula, "1")]


def _derived(
    asked: Asked,
    parts: tuple[Measure, ...],
    value: float,
    half: float,
    formula: str,
    unit: str = "",
) -> Datapoint:
    """A datapoint of several figures; half-widths are added, as if all erred to the same side."""
    scale = pieces.scale_of(unit or parts[0].unit, asked.unit)
    if scale is None:
        return _lacking(asked, f"{parts[0].indicator} is told in {parts[0].unit}")
    note = "; ".join(filter(None, (asked.note, f"{formula}; intervals added in full")))
    return Datapoint(
        asked.id,
        asked.name,
        float(value) * scale,
        asked.unit,
        float(value - half) * scale,
        float(value + half) * scale,
        min(float(m.coverage) for m in parts),
        note=note,
    )


def _inputs(dossier: Dossier, asked: Asked, means: list[str]) -> list[Datapoint]:
    """Sum of a figure's inputs whose signals have certain meanings; what is made must be made by the sun."""
    figure = dossier.figure(asked.indicators[0])
    if figure is None:
        return [_lacking(asked, pieces.reason(dossier, asked.indicators[0]))]
    plant = dossier.plant
    signals = [(i, plant.signal(i.signal)) for i in figure.inputs if plant.has_signal(i.signal)]
    chosen = [(i, s) for i, s in signals if s.means in means]
    made = [s for _, s in chosen if s.means == "electricity_generated"]
    other = [s.element for s in made if plant.element(s.element).kind != "pv"]
    if not made or other:
        why = (
            f"{', '.join(other)} may burn fuel"
            if other
            else "nothing is made on site by a meter of its own"
        )
        return [_lacking(asked, why)]
    value, scale = sum(i.value for i, _ in chosen), pieces.scale_of(figure.unit, asked.unit)
    half = sum(abs(i.value) * s.accuracy for i, s in chosen)
    if scale is None:
        return [_lacking(asked, f"{figure.indicator} is told in {figure.unit}")]
    note = "; ".join(filter(None, (asked.note, "sum of " + ", ".join(s.id for _, s in chosen))))
    return [
        Datapoint(
            asked.id,
            asked.name,
            float(value) * scale,
            asked.unit,
            float(value - half) * scale,
            float(value + half) * scale,
            min(float(i.coverage) for i, _ in chosen),
            note=note,
        )
    ]


def _denominator(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    del words
    figure = dossier.figure(asked.indicators[0])
    if figure is None or figure.denominator is None:
        return [_lacking(asked, pieces.reason(dossier, asked.indicators[0]))]
    unit = dossier.plant.currency if asked.unit == "currency" else asked.unit
    note = "; ".join(filter(None, (asked.note, f"denominator of {figure.indicator}")))
    return [Datapoint(asked.id, asked.name, float(figure.denominator), unit, note=note)]


def _parts(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    """A datapoint for every part of the first figure that has some."""
    del words
    found = [f for f in pieces.present(dossier, asked.indicators) if f.split]
    if not found:
        return [_point(dossier, asked, asked.indicators[0])]
    figure = found[0]
    scale = pieces.scale_of(figure.unit, asked.unit)
    if scale is None:
        return [_lacking(asked, f"{figure.indicator} is told in {figure.unit}")]
    return [
        Datapoint(
            asked.id,
            f"{asked.name}: {part}",
            float(value) * scale,
            asked.unit,
            coverage=float(figure.coverage),
            note=f"part of {figure.indicator}",
        )
        for part, value in figure.split.items()
    ]


def _method(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    del words
    figure = dossier.figure(asked.indicators[0])
    if figure is None:
        return [_lacking(asked, pieces.reason(dossier, asked.indicators[0]))]
    told = f"{figure.method}; measured for {figure.coverage:.1%} of the period".replace("%", " %")
    return [Datapoint(asked.id, asked.name, told, note=asked.note)]


def _none(dossier: Dossier, asked: Asked, words: list[str]) -> list[Datapoint]:
    del dossier, words
    return [_lacking(asked, asked.note)]


def _lacking(asked: Asked, why: str) -> Datapoint:
    return Datapoint(asked.id, asked.name, None, asked.unit, missing=why)


Rule = Callable[[Dossier, Asked, list[str]], list[Datapoint]]
RULES: Mapping[str, Rule] = {
    "figure": _figure, "first": _first, "either": _either, "each": _each, "or_difference": _or_difference,
    "or_share": _or_share, "inputs": _inputs, "denominator": _denominator, "parts": _parts, "method": _method,
    "none": _none, "pointer": _none,
}  # fmt: skip
"""How a datapoint follows from figures."""
