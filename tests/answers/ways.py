"""How each worked example is computed here: what is given by name to what comes out by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from ecotwin import accounting as a
from ecotwin.accounting import factors
from ecotwin.accounting.fuels import KG_PER_LB
from ecotwin.clock import iso
from ecotwin.detection import nab
from ecotwin.errors import FigureGap

EPA = "EPA GHG Emission Factors Hub 2024, table 1"


@dataclass(frozen=True)
class Vector:
    id: str
    source: str
    tolerance: float
    given: dict[str, Any]
    expected: dict[str, Any]
    compute: Callable[[dict[str, Any]], dict[str, Any]]


def combustion(g: dict[str, Any]) -> dict[str, Any]:
    burnt = a.combustion(
        g["quantity"], g["ef_co2_kg"], g["ef_ch4_g"], g["ef_n2o_g"], gwp_set=g["gwp"]
    )
    return {
        "co2_kg": burnt.co2_kg,
        "ch4_kg": burnt.ch4_kg,
        "n2o_kg": burnt.n2o_kg,
        "co2e_kg": burnt.co2e_kg,
    }


def wood(g: dict[str, Any]) -> dict[str, Any]:
    energy = a.fuel_energy(g["quantity"], g["hhv"])
    burnt = a.combustion(
        energy, g["ef_co2"], g["ch4_g"], g["n2o_g"], gwp_set=g["gwp"], biogenic=True
    )
    return {
        "scope1_co2e_kg": burnt.co2e_kg,
        "biogenic_co2_outside_scopes_kg": burnt.biogenic_co2_kg,
    }


def gwp_of(gas: str, gwp_set: str) -> float:
    return factors.required(factors.gwp(gas, gwp_set)).value


def refrigerant(g: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for ar in ("AR5", "AR6"):
        gwp = a.blend_gwp(g["composition"], {gas: gwp_of(gas, ar) for gas in g["composition"]})
        assert gwp == pytest.approx(factors.required(factors.blend(g["blend"], ar)).value)
        out |= {f"gwp_{ar}": gwp, f"co2e_{ar}_kg": a.refrigerant_loss(g["mass_kg"], gwp)}
    return out


def scope2(g: dict[str, Any]) -> dict[str, Any]:
    market = a.market_based(
        g["consumption_kwh"], [a.Instrument(g["cert_kwh"], g["cert_ef"])], g["residual_ef"]
    )
    return {
        "location_t": a.location_based(g["consumption_kwh"], g["location_ef"]) / 1000,
        "market_t": market.co2e_kg / 1000,
        "covered_kwh": market.covered_kwh,
        "residual_kwh": market.residual_kwh,
    }


def egrid(g: dict[str, Any]) -> dict[str, Any]:
    kg = a.location_based(g["mwh"] * 1000, a.grid_rate(g["ef_lb_per_mwh"]))
    return {"co2_lb": kg / KG_PER_LB, "co2_t": kg / 1000}


def vorne(g: dict[str, Any]) -> dict[str, Any]:
    planned = g["shift_min"] - g["breaks_min"]
    run = planned - g["stop_min"]
    got = a.oee_vorne(
        planned * 60, run * 60, g["ideal_cycle_s"], g["total"], g["total"] - g["reject"]
    )
    return {"ppt_min": planned, "run_min": run} | _parts(got, "performance")


def effectiveness(g: dict[str, Any]) -> dict[str, Any]:
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


def fit(g: dict[str, Any]) -> dict[str, Any]:
    seen, made, p = g["observed"], g["predicted"], g["p"]
    return {
        "cvrmse_n_minus_p": a.cvrmse(seen, made, p),
        "cvrmse_n": a.cvrmse(seen, made),
        "nmbe_obs_minus_pred_n_minus_p": a.nmbe(seen, made, p),
        "nmbe_n": a.nmbe(seen, made),
    }


def degree_days(g: dict[str, Any]) -> dict[str, Any]:
    return {
        "hdd": a.heating_degree_days(g["daily_mean_C"], g["base_heat"]),
        "cdd": a.cooling_degree_days(g["daily_mean_C"], g["base_cool"]),
    }


def circular(g: dict[str, Any]) -> dict[str, Any]:
    got = a.material_circularity(g["M"], g["V"], g["W"], g["WF"], g["WC"], g["X"])
    return {"lfi": got.lfi, "mci": got.mci}


def leaks(g: dict[str, Any]) -> dict[str, Any]:
    usd = [
        a.leak_cost(
            x["n"], x["cfm"], g["kw_per_cfm"], g["hours"], g["usd_per_kwh"], g["orifice_factor"]
        )
        for x in g["leaks"]
    ]
    return {"usd": usd, "total": sum(usd)}


def battle(g: dict[str, Any]) -> dict[str, Any]:
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


def profiles(g: dict[str, Any]) -> dict[str, Any]:
    found = [nab.PROFILES[name] for name in g["profiles"]]
    return {
        "A_TP": [p.hit for p in found],
        "A_FP": [p.false_alarm for p in found],
        "A_FN": [p.miss for p in found],
    }


def validity(g: dict[str, Any]) -> dict[str, Any]:
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


def biogenic_product(g: dict[str, Any]) -> dict[str, Any]:
    without = a.pcf_excluding_uptake(g["fossil"], land_management_co2=g["landManagement_or_other"])
    uptake = a.biogenic_uptake(g["biogenicCarbonContent"])
    return {
        "pcfExcludingBiogenicUptake": without,
        "biogenicCO2Uptake": uptake,
        "pcfIncludingBiogenicUptake": a.pcf_including_uptake(without, uptake),
    }
