"""`ecotwin bench streams`: its scores by hand, a small set read as the real one is, and sets that are not there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ecotwin.detection.nab import PROFILES
from ecotwin.errors import SettingsFault
from ecotwin.service.bench import batadal, nab_score, skab_changes
from made_streams import sticky


def test_the_score_of_attacks_by_hand() -> None:
    truth = np.zeros(100, np.bool_)
    truth[20:40] = truth[60:70] = True
    over = np.zeros(100, np.bool_)
    over[30:40] = True  # half late, half told; the second is missed
    over[80:87] = True  # seven of seventy normal rows
    told = batadal.worth(over, truth)
    assert (told["found"], told["of"], told["false_rows"], told["false_stretches"]) == (1, 2, 7, 1)
    assert told["false_share"] == 0.1
    assert told["score_soon"] == 0.25
    assert told["rows_of_attacks_told"] == pytest.approx(1 / 3, abs=1e-4)
    assert told["score"] == pytest.approx(0.5 * 0.25 + 0.25 * (1 / 3 + 0.9), abs=1e-4)
    assert told["f1"] == pytest.approx(20 / 47, abs=1e-4)
    perfect = batadal.worth(truth, truth)
    assert perfect["score"] == perfect["f1"] == 1.0
    assert "score" not in batadal.worth(over, np.zeros(100, np.bool_))


def test_the_own_scale_of_change_points_falls_from_a_hit_to_a_false_alarm() -> None:
    standard, windows = PROFILES["standard"], [(10, 70)]

    def worth(*rows: int) -> float:
        alarms = np.zeros(100, np.bool_)
        alarms[list(rows)] = True
        return skab_changes.own_worth(alarms, windows, standard)

    assert worth() == -1.0
    assert worth(10) == pytest.approx(1.0)
    assert worth(40) == pytest.approx((1.0 - 0.11) / 2)
    assert worth(70) == pytest.approx(-0.11)
    assert worth(10, 50, 90) == pytest.approx(1.0 - 0.11)


def test_a_small_numenta_set_is_read_and_scored(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    values = sticky(rng, 1200, 0.5)
    values[800:804] += 25.0
    folder = tmp_path / "nab"
    (folder / "data" / "made").mkdir(parents=True)
    (folder / "labels").mkdir()
    stamps = [f"2026-01-{1 + i // 288:02d} {i // 12 % 24:02d}:{5 * (i % 12):02d}:00" for i in range(1200)]  # fmt: skip
    lines = [f"{t},{v!r}" for t, v in zip(stamps, values.tolist(), strict=True)]
    (folder / "data" / "made" / "one.csv").write_text("\n".join(["timestamp,value", *lines]))
    labels = {"made/one.csv": [[stamps[790], stamps[849]]], "made/gone.csv": []}
    (folder / "labels" / "combined_windows.json").write_text(json.dumps(labels))
    told = nab_score.measure(tmp_path)
    assert (told["files"], told["rows"], told["windows"]) == (1, 1200, 1)
    assert told["judge"]["hit"] == 1
    assert told["judge"]["standard"] > 70.0
    assert told["best_limit_by_the_labels"]["standard"] >= told["judge"]["standard"]
    assert set(told["judge"]["by_folder"]) == {"made"}
    assert any(name.endswith("without looking") for name in told["peers"])


@pytest.mark.parametrize("part", [nab_score, batadal, skab_changes])
def test_a_set_that_is_not_there_is_named(tmp_path: Path, part: object) -> None:
    with pytest.raises(SettingsFault, match=r"not there|no files"):
        part.measure(tmp_path)  # type: ignore[attr-defined]
