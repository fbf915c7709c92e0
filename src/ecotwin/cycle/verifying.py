"""Checks a ledger or an evidence bundle, without trusting whoever made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecotwin.errors import FileFault, ProofFault
from ecotwin.governance import audit
from ecotwin.governance.evidence import verify_bundle
from ecotwin.governance.ledger import FILE
from ecotwin.settings import read


def verify(where: Path) -> dict[str, Any]:
    """Check a bundle (.zip), a ledger folder, a data folder, or the ledger of a plant file.

    Returns:
        `report` for machines and `lines` for people.

    Raises:
        FileFault: There is nothing that can be checked.
    """
    if where.suffix == ".zip":
        return _bundle(where)
    folder = _ledger(where)
    report = audit.verify(folder)
    lines = [
        f"{report.size} entries, root {report.root.hex()}",
        f"{report.checkpoints} signed checkpoints hold; the newest covers {report.sealed_until} entries",
    ]
    lines += [f"FAULT: {fault.text}" for fault in report.faults]
    lines.append(
        "The ledger is sound."
        if report.sound
        else f"The ledger is NOT sound: {len(report.faults)} faults."
    )
    return {
        "report": {
            "ok": report.sound,
            "entries": report.size,
            "root": report.root.hex(),
            "checkpoints": report.checkpoints,
            "sealed_until": report.sealed_until,
            "first_broken": report.first_broken,
            "faults": [{"entry": f.index, "text": f.text} for f in report.faults],
        },
        "lines": lines,
    }


def _bundle(path: Path) -> dict[str, Any]:
    try:
        lines = verify_bundle(path)
    except ProofFault as fault:
        return {"report": {"ok": False, "faults": [fault.found]}, "lines": [f"FAULT: {fault}"]}
    return {"report": {"ok": True, "faults": [], "found": lines}, "lines": lines}


def _ledger(where: Path) -> Path:
    data = read().data
    places = [where, where / "ledger"]
    if where.suffix in {".yaml", ".yml"}:
        places = [data / where.stem / "ledger", data / f"demo-{where.stem}" / "ledger"]
    found = next((p for p in places if (p / FILE).is_file()), None)
    if found is None:
        raise FileFault(
            f"there is no ledger at {', '.join(map(str, places))}",
            expected="a ledger or data folder, a plant file whose twin has run, or an evidence bundle (.zip)",
            remedy="name one of these",
        )
    return found
