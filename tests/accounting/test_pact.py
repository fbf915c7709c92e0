"""PACT footprints of suppliers: what warns and is kept, what is refused, and the rules in plain numbers."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin import accounting as a
from ecotwin.errors import FigureGap, FileFault

END = datetime(2026, 1, 1, tzinfo=UTC)


def changed(record: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A copy with fields of `pcf` changed; None takes one out."""
    made = deepcopy(record)
    made["pcf"] |= fields
    made["pcf"] = {k: v for k, v in made["pcf"].items() if v is not None}
    return made


def test_a_sound_footprint_is_read_without_a_warning(record: dict[str, Any]) -> None:
    got = a.read_footprint(record)
    assert got.warnings == ()
    assert (got.co2e_kg, got.uptake_kg, got.unit, got.place) == (5.14, -19.36, "kg", "DE")
    assert (got.primary_share, got.quality, got.active) == (60.0, None, True)
    assert (got.valid.start, got.valid.end.year) == (END, 2029)
    use = got.use()
    assert (use.unit, use.value, use.gwp_set, use.year) == ("kgCO2e/kg", 5.14, "AR6", 2026)


def test_figures_are_brought_to_one_unit(record: dict[str, Any]) -> None:
    got = a.read_footprint(changed(record, declaredUnitAmount="2"))
    assert (got.co2e_kg, got.uptake_kg, got.mass_kg) == (2.57, -9.68, 0.5)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"fossilGhgEmissions": "4.70"}, "its parts sum to 5.06"),
        ({"pcfIncludingBiogenicUptake": "5.14"}, "give -14.22"),
        ({"biogenicCarbonContent": "4.00"}, "gives -14.6667"),
        (
            {"landManagementFossilGhgEmissions": "0.25", "pcfExcludingBiogenicUptake": "5.39",
             "pcfIncludingBiogenicUptake": "-13.97"},
            "added once more",
        ),
        ({"technologicalCO2Removals": "0.10", "fossilGhgEmissions": "4.68"}, "a removal is zero or negative"),
        ({"primaryDataShare": "160"}, "160"),
        ({"dqi": {"technologicalDQR": "9", "geographicalDQR": "1", "temporalDQR": "1"}}, "outside 1 to 5"),
    ],
)  # fmt: skip
def test_one_that_breaks_its_own_formula_warns_and_is_kept(
    record: dict[str, Any], fields: dict[str, str], word: str
) -> None:
    got = a.read_footprint(changed(record, **fields))
    assert len(got.warnings) == 1
    assert word in got.warnings[0]
    assert got.use().value == float(fields.get("pcfExcludingBiogenicUptake", "5.14"))


def test_rounding_of_the_printed_digits_is_no_fault(record: dict[str, Any]) -> None:
    rounded = {
        "pcfExcludingBiogenicUptake": "5.1",
        "pcfIncludingBiogenicUptake": "-14.2",
        "biogenicCO2Uptake": "-19.4",
    }
    assert a.read_footprint(changed(record, **rounded)).warnings == ()


def test_a_validity_out_of_bounds_warns_and_the_default_holds(record: dict[str, Any]) -> None:
    got = a.read_footprint({**record, "validityPeriodEnd": "2030-01-01T00:00:00Z"})
    assert len(got.warnings) == 1
    assert got.valid.end.year == 2029


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        (
            {"fossilGhgEmissions": 4.78},
            r"pcf\.fossilGhgEmissions is 4\.78 and no decimal in quotes",
        ),
        ({"fossilCarbonContent": None}, r"pcf\.fossilCarbonContent is missing"),
        ({"declaredUnitOfMeasurement": "dozen"}, "dozen"),
        ({"declaredUnitAmount": "0"}, "not above zero"),
        ({"ipccCharacterizationFactors": []}, "ipccCharacterizationFactors"),
        ({"geographyRegionOrSubregion": "Europe"}, "both given"),
        ({"referencePeriodEnd": "2026-01-01"}, "no time with its zone"),
        ({"referencePeriodEnd": "2024-01-01T00:00:00Z"}, "ends after it starts"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    record: dict[str, Any], fields: dict[str, Any], word: str
) -> None:
    with pytest.raises(FileFault, match=word):
        a.read_footprint(changed(record, **fields))


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(FileFault) as caught:
        a.read_footprint({"id": "x"})
    for name in ("companyName", "pcf.pcfExcludingBiogenicUptake", "productIds"):
        assert f"{name} is missing" in str(caught.value)


def test_a_footprint_of_two_gwp_sets_is_no_factor(record: dict[str, Any]) -> None:
    got = a.read_footprint(changed(record, ipccCharacterizationFactors=["AR5", "AR6"]))
    with pytest.raises(FigureGap, match="AR5 and AR6"):
        got.use()


@given(st.floats(-1e15, 1e15))
def test_every_number_becomes_a_decimal_that_means_it(value: float) -> None:
    text = a.decimal_text(value)
    assert a.is_decimal(text)
    assert float(Decimal(text)) == pytest.approx(value, rel=1e-8, abs=0)


@given(st.lists(st.tuples(st.floats(0.1, 1e6), st.floats(0, 100)), min_size=1))
def test_a_share_lies_between_the_shares_of_its_parts(parts: list[tuple[float, float]]) -> None:
    got = a.primary_data_share(parts)
    assert min(s for _, s in parts) - 1e-9 <= got <= max(s for _, s in parts) + 1e-9


def test_shares_of_nothing_and_ratings_off_the_scale_are_refused() -> None:
    with pytest.raises(FigureGap):
        a.primary_data_share([(0.0, 50.0)])
    with pytest.raises(FigureGap, match="6"):
        a.data_quality([(1.0, 6.0)])
    with pytest.raises(FigureGap):
        a.decimal_text(float("nan"))


def test_published_examples_of_the_older_data_model_are_refused_with_reasons() -> None:
    file = (
        Path(__file__).parents[3]
        / "shared/data/interop/pact/spec/v2/examples/list-footprints-response.json"
    )
    if not file.exists():
        pytest.skip("no ../shared/data/interop/pact beside this repository")
    for old in json.loads(file.read_text("utf-8"))["data"]:
        with pytest.raises(
            FileFault, match=r"productMassPerDeclaredUnit|pcfExcludingBiogenicUptake"
        ):
            a.read_footprint(old)
