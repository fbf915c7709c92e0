"""What an edge node's births announced: alias or name of a metric -> signal of the plant file.

Sources:
    Eclipse Sparkplug 3.0.0, chapter 6.4.7 (aliases are unique over the edge node and its devices).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ecotwin.connectors.sparkplug_arrays import DataArrays
from ecotwin.connectors.sparkplug_payload import DataType, Metric
from ecotwin.plant.model import Signal
from ecotwin.records import Bools, Codes, Floats, Ints, Samples

_SIGNED_SPAN: dict[int, float] = {
    DataType.INT8: 2.0**8,
    DataType.INT16: 2.0**16,
    DataType.INT32: 2.0**32,
}
_UNSIGNED_64: tuple[int, ...] = (DataType.UINT64, DataType.DATETIME)
_OWN = ("bdSeq", "Node Control/", "Device Control/")
"""Metrics that serve the protocol itself."""
LEASE = "/lease_s"
"""A set-point's own metric for the length of its lease [s] bears its name with this behind it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One metric of a birth. `signal`: index into the plant's signals, -1 when it has none."""

    device: str
    name: str
    alias: int | None
    datatype: int
    signal: int


class Placed(NamedTuple):
    """A DATA message laid on the plant: its samples and what found no place."""

    samples: Samples
    unknown: int
    unplanned: int
    texts: int


class Lookup(NamedTuple):
    """Where the metrics of messages with the same aliases belong; made once and kept.

    Attributes:
        signal: [n] index of the plant's signal, -1 not in the plant file, -2 unknown.
        span: [n] 2**bits of small signed integers, 0 else; None when there are none.
        wide: [n] unsigned of 64 bits. kept: [n] belongs to a signal; None when all do.
    """

    signal: Codes
    span: Floats | None
    wide: Bools
    kept: Bools | None
    unknown: int
    unplanned: int


_LOOKUPS_KEPT = 512


class AliasTable:
    """The metrics of one edge node and its devices, with columns for quick lookups.

    Args:
        edge: Name of the edge node.
        addresses: `edge/device/metric` or `edge/metric` -> signal of the plant file.
    """

    def __init__(self, edge: str, addresses: Mapping[str, Signal]) -> None:
        self._edge = edge
        self._addresses = addresses
        self._slots: dict[tuple[str, str], Slot] = {}
        self._codes: dict[int, dict[str, int]] = {}
        self.twice: tuple[int, ...] = ()
        self._index()

    def address(self, device: str, name: str) -> str:
        """How the plant file writes a metric."""
        return f"{self._edge}/{device}/{name}" if device else f"{self._edge}/{name}"

    def learn(self, device: str, metrics: Iterable[Metric]) -> None:
        """Take a birth in; what the device (empty: the node itself) had before is forgotten."""
        self.forget(device)
        for metric in metrics:
            if not metric.name:
                continue
            signal = self._addresses.get(self.address(device, metric.name))
            index = -1 if signal is None else signal.index
            if signal is not None:
                self._codes[index] = {
                    n.casefold(): c for c, n in reversed(list(signal.states.items()))
                }
            self._slots[device, metric.name] = Slot(
                device, metric.name, metric.alias, metric.datatype, index
            )
        self._index()

    def forget(self, device: str) -> None:
        """Forget what a device announced."""
        self._slots = {key: slot for key, slot in self._slots.items() if key[0] != device}

    def _index(self) -> None:
        """Build the columns; an alias that two metrics claim belongs to neither."""
        claims: dict[int, list[Slot]] = {}
        for slot in self._slots.values():
            if slot.alias is not None:
                claims.setdefault(slot.alias, []).append(slot)
        self.twice = tuple(sorted(a for a, slots in claims.items() if len(slots) > 1))
        aliased = [slots[0] for _, slots in sorted(claims.items()) if len(slots) == 1]
        rows = aliased + [s for s in self._slots.values() if s.alias is None]
        self._keys = np.array([min(s.alias or 0, 2**63 - 1) for s in aliased], np.int64)
        self._signal = np.array([s.signal for s in rows], np.int32)
        self._span = np.array([_SIGNED_SPAN.get(s.datatype, 0.0) for s in rows], np.float64)
        self._wide = np.array([s.datatype in _UNSIGNED_64 for s in rows], np.bool_)
        self._lookups: dict[bytes, Lookup] = {}
        self._row_of = {(s.device, s.name): i for i, s in enumerate(rows)}

    def slot(self, signal: int) -> Slot | None:
        """The metric that carries a signal, if a birth announced it."""
        return next((s for s in self._slots.values() if s.signal == signal), None)

    def named(self, device: str, name: str) -> Slot | None:
        """The metric of this name, if a birth announced it."""
        return self._slots.get((device, name))

    def signals(self, device: str | None = None) -> Ints:
        """Indices of the signals that a device (None: everything here) carries."""
        found = {
            s.signal for s in self._slots.values() if s.signal >= 0 and device in (None, s.device)
        }
        return np.array(sorted(found), np.int64)

    def unplanned(self) -> list[str]:
        """Addresses announced for which the plant file has no signal."""
        return [
            self.address(s.device, s.name)
            for s in self._slots.values()
            if s.signal < 0 and not s.name.startswith(_OWN) and not s.name.endswith(LEASE)
        ]

    def moved(self, earlier: AliasTable, device: str) -> int:
        """How many of a device's aliases meant another metric in an earlier table."""
        before = {s.alias: key for key, s in earlier._slots.items() if s.alias is not None}
        return sum(
            before.get(s.alias, key) != key
            for key, s in self._slots.items()
            if s.alias is not None and key[0] == device
        )

    def kept(self) -> AliasTable:
        """A copy that later births do not change."""
        return copy(self)

    def place(self, arrays: DataArrays, device: str) -> Placed:
        """Lay a message on the plant: who each value belongs to, with sign and state code."""
        found = self._lookup(arrays, device)
        value = arrays.value
        if found.span is not None:
            value = _fold(value, found.span)
        if found.wide.any() and arrays.high.any():
            value = value + np.where(found.wide & (arrays.high > 0), 2.0**64, 0.0)
        signal, kept, lost = found.signal, found.kept, 0
        if arrays.texts:
            signal, value = signal.copy(), value.copy()
            lost = self._read_texts(arrays.texts, signal, value)
            kept = signal >= 0
        samples = Samples(signal, arrays.at_ms * 1000, value, arrays.quality)
        if kept is not None:
            samples = samples.take(kept)
        return Placed(samples, found.unknown, found.unplanned, lost)

    def _lookup(self, arrays: DataArrays, device: str) -> Lookup:
        """Where each metric belongs; messages mostly repeat the aliases of an earlier one."""
        if arrays.names:
            return self._look(arrays, device)
        key = arrays.alias.tobytes()
        found = self._lookups.get(key)
        if found is None:
            if len(self._lookups) >= _LOOKUPS_KEPT:
                self._lookups.clear()
            found = self._lookups[key] = self._look(arrays, device)
        return found

    def _look(self, arrays: DataArrays, device: str) -> Lookup:
        if len(self._keys):
            row = np.searchsorted(self._keys, arrays.alias)
            row[row == len(self._keys)] = 0
            known = self._keys[row] == arrays.alias
        else:
            row = np.zeros(len(arrays.alias), np.int64)
            known = np.zeros(len(arrays.alias), np.bool_)
        for i, name in arrays.names.items():
            found = self._row_of.get((device, name))
            known[i] = found is not None
            row[i] = found or 0
        signal = np.full(len(known), -2, np.int32)
        span, wide = np.zeros(len(known)), np.zeros(len(known), np.bool_)
        if known.any():
            signal[known] = self._signal[row[known]]
            span[known] = self._span[row[known]]
            wide[known] = self._wide[row[known]]
        kept = signal >= 0
        return Lookup(
            signal,
            span if span.any() else None,
            wide,
            None if kept.all() else kept,
            int(np.count_nonzero(signal == -2)),
            int(np.count_nonzero(signal == -1)),
        )

    def _read_texts(self, texts: Mapping[int, str], signal: Codes, value: Floats) -> int:
        """Turn state names into their codes; how many could not be."""
        lost = 0
        for i, text in texts.items():
            if signal[i] >= 0:
                code = self._codes.get(int(signal[i]), {}).get(text.strip().casefold())
                if code is None:
                    signal[i], lost = -1, lost + 1
                else:
                    value[i] = code
        return lost


def _fold(value: Floats, span: Floats) -> Floats:
    """Give small signed integers their sign; some peers widen a negative byte to 32 bits."""
    some = span > 0
    folded = np.mod(value[some], span[some])
    out = value.copy()
    out[some] = np.where(folded >= span[some] / 2, folded - span[some], folded)
    return out
