"""The database file: who owns it, one writer, a cursor a read, and errors a person can act on."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ecotwin.errors import EcotwinError, StoreBusy, StoreFault, StoreFull
from ecotwin.history import schema
from ecotwin.history.literal import Value, filled

NAME = "history.duckdb"
_TRY_EVERY_S = 0.05
_FULL = (
    "no space left",
    "file too large",
    "disk quota",
    "disk full",
    "out of disk",
    "not enough space",
)
_DAMAGED = ("not a valid duckdb", "corrupt", "checksum", "serialization", "invalidated", "wal file")


def fault_of(error: Exception, doing: str, path: Path) -> EcotwinError:
    """The error a person can act on for one of the database's or the system's."""
    if isinstance(error, EcotwinError):
        return error
    text = " ".join(str(error).split())
    low = text.lower()
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) or any(word in low for word in _FULL):
        return full(path, doing, text)
    if "lock on file" in low:
        holder = re.search(r"held in (.+?) by user|PID (\d+)", text)
        return busy(path, holder.group(0) if holder else "another program")
    if any(word in low for word in _DAMAGED):
        return StoreFault(
            f"{path} cannot be read while {doing}: {text[:300]}",
            expected="a sound history file",
            remedy="keep the file aside and run `ecotwin restore` with the newest backup",
        )
    return StoreFault(
        f"the history failed while {doing}: {text[:300]}",
        expected=f"a file that can be read and written at {path}",
        remedy="check the folder's rights and the disk, then start again",
    )


def full(path: Path, doing: str, text: str) -> StoreFull:
    """The disk is full."""
    return StoreFull(
        f"no room left on the disk of {path.parent} while {doing} ({text[:200]})",
        expected="free space for the history",
        remedy="free space or shorten the retention; nothing of this batch was kept, send it "
        "again; everything acknowledged before is safe",
    )


def busy(path: Path, holder: str, waited_s: float = 0.0) -> StoreBusy:
    """Another process owns the file."""
    waited = f", also after waiting {waited_s:g} s" if waited_s else ""
    return StoreBusy(
        f"{path} is in use by {holder}{waited}",
        expected="one process that owns the history",
        remedy="ask the running twin (its commands do so by themselves), stop it first, "
        "or give another folder",
    )


class Tx:
    """A write transaction: `con` to write with, `then` for what memory learns when it is kept."""

    def __init__(self, con: Any) -> None:
        self.con = con
        self._then: list[Callable[[], None]] = []

    def then(self, learn: Callable[[], None]) -> None:
        """Call this in the same instant in which readers begin to see the transaction."""
        self._then.append(learn)

    def learn(self) -> None:
        """Tell memory what was kept."""
        for call in self._then:
            call()

    def insert(
        self, table: str, columns: dict[str, Any], extra: str = "", args: tuple[Value, ...] = ()
    ) -> None:
        """Append numpy columns, plus the constants named in `extra`."""
        self.con.register("arrived", columns)
        try:
            names = ", ".join(columns)
            extra = filled(extra, args)
            self.con.execute(f"INSERT INTO {table} SELECT {names}{extra} FROM arrived")  # noqa: S608
        finally:
            self.con.unregister("arrived")


class StoreFile:
    """Owns `folder/history.duckdb`.

    Args:
        folder: Made when missing.
        memory_mb: What the database may use for its buffers.
        reserve_mb: Free disk below which nothing more is taken: the room a checkpoint needs.
        wal_mb: Size of the write-ahead log at which it is worked into the file.
        wait_s: How long to wait for another process to let go of the folder [wall s].
    """

    def __init__(
        self, folder: Path, *, memory_mb: int, reserve_mb: int, wal_mb: int, wait_s: float = 0.0
    ) -> None:
        self.path = folder / NAME
        self._config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_mb}MB",
            # Checkpoints are made by us, apart from the commit: a failed commit then kept nothing.
            "checkpoint_threshold": "1TB",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        self._reserve, self._wal = reserve_mb * 1_000_000, wal_mb * 1_000_000
        self.writing, self.state = threading.RLock(), threading.RLock()
        self._readers: weakref.WeakSet[Any] = weakref.WeakSet()
        self._con: Any = None
        self._batch = 0
        self._checkpoint_at = self._wal
        self._closed = False
        self._claim = _claim(folder, wait_s)
        try:
            self._connect()
        except BaseException:
            self._claim.close()
            raise

    def _connect(self) -> None:
        import duckdb

        con = None
        try:
            con = duckdb.connect(str(self.path), config=self._config)
            schema.prepare(con, str(self.path))
            state = dict(con.execute("SELECT name, number FROM counter_state").fetchall())
            self._batch = state["batch"]
        except Exception as error:
            if con is not None:
                con.close()
            raise fault_of(error, "opening it", self.path) from error
        self._con = con

    def _open(self) -> Any:
        if self._closed:
            raise StoreFault("the history is closed", remedy="open it again")
        if self._con is None:
            self._connect()
        return self._con

    @contextlib.contextmanager
    def write(self, doing: str) -> Iterator[Tx]:
        """One transaction; when the block ends without an error everything in it is on the disk.

        Raises:
            StoreFull: No room; nothing of it was kept.
            StoreFault: It could not be written; nothing of it was kept.
        """
        with self.writing:
            con = self._open()
            free = shutil.disk_usage(self.path.parent).free
            if free < self._reserve:
                raise full(
                    self.path,
                    doing,
                    f"{free / 1e6:.0f} MB free, {self._reserve / 1e6:.0f} MB kept in reserve",
                )
            tx = Tx(con)
            try:
                con.execute("BEGIN")
                yield tx
                con.execute(
                    filled(
                        "UPDATE counter_state SET number = ? WHERE name = 'batch'",
                        [self._batch + 1],
                    )
                )
            except BaseException as error:
                self._undo(con)
                if isinstance(error, Exception) and _of_database(error):
                    raise fault_of(error, doing, self.path) from error
                raise
            self._commit(tx, doing)
            self._checkpoint()

    def _commit(self, tx: Tx, doing: str) -> None:
        """Commit and tell memory; when that fails, look whether it was kept after all."""
        batch = self._batch + 1
        with self.state:
            try:
                tx.con.execute("COMMIT")
            except Exception as error:
                self._undo(tx.con)
                self._forget()
                self._connect()
                if self._batch != batch:
                    raise fault_of(error, doing, self.path) from error
            self._batch = batch
            tx.learn()

    def _undo(self, con: Any) -> None:
        try:
            con.execute("ROLLBACK")
        except Exception as error:
            if "no transaction is active" not in str(error):
                self._forget()  # the database gave itself up: the next use opens it anew

    def _forget(self) -> None:
        """Let go of every handle: the database only really closes with its last one."""
        with self.state:
            for reader in list(self._readers):
                reader.close()
            if self._con is not None:
                self._con.close()
                self._con = None

    def _checkpoint(self) -> None:
        """Work the log into the file once it is long; the log is safe, so a failure only waits."""
        log = self.path.with_name(NAME + ".wal")
        size = log.stat().st_size if log.exists() else 0
        if size < self._checkpoint_at:
            return
        self._checkpoint_at = self._wal
        try:
            self._con.execute("CHECKPOINT")
        except Exception as error:
            self._checkpoint_at = size + self._wal // 2  # not at every batch while the disk is full
            if "transaction" not in str(error).lower():
                self._forget()

    @contextlib.contextmanager
    def read(
        self, doing: str = "reading it", snapshot: Callable[[], Any] | None = None
    ) -> Iterator[tuple[Any, Any]]:
        """A cursor that sees one state of the file, and `snapshot()` of memory at that state."""
        with self.state:
            cursor = self._open().cursor()
            self._readers.add(cursor)
            try:
                cursor.execute("BEGIN")
                cursor.execute(
                    "SELECT number FROM counter_state"
                ).fetchall()  # the view begins here
            except Exception as error:
                cursor.close()
                raise fault_of(error, doing, self.path) from error
            seen = snapshot() if snapshot else None
        try:
            yield cursor, seen
        except Exception as error:
            if _of_database(error):
                raise fault_of(error, doing, self.path) from error
            raise
        finally:
            cursor.close()

    def size_bytes(self) -> int:
        """Bytes of the file and its log."""
        return sum(f.stat().st_size for f in self.path.parent.glob(NAME + "*") if f.is_file())

    def close(self) -> None:
        """Work the log in and let go of the file."""
        with self.writing, self.state:
            if self._closed:
                return
            self._closed = True
            with contextlib.suppress(
                Exception
            ):  # what is in the log is safe and read at the next start
                self._con.execute("CHECKPOINT")
            self._forget()
            self._claim.close()


def _of_database(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] in (
        "duckdb",
        "_duckdb",
    )


def _claim(folder: Path, wait_s: float) -> IO[str]:
    """Take the folder for this process; the system lets go of it however the process ends.

    A command that asks the history holds it for a moment only, so it is worth while to wait.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        claim = (folder / "owner.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise fault_of(error, "opening its folder", folder / NAME) from error
    try:
        import fcntl
    except ImportError:  # no such locks on this system: the database's own lock stands alone
        return claim
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            if time.monotonic() < until:
                time.sleep(_TRY_EVERY_S)
                continue
            claim.seek(0)
            holder = claim.read().strip() or "another process"
            claim.close()
            raise busy(folder / NAME, holder, wait_s) from None
    claim.truncate(0)
    claim.write(f"process {os.getpid()}")
    claim.flush()
    return claim
