"""Commands of accounts: figures and reports of a period, books, conformity."""

from __future__ import annotations

import csv as csv_module
import io as io_module
import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Data, Json, PlantFile, ask, show
from ecotwin.errors import FileFault, SettingsFault

if TYPE_CHECKING:
    from ecotwin.accounting.company import Company


def report(
    plant: PlantFile,
    period: Annotated[
        str, typer.Option(help="2026, 2026-06, 2026-06-18, today or START/END.")
    ] = "today",
    element: Annotated[str, typer.Option(help="Element id; default: the site.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print as CSV.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write whole reports into this folder, one file a form.")
    ] = None,
    chosen: Annotated[
        str, typer.Option("--set", help="Reports by name, by commas; default: all. With --out.")
    ] = "",
    forms: Annotated[str, typer.Option(help="pdf, xlsx, json, by commas. With --out.")] = (
        "pdf,xlsx,json"
    ),
    data_folder: Data = None,
    json: Json = False,
) -> None:
    """Figures of a period, from the running twin or from its history; with --out the whole set of reports.

    Example: ecotwin report plants/electronics.yaml --period 2026 --out reports-2026
    """
    if out is None:
        if chosen:
            raise SettingsFault(
                "--set was given without --out",
                expected="a folder to write reports into",
                remedy="add --out FOLDER",
            )
        result = ask(plant, data_folder, "report", period=period, element=element)
        if csv:
            typer.echo(_as_csv(result["measures"]), nl=False)
            return
        show(result, json, result["lines"])
        return
    words: dict[str, Any] = {"names": _parts(chosen), "forms": _parts(forms)}
    place = str(out.resolve())
    result = ask(plant, data_folder, "reports", period=period, element=element, into=place, **words)  # fmt: skip
    show(result, json, result["lines"])
    if not result["written"]:
        raise typer.Exit(1)


def book(
    plant: PlantFile,
    template: Annotated[
        str, typer.Option(help="Print the header of a book of this kind, to begin with.")
    ] = "",
    data_folder: Data = None,
    json: Json = False,
) -> None:
    """Take the plant's books in: purchases, transports, refills, certificates, orders; a changed row is a revision.

    Example: ecotwin book plants/electronics.yaml
    """
    if template:
        from ecotwin.connectors.books import template as header

        typer.echo(header(template), nl=False)
        return
    result = ask(plant, data_folder, "book")
    show(result, json, result["lines"])


def shell(
    plant: PlantFile,
    element: Annotated[str, typer.Argument(help="Id of a machine or of the site.")],
    out: Annotated[Path, typer.Option(help="The AASX file to write.")],
    period: Annotated[str, typer.Option(help="As for report: whose figures it carries.")] = "today",
    data_folder: Data = None,
    json: Json = False,
) -> None:
    """A machine or the site as an asset administration shell: nameplate, figures, time series, footprints (AASX).

    Example: ecotwin shell plants/electronics.yaml oven_1 --period 2026-06-18 --out oven_1.aasx
    """
    words = {"period": period, "element": element, "into": str(out.resolve())}
    result = ask(plant, data_folder, "shell", **words)
    show(result, json, result["lines"])


def design(
    plant: PlantFile,
    file: Annotated[Path, typer.Argument(help="The design file (YAML): a product's alternatives.")],
    period: Annotated[
        str, typer.Option(help="As for report: whose meters and books tell the making.")
    ] = "today",
    data_folder: Data = None,
    json: Json = False,
) -> None:
    """Alternatives of a product over its life: another material, supplier, route or process, against today's.

    Example: ecotwin design plants/electronics.yaml plants/electronics/designs/solder.yaml --period 2026-06
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise FileFault(
            f"{file} cannot be read: {fault}",
            expected="a design file as in docs/designs.md",
            remedy="name a file that is there",
        ) from None
    result = ask(plant, data_folder, "design", period=period, text=text, name=file.name)
    show(result, json, result["lines"])


def benchmarks(
    table: Annotated[
        Path, typer.Argument(help="CSV: indicator,value,unit,sector,place,year,source.")
    ],
) -> None:
    """A table of sector benchmarks, checked row by row, as the block that the plant file takes at its end.

    Example: ecotwin benchmarks sector.csv >> my_plant.yaml
    """
    from ecotwin.accounting.catalogue import indicators
    from ecotwin.connectors.benchmarks import block, read_benchmarks

    units = {name: one.unit for name, one in indicators().items()}
    typer.echo(block(read_benchmarks(table, units, units)), nl=False)


def conform(
    plant: PlantFile,
    chosen: Annotated[str, typer.Option("--set", help="esrs, gri, iso14064 ...")] = "catalogue",
    element: Annotated[str, typer.Option(help="Of which element; default: the site.")] = "",
    json: Json = False,
) -> None:
    """Which figures a set of rules asks for can be had of a plant; what is missing for the rest.

    Example: ecotwin conform plants/electronics.yaml --set esrs
    """
    from ecotwin import accounting
    from ecotwin import plant as plants
    from ecotwin.connectors.books import read_books

    works = plants.load(plant)
    books = read_books(Path(works.books), works) if works.books else ()
    answers = accounting.conform(works, chosen, element, books)
    lines = [f"{sum(a.had for a in answers)} of {len(answers)} can be had"]
    for a in answers:
        lines.append(f"{'yes' if a.had else 'no ':3} {a.requirement.id}: {a.requirement.name}")
        lines += [f"      {text}" for text in a.missing]
    if json:
        typer.echo(json_module.dumps([a.as_row() for a in answers], ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(lines))


ADDED = (
    "energy.total", "energy.electricity", "energy.gas", "ghg.scope1", "ghg.scope2_location", "ghg.scope2_market",
    "water.in", "water.consumption", "water.scarcity", "waste.total", "waste.landfill", "production.good_parts",
)  # fmt: skip
"""Amounts of the sites that are added beside those of their promises."""


def path(
    plants: Annotated[list[Path], typer.Argument(help="The plant files of one company's sites.")],
    period: Annotated[
        str, typer.Option(help="2026, 2026-06, today or START/END, local to each.")
    ] = ("today"),
    data_folder: Annotated[
        Path | None,
        typer.Option(help="Folder that holds one data folder a plant file (default: var)."),
    ] = None,
    json: Json = False,
) -> None:
    """A company's promises over its sites: what all of them used against the sum of their paths.

    Example: ecotwin path plants/consumer_goods*.yaml --period 2026-06
    """
    from dataclasses import asdict
    from datetime import datetime

    from ecotwin import plant as works
    from ecotwin.accounting.company import Site, Told, roll_up
    from ecotwin.clock import Period
    from ecotwin.errors import EcotwinError

    sites = []
    for file in plants:
        plant = works.load(file)
        folder = None if data_folder is None else data_folder / file.stem
        try:
            told = ask(file, folder, "report", period=period, element="")
        except EcotwinError as fault:
            sites.append(Site(plant, gap=str(fault)))
            continue
        figures = {
            m["indicator"]: Told(m["value"], m["low"], m["high"], m["unit"], m["coverage"])
            for m in told["measures"]
            if m["element"] == plant.site.id
        }
        sites.append(
            Site(
                plant,
                Period(*(datetime.fromisoformat(told[edge]) for edge in ("start", "end"))),
                figures,
            )
        )
    made = roll_up(sites, ADDED)
    rows = [asdict(p) | {"over": p.over, "on": p.on, "missing": p.missing} for p in made.promises]
    sums = [asdict(s) for s in made.sums]
    lines = _company_lines(made)
    show(
        {"company": made.name, "promises": rows, "sums": sums, "words": made.words, "lines": lines},
        json,
        lines,
    )
    if not made.complete:
        raise typer.Exit(1)


def _company_lines(made: Company) -> list[str]:
    lines = [made.name]
    for one in made.promises:
        cut = f"-{100 * one.cut:.0f} % from {one.base_year} to {one.target_year}"
        state = {True: "on the path", False: "off the path", None: "not decided"}[one.on]
        lines.append(f"{one.name} ({one.indicator}, {cut}): {state}")
        for part in one.parts:
            if part.actual is None or part.allowed is None:
                lines.append(f"  {part.name:<36} missing: {part.words}")
            else:
                lines.append(
                    f"  {part.name:<36} {part.actual:>14,.1f} of {part.allowed:>14,.1f} {one.unit} allowed"
                    f" ({100 * part.coverage:.1f} % covered)"
                )
        who = "all sites that told" if one.missing else "all sites"
        lines.append(
            f"  {who:<36} {one.actual:>14,.1f} of {one.allowed:>14,.1f} {one.unit} allowed"
        )
    for s in made.sums:
        gap = f"; without {', '.join(s.missing)}" if s.missing else ""
        lines.append(
            f"{s.indicator:<24} {s.value:>16,.1f} {s.unit} ({s.low:,.1f} to {s.high:,.1f}{gap})"
        )
    return [*lines, *made.words]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _as_csv(measures: list[dict[str, Any]]) -> str:
    """Figures of a report as CSV."""
    names = [
        "element",
        "indicator",
        "value",
        "unit",
        "low",
        "high",
        "coverage",
        "estimated_share",
        "method",
        "id",
        "entry",
    ]
    text = io_module.StringIO()
    writer = csv_module.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(measures)
    return text.getvalue()
