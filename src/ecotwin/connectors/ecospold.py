"""ecoSpold 2 and 1: files, folders or zip archives of processes.

ecoSpold 2 must be a linked, allocated system model (one product a dataset), as databases are delivered for use. Inputs
link by `activityLinkId` and product; those of ecoSpold 1 by name, place and unit. Spreads that are not drawn here
(beta, gamma, binomial, undefined) are counted in the notes. Document types are refused, since entities could swell.

Sources: ecoSpold02 and ecoSpold01 schemas, as published by ecoinvent.
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from ecotwin.connectors.inventory import (
    Collected,
    each_dataset,
    joined,
    local,
    members,
    normal_or_log,
    number,
    opened,
    year,
)
from ecotwin.records.lifecycle import Database, Exchange, Flow, Process, Spread

Element = ElementTree.Element
_WANTED = frozenset({"activityDataset", "childActivityDataset", "dataset"})
_PEDIGREE = (
    "reliability",
    "completeness",
    "temporalCorrelation",
    "geographicalCorrelation",
    "furtherTechnologyCorrelation",
)
_VAGUE = {"unspecified", ""}
_UNDRAWN = ("undefined", "beta", "gamma", "binomial")
_KINDS_1 = {"1": "lognormal", "2": "normal", "3": "triangular", "4": "uniform"}


def read_ecospold(path: Path) -> Database:
    """A database of ecoSpold files.

    Args:
        path: A `.spold` or `.xml` file, a folder of them, or a zip archive of them.

    Raises:
        FileFault: It cannot be read, or datasets are at fault: every one is named with its file.
    """
    into = Collected()
    for name, open_ in members(path, (".spold", ".xml")):
        with opened(open_, name, into) as stream:
            each_dataset(stream, name, _WANTED, partial(_dataset, where=name, into=into), into)
    return into.database(path, "ecoSpold")


def _dataset(element: Element, where: str, into: Collected) -> None:
    if local(element.tag) == "dataset":
        _first(element, where, into)
    else:
        _second(element, where, into)


def _find(element: Element, *path: str) -> Element | None:
    """The first child of this path, name spaces left aside."""
    for name in path:
        found = next((c for c in element if local(c.tag) == name), None)
        if found is None:
            return None
        element = found
    return element


def _text(element: Element | None, *path: str) -> str:
    found = element if element is None or not path else _find(element, *path)
    return (found.text or "").strip() if found is not None else ""


# -- ecoSpold 2 ---------------------------------------------------------------------------------


def _second(dataset: Element, file: str, into: Collected) -> None:
    about, flows = _find(dataset, "activityDescription"), _find(dataset, "flowData")
    activity = _find(about, "activity") if about is not None else None
    if about is None or activity is None or flows is None or not activity.get("id"):
        into.faults.append(
            f"{file}: a dataset has no activityDescription/activity with an id, or no flowData"
        )
        return
    name = _text(activity, "activityName")
    where = f"{file}: {name or activity.get('id')}"
    made: list[tuple[Element, float]] = []
    inputs: list[Exchange] = []
    nature: list[Exchange] = []
    for row in flows:
        kind = local(row.tag)
        if kind not in ("intermediateExchange", "elementaryExchange"):
            continue
        amount = number(row.get("amount"), where, f"the amount of {_text(row, 'name')}", into)
        if kind == "elementaryExchange":
            nature += _elementary(row, amount, where, into)
        elif _find(row, "outputGroup") is not None:
            if amount:
                made.append((row, amount))
        else:
            inputs.append(_intermediate(row, amount, into))
    if len(made) != 1 or _text(made[0][0], "outputGroup") != "0":
        names = ", ".join(_text(r, "name") for r, _ in made) or "nothing"
        into.faults.append(
            f"{where}: it makes {names}; a linked system model has one reference product a dataset"
        )
        return
    product, amount = made[0]
    period = _find(about, "timePeriod")
    into.processes.append(
        Process(
            f"{activity.get('id')}_{product.get('intermediateExchangeId')}", name, _text(product, "name"),
            _text(product, "unitName"), amount, _text(about, "geography", "shortname"), joined(inputs),
            joined(nature), "ecoSpold 2", year(period.get("startDate") if period is not None else None),
            year(period.get("endDate") if period is not None else None),
        )
    )  # fmt: skip


def _intermediate(row: Element, amount: float, into: Collected) -> Exchange:
    product, link = row.get("intermediateExchangeId") or "", row.get("activityLinkId")
    spread, pedigree = _uncertainty(row, into)
    flow = f"{link}_{product}" if link else product
    return Exchange(flow, amount, _text(row, "unitName"), _text(row, "name"), spread, pedigree)


def _elementary(row: Element, amount: float, where: str, into: Collected) -> list[Exchange]:
    name, unit, id_ = (
        _text(row, "name"),
        _text(row, "unitName"),
        row.get("elementaryExchangeId") or "",
    )
    if not id_:
        into.faults.append(f"{where}: the elementary exchange {name!r} has no elementaryExchangeId")
        return []
    parts = (_text(row, "compartment", "compartment"), _text(row, "compartment", "subcompartment"))
    compartment = "/".join(p for p in parts if p not in _VAGUE)
    into.flow(
        Flow(id_, name, unit, compartment, row.get("formula") or "", row.get("casNumber") or ""),
        where,
    )
    spread, pedigree = _uncertainty(row, into)
    return [Exchange(id_, amount, unit, name, spread, pedigree)]


def _uncertainty(row: Element, into: Collected) -> tuple[Spread | None, tuple[int, ...]]:
    told = _find(row, "uncertainty")
    if told is None:
        return None, ()
    spread: Spread | None = None
    pedigree: tuple[int, ...] = ()
    for part in told:
        kind = local(part.tag)
        if kind in ("lognormal", "normal"):
            spread = normal_or_log(kind, _number(part, "variance"))
        elif kind in ("uniform", "triangular"):
            low, high, mode = (_number(part, f"{n}Value") for n in ("min", "max", "mostLikely"))
            spread = Spread(kind, 0.0, low, high, mode if kind == "triangular" else None)
        elif kind == "pedigreeMatrix":
            scores = tuple(
                int(part.get(n) or 0) if (part.get(n) or "0").isdigit() else 0 for n in _PEDIGREE
            )
            pedigree = scores if any(scores) else ()
        elif kind in _UNDRAWN:
            into.odd[f"exchanges have the spread {kind}, which is not drawn"] += 1
    return spread, pedigree


def _number(element: Element, name: str) -> float:
    try:
        return float(element.get(name) or "nan")
    except ValueError:
        return math.nan


# -- ecoSpold 1 ---------------------------------------------------------------------------------


def _first(dataset: Element, file: str, into: Collected) -> None:
    about = _find(dataset, "metaInformation", "processInformation")
    reference = _find(about, "referenceFunction") if about is not None else None
    flows = _find(dataset, "flowData")
    if about is None or reference is None or flows is None or not reference.get("name"):
        into.faults.append(
            f"{file}: dataset {dataset.get('number')} has no named referenceFunction, or no flowData"
        )
        return
    name = reference.get("name") or ""
    where = f"{file}: {name}"
    geography, period = _find(about, "geography"), _find(about, "timePeriod")
    place = (geography.get("location") if geography is not None else None) or ""
    made: list[float] = []
    inputs: list[Exchange] = []
    nature: list[Exchange] = []
    for row in flows:
        if local(row.tag) != "exchange":
            continue
        into_group, out_group = _text(row, "inputGroup"), _text(row, "outputGroup")
        amount = number(row.get("meanValue"), where, f"the amount of {row.get('name')}", into)
        unit, what = row.get("unit") or "", row.get("name") or ""
        spread = _spread_1(row, amount, into)
        if "4" in (into_group, out_group):
            parts = [
                p for p in (row.get("category"), row.get("subCategory")) if p and p not in _VAGUE
            ]
            flow = Flow("|".join((what, "/".join(parts), unit)), what, unit, "/".join(parts), row.get("formula") or "",
                        row.get("CASNumber") or "")  # fmt: skip
            into.flow(flow, where)
            nature.append(Exchange(flow.id, amount, unit, what, spread))
        elif out_group == "0":
            made.append(amount)
        elif out_group:
            into.faults.append(f"{where}: it makes {what} besides; a dataset has one product")
        else:
            inputs.append(
                Exchange(
                    "|".join((what, row.get("location") or "", unit)), amount, unit, what, spread
                )
            )
    if len(made) != 1:
        into.faults.append(f"{where}: it has {len(made)} reference products; a dataset has one")
        return
    into.processes.append(
        Process(
            "|".join((name, place, reference.get("unit") or "")), name, name, reference.get("unit") or "", made[0],
            place, joined(inputs), joined(nature), "ecoSpold 1", _year_1(period, "start"), _year_1(period, "end"),
        )
    )  # fmt: skip


def _spread_1(row: Element, amount: float, into: Collected) -> Spread | None:
    kind = _KINDS_1.get(row.get("uncertaintyType") or "0")
    wide = _number(row, "standardDeviation95")
    if kind == "lognormal":
        return Spread(kind, math.log(wide) / 2.0) if wide > 1.0 else None
    if kind == "normal":
        return Spread(kind, wide / 2.0) if wide > 0.0 else None
    if kind is not None:
        mode = _number(row, "mostLikelyValue")
        return Spread(
            kind, 0.0, _number(row, "minValue"), _number(row, "maxValue"),
            None if kind == "uniform" else (amount if math.isnan(mode) else mode),
        )  # fmt: skip
    if row.get("uncertaintyType") not in (None, "0", ""):
        into.odd[f"exchanges have the spread {row.get('uncertaintyType')}, which is not drawn"] += 1
    return None


def _year_1(period: Element | None, side: str) -> int:
    if period is None:
        return 0
    return year(
        _text(period, f"{side}Date")
        or _text(period, f"{side}YearMonth")
        or _text(period, f"{side}Year")
    )
