"""The words of what-if: what a scenario changes, and the first sentence of a comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecotwin.cycle.scenarios import changes as kinds_of_change
from ecotwin.plant import Plant, load
from ecotwin.service import views
from ecotwin.service.whatif_changes import changes
from ecotwin.service.whatif_headline import headline
from ecotwin.simulation.scenario_file import parse

PLANTS = Path(__file__).parents[2] / "plants"


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(PLANTS / "electronics.yaml")


def told(plant: Plant, text: str) -> list[str]:
    read = parse(f"id: x\nname: X\nsource: test\n{text}", "x.yaml")
    return changes(plant, read, kinds_of_change(read))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "set_points: [{signals: [compressor_1.pressure_sp], value: 6.2}]",
            "Compressor 1: discharge pressure 6.20 bar",
        ),
        (
            "parameters: [{kind: reflow_oven, name: aux_kw, scale: 0.5}]",
            "every reflow oven: aux kw 50.0 % of what it is",
        ),
        ("events: [{kind: machine_down, machine: printer_1, end: +4h}]", "Printer 1 is down until +4h"),
        ("events: [{kind: heat_wave, warmer_k: 8}]", "air +8 K"),
        ("calendar: {change: [{shift: Late, overtime_min: 30}]}", "shift Late +30 min at its end"),
        ("weather: {warmer_k: -2, sun_scale: 0.5}", "air −2 K"),
        ("layout: [{line: smt_1, order: [printer_1]}]", "layout"),
    ],
)  # fmt: skip
def test_a_change_is_told_with_its_numbers(plant: Plant, text: str, said: str) -> None:
    assert said in told(plant, text)


@pytest.mark.parametrize("file", sorted(PLANTS.glob("*/scenarios/*.yaml")), ids=lambda f: f.stem)
def test_every_shipped_scenario_says_something(file: Path) -> None:
    read = parse(file.read_text(), file.name)
    said = changes(load(PLANTS / f"{file.parts[-3]}.yaml"), read, kinds_of_change(read))
    assert said
    assert all(text and "None" not in text for text in said)


def case(number: int, *, on_front: bool = True, feasible: bool = True) -> views.CaseView:
    return views.CaseView(
        number=number, id=f"c{number}", name=f"Case {number}" if number else "Do nothing", description="", digest="",
        on_front=on_front and feasible, front_share=1.0, beaten_by=[], feasible=feasible,
        why_not=[] if feasible else ["no"], doubts=[], notes=[], limits=[], verdict="",
    )  # fmt: skip


def figure(name: str, group: str, unit: str, better: str, *differences: float) -> views.FigureRow:
    def cell(d: float) -> dict[str, object]:
        good = d < 0 if better == "low" else d > 0
        return {
            "value": 100 + d, "low": 99.0, "high": 101.0, "digits": "100", "difference": d,
            "difference_text": "", "share": d / 100,
            "mean_low": d, "mean_high": d, "intervals": [], "better": 1.0 if good else 0.0,
            "verdict": "same" if d == 0 else "better" if good else "worse", "level": "none",
        }  # fmt: skip

    return views.FigureRow.model_validate(
        {"figure": name, "name": name, "unit": unit, "group": group, "better": better, "objective": True, "parts": [],
         "cells": [cell(0.0), *(cell(d) for d in differences)]}
    )  # fmt: skip


def said(cases: list[views.CaseView], *figures: views.FigureRow) -> tuple[str, str]:
    found = headline(cases, figures, 24.0)
    return found.text, found.cost


def test_the_first_sentence_names_the_winner_and_its_price() -> None:
    cases = [case(0), case(1), case(2)]
    co2e = ("CO₂e in all", "co2e", "kg CO₂e", "low")
    cost = ("Cost", "cost", "EUR", "low")
    parts = ("Good parts", "throughput", "", "high")
    assert said(cases, figure(*co2e, -10, -50), figure(*cost, -5, 20)) == (
        "Case 2 saves 50.0 kg CO₂e in 24 h", "at the price of 20.0 EUR more",
    )  # fmt: skip
    assert said(cases, figure(*co2e, -10, 50), figure(*cost, -5, 20)) == (
        "Case 1 saves 10.0 kg CO₂e in 24 h", "and saves 5.00 EUR",
    )  # fmt: skip
    assert said(cases[:2], figure(*co2e, 0), figure(*parts, 7)) == (
        "Case 1 brings 7.00 good parts in 24 h", "and loses nothing that is weighed",
    )  # fmt: skip
    beaten = [case(0), case(1, on_front=False)]
    assert said(beaten, figure(*co2e, 10))[0].startswith("Doing nothing is not beaten")
    assert said([case(0, feasible=False), case(1, feasible=False)], figure(*co2e, -10))[0] == (
        "No case keeps within all limits."
    )
