"""The command of what-if: scenarios held against doing nothing."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ecotwin.cli_words import Json
from ecotwin.errors import FileFault


def whatif(
    plant: Annotated[Path, typer.Argument(help="The plant file (YAML).")],
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            help="Scenario files, or ids of the plant's scenarios; none: they are listed."
        ),
    ] = None,
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            help="live, an ISO time, or start: the day's begin, from the plant file alone.",
        ),
    ] = "live",
    runs: Annotated[int, typer.Option(help="Runs of each case.")] = 200,
    hours: Annotated[float, typer.Option(help="Length of a run [h].")] = 24.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same result.")] = 1,
    under: Annotated[
        list[str] | None, typer.Option(help="Events that hold in all cases, files or ids.")
    ] = None,
    data_folder: Annotated[
        Path | None,
        typer.Option("--data-folder", help="Folder of history and ledger (default: var/<plant>)."),
    ] = None,
    json: Json = False,
) -> None:
    """Run the plant ahead with and without scenarios, many times, and tell the differences; Ctrl-C stops.

    Example: ecotwin whatif plants/electronics.yaml pressure_6_2 heat_pump --from live --runs 200
    """
    from ecotwin.service.whatif_ask import what_if
    from ecotwin.service.whatif_text import lines

    if not scenarios:
        _list(plant, json)
        return
    ids, texts = _given(scenarios)
    under_ids, under_texts = _given(under or [])
    words: dict[str, Any] = {
        "scenarios": ids, "texts": texts, "under": under_ids, "under_texts": under_texts,
        "start": from_, "hours": hours, "runs": runs, "seed": seed,
    }  # fmt: skip
    try:
        body = what_if(plant, data_folder, words, _progress)
    except KeyboardInterrupt:
        typer.echo("\nStopped; nothing of it is told as a result.", err=True)
        raise typer.Exit(1) from None
    finally:
        if sys.stderr.isatty():
            typer.echo("", err=True)
    if json:
        typer.echo(json_module.dumps(body, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(lines(body)))


def _given(names: list[str]) -> tuple[list[str], list[str]]:
    """Ids, and the texts of those that are files."""
    ids, texts = [], []
    for name in names:
        path = Path(name)
        if not path.is_file():
            if path.suffix in {".yaml", ".yml"}:
                raise FileFault(
                    f"there is no file {name}", expected="a scenario file", remedy="check the path"
                )
            ids.append(name)
            continue
        try:
            texts.append(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as fault:
            raise FileFault(
                f"{name} cannot be read ({fault})", expected="UTF-8 text", remedy="check the file"
            ) from fault
    return ids, texts


def _progress(share: float, state: str) -> None:
    """One line that moves, where somebody sits before it."""
    if sys.stderr.isatty():
        done = int(30 * share)
        typer.echo(f"\r{state} [{'#' * done}{'.' * (30 - done)}] {share:4.0%}", nl=False, err=True)


def _list(plant: Path, json: bool) -> None:
    from ecotwin.cycle.scenarios import Shelf, changes
    from ecotwin.plant import load

    shelf = Shelf(load(plant)).all()
    if json:
        rows = [{"id": s.id, "file": s.file, "faults": list(s.faults)} for s in shelf]
        typer.echo(json_module.dumps(rows, ensure_ascii=False, indent=2))
        return
    for s in shelf:
        told = ", ".join(changes(s.scenario)) if s.scenario else s.faults[0]
        name = s.scenario.part.name if s.scenario else ""
        typer.echo(f"{s.id:<28} {name} ({told})")
    if not shelf:
        typer.echo(
            f"no scenario in {Shelf(load(plant)).folder}; docs/whatif.md tells how to write one"
        )
