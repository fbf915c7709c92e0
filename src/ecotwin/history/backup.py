"""Complete copies of the history, made while data comes in, checked before they are used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from ecotwin.errors import StoreFault
from ecotwin.history import schema
from ecotwin.history.storefile import NAME, StoreFile, fault_of

MANIFEST = "manifest.json"


def backup(file: StoreFile, folder: Path) -> None:
    """Copy one state of all tables to `folder/history.duckdb`, with a manifest of its digest.

    Raises:
        StoreFault: The folder is not empty.
        StoreFull: It has no room.
    """
    target = _empty(folder, "a backup")
    copy = target / (NAME + ".part")
    counts: dict[str, int] = {}
    try:
        with file.read("making a backup") as (con, _):
            con.execute(f"ATTACH '{_quoted(copy)}' AS copy")
            try:
                # one transaction reads one state, whatever is appended meanwhile
                con.execute("COPY FROM DATABASE history TO copy")
                for table in schema.TABLES:
                    counts[table] = con.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
                con.execute("COMMIT")
            finally:
                _detach(con)
        with copy.open("rb+") as made:
            os.fsync(made.fileno())
        manifest = {
            "what": "ecotwin history backup",
            "version": schema.VERSION,
            "sha256": _digest(copy),
            "rows": counts,
        }
        copy.rename(target / NAME)
        (target / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    except BaseException as error:
        for left in target.glob(NAME + "*"):
            left.unlink()
        if isinstance(error, OSError):
            raise fault_of(error, "making a backup", target / NAME) from error
        raise


def restore(folder: Path, to_folder: Path) -> None:
    """Put a backup back as the history of an empty folder.

    Raises:
        StoreFault: It is no backup, it was damaged, it is newer than this program, or the
            target is not empty.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        digest = _digest(folder / NAME)
    except (OSError, ValueError) as error:
        raise StoreFault(
            f"{folder} holds no backup that can be read ({error})",
            expected=f"a folder with {NAME} and {MANIFEST}, as `ecotwin backup` makes it",
            remedy="give the folder of a backup",
        ) from error
    if manifest.get("what") != "ecotwin history backup" or manifest.get("sha256") != digest:
        raise StoreFault(
            f"the backup in {folder} is damaged: its digest is {digest[:16]}…",
            expected=f"{str(manifest.get('sha256'))[:16]}…, as its manifest says",
            remedy="use another backup",
        )
    if int(manifest.get("version", 0)) > schema.VERSION:
        raise StoreFault(
            f"the backup in {folder} was made by a newer ecotwin "
            f"(store version {manifest['version']})",
            expected=f"store version {schema.VERSION} or older",
            remedy="update ecotwin first",
        )
    target = _empty(to_folder, "a restore")
    part = target / (NAME + ".part")
    try:
        shutil.copyfile(folder / NAME, part)
        with part.open("rb+") as made:
            os.fsync(made.fileno())
        part.rename(target / NAME)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise fault_of(error, "restoring", target / NAME) from error


def _empty(folder: Path, what: str) -> Path:
    """The folder, made when missing; what is in use is never written over."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        inside = [p.name for p in folder.iterdir()]
    except OSError as error:
        raise fault_of(error, f"preparing {what}", folder / NAME) from error
    if inside:
        raise StoreFault(
            f"{folder} is not empty ({', '.join(sorted(inside)[:3])})",
            expected=f"an empty or new folder for {what}",
            remedy="give another folder; nothing was changed",
        )
    return folder


def _detach(con: Any) -> None:
    try:
        con.execute("DETACH copy")
    except Exception:  # the copy failed: end its transaction first
        con.execute("ROLLBACK")
        con.execute("DETACH copy")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
