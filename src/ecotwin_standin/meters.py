"""From true values to what stands on the wire: class, noise, digits, and the faults of meters.

A meter has one gain for index and power of a carrier (drawn within its class), a start index, a
last digit and a
number of digits after which it rolls over. Noise depends on seed and step number only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ecotwin.plant import Plant, Signal
from ecotwin.plant.model import STATES
from ecotwin.records import Bools, Floats
from ecotwin_standin.chance import BLOCK, Chance
from ecotwin_standin.scenario import Event, Scenario

_COUNTER_DIGITS = {"kWh": 3, "m3": 3, "kg": 3, "h": 3, "1": 0}
_GAUGE_DIGITS = {
    "kW": 2, "kWh": 2, "degC": 1, "bar": 3, "%": 1, "m3/h": 2, "m/min": 2, "mm/s": 3, "W/m2": 0,
    "V": 1, "A": 1, "mg/m3": 1, "1": 3,
}  # fmt: skip
_NOISELESS = frozenset(("state", "setpoint"))


@dataclass(slots=True)
class Wire:
    """What the meters show over some steps.

    Attributes:
        value: [steps, signals] in wire units. silent: [steps, signals] nothing is sent.
        rolled: Signals that rolled over, with their step.
    """

    value: Floats
    silent: Bools
    rolled: list[tuple[int, int]] = field(default_factory=list)


class Meters:
    """All meters of a plant.

    Args:
        plant: Its signals (units, digits, class).
        order: Signal indices in the order of the true values' columns.
        seed: Gains, start indices and noise.
        scenario: Faults of meters and devices.
        use_until: Signal id -> use expected until its roll-over (canonical), from `foresee`.
    """

    def __init__(
        self,
        plant: Plant,
        order: list[int],
        seed: int,
        scenario: Scenario,
        use_until: dict[str, float] | None = None,
    ) -> None:
        self.signals: list[Signal] = [plant.signals[i] for i in order]
        self.column = {s.id: n for n, s in enumerate(self.signals)}
        self.seed = seed
        self._chance = Chance(seed)
        signals = self.signals
        self.counter: Bools = np.array([s.form == "counter" for s in signals], bool)
        self.gain: Floats = np.array([self._gain(s) for s in signals])
        self.shift: Floats = np.array([self._shift(s) for s in signals])
        self.spread: Floats = np.array(
            [0.0 if s.form in ("counter", *_NOISELESS) else 0.2 * s.accuracy for s in signals]
        )
        self.add: Floats = np.array(
            [0.06 if s.unit == "degC" and s.form == "gauge" else 0.0 for s in signals]
        )
        digits = np.array([self._digits(s) for s in signals])
        self.scale: Floats = 10.0**digits
        self.factor: Floats = np.array([s.factor for s in signals])
        self.offset: Floats = np.array([s.offset for s in signals])
        self.rollover: Floats = np.array([s.rollover or 1e300 for s in signals])
        self.index: Floats = np.array([self._start_index(s) for s in signals])
        self.codes = self._state_codes()
        self.base: Floats | None = None
        self.lap: Floats | None = None
        self.events = [
            e
            for e in scenario.events
            if e.fault in ("stuck_sensor", "meter_reset", "gap", "device_death")
        ]
        for target, use in (use_until or {}).items():
            n = self.column[target]
            self.index[n] = self.rollover[n] - use * self.gain[n]
        self.held: dict[str, float] = {}
        self.reset_done: set[str] = set()
        self._noise: dict[int, Floats] = {}

    def _gain(self, signal: Signal) -> float:
        if signal.accuracy <= 0.0 or signal.form in _NOISELESS or signal.unit == "degC":
            return 1.0
        name = f"gain.{signal.element}.{signal.carrier or signal.id}"
        return 1.0 + 0.4 * signal.accuracy * float(self._chance.generator(name).uniform(-1.0, 1.0))

    def _shift(self, signal: Signal) -> float:
        if signal.unit != "degC" or signal.form != "gauge":
            return 0.0
        return 0.25 * float(self._chance.generator(f"shift.{signal.id}").uniform(-1.0, 1.0))

    def _digits(self, signal: Signal) -> int:
        if signal.form in ("counter", "interval"):
            own = _COUNTER_DIGITS.get(signal.unit, 3)
            small = (
                signal.max_step is not None
                and signal.max_step < 0.2
                and signal.carrier == "air_emission"
            )
            if signal.rollover is not None and signal.rollover >= 1e7 and own == 3:
                return 2
            return own + 3 if small else own
        digits = _GAUGE_DIGITS.get(signal.unit, 3)
        if signal.high is not None and 0.0 < signal.high <= 0.1:
            return digits + 3
        return digits + 2 if signal.id.endswith("air_pressure") else digits

    def _start_index(self, signal: Signal) -> float:
        if signal.form != "counter" or signal.means in ("hours",):
            return 0.0
        top = min(signal.rollover or 1e7, signal.high or 1e7)
        return float(
            round(
                float(self._chance.generator(f"index.{signal.id}").uniform(0.02, 0.55)) * top * 0.3
            )
        )

    def read(self, truth: Floats, first_step: int, first_us: int, step_us: int) -> Wire:
        """What the meters show.

        Args:
            truth: [steps, signals] true canonical values at the ends of the steps.
            first_step: Number of the first row's step.
            first_us: End of that step [us UTC].
            step_us: Length of a step [us].
        """
        steps = len(truth)
        if self.base is None:
            self.base = np.where(self.counter & (self.index != 0.0), truth[0], 0.0)
        shown = self.index + (truth - self.base) * self.gain
        noise = self._noise_of(first_step, steps)
        shown = np.where(
            self.counter, shown, shown * (1.0 + self.spread * noise) + self.shift + self.add * noise
        )
        stamps = first_us + step_us * np.arange(steps, dtype=np.int64)
        silent = np.zeros(truth.shape, bool)
        for event in self.events:
            self._fail(event, shown, silent, stamps)
        rolled = self._roll(shown)
        wire = (shown - self.offset) / self.factor
        scaled = wire * self.scale
        value = np.where(self.counter, np.floor(scaled + 1e-6), np.rint(scaled)) / self.scale
        for n, code in self.codes.items():
            value[:, n] = code[value[:, n].astype(np.int64)]
        return Wire(value, silent, rolled)

    def _state_codes(self) -> dict[int, Floats]:
        """Machines with codes of their own: column -> wire code by canonical state."""
        found: dict[int, Floats] = {}
        for n, signal in enumerate(self.signals):
            own = {name: float(code) for code, name in signal.states.items()}
            if signal.means == "state" and any(
                own.get(s, float(c)) != c for s, c in STATES.items()
            ):
                found[n] = np.array([own.get(name, float(c)) for name, c in STATES.items()])
        return found

    def _roll(self, shown: Floats) -> list[tuple[int, int]]:
        """Take the digits that a meter has; tell where a lap began."""
        laps = np.where(self.counter, np.floor(shown / self.rollover), 0.0)
        before = np.vstack([laps[:1] if self.lap is None else self.lap[None, :], laps[:-1]])
        steps, columns = np.nonzero(laps > before)
        self.lap = laps[-1].copy()
        np.subtract(shown, np.where(laps > 0, laps * self.rollover, 0.0), out=shown, where=laps > 0)
        return [(int(s), int(c)) for s, c in zip(steps, columns, strict=True)]

    def _fail(
        self,
        event: Event,
        shown: Floats,
        silent: Bools,
        stamps: np.ndarray[tuple[int], np.dtype[np.int64]],
    ) -> None:
        after = stamps >= event.start_us
        if not after.any():
            return
        holds = after if event.end_us is None else after & (stamps < event.end_us)
        if event.fault in ("gap", "device_death"):
            silent[
                np.ix_(holds, np.array([s.element == event.target for s in self.signals], bool))
            ] = True
            return
        n = self.column[event.target]
        if event.fault == "meter_reset":
            if event.target not in self.reset_done:
                first = int(np.argmax(after))
                assert self.base is not None
                self.index[n] -= shown[first, n]
                shown[first:, n] -= shown[first, n]
                self.reset_done.add(event.target)
        elif holds.any():
            key = f"{event.target}@{event.start_us}"
            if key not in self.held:
                self.held[key] = float(shown[int(np.argmax(holds)), n])
            shown[holds, n] = self.held[key]

    def _noise_of(self, first: int, steps: int) -> Floats:
        parts = []
        step = first
        while step < first + steps:
            number, row = divmod(step, BLOCK)
            block = self._noise.get(number)
            if block is None:
                rng = np.random.default_rng([self.seed, 104_729, number])
                block = rng.standard_normal((BLOCK, len(self.signals)))
                for old in [k for k in self._noise if k < number]:
                    del self._noise[old]
                self._noise[number] = block
            take = min(BLOCK - row, first + steps - step)
            parts.append(block[row : row + take])
            step += take
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
