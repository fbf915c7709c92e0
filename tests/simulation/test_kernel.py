"""A compiled line is never older than the files whose functions are compiled into it."""

from __future__ import annotations

import os
from pathlib import Path

from ecotwin.simulation import kernel, linebook, lineplay


def _kept(folder: Path, name: str, at_s: float) -> Path:
    path = folder / name
    path.write_bytes(b"")
    os.utime(path, (at_s, at_s))
    return path


def test_only_what_is_older_than_one_of_its_files_is_forgotten(tmp_path: Path) -> None:
    old, new = (
        _kept(tmp_path, "line.play-1.py.nbi", 100.0),
        _kept(tmp_path, "line.play-9.py.nbi", 300.0),
    )
    other = _kept(tmp_path, "line.book-1.py.nbi", 100.0)
    made_of = [
        _kept(tmp_path, "room.py", 50.0),
        _kept(tmp_path, "work.py", 200.0),
        tmp_path / "gone.py",
    ]
    assert kernel.forget_older(tmp_path, "line.play", made_of) == [old]
    assert (old.exists(), new.exists(), other.exists()) == (False, True, True)
    assert kernel.forget_older(tmp_path, "line.play", made_of) == []


def test_every_file_that_is_compiled_into_a_line_is_looked_at() -> None:
    """A file that a kernel takes functions or numbers from, however far down, stands in the list."""
    seen: set[str] = set()
    ahead = [lineplay.__file__, linebook.__file__]
    while ahead:
        text = Path(ahead.pop()).read_text(encoding="utf-8")
        for line in text.splitlines():
            if line.startswith("from ecotwin.simulation."):
                name = line.split()[1].rsplit(".", 1)[1]
                if name != "kernel" and name not in seen:
                    seen.add(name)
                    ahead.append(str(Path(kernel.__file__).with_name(f"{name}.py")))
    assert seen == {p.stem for p in kernel._MADE_OF}
    assert all(p.is_file() for p in kernel._MADE_OF)
