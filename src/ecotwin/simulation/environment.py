"""Any plant file as an environment of reinforcement learning, by the interface of the gymnasium library.

An action wants a value for every writable set-point, -1 for its lowest and 1 for its highest; the plant moves there no
faster than its rule allows. The reward is what the declared goals say, bounds that are passed are a cost in
`info["cost"]`, apart from the reward. An episode ends by truncation at the end of the span. The same seed and the same
actions give the same episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats
from ecotwin.simulation.contract import Case, Unit
from ecotwin.simulation.goals import Goals
from ecotwin.simulation.steering import Steering, Turn

Row = NDArray[np.float32]
"""An observation or an action."""


def _spaces(steering: Steering) -> tuple[gymnasium.Space[Row], gymnasium.Space[Row]]:
    size = len(steering.signals)
    low, high = steering.low.astype(np.float32), steering.high.astype(np.float32)
    seen: gymnasium.Space[Any] = gymnasium.spaces.Box(low, high, dtype=np.float32)
    wanted: gymnasium.Space[Any] = gymnasium.spaces.Box(-1.0, 1.0, (size,), np.float32)
    return seen, wanted


def _wanted(steering: Steering, actions: NDArray[Any], runs: int) -> Floats:
    """Targets of actions [runs, signals], each in its signal's unit."""
    given = np.asarray(actions, np.float64)
    if given.shape != (runs, len(steering.signals)):
        raise ScenarioFault(
            f"an action of shape {given.shape}",
            expected=f"{(runs, len(steering.signals))}: one number for every set-point",
            remedy=f"set-points are {', '.join(s.id for s in steering.signals)}",
        )
    low = np.array([w.low for w in steering.rules])
    high = np.array([w.high for w in steering.rules])
    # float32 of +-1 must hit the bounds exactly
    near = np.where(np.abs(np.abs(given) - 1.0) < 1e-6, np.sign(given), given)
    return np.where(near == 1.0, high, low + (near + 1.0) / 2.0 * (high - low))


def _scaled(steering: Steering) -> Row:
    """The action that keeps every set-point where it is [runs, signals]."""
    low = np.array([w.low for w in steering.rules])
    high = np.array([w.high for w in steering.rules])
    return np.asarray((steering.held - low) / (high - low) * 2.0 - 1.0, np.float32)


def _seen(steering: Steering) -> Row:
    seen = steering.observed().astype(np.float32)
    # rounding to float32 may not pass a bound
    low, high = steering.low.astype(np.float32), steering.high.astype(np.float32)
    return np.asarray(np.clip(seen, low, high), np.float32)


def _row(steering: Steering) -> Row:
    return np.asarray(_seen(steering)[0], np.float32)


class PlantEnv(gymnasium.Env[Row, Row]):
    """One run of a plant, steered from outside.

    Args:
        case: What to run; its seed and number of runs are the environment's own. goals: What is rewarded.
        every: Steps of the simulation an action. units: As for `Engine`. outside: Targets outside their bounds: `clip`
            (told in `info["clipped"]`) or `refuse` (a `ScenarioFault`). An action that is no number is always refused.

    Attributes:
        signals: Set-points in the order of the action. names: Of what is observed, in order. unchecked: Interlocks of
            the plant file that a simulation cannot judge.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        case: Case,
        goals: Goals,
        *,
        every: int = 15,
        units: Sequence[Unit] | None = None,
        outside: str = "clip",
    ) -> None:
        self.steering = Steering(replace(case, runs=1), goals, every, units, outside)
        self.observation_space, self.action_space = _spaces(self.steering)
        self.signals = tuple(s.id for s in self.steering.signals)
        self.names, self.unchecked = self.steering.names, self.steering.unchecked

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Row, dict[str, Any]]:
        """Begin an episode; `seed` is the seed of its run, without one it is drawn.

        Args:
            seed: As for `Case.seed`. options: `case` and `goals` take the place of those at hand: another day, another
                weather; the plant, its length and what is observed stay the same.
        """
        super().reset(seed=seed)
        steering = self.steering
        if options and {"case", "goals"} & set(options):
            case = replace(options.get("case", steering.case), runs=1)
            other = Steering(
                case, options.get("goals", steering.goals), steering.every, steering._units,
                steering.outside,
            )  # fmt: skip
            if other.names != steering.names or case.steps != steering.case.steps:
                raise ScenarioFault(
                    "the case of `options` is seen otherwise, or is of another length",
                    expected="the same plant, goals of the same quantities, and as many steps",
                    remedy="make another environment for it",
                )
            self.steering = steering = other
        steering.begin(int(self.np_random.integers(2**31)) if seed is None else seed)
        return _row(steering), self._told()

    def step(self, action: Row) -> tuple[Row, float, bool, bool, dict[str, Any]]:
        """Go on by one action; what came of it, by the interface of gymnasium.

        Raises:
            ScenarioFault: The action is no number, or outside its bounds and those are refused; a unit cannot go on.
        """
        turn = self.steering.act(_wanted(self.steering, np.asarray(action)[None, :], 1))
        told = self._told() | {
            "cost": float(turn.cost[0]),
            "costs": {name: float(v[0]) for name, v in turn.costs.items()},
            "amounts": _amounts(self.steering, turn),
            "blocked": sorted(turn.blocked),
            "clipped": sorted(turn.clipped),
        }
        return _row(self.steering), float(turn.reward[0]), False, self.steering.done, told

    def hold(self) -> Row:
        """The action that keeps every set-point where it is."""
        return np.asarray(_scaled(self.steering)[0], np.float32)

    def _told(self) -> dict[str, Any]:
        steering = self.steering
        return {
            "hours": steering.at * steering.case.step_s / 3600.0,
            "set": dict(zip(self.signals, steering.held[0].tolist(), strict=True)),
            "unread": list(steering.unread),
        }


class PlantVectorEnv(VectorEnv[Row, Row, Any]):
    """Many runs of a plant at once, one a sub-environment; they share weather and calendar and differ by chance.

    All end together; the step after the end begins a new episode, its action is not used (`AutoresetMode.NEXT_STEP`).

    Args:
        num_envs: Number of runs. case, goals, every, units, outside: As for `PlantEnv`.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int,
        case: Case,
        goals: Goals,
        *,
        every: int = 15,
        units: Sequence[Unit] | None = None,
        outside: str = "clip",
    ) -> None:
        self.steering = Steering(replace(case, runs=num_envs), goals, every, units, outside)
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = _spaces(self.steering)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.signals = tuple(s.id for s in self.steering.signals)
        self.names, self.unchecked = self.steering.names, self.steering.unchecked

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Row, dict[str, Any]]:
        """Begin an episode of all runs; one seed for all, their runs differ as the runs of a case do."""
        if isinstance(seed, list) or options:
            raise ScenarioFault(
                "a list of seeds"
                if isinstance(seed, list)
                else f"the options {sorted(options or {})}",
                expected="one seed, as the runs of a case differ by their number; no options",
                remedy="hand in one seed; make another environment for another case",
            )
        super().reset(seed=seed)
        self.steering.begin(int(self.np_random.integers(2**31)) if seed is None else seed)
        return _seen(self.steering), {}

    def step(
        self, actions: Row
    ) -> tuple[Row, Floats, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Go on by one action a run, shape [runs, set-points]."""
        runs, never = self.num_envs, np.zeros(self.num_envs, np.bool_)
        if self.steering.done:
            seen, told = self.reset()
            return seen, np.zeros(runs), never, never.copy(), told
        turn = self.steering.act(_wanted(self.steering, actions, runs))
        every = np.ones(runs, np.bool_)
        told = {"cost": turn.cost, "_cost": every}
        told |= {f"cost.{name}": value for name, value in turn.costs.items()}
        told |= {f"_cost.{name}": every for name in turn.costs}
        ended = np.full(runs, self.steering.done)
        return _seen(self.steering), turn.reward, never, ended, told

    def hold(self) -> Row:
        """The actions that keep every set-point where it is [runs, set-points]."""
        return _scaled(self.steering)


def _amounts(steering: Steering, turn: Turn) -> dict[str, float]:
    return dict(zip(steering.watched, turn.amounts[0].tolist(), strict=True))
