"""The model's kernels are compiled beside the running twin, once, and kept."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil
import pytest

from ecotwin.cycle import warming

ROOT = Path(__file__).parents[2]


@pytest.mark.proof  # at the lowest priority it would wait for every other test
@pytest.mark.timeout(280)
def test_kernels_stand_on_disk_after_it_and_it_has_the_lowest_priority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src")]))
    made = warming.Warming(ROOT / "plants" / "consumer_goods.yaml")
    niced = False
    process = made._process
    assert process is not None
    while process.poll() is None:
        niced |= psutil.Process(process.pid).nice() == warming.LOWEST
        try:
            made.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
    assert made.wait(0.0) == 0
    assert niced
    assert list(tmp_path.rglob("*.nbc")), "compiled kernels"


def test_an_end_of_the_twin_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    made = warming.Warming(ROOT / "plants" / "electronics.yaml")
    made.stop()
    assert made.wait(0.0) not in (None, 0)


def test_without_the_models_libraries_it_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "find_spec", lambda name: None)
    made = warming.Warming(ROOT / "plants" / "electronics.yaml")
    assert made.wait(0.0) is None
    made.stop()
