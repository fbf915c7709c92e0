"""Machine, line, area, site and products add up to the last gram, on invented and on recorded days."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin import accounting as a
from ecotwin.accounting import accounts
from ecotwin.accounting.accounts import Accounts
from ecotwin.accounting.cuts import within
from ecotwin.clock import Period, days_of
from ecotwin.cycle.importing import bring_in
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant, load
from ecotwin.records import Window

MEANS = (
    "electricity_energy electricity_export electricity_generated gas_volume water_in water_out waste_mass "
    "parts_good parts_total state product"
)
ADDED = {
    "energy.electricity", "energy.gas", "energy.total", "water.in", "water.out", "water.consumption", "waste.total",
    "ghg.scope1", "ghg.scope2_location", "ghg.scope2_market", "ghg.scope12_location", "ghg.scope12_market",
    "cost.total",
}  # fmt: skip
GRAM = 1e-6
"""Difference allowed [kg, kWh, EUR]: a thousandth of a gram."""


def _rows(plant: Plant, *windows: Window) -> tuple[a.Row, ...]:
    return a.reconcile(plant, accounts.run(plant, windows))


def test_the_small_works_adds_up(works: Any) -> None:
    half = np.where(np.arange(1440) < 720, 7, 8)
    rows = _rows(works.plant, works.window({"oven.product": half}))
    assert all(r.closes for r in rows)
    assert not a.doubts(rows)
    line = next(
        r for r in rows if (r.element, r.indicator, r.over) == ("line", "cost.total", "parts")
    )
    assert set(line.parts) == {"press", "oven"}
    assert line.rest == {"Not metered": pytest.approx(line.value * 0.05 / 0.75)}
    made = next(
        r for r in rows if (r.element, r.indicator, r.over) == ("works", "energy.total", "products")
    )
    assert set(made.parts) == {"Plate", "Rod"}


def test_what_no_part_bears_has_a_name(works: Any) -> None:
    rows = _rows(works.plant, works.window())
    site = {r.indicator: r for r in rows if r.element == "works" and r.over == "parts"}
    assert site["ghg.scope2_location"].rest["Not metered"] == pytest.approx(
        site["ghg.scope2_location"].value * 0.05
    )
    assert site["ghg.scope2_market"].parts.keys() == {"hall", "yard"}
    assert site["ghg.scope1"].rest == {}, "the works has no gas meter of its own: its boiler is all"


def test_a_part_revised_alone_does_not_close_and_is_told_with_the_amount(works: Any) -> None:
    got = accounts.run(works.plant, [works.window()])
    revised = tuple(
        replace(m, value=m.value + 3.0)
        if (m.element, m.indicator) == ("oven", "energy.electricity")
        else m
        for m in got.measures
    )
    rows = a.reconcile(works.plant, Accounts(revised, ()))
    open_rows = [r for r in rows if not r.closes]
    assert [(r.element, r.indicator) for r in open_rows] == [("line", "energy.electricity")]
    assert open_rows[0].difference == pytest.approx(-3.0)
    assert "come to 3 kWh more" in a.doubts(rows)[0]


def test_parts_above_their_meter_are_told_with_the_amount(works: Any) -> None:
    window = works.window({"press.energy": 0.7})
    got = accounts.run(works.plant, [window])
    rows = a.reconcile(works.plant, got)
    assert all(r.closes for r in rows)
    excess = (0.7 + 0.2 - 0.75) * 1440
    told = [d for d in a.doubts(rows) if d.startswith("line:") and "energy.electricity" in d]
    assert told
    assert f"{excess:.4g} kWh more" in told[0]
    assert any(where == "line" and f"{excess:.4g} kWh more" in text for where, text in got.gaps)


def test_a_silent_machine_stands_in_the_rest(works: Any) -> None:
    window = works.window(silent={"oven.power": slice(0, 1000)})
    rows = _rows(works.plant, window)
    line = next(r for r in rows if (r.element, r.indicator) == ("line", "energy.electricity"))
    assert line.closes
    assert set(line.parts) == {"press"}
    assert line.rest["Not metered"] == pytest.approx(0.25 * 1440)


def test_waste_of_a_place_and_of_its_parts_is_told_apart(works: Any) -> None:
    moved = tuple(
        replace(s, element="yard") if s.id == "works.oil" else s for s in works.plant.signals
    )
    plant = works.with_(signals=moved)
    rows = _rows(plant, works.window(plant=plant))
    site = next(r for r in rows if (r.element, r.indicator) == ("works", "waste.total"))
    assert site.closes
    assert site.parts == {"yard": pytest.approx(0.02 * 1440)}
    assert site.rest == {"its own scales": pytest.approx(0.13 * 1440)}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32 - 1),
    start=st.sampled_from(
        [
            "2026-06-01T22:00",
            "2026-03-28T23:00",
            "2026-10-24T22:00",
            "2028-02-28T23:00",
            "2027-12-31T23:00",
        ]
    ),
    days=st.integers(1, 2),
    hole=st.integers(0, 1300),
)
def test_any_day_adds_up(works: Any, seed: int, start: str, days: int, hole: int) -> None:
    """23, 24 and 25 hours, the leap day and the turn of the year; meters that are silent for some time."""
    rng = np.random.default_rng(seed)
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    span = Period(begin, begin.replace(year=begin.year + 1))
    local = [d for _, d in zip(range(days), days_of(span, works.plant.zone), strict=False)]
    silent = str(
        rng.choice(["press.energy", "oven.power", "grid.energy", "oven.product", "blower.energy"])
    )
    windows = []
    for day in local:
        steps = int(day.hours * 60)
        values: dict[str, Any] = {
            s.id: rng.uniform(0.0, 2.0, steps)
            for s in works.plant.signals
            if s.form in ("counter", "rate")
        }
        values |= {
            s.id: rng.integers(0, 7, steps) for s in works.plant.signals if s.means == "state"
        }
        values["oven.product"] = rng.choice([7, 8, 99], steps)
        gap = {silent: slice(hole, hole + 200)}
        windows.append(works.window(values, start=day.start, steps=steps, silent=gap))
    rows = _rows(works.plant, *windows)
    assert {r.indicator for r in rows} >= {"energy.electricity", "cost.total"}
    for row in rows:
        assert row.closes, row
        scale = max(abs(row.value), *map(abs, row.parts.values()), 1e-9)
        assert abs(row.difference) <= 1e-9 * scale, row


@pytest.fixture(scope="module")
def recorded(plants: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Plant, list[Window]]:
    """Two days of the electronics works as its stand-in writes them, taken in as the twin takes them in."""
    plant, folder = load(plants / "electronics.yaml"), tmp_path_factory.mktemp("two_days")
    order = [sys.executable, "-m", "ecotwin_standin", "record", str(plants / "electronics.yaml")]
    more = [
        "--days",
        "2",
        "--start",
        "2026-06-16T00:00",
        "--step",
        "60",
        "--means",
        ",".join(MEANS.split()),
    ]
    subprocess.run([*order, *more, "--out", str(folder)], check=True, capture_output=True)
    now = datetime(2026, 6, 17, 22, tzinfo=UTC)
    store = DuckStore(plant, folder / "history")
    assert (
        bring_in(plant, store, sorted(folder.glob("*.parquet")), now, store.image(now)) is not None
    )
    span = Period(datetime(2026, 6, 15, 22, tzinfo=UTC), now)
    window = store.window(accounts.needed(plant), span, 60)
    store.close()
    return plant, [w for d in days_of(span, plant.zone) if (w := within(window, d)) is not None]


def test_two_recorded_days_of_the_electronics_works_add_up(
    recorded: tuple[Plant, list[Window]],
) -> None:
    plant, windows = recorded
    rows = _rows(plant, *windows)
    assert {r.indicator for r in rows if r.element == "nordhafen"} == ADDED
    assert {r.element for r in rows} >= {
        e.id for e in plant.elements if e.level in ("area", "line")
    }
    for row in rows:
        assert abs(row.difference) < GRAM, row
        assert math.fsum([*row.parts.values(), *row.rest.values()]) == pytest.approx(
            row.value, rel=1e-9
        )
    assert not a.doubts(rows)


def test_products_of_the_lines_and_what_they_share_are_those_of_the_site(
    recorded: tuple[Plant, list[Window]],
) -> None:
    """The site's own use of lines, by product, is the sum of the lines' figures by product."""
    plant, windows = recorded
    got = accounts.run(plant, windows, ["nordhafen", "line_1", "line_2", "line_3"])
    for indicator in (
        "energy.by_product",
        "ghg.by_product_location",
        "ghg.by_product_market",
        "cost.by_product",
    ):
        site = got.of("nordhafen", indicator)
        for product in site.split:
            own = next(i.value for i in site.inputs if i.name == f"own use for {product}")
            lines = [
                got.of(line, indicator).split.get(product, 0.0)
                for line in ("line_1", "line_2", "line_3")
            ]
            assert own == pytest.approx(sum(lines), rel=1e-3), (indicator, product)
