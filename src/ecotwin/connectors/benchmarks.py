"""A table of benchmarks as CSV: what others of the sector reach, with who published it.

Columns: `indicator,value,unit,sector,place,year,source`. Unsound rows are refused by their line, all at once.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path

from ecotwin.errors import FileFault, UnitFault
from ecotwin.plant.duties import Benchmark
from ecotwin.units import conversion

COLUMNS = ("indicator", "value", "unit", "sector", "place", "year", "source")


def read_benchmarks(
    path: Path, units: dict[str, str] | None = None, known: Collection[str] = ()
) -> tuple[Benchmark, ...]:
    """Read a table of benchmarks.

    Args:
        path: A CSV file with a header. units: Indicator -> its unit here: a benchmark in a unit of another kind is
            refused. known: Indicators there are; empty: any.

    Raises:
        FileFault: It cannot be read, lacks columns, or rows cannot be used; every such row is named.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise FileFault(
            f"{path.name} cannot be read ({type(fault).__name__})",
            expected="a CSV file in UTF-8",
            remedy="check the path, or save it again as CSV UTF-8",
        ) from fault
    return parse_benchmarks(text.splitlines(), path.name, units, known)


def parse_benchmarks(
    lines: Iterable[str],
    name: str = "benchmarks.csv",
    units: dict[str, str] | None = None,
    known: Collection[str] = (),
) -> tuple[Benchmark, ...]:
    """The same from lines.

    >>> parse_benchmarks([",".join(COLUMNS), "energy.per_good_part,0.8,kWh,C26.12,DE,2024,Survey"])[0].value
    0.8
    """
    reader = csv.DictReader(lines)
    missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        raise FileFault(
            f"{name} lacks the columns {', '.join(missing)}",
            expected=", ".join(COLUMNS),
            remedy="add them; the separator is a comma",
        )
    made: dict[tuple[str, str, str, int, str], Benchmark] = {}
    faults = []
    for record in reader:
        try:
            row = _row({c: (record.get(c) or "").strip() for c in COLUMNS}, units or {}, known)
            key = (row.indicator, row.sector, row.place, row.year, row.source)
            if key in made:
                raise ValueError(f"{row.indicator} of {row.source} stands there twice")
            made[key] = row
        except ValueError as fault:
            faults.append(f"line {reader.line_num}: {fault}")
    if faults or not made:
        raise FileFault(
            f"{name} cannot be used: " + ("; ".join(faults) or "it holds no row"),
            expected="sound rows only",
            remedy="mend or remove these rows",
        )
    return tuple(made.values())


def block(benchmarks: Iterable[Benchmark]) -> str:
    r"""Benchmarks as the block of the plant file that holds them, to be put at its end.

    >>> block([Benchmark("energy.per_good_part", 0.8, "kWh", "C26.12", "DE", 2024, "Survey")])[:63]
    'benchmarks:\n  - {"indicator": "energy.per_good_part", "value": '
    """
    rows = (json.dumps(asdict(b), ensure_ascii=False) for b in benchmarks)
    return "\n".join(["benchmarks:", *(f"  - {row}" for row in rows)])


def _row(cells: dict[str, str], units: dict[str, str], known: Collection[str]) -> Benchmark:
    for column in COLUMNS:
        if not cells[column]:
            raise ValueError(f"no {column} is given")
    indicator, unit = cells["indicator"], cells["unit"]
    if known and indicator not in known:
        raise ValueError(f"there is no indicator {indicator!r}")
    value = _number("value", cells["value"])
    if value <= 0.0:
        raise ValueError(f"a benchmark of {value:g} says that nobody knows it")
    year = _number("year", cells["year"])
    if year != int(year) or not 1990 <= year <= 2100:
        raise ValueError(f"the year is {cells['year']}")
    if indicator in units:
        try:
            conversion(unit, units[indicator])
        except UnitFault as fault:
            raise ValueError(f"{indicator} is in {units[indicator]}, not {unit}") from fault
    return Benchmark(
        indicator, value, unit, cells["sector"], cells["place"], int(year), cells["source"]
    )


def _number(name: str, text: str) -> float:
    if "," in text:
        raise ValueError(f"{name} {text!r} bears a decimal comma: write a point")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{name} is {text}")
    return value
