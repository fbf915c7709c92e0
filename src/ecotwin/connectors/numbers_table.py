"""Numbers in columns without a header, as instruments and some public sets write them (spaces or commas between).

Columns are named by their place, from 1 on.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from ecotwin.errors import FileFault
from ecotwin.records import Floats


def is_bare(file: Path) -> bool:
    """Whether the first line that is not empty holds numbers only, so that the file has no header."""
    if file.suffix.lower() in {".parquet", ".pq"}:
        return False
    try:
        with _opened(file) as lines:
            for line in lines:
                if cells := _cells(line):
                    return all(_is_number(cell) for cell in cells)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise FileFault(
            f"{file} cannot be read ({error})",
            expected="a text or Parquet file",
            remedy="check the path",
        ) from error
    raise FileFault(f"{file} is empty", expected="rows", remedy="give a file with data")


def read_bare(file: Path) -> dict[str, Floats]:
    """Columns by their place: `1`, `2` and so on.

    Raises:
        FileFault: A row has more or fewer cells than the first, or a cell is no number.
    """
    rows: list[list[float]] = []
    with _opened(file) as lines:
        for number, line in enumerate(lines, 1):
            cells = _cells(line)
            if not cells:
                continue
            try:
                rows.append([float(cell) for cell in cells])
            except ValueError as error:
                raise FileFault(
                    f"{file}: line {number} holds something that is no number ({error})",
                    expected="numbers only, as in the first line",
                    remedy="mend the line, or give the file a header",
                ) from error
            if len(rows[-1]) != len(rows[0]):
                raise FileFault(
                    f"{file}: line {number} has {len(rows[-1])} cells, the first has {len(rows[0])}",
                    expected="as many in every line",
                    remedy="mend the line",
                )
    table = np.array(rows, np.float64)
    return {str(n + 1): table[:, n] for n in range(table.shape[1])}


def _opened(file: Path):  # type: ignore[no-untyped-def]
    if file.suffix.lower() == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig")
    return file.open(encoding="utf-8-sig")


def _cells(line: str) -> list[str]:
    """Cells of a line.

    >>> _cells(" 1 2.5, nan ")
    ['1', '2.5', 'nan']
    """
    return line.replace(",", " ").replace(";", " ").replace("\t", " ").split()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
