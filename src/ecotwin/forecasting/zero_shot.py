"""A forecaster trained on other series (Chronos and its kind), from weights that the user brings; nothing is fetched.

The weights stand where the setting `zero_shot` says. An ONNX file takes an input `context` [batch, length] and gives an
output `quantiles` [batch, horizon, levels] (or [batch, levels, horizon]); which levels, how long a context at most and
how many steps stand in its metadata (`quantile_levels`, `context_length`) or, without, in its shape. A folder is a
Chronos model, run by chronos-forecasting and torch if these are installed.

It learns nothing of the plant but the series it is shown; what is known ahead it does not use. Its band is its own and
promises nothing here until it was held against this plant's past.

Sources: Ansari and others, Chronos: Learning the Language of Time Series, Transactions on Machine Learning Research
    (2024): nine quantiles from 0.1 to 0.9 of a series by its past alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from ecotwin.errors import FigureGap, FileFault, SettingsFault
from ecotwin.forecasting.contract import LEVELS, Task
from ecotwin.learning.exported import session
from ecotwin.records import Explanation, Floats, Ints, Reason, Rows
from ecotwin.settings import read

USUAL_LEVELS = tuple(k / 10.0 for k in range(1, 10))
MOST_CONTEXT = 2048
_PARTS = 4
"""Into so many stretches the past is cut to say which of them the forecast rests on."""

Teller = Callable[[Floats, int], Floats]
"""(context [length], steps) -> [steps, levels] quantiles."""


class Weights:
    """A model that is there: which levels it tells, how long a past it takes, and its telling.

    Args:
        path: ONNX file, or folder of a Chronos model.

    Raises:
        FileFault: Nothing is there, or it is of another kind.
        SettingsFault: What runs it is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.levels: tuple[float, ...] = USUAL_LEVELS
        self.context = MOST_CONTEXT
        if path.is_dir():
            self.told_by, self.tell = f"Chronos model {path.name}", self._chronos(path)
        elif path.is_file():
            self.told_by, self.tell = f"ONNX model {path.name}", self._onnx(path)
        else:
            raise FileFault(
                f"there are no weights at {path}",
                expected="an ONNX file, or the folder of a Chronos model",
                remedy="put them there, or unset ECOTWIN_ZERO_SHOT to forecast without",
            )

    def _onnx(self, path: Path) -> Teller:
        run = session(path.read_bytes(), str(path))
        inputs = {i.name: i for i in run.get_inputs()}
        outputs = {o.name: o for o in run.get_outputs()}
        if "context" not in inputs or "quantiles" not in outputs or len(inputs) != 1:
            raise FileFault(
                f"{path} takes {', '.join(inputs)} and gives {', '.join(outputs)}",
                expected="one input `context` [batch, length] and an output `quantiles` [batch, horizon, levels]",
                remedy="export the forecaster with these names",
            )
        told = run.get_modelmeta().custom_metadata_map
        try:
            self.levels = tuple(map(float, json.loads(told.get("quantile_levels", "[]"))))
            self.context = int(told.get("context_length", MOST_CONTEXT))
        except ValueError as fault:
            raise FileFault(
                f"the metadata of {path} cannot be read ({fault})",
                expected="quantile_levels as a JSON list, context_length as a whole number",
                remedy="export the forecaster anew",
            ) from None
        self.levels = self.levels or USUAL_LEVELS
        rising = all(a < b for a, b in pairwise(self.levels))
        if not (rising and self.levels[0] > 0.0 and self.levels[-1] < 1.0 and 0.5 in self.levels):
            raise FileFault(
                f"{path} tells the levels {', '.join(map(str, self.levels))}",
                expected="rising levels between 0 and 1 with the median among them",
                remedy="export the forecaster with such levels",
            )
        fixed = inputs["context"].shape[-1]
        if isinstance(fixed, int) and fixed > 0:
            self.context = fixed
        kind = np.float64 if inputs["context"].type == "tensor(double)" else np.float32

        def tell(context: Floats, steps: int) -> Floats:
            given = context[-self.context :]
            if isinstance(fixed, int) and len(given) < fixed:
                given = np.concatenate([np.full(fixed - len(given), given[0]), given])
            found = run.run(["quantiles"], {"context": given[None].astype(kind)})[0][0]
            made = np.asarray(found, np.float64)
            count = len(self.levels)
            if made.ndim != 2 or count not in made.shape:
                raise FileFault(
                    f"{path} gave quantiles of shape {made.shape}",
                    expected=f"[horizon, {count}] or [{count}, horizon]",
                    remedy="export the forecaster anew, with quantile_levels in its metadata",
                )
            return (made if made.shape[1] == count else made.T)[:steps]

        return tell

    def _chronos(self, path: Path) -> Teller:
        try:
            import torch  # type: ignore[import-not-found, unused-ignore]
            from chronos import BaseChronosPipeline  # type: ignore[import-not-found, unused-ignore]
        except ImportError as fault:
            raise SettingsFault(
                f"{path} is the folder of a Chronos model, and {fault.name} is not installed",
                expected="the packages chronos-forecasting and torch",
                remedy="install them, or give an ONNX export of the model",
            ) from None
        try:
            pipeline = BaseChronosPipeline.from_pretrained(
                str(path), device_map="cpu", local_files_only=True
            )
        except (OSError, ValueError, KeyError) as fault:
            raise FileFault(
                f"{path} cannot be loaded as a Chronos model ({str(fault).splitlines()[0][:200]})",
                expected="config.json and the weights as they are published",
                remedy="copy the whole folder of the model",
            ) from None

        def tell(context: Floats, steps: int) -> Floats:
            given = [torch.tensor(context[-self.context :], dtype=torch.float32)]
            found, _ = pipeline.predict_quantiles(
                given, prediction_length=steps, quantile_levels=list(self.levels)
            )
            return np.asarray(found[0].numpy(), np.float64).reshape(-1, len(self.levels))[-steps:]

        return tell


class ZeroShot:
    """The forecaster.

    Args:
        weights: Where they are; None: as the setting says.
    """

    name = "zero_shot"
    least_rows = 16

    def __init__(self, weights: Path | None = None) -> None:
        self._path = weights
        self._weights: Weights | None = None
        self._task: Task | None = None

    def learn(self, past: Rows, task: Task) -> None:
        """Open the weights; nothing is learned of the plant.

        Raises:
            SettingsFault: No weights were named, or what runs them is not installed.
            FileFault: They cannot be read.
            FigureGap: The past is too short, or says nothing.
        """
        self._open()
        self._task = task
        self._context(past)

    def tell(self, past: Rows, ahead: Rows) -> Floats:
        """[horizon, levels] quantiles of the target."""
        context, centre, size = self._context(past)
        steps = self._steps(past, ahead)
        made = self._quantiles(context, int(steps[-1]) + 1)[steps] * size + centre
        low = self._asked().low
        return made if low is None else np.maximum(made, low)

    def why(self, past: Rows, ahead: Rows, step: int) -> Explanation:
        """On which stretches of the past the median rests: how it moves when one of them is made even."""
        context, centre, size = self._context(past)
        median, place = LEVELS.index(0.5), int(self._steps(past, ahead)[step])
        value = float(self._quantiles(context, place + 1)[place, median])
        edges = np.linspace(0, len(context), _PARTS + 1).astype(int)
        reasons = []
        for n, (first, end) in enumerate(pairwise(edges)):
            even = context.copy()
            even[first:end] = float(context.mean())
            weight = (value - float(self._quantiles(even, place + 1)[place, median])) * size
            back = len(context) - end
            text = (
                f"values {back + 1} to {len(context) - first} steps back move it by {weight:+.3g}"
            )
            if weight:
                reasons.append(Reason(f"past {n + 1} of {_PARTS}", weight, text))
        told = value * size + centre
        base = told - sum(r.weight for r in reasons)
        return Explanation(
            "forecast", self._asked().target, told, "", base,
            tuple(sorted(reasons, key=lambda r: -abs(r.weight))),
            against=(Reason("known ahead", 0.0, "calendar, orders and weather ahead are not used by this model"),),
            data=(f"the last {len(context)} values; the model was trained on other series",),
            model=self._open().told_by,
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """JSON-able state: where the weights are, and the task."""
        task = self._asked()
        return {
            "weights": str(self._open().path),
            "task": {
                "target": task.target, "known": list(task.known), "horizon": task.horizon, "step_s": task.step_s,
                "civil": task.civil, "low": task.low,
            },
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; the weights must still be there."""
        self._path, self._weights = Path(state["weights"]), None
        task = state["task"]
        self._task = Task(**{**task, "known": tuple(task["known"])})
        self._open()

    def _open(self) -> Weights:
        if self._weights is None:
            path = self._path if self._path is not None else read().zero_shot
            if path is None:
                raise SettingsFault(
                    "there are no weights for a zero-shot forecaster",
                    expected="ECOTWIN_ZERO_SHOT: an ONNX file, or the folder of a Chronos model",
                    remedy="name them there, or choose another forecaster",
                )
            self._weights = Weights(path)
        return self._weights

    def _asked(self) -> Task:
        if self._task is None:
            raise FigureGap(
                "the forecaster was asked before it learned",
                expected="learn or restore first",
                remedy="call learn",
            )
        return self._task

    def _context(self, past: Rows) -> tuple[Floats, float, float]:
        """The past on one scale without holes, its mean and its size."""
        most = self._open().context
        y, at = past.column(self._asked().target), past.at_s
        there = np.isfinite(y)
        if there.any():
            # Such a model takes its past as even steps: each value goes to the step it is nearest to.
            back = np.round((at[-1] - at) / self._asked().step_s).astype(np.int64)
            kept = there & (back >= 0) & (back < most)
            y = np.full(int(back[kept].max(initial=0)) + 1, np.nan)
            y[len(y) - 1 - back[kept]] = past.column(self._asked().target)[kept]
            there = np.isfinite(y)
        if there.sum() < self.least_rows:
            raise FigureGap(
                f"{int(there.sum())} values of {self._asked().target} before the origin",
                expected=f"{self.least_rows} at least",
                remedy="begin later, or give a longer past",
            )
        first = int(np.argmax(there))
        y, there = y[first:], there[first:]
        place = np.arange(len(y))
        # The newest value stands for what is missing after it, a straight line for holes.
        whole = np.interp(place, place[there], y[there])
        centre, size = float(whole.mean()), float(whole.std())
        if size <= 1e-12 * max(abs(centre), 1e-290):
            # It stood still: whatever a model makes of nothing is nothing here.
            return np.zeros(len(whole)), centre, 0.0
        return (whole - centre) / size, centre, size

    def _steps(self, past: Rows, ahead: Rows) -> Ints:
        """[rows ahead] how many even steps after the newest row each lies, 0 for the next."""
        after = np.round((ahead.at_s - past.at_s[-1]) / self._asked().step_s).astype(np.int64) - 1
        made: Ints = np.maximum.accumulate(np.maximum(after, 0))
        return made

    def _quantiles(self, context: Floats, steps: int) -> Floats:
        """[steps, LEVELS]; a model of a shorter horizon goes on from its own median, no wider than it says itself."""
        weights = self._open()
        made: list[Floats] = []
        while sum(map(len, made)) < steps:
            part = weights.tell(context, steps - sum(map(len, made)))
            if len(part) == 0 or not np.isfinite(part).all():
                raise FigureGap(
                    f"{weights.told_by} told nothing for {steps} steps",
                    expected="numbers for each step",
                    remedy="look whether the weights are whole",
                )
            made.append(np.sort(part, axis=1))
            context = np.concatenate([context, made[-1][:, weights.levels.index(0.5)]])
        return _at_levels(np.concatenate(made)[:steps], weights.levels)


def _at_levels(told: Floats, levels: tuple[float, ...]) -> Floats:
    """[steps, LEVELS] from a model's own levels: by their normal scores, beyond the outermost in a straight line."""
    score = np.array([NormalDist().inv_cdf(q) for q in levels])
    wanted = np.array([NormalDist().inv_cdf(q) for q in LEVELS])
    if len(levels) == 1:
        return np.repeat(told, len(LEVELS), axis=1)
    right = np.clip(np.searchsorted(score, wanted), 1, len(score) - 1)
    share = (wanted - score[right - 1]) / (score[right] - score[right - 1])
    made = told[:, right - 1] + share * (told[:, right] - told[:, right - 1])
    return np.asarray(np.maximum.accumulate(made, axis=1), np.float64)


plug = ZeroShot
