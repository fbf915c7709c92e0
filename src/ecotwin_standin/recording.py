"""Recordings: a file a day in long form: at [us UTC], signal (id), value (wire unit)."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from ecotwin.clock import DAY, instant
from ecotwin.errors import FileFault, SettingsFault
from ecotwin.plant import Plant
from ecotwin.records import Samples


def write_days(
    plant: Plant, batches: Iterable[Samples], folder: Path, form: str, told: Callable[[str], None]
) -> list[tuple[Path, int]]:
    """Write batches in time order, cut at UTC midnights.

    Args:
        plant: Names the signals.
        batches: Samples in time order.
        folder: Is made if missing.
        form: `parquet` or `csv` (gzipped).
        told: Called with the name of each file that is done.

    Returns:
        Files with their numbers of samples.

    Raises:
        FileFault: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileFault(
            f"folder {folder} cannot be made: {error}", remedy="give another --out"
        ) from error
    done: list[tuple[Path, int]] = []
    held: list[Samples] = []
    day: int | None = None
    ids = np.array([s.id for s in plant.signals])

    def flush() -> None:
        if day is None or not held:
            return
        name = f"{plant.id}-{instant(day * DAY).date().isoformat()}"
        whole = Samples.join(held)
        write = _parquet if form == "parquet" else _csv
        done.append((write(folder / name, ids, whole), len(whole)))
        held.clear()
        told(name)

    for batch in batches:
        days = batch.at // DAY
        for one in np.unique(days):
            if day is not None and one != day:
                flush()
            day = int(one)
            held.append(batch.take(days == one))
    flush()
    return done


def thinned(batches: Iterable[Samples], every_s: float, step_s: float) -> Iterator[Samples]:
    """Samples at full multiples of `every_s` alone; the physics still take their own steps.

    Raises:
        SettingsFault: It is no multiple of the step.
    """
    if every_s < step_s or every_s % step_s:
        raise SettingsFault(
            f"--every {every_s:g} with --step {step_s:g}",
            expected="a multiple of the step",
            remedy=f"give e.g. --every {2 * step_s:g}",
        )
    apart = round(every_s * 1e6)
    return (batch.take(batch.at % apart == 0) for batch in batches)


def only(plant: Plant, batches: Iterable[Samples], means: list[str]) -> Iterator[Samples]:
    """The samples of signals with one of these meanings, and the outdoor temperature.

    Raises:
        SettingsFault: No signal of the plant has one of the meanings.
    """
    kept = {m: [s.index for s in plant.signals if s.means == m] for m in means}
    unknown = [m for m, found in kept.items() if not found]
    if unknown:
        raise SettingsFault(
            f"no signal of {plant.name} means {', '.join(unknown)}",
            expected="meanings of the plant file's signals",
            remedy="correct --means",
        )
    numbers = [n for found in kept.values() for n in found]
    numbers += [s.index for s in plant.signals if s.id == plant.outdoor]
    mask = np.zeros(len(plant.signals), bool)
    mask[numbers] = True
    return (batch.take(mask[batch.signal]) for batch in batches)


def _parquet(path: Path, ids: np.ndarray[tuple[int], np.dtype[np.str_]], whole: Samples) -> Path:
    import duckdb

    target = path.with_name(path.name + ".parquet")
    part = path.with_name(path.name + ".part")
    columns = {"at": whole.at, "signal": whole.signal, "value": whole.value}
    names = {"number": np.arange(len(ids), dtype=np.int32), "id": ids.astype(object)}
    with duckdb.connect() as db:
        db.register("samples", columns)
        db.register("names", names)
        text = str(part).replace("'", "''")
        query = (
            "SELECT s.at, n.id AS signal, s.value FROM samples s "
            "JOIN names n ON n.number = s.signal ORDER BY s.at, s.signal"
        )
        db.execute(f"COPY ({query}) TO '{text}' (FORMAT parquet, COMPRESSION zstd)")
    part.replace(target)
    return target


def _csv(path: Path, ids: np.ndarray[tuple[int], np.dtype[np.str_]], whole: Samples) -> Path:
    target = path.with_name(path.name + ".csv.gz")
    part = path.with_name(path.name + ".part")
    names = ids.tolist()
    with gzip.open(part, "wt", encoding="utf-8", newline="\n", compresslevel=4) as file:
        file.write("at,signal,value\n")
        rows = zip(whole.at.tolist(), whole.signal.tolist(), whole.value.tolist(), strict=True)
        file.writelines(f"{at},{names[signal]},{value!r}\n" for at, signal, value in rows)
    part.replace(target)
    return target
