"""Joules, speed and memory a row of every kind of model, native beside ONNX Runtime; writes the evidence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecotwin.service.bench import measure
from proofs import evidence, month

FOLDER = month.ROOT / "docs" / "evidence"
NAME = "0018-edge"
COMMAND = "ecotwin bench edge --seconds 20"


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_edge() -> None:
    made = measure("edge", 20.0)
    told = evidence.head(COMMAND)
    body = {**made, **told, "load": made["machine"]["load_before"]}
    (FOLDER / f"{NAME}.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    (FOLDER / f"{NAME}.md").write_text(page(body), encoding="utf-8")
    for model, gap in made["most_apart"].items():
        assert gap < (1e-4 if "trees" in model else 1e-9), model
    judge = next(m for m in made["models"] if m["model"] == "judge" and m["run_by"] == "ecotwin")
    assert judge["microjoules_a_row"] > 0.0


def page(body: dict[str, Any]) -> str:
    rows = [
        [
            m["model"].replace("_", " "), m["run_by"], f"{m['rows_per_s']:,}", f"{m['microjoules_a_row']:g}",
            f"{m['microjoules_a_row_one_by_one']:g}", f"{m['working_memory_kb']:,}", m["file_kb"] or "",
        ]
        for m in body["models"]
    ]  # fmt: skip
    apart = [[k.replace("_", " "), f"{v:g}"] for k, v in body["most_apart"].items()]
    intro = (
        f"Made by `{body['command']}` on {body['date']} at commit {body['commit']} ({body['changed_files']} "
        f"changed source files), {body['machine']}, load {body['load']:g} before: shared with other work, so CPU "
        "time is counted and not wall time. Seed 7. Do not edit: the proof (`tests/proofs/test_edge.py`) writes it."
    )
    how = (
        f"{body['signals']} signals, learned from {body['trained_on_rows']:,} rows, judged in blocks of 1,024 rows "
        f"and one by one. Joules are CPU seconds x {body['core_w']:g} W of a busy core ({body['power_model']}). A row "
        "of `expectation` is a minute of all machines of the electronics works; of `forecast` one step of a day "
        "ahead, and *one by one* there is the whole day of 24; of `life trees` a unit. Rows a second are of one core."
    )
    said = (
        "One by one, the call costs more than the computing: there ONNX Runtime needs less than the judge and the "
        "trees themselves. In blocks the judge itself is the thriftier one."
    )
    return (
        "\n\n".join(
            [
                "# At the edge: what a row costs",
                intro,
                how,
                evidence.table(
                    "model | run by | rows/s | uJ a row | uJ a row, one by one | working memory [kB] | file [kB]",
                    rows,
                ),
                said,
                "## Native beside ONNX Runtime",
                "Largest difference on rows not learned from, by the spread of the answers.",
                evidence.table("model | largest difference", apart),
            ]
        )
        + "\n"
    )
