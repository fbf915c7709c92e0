"""The zero-shot plug with weights that the test makes: it runs them, checks them, and refuses what it cannot run."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecotwin.errors import FigureGap, FileFault, SettingsFault
from ecotwin.forecasting.contract import LEVELS, Task
from ecotwin.forecasting.zero_shot import USUAL_LEVELS, ZeroShot
from ecotwin.records import Floats, Rows
from tiny_forecaster import SCORES, weights

TASK = Task("load", (), 8, 3600.0, civil=False)


def past(values: Floats, begin: int = 0) -> Rows:
    at: Floats = np.asarray((begin + np.arange(len(values))) * 3600.0, np.float64)
    return Rows(("load",), np.asarray(values)[:, None], at, tuple(map(str, at)), False)


def ahead(steps: int = 8, begin: int = 80) -> Rows:
    return past(np.full(steps, np.nan), begin)


WAVE = np.tile([1.0, 3.0, 2.0, 5.0], 20)


def learned(file: Path, series: Floats = WAVE, task: Task = TASK) -> ZeroShot:
    made = ZeroShot(file)
    made.learn(past(series), task)
    return made


@pytest.mark.parametrize("turned", [False, True])
def test_it_tells_what_the_weights_tell(tmp_path: Path, turned: bool) -> None:
    made = learned(weights(tmp_path, turned=turned)).tell(past(WAVE), ahead())
    assert made.shape == (8, len(LEVELS))
    np.testing.assert_allclose(made[:, LEVELS.index(0.5)], WAVE[:8], rtol=1e-5)
    band = np.array([NormalDist().inv_cdf(q) for q in LEVELS]) * 0.1 * WAVE.std()
    np.testing.assert_allclose(made - made[:, [3]], np.tile(band, (8, 1)), atol=1e-5)


def test_a_shorter_horizon_goes_on_from_its_median(tmp_path: Path) -> None:
    made = learned(weights(tmp_path, horizon=3)).tell(past(WAVE), ahead(11))
    np.testing.assert_allclose(made[:, 3], np.tile(WAVE, 2)[:11], rtol=1e-4)


@pytest.mark.parametrize(("factor", "shift"), [(1000.0, 0.0), (1.0, 1e6), (1e-3, -5.0)])
def test_the_unit_does_not_matter(tmp_path: Path, factor: float, shift: float) -> None:
    made = learned(weights(tmp_path))
    plain = made.tell(past(WAVE), ahead())
    other = made.tell(past(WAVE * factor + shift), ahead())
    np.testing.assert_allclose(other, plain * factor + shift, rtol=1e-4, atol=1e-4 * factor)


def test_gaps_are_bridged_and_a_lower_bound_is_kept(tmp_path: Path) -> None:
    holed = WAVE.copy()
    holed[[3, 17, 40]] = np.nan
    made = learned(weights(tmp_path), task=replace(TASK, low=2.5))
    told = made.tell(past(holed), ahead())
    assert np.isfinite(told).all()
    assert told.min() == 2.5
    still = made.tell(past(np.full(40, 7.0)), ahead())
    assert (still == 7.0).all(), "a series that stands still"


def test_missing_rows_shift_nothing(tmp_path: Path) -> None:
    """Rows that are not there at all, at the end too: the past is laid on even steps, and so is what is told."""
    made = learned(weights(tmp_path))
    whole = past(WAVE)
    kept = np.setdiff1d(np.arange(77), [20, 21, 33, 50, 70])
    torn = replace(
        whole, values=whole.values[kept], at_s=whole.at_s[kept],
        stamps=tuple(whole.stamps[i] for i in kept),
    )  # fmt: skip
    told = made.tell(torn, ahead(4, begin=77))
    np.testing.assert_allclose(told[:, 3], np.roll(WAVE, -1)[:4], rtol=1e-4)
    later = made.tell(past(WAVE[:76]), ahead(4, begin=80))
    np.testing.assert_allclose(later[:, 3], WAVE[:4], rtol=1e-4)


def test_why_names_the_past_it_rests_on(tmp_path: Path) -> None:
    told = learned(weights(tmp_path)).why(past(WAVE), ahead(), 3)
    assert told.value == pytest.approx(5.0, rel=1e-4)
    assert told.why[0].name == "past 4 of 4", (
        "it repeats the last period, so the newest stretch tells"
    )
    assert told.why[0].weight == pytest.approx(5.0 - WAVE.mean(), rel=1e-3)
    assert len(told.why) == 1, "the older stretches move nothing"
    assert told.base + sum(r.weight for r in told.why) == pytest.approx(told.value)
    assert "not used" in told.against[0].text


def test_a_saved_state_goes_on(tmp_path: Path) -> None:
    made = learned(weights(tmp_path))
    again = ZeroShot()
    again.restore(json.loads(json.dumps(made.state())))
    assert np.array_equal(again.tell(past(WAVE), ahead()), made.tell(past(WAVE), ahead()))


def test_what_cannot_be_run_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECOTWIN_ZERO_SHOT", raising=False)
    with pytest.raises(SettingsFault, match="no weights"):
        ZeroShot().learn(past(WAVE), TASK)
    with pytest.raises(FileFault, match="no weights at"):
        learned(tmp_path / "nowhere.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(FileFault, match="ONNX"):
        learned(tmp_path / "bad.onnx")
    with pytest.raises(FileFault, match="one input `context`"):
        learned(weights(tmp_path, names=("x", "y")))
    for told, said in (
        ({"quantile_levels": "[0.9, 0.1]"}, "rising levels"),
        ({"quantile_levels": "nine"}, "metadata"),
        ({"quantile_levels": "[0.25, 0.5, 0.75]"}, "shape"),
    ):
        with pytest.raises(FileFault, match=said):
            learned(weights(tmp_path, told=told)).tell(past(WAVE), ahead())
    with pytest.raises(FigureGap, match="values of load"):
        learned(weights(tmp_path), np.full(80, np.nan))
    with pytest.raises(FigureGap, match="before it learned"):
        ZeroShot(weights(tmp_path)).state()


def test_the_setting_names_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOTWIN_ZERO_SHOT", str(weights(tmp_path)))
    made = ZeroShot()
    made.learn(past(WAVE), TASK)
    assert "tiny.onnx" in made.why(past(WAVE), ahead(), 0).model


def test_a_chronos_folder_asks_for_its_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SettingsFault, match="torch is not installed"):
        learned(tmp_path)


def test_a_chronos_folder_is_run_as_its_library_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in of the library's face: that the call is as published was read, not run."""
    asked: dict[str, Any] = {}

    class Tensor:
        def __init__(self, values: Floats) -> None:
            self.values = values

        def numpy(self) -> Floats:
            return self.values

    class Pipeline:
        @staticmethod
        def from_pretrained(path: str, **words: Any) -> Pipeline:
            asked.update(words, path=path)
            return Pipeline()

        def predict_quantiles(
            self, given: Any, prediction_length: int, quantile_levels: list[float]
        ) -> Any:
            last = given[0].values[-1]
            told = last + 0.1 * SCORES[None, :].repeat(prediction_length, axis=0)
            assert quantile_levels == list(USUAL_LEVELS)
            return [Tensor(told)], None

    torch, chronos = ModuleType("torch"), ModuleType("chronos")
    torch.__dict__.update(
        tensor=lambda v, dtype: SimpleNamespace(values=np.asarray(v, dtype)), float32=np.float32
    )
    chronos.__dict__.update(BaseChronosPipeline=Pipeline)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "chronos", chronos)
    made = learned(tmp_path).tell(past(WAVE), ahead(5))
    np.testing.assert_allclose(made[:, 3], 5.0, rtol=1e-5)
    assert asked["local_files_only"] is True, "nothing is fetched"
