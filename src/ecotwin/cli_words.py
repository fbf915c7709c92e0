"""What several commands share: options of one name and meaning, asking a twin, printing and writing a result."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from ecotwin.errors import FileFault, SettingsFault

PlantFile = Annotated[Path, typer.Argument(help="The plant file (YAML).")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Table = Annotated[Path, typer.Argument(help="CSV (also .gz) or Parquet, with a header.")]
TrainRows = Annotated[int, typer.Option("--train-rows", help="Learn from this many first rows.")]
TrainUntil = Annotated[str, typer.Option(help="Learn from the rows before this time.")]
Data = Annotated[
    Path | None,
    typer.Option("--data-folder", help="Folder of history and ledger (default: var/<plant>)."),
]


def show(result: Any, as_json: bool, lines: list[str]) -> None:
    """Print a result for a machine or for a person."""
    if as_json:
        typer.echo(json_module.dumps(result, ensure_ascii=False, indent=2, default=str))
    else:
        typer.echo("\n".join(lines))


def ask(plant: Path, folder: Path | None, question: str, **words: Any) -> dict[str, Any]:
    """Ask the running twin over its local socket, or open the history when none runs."""
    from ecotwin.service.ask import ask as put

    return put(plant, folder, question, words)


@contextmanager
def writing(out: Path) -> Iterator[TextIO]:
    """A file of text to write a result into.

    Raises:
        FileFault: It cannot be written.
    """
    try:
        with out.open("w", newline="", encoding="utf-8") as file:
            yield file
    except OSError as fault:
        raise unwritable(out, fault) from fault


def unwritable(out: Path, fault: OSError) -> FileFault:
    """What to say of a file that cannot be written."""
    return FileFault(
        f"{out} cannot be written ({fault.strerror})",
        expected="a file in a folder that is there",
        remedy="check the path",
    )


def one_beginning(train_rows: int, train_until: str, remedy: str) -> None:
    """Refuse neither or both of --train-rows and --train-until.

    Raises:
        SettingsFault: Neither or both are given, or a number of rows below zero.
    """
    if (train_rows > 0) == bool(train_until):
        raise SettingsFault(
            "neither or both of --train-rows and --train-until are given"
            if train_rows >= 0
            else f"--train-rows is {train_rows}",
            expected="one of them",
            remedy=remedy,
        )
