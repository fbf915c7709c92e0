"""The plant of the benchmarks: test stations that send many metrics, a grid meter, prices and grid carbon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ecotwin.errors import PlantFault
from ecotwin.plant import Plant
from ecotwin.plant.blueprint import parse

GROUP = "bench"
ALARM = 80.0
"""Upper limit of the gauges that are watched; they stand near 50 and may plausibly reach 100."""
OWN_METRICS = 10
"""Signals that the machine kind `test_station` brings itself."""


def works_text(devices: int, metrics: int, port: int) -> str:
    """The plant file: `devices` stations with `metrics` signals each, on a broker at `port`."""
    lines = []
    for number in (1, 2):
        members = [d for d in range(devices) if d % 2 == number - 1]
        lines.append(
            {
                "id": f"line_{number}",
                "name": f"Line {number}",
                "address": f"edge_{number}",
                "machines": [_station(d, metrics) for d in members],
            }
        )
    return yaml.safe_dump(
        {
            "ecotwin": 1,
            "id": "bench_works",
            "name": "Bench works",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "country": "DE",
            "connections": {
                "bus": {
                    "protocol": "sparkplug",
                    "options": {"host": "127.0.0.1", "port": port, "group": GROUP},
                }
            },
            "areas": [
                {
                    "id": "hall",
                    "name": "Hall",
                    "connection": "bus",
                    "lines": [line for line in lines if line["machines"]],
                }
            ],
            "tariffs": [{"carrier": "electricity", "unit": "kWh", "price": 0.2, "source": "bench"}],
            "grid": {
                "region": "DE", "location": 0.3, "residual": 0.45, "year": 2026,
                "source": "an assumption of the benchmark", "version": "1", "gwp_set": "AR6",
            },
            "products": [
                {"code": 1, "name": "Board", "planned_run_s": {"line_1": 9.0}, "mass_kg": 0.2}
            ],
        },
        sort_keys=False,
    )  # fmt: skip


def works(devices: int, metrics: int, port: int) -> Plant:
    """The plant of `works_text`.

    >>> len(works(3, 12, 1883).signals)
    36
    """
    return read_works(works_text(devices, metrics, port))


def read_works(text: str | Path) -> Plant:
    """The plant of a text or of a file that holds it."""
    if isinstance(text, Path):
        text = text.read_text(encoding="utf-8")
    plant, faults = parse(text, "bench.yaml")
    if plant is None:
        raise PlantFault("bench.yaml", faults)
    return plant


def watched(metrics: int) -> list[str]:
    """Names of the gauges of one station that have an alarm limit."""
    return [f"g{i:03d}" for i in range(max(0, metrics - OWN_METRICS))]


def _station(number: int, metrics: int) -> dict[str, Any]:
    gauge = {"means": "other", "every_s": 10.0, "low": 0.0, "high": 100.0}
    names = watched(metrics)
    return {
        "id": f"station_{number:02d}",
        "kind": "test_station",
        "name": f"Station {number:02d}",
        "facts": {f"limit_high_{name}": ALARM for name in names},
        "signals": {name: dict(gauge) for name in names},
    }
