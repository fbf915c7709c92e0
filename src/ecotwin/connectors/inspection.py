"""Pictures of pieces as a connection: each new picture in a folder is judged, and counted as good or not.

Options: `path`, the folder; `model`, an ONNX model whose card says what a picture must be (both relative to the working
folder of the twin, or absolute). Signals by address: `total`, pieces looked at; `good`, those not flagged; `flagged`;
`probability`, of the newest piece. The counts are as the inspection says them: `accounting.inspected` tells what is
behind them. A picture's time is its file's. One that cannot be read is refused, counted and told, never counted as a
piece.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ecotwin.clock import Clock
from ecotwin.connectors.contract import Delivery, Health, InletLimits
from ecotwin.connectors.picture_files import ENDINGS, read_picture
from ecotwin.errors import FileFault, SettingsFault, WriteRefused
from ecotwin.learning.pictures import Inspector
from ecotwin.plant.model import Connection, Plant
from ecotwin.records import Samples

AT_ONCE = 16
"""Pictures judged in one take."""
_GLANCE_S = 0.1
ADDRESSES = ("total", "good", "flagged", "probability")


class Inspection:
    """A folder of pictures.

    Args:
        plant: The plant. connection: With `path` and `model`. clock: Tells plant time. settings: Limits.
    """

    def __init__(
        self, plant: Plant, connection: Connection, clock: Clock, *, settings: InletLimits
    ) -> None:
        self.name = connection.name
        self._clock = clock
        options: dict[str, Any] = dict(connection.options)
        missing = [k for k in ("path", "model") if not options.get(k)]
        if missing:
            raise SettingsFault(
                f"connection {self.name!r} lacks {' and '.join(missing)}",
                expected="path: the folder of pictures; model: the ONNX file that judges them",
                remedy="write both under its options",
            )
        self._folder, self._file = Path(options["path"]), Path(options["model"])
        self._at_once = min(AT_ONCE, max(1, settings.batch_samples // len(ADDRESSES)))
        self._signals = {
            s.address.rsplit("/", 1)[-1]: s.index
            for s in plant.signals
            if s.connection == connection.name
        }
        self._counts = dict.fromkeys(ADDRESSES[:3], 0)
        self._last: tuple[int, str] = (0, "")
        self._refused = self._received = 0
        self._model: Inspector | None = None
        self._say("connecting", "not started")

    def start(self, cursor: str = "") -> None:
        """Go on after the last picture that was kept."""
        if cursor:
            told = json.loads(cursor)
            self._last = (int(told["at_ns"]), str(told["name"]))
            self._counts = {k: int(told[k]) for k in self._counts}
        try:
            self._model = Inspector(self._file.read_bytes(), str(self._file))
        except OSError as fault:
            self._say("failed", f"the model {self._file} cannot be read ({fault.strerror})")
        except (FileFault, SettingsFault) as fault:
            self._say("failed", str(fault))
        else:
            self._say("online", f"looking at pictures in {self._folder}")

    def take(self, timeout_s: float) -> Delivery | None:
        """Judge the next pictures; None when there are none."""
        end = time.monotonic() + timeout_s
        while self._state in ("online", "offline") and self._model is not None:
            delivery = self._judged(self._model)
            left_s = end - time.monotonic()
            if delivery is not None or left_s <= 0:
                return delivery
            time.sleep(min(left_s, _GLANCE_S))
        return None

    def write(self, signal: str, value: float, lease_s: float) -> None:  # noqa: ARG002
        """Refuse: pictures take no orders.

        Raises:
            WriteRefused: Always.
        """
        raise WriteRefused(
            f"{signal} was not written: connection {self.name!r} reads pictures",
            expected="a connection to a machine",
            remedy="write to a signal of such a connection",
        )

    def health(self) -> Health:
        """How many were judged and refused."""
        return Health(
            self._state,
            self._since,
            f"{self._text}.",
            received=self._received,
            refused=self._refused,
            extra=dict(self._counts),
        )

    def stop(self) -> None:
        """End."""
        if self._state != "failed":
            self._say("finished", "stopped")

    def _judged(self, model: Inspector) -> Delivery | None:
        new = self._new()
        if not new:
            return None
        pieces, pictures = [], []
        for at_ns, file in new:
            self._last = (at_ns, file.name)
            try:
                picture = read_picture(file)
                chance = float(model.bad([picture])[0])
            except FileFault as fault:
                self._refused += 1
                self._text = f"looking at pictures in {self._folder}; the last refused: {str(fault).rstrip('.')}"
                continue
            pieces.append(at_ns // 1000)
            pictures.append(chance)
        if not pieces:
            return None
        rows: list[tuple[int, int, float]] = []
        for at_us, chance in zip(pieces, pictures, strict=True):
            bad = chance > model.limit
            self._counts["total"] += 1
            self._counts["flagged" if bad else "good"] += 1
            told = {**self._counts, "probability": chance}
            rows += [(s, at_us, float(told[k])) for k, s in self._signals.items() if k in told]
        self._received += len(rows)
        cursor = json.dumps({"at_ns": self._last[0], "name": self._last[1], **self._counts})
        signal, at, value = zip(*rows, strict=True) if rows else ((), (), ())
        return Delivery(Samples.of(signal, at, value), cursor, time.time()) if rows else None

    def _new(self) -> list[tuple[int, Path]]:
        """Pictures after the last one, oldest first, by the time of their files."""
        try:
            found = [f for f in self._folder.iterdir() if f.suffix.lower() in ENDINGS]
            dated = sorted((f.stat().st_mtime_ns, f.name, f) for f in found)
        except OSError as fault:
            if self._state == "online":
                self._say(
                    "offline", f"{self._folder} cannot be read ({fault.strerror}); is it there"
                )
            return []
        if self._state == "offline":
            self._say("online", f"looking at pictures in {self._folder}")
        return [(at, file) for at, name, file in dated if (at, name) > self._last][: self._at_once]

    def _say(self, state: str, text: str) -> None:
        self._state, self._text, self._since = state, text.rstrip("."), self._clock.now()


plug = Inspection
