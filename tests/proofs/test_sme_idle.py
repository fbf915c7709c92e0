"""Idle energy and parts of three real machines of a small firm: the electronics works' recorded counterpart.

The data set tells power in whole kilowatts, and the machines draw about one: what rounding hides is carried as the
meters' accuracy, so that the idle share comes with an honest interval. The file holds about a quarter of the minutes:
a reading counts for up to a quarter of an hour. Nothing here was fitted to the data.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pytest

from running import ROOT, command, json_of

DATA = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", ROOT.parent / "shared" / "data"))
FILE = DATA / "sme_factory" / "company_A_labelled_subset.csv.gz"
MACHINES = (0, 1, 2)
ROUNDING_KW = 0.5
"""A reading of n kW stands for anything within n - 0.5 .. n + 0.5."""

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not FILE.exists(), reason="no public data beside this repository"),
]


def minutes() -> dict[str, dict[int, dict[str, float]]]:
    """Instant -> machine -> row."""
    found: dict[str, dict[int, dict[str, float]]] = defaultdict(dict)
    with gzip.open(FILE, "rt", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            found[row["ts"]][int(row["asset"])] = {
                k: float(row[k]) for k in ("items", "status", "power_avg")
            }
    return dict(sorted(found.items()))


def plant_text(accuracy: dict[int, float]) -> str:
    machines = "".join(
        f"""
      - id: machine_{n}
        kind: conveyor
        name: Machine {n}
        connection: log
        omit: [energy, parts_good, product, belt_speed]
        signals:
          power: {{address: power_{n}, every_s: 300, high: 100, accuracy: {accuracy[n]:.3f}}}
          state: {{address: state_{n}, every_s: 300, states: {{0: "off", 1: idle, 2: busy, 3: setup}}}}
          parts_total: {{address: items_{n}, every_s: 300}}"""
        for n in MACHINES
    )
    return f"""ecotwin: 1
id: sme
name: Three machines of a small firm
timezone: UTC
currency: EUR
country: DE
gwp_set: AR6
connections:
  log:
    protocol: files
    options: {{format: csv, time: {{column: at}}}}
areas:
  - id: shop
    name: Shop
    machines:{machines}
"""


def test_idle_energy_with_what_rounding_hides(tmp_path: Path) -> None:
    rows = minutes()
    means = {n: _mean([r[n]["power_avg"] for r in rows.values() if n in r]) for n in MACHINES}
    plant = tmp_path / "sme.yaml"
    plant.write_text(plant_text({n: min(0.99, ROUNDING_KW / means[n]) for n in MACHINES}), "utf-8")
    file = tmp_path / "log.csv"
    made: dict[int, float] = defaultdict(float)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        heads = [f"{k}_{n}" for n in MACHINES for k in ("power", "state", "items")]
        writer.writerow(["at", *heads])
        for at, by in rows.items():
            cells: list[object] = []
            for n in MACHINES:
                row = by.get(n)
                made[n] += row["items"] if row else 0.0
                cells += [row["power_avg"], int(row["status"]), made[n]] if row else ["", "", ""]
            writer.writerow([datetime.fromisoformat(at).isoformat(), *cells])
    told = json_of(
        command(
            "replay",
            plant,
            "--data",
            file,
            "--data-folder",
            tmp_path / "kept",
            "--json",
            timeout=300,
        )
    )
    assert told
    span = f"{_stamp(min(rows))}/{_stamp(max(rows))}"
    lines = []
    for n in MACHINES:
        report = json_of(
            command(
                "report", plant, "--data-folder", tmp_path / "kept", "--period", span,
                "--element", f"machine_{n}", "--json",
            )
        )  # fmt: skip
        by_id = {m["indicator"]: m for m in report["measures"]}
        busy = [r[n]["power_avg"] for r in rows.values() if n in r and r[n]["status"] == 2]
        rest = [r[n]["power_avg"] for r in rows.values() if n in r and r[n]["status"] != 2]
        share = by_id["energy.unproductive_share"]
        plain = sum(rest) / (sum(rest) + sum(busy))
        lines.append(
            {
                "machine": n,
                "share": share["value"],
                "low": share["low"],
                "high": share["high"],
                "plain": plain,
            }
        )
        assert share["value"] == pytest.approx(plain, abs=0.05)
        kwh = by_id["energy.electricity"]
        half = kwh["high"] - kwh["value"]
        assert half > 0.15 * kwh["value"], "rounding dominates, and the interval says so"
        assert 0.0 <= share["low"] <= share["value"] <= share["high"] <= 1.0
    print(json.dumps(lines))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _stamp(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%dT%H:%MZ")
