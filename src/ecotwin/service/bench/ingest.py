"""How many samples a second the whole twin takes in for good, beside a loop that only receives and decodes."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ecotwin.service.bench.processes import Child, broker
from ecotwin.service.bench.watching import OpenPage
from ecotwin.service.bench.works import works_text

DEVICES, METRICS = 20, 100
FIRST = 25_000.0
MOST = 1_600_000.0
"""Highest rate tried, and what the generator sends to find the bare limit [samples/s]."""
REFINE = 2
"""Rates tried between the highest that held and the lowest that did not."""
LOOK_S = 0.5
DRAIN_S = 300.0
GROWTH = 0.02
"""A backlog that grows by less than this share of what is sent stands still."""
ON_PACE = 0.9
"""A generator that sends less than this share of its target has reached its own limit: climbing higher is no use."""
FLOOD_S = 8.0

Rung = dict[str, Any]


def ingest(
    seconds: float, *, rates: Sequence[float] = (), devices: int = DEVICES, metrics: int = METRICS
) -> dict[str, Any]:
    """Climb until a rate does not hold.

    Args:
        seconds: Length of each rung [s].
        rates: Rates to try [samples/s]; none: doubling from the first until one fails, then between.
        devices, metrics: Size of the plant.
    """
    with tempfile.TemporaryDirectory(prefix="ecotwin-bench-") as name:
        folder = Path(name)
        with broker(folder) as (port, kind, _):
            file = folder / "bench.yaml"
            file.write_text(works_text(devices, metrics, port), encoding="utf-8")
            with Child("generator", str(file), str(port)) as generator:
                generator.next()
                rungs = _rungs(file, folder, generator, seconds, rates)
                held = [r for r in rungs if r["sustained"]]
                best = max((r["rate"] for r in held), default=0.0)
                bare = _bare(file, port, generator, best or rungs[0]["rate"], seconds)
    top = max(held, key=lambda r: float(r["rate"]), default=None)
    return {
        "signals": devices * metrics,
        "metrics_a_message": metrics,
        "broker": kind,
        "sustained_samples_per_s": best,
        "twin_cpu_s_per_million": top["cpu_s_per_million"] if top else None,
        "twin_cpu_share_by_room": top["cpu_share_by_room"] if top else None,
        "twin_memory_mb": top["memory_mb"] if top else None,
        "lost": sum(r["lost"] for r in rungs),
        "bare": bare,
        "rungs": rungs,
    }


def _rungs(
    file: Path, folder: Path, generator: Child, seconds: float, rates: Sequence[float]
) -> list[Rung]:
    """Every rate on a twin of its own, so that none bears what an earlier one left behind."""

    def run(rate: float) -> Rung:
        with (
            tempfile.TemporaryDirectory(dir=folder) as own,
            Child("running", str(file), own) as twin,
        ):
            page = OpenPage(int(twin.next()["port"]))
            try:
                settle(twin, generator)
                page.wait_events(1)
                return _rung(twin, generator, rate, seconds)
            finally:
                page.close()

    return [run(r) for r in rates] if rates else climb(run)


def climb(run: Callable[[float], Rung]) -> list[Rung]:
    """Double until a rate does not hold, then try between."""
    rungs: list[Rung] = []
    low, high, rate = 0.0, 0.0, FIRST
    while rate <= MOST:
        rungs.append(run(rate))
        if not rungs[-1]["sustained"] or rungs[-1]["rate"] < ON_PACE * rate:
            high = rate
            break
        low, rate = rate, rate * 2
    for _ in range(REFINE if high else 0):
        middle = round((low + high) / 2)
        rungs.append(run(middle))
        low, high = (middle, high) if rungs[-1]["sustained"] else (low, middle)
    return rungs


def settle(twin: Child, generator: Child, timeout_s: float = 60.0) -> dict[str, Any]:
    """Wait until every birth is in and nothing waits; the twin's figures then."""
    end = time.monotonic() + timeout_s
    before: dict[str, Any] = {}
    while True:
        sent = generator.ask(do="sent")
        now = twin.ask(do="stats")
        whole = sent["births"] > 0 and done(now) == now["received"] >= min(sent["born"], 1)
        if whole and before and done(before) == done(now):
            return now
        if time.monotonic() > end:
            return now
        before = now if whole else {}
        time.sleep(0.7)


def done(stats: dict[str, Any]) -> int:
    """Samples that are kept or in quarantine."""
    return int(stats["kept"]) + int(sum(stats["rejected"].values()))


def settled(stats: dict[str, Any]) -> int:
    """Samples whose fate is known: kept, in quarantine or shed."""
    return done(stats) + int(stats["shed"])


def _rung(twin: Child, generator: Child, rate: float, seconds: float) -> Rung:
    """One rate for a while, then let what waits drain."""
    first, sent0 = twin.ask(do="stats"), generator.ask(do="sent")
    twin.ask(do="lags")
    begun = time.time()
    generator.tell(do="run", rate=rate, seconds=seconds)
    looks: list[tuple[float, float]] = []
    ended: dict[str, Any] = {}
    while not ended:
        time.sleep(min(LOOK_S, seconds / 6))
        now = twin.ask(do="stats")
        generator.tell(do="sent")
        told = generator.next()
        while "sent" not in told:
            ended, told = told, generator.next()
        waiting = told["sent"] - sent0["sent"] - (done(now) - done(first))
        looks.append((told["at"] - begun, waiting))
    last = twin.ask(do="stats")
    lags = twin.ask(do="lags")
    final, sent = _drain(twin, generator, first, sent0)
    took = last["at"] - first["at"]
    handled = done(last) - done(first)
    cpu = final["cpu_s"] - first["cpu_s"]
    million = max(1e-9, (done(final) - done(first)) / 1e6)
    shed = final["shed"] - first["shed"]
    lost = sent - (done(final) - done(first)) - shed
    births = final["counts"].get("births", 0) - first["counts"].get("births", 0)
    pace = ended["paced"] / ended["ran"]
    since = first["closed_until"] or first["at"] // 60 * 60
    grows = growth(looks) > GROWTH * pace
    quiet = lost == shed == births == 0
    return {
        "target": rate,
        "rate": round(pace),
        "sustained": bool(quiet and not grows and not final["failed"]),
        "sent": sent,
        "kept": final["kept"] - first["kept"],
        "quarantined": sum(final["rejected"].values()) - sum(first["rejected"].values()),
        "lost": lost,
        "shed": shed,
        "rebirths": births,
        "backlog_grows_samples_per_s": round(growth(looks)),
        "backlog_most_s": round(max((w for _, w in looks), default=0.0) / pace, 2),
        "stored_samples_per_s_meanwhile": round(handled / took) if took > 0 else 0,
        "minutes_closed": max(0, round((final["closed_until"] - since) / 60)),
        "publish_to_stored_ms": lags,
        "cpu_s_per_million": round(cpu / million, 3),
        "cpu_share_by_room": shares(first["rooms"], final["rooms"]),
        "memory_mb": round(final["rss_mb"]),
    }


def _drain(
    twin: Child, generator: Child, first: dict[str, Any], sent0: dict[str, Any]
) -> tuple[dict[str, Any], int]:
    """Wait until all that was sent is accounted for, or nothing moves any more."""
    sent = int(generator.ask(do="sent")["sent"]) - int(sent0["sent"])
    end, still, now = time.monotonic() + DRAIN_S, 0, twin.ask(do="stats")
    while settled(now) - settled(first) < sent and still < 30 and time.monotonic() < end:
        time.sleep(0.3)
        before, now = now, twin.ask(do="stats")
        still = still + 1 if done(now) == done(before) and not now["queued"] else 0
    return now, sent


def growth(looks: Sequence[tuple[float, float]]) -> float:
    """How fast a backlog grows [samples/s].

    Told by the least backlog in the middle third and in the last third of the time: a closing minute makes the
    backlog swell for a moment, which is no growth.

    >>> growth([(0.0, 5), (1.0, 5), (2.0, 9), (3.0, 5), (4.0, 5), (5.0, 4)])
    0.0
    """
    if len(looks) < 3:
        return 0.0
    third = len(looks) // 3
    middle, last = looks[third : 2 * third], looks[2 * third :]
    at, least = min(middle, key=lambda look: look[1])
    end, left = min(last, key=lambda look: look[1])
    return max(0.0, (left - least) / max(end - at, 1e-9))


def shares(first: dict[str, float], last: dict[str, float]) -> dict[str, float]:
    """Share of the CPU time by room, the largest first."""
    spent = {room: last[room] - first.get(room, 0.0) for room in last}
    whole = math.fsum(v for v in spent.values() if v > 0) or 1.0
    ordered = sorted(spent.items(), key=lambda item: -item[1])
    return {room: round(s / whole, 4) for room, s in ordered if s / whole >= 0.0005}


def _bare(file: Path, port: int, generator: Child, rate: float, seconds: float) -> dict[str, Any]:
    """The same messages at the same rate, then as many as the generator can send."""
    with Child("bare", str(file), str(port)) as bare:
        bare.next()
        before = bare.ask(do="stats")
        generator.tell(do="run", rate=rate, seconds=min(seconds, FLOOD_S))
        generator.next(seconds + 30)
        time.sleep(1.0)
        after = bare.ask(do="stats")
        million = max(1e-9, (after["metrics"] - before["metrics"]) / 1e6)
        paced = (after["cpu_s"] - before["cpu_s"]) / million
        generator.tell(do="run", rate=MOST, seconds=min(seconds, FLOOD_S))
        time.sleep(0.2)
        start = bare.ask(do="stats")
        ran = generator.next(seconds + 60)
        end = bare.ask(do="stats")
    return {
        "rate": rate,
        "cpu_s_per_million": round(paced, 3),
        "limit_samples_per_s": round(
            (end["metrics"] - start["metrics"]) / (end["at"] - start["at"])
        ),
        "generator_samples_per_s": round(ran["paced"] / ran["ran"]),
    }
