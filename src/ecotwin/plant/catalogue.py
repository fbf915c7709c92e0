"""The tables of machine kinds and meanings, read once."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from ecotwin.errors import PlantFault

FREE = ("setpoint", "quality_value", "other")
"""Meanings whose unit stands in the plant file."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a signal can mean: a row of `meanings.csv`."""

    means: str
    carrier: str
    form: str
    unit: str
    description: str


@dataclass(frozen=True, slots=True)
class KindSignal:
    """A signal that every machine of a kind has; numbers in `unit`, the unit on the wire."""

    name: str
    means: str
    unit: str
    every_s: float
    low: float | None
    high: float | None
    max_step: float | None
    stuck_after_s: float
    rollover: float | None
    accuracy: float
    description: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A stated property of a machine kind."""

    name: str
    value: bool | float | str
    description: str
    source: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A machine kind: its signals and facts by name."""

    name: str
    signals: Mapping[str, KindSignal] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)


@cache
def meanings() -> Mapping[str, Meaning]:
    """Every meaning by its key.

    >>> meanings()["gas_volume"].unit
    'm3'
    """
    return {row["means"]: Meaning(**row) for row in _rows("meanings.csv")}


@cache
def kinds() -> tuple[str, ...]:
    """Names of all machine kinds.

    >>> "reflow_oven" in kinds()
    True
    """
    folder = files("ecotwin.plant") / "kinds"
    return tuple(sorted(f.name[:-4] for f in folder.iterdir() if f.name.endswith(".csv")))


@cache
def kind(name: str) -> Kind:
    """The table of a machine kind.

    >>> kind("reflow_oven").facts["awake"].value
    245.0

    Raises:
        KeyError: There is no such kind.
        PlantFault: Its table cannot be read.
    """
    if name not in kinds():
        raise KeyError(name)
    signals: dict[str, KindSignal] = {}
    facts: dict[str, Fact] = {}
    for number, row in enumerate(_rows(f"kinds/{name}.csv"), start=2):
        try:
            if row["row"] == "signal":
                signals[row["name"]] = _signal(row)
            elif row["row"] == "fact":
                value = _value(row["value"])
                facts[row["name"]] = Fact(row["name"], value, row["description"], row["source"])
            else:
                raise ValueError(f"row is {row['row']!r}, not signal or fact")
        except (ValueError, KeyError) as fault:
            raise PlantFault(
                f"kinds/{name}.csv", (f"kinds/{name}.csv:{number}: {fault}",)
            ) from None
    return Kind(name, signals, facts)


def _rows(table: str) -> list[dict[str, str]]:
    text = (files("ecotwin.plant") / table).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _signal(row: Mapping[str, str]) -> KindSignal:
    def number(column: str) -> float | None:
        return float(row[column]) if row[column] else None

    return KindSignal(
        name=row["name"],
        means=row["means"],
        unit=row["unit"],
        every_s=float(row["every_s"]),
        low=number("low"),
        high=number("high"),
        max_step=number("max_step"),
        stuck_after_s=number("stuck_after_s") or 0.0,
        rollover=number("rollover"),
        accuracy=float(row["accuracy"]),
        description=row["description"],
    )


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text
