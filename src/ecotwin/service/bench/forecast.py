"""Forecasts of public loads, prices, grid carbon and sun, each beside repeating its season and plain LightGBM."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.measured import place, read_rows
from ecotwin.errors import FileFault
from ecotwin.forecasting.backtest import Backtest, asked, backtest, errors_of
from ecotwin.forecasting.contract import Forecaster, Task
from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.mixed import plug
from ecotwin.forecasting.timeline import clock_of, kinds_of_days, timeline
from ecotwin.records import Explanation, Floats, Rows
from ecotwin.service.bench.beyond import limits_of_steel, linear_of_ett, quality_of_parts


@dataclass(frozen=True, slots=True)
class Case:
    """One forecast of one column.

    Attributes:
        file: Below the data folder. time, target, known: Columns. horizon, every: Rows. origin: First row told.
        until: Row before which it ends; empty: the end of the file.
    """

    file: str
    time: str
    target: str
    horizon: int
    every: int
    origin: str
    until: str = ""
    known: tuple[str, ...] = ()


_STEEL = "steel_uci/Steel_industry_data.csv.gz"
_WORKS = "factory_load_profiles_de/LP_G_MV.csv.gz"
_PRICE = "electricity_price/NP.csv.gz"
_FORECASTS = ("Grid load forecast", "Wind power forecast")
CASES = {
    "steel_day_ahead": Case(_STEEL, "date", "Usage_kWh", 96, 96, "01/09/2018 00:15"),
    "steel_quarter_hour": Case(_STEEL, "date", "Usage_kWh", 1, 1, "01/09/2018 00:15"),
    "works_year_end": Case(
        _WORKS, "datetime", "electrical load [W]", 96, 96, "2018-11-01 00:00:00+01:00"
    ),
    "works_summer": Case(
        _WORKS, "datetime", "electrical load [W]", 96, 96, "2018-05-01 00:00:00+02:00",
        "2018-07-01 00:00:00+02:00",
    ),
    "price": Case(_PRICE, "Date", "Price", 24, 24, "2015-09-01 00:00:00", "2016-03-01 00:00:00"),
    "price_with_forecasts": Case(
        _PRICE, "Date", "Price", 24, 24, "2015-09-01 00:00:00", "2016-03-01 00:00:00", _FORECASTS
    ),
    "carbon_france": Case(
        "grid_carbon/eu_2020/fr_ci.csv.gz", "Time", "Carbon Intensity", 48, 48, "2020-09-01 00:00:00"
    ),
    "carbon_california": Case(
        "grid_carbon/us/CISO_NG_avgCI.csv.gz", "timestamp", "avg_CI", 24, 24,
        "2022-09-01 00:00:00+00:00",
    ),
    "carbon_pjm": Case(
        "grid_carbon/us/PJM_NG_avgCI.csv.gz", "timestamp", "avg_CI", 24, 24,
        "2022-09-01 00:00:00+00:00",
    ),
    "sun_california": Case(
        "grid_carbon/us/CISO_NG_avgCI.csv.gz", "timestamp", "SUN", 24, 24,
        "2022-09-01 00:00:00+00:00",
    ),
}  # fmt: skip


class Timed:
    """A forecaster and the time it took."""

    def __init__(self, inner: Forecaster) -> None:
        self.inner, self.name, self.least_rows = inner, inner.name, inner.least_rows
        self.learn_s, self.tell_s, self.told = 0.0, 0.0, 0

    def learn(self, past: Rows, task: Task) -> None:
        """Learn, timed."""
        begun = time.process_time()
        self.inner.learn(past, task)
        self.learn_s += time.process_time() - begun

    def refresh(self, past: Rows) -> None:
        """Learn again, timed."""
        begun = time.process_time()
        self.inner.refresh(past)
        self.learn_s += time.process_time() - begun

    def tell(self, past: Rows, ahead: Rows) -> Floats:
        """Tell, timed."""
        begun = time.process_time()
        made = self.inner.tell(past, ahead)
        self.tell_s, self.told = self.tell_s + time.process_time() - begun, self.told + 1
        return made

    def why(self, past: Rows, ahead: Rows, step: int) -> Explanation:
        """Why."""
        return self.inner.why(past, ahead, step)

    def state(self) -> dict[str, Any]:
        """State."""
        return self.inner.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Restore."""
        self.inner.restore(state)


def measure(data: Path) -> dict[str, Any]:
    """Every case, the linear benchmark of the literature, warnings and quality of parts."""
    results: dict[str, Any] = {}
    steel: Backtest | None = None
    for name, case in CASES.items():
        if not (data / case.file).is_file():
            results[name] = {"missing": case.file}
            continue
        made, results[name] = run(data, case)
        if name == "steel_day_ahead":
            steel = made
    results["steel_limits"] = limits_of_steel(data, _STEEL) if steel else {"missing": _STEEL}
    results["etth1_96"] = linear_of_ett(data)
    results["injection_moulding"] = quality_of_parts(data)
    return {"peak_memory_mb": _memory_mb(), "results": results}


def _memory_mb() -> float:
    import psutil

    return round(psutil.Process().memory_info().rss / 1e6, 0)


def opened(data: Path, case: Case) -> tuple[Rows, Task, int]:
    """Rows of a case, what is asked, and the first row told."""
    rows = read_rows(data / case.file, case.time)
    named = {n.strip(): n for n in rows.columns}
    if case.target not in named:
        raise FileFault(f"{case.file} has no column {case.target!r}", expected=", ".join(named))
    first = place(case.origin, rows, "origin")
    if case.until:
        rows = rows.part(0, place(case.until, rows, "until"))
    known = tuple(named[n] for n in case.known)
    return rows, asked(rows, named[case.target], known, case.horizon, first), first


def run(data: Path, case: Case) -> tuple[Backtest, dict[str, Any]]:
    """One case with its peers."""
    rows, task, first = opened(data, case)
    timed = Timed(plug())
    made = backtest(rows, task, first, case.every, timed)
    peer, peer_s = plain_trees(rows, task, first, case.every)
    truth = errors_of(peer, made.truth)
    errors = made.errors
    told = {
        "origins": timed.told,
        "rmse": errors.rmse, "mae": errors.mae, "coverage_80": errors.coverage, "width": errors.width,
        "repeating": {n: {"rmse": e.rmse, "mae": e.mae} for n, e in made.naive_errors.items()},
        "newest_repeated_rmse": errors_of(_newest(rows, made), made.truth).rmse,
        "plain_lightgbm": {"rmse": truth.rmse, "mae": truth.mae, "learn_s": round(peer_s, 1)},
        "learn_s": round(timed.learn_s, 1),
        "tell_ms": round(1e3 * timed.tell_s / timed.told, 1),
        "memory_mb": _memory_mb(),
    }  # fmt: skip
    return made, told


def _newest(rows: Rows, made: Backtest) -> Floats:
    """[n] the value before each origin."""
    return np.asarray(rows.column(made.task.target)[made.origins - 1], np.float64)


def plain_trees(rows: Rows, task: Task, first: int, every: int) -> tuple[Floats, float]:
    """LightGBM as it comes (100 trees), once, on lags, means, calendar and what is known ahead.

    It gets the features of this software's own trees, learns once before the first origin, and knows no other tricks.
    """
    import lightgbm

    from ecotwin.forecasting.boosted import examples
    from ecotwin.forecasting.weighed import chosen

    begun = time.process_time()
    clock = clock_of(rows.part(0, first), task.target)
    line = timeline(rows, task.target, clock)
    slots = clock.slots(rows.at_s)
    start = int(slots[first])
    before = line.until(start)
    known, beside = chosen(before, task.known)
    columns = line.others[:, [line.names.index(n) for n in known]]
    learned = Grounds(before, kinds_of_days(before), columns, known, beside)
    origins, at = examples(learned, task.horizon, 0)
    settings = {"objective": "regression", "num_threads": 1, "verbosity": -1, "seed": 0}
    table = learned.table(origins, at)[0]
    model = lightgbm.train(settings, lightgbm.Dataset(table, line.target[at]), 100)
    spent = time.process_time() - begun
    firsts = np.arange(first, len(rows) - task.horizon + 1, every)
    which = (firsts[:, None] + np.arange(task.horizon)).ravel()
    whole = Grounds(line, learned.kinds, columns, known, beside)
    # A clock turned back in autumn: a row may lie in a slot before its origin's.
    of = np.minimum(slots[np.repeat(firsts, task.horizon)], slots[which])
    return np.asarray(model.predict(whole.table(of, slots[which])[0]), np.float64), spent
