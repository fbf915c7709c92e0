"""What hours of readings say of the reaction train: the stand-in's parameters are found, the model then tracks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.plant import Plant
from ecotwin.records import Floats, Window
from ecotwin.simulation.calibration.contract import added
from ecotwin.simulation.calibration.process import plug
from ecotwin.simulation.contract import Known
from ecotwin.simulation.engine import run
from ecotwin.simulation.observed import observe
from ecotwin_standin.plantside import Plantside
from simulation.chemical_works import START, case_of, works

NAMES = ("product", "residue", "fresh", "gas", "steam")
SEEDS = (7411, 52, 988)


def as_window(plant: Plant, side: Plantside, values: Floats, hours: float) -> Window:
    """Minutes of wire values as the history keeps them."""
    steps, order = len(values), side.world.order
    shape = (steps, len(plant.signals))
    mean, amount = np.full(shape, np.nan), np.full(shape, np.nan)
    for column, index in enumerate(order):
        signal = plant.signals[index]
        canonical = values[:, column] * signal.factor + signal.offset
        if signal.form == "counter":
            amount[1:, index] = np.diff(canonical)
        else:
            mean[:, index] = canonical
    ones = np.ones(shape)
    period = Period(START, START + timedelta(hours=hours))
    known = tuple(range(len(plant.signals)))
    counted = ones.astype(np.int64)
    return Window(period, 60, known, mean, mean, mean, mean, amount, ones, 0 * ones, counted)


@cache
def lived(seed: int) -> tuple[Window, dict[str, float]]:
    """A day of readings at two operating points, and what the plant really did an hour in the eight hours after it."""
    side = Plantside(works(), START, seed, None, 60.0, None, follow=False)
    parts = [side.run(720)[1]]
    side.write("reactor_1.temperature_sp", 108.0, 28_000.0, side.world.now_us)
    parts.append(side.run(720)[1])
    window = as_window(works(), side, np.vstack(parts), 24.0)
    side.run(120)

    def sums() -> Floats:
        v = {m.id: m.v for m in side.world.machines.values()}
        return np.array(
            [
                v["column_2"]["parts_good"], v["scale_residue"]["mass"], v["feed_1"]["fresh_used"],
                v["boiler_1"]["gas_volume"], v["boiler_1"]["steam_mass"],
            ]
        )  # fmt: skip

    before = sums()
    side.run(480)
    return window, dict(zip(NAMES, (sums() - before) / 8.0, strict=True))


def told(parameters: dict[str, Known]) -> dict[str, float]:
    """What the model says of an hour."""
    outcome = run(replace(case_of(hours=6.0, runs=8), parameters=parameters))
    which = (
        ("product_kg", ""), ("waste_kg", "scale_residue"), ("material_kg", ""), ("gas_m3", ""), ("steam_kg", ""),
    )  # fmt: skip
    values = [float(outcome.total(q, m).mean()) / outcome.case.hours for q, m in which]
    return dict(zip(NAMES, values, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_readings_brings_the_model_to_the_plant(seed: int) -> None:
    window, came = lived(seed)
    fitted = dict(plug.fit(works(), plug.gather(observe(works(), window)), {}))
    before, after = told({}), told(fitted)
    error = {k: (abs(before[k] / came[k] - 1.0), abs(after[k] / came[k] - 1.0)) for k in NAMES}
    assert np.mean([e[1] for e in error.values()]) < 0.025, error
    assert max(e[1] for e in error.values()) < 0.05, error
    assert np.mean([e[1] for e in error.values()]) < np.mean([e[0] for e in error.values()]), error


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_stand_in_was_drawn_with_is_found(seed: int) -> None:
    window, _ = lived(seed)
    fitted = plug.fit(works(), plug.gather(observe(works(), window)), {})
    side = Plantside(works(), START, seed, None, 60.0, None, follow=False)
    machines = side.world.machines
    exchanger = machines["exchanger_1"]
    real = exchanger.ua * (1.0 - exchanger.dirt)  # type: ignore[attr-defined]
    assert fitted["exchanger_1.ua_kw_per_k"].value == pytest.approx(real, rel=0.06)
    assert fitted["feed_1.fresh_purity"].value == pytest.approx(machines["feed_1"].purity, abs=0.02)  # type: ignore[attr-defined]
    ratio = machines["reactor_1"].k[1] / machines["reactor_1"].k[0]  # type: ignore[attr-defined]
    k = [fitted[f"reactor_1.k{i}_per_h"].value for i in (1, 2)]
    assert k[1] / k[0] == pytest.approx(ratio, rel=0.12)
    assert all(known.sd > 0.0 and known.source == "calibration" for known in fitted.values())
    assert len(fitted) >= 25


def test_hours_in_which_the_reactor_moved_teach_nothing() -> None:
    window, _ = lived(SEEDS[0])
    hours = plug.gather(observe(works(), window))["reactor_1.k1_per_h"][0]
    assert 16 <= hours <= 22, "not the first hour, and not those of the change"


def test_evidence_of_two_halves_is_less_than_the_whole_by_the_hour_at_the_cut() -> None:
    window, _ = lived(SEEDS[0])

    def half(first: int, last: int) -> Window:
        cut = {
            name: getattr(window, name)[first:last]
            for name in ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")
        }
        period = Period(START + timedelta(minutes=first), START + timedelta(minutes=last))
        return replace(window, period=period, **cut)

    both = added([dict(plug.gather(observe(works(), half(*c)))) for c in ((0, 720), (720, 1440))])
    whole = plug.gather(observe(works(), window))
    for name, sums in whole.items():
        assert both[name][0] in (sums[0], sums[0] - 1), name
        assert both[name][1] <= sums[1] + 1e-9 * abs(sums[1]) or sums[1] < 0, name


def test_gaps_and_plants_without_a_reactor_teach_nothing() -> None:
    window, _ = lived(SEEDS[0])
    empty = replace(window, mean=np.full_like(window.mean, np.nan))
    evidence = plug.gather(observe(works(), empty))
    assert all(sums[0] == 0 for sums in evidence.values())
    assert plug.fit(works(), evidence, {}) == {}
    less = replace(
        works(), elements=tuple(e for e in works().elements if e.kind != "stirred_reactor")
    )
    assert plug.gather(observe(less, window)) == {}
