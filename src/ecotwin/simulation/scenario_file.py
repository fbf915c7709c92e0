"""A scenario's text -> typed parts, every fault at once with its line and what mends it; no file is opened here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ecotwin.errors import ScenarioFileFault
from ecotwin.plant.faults import Faults, typed_as
from ecotwin.plant.lines import Document, NotYaml, read
from ecotwin.simulation.scenario_parts import ScenarioPart

_STAND_IN = {"id": "scenario", "name": "Scenario"}

NOUN = "the scenario"


@dataclass(frozen=True)
class Scenario:
    """A scenario that was read.

    Attributes:
        part: What it says. file: Name of its file, for messages. text: As it was written.
        document: Lines of its keys.
    """

    part: ScenarioPart
    file: str
    text: str
    document: Document

    @property
    def id(self) -> str:
        """Its id."""
        return self.part.id

    @property
    def digest(self) -> str:
        """SHA-256 of its text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def faults(self) -> Faults:
        """An empty list of faults that knows the scenario's lines."""
        return Faults(self.file, self.document, ScenarioPart, NOUN)


def parse(text: str, file: str = "scenario.yaml") -> Scenario:
    r"""Read a scenario.

    Args:
        text: YAML. file: Its name, for messages.

    Raises:
        ScenarioFileFault: It is not sound; `faults` holds every fault as `file:line: found; mend`.

    >>> parse("id: cooler\nname: Cooler\nweather: {warmer_k: -2}\n").part.weather.warmer_k
    -2.0
    """
    try:
        document = read(text)
    except NotYaml as fault:
        mend = "correct the indentation, quotes or brackets there"
        raise ScenarioFileFault(
            file, (f"{file}:{fault.line}: this is not YAML that we read: {fault.found}; {mend}",)
        ) from None
    faults = Faults(file, document, ScenarioPart, NOUN)
    for line, key in document.doubles:
        faults.at(line, f"the key {key!r} stands twice in one mapping", "keep one of them")
    part = None
    if isinstance(document.data, dict):
        part = typed_as(ScenarioPart, faults, _STAND_IN)
    else:
        faults.at(1, "the file holds no scenario", "begin with `id:` and `name:`")
    if part is None or faults.texts:
        raise ScenarioFileFault(file, faults.texts)
    return Scenario(part, file, text, document)


def schema() -> dict[str, Any]:
    """The JSON Schema of scenarios, for editors.

    >>> schema()["title"]
    'ecotwin scenario'
    """
    made = ScenarioPart.model_json_schema()
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "ecotwin scenario"
    return made


def schema_text() -> str:
    """The JSON Schema as the text that is committed in `docs/scenario.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
