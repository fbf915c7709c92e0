"""`ecotwin model`: trained here, run there, the same answers; what is wrong is said."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from running import ENVIRONMENT, command, json_of

TRAIN = 300


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a rig: faults after the training part, gaps, and a label."""
    chance = np.random.default_rng(4)
    hidden = chance.normal(size=(700, 2))
    values = hidden @ chance.normal(size=(2, 3)) * [1.0, 1e3, 1e-3] + [5.0, 1e4, 0.0]
    values += 0.1 * chance.normal(size=values.shape) * [1.0, 1e3, 1e-3]
    values[500:560, 0] += 5.0
    file = tmp_path_factory.mktemp("rig") / "rig.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["at", "flow", "power", "shaking", "fault"])
        for n, row in enumerate(values):
            cells = [repr(float(v)) if (n + k) % 97 else "" for k, v in enumerate(row)]
            writer.writerow([n * 10, *cells, int(500 <= n < 560)])
    return file


EDGE = """
import sys
BLOCKED = {"sklearn", "lightgbm", "scipy", "skl2onnx", "onnxmltools", "onnx", "numba", "ruptures"}
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is not at the edge")
sys.meta_path.insert(0, Blocked())
from ecotwin.cli import main
main()
"""


def edge(*words: object) -> subprocess.CompletedProcess[str]:
    """The command in a process that can train nothing."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", EDGE, *map(str, words)],
        capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=60,
    )  # fmt: skip


def table(file: Path) -> list[dict[str, str]]:
    with file.open() as lines:
        return list(csv.DictReader(lines))


def test_a_judge_tells_at_the_edge_what_detect_tells(rig: Path, tmp_path: Path) -> None:
    words = ("--time", "at", "--train-rows", TRAIN)
    out, model, told = (tmp_path / n for n in ("d.csv", "m.onnx", "r.csv"))
    done = command("detect", rig, *words, "--label", "fault", "--out", out)
    assert done.returncode == 0, done.stderr
    made = json_of(
        command("model", "export", rig, *words, "--leave", "fault", "--out", model, "--json")
    )
    assert made["kind"] == "judge"
    assert made["trained_on"] == TRAIN
    run = edge(
        "model", "run", model, rig, "--time", "at", "--skip-rows", TRAIN, "--out", told, "--json"
    )
    ran = json_of(run)
    assert ran["joules_a_row"] > 0.0
    ours, theirs = table(told), table(out)
    assert [r["time"] for r in ours] == [r["time"] for r in theirs]
    assert [r["anomaly"] for r in ours] == [r["anomaly"] for r in theirs]
    assert 40 < sum(r["anomaly"] == "1" for r in ours) < 120
    for a, b in zip(ours, theirs, strict=True):
        assert (a["score"] == "") == (b["score"] == "")
        assert float(a["score"] or 0) == pytest.approx(float(b["score"] or 0), rel=1e-9)
    shown = json_of(edge("model", "show", model, "--json"))
    assert shown["columns"] == ["flow", "power", "shaking"]
    assert shown["trained"] == ["0", str((TRAIN - 1) * 10)]


def test_a_column_is_told_from_the_others(rig: Path, tmp_path: Path) -> None:
    model, told = tmp_path / "m.onnx", tmp_path / "r.csv"
    words = ("--time", "at", "--train-rows", TRAIN, "--leave", "fault", "--target", "power")
    made = json_of(command("model", "export", rig, *words, "--out", model, "--json"))
    assert made["signals"] == ["flow", "shaking"]
    assert made["mean_error_held_back"] < 0.6 * made["mean_error_of_the_mean"]
    ran = edge("model", "run", model, rig, "--time", "at", "--out", told)
    assert ran.returncode == 0, ran.stderr
    values = table(told)
    assert len(values) == 700
    later = [
        abs(float(v["value"]) - float(r["power"]))
        for v, r in zip(values[TRAIN:500], table(rig)[TRAIN:500], strict=True)
        if v["value"] and r["power"]
    ]
    assert np.mean(later) < 1.5 * made["mean_error_held_back"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "{rig}", "--out", "{m}"), "neither or both"),
        (("export", "{rig}", "--train-rows", "9999", "--out", "{m}"), "training part"),
        (("export", "{rig}", "--train-rows", "20", "--out", "{m}"), "rows"),
        (("export", "{rig}", "--train-rows", "300", "--target", "wind", "--out", "{m}"), "wind"),
        (("run", "{rig}", "{rig}", "--out", "{m}"), "ONNX"),
        (("run", "nowhere.onnx", "{rig}", "--out", "{m}"), "cannot be read"),
        (("show", "nowhere.onnx"), "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    rig: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    filled = [w.format(rig=rig, m=tmp_path / "m.onnx") for w in words]
    done = command("model", *filled)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_lacks_a_signal_is_refused(rig: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    words = ("--time", "at", "--train-rows", TRAIN, "--leave", "fault", "--target", "power")
    assert command("model", "export", rig, *words, "--out", model).returncode == 0
    other = tmp_path / "other.csv"
    other.write_text("at,flow\n0,1\n10,2\n")
    done = command("model", "run", model, other, "--time", "at", "--out", tmp_path / "r.csv")
    assert done.returncode == 1
    assert "shaking" in done.stderr
