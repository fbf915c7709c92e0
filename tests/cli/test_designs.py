"""Design alternatives from the command line: the shipped files on a real history of the electronics works."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ecotwin.cycle.importing import bring_in
from ecotwin.governance.ledger import Ledger
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import load
from running import ROOT, command, json_of, record, utc

PLANT = ROOT / "plants" / "electronics.yaml"
DESIGNS = ROOT / "plants" / "electronics" / "designs"
NOW = utc("2026-06-17T12:00")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with eight recorded hours."""
    folder = tmp_path_factory.mktemp("designs")
    past = record(folder / "past", NOW - timedelta(hours=8), 8 / 24, file=PLANT, step_s=60)
    plant = load(PLANT)
    store = DuckStore(plant, folder / "history")
    assert bring_in(plant, store, past, NOW, store.image(NOW)) is not None
    store.close()
    Ledger(folder / "ledger").close()
    return folder


def test_shipped_designs_are_compared_and_sealed(data: Path) -> None:
    for file in sorted(DESIGNS.glob("*.yaml")):
        words = ("--period", "2026-06-17", "--data-folder", data)
        told = json_of(command("design", PLANT, file, *words, "--json", timeout=280))
        today, *others = told["alternatives"]
        assert today["name"] == "Today"
        assert others
        for row in told["alternatives"]:
            assert row["co2e_kg"] == pytest.approx(sum(row["stages"].values()), rel=1e-9)
            assert row["co2e_kg"] == pytest.approx(sum(row["by"].values()), rel=1e-9)
            assert 0.0 < row["mci"] < 1.0
        assert today["stages"]["A3"] > 0.0
        assert told["entry"] >= 0
        shown = command("design", PLANT, file, *words, timeout=280)
        assert shown.returncode == 0, shown.stderr
        assert "+-" in shown.stdout


def test_a_file_or_a_period_that_cannot_be_is_named(data: Path, tmp_path: Path) -> None:
    words = ("--data-folder", data, "--period", "2026-06-17")
    missing = command("design", PLANT, tmp_path / "none.yaml", *words)
    assert missing.returncode == 1
    assert "cannot be read" in missing.stderr
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("design: Nothing\nproduct: 999\nalternatives: [{name: Other}]\n", "utf-8")
    unknown = command("design", PLANT, wrong, *words)
    assert unknown.returncode == 1
    assert "product 999 has no footprint" in unknown.stderr
