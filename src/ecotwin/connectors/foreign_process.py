"""Holds the process of a foreign model: asks, waits no longer than was said, and names what became of it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ecotwin.connectors.foreign_worker import receive, send
from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TEMP", "TMP", "TMPDIR", "SYSTEMROOT",
         "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")  # fmt: skip
"""What a foreign process sees of the twin's environment: no secret is among it."""

_TOLD = 600
"""Characters kept of what a model printed last."""

_Request = tuple[dict[str, Any], "Floats | None"]


class ForeignProcess:
    """A process that runs one model.

    Args:
        name: What a person knows it by: machine and file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[dict[str, Any], Floats] | None] = queue.SimpleQueue()
        self._printed: list[str] = []
        script = Path(__file__).with_name("foreign_worker.py")
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if k in _KEPT},
        )
        self.process = process
        self._end = weakref.finalize(self, _ended, process, self._requests)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for target, args in (
            (_carry, (process.stdin, process.stdout, self._requests, self._answers)),
            (_listen, (process.stderr, self._printed)),
        ):
            threading.Thread(target=target, args=args, daemon=True).start()

    def ask(
        self, words: dict[str, Any], numbers: Floats | None, seconds: float, when: str
    ) -> Floats:
        """Ask and wait for the answer.

        Args:
            words, numbers: The request. seconds: Longest time to wait [s]. when: For the error, "in step 3".

        Raises:
            ScenarioFault: It crashed, gave no answer in time, or says that it failed. Its process is ended.
        """
        if not self._end.alive:
            raise ScenarioFault(
                f"the foreign model of {self.name} has been ended before",
                expected="a model that still runs",
                remedy="begin a new run",
            )
        self._requests.put((words, numbers))
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise ScenarioFault(
                f"the foreign model of {self.name} gave no answer within {seconds:g} s {when}"
                " and was ended",
                expected=f"an answer within {seconds:g} s",
                remedy="mend the model, or allow it more time with `answer_s` or `load_s`",
            ) from None
        if answer is None:
            raise self._crashed(when)
        if "fault" in answer[0]:
            self.close()
            raise ScenarioFault(
                f"the foreign model of {self.name} failed {when} of run {answer[0].get('run', 0)}:"
                f" {answer[0]['fault']}{self._last_words()}",
                expected="a step without an error of the model",
                remedy="look at its inputs and start values, or ask who made it",
            )
        return answer[1]

    def close(self) -> None:
        """End the process; it may be asked nothing more."""
        self._end()

    def _crashed(self, when: str) -> ScenarioFault:
        try:
            code = self.process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            code = 0
        self.close()
        how = f"exit code {code}"
        if code < 0:
            known = {s.value: s.name for s in signal.Signals}
            how = f"signal {known.get(-code, -code)}"
        return ScenarioFault(
            f"the process of the foreign model of {self.name} ended with {how} {when}"
            f"{self._last_words()}",
            expected="a model that does not crash",
            remedy="ask who made the model; the twin goes on, and the run gives no figure",
        )

    def _last_words(self) -> str:
        text = " ".join("".join(self._printed).split())[-_TOLD:]
        return f' (it said: "{text}")' if text else ""


def _carry(
    into: BinaryIO,
    out: BinaryIO,
    requests: queue.SimpleQueue[_Request | None],
    answers: queue.SimpleQueue[tuple[dict[str, Any], Floats] | None],
) -> None:
    """Carry requests and answers, apart from who waits: a pipe that is full or silent blocks only here."""
    with into, out:
        while (request := requests.get()) is not None:
            try:
                send(into, *request)
                answer = receive(out)
            except (OSError, ValueError):
                answer = None
            answers.put(answer)
            if answer is None:
                return


def _listen(stream: BinaryIO, kept: list[str]) -> None:
    with stream:
        while data := os.read(stream.fileno(), 4096):
            kept[:] = [("".join(kept) + data.decode("utf-8", "replace"))[-4 * _TOLD :]]


def _ended(process: subprocess.Popen[bytes], requests: queue.SimpleQueue[_Request | None]) -> None:
    process.kill()
    requests.put(None)
    process.wait()


def shaped(numbers: Floats, shape: tuple[int, ...], name: str) -> Floats:
    """The numbers of an answer in their shape.

    Raises:
        ScenarioFault: They are not as many as were asked for.
    """
    if numbers.size != int(np.prod(shape)):
        raise ScenarioFault(
            f"the foreign model of {name} answered {numbers.size} numbers",
            expected=f"{int(np.prod(shape))}",
            remedy="ask who made the model",
        )
    return numbers.reshape(shape)
