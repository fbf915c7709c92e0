"""The tree of errors. Each says what was found, what was expected and what to do.

EcotwinError
├── PlantFault        the plant file (all faults at once, each with its line)
├── SettingsFault     a setting of the software
├── UnitFault         a unit that is unknown or does not fit
├── WireFault         a broker, a line, a device
│   └── PayloadFault  a message that cannot be read
├── FileFault         a data file that cannot be read or lacks a column
├── StoreFault        the history
│   ├── StoreBusy     another process owns it
│   └── StoreFull     the disk has no room left
├── FactorGap         an emission factor that nobody gave
├── FigureGap         a figure that the data cannot carry
├── ClaimRefused      a claim that cannot be proved
├── AccessRefused     a right that the person lacks
├── WriteRefused      an order that an interlock stopped
├── ProofFault        a ledger or evidence that does not check
├── ScenarioFault     a what-if that cannot be run: what it changes, or the model it needs
│   ├── ScenarioFileFault  a scenario's text (all faults at once, each with its line)
│   └── RunStopped    a run that somebody stopped
└── PlugFault         a plug file that does not keep its contract
"""

from __future__ import annotations


class EcotwinError(Exception):
    """The root: an error a person can act on.

    Args:
        found: What was found, in one sentence.
        expected: What was expected instead.
        remedy: What to do about it.
    """

    exit_code = 1

    def __init__(self, found: str, *, expected: str = "", remedy: str = "") -> None:
        self.found = found
        self.expected = expected
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.found.rstrip(".") + "."]
        if self.expected:
            parts.append(f"Expected: {self.expected.rstrip('.')}.")
        if self.remedy:
            parts.append(f"What to do: {self.remedy.rstrip('.')}.")
        return " ".join(parts)


class PlantFault(EcotwinError):
    """The plant file is not sound; `faults` holds every fault found, each a full sentence."""

    def __init__(self, file: str, faults: tuple[str, ...]) -> None:
        self.file = file
        self.faults = faults
        listed = "\n".join(f"  {fault}" for fault in faults)
        count = len(faults)
        super().__init__(
            f"{file} has {count} fault{'s' if count != 1 else ''}:\n{listed}\n",
            remedy="mend these lines, then run `ecotwin check` again",
        )


class SettingsFault(EcotwinError):
    """A setting is missing or wrong."""

    exit_code = 2


class UnitFault(EcotwinError):
    """A unit is unknown, or cannot be turned into the one that is needed."""


class WireFault(EcotwinError):
    """A broker, a line or a device does not answer as it should."""


class PayloadFault(WireFault):
    """A message cannot be read."""


class FileFault(EcotwinError):
    """A data file cannot be read or lacks something."""


class StoreFault(EcotwinError):
    """The history cannot be read or written."""


class StoreBusy(StoreFault):
    """Another process owns the history."""


class StoreFull(StoreFault):
    """The disk has no room left; what was acknowledged is safe."""


class FactorGap(EcotwinError):
    """No emission factor was given for this use, and none is guessed."""


class FigureGap(EcotwinError):
    """The data cannot carry this figure."""


class ClaimRefused(EcotwinError):
    """A claim cannot be proved and is therefore not printed."""


class AccessRefused(EcotwinError):
    """The person lacks a right."""


class WriteRefused(EcotwinError):
    """An order was stopped before it reached a machine."""


class ProofFault(EcotwinError):
    """A ledger, a proof or an evidence bundle does not check."""


class ScenarioFault(EcotwinError):
    """A what-if that cannot be run: what it changes is not there, or the plant cannot be modelled so."""


class ScenarioFileFault(ScenarioFault):
    """The text of a scenario is not sound, or does not fit the plant; `faults` holds every fault found."""

    def __init__(self, file: str, faults: tuple[str, ...]) -> None:
        self.file = file
        self.faults = faults
        listed = "\n".join(f"  {fault}" for fault in faults)
        count = len(faults)
        super().__init__(
            f"{file} has {count} fault{'s' if count != 1 else ''}:\n{listed}\n",
            expected="a scenario that the plant can be put through",
            remedy="mend these lines; docs/whatif.md tells what each key means",
        )


class RunStopped(ScenarioFault):
    """A run that somebody stopped before its end; nothing of it is told as a result."""


class PlugFault(EcotwinError):
    """A plug file does not keep its contract."""
