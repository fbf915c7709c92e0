"""The corridor, whole and real: sensor to proven saving and back, through a restart in its middle."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from conftest import Broker
from ecotwin.clock import Period, ScaledClock
from ecotwin.cycle import Twin
from ecotwin.governance.ledger import Ledger, content
from ecotwin.records import Advice
from running import (
    command,
    energy_kwh,
    json_of,
    minute,
    on_port,
    page_of,
    record,
    standin,
    twin_of,
    until,
    utc,
)

START = utc("2026-06-18T05:00")
"""07:00 at the plant: the next long break is at 08:30, others follow every two or three hours."""
SPEED = 300.0
DAYS = 3.0
SEALED = {"advice", "approval", "order", "receipt", "saving", "measure"}


@pytest.mark.broker
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("walks")
def test_corridor(broker: Broker, tmp_path: Path) -> None:
    past = record(tmp_path / "past", START - timedelta(days=DAYS), DAYS)
    origin = time.time()
    clock = ScaledClock(START, SPEED, origin)
    plant = on_port(broker.port)
    folder = tmp_path / "data"
    with standin(broker.port, START, SPEED, origin, tmp_path) as living:
        twin = twin_of(plant, folder, clock)
        twin.start()
        try:
            _live(twin)
            twin.import_history(past)
            begun = twin.store.span()
            assert begun is not None
            assert begun.start < START - timedelta(days=DAYS - 0.1)
            advice = _advice(twin)
            _approve(twin, advice)
            closed = minute(twin.closed_until) - timedelta(minutes=3)
            whole = Period(minute(begun.start) + timedelta(minutes=1), closed)
            before = energy_kwh(twin, whole)
        finally:
            twin.stop()
        assert living.poll() is None
        twin = twin_of(plant, folder, clock)
        twin.start()
        try:
            assert energy_kwh(twin, whole) == pytest.approx(before, abs=1e-9)
            _carried_out(twin, advice)
            _saved(twin, advice)
            assert energy_kwh(twin, whole) == pytest.approx(before, abs=1e-9)
            _bridged(twin, Period(closed - timedelta(minutes=5), minute(twin.closed_until)))
            bundle = _bundle(twin, advice, tmp_path)
        finally:
            twin.stop()
    _sealed(folder, advice)
    assert json_of(command("verify", folder, "--json"))["ok"]
    _checks_offline(bundle)


def _live(twin: Twin) -> None:
    """Figures from the wire."""
    until(lambda: twin.look.closed_until is not None, 30, "a first closed minute")
    until(lambda: twin.site_kw() > 1, 10, "power of the site")
    health = twin.health()["bus"]
    assert health.state == "online"
    assert health.received > 0
    assert not health.shed


def _advice(twin: Twin) -> Advice:
    """Advice to let the oven sleep in a break that is still to come."""

    def coming() -> Advice | None:
        found = [a for a in twin.advice_all() if a.state == "open" and a.changes]
        soon = [a for a in found if a.changes[0].period.start > twin.now() + timedelta(minutes=10)]
        return min(soon, key=lambda a: a.changes[0].period.start, default=None)

    found = until(coming, 60, "advice idle_off")
    assert found is not None
    assert found.advisor == "idle_off"
    assert found.element == "oven_1"
    assert found.saves.energy_kwh is not None
    assert found.saves.energy_kwh.low > 0
    assert found.against
    return found


def _approve(twin: Twin, advice: Advice) -> None:
    """A person approves at the page."""
    with page_of(twin) as page:
        view = page.get(f"/api/v1/advice/{advice.id}").json()
        assert view["may_approve"], view["refused"]
        done = page.post(f"/api/v1/advice/{advice.id}/approve")
        assert done.status_code == 200, done.text
        again = page.post(f"/api/v1/advice/{advice.id}/approve")
        assert again.status_code == 409
    assert twin.advice(advice.id).state == "approved"
    (order,) = twin.orders(advice.id)
    assert order.state == "planned"


def _carried_out(twin: Twin, advice: Advice) -> None:
    """The order goes out in the break, is read back, and the set-point comes back."""
    change = advice.changes[0]
    kinds: list[str] = []

    def over() -> bool:
        kinds[:] = [r.kind for o in twin.orders(advice.id) for r in twin.receipts(o.id)]
        return "restored" in kinds or bool({"failed", "refused"} & set(kinds))

    wait = (change.period.end - twin.now()).total_seconds() / SPEED
    until(over, max(0.0, wait) + 30, "the end of the order")
    assert kinds == ["sent", "confirmed", "restored"], [
        r for o in twin.orders(advice.id) for r in twin.receipts(o.id)
    ]
    (order,) = twin.orders(advice.id)
    receipts = {r.kind: r for r in twin.receipts(order.id)}
    assert change.period.start <= receipts["sent"].at < change.period.end
    assert receipts["sent"].checks
    assert all(c.passed for c in receipts["sent"].checks)
    assert receipts["confirmed"].read_back == pytest.approx(change.value, abs=0.5)
    assert receipts["restored"].read_back == pytest.approx(change.restore, abs=0.5)
    power = twin.plant.signal("oven_1.power").index
    asleep = twin.store.window([power], Period(receipts["confirmed"].at, change.period.end), 60)
    awake = twin.store.window(
        [power], Period(advice.period.start - timedelta(minutes=20), advice.period.start), 60
    )
    assert np.nanmin(asleep.mean) < 0.5 * np.nanmean(awake.mean)


def _saved(twin: Twin, advice: Advice) -> None:
    """The saving, measured against comparable breaks, with an interval above zero."""
    wait = (advice.period.end + timedelta(minutes=45) - twin.now()).total_seconds() / SPEED
    saving = until(lambda: twin.saving_of(advice.id), max(0.0, wait) + 30, "the saving")
    assert saving is not None
    assert saving.fit, saving.reasons
    saved = saving.saved_kwh
    assert 0 < saved.low < saved.value < saved.high
    assert saved.value == pytest.approx(saving.expected_kwh.value - saving.actual_kwh)
    assert saving.coverage > 0.9
    assert saving.cost.co2e_kg is not None
    assert saving.cost.co2e_kg.value == pytest.approx(0.3 * saved.value, rel=0.05)
    promised = advice.saves.energy_kwh
    assert promised is not None
    assert promised.low < saved.high, (promised, saved)
    assert saved.low < promised.high, (promised, saved)
    assert twin.advice(advice.id).state == "done"
    with page_of(twin) as page:
        told = page.get(f"/api/v1/advice/{advice.id}").json()
    assert told["saving"]["fit"]
    assert [e["entry"] is not None for e in told["timeline"]] == [True] * 6


def _bridged(twin: Twin, period: Period) -> None:
    """The counters' way across the restart is the figure's: nothing fell into the hole."""
    grid = twin.plant.signal("grid.energy").index
    rows = list(twin.store.export([grid], period))
    assert energy_kwh(twin, period) == pytest.approx(rows[-1][2] - rows[0][2], rel=0.03)


def _bundle(twin: Twin, advice: Advice, folder: Path) -> Path:
    """The evidence of the saving, as the page gives it."""
    with page_of(twin) as page:
        told = page.get(f"/api/v1/advice/{advice.id}").json()
        reply = page.get(f"/api/v1/proof/{told['saving']['entry']}/evidence")
    assert reply.headers["content-type"] == "application/zip"
    path = folder / "evidence.zip"
    path.write_bytes(reply.content)
    return path


def _sealed(folder: Path, advice: Advice) -> None:
    """Every step of the way stands in the ledger."""
    ledger = Ledger(folder / "ledger")
    entries = ledger.entries(limit=10_000)
    ledger.close()
    kinds = {e.kind for e in entries}
    assert kinds >= SEALED, kinds
    mine = [e for e in entries if e.subject == advice.id]
    assert next(e.kind for e in mine) == "advice"
    approval = next(e for e in mine if e.kind == "approval")
    assert content(approval)["by"] == "local person"
    states = [content(e)["state"] for e in mine if e.kind == "advice"]
    assert states == ["open", "approved", "running", "done"]
    saving = next(e for e in mine if e.kind == "saving")
    assert content(saving)["fit"] is True


def _checks_offline(bundle: Path) -> None:
    """A separate process, with nothing but the bundle's own verifier, checks it; a changed bundle fails."""
    alone = [sys.executable, "-I", str(bundle)]
    told = subprocess.run(
        alone, capture_output=True, text=True, timeout=30, cwd=bundle.parent, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert json_of(command("verify", bundle, "--json"))["ok"]
    broken = bundle.with_name("broken.zip")
    with zipfile.ZipFile(bundle) as whole, zipfile.ZipFile(broken, "w") as spoilt:
        for name in whole.namelist():
            data = whole.read(name)
            spoilt.writestr(name, data.replace(b'"fit":true', b'"fit":null'))
        assert any(b'"fit":true' in whole.read(n) for n in whole.namelist())
    result = command("verify", broken, "--json")
    assert result.returncode == 1
