"""What one row costs each kind of model: joules, rows a second, memory; native beside ONNX Runtime in the same run.

Rows are made from a seed: correlated signals, as many as a small line has. A row of a plant expectation is one minute
of all machines of the plant. Joules are CPU seconds x the watts of a busy core, as the settings tell them.
"""

from __future__ import annotations

import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ecotwin.learning import graphs
from ecotwin.learning.exported import Card, Exported
from ecotwin.learning.joules import PowerModel, measure
from ecotwin.records import Floats, Rows
from ecotwin.settings import read

SIGNALS = 16
TRAIN, BLOCK = 2000, 1024
_ONE = 1
SEED = 7

Call = Callable[[Floats], object]


def edge(seconds: float = 10.0) -> dict[str, Any]:
    """Measure every kind.

    Args:
        seconds: CPU time over all measurements, roughly [s].
    """
    settings = read()
    watts = PowerModel(settings.own_idle_w, settings.own_core_w)
    rows = _rows(SEED, TRAIN + BLOCK)
    train, later = rows.part(0, TRAIN), rows.part(TRAIN, TRAIN + BLOCK)
    makers = (
        _judge, _chart, _sum, _trees, _network, _expectation, _forecast, _life_trees, _soft_sensor,
    )  # fmt: skip
    made: list[dict[str, Any]] = []
    for maker in makers:
        for form, call, block, size in maker(train, later):
            told = _measured(call, block, watts, seconds / 40.0)
            made.append({"model": maker.__name__[1:], "run_by": form, "file_kb": size, **told})
    return {
        "signals": SIGNALS,
        "trained_on_rows": TRAIN,
        "core_w": watts.core_w,
        "power_model": watts.source,
        "models": made,
        "most_apart": _apart(train, later),
    }


def _measured(call: Call, block: Floats, watts: PowerModel, least_s: float) -> dict[str, Any]:
    """Of rows in blocks and of rows one by one, and the memory that a call takes at most."""
    many = measure(lambda: call(block), len(block), watts, least_s=least_s)
    one = measure(lambda: call(block[:_ONE]), _ONE, watts, least_s=least_s)
    tracemalloc.start()
    call(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "rows_per_s": round(many.rows_per_s),
        "microjoules_a_row": float(f"{1e6 * many.joules_a_row:.3g}"),
        "microjoules_a_row_one_by_one": float(f"{1e6 * one.joules_a_row:.3g}"),
        "working_memory_kb": round(peak / 1024),
    }


_Form = tuple[str, Call, Floats, float]


def _rows(seed: int, count: int) -> Rows:
    chance = np.random.default_rng(seed)
    hidden = chance.normal(size=(count, 4))
    values = hidden @ chance.normal(size=(4, SIGNALS)) + 0.3 * chance.normal(size=(count, SIGNALS))
    at = np.arange(count, dtype=np.float64)
    names = tuple(f"s{n}" for n in range(SIGNALS))
    return Rows(names, values * 10.0 + 50.0, at, tuple(map(str, range(count))), False)


def _judge(train: Rows, later: Rows) -> list[_Form]:
    """The usual judge of `ecotwin detect`."""
    from ecotwin.detection.scoring.combined import Combined
    from ecotwin.learning.judging import EdgeJudge, exported_judge

    judge = Combined()
    judge.learn(train)
    content = exported_judge(judge.state(), Card("judge", "judge", train.columns))
    at_the_edge = EdgeJudge(Exported(content))
    at = later.at_s

    def stepped(made: Any) -> Call:
        return lambda block: made.judge(block, at[: len(block)])

    size = len(content) / 1024
    return [
        ("ecotwin", stepped(judge), later.values, round(size, 1)),
        ("ONNX Runtime", stepped(at_the_edge), later.values, round(size, 1)),
    ]


def _chart(train: Rows, later: Rows) -> list[_Form]:
    """Principal components: T2 and Q."""
    centre, spread = train.values.mean(axis=0), train.values.std(axis=0)
    z = (train.values - centre) / spread
    value, vector = np.linalg.eigh(z.T @ z / len(z))
    loads, weights = vector[:, -4:], 1.0 / value[-4:]
    card = Card("chart", "score", train.columns, outputs=("score", "t2", "q"), limit=1.0)
    content = graphs.principal(centre, spread, loads, weights, np.array([10.0, 1.0]), card)

    def native(block: Floats) -> Floats:
        scaled = (block - centre) / spread
        t = scaled @ loads
        left = scaled - t @ loads.T
        inside = (t * t * weights).sum(axis=1) / 10.0
        return np.asarray(np.maximum(inside, (left * left).sum(axis=1)), np.float64)

    return _pair(native, content, later)


def _sum(train: Rows, later: Rows) -> list[_Form]:
    """A weighted sum of the other signals."""
    return _told("sum", train, later)


def _trees(train: Rows, later: Rows) -> list[_Form]:
    """Boosted trees: 200 of 15 leaves."""
    return _told("trees", train, later)


def _told(form: str, train: Rows, later: Rows) -> list[_Form]:
    from ecotwin.learning.telling import fitted

    columns = train.columns[1:]
    made = fitted(form, columns, train.of(columns).values, train.column(train.columns[0]))
    content = made.export(Card("told", "reading", columns))
    return _pair(made.tell, content, later.of(columns))


def _network(train: Rows, later: Rows) -> list[_Form]:
    """A small network of two layers."""
    from sklearn.neural_network import MLPRegressor

    centre, spread = train.values.mean(axis=0), train.values.std(axis=0)
    z = (train.values - centre) / spread
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = MLPRegressor(hidden_layer_sizes=(32,), max_iter=20, random_state=0)
        net.fit(z, np.sin(z[:, 0]) + z[:, 1])
    layers = list(zip(net.coefs_, net.intercepts_, strict=True))
    content = graphs.network(centre, spread, layers, Card("net", "reading", train.columns))
    return _pair(lambda block: net.predict((block - centre) / spread), content, later)


def _expectation(train: Rows, later: Rows) -> list[_Form]:
    """Expected power of all machines of the electronics works, a minute."""
    del train, later
    from datetime import UTC, datetime, timedelta

    from ecotwin.accounting.baseline import Baselines
    from ecotwin.clock import Period
    from ecotwin.plant import load
    from ecotwin.records import Window
    from ecotwin.service.demo import demo_plant

    plant = load(demo_plant())
    baselines = Baselines(plant)
    start = datetime(2026, 6, 3, 6, tzinfo=UTC)
    wide = len(plant.signals)
    values = np.random.default_rng(SEED).uniform(4.0, 6.0, (BLOCK, wide))

    def call(block: Floats) -> object:
        made = Window(
            Period(start, start + timedelta(minutes=len(block))), 60, tuple(range(wide)), block, block, block,
            block, block, np.ones(block.shape), np.zeros(block.shape), np.ones(block.shape, np.int64),
        )  # fmt: skip
        return baselines.expected(made)

    return [("ecotwin", call, values, 0.0)]


def _forecast(train: Rows, later: Rows) -> list[_Form]:
    """The usual forecaster, 24 steps of a day ahead in one call; a row is a step."""
    del train, later
    from ecotwin.forecasting.backtest import DEFAULT
    from ecotwin.forecasting.contract import Forecaster, Task
    from ecotwin.plugs import load

    chance = np.random.default_rng(SEED)
    hours: Floats = np.arange(9 * 168, dtype=np.float64)
    work = (hours % 24 >= 6) & (hours % 24 < 22) & (hours // 24 % 7 < 5)
    power = 20.0 + 80.0 * work + 3.0 * chance.normal(size=len(hours))
    stamps = tuple(map(str, hours))
    rows = Rows(("load",), power[:, None], 1767571200.0 + 3600.0 * hours, stamps, civil=True)
    past, ahead = rows.part(0, 8 * 168), rows.part(8 * 168, 8 * 168 + 24)
    task = Task("load", (), 24, 3600.0, civil=True)
    forecaster: Forecaster = load("forecasting", DEFAULT)()
    forecaster.learn(past, task)
    unknown = Rows(ahead.columns, np.full((24, 1), np.nan), ahead.at_s, ahead.stamps, civil=True)
    return [("ecotwin", lambda _: forecaster.tell(past, unknown), ahead.values, 0.0)]


def _life_trees(train: Rows, later: Rows) -> list[_Form]:
    """The boosted trees of lives left: a row is a unit."""
    from ecotwin.maintenance.regressors import grow

    made = grow(train.values[:, 1:], train.values[:, 0], SEED)
    columns = train.columns[1:]
    content = graphs.trees(made.booster, Card("life", "reading", columns))
    return _pair(made.tell, content, later.of(columns))


def _soft_sensor(train: Rows, later: Rows) -> list[_Form]:
    """A value told from others, with its interval and refusals."""
    from ecotwin.sensing.soft import SoftSensor

    few = train.part(0, 600)
    sensor = SoftSensor(train.columns[1:], block=1, every=24)
    sensor.learn(few.values[:, 1:], few.values[:, 0])
    return [("ecotwin", sensor.tell, later.values[:, 1:], 0.0)]


def _pair(native: Call, content: bytes, later: Rows) -> list[_Form]:
    size = round(len(content) / 1024, 1)
    model = Exported(content)
    return [
        ("ecotwin", native, later.values, size),
        ("ONNX Runtime", model.run, later.values, size),
    ]


def _apart(train: Rows, later: Rows) -> dict[str, float]:
    """Largest difference of native and ONNX Runtime on rows not learned from, by the answers' own spread."""
    found = {}
    for maker in (_judge, _chart, _sum, _trees, _network, _life_trees):
        (_, native, block, _), (_, runtime, _, _) = maker(train, later)
        one, two = _first(native(block)), _first(runtime(block))
        good = np.isfinite(one) & np.isfinite(two)
        gap = np.abs(one - two)[good] / float(np.std(one[good]))
        found[maker.__name__[1:]] = float(f"{gap.max():.2g}")
    return found


def _first(told: Any) -> Floats:
    if isinstance(told, tuple):
        told = told[0]
    if isinstance(told, dict):
        told = next(iter(told.values()))
    return np.asarray(told, np.float64).reshape(-1)
