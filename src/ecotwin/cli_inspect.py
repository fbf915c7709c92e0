"""`ecotwin inspect`: pictures of pieces through a small network, and the scrap that is really there."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecotwin.cli_words import Json, show, unwritable, writing
from ecotwin.errors import FileFault, SettingsFault

if TYPE_CHECKING:
    from ecotwin.accounting.inspected import Scrap
    from ecotwin.learning.pictures import Inspector, Validated
    from ecotwin.records import Bools, Floats, Range


Co2e = Annotated[
    str,
    typer.Option(help="Embodied in a piece [kgCO2e]: 3.0, or 3.0,2.4,3.6 with its 95 % interval."),
]
Truth = Annotated[
    Path | None,
    typer.Option(help="CSV picture,bad: what people said; precision and recall are told from it."),
]


def inspect(
    file: Annotated[Path, typer.Argument(help="An ONNX model of pictures with its card.")],
    folder: Annotated[Path, typer.Argument(help="Folder of pictures: PNG, PGM, PPM or .npy.")],
    kg: Annotated[float, typer.Option("--kg", help="Mass of a piece [kg].")],
    co2e: Co2e = "",
    truth: Truth = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV to write: picture, probability, bad.")
    ] = None,
    book: Annotated[
        Path | None, typer.Option(help="A waste book (CSV) that gets a row for the scrap.")
    ] = None,
    waste_code: Annotated[str, typer.Option(help="European list, for --book: 16 02 16.")] = "",
    treatment: Annotated[str, typer.Option(help="R1..R13 or D1..D15, for --book.")] = "",
    element: Annotated[str, typer.Option(help="Where, for --book; empty: the site.")] = "",
    json: Json = False,
) -> None:
    """Judge pictures of pieces, and say how many are really bad, with interval, and what their scrap weighs.

    What the model misses and wrongly flags comes from --truth, else from the model's card.

    Example: ecotwin inspect eye.onnx pictures --kg 0.25 --co2e 3.0,2.4,3.6 --out judged.csv
    """
    from ecotwin.accounting.inspected import scrap

    if book is not None and not (waste_code and treatment):
        raise SettingsFault(
            "--book without --waste-code and --treatment",
            expected="both, as the waste book needs them",
            remedy="say what the scrap is and where it goes",
        )
    eye, files, chance = _looked(file, folder)
    flagged = chance > eye.limit
    known, told = _known(eye, files, flagged, truth)
    made = scrap(
        len(files), int(flagged.sum()), known, kg_a_piece=kg, co2e_kg_a_piece=_footprint(co2e)
    )
    if out is not None:
        rows: list[list[object]] = [
            [f.name, repr(float(c)), int(b)] for f, c, b in zip(files, chance, flagged, strict=True)
        ]
        _write(out, [["picture", "probability", "bad"], *rows])
    told |= {"pieces": made.pieces, "flagged": made.flagged}
    ranges = {"bad": made.bad, "mass_kg": made.mass_kg, "co2e_kg": made.co2e_kg}
    for name, found in ranges.items():
        if found is not None:
            told[name] = {k: float(f"{getattr(found, k):.4g}") for k in ("value", "low", "high")}
    told["notes"] = list(made.notes)
    if book is not None:
        day = max(f.stat().st_mtime for f in files)
        told["booked"] = _booked(book, made, (waste_code, treatment, element), day, eye.card.name)
    show(told, json, _lines(told))


def _lines(told: dict[str, Any]) -> list[str]:
    """For a person."""
    lines = []
    for key, value in told.items():
        text = "; ".join(map(str, value)) if isinstance(value, list) else value
        if isinstance(value, dict):
            text = f"{value['value']:g} ({value['low']:g} to {value['high']:g})"
        lines.append(f"{key.replace('_', ' ')}: {text}")
    return lines


def _looked(file: Path, folder: Path) -> tuple[Inspector, list[Path], Floats]:
    """The model, the pictures, and the probability that each piece is bad."""
    import numpy as np

    from ecotwin.connectors.picture_files import ENDINGS, read_picture
    from ecotwin.learning.pictures import Inspector

    eye = Inspector(_bytes(file), str(file))
    files = sorted(f for f in folder.glob("*") if f.suffix.lower() in ENDINGS)
    if not files:
        raise FileFault(
            f"there are no pictures in {folder}",
            expected=f"files that end in {', '.join(ENDINGS)}",
            remedy="name the folder of the pictures",
        )
    told = [eye.bad([read_picture(f) for f in files[n : n + 64]]) for n in range(0, len(files), 64)]
    return eye, files, np.concatenate(told)


def _known(
    eye: Inspector, files: list[Path], flagged: Bools, truth: Path | None
) -> tuple[Validated, dict[str, Any]]:
    """What the model errs, and precision and recall for people."""
    import numpy as np

    from ecotwin.learning.pictures import validated

    if truth is None:
        known, by = eye.validation(), "the model's card"
        if known is None:
            raise SettingsFault(
                f"{eye.card.name} was not validated: its card does not tell what it misses",
                expected="--truth, or `validated` among the facts of its card",
                remedy="have people judge some pictures of both kinds",
            )
    else:
        said = _truth(truth)
        here = [n for n, f in enumerate(files) if f.name in said]
        if not here:
            raise FileFault(
                f"{truth} names none of the pictures",
                expected="their file names in the column picture",
                remedy="check the names",
            )
        known = validated(flagged[here], np.array([said[files[n].name] for n in here]))
        by = f"{len(here)} pictures that people judged"
    return known, {
        "judged_by": by,
        "recall": float(f"{known.recall:.4g}"),
        "precision": float(f"{known.precision:.4g}"),
    }


def _truth(file: Path) -> dict[str, bool]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
        return {r["picture"]: bool(int(r["bad"])) for r in rows}
    except (OSError, KeyError, ValueError, TypeError) as fault:
        raise FileFault(
            f"{file} cannot be read as a table of judgements ({fault})",
            expected="columns picture and bad, bad being 0 or 1",
            remedy="mend the file",
        ) from None


def _footprint(told: str) -> Range | None:
    from ecotwin.records import Range

    if not told:
        return None
    try:
        value, *around = (float(t) for t in told.split(","))
        low, high = around or (value, value)
        if not 0.0 <= low <= value <= high:
            raise ValueError(told)
    except ValueError:
        raise SettingsFault(
            f"--co2e is {told!r}", expected="3.0, or value,low,high with low <= value <= high"
        ) from None
    return Range(value, low, high)


def _booked(book: Path, made: Scrap, what: tuple[str, str, str], at_s: float, name: str) -> str:
    """A row in the waste book; the same scrap is not booked twice."""
    from datetime import UTC, datetime

    from ecotwin.plant.bookings import COMMON, book_kinds

    day = datetime.fromtimestamp(at_s, UTC).date().isoformat()
    row = f"inspection-{day}-{name}-{made.pieces}-{made.flagged}"
    around = f"{made.mass_kg.low:.4g} to {made.mass_kg.high:.4g} kg"
    source = f"visual inspection: {made.bad.value:.0f} of {made.pieces} pieces bad; 95 % interval {around}"
    head = [*COMMON, *(column.name for column in book_kinds()["waste"])]
    code, treatment, element = what
    cells = [row, day, "", element, source, code, treatment, f"{made.mass_kg.value:.6g}", "", ""]
    try:
        text = book.read_text("utf-8") if book.exists() else ""
        old = list(csv.reader(text.splitlines()))
        if old and old[0] != head:
            raise FileFault(
                f"{book} is no waste book",
                expected=f"columns {', '.join(head)}",
                remedy="name one that `ecotwin book PLANT --template waste` begins",
            )
        if any(r and r[0] == row for r in old):
            raise FileFault(
                f"{book} holds {row} already",
                expected="each inspection booked once",
                remedy="take the row out first, if it is to be replaced",
            )
        with book.open("a", newline="", encoding="utf-8") as lines:
            csv.writer(lines).writerows([*([] if old else [head]), cells])
    except OSError as fault:
        raise unwritable(book, fault) from None
    return row


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise FileFault(
            f"{file} cannot be read ({fault.strerror})",
            expected="an ONNX model of pictures",
            remedy="name such a file",
        ) from None


def _write(out: Path, rows: list[list[object]]) -> None:
    with writing(out) as file:
        csv.writer(file).writerows(rows)
