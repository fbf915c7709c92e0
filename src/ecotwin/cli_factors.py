"""Commands on factor tables: `ecotwin factors check` and `ecotwin factors find`."""

from __future__ import annotations

import json as json_module
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Json
from ecotwin.errors import FileFault

if TYPE_CHECKING:
    from ecotwin.accounting.factors import Factor, Imported

factors = typer.Typer(
    help="Factor tables: the EPA hub, the UK conversion factors, and tables of one's own.\n\n"
    "Example: ecotwin factors check my_factors.csv",
    no_args_is_help=True,
    rich_markup_mode=None,
)
GwpSet = Annotated[str, typer.Option(help="AR4, AR5 or AR6: the set of the total it goes into.")]
_SHOWN = 20


@factors.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="EPA workbook, UK flat file, or own CSV.")],
    every: Annotated[bool, typer.Option("--every", help="Show every refused row.")] = False,
    json: Json = False,
) -> None:
    """What a table holds, and every row that is refused with what to do.

    Exit code 1: no factor could be kept, or a row of a table of one's own is refused.

    Example: ecotwin factors check ghg-emission-factors-hub-2025.xlsx my_factors.csv
    """
    tables = [_read(path) for path in files]
    if json:
        typer.echo(json_module.dumps([_report(t) for t in tables], ensure_ascii=False, indent=2))
    else:
        for table in tables:
            typer.echo("\n".join(_lines(table, every=every)))
    if any(not t.factors or (t.refused and t.publisher == "own factors") for t in tables):
        raise typer.Exit(1)


@factors.command()
def find(
    subject: Annotated[str, typer.Argument(help="Its name, e.g. 'Natural gas', or an id.")],
    tables: Annotated[
        list[Path] | None,
        typer.Option("--table", help="Table to look in beside the shipped one; repeatable."),
    ] = None,
    unit: Annotated[str, typer.Option(help="Canonical unit, e.g. kgCO2e/kWh.")] = "kgCO2e/kWh",
    place: Annotated[str, typer.Option(help="Where it must hold, e.g. GB, US, US/CAMX.")] = "",
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which it must hold.")
    ] = None,
    gwp_set: GwpSet = "AR6",
    basis: Annotated[str, typer.Option(help="HHV, LHV or as published.")] = "",
    scope: Annotated[str, typer.Option(help="'Scope 1', 'Scope 2' or 'Scope 3'.")] = "",
    name: Annotated[str, typer.Option("--as", help="Carrier in the plant file.")] = "carrier",
    book: Annotated[
        str, typer.Option(help="Print a row of the book of factors under this key instead.")
    ] = "",
    json: Json = False,
) -> None:
    """One factor, as lines for the plant file or a row for the book; or what is missing, with the nearest candidates.

    Example: ecotwin factors find "Natural gas" --table flat.csv --place GB --day 2024-06-01 --basis HHV
    --scope "Scope 1" --gwp-set AR5 --as gas
    """
    from ecotwin.accounting.factors import Shelf, Wanted, required, shipped

    read = [factor for path in tables or () for factor in _read(path).factors]
    shelf = Shelf([*read, *shipped(gwp_set)])
    if place and day is not None:
        wanted = Wanted(subject, unit, place, _as_day(day), gwp_set, basis, scope)
        found = required(shelf.look_up(wanted))
    else:
        found = required(shelf.by_id(subject)).in_set(gwp_set)
    if book and not json:
        typer.echo(_book_row(book, found), nl=False)
        return
    typer.echo(
        json_module.dumps(_entry(found), ensure_ascii=False, indent=2)
        if json
        else _plant_lines(name, found)
    )


def _read(path: Path) -> Imported:
    from ecotwin.accounting.factors import read_factors

    try:
        content = path.read_bytes()
    except OSError as fault:
        raise FileFault(
            f"{path} cannot be read ({fault.strerror})",
            expected="a factor table",
            remedy="check the path and the rights",
        ) from None
    return read_factors(content, path.name)


def _as_day(day: datetime) -> date:
    return day.date()


def _lines(table: Imported, *, every: bool) -> list[str]:
    count = table.counts()
    read = (
        f"  {count['rows']} rows: {count['factors']} factors kept, {count['refused']} rows refused, "
        f"{count['blank']} left empty by the publisher, {count['merged']} given in a second unit too, "
        f"{count['doubted']} kept with a doubt"
    )
    lines = [f"{table.name}: {table.publisher}, {table.edition}", read]
    for kind, findings in (("refused", table.refused), ("doubt", table.doubted)):
        shown = findings if every else findings[:_SHOWN]
        lines.extend(f"  {kind}: {finding}" for finding in shown)
        if len(shown) < len(findings):
            lines.append(f"  ... {len(findings) - len(shown)} more; `--every` shows them")
    return lines


def _report(table: Imported) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "name": table.name,
        "publisher": table.publisher,
        "edition": table.edition,
        **table.counts(),
        "refused_rows": [asdict(finding) for finding in table.refused],
        "doubted_rows": [asdict(finding) for finding in table.doubted],
    }


def _entry(factor: Factor) -> dict[str, Any]:
    """The factor as the plant file takes it."""
    entry = {
        "value": factor.value,
        "unit": factor.unit,
        "basis": factor.basis,
        "place": factor.place,
        "year": factor.year,
        "source": f"{factor.source}; {factor.id}",
        "version": factor.version,
        "gwp_set": factor.gwp_set,
        "uncertainty": factor.uncertainty,
    }
    return {key: value for key, value in entry.items() if value not in ("", 0.0)}


def _plant_lines(name: str, factor: Factor) -> str:
    import yaml

    text: str = yaml.safe_dump(
        {"factors": {name: _entry(factor)}}, sort_keys=False, allow_unicode=True, width=200
    )
    return f"# {factor.subject}, {factor.first} to {factor.last}\n{text.rstrip()}"


def _book_row(key: str, factor: Factor) -> str:
    """A header and one row of `factor.csv`, valid for as long as its publisher says."""
    import csv
    import io
    from datetime import timedelta

    text = io.StringIO()
    row = {
        "id": f"{key}/{factor.first.year}",
        "from": factor.first.isoformat(),
        "to": (factor.last + timedelta(days=1)).isoformat(),
        "element": "",
        "source": f"{factor.source}; {factor.id}",
        "key": key,
        **{k: v for k, v in _entry(factor).items() if k != "source"},
    }
    writer = csv.DictWriter(text, row, lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue()
