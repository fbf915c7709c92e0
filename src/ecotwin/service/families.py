"""In which order figures stand in the accounts, which of them come first, and under which head."""

from __future__ import annotations

from dataclasses import dataclass

HEADS = {
    "ghg": "Climate",
    "energy": "Energy",
    "cost": "Money",
    "water": "Water",
    "waste": "Waste",
    "material": "Material",
    "circularity": "Material",
    "air": "Air",
    "production": "Production",
    "oee": "Production",
    "time": "Production",
    "people": "People",
    "target": "Targets",
}
"""Beginning of an indicator -> the head that it stands under, in the order of the page."""
FIRST = {
    "Climate": (
        "ghg.scope1_all", "ghg.scope1 1", "ghg.scope1_mobile 1", "ghg.scope1_process 1", "ghg.scope1_fugitive 1",
        "ghg.scope2_location", "ghg.scope2_market", "ghg.scope2_market_annual 1", "ghg.scope3", "ghg.scope3_cat1 1",
        "ghg.scope3_cat3 1", "ghg.scope3_cat4 1", "ghg.scope3_cat5 1", "ghg.scope3_cat9 1", "ghg.scope3_cat12 1",
        "ghg.total_location", "ghg.total_market", "ghg.biogenic",
    ),
    "Energy": (
        "energy.total", "energy.electricity 1", "energy.gas 1", "energy.per_good_part", "energy.unproductive_share",
        "energy.matched_share_hourly",
    ),
    "Money": ("cost.total", "cost.electricity 1", "cost.gas 1", "cost.fuel 1", "cost.water 1"),
    "Water": ("water.in", "water.out", "water.consumption", "water.reused", "water.scarcity"),
    "Waste": ("waste.total", "waste.hazardous 1", "waste.diverted 1", "waste.disposed 1", "waste.diversion_rate"),
    "Material": ("material.inflow", "material.recycled_share", "material.part_yield", "circularity.mci"),
    "Air": ("air.nox", "air.co", "air.sox", "air.pm", "air.voc", "air.permit_used_share"),
    "Production": ("production.good_parts", "oee.oee", "oee.availability 1", "oee.effectiveness 1", "oee.quality 1"),
    "People": ("people.wbgt_excess_hours", "people.noise_exposure", "people.lifting_index", "people.shift_strain"),
    "Targets": ("target.on_path", "target.budget_left", "target.benchmark_ratio"),
}  # fmt: skip
"""Figures of a head that a reader sees at once, with how far they are set in."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a figure stands: its head, whether it is seen at once, how far it is set in, and its rank."""

    head: str
    first: bool
    indent: int
    rank: tuple[int, int, str]


def standing(indicator: str) -> Standing:
    """Where a figure stands on the page.

    >>> standing("ghg.scope3_cat1").indent, standing("ghg.by_product_location").first
    (1, False)
    """
    head = HEADS.get(indicator.split(".")[0], "Other")
    heads = list(dict.fromkeys(HEADS.values()))
    place = heads.index(head) if head in heads else len(heads)
    shown = [name.partition(" ") for name in FIRST.get(head, ())]
    for n, (name, _, far) in enumerate(shown):
        if name == indicator:
            return Standing(head, True, int(far or 0), (place, n, ""))
    return Standing(head, False, 0, (place, len(shown), indicator))
