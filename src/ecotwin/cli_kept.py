"""Commands on what a twin keeps: its figures, readings, models and ledger, and copies of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecotwin.cli_words import Data, Json, PlantFile, ask, show


def explain(plant: PlantFile, figure: str, data_folder: Data = None, json: Json = False) -> None:
    """The whole tree of one figure: formula, inputs with coverage, factors with source, revisions.

    Example: ecotwin explain plants/electronics.yaml "site:scope2.location:2026-06-18"
    """
    result = ask(plant, data_folder, "explain", figure=figure)
    show(result["tree"], json, result["lines"])


def export(
    plant: PlantFile,
    signals: Annotated[str, typer.Argument(help="Signal ids, parted by commas.")],
    period: Annotated[str, typer.Option(help="As for report.")] = "today",
    data_folder: Data = None,
) -> None:
    """Readings of signals as CSV: at, signal, value, quality.

    Example: ecotwin export plants/electronics.yaml oven_1.power --period 2026-06-18 > oven.csv
    """
    result = ask(plant, data_folder, "export", signals=signals, period=period)
    typer.echo(result["csv"], nl=False)


def quarantine(
    plant: PlantFile,
    period: Annotated[str, typer.Option(help="As for report; default: all.")] = "",
    limit: Annotated[int, typer.Option(help="Newest rows to print.")] = 50,
    data_folder: Data = None,
    json: Json = False,
) -> None:
    """Samples that cleaning refused, each with its reason.

    Example: ecotwin quarantine plants/electronics.yaml --limit 20
    """
    result = ask(plant, data_folder, "quarantine", period=period, limit=limit)
    show(result, json, result["lines"])


def models(
    plant: PlantFile,
    kind: Annotated[str, typer.Option(help="Only of this kind: baseline, forecast.")] = "",
    subject: Annotated[str, typer.Option(help="Only of this machine or signal.")] = "",
    data_folder: Data = None,
    json: Json = False,
) -> None:
    """What the twin has learned: which model speaks of what, since when, made of what, after which.

    Example: ecotwin models plants/electronics.yaml --subject oven_1
    """
    result = ask(plant, data_folder, "models", kind=kind, subject=subject)
    show(result["models"], json, result["lines"])


def verify(
    where: Annotated[
        Path,
        typer.Argument(help="A ledger or data folder, a plant file, or an evidence bundle (.zip)."),
    ],
    json: Json = False,
) -> None:
    """Check a whole ledger, or an evidence bundle, offline.

    Example: ecotwin verify evidence-48213.zip
    """
    from ecotwin.cycle.verifying import verify as check_proof

    result = check_proof(where)
    show(result["report"], json, result["lines"])
    if not result["report"]["ok"]:
        raise typer.Exit(1)


def backup(plant: PlantFile, folder: Path, data_folder: Data = None, json: Json = False) -> None:
    """A complete, consistent copy of history and ledger; safe while the twin runs.

    Example: ecotwin backup plants/electronics.yaml /backups/2026-06-18
    """
    result = ask(plant, data_folder, "backup", to=str(folder.resolve()))
    show(
        result,
        json,
        [
            f"Backed up to {folder}: {result['bytes']:,} bytes, ledger of {result['entries']} entries."
        ],
    )


def restore(plant: PlantFile, folder: Path, data_folder: Data = None) -> None:
    """Bring a backup back into an empty data folder.

    Example: ecotwin restore plants/electronics.yaml /backups/2026-06-18
    """
    from ecotwin.cycle.backing import restore as bring_back

    typer.echo(bring_back(plant, folder, data_folder))
