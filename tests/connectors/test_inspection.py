"""Pictures as a connection: read in each form, judged once, counted through a restart; what cannot be read is told."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ecotwin.clock import ManualClock
from ecotwin.connectors.contract import InletLimits
from ecotwin.connectors.inspection import Inspection
from ecotwin.connectors.picture_files import read_picture
from ecotwin.errors import FileFault, SettingsFault
from ecotwin.learning.pictures import Inspector
from tiny_eye import content, eye, pictures, png
from wire_plants import plant_of, signal

SHAPES = st.one_of(
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)),
)


@settings(max_examples=60, deadline=None)
@given(
    SHAPES.flatmap(lambda s: arrays(np.uint8, s)),
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
)
def test_a_png_is_read_by_every_filter(
    tmp_path_factory: pytest.TempPathFactory,
    picture: np.ndarray,
    filters: list[int],
) -> None:
    file = tmp_path_factory.mktemp("png") / "p.png"
    file.write_bytes(png(picture, tuple(filters)))
    assert np.array_equal(read_picture(file), picture)


def test_other_forms_and_what_is_broken(tmp_path: Path) -> None:
    picture = pictures(3, 1)[0][0]
    (tmp_path / "p.pgm").write_bytes(b"P5\n# a camera\n16 16\n255\n" + picture.tobytes())
    np.save(tmp_path / "p.npy", picture)
    colour = np.repeat(picture[..., None], 3, axis=2)
    (tmp_path / "p.ppm").write_bytes(b"P6 16 16 255\n" + colour.tobytes())
    (tmp_path / "alpha.png").write_bytes(png(np.dstack([colour, np.full((16, 16), 255, np.uint8)])))
    assert np.array_equal(read_picture(tmp_path / "p.pgm"), picture)
    assert np.array_equal(read_picture(tmp_path / "p.npy"), picture)
    assert np.array_equal(read_picture(tmp_path / "p.ppm"), colour)
    assert np.array_equal(read_picture(tmp_path / "alpha.png"), colour)
    whole = png(picture)
    for broken in (b"", b"words", whole[:40], whole[:60] + b"x" + whole[61:], b"P5 16 16 255\n12"):
        (tmp_path / "bad.png").write_bytes(broken)
        with pytest.raises(FileFault, match="cannot be read"):
            read_picture(tmp_path / "bad.png")
    np.save(tmp_path / "float.npy", picture.astype(float))
    with pytest.raises(FileFault, match="float64"):
        read_picture(tmp_path / "float.npy")


def connection(folder: Path, **options: str) -> Inspection:
    signals = [
        signal(n, f"camera/{name}", form)
        for n, (name, form) in enumerate(
            (("total", "counter"), ("good", "counter"), ("probability", "gauge"))
        )
    ]
    told = {"path": str(folder / "pictures"), "model": str(eye(folder)), **options}
    plant = plant_of(signals, "inspection", told)
    clock = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    return Inspection(plant, plant.connections[0], clock, settings=InletLimits(batch_samples=30))


def save(folder: Path, seed: int, count: int, first: int = 0) -> list[bool]:
    """Pictures as files a second apart, and what the network says of them."""
    shown, _ = pictures(seed, count)
    (folder / "pictures").mkdir(exist_ok=True)
    for n, picture in enumerate(shown, start=first):
        file = folder / "pictures" / f"{n:04}.png"
        file.write_bytes(png(picture, (4, 1)))
        os.utime(file, (1_780_000_000 + n, 1_780_000_000 + n))
    return [bool(b) for b in Inspector(content()).bad(shown) > 0.5]


def drained(made: Inspection) -> tuple[list[tuple[int, int, float]], str]:
    rows, cursor = [], ""
    while (found := made.take(0.0)) is not None:
        s = found.samples
        assert len(s) <= 30
        rows += list(zip(s.signal.tolist(), s.at.tolist(), s.value.tolist(), strict=True))
        cursor = found.cursor
    return rows, cursor


def test_each_picture_is_counted_once_through_a_restart(tmp_path: Path) -> None:
    flagged = save(tmp_path, 5, 25)
    made = connection(tmp_path)
    made.start()
    rows, cursor = drained(made)
    made.stop()
    total, good = ([v for s, _, v in rows if s == n] for n in (0, 1))
    assert total == [float(n) for n in range(1, 26)]
    assert good[-1] == 25 - sum(flagged)
    assert next(at for s, at, _ in rows if s == 0) == 1_780_000_000_000_000
    more = save(tmp_path, 6, 5, first=25)
    again = connection(tmp_path)
    again.start(cursor)
    rows, _ = drained(again)
    assert [v for s, _, v in rows if s == 0] == [26.0, 27.0, 28.0, 29.0, 30.0]
    assert [v for s, _, v in rows if s == 1][-1] == 30 - sum(flagged) - sum(more)
    assert again.health().extra["total"] == 30


def test_what_cannot_be_judged_is_told_and_not_counted(tmp_path: Path) -> None:
    save(tmp_path, 7, 3)
    (tmp_path / "pictures" / "0001.png").write_bytes(b"broken")
    os.utime(tmp_path / "pictures" / "0001.png", (1_780_000_001, 1_780_000_001))
    made = connection(tmp_path)
    made.start()
    rows, _ = drained(made)
    assert max(v for s, _, v in rows if s == 0) == 2.0
    assert made.health().refused == 1
    assert "cannot be read" in made.health().text


def test_a_folder_or_model_that_is_not_there(tmp_path: Path) -> None:
    made = connection(tmp_path)
    made.start()
    assert made.take(0.0) is None
    assert made.health().state == "offline"
    save(tmp_path, 8, 1)
    assert made.take(0.0) is not None
    assert made.health().state == "online"
    lost = connection(tmp_path, model=str(tmp_path / "none.onnx"))
    lost.start()
    assert lost.health().state == "failed"
    assert lost.take(0.0) is None
    with pytest.raises(SettingsFault, match="lacks model"):
        connection(tmp_path, model="")
