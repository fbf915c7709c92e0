from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecotwin.accounting.flows import flows_of
from ecotwin.plant import load
from ecotwin.plant.model import Plant


def _terms(plant: Plant, element: str, carrier: str = "electricity") -> dict[str, float]:
    use = flows_of(plant).use(element, carrier)
    return {t.signal.id: t.sign for t in use.terms} if use else {}


def _rule(plant: Plant, element: str) -> str:
    use = flows_of(plant).use(element, "electricity")
    return use.rule if use else ""


def test_site_is_bought_and_made_less_delivered(works: Any) -> None:
    assert _terms(works.plant, "works") == {"grid.energy": 1, "sun.energy": 1, "grid.export": -1}
    assert _rule(works.plant, "works") == "balance main"


def test_line_is_its_feeder(works: Any) -> None:
    assert _terms(works.plant, "line") == {"feeder.energy": 1}


def test_area_without_a_meter_is_the_sum_of_its_parts(works: Any) -> None:
    assert _terms(works.plant, "hall") == {"feeder.energy": 1}
    assert _terms(works.plant, "yard") == {"blower.energy": 1}
    assert _rule(works.plant, "yard").startswith("sum of")


def test_an_index_goes_before_a_flow(works: Any) -> None:
    assert _terms(works.plant, "press") == {"press.energy": 1}
    assert _terms(works.plant, "oven") == {"oven.power": 1}


@pytest.mark.parametrize("element", ["grid", "feeder", "sun", "weather"])
def test_meters_and_sources_use_nothing(works: Any, element: str) -> None:
    assert flows_of(works.plant).use(element, "electricity") is None


def test_the_compressor_makes_air_and_does_not_use_it(works: Any) -> None:
    assert _terms(works.plant, "blower", "compressed_air") == {}
    assert _terms(works.plant, "oven", "compressed_air") == {"oven.air": 1}
    assert _terms(works.plant, "works", "compressed_air") == {"blower.air": 1}


def test_what_flows_on_to_another_place_is_not_used_here(works: Any) -> None:
    balances = tuple(
        replace(b, element="yard") if b.id == "air" else b for b in works.plant.balances
    )
    plant = works.with_(balances=balances)
    assert _terms(plant, "yard", "compressed_air") == {"blower.air": 1, "oven.air": -1}
    assert _terms(plant, "works", "compressed_air") == {"blower.air": 1}


def test_without_a_flow_graph_own_meters_and_parts_remain(works: Any) -> None:
    plant = works.with_(balances=())
    assert _terms(plant, "line") == {"press.energy": 1, "oven.power": 1}
    assert _terms(plant, "works") == {"press.energy": 1, "oven.power": 1, "blower.energy": 1}
    assert _terms(plant, "works", "compressed_air") == {}


def test_site_discharge_is_the_sewer(works: Any) -> None:
    assert [s.id for s in flows_of(works.plant).discharge("works")] == ["sewer.out"]
    assert flows_of(works.plant).discharge("hall") == ()


def test_every_level_of_the_electronics_works_adds_up(plants: Any) -> None:
    """Terms of the parts, net, never hold a meter twice: each machine meter counts once at most."""
    plant = load(plants / "electronics.yaml")
    flows = flows_of(plant)
    for e in plant.elements:
        for carrier in ("electricity", "gas", "water", "compressed_air", "cold"):
            use = flows.use(e.id, carrier)
            if use is None or not use.rule.startswith("sum"):
                continue
            parts: dict[str, float] = {}
            for part in use.parts:
                for t in (flows.use(part, carrier) or use).terms:
                    parts[t.signal.id] = parts.get(t.signal.id, 0.0) + t.sign
            assert {k: v for k, v in parts.items() if v} == {t.signal.id: t.sign for t in use.terms}
            assert all(abs(t.sign) == 1 for t in use.terms), (e.id, carrier)
