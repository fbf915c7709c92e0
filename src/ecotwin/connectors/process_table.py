"""Processes, and weights of methods, as plain CSV files that a person can write; and any database by its ending.

A process table has one row a thing, told by the column `kind`:

- `process`: `process` (its id), `name`, `product`, `unit`, `amount` (1 if empty), `place`, `source`, `first_year`,
  `last_year`, `pedigree`, `primary` (share 0 to 1), `stage`.
- `flow`: `flow` (its id), `name`, `unit`, `compartment`, `formula` (of a flow in kgCO2e: its GWP set).
- `input`: `process`, `flow` (id of the process that delivers), `amount`, `unit`, and where known `name`, `spread`,
  `deviation`, `low`, `high`, `mode`, `pedigree` (five scores, such as `2 1 3 1 4`).
- `nature`: the same, with `flow` the id of a flow.

A method's table has one row a weight: `method`, `unit` (of the result), `flow` (an id, or empty), `name`,
`compartment`, `flow_unit`, `place`, `value`, `source`, `gwp_set`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from ecotwin.connectors.brightway import read_brightway
from ecotwin.connectors.ecospold import read_ecospold
from ecotwin.connectors.inventory import Collected, content, joined, number, year
from ecotwin.errors import FileFault
from ecotwin.records.lifecycle import (
    SCORES,
    Database,
    Exchange,
    Flow,
    Process,
    Spread,
    Weight,
    WeightTable,
)

NEEDED = ("kind", "process", "flow", "name", "product", "amount", "unit")
KNOWN = frozenset(
    {*NEEDED, "place", "compartment", "formula", "spread", "deviation", "low", "high", "mode", "pedigree", "source",
     "first_year", "last_year", "primary", "stage"}
)  # fmt: skip
WEIGHT_COLUMNS = frozenset(
    {
        "method",
        "unit",
        "flow",
        "name",
        "compartment",
        "flow_unit",
        "place",
        "value",
        "source",
        "gwp_set",
    }
)
WEIGHTS_NEEDED = ("method", "unit", "name", "flow_unit", "value", "source")
Row = Mapping[str, str]


def read_database(path: Path) -> Database:
    """A database by what its name ends in: ecoSpold, Brightway or a process table.

    Raises:
        FileFault: It is of no known form, cannot be read, or is at fault: every fault is named with its place.
    """
    ending = path.suffix.casefold()
    if ending in (".spold", ".xml", ".zip") or path.is_dir():
        return read_ecospold(path)
    if ending in (".bw2package", ".json"):
        return read_brightway(path)
    if ending == ".csv":
        return read_processes(path)
    raise FileFault(
        f"{path.name} ends in {ending or 'nothing'}",
        expected="a folder, .zip, .spold or .xml (ecoSpold), .bw2package or .json (Brightway), or .csv",
        remedy="unpack other archives (.7z) first",
    )


def read_processes(path: Path) -> Database:
    """A process table.

    Raises:
        FileFault: It cannot be read, or rows are at fault: every one is named with its line.
    """
    into = Collected()
    heads: dict[str, Row] = {}
    inputs: dict[str, list[Exchange]] = defaultdict(list)
    nature: dict[str, list[Exchange]] = defaultdict(list)
    lines: list[tuple[str, str]] = []
    for where, row in _rows(path, NEEDED, KNOWN):
        kind = row["kind"]
        if kind == "process":
            if not row["process"] or not row["unit"]:
                into.faults.append(f"{where}: a process needs `process` (its id) and `unit`")
            elif row["process"] in heads:
                into.faults.append(f"{where}: the process {row['process']} stands there twice")
            heads[row["process"]] = row | {"": where}
        elif kind == "flow":
            into.flow(Flow(row["flow"], row["name"], row["unit"], row.get("compartment", ""), row.get("formula", "")),
                      where)  # fmt: skip
        elif kind in ("input", "nature"):
            lines.append((where, row["process"]))
            (inputs if kind == "input" else nature)[row["process"]].append(
                _exchange(row, where, into)
            )
        else:
            into.faults.append(
                f"{where}: the kind {kind!r} is none of process, flow, input, nature"
            )
    into.faults += [
        f"{where}: no row tells of the process {p!r}" for where, p in lines if p not in heads
    ]
    for id_, head in heads.items():
        into.processes.append(_process(id_, head, inputs[id_], nature[id_], into))
    return into.database(path, "process table")


def read_weights(path: Path) -> WeightTable:
    """A method as a table of weights.

    Raises:
        FileFault: It cannot be read, holds several methods, or rows are at fault: every one is named with its line.
    """
    into = Collected()
    weights = []
    heads: set[tuple[str, str, str, str]] = set()
    for where, row in _rows(path, WEIGHTS_NEEDED, WEIGHT_COLUMNS):
        value = number(row["value"], where, "`value`", into)
        if not row["flow_unit"] or not (row["name"] or row.get("flow")):
            into.faults.append(f"{where}: a weight needs `flow_unit`, and a flow's id or name")
        heads.add((row["method"], row["unit"], row["source"], row.get("gwp_set", "")))
        weights.append(
            Weight(value, row["flow_unit"], row.get("flow", ""), row["name"], row.get("compartment", ""),
                   row.get("place", ""))
        )  # fmt: skip
    if len(heads) > 1:
        names = "; ".join(" / ".join(h) for h in sorted(heads))
        into.faults.append(
            f"{path.name}: method, unit, source and GWP set differ between rows: {names}"
        )
    if not weights or any(not part for head in heads for part in head[:3]):
        into.faults.append(f"{path.name}: a method needs rows, a name, a unit and a source")
    if into.faults:
        into.database(path, "a method's table")
    name, unit, source, gwp_set = heads.pop()
    return WeightTable(name, unit, tuple(weights), source, gwp_set)


def _rows(
    path: Path, needed: tuple[str, ...], known: frozenset[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """(place, row) of a CSV file.

    Raises:
        FileFault: It is no text, or its header lacks a column or has one that is unknown.
    """
    try:
        text = content(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileFault(
            f"{path.name} is no UTF-8 text", expected="a CSV file", remedy="save it as UTF-8"
        ) from None
    reader = csv.reader(text.splitlines())
    header = [c.strip() for c in next(reader, [])]
    lacking, strange = [c for c in needed if c not in header], [c for c in header if c not in known]
    if lacking or strange or len(set(header)) != len(header):
        raise FileFault(
            f"{path.name} has the columns {', '.join(header) or 'none'}",
            expected=f"{', '.join(needed)}; and where wanted {', '.join(sorted(known - set(needed)))}",
            remedy="name each column once: " + "; ".join(
                [*(f"{c} is missing" for c in lacking), *(f"{c} is unknown" for c in strange)] or ["one stands twice"]
            ),
        )  # fmt: skip
    for cells in reader:
        if any(c.strip() for c in cells):
            filled = [c.strip() for c in cells] + [""] * (len(header) - len(cells))
            yield f"{path.name}, line {reader.line_num}", dict(zip(header, filled, strict=False))


def _process(
    id_: str, row: Row, inputs: list[Exchange], nature: list[Exchange], into: Collected
) -> Process:
    where = row[""]
    amount = number(row["amount"] or "1", where, "`amount`", into)
    primary = number(row.get("primary") or "0", where, "`primary`", into)
    if not 0.0 <= primary <= 1.0:
        into.faults.append(f"{where}: `primary` is {primary} and no share")
    return Process(
        id_, row["name"], row["product"] or row["name"], row["unit"], amount, row.get("place", ""), joined(inputs),
        joined(nature), row.get("source", ""), year(row.get("first_year")), year(row.get("last_year")),
        _pedigree(row, where, into), primary, row.get("stage", ""),
    )  # fmt: skip


def _exchange(row: Row, where: str, into: Collected) -> Exchange:
    amount = number(row["amount"], where, "`amount`", into)
    spread = None
    if row.get("spread"):
        told = {
            n: number(row.get(n), where, f"`{n}`", into, needed=False)
            for n in ("deviation", "low", "high", "mode")
        }
        bare = {n: v if v == v else 0.0 for n, v in told.items()}
        mode = told["mode"] if told["mode"] == told["mode"] else None
        spread = Spread(row["spread"], bare["deviation"], bare["low"], bare["high"], mode)
    return Exchange(
        row["flow"], amount, row["unit"], row["name"], spread, _pedigree(row, where, into)
    )


def _pedigree(row: Row, where: str, into: Collected) -> tuple[int, ...]:
    text = row.get("pedigree", "").replace(",", " ").split()
    if not text:
        return ()
    scores = tuple(int(t) if t in "012345" else -1 for t in text)
    if len(scores) != len(SCORES) or min(scores) < 0:
        into.faults.append(
            f"{where}: `pedigree` is {row.get('pedigree')!r} and not five scores of 1 to 5"
        )
        return ()
    return scores
