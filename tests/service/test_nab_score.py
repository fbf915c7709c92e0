"""The Numenta benchmark on a set made up here: files found, windows placed, ends of the scale."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ecotwin.errors import SettingsFault
from ecotwin.records import Bools, Rows
from ecotwin.service.bench.nab_score import probation, read_all, scored


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of 400 rows of five minutes, one window each."""
    rng, known = np.random.default_rng(1), {}
    for name in ("one/a.csv", "two/b.csv"):
        file = tmp_path / "data" / name
        file.parent.mkdir(parents=True)
        stamps = [
            f"2024-01-{1 + m // 1440:02d} {m // 60 % 24:02d}:{m % 60:02d}:00"
            for m in range(0, 2000, 5)
        ]
        rows = "\n".join(f"{s},{v:.3f}" for s, v in zip(stamps, rng.normal(size=400), strict=True))
        file.write_text(f"timestamp,value\n{rows}\n")
        known[name] = [[f"{stamps[200]}.000000", f"{stamps[239]}.000000"]]
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(known))
    return tmp_path


def marks(*rows: int) -> Bools:
    out = np.zeros(400, np.bool_)
    out[list(rows)] = True
    return out


def test_the_ends_of_the_scale_and_the_folders(folder: Path) -> None:
    files = read_all(folder)
    assert [s.windows for s in files] == [((200, 239),), ((200, 239),)]
    assert [s.learn for s in files] == [60, 60]

    def first_row(rows: Rows, learn: int) -> Bools:
        del rows, learn
        return marks(200)

    def nothing(rows: Rows, learn: int) -> Bools:
        del rows, learn
        return marks()

    perfect, null = scored(files, first_row), scored(files, nothing)
    for profile in ("standard", "reward_low_FP", "reward_low_FN"):
        assert perfect[profile] == 100.0
        assert null[profile] == 0.0
    assert perfect["by_folder"]["one"]["hit"] == 1
    assert (null["hit"], null["outside"], null["windows"]) == (0, 0, 2)


def test_probation_is_the_published_rule() -> None:
    assert [probation(n) for n in (100, 4032, 5000, 22_695)] == [15, 604, 750, 750]


def test_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match="combined_windows"):
        read_all(tmp_path)
