"""The shared suite of every KPI plug, on a real plant file with a day of invented minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.contract import Kpi
from ecotwin.accounting.cuts import rows
from ecotwin.clock import Period
from ecotwin.plant import load
from ecotwin.plant.model import Plant
from ecotwin.plant.own import with_own
from ecotwin.plugs import load_all, names
from ecotwin.records import Window

KPIS = tuple(names("accounting.kpis"))
STEPS = 240


@cache
def _plant() -> Plant:
    return with_own(load(Path(__file__).parents[2] / "plants" / "electronics.yaml"))


@cache
def _window(silent: bool = False) -> Window:
    plant, rng = _plant(), np.random.default_rng(7)
    shape = (STEPS, len(plant.signals))
    mean, last, amount = np.full(shape, 20.0), np.full(shape, 20.0), np.full(shape, np.nan)
    for s in plant.signals:
        drawn = rng.uniform(0.5, 1.0, STEPS)
        if s.form == "rate":
            mean[:, s.index] = last[:, s.index] = drawn
            amount[:, s.index] = drawn / 60.0
        elif s.form in ("counter", "interval"):
            amount[:, s.index] = drawn / 60.0
            mean[:, s.index] = last[:, s.index] = np.cumsum(drawn / 60.0)
        elif s.form == "state":
            code = rng.integers(4, 6, STEPS) if s.means == "state" else plant.products[0].code
            mean[:, s.index] = last[:, s.index] = code
    covered = np.ones(shape)
    if silent:
        covered[:] = 0.0
        for values in (mean, last, amount):
            values[:] = np.nan
    start = datetime(2026, 6, 3, 4, tzinfo=UTC)
    period = Period(start, start + timedelta(minutes=STEPS))
    every = tuple(range(len(plant.signals)))
    count = np.ones(shape, np.int64)
    return Window(
        period, 60, every, mean, mean, mean, last, amount, covered, np.zeros(shape), count
    )


def _kpi(name: str) -> Kpi:
    kpi: Kpi = load_all("accounting.kpis")[name]
    return kpi


def _applies(kpi: Kpi) -> list[str]:
    return [e.id for e in _plant().elements if kpi.needs(_plant(), e.id)]


def test_there_are_kpis() -> None:
    assert len(KPIS) >= 8


@pytest.mark.parametrize("name", KPIS)
def test_named_and_catalogued(name: str) -> None:
    kpi = _kpi(name)
    assert kpi.name == name
    assert kpi.indicators
    assert set(kpi.indicators) <= set(indicators())


@pytest.mark.parametrize("name", KPIS)
def test_applies_somewhere_and_asks_for_real_signals(name: str) -> None:
    kpi, plant = _kpi(name), _plant()
    elements = _applies(kpi)
    assert plant.site.id in elements
    for element in elements:
        needs = kpi.needs(plant, element)
        assert len(set(needs)) == len(needs)
        assert all(0 <= i < len(plant.signals) for i in needs)


@pytest.mark.parametrize("name", KPIS)
def test_figures_are_sound(name: str) -> None:
    kpi, plant = _kpi(name), _plant()
    seen = 0
    for element in _applies(kpi):
        tally = kpi.tally(plant, element, _window())
        assert all(np.isfinite(v) for v in tally.sums.values())
        for figure in kpi.finish(plant, tally):
            seen += 1
            assert figure.element == element
            assert figure.indicator in kpi.indicators
            assert figure.period == _window().period
            assert np.isfinite([figure.value, figure.low, figure.high]).all(), figure.id
            assert figure.low <= figure.value <= figure.high, figure.id
            assert 0.0 <= figure.coverage <= 1.0
            assert 0.0 <= figure.estimated_share <= 1.0
            assert figure.method
            assert figure.inputs, figure.id
            if figure.split:
                assert sum(figure.split.values()) == pytest.approx(figure.value), figure.id
    assert seen


@pytest.mark.parametrize("name", KPIS)
def test_tallies_add_up(name: str) -> None:
    kpi, plant = _kpi(name), _plant()
    window = _window()
    for element in _applies(kpi):
        whole = kpi.finish(plant, kpi.tally(plant, element, window))
        first, second = (
            kpi.tally(plant, element, rows(window, a, b)) for a, b in ((0, 60), (60, STEPS))
        )
        for parts in (kpi.finish(plant, first + second), kpi.finish(plant, second + first)):
            assert {m.id: m.value for m in parts} == pytest.approx({m.id: m.value for m in whole})


@pytest.mark.parametrize("name", KPIS)
def test_silence_is_a_gap_with_words_and_never_a_zero(name: str) -> None:
    kpi, plant = _kpi(name), _plant()
    for element in _applies(kpi):
        tally = kpi.tally(plant, element, _window(silent=True))
        figures = [m for m in kpi.finish(plant, tally) if m.indicator != "time.by_state"]
        assert figures == []
        assert kpi.gaps(plant, tally)


@pytest.mark.parametrize("name", KPIS)
def test_the_same_input_gives_the_same_figures(name: str) -> None:
    kpi, plant = _kpi(name), _plant()
    tallies = [kpi.tally(plant, plant.site.id, _window()) for _ in range(2)]
    assert kpi.finish(plant, tallies[0]) == kpi.finish(plant, tallies[1])
