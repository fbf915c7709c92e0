"""The three filling works for the walks: recorded life, replayed twins, and cases that run ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ecotwin.cycle.comparing import Asked, compared
from ecotwin.cycle.replaying import Replayed, replay
from ecotwin.cycle.whatif_base import Span, plain_case
from ecotwin.plant import Plant, load
from ecotwin.simulation.contract import Case
from ecotwin.simulation.scenario_file import Scenario, parse
from ecotwin_standin.plantside import history
from ecotwin_standin.recording import thinned, write_days
from ecotwin_standin.scenario import load as load_scenario

PLANTS = Path(__file__).parents[1] / "plants"
SCENARIOS = PLANTS / "consumer_goods" / "scenarios"
SITES = ("consumer_goods", "consumer_goods_poland", "consumer_goods_spain")


@cache
def works(name: str = SITES[0]) -> Plant:
    """A plant file."""
    return load(PLANTS / f"{name}.yaml")


def midnight(name: str, day: int = 0) -> datetime:
    """Begin of a local day, Monday being 0."""
    zone = works(name).zone
    return (datetime(2026, 6, 15, tzinfo=zone) + timedelta(days=day)).astimezone(UTC)


def from_files(name: str, folder: Path) -> Path:
    """The plant file with its signals coming from recorded files; nobody can write to it."""
    told = yaml.safe_load((PLANTS / f"{name}.yaml").read_text("utf-8"))
    for connection in told["connections"].values():
        connection.pop("writing", None)
        connection |= {
            "protocol": "replay",
            "options": {
                "speed": 0,
                "shape": "long",
                "time": {"column": "at", "format": "epoch_us"},
            },
        }
    for area in told["areas"]:
        for machine in [
            *area.get("machines", ()),
            *(m for x in area.get("lines", ()) for m in x["machines"]),
        ]:
            signals = machine.get("signals", {})
            for signal in [s for s in signals if "write" in signals[s]]:
                del signals[signal]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(told, sort_keys=False, allow_unicode=True), "utf-8")
    return path


def recorded(
    name: str, folder: Path, days: float, seed: int, scenario: str = "calm", day: int = 0
) -> tuple[Path, ...]:
    """Some of a works' life as files, from a Monday's local midnight on."""
    plant, begin = works(name), midnight(name, day)
    told = load_scenario(scenario, plant, begin)
    batches = thinned(history(plant, told, begin, days, seed, 30.0), 60.0, 30.0)
    write_days(plant, batches, folder, "parquet", lambda _: None)
    return tuple(sorted(folder.iterdir()))


def replayed(name: str, folder: Path, days: float, seed: int) -> Replayed:
    """A works' recorded life, played through its twin; the history stays in `folder/data/<name>`."""
    files = recorded(name, folder / "days" / name, days, seed)
    plant = from_files(name, folder / "plants")
    return replay(plant, files, folder / "data" / name)


def scenario(name: str) -> Scenario:
    """A shipped scenario."""
    return parse((SCENARIOS / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")


def case(name: str = SITES[0], hours: float = 96.0, runs: int = 4, seed: int = 1) -> Case:
    """The works run ahead from a Monday's local midnight on, as its file describes it, in steps of five minutes."""
    return replace(plain_case(works(name), midnight(name), Span(hours, runs, seed)), step_s=300.0)


def held_against(base: Case, *names: str, under: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """Figure -> scenario -> its cell, and "" -> the cell of "do nothing"."""
    asked = Asked(base, tuple(map(scenario, under)), tuple(map(scenario, names)), SCENARIOS)
    told = compared(asked)
    return {
        row["figure"]: dict(zip(("", *names), row["cells"], strict=True)) for row in told["figures"]
    }
