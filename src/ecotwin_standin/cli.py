"""The stand-in's own command line: `ecotwin-standin run|record|scenarios`."""

from __future__ import annotations

import json
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.errors import EcotwinError, SettingsFault

if TYPE_CHECKING:
    from ecotwin.plant import Plant

app = typer.Typer(
    help="A stand-in for the physical plant: physics, meters and faults behind real MQTT.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PlantFile = Annotated[Path, typer.Argument(help="plant file (YAML)")]
Seed = Annotated[
    int, typer.Option(help="parameters and disturbances; the same gives the same plant")
]
ScenarioName = Annotated[str, typer.Option(help="shipped scenario or YAML file")]
Step = Annotated[float, typer.Option(help="plant time between samples [s]")]


def _moment(text: str | None, plant: Plant) -> datetime:
    """An instant of the command line; without offset it is local to the plant."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsFault(
            f"{text!r} is no ISO time",
            expected="e.g. 2026-06-15T05:30 or 2026-06-15T05:30:00Z",
            remedy="correct it",
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=plant.zone)).astimezone(UTC)


@app.command()
def run(
    plant_file: PlantFile,
    host: Annotated[str, typer.Option(help="broker's host")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="broker's port")] = 1883,
    start: Annotated[
        str | None,
        typer.Option(help="plant time at --origin (ISO; local without offset); none: now"),
    ] = None,
    speed: Annotated[float, typer.Option(help="plant seconds per wall second")] = 1.0,
    origin: Annotated[
        float | None,
        typer.Option(help="wall time at which plant time is --start [s since 1970]; none: now"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="plant time at which an earlier history began: counters go on from it"),
    ] = None,
    seed: Seed = 1,
    scenario: ScenarioName = "calm",
    step: Step = 30.0,
    truth: Annotated[
        Path | None, typer.Option(help="write what really was here (JSON lines)")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="folder that keeps bdSeq from run to run")
    ] = None,
    broker_inside: Annotated[
        bool, typer.Option("--broker-inside", help="start a broker on loopback at --port")
    ] = False,
    seconds: Annotated[float | None, typer.Option(help="end after this wall time [s]")] = None,
) -> None:
    """Play the plant live on MQTT (Sparkplug B) until Ctrl-C.

    Example: ecotwin-standin run plants/electronics.yaml --speed 144 --scenario demo --broker-inside
    """
    from ecotwin.clock import ScaledClock
    from ecotwin.plant import load
    from ecotwin_standin import scenario as scenarios
    from ecotwin_standin.broker import InsideBroker
    from ecotwin_standin.live import Live
    from ecotwin_standin.plantside import Plantside

    if speed <= 0 or step <= 0:
        raise SettingsFault(
            "speed and step must be above 0", remedy="give e.g. --speed 144 --step 30"
        )
    plant = load(plant_file)
    begin = _moment(start, plant)
    told = scenarios.load(scenario, plant, begin)
    broker = InsideBroker(port) if broker_inside else None
    if broker is not None:
        broker.start()
    try:
        first = _moment(since, plant) if since else begin
        side = Plantside(plant, first, seed, told, step, truth)
        side.skip_to(begin)
        clock = ScaledClock(begin, speed, origin if origin is not None else time.time())
        live = Live(side, clock, host, port, state)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: live.stop())
        typer.echo(
            f"{plant.name}: {len(plant.machines)} machines, {len(plant.signals)} signals on "
            f"{host}:{port}{f' ({broker.kind} inside)' if broker else ''}, "
            f"scenario {told.name}, seed {seed}, {speed:g}x",
            err=True,
        )
        stats = live.run(seconds)
        typer.echo(
            f"ended: {stats.steps} steps, {stats.published} messages, {stats.late_steps} late, "
            f"{stats.commands} commands taken, {stats.refused} refused",
            err=True,
        )
    finally:
        if broker is not None:
            broker.stop()


@app.command()
def record(
    plant_file: PlantFile,
    out: Annotated[Path, typer.Option(help="folder for the files, one a day")],
    days: Annotated[float, typer.Option(help="how long")] = 7.0,
    start: Annotated[
        str | None, typer.Option(help="first instant (ISO; local without offset); none: --days ago")
    ] = None,
    zero: Annotated[
        str | None,
        typer.Option(help="instant from which the scenario's +hours count; none: --start"),
    ] = None,
    seed: Seed = 1,
    scenario: ScenarioName = "calm",
    step: Step = 30.0,
    form: Annotated[str, typer.Option("--format", help="parquet or csv (gzipped)")] = "parquet",
    truth: Annotated[
        Path | None, typer.Option(help="write what really was here (JSON lines)")
    ] = None,
    every: Annotated[
        float,
        typer.Option(help="write samples only so far apart [s], a multiple of --step; 0: all"),
    ] = 0.0,
    means: Annotated[
        str,
        typer.Option(help="only signals of these meanings, by commas, and the weather; none: all"),
    ] = "",
) -> None:
    """Write a stretch of the plant's life to files: columns at [us UTC], signal, value.

    Example: ecotwin-standin record plants/electronics.yaml --days 30 --scenario month --out month
    """
    from datetime import timedelta

    from ecotwin.plant import load
    from ecotwin_standin import scenario as scenarios
    from ecotwin_standin.plantside import history, step_start
    from ecotwin_standin.recording import only, thinned, write_days

    if form not in ("parquet", "csv"):
        raise SettingsFault(
            f"format {form!r} is unknown", expected="parquet or csv", remedy="give one of them"
        )
    if days <= 0 or step <= 0:
        raise SettingsFault("days and step must be above 0", remedy="give e.g. --days 7 --step 30")
    plant = load(plant_file)
    begin = (
        _moment(start, plant)
        if start
        else step_start(datetime.now(UTC) - timedelta(days=days), step)
    )
    told = scenarios.load(scenario, plant, _moment(zero, plant) if zero else begin)
    batches = history(plant, told, begin, days, seed, step, truth)
    if every:
        batches = thinned(batches, every, step)
    if means:
        batches = only(plant, batches, means.split(","))
    files = write_days(plant, batches, out, form, lambda day: typer.echo(f"{day} ...", err=True))
    typer.echo(f"{sum(n for _, n in files)} samples in {len(files)} files in {out}")


@app.command()
def scenarios(
    faults: Annotated[bool, typer.Option("--faults", help="list what can happen instead")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """List the shipped scenarios, or with --faults what can happen.

    Example: ecotwin-standin scenarios --faults
    """
    import yaml

    from ecotwin_standin.scenario import FAULTS, INSTANT, shipped

    rows: list[dict[str, Any]]
    if faults:
        rows = [
            {
                "fault": name,
                "targets": sorted(f.targets),
                "size": f.size,
                "unit": f.unit,
                "grows": f.growth,
                "harmless": f.harmless,
                "has_end": name not in INSTANT,
            }
            for name, f in FAULTS.items()
        ]
        text = [
            f"{r['fault']:24} {r['size']:g} {r['unit']}  on {', '.join(r['targets'])}" for r in rows
        ]
    else:
        told = {name: yaml.safe_load(content) for name, content in shipped().items()}
        rows = [
            {"scenario": n, "events": len(t["events"]), "description": t["description"]}
            for n, t in told.items()
        ]
        text = [f"{r['scenario']:10} {r['events']:3} events  {r['description']}" for r in rows]
    typer.echo(json.dumps(rows, indent=1) if as_json else "\n".join(text))


def main() -> None:
    """Entry point: errors in one sentence and exit codes as the twin's."""
    try:
        app()
    except EcotwinError as fault:
        typer.echo(f"ecotwin-standin: {fault}", err=True)
        sys.exit(fault.exit_code)


if __name__ == "__main__":
    main()
