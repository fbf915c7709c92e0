"""Opens a figure into its proof: formula, inputs, factors with source, revisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecotwin.accounting.catalogue import indicators
from ecotwin.clock import iso, micros
from ecotwin.records import FactorUse, Input, Measure

Json = dict[str, Any]


def tree(
    figure: Measure,
    *,
    known: Mapping[str, Measure] | None = None,
    revisions: Sequence[Mapping[str, Any]] = (),
) -> Json:
    """A figure with everything that proves it, as a nested dict that JSON can hold.

    Args:
        figure: The measure.
        known: Other figures by `Measure.id`; an input that is one of them is opened too.
        revisions: What changed after it was first known, as the history tells it.
    """
    entry = indicators().get(figure.indicator)
    return {
        "id": figure.id,
        "element": figure.element,
        "indicator": figure.indicator,
        "name": entry.name if entry else figure.indicator,
        "period": {"start": iso(figure.period.start_us), "end": iso(figure.period.end_us)},
        "value": figure.value,
        "unit": figure.unit,
        "low": figure.low,
        "high": figure.high,
        "level": 0.95,
        "coverage": figure.coverage,
        "estimated_share": figure.estimated_share,
        "formula": entry.formula if entry else "",
        "boundary": entry.boundary if entry else "",
        "method": figure.method,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "split": dict(figure.split),
        "inputs": [_input(i, known or {}) for i in figure.inputs],
        "factors": [_factor(f) for f in figure.factors],
        "known_at": iso(micros(figure.known_at)) if figure.known_at else None,
        "revisions": [dict(r) for r in revisions],
    }


def lines(
    figure: Measure,
    *,
    known: Mapping[str, Measure] | None = None,
    revisions: Sequence[Mapping[str, Any]] = (),
) -> tuple[str, ...]:
    """The same tree as lines of text for a person."""
    return tuple(_lines(tree(figure, known=known, revisions=revisions), ""))


def number(value: float) -> str:
    """A number for a person: at least three significant figures, no more than the size needs.

    >>> number(1234567.8), number(12.3456), number(0.0012345)
    ('1,234,568', '12.35', '0.001234')
    """
    if abs(value) >= 1000.0:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _input(one: Input, known: Mapping[str, Measure]) -> Json:
    out: Json = {
        "name": one.name,
        "value": one.value,
        "unit": one.unit,
        "signal": one.signal,
        "coverage": one.coverage,
        "measure": one.measure,
    }
    if one.measure in known:
        out["tree"] = tree(
            known[one.measure], known={k: m for k, m in known.items() if k != one.measure}
        )
    return out


def _factor(one: FactorUse) -> Json:
    return {
        "id": one.id,
        "value": one.value,
        "unit": one.unit,
        "place": one.place,
        "year": one.year,
        "source": one.source,
        "version": one.version,
        "gwp_set": one.gwp_set,
        "uncertainty": one.uncertainty,
        "basis": one.basis,
    }


def _lines(t: Json, pad: str) -> Iterator[str]:
    band = f"(95 %: {number(t['low'])} to {number(t['high'])})"
    yield f"{pad}{t['name']} of {t['element']}: {number(t['value'])} {t['unit']} {band}"
    yield f"{pad}  period    {t['period']['start']} to {t['period']['end']}"
    yield f"{pad}  covered   {t['coverage']:.1%} measured, {t['estimated_share']:.1%} of the value estimated".replace(
        "%", " %"
    )
    if t["formula"]:
        yield f"{pad}  formula   {t['formula']}"
    yield f"{pad}  method    {t['method']}"
    if t["denominator"] not in (None, 1.0):
        yield f"{pad}  ratio     {number(t['numerator'])} / {number(t['denominator'])}"
    for name, value in t["split"].items():
        yield f"{pad}  part      {name}: {number(value)}"
    for one in t["inputs"]:
        tail = f" [{one['signal']}]" if one["signal"] else ""
        share = f"{one['coverage']:.1%} covered".replace("%", " %")
        yield f"{pad}  input     {one['name']}: {number(one['value'])} {one['unit']}, {share}{tail}"
        if "tree" in one:
            yield from _lines(one["tree"], pad + "    ")
    for f in t["factors"]:
        sure = f", +-{f['uncertainty']:.1%}".replace("%", " %") if f["uncertainty"] else ""
        rest = "; ".join(
            str(x)
            for x in (
                f["place"],
                f["year"] or "",
                f["source"],
                f"version {f['version']}" if f["version"] else "",
                f["gwp_set"],
                f["basis"],
            )
            if x
        )
        yield f"{pad}  factor    {f['id']}: {number(f['value'])} {f['unit']}{sure} ({rest})"
    if t["known_at"]:
        yield f"{pad}  known at  {t['known_at']}"
    for revision in t["revisions"]:
        what = revision["signal"] or "this figure"
        yield (
            f"{pad}  revised   {what} at {revision['at']}: {number(revision['before'])} became "
            f"{number(revision['after'])}, known since {revision['known']}: {revision['why']}"
        )
