"""Nameplate, technical data and carbon footprint of a shell, element by element as their templates have them.

Sources: IDTA 02006-3-0-1, 02003-2-0-1 and 02023-1-0-1 (templates as JSON); IDTA 02002-1-0 for the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ecotwin.clock import iso
from ecotwin.errors import FigureGap
from ecotwin.records import Measure
from ecotwin.reports.aas_elements import Maker, short

_PCF = "https://admin-shell.io/idta/CarbonFootprint"
_ADDRESS = "https://admin-shell.io/zvei/nameplate/1/0/ContactInformations/AddressInformation"
ARBITRARY = "https://admin-shell.io/SMT/General/Arbitrary"
NAMEPLATE_TEXTS = (
    ("ManufacturerProductRoot", "0112/2///61360_7#AAS011#001", "product_root"),
    ("ManufacturerProductFamily", "0112/2///61987#ABP464#002", "product_family"),
)
NAMEPLATE_PROPERTIES = (
    ("ManufacturerProductType", "0112/2///61987#ABA300#008", "product_type"),
    ("OrderCodeOfManufacturer", "0112/2///61987#ABA950#008", "order_code"),
    ("ProductArticleNumberOfManufacturer", "0112/2///61987#ABA581#007", "article_number"),
    ("SerialNumber", "0112/2///61987#ABA951#009", "serial"),
    ("YearOfConstruction", "0112/2///61987#ABP000#002", "year_of_construction"),
    ("DateOfManufacture", "0112/2///61987#ABB757#007", "date_of_manufacture"),
    ("HardwareVersion", "0112/2///61987#ABA926#008", "hardware_version"),
    ("FirmwareVersion", "0112/2///61987#ABA302#006", "firmware_version"),
    ("SoftwareVersion", "0112/2///61987#ABA601#008", "software_version"),
    ("CountryOfOrigin", "0112/2///61987#ABP462#001", "country_of_origin"),
    (
        "UniqueFacilityIdentifier",
        "https://admin-shell.io/idta/nameplate/3/0/UniqueFacilityIdentifier",
        "facility_id",
    ),
)
_ADDRESS_PARTS = (
    ("Street", "0173-1#02-AAO128#002", "manufacturer_street"),
    ("Zipcode", "0173-1#02-AAO129#002", "manufacturer_zip"),
    ("CityTown", "0173-1#02-AAO132#002", "manufacturer_city"),
    ("NationalCode", "0173-1#02-AAO134#002", "manufacturer_country"),
)
METHODS = {
    "ISO14067": ("ISO 14067", "0173-1#07-ABU218#003"),
    "ISO14044": ("ISO 14040, ISO 14044", "0173-1#07-ABV505#003"),
    "ISO14040-44": ("ISO 14040, ISO 14044", "0173-1#07-ABV505#003"),
    "GHGP-Product": ("GHG Protocol", "0173-1#07-ABU221#003"),
    "PAS2050": ("BS PAS 2050", "0173-1#07-ACC008#001"),
    "PACT-1.0": ("PACT v1.0.1", "0173-1#07-ACC004#001"),
    "PACT-2.0": ("PACT v2.0.0", "0173-1#07-ACC003#001"),
    "PACT-3.0": ("PACT v3.0.0", "0173-1#07-ACC012#001"),
}
"""PACT's names of standards -> value and value id in the list of the template."""
UNITS = {
    "piece": ("piece", "0173-1#07-ABZ603#003"),
    "kilogram": ("kg", "0173-1#07-ABZ597#003"),
    "liter": ("l", "0173-1#07-ABZ600#003"),
    "cubic meter": ("cbm", "0173-1#07-ABZ601#003"),
    "square meter": ("qm", "0173-1#07-ABZ602#003"),
    "kilowatt hour": ("kWh", "0173-1#07-ACB997#001"),
}
"""PACT's names of declared units -> value and value id in the list of the template."""
_EDITION = ("1", "0", "https://admin-shell.io/IDTA 02023-1-0")
PHASES = (
    ("A1 - raw material supply (and upstream production)", "0173-1#07-ABU208#003"),
    ("A2 - cradle-to-gate transport to factory", "0173-1#07-ABU209#003"),
    ("A3 - production", "0173-1#07-ABU210#003"),
)
"""What a cradle-to-gate footprint covers."""


def nameplate(shells: Any, base: str, told: Mapping[str, str]) -> Any:
    """Digital Nameplate 3.0 of the facts, which `aas.missing` has judged."""
    make = Maker(shells)
    elements = [
        make.property(
            "URIOfTheProduct", told["product_uri"], "0112/2///61987#ABN590#002", "AnyURI"
        ),
        make.text("ManufacturerName", told["manufacturer"], "0112/2///61987#ABA565#009"),
        make.text(
            "ManufacturerProductDesignation", told["designation"], "0112/2///61987#ABA567#009"
        ),
        make.group(
            "AddressInformation",
            [make.text(n, told[key], i) for n, i, key in _ADDRESS_PARTS],
            _ADDRESS,
        ),
    ]
    elements += [make.text(n, told[key], i) for n, i, key in NAMEPLATE_TEXTS if told.get(key)]
    for name, id_, key in NAMEPLATE_PROPERTIES:
        if told.get(key):
            kind = "Date" if key == "date_of_manufacture" else "String"
            elements.append(make.property(name, told[key], id_, kind))
    semantic = "https://admin-shell.io/idta/nameplate/3/0/Nameplate"
    return make.submodel(
        base, "Nameplate", semantic, elements, ("3", "0", "https://admin-shell.io/idta-02006-3-0")
    )


def technical_data(
    shells: Any,
    base: str,
    told: Mapping[str, str],
    facts: Mapping[str, str],
    figures: Sequence[Measure],
) -> Any:
    """Technical Data 2.0: what the machine is, and the figures of its period with interval and coverage."""
    make = Maker(shells)
    general = make.group(
        "GeneralInformation",
        [
            make.property("ManufacturerName", told["manufacturer"], "0173-1#02-AAO677#004"),
            make.text(
                "ManufacturerProductDesignation", told["designation"], "0173-1#02-AAW338#003"
            ),
            make.property(
                "ManufacturerArticleNumber", told["article_number"], "0173-1#02-AAO676#005"
            ),
            make.property("ManufacturerOrderCode", told["order_code"], "0173-1#02-AAO227#004"),
        ],
        "0173-1#02-ABK161#002/0173-1#01-AHX838#002",
    )
    area = "0173-1#02-ABL358#002/0173-1#01-AHX773#002"
    areas = []
    if facts:
        properties = [make.property(short(k), v, ARBITRARY) for k, v in facts.items()]
        areas.append(make.group(None, properties, area, "What the plant file tells of it"))
    if figures:
        areas.append(make.group(None, _figures(make, figures), area, "Environmental performance"))
    elements = [general]
    if areas:
        elements.append(make.listed("TechnicalPropertyAreas", areas, "0173-1#02-ABK163#002", area))
    return make.submodel(
        base, "TechnicalData", "0173-1#01-AHX837#002", elements, ("2", "0", "https://admin-shell.io/idta-02003-2-0"),
        own=True,
    )  # fmt: skip


def carbon_footprint(shells: Any, base: str, records: Sequence[Mapping[str, Any]]) -> Any:
    """Carbon Footprint 1.0 of PACT records, each cradle to gate.

    Raises:
        FigureGap: A record's unit is none of the template's, or a field is missing.
    """
    make = Maker(shells)
    one = f"{_PCF}/ProductCarbonFootprint/1/0"
    made = [
        make.group(None, _footprint(make, r), one, str(r.get("productNameCompany", "")))
        for r in records
    ]
    elements = [
        make.listed("ProductCarbonFootprints", made, f"{_PCF}/ProductCarbonFootprints/1/0", one)
    ]
    semantic = f"{_PCF}/CarbonFootprint/1/0"
    return make.submodel(
        base,
        "CarbonFootprint",
        semantic,
        elements,
        ("1", "0", "https://admin-shell.io/IDTA 02023-1-0"),
    )


def _footprint(make: Maker, record: Mapping[str, Any]) -> list[Any]:
    pcf = record.get("pcf", {})
    needed = {
        "declaredUnitOfMeasurement": pcf.get("declaredUnitOfMeasurement") in UNITS,
        "declaredUnitAmount": _decimal(pcf.get("declaredUnitAmount")) is not None,
        "pcfExcludingBiogenicUptake": _decimal(pcf.get("pcfExcludingBiogenicUptake")) is not None,
        "crossSectoralStandards": bool(pcf.get("crossSectoralStandards")),
        "created": _moment(record.get("created")) is not None,
        "validityPeriodEnd": not record.get("validityPeriodEnd")
        or _moment(record["validityPeriodEnd"]) is not None,
    }
    if not all(needed.values()):
        raise FigureGap(
            f"the footprint {record.get('id')} cannot become a CarbonFootprint: "
            + ", ".join(f"{k} is {pcf.get(k, record.get(k))!r}" for k, had in needed.items() if not had),
            expected=f"a PACT record in one of {', '.join(UNITS)}", remedy="declare the footprint so",
        )  # fmt: skip
    unit, unit_id = UNITS[pcf["declaredUnitOfMeasurement"]]
    methods = [METHODS.get(s, (s, "")) for s in pcf["crossSectoralStandards"]]
    found = [
        make.values(
            "PcfCalculationMethods",
            methods,
            f"{_PCF}/PcfCalculationMethods/1/0",
            "0173-1#02-ABG854#003",
        ),
        make.property(
            "PcfCO2eq",
            _decimal(pcf["pcfExcludingBiogenicUptake"]),
            "0173-1#02-ABG855#003",
            "Decimal",
        ),
        make.property(
            "ReferenceImpactUnitForCalculation", unit, "0173-1#02-ABG856#003", value_id=unit_id
        ),
        make.property(
            "QuantityOfMeasureForCalculation",
            float(pcf["declaredUnitAmount"]),
            "0173-1#02-ABG857#003",
            "Double",
        ),
        make.values(
            "LifeCyclePhases", PHASES, f"{_PCF}/LifeCyclePhases/1/0", "0173-1#02-ABG858#003"
        ),
        make.property(
            "PublicationDate", _moment(record["created"]), f"{_PCF}/PublicationDate/1/0", "DateTime"
        ),
    ]
    if record.get("validityPeriodEnd"):
        end = _moment(record["validityPeriodEnd"])
        found.append(make.property("ExpirationDate", end, f"{_PCF}/ExpirationDate/1/0", "DateTime"))
    return found


def _figures(make: Maker, figures: Sequence[Measure]) -> list[Any]:
    """A section a figure; the interval and coverage stand beside the value."""
    names = [short(f.indicator) for f in figures]
    made = []
    for n, f in enumerate(figures):
        name = names[n] if names.count(names[n]) == 1 else short(f"{f.indicator}_{f.period}")
        cells: list[tuple[str, Any, str]] = [
            ("Value", f.value, "Double"), ("Unit", f.unit, "String"), ("Low", f.low, "Double"),
            ("High", f.high, "Double"),
            ("Coverage", f.coverage, "Double"), ("EstimatedShare", f.estimated_share, "Double"),
            ("Start", iso(f.period.start_us), "String"), ("End", iso(f.period.end_us), "String"),
            ("Method", f.method, "String"), ("Measure", f.id, "String"),
        ]  # fmt: skip
        made.append(
            make.group(name, [make.property(n_, v, ARBITRARY, k) for n_, v, k in cells], ARBITRARY)
        )
    return made


def _decimal(text: Any) -> Decimal | None:
    try:
        found = Decimal(str(text))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
