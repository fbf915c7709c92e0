"""A company's spring on a load profile that somebody measured: three works, a clock with daylight saving, one sum.

The set `factory_load_profiles_de` (a German tool maker, one year by the quarter of an hour, scaled to 1 MWh a year)
plays the electricity of three works of different size. What `ecotwin path` says must be the file's own sums.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from running import ROOT, command, json_of

DATA = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", ROOT.parent / "shared" / "data"))
PROFILE = DATA / "factory_load_profiles_de" / "LP_G_MV.csv.gz"
DAYS = 100
"""From 1 January to 10 April, the day that is an hour short among them."""
WORKS = {
    "north": (1000.0, 0.38, 700_000.0),
    "south": (1600.0, 0.72, 1_500_000.0),
    "west": (500.0, 0.26, 150_000.0),
}
"""Works -> MWh a year, market factor [kgCO2e/kWh], base value of 2008 [kgCO2e]."""

PLANT = """
ecotwin: 1
id: {name}
name: Works {name}
timezone: Europe/Berlin
country: DE
company: {{name: Measured Works SE}}
connections:
  file:
    protocol: files
    options: {{format: csv, time: {{column: start, format: epoch_us}}}}
areas:
  - id: hall
    name: Hall
    machines:
      - id: meter
        kind: interval_meter
        name: Meter
        connection: file
        omit: [lagging_reactive, leading_reactive, lagging_power_factor, leading_power_factor]
        signals:
          energy: {{address: kwh, high: 5000}}
grid: {{region: DE, location: {factor}, residual: {factor}, year: 2018, source: assumption,
  version: "1", gwp_set: AR6}}
targets:
  - {{id: power, name: CO2 of power, indicator: ghg.scope2_market, base_year: 2008, base_value: {base},
     target_year: 2030, reduction: 0.65, path: linear, source: stated assumption}}
"""


def rows(scale: float) -> Iterator[tuple[int, float]]:
    """End of each quarter [us UTC] and its energy [kWh]."""
    with gzip.open(PROFILE, "rt", encoding="utf-8") as file:
        for start, watt in list(csv.reader(file))[1 : 1 + 96 * DAYS - 4]:
            end = datetime.fromisoformat(start) + timedelta(minutes=15)
            yield round(end.timestamp() * 1e6), float(watt) * scale * 0.25 / 1000.0


@pytest.mark.proof
@pytest.mark.timeout(1800)
@pytest.mark.skipif(
    not PROFILE.is_file(), reason="the public set factory_load_profiles_de is not here"
)
def test_a_company_over_measured_months(tmp_path: Path) -> None:
    kwh: dict[str, float] = {}
    plants = []
    for name, (scale, factor, base) in WORKS.items():
        plant = tmp_path / f"{name}.yaml"
        plant.write_text(PLANT.format(name=name, factor=factor, base=base))
        plants.append(plant)
        data, total = tmp_path / f"{name}.csv", 0.0
        with data.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("start", "kwh"))
            for end_us, energy in rows(scale):
                total += round(energy, 6)
                writer.writerow((end_us, f"{energy:.6f}"))
        kwh[name] = total
        json_of(
            command(
                "replay",
                plant,
                "--data",
                data,
                "--data-folder",
                tmp_path / "data" / name,
                "--json",
                timeout=600,
            )
        )
    told = command(
        "path",
        *plants,
        "--period",
        "2018",
        "--data-folder",
        tmp_path / "data",
        "--json",
        timeout=600,
    )
    made: dict[str, Any] = json_of(told)
    (promise,) = made["promises"]
    assert promise["missing"] == []
    for part in promise["parts"]:
        scale, factor, base = WORKS[part["site"]]
        assert part["coverage"] == pytest.approx(1.0, abs=1e-3)
        assert part["actual"] == pytest.approx(kwh[part["site"]] * factor, rel=2e-4)
        allowed = base * (1.0 - 0.65 * 10 / 22) * DAYS / 365
        assert part["allowed"] == pytest.approx(allowed, rel=1e-3)
        assert kwh[part["site"]] == pytest.approx(scale * 1000.0 * DAYS / 365, rel=0.2)
    assert promise["actual"] == pytest.approx(sum(p["actual"] for p in promise["parts"]), rel=1e-12)
    energy = next(s for s in made["sums"] if s["indicator"] == "energy.electricity")
    assert energy["value"] == pytest.approx(sum(kwh.values()), rel=2e-4)
    print(json.dumps({k: promise[k] for k in ("actual", "allowed", "over", "on")}))
