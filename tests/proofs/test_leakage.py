"""Leak volume and the noticing of leaks on the BattLeDIM district (2019, January to June), scored against the truth.

Nothing is tuned to the set: parameters are the defaults of `accounting/leakage.py`. Which of them were chosen after
the set had been looked at stands in the page that this writes.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ecotwin.accounting.leakage import LEARN_DAYS, Rise, balance_leak, night_flow_leak, rises
from proofs import evidence, month
from proofs.leakage_district import PER_DAY, STEP_S, District, Leak, district, here

FOLDER = month.ROOT / "docs" / "evidence"
NAME = "0004-leakage"


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_leakage() -> None:
    if not here():
        pytest.skip(
            "the district is not here: set ECOTWIN_PUBLIC_DATA to the folder that holds battledim"
        )
    place = district()
    known = float(place.true_daily[:LEARN_DAYS].mean())
    week = place.nominal_m3h[: 7 * PER_DAY].reshape(7, 24, -1).mean(axis=2)
    share = float(np.median(week.min(axis=1) / week.mean(axis=1)))
    runs = [
        night("custom learnt, week-ends marked", place, place.true_daily - known, free=True),
        night("custom learnt, all days alike", place, place.true_daily - known),
        night(
            f"leakage of the first fortnight known ({known:.1f} m3/h), week-ends marked", place, place.true_daily,
            free=True, known_leak_m3h=known,
        ),
        night(f"night share of the network file ({share:.2f})", place, place.true_daily, night_share=share),
        night("night share of a text-book town (0.10)", place, place.true_daily, night_share=0.10),
    ]  # fmt: skip
    told = evidence.head("ECOTWIN_PUBLIC_DATA=FOLDER make proofs")
    body = {**told, "days": place.days, "night_flow": runs, "mass_balance": balances(place)}
    (FOLDER / f"{NAME}.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    (FOLDER / f"{NAME}.md").write_text(page(body), encoding="utf-8")
    first = runs[0]
    assert first["low_m3"] <= first["true_m3"] <= first["high_m3"]
    assert first["correlation"] > 0.8
    large = [
        x for x in first["leaks"] if x["abrupt"] and x["start"] > LEARN_DAYS and x["size_m3h"] > 15
    ]
    assert len(large) >= 4
    assert all(x["delay_days"] is not None for x in large)


def night(
    name: str, place: District, truth: Any, *, free: bool = False, **given: Any
) -> dict[str, Any]:
    """One way to read the night flow, against the truth that it claims to tell."""
    got = night_flow_leak(place.net_m3h, STEP_S, place.free if free else None, **given)
    found = rises(got.leak_m3h, got.sd_m3h, LEARN_DAYS)
    true_m3 = float(truth.sum()) * 24.0
    matched, taken = matches(place.leaks, found)
    return {
        "name": name,
        "volume_m3": got.volume_m3,
        "low_m3": got.low_m3,
        "high_m3": got.high_m3,
        "true_m3": true_m3,
        "error": got.volume_m3 / true_m3 - 1.0,
        "correlation": float(np.corrcoef(got.leak_m3h, truth)[0, 1]),
        "rmse_m3h": float(np.sqrt(np.mean((got.leak_m3h - truth) ** 2))),
        "leaks": matched,
        "rises_without_a_leak": len(found) - len(taken),
    }


def matches(leaks: tuple[Leak, ...], found: list[Rise]) -> tuple[list[dict[str, Any]], set[int]]:
    """Each rise belongs to the leak that began nearest to its onset, among those it can still be about."""
    of: dict[str, Rise] = {}
    taken: set[int] = set()
    for n, rise in enumerate(found):
        able = [
            leak
            for leak in leaks
            if leak.pipe not in of and leak.start < rise.noticed + 1 <= leak.end + 1
        ]  # fmt: skip
        if able:
            of[min(able, key=lambda one: abs(one.start - rise.onset)).pipe] = rise
            taken.add(n)
    rows = [
        {
            "pipe": leak.pipe,
            "start": leak.start,
            "size_m3h": leak.size_m3h,
            "abrupt": leak.abrupt,
            "delay_days": of[leak.pipe].noticed + 1 - leak.start if leak.pipe in of else None,
            "found_m3h": of[leak.pipe].size_m3h if leak.pipe in of else None,
        }
        for leak in leaks
    ]
    return rows, taken


def balances(place: District) -> list[dict[str, Any]]:
    """Mass balance by 30 days, with the network file's demand in the place of customers' meters."""
    rows = []
    for first in range(0, place.days, 30):
        cut = slice(first * PER_DAY, min(first + 30, place.days) * PER_DAY)
        hours = STEP_S / 3600.0
        gained = float((place.inflow_m3h - place.net_m3h)[cut].sum()) * hours
        used, flowed = (float(x[cut].sum()) * hours for x in (place.nominal_m3h, place.inflow_m3h))
        truth = float(place.true_m3h[cut].sum()) * hours
        if len(place.true_m3h[cut]) < 15 * PER_DAY:
            continue
        nominal = balance_leak(flowed, 0.0, gained, used)
        metered = balance_leak(flowed, 0.0, gained, flowed - gained - truth)
        rows.append(
            {
                "from_day": first, "true_m3": truth, "nominal_m3": nominal.volume_m3,
                "half_m3": (nominal.high_m3 - nominal.low_m3) / 2.0,
                "metered_half_m3": (metered.high_m3 - metered.low_m3) / 2.0,
            }
        )  # fmt: skip
    return rows


HEAD = """# Leakage of a water district

Made by `{command}` on {date} at commit {commit} ({changed_files} changed source files), {machine}. Do not edit: the
proof (`tests/proofs/test_leakage.py`) writes it.

The district of BattLeDIM, {days} days of 2019 in 5-minute steps: two inflows, one tank, no pressures and no customers'
meters are read. Truth are the published leak flows. Parameters are the defaults of `accounting/leakage.py`. Chosen
after this set had been looked at, and stated as such: the half-width of 10 % for the custom's drift, and the
interval's reach to *all of the first nights' flow leaked*; the alarm's slack was chosen on made districts without
leaks. The first run is what a site gets that knows nothing; the others show what better and worse knowledge is worth.
"""
BEFORE = """What leaked before the custom was learnt cannot be told from custom: the first two runs claim the leakage
*added* since (their truth is the rest), the others all of it.
"""
NOTICED = """Delay from the leak's first moment to the end of the day in which a rise was noticed; first run, and with
the first leakage known. A rise belongs to the leak that began nearest to its onset.
"""
BALANCE = """Inflow - change in storage - use, by 30 days. No customers' meters are published, so the network file's
nominal demand stands in for them: it knows no season, and the error shows it. The last column is the half-width that
true meters of 2 % each would leave.
"""
LIMITS = """Where a leak is: without pressures nothing is located, so the benchmark's money score, which needs a pipe
within 300 m, is not claimed (`accounting.alarms_score` computes it for who can locate). Leaks below two to three
standard deviations of a night, and slow ones, pass unnoticed or late: the table shows them.
"""


def page(body: dict[str, Any]) -> str:
    """The evidence as Markdown."""
    runs = body["night_flow"]
    volumes = table(
        (
            "knowledge", "leaked [m3]", "95 % interval", "truth [m3]", "error", "holds", "correlation by day",
            "RMSE [m3/h]", "rises without a leak",
        ),
        [
            (
                r["name"], f"{r['volume_m3']:,.0f}", f"{r['low_m3']:,.0f} to {r['high_m3']:,.0f}",
                f"{r['true_m3']:,.0f}", f"{r['error']:+.1%}",
                "yes" if r["low_m3"] <= r["true_m3"] <= r["high_m3"] else "**no**", f"{r['correlation']:.2f}",
                f"{r['rmse_m3h']:.1f}", str(r["rises_without_a_leak"]),
            )
            for r in runs
        ],
    )  # fmt: skip
    noticed = table(
        (
            "pipe", "begins on day", "size [m3/h]", "kind", "noticed after [days]", "size as noticed [m3/h]",
            "with known leakage [days]",
        ),
        [
            (
                a["pipe"], f"{a['start']:.1f}", f"{a['size_m3h']:.1f}", kind(a), days(a),
                "" if a["found_m3h"] is None else f"{a['found_m3h']:.1f}", days(b),
            )
            for a, b in zip(runs[0]["leaks"], runs[2]["leaks"], strict=True)
        ],
    )  # fmt: skip
    balance = table(
        ("from day", "truth [m3]", "with nominal demand [m3]", "error", "half-width with meters of 2 % [m3]"),
        [
            (
                str(r["from_day"]), f"{r['true_m3']:,.0f}", f"{r['nominal_m3']:,.0f}",
                f"{r['nominal_m3'] / r['true_m3'] - 1:+.0%}", f"{r['metered_half_m3']:,.0f}",
            )
            for r in body["mass_balance"]
        ],
    )  # fmt: skip
    parts = (
        HEAD.format(**body), "## Volume by night flow\n", volumes, BEFORE, "## Noticing\n", NOTICED, noticed,
        "## Mass balance\n", BALANCE, balance, "## What it does not tell\n", LIMITS,
    )  # fmt: skip
    return "\n".join(parts)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def kind(row: dict[str, Any]) -> str:
    """What sort of leak it is."""
    if row["start"] < LEARN_DAYS:
        return "from the start"
    return "abrupt" if row["abrupt"] else "growing"


def days(row: dict[str, Any]) -> str:
    """How long until it was noticed."""
    return "**no**" if row["delay_days"] is None else f"{row['delay_days']:.1f}"
