"""`ecotwin forecast` on files: what it writes, prints and refuses."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ecotwin.cli import app
from ecotwin.errors import EcotwinError, FileFault, SettingsFault
from loads import hourly_load


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = hourly_load(5, seed=41)
    path = tmp_path_factory.mktemp("forecast") / "load.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["when", "kW", "plan", "shift"])
        for at, (load, plan) in zip(rows.at_s, rows.values, strict=True):
            stamp = datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(" ")
            writer.writerow([stamp, load, plan, "early"])
    return path


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["forecast", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def words(file: Path, **changed: str) -> list[str]:
    options = {
        "time": "when", "target": "kW", "horizon": "24", "origin": "2026-02-02 00:00:00",
        "every": "24", "forecaster": "seasonal", **changed,
    }  # fmt: skip
    return [str(file), *(w for k, v in options.items() for w in (f"--{k}", v))]


def test_a_row_for_each_origin_and_step_with_rising_quantiles(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "F.csv"
    told = json.loads(run(*words(file), "--known", "plan", "--out", str(out), "--json"))
    with out.open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert list(rows[0]) == ["origin", "at", "q10", "q50", "q90"]
    assert told["origins"] == 7
    assert len(rows) == 7 * 24
    assert rows[0]["origin"] == rows[0]["at"] == "2026-02-02 00:00:00"
    assert rows[-1]["at"] == "2026-02-08 23:00:00"
    assert all(float(r["q10"]) <= float(r["q50"]) <= float(r["q90"]) for r in rows)
    load = hourly_load(5, seed=41).column("load")[-168:]
    miss = np.array([float(r["q50"]) for r in rows]) - load
    assert told["mae"] == pytest.approx(np.abs(miss).mean())
    assert told["rmse"] == pytest.approx(np.sqrt((miss**2).mean()))
    inside = [float(r["q10"]) <= v <= float(r["q90"]) for r, v in zip(rows, load, strict=True)]
    assert told["coverage"] == pytest.approx(np.mean(inside))
    assert set(told["repeats"]) == {"a day", "a week"}
    assert told["seasonal_naive"]["rmse"] > 0
    assert any("shift" in note for note in told["notes"])


def test_for_a_person_the_season_repeated_stands_beside(file: Path) -> None:
    text = run(*words(file, every="0"))
    assert "from 1 origins" in text
    assert "repeating a" in text
    assert "80 % band" in text


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"target": "nothing"}, FileFault),
        ({"target": "shift"}, FileFault),
        ({"origin": "2031-01-01"}, SettingsFault),
        ({"origin": "2026-02-08 23:00:00"}, EcotwinError),
        ({"origin": "2026-01-05 02:00:00"}, EcotwinError),
        ({"horizon": "0"}, SettingsFault),
        ({"every": "-3"}, SettingsFault),
        ({"forecaster": "oracle"}, EcotwinError),
    ],
)
def test_what_cannot_be_told_is_refused(
    file: Path, changed: dict[str, str], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        run(*words(file, **changed))
