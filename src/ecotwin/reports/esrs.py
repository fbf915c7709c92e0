"""Datapoints of the European Sustainability Reporting Standards, E1 to E5, as a table of the taxonomy asks for them.

Which datapoints there are, their units and how each follows from figures is data: `taxonomies/versions.csv` names the
editions, and a table each the datapoints. `Dossier.extra["taxonomy"]` names an edition; without it the last one holds.

`Dossier.extra["targets"]` is a list of records for E1-4::

    {"id": "s12", "name": "Half by 2030", "kind": "target",     or "loan", which another report tells
     "indicator": "ghg.scope12_market", "element": "works", "unit": "kgCO2e",
     "path": "linear",                 or "sbti_1_5c", "net_zero"
     "base_year": 2024, "base_value": 900000.0, "target_year": 2030,
     "cut": 0.5,                       share of the base to be cut by the target year
     "allowed": 750000.0,              in the period of the report [unit]
     "actual": 742000.0, "low": 730000.0, "high": 754000.0,
     "over": -8000.0,                  actual - allowed
     "met": true, "sure": false,       sure: the interval of the figure does not hold the limit
     "measure": "works:ghg.scope12_market:...", "source": "who decided it",
     "years": [{"year": 2030, "allowed": 450000.0}],
     "outlook": {"text": "..."},       how the year is likely to end; may lack
     "missing": "..."}                 why it cannot be judged; may lack

Keys may lack; what lacks is shown as not available. Records of elements outside the report's are left out.

Sources: Delegated Regulation (EU) 2023/2772; the ids as several public lists of EFRAG IG 3 agree on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ecotwin.records import Datapoint, Report, Section, Table
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier
from ecotwin.reports.taxonomy import answered, edition_of, editions


class Esrs:
    """Datapoints by disclosure requirement."""

    name = "esrs"
    title = "ESRS datapoints E1 to E5"

    standard = tuple(editions().values())[-1].standard

    def write(self, dossier: Dossier) -> Report:
        """The report.

        Raises:
            EcotwinError: The edition that is asked for is unknown.
        """
        edition = edition_of(dossier)
        sections = [
            Section("Taxonomy", (f"Edition {edition.version}: {edition.standard}.", edition.note)),
            _targets(dossier),
        ]
        for disclosure in dict.fromkeys(a.disclosure for a in edition.asked):
            points: list[Datapoint] = []
            for asked in (a for a in edition.asked if a.disclosure == disclosure):
                points += answered(dossier, asked)
            sections.append(Section(disclosure, datapoints=tuple(points)))
        values = [
            {"id": p.id, "name": p.name, "value": p.value, "unit": p.unit, "missing": p.missing}
            for s in sections
            for p in s.datapoints
        ]
        data = {"taxonomy_version": edition.version, "datapoints": values}
        return pieces.whole(dossier, self, sections, standard=edition.standard, data=data)


_PROMISED = (
    "name",
    "indicator",
    "unit",
    "base_year",
    "base_value",
    "target_year",
    "cut",
    "path",
    "source",
)
_STANDING = ("name", "unit", "allowed", "actual", "low", "high", "over", "met", "sure")


def _targets(dossier: Dossier) -> Section:
    records = [r for r in pieces.handed(dossier, "targets") if r.get("kind", "target") == "target"]
    promised, standing = (
        tuple(tuple(pieces.told(r, key) for key in keys) for r in records)
        for keys in (_PROMISED, _STANDING)
    )
    heads = pieces.heads(
        "target",
        "indicator",
        "unit",
        "base year#",
        "base#",
        "target year#",
        "cut#share",
        "path",
        "decided by",
    )
    judged = pieces.heads(
        "target", "unit", "allowed#", "actual#", "low#", "high#", "above the path#", "met", "sure"
    )
    note = (
        "" if records else "The plant file names no target of this element, or none was handed in."
    )
    tables = (
        Table("Targets", heads, promised, note),
        Table(
            "Where they stand",
            judged,
            standing,
            "Sure: the 95 % interval of the figure does not hold the limit.",
        ),
    )
    return Section("E1-4 Targets", tuple(_said(records)), tables=tables if records else tables[:1])


def _said(records: list[Mapping[str, Any]]) -> Iterator[str]:
    """What cannot be judged, and how the year is likely to end."""
    for record in records:
        name, outlook = record.get("name") or record.get("id", ""), record.get("outlook")
        if record.get("missing"):
            yield f"{name}: {record['missing']}"
        if isinstance(outlook, Mapping) and outlook.get("text"):
            yield f"{name}: {outlook['text']}"


plug = Esrs()
