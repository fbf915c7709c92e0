"""The command line. Heavy rooms are imported only by the command that needs them."""

from __future__ import annotations

import json as json_module
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ecotwin import __version__
from ecotwin.cli_baseline import baseline
from ecotwin.cli_detect import detect
from ecotwin.cli_factors import factors
from ecotwin.cli_forecast import forecast
from ecotwin.cli_inspect import inspect
from ecotwin.cli_kept import backup, explain, export, models, quarantine, restore, verify
from ecotwin.cli_life import life
from ecotwin.cli_lifecycle import lifecycle
from ecotwin.cli_model import model
from ecotwin.cli_reports import benchmarks, book, conform, design, path, report, shell
from ecotwin.cli_sense import sense
from ecotwin.cli_whatif import whatif
from ecotwin.cli_words import Data, Json, PlantFile, show
from ecotwin.errors import EcotwinError

app = typer.Typer(
    name="ecotwin",
    help="A digital twin that keeps a factory's environmental performance true, live and provable.",
    no_args_is_help=False, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
)  # fmt: skip


@app.callback(invoke_without_command=True)
def first(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Say what to do first."""
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(
            "ecotwin keeps a factory's environmental performance true, live and provable.\n\n"
            "  ecotwin demo                   a stand-in factory with its live twin, in one command\n"
            "  ecotwin check my_plant.yaml    every fault of a plant file at once, with its line\n"
            "  ecotwin run my_plant.yaml      the twin on your plant; the page opens at 127.0.0.1:8321\n"
            "  ecotwin doctor                 what is missing on this machine, and how to get it\n\n"
            "`ecotwin --help` lists all commands; `ecotwin COMMAND --help` shows an example of each."
        )


@app.command()
def demo(
    plant: Annotated[
        Path | None, typer.Argument(help="Another plant file; default: the electronics works.")
    ] = None,
    speed: Annotated[
        float, typer.Option(help="Plant seconds per second; 144 plays a day in ten minutes.")
    ] = 144.0,
    port: Annotated[int, typer.Option(help="Port of the page.")] = 8321,
    seed: Annotated[int, typer.Option(help="Seed of the stand-in factory.")] = 1,
    days: Annotated[
        float, typer.Option(help="Days of history the twin learns from in the background.")
    ] = 5.0,
    fresh: Annotated[bool, typer.Option(help="Start from an empty history.")] = True,
    start: Annotated[
        datetime | None,
        typer.Option(help="Plant time in UTC at which it begins; default: a Thursday at 06:50."),
    ] = None,
) -> None:
    """A stand-in factory and its live twin; Ctrl-C ends both.

    Example: ecotwin demo --speed 60
    """
    from ecotwin.service.demo import START, run_demo

    begun = start.replace(tzinfo=UTC) if start else START
    raise typer.Exit(
        run_demo(plant, speed=speed, port=port, seed=seed, days=days, fresh=fresh, start=begun)
    )


@app.command()
def run(
    plant: PlantFile,
    data_folder: Data = None,
    host: Annotated[
        str | None, typer.Option(help="Address of the page; only loopback for now.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of the page; 0 takes a free one.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Data files for the plant's file connections.")
    ] = None,
    speed: Annotated[
        float, typer.Option(help="Plant seconds per second, for a stand-in plant.")
    ] = 1.0,
    start: Annotated[
        str | None, typer.Option(help="Plant time at --origin, ISO, with --speed.")
    ] = None,
    origin: Annotated[
        float | None, typer.Option(help="Wall time at --start [s since 1970].")
    ] = None,
    import_: Annotated[
        list[Path] | None,
        typer.Option("--import", help="Recorded history to take in first (long CSV or Parquet)."),
    ] = None,
) -> None:
    """Run the twin on a plant until Ctrl-C.

    Example: ecotwin run plants/electronics.yaml --port 8321
    """
    from ecotwin.service.serve import serve

    raise typer.Exit(
        serve(
            plant,
            folder=data_folder,
            host=host,
            port=port,
            data=tuple(data or ()),
            speed=speed,
            start=start,
            origin=origin,
            imports=tuple(import_ or ()),
        )
    )


@app.command()
def check(plant: PlantFile, json: Json = False) -> None:
    """Check a plant file as a whole: every fault at once, with its line and what mends it.

    Example: ecotwin check plants/electronics.yaml
    """
    from ecotwin.plant.blueprint import check as check_plant
    from ecotwin.plant.blueprint import load

    faults = check_plant(plant)
    if not faults and any(machine.model for machine in load(plant).machines):
        from ecotwin.cycle.foreign import misfits

        faults = misfits(load(plant))
    if faults:
        show(
            {"file": str(plant), "sound": False, "faults": list(faults)},
            json,
            [*faults, f"{len(faults)} faults."],
        )
        raise typer.Exit(1)
    made = load(plant)
    counts = {
        "machines": len(made.machines),
        "signals": len(made.signals),
        "balances": len(made.balances),
        "writable": sum(s.write is not None for s in made.signals),
    }
    show(
        {"file": str(plant), "sound": True, "faults": [], **counts},
        json,
        [f"{plant} is sound: {', '.join(f'{n} {k}' for k, n in counts.items())}."],
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema of plant files, for editors.

    Example: ecotwin schema > plant.schema.json
    """
    from ecotwin.plant.schema import schema as made

    typer.echo(json_module.dumps(made(), indent=2, ensure_ascii=False))


@app.command()
def replay(
    plant: PlantFile,
    data: Annotated[list[Path], typer.Option(help="Recorded data files.")],
    data_folder: Data = None,
    json: Json = False,
) -> None:
    """Play recorded data through the whole twin and print each month's figures.

    Example: ecotwin replay plants/steelworks.yaml --data steel.csv.gz --json
    """
    from ecotwin.cycle.replaying import replay as play

    result = play(plant, tuple(data), data_folder)
    show(result.as_json(), json, result.as_lines())


@app.command()
def plugs(json: Json = False) -> None:
    """Every plug that is installed, by room.

    Example: ecotwin plugs
    """
    from ecotwin import plugs as found

    rooms = {room: dict(found.names(room)) for room in found.ROOMS}
    show(rooms, json, [f"{room}: {', '.join(names) or 'none'}" for room, names in rooms.items()])


@app.command()
def doctor(json: Json = False) -> None:
    """What is missing on this machine, and how to get it.

    Example: ecotwin doctor
    """
    from ecotwin.service.doctor import examine

    rows = examine()
    lines = [
        f"{'ok     ' if row['ok'] else 'missing'}  {row['name']}: {row['text']}" for row in rows
    ]
    show(rows, json, lines)
    if not all(row["ok"] or row["optional"] for row in rows):
        raise typer.Exit(1)


app.add_typer(factors, name="factors")
app.add_typer(model, name="model")
for command in (
    explain,
    export,
    quarantine,
    models,
    verify,
    backup,
    restore,
    baseline,
    forecast,
    detect,
    report,
    book,
    conform,
    benchmarks,
    path,
    shell,
    design,
    life,
    lifecycle,
    inspect,
    whatif,
    sense,
):
    app.command()(command)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="Which one; a wrong name lists them.")],
    seconds: Annotated[float, typer.Option(help="Length of the measurement [s].")] = 10.0,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the public data sets, for those that need them.")
    ] = None,
) -> None:
    """Measure this machine beside its own bare limit; prints JSON.

    Example: ecotwin bench ingest --seconds 20
    """
    from ecotwin.service.bench import measure

    typer.echo(json_module.dumps(measure(name, seconds, data), indent=2))


def main() -> None:
    """Run a command: exit code 0 done, 1 the data or the plant is at fault, 2 wrong use."""
    try:
        app(standalone_mode=True)
    except EcotwinError as fault:
        typer.echo(f"ecotwin: {fault}", err=True)
        sys.exit(fault.exit_code)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
