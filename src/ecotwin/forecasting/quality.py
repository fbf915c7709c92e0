"""How likely a part of given process values is of each class of quality: scrap foreseen before it is inspected.

Two ways are averaged that err differently, trees and a linear one, and their confidence is set on the newest part of
what they learn from, so that of the parts that are called scrap with 70 % seven in ten are. What the scrap weighs in
kg and kgCO2e is booked by the caller.
"""

from __future__ import annotations

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.forecasting.member import needs
from ecotwin.records import Bools, Explanation, Floats, Ints, Reason

LEAST = 20
"""Parts of a class without which it cannot be learned."""
_NEWEST = 0.25
_OUTSIDE = 0.1
"""Values further outside what was seen than this share of its range were never seen."""


class Quality:
    """Probabilities of classes from process values.

    Args:
        names: Of the process values, in the order of the columns.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.classes: Ints = np.zeros(0, np.int64)

    def learn(self, values: Floats, classes: Ints) -> None:
        """Learn from parts in the order in which they were made.

        Args:
            values: [parts, names] NaN where nothing was measured. classes: [parts].

        Raises:
            FigureGap: Fewer than two classes, or one with too few parts, or no value that varies.
        """
        self.classes, code, count = np.unique(classes, return_inverse=True, return_counts=True)
        if len(self.classes) < 2 or count.min() < LEAST:
            raise FigureGap(
                f"{len(self.classes)} classes of quality, the rarest with {count.min()} parts",
                expected=f"two or more with at least {LEAST} parts each",
                remedy="learn from a longer stretch, or join rare classes",
            )
        # What one place holds the newest parts of each class: the confidence is set on them.
        late = np.zeros(len(code), bool)
        for one in range(len(self.classes)):
            mine = np.flatnonzero(code == one)
            late[mine[int(len(mine) * (1 - _NEWEST)) :]] = True
        self._measure(values)
        self._fit(values[~late], code[~late])
        self._cooled = 1.0
        self._cooled = self._coolest(self._raw(values[late]), code[late])
        self._fit(values, code)

    def _measure(self, values: Floats) -> None:
        good = np.isfinite(values)
        if (
            not good.any()
            or not (
                np.nanmax(values[:, good.any(0)], 0) > np.nanmin(values[:, good.any(0)], 0)
            ).any()
        ):
            raise FigureGap(
                "no process value varies", expected="values that differ from part to part"
            )
        filled = np.where(good.any(axis=0), np.where(good, values, 0.0), 0.0)
        count = np.maximum(good.sum(axis=0), 1)
        self._mean = filled.sum(axis=0) / count
        self._wide = np.sqrt((np.where(good, values - self._mean, 0.0) ** 2).sum(axis=0) / count)
        self._wide[self._wide == 0] = 1.0
        self._low = np.where(good, values, np.inf).min(axis=0)
        self._high = np.where(good, values, -np.inf).max(axis=0)

    def _fit(self, values: Floats, code: Ints) -> None:
        light, linear = needs("lightgbm"), needs("sklearn.linear_model")
        settings = {
            "objective": "multiclass", "num_class": len(self.classes), "learning_rate": 0.05,
            "num_leaves": 15, "min_data_in_leaf": 10, "bagging_fraction": 0.8, "bagging_freq": 1,
            "lambda_l2": 1.0, "seed": 1, "num_threads": 1, "deterministic": True,
            "force_row_wise": True, "verbosity": -1,
        }  # fmt: skip
        z = self._scaled(values)
        self._trees = light.train(settings, light.Dataset(z, code), 120)
        self._linear = linear.LogisticRegression(C=1.0, max_iter=2000)
        self._linear.fit(np.nan_to_num(z), code)

    def _scaled(self, values: Floats) -> Floats:
        return np.asarray(np.round((values - self._mean) / self._wide, 9), np.float64)

    def _raw(self, values: Floats) -> Floats:
        """[n, classes] mean log probability of both ways."""
        z = self._scaled(values)
        by_trees = np.asarray(self._trees.predict(z, num_threads=1))
        by_line = np.asarray(self._linear.predict_proba(np.nan_to_num(z)))
        return np.asarray(np.log(np.clip((by_trees + by_line) / 2, 1e-9, 1.0)), np.float64)

    @staticmethod
    def _coolest(logs: Floats, code: Ints) -> float:
        """The confidence at which the newest parts were least surprising."""
        tried = np.geomspace(0.4, 2.5, 31)
        surprise = [-np.log(_softmax(logs * t)[np.arange(len(code)), code]).mean() for t in tried]
        return float(tried[int(np.argmin(surprise))])

    def tell(self, values: Floats) -> Floats:
        """[parts, classes] probabilities, one in sum.

        Raises:
            FigureGap: Nothing was learned.
        """
        if not len(self.classes):
            raise FigureGap("nothing was learned yet", expected="learn() before tell()")
        return _softmax(self._raw(values) * self._cooled)

    def seen(self, values: Floats) -> Bools:
        """[parts] whether every value lies where values lay while learning; elsewhere a probability is a guess."""
        slack = _OUTSIDE * (self._high - self._low)
        inside = (values >= self._low - slack) & (values <= self._high + slack)
        return np.asarray((inside | ~np.isfinite(values)).all(axis=1), np.bool_)

    def why(self, values: Floats, scrap: int) -> Explanation:
        """Why a part [names] may be of a class: what the probability loses as each value is put back to usual."""
        place = int(np.flatnonzero(self.classes == scrap)[0])
        told = float(self.tell(values[None])[0, place])
        usual = np.tile(values, (len(values), 1))
        np.fill_diagonal(usual, self._mean)
        without = self.tell(usual)[:, place]
        reasons = [
            Reason(
                name, told - float(p),
                f"{name} is {v:.4g} where {m:.4g} is usual: without that {100 * p:.0f} % instead of {100 * told:.0f} %",
                float(v), float(m),
            )
            for name, p, v, m in zip(self.names, without, values, self._mean, strict=True)
            if np.isfinite(v)
        ]  # fmt: skip
        reasons.sort(key=lambda r: -abs(r.weight))
        return Explanation(
            "forecast", f"class {scrap}", told, "", told - sum(r.weight for r in reasons),
            tuple(r for r in reasons if r.weight > 0), tuple(r for r in reasons if r.weight <= 0),
            change=tuple(f"bring {r.name} back to {r.usual:.4g}" for r in reasons[:2] if r.weight > 0.05),
            sure=told,
            data=() if self.seen(values[None])[0] else ("values beyond what was seen while learning: a guess",),
            model="quality",
        )  # fmt: skip


def _softmax(logs: Floats) -> Floats:
    shifted = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float64)
