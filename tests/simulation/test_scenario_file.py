"""Scenario texts: all faults at once with their lines, and a schema that is published."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from ecotwin.errors import ScenarioFileFault
from ecotwin.simulation.scenario_file import parse, schema, schema_text

ROOT = Path(__file__).parents[2]
HEAD = "id: one\nname: One\n"


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(ScenarioFileFault) as told:
        parse(text, "s.yaml")
    return told.value.faults


def test_every_fault_at_once_with_its_line_and_mend() -> None:
    told = faults(
        "id: Bad\nname: x\nset_point: []\nset_points:\n  - signals: [a.b]\n    start: -2h\n    value: .nan\n"
        "events:\n  - kind: x\n"
    )
    assert [t.split(": ")[0] for t in told] == [f"s.yaml:{n}" for n in (1, 3, 6, 7, 9)]
    assert "did you mean 'set_points'" in told[1]
    assert "+2h" in told[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\n", "lacks the key 'id'"),
        ("- a\n", "holds no scenario"),
        ("id: [\n", "not YAML"),
        (HEAD + "name: Two\n", "stands twice"),
        (HEAD + "calendar: {change: [{shift: Early, start: '25:00'}]}\n", "time of day"),
        (HEAD + "orders: [{line: l, jobs: [{id: a, product: 1, parts: -3}]}]\n", "greater than 0"),
        (HEAD + "carbon_price: {per_t: -5, source: x}\n", "greater than or equal to 0"),
        (HEAD + "carbon_price: {per_t: 5}\n", "lacks the key 'source'"),
        (HEAD + "weather: {start: '2026-02-31'}\n", "sound value"),
    ],
)
def test_faults_are_named(text: str, said: str) -> None:
    assert said in "\n".join(faults(text))


def test_the_schema_is_published_and_takes_what_we_take() -> None:
    published = (ROOT / "docs" / "scenario.schema.json").read_text("utf-8")
    assert published == schema_text(), "write schema_text() to docs/scenario.schema.json"
    jsonschema.Draft202012Validator.check_schema(json.loads(published))
    for path in (ROOT / "plants").glob("*/scenarios/*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), schema())
        assert parse(path.read_text("utf-8"), path.name).id == path.stem
