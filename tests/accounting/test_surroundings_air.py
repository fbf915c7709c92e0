"""Masses of air pollutants: which signal tells them, and NO as NO2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecotwin.accounting import accounts
from ecotwin.plant.catalogue import meanings
from ecotwin.plant.model import Plant


def _with(works: Any, **changes: str) -> Plant:
    """The works whose boiler measures something else in the place of CO."""
    signals = tuple(
        replace(s, **changes) if s.id == "boiler.co" else s for s in works.plant.signals
    )
    plant: Plant = works.with_(signals=signals)
    return plant


@pytest.mark.parametrize(
    ("means", "indicator"),
    [
        ("co_concentration", "air.co"),
        ("so2_concentration", "air.sox"),
        ("pm_concentration", "air.pm"),
        ("voc_concentration", "air.voc"),
    ],
)
def test_concentration_x_flow(works: Any, means: str, indicator: str) -> None:
    plant = _with(works, means=means)
    got = accounts.run(plant, [works.window(plant=plant)], ["works"])
    assert got.of("works", indicator).value == pytest.approx(50.0 * 100.0 * 24.0 / 1e6)


def test_a_running_mass_goes_before_a_concentration(works: Any) -> None:
    plant = _with(works, means="so2_mass", form="counter", unit="kg")
    got = accounts.run(plant, [works.window({"boiler.co": 0.01}, plant=plant)], ["works"])
    assert got.of("works", "air.sox").value == pytest.approx(14.4)
    assert got.of("works", "air.sox").method == "air/2: running mass"


def test_no_counts_as_no2(works: Any) -> None:
    signals = tuple(
        s for s in _with(works, means="no_concentration").signals if s.id != "boiler.nox"
    )
    signals = tuple(replace(s, index=n) for n, s in enumerate(signals))
    plant = works.with_(signals=signals)
    got = accounts.run(plant, [works.window({"boiler.co": 30.0}, plant=plant)], ["works"])
    assert got.of("works", "air.nox").value == pytest.approx(46.0 * 100.0 * 24.0 / 1e6)


def test_the_new_meanings_have_units_and_forms() -> None:
    known = meanings()
    for name in ("no", "so2", "pm", "voc"):
        assert known[f"{name}_concentration"].unit == "mg/m3"
    for name in ("so2", "pm", "voc"):
        assert (known[f"{name}_mass"].form, known[f"{name}_mass"].unit) == ("counter", "kg")
    assert known["noise"].unit == "dB"
    assert (known["wet_bulb"].unit, known["globe_temperature"].unit) == ("degC", "degC")
