"""The ledger on the disk: sealed for good, readable by others, checked as a whole."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.errors import ProofFault, StoreFault
from ecotwin.governance import audit, checkpoint
from ecotwin.governance.canonical import canonical
from ecotwin.governance.ledger import FILE, Draft, Ledger, content
from ecotwin.governance.proof import consistent, included, leaf_hash
from ecotwin.records import Input, Measure, Severity

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def drafts(count: int, start: int = 0) -> list[Draft]:
    return [
        Draft("measure", f"oven:{i}", {"value": i / 8, "n": i}, AT + timedelta(seconds=i))
        for i in range(start, start + count)
    ]


def filled(folder: Path, count: int = 600) -> Ledger:
    ledger = Ledger(folder)
    ledger.append_many(drafts(count))
    return ledger


def edit(folder: Path, statement: str, *values: object) -> None:
    """What a forger with the file in hand does."""
    db = sqlite3.connect(folder / FILE)
    db.execute("DROP TRIGGER IF EXISTS entry_stays")
    db.execute("DROP TRIGGER IF EXISTS entry_remains")
    db.execute(statement, values)
    db.commit()
    db.close()


# --- canonical text ----------------------------------------------------------------------------


def test_canonical_text_of_everything_a_record_holds() -> None:
    period = Period(AT, AT + timedelta(hours=1))
    measure = Measure(
        "oven", "energy", 0.1, "kWh", period, 1.0, 0.0, 0.0, 0.2, "m@1", (Input("a", 1.0, "kWh"),)
    )
    text = canonical({"m": measure, "s": Severity.ACT, "d": date(2026, 3, 1), 3: np.array([1, 2])})
    assert text.decode() == (
        '{"3":[1,2],"d":"2026-03-01","m":{"coverage":1.0,"denominator":null,"element":"oven",'
        '"estimated_share":0.0,"factors":[],"high":0.2,"indicator":"energy","inputs":[{"coverage":1.0,'
        '"measure":"","name":"a","signal":"","unit":"kWh","value":1.0}],"known_at":null,"low":0.0,'
        '"method":"m@1","numerator":null,"period":"2026-03-01T12:00:00Z/2026-03-01T13:00:00Z",'
        '"split":{},"unit":"kWh","value":0.1},"s":"act"}'
    )


@pytest.mark.parametrize(
    "wrong",
    [float("nan"), float("inf"), datetime(2026, 1, 1), object(), "\ud800"],  # noqa: DTZ001
)
def test_what_cannot_be_sealed_is_said(tmp_path: Path, wrong: object) -> None:
    with Ledger(tmp_path) as ledger:
        with pytest.raises(ProofFault):
            ledger.append("k", "s", {"x": wrong}, AT)
        assert ledger.size == 0


def test_the_same_facts_give_the_same_hash() -> None:
    @dataclass
    class Fact:
        b: float
        a: str

    assert canonical(Fact(1.5, "x")) == canonical({"a": "x", "b": 1.5})


# --- append and read ---------------------------------------------------------------------------


def test_entries_come_back_and_prove_themselves(tmp_path: Path) -> None:
    with filled(tmp_path) as ledger:
        sealed = ledger.append("saving", "idle_off:1", {"kwh": 12.5}, AT)
        assert sealed.index == 600
        assert ledger.entry(600) == sealed
        assert content(sealed) == {"kwh": 12.5}
        assert sealed.leaf == leaf_hash(sealed.body)
        assert included(sealed.leaf, 600, 601, ledger.inclusion(600), ledger.root())
        assert consistent(300, 601, ledger.consistency(300), ledger.root(300), ledger.root())
        assert [e.index for e in ledger.entries(subject="oven:7")] == [7]
        assert ledger.entries(kind="saving") == [sealed]
        newest = ledger.entries(kind="measure", newest_first=True, limit=2)
        assert [e.index for e in newest] == [599, 598]


def test_a_reopened_ledger_goes_on(tmp_path: Path) -> None:
    filled(tmp_path, 300).close()
    with Ledger(tmp_path) as ledger:
        ledger.append_many(drafts(300, 300))
        root = ledger.root()
    with filled(tmp_path / "at_once", 600) as other:
        assert other.root() == root


def test_two_writers_and_many_threads_share_one_tree(tmp_path: Path) -> None:
    one, other = Ledger(tmp_path), Ledger(tmp_path)

    def write(ledger: Ledger, start: int) -> None:
        for i in range(20):
            ledger.append_many(drafts(7, start + 7 * i))

    threads = [
        threading.Thread(target=write, args=(ledger, 1000 * i))
        for i, ledger in enumerate((one, other, one, other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert one.size == 4 * 20 * 7
    one.close()
    other.close()
    assert audit.verify(tmp_path).sound


def test_a_batch_is_all_or_nothing(tmp_path: Path) -> None:
    with filled(tmp_path, 3) as ledger:
        root = ledger.root()
        with pytest.raises(ProofFault):
            ledger.append_many([*drafts(2), Draft("k", "s", float("nan"), AT)])
        assert (ledger.size, ledger.root()) == (3, root)


def test_mistakes_are_stopped(tmp_path: Path) -> None:
    filled(tmp_path, 3).close()
    db = sqlite3.connect(tmp_path / FILE)
    for statement in ("UPDATE entry SET kind = 'x'", "DELETE FROM entry"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()


def test_wrong_asks_are_errors(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="no ledger"):
        Ledger(tmp_path, read_only=True)
    with filled(tmp_path, 3) as ledger:
        for ask in (
            lambda: ledger.entry(3),
            lambda: ledger.inclusion(3),
            lambda: ledger.root(4),
            lambda: ledger.consistency(3, 2),
            lambda: ledger.inclusion(-1),
        ):
            with pytest.raises(ProofFault):
                ask()
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreFault, match="cannot be used"):
        Ledger(tmp_path)


def test_others_read_while_it_is_written(tmp_path: Path) -> None:
    with filled(tmp_path, 300) as ledger:
        code = f"""
            from pathlib import Path
            from ecotwin.governance.audit import verify
            report = verify(Path({str(tmp_path)!r}))
            print(report.sound, report.size, report.root.hex())
        """
        for count in (300, 310):
            done = subprocess.run(
                [sys.executable, "-c", textwrap.dedent(code)],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
            assert done.stdout.split() == ["True", str(count), ledger.root().hex()]
            ledger.append_many(drafts(10, count))


def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    code = f"""
        from pathlib import Path
        from datetime import UTC, datetime
        from ecotwin.governance.ledger import Draft, Ledger
        ledger, at = Ledger(Path({str(tmp_path)!r})), datetime(2026, 3, 1, tzinfo=UTC)
        for n in range(1_000_000):
            done = ledger.append_many([Draft("k", f"{{n}}:{{i}}", {{"i": i}}, at) for i in range(17)])
            print(done[-1].index, flush=True)
    """
    for cut in (5, 40, 90):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        assert process.stdout is not None
        last = -1
        for _ in range(cut):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        process.wait(timeout=10)
        process.stdout.close()
        # A line cut off by the kill was not yet heard by anybody.
        last = max([last, *(int(line) for line in rest[:-1])])
        report = audit.verify(tmp_path)
        assert report.sound
        assert report.size > last
        assert report.size % 17 == 0


# --- verify ------------------------------------------------------------------------------------


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """600 entries with checkpoints at 200 and 600."""
    seal = checkpoint.seal_of(tmp_path, "ecotwin/test")
    with Ledger(tmp_path) as ledger:
        ledger.append_many(drafts(200))
        checkpoint.sign(ledger, seal, AT)
        ledger.append_many(drafts(400, 200))
        checkpoint.sign(ledger, seal, AT + timedelta(hours=1))
    return tmp_path


def test_a_sound_ledger_is_sound(signed: Path) -> None:
    report = audit.demand(signed, key=checkpoint.public_key(signed))
    assert (report.size, report.checkpoints, report.sealed_until) == (600, 2, 600)
    with Ledger(signed) as ledger:
        assert report.root == ledger.root()


def test_an_edited_body_is_named(signed: Path) -> None:
    edit(signed, "UPDATE entry SET body = replace(body, '0.5', '0.4') WHERE number = 4")
    edit(signed, "UPDATE entry SET body = CAST(body AS BLOB) WHERE number = 4")
    report = audit.verify(signed)
    assert report.first_broken == 4
    with pytest.raises(ProofFault, match="entry 4 "):
        audit.demand(signed)


def test_an_edited_body_with_its_hash_is_found_by_the_signature(signed: Path) -> None:
    body = canonical({"at": AT, "body": {"value": 0}, "kind": "measure", "subject": "oven:450"})
    edit(
        signed,
        "UPDATE entry SET body = ?, leaf = ?, at = ? WHERE number = 450",
        body,
        leaf_hash(body),
        int(AT.timestamp()) * 1_000_000,
    )
    report = audit.verify(signed)
    assert not report.sound
    # Entries 256 to 511 share a kept hash that no longer fits: nearer nobody can come.
    assert report.first_broken == 256
    assert report.sealed_until == 200
    assert "not those signed on" in report.faults[-1].text


def test_an_edit_below_a_kept_hash_is_narrowed_to_it(signed: Path) -> None:
    body = canonical({"at": AT, "body": {}, "kind": "measure", "subject": "oven:300"})
    edit(
        signed,
        "UPDATE entry SET body = ?, leaf = ?, at = ? WHERE number = 300",
        body,
        leaf_hash(body),
        int(AT.timestamp()) * 1_000_000,
    )
    assert any("entries 256 to 511" in f.text for f in audit.verify(signed).faults)


def test_an_edit_after_the_last_kept_hash_is_found_by_the_signature_alone(signed: Path) -> None:
    body = canonical({"at": AT, "body": {}, "kind": "measure", "subject": "oven:599"})
    edit(
        signed,
        "UPDATE entry SET body = ?, leaf = ?, at = ? WHERE number = 599",
        body,
        leaf_hash(body),
        int(AT.timestamp()) * 1_000_000,
    )
    report = audit.verify(signed)
    assert (report.first_broken, report.sealed_until, len(report.faults)) == (200, 200, 1)


@pytest.mark.parametrize("column", ["kind", "subject", "at"])
def test_an_edited_column_is_named(signed: Path, column: str) -> None:
    edit(signed, f"UPDATE entry SET {column} = 7 WHERE number = 33")
    report = audit.verify(signed)
    assert report.first_broken == 33
    assert column in report.faults[0].text


def test_a_deleted_tail_is_found_by_the_checkpoint(signed: Path) -> None:
    edit(signed, "DELETE FROM entry WHERE number >= 590")
    report = audit.verify(signed)
    assert report.first_broken == 590
    assert "10 were deleted from the end" in report.faults[-1].text
    edit(signed, "DELETE FROM checkpoint WHERE size = 600")
    assert audit.verify(signed).sound, "nothing kept here can tell"
    note = checkpoint.seal_of(signed, "ecotwin/test").sign(600, b"\1" * 32, AT).note
    assert not audit.verify(signed, anchors=[note]).sound


def test_a_deleted_entry_is_named(signed: Path) -> None:
    edit(signed, "DELETE FROM entry WHERE number = 123")
    report = audit.verify(signed)
    assert report.first_broken == 123
    assert "entry 123 is missing" in report.faults[0].text


def test_an_edited_kept_hash_is_found(signed: Path) -> None:
    edit(signed, "UPDATE node SET hash = ? WHERE position = 1", b"\0" * 32)
    assert audit.verify(signed).first_broken == 256


def test_a_replaced_key_is_found(signed: Path) -> None:
    trusted = checkpoint.public_key(signed)
    for name in (checkpoint.PRIVATE, checkpoint.PUBLIC):
        (signed / name).unlink()
    checkpoint.seal_of(signed, "ecotwin/test")
    report = audit.verify(signed)
    assert not report.sound
    assert sum("key or checkpoint was replaced" in f.text for f in report.faults) == 2
    pinned = audit.verify(signed, key=trusted)
    assert ["not the one you trust" in f.text for f in pinned.faults] == [True]


def test_a_forged_checkpoint_is_found(signed: Path) -> None:
    edit(signed, "UPDATE checkpoint SET note = replace(note, '600', '599') WHERE size = 600")
    assert "is not signed by this ledger's key" in audit.verify(signed).faults[0].text


def test_nothing_is_signed_over_a_forgery(signed: Path) -> None:
    edit(signed, "UPDATE entry SET leaf = ? WHERE number = 599", b"\0" * 32)
    with Ledger(signed) as ledger:
        ledger.append("k", "s", {}, AT)
        with pytest.raises(ProofFault, match="has changed"):
            checkpoint.sign(ledger, checkpoint.seal_of(signed, "ecotwin/test"), AT)
