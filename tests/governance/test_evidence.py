"""Keys, checkpoints and bundles; the bundle's checker runs alone, as an auditor runs it."""

from __future__ import annotations

import stat
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import FileFault, ProofFault
from ecotwin.governance import checkpoint
from ecotwin.governance.evidence import bundle, verify_bundle
from ecotwin.governance.ledger import Draft, Ledger
from ecotwin.governance.verifier import parse_note, read_key, signed_by

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, str]:
    """A bundle of three entries with an older checkpoint, and its key."""
    seal = checkpoint.seal_of(tmp_path, "ecotwin/plant-1")
    with Ledger(tmp_path) as ledger:
        drafts = [
            Draft("saving", f"advice:{i}", {"kwh": i / 4}, AT + timedelta(minutes=i))
            for i in range(400)
        ]
        ledger.append_many(drafts[:150])
        older = checkpoint.sign(ledger, seal, AT)
        ledger.append_many(drafts[150:])
        head = checkpoint.sign(ledger, seal, AT)
        path = bundle(ledger, seal, [0, 200, 399], head, tmp_path / "out" / "b.zip", older=older)
    return path, seal.public


def run(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The checker alone: no path to this project, no site packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(path), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=path.parent,
    )


def tampered(path: Path, name: str, old: bytes, new: bytes) -> Path:
    other = path.with_name("tampered.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for each in source.namelist():
            data = source.read(each)
            if each == name:
                assert old in data
                data = data.replace(old, new, 1)
            target.writestr(each, data)
    return other


def test_a_bundle_proves_itself_alone(made: tuple[Path, str]) -> None:
    path, key = made
    done = run(path, key)
    assert done.returncode == 0, done.stderr
    assert "entry 200: saving advice:200, sealed 2026-03-01T15:20:00.250000Z" in done.stdout
    assert "the 150 entries of the older checkpoint still begin the tree" in done.stdout
    assert done.stdout.endswith("PROVED\n")
    assert verify_bundle(path, key=key) == done.stdout.splitlines()[:-1]


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("entries/00000200.json", b"50.0", b"51.0", "entry 200"),
        ("checkpoint.txt", b"\n400\n", b"\n401\n", "signature"),
        ("checkpoint.txt", b"time 2026", b"time 2027", "signature"),
        ("evidence.json", b'"index": 399', b'"index": 398', "entry 398"),
        ("older.txt", b"\n150\n", b"\n151\n", "signature"),
        ("key.txt", b"plant-1", b"plant-2", "key is damaged"),
        ("evidence.json", b"entries", b"entrees", "not complete"),
        ("checkpoint.txt", b"\n\n", b"\n", "not a signed note"),
    ],
)
def test_a_changed_bundle_proves_nothing(
    made: tuple[Path, str], name: str, old: bytes, new: bytes, says: str
) -> None:
    path = tampered(made[0], name, old, new)
    with pytest.raises(ProofFault, match=says):
        verify_bundle(path)
    done = run(path)
    assert done.returncode == 1
    assert "NOT PROVED" in done.stderr
    assert says in done.stderr


def test_a_stranger_who_signs_is_no_proof_for_who_knows_the_key(
    made: tuple[Path, str], tmp_path: Path
) -> None:
    path, _ = made
    stranger = checkpoint.seal_of(tmp_path / "other", "ecotwin/plant-1")
    with pytest.raises(ProofFault, match="not the one you trust"):
        verify_bundle(path, key=stranger.public)
    assert run(path, stranger.public).returncode == 1


def test_no_zip_and_no_entries_are_errors(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("no zip")
    with pytest.raises(FileFault):
        verify_bundle(tmp_path / "x.zip")
    seal = checkpoint.seal_of(tmp_path, "o")
    with Ledger(tmp_path) as ledger:
        ledger.append("k", "s", {}, AT)
        head = checkpoint.sign(ledger, seal, AT)
        for indices in ([], [1], [-1]):
            with pytest.raises(ProofFault):
                bundle(ledger, seal, indices, head, tmp_path / "y.zip")


def test_the_same_evidence_gives_the_same_bytes(tmp_path: Path) -> None:
    seal = checkpoint.seal_of(tmp_path, "o")
    with Ledger(tmp_path) as ledger:
        ledger.append("k", "s", {}, AT)
        head = checkpoint.sign(ledger, seal, AT)
        one = bundle(ledger, seal, [0], head, tmp_path / "1.zip").read_bytes()
        assert bundle(ledger, seal, [0, 0], head, tmp_path / "2.zip").read_bytes() == one


# --- checkpoints and keys ----------------------------------------------------------------------


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    seal = checkpoint.seal_of(tmp_path, "ecotwin/x")
    assert stat.S_IMODE((tmp_path / checkpoint.PRIVATE).stat().st_mode) == 0o600
    assert checkpoint.seal_of(tmp_path, "ecotwin/x").public == seal.public
    assert checkpoint.public_key(tmp_path) == seal.public
    assert read_key(seal.public) == ("ecotwin/x", seal.private.public_key().public_bytes_raw())


def test_a_crash_while_the_key_is_made_is_mended(tmp_path: Path) -> None:
    seal = checkpoint.seal_of(tmp_path, "x")
    (tmp_path / checkpoint.PUBLIC).unlink()
    (tmp_path / f"{checkpoint.PUBLIC}.new").write_text("half")
    assert checkpoint.seal_of(tmp_path, "x").public == seal.public
    assert checkpoint.public_key(tmp_path) == seal.public


def test_a_key_that_is_not_right_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProofFault, match="no public key"):
        checkpoint.public_key(tmp_path)
    with pytest.raises(ProofFault, match="cannot name"):
        checkpoint.seal_of(tmp_path, "two words")
    checkpoint.seal_of(tmp_path, "x")
    with pytest.raises(ProofFault, match="does not belong"):
        checkpoint.seal_of(tmp_path, "y")
    path = tmp_path / checkpoint.PRIVATE
    path.chmod(0o640)
    with pytest.raises(ProofFault, match="read by others"):
        checkpoint.seal_of(tmp_path, "x")
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(ProofFault, match="no key"):
        checkpoint.seal_of(tmp_path, "x")
    path.unlink()
    with pytest.raises(ProofFault, match="is gone"):
        checkpoint.seal_of(tmp_path, "x")


def test_a_checkpoint_reads_back(tmp_path: Path) -> None:
    seal = checkpoint.seal_of(tmp_path, "ecotwin/x")
    made = seal.sign(7, b"\7" * 32, AT)
    assert checkpoint.read(made.note, seal.public) == made
    assert made.note.splitlines()[:2] == ["ecotwin/x", "7"]
    with pytest.raises(ProofFault):
        checkpoint.read(made.note.replace("7", "8", 1), seal.public)


def test_nothing_new_makes_no_new_checkpoint(tmp_path: Path) -> None:
    seal = checkpoint.seal_of(tmp_path, "x")
    with Ledger(tmp_path) as ledger:
        ledger.append("k", "s", {}, AT)
        first = checkpoint.sign(ledger, seal, AT)
        assert checkpoint.sign(ledger, seal, AT + timedelta(days=1)) == first
        assert len(ledger.checkpoints()) == 1


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_is_a_note_or_a_clear_no(text: str) -> None:
    try:
        found = parse_note(text)
    except ValueError:
        return
    assert found.text in text
    assert len(found.root) == 32


@given(st.binary(max_size=80), st.integers(0, 511), st.integers(0, 7))
@settings(max_examples=25, deadline=None)
def test_plain_python_checks_signatures_as_the_library_signs_them(
    message: bytes, bit: int, byte: int
) -> None:
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert signed_by(public, message, signature)
    wrong = bytearray(signature)
    wrong[bit // 8] ^= 1 << bit % 8
    assert not signed_by(public, message, bytes(wrong))
    assert not signed_by(public, message + b"x", signature)
    assert not signed_by(
        Ed25519PrivateKey.generate().public_key().public_bytes_raw(), message, signature
    )


def test_a_published_signature() -> None:
    """RFC 8032, section 7.1, test 2."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert signed_by(public, b"\x72", signature)
    assert not signed_by(public, b"\x73", signature)
