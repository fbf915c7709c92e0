"""Takes recorded history in beside live data: cleaned by a chain of its own, joined to the counters as they are now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from ecotwin.cleaning.chain import Chain
from ecotwin.clock import Clock, ManualClock, Period, instant
from ecotwin.connectors import replay
from ecotwin.connectors.contract import InletLimits
from ecotwin.errors import FileFault
from ecotwin.history.contract import Store
from ecotwin.plant import Connection, Plant
from ecotwin.records import Bools, Break, Cleaned, Codes, Floats, Image, Ints, Readings

RECORD = {"speed": 0, "shape": "long", "time": {"column": "at", "format": "epoch_us"}}
"""What recorded history looks like: `at` [us UTC], `signal`, `value` [wire unit]."""
YIELD_S = 0.02
"""Rest after each batch, so that live data gets its turn at the history [wall s]."""


def bring_in(
    plant: Plant, store: Store, files: Sequence[Path], now: datetime, image: Image
) -> Period | None:
    """Clean and keep recorded readings; returns the span they cover, None when there were none.

    A recorded counter and the live one need not stand at the same index: the recorded totals are shifted as a
    whole so that they end where the live ones begin. Use inside the record is untouched.

    Args:
        plant: The plant. store: The history. files: Long CSV or Parquet (at, signal, value), in order of time.
        now: Plant time. image: The plant now, where live counters stand.
    """
    batches = _cleaned(plant, files, now)
    spans = [
        (int(b.readings.at.min()), int(b.readings.at.max())) for b in batches if len(b.readings)
    ]
    if not spans:
        return None
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    shift = _shift(plant, batches, _live_begin(plant, store, last, now, image))
    live = store.breaks()
    joins = _joins(shift, {i: b[-1][1] for i, b in live.items() if b}, first, last)
    # The newest first: the totals of a counter are drawn as a line up to its next reading, and no batch may leave
    # such a line across days that are still to come.
    for number, cleaned in enumerate(reversed(batches)):
        readings = cleaned.readings
        moved = replace(readings, value=readings.value + shift[readings.signal])
        breaks = tuple(replace(b, offset=b.offset + shift[b.signal]) for b in cleaned.breaks)
        store.append(
            Cleaned(moved, cleaned.rejects, breaks + (joins if number == 0 else ())), known_at=now
        )
        # Hours that a batch touched are worked out here and now: left to the end they would be one long piece of
        # work, and live data would wait for it.
        store.close_minutes(min(now, instant(last)), known_at=now)
        time.sleep(YIELD_S)
    return Period(instant(first), instant(last))


def _joins(shift: Floats, live: dict[int, float], first: int, last: int) -> tuple[Break, ...]:
    """Breaks that let late samples and a restart know which offset holds in the record and which after it."""
    made: list[Break] = []
    for signal in np.flatnonzero(shift):
        index = int(signal)
        made.append(Break(index, first, float(shift[index]), "import"))
        made.append(Break(index, last + 1, live.get(index, 0.0), "import"))
    return tuple(made)


def _cleaned(plant: Plant, files: Sequence[Path], now: datetime) -> list[Cleaned]:
    chain = Chain(plant, past_days=None)
    clock: Clock = ManualClock(now)
    source = Connection("import", "replay", RECORD)
    connector = replay.plug(
        plant, source, clock, settings=InletLimits(paths=tuple(map(str, files)))
    )
    connector.start()
    made: list[Cleaned] = []
    try:
        while True:
            delivery = connector.take(1.0)
            if delivery is not None:
                made.append(chain.clean(delivery.samples, now, _unseen))
            elif connector.health().state in {"finished", "failed"}:
                break
        told = connector.health()
    finally:
        connector.stop()
    if told.state == "failed" or not told.received:
        raise FileFault(
            f"nothing could be taken from {len(files)} recorded files ({told.text})",
            expected="columns at [us UTC], signal, value",
            remedy="name files that `ecotwin-standin record` or a historian wrote in this shape",
        )
    return made


def _unseen(signal: Codes, _at: Ints) -> Bools:
    """Nothing of a record that is taken in for the first time is kept already."""
    return np.zeros(len(signal), dtype=bool)


def _live_begin(plant: Plant, store: Store, last: int, now: datetime, image: Image) -> Floats:
    """[signals] totals at which live data goes on after the record; NaN where there are none.

    The first reading after the record, and not the newest: what was used since then stays used.
    """
    begin = image.value.copy()
    counters = {s.id: s.index for s in plant.signals if s.form == "counter"}
    after = instant(last + 1)
    if now > after and counters:
        for id_, _, value, _ in store.export(list(counters.values()), Period(after, now)):
            if id_ in counters:
                begin[counters.pop(id_)] = value
            if not counters:
                break
    return begin


def _shift(plant: Plant, batches: list[Cleaned], begin: Floats) -> Floats:
    """[signals] what to add to each recorded total so that it ends where the live counter begins."""
    shift = np.zeros(len(plant.signals))
    ends: dict[int, float] = {}
    for cleaned in batches:
        for signal, value in _lasts(cleaned.readings):
            ends[signal] = value
    for signal, value in ends.items():
        live = float(begin[signal])
        if plant.signals[signal].form == "counter" and np.isfinite(live):
            shift[signal] = live - value
    return shift


def _lasts(readings: Readings) -> list[tuple[int, float]]:
    """The newest value of each signal in a batch."""
    order = np.lexsort((readings.at, readings.signal))
    signal = readings.signal[order]
    last = np.flatnonzero(np.append(signal[1:] != signal[:-1], [True] * min(1, len(signal))))
    return [(int(signal[i]), float(readings.value[order[i]])) for i in last]
