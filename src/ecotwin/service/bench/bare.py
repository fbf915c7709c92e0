"""A child process: the bare limit. It receives and decodes the same messages, and does nothing else with them.

Commands: `stats`, `crossings` (answers when each gauge was first seen above its limit, and forgets).
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.sparkplug_arrays import decode_arrays
from ecotwin.plant import Element
from ecotwin.service.bench.processes import answer, commands
from ecotwin.service.bench.station import stations
from ecotwin.service.bench.works import ALARM, GROUP, read_works


class Bare:
    """One subscriber."""

    def __init__(self, plant_file: Path, port: int) -> None:
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        plant = read_works(plant_file)
        made = stations(plant)
        self.ids = [i for s in made for i in s.ids]
        limited = {f"{e.id}.{name}" for e in plant.elements for name in _limited(e)}
        self.watched = np.array([i in limited for i in self.ids])
        self.metrics = self.messages = 0
        self.seen: dict[str, float] = {}
        ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda c, *_: c.subscribe(f"spBv1.0/{GROUP}/DDATA/#")
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = self._message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        if not ready.wait(20):
            raise ConnectionError("the broker did not let the bare loop listen")

    def _message(self, _client: Any, _data: Any, message: Any) -> None:
        arrays = decode_arrays(message.payload)
        self.metrics += len(arrays.value)
        self.messages += 1
        above = arrays.value > ALARM
        if above.any():
            now = time.time()
            place = arrays.alias[above] - 1
            for i in place[self.watched[place]].tolist():
                self.seen.setdefault(self.ids[i], now)


def _limited(machine: Element) -> list[str]:
    """Names of a machine's gauges with an alarm limit."""
    facts = machine.kind_facts
    return [f.removeprefix("limit_high_") for f in facts if f.startswith("limit_high_")]


def main(plant_file: str, port: str) -> None:
    """Serve commands until the parent goes."""
    bare = Bare(Path(plant_file), int(port))
    answer(ready=True)
    for command in commands():
        if command["do"] == "stats":
            answer(
                metrics=bare.metrics,
                messages=bare.messages,
                cpu_s=time.process_time(),
                rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
                at=time.time(),
            )
        elif command["do"] == "crossings":
            seen, bare.seen = bare.seen, {}
            answer(**seen)
    bare.client.disconnect()
    bare.client.loop_stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
