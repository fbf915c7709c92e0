"""The steel works: a file whose stamps are interval ends, replayed through the whole twin to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ecotwin.clock import Period
from ecotwin.cycle.asking import open_for
from ecotwin.governance.ledger import Ledger, content
from running import ROOT, command, json_of

PLANT = ROOT / "plants" / "steelworks.yaml"
DATA = ROOT.parent / "shared" / "data" / "steel_uci" / "Steel_industry_data.csv.gz"
HEAD = (
    "date,Usage_kWh,Lagging_Current_Reactive.Power_kVarh,Leading_Current_Reactive_Power_kVarh,"
    "CO2(tCO2),Lagging_Current_Power_Factor,Leading_Current_Power_Factor,NSM,WeekStatus,Day_of_week,Load_Type"
)
QUARTER = timedelta(minutes=15)
SEOUL = ZoneInfo("Asia/Seoul")
FIRST = datetime(2018, 1, 29)  # noqa: DTZ001  the file's own clock
DAYS = 5
"""From 29 January to 2 February: a month ends inside."""


def usage(number: int) -> Decimal:
    """[kWh] a quarter of an hour, in hundredths, as a meter prints it: a day shift over a base load."""
    hour = number % 96 / 4
    base = Decimal(312 + number * 37 % 91) / 100
    return base + (Decimal(4000 + number * 53 % 977) / 100 if 8 <= hour < 17 else 0)


def rows(zero: int = -1) -> Iterator[tuple[str, Decimal]]:
    """Lines of a file in the steel file's shape, with the kWh in them; one row may be all zeros."""
    for number in range(DAYS * 96):
        end = FIRST + (number + 1) * QUARTER
        day = end - timedelta(days=1) if (end.hour, end.minute) == (0, 0) else end
        stamp = f"{day:%d/%m/%Y} {end:%H:%M}"
        seconds = end.hour * 3600 + end.minute * 60
        kwh = usage(number)
        facts = (
            "0,0,0,0,0,0" if number == zero else f"{kwh},2.95,0,{float(kwh) / 2000:.4f},73.21,100"
        )  # fmt: skip
        yield (
            f"{stamp},{facts},{seconds},Weekday,Monday,Light_Load",
            Decimal(0) if number == zero else kwh,
        )


def written(folder: Path, zero: int = -1) -> tuple[Path, Decimal]:
    """A file and the sum of its kWh."""
    made = list(rows(zero))
    path = folder / "steel.csv"
    path.write_text("\n".join([HEAD, *(line for line, _ in made)]) + "\n")
    return path, sum((kwh for _, kwh in made), Decimal(0))


def with_grid(folder: Path) -> Path:
    """The plant file with a grid factor and its source."""
    path = folder / "steelworks.yaml"
    path.write_text(
        PLANT.read_text()
        + "\ngrid: {region: KR, location: 0.4594, year: 2018, source: assumed, version: '1', gwp_set: AR5}\n"
    )
    return path


def replayed(plant: Path, data: Path, *more: object, timeout: float = 120) -> Any:
    return json_of(command("replay", plant, "--data", data, *more, "--json", timeout=timeout))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path, Decimal]:
    """One replay with an all-zero row at noon of the fourth day, kept in a folder."""
    folder = tmp_path_factory.mktemp("steel")
    data, total = written(folder, zero=3 * 96 + 48)
    result = replayed(PLANT, data, "--data-folder", folder / "kept")
    return result, folder / "kept", total


def test_sum_is_the_files_to_the_last_digit(played: tuple[Any, Path, Decimal]) -> None:
    result, _, total = played
    assert [m["month"] for m in result["months"]] == ["2018-01", "2018-02"]
    assert [m["hours"] for m in result["months"]] == pytest.approx([72, 48])
    kept = sum((Decimal(str(m["kwh"])) for m in result["months"]), Decimal(0))
    january = sum((kwh for _, kwh in list(rows(3 * 96 + 48))[: 3 * 96]), Decimal(0))
    assert Decimal(str(result["months"][0]["kwh"])) == january
    # The all-zero row is refused as power and its quarter of an hour is not measured; nothing is put in its place
    # in silence, so the months hold exactly what the other rows say.
    assert kept == total
    assert Decimal(str(result["total"]["kwh"])) == total


def test_what_is_printed_stands_in_a_ledger_that_checks(
    played: tuple[Any, Path, Decimal],
) -> None:
    result, folder, _ = played
    checked = json_of(command("verify", folder, "--json"))
    assert checked["ok"]
    ledger = Ledger(folder / "ledger", read_only=True)
    try:
        assert (ledger.size, ledger.root().hex()) == (
            result["ledger"]["entries"],
            result["ledger"]["root"],
        )
        for month in result["months"]:
            (place,) = month["figures"].values()
            sealed = content(ledger.entry(place))
            assert round(sealed["value"], 4) == month["kwh"]
            assert sealed["coverage"] == month["coverage"]
            assert sealed["inputs"]
        days = [
            content(e)
            for e in ledger.entries(kind="measure", limit=10_000)
            if ":energy.electricity:" in e.subject
        ]
    finally:
        ledger.close()
    whole = {str(m["period"]) for m in days}
    assert len(whole) == DAYS + len(result["months"]), "every local day, and every month"
    reported = json_of(
        command("report", PLANT, "--period", "2018-01-30", "--data-folder", folder, "--json")
    )
    energy = next(m for m in reported["measures"] if m["indicator"] == "energy.electricity")
    assert energy["entry"] is not None, "a past day's report names its place in the ledger"


def test_no_row_is_lost_and_the_clock_is_repaired(played: tuple[Any, Path, Decimal]) -> None:
    result, folder, _ = played
    with open_for(PLANT, folder) as asked:
        plant = asked._plant
        energy = plant.signal("main_meter.energy").index
        whole = Period(datetime(2018, 1, 28, tzinfo=UTC), datetime(2018, 2, 4, tzinfo=UTC))
        kept = [r[1] for r in asked._store.export([energy], whole)]
        refused = [r for r in asked._store.rejects(whole) if r["signal"] == "main_meter.energy"]
    stamps = [datetime.fromisoformat(t.replace("Z", "+00:00")) for t in kept]
    first = FIRST.replace(tzinfo=SEOUL).astimezone(UTC)
    assert len(kept) + len(refused) == DAYS * 96
    assert all(b > a for a, b in pairwise(stamps))
    every = {first + (n + 1) * QUARTER for n in range(DAYS * 96)}
    assert set(stamps) <= every
    assert len(every - set(stamps)) == len(refused)
    assert result["connections"]["meter_file"] == "all files are read."


def test_an_all_zero_row_is_a_finding_and_not_clean_power(
    played: tuple[Any, Path, Decimal],
) -> None:
    result, _, _ = played
    noon = (FIRST + timedelta(days=3, hours=12)).replace(tzinfo=SEOUL)
    near = [
        f for f in result["findings"]
        if f["kind"] in {"sensor", "data"} and abs(datetime.fromisoformat(f["onset"]) - noon) <= 2 * QUARTER
    ]  # fmt: skip
    assert near, [(f["kind"], f["title"], f["onset"]) for f in result["findings"]]
    assert "main_meter" in near[0]["element"]


def test_without_a_grid_factor_carbon_is_refused_in_words(
    played: tuple[Any, Path, Decimal],
) -> None:
    result, _, _ = played
    assert [m["co2e_kg"] for m in result["months"]] == [None, None]
    assert result["total"]["co2e_kg"] is None
    assert any("grid.location" in text for text in result["refused"])


def test_a_given_grid_factor_gives_carbon(tmp_path: Path) -> None:
    data, total = written(tmp_path)
    result = replayed(with_grid(tmp_path), data)
    assert Decimal(str(result["total"]["kwh"])) == total
    assert result["total"]["co2e_kg"] == pytest.approx(float(total) * 0.4594, rel=1e-9)
    assert [m["coverage"] for m in result["months"]] == pytest.approx([1.0, 1.0])
    assert not any("grid.location" in text for text in result["refused"])
    for month in result["months"]:
        assert month["low"] < month["kwh"] < month["high"]


def test_a_file_of_another_shape_is_refused_in_words(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("when,what\n2018-01-01,3\n")
    result = command("replay", PLANT, "--data", other, "--json")
    assert result.returncode == 1
    assert "date" in result.stderr
    missing = command("replay", PLANT, "--data", tmp_path / "none.csv")
    assert missing.returncode == 1
    assert "there is no" in missing.stderr
    assert "Traceback" not in result.stderr + missing.stderr


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.skipif(not DATA.exists(), reason=f"the public data set is not at {DATA}")
def test_the_public_file_is_accounted_for_to_the_last_digit() -> None:
    result = replayed(PLANT, DATA, timeout=850)
    for month in result["months"]:
        print(f"{month['month']}  {month['kwh']:>12,.2f} kWh  {month['coverage']:.4f} covered")
    assert result["total"]["kwh"] == 813_982.32
    assert [m["month"] for m in result["months"]] == [f"2018-{n:02}" for n in range(1, 11)]
    assert all(m["coverage"] == pytest.approx(1.0) for m in result["months"])
    assert result["total"]["quarantined"] == 0
