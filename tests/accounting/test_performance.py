"""Baselines on meter data: forms, choice, verdict, refusals, and the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ecotwin.accounting.performance import Adjustment, Series, choose, perform, series
from ecotwin.accounting.performance.drift import within_t
from ecotwin.accounting.performance.forms import Form, columns, fit
from ecotwin.cli_baseline import baseline
from ecotwin.cli_baseline.columns import find_roles, stamps_s
from ecotwin.errors import EcotwinError, FigureGap, FileFault, SettingsFault

DAY = 86400.0
RUN = typer.Typer(pretty_exceptions_enable=False)
RUN.command()(baseline)


def _weather(days: int, seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    return np.asarray(10.0 - 12.0 * np.cos(np.arange(days) / 58.1) + rng.normal(0, 3, days))


def _site(days: int = 730, saved: float = 0.0, seed: int = 1, **more: float) -> Series:
    """Heating below 15, cooling above 20 degC, 3 kWh a tonne."""
    rng = np.random.default_rng(seed)
    degc, tonnes = _weather(days, seed), rng.uniform(20, 60, days)
    used = 50 + more.get("heat", 4.0) * np.maximum(0, 15 - degc)
    used = (
        used
        + more.get("cool", 3.0) * np.maximum(0, degc - 20)
        + more.get("per_tonne", 3.0) * tonnes
    )
    used *= np.where(np.arange(days) >= 365, 1 - saved, 1.0)
    used += rng.normal(0, more.get("noise", 5.0), days)
    return series(np.arange(days) * DAY, used, {"temp": degc, "tonnes": tonnes}, temperature="temp")


@pytest.mark.parametrize(
    ("heat", "cool", "name"),
    [
        (4.0, 0.0, "3-parameter heating"),
        (0.0, 5.0, "3-parameter cooling"),
        (4.0, 5.0, "5-parameter"),
        (0.0, 0.0, "linear"),
    ],
)
def test_the_right_form_is_found(heat: float, cool: float, name: str) -> None:
    found = choose(_site(365, heat=heat, cool=cool)).fitted
    assert found.form.name == name
    if heat:
        assert found.form.heat_base == pytest.approx(15.0, abs=1.5)
    if cool:
        assert found.form.cool_base == pytest.approx(20.0, abs=1.5)
    per_tonne = found.beta[found.names.index("tonnes")] * 24.0
    assert per_tonne == pytest.approx(3.0, rel=0.05)


def test_variables_are_left_out_with_a_reason() -> None:
    data = _site(365)
    rng = np.random.default_rng(5)
    more = {
        **data.variables,
        "noise": rng.normal(0, 1, 365),
        "tonnes_copy": data.variables["tonnes"] * 1.02 + rng.normal(0, 0.5, 365),
        "flat": np.ones(365),
        "units_scrapped": 100.0 - data.target / 20.0 + rng.normal(0, 1, 365),
    }
    told = {
        r.name: r
        for r in choose(Series(data.at_s, data.hours, data.target, more, "temp", "daily")).reasons
    }
    assert told["temp"].kept
    assert told["tonnes"].kept != told["tonnes_copy"].kept
    assert "not significant" in told["noise"].why
    assert "does not vary" in told["flat"].why
    assert not told["units_scrapped"].kept
    assert "physics" in told["units_scrapped"].why


def test_weekends_are_found() -> None:
    days = np.arange(365)
    rng = np.random.default_rng(3)
    rest = (days + 3) % 7 >= 5
    found = choose(series(days * DAY, np.where(rest, 40.0, 100.0) + rng.normal(0, 5, 365)))
    assert found.fitted.form.others == ("weekend",)


def _hourly(days: int, seed: int = 2) -> Series:
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    degc = np.repeat(_weather(days, seed), 24) + 4 * np.sin(hours / 24 * 2 * np.pi)
    at_work = ((hours // 24 + 3) % 7 < 5) & (hours % 24 >= 6) & (hours % 24 < 22)
    used = np.where(at_work, 80.0 + 2 * np.maximum(0, 15 - degc), 20.0) + rng.normal(
        0, 4, len(hours)
    )
    return series(hours * 3600.0, used, {"temp": degc}, temperature="temp")


def test_hours_get_the_time_of_week_and_temperature() -> None:
    found = perform(_hourly(560), 400 * DAY)
    form = found.choice.fitted.form
    assert form.name == "time of week and temperature"
    assert form.busy is not None
    assert form.busy.sum() == 5 * 16
    assert found.cvrmse < 0.15
    assert found.claim == "no saving shown"
    assert found.low <= 0.0 <= found.high


def test_quarters_of_an_hour_become_hours_and_a_hole_stays_a_hole() -> None:
    used = np.ones(40)
    used[9] = math.nan
    data = series(np.arange(40) * 900.0, used)
    assert data.grain == "hourly"
    assert np.isnan(data.target[2])
    assert np.nansum(data.target) == 36.0


def test_bills_of_unlike_length_weigh_by_their_days() -> None:
    rng = np.random.default_rng(1)
    length = rng.integers(27, 35, 30) * DAY
    at = np.concatenate([[0.0], np.cumsum(length)])[:-1]
    data = series(at, length / DAY * 10.0)
    found = perform(data, at[20])
    assert data.grain == "billing"
    assert np.isnan(data.target[-1]), "nothing tells how long the last bill is"
    assert found.expected == pytest.approx(found.actual, rel=1e-9)


def test_the_last_of_calendar_months_ends_with_its_month() -> None:
    months = (
        np.arange("2023-01", "2024-03", dtype="datetime64[M]").astype("datetime64[s]").astype(float)
    )
    data = series(months, np.full(14, 100.0))
    assert data.hours[-1] == 29 * 24
    assert data.hours[1] == 28 * 24
    ended = series(months, np.full(14, 100.0), end_stamped=True)
    assert ended.hours[0] == 31 * 24


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 100.0))
def test_another_unit_changes_nothing_but_the_unit(factor: float) -> None:
    data = _site(500, 0.1)
    other = Series(data.at_s, data.hours, data.target * factor, data.variables, "temp", "daily")
    one, two = perform(data, 365 * DAY), perform(other, 365 * DAY)
    assert two.saved == pytest.approx(one.saved * factor, rel=1e-6)
    assert two.high == pytest.approx(one.high * factor, rel=1e-6)
    assert two.claim == one.claim


def test_what_comes_later_does_not_change_the_baseline() -> None:
    short, long = _site(500, 0.1), _site(700, 0.1)
    same = long.where(np.arange(700) < 365)
    ours = Series(
        np.append(same.at_s, short.at_s[365:]), np.full(500, 24.0), np.append(same.target, short.target[365:]),
        {k: np.append(same.variables[k], short.variables[k][365:]) for k in same.variables}, "temp", "daily",
    )  # fmt: skip
    more = perform(long, 365 * DAY).choice.fitted
    assert np.array_equal(perform(ours, 365 * DAY).choice.fitted.beta, more.beta)


def test_a_saving_is_shown_and_its_sum_agrees_with_the_cusum() -> None:
    found = perform(_site(730, 0.12), 365 * DAY)
    assert found.claim == "saving"
    truth = found.actual / 0.88 * 0.12
    assert found.low <= truth <= found.high
    assert found.cusum[-1] == pytest.approx(found.saved)
    moved = perform(_site(730, 0.12), 365 * DAY, adjustments=[Adjustment(1000.0, "a third shift")])
    assert moved.saved == pytest.approx(found.saved + 1000.0)
    assert moved.as_json()["adjustments"] == [{"amount": 1000.0, "reason": "a third shift"}]


def test_an_unchanged_site_shows_no_saving() -> None:
    claims = [perform(_site(730, 0.0, seed), 365 * DAY).claim for seed in range(20)]
    assert claims.count("saving") <= 1
    assert "refused" not in claims


def test_a_drifting_site_gets_a_wider_interval() -> None:
    still = _site(730)
    rng = np.random.default_rng(4)
    level = 1 + np.cumsum(rng.normal(0, 0.006, 730))
    adrift = Series(still.at_s, still.hours, still.target * level, still.variables, "temp", "daily")
    one, two = perform(still, 365 * DAY), perform(adrift, 365 * DAY)
    assert two.spread.half > 2.0 * one.spread.half
    assert two.spread.drift_per_year > one.spread.drift_per_year


def test_claims_that_the_data_cannot_carry_are_refused() -> None:
    data = _site(730, 0.2)
    short = perform(data.where(data.at_s >= 245 * DAY), 365 * DAY)
    assert short.claim == "refused"
    assert any("seasons" in r for r in short.reasons)
    beyond = dict(data.variables)
    beyond["tonnes"] = np.where(np.arange(730) >= 365, beyond["tonnes"] + 60, beyond["tonnes"])
    outside = perform(
        Series(data.at_s, data.hours, data.target, beyond, "temp", "daily"), 365 * DAY
    )
    assert outside.claim == "refused"
    assert any("outside" in r for r in outside.reasons)
    wild = perform(_site(730, 0.2, noise=2000.0).where(np.arange(730) >= 0), 365 * DAY)
    assert wild.claim == "refused"
    holes = data.target.copy()
    holes[400:600] = math.nan
    gap = perform(Series(data.at_s, data.hours, holes, data.variables, "temp", "daily"), 365 * DAY)
    assert any("measured" in r for r in gap.reasons)


def test_too_few_readings_are_an_error_with_a_way_out() -> None:
    with pytest.raises(FigureGap, match="baseline period has 10 whole daily readings"):
        perform(_site(500), 10 * DAY)
    with pytest.raises(FigureGap, match="no whole reading after"):
        perform(_site(500), 900 * DAY)
    with pytest.raises(FigureGap, match="same time"):
        series(np.repeat(np.arange(20) * DAY, 2), np.ones(40))


def test_least_squares_agrees_with_numpy() -> None:
    data = _site(200)
    form = Form(heat_base=15.0, cool_base=20.0, others=("tonnes",))
    want = np.linalg.lstsq(columns(form, data)[0], data.rate, rcond=None)[0]
    assert fit(form, data).beta == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize(
    ("t", "free", "share"), [(2.228, 10, 0.95), (3.182, 3, 0.95), (1.645, 10_000, 0.90)]
)
def test_students_t(t: float, free: int, share: float) -> None:
    assert within_t(t, free) == pytest.approx(share, abs=5e-4)


def test_stamps_of_many_kinds() -> None:
    assert stamps_s(["13/01/1970 00:00", "14/01/1970 00:00"], "", None)[0] == 12 * DAY
    assert stamps_s(["1000000000", "1000003600"], "", None)[1] == 1000003600.0
    assert stamps_s(["1", "2"], "d", None)[1] == 2 * DAY
    with pytest.raises(FileFault, match="--time-unit"):
        stamps_s(["1", "2"], "", None)


def test_roles_are_found_by_name_or_asked_for() -> None:
    def roles(*names: str, drivers: str = "") -> tuple[str, str, tuple[str, ...], str | None]:
        numbers = {n: np.ones(2) for n in names[1:]}
        found = find_roles(numbers, {n: ["1", "1"] for n in names}, "", "", drivers, "")
        return found.time, found.target, found.drivers, found.temperature

    assert roles("start", "kwh", "outdoor_temp", "production_t") == (
        "start", "kwh", ("outdoor_temp", "production_t"), "outdoor_temp",
    )  # fmt: skip
    assert roles("date", "gas_kwh", "x", drivers="none")[2] == ()
    with pytest.raises(FileFault, match="role of x is not clear"):
        roles("date", "kwh", "x")
    with pytest.raises(FileFault, match="more than one column"):
        roles("date", "gas_kwh", "power_kwh")


def _file(tmp_path: Path, data: Series) -> Path:
    path = tmp_path / "meter.csv"
    lines = ["date,kwh,outdoor_temp,tonnes"]
    for i in range(len(data)):
        day = np.datetime64("2024-01-01") + i
        v = data.variables
        lines.append(f"{day},{data.target[i]},{v['temp'][i]},{v['tonnes'][i]}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_command_tells_and_writes(tmp_path: Path) -> None:
    path, out = _file(tmp_path, _site(730, 0.15)), tmp_path / "cusum.csv"
    words = [str(path), "--until", "2024-12-31", "--out", str(out), "--adjust", "100=a new hall"]
    told = json.loads(CliRunner().invoke(RUN, [*words, "--json"]).stdout)
    assert told["claim"] == "saving"
    assert told["level"] == 0.9
    assert told["savings"]["low"] < told["savings"]["value"] < told["savings"]["high"]
    assert told["roles"]["temperature"] == "outdoor_temp"
    assert {"cvrmse", "nmbe", "fit_for_purpose", "reasons"} <= set(told)
    last = out.read_text().splitlines()[-1]
    assert float(last.split(",")[1]) + 100.0 == pytest.approx(told["savings"]["value"])
    text = CliRunner().invoke(RUN, words).stdout
    assert "a saving is shown" in text
    assert "a new hall" in text


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    import duckdb

    path = _file(tmp_path, _site(730, 0.15))
    other = tmp_path / "meter.parquet"
    with duckdb.connect() as db:
        db.execute(f"COPY (SELECT * FROM read_csv('{path}')) TO '{other}' (FORMAT parquet)")
    words = ["--until", "2024-12-31", "--json"]
    one, two = (json.loads(CliRunner().invoke(RUN, [str(p), *words]).stdout) for p in (path, other))
    assert one == two


@pytest.mark.parametrize(
    ("words", "fault", "match"),
    [
        (["--until", "soon"], SettingsFault, "soon"),
        (["--until", "2024-12-31", "--target", "steam"], FileFault, "no column 'steam'"),
        (["--until", "2024-12-31", "--adjust", "5"], SettingsFault, "REASON"),
        (["--until", "2024-12-31", "--exclude", "2024-02-01=x"], SettingsFault, "START/END"),
        (["--until", "2024-12-31", "--level", "90"], SettingsFault, "--level"),
        (["--until", "2024-12-31", "--stamps", "middle"], SettingsFault, "start or end"),
        (["--until", "2024-12-31", "--timezone", "Mars/Base"], SettingsFault, "time zone"),
        (["--until", "2024-01-05"], FigureGap, "baseline period"),
    ],
)
def test_wrong_words_get_a_clear_error(
    tmp_path: Path, words: list[str], fault: type[EcotwinError], match: str
) -> None:
    told = CliRunner().invoke(RUN, [str(_file(tmp_path, _site(400))), *words])
    assert isinstance(told.exception, fault), told.output
    assert match in str(told.exception)


def test_a_file_that_is_none_gets_a_clear_error(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    for path in (tmp_path / "missing.csv", empty):
        told = CliRunner().invoke(RUN, [str(path), "--until", "2024-12-31"])
        assert isinstance(told.exception, FileFault)
