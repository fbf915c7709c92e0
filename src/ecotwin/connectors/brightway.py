"""Brightway databases: a `.bw2package` (JSON packed by bzip2), or the same datasets as plain JSON.

Understood are a list of datasets with `database`, `code` and `exchanges`, a mapping of keys to datasets, and packages
of one or more databases, whose keys stand as lists or marked tuples. Exchanges of the types `production`,
`technosphere`, `substitution` and `biosphere`; a dataset of the type `emission` or `natural resource` is a flow.

Sources: Brightway documentation, inventory data format and `BW2Package`; `stats_arrays` codes of distributions.
"""

from __future__ import annotations

import ast
import bz2
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ecotwin.connectors.inventory import LARGEST_BYTES, Collected, content, joined, number
from ecotwin.errors import FileFault
from ecotwin.records.lifecycle import Database, Exchange, Flow, Process, Spread

_FLOWS = (
    "emission",
    "natural resource",
    "resource",
    "biosphere",
    "inventory indicator",
    "economic",
    "social",
)
_SCORES = (
    "reliability",
    "completeness",
    "temporal correlation",
    "geographical correlation",
    "further technological correlation",
)
_NO_SPREAD, _LOGNORMAL, _NORMAL, _UNIFORM, _TRIANGULAR = (0, 1), 2, 3, 4, 5


def read_brightway(path: Path) -> Database:
    """A database, or several in one package.

    Args:
        path: `.bw2package` or `.json`.

    Raises:
        FileFault: It cannot be read, or datasets are at fault: every one is named.
    """
    into = Collected()
    for key, dataset in _datasets(_parsed(path), path):
        _dataset(key, dataset, path.name, into)
    return complete(into.database(path, "Brightway"))


def _parsed(path: Path) -> Any:
    raw = content(path)
    try:
        if raw[:3] == b"BZh":
            unpacked = bz2.BZ2Decompressor()
            raw = unpacked.decompress(raw, LARGEST_BYTES)
            if not unpacked.eof:
                raise ValueError("it is cut off, or larger than it may be")
        return _plain(json.loads(raw))
    except (OSError, ValueError, RecursionError) as fault:
        raise FileFault(
            f"{path.name} is no Brightway package ({fault})", expected="JSON, or JSON packed by bzip2",
            remedy="export it again with BW2Package.export_obj",
        ) from None  # fmt: skip


def _datasets(data: Any, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(key, dataset) of whatever form the file has."""
    if isinstance(data, dict) and "data" in data and ("class" in data or "metadata" in data):
        yield from _datasets(data["data"], path)
    elif (
        isinstance(data, list)
        and data
        and all(isinstance(d, dict) and "data" in d and "name" in d for d in data)
    ):
        for package in data:
            yield from _datasets(package["data"], path)
    elif isinstance(data, dict):
        for key, dataset in data.items():
            yield _key(key), dataset
    elif isinstance(data, list) and all(isinstance(d, list) and len(d) == 2 for d in data):
        for key, dataset in data:
            yield _key(key), dataset
    elif isinstance(data, list) and all(isinstance(d, dict) for d in data):
        for dataset in data:
            yield _key((dataset.get("database", ""), dataset.get("code", ""))), dataset
    else:
        raise FileFault(
            f"{path.name} is of no form that Brightway writes",
            expected="a package, a list of datasets, or a mapping of keys to datasets",
            remedy="export it again with BW2Package.export_obj",
        )


def _plain(data: Any) -> Any:
    """Marked tuples and mappings with keys that JSON cannot hold, made plain."""
    if isinstance(data, dict):
        values, keys = data.get("data"), data.get("keys")
        if data.get("__tuple__") and isinstance(values, list):
            return [_plain(d) for d in values]
        if data.get("__dict__") and isinstance(values, list) and isinstance(keys, list):
            return [[_plain(k), _plain(v)] for k, v in zip(keys, values, strict=False)]
        return {k: _plain(v) for k, v in data.items()}
    return [_plain(d) for d in data] if isinstance(data, list) else data


def _key(key: Any) -> str:
    """`database|code` of a key in any of its forms.

    >>> _key(["db", "a1"]), _key("('db', 'a1')"), _key("db|a1")
    ('db|a1', 'db|a1', 'db|a1')
    """
    if isinstance(key, str) and key.startswith("("):
        try:
            key = ast.literal_eval(key)
        except (ValueError, SyntaxError):
            return str(key)
    return "|".join(str(k) for k in key) if isinstance(key, list | tuple) else str(key)


def _dataset(key: str, data: Any, file: str, into: Collected) -> None:
    if not isinstance(data, dict):
        into.faults.append(f"{file}: {key} is {type(data).__name__} and no dataset")
        return
    name, unit = str(data.get("name") or ""), str(data.get("unit") or "")
    where = f"{file}: {name or key}"
    if data.get("type") in _FLOWS:
        parts = _words(data.get("categories"))
        cas = str(data.get("CAS number") or data.get("CAS") or "")
        into.flow(
            Flow(key, name, unit, "/".join(parts), str(data.get("formula") or ""), cas), where
        )
        return
    inputs: list[Exchange] = []
    nature: list[Exchange] = []
    made: list[float] = []
    rows = data.get("exchanges") or []
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict):
            into.faults.append(f"{where}: an exchange is no mapping")
            continue
        _exchange(key, row, where, into, inputs, nature, made)
    if len(made) > 1:
        into.faults.append(f"{where}: it has {len(made)} products; allocate it first")
        return
    place = "/".join(_words(data.get("location")))
    into.processes.append(
        Process(
            key, name, str(data.get("reference product") or name), unit, made[0] if made else 1.0, place,
            joined(inputs), joined(nature), str(data.get("database") or key.split("|", 1)[0]),
        )
    )  # fmt: skip


def _exchange(
    key: str, row: Mapping[str, Any], where: str, into: Collected,
    inputs: list[Exchange], nature: list[Exchange], made: list[float],
) -> None:  # fmt: skip
    kind, name = row.get("type"), str(row.get("name") or "")
    amount = number(row.get("amount"), where, f"the amount of {name or kind}", into)
    source = _key(row["input"]) if row.get("input") else ""
    if kind == "production":
        if source in ("", key):
            made.append(amount)
        else:
            into.faults.append(
                f"{where}: it makes {name or source}, the product of another dataset; allocate it first"
            )
        return
    if kind not in ("technosphere", "biosphere", "substitution"):
        into.faults.append(f"{where}: an exchange has the type {kind!r}")
        return
    unit, spread = str(row.get("unit") or ""), _spread(row, where, into)
    pedigree = row.get("pedigree")
    scores = tuple(_score(pedigree.get(s)) for s in _SCORES) if isinstance(pedigree, dict) else ()
    made_of = Exchange(
        source or name or "?", amount, unit, name, spread, scores if any(scores) else ()
    )
    if kind == "biosphere":
        nature.append(made_of)
    elif kind == "technosphere":
        inputs.append(made_of)
    else:
        flipped = None if spread is None else _negative(spread)
        inputs.append(Exchange(made_of.flow, -amount, unit, name, flipped, made_of.pedigree))


def _words(value: Any) -> list[str]:
    """A text, or a list of them."""
    return [str(v) for v in value] if isinstance(value, list) else [str(value)] * bool(value)


def _score(value: Any) -> int:
    """1 to 5; 0: not told."""
    return value if isinstance(value, int) and 1 <= value <= 5 else 0


def _spread(row: Mapping[str, Any], where: str, into: Collected) -> Spread | None:
    kind = row.get("uncertainty type", 0)
    if kind in _NO_SPREAD:
        return None

    def told(name: str) -> float:
        return number(row.get(name), where, f"`{name}` of {row.get('name')}", into)

    if kind in (_LOGNORMAL, _NORMAL):
        bare = row.get("scale without pedigree")
        deviation = told("scale") if bare is None else told("scale without pedigree")
        return Spread(
            "lognormal" if kind == _LOGNORMAL else "normal", deviation, whole=bare is None
        )
    if kind in (_UNIFORM, _TRIANGULAR):
        mode = told("loc") if kind == _TRIANGULAR else None
        return Spread(
            "triangular" if kind == _TRIANGULAR else "uniform",
            0.0,
            told("minimum"),
            told("maximum"),
            mode,
        )
    into.odd[f"exchanges have the uncertainty type {kind}, which is not drawn"] += 1
    return None


def _negative(spread: Spread) -> Spread:
    mode = None if spread.mode is None else -spread.mode
    low, high = (
        (-spread.high, -spread.low) if spread.kind in ("uniform", "triangular") else (0.0, 0.0)
    )
    return Spread(spread.kind, spread.deviation, low, high, mode, spread.whole)


def complete(database: Database) -> Database:
    """Units that exchanges leave out, taken from what they link to.

    Brightway lets an exchange go without its unit, since the linked dataset has one.
    """
    units = {p.id: p.unit for p in database.processes} | {f.id: f.unit for f in database.flows}

    def told(exchange: Exchange) -> Exchange:
        if exchange.unit or exchange.flow not in units:
            return exchange
        e = exchange
        return Exchange(e.flow, e.amount, units[e.flow], e.name, e.spread, e.pedigree)

    processes = tuple(
        Process(
            p.id, p.name, p.product, p.unit, p.amount, p.place, tuple(map(told, p.inputs)), tuple(map(told, p.nature)),
            p.source, p.first_year, p.last_year, p.pedigree, p.primary, p.stage,
        )
        for p in database.processes
    )  # fmt: skip
    return Database(database.name, processes, database.flows, database.source, database.notes)
