"""Worked examples with known answers: values typed in with their source and tolerance.

Where the shared list of vectors lies beside the repository, one more test checks that the typed values equal it.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ecotwin import accounting as a
from ecotwin.accounting import factors
from ecotwin.accounting.fuels import KG_PER_LB
from ecotwin.clock import iso
from ecotwin.detection import nab
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.records import FactorUse

EPA = "EPA GHG Emission Factors Hub 2024, table 1"


@dataclass(frozen=True)
class Vector:
    id: str
    source: str
    tolerance: float
    given: dict[str, Any]
    expected: dict[str, Any]
    compute: Callable[[dict[str, Any]], dict[str, Any]]


def _combustion(g: dict[str, Any]) -> dict[str, Any]:
    burnt = a.combustion(
        g["quantity"], g["ef_co2_kg"], g["ef_ch4_g"], g["ef_n2o_g"], gwp_set=g["gwp"]
    )
    return {
        "co2_kg": burnt.co2_kg,
        "ch4_kg": burnt.ch4_kg,
        "n2o_kg": burnt.n2o_kg,
        "co2e_kg": burnt.co2e_kg,
    }


def _wood(g: dict[str, Any]) -> dict[str, Any]:
    energy = a.fuel_energy(g["quantity"], g["hhv"])
    burnt = a.combustion(
        energy, g["ef_co2"], g["ch4_g"], g["n2o_g"], gwp_set=g["gwp"], biogenic=True
    )
    return {
        "scope1_co2e_kg": burnt.co2e_kg,
        "biogenic_co2_outside_scopes_kg": burnt.biogenic_co2_kg,
    }


def _gwp(gas: str, gwp_set: str) -> float:
    return factors.required(factors.gwp(gas, gwp_set)).value


def _refrigerant(g: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for ar in ("AR5", "AR6"):
        gwp = a.blend_gwp(g["composition"], {gas: _gwp(gas, ar) for gas in g["composition"]})
        assert gwp == pytest.approx(factors.required(factors.blend(g["blend"], ar)).value)
        out |= {f"gwp_{ar}": gwp, f"co2e_{ar}_kg": a.refrigerant_loss(g["mass_kg"], gwp)}
    return out


def _scope2(g: dict[str, Any]) -> dict[str, Any]:
    market = a.market_based(
        g["consumption_kwh"], [a.Instrument(g["cert_kwh"], g["cert_ef"])], g["residual_ef"]
    )
    return {
        "location_t": a.location_based(g["consumption_kwh"], g["location_ef"]) / 1000,
        "market_t": market.co2e_kg / 1000,
        "covered_kwh": market.covered_kwh,
        "residual_kwh": market.residual_kwh,
    }


def _egrid(g: dict[str, Any]) -> dict[str, Any]:
    kg = a.location_based(g["mwh"] * 1000, a.grid_rate(g["ef_lb_per_mwh"]))
    return {"co2_lb": kg / KG_PER_LB, "co2_t": kg / 1000}


def _vorne(g: dict[str, Any]) -> dict[str, Any]:
    planned = g["shift_min"] - g["breaks_min"]
    run = planned - g["stop_min"]
    got = a.oee_vorne(
        planned * 60, run * 60, g["ideal_cycle_s"], g["total"], g["total"] - g["reject"]
    )
    return {"ppt_min": planned, "run_min": run} | _parts(got, "performance")


def _iso(g: dict[str, Any]) -> dict[str, Any]:
    got = a.oee_iso22400(
        g["run_min"], g["planned_min"], g["ideal_cycle_min"], g["total"], g["good"]
    )
    return _parts(got, "performance")


def _parts(got: a.Effectiveness, name: str) -> dict[str, Any]:
    return {
        "availability": got.availability,
        name: got.effectiveness,
        "quality": got.quality,
        "oee": got.oee,
    }


def _fit(g: dict[str, Any]) -> dict[str, Any]:
    seen, made, p = g["observed"], g["predicted"], g["p"]
    return {
        "cvrmse_n_minus_p": a.cvrmse(seen, made, p),
        "cvrmse_n": a.cvrmse(seen, made),
        "nmbe_obs_minus_pred_n_minus_p": a.nmbe(seen, made, p),
        "nmbe_n": a.nmbe(seen, made),
    }


def _degree_days(g: dict[str, Any]) -> dict[str, Any]:
    return {
        "hdd": a.heating_degree_days(g["daily_mean_C"], g["base_heat"]),
        "cdd": a.cooling_degree_days(g["daily_mean_C"], g["base_cool"]),
    }


def _circular(g: dict[str, Any]) -> dict[str, Any]:
    got = a.material_circularity(g["M"], g["V"], g["W"], g["WF"], g["WC"], g["X"])
    return {"lfi": got.lfi, "mci": got.mci}


def _leaks(g: dict[str, Any]) -> dict[str, Any]:
    usd = [
        a.leak_cost(
            x["n"], x["cfm"], g["kw_per_cfm"], g["hours"], g["usd_per_kwh"], g["orifice_factor"]
        )
        for x in g["leaks"]
    ]
    return {"usd": usd, "total": sum(usd)}


def _battle(g: dict[str, Any]) -> dict[str, Any]:
    alarms = {
        "inside space-time window": lambda d: a.Alarm(d["water_saved_m3"], d["distance_m"]),
        "outside any leak": lambda d: a.Alarm(),
        "already detected leak": lambda d: a.Alarm(distance_m=0.0, known=True),
        "before leak start, right pipe": lambda d: a.Alarm(distance_m=0.0, before_start=True),
    }
    seen = [alarms[d["kind"]](d) for d in g["detections"]]
    terms = (g["cost_water"], g["cost_crew"], g["x_max"])
    return {
        "scores": [a.alarm_score(one, *terms) for one in seen],
        "total": a.alarms_score(seen, *terms),
    }


def _profiles(g: dict[str, Any]) -> dict[str, Any]:
    found = [nab.PROFILES[name] for name in g["profiles"]]
    return {
        "A_TP": [p.hit for p in found],
        "A_FP": [p.false_alarm for p in found],
        "A_FN": [p.miss for p in found],
    }


def _validity(g: dict[str, Any]) -> dict[str, Any]:
    end = datetime.fromisoformat(g["referencePeriodEnd"])
    given = [
        g[n] and datetime.fromisoformat(g[n]) for n in ("validityPeriodStart", "validityPeriodEnd")
    ]
    valid = a.validity(end, *given)
    for bad in ((end - timedelta(seconds=1), None), (None, valid.end + timedelta(seconds=1))):
        with pytest.raises(FigureGap):
            a.validity(end, *bad)
    at_most = a.validity(end, valid.start, valid.end)
    return {
        "default_end": iso(valid.end_us),
        "valid_start_ge": iso(at_most.start_us),
        "valid_end_le": iso(at_most.end_us),
    }


def _biogenic_product(g: dict[str, Any]) -> dict[str, Any]:
    without = a.pcf_excluding_uptake(g["fossil"], land_management_co2=g["landManagement_or_other"])
    uptake = a.biogenic_uptake(g["biogenicCarbonContent"])
    return {
        "pcfExcludingBiogenicUptake": without,
        "biogenicCO2Uptake": uptake,
        "pcfIncludingBiogenicUptake": a.pcf_including_uptake(without, uptake),
    }


VECTORS = [
    Vector(
        "comb-01",
        EPA,
        1e-6,
        {
            "fuel": "natural_gas",
            "quantity": 1000,
            "unit": "mmBtu",
            "basis": "HHV",
            "ef_co2_kg": 53.06,
            "ef_ch4_g": 1.0,
            "ef_n2o_g": 0.1,
            "gwp": "AR5",
        },
        {"co2_kg": 53060.0, "ch4_kg": 1.0, "n2o_kg": 0.1, "co2e_kg": 53114.5},
        _combustion,
    ),
    Vector(
        "comb-03",
        EPA,
        1e-5,
        {
            "fuel": "natural_gas",
            "hhv_mmBtu_per_scf": 0.001026,
            "ef_kg_per_mmBtu": 53.06,
            "quantity_scf": 1,
        },
        {"co2_kg": 0.05444},
        lambda g: {
            "co2_kg": a.combustion(
                a.fuel_energy(g["quantity_scf"], g["hhv_mmBtu_per_scf"]), g["ef_kg_per_mmBtu"]
            ).co2_kg
        },
    ),
    Vector(
        "comb-04",
        EPA,
        0.5,
        {
            "fuel": "mixed_industrial_coal",
            "quantity": 1,
            "unit": "short ton",
            "hhv_mmBtu_per_short_ton": 22.35,
            "ef_kg_per_mmBtu": 94.67,
        },
        {"co2_kg": 2116},
        lambda g: {
            "co2_kg": a.combustion(
                a.fuel_energy(g["quantity"], g["hhv_mmBtu_per_short_ton"]), g["ef_kg_per_mmBtu"]
            ).co2_kg
        },
    ),
    Vector(
        "comb-07",
        EPA + "; GHG Protocol Corporate Standard: biogenic CO2 apart",
        1e-3,
        {
            "fuel": "wood",
            "quantity": 10,
            "unit": "short ton",
            "hhv": 17.48,
            "ef_co2": 93.8,
            "ch4_g": 7.2,
            "n2o_g": 3.6,
            "gwp": "AR5",
        },
        {"scope1_co2e_kg": 201.99888, "biogenic_co2_outside_scopes_kg": 16396.24},
        _wood,
    ),
    Vector(
        "ref-01",
        "IPCC AR5 and AR6 GWP100; ASHRAE 34",
        1e-6,
        {"blend": "R-410A", "mass_kg": 2.5, "composition": {"HFC-32": 0.5, "HFC-125": 0.5}},
        {"gwp_AR5": 1923.5, "gwp_AR6": 2255.5, "co2e_AR5_kg": 4808.75, "co2e_AR6_kg": 5638.75},
        _refrigerant,
    ),
    Vector(
        "s2-01",
        "tools.gera.services scope 2 example",
        1e-6,
        {
            "consumption_kwh": 1000000,
            "location_ef": 0.2,
            "cert_kwh": 600000,
            "cert_ef": 0,
            "residual_ef": 0.45,
        },
        {"location_t": 200.0, "market_t": 180.0, "covered_kwh": 600000, "residual_kwh": 400000},
        _scope2,
    ),
    Vector(
        "s2-04",
        "eGRID unit, Nevada",
        1e-3,
        {"mwh": 1000, "ef_lb_per_mwh": 669.23},
        {"co2_lb": 669230, "co2_t": 303.5576217751},
        _egrid,
    ),
    Vector(
        "sbti-01",
        "SBTi Corporate Net-Zero Standard V1.3",
        1e-9,
        {"base_year": 2022, "target_year": 2030, "rate": 0.042},
        {"reduction_pct": 42.0},
        lambda g: {
            "reduction_pct": 100 * a.sbti_linear_cut(g["base_year"], g["target_year"], g["rate"])
        },
    ),
    Vector(
        "oee-01",
        "oee.com worked example",
        1e-4,
        {
            "shift_min": 480,
            "breaks_min": 60,
            "stop_min": 47,
            "ideal_cycle_s": 1.0,
            "total": 19271,
            "reject": 423,
        },
        {
            "ppt_min": 420,
            "run_min": 373,
            "availability": 0.888095238095238,
            "performance": 0.8610813226094728,
            "quality": 0.9780499195682631,
            "oee": 0.7479365079365079,
        },
        _vorne,
    ),
    Vector(
        "oee-02",
        "waycalculator example",
        1e-4,
        {"planned_min": 480, "run_min": 420, "ideal_cycle_min": 1, "total": 400, "good": 380},
        {
            "availability": 0.875,
            "performance": 0.9523809523809523,
            "quality": 0.95,
            "oee": 0.7916666666666665,
        },
        _iso,
    ),
    Vector(
        "mv-01",
        "OpenDSM: n' = n(1-rho)/(1+rho)",
        1e-9,
        {"n": 365, "rho_lag1": 0.5},
        {"n_prime": 121.66666666666667},
        lambda g: {"n_prime": a.effective_count(g["n"], g["rho_lag1"])},
    ),
    Vector(
        "mv-03",
        "ASHRAE 14 (n-p) and OpenDSM (n)",
        1e-9,
        {"observed": [100, 110, 120, 130], "predicted": [98, 112, 119, 133], "p": 2},
        {
            "cvrmse_n_minus_p": 0.02608695652173913,
            "cvrmse_n": 0.01844626385704037,
            "nmbe_obs_minus_pred_n_minus_p": -0.008695652173913044,
            "nmbe_n": -0.004347826086956522,
        },
        _fit,
    ),
    Vector(
        "mv-04",
        "CUSUM, savings positive",
        1e-9,
        {"baseline_predicted": [100, 105, 98, 110], "actual": [100, 100, 95, 101]},
        {"savings_cusum": [0, 5, 8, 17]},
        lambda g: {"savings_cusum": a.cusum(g["baseline_predicted"], g["actual"]).tolist()},
    ),
    Vector(
        "mv-06",
        "mean-temperature method",
        1e-9,
        {"daily_mean_C": [2, 10, 18, 25], "base_heat": 15.5, "base_cool": 18.0},
        {"hdd": 19.0, "cdd": 7},
        _degree_days,
    ),
    Vector(
        "water-01",
        "WULCA AWARE",
        1e-9,
        {"AMD": [0.0136, 0.00136, 1e-05, 1.0]},
        {"cf": [1.0, 10.0, 100.0, 0.1]},
        lambda g: {"cf": [a.aware_factor(x) for x in g["AMD"]]},
    ),
    Vector(
        "mci-01",
        "Ellen MacArthur Foundation",
        1e-9,
        {"M": 1, "V": 1, "W": 1, "WF": 0, "WC": 0, "X": 1},
        {"lfi": 1.0, "mci": 0.09999999999999998},
        _circular,
    ),
    Vector(
        "mci-02",
        "Ellen MacArthur Foundation",
        1e-9,
        {"M": 1, "V": 0, "W": 0, "WF": 0, "WC": 0, "X": 1},
        {"lfi": 0.0, "mci": 1.0},
        _circular,
    ),
    Vector(
        "air-01",
        "2010/75/EU Annexes V and VI",
        1e-9,
        {"measured_mg": 100, "o2_measured": 8.0, "o2_ref": 3.0},
        {"corrected": 138.46153846153845},
        lambda g: {"corrected": a.o2_corrected(g["measured_mg"], g["o2_measured"], g["o2_ref"])},
    ),
    Vector(
        "air-03",
        "2010/75/EU Annex VI part 8",
        0,
        {"daily_half_hours": 48, "discarded": 6},
        {"valid_day": False},
        lambda g: {"valid_day": a.day_is_valid(g["discarded"])},
    ),
    Vector(
        "noise-01",
        "ISO 9612; 2003/10/EC",
        0.01,
        {"laeq": [88], "hours": [4]},
        {"lex8h": 84.98970004336019},
        lambda g: {"lex8h": a.noise_exposure(g["laeq"], g["hours"])},
    ),
    Vector(
        "wbgt-01",
        "ISO 7243:2017",
        1e-9,
        {"tnw": 25, "tg": 35, "ta": 30},
        {"indoor": 28.0, "outdoor": 27.5},
        lambda g: {
            "indoor": a.wbgt_indoor(g["tnw"], g["tg"]),
            "outdoor": a.wbgt_outdoor(g["tnw"], g["tg"], g["ta"]),
        },
    ),
    Vector(
        "ca-01",
        "US DOE Compressed Air Tip Sheet 3",
        1.0,
        {
            "leaks": [{"n": 100, "cfm": 1.46}, {"n": 50, "cfm": 5.72}, {"n": 10, "cfm": 100.9}],
            "orifice_factor": 0.61,
            "kw_per_cfm": 0.18,
            "hours": 7000,
            "usd_per_kwh": 0.05,
        },
        {"usd": [5611, 10991, 38776], "total": 55378},
        _leaks,
    ),
    Vector(
        "ca-03",
        "EXAIR bleed-down",
        0.01,
        {"V_ft3": 200, "P1_psig": 100, "P2_psig": 50, "T_min": 5},
        {"leak_cfm": 170.06802721088434},
        lambda g: {
            "leak_cfm": a.bleed_down_leak(g["V_ft3"], g["P1_psig"], g["P2_psig"], g["T_min"])
        },
    ),
    Vector(
        "pact-01",
        "PACT openapi 3.0.3 example 1",
        0.005,
        {"biogenicCarbonContent": "0.44"},
        {"biogenicCO2Uptake": -1.6133333333333333},
        lambda g: {"biogenicCO2Uptake": a.biogenic_uptake(float(g["biogenicCarbonContent"]))},
    ),
    Vector(
        "pact-02",
        "PACT openapi 3.0.3 example 2",
        0.005,
        {"fossil": 4.78, "landManagement_or_other": 0.36, "biogenicCarbonContent": 5.28},
        {
            "pcfExcludingBiogenicUptake": 5.14,
            "biogenicCO2Uptake": -19.36,
            "pcfIncludingBiogenicUptake": -14.22,
        },
        _biogenic_product,
    ),
    Vector(
        "pact-04",
        "PACT Tech Spec 3.0.3, validity period",
        0,
        {
            "referencePeriodEnd": "2025-01-01T00:00:00Z",
            "validityPeriodStart": None,
            "validityPeriodEnd": None,
        },
        {
            "default_end": "2028-01-01T00:00:00Z",
            "valid_start_ge": "2025-01-01T00:00:00Z",
            "valid_end_le": "2028-01-01T00:00:00Z",
        },
        _validity,
    ),
    Vector(
        "pact-05",
        "PACT openapi 3.0.3, Decimal",
        0,
        {"values": ["10", "42.12", "-182.84", "+1.5", "1e3", ".5", "1.", 10]},
        {"valid": [True, True, True, True, False, False, False, False]},
        lambda g: {"valid": [a.is_decimal(v) for v in g["values"]]},
    ),
    Vector(
        "pact-06",
        "PACT Methodology: primary data share",
        1e-9,
        {
            "inputs": [
                {"pcf": 10, "pds": 100},
                {"pcf": 30, "pds": 50},
                {"pcf": 60, "pds": 0},
            ]
        },
        {"pds_pct": 25.0},
        lambda g: {"pds_pct": a.primary_data_share((i["pcf"], i["pds"]) for i in g["inputs"])},
    ),
    Vector(
        "nab-01",
        "NAB config/profiles.json @ea702d7",
        0,
        {"profiles": ["standard", "reward_low_FP", "reward_low_FN"]},
        {"A_TP": [1, 1, 1], "A_FP": [0.11, 0.22, 0.11], "A_FN": [1, 1, 2]},
        _profiles,
    ),
    Vector(
        "bat-01",
        "BattLeDIM scoring algorithm @ea81f54",
        1e-9,
        {
            "detections": [
                {
                    "kind": "inside space-time window",
                    "water_saved_m3": 1000,
                    "distance_m": 150,
                },
                {"kind": "outside any leak"},
                {"kind": "already detected leak"},
                {"kind": "before leak start, right pipe"},
            ],
            "cost_water": 0.8,
            "cost_crew": 500,
            "x_max": 300,
        },
        {"scores": [550.0, -500, 0, -500], "total": -450},
        _battle,
    ),
]

ELSEWHERE = {
    "mrk-01": ("test_ledger.py", "test_roots"),
    "mrk-02": ("test_ledger.py", "test_inclusion_proof"),
    "mrk-03": ("test_ledger.py", "test_consistency_proof"),
    "jsp-01": ("test_jobshop.py", "test_the_shortest_schedules_of_the_benchmark"),
    "sp-01": ("test_sparkplug.py", "test_the_number_after_255_is_0"),
    "sp-02": ("test_sparkplug.py", "test_a_node_and_its_devices_share_one_number"),
    "sp-03": ("test_sparkplug.py", "test_a_rebirth_keeps_the_session_and_a_connect_begins_one"),
}
"""Vectors that are tests of another file of this folder: the file and the test that names the id."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v.id)
def test_known_answer(vector: Vector) -> None:
    got = vector.compute(vector.given)
    assert got.keys() == vector.expected.keys()
    for key, expected in vector.expected.items():
        close = expected
        if not isinstance(expected, str):
            close = pytest.approx(expected, abs=vector.tolerance, rel=1e-9)
        assert got[key] == close, f"{vector.id} {key} ({vector.source})"


def test_typed_values_equal_the_shared_vectors() -> None:
    file = Path(__file__).parents[3] / "shared" / "vectors.json"
    if not file.exists():
        pytest.skip(
            "no ../shared/vectors.json beside this repository; the typed values stand alone"
        )
    shared = {v["id"]: v for v in json.loads(file.read_text())}
    for vector in VECTORS:
        theirs = shared[vector.id]
        assert vector.given == theirs["input"], vector.id
        assert vector.expected == theirs["expected"], vector.id
        assert vector.tolerance == theirs["tolerance"], vector.id
    listed = [v.id for v in VECTORS] + list(ELSEWHERE)
    assert shared.keys() - set(listed) == set(), "not tested"
    assert set(listed) - shared.keys() == set(), "no such vector is shared"


@pytest.mark.parametrize("id_", ELSEWHERE)
def test_a_vector_of_another_file_is_tested_there_by_its_id(id_: str) -> None:
    file, name = ELSEWHERE[id_]
    found = [
        node
        for node in ast.parse((Path(__file__).parent / file).read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert found, f"{file} has no {name}"
    assert id_ in (ast.get_docstring(found[0]) or ""), f"{name} does not name {id_}"


def test_no_vector_is_listed_twice() -> None:
    listed = [v.id for v in VECTORS] + list(ELSEWHERE)
    assert len(set(listed)) == len(listed)


def test_tables_hold_the_published_factors() -> None:
    rows = factors.table("combustion")
    assert rows["epa-hub/natural_gas/2024/co2"].value == 53.06
    assert rows["epa-hub/wood/2024/co2"].name == "biogenic_co2"
    assert rows["ipcc-2006/diesel/2006/co2"].value == 74100
    assert math.isclose(
        factors.table("heating_values")["epa-hub/natural_gas/2024/heat"].value * 53.06,
        0.05444,
        abs_tol=1e-5,
    )


@pytest.mark.parametrize(
    ("gas", "ar4", "ar5", "ar6"),
    [
        ("N2O", 298, 265, 273),
        ("SF6", 22800, 23500, 25200),
        ("NF3", 17200, 16100, 17400),
        ("CF4", 7390, 6630, 7380),
        ("HFC-134a", 1430, 1300, 1530),
    ],
)
def test_gwp_of_every_report(gas: str, ar4: float, ar5: float, ar6: float) -> None:
    assert [_gwp(gas, ar) for ar in ("AR4", "AR5", "AR6")] == [ar4, ar5, ar6]


def test_burnt_methane_weighs_less_than_escaped() -> None:
    burnt, escaped = factors.gwp("CH4", "AR6"), factors.gwp("CH4", "AR6", fossil_fugitive=True)
    assert isinstance(burnt, FactorUse)
    assert isinstance(escaped, FactorUse)
    assert (burnt.value, escaped.value) == (27.0, 29.8)
    assert a.COMBUSTION_GWP["AR6"]["CH4"] == burnt.value
    assert a.FUGITIVE_CH4_GWP["AR6"] == escaped.value


def test_an_unknown_gas_is_a_gap_and_no_number() -> None:
    assert isinstance(factors.gwp("HFC-9999", "AR6"), FactorGap)


def test_r404a_by_its_parts() -> None:
    assert factors.required(factors.blend("R-404A", "AR5")).value == pytest.approx(3942.8)
    assert factors.required(factors.blend("R-404A", "AR6")).value == pytest.approx(4728.0)
