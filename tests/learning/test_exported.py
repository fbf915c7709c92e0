"""Exported models: the same numbers as the models themselves, on rows not seen, without what trained them."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import FileFault
from ecotwin.learning import graphs
from ecotwin.learning.exported import Card, Exported
from ecotwin.records import Floats
from running import ENVIRONMENT

COLUMNS = ("flow", "power", "temperature", "speed")
CARD = Card("m", "reading", COLUMNS, ("m3/h", "kW", "degC", "1/min"), trained=("a", "b"), rows=400)
SCORE = Card("s", "score", COLUMNS, outputs=("score", "t2", "q"), limit=1.0)


def rows(seed: int, n: int = 400, *, gaps: bool = False) -> Floats:
    """Correlated signals far from zero and of very different size, as plants have them."""
    chance = np.random.default_rng(seed)
    hidden = chance.normal(size=(n, 2))
    made = hidden @ chance.normal(size=(2, 4)) + 0.2 * chance.normal(size=(n, 4))
    made = made * [1e-3, 1.0, 1e4, 50.0] + [5.0, -2.0, 1e6, 1500.0]
    if gaps:
        made[chance.random(made.shape) < 0.05] = np.nan
    return np.asarray(made)


def scale(values: Floats) -> tuple[Floats, Floats]:
    return np.nanmean(values, axis=0), np.nanstd(values, axis=0)


def target(values: Floats) -> Floats:
    z = (values - scale(values)[0]) / scale(values)[1]
    z = np.nan_to_num(z)
    return np.asarray(40.0 + 3.0 * z[:, 0] + z[:, 1] ** 2 - np.abs(z[:, 2] * z[:, 3]))


def test_a_weighted_sum_is_the_sum() -> None:
    seen = rows(1)
    weights = np.array([3.0, -0.5, 2e-5, 0.01])
    told = Exported(graphs.linear(weights, 7.0, CARD)).run(seen)["value"]
    np.testing.assert_allclose(told, seen @ weights + 7.0, rtol=1e-12)
    assert Exported(graphs.linear(weights, 7.0, CARD)).card == CARD


def test_principal_components_are_the_charts() -> None:
    seen, later = rows(2), rows(3)
    centre, spread = scale(seen)
    z = (seen - centre) / spread
    value, vector = np.linalg.eigh(np.cov(z.T))
    loadings, weights = vector[:, 2:], 1.0 / value[2:]
    limits = np.array([5.0, 0.3])
    told = Exported(graphs.principal(centre, spread, loadings, weights, limits, SCORE)).run(later)
    z = (later - centre) / spread
    t2 = ((z @ loadings) ** 2 * weights).sum(axis=1)
    q = ((z - z @ loadings @ loadings.T) ** 2).sum(axis=1)
    np.testing.assert_allclose(told["t2"], t2, rtol=1e-9)
    np.testing.assert_allclose(told["q"], q, rtol=1e-7)
    np.testing.assert_allclose(told["score"], np.maximum(t2 / 5.0, q / 0.3), rtol=1e-7)


def averages(z: Floats, rate: float) -> Floats:
    """The definition, row by row."""
    at, made = np.zeros(z.shape[1]), []
    for row in z:
        at = np.where(np.isnan(row), at, at + rate * (row - at))
        made.append(np.abs(at).max())
    return np.array(made)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 120), max_size=4), st.integers(0, 99))
def test_an_average_over_time_goes_on_through_any_cut_and_a_restart(
    cuts: list[int], seed: int
) -> None:
    seen = rows(seed, 120, gaps=True)
    centre, spread = scale(seen)
    card = Card("e", "score", COLUMNS, outputs=("score",), limit=1.0, states={"average": [0.0] * 4})
    content = graphs.averaged(centre, spread, 0.2, 3.0, card)
    model, told = Exported(content), []
    for first, end in zip([0, *sorted(cuts)], [*sorted(cuts), 120], strict=True):
        told.append(model.run(seen[first:end])["score"])
        again = Exported(content)
        again.restore(json.loads(json.dumps(model.state())))
        model = again
    expected = averages((seen - centre) / spread, 0.2) / (3.0 * np.sqrt(0.2 / 1.8))
    np.testing.assert_allclose(np.concatenate(told), expected, rtol=1e-12)


def test_a_network_is_the_network() -> None:
    from sklearn.neural_network import MLPRegressor

    seen, later = rows(3), rows(4)
    centre, spread = scale(seen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = MLPRegressor(hidden_layer_sizes=(8, 4), max_iter=60, random_state=0)
        net.fit((seen - centre) / spread, target(seen))
    layers = list(zip(net.coefs_, net.intercepts_, strict=True))
    told = Exported(graphs.network(centre, spread, layers, CARD)).run(later)["value"]
    np.testing.assert_allclose(told, net.predict((later - centre) / spread), rtol=1e-9)


def grown(kind: str) -> Any:
    if kind == "lightgbm":
        from lightgbm import LGBMRegressor

        return LGBMRegressor(n_estimators=60, n_jobs=1, verbose=-1, random_state=0)
    from sklearn import ensemble

    return getattr(ensemble, kind)(random_state=0)


TREES = (
    "lightgbm", "RandomForestRegressor", "ExtraTreesRegressor", "GradientBoostingRegressor",
    "HistGradientBoostingRegressor",
)  # fmt: skip


@pytest.mark.parametrize("kind", TREES)
@pytest.mark.parametrize("stepped", [False, True])
def test_trees_cut_at_the_same_places(kind: str, stepped: bool) -> None:
    """Also where many rows lie exactly on a cut: whole numbers, as counters and rounded meters give them."""
    gaps = kind in {"lightgbm", "HistGradientBoostingRegressor"}
    seen, later = rows(5, 600, gaps=gaps), rows(6, 3000, gaps=gaps)
    centre, spread = scale(seen)
    if stepped:
        seen, later = (np.round((v - centre) / spread * 8) * 0.1 for v in (seen, later))
        centre, spread = scale(seen)
    model = grown(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(graphs.single((seen - centre) / spread), target(seen))
        expected = model.predict(graphs.single((later - centre) / spread))
    told = Exported(graphs.trees(model, CARD, centre, spread)).run(later)["value"]
    np.testing.assert_allclose(told, expected, rtol=1e-5, atol=1e-5)


EDGE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"sklearn", "lightgbm", "scipy", "skl2onnx", "onnxmltools", "onnx", "numba"}:
            raise ModuleNotFoundError(f"{name} is not at the edge")
sys.meta_path.insert(0, Blocked())
import numpy as np
from pathlib import Path
from ecotwin.learning.exported import Exported
model = Exported(Path(sys.argv[1]).read_bytes())
np.save(sys.argv[3], model.run(np.load(sys.argv[2]))["value"])
heavy = {"sklearn", "lightgbm", "scipy", "onnx", "numba"} & set(sys.modules)
assert not heavy, heavy
print(model.card.model)
"""


def test_it_runs_where_nothing_can_be_trained(tmp_path: Path) -> None:
    seen, later = rows(7), rows(8)
    centre, spread = scale(seen)
    model = grown("lightgbm").fit(graphs.single((seen - centre) / spread), target(seen))
    card = Card("m", "reading", COLUMNS, model="m-17", rows=400)
    (tmp_path / "m.onnx").write_bytes(graphs.trees(model, card, centre, spread))
    np.save(tmp_path / "rows.npy", later)
    words = [sys.executable, "-W", "error", "-c", EDGE, "m.onnx", "rows.npy", "told.npy"]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "m-17"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = model.predict(graphs.single((later - centre) / spread))
    np.testing.assert_allclose(np.load(tmp_path / "told.npy"), expected, rtol=1e-5)


def test_bad_rows_and_bad_files_are_refused() -> None:
    content = graphs.linear(np.ones(4), 0.0, CARD)
    model = Exported(content)
    for bad in (np.zeros((3, 5)), np.zeros(4)):
        with pytest.raises(FileFault, match="rows of"):
            model.run(bad)
    assert len(model.run(np.zeros((0, 4)))["value"]) == 0
    told = model.run(np.array([[np.inf, 0, 0, 0], [np.nan, 0, 0, 0], [1, 1, 1, 1]]))["value"]
    assert np.isnan(told[:2]).all(), "what was not measured is not told"
    assert told[2] == 4.0
    for broken in (b"", b"no model", content[: len(content) // 2]):
        with pytest.raises(FileFault, match="ONNX"):
            Exported(broken)
    import onnx

    plain = onnx.load_from_string(content)
    plain.metadata_props.pop()
    with pytest.raises(FileFault, match="no card"):
        Exported(plain.SerializeToString())
    wrong = graphs.carded(plain, Card("m", "reading", COLUMNS, outputs=("nothing",)))
    with pytest.raises(FileFault, match="as its card says"):
        Exported(wrong)
    with pytest.raises(FileFault, match="a state of"):
        model.restore({"average": [1.0]})
