from __future__ import annotations

import json
from typing import Any

from ecotwin.accounting import accounts, explain
from ecotwin.accounting.catalogue import indicators
from ecotwin.plugs import load_all


def test_tree_holds_the_whole_proof(works: Any) -> None:
    got = accounts.run(works.plant, [works.window()])
    figure = got.of("works", "ghg.scope12_location")
    revised = [{"signal": "grid.energy", "before": 1.0, "after": 2.0}]
    tree = explain.tree(figure, known=got.by_id(), revisions=revised)
    assert json.loads(json.dumps(tree)) == tree
    assert tree["revisions"] == revised
    scope1 = next(i["tree"] for i in tree["inputs"] if i["name"] == "ghg.scope1")
    assert [i["signal"] for i in scope1["inputs"]] == ["boiler.gas"]
    for factor in scope1["factors"]:
        assert factor["source"]
        assert factor["year"] == 2026
    # The figure can be worked out again from what stands in its tree.
    value = scope1["inputs"][0]["value"]
    for factor in scope1["factors"]:
        value *= factor["value"]
    assert abs(value - scope1["value"]) < 1e-9 * value


def test_lines_name_what_an_auditor_asks(works: Any) -> None:
    got = accounts.run(works.plant, [works.window()])
    text = "\n".join(explain.lines(got.of("works", "ghg.scope2_location"), known=got.by_id()))
    for word in (
        "95 %",
        "covered",
        "formula",
        "grid.energy",
        "grid/location/DE/2026/hourly",
        "kgCO2e/kWh",
        "AR6",
        "test",
    ):
        assert word in text, word


def test_every_figure_is_in_the_catalogue(works: Any) -> None:
    known = indicators()
    got = accounts.run(works.plant, [works.window()])
    for figure in got.measures:
        unit = known[figure.indicator].unit
        assert figure.unit == ("EUR" if unit == "currency" else unit), figure.id


def test_catalogue_is_whole() -> None:
    for one in indicators().values():
        assert one.name
        assert one.formula
        assert one.boundary
    plugs = [*accounts.kpis().values(), *load_all("accounting.booked").values()]
    given = {i for plug in plugs for i in plug.indicators}
    assert given == set(indicators()), (
        "every figure is catalogued, and nothing is that no KPI gives"
    )
