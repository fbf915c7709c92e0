"""Checks a whole ledger: every entry, every kept hash, every signed checkpoint. Names what was changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecotwin.clock import iso
from ecotwin.errors import ProofFault
from ecotwin.governance.checkpoint import Checkpoint, public_key, read
from ecotwin.governance.ledger import Ledger
from ecotwin.governance.proof import leaf_hash
from ecotwin.governance.tree import Frontier

MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not check.

    Attributes:
        index: The entry it is about, or the first of the entries among which it lies; None: the whole.
    """

    index: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of the whole ledger found.

    Attributes:
        size: Entries. root: Root over them as they are now. checkpoints: Signed checkpoints that hold.
        sealed_until: Entries that the newest good checkpoint covers; later ones are not yet signed.
        faults: What does not check; empty when the ledger is sound.
    """

    size: int
    root: bytes
    checkpoints: int
    sealed_until: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether everything checks."""
        return not self.faults

    @property
    def first_broken(self) -> int | None:
        """The first entry that a fault is about."""
        return min((f.index for f in self.faults if f.index is not None), default=None)


def verify(folder: Path, *, key: str | None = None, anchors: Sequence[str] = ()) -> Report:
    """Check a ledger while it may be written to.

    Args:
        folder: The data folder.
        key: The public key you trust; the published one when None.
        anchors: Texts of checkpoints kept elsewhere: they find a ledger that was rewritten as a whole.

    Raises:
        StoreFault: There is no ledger.
    """
    faults: list[Fault] = []
    with Ledger(folder, read_only=True) as ledger, ledger.snapshot():
        notes = [*ledger.checkpoints(), *anchors]
        heads = _heads(folder, notes, key, faults)
        roots = _walk(ledger, {head.size for head in heads}, faults)
    size = max(roots)
    good = 0
    for head in sorted(heads, key=lambda h: h.size):
        if head.size > size:
            faults.append(
                Fault(
                    size,
                    f"the checkpoint of {head.at} signed {head.size} entries, there are {size}: "
                    f"{head.size - size} were deleted from the end",
                )
            )
        elif roots[head.size] != head.root:
            known = next((f.index for f in faults if f.index is not None), None)
            first = good if known is None else min(known, head.size)
            faults.append(
                Fault(
                    first,
                    f"the first {head.size} entries are not those signed on {head.at}: something was "
                    f"changed from entry {first} on",
                )
            )
        else:
            good = head.size
    holding = sum(head.size <= size and roots[head.size] == head.root for head in heads)
    return Report(size, roots[size], holding, good, tuple(faults[:MOST_FAULTS]))


def demand(folder: Path, *, key: str | None = None, anchors: Sequence[str] = ()) -> Report:
    """`verify`, as an error when something does not check.

    Raises:
        ProofFault: It names the first broken entry.
    """
    report = verify(folder, key=key, anchors=anchors)
    if not report.sound:
        fault = min(
            report.faults, key=lambda f: (f.index is None, -1 if f.index is None else f.index)
        )
        raise ProofFault(
            fault.text,
            expected=f"a ledger of {report.size} entries that nobody touched",
            remedy="restore a backup; what was signed before stays provable from it",
        )
    return report


def _heads(
    folder: Path, notes: Sequence[str], key: str | None, faults: list[Fault]
) -> list[Checkpoint]:
    """The checkpoints with a right signature; the others become faults."""
    if not notes and key is None:
        return []
    heads = []
    try:
        published = public_key(folder)
        if key is not None and key.strip() != published:
            faults.append(
                Fault(None, "the published key is not the one you trust: it was replaced")
            )
    except ProofFault as fault:
        faults.append(Fault(None, str(fault)))
        published = ""
    trusted = key or published
    if not trusted:
        return []
    for note in notes:
        try:
            heads.append(read(note, trusted))
        except ProofFault as fault:
            named = note.split("\n")[1:2] or ["?"]
            faults.append(
                Fault(
                    None,
                    f"the checkpoint of {named[0]} entries is not signed by this ledger's key "
                    f"({fault.found}): key or checkpoint was replaced",
                )
            )
    return heads


def _walk(ledger: Ledger, sizes: set[int], faults: list[Fault]) -> dict[int, bytes]:
    """Hash everything anew; return the roots at the sizes asked and at the end."""
    tree = Frontier()
    nodes = ledger.nodes()
    roots = {0: tree.root()}
    following, known = 0, -1
    for number, at, kind, subject, body, leaf in ledger.scan():
        for text in _entry_faults(following, number, at, kind, subject, body, leaf):
            known = number
            if len(faults) < MOST_FAULTS:
                faults.append(Fault(min(number, following), text))
        following = number + 1
        for level, position, found in tree.add(leaf_hash(body)):
            first = position << level
            # An entry already named explains the hashes above it.
            if nodes.pop((level, position), None) != found and known < first:
                known = first
                faults.append(
                    Fault(
                        first,
                        f"the kept hash over entries {first} to {first + (1 << level) - 1} does "
                        "not fit them: an entry or the hash was changed",
                    )
                )
        if tree.size in sizes:
            roots[tree.size] = tree.root()
    roots[tree.size] = tree.root()
    if nodes:
        first = min(position << level for level, position in nodes)
        faults.append(
            Fault(
                min(tree.size, first),
                f"{len(nodes)} kept hashes belong to entries that are gone: the ledger ends at {tree.size}",
            )
        )
    return roots


def _entry_faults(
    index: int, number: int, at: int, kind: str, subject: str, body: bytes, leaf: bytes
) -> Iterator[str]:
    if number != index:
        yield f"entry {index} is missing: the next one is {number}"
    index = number
    if leaf_hash(body) != leaf:
        yield f"entry {index} ({kind} {subject}) was changed: its content does not give its hash"
        return
    try:
        sealed = json.loads(body)
        shown = {"at": iso(at), "kind": kind, "subject": subject}
        wrong = [name for name, value in shown.items() if sealed[name] != value]
    except (ValueError, KeyError, TypeError):
        yield f"entry {index} is not a sealed record"
        return
    if wrong:
        yield f"entry {index}: {', '.join(wrong)} beside it differ from what was sealed"
