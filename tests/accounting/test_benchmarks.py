"""Benchmarks: a figure beside others' figures, and tables of them read or refused by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from accounting.test_targets import BERLIN, desk, figure
from ecotwin.accounting.booked.benchmarks import plug as benchmarks
from ecotwin.clock import parse_period
from ecotwin.connectors.benchmarks import block, parse_benchmarks, read_benchmarks
from ecotwin.errors import FileFault
from ecotwin.plant.duties import Benchmark, Company

HEAD = "indicator,value,unit,sector,place,year,source"


def test_a_benchmark_in_another_unit_and_what_differs(works: Any) -> None:
    period = parse_period("2026", BERLIN)
    mark = Benchmark("energy.per_good_part", 0.001, "MWh", "C26.12", "FR", 2018, "Survey")
    plant = works.with_(benchmarks=(mark,), company=Company("W", sector="C25"))
    part = figure("energy.per_good_part", 1.2, period, numerator=120.0, denominator=100.0)
    made, words = benchmarks.figures(desk(works, plant, period, part), "works")
    assert made[0].value == pytest.approx(1.2)
    assert made[0].low < 1.2 < made[0].high
    for word in ("this plant of C25", "of FR", "8 years older", "boundary"):
        assert word in words[0]


def test_amounts_and_other_units_are_not_compared(works: Any) -> None:
    period = parse_period("2026", BERLIN)
    marks = (
        Benchmark("energy.electricity", 100.0, "kWh", "C26", "DE", 2025, "Survey"),
        Benchmark("energy.per_good_part", 100.0, "m3", "C26", "DE", 2025, "Survey"),
    )
    given_ = (
        figure("energy.electricity", 600.0, period),
        figure("energy.per_good_part", 1.2, period, numerator=120.0, denominator=100.0),
    )
    made, words = benchmarks.figures(
        desk(works, works.with_(benchmarks=marks), period, *given_), "works"
    )
    assert made == []
    assert "grows with the plant" in words[0]
    assert "units of the same kind" in words[1]


def test_a_table_of_benchmarks_is_read_or_refused_by_row(tmp_path: Path) -> None:
    sound = tmp_path / "b.csv"
    sound.write_text(f"{HEAD}\nenergy.per_good_part,0.8,kWh,C26,DE,2024,Survey\n", "utf-8")
    assert read_benchmarks(sound, {"energy.per_good_part": "kWh"})[0].year == 2024
    told = yaml.safe_load(block(read_benchmarks(sound)))["benchmarks"]
    assert [Benchmark(**row) for row in told] == list(read_benchmarks(sound))
    rows = [
        HEAD,
        'a,"0,8",kWh,C26,DE,2024,S',
        "a,0,kWh,C26,DE,2024,S",
        "a,1,kWh,,DE,2024,S",
        "a,1,kWh,C26,DE,soon,S",
        "a,1,m3,C26,DE,2024,S",
        "b,1,kWh,C26,DE,2024,S",
        "a,2,kWh,C26,DE,2024,S",
        "a,3,kWh,C26,DE,2024,S",
    ]
    with pytest.raises(FileFault) as caught:
        parse_benchmarks(rows, "b.csv", {"a": "kWh"}, ("a",))
    for word in (
        "line 2",
        "decimal comma",
        "line 3",
        "no sector",
        "soon",
        "not m3",
        "'b'",
        "twice",
    ):
        assert word in str(caught.value)
    with pytest.raises(FileFault, match="lacks the columns unit"):
        parse_benchmarks([HEAD.replace("unit,", "")])
    with pytest.raises(FileFault, match="holds no row"):
        parse_benchmarks([HEAD])
    with pytest.raises(FileFault, match="cannot be read"):
        read_benchmarks(tmp_path / "none.csv")
