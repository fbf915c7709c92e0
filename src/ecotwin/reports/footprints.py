"""Product carbon footprints: each product from cradle to gate with its stages, data quality and primary data share.

The records themselves are in `data`, as PACT exchanges them. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecotwin.records import Datapoint, Report, Section
from ecotwin.reports.claims import handed, table
from ecotwin.reports.contract import Dossier
from ecotwin.reports.pieces import name_of, whole

_RATINGS = (
    ("technologicalDQR", "Technology"),
    ("geographicalDQR", "Geography"),
    ("temporalDQR", "Time"),
)


class Footprints:
    """The report of product carbon footprints."""

    name = "footprints"
    title = "Product carbon footprints"
    standard = "PACT Technical Specifications 3.0.3; ISO 14067:2018"

    def write(self, dossier: Dossier) -> Report:
        """A section a product.

        Args:
            dossier: `extra["footprints"]`: PACT records; `extra["footprint_stages"]`: record id -> stages.

        Raises:
            FigureGap: No record was handed in; `extra["footprint_words"]` tells why.
        """
        words = [str(w) for w in dossier.extra.get("footprint_words") or ()]
        records = handed(dossier, "footprints", "product footprints", words)
        stages = dossier.extra.get("footprint_stages") or {}
        parts = [_all(dossier, records)]
        parts += [_product(r, stages.get(r["id"], ())) for r in records]
        return whole(dossier, self, parts, data={"data": [dict(r) for r in records]}, gaps=words)


def _all(dossier: Dossier, records: list[Mapping[str, Any]]) -> Section:
    rows = [
        (
            r["productNameCompany"], _number(r["pcf"], "pcfExcludingBiogenicUptake"),
            _number(r["pcf"], "pcfIncludingBiogenicUptake"), r["pcf"]["declaredUnitOfMeasurement"],
            _number(r["pcf"], "primaryDataShare"), r["status"],
            str(r.get("validityPeriodEnd", ""))[:10],
        )
        for r in records
    ]  # fmt: skip
    names = (
        "Product", "Footprint#kgCO2e", "With biogenic uptake#kgCO2e", "Per", "Primary data#%",
        "Status", "Valid to",
    )  # fmt: skip
    text = (
        f"Cradle to gate of what {name_of(dossier, dossier.element)} made, one piece each.",
        "No offset is inside a footprint.",
        "A footprint holds for three years after its reference period unless it says otherwise.",
    )
    return Section("Products", text, (), (table("Footprints", names, rows),))


def _product(record: Mapping[str, Any], stages: Any) -> Section:
    pcf = record["pcf"]
    text = [
        f"{record['productDescription']}. {pcf.get('boundaryProcessesDescription', '')}".strip(),
        f"Shared out {pcf['allocationRulesDescription']}."
        if "allocationRulesDescription" in pcf
        else "",
        str(record.get("comment", "")),
        f"Left out: {pcf['exemptedEmissionsDescription']} ({pcf['exemptedEmissionsPercent']} %)."
        if "exemptedEmissionsDescription" in pcf
        else "",
    ]
    rows = [
        (
            s["stage"], s["co2e_kg"], s["half_kg"], s["primary_share"], s["technology"],
            s["geography"], s["time"],
        )
        for s in stages
    ]  # fmt: skip
    names = (
        "Stage", "Emission#kgCO2e", "Half of the 95 % interval#kgCO2e", "Primary data#%",
        "Technology#", "Geography#", "Time#",
    )  # fmt: skip
    note = "Data quality from 1 (best) to 5 (worst or not told)."
    tables = (table("Stages of one piece", names, rows, note),) if rows else ()
    if not rows:
        text.append("The stages behind this record were not handed in.")
    return Section(
        str(record["productNameCompany"]), tuple(filter(None, text)), _datapoints(record), tables
    )


def _datapoints(record: Mapping[str, Any]) -> tuple[Datapoint, ...]:
    pcf = record["pcf"]
    unit = f"kgCO2e/{pcf['declaredUnitOfMeasurement']}"
    found = [
        Datapoint("id", "Record", record["id"]),
        Datapoint("productIds", "Product ids", ", ".join(record["productIds"])),
        Datapoint(
            "pcfExcludingBiogenicUptake", "Footprint without biogenic uptake",
            _number(pcf, "pcfExcludingBiogenicUptake"), unit,
        ),
        Datapoint(
            "pcfIncludingBiogenicUptake", "Footprint with biogenic uptake",
            _number(pcf, "pcfIncludingBiogenicUptake"), unit,
        ),
        _maybe(pcf, "primaryDataShare", "Primary data share", "%"),
    ]  # fmt: skip
    dqi = pcf.get("dqi") or {}
    found += [_maybe(dqi, key, f"Data quality: {name}", "1 to 5") for key, name in _RATINGS]
    before = record.get("precedingPfIds")
    if before:
        found.append(Datapoint("precedingPfIds", "Follows", ", ".join(before)))
    return tuple(found)


def _maybe(given: Mapping[str, Any], key: str, name: str, unit: str) -> Datapoint:
    value = _number(given, key)
    return Datapoint(
        key, name, value, unit, missing="" if value is not None else "the record does not tell it"
    )


def _number(given: Mapping[str, Any], key: str) -> float | None:
    return float(given[key]) if key in given else None


plug = Footprints()
