"""A small works with known numbers, and windows built by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.plant.model import (
    STATE_NAMES,
    STATES,
    Balance,
    Break,
    Contract,
    Element,
    GridFactors,
    Plant,
    Product,
    Shift,
    Signal,
    Tariff,
)
from ecotwin.records import Window
from pact_record import pact_record

START = datetime(2026, 6, 1, 22, tzinfo=UTC)  # 00:00 on Tuesday 2 June in Berlin

FACTS = {
    "role": "machine",
    **{
        f"kw_{name}": kw
        for name, kw in zip(STATES, (0.2, 4.0, 30.0, 12.0, 10.0, 20.0, 8.0), strict=True)
    },
    "kw_sd_share": 0.2,
}

ELEMENTS = (
    Element("works", "Works", "site", ""),
    Element("hall", "Hall", "area", "works"),
    Element("line", "Line", "line", "hall"),
    Element("feeder", "Feeder", "machine", "line", "feeder", {"role": "meter"}),
    Element("press", "Press", "machine", "line", "press", FACTS),
    Element("oven", "Oven", "machine", "line", "oven", FACTS),
    Element("yard", "Yard", "area", "works"),
    Element("grid", "Grid", "machine", "yard", "grid_meter", {"role": "meter"}),
    Element("sun", "PV", "machine", "yard", "pv", {"role": "source"}),
    Element("blower", "Compressor", "machine", "yard", "air_compressor", FACTS),
    Element("boiler", "Boiler", "machine", "yard", "gas_boiler", FACTS),
    Element("sewer", "Sewer", "machine", "yard", "sewer_meter", {"role": "meter"}),
    Element("weather", "Weather", "machine", "yard", "weather", {"role": "ambient"}),
)

# element, name, means, form, carrier, unit, accuracy, more
_SIGNALS: tuple[tuple[str, str, str, str, str, str, float, dict[str, Any]], ...] = (
    ("grid", "energy", "electricity_energy", "counter", "electricity", "kWh", 0.01, {}),
    ("grid", "export", "electricity_export", "counter", "electricity", "kWh", 0.01, {}),
    ("sun", "energy", "electricity_generated", "counter", "electricity", "kWh", 0.01, {}),
    ("feeder", "energy", "electricity_energy", "counter", "electricity", "kWh", 0.01, {}),
    ("press", "energy", "electricity_energy", "counter", "electricity", "kWh", 0.01, {}),
    ("press", "power", "electricity_power", "rate", "electricity", "kW", 0.01, {}),
    ("press", "state", "state", "state", "", "1", 0.0, {"states": STATE_NAMES}),
    ("press", "total", "parts_total", "counter", "", "1", 0.0, {}),
    ("oven", "power", "electricity_power", "rate", "electricity", "kW", 0.02, {}),
    ("oven", "state", "state", "state", "", "1", 0.0, {"states": STATE_NAMES}),
    ("oven", "total", "parts_total", "counter", "", "1", 0.0, {}),
    ("oven", "good", "parts_good", "counter", "", "1", 0.0, {}),
    ("oven", "product", "product", "state", "", "1", 0.0, {}),
    ("oven", "air", "air_flow", "rate", "compressed_air", "m3/h", 0.02, {}),
    ("blower", "energy", "electricity_energy", "counter", "electricity", "kWh", 0.01, {}),
    ("blower", "air", "air_volume", "counter", "compressed_air", "m3", 0.02, {}),
    ("blower", "state", "state", "state", "", "1", 0.0, {"states": STATE_NAMES}),
    ("boiler", "gas", "gas_volume", "counter", "gas", "m3", 0.01, {}),
    ("boiler", "nox", "nox_mass", "counter", "air_emission", "kg", 0.2, {}),
    ("boiler", "co", "co_concentration", "gauge", "air_emission", "mg/m3", 0.1, {}),
    ("boiler", "flue", "flue_flow", "rate", "", "m3/h", 0.1, {}),
    ("works", "water", "water_in", "counter", "water", "m3", 0.02, {}),
    ("sewer", "out", "water_out", "counter", "water", "m3", 0.03, {}),
    ("works", "paper", "waste_mass", "counter", "waste", "kg", 0.02, {"waste_code": "15 01 01", "treatment": "R3"}),
    ("works", "oil", "waste_mass", "counter", "waste", "kg", 0.02, {"waste_code": "13 02 05*", "treatment": "R1"}),
    ("works", "sludge", "waste_mass", "counter", "waste", "kg", 0.02, {"waste_code": "12 01 14*", "treatment": "D9"}),
    ("line", "steel", "material_mass", "counter", "material", "kg", 0.01, {"material": "steel"}),
    ("weather", "temperature", "temperature", "gauge", "", "degC", 0.01, {}),
)  # fmt: skip

SIGNALS = tuple(
    Signal(
        n,
        f"{element}.{name}",
        name,
        element,
        means,
        form,
        carrier,
        unit,
        unit,
        1.0,
        0.0,
        30.0,
        "bus",
        f"{element}/{name}",
        accuracy=accuracy,
        **more,
    )
    for n, (element, name, means, form, carrier, unit, accuracy, more) in enumerate(_SIGNALS)
)

BALANCES = (
    Balance(
        "main",
        "Electricity",
        "electricity",
        "works",
        ("grid.energy", "sun.energy"),
        ("line_power", "blower.energy", "grid.export"),
    ),
    Balance(
        "line_power",
        "Line",
        "electricity",
        "line",
        ("feeder.energy",),
        ("press.energy", "oven.power"),
    ),
    Balance(
        "air",
        "Air",
        "compressed_air",
        "works",
        ("blower.air",),
        ("oven.air",),
        "Air lost in leaks",
    ),
)

CRITERIA = dict.fromkeys(
    (
        "conveys_emission_rate",
        "sole_claim",
        "tracked_and_retired",
        "vintage_near_use",
        "same_market",
        "calculated_for_utility",
        "no_certificates_sold_on",
        "residual_mix_known",
    ),
    True,
)

PLANT = Plant(
    "works",
    "Works",
    "Europe/Berlin",
    "EUR",
    "DE",
    ELEMENTS,
    SIGNALS,
    (),
    BALANCES,
    (
        Shift(
            "Day",
            (0, 1, 2, 3, 4),
            time(6),
            time(14),
            (Break(time(9), time(9, 30)),),
        ),
    ),
    (date(2026, 12, 25),),
    (
        Tariff("electricity", "kWh", 0.20, ((6.0, 10.0, 0.30),)),
        Tariff("gas", "kWh", 0.05),
        Tariff("water", "m3", 4.0),
    ),
    GridFactors(
        "DE",
        0.3,
        tuple(0.2 if 10 <= h < 16 else 0.4 for h in range(24)),
        0.5,
        2026,
        "test",
        "1",
        "AR6",
        0.05,
        (Contract("wind", 0.0, 0.6, "test", 2026, CRITERIA),),
    ),
    (Product(7, "Plate", {"oven": 60.0}, 2.0), Product(8, "Rod", {"oven": 30.0}, 1.0)),
    {
        "gas": {
            "value": 0.2,
            "unit": "kgCO2e/kWh",
            "basis": "HHV",
            "place": "DE",
            "year": 2026,
            "source": "test",
            "version": "1",
            "gwp_set": "AR6",
            "uncertainty": 0.02,
        },
        "gas_heating_value": {
            "value": 10.0,
            "unit": "kWh/m3",
            "basis": "HHV",
            "place": "DE",
            "year": 2026,
            "source": "test",
            "version": "1",
            "uncertainty": 0.01,
        },
    },
    "weather.temperature",
    "AR6",
)


class Works:
    """Builds windows of the small works."""

    plant = PLANT
    start = START

    def with_(self, **changes: Any) -> Plant:
        return replace(PLANT, **changes)

    def window(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        start: datetime = START,
        steps: int = 1440,
        step_s: int = 60,
        plant: Plant = PLANT,
        silent: Mapping[str, slice] | None = None,
        known_at: datetime | None = None,
    ) -> Window:
        """Amount a step for counters, level for rates, code for states; `silent`: gaps."""
        given = {**self.usual(steps), **(values or {})}
        shape = (steps, len(plant.signals))
        mean, amount, last = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
        covered, count = np.ones(shape), np.ones(shape, np.int64)
        for s in plant.signals:
            row = np.broadcast_to(np.asarray(given.get(s.id, 0.0), float), (steps,)).copy()
            if s.form in ("counter", "interval"):
                amount[:, s.index], last[:, s.index] = row, 1000.0 + np.cumsum(row)
                mean[:, s.index] = last[:, s.index]
            else:
                mean[:, s.index] = last[:, s.index] = row
                if s.form == "rate":
                    amount[:, s.index] = row * step_s / 3600.0
            gap = (silent or {}).get(s.id)
            if gap is not None:
                for values_of in (mean, amount, last):
                    values_of[gap, s.index] = np.nan
                covered[gap, s.index], count[gap, s.index] = 0.0, 0
        period = Period(start, start + timedelta(seconds=steps * step_s))
        signals = tuple(range(len(plant.signals)))
        low, high = mean.copy(), mean.copy()
        return Window(
            period,
            step_s,
            signals,
            mean,
            low,
            high,
            last,
            amount,
            covered,
            np.zeros(shape),
            count,
            known_at,
        )

    def usual(self, steps: int) -> dict[str, Any]:
        """A day in which every number is easy to follow: line 0.5 + 0.2 kWh a minute, rest 0.05."""
        return {
            "grid.energy": 0.9,
            "grid.export": 0.05,
            "sun.energy": 0.15,
            "feeder.energy": 0.75,
            "press.energy": 0.5,
            "press.power": 30.0,
            "press.state": STATES["busy"],
            "press.total": 1.0,
            "oven.power": 12.0,
            "oven.state": STATES["busy"],
            "oven.total": 1.0,
            "oven.good": 0.9,
            "oven.product": 7,
            "oven.air": 6.0,
            "blower.energy": 0.2,
            "blower.air": 0.15,
            "blower.state": STATES["busy"],
            "boiler.gas": 0.1,
            "boiler.nox": 0.001,
            "boiler.co": 50.0,
            "boiler.flue": 100.0,
            "works.water": 0.02,
            "sewer.out": 0.015,
            "works.paper": 0.1,
            "works.oil": 0.02,
            "works.sludge": 0.03,
            "line.steel": 3.0,
            "weather.temperature": 20.0,
        }


@pytest.fixture
def works() -> Works:
    """The small works."""
    return Works()


@pytest.fixture
def record() -> dict[str, Any]:
    """A sound PACT footprint of a supplier, as JSON gives it."""
    return pact_record()
