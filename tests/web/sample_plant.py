"""Figures of an invented electronics works on 18 June 2026, 10:42 CEST, as view models: what the pages are tried on.

The figures agree with one another: 0.294 kg CO2e/kWh (location), 0.118 (market), 0.183 EUR/kWh.
"""

# One row a figure reads better than one line a field.
# fmt: off
# ruff: noqa: E501, E731

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ecotwin.service import views as v

NOW = datetime(2026, 6, 18, 8, 42, 7, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 17, 22, 0, tzinfo=UTC)
Curve = Callable[[float], float]


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def local(hour: float, day: int = 18) -> str:
    """Instant of a local hour (CEST) of a day in June 2026."""
    return iso(MIDNIGHT + timedelta(days=day - 18, hours=hour))


def bar(person: str = "Energy manager", *, now: datetime = NOW, writes: str = "on", speed: float = 1.0) -> v.Bar:
    return v.Bar.model_validate(
        {
            "plant": "Nordhafen electronics works",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "now": iso(now),
            "speed": speed,
            "data_age_s": 2.0,
            "freshness": "live",
            "data_limit_s": 90.0 * speed,
            "data_text": "",
            "notice": "",
            "link": "online",
            "link_text": "3 of 3 connections are online.",
            "person": person,
            "roles": ["plant manager", "engineer"],
            "may": ["read", "approve", "stop writes"],
            "writes": writes,
            "findings_open": 5,
            "advice_open": 3,
            "areas": [
                v.Place(id=i, name=n, level="area", parent="works").model_dump()
                for i, n in (("smt1", "SMT line 1"), ("smt2", "SMT line 2"), ("air", "Compressed air"), ("cool", "Cooling and air"), ("util", "Utilities"))
            ],
            "learned_share": 0.96,
            "version": "0.1.0",
            "own_text": "13.1 W now; 214 Wh and 38.0 g CO₂e today",
            "own_note": "A part of the site's electricity, not beside it.",
        }
    )


def spark(curve: Curve, band: float, *, hours: float = 24.0, until: float = 10.7, noise: float = 0.01, seed: int = 1, gap: tuple[float, float] | None = None) -> v.Spark:
    """A figure over the last hours, its band around the curve without the newest excess."""
    rand = random.Random(seed)
    at: list[str] = []
    value, low, high = (list[float | None]() for _ in range(3))
    for i in range(96):
        hour = until - hours + hours * i / 95
        centre = curve(hour)
        at.append(local(hour))
        open_gap = gap is not None and gap[0] <= hour <= gap[1]
        value.append(None if open_gap else centre * (1 + rand.gauss(0, noise)))
        low.append(centre * (1 - band) if hour < 5 or band > 0.06 else centre * (0.94 - band))
        high.append(centre * (1 + band) if hour < 5 or band > 0.06 else centre * (0.94 + band))
    return v.Spark(at=at, value=value, low=low, high=high)


def shift_load(hour: float) -> float:
    """Power of the site over a day [kW]."""
    day = hour % 24
    if day < 5:
        return 640 + 6 * math.sin(day * 2)
    if day < 7:
        return 640 + 45 * (day - 5)
    if day < 16:
        return 730 - 8 * (day - 7)
    return 560 + 80 * min(1, max(0, (day - 19) / 5))


def figure(id_: str, name: str, digits: str, unit: str, level: str, against: str, expected: str, coverage: float, drawn: v.Spark | None, **more: object) -> v.Figure:
    return v.Figure.model_validate(
        {
            "id": id_, "name": name, "digits": digits, "unit": unit, "value": float(digits.replace(",", "")), "level": level, "against": against,
            "expected": expected, "coverage": coverage, "spark": drawn.model_dump() if drawn else None, **more,
        }
    )


def figures() -> list[v.Figure]:
    market = figure("co2e", "CO₂e now, market-based", "67.4", "kg/h", "act", "↑ 7.8 % above", "60.2–64.6 kg/h", 0.99, spark(lambda h: shift_load(h) * 0.1, 0.03, seed=2))
    return [
        figure("power", "Power now", "660", "kW", "act", "↑ 6.5 % above", "598–642 kW", 0.99, spark(shift_load, 0.035)),
        figure("co2e", "CO₂e now, location-based", "168", "kg/h", "act", "↑ 7.8 % above", "150–161 kg/h", 0.99, spark(lambda h: shift_load(h) * 0.27, 0.035, seed=2), alternative=market.model_dump()),
        figure("specific_energy", "Energy per good board", "0.752", "kWh", "watch", "↑ 4.8 % above", "0.700–0.735 kWh", 0.97, spark(lambda h: 0.72 + (0.03 if h > 5.8 else 0), 0.07, noise=0.006, seed=3), measure="energy_per_part@works/2026-06-18"),
        figure("water", "Water today", "18.4", "m³", "ok", "as expected", "17.8–20.0 m³", 1.0, spark(lambda h: max(0.2, h) * 1.72, 0.06, hours=10.7, noise=0, seed=4), measure="water@works/2026-06-18"),
        figure("waste", "Waste today", "112", "kg", "ok", "as expected", "90–118 kg", 0.92, spark(lambda h: 12 * math.floor(max(0.3, h) / 1.1) + 6, 0.12, hours=10.7, noise=0, seed=5, gap=(4.5, 5.2)), measure="waste@works/2026-06-18"),
        figure("oee", "OEE this shift", "71.8", "%", "watch", "↓ 2.2 points below", "72.5–75.5 %", 0.98, spark(lambda h: 74 + math.sin(h) - (1.4 if h > 8 else 0), 0.08, noise=0.004, seed=6)),
    ]


ENDS: list[tuple[str, str, str, float, float, str, str]] = [
    # id, name, from, now, expected, level, carrier
    ("oven1", "Reflow oven 1", "smt1", 50.1, 50.0, "ok", "electricity"),
    ("place1", "Placement 1", "smt1", 45.2, 44.0, "ok", "electricity"),
    ("print1", "Print and inspect 1", "smt1", 22.7, 22.0, "ok", "electricity"),
    ("oven2", "Reflow oven 2", "smt2", 65.8, 50.2, "act", "electricity"),
    ("place2", "Placement 2", "smt2", 47.1, 46.9, "ok", "electricity"),
    ("print2", "Print and inspect 2", "smt2", 29.1, 27.9, "ok", "electricity"),
    ("test", "Test and assembly", "main", 62.0, 62.1, "ok", "electricity"),
    ("air_lines", "Air to lines 1 and 2", "air", 58.1, 58.1, "ok", "compressed_air"),
    ("air_test", "Air to test", "air", 24.0, 23.9, "ok", "compressed_air"),
    ("air_leak", "Air lost in leaks", "air", 13.9, 0.0, "act", "compressed_air"),
    ("chiller", "Chiller", "cool", 98.0, 91.2, "watch", "electricity"),
    ("ahu", "Air handling", "cool", 70.0, 68.8, "ok", "electricity"),
    ("water", "Water treatment", "main", 34.2, 35.1, "ok", "electricity"),
    ("light", "Lighting and IT", "main", 28.1, 28.0, "ok", "electricity"),
    ("rest", "Not metered", "main", 11.7, 11.8, "ok", "electricity"),
    ("hot", "Hot water, humidity", "boiler", 84.0, 82.4, "ok", "heat"),
]


def flow() -> v.Flow:
    node: Any = lambda i, n, c, k, kw, rest=False: v.FlowNode(id=i, name=n, column=c, carrier=k, kw=kw, element="" if rest or c < 2 else i, rest=rest)
    link: Any = lambda s, t, k, kw, over=0.0, level="ok": v.FlowLink.model_validate({"source": s, "target": t, "carrier": k, "kw": kw, "excess_kw": over, "level": level})
    nodes = [
        node("pv", "Sun (PV)", 0, "electricity", 148.0), node("grid", "Grid", 0, "electricity", 512.0), node("gas", "Gas", 0, "gas", 84.0),
        node("main", "Electricity", 1, "electricity", 660.0),
        node("smt1", "SMT line 1", 2, "electricity", 118.0), node("smt2", "SMT line 2", 2, "electricity", 142.0),
        node("air", "Compressed air", 2, "electricity", 96.0), node("cool", "Cooling and air", 2, "electricity", 168.0), node("boiler", "Boiler", 2, "gas", 84.0),
    ]
    nodes += [node(i, n, 3, k, now, rest=i == "rest") for i, n, _, now, _, _, k in ENDS]
    links = [
        link("pv", "main", "electricity", 148.0), link("grid", "main", "electricity", 512.0, 36.3, "act"), link("gas", "boiler", "gas", 84.0),
        link("main", "smt1", "electricity", 118.0), link("main", "smt2", "electricity", 142.0, 15.6, "act"),
        link("main", "air", "electricity", 96.0, 13.9, "act"), link("main", "cool", "electricity", 168.0, 6.8, "watch"),
    ]
    links += [link(up, i, k, now, max(0.0, now - exp), level) for i, _, up, now, exp, level, k in ENDS]
    ends = [
        v.FlowEnd.model_validate({"node": i, "name": n, "element": "" if i in ("rest", "air_leak") else i, "kw": now, "expected_kw": exp, "above_kw": round(now - exp, 1), "level": level, "rest": i == "rest"})
        for i, n, _, now, exp, level, _ in ENDS
    ]
    return v.Flow(title="Three places make 36.3 of the 40.0 kW excess", nodes=nodes, links=links, ends=ends)


def findings() -> list[v.FindingRow]:
    row: Any = lambda i, level, title, where, likely, co2, eur, verb, advice="", element="": v.FindingRow.model_validate(
        {"id": i, "level": level, "title": title, "where": where, "likely": likely, "co2e_kg_day": co2, "money_day": eur, "verb": verb, "advice": advice, "state": "open", "element": element, "kind": "residual"}
    )
    return [
        row("f1", "act", "Compressor 1 leaks 2.1 m³/min (1.6–2.7)", "Compressed air · since Tue 06:40", "Likely: Leak after the dryer, 71 %", 98.0, 61.0, "Approve", "a1", "comp1"),
        row("f2", "act", "Reflow oven 2 draws 15.6 kW too much", "SMT line 2 · since today 05:50", "Likely: Exhaust damper stays open, 68 %", 91.7, 57.1, "Inspect", "", "oven2"),
        row("f3", "watch", "Chiller needs 7.5 % more power", "Cooling · since Tue 9 Jun", "Likely: Condenser is fouled, 64 %", 48.0, 29.9, "Plan", "", "chiller"),
        row("f4", "watch", "Line 1 waits hot 38 min a shift", "SMT line 1 · since Mon 15 Jun", "Likely: Boards arrive late from store, 55 %", 12.1, 7.5, "Open", "", "oven1"),
        row("f5", "watch", "Pure water rejects 8 % more", "Water · since Wed 17 Jun · 1.3 m³ a day", "Likely: Membrane 2 is ageing, 49 %", 0.6, 4.1, "Open", "", "water"),
    ]


def advice(state: dict[str, str]) -> list[v.AdviceRow]:
    rows = [
        ("a1", "Lower air pressure to 6.8 bar until the leak is mended", "saves 24.0 kg CO₂e (16–31) and 14.9 EUR a day", "by 11:30"),
        ("a2", "Dry trays at 12:45, not 16:30: peak falls to 606 kW", "saves 10.6 kg CO₂e (8–13) today and a 378 EUR peak charge", "by 12:15"),
        ("a3", "Pre-cool the halls to 22.5 °C from 12:30 to 14:30", "saves 21.0 kg CO₂e (14–27) and 7.0 EUR today", "by 12:15"),
    ]
    words = {"open": "waits for a decision", "approved": "approved by Energy manager at 10:43", "declined": "declined by Energy manager at 10:43"}
    return [
        v.AdviceRow(id=i, title=t, saves=s, decide_by=d, state=state.get(i, "open"), state_text=words[state.get(i, "open")], element="air", may_approve=state.get(i, "open") == "open")
        for i, t, s, d in rows
    ]


def bought(hour: float) -> float:
    """Power from the grid, smooth [kW]."""
    points = [(0, 540), (5.2, 545), (6.2, 620), (7.5, 615), (9, 575), (10.7, 512), (12.2, 448), (13.5, 452), (15, 500), (16.5, 610), (17.66, 652), (18.5, 615), (20, 612), (22, 595), (24, 565)]
    for (h0, p0), (h1, p1) in itertools.pairwise(points):
        if h0 <= hour <= h1:
            part = (1 - math.cos(math.pi * (hour - h0) / (h1 - h0))) / 2
            return p0 + (p1 - p0) * part
    return points[-1][1]


def load() -> v.Load:
    rand = random.Random(7)
    at: list[str] = []
    actual, low, mid, high, fc, fl, fh, nl, nh = (list[float | None]() for _ in range(9))
    for i in range(288):
        hour = i / 12
        centre = bought(hour)
        base = centre - (20 if hour < 5 else 34 if hour < 11 else 30)
        past = hour <= 10.7
        gap = 3.1 <= hour < 3.5
        wide = 8 + 3.2 * max(0.0, hour - 10.7) ** 1.1
        at.append(local(hour))
        actual.append(centre + rand.gauss(0, 5) if past and not gap else None)
        low.append(base - 22)
        mid.append(base)
        high.append(base + 22)
        fc.append(None if past else centre)
        fl.append(None if past else centre - wide)
        fh.append(None if past else centre + wide)
        nl.append(None if past else centre - 0.526 * wide)
        nh.append(None if past else centre + 0.526 * wide)
    lane: Any = lambda a, b, value: v.Lane(start=local(a), end=local(b), value=value)
    return v.Load(
        title="Bought power will likely pass the contract's 620 kW at 17:40 (72 %): 652 kW (609–694)", unit="kW", start=local(0), end=local(24), at=at,
        actual=actual, low=low, expected=mid, high=high, forecast=fc, forecast_low=fl, forecast_high=fh, forecast_near_low=nl, forecast_near_high=nh, forecast_text="",
        tariff=[lane(0, 6, 0.146), lane(6, 10, 0.212), lane(10, 16, 0.168), lane(16, 20, 0.231), lane(20, 24, 0.185)],
        carbon=[lane(0, 6, 330), lane(6, 9, 310), lane(9, 11, 260), lane(11, 16, 180), lane(16, 18, 270), lane(18, 22, 370), lane(22, 24, 350)],
        contract_kw=620.0, gaps=[v.Span(start=local(3.1), end=local(3.5), text="no data 03:06–03:30")],
    )


def overview(state: dict[str, str], now: datetime = NOW, writes: str = "on", speed: float = 1.0) -> v.Overview:
    return v.Overview(
        bar=bar(now=now, writes=writes, speed=speed),
        headline=v.Headline(text="Running, but 40 kW above expected. The air leak and reflow oven 2 cost", cost="190 kg CO₂e and 118 EUR a day", level="act"),
        figures=figures(), flow=flow(), findings=findings(), load=load(), advice=advice(state), refused=[],
    )
