"""kill -9 at any moment, and a disk that fills up: what was acknowledged is there exactly once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.errors import StoreFull
from ecotwin.history.embedded import DuckStore

from . import child
from .conftest import START, Opener, all_forms, batch

SPAN = Period(START, START + timedelta(days=1))


def started(folder: Path, limit_bytes: int = 0) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(Path(child.__file__).parents[1]), *sys.path])
    return subprocess.Popen(
        [sys.executable, child.__file__, str(folder), str(limit_bytes)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip


def rows_by_batch(store: DuckStore) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    values = np.concatenate([store.raw(s, SPAN, limit=10**7).value for s in range(4)])
    return np.bincount(values.astype(np.int64))


def check(folder: Path, acknowledged: int) -> int:
    """Every acknowledged batch is there once and whole; at most the one under way came on top."""
    store = DuckStore(all_forms(), folder)
    with store._file.read() as (con, _):  # doubles too: `raw` would fold them
        total = con.execute("SELECT count(*) FROM sample").fetchone()[0]
    counts = rows_by_batch(store)
    batches = len(counts)
    assert set(counts.tolist()) == {child.ROWS}
    assert total == batches * child.ROWS
    assert acknowledged + 1 <= batches <= acknowledged + 2
    assert store.cursors() == {"meter": str(batches - 1)}
    assert store.reject_counts() == {"range": batches}
    assert store.window(range(4), SPAN, 60).count.sum() == total
    store.close()
    return batches


def test_kill_at_random_moments_loses_and_doubles_nothing(tmp_path: Path) -> None:
    rng = random.Random(4)
    acknowledged, kept = -1, 0
    for _ in range(7):
        process = started(tmp_path)
        assert process.stdout is not None
        assert process.stdout.readline().split() == ["from", str(kept)]
        wanted = kept + rng.randrange(1, 40)
        for line in process.stdout:
            acknowledged = int(line.split()[1])
            if acknowledged >= wanted:
                break
        time.sleep(rng.random() * 0.02)
        process.kill()
        for line in process.stdout:  # acknowledged before it died, read after
            if line.endswith("\n"):
                acknowledged = int(line.split()[1])
        process.communicate()
        kept = check(tmp_path, acknowledged)
    assert kept > 20


@pytest.mark.parametrize("limit_bytes", [900_000, 1_900_000])
def test_full_disk_is_told_and_the_batch_comes_through_later(
    tmp_path: Path, limit_bytes: int
) -> None:
    """The small limit stops the log, the larger one the checkpoint that works the log in."""
    process = started(tmp_path, limit_bytes)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    lines = out.splitlines()
    full = next(line for line in lines if line.startswith("full"))
    assert "no room left on the disk" in full
    assert "everything acknowledged before is safe" in full
    k = int(full.split()[1])
    assert k > 3
    assert [line for line in lines if line.startswith("kept")] == [f"kept {i}" for i in range(k)]
    assert lines[-1] == f"again {k}"
    store = DuckStore(all_forms(), tmp_path)
    assert rows_by_batch(store).tolist() == [child.ROWS] * (k + 1)
    store.close()


def test_reserve_is_kept_for_the_checkpoint(opened: Opener, tmp_path: Path) -> None:
    opened().close()
    store = opened(reserve_mb=0)
    store.append(batch([0], [1], [1.0]), known_at=START)
    store._file._reserve = 10**18
    with pytest.raises(StoreFull, match="kept in reserve"):
        store.append(batch([0], [2], [1.0]), known_at=START)
    store._file._reserve = 0
    store.append(batch([0], [2], [1.0]), known_at=START)
