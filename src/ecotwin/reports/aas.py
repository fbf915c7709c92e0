"""A machine or the site as an Asset Administration Shell: an AASX package that other twins read.

Submodels: Digital Nameplate 3.0 (IDTA 02006-3-0-1), Technical Data 2.0 (02003-2-0-1), Time Series Data 1.1
(02008-1-1-1) and Carbon Footprint 1.0 (02023-1-0-1). What a submodel must hold and the plant file does not tell is
refused by name, with the place where to write it. The same input gives the same bytes.

Sources: IDTA submodel templates named above; IDTA 01001 to 01005 (metamodel, package).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from importlib import import_module
from typing import Any

from ecotwin.errors import EcotwinError, FigureGap
from ecotwin.plant.model import Element, Plant
from ecotwin.records import Measure
from ecotwin.reports import aas_submodels as make
from ecotwin.reports.aas_elements import LANGUAGE, short
from ecotwin.reports.aas_series import Series, time_series

_LONGEST = 1023
"""Letters that a description of the metamodel may have."""
REQUIRED: Mapping[str, str] = {
    "product_uri": "URIOfTheProduct: an address or URN that names this very thing, worldwide",
    "manufacturer": "ManufacturerName",
    "designation": "ManufacturerProductDesignation: what its maker calls it",
    "manufacturer_street": "AddressInformation/Street",
    "manufacturer_zip": "AddressInformation/Zipcode",
    "manufacturer_city": "AddressInformation/CityTown",
    "manufacturer_country": "AddressInformation/NationalCode: two letters",
    "order_code": "OrderCodeOfManufacturer",
    "article_number": "ManufacturerArticleNumber",
}
"""Facts that the mandatory properties need, each with its property."""
OPTIONAL = (
    "product_root",
    "product_family",
    "product_type",
    "serial",
    "year_of_construction",
    "date_of_manufacture",
    "hardware_version",
    "firmware_version",
    "software_version",
    "country_of_origin",
    "facility_id",
)
"""Facts that go into the nameplate where they are told."""


def facts_of(plant: Plant, element: str, more: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What is told of an element: its own facts, what its company says of a site, and `more` on top."""
    place = plant.element(element)
    told = {k: _text(v) for k, v in place.kind_facts.items()}
    if place.level == "site":
        company = {"manufacturer": plant.company.name, "designation": place.name}
        told = {k: v for k, v in company.items() if v} | told
        told.setdefault("manufacturer_country", plant.country)
    return told | {k: _text(v) for k, v in (more or {}).items()}


def missing(plant: Plant, element: str, more: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Mandatory properties that nobody told, each with the fact that gives it; empty: the export can be made."""
    told = facts_of(plant, element, more)
    lacking = [f"`{key}` ({what})" for key, what in REQUIRED.items() if not told.get(key)]
    country = told.get("manufacturer_country", "")
    if country and not (len(country) == 2 and country.isalpha() and country.isupper()):
        lacking.append(f"`manufacturer_country` is {country!r}, not two capital letters")
    uri = told.get("product_uri", "")
    if uri and (":" not in uri or any(c.isspace() for c in uri)):
        lacking.append(f"`product_uri` is {uri!r}, no address or URN")
    day = told.get("date_of_manufacture", "")
    if day and not _is_day(day):
        lacking.append(f"`date_of_manufacture` is {day!r}, no day such as 2021-03-04")
    return tuple(lacking)


def export(
    plant: Plant,
    element: str,
    figures: Sequence[Measure] = (),
    series: Sequence[Series] = (),
    footprint: Sequence[Mapping[str, Any]] = (),
    *,
    made_at: datetime,
    facts: Mapping[str, Any] | None = None,
) -> bytes:
    """The AASX package of an element.

    Args:
        plant: The plant. element: Id of a machine or the site.
        figures: Of this element; each becomes a property of the technical data, with its interval and coverage.
        series: Each becomes a Time Series submodel of its own, with its records and, where told, its link.
        footprint: PACT `ProductFootprint` records; each becomes one product carbon footprint.
        made_at: Plant time of making, with its zone. facts: What the plant file does not tell, see `REQUIRED`.

    Raises:
        FigureGap: A mandatory property is not told, or a record cannot be put into the submodel; all are named.
        EcotwinError: The library of shells is not installed.
    """
    place = _judged(plant, element, figures, made_at, facts)
    shells = _library()
    told = facts_of(plant, element, facts)
    base = told["product_uri"].rstrip("/")
    submodels = [
        make.nameplate(shells, base, told),
        make.technical_data(shells, base, told, _technical(told), figures),
        *(time_series(shells, base, one, n, made_at) for n, one in enumerate(series, 1)),
    ]
    if footprint:
        submodels.append(make.carbon_footprint(shells, base, footprint))
    return _packed(shells, place, base, submodels, made_at)


def _judged(
    plant: Plant,
    element: str,
    figures: Sequence[Measure],
    made_at: datetime,
    facts: Mapping[str, Any] | None,
) -> Element:
    """The element, where everything is there to export it.

    Raises:
        FigureGap: Something is missing or does not fit.
    """
    place = next((e for e in plant.elements if e.id == element), None)
    if place is None or place.level not in ("machine", "site"):
        raise FigureGap(
            f"{element} is {'not in the plant file' if place is None else f'a {place.level}'}",
            expected="a machine or the site",
            remedy="name one of its machines",
        )
    if made_at.tzinfo is None:
        raise FigureGap(
            f"{made_at} tells no zone", expected="a time with its zone", remedy="give one"
        )
    lacking = missing(plant, element, facts)
    if lacking:
        raise FigureGap(
            f"the nameplate of {element} cannot be made; not told: {'; '.join(lacking)}",
            expected="every mandatory property of the Digital Nameplate and Technical Data",
            remedy=_where(place),
        )
    strange = sorted({f.id for f in figures if f.element != element})
    if strange:
        raise FigureGap(
            f"these figures are not of {element}: {', '.join(strange)}",
            expected=f"figures of {element}",
            remedy="leave them out",
        )
    return place


def _packed(
    shells: Any, place: Element, base: str, submodels: list[Any], made_at: datetime
) -> bytes:
    """The package, its parts stamped with the time of making, so that it repeats byte for byte."""
    aasx: Any = import_module("basyx.aas.adapter.aasx")

    kind = shells.AssetKind.INSTANCE
    shell = shells.AssetAdministrationShell(
        shells.AssetInformation(asset_kind=kind, global_asset_id=base),
        id_=f"{base}/aas",
        id_short=short(place.id),
        description=shells.MultiLanguageTextType(
            {LANGUAGE: (place.description or place.name)[:_LONGEST]}
        ),
        submodel={shells.ModelReference.from_referable(s) for s in submodels},
    )
    store = shells.DictIdentifiableStore([shell, *submodels])
    raw = io.BytesIO()
    with aasx.AASXWriter(raw, failsafe=False) as writer:
        writer.write_aas(shell.id, store, aasx.DictSupplementaryFileContainer(), write_json=True)
        about = aasx.pyecma376_2.OPCCoreProperties()
        about.created = about.modified = made_at
        about.creator, about.title = "ecotwin", place.name
        writer.write_core_properties(about)
    stamp = made_at.timetuple()[:6]
    packed = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(
                zipfile.ZipInfo(info.filename, stamp), old.read(info), zipfile.ZIP_DEFLATED
            )
    return packed.getvalue()


def _technical(told: Mapping[str, str]) -> dict[str, str]:
    """Facts that are no nameplate's."""
    taken = {*REQUIRED, *OPTIONAL, "role"}
    return {k: v for k, v in sorted(told.items()) if k not in taken and v}


def _where(place: Element) -> str:
    if place.level == "machine":
        return f"write them under `facts` of the machine {place.id} in the plant file"
    return "hand them over as `facts`; the plant file holds the name of the `company`"


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _library() -> Any:
    try:
        from basyx.aas import model
    except ImportError:
        raise EcotwinError(
            "the export as an Asset Administration Shell needs basyx-python-sdk, which is not installed",
            expected="the extra `exchange`",
            remedy="pip install ecotwin[exchange]",
        ) from None
    return model
