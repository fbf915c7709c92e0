"""Databases of processes as others write them: read right, refused with every fault and its place."""

from __future__ import annotations

import bz2
import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ecotwin.connectors.brightway import read_brightway
from ecotwin.connectors.ecospold import read_ecospold
from ecotwin.connectors.process_table import read_database
from ecotwin.errors import FileFault

SPOLD = """<?xml version="1.0" encoding="utf-8"?>
<ecoSpold xmlns="http://www.EcoInvent.org/EcoSpold02">
 <childActivityDataset>
  <activityDescription>
   <activity id="{id}" type="1"><activityName xml:lang="en">{name}</activityName></activity>
   <geography geographyId="g"><shortname xml:lang="en">{place}</shortname></geography>
   <timePeriod startDate="2015-01-01" endDate="2021-12-31" isDataValidForEntirePeriod="true"/>
  </activityDescription>
  <flowData>
   <intermediateExchange id="r" intermediateExchangeId="{product}" amount="{amount}">
    <name xml:lang="en">{made}</name><unitName xml:lang="en">{unit}</unitName><outputGroup>0</outputGroup>
   </intermediateExchange>
   {rows}
  </flowData>
 </childActivityDataset>
</ecoSpold>"""
INPUT = """<intermediateExchange id="i" intermediateExchangeId="power" activityLinkId="plant" amount="2.5">
  <name xml:lang="en">electricity</name><unitName xml:lang="en">kWh</unitName>
  <uncertainty><lognormal meanValue="2.5" mu="0.916" variance="0.04" varianceWithPedigreeUncertainty="0.09"/>
   <pedigreeMatrix reliability="2" completeness="1" temporalCorrelation="3" geographicalCorrelation="1"
    furtherTechnologyCorrelation="4"/></uncertainty>
  <inputGroup>5</inputGroup></intermediateExchange>"""
BYPRODUCT = """<intermediateExchange id="b" intermediateExchangeId="slag" amount="{amount}">
  <name xml:lang="en">slag</name><unitName xml:lang="en">kg</unitName><outputGroup>2</outputGroup>
 </intermediateExchange>"""
NATURE = """<elementaryExchange id="e" elementaryExchangeId="co2-air" amount="{amount}" formula="CO2"
  casNumber="124-38-9">
  <name xml:lang="en">Carbon dioxide, fossil</name><unitName xml:lang="en">{unit}</unitName>
  <compartment subcompartmentId="s"><compartment xml:lang="en">air</compartment>
  <subcompartment xml:lang="en">urban air close to ground</subcompartment></compartment>
  <uncertainty>{spread}</uncertainty><outputGroup>4</outputGroup></elementaryExchange>"""


def nature(amount: str = "1.8", unit: str = "kg", spread: str = "") -> str:
    return NATURE.format(amount=amount, unit=unit, spread=spread)


def spold(**more: str) -> str:
    given = {
        "id": "mill", "name": "steel mill", "place": "DE", "product": "steel", "amount": "1", "made": "steel",
        "unit": "kg", "rows": INPUT + BYPRODUCT.format(amount="0") + nature(),
    }  # fmt: skip
    return SPOLD.format(**(given | more))


def power() -> str:
    return spold(
        id="plant",
        name="power station",
        product="power",
        made="electricity",
        unit="kWh",
        rows=nature("0.9"),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "datasets"
    where.mkdir()
    (where / "mill_steel.spold").write_text(spold(), "utf-8")
    (where / "plant_power.spold").write_text(power(), "utf-8")
    (where / "readme.txt").write_text("not a dataset", "utf-8")
    return where


def test_a_folder_of_ecospold_2(folder: Path) -> None:
    database = read_ecospold(folder)
    mill, station = database.processes
    assert (mill.id, mill.product, mill.unit, mill.place, mill.first_year, mill.last_year) == (
        "mill_steel", "steel", "kg", "DE", 2015, 2021,
    )  # fmt: skip
    (taken,) = mill.inputs
    assert (taken.flow, taken.amount, taken.unit) == (station.id, 2.5, "kWh")
    assert taken.spread is not None
    assert taken.spread.kind == "lognormal"
    assert taken.spread.deviation == pytest.approx(0.2)
    assert taken.pedigree == (2, 1, 3, 1, 4)
    (flow,) = database.flows
    assert (flow.id, flow.compartment, flow.formula, flow.cas) == (
        "co2-air", "air/urban air close to ground", "CO2", "124-38-9",
    )  # fmt: skip
    assert [e.amount for e in mill.nature] == [1.8]


def test_a_zip_archive_and_a_file_of_many_datasets_give_the_same(
    folder: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "db.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in folder.glob("*.spold"):
            packed.write(file, f"deep/{file.name}")
    whole = tmp_path / "all.xml"
    pieces = [t.split('02">', 1)[1].removesuffix("</ecoSpold>") for t in (spold(), power())]
    whole.write_text(
        f'<ecoSpold xmlns="http://www.EcoInvent.org/EcoSpold02">{"".join(pieces)}</ecoSpold>',
        "utf-8",
    )
    due = read_ecospold(folder).processes
    assert read_ecospold(archive).processes == due
    assert read_database(whole).processes == due


@pytest.mark.parametrize(
    ("xml", "kind", "numbers"),
    [
        (
            '<normal meanValue="1.8" variance="0.09" varianceWithPedigreeUncertainty="0.1"/>',
            "normal",
            (0.3, 0, 0, None),
        ),
        ('<uniform minValue="1" maxValue="3"/>', "uniform", (0, 1, 3, None)),
        (
            '<triangular minValue="1" mostLikelyValue="1.5" maxValue="3"/>',
            "triangular",
            (0, 1, 3, 1.5),
        ),
        ('<lognormal meanValue="1.8" mu="0" variance="0"/>', None, ()),
    ],
)
def test_spreads(tmp_path: Path, xml: str, kind: str | None, numbers: tuple[Any, ...]) -> None:
    file = tmp_path / "a.spold"
    file.write_text(spold(rows=nature(spread=xml)), "utf-8")
    spread = read_ecospold(file).processes[0].nature[0].spread
    if kind is None:
        assert spread is None
    else:
        assert spread is not None
        assert (spread.deviation, spread.low, spread.high, spread.mode) == pytest.approx(numbers)
        assert spread.kind == kind


def test_spreads_that_are_not_drawn_are_told(tmp_path: Path) -> None:
    file = tmp_path / "a.spold"
    undefined = '<undefined minValue="1" maxValue="2" standardDeviation95="0.1"/>'
    file.write_text(spold(rows=nature(spread=undefined)), "utf-8")
    assert read_ecospold(file).notes == (
        "1 exchanges have the spread undefined, which is not drawn",
    )


def test_every_fault_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.spold").write_text(spold(amount="one", rows=INPUT), "utf-8")
    (tmp_path / "b.spold").write_text(spold(id="b", rows=BYPRODUCT.format(amount="0.3")), "utf-8")
    (tmp_path / "c.spold").write_text(spold(id="c")[:-40], "utf-8")
    (tmp_path / "d.spold").write_text(spold(id="d", rows=nature(unit="g")), "utf-8")
    (tmp_path / "e.spold").write_text(spold(id="e"), "utf-8")
    (tmp_path / "f.spold").write_text("<ecoSpold><activityDataset/></ecoSpold>", "utf-8")
    (tmp_path / "g.spold").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFault) as caught:
        read_ecospold(tmp_path)
    words = str(caught.value)
    for due in ("a.spold: steel mill: the amount of steel is 'one'", "b.spold: steel mill: it makes steel, slag",
                "c.spold: ", "flow co2-air", "f.spold: a dataset has no activityDescription", "g.spold: "):  # fmt: skip
        assert due in words


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><ecoSpold><dataset>&c;</dataset></ecoSpold>"""
SPY = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><ecoSpold>&f;</ecoSpold>'


@pytest.mark.parametrize("text", [BOMB, SPY, BOMB.encode("utf-16").decode("utf-16")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bombs_and_outside_files_are_refused(
    tmp_path: Path, text: str, encoding: str
) -> None:
    file = tmp_path / "bomb.spold"
    body = text.replace('<?xml version="1.0"?>', "")
    file.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode(encoding))
    with pytest.raises(FileFault, match="declares a document type"):
        read_ecospold(file)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "x.7z").write_bytes(b"7z")
    (tmp_path / "bad.zip").write_bytes(b"PK nonsense")
    (tmp_path / "empty.xml").write_text("<ecoSpold/>", "utf-8")
    for name, words in (("none", "holds no file"), ("gone.spold", "cannot be read"), ("x.7z", "unpack"),
                        ("bad.zip", "cannot be read"), ("empty.xml", "no process")):  # fmt: skip
        with pytest.raises(FileFault, match=words):
            read_database(tmp_path / name)


def test_a_broken_member_of_an_archive_is_a_fault_and_not_a_crash(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.spold", spold())
    raw = bytearray(packed.getvalue())
    raw[60:90] = bytes(30)
    (tmp_path / "db.zip").write_bytes(bytes(raw))
    with pytest.raises(FileFault):
        read_ecospold(tmp_path / "db.zip")


OLD = """<ecoSpold xmlns="http://www.EcoInvent.org/EcoSpold01">
<dataset number="1"><metaInformation><processInformation>
 <referenceFunction name="steel" unit="kg" amount="1"/><geography location="DE"/>
 <timePeriod dataValidForEntirePeriod="true"><startDate>2001-01-01</startDate><endDate>2004-12-31</endDate></timePeriod>
</processInformation></metaInformation><flowData>
 <exchange number="1" name="steel" location="DE" unit="kg" meanValue="1"><outputGroup>0</outputGroup></exchange>
 <exchange number="2" name="electricity" location="DE" unit="kWh" meanValue="2.5" uncertaintyType="1"
  standardDeviation95="1.44"><inputGroup>5</inputGroup></exchange>
 <exchange number="9" name="Methane, fossil" category="air" subCategory="unspecified" unit="kg" meanValue="0.01"
  uncertaintyType="3" minValue="0.001" maxValue="0.05" mostLikelyValue="0.01"><outputGroup>4</outputGroup></exchange>
</flowData></dataset></ecoSpold>"""


def test_ecospold_1_links_by_name_place_and_unit(tmp_path: Path) -> None:
    file = tmp_path / "old.xml"
    file.write_text(OLD, "utf-8")
    database = read_ecospold(file)
    (steel,) = database.processes
    assert (steel.id, steel.first_year, steel.last_year) == ("steel|DE|kg", 2001, 2004)
    (taken,) = steel.inputs
    assert taken.flow == "electricity|DE|kWh"
    assert taken.spread is not None
    assert taken.spread.deviation == pytest.approx(math.log(1.2))
    assert database.flows[0].compartment == "air"
    emitted = steel.nature[0].spread
    assert emitted is not None
    assert (emitted.kind, emitted.mode) == ("triangular", 0.01)


DATASETS: list[dict[str, Any]] = [
    {"database": "db", "code": "mill", "name": "steel mill", "reference product": "steel", "unit": "kg",
     "location": "DE",
     "exchanges": [
         {"type": "production", "amount": 1.0, "input": ["db", "mill"]},
         {"type": "technosphere", "amount": 2.5, "input": ["db", "plant"], "uncertainty type": 2, "loc": 0.9,
          "scale": 0.3, "scale without pedigree": 0.2, "pedigree": {"reliability": 2, "completeness": 1,
          "temporal correlation": 3, "geographical correlation": 1, "further technological correlation": 4}},
         {"type": "substitution", "amount": 0.1, "input": ["db", "plant"], "uncertainty type": 4, "minimum": 0.05,
          "maximum": 0.2},
         {"type": "biosphere", "amount": 1.8, "input": ["bio", "co2"], "uncertainty type": 5, "loc": 1.7,
          "minimum": 1.5, "maximum": 2.0},
     ]},
    {"database": "db", "code": "plant", "name": "power station", "unit": "kWh", "location": ["a", "PL"],
     "exchanges": [{"type": "biosphere", "amount": 0.9, "input": ["bio", "co2"], "unit": "kg", "uncertainty type": 7}]},
    {"database": "bio", "code": "co2", "name": "Carbon dioxide, fossil", "type": "emission", "unit": "kg",
     "categories": ["air", "urban air close to ground"], "CAS number": "124-38-9"},
]  # fmt: skip


def packages() -> dict[str, Any]:
    pairs = [[[d["database"], d["code"]], d] for d in DATASETS]
    marked = [[{"__tuple__": True, "data": k}, d] for k, d in pairs]
    head = {"name": "db", "metadata": {}, "class": {"module": "bw2data", "name": "SQLiteBackend"}}
    split = [head | {"data": pairs[:2]}, head | {"name": "bio", "data": pairs[2:]}]
    return {
        "list.json": DATASETS,
        "texts.json": {str(tuple(k)): d for k, d in pairs},
        "one.bw2package": head | {"unrolled_dict": True, "data": pairs},
        "marked.bw2package": head | {"data": marked},
        "dict.bw2package": head
        | {"data": {"__dict__": True, "keys": [k for k, _ in marked], "data": DATASETS}},
        "two.bw2package": split,
    }


@pytest.mark.parametrize("name", list(packages()))
def test_brightway_in_all_its_forms(tmp_path: Path, name: str) -> None:
    raw = json.dumps(packages()[name]).encode()
    (tmp_path / name).write_bytes(bz2.compress(raw) if name.endswith("package") else raw)
    database = read_database(tmp_path / name)
    mill, plant = database.processes
    assert (mill.id, mill.product, plant.product, plant.place) == (
        "db|mill",
        "steel",
        "power station",
        "a/PL",
    )
    taken, replaced = mill.inputs
    assert (taken.flow, taken.amount, taken.unit, taken.pedigree) == (
        "db|plant",
        2.5,
        "kWh",
        (2, 1, 3, 1, 4),
    )
    assert taken.spread is not None
    assert (taken.spread.deviation, taken.spread.whole) == (0.2, False)
    assert replaced.amount == -0.1
    assert replaced.spread is not None
    assert (replaced.spread.low, replaced.spread.high) == (-0.2, -0.05)
    assert mill.nature[0].unit == "kg"
    assert mill.nature[0].spread is not None
    assert mill.nature[0].spread.mode == 1.7
    assert database.flows[0].compartment == "air/urban air close to ground"
    assert database.notes == ("1 exchanges have the uncertainty type 7, which is not drawn",)


def test_brightway_faults_are_all_named(tmp_path: Path) -> None:
    bad = [
        {"database": "db", "code": "a", "name": "two products", "unit": "kg", "exchanges": [
            {"type": "production", "amount": 1.0, "input": ["db", "a"]},
            {"type": "production", "amount": 0.2, "input": ["db", "slag"], "name": "slag"}]},
        {"database": "db", "code": "b", "name": "odd", "unit": "kg", "exchanges": [
            {"type": "technosphere", "amount": None, "name": "gas"}, {"type": "magic", "amount": 1}, 7]},
    ]  # fmt: skip
    (tmp_path / "bad.json").write_text(json.dumps(bad), "utf-8")
    with pytest.raises(FileFault) as caught:
        read_brightway(tmp_path / "bad.json")
    for due in (
        "two products: it makes slag",
        "the amount of gas is None",
        "type 'magic'",
        "no mapping",
    ):
        assert due in str(caught.value)
    for content in (b"BZh9 nonsense", b"{", b"[1, 2]", bz2.compress(b"[]")[:-3]):
        (tmp_path / "x.bw2package").write_bytes(content)
        with pytest.raises(FileFault, match=r"x\.bw2package"):
            read_brightway(tmp_path / "x.bw2package")
