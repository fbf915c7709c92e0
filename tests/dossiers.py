"""Dossiers with real figures: a real plant file, invented hours run through the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.accounting.accounts import run
from ecotwin.accounting.catalogue import indicators
from ecotwin.clock import Period, local_day, local_month, parse_period
from ecotwin.plant import load
from ecotwin.plant.model import Plant
from ecotwin.records import (
    Advice,
    Booking,
    Cost,
    Fact,
    Finding,
    Measure,
    Range,
    Saving,
    Severity,
    Window,
)
from ecotwin.reports.contract import Dossier, Figures, Revised

FEEDERS = {
    "grid.energy": 900.0,
    "grid.energy_export": 0.1,
    "feeder_1.energy": 18.0,
    "feeder_2.energy": 18.0,
    "feeder_3.energy": 18.0,
    "feeder_air.energy": 8.0,
    "feeder_cooling.energy": 12.0,
    "water_main.water_in": 5.0,
    "sewer.water_out": 3.0,
    "boiler_1.heat_energy": 7.0,
    "gas_main.gas_volume": 2.0,
}
"""What meters above others count, so that the balances hold: times what a single machine draws."""

PLACES = {"nordhafen", "line_1", "oven_1", "printer_1", "boiler_1"}


@cache
def plant() -> Plant:
    return load(Path(__file__).parents[1] / "plants" / "electronics.yaml")


def window(period: Period, seed: int = 7) -> Window:
    """Hours in which every signal lives."""
    works, rng = plant(), np.random.default_rng(seed)
    steps = int(period.seconds // 3600)
    shape = (steps, len(works.signals))
    mean, last, amount = np.full(shape, 20.0), np.full(shape, 20.0), np.full(shape, np.nan)
    for s in works.signals:
        drawn = rng.uniform(0.5, 1.0, steps) * FEEDERS.get(s.id, 1.0)
        if s.form == "rate":
            mean[:, s.index] = last[:, s.index] = amount[:, s.index] = drawn
        elif s.form in ("counter", "interval"):
            amount[:, s.index] = drawn
            mean[:, s.index] = last[:, s.index] = np.cumsum(drawn)
        elif s.form == "state":
            code = rng.integers(4, 6, steps) if s.means == "state" else works.products[0].code
            mean[:, s.index] = last[:, s.index] = code
    every, full = tuple(range(len(works.signals))), np.ones(shape)
    none, count = np.zeros(shape), np.ones(shape, np.int64)
    return Window(period, 3600, every, mean, mean, mean, last, amount, full, none, count)


@cache
def accounts(period: Period) -> tuple[Figures, tuple[tuple[str, str], ...]]:
    found = run(plant(), [window(period)])
    return {(m.element, m.indicator): m for m in found.measures}, found.gaps


def month(year: int = 2026, number: int = 6) -> Period:
    return local_month(year, number, plant().zone)


def year(number: int) -> Period:
    return parse_period(str(number), plant().zone)


def moved(figures: Figures, period: Period, factor: float = 1.0) -> Figures:
    """The same figures as if of another span."""
    return {key: scaled(m, period, factor) for key, m in figures.items()}


def scaled(m: Measure, period: Period, factor: float) -> Measure:
    return replace(
        m,
        period=period,
        value=m.value * factor,
        low=m.low * factor,
        high=m.high * factor,
        split={k: v * factor for k, v in m.split.items()},
    )


def dossier(
    element: str = "nordhafen",
    period: Period | None = None,
    extra: Mapping[str, Any] | None = None,
    few: bool = True,
    **more: Any,
) -> Dossier:
    """Everything that a report may use; a day's accounts as if of the span. `few`: of some places only."""
    span = period or month()
    figures, gaps = accounts(local_day(date(2026, 6, 3), plant().zone))
    figures = moved(figures, span)
    here = {e.id for e in plant().under(element)} & (
        PLACES if few else {e.id for e in plant().elements}
    )
    mine = {k: m for k, m in figures.items() if k[0] in here}
    known = datetime(2027, 2, 1, tzinfo=UTC)
    scope1 = figures.get(("nordhafen", "ghg.scope1"))
    revised = (
        Revised(scope1.id, "Scope 1", scope1.value * 1.02, scope1.value, "kgCO2e", known, known, "late gas meter"),
    ) if scope1 else ()  # fmt: skip
    given: dict[str, Any] = {
        "before": moved(mine, span, 1.1),
        "months": {f"2026-{n:02d}-01": moved(mine, month(2026, n), 1.0 + n / 50) for n in range(1, 13)},
        "bookings": bookings(span, element),
        "entries": {m.id: 40 + n for n, m in enumerate(mine.values()) if n % 3} | sealed(figures),
        "checkpoint": "size 4711, root 6f1c9a27d0",
        "revisions": revised,
        "findings": (finding(span),),
        "advice": (advice(span),),
        "savings": (saving(span),),
    }  # fmt: skip
    return Dossier(
        plant(),
        element,
        span,
        mine,
        tuple(g for g in gaps if g[0] in here),
        indicators(),
        datetime(2027, 2, 3, 9, 30, tzinfo=UTC),
        "0.3.0",
        extra={**EXTRA, "targets": [*EXTRA["targets"], *loan(figures)]} if extra is None else extra,
        **{**given, **more},
    )


LOAN = ("nordhafen", "energy.electricity")


def sealed(figures: Figures) -> dict[str, int]:
    """Places in the ledger of what is claimed: the loan's figure and the saving."""
    return {"idle_off/oven_1/1": 38} | ({figures[LOAN].id: 39} if LOAN in figures else {})


def loan(figures: Figures) -> list[dict[str, Any]]:
    """A key figure of a loan as the accounts hand it in."""
    m = figures.get(LOAN)
    if m is None:
        return []
    allowed = 0.98 * m.value
    return [
        {
            "id": "loan", "name": "Electricity of the loan", "kind": "loan", "path": "linear",
            "indicator": m.indicator, "element": m.element, "unit": m.unit, "base_year": 2024,
            "base_value": 1_700_000.0, "target_year": 2028, "cut": 0.12, "ratio": False,
            "actual": m.value, "low": m.low, "high": m.high, "coverage": m.coverage,
            "estimated_share": m.estimated_share, "measure": m.id, "allowed": allowed,
            "over": m.value - allowed, "met": False, "sure": m.low > allowed, "year_allowed": None,
            "year_left": None, "margin_bp": -5.0, "source": "loan agreement, annex 3",
            "years": [{"year": y, "allowed": 1_700_000.0 * (1 - 0.03 * (y - 2024))} for y in range(2024, 2029)],
        }
    ]  # fmt: skip


def bookings(span: Period, element: str) -> tuple[Booking, ...]:
    def waste(id_: str, code: str, treatment: str, kg: float) -> Booking:
        facts: dict[str, Fact] = {
            "waste_code": code,
            "treatment": treatment,
            "mass_kg": kg,
            "carrier": "Nordhaf Recycling",
        }
        return Booking("waste", id_, Period(span.start, span.end), element, facts, f"note {id_}")  # fmt: skip

    criteria = dict.fromkeys(("conveys_emission_rate", "sole_claim", "same_market"), True)
    facts: dict[str, Fact] = {
        "kwh": 5e4,
        "factor": 0.0,
        "contract": "unbundled",
        "year": 2026.0,
        **criteria,
    }
    return (
        waste("W-1", "13 02 05*", "R9", 310.0),
        waste("W-2", "15 01 01", "R3", 1250.5),
        waste("W-3", "15 02 02*", "D10", 88.0),
        Booking("certificate", "GO-77", span, element, facts, "register 77"),
    )


def finding(span: Period) -> Finding:
    cost = Cost(Range(38.0, 30.0, 47.0), Range(11.2, 8.8, 13.9), money=Range(6.9, 5.4, 8.6))
    return Finding(
        "leak/1",
        "air:leak",
        "air_station",
        "Compressed air is lost at night",
        "excess",
        Severity.ACT,
        "open",
        span.start,
        span.start,
        span.end,
        ("baseflow",),
        ("compressor_1.air_flow",),
        cost,
        cost,
        ("Flow at night is 41 m3/h, expected 12",),
        41.0,
        Range(12.0, 9.0, 15.0),
        "m3/h",
    )


def advice(span: Period) -> Advice:
    saves = Cost(Range(52.0, 40.0, 63.0), Range(15.3, 11.8, 18.5), money=Range(9.5, 7.3, 11.5))
    return Advice(
        "idle_off/oven_1/1",
        "idle_off",
        "oven_1",
        "Let reflow oven 1 sleep in the break",
        ("No board until 12:15",),
        (),
        (),
        saves,
        span.start,
        span.start,
        span,
        "approve",
        "done",
        by="Ada",
    )


def saving(span: Period) -> Saving:
    return Saving(
        "idle_off/oven_1/1",
        "oven_1",
        span,
        Range(410.0, 396.0, 424.0),
        352.0,
        Range(58.0, 44.0, 72.0),
        0.90,
        "savings/1: IPMVP option B",
        True,
        ("CVRMSE 4.1 %",),
        Cost(money=Range(10.6, 8.1, 13.2)),
        0.998,
        span.end,
    )


EXTRA: Mapping[str, Any] = {
    "permits": [
        {
            "permit": "nox", "name": "NOx of boiler 1", "limit": 100.0, "unit": "mg/Nm3", "window": "day",
            "source": "notice 4-2025", "element": "boiler_1",
            "windows": 30, "valid": 28, "above": 1, "discarded_days": 1,
            "highest": 108.2, "mean": 71.9, "used_share": 1.082, "verdict": "broken",
            "error_share": 0.1,
            "exceedances": [{"start": "2026-06-11T22:00:00Z", "end": "2026-06-12T22:00:00Z", "value": 108.2}],
        },
        {
            "permit": "sewer", "name": "Water to the sewer", "limit": 40.0, "unit": "m3", "window": "rolling day",
            "source": "notice 7-2024", "element": "sewer", "windows": 30, "valid": 30, "above": 0, "discarded_days": 0,
            "highest": 31.0, "mean": 18.0, "used_share": 0.775, "verdict": "kept", "exceedances": [],
        },
    ],
    "targets": [
        {
            "id": "s12", "name": "Half of scopes 1 and 2 by 2030", "kind": "target", "path": "linear",
            "indicator": "ghg.scope12_market", "element": "nordhafen", "unit": "kgCO2e", "base_year": 2024,
            "base_value": 900_000.0, "target_year": 2030, "cut": 0.5, "allowed": 750_000.0, "actual": 742_000.0,
            "low": 730_000.0, "high": 754_000.0, "over": -8_000.0, "met": True, "sure": False,
            "source": "board, 2025-03-01", "outlook": {"text": "The year is likely to end 1 % below the path."},
        },
    ],
    "baselines": [
        {
            "element": "line_1", "name": "Electricity of SMT line 1", "indicator": "energy.electricity", "unit": "kWh",
            "model": "two slopes", "variables": ["good parts", "outdoor temperature"],
            "baseline_period": "2025-06-01T00:00:00Z/2026-06-01T00:00:00Z", "expected": 8100.0, "low": 7900.0,
            "high": 8300.0, "actual": 7420.0, "improvement": 0.084, "cvrmse": 0.072, "nmbe": 0.001, "fit": True,
            "reasons": ["CVRMSE 7.2 % is below 20 %"],
        },
    ],
    "footprints": [
        {
            "id": "91715e5e-fd0b-4d1c-8fab-76290c46e6ed", "specVersion": "3.0.3", "created": "2026-07-01T00:00:00Z",
            "status": "Active", "validityPeriodStart": "2026-07-01T00:00:00Z",
            "validityPeriodEnd": "2029-07-01T00:00:00Z",
            "companyName": "Nordhafen Electronics GmbH", "companyIds": ["urn:vat:de:999999999"],
            "productDescription": "Control board, 0.21 kg", "productIds": ["urn:nordhafen:product:101"],
            "productNameCompany": "Control board", "comment": "95 % interval of the footprint: +-0.6 kgCO2e.",
            "pcf": {
                "declaredUnitOfMeasurement": "piece", "declaredUnitAmount": "1", "productMassPerDeclaredUnit": "0.21",
                "referencePeriodStart": "2026-06-01T00:00:00Z", "referencePeriodEnd": "2026-07-01T00:00:00Z",
                "geographyCountry": "DE", "pcfExcludingBiogenicUptake": "5.14", "pcfIncludingBiogenicUptake": "5.14",
                "fossilGhgEmissions": "5.14", "fossilCarbonContent": "0.01", "ipccCharacterizationFactors": ["AR6"],
                "crossSectoralStandards": ["ISO14067"], "exemptedEmissionsPercent": "0", "primaryDataShare": "60",
                "boundaryProcessesDescription": "Cradle to gate of nordhafen", "allocationRulesDescription": "by mass",
                "dqi": {"technologicalDQR": "2.4", "geographicalDQR": "1.6", "temporalDQR": "1"},
            },
        }
    ],
    "footprint_stages": {
        "91715e5e-fd0b-4d1c-8fab-76290c46e6ed": [
            {"stage": "ghg.scope1", "co2e_kg": 1.14, "half_kg": 0.1, "primary_share": 100.0, "technology": 2.0,
             "geography": 1.0, "time": 1.0},
            {"stage": "scope 3 category 1", "co2e_kg": 4.0, "half_kg": 0.6, "primary_share": 48.6, "technology": 2.5,
             "geography": 1.8, "time": 1.0},
        ]
    },
    "carbon_project": {
        "name": "Ovens that sleep in breaks", "leakage_share": 0.02, "leakage": "a fiftieth, boards wait longer",
        "factor": {"value": 0.61, "unit": "kgCO2e/kWh", "place": "DE", "year": 2025, "source": "grid operator"},
    },
}  # fmt: skip
