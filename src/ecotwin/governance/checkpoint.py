"""Signed checkpoints: what the ledger was at an instant, in a text that may be kept or published anywhere.

Sources:
    C2SP signed-note and tlog-checkpoint (text form); RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ecotwin.clock import instant, iso, micros
from ecotwin.errors import ProofFault
from ecotwin.governance.ledger import Ledger
from ecotwin.governance.verifier import ED25519, Note, key_id, parse_note, verify_note

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PRIVATE = "ledger.key"
PUBLIC = "ledger.pub"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The ledger at an instant.

    Attributes:
        origin: Whose ledger. size: Entries. root: Root of their tree. at: When it was signed.
        note: The signed text.
    """

    origin: str
    size: int
    root: bytes
    at: datetime
    note: str


@dataclass(frozen=True)
class Seal:
    """The key that signs a plant's checkpoints.

    Attributes:
        origin: Name of the ledger, e.g. `ecotwin/electronics`.
    """

    origin: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key as text, `name+id+base64`: what an auditor should get once, by another way."""
        raw = self.private.public_key().public_bytes_raw()
        coded = base64.b64encode(ED25519 + raw).decode()
        return f"{self.origin}+{key_id(self.origin, raw).hex()}+{coded}"

    def sign(self, size: int, root: bytes, at: datetime) -> Checkpoint:
        """Sign a size and root."""
        body = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\ntime {iso(micros(at))}\n"
        raw = self.private.public_key().public_bytes_raw()
        signed = key_id(self.origin, raw) + self.private.sign(body.encode())
        note = f"{body}\n\u2014 {self.origin} {base64.b64encode(signed).decode()}\n"
        return Checkpoint(self.origin, size, root, instant(micros(at)), note)


def seal_of(folder: Path, origin: str) -> Seal:
    """The key in a data folder, made on first use, readable by its owner only.

    Args:
        folder: Data folder.
        origin: Name of the ledger, without blanks and `+`.

    Raises:
        ProofFault: The key is unreadable, open to others, or not the one its public part was published for.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not origin or any(c.isspace() or c == "+" for c in origin):
        raise ProofFault(
            f"{origin!r} cannot name a ledger",
            expected="a name without blanks and `+`",
            remedy="use the plant's id",
        )
    folder = Path(folder)
    path, published = folder / PRIVATE, folder / PUBLIC
    if not path.exists():
        if published.exists():
            raise ProofFault(
                f"{path} is gone, but {published} shows that there was a key",
                expected="the key that signed the earlier checkpoints",
                remedy="restore it from a backup; a new key cannot stand for the old one",
            )
        folder.mkdir(parents=True, exist_ok=True)
        seal = Seal(origin, Ed25519PrivateKey.generate())
        _write(path, seal.private.private_bytes_raw(), 0o600)
        _write(published, f"{seal.public}\n".encode(), 0o644)
        return seal
    if path.stat().st_mode & 0o077:
        raise ProofFault(
            f"{path} can be read by others",
            expected="mode 0600",
            remedy=f"run `chmod 600 {path}`; if a stranger may have read it, start a new ledger",
        )
    raw = path.read_bytes()
    if len(raw) != 32:
        raise ProofFault(
            f"{path} is no key", expected="32 bytes", remedy="restore it from a backup"
        )
    seal = Seal(origin, Ed25519PrivateKey.from_private_bytes(raw))
    if not published.exists():
        # A crash between the two writes: the public part follows from the private one.
        _write(published, f"{seal.public}\n".encode(), 0o644)
    if published.read_text().strip() != seal.public:
        raise ProofFault(
            f"{PUBLIC} does not belong to {PRIVATE} and the ledger {origin!r}",
            expected="the pair that was made together",
            remedy="restore both from one backup",
        )
    return seal


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file as a whole or not at all, durably, never with wider rights than `mode`."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def sign(ledger: Ledger, seal: Seal, at: datetime) -> Checkpoint:
    """Sign the ledger as it is now and keep the checkpoint; unchanged since the last, the last is returned.

    Raises:
        ProofFault: The ledger no longer begins with what was signed before.
    """
    kept = ledger.checkpoints()
    size = ledger.size
    if kept:
        last = read(kept[-1])
        if last.size > size or ledger.root(last.size) != last.root:
            raise ProofFault(
                f"the ledger has changed: its first {last.size} entries are not those signed on {last.at}",
                expected="an append-only ledger",
                remedy="run `ecotwin verify` and restore a backup; do not sign over it",
            )
        if last.size == size:
            return last
    made = seal.sign(size, ledger.root(size), at)
    ledger.keep_checkpoint(size, made.note)
    return made


def read(note: str, key: str | None = None) -> Checkpoint:
    """A checkpoint from its text; its signature is checked when a public key is given.

    Raises:
        ProofFault: It is no checkpoint, or not signed by this key.
    """
    try:
        found: Note = parse_note(note) if key is None else verify_note(note, key)
        stamp = next(line[5:] for line in found.lines if line.startswith("time "))
        return Checkpoint(found.origin, found.size, found.root, datetime.fromisoformat(stamp), note)
    except (ValueError, StopIteration) as fault:
        raise ProofFault(
            str(fault) or "the checkpoint has no time",
            expected="a checkpoint that this ledger's key signed",
            remedy="ask its sender for the unchanged text",
        ) from None


def public_key(folder: Path) -> str:
    """The public key published in a data folder.

    Raises:
        ProofFault: There is none yet.
    """
    path = Path(folder) / PUBLIC
    if not path.is_file():
        raise ProofFault(
            f"there is no public key in {folder}",
            expected=f"the file {PUBLIC}",
            remedy="sign a first checkpoint",
        )
    return path.read_text().strip()
