"""A young machine's page says from which siblings its expectation comes, an older one's does not."""

from __future__ import annotations

import httpx
import numpy as np
import pytest

from ecotwin.cycle import Twin

pytestmark = pytest.mark.xdist_group("service")


def test_a_young_machine_names_its_siblings(twin: Twin, page: httpx.Client) -> None:
    known = twin.look.baselines
    assert not known.seasoned[known.elements.index("oven_1")]
    before = page.get("/api/v1/machines/oven_1").json()
    assert "told from" not in str(before)
    known._priors.lenders["oven_1"] = ("loader_1", "printer_1")
    try:
        told = str(page.get("/api/v1/machines/oven_1").json())
        names = f"{twin.plant.element('loader_1').name}, {twin.plant.element('printer_1').name}"
        inside = "inside its expected band" in str(before)
        assert (f"told from {names} until it has seen a week" in told) == inside
        known._seen_h = known._seen_h + np.where(np.array(known.elements) == "oven_1", 200.0, 0.0)
        assert "told from" not in str(page.get("/api/v1/machines/oven_1").json())
    finally:
        known._priors.lenders.pop("oven_1")
    assert inside, "the oven is as expected in this test"
