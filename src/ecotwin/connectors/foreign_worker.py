"""The process in which a foreign model runs, all its instances in one: it answers frames on its standard input.

A frame is two lengths, a JSON text and an array of float64: the twin never unpickles what a foreign process sends.
This file is run as a script of its own and imports nothing of the twin.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
import threading
import time
from collections.abc import Sequence
from copy import copy
from ctypes import c_double, c_uint
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HEAD = struct.Struct("<II")
"""Lengths of the JSON text and of the array [bytes]."""

_INTEGERS = ("Integer", "Enumeration", "Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32",
             "Int64", "UInt64")  # fmt: skip


def send(pipe: BinaryIO, words: dict[str, Any], numbers: Array | None = None) -> None:
    """Write a frame."""
    text = json.dumps(words).encode()
    body = b"" if numbers is None else np.ascontiguousarray(numbers, np.float64).tobytes()
    pipe.write(HEAD.pack(len(text), len(body)) + text + body)
    pipe.flush()


def receive(pipe: BinaryIO) -> tuple[dict[str, Any], Array] | None:
    """Read a frame; None at the end of the pipe."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    texts, bodies = HEAD.unpack(head)
    text, body = pipe.read(texts), pipe.read(bodies)
    if len(text) < texts or len(body) < bodies:
        return None
    return json.loads(text), np.frombuffer(body, np.float64)


class Ports:
    """Variables of one direction, in groups of one type: an FMI call takes many variables of a type.

    Args:
        ports: (value reference, type) in the order of the columns. version: 2 or 3.
    """

    def __init__(self, ports: Sequence[Sequence[Any]], version: int) -> None:
        self.count = len(ports)
        self._groups: dict[str, tuple[list[int], list[int]]] = {}
        self._own: tuple[Any, Any, int] | None = None
        for column, (reference, kind) in enumerate(ports):
            call = {"Enumeration": "Int64" if version == 3 else "Integer"}.get(kind, kind)
            group = self._groups.setdefault(call, ([], []))
            group[0].append(column)
            group[1].append(int(reference))
        # numbers of double precision go by arrays that are made once: most models have no others
        fast = self._groups.pop("Float64" if version == 3 else "Real", None)
        self._columns = fast[0] if fast else []
        if fast:
            count = len(fast[0])
            self._own = ((c_uint * count)(*fast[1]), (c_double * count)(), count)
        self._call = "fmi3{}Float64" if version == 3 else "fmi2{}Real"
        self._twice = version == 3

    def set(self, instance: Any, row: Array) -> None:
        """Hand values to an instance. Shape [ports]."""
        if self._own is not None:
            references, numbers, count = self._own
            numbers[:] = row[self._columns].tolist()
            self._ask(instance, "Set", references, numbers, count)
        for call, (columns, places) in self._groups.items():
            values: list[Any] = [float(row[c]) for c in columns]
            if call in _INTEGERS:
                values = [round(v) for v in values]
            elif call == "Boolean":
                values = [v >= 0.5 for v in values]
            getattr(instance, f"set{call}")(places, values)

    def get(self, instance: Any, row: Array) -> None:
        """Take values from an instance into `row` [ports]."""
        if self._own is not None:
            references, numbers, count = self._own
            self._ask(instance, "Get", references, numbers, count)
            row[self._columns] = numbers[:]
        for call, (columns, places) in self._groups.items():
            row[columns] = np.asarray(getattr(instance, f"get{call}")(places), np.float64)

    def _ask(self, instance: Any, way: str, references: Any, numbers: Any, count: int) -> None:
        more = (count,) if self._twice else ()
        ask = getattr(instance, self._call.format(way))
        ask(instance.component, references, count, numbers, *more)


class Model:
    """All instances of a model.

    Args:
        words: Folder, identifier, token, version, ports, runs, step. numbers: Start values [runs, starts], then
            first inputs [runs, inputs].
    """

    def __init__(self, words: dict[str, Any], numbers: Array) -> None:
        version, self.runs = int(words["version"]), int(words["runs"])
        self.step_s, self.substeps = float(words["step_s"]), int(words["substeps"])
        self.time_s, self.version, self.at = 0.0, version, 0
        self.inputs = Ports(words["inputs"], version)
        self.outputs = Ports(words["outputs"], version)
        starts = Ports(words["starts"], version)
        first = numbers[: self.runs * starts.count].reshape(self.runs, starts.count)
        fed = numbers[self.runs * starts.count :].reshape(self.runs, self.inputs.count)
        self.instances: list[Any] = []
        pattern = self._pattern(words)
        for run in range(self.runs):
            self.at = run
            self.instances.append(self._begun(pattern, run, starts, first[run], fed[run]))

    def _pattern(self, words: dict[str, Any]) -> Any:
        """The model's library, bound once for all instances."""
        from fmpy.fmi2 import FMU2Slave
        from fmpy.fmi3 import FMU3Slave

        slave = FMU3Slave if self.version == 3 else FMU2Slave
        return slave(
            guid=words["token"],
            unzipDirectory=words["folder"],
            modelIdentifier=words["identifier"],
            instanceName=words["machine"],
        )

    def _begun(self, pattern: Any, run: int, starts: Ports, first: Array, fed: Array) -> Any:
        instance = copy(pattern)
        instance.instanceName = f"{pattern.instanceName}_{run}"
        instance.instantiate()
        starts.set(instance, first)
        if self.version == 3:
            self.inputs.set(instance, fed)
            instance.enterInitializationMode(startTime=0.0)
        else:
            instance.setupExperiment(startTime=0.0)
            self.inputs.set(instance, fed)
            instance.enterInitializationMode()
        instance.exitInitializationMode()
        return instance

    def now(self) -> Array:
        """Outputs as they are. Shape [runs, outputs]."""
        out = np.zeros((self.runs, self.outputs.count))
        for run, instance in enumerate(self.instances):
            self.at = run
            self.outputs.get(instance, out[run])
        return out

    def step(self, fed: Array) -> Array:
        """One step of the simulation: mean and last value of the outputs. Shape [2, runs, outputs]."""
        out = np.zeros((2, self.runs, self.outputs.count))
        inner = self.step_s / self.substeps
        for run, instance in enumerate(self.instances):
            self.at = run
            self.inputs.set(instance, fed[run])
            for n in range(self.substeps):
                self._go(instance, self.time_s + n * inner, inner)
                self.outputs.get(instance, out[1, run])
                out[0, run] += out[1, run] / self.substeps
        self.time_s += self.step_s
        return out

    def _go(self, instance: Any, at_s: float, step_s: float) -> None:
        told = instance.doStep(currentCommunicationPoint=at_s, communicationStepSize=step_s)
        if told is None:
            return
        _, ended, early, _ = told
        if ended or early:
            raise RuntimeError(
                "the model asks to end the simulation" if ended else "the step ended too early"
            )


def _follow(parent: int) -> None:
    """End when the twin has ended, whatever the model does."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _modest() -> None:
    """Leave no core file; where memory runs out, this process goes first."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")


def main() -> None:
    """Answer frames until the pipe ends."""
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    _modest()
    requests = sys.stdin.buffer
    # What a model prints must not fall among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    model: Model | None = None
    while (frame := receive(requests)) is not None:
        words, numbers = frame
        try:
            if words["do"] == "begin":
                model = Model(words, numbers)
                out = model.now()
            elif model is None:
                raise RuntimeError("no model has begun")
            else:
                out = model.step(numbers.reshape(model.runs, model.inputs.count))
        except Exception as fault:
            run = model.at if model is not None else 0
            send(answers, {"fault": f"{type(fault).__name__}: {fault}", "run": run})
            continue
        send(answers, {}, out)
    os._exit(0)


if __name__ == "__main__":
    main()
