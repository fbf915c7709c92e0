"""Forecasts of public data, measured by `ecotwin bench forecast`; writes the evidence.

One setting for all; nothing is chosen by what this page tells (docs/forecasting.md says what was chosen, and on what).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ecotwin.service.bench import measure
from proofs import evidence, month

FOLDER = month.ROOT / "docs" / "evidence"
NAME = "0014-forecast"
DATA = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", month.ROOT.parent / "shared" / "data"))
TITLES = {
    "steel_day_ahead": "steel works, a day ahead [kWh in 15 min]",
    "steel_quarter_hour": "steel works, 15 min ahead [kWh in 15 min]",
    "works_year_end": "tool works, Nov-Dec with its stop [W per MWh/a]",
    "works_summer": "the tool works, May-June [W per MWh/a]",
    "price": "power price, past only [EUR/MWh]",
    "price_with_forecasts": "power price, load and wind forecasts known [EUR/MWh]",
    "carbon_france": "grid carbon, France [g/kWh]",
    "carbon_california": "grid carbon, California [g/kWh]",
    "carbon_pjm": "grid carbon, PJM [g/kWh]",
    "sun_california": "solar power, California [MW]",
}
EARLIER_KWH = 9.70
"""What plain LightGBM with this software's earlier features erred by on the steel works' quarter hours."""
TEXT = """# Forecasts

Made by {how} on {date} at commit {commit}
({changed_files} changed source files), {machine}, load before {load}. Seeds are fixed in the code.
Do not edit: the proof (`tests/proofs/test_forecast.py`) writes it.

Every forecast rests on the past of its file, the calendar and what the row says is known; a day is told at its
beginning as a whole. *Repeating* is the better of the same time a day and a week ago, chosen here by its error on the
very rows told, which favours it. *LightGBM* is the library as it comes (100 trees), with our features, learned once.

## A column ahead

{cases}

LightGBM errs less, in root mean square, on: {beaten_by_trees}. Repeating errs less on: {beaten_by_repeating}.

Steel is told for September and October after January to August. The targets, 17.5 a day ahead and 7.8 a quarter hour
ahead, stand beside a LightGBM of 17.8 and 8.2. The notes that came with the data give 8.2 (and 18.9 a day ahead) for
November and December, which we do not have; for which months the 17.8 is we do not know. As numbers on these months,
17.5 and 7.8 are **not reached**. As shares of LightGBM's error the targets are 0.98 and 0.95; here they are
{share_day:.2f} a day ahead and {share_quarter:.2f} a quarter hour ahead beside LightGBM with our features of now, and
{share_earlier:.2f} a quarter hour ahead beside LightGBM with our features before they were bettered (it erred by
{earlier:.2f} on the same rows, at commit e515e35). The newest value repeated errs by {steel_note} a quarter hour ahead.

## Time and memory

Processor time on one core: all learning with its rehearsal and relearning, one forecast of a whole horizon.{whole}

{costs}

## The linear map by the protocol of the literature

ETTh1, 96 steps, 12/4/4 months, all {windows} windows, all seven columns, standardised by the first 12 months: mean
squared error **{mse:.4f}** (mean absolute {mae:.4f}), look-back {look_back}, learned in {ett_s:.1f} s. FITS reports
0.375, the best known about 0.352-0.357. Look-back and sharing one map were chosen on the four months between; the
errors of the other settings on the last four (0.365 to 0.395) were on the screen while choosing.

## Warnings before a limit is passed

Steel, four hours ahead, {warned} forecasts; the limit is what eight in ten stretches of four hours before stayed under.
Probabilities are drawn from paths. They are somewhat too low for single quarter hours, and few reach one half.

{limits}

## Quality of parts

Injection moulding, {parts} parts: the last 30 % of each class's run, told after learning the first 70 %. Plain LightGBM
names the class as often, and waste a little better; its probabilities are far too sure (log loss).

{quality}

## What was chosen, and on what

Settings of trees, days alike and weights were compared on July-August of the steel works, May-June of the tool
works, spring 2015 of the price and PJM's autumn; so those of PJM and the tool works' May-June are not unseen. The
steel works' September and October, and the tool works' year-end, were looked at while building. That the weights shall
lean on the prior less the more origins there were was decided after seeing September's quarter hours, and then checked
on July and August.

The nearer grounds (departures from the usual, changes, the usual's course, other signals some steps back) and the
anchored trees were added because the quarter hour of September and October, 9.3 then, was far from 7.8. They were
chosen without those months. RMSE of one tree model, learned before the months named and never again:

| tried | steel May-June, 15 min | steel July-Aug, 15 min | tool works Sept-Oct, 15 min | PJM July-Aug, 1 h |
| --- | --- | --- | --- | --- |
| as it was | 9.80 | 9.03 | 9.69 | 5.54 |
| all nearer grounds | 9.59 | 8.84 | 9.28 | 4.92 |
| the same, anchored | 9.55 | 8.86 | 9.25 | 4.25 |
| only more lags (to 48) | 9.78 | 9.07 | 9.63 | - |
| learn the change from the newest value | 9.87 | 9.06 | 9.34 | - |
| younger rows weigh more | 9.79 | 9.03 | 9.82 | - |
| 63 leaves, 500 trees | 9.75 | 8.97 | 9.69 | - |
| linear leaves | 10.01 | 9.36 | 9.66 | - |

A day ahead the change is small either way on the steel works (July-August 17.4 before, 17.6 after; May-June 17.6 and
17.6), none on the tool works in September and October (24.0), and a gain on the price of spring 2015 (2.46 to 2.33) and
on PJM's July and August (9.14 to 8.97). These are of `mixed` with five equal shares of trust among what learns; the
three kinds of trees sharing that of two came after, untried on those months.
"""


@pytest.mark.proof
@pytest.mark.skipif(
    not (DATA / "steel_uci").exists(),
    reason="public data are not here: set ECOTWIN_PUBLIC_DATA to the folder that holds them",
)
def test_forecasts_of_public_data() -> None:
    told = measure("forecast", 10.0, DATA)
    write(told)
    results = told["results"]
    for name in TITLES:
        result = results[name]
        assert result["rmse"] < min(r["rmse"] for r in result["repeating"].values()), name
        assert 0.75 <= result["coverage_80"] <= 0.85, name
    assert results["etth1_96"]["mse"] <= 0.375
    for limit in ("quarter_hour", "hour"):
        one = results["steel_limits"][limit]
        assert one["brier"] < one["brier_of_the_usual_rate"]
    parts = results["injection_moulding"]
    assert parts["log_loss"] < parts["class_share_alone"]["log_loss"]


def write(told: dict[str, Any]) -> None:
    """The page and its numbers."""
    head = evidence.head("ECOTWIN_PUBLIC_DATA=FOLDER make proofs")
    results = told["results"]
    how = f"`{head['command']}` (the same as `ecotwin bench forecast --data FOLDER`)"
    if "parts" in told:
        head["command"] = "ecotwin bench forecast --data FOLDER"
        how = f"the cases of `{head['command']}`, run one by one,"
    (FOLDER / f"{NAME}.json").write_text(
        json.dumps({**head, **told}, indent=1, default=str) + "\n", encoding="utf-8"
    )
    ett, limits, parts = (results[n] for n in ("etth1_96", "steel_limits", "injection_moulding"))
    quarter, day = results["steel_quarter_hour"], results["steel_day_ahead"]
    page = TEXT.format(
        **head, how=how, load=told["machine"]["load_before"], cases=_cases(results), costs=_costs(results),
        windows=ett["windows"], mse=ett["mse"], mae=ett["mae"], look_back=ett["look_back"],
        ett_s=ett["learn_s"], warned=limits["forecasts"], limits=_limits(limits), parts=parts["parts"],
        quality=_quality(parts), steel_note=f"{quarter['newest_repeated_rmse']:.1f}",
        whole=_whole(told), **_beaten(results),
        share_day=day["rmse"] / day["plain_lightgbm"]["rmse"], earlier=EARLIER_KWH,
        share_quarter=quarter["rmse"] / quarter["plain_lightgbm"]["rmse"],
        share_earlier=quarter["rmse"] / EARLIER_KWH,
    )  # fmt: skip
    (FOLDER / f"{NAME}.md").write_text(page, encoding="utf-8")


def _beaten(results: dict[str, Any]) -> dict[str, str]:
    """Where a peer's root mean square error is the less."""
    trees, repeating = [], []
    for name, title in TITLES.items():
        one = results[name]
        if one["plain_lightgbm"]["rmse"] < one["rmse"]:
            trees.append(title.split(" [")[0])
        if min(r["rmse"] for r in one["repeating"].values()) < one["rmse"]:
            repeating.append(title.split(" [")[0])
    return {
        "beaten_by_trees": "; ".join(trees) or "none",
        "beaten_by_repeating": "; ".join(repeating) or "none",
    }


def _whole(told: dict[str, Any]) -> str:
    """What all took, where the cases were run one by one."""
    parts = told.get("parts")
    if not parts:
        return ""
    took = {n: p["processor_s"] for n, p in parts.items()}
    return (
        f" The cases were run one by one: {sum(took.values()):.0f} s of processor time for all with their peers,"
        f" {took['steel_quarter_hour']:.0f} s of it for {told['results']['steel_quarter_hour']['origins']:,} origins"
        " of the steel works' quarter hours."
    )


def _table(header: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _cases(results: dict[str, Any]) -> str:
    rows = []
    for name, title in TITLES.items():
        one = results[name]
        naive = min(one["repeating"].values(), key=lambda r: float(r["rmse"]))
        peer = one["plain_lightgbm"]
        rows.append(
            [title, str(one["origins"]), f"**{one['rmse']:.2f}**", f"{peer['rmse']:.2f}", f"{naive['rmse']:.2f}",
             f"**{one['mae']:.2f}**", f"{peer['mae']:.2f}", f"{naive['mae']:.2f}",
             f"{100 * one['coverage_80']:.1f} %", f"{one['width']:.1f}"]
        )  # fmt: skip
    header = ("column", "origins", "RMSE", "LightGBM", "repeating", "mean error", "LightGBM", "repeating",
              "in the 80 % band", "its width")  # fmt: skip
    return _table(header, rows)


def _costs(results: dict[str, Any]) -> str:
    rows = [
        [title, f"{one['learn_s']:.1f}", f"{one['tell_ms']:.1f}", f"{one['plain_lightgbm']['learn_s']:.1f}",
         f"{one['memory_mb']:.0f}"]
        for name, title in TITLES.items()
        for one in (results[name],)
    ]  # fmt: skip
    header = ("column", "learning [s]", "a forecast [ms]", "LightGBM learning [s]", "memory [MB]")
    return _table(header, rows)


def _limits(limits: dict[str, Any]) -> str:
    rows = []
    for name, words in (("quarter_hour", "highest 15 min"), ("hour", "highest hour's mean")):
        one = limits[name]
        honest = "; ".join(
            f"{100 * p:.0f} -> {100 * c:.0f} ({n})" for p, c, n in one["reliability"]
        )
        rows.append(
            [words, f"{one['limit']:.1f}", f"{100 * one['passed']:.0f} %", f"{one['brier']:.3f}",
             f"{one['brier_of_the_usual_rate']:.3f}", f"{100 * one['warned_of_those_passed']:.0f} %",
             f"{100 * one['false_of_those_warned']:.0f} %", f"{one['median_lead_steps']:.0f}", honest]
        )  # fmt: skip
    header = ("of", "limit [kWh]", "passed", "Brier", "usual rate told", "warned of those passed",
              "false of those warned", "lead, median [15 min]", "told -> came [%] (count)")  # fmt: skip
    return _table(header, rows)


def _quality(parts: dict[str, Any]) -> str:
    rows = [
        [words, f"{one['log_loss']:.3f}", f"{100 * one['right']:.1f} %", f"{one['brier_of_waste']:.3f}"]
        for words, one in (
            ("quality", parts), ("plain LightGBM", parts["plain_lightgbm"]),
            ("share of each class", parts["class_share_alone"]),
        )
    ]  # fmt: skip
    return _table(("", "log loss", "right class", "Brier score of waste"), rows)
