"""Forecasters in a contest: a new rhythm is learned on proven gain, bad rows and restarts change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest

from ecotwin.cycle.rivals import CALIBRATION_DAYS, LEADS, Rivals, _pinball
from ecotwin.forecasting.contract import Task
from ecotwin.records import Floats, Rows

STEPS = 96
TASK = Task("power", (), 144, 900.0, civil=True, low=0.0)
START = datetime(2026, 3, 2)  # noqa: DTZ001
MADE = {"columns": ["power"], "start": "a", "end": "b", "rows": 1, "content": "c", "seed": 1}


def load(days: int, seed: int, shape: Callable[[int, Floats], Floats]) -> Floats:
    """[days x 96] power [kW] of made days; what no calendar tells hangs together."""
    rng = np.random.default_rng(seed)
    hour = np.arange(STEPS) / 4.0
    kw = np.concatenate([shape(d, hour) for d in range(days)])
    noise = np.zeros(len(kw))
    for k in range(1, len(kw)):
        noise[k] = 0.9 * noise[k - 1] + rng.normal(0, 2.0)
    return np.asarray(np.maximum(kw + noise, 0.0), np.float64)


_AT = [START + timedelta(minutes=15 * k) for k in range(60 * STEPS)]
_WALL_S = np.array([(a - datetime(1970, 1, 1)).total_seconds() for a in _AT])  # noqa: DTZ001
_STAMPS = tuple(a.isoformat() for a in _AT)


def rows(values: Floats, first: int = 0) -> Rows:
    span = slice(first, first + len(values))
    return Rows(("power",), values[:, None], _WALL_S[span], _STAMPS[span], civil=True)


def day_shift(day: int, hour: Floats) -> Floats:
    """Work from six to two on weekdays."""
    work = (hour >= 6) & (hour < 14)
    return np.asarray(40.0 + (80.0 if day % 7 < 5 else 0.0) * work, np.float64)


class Lived:
    """A forecaster's life over made quarters of an hour."""

    def __init__(self, values: Floats, way: str = "linear", others: tuple[str, ...] = ()) -> None:
        self.values, self.rivals = values, Rivals(way, TASK, others)

    def live(
        self, start: int, end: int, *, spans: list[tuple[float, float]] | None = None,
        blank: Floats | None = None, every: int = 4,
    ) -> None:  # fmt: skip
        """Days `start` to `end`: learn what is due at midnight, tell and judge every so many steps."""
        values = self.values.copy()
        if blank is not None:
            values[blank.astype(bool)] = np.nan
        for step in range(start * STEPS, end * STEPS, every):
            past = rows(values[:step])
            if step % STEPS == 0:
                self.rivals.learn(past, MADE, spans or [])
            self.rivals.judge(past, spans or [])
            self.rivals.tell(past, rows(np.full(TASK.horizon, np.nan), step))

    def said(self) -> list[str]:
        return [t.what for t in self.rivals.turns]


def night_shift(day: int, hour: Floats) -> Floats:
    """From day 22 on the works run at night and with another level."""
    if day < 22:
        return day_shift(day, hour)
    work = (hour >= 18) | (hour < 2)
    return np.asarray(70.0 + (120.0 if day % 7 < 5 else 0.0) * work, np.float64)


@pytest.mark.parametrize("seed", [6101, 6102])
def test_when_the_rhythm_changes_the_one_that_learned_it_takes_over(seed: int) -> None:
    lived = Lived(load(48, seed, night_shift))
    lived.live(16, 24, every=STEPS)
    for day in range(24, 46):
        # The watch hears of it as a life's own tellings would tell it (`foretelling`).
        if day == 26:
            lived.rivals.usual(np.random.default_rng(seed).normal(0.0, 3.0, 48))
            for k in range(40):
                lived.rivals.hear(k * 12 * 900.0, 60.0 + k % 7)
        lived.live(day, day + 1)
        if "promoted" in lived.said():
            break
    said = lived.said()
    assert said[0] == "calibrated"
    assert said[-3:] == ["out", "challenged", "promoted"]
    out, made = lived.rivals.turns[-3:-1]
    assert "learned before the drift" in out.why
    assert made.why.startswith("drift: ")
    turn = next(t for t in lived.rivals.turns if t.what == "promoted")
    assert turn.scores["loss of the challenger"] < 0.99 * turn.scores["loss of the one in use"]
    assert "challenger is better" in turn.why
    assert lived.rivals.made["champion"]["until_s"] > rows(lived.values[: 22 * STEPS]).at_s[-1]


def test_who_takes_over_is_better_on_days_that_nobody_had_seen() -> None:
    """Three weeks of the past teach more than two: that gain, once proven, holds in the week after."""
    taken = 0
    for seed in (6201, 6202):
        lived = Lived(load(40, seed, day_shift))
        lived.live(20, 26, every=STEPS)
        for day in range(26, 32):
            before = lived.rivals.champion
            lived.live(day, day + 1)
            if before is lived.rivals.champion or before is None:
                continue
            assert lived.rivals.champion is not None
            taken += 1
            losses = np.zeros(2)
            for step in range((day + 1) * STEPS, (day + 8) * STEPS, 16):
                past, ahead = rows(lived.values[:step]), rows(np.full(TASK.horizon, np.nan), step)
                for k, model in enumerate((before, lived.rivals.champion)):
                    told = model.tell(past, ahead)
                    losses[k] += sum(
                        _pinball(told[n - 1].tolist(), lived.values[step + n - 1]) for n in LEADS
                    )
            assert losses[1] < losses[0]
    assert taken


def test_until_two_weeks_are_known_it_is_learned_anew_each_day() -> None:
    lived = Lived(load(18, 6301, day_shift))
    lived.live(8, 18, every=STEPS)
    days = round(CALIBRATION_DAYS)
    # The newest row of a past of fourteen days lies a quarter of an hour short of them.
    assert lived.said().count("calibrated") == days - 8 + 1
    assert "until 14 days are known" in lived.rivals.turns[0].why


def test_a_challenger_that_learned_from_what_was_found_bad_since_is_out() -> None:
    lived = Lived(load(34, 6401, day_shift))
    lived.live(16, 25, every=STEPS)
    assert lived.said()[-1] == "challenged"
    wall = rows(lived.values).at_s
    lie = (float(wall[20 * STEPS]), float(wall[21 * STEPS]))
    bad = np.zeros(len(lived.values))
    bad[20 * STEPS : 21 * STEPS] = 1.0
    lived.live(25, 27, every=STEPS, spans=[lie], blank=bad)
    out = next(t for t in lived.rivals.turns if t.what == "out")
    assert "24.0 hours that it learned from were found bad since" in out.why
    # A champion that learned before that time stays without a word.
    assert lived.said().count("out") == 1


def test_tellings_whose_truth_is_bad_count_for_neither() -> None:
    lived = Lived(load(34, 6501, day_shift))
    lived.live(16, 24)
    duel = lived.rivals.duel
    assert duel is not None
    counted = duel.counted
    bad = np.zeros(len(lived.values))
    bad[24 * STEPS : 27 * STEPS] = 1.0
    lived.values[24 * STEPS : 27 * STEPS] *= 1.7
    lived.live(24, 27, blank=bad)
    assert lived.rivals.duel is duel
    assert duel.left_out >= 2 * 24
    assert duel.counted <= counted + 24


def test_saved_and_restored_it_goes_on_as_if_nothing_had_been() -> None:
    values = load(40, 6601, night_shift)
    whole, parted = Lived(values), Lived(values)
    for lived in (whole, parted):
        lived.live(20, 22, every=STEPS)
        lived.live(22, 24)
        if lived is parted:
            kept = json.loads(json.dumps(lived.rivals.state()))
            turns = lived.rivals.turns
            lived.rivals = Rivals("linear", TASK)
            lived.rivals.restore(kept)
            lived.rivals.turns = turns
        lived.live(24, 26)
    assert [(t.what, t.why) for t in whole.rivals.turns] == [
        (t.what, t.why) for t in parted.rivals.turns
    ]
    past, ahead = rows(values[: 26 * STEPS]), rows(np.full(TASK.horizon, np.nan), 26 * STEPS)
    np.testing.assert_allclose(whole.rivals.tell(past, ahead), parted.rivals.tell(past, ahead))
    assert whole.rivals.told() == parted.rivals.told()
    assert "the next look is at" in whole.rivals.told() or "no challenger" in whole.rivals.told()


def test_another_way_challenges_in_turn() -> None:
    lived = Lived(load(40, 6701, day_shift), way="seasonal", others=("linear",))
    lived.live(20, 28, every=STEPS)
    lived.rivals.challenger = lived.rivals.duel = None  # as when a contest ended without a winner
    lived.live(28, 36, every=STEPS)
    ways = [t.made["model"] for t in lived.rivals.turns if t.what == "challenged"]
    assert ways == ["seasonal", "linear"]
