"""What several commands share: options of one name and meaning, asking a twin, printing and writing a result."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from ecotwin.errors import FileFault

PlantFile = Annotated[Path, typer.Argument(help="The plant file (YAML).")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
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
