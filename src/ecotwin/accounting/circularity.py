"""How circular a product is, by its materials and what becomes of them.

Sources: Ellen MacArthur Foundation, Circularity Indicators: an approach to measuring circularity (2019).
"""

from __future__ import annotations

from collections.abc import Mapping

from ecotwin.accounting.environment import Circularity, material_circularity
from ecotwin.accounting.treatments import REUSE, is_recycled, is_treatment
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Material, Product


def product_circularity(product: Product, materials: Mapping[str, Material]) -> Circularity:
    """MCI of one piece of a product by its materials.

    Virgin V = sum m(1-Fr-Fu); unrecoverable W0 = sum m(1-CR-CU); waste of recycling at the end WC = sum m CR(1-E), of
    making the recycled feedstock WF = sum m Fr(1-E)/E; X: mean of lifetime x intensity, by mass.

    Raises:
        FigureGap: Its materials, or what becomes of one at its end, are not given.
    """
    if not product.materials:
        raise FigureGap(
            f"{product.name} names no materials",
            expected="`materials` of the product, kg in one piece",
            remedy="add them to the plant file",
        )
    mass = virgin = lost = feedstock = collection = utility = 0.0
    for name, kg in product.materials.items():
        one = materials[name]
        recycled_end, reused_end = _ends(one)
        efficiency = one.recycling_efficiency
        if efficiency <= 0.0 and (one.recycled_share > 0.0 or recycled_end > 0.0):
            raise FigureGap(
                f"{one.name} is recycled with an efficiency of 0",
                expected="a share above 0",
                remedy="correct `recycling_efficiency`",
            )
        mass += kg
        virgin += kg * (1.0 - one.recycled_share - one.reused_share)
        lost += kg * (1.0 - recycled_end - reused_end)
        collection += kg * recycled_end * (1.0 - efficiency)
        if one.recycled_share:
            feedstock += kg * one.recycled_share * (1.0 - efficiency) / efficiency
        utility += kg * one.lifetime_share * one.intensity_share
    waste = lost + (feedstock + collection) / 2.0
    return material_circularity(mass, virgin, waste, feedstock, collection, utility / mass)


def _ends(material: Material) -> tuple[float, float]:
    """Shares of a material that are recycled and reused at its end."""
    if not material.end:
        raise FigureGap(
            f"what becomes of {material.name} at its end is not given",
            expected="`end` of the material: treatment -> share",
            remedy="add it to the plant file",
        )
    wrong = [t for t in material.end if not is_treatment(t)]
    if wrong:
        raise FigureGap(
            f"{material.name} ends by {', '.join(wrong)}",
            expected="R1 to R13, D1 to D15 or reuse",
            remedy="correct `end` of the material",
        )
    recycled = sum(s for t, s in material.end.items() if is_recycled(t) and t != REUSE)
    return recycled, material.end.get(REUSE, 0.0)
