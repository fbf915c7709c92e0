"""Files that are in use, damaged, foreign or newer: each a clear word."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ecotwin.errors import StoreBusy, StoreFault
from ecotwin.history.embedded import DuckStore
from ecotwin.history.storefile import NAME

from .conftest import START, Opener, all_forms, batch
from .test_crash import started


def test_second_process_is_told_who_holds_it(tmp_path: Path) -> None:
    process = started(tmp_path)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(
            StoreBusy, match=rf"process {process.pid}.*What to do: ask the running twin"
        ):
            DuckStore(all_forms(), tmp_path)
    finally:
        process.kill()
        process.communicate()
    DuckStore(all_forms(), tmp_path).close()


def test_second_store_in_one_process_is_refused_too(opened: Opener) -> None:
    opened()
    with pytest.raises(StoreBusy):
        opened()


def test_damaged_file_is_told(opened: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "h"
    folder.mkdir()
    (folder / NAME).write_bytes(b"this is no database at all" * 1000)
    with pytest.raises(StoreFault, match="ecotwin restore"):
        opened(folder=folder)
    (folder / NAME).unlink()
    store = opened(folder=folder)
    store.append(batch([0], [1], [1.0]), known_at=START)
    store.close()
    whole = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(whole[:4096] + b"\0" * 8192 + whole[12288:])
    with pytest.raises(StoreFault, match=r"cannot be read|failed while"):
        opened(folder=folder)
    (folder / NAME).write_bytes(whole)
    assert opened(folder=folder).image(START).value[0] == 1.0


def test_file_of_another_program_is_left_alone(opened: Opener, tmp_path: Path) -> None:
    con = duckdb.connect(str(tmp_path / NAME))
    con.execute("CREATE TABLE sales(x INTEGER)")
    con.close()
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(StoreFault, match="another program"):
        opened(folder=tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_newer_file_is_refused(opened: Opener, tmp_path: Path) -> None:
    opened(folder=tmp_path).close()
    con = duckdb.connect(str(tmp_path / NAME))
    con.execute("UPDATE meta SET value = '999' WHERE key = 'version'")
    con.close()
    with pytest.raises(StoreFault, match="newer ecotwin"):
        opened(folder=tmp_path)


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreFault, match="opening its folder"):
        DuckStore(all_forms(), tmp_path / "file" / "history")


def test_closed_store_says_so(opened: Opener) -> None:
    store = opened()
    store.close()
    store.close()
    with pytest.raises(StoreFault, match="closed"):
        store.append(batch([0], [1], [1.0]), known_at=START)
    with pytest.raises(StoreFault, match="closed"):
        store.tail(1)


def test_database_that_gave_itself_up_is_opened_anew(opened: Opener) -> None:
    store = opened()
    store.append(batch([0], [1], [1.0]), known_at=START)
    store._file._forget()
    store.append(batch([0], [2], [2.0]), known_at=START)
    assert store.tail(5).value.tolist() == [1.0, 2.0]
