"""How long it takes from a threshold crossed on the wire to the finding on an open page, beside a bare loop."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ecotwin.errors import WireFault
from ecotwin.service.bench.ingest import DEVICES, METRICS, done, settle, shares
from ecotwin.service.bench.processes import Child, broker
from ecotwin.service.bench.watching import OpenPage
from ecotwin.service.bench.works import ALARM, watched, works_text

BACKGROUND = 10_000.0
"""What is sent beside the crossings [samples/s]."""
BEYOND = ALARM + 12.0
INSIDE = ALARM - 30.0
WAIT_S = 5.0
"""A finding that is not shown within this time counts as missed."""
MOST_S = 900.0


def alert(
    *,
    crossings: int,
    rate: float = BACKGROUND,
    devices: int = DEVICES,
    metrics: int = METRICS,
    seed: int = 1,
) -> dict[str, Any]:
    """Cross a threshold again and again, each time on another signal.

    Args:
        crossings: How often. rate: Background [samples/s]. devices, metrics: Size of the plant.
        seed: Of the pauses between crossings, so that they fall anywhere in the twin's rhythm.
    """
    with tempfile.TemporaryDirectory(prefix="ecotwin-bench-") as name:
        folder = Path(name)
        with broker(folder) as (port, kind, _):
            file = folder / "bench.yaml"
            file.write_text(works_text(devices, metrics, port), encoding="utf-8")
            signals = _signals(devices, metrics)
            with Child("generator", str(file), str(port)) as generator:
                generator.next()
                made = _twin(file, folder, generator, signals, crossings, rate, random.Random(seed))  # noqa: S311
                made["bare_mqtt_ms"] = _bare(
                    file, port, generator, signals, crossings, rate, random.Random(seed)  # noqa: S311
                )  # fmt: skip
    return {
        "signals": devices * metrics,
        "broker": kind,
        "background_samples_per_s": rate,
        "crossings": crossings,
        **made,
    }


def _signals(devices: int, metrics: int) -> Iterator[str]:
    """Another gauge at another station each time; the same one only after all others."""
    while True:
        for name in watched(metrics):
            for device in range(devices):
                yield f"station_{device:02d}.{name}"


def _twin(
    file: Path,
    folder: Path,
    generator: Child,
    signals: Iterator[str],
    crossings: int,
    rate: float,
    chance: random.Random,
) -> dict[str, Any]:
    with Child("running", str(file), str(folder / "twin")) as twin:
        page = OpenPage(int(twin.next()["port"]))
        try:
            settle(twin, generator)
            if not page.wait_events(1):
                raise WireFault(
                    "the page's live events did not begin", remedy="see the messages above"
                )
            generator.tell(do="run", rate=rate, seconds=MOST_S)
            time.sleep(2.0)
            first = twin.ask(do="stats")
            twin.ask(do="lags")
            seen = [
                lag
                for _ in range(crossings)
                if (lag := _cross(generator, page, next(signals), chance)) is not None
            ]
            last, lags = twin.ask(do="stats"), twin.ask(do="lags")
            generator.tell(do="run", rate=rate, seconds=0.0)
            generator.next()
            final = settle(twin, generator)
            sent = generator.ask(do="sent")
        finally:
            page.close()
    return {
        "missed": crossings - len(seen),
        "wire_to_page_ms": percentiles(seen),
        "publish_to_stored_ms": lags,
        "lost": sent["sent"] + sent["born"] - done(final),
        "twin_cpu_share_of_a_core": round(
            (last["cpu_s"] - first["cpu_s"]) / (last["at"] - first["at"]), 3
        ),
        "twin_cpu_share_by_room": shares(first["rooms"], last["rooms"]),
        "twin_memory_mb": round(final["rss_mb"]),
    }


def _cross(generator: Child, page: OpenPage, signal: str, chance: random.Random) -> float | None:
    """One crossing: seen after [s], None when it was not; then it is closed and the gauge comes back."""
    at = float(generator.ask(do="cross", signal=signal, value=BEYOND)["at"])
    shown = page.wait_shown(f"{signal}:limit", WAIT_S)
    if shown is not None:
        page.close_finding(shown[0])
        page.forget(shown[0])
    generator.tell(do="back", signal=signal, value=INSIDE)
    time.sleep(chance.uniform(0.05, 0.3))
    return None if shown is None else shown[1] - at


def _bare(
    file: Path,
    port: int,
    generator: Child,
    signals: Iterator[str],
    crossings: int,
    rate: float,
    chance: random.Random,
) -> dict[str, float]:
    """The same crossings, seen by a loop that only receives and decodes."""
    sent: dict[str, float] = {}
    with Child("bare", str(file), str(port)) as bare:
        bare.next()
        generator.tell(do="run", rate=rate, seconds=MOST_S)
        time.sleep(1.0)
        seen: dict[str, float] = {}
        for _ in range(crossings):
            signal = next(signals)
            sent[signal] = float(generator.ask(do="cross", signal=signal, value=BEYOND)["at"])
            time.sleep(chance.uniform(0.02, 0.08))
            generator.tell(do="back", signal=signal, value=INSIDE)
        time.sleep(0.5)
        seen = bare.ask(do="crossings")
        generator.tell(do="run", rate=rate, seconds=0.0)
        generator.next()
    return percentiles([seen[s] - sent[s] for s in sent if s in seen])


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Nearest-rank percentiles [ms].

    >>> percentiles([0.001 * i for i in range(1, 101)])["p99"]
    99.0
    """
    ordered = sorted(seconds)
    if not ordered:
        return {}
    marks = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "most": 1.0}
    return {
        n: round(ordered[max(0, -(-int(q * 100) * len(ordered) // 100) - 1)] * 1000.0, 2)
        for n, q in marks.items()
    }
