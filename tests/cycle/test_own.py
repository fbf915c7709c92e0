"""The twin's own energy: counted once, through counters that wrap and processes that end, and shown on every door."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Broker
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.purchased import site_signals
from ecotwin.clock import ScaledClock
from ecotwin.cycle.asking import open_for
from ecotwin.cycle.computer import CpuTime, Rapl
from ecotwin.cycle.own import LIVE_US, Own
from ecotwin.learning.joules import PowerModel
from ecotwin.plant import load
from ecotwin.plant.own import own_signal, with_own
from running import OVEN_WORKS, on_port, page_of, standin, twin_of, until, utc

START = utc("2026-06-18T07:00")
SPEED = 200.0
SIGNAL = with_own(load(OVEN_WORKS)).signals[-1]
BUSY = """
import time
while time.process_time() < 0.4:
    pass
print("done", flush=True)
input()
"""


@dataclass
class Told:
    """Seconds that a test tells."""

    s: float = 0.0

    def read_s(self) -> float:
        return self.s


def rapl_at(folder: Path, *micro: int, top: int = 1_000_000_000) -> Rapl:
    """Packages as the kernel shows them, and domains inside them that must not be counted twice."""
    for n, value in enumerate(micro):
        for name, place in ((f"package-{n}", f"intel-rapl:{n}"), ("core", f"intel-rapl:{n}:0")):
            (folder / place).mkdir(parents=True, exist_ok=True)
            (folder / place / "name").write_text(name + "\n")
            (folder / place / "energy_uj").write_text(f"{value}\n")
            (folder / place / "max_energy_range_uj").write_text(f"{top}\n")
    return Rapl(folder)


def test_the_processors_counters_wrap(tmp_path: Path) -> None:
    rapl = rapl_at(tmp_path, 900_000_000, 0)
    assert rapl.there
    rapl_at(tmp_path, 99_999_999, 5_000_000)
    assert rapl.read_j() == pytest.approx(200.0 + 5.0)
    assert rapl.read_j() == pytest.approx(205.0)
    assert not Rapl(tmp_path / "nothing").there


def test_time_of_children_counts_and_stays_when_they_end() -> None:
    cpu = CpuTime()
    before = cpu.read_s()
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline()
        seen = cpu.read_s()
        assert seen - before >= 0.29
        child.stdin.write(b"\n")
        child.stdin.close()
        child.wait()
    assert cpu.read_s() >= seen


def test_a_program_of_another_session_is_not_the_twin() -> None:
    cpu = CpuTime()
    with subprocess.Popen(
        [sys.executable, "-c", BUSY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        before = time.process_time()
        was = cpu.read_s()
        assert child.stdout.readline()
        assert cpu.read_s() - was <= time.process_time() - before + 0.1
        child.stdin.close()


# A little over the shortest look: sums of such steps fall under it by rounding.
@given(st.lists(st.tuples(st.floats(2.01, 600.0), st.floats(0.0, 1.0)), min_size=1, max_size=20))
def test_energy_is_rest_plus_what_the_cores_add(stretches: list[tuple[float, float]]) -> None:
    clock, cpu = Told(), Told()
    own = Own(
        SIGNAL, PowerModel(10.0, 8.0), since_kwh=2.5, cpu=cpu, busy=Told(),
        rapl=Rapl(Path("/nowhere")), wall=clock.read_s,
    )  # fmt: skip
    for length, share in stretches:
        clock.s += length
        cpu.s += share * length
        own.joules()
    expected = 10.0 * clock.s + 8.0 * cpu.s
    assert own.joules() == pytest.approx(expected)
    assert own.kwh() == pytest.approx(2.5 + expected / 3.6e6)
    assert 10.0 - 1e-6 <= own.watts() <= 18.0 + 1e-6


def test_the_twins_share_of_what_the_processor_counts(tmp_path: Path) -> None:
    clock, cpu, busy = Told(), Told(), Told()
    own = Own(
        SIGNAL, PowerModel(5.0, 8.0), cpu=cpu, busy=busy,
        rapl=rapl_at(tmp_path, 0), wall=clock.read_s,
    )  # fmt: skip
    clock.s, cpu.s, busy.s = 10.0, 2.0, 8.0
    rapl_at(tmp_path, 100_000_000)
    assert own.joules() == pytest.approx(5.0 * 10 + 100.0 * 2 / 8)


def test_a_reading_comes_beside_live_data_only() -> None:
    own = Own(SIGNAL, PowerModel(), cpu=Told(), busy=Told(), rapl=Rapl(Path("/nowhere")))
    now = 1_000_000_000_000_000
    assert own.beside(now - LIVE_US - 1, now) is None, "old data"
    first = own.beside(now - 5, now)
    assert first is not None
    assert first.at.tolist() == [now - 5]
    assert own.beside(now + 59_000_000, now + 60_000_000) is None, "once a minute"
    assert own.beside(now + 60_000_000, now + 60_000_000) is not None


def test_no_sum_takes_it_in_a_second_time() -> None:
    plant = with_own(load(OVEN_WORKS))
    own = own_signal(plant)
    for element in plant.elements:
        for carrier in ("electricity", "gas"):
            use = flows_of(plant).use(element.id, carrier)
            assert own not in [t.signal for t in use.terms] if use else True
    assert own not in site_signals(plant)


def _used(twin: Any, site: str) -> bool:
    made = twin.today(site, "ghg.twin")
    return made is not None and made.value > 0.0


@pytest.fixture
def works(broker: Broker, tmp_path: Path) -> Iterator[float]:
    origin = time.time()
    with standin(broker.port, START, SPEED, origin, tmp_path):
        yield origin


@pytest.mark.broker
@pytest.mark.xdist_group("service")
def test_it_is_a_signal_of_the_plant_on_every_door(
    works: float, broker: Broker, tmp_path: Path
) -> None:
    plant, folder = on_port(broker.port), tmp_path / "data"
    site = plant.site.id
    twin = twin_of(plant, folder, ScaledClock(START, SPEED, works))
    twin.start()
    try:
        with page_of(twin) as page:
            # The index counts from its first reading: the first minute of it holds nothing yet.
            until(lambda: _used(twin, site), 60, "today's carbon of the twin")
            until(lambda: page.get("/api/v1/overview").json()["bar"]["own_text"], 10, "the bar")
            bar = page.get("/api/v1/overview").json()["bar"]
            assert "W now" in bar["own_text"]
            assert " Wh and " in bar["own_text"]
            assert "g CO₂e today" in bar["own_text"]
            assert "assumed" in bar["own_note"]
            told = page.get("/metrics").text
            for name in ("own_joules_total", "own_watts", "own_kwh_today", "own_co2e_kg_today"):
                assert f"\necotwin_{name} " in told
            energy, carbon = (twin.today(site, f"{f}.twin") for f in ("energy", "ghg"))
            used = twin.today(site, "energy.electricity")
            assert energy is not None
            assert carbon is not None
            assert used is not None
            assert 0.0 < energy.value < used.value
            factor = carbon.factors[0].value
            assert 0.0 < carbon.value <= energy.value * factor * 1.001
    finally:
        twin.stop()
    # Who asks later, when nothing runs, finds the same signal in the history.
    with open_for(OVEN_WORKS, folder) as asked:
        found = asked.accounts(energy.period, [site])
        assert found.of(site, "energy.twin").value > 0.0
    again = twin_of(plant, folder, ScaledClock(START, SPEED, works))
    try:
        assert again.own is not None
        assert again.own.kwh() >= energy.value * 0.99, "the index goes on after a restart"
    finally:
        again.stop()
