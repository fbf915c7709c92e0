"""Whatever a file of processes holds, it is read or refused in words; it never breaks the reader."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.test_ecospold import DATASETS, OLD, spold
from connectors.test_process_table import TABLE, WEIGHTS
from ecotwin.connectors.process_table import read_database, read_weights
from ecotwin.errors import FileFault
from ecotwin.records.lifecycle import Database, WeightTable

LAW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = (
    "exchanges amount type input unit name location categories pedigree data class "
    "__tuple__ __dict__ keys database code x"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=6)
    ),
    max_leaves=25,
)
CELLS = ["amount", "input", "unit", "name", "pedigree", "loc", "scale", "minimum", "maximum"]
HEADS = ["location", "name", "unit", "categories", "exchanges"]
ROW_TYPES = ["production", "technosphere", "biosphere", "substitution", "odd"]


def refused_or_read(name: str, content: bytes, weights: bool = False) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        with suppress(FileFault):
            found: Any = read_weights(file) if weights else read_database(file)
            assert isinstance(found, WeightTable if weights else Database)


@LAW
@given(data=JSON)
def test_any_json(data: Any) -> None:
    refused_or_read("a.json", json.dumps(data).encode())


@LAW
@given(
    row=st.dictionaries(st.sampled_from(CELLS), JSON),
    kind=st.sampled_from(ROW_TYPES),
    spread=st.integers(0, 7),
    more=st.dictionaries(st.sampled_from(HEADS), JSON),
)
def test_any_exchange_in_a_sound_database(
    row: dict[str, Any], kind: str, spread: int, more: dict[str, Any]
) -> None:
    dataset = {
        **DATASETS[1],
        "exchanges": [{**row, "type": kind, "uncertainty type": spread}],
    } | more
    refused_or_read("a.json", json.dumps([dataset, *DATASETS[2:]]).encode())


@LAW
@given(
    text=st.sampled_from([spold(), OLD, TABLE, WEIGHTS]),
    cuts=st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 40), st.text(max_size=8)),
        min_size=1,
        max_size=5,
    ),
)
def test_any_damage_to_a_sound_file(text: str, cuts: list[tuple[int, int, str]]) -> None:
    name = "a.csv" if text in (TABLE, WEIGHTS) else "a.spold"
    spoilt = text
    for start, length, put in cuts:
        start %= len(spoilt) + 1
        spoilt = spoilt[:start] + put + spoilt[start + length :]
    refused_or_read(name, spoilt.encode("utf-8", "surrogatepass"), weights=text == WEIGHTS)
