"""The other views of the invented works: machines, one machine, findings, advice, accounts, proof."""

# One row a figure reads better than one line a field.
# fmt: off
# ruff: noqa: E501, E731

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

from ecotwin.service import views as v
from web import sample_plant as s

Curve = Callable[[float], float | None]


def head(text: str, cost: str = "", level: str = "none") -> v.Headline:
    return v.Headline.model_validate({"text": text, "cost": cost, "level": level})


def trace(signal: str, name: str, unit: str, digits: str, level: str, expected: str, curve: Curve, band: Curve, *, half: float, hours: float, noise: float) -> v.Trace:
    rand = random.Random(signal)
    at: list[str] = []
    value, low, high = (list[float | None]() for _ in range(3))
    steps = 480
    for i in range(steps):
        hour = 10.7 - hours + hours * i / (steps - 1)
        found, centre = curve(hour), band(hour)
        at.append(s.local(hour))
        value.append(None if found is None else found + rand.gauss(0, noise))
        low.append(None if centre is None else centre - half)
        high.append(None if centre is None else centre + half)
    return v.Trace.model_validate({"signal": signal, "name": name, "unit": unit, "digits": digits, "level": level, "expected": expected, "at": at, "value": value, "low": low, "high": high})


STATES = [
    (-13.3, -10.0, "busy", "Order 7709 · board K4"), (-10.0, -9.6, "setup", ""), (-9.6, -5.2, "busy", "Order 7711 · board A20"), (-5.2, -4.6, "idle", "Order 7711 · board A20"),
    (-4.6, -2.0, "busy", "Order 7711 · board A20"), (-2.0, -1.6, "setup", ""), (-1.6, 0.4, "busy", "Order 7714 · board A20"), (0.4, 2.4, "standby", "Order 7714 · board A20"),
    (2.4, 3.0, "heating", "Order 7714 · board A20"), (3.0, 5.6, "busy", "Order 7714 · board A20"), (5.6, 6.0, "setup", ""), (6.0, 8.0, "busy", "Order 7716 · board M7"),
    (8.0, 8.6, "idle", "Order 7716 · board M7"), (8.6, 10.7, "busy", "Order 7716 · board M7"),
]
NAMES = {"busy": "Producing", "setup": "Changeover", "idle": "Waiting hot", "standby": "Standby", "heating": "Heating up"}
KW = {"busy": 50.2, "setup": 44.0, "idle": 41.0, "standby": 8.8, "heating": 72.0}


def state_at(hour: float) -> str:
    return next((st for a, b, st, _ in STATES if a <= hour < b), "busy")


def oven_kw(hour: float) -> float:
    near = [KW[state_at(hour + d / 10)] for d in (-1, 0, 1)]
    return sum(near) / 3


def machine(writes: str, said: str = "") -> v.MachineView:
    over: Any = lambda h: 15.6 * min(1, max(0, (h - 5.83) * 6))
    on: Any = lambda h, x: None if state_at(h) in ("standby",) else x
    spark = None
    fig = s.figure
    row: Any = lambda st, hours, mean, exp, lo, hi, kwh, ekwh, level: v.StateRow.model_validate(
        {"state": st, "name": NAMES[st], "hours": hours, "mean_kw": mean, "expected_kw": {"value": exp, "low": lo, "high": hi}, "energy_kwh": kwh, "expected_kwh": ekwh, "above_kwh": kwh - ekwh, "level": level}
    )
    return v.MachineView(
        bar=s.bar(writes=writes), id="oven2", name="Reflow oven 2",
        path=[v.Place(id="smt2", name="SMT line 2", level="line", parent="works"), v.Place(id="oven2", name="Reflow oven 2", level="machine", parent="smt2")],
        headline=head("Reflow oven 2 draws 15.6 kW more than expected since 05:50. It costs", "91.7 kg CO₂e and 57.1 EUR a day", "act"),
        figures=[
            fig("power", "Power now", "65.8", "kW", "act", "↑ 31 % above", "47.8–52.6 kW", 0.99, spark), fig("co2e", "CO₂e now, location-based", "19.3", "kg/h", "act", "↑ 31 % above", "14.1–15.5 kg/h", 0.99, spark),
            fig("specific_energy", "Energy per good board", "0.140", "kWh", "act", "↑ 31 % above", "0.102–0.112 kWh", 0.97, spark), fig("parts", "Good boards this shift", "2,160", "boards", "ok", "as expected", "2,090–2,260", 0.99, spark),
            fig("scrap", "Scrap this shift", "0.41", "%", "ok", "as expected", "0.20–0.60 %", 0.98, spark), fig("oee", "OEE this shift", "70.9", "%", "watch", "↓ 2.1 points below", "72.0–75.0 %", 0.98, spark),
        ],
        ribbon_title="Producing 19.0 of 24.0 h, waiting hot 1.2 h",
        ribbon=[v.StateSpan(start=s.local(a), end=s.local(b), state=st, name=NAMES[st], product=p) for a, b, st, p in STATES],
        power_title="Power left its expected band at 05:50 and stays above it",
        power=trace("oven2.power", "Power", "kW", "65.8", "act", "47.8–52.6 kW", lambda h: oven_kw(h) + over(h), oven_kw, half=2.4, hours=24, noise=0.7), power_gaps=[],
        traces=[
            trace("oven2.exhaust", "Exhaust air", "m³/h", "1,180", "act", "expected 680–740 m³/h", lambda h: on(h, 710 + 470 * min(1, max(0, (h - 5.83) * 6))), lambda h: on(h, 710.0), half=30, hours=24, noise=6),
            trace("oven2.zone6", "Zone 6 heater", "%", "61.2", "act", "expected 40.0–48.0 %", lambda h: 44 + 17 * min(1, max(0, (h - 5.83) * 6)) - (30 if state_at(h) == "standby" else 0), lambda h: 44.0, half=4, hours=24, noise=0.8),
            trace("oven2.peak", "Board peak", "°C", "244", "ok", "expected 238–248 °C", lambda h: on(h, 243.0), lambda h: on(h, 243.0), half=5, hours=24, noise=0.5),
            trace("oven2.blower3", "Blower 3 vibration", "mm/s", "2.10", "ok", "expected 1.40–2.30 mm/s", lambda h: on(h, 1.9 + 0.006 * (h + 14)), lambda h: on(h, 1.85), half=0.45, hours=24, noise=0.03),
        ],
        marks=[v.Mark(at=s.local(5.83), text="05:50 rises by 15.6 kW", level="act")],
        states_title="The excess falls on producing and waiting hot",
        states=[row("busy", 19.0, 53.6, 50.2, 48, 52.6, 1017, 951, "act"), row("idle", 1.2, 49.9, 41, 39, 43.5, 62, 51, "act"), row("setup", 1.2, 45.5, 44, 42, 46, 56, 54, "ok"), row("heating", 0.6, 67.9, 67, 63, 72, 38, 38, "ok"), row("standby", 2.0, 9.6, 9.8, 8.8, 10.8, 19, 20, "ok")],
        states_total=v.StateRow(state="all", name="Last 24 h", hours=24.0, mean_kw=49.7, expected_kw=None, energy_kwh=1192, expected_kwh=1114, above_kwh=78, level="act"),
        findings=[f for f in s.findings() if f.element == "oven2"], orders_title="Orders to this machine",
        orders=[
            v.OrderRow(id="o4", at=s.local(12), level="watch", text="Standby in the break, 30 min", result="waits for approval by 11:45", advice="a2", may_approve=True),
            v.OrderRow(id="o3", at=s.local(8.4), level="ok", text="Lane width 212 → 198 mm", result="read back 198.0 mm, 3 s later", advice="", may_approve=False),
            v.OrderRow(id="o2", at=s.local(0.4), level="ok", text="Standby, 120 °C, lease 2 h", result="read back 120 °C; restored 02:24", advice="", may_approve=False),
            v.OrderRow(id="o1", at=s.local(14, 17), level="ok", text="Conveyor 96.0 → 92.0 cm/min", result="read back 92.0 cm/min, 2 s later", advice="", may_approve=False),
        ],
        writes=[
            v.SetPoint(signal="oven2.setpoint", name="Zone set-point", value=245, unit="°C", low=120, high=265, autonomy="approve", watchdog=True, approve=["engineer"]),
            v.SetPoint(signal="oven2.speed", name="Conveyor speed", value=92, unit="cm/min", low=60, high=110, autonomy="advise", watchdog=False, approve=["engineer", "plant manager"]),
        ],
        facts=[v.Fact(name="Kind", value="reflow oven", source="kinds/oven.csv"), v.Fact(name="Warm-up", value="22 min", source="plant file"), v.Fact(name="Meter", value="E-12, class 1", source="plant file")],
        normal=normal(said), start=s.local(-13.3), end=s.local(10.7),
    )


def normal(said: str) -> v.Normal:
    """Something to say is normal; once a reason was given, what was said."""
    if said == "operator":
        return v.Normal(why=RISEN, means="", may=False, refused="You may not say this: it takes an engineer or a plant manager.", said="", entry=None)
    if said:
        return v.Normal(why="", means="", may=False, refused="", said=f"Said to be normal by Ada Berg, today 10:42: “{said}”", entry=48_262)
    return v.Normal(why=RISEN, means="If nobody changed anything, leave it: saying so would hide wear.", may=True, refused="", said="", entry=None)


RISEN = "It draws 6.2 % more for the same work than in its first weeks, as seen Mon 06:00. Wear looks like this, so it is not taken as normal by itself and goes on being counted."


def cause(id_: str, name: str, share: float, speaks_for: str, against: str, verb: str) -> v.CauseRow:
    return v.CauseRow(
        cause=id_, kind=id_, name=name, share=share, percent=f"{100 * share:.0f} %", speaks_for=[speaks_for] if speaks_for else [],
        speaks_against=[against] if against else [], act="Walk it with an ultrasonic detector and mend it.", verb=verb,
    )


def finding(state: dict[str, str], fid: str) -> v.FindingView:
    onset = -45.0 + 10.7 - 7.0
    step: Any = lambda h: 1.0 if h > onset else 0.0
    pause: Any = lambda h: (h % 8) < 0.45
    missing: Any = lambda h: -52.0 < h < -51.3
    flow: Any = lambda h: None if missing(h) else (8.1 if pause(h) else 12.2 + 0.5 * math.sin(h / 5)) + 2.1 * step(h)
    return v.FindingView(
        bar=s.bar("Utilities engineer"), id=fid,
        headline=head("Compressor 1 leaks about 2.1 m³/min (1.6–2.7) since Tuesday 06:40. It costs", "98.0 kg CO₂e and 61.0 EUR a day", "act"),
        level="act", state="open", crumbs=[v.Place(id="air", name="Compressed air", level="area", parent="works"), v.Place(id="comp1", name="Compressor 1", level="machine", parent="air")],
        seen="open for 52.0 h · seen by 2 detectors: air balance, pressure drop", traces_title="Air flow rose by 2.1 m³/min and did not come back, not even in breaks",
        traces=[
            trace("air.flow", "Air flow", "m³/min", "14.5", "act", "11.8–13.0", flow, lambda h: 8.1 if pause(h) else 12.2 + 0.5 * math.sin(h / 5), half=0.45, hours=82, noise=0.12),
            trace("comp1.load", "Compressor 1 load", "%", "84.0", "act", "67.0–75.0", lambda h: None if missing(h) else 71 + 13 * step(h), lambda h: 71.0, half=4, hours=82, noise=0.5),
            trace("air.pressure", "Pressure after dryer", "bar", "6.83", "act", "6.95–7.10", lambda h: None if missing(h) else 7.03 - 0.2 * step(h), lambda h: 7.03, half=0.07, hours=82, noise=0.006),
        ],
        marks=[v.Mark(at=s.local(onset), text="Tue 06:40, all three change within 4 min", level="act")], gaps=[v.Span(start=s.local(-52), end=s.local(-51.3), text="no data, 42 min")],
        evidence=["Air flow is 2.1 m³/min above what production explains, in breaks too: 10.2, expected 8.1 m³/min.", "Compressor 1 carries 13 points more load; compressor 2 is unchanged.", "Pressure after the dryer fell by 0.20 bar at the same minute."],
        causes=[cause("leak", "Leak after the dryer", 0.71, "Same 2.1 m³/min in breaks; pressure falls after the dryer.", "No one has heard it yet.", "Find leak"),
                cause("leak:drain", "Drain valve stuck open", 0.16, "It came at once: 2.1 m³/min in its first hour.", "The dew point is unchanged.", "Inspect"),
                cause("product_mix", "New user without a meter", 0.08, "Line 1 began board M7 on Tuesday.", "It would stop in breaks; this does not.", "Leave"),
                cause("sensor_fault", "Flow meter has drifted", 0.03, "", "Load and pressure agree with it.", "Check meter"),
                cause("unknown", "Another cause", 0.02, "", "", "Inspect")],
        causes_title="Most likely: leak after the dryer (71 %)", causes_aside="12 causes weighed, sum 100 %",
        would_change=["Without “Same 2.1 m³/min in breaks” it would be 48 % instead of 71 %."], leave=["When to leave it: Better not, it is one to act on. A week of waiting costs 690 kg CO₂e and 430 EUR."], looked_at="96 signals in steps of 5 min: 167 h before it began, 52.0 h since.", turned_out="",
        costs=[v.CostRow(name="Energy", value="333", unit="kWh", interval="253–428"), v.CostRow(name="CO₂e, location-based", value="98.0", unit="kg", interval="74.5–126"), v.CostRow(name="CO₂e, market-based", value="39.3", unit="kg", interval="29.9–50.5"), v.CostRow(name="Money", value="61.0", unit="EUR", interval="46.4–78.3")],
        so_far="So far, 52.0 h: 723 kWh, 212 kg, 132 EUR. If left a year: 35.8 t, 22,300 EUR.", how="13.89 kW × 24 h = 333 kWh; 0.294 and 0.118 kg/kWh; 0.183 EUR/kWh",
        advice=advice(state, "a1") if fid == "f1" else None, may_acknowledge=True, note="", start=s.local(10.7 - 82), end=s.local(10.7),
    )


def saving() -> v.SavingView:
    return v.SavingView(
        title="Ovens slept in the break", saved="38.2 kWh", interval="31.0–45.4 kWh", co2e="11.2 kg CO₂e (9.1–13.4)", money="6.99 EUR (5.67–8.31)", expected_kwh=v.Band(value=61.4, low=54.2, high=68.6), actual_kwh=23.2,
        period="Wed 17 Jun 12:00–12:45", method="baseline by state and boards, 28 days", fit=True, reasons=[], coverage=0.998, entry=48_255,
    )


def advice(state: dict[str, str], aid: str) -> v.AdviceView:
    row = next(r for r in s.advice(state) if r.id == aid)
    word = row.state
    timeline = [v.Event(at=s.local(9.3), text="Advised by leak watch", level="ok", entry=48_249)]
    if word == "approved":
        timeline += [v.Event(at=s.local(10.71), text="Approved by Energy manager", level="ok", entry=48_262), v.Event(at=s.local(10.712), text="Order sent: 7.2 → 6.8 bar, lease until 14:00", level="ok", entry=48_263), v.Event(at=s.local(10.713), text="Read back 6.80 bar, 2 s later", level="ok", entry=None)]
    return v.AdviceView(
        bar=s.bar(), id=aid, title=row.title, state=word, state_text=row.state_text, element="comp1", element_name="Compressor 1", change="7.2 → 6.8 bar", what="Set pressure of the air network, compressors 1 and 2", autonomy="on approval",
        rows=[("Saves", "24.0 kg CO₂e (16–31), 14.9 EUR a day"), ("Stays within", "6.6–7.5 bar, at most 0.1 bar/min"), ("Ends", "14:00, then back to 7.2 bar by itself (watchdog tested)"), ("Then", "mend the leak at 12:00: saves 98.0 kg, 61.0 EUR a day")],
        why=["Every 0.1 bar less saves 0.9 % of the compressors' power here (fitted over 60 days, 0.7–1.1 %).", "The lowest line pressure of the last 7 days was 6.32 bar; 5.80 bar is needed."],
        against=["Margin at placement 3 falls from 0.51 to 0.18 bar; it stopped once at 5.74 bar, on 2 March.", "The flow meter is 2 months past calibration. If it reads 5 % high, the leak is 1.4 m³/min, 65 kg a day.", "Cover of this evidence is 99.2 %; 42 min are missing on Monday evening, before the change."],
        checks=[v.CheckRow(text="Line pressure stays above 5.80 bar", found="5.92 at worst", passed=True), v.CheckRow(text="Newest data younger than 10 s", found="2 s", passed=True), v.CheckRow(text="No maintenance lock on the compressors", found="none", passed=True)],
        button="Approve until 14:00", may_approve=row.may_approve, refused="" if row.may_approve else "This advice is decided.", timeline=timeline, saving=saving() if word == "approved" else None,
    )


MEASURES = [
    # indicator, name, digits, value, unit, interval, coverage, estimated, factor, entry, indent
    ("scope1", "Scope 1", "256", 256, "t CO₂e", "249–264", 0.971, 0.029, "", 48_211, 0), ("gas", "Natural gas", "238", 238, "t CO₂e", "233–243", 0.99, 0.01, "0.202 kg/kWh, 2026.1", 48_208, 1),
    ("refrigerant", "Refrigerants", "10", 10, "t CO₂e", "6–14", 0.6, 0.4, "2,256 kg/kg, AR6", 48_209, 1), ("scope2_location", "Scope 2, location-based", "512", 512, "t CO₂e", "506–518", 0.992, 0.008, "0.294 kg/kWh, 2026.1", 48_213, 0),
    ("scope2_market", "Scope 2, market-based", "206", 206, "t CO₂e", "203–209", 0.992, 0.008, "0.118 kg/kWh, contracts", 48_214, 0), ("scope3", "Scope 3", "5,370", 5370, "t CO₂e", "4,410–6,330", 0.378, 0.622, "214 supplier figures", 48_222, 0),
    ("water", "Water withdrawn", "5,940", 5940, "m³", "5,880–6,000", 1.0, 0.0, "reused 1,480 m³", 48_224, 0), ("water_out", "Water discharged", "4,310", 4310, "m³", "4,240–4,380", 1.0, 0.0, "consumed 1,630 m³", 48_225, 1),
    ("waste", "Waste", "37,400", 37400, "kg", "36,500–38,300", 0.94, 0.06, "recycled 29,800 kg", 48_227, 0), ("waste_hazardous", "of it hazardous", "2,900", 2900, "kg", "2,840–2,960", 1.0, 0.0, "landfill 600 kg", None, 1),
]


def accounts(period: str) -> v.Accounts:
    rows = [
        v.MeasureRow(id=f"{i}@works/{period}", element="works", element_name="Works", indicator=i, name=n, digits=d, value=x, unit=u, interval=iv, coverage=c, estimated_share=e, factor=f, method=f"{i} 1.3", entry=en, indent=ind)
        for i, n, d, x, u, iv, c, e, f, en, ind in MEASURES
    ]
    parts = [
        v.MeasureRow(id=f"energy@{i}/{period}", element=i, element_name=n, indicator="energy", name="Electricity", digits=d, value=float(d), unit="MWh", interval=iv, coverage=0.99, estimated_share=0.01, factor="0.294 kg/kWh, 2026.1", method="energy 1.1", entry=None)
        for i, n, d, iv in (("smt1", "SMT line 1", "312", "309–315"), ("smt2", "SMT line 2", "375", "371–379"), ("air", "Compressed air", "253", "249–257"))
    ]
    return v.Accounts(
        bar=s.bar("Sustainability officer"), headline=head("This year stays 130 t CO₂e below the path. On today’s plans", "2030 is missed by 80 t", "act"), period="Jan–May 2026" if period == "2026" else period, start=s.local(0), end=s.local(24),
        element="works", figures=s.figures()[1:5], measures=rows, parts=parts,
        balances=[v.BalanceRow(id="main", name="Electricity", carrier="electricity", unit="kWh", inflow=7062, outflow=6937, rest=125, rest_name="Not metered", tolerance=141, closes=True), v.BalanceRow(id="air", name="Compressed air", carrier="compressed_air", unit="m³", inflow=9280, outflow=7970, rest=1310, rest_name="Air lost in leaks", tolerance=280, closes=False)],
        refused=["Refused: “20 % less energy per board since 2024”. The baseline is not fit: CV(RMSE) 24 %, at most 20 % is allowed. Product mix is missing before March 2025. Add it, then ask again."],
        quarantine=[v.CountRow(reason="spike", count=212, text="power of placement 2 jumped by more than 40 kW in one step"), v.CountRow(reason="range", count=17, text="outside the plausible range of the plant file")],
        revisions=[v.RevisionRow(signal="E-07 sub-meter", at=s.local(3.1), before="511.7 t", after="512.1 t", known_at=s.local(9.2))],
        path=path(), reports=[v.ReportLink(name="ghg_inventory", title="Greenhouse gas inventory", standard="ISO 14064-1:2018"), v.ReportLink(name="esrs", title="ESRS datapoints E1 to E5", standard="Delegated Regulation (EU) 2023/2772")],
        forms=["pdf", "xlsx", "json"],
    )


def path() -> v.PathView:
    known = [2000, 1905, 1812, 1690, 1498, 1310]
    ahead = [(1090, 1020, 1170), (1010, 920, 1110), (930, 820, 1050), (850, 730, 970), (780, 700, 890)]
    years = [
        v.PathYear(
            year=2020 + i, allowed=2000 - 130 * i, actual=float(known[i]) if i < 6 else 462.0 if i == 6 else None,
            forecast=float(ahead[i - 6][0]) if i > 5 else None, low=float(ahead[i - 6][1]) if i > 5 else None, high=float(ahead[i - 6][2]) if i > 5 else None,
        )
        for i in range(11)
    ]
    budget = [v.BudgetRow(name=n, value=x, digits=f"{x:,.0f} t", kind=k) for n, x, k in (("Allowed in 2026", 1220.0, "whole"), ("Allowed so far", 505.0, "whole"), ("Measured so far", 462.0, "used"), ("Left until 31 December", 758.0, "left"))]
    return v.PathView(title="2026 is expected 130 t CO₂e below the path to 2030", aside="scope 1 + 2 market, t CO₂e a year", unit="t CO₂e", years=years, budget_title="Left of this year: 758 t CO₂e", budget=budget, text="On the path: 2026 is expected to end at 1,090 t.", source="board decision of March 2021")


def explain(mid: str) -> v.Explain:
    st: Any = lambda n, t, d="", *steps: v.Step(name=n, text=t, detail=d, steps=list(steps))
    return v.Explain(
        bar=s.bar(), id=mid, title="Scope 2, location-based", value="512.1 t CO₂e", interval="(506–518), Jan–May 2026", formula="= 1,742.0 MWh × 0.294 kg/kWh = 512.1 t. Every step below can be opened.",
        steps=[
            st("Energy", "1,742.0 MWh bought", "", st("Measured", "1,728.1 MWh, meter E-01", "counter 18,402.6 → 20,144.6 MWh"), st("Estimated", "13.9 MWh (0.8 %), ±4 %", "3 gaps, filled from sub-meters E-02 to E-09")),
            st("Factor", "0.294 kg CO₂e/kWh", "national mix 2025, edition 2026.1, GWP from AR6"), st("Method", "scope2-location 1.3", "GHG Protocol, scope 2 guidance"), st("Revised", "once, 3 Jun: +0.4 t", "late data of sub-meter E-07; known before as 511.7 t"),
            st("Sealed", "entry 48,213 of 48,260", "leaf 9f3c…a17e, 16 hashes to root 41d0…77be"), st("Signed", "checkpoint today 10:30, Ed25519", "anchored in 2 other places; all agree"), st("Open to", "auditor, since 1 Jun"),
        ],
        entry=48_213,
    )


def proof(before: int | None) -> v.Proof:
    top = min(before, 48_264) if before else 48_264
    kinds = [("measure", "Scope 2, location-based, May 2026: 98.2 t CO₂e"), ("finding", "Compressor 1 leaks 2.1 m³/min"), ("advice", "Lower air pressure to 6.8 bar"), ("approval", "Approved by Energy manager"), ("order", "7.2 → 6.8 bar, lease until 14:00"), ("receipt", "Read back 6.80 bar"), ("saving", "Ovens slept in the break: 38.2 kWh (31.0–45.4)")]
    entries = [
        v.EntryRow(index=i, at=s.iso(s.NOW - timedelta(minutes=3 * (48_264 - i))), kind=kinds[i % 7][0], subject="works", text=kinds[i % 7][1], leaf=f"{(i * 2654435761) % 2**32:08x}" * 8)
        for i in range(top - 1, max(-1, top - 21), -1)
    ]
    return v.Proof(
        bar=s.bar(), headline=head("48,264 entries are sealed, and the chain checks."), size=48_264, root="41d0" + "9c2e77be" * 7 + "77be", checkpoint="today 10:30, signed, size 48,260", key="ecotwin+nordhafen+7f1c2a9b", checked="checked 12 s ago: every leaf, every checkpoint", ok=True, entries=entries,
    )


def machines(writes: str) -> v.Machines:
    lines = {"smt1": "SMT line 1", "smt2": "SMT line 2", "air": "Compressed air", "cool": "Cooling and air"}
    rows = [
        v.MachineRow.model_validate({"id": i, "name": n, "area": lines.get(up, "Utilities"), "line": lines.get(up, ""), "kind": "reflow oven" if "oven" in i else "machine", "state": "producing", "kw": kw, "expected_kw": exp, "above_kw": round(kw - exp, 1), "today_kwh": kw * 10.4, "level": level, "data_age_s": 2.0})
        for i, n, up, kw, exp, level, _ in s.ENDS if i not in ("rest", "air_leak")
    ]
    rows.append(v.MachineRow(id="pump3", name="Pump 3", area="Utilities", line="", kind="pump", state="unknown", kw=None, expected_kw=None, above_kw=None, today_kwh=None, level="stale", data_age_s=4020.0))
    return v.Machines(bar=s.bar(writes=writes), headline=head("15 machines. Reflow oven 2 and the chiller draw", "22.4 kW more than expected", "act"), machines=rows)


def add(app: FastAPI, plant: Any, problem: Callable[..., Response]) -> None:
    """Routes of the other views."""

    @app.get("/api/v1/machines")
    def _machines() -> Any:
        return machines(plant.writes)

    @app.get("/api/v1/machines/{mid}")
    def _machine(mid: str, hours: int = 24) -> Any:
        if mid == "nothing":
            return problem(404, "There is no machine “nothing”.", "The id of a machine in the plant file.", "Open Machines and choose one.")
        return machine(plant.writes, plant.normal)

    @app.get("/api/v1/findings")
    def _findings() -> Any:
        closed = [f.model_copy(update={"id": "f0", "state": "closed", "title": "Nitrogen flow stuck at 12.0 m³/h", "level": "stale"}) for f in s.findings()[:1]]
        return v.Findings(bar=s.bar(), headline=head("Five findings are open. Together they cost", "250 kg CO₂e and 160 EUR a day", "act"), open=s.findings(), closed=closed)

    @app.get("/api/v1/findings/{fid}")
    def _finding(fid: str) -> Any:
        return finding(plant.advice, fid)

    @app.get("/api/v1/advice")
    def _advice() -> Any:
        rows = s.advice(plant.advice)
        return v.AdviceList(bar=s.bar(), headline=head("Three decisions today could save", "55.6 kg CO₂e and 400 EUR", "watch"), open=[r for r in rows if r.state == "open"], past=[r for r in rows if r.state != "open"], savings=[saving()])

    @app.get("/api/v1/advice/{aid}")
    def _one(aid: str) -> Any:
        return advice(plant.advice, aid)

    _books(app)


def _books(app: FastAPI) -> None:
    """Routes of the accounts and the proof."""

    @app.get("/api/v1/accounts")
    def _accounts(period: str = "today", element: str = "") -> Any:
        return accounts(period)

    @app.get("/api/v1/explain/{mid:path}")
    def _explain(mid: str) -> Any:
        return explain(mid)

    @app.get("/api/v1/proof")
    def _proof(before: int | None = None) -> Any:
        return proof(before)

    @app.get("/api/v1/proof/{index}/evidence")
    def _evidence(index: int) -> Any:
        return Response(b"PK\x05\x06" + bytes(18), media_type="application/zip")

    @app.get("/api/v1/series.csv")
    def _series() -> Any:
        return PlainTextResponse("at,value\n", media_type="text/csv")
