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
    ("dqr_tech", "technologicalDQR", "Technology"),
    ("dqr_geo", "geographicalDQR", "Geography"),
    ("dqr_time", "temporalDQR", "Time"),
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
        parts += [_product(dossier, r, stages.get(r["id"], ())) for r in records]
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


def _product(dossier: Dossier, record: Mapping[str, Any], stages: Any) -> Section:
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
            _stage(dossier, s["stage"]), s["co2e_kg"], s["half_kg"], s["primary_share"], s["technology"],
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


def _stage(dossier: Dossier, name: str) -> str:
    """A stage as the catalogue names its figure."""
    key = f"ghg.scope3_cat{name.removeprefix('scope 3 category ')}"
    known = dossier.indicators.get(name) or dossier.indicators.get(key)
    return known.name if known is not None else name


def _datapoints(record: Mapping[str, Any]) -> tuple[Datapoint, ...]:
    pcf = record["pcf"]
    unit = f"kgCO2e/{pcf['declaredUnitOfMeasurement']}"
    found = [
        Datapoint("id", "Record", record["id"]),
        Datapoint("products", "Product ids", ", ".join(record["productIds"])),
        _maybe(pcf, "pcf", "pcfExcludingBiogenicUptake", "Footprint without biogenic uptake", unit),
        _maybe(
            pcf, "pcf_bio", "pcfIncludingBiogenicUptake", "Footprint with biogenic uptake", unit
        ),
        _maybe(pcf, "primary", "primaryDataShare", "Primary data share", "%"),
    ]
    dqi = pcf.get("dqi") or {}
    found += [_maybe(dqi, at, key, f"Data quality: {name}", "1 to 5") for at, key, name in _RATINGS]
    before = record.get("precedingPfIds")
    if before:
        found.append(Datapoint("follows", "Follows", ", ".join(before)))
    return tuple(found)


def _maybe(given: Mapping[str, Any], at: str, key: str, name: str, unit: str) -> Datapoint:
    value = _number(given, key)
    lacking = "" if value is not None else f"the record does not tell {key}"
    return Datapoint(at, name, value, unit, note=key, missing=lacking)


def _number(given: Mapping[str, Any], key: str) -> float | None:
    return float(given[key]) if key in given else None


plug = Footprints()
