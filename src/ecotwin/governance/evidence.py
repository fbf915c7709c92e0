"""Evidence bundles: a zip that proves some entries to anybody, offline: `python3 bundle.zip`."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from ecotwin.errors import FileFault, ProofFault
from ecotwin.governance.checkpoint import Checkpoint, Seal
from ecotwin.governance.ledger import Ledger
from ecotwin.governance.verifier import check

_IMPORT = "from ecotwin.governance.proof import"
_RUN = "\n\nsys.exit(main(sys.argv))\n"
_README = """\
This bundle proves that the records in entries/ were sealed in a ledger and not changed since.

  python3 THIS_FILE.zip                 checks everything; needs Python 3.11 and nothing else
  python3 THIS_FILE.zip PUBLIC_KEY      and that it was signed with the key you trust

entries/*.json   the records as sealed (canonical JSON)
evidence.json    for each its place in the tree and its inclusion proof (RFC 9162)
checkpoint.txt   size and root of the tree, signed (C2SP signed note, Ed25519)
key.txt          the public key; compare it with the one you got from the plant itself
older.txt        if there: a checkpoint you held, which the proof in evidence.json shows to be its beginning
__main__.py      the checker, proof.py its tree arithmetic: short enough to read
"""


def bundle(
    ledger: Ledger,
    seal: Seal,
    indices: Sequence[int],
    checkpoint: Checkpoint,
    path: Path,
    *,
    older: Checkpoint | None = None,
) -> Path:
    """Write the evidence for some entries.

    Args:
        ledger: Where they are.
        seal: Whose public part goes along.
        indices: The entries.
        checkpoint: A signed one that covers them.
        path: The zip to write.
        older: A checkpoint that the reader holds: adds a consistency proof.

    Raises:
        ProofFault: No entry was named, or one is not covered by the checkpoint.
    """
    if not indices or max(indices) >= checkpoint.size or min(indices) < 0:
        raise ProofFault(
            f"entries {list(indices)} are not all covered by the checkpoint of {checkpoint.size}",
            expected=f"at least one index from 0 to {checkpoint.size - 1}",
            remedy="sign a new checkpoint first",
        )
    proved, content = [], {}
    for index in sorted(set(indices)):
        name = f"entries/{index:08d}.json"
        content[name] = ledger.entry(index).body
        steps = [step.hex() for step in ledger.inclusion(index, checkpoint.size)]
        proved.append({"index": index, "file": name, "path": steps})
    facts: dict[str, object] = {"entries": proved}
    if older is not None:
        steps = [step.hex() for step in ledger.consistency(older.size, checkpoint.size)]
        facts["older"] = {"path": steps}
        content["older.txt"] = older.note.encode()
    content["evidence.json"] = json.dumps(facts, indent=1).encode()
    content["checkpoint.txt"] = checkpoint.note.encode()
    content["key.txt"] = f"{seal.public}\n".encode()
    content["README.txt"] = _README.encode()
    content |= _checker()
    check(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            # A fixed time: the same evidence gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content[name])
    return path


def _checker() -> dict[str, bytes]:
    """The checker's two files, made to stand alone."""
    room = files("ecotwin.governance")
    verifier = room.joinpath("verifier.py").read_text("utf-8")
    alone = verifier.replace(_IMPORT, "from proof import") + _RUN
    return {"__main__.py": alone.encode(), "proof.py": room.joinpath("proof.py").read_bytes()}


def verify_bundle(path: Path, *, key: str | None = None) -> list[str]:
    """Check a bundle without running the checker inside it; the lines say what was proved.

    Args:
        path: The zip.
        key: The public key you trust; the bundle's own when None.

    Raises:
        FileFault: It is no zip.
        ProofFault: It does not prove what it says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise FileFault(
            f"{path} is no evidence bundle: {error}",
            expected="a zip that `ecotwin` wrote",
            remedy="ask for the file again",
        ) from error
    try:
        return check(content, key)
    except ValueError as fault:
        raise ProofFault(
            f"{path}: {fault}",
            expected="evidence that checks from the entry to the signature",
            remedy="do not rely on it; ask its sender for a new bundle",
        ) from None
