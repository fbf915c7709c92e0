"""Checks an evidence bundle offline: `python3 bundle.zip` runs this file, which travels inside.

It needs Python 3.11 and nothing else, reads nothing but the bundle, and trusts neither the twin that made it nor its
database. Whose key signed is yours to judge: compare the key printed with the one you got from the plant.

Sources:
    RFC 9162 (tree, proofs); RFC 8032, sections 5.1.3, 5.1.7 (Ed25519); C2SP signed-note and tlog-checkpoint (text).
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256, sha512

from ecotwin.governance.proof import consistent, included, leaf_hash

ED25519 = b"\x01"
"""Signature type in a C2SP key."""


@dataclass(frozen=True)
class Note:
    """A signed checkpoint as text says it.

    Attributes:
        text: What is signed, with its last newline. lines: Lines after the root (time).
        signatures: (key name, 4-byte key id, signature).
    """

    origin: str
    size: int
    root: bytes
    lines: tuple[str, ...]
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def parse_note(note: str) -> Note:
    """Read a checkpoint without checking its signature.

    Raises:
        ValueError: It is no checkpoint.
    """
    text, blank, signed = note.rpartition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < 3 or not all(lines) or not note.endswith("\n"):
        raise ValueError("the checkpoint is not a signed note")
    try:
        size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("the checkpoint's size or root cannot be read") from None
    if str(size) != lines[1] or size < 0 or len(root) != 32:
        raise ValueError("the checkpoint's size or root cannot be read")
    signatures = []
    for line in signed.strip("\n").split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        try:
            raw = base64.b64decode(coded, validate=True)
        except (ValueError, binascii.Error):
            raise ValueError("a signature line cannot be read") from None
        if dash != "\u2014" or not name or len(raw) < 5:
            raise ValueError("a signature line cannot be read")
        signatures.append((name, raw[:4], raw[4:]))
    return Note(lines[0], size, root, tuple(lines[3:]), text + "\n", tuple(signatures))


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that name a key in a signature line."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def read_key(text: str) -> tuple[str, bytes]:
    """Name and 32 bytes of a public key written as `name+id+base64`.

    Raises:
        ValueError: It is no such key, or its id does not fit.
    """
    try:
        # A name holds no `+`, base64 may.
        name, short, rest = text.strip().split("+", 2)
        raw, given = base64.b64decode(rest, validate=True), bytes.fromhex(short)
    except (ValueError, binascii.Error):
        raise ValueError("the public key cannot be read") from None
    if len(raw) != 33 or raw[:1] != ED25519 or key_id(name, raw[1:]) != given:
        raise ValueError("the public key is damaged")
    return name, raw[1:]


def verify_note(note: str, key: str) -> Note:
    """Read a checkpoint that this key signed.

    Raises:
        ValueError: The signature is missing or wrong.
    """
    parsed = parse_note(note)
    name, public = read_key(key)
    for signer, short, signature in parsed.signatures:
        if signer == name and short == key_id(name, public):
            if not signed_by(public, parsed.text.encode(), signature):
                raise ValueError(f"the signature of {name} is wrong")
            return parsed
    raise ValueError(f"the checkpoint is not signed by the key of {name}")


_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_Point = tuple[int, int, int, int]


def _add(a: _Point, b: _Point) -> _Point:
    e = (a[1] - a[0]) * (b[1] - b[0]) % _P
    f = (a[1] + a[0]) * (b[1] + b[0]) % _P
    g = 2 * a[3] * b[3] * _D % _P
    h = 2 * a[2] * b[2] % _P
    x, z, t, y = f - e, h - g, h + g, f + e
    return x * z % _P, t * y % _P, z * t % _P, x * y % _P


def _times(factor: int, point: _Point) -> _Point:
    found = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = _add(found, point)
        point, factor = _add(point, point), factor >> 1
    return found


def _point(raw: bytes) -> _Point | None:
    """Decode a curve point (RFC 8032, 5.1.3)."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is right (RFC 8032, 5.1.7), in plain Python: slow, but everywhere."""
    if len(signature) != 64 or len(public) != 32 or _BASE is None:
        return False
    key, nonce = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= _ORDER:
        return False
    challenge = (
        int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    )
    left, right = _times(scalar, _BASE), _add(nonce, _times(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % _P == 0


def check(files: Mapping[str, bytes], trusted: str | None = None) -> list[str]:
    """Check a bundle; the lines returned say what was proved.

    Args:
        files: Name -> content.
        trusted: The public key you trust; the bundle's own when None.

    Raises:
        ValueError: Something does not check; the text says what.
    """
    try:
        facts = json.loads(files["evidence.json"])
        key, note = files["key.txt"].decode(), files["checkpoint.txt"].decode()
        if trusted is not None and read_key(trusted) != read_key(key):
            raise ValueError("the bundle's key is not the one you trust")
        head = verify_note(note, key)
        said = [f"checkpoint of {head.origin}: {head.size} entries, {', '.join(head.lines)}"]
        if not facts["entries"]:
            raise ValueError("the bundle holds no entry")
        for item in facts["entries"]:
            body, index = files[item["file"]], int(item["index"])
            path = [bytes.fromhex(text) for text in item["path"]]
            if not included(leaf_hash(body), index, head.size, path, head.root):
                raise ValueError(f"entry {index} ({item['file']}) is not in the signed tree")
            sealed = json.loads(body)
            said.append(
                f"entry {index}: {sealed['kind']} {sealed['subject']}, sealed {sealed['at']}"
            )
        if "older" in facts:
            older = verify_note(files["older.txt"].decode(), key)
            path = [bytes.fromhex(text) for text in facts["older"]["path"]]
            if not consistent(older.size, head.size, path, older.root, head.root):
                raise ValueError(
                    f"the tree of {older.size} entries was changed after it was signed"
                )
            said.append(f"the {older.size} entries of the older checkpoint still begin the tree")
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"the bundle is not complete or not readable: {error}") from None
    return [*said, f"signed with the key {key.strip()}"]


def main(arguments: list[str]) -> int:
    """Check the bundle that holds this file: `python3 bundle.zip [PUBLIC_KEY]`; 0 when all of it checks."""
    with zipfile.ZipFile(arguments[0]) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    try:
        lines = check(files, arguments[1] if len(arguments) > 1 else None)
    except ValueError as fault:
        print(f"NOT PROVED: {fault}", file=sys.stderr)
        return 1
    print("\n".join([*lines, "PROVED"]))
    return 0
