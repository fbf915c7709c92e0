"""Backup and restore of a plant's whole memory: history, ledger, and the key that signs it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from ecotwin.errors import FileFault
from ecotwin.governance import audit
from ecotwin.governance.checkpoint import PRIVATE, PUBLIC
from ecotwin.governance.ledger import FILE, Ledger
from ecotwin.history.contract import Store
from ecotwin.history.embedded import restore as restore_history
from ecotwin.plant import load
from ecotwin.settings import read

MANIFEST = "backup.json"


def back_up(store: Store, ledger: Ledger, folder: Path) -> dict[str, Any]:
    """Write a complete, consistent copy; safe while data comes in.

    Raises:
        FileFault: The folder holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileFault(
            f"{folder} is not empty", expected="a new or empty folder", remedy="give another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "ledger"
    place.mkdir()
    entries = ledger.size
    source = sqlite3.connect(f"{ledger.path.absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(place / FILE)
    with source, target:
        source.backup(target)
    source.close()
    target.close()
    for name in (PRIVATE, PUBLIC):
        if (ledger.folder / name).exists():
            shutil.copy2(ledger.folder / name, place / name)
    store.backup(folder / "history")
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    made = {"bytes": size, "entries": entries, "folder": str(folder)}
    (folder / MANIFEST).write_text(json.dumps({"format": 1, "entries": entries}) + "\n")
    return made


def restore(plant_file: Path, folder: Path, data_folder: Path | None) -> str:
    """Bring a backup back into an empty data folder; says what was brought back.

    Raises:
        FileFault: It is no backup, or the data folder is not empty.
        ProofFault: The ledger in it does not check.
    """
    load(plant_file)
    place = data_folder if data_folder is not None else read().data / plant_file.stem
    if not (folder / MANIFEST).exists():
        raise FileFault(
            f"{folder} is no complete backup",
            expected=f"{MANIFEST} in it",
            remedy="name a folder that `ecotwin backup` made",
        )
    if place.exists() and any(place.iterdir()):
        raise FileFault(
            f"{place} is not empty",
            expected="an empty data folder, so that nothing is overwritten",
            remedy="move what is there away, or give another --data-folder",
        )
    report = audit.demand(folder / "ledger")
    place.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder / "ledger", place / "ledger")
    restore_history(folder / "history", place / "history")
    return f"Restored to {place}: ledger of {report.size} entries checks, history is whole."
