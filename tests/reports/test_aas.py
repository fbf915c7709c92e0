"""A machine as an Asset Administration Shell: as the templates ask, as the test engine likes it, read back alike."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aas_test_engines import file as engine
from basyx.aas import model
from basyx.aas.adapter import aasx

from ecotwin.clock import Period
from ecotwin.errors import EcotwinError, FigureGap
from ecotwin.plant.duties import Company
from ecotwin.plant.model import Element, Plant, Signal
from ecotwin.records import Measure, Window
from ecotwin.reports import aas
from ecotwin.reports.aas_series import Series, SeriesColumn, of_window

DATA = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", Path(__file__).parents[3] / "shared" / "data"))
TEMPLATES = DATA / "interop" / "aas_submodels" / "published"
MADE_AT = datetime(2026, 7, 1, 6, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "role": "machine", "kw_busy": 30.0, "heated": True,
    "product_uri": "https://example.com/ovens/R7/4711", "manufacturer": "Öfen & Co", "designation": "Reflow oven R7",
    "manufacturer_street": "Ring 1", "manufacturer_zip": "24103", "manufacturer_city": "Kiel",
    "manufacturer_country": "DE", "order_code": "R7-8Z", "article_number": "R7-000-1", "serial": "4711",
    "year_of_construction": 2021.0, "date_of_manufacture": "2021-03-04", "firmware_version": "2.1",
}  # fmt: skip
OVEN = Element("oven_1", "Oven 1", "machine", "works", "oven", FACTS)
SITE = Element("works", "Works", "site", "")
PLANT = Plant(
    "works",
    "Works",
    "Europe/Berlin",
    "EUR",
    "DE",
    (SITE, OVEN),
    (),
    (),
    company=Company("Works Ltd"),
)
PERIOD = Period(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
FIGURES = (
    Measure(
        "oven_1",
        "energy.electricity",
        12345.678,
        "kWh",
        PERIOD,
        0.98,
        0.02,
        12300.0,
        12400.0,
        "energy/1: meter",
    ),
    Measure(
        "oven_1",
        "ghg.scope2_location",
        4000.5,
        "kgCO2e",
        PERIOD,
        0.98,
        0.02,
        3900.0,
        4100.0,
        "greenhouse/1: x",
    ),
)
AT = tuple(PERIOD.start + timedelta(hours=n) for n in range(3))
POWER = SeriesColumn("oven_1.power", "Power", "kW", (30.25, None, 12.0))
STATE = SeriesColumn("oven_1.state", "State", "1", (5.0, 5.0, 0.0))
LINK = ("https://twin.example.com/api/v1/series", "signal=oven_1.power&step=3600")
SERIES = Series("Hours of June", AT, (POWER, STATE), *LINK)
FOOTPRINT: dict[str, Any] = {
    "id": "f",
    "created": "2026-07-01T06:00:00+00:00",
    "validityPeriodEnd": "2029-07-01T00:00:00Z",
    "productNameCompany": "Board",
    "pcf": {
        "declaredUnitOfMeasurement": "piece",
        "declaredUnitAmount": "1",
        "pcfExcludingBiogenicUptake": "3.141592653",
        "crossSectoralStandards": ["ISO14067", "PACT-3.0"],
    },
}
ARBITRARY = "https://admin-shell.io/SMT/General/Arbitrary"
OWN = ("https://example.com/", ARBITRARY, "https://admin-shell.io/idta/TimeSeries/UtcTime")
"""Meanings of one's own, of anything, and one that the specification has and the template leaves out."""


def oven(**more: Any) -> bytes:
    given: dict[str, Any] = {
        "figures": FIGURES,
        "series": [SERIES],
        "footprint": [FOOTPRINT],
        "made_at": MADE_AT,
    } | more
    return aas.export(PLANT, "oven_1", **given)


def loaded(package: bytes) -> dict[str, model.Submodel]:
    store: Any = model.DictIdentifiableStore()
    files: Any = aasx
    with aasx.AASXReader(io.BytesIO(package), failsafe=False) as reader:
        reader.read_into(store, files.DictSupplementaryFileContainer())
    shells = [o for o in store if isinstance(o, model.AssetAdministrationShell)]
    assert len(shells) == 1
    assert {r.resolve(store).id_short for r in shells[0].submodel} == {
        s.id_short for s in store if isinstance(s, model.Submodel)
    }
    assert shells[0].asset_information.global_asset_id == FACTS["product_uri"]
    return {str(s.id_short): s for s in store if isinstance(s, model.Submodel)}


def at(element: Any, *path: str | int) -> Any:
    for name in path:
        if isinstance(name, int):
            element = list(element.value)[name]
        elif isinstance(element, model.Submodel):
            element = element.get_referable(name)
        else:
            element = next(e for e in element.value if e.id_short == name)
    return element


def messages(result: Any) -> list[str]:
    return (
        [result.message, *(m for r in result.sub_results for m in messages(r))]
        if not result.ok()
        else []
    )


def test_the_test_engine_finds_nothing_wrong() -> None:
    result = engine.check_aasx_file(io.BytesIO(oven()))  # type: ignore[arg-type]
    assert result.ok(), messages(result)
    spoilt = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(oven())) as old, zipfile.ZipFile(spoilt, "w") as new:
        for info in old.infolist():
            body = old.read(info)
            new.writestr(
                info, body.replace(b'"xs:double"', b'"xs:dubble"') if b"modelType" in body else body
            )
    assert not engine.check_aasx_file(spoilt).ok(), "the engine really judges what is inside"  # type: ignore[arg-type]


def test_it_reads_back_with_the_same_values() -> None:
    found = loaded(oven())
    assert set(found) == {"Nameplate", "TechnicalData", "TimeSeries", "CarbonFootprint"}
    plate = found["Nameplate"]
    assert at(plate, "ManufacturerName").value["en"] == "Öfen & Co"
    assert at(plate, "AddressInformation", "NationalCode").value["en"] == "DE"
    assert at(plate, "SerialNumber").value == "4711"
    assert at(plate, "YearOfConstruction").value == "2021"
    assert str(at(plate, "DateOfManufacture").value) == "2021-03-04"
    areas = at(found["TechnicalData"], "TechnicalPropertyAreas")
    assert {p.id_short: p.value for p in at(areas, 0).value} == {"heated": "true", "kw_busy": "30"}
    power = at(areas, 1, "energy_electricity")
    assert (at(power, "Value").value, at(power, "Low").value, at(power, "Unit").value) == (
        12345.678,
        12300.0,
        "kWh",
    )
    assert at(power, "Coverage").value == 0.98
    records = at(found["TimeSeries"], "Segments", "InternalSegment", "Records")
    rows = [{p.id_short: p.value for p in r.value} for r in records.value]
    assert [r.get("oven_1_power_kW") for r in rows] == [30.25, None, 12.0]
    assert [r["oven_1_state"] for r in rows] == [5.0, 5.0, 0.0]
    assert [r["Time00"] for r in rows] == list(AT)
    assert [r["Time01"] for r in rows] == [0, 3600, 7200]
    link = at(found["TimeSeries"], "Segments", "LinkedSegment")
    assert (at(link, "Endpoint").value, at(link, "RecordCount").value) == (SERIES.endpoint, 3)
    pcf = at(found["CarbonFootprint"], "ProductCarbonFootprints", 0)
    assert at(pcf, "PcfCO2eq").value == Decimal("3.141592653")
    assert [p.value for p in at(pcf, "PcfCalculationMethods").value] == ["ISO 14067", "PACT v3.0.0"]
    assert [str(p.value)[:2] for p in at(pcf, "LifeCyclePhases").value] == ["A1", "A2", "A3"]
    assert (
        at(pcf, "ReferenceImpactUnitForCalculation").value_id.key[0].value == "0173-1#07-ABZ603#003"
    )
    assert at(pcf, "ExpirationDate").value == datetime(2029, 7, 1, tzinfo=UTC)


def test_the_same_input_gives_the_same_bytes_and_another_time_does_not() -> None:
    assert oven() == oven()
    assert oven() != oven(made_at=MADE_AT + timedelta(hours=1))


def meaning(element: dict[str, Any]) -> str:
    keys = (element.get("semanticId") or {}).get("keys") or [{"value": ""}]
    return str(keys[0]["value"]).strip()


def cardinality(element: dict[str, Any]) -> str:
    return next(
        (q["value"] for q in element.get("qualifiers", []) if q["type"].endswith("Cardinality")),
        "ZeroToMany",
    )


def compare(
    asked: list[dict[str, Any]], given: list[dict[str, Any]], path: str, faults: list[str]
) -> None:
    """Every element that the template asks for is there, of its type; what is there is what the template has."""
    wanted_here = [w for w in asked if meaning(w) != ARBITRARY]
    for wanted in wanted_here:
        here = [g for g in given if meaning(g) == meaning(wanted)]
        where = f"{path}/{wanted.get('idShort', '*')}"
        if cardinality(wanted) in ("One", "OneToMany") and not here:
            faults.append(f"{where} is missing")
        if cardinality(wanted) in ("One", "ZeroToOne") and len(here) > 1 and "*" not in where:
            faults.append(f"{where} stands there {len(here)} times")
        for g in here:
            types = (
                (g["modelType"], g.get("valueType")),
                (wanted["modelType"], wanted.get("valueType")),
            )
            if types[0] != types[1]:
                faults.append(f"{where} is {types[0]}, not {types[1]}")
            if g["modelType"] in ("SubmodelElementCollection", "SubmodelElementList"):
                compare(wanted.get("value", []), g.get("value", []), where, faults)
    if asked:
        known = {meaning(w) for w in asked}
        strange = [g for g in given if meaning(g) not in known and not meaning(g).startswith(OWN)]
        faults += [f"{path}/{g.get('idShort')} is not in the template" for g in strange]


FILES = {
    "Nameplate": "Digital nameplate/3/0/1/IDTA 02006-3-0-1_Template_Digital Nameplate.json",
    "TechnicalData": "Technical_Data/2/0/1/IDTA 02003_2-0-1_Template_TechnicalData.json",
    "TimeSeries": "Time Series Data/1/1/1/IDTA 02008-1-1-1_Template_TimeSeriesData.json",
    "CarbonFootprint": "Carbon Footprint/1/0/1/IDTA 02023-1-0-1 _Template_CarbonFootprint.json",
}


@pytest.mark.parametrize("name", list(FILES))
def test_every_submodel_is_what_its_published_template_asks(name: str) -> None:
    file = TEMPLATES / FILES[name]
    if not file.exists():
        pytest.skip("no ../shared/data/interop/aas_submodels beside this repository")
    (template,) = json.loads(file.read_text("utf-8-sig"))["submodels"]
    with zipfile.ZipFile(io.BytesIO(oven())) as package:
        body = json.loads(package.read("aasx/data.json"))
    made = next(s for s in body["submodels"] if s["idShort"] == name)
    faults: list[str] = []
    compare(template["submodelElements"], made["submodelElements"], name, faults)
    assert faults == []
    assert made["semanticId"] == template["semanticId"]
    compare(template["submodelElements"], made["submodelElements"][1:], name, faults)
    assert faults, "the comparison sees what is missing"


def test_what_the_plant_file_does_not_tell_is_refused_by_name() -> None:
    told = {"role": "machine", "manufacturer_country": "Germany"}
    bare = replace(PLANT, elements=(SITE, replace(OVEN, kind_facts=told)))
    with pytest.raises(FigureGap) as caught:
        aas.export(bare, "oven_1", made_at=MADE_AT)
    for words in ("product_uri", "`manufacturer` (ManufacturerName)", "AddressInformation/Street", "'Germany'",
                  "under `facts` of the machine oven_1"):  # fmt: skip
        assert words in str(caught.value)
    assert aas.missing(PLANT, "oven_1") == ()
    assert any("blank" in m for m in aas.missing(PLANT, "oven_1", {"product_uri": "a blank"}))


def test_a_site_takes_its_company_and_what_is_handed_over() -> None:
    with pytest.raises(FigureGap, match="hand them over as `facts`") as caught:
        aas.export(PLANT, "works", made_at=MADE_AT)
    assert "`manufacturer`" not in str(caught.value)
    more = {k: v for k, v in FACTS.items() if k in aas.REQUIRED and k != "manufacturer"}
    found = loaded(aas.export(PLANT, "works", made_at=MADE_AT, facts=more))
    assert at(found["Nameplate"], "ManufacturerName").value["en"] == "Works Ltd"
    assert set(found) == {"Nameplate", "TechnicalData"}


def test_several_series_are_several_submodels() -> None:
    found = loaded(
        oven(series=[SERIES, replace(SERIES, name="Again", endpoint="", complete=False)])
    )
    assert at(found["TimeSeries2"], "Segments", "InternalSegment", "State").value == "in progress"
    assert [e.id_short for e in at(found["TimeSeries2"], "Segments").value] == ["InternalSegment"]


def test_a_window_becomes_a_series_without_inventing_values() -> None:
    signals = tuple(
        Signal(
            n,
            f"oven_1.{name}",
            name,
            "oven_1",
            name,
            form,
            "electricity",
            unit,
            unit,
            1.0,
            0.0,
            60.0,
            "bus",
            name,
        )
        for n, (name, form, unit) in enumerate(
            (("energy", "counter", "kWh"), ("power", "rate", "kW"))
        )
    )
    plant = replace(PLANT, signals=signals)
    gap, two = float("nan"), (3, 2)
    numbers = np.array([[1.5, 6.0], [gap, gap], [2.0, 8.0]])
    zeros = np.zeros(two)
    window = Window(
        Period(AT[0], AT[-1] + timedelta(hours=1)), 3600, (0, 1), numbers * 10, zeros, zeros, zeros, numbers, zeros,
        zeros, zeros.astype(np.int64),
    )  # fmt: skip
    series = of_window(plant, window, "June")
    assert series.at == AT
    assert [c.values for c in series.columns] == [(1.5, None, 2.0), (60.0, None, 80.0)]
    found = loaded(aas.export(plant, "oven_1", series=[series], made_at=MADE_AT))
    records = at(found["TimeSeries"], "Segments", "InternalSegment", "Records")
    assert [len(list(r.value)) for r in records.value] == [4, 2, 4]


def spoilt(**pcf: Any) -> dict[str, Any]:
    return {**FOOTPRINT, "pcf": {**FOOTPRINT["pcf"], **pcf}}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"series": [replace(SERIES, at=AT[::-1])]}, "do not rise"),
        ({"series": [replace(SERIES, at=())]}, "no record"),
        ({"series": [replace(SERIES, at=tuple(t.replace(tzinfo=None) for t in AT))]}, "no zone"),
        (
            {"series": [replace(SERIES, columns=(SeriesColumn("a", "A", "", (1.0,)),))]},
            "has 1 values",
        ),
        (
            {
                "series": [
                    replace(SERIES, columns=(SeriesColumn("a", "A", "", (1.0, float("nan"), 2.0)),))
                ]
            },
            "holds nan",
        ),
        (
            {"series": [replace(SERIES, columns=(SERIES.columns[0], SERIES.columns[0]))]},
            "share a name",
        ),
        ({"series": [replace(SERIES, query="")]}, "no query"),
        ({"footprint": [spoilt(declaredUnitOfMeasurement="hour")]}, "'hour'"),
        ({"footprint": [spoilt(pcfExcludingBiogenicUptake="NaN")]}, "pcfExcludingBiogenicUptake"),
        ({"footprint": [{**FOOTPRINT, "created": "in July"}]}, "created is 'in July'"),
        (
            {"footprint": [{**FOOTPRINT, "validityPeriodEnd": "2029-07-01T00:00:00"}]},
            "validityPeriodEnd",
        ),
        ({"facts": {"date_of_manufacture": "March"}}, "'March'"),
        ({"figures": [replace(FIGURES[0], element="press")]}, "not of oven_1"),
        ({"made_at": datetime(2026, 7, 1)}, "no zone"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_exported_is_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(FigureGap, match=words):
        oven(**more)


def test_a_line_is_no_shell_and_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    line = replace(PLANT, elements=(SITE, Element("line", "Line", "line", "works")))
    with pytest.raises(FigureGap, match="a machine or the site"):
        aas.export(line, "line", made_at=MADE_AT)
    monkeypatch.setitem(__import__("sys").modules, "basyx.aas", None)
    with pytest.raises(EcotwinError, match=r"ecotwin\[exchange\]"):
        oven()
